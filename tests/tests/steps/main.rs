//! The oracle after every machine instruction of the library that is shipped: victims in C, C++ and Rust are stepped
//! through, and after each instruction that changed the world they are dead in a copy of it.
//!
//! Between two shared stores of the source nothing changes for anybody else, which the crash layers enumerate; what the
//! compiler made of them, in which order and from how many instructions, is enumerated here.

#[cfg(target_arch = "x86_64")]
mod campaign;
#[cfg(target_arch = "x86_64")]
mod diary;
#[cfg(target_arch = "x86_64")]
mod oracle;
#[cfg(target_arch = "x86_64")]
mod power;
#[cfg(target_arch = "x86_64")]
mod scripts;
#[cfg(target_arch = "x86_64")]
mod trace;
#[cfg(target_arch = "x86_64")]
mod twin;
#[cfg(target_arch = "x86_64")]
mod victims;
#[cfg(target_arch = "x86_64")]
mod watch;

#[cfg(not(target_arch = "x86_64"))]
#[test]
fn instructions_are_stepped_through_on_x86_64_only() {
    vil_tests::cc::skip("every instruction as a place to die", "only those of x86-64 are known here");
}

//! Helpers that the cross-process, crash, golden, ABI and install tests share. Each file is one noun.
//! Never holds a test itself; those are the files of `tests/tests`.

pub mod artifact;
pub mod cc;
pub mod generated;
pub mod mutants;
pub mod pipeline;
pub mod random;
pub mod runtime_dir;
pub mod rustc;
pub mod scratch;
pub mod sites;
pub mod soak;
#[cfg(target_arch = "x86_64")]
pub mod tracee;

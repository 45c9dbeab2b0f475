//! The runtime of libvil: shared-memory worlds in which processes exchange typed messages without copying them.
//!
//! Floors as folders, lower ones never name higher ones: `base` < `sys` < `mem` < `stats` < `heap`, `queue` <
//! `registry` < `exchange` < `world`. It consumes the plan that `vil-ir` computes and knows no file format, no
//! generator and no C. Under `cfg(loom)` there is no world, only what models run: everything up to `exchange`.

pub mod base;
pub mod exchange;
pub mod heap;
pub mod mem;
#[cfg(not(loom))]
pub mod observe;
pub mod queue;
pub mod registry;
pub mod stats;
pub mod sys;
#[cfg(not(loom))]
pub mod world;

#[cfg(not(all(
    target_os = "linux",
    target_pointer_width = "64",
    target_endian = "little",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
compile_error!("libvil runs on 64-bit little-endian Linux, on x86_64 and aarch64");

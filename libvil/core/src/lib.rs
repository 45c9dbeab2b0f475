//! The runtime of libvil: shared-memory worlds in which processes exchange typed messages without copying them.
//!
//! Floors as folders, lower ones never name higher ones: `base` < `sys` < `mem` < `stats` < `heap`, `queue` <
//! `registry` < `exchange` < `world`. It consumes the plan that `vil-ir` computes and knows no file format, no
//! generator and no C.

pub mod base;
pub mod exchange;
pub mod heap;
pub mod mem;
pub mod observe;
pub mod queue;
pub mod registry;
pub mod stats;
pub mod sys;
pub mod world;

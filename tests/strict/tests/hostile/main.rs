//! Hostile bytes: words in shared memory that nobody meant, before every call and while it runs. A call may refuse, and it
//! may answer something that could have been true; it may not panic, leave its bounds, or go on for ever.
//!
//! Compiled under `--cfg crash_points` alone, because its hook counts what a call touches and lets an adversary act
//! between any two accesses; `cargo xtask test` builds it with overflow checks and AddressSanitizer.

#![cfg(crash_points)]

mod attach;
mod calls;
mod ground;
mod guests;
mod judge;
mod siege;
mod surface;
mod vandal;

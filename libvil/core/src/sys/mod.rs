//! Floor 1: the only door to the operating system and the processor. It knows files, mappings, locks, futexes, barriers,
//! clocks, forks and caches; of worlds only where their files lie and which byte of one stands for which process.

pub mod cache;
pub mod clock;
pub mod eventfd;
pub mod file;
pub mod fork;
pub mod futex;
pub mod map;
pub mod membarrier;
pub mod pidfd;
pub mod process;
pub mod token;

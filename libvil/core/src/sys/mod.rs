//! Floor 1: the only door to the operating system. It knows files, mappings, locks, futexes, clocks and forks, and
//! nothing of what they are used for.

pub mod clock;
pub mod file;
pub mod fork;
pub mod futex;
pub mod map;
pub mod process;
pub mod token;

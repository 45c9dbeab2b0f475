//! Floor 0: numbers, words, errors and the one wrapper over shared atomics. Knows no memory, and of the operating
//! system only its error numbers.

pub mod atomic;
pub mod crash;
pub mod error;
pub mod index;
pub mod limits;
#[cfg(loom)]
pub mod modelled;
pub mod words;

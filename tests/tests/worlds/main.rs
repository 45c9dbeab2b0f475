//! Worlds as their users meet them: bad input, death, waiting, threads, forks, wrong calls and policies. At the level of
//! vil-core where Rust says it best, through the C surface where the promise is C's. Every test has a runtime directory of
//! its own, which goes when the test ends; what may kill a process is done in one that is started for it.

mod calls;
mod child;
mod creators;
mod crowd;
mod deaths;
mod evolution;
mod forks;
mod handles;
mod heap;
mod hostile;
mod house;
mod input;
mod limits;
mod owners;
mod places;
mod policies;
mod profiles;
mod queue;
mod registry;
mod surface;
mod threads;
mod trail;
mod transfers;
mod waiting;
mod waiting_barrier;
mod waiting_deaths;
mod waiting_sets;

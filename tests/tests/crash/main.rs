//! The crash harness: what remains when a process dies before any shared store of any call.
//!
//! Compiled under `--cfg crash_points` alone, where every access to a shared word calls a hook. A crash is a copy of
//! the segment made in that hook, on which survivors recover and an oracle judges. Nothing is ever killed here.
//! `docs/crash-model.md` says what each site leaves behind.

#![cfg(crash_points)]

mod batches;
mod call;
mod campaign;
mod claimed;
mod crash;
mod create;
mod facts;
mod heap;
mod memory;
mod mutants;
mod nonsense;
mod oracle;
mod phrases;
mod preempt;
mod private;
mod receive;
mod relays;
mod run;
mod score;
mod scripts;
mod send;
mod stage;
mod town;

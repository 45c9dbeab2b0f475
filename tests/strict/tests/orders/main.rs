//! Memory orders: loom runs the library's own ends, heap and registry through every order of their accesses, and through
//! every value that the orders allow a load to see. A message that is read before it was written for certain, or written
//! over while it is still read, ends a model; so does a wake-up that is missed.
//!
//! Compiled under `--cfg loom` alone. Each model has its bad twin: an order or a fence that is taken away, which loom must
//! find. Waking is modelled with fences; where the world uses membarriers instead, the kernel makes every processor pass
//! such a fence while somebody goes to sleep, and publishing has none. So all other models run without any.

#![cfg(loom)]

mod claimed;
mod model;
mod recovery;
mod ring;
mod stage;
mod taking;
mod waking;

//! Real processes that are killed and stopped at random, in every role: who writes, who passes on, who reads, who makes a
//! world, who recovers. Nothing that was promised is lost, nothing is invented, nothing leaks, and whoever lives goes on.
//!
//! What the kernel adds to the protocol is tried here: the order in which it takes locks and memory back, fork children
//! that outlive their parent, another program under the same number, numbers that mean somebody else elsewhere.

mod campaign;
mod child;
mod creators;
mod ledger;
mod manners;
mod roles;
mod stops;
mod village;

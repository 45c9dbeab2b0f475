//! Floor 7: what a user holds. A world is opened, its ports are opened, messages pass, and everything ends with a drop.

mod batch;
mod contract;
mod ends;
mod entry;
mod ground;
mod heap;
mod memory;
mod open;
mod patience;
mod pollable;
#[cfg(test)]
mod post;
mod proof;
mod queue;
mod reap;
mod receiver;
mod sender;
mod wait;
mod waitset;
mod watcher;

pub use batch::{Batch, LoanRow, MessageRow};
pub use contract::{Contract, Facing, PortContract};
pub use heap::{Denied, Heap};
pub(crate) use open::read;
pub use open::{Opened, World};
pub(crate) use proof::Proofs;
pub use queue::{PopEnd, PushEnd};
pub use reap::{Reaped, foresee, reap};
pub use receiver::{Read, Received, Receiver};
pub use sender::Sender;
pub use waitset::{CONTROL_RUN, End, Ends, MAX_MEMBERS, SetCanceller, WaitSet, wait_any};

use crate::base::error::Fault;
use crate::exchange::Refusal;

/// Why a hot call did not do what it was asked. The caller still holds what it held, but for `Dropped`
/// and `Unconsumed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// No message, and no time to wait for one.
    Empty,
    /// The ring is full, and the route's policy is to say so.
    Full,
    /// The deadline passed.
    Late,
    /// A signal handler ran.
    Interrupted,
    /// The wait was cancelled.
    Cancelled,
    /// The other end's process is gone; said once per loss.
    PeerGone,
    /// drop_newest: the message was dropped and counted, and the loan is gone.
    Dropped,
    /// A consume_once message was released without being consumed; it has ended all the same.
    Unconsumed,
    /// It can not be done.
    Fault(Fault),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        match refusal {
            Refusal::Empty => Stop::Empty,
            Refusal::Full => Stop::Full,
            Refusal::Short => Stop::Fault(Fault::Memory),
            Refusal::Limit => Stop::Fault(Fault::Limit),
            Refusal::Ticket => Stop::Fault(Fault::State),
            Refusal::Unconsumed => Stop::Unconsumed,
            Refusal::Mode => Stop::Fault(Fault::Unsupported),
            Refusal::Corrupt => Stop::Fault(Fault::Corrupt),
        }
    }
}

//! Floor 6: a ring's end, its ledger and its slots together: loan, publish, receive, release, reclaim, forward.
//!
//! Each end keeps what it knows in private memory and trusts nothing it reads: index, reference and length are loaded
//! once, decoded once and bounded by private numbers. Neither end takes a lock or allocates from loan to release (but
//! once, for the first message that it lends on), and the only system call wakes a peer that sleeps.

pub mod claimed;
mod consumer;
mod copied;
mod ends;
mod hand;
mod lent;
mod news;
mod outlet;
mod pool;
mod producer;

pub use consumer::{Consumer, Forward, Message};
pub use ends::{InEnd, OutEnd};
pub use news::News;
pub use producer::{Loan, Producer};

use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::words::{EndWord, ProcessId, Reference};
use crate::heap::Slot;

/// Why a call did not do what it was asked; nothing changed, but for `Unconsumed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No message.
    Empty,
    /// The ring is full.
    Full,
    /// The pool has no slot; sweeping and reaping may help.
    Short,
    /// More than the contract lets one end hold at once.
    Limit,
    /// The ticket is of nothing that is held.
    Ticket,
    /// The shared words are nonsense; this end is quarantined.
    Corrupt,
    /// The route's transfer does not know this call.
    Mode,
    /// A consume_once message was let go of without being used; its slot is back in the pool.
    Unconsumed,
}

/// How far a call with several messages came, and why not further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// Messages from the first on for which it was done.
    pub done: usize,
    /// Why it ended: `Ok` when all went.
    pub answer: Result<(), Refusal>,
}

/// Why an end could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotOpened {
    /// It names this process; the caller decides whether that one lives.
    OwnedBy(ProcessId),
    /// The shared words are nonsense.
    Corrupt,
}

/// Who is at the other end of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// Nobody ever was.
    Never,
    /// This process, dead or alive.
    Named(ProcessId),
    /// Nobody any more; counts the owners there have been.
    Gone(u32),
}

impl Peer {
    fn of(end: EndWord) -> Peer {
        match end.owner {
            Some(owner) => Peer::Named(owner),
            None if end.incarnation == 0 => Peer::Never,
            None => Peer::Gone(end.incarnation),
        }
    }
}

/// The number of an end among those that this process opened, in any world: what makes the tickets of two ends differ, so
/// that a loan or a message of one means nothing to another.
fn ordinal() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // ORDER: Relaxed, a counter of this process that publishes nothing.
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A slot as a cell names it.
#[inline(always)]
fn word_of(slot: Slot) -> u64 {
    Reference { slot: slot.index, generation: slot.generation, source: 0 }.encode()
}

#[inline(always)]
fn slot_of(word: u64) -> Slot {
    let Reference { slot: index, generation, .. } = Reference::decode(word);
    Slot { index, generation }
}

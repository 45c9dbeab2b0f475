//! An end of either kind of ring under one name: the ledger's, which one process holds, or a claimed one's.
//!
//! It decides nothing but which of the two it is, when it is opened.

use std::mem::MaybeUninit;

use vil_ir::vocabulary::Transfer;

use crate::base::words::ProcessId;
use crate::exchange::claimed::{Popper, Pusher};
use crate::exchange::{Batch, Consumer, Forward, Loan, Message, NotOpened, Peer, Producer, Refusal};
use crate::heap::Slot;
use crate::mem::{RingGeometry, Shared};

/// A producing end. All of it is private. Which of them it is stands in a byte of its own: asked once in each call.
#[derive(Debug, Clone)]
#[repr(u8)]
pub enum OutEnd {
    /// Of one port's rings that are ledgers.
    Ledger(Producer),
    /// Of one claimed ring.
    Claimed(Pusher),
}

/// A consuming end. All of it is private.
#[derive(Debug, Clone)]
#[repr(u8)]
pub enum InEnd {
    /// Of a ring that is a ledger.
    Ledger(Consumer),
    /// Of a claimed ring.
    Claimed(Popper),
}

/// The same call on either kind.
macro_rules! either {
    ($end:expr, $name:ident => $call:expr) => {
        match $end {
            Self::Ledger($name) => $call,
            Self::Claimed($name) => $call,
        }
    };
}

/// A call for each of several tickets, until one is refused.
fn one_by_one(tickets: &mut dyn Iterator<Item = u64>, mut call: impl FnMut(u64) -> Result<(), Refusal>) -> Batch {
    let mut batch = Batch { done: 0, answer: Ok(()) };
    for ticket in tickets {
        batch.answer = call(ticket);
        if batch.answer.is_err() {
            break;
        }
        batch.done += 1;
    }
    batch
}

impl OutEnd {
    /// Opens the producing ends of some routes of one port. A claimed ring is a port's only one.
    pub fn open(shared: &Shared, me: ProcessId, routes: &[usize]) -> Result<OutEnd, NotOpened> {
        let claimed = routes.iter().filter(|route| shared.geometry.rings[**route].claimed).count();
        match (routes, claimed) {
            (_, 0) => Producer::open(shared, me, routes).map(OutEnd::Ledger),
            ([route], _) => Pusher::open(shared, me, *route).map(OutEnd::Claimed),
            _ => Err(NotOpened::Corrupt),
        }
    }

    /// Its first route.
    pub fn route(&self) -> usize {
        match self {
            OutEnd::Ledger(end) => end.routes().next().unwrap_or(0),
            OutEnd::Claimed(end) => end.route(),
        }
    }

    /// Its first ring.
    #[inline]
    pub fn ring(&self) -> &RingGeometry {
        either!(self, end => end.ring())
    }

    /// Messages published on the first route since the world was created.
    pub fn published(&self, shared: &Shared) -> u64 {
        match self {
            OutEnd::Ledger(end) => end.published(),
            OutEnd::Claimed(end) => end.published(shared),
        }
    }

    /// Who is at the other end of the ring at this position.
    pub fn peer(&self, shared: &Shared, at: usize) -> Peer {
        match self {
            OutEnd::Ledger(end) => end.peer(shared, at),
            OutEnd::Claimed(end) => end.peer(shared),
        }
    }

    /// Those beside the peer whose death may end a wait.
    pub fn others(&self, shared: &Shared, each: &mut dyn FnMut(ProcessId)) {
        match self {
            OutEnd::Ledger(_) => {}
            OutEnd::Claimed(end) => end.others(shared, each),
        }
    }

    /// Who is writing the cell that we need next.
    pub fn held_up_by(&self, shared: &Shared) -> Option<ProcessId> {
        match self {
            OutEnd::Ledger(_) => None,
            OutEnd::Claimed(end) => end.held_up_by(shared),
        }
    }

    /// A place to write a message into.
    #[inline]
    pub fn loan(&mut self, shared: &Shared) -> Result<Loan, Refusal> {
        either!(self, end => end.loan(shared))
    }

    /// The same with a message written into it, which has no more bytes than the port's.
    pub fn loan_filled(&mut self, shared: &Shared, message: &[u8]) -> Result<Loan, Refusal> {
        let loan = self.loan(shared)?;
        // SAFETY: it was given out just now.
        unsafe { loan.fill(message) };
        Ok(loan)
    }

    /// Loans, copies and publishes by a ledger whose messages travel in slots, where a slot and a cell are free. True: `follow_up`
    /// is to be called. `None`: nothing changed.
    #[inline(always)]
    pub fn send_at_once(&mut self, shared: &Shared, message: &[u8]) -> Option<bool> {
        self.swift()?.send_at_once(shared, message)
    }

    /// Do messages travel inside the cells of its ledger?
    #[inline(always)]
    pub fn is_inside(&self) -> bool {
        matches!(self, OutEnd::Ledger(end) if end.is_inside())
    }

    /// `loan` of a ledger where a free slot is at hand. `None`: nothing changed, and `loan` will tell.
    #[inline(always)]
    pub fn loan_at_once(&mut self, shared: &Shared) -> Option<Loan> {
        self.swift()?.loan_at_once(shared)
    }

    /// `discard` of a ledger's loan. `None`: nothing changed, and `discard` will tell.
    #[inline(always)]
    pub fn discard_at_once(&mut self, ticket: u64) -> Option<()> {
        self.swift()?.discard_at_once(ticket)
    }

    /// `publish` into a ledger that has room. True: `follow_up` is to be called. `None`: nothing changed, and `publish` will
    /// tell.
    #[inline(always)]
    pub fn publish_at_once<const INSIDE: bool>(&mut self, shared: &Shared, ticket: u64) -> Option<bool> {
        self.swift()?.publish_at_once::<INSIDE>(shared, ticket)
    }

    /// Publishes a message of the caller's inside a cell of a ledger that has room. True: `follow_up` is to be called. `None`:
    /// nothing changed.
    #[inline(always)]
    pub fn send_inside_at_once(&mut self, shared: &Shared, message: &[u8]) -> Option<bool> {
        self.swift()?.send_inside_at_once(shared, message)
    }

    /// The same for messages that lie back to back, as many as there is room for; how many.
    pub fn send_inside(&mut self, shared: &Shared, messages: &[u8]) -> usize {
        self.swift().map_or(0, |end| end.send_inside(shared, messages))
    }

    /// What `publish_at_once` says is to be done behind a message.
    pub fn follow_up(&mut self, shared: &Shared) {
        if let OutEnd::Ledger(end) = self {
            end.follow_up(shared);
        }
    }

    /// Gives a loan back unwritten.
    #[inline]
    pub fn discard(&mut self, ticket: u64) -> Result<(), Refusal> {
        either!(self, end => end.discard(ticket))
    }

    /// Is there room for a message?
    #[inline]
    pub fn has_room(&mut self, shared: &Shared) -> Result<bool, Refusal> {
        either!(self, end => end.has_room(shared))
    }

    /// Publishes a loan.
    #[inline]
    pub fn publish(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        either!(self, end => end.publish(shared, ticket))
    }

    /// Publishes loans in their order until one is refused: into a ledger's rings as one, into a claimed ring each by itself.
    #[inline]
    pub fn publish_many(&mut self, shared: &Shared, mut tickets: impl ExactSizeIterator<Item = u64>) -> Batch {
        match self {
            OutEnd::Ledger(end) => end.publish_many(shared, tickets),
            OutEnd::Claimed(end) => one_by_one(&mut tickets, |ticket| end.publish(shared, ticket)),
        }
    }

    /// Publishes a loan and keeps it for reading: ledgers only.
    pub fn keep(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        self.ledger()?.keep(shared, ticket)
    }

    /// Ends the reading of a kept message: ledgers only.
    pub fn release(&mut self, ticket: u64) -> Result<(), Refusal> {
        self.ledger()?.release(ticket)
    }

    /// Publishes a loan as an answer: ledgers only.
    pub fn answer(&mut self, shared: &Shared, ticket: u64, route: u32, number: u64) -> Result<(), Refusal> {
        self.ledger()?.answer(shared, ticket, route, number)
    }

    /// Publishes a slot that this process owns and no loan names.
    pub fn push_slot(&mut self, shared: &Shared, slot: Slot) -> Result<(), Refusal> {
        either!(self, end => end.push_slot(shared, slot))
    }

    /// Publishes a slot that another producer owns: ledgers only.
    pub fn lend_on(&mut self, shared: &Shared, slot: Slot, source: usize) -> Result<u32, Refusal> {
        self.ledger()?.lend_on(shared, slot, source)
    }

    /// Counts a message that found no room, and ends its loan.
    pub fn drop_newest(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        either!(self, end => end.drop_newest(shared, ticket))
    }

    /// Closes the end.
    pub fn close(&mut self, shared: &Shared) {
        either!(self, end => end.close(shared));
    }

    #[inline(always)]
    fn swift(&mut self) -> Option<&mut Producer> {
        match self {
            OutEnd::Ledger(end) => Some(end),
            OutEnd::Claimed(_) => None,
        }
    }

    fn ledger(&mut self) -> Result<&mut Producer, Refusal> {
        match self {
            OutEnd::Ledger(end) => Ok(end),
            OutEnd::Claimed(_) => Err(Refusal::Mode),
        }
    }
}

impl InEnd {
    /// Opens the consuming end of a route.
    pub fn open(shared: &Shared, me: ProcessId, route: usize) -> Result<InEnd, NotOpened> {
        match shared.geometry.rings[route].claimed {
            false => Consumer::open(shared, me, route).map(InEnd::Ledger),
            true => Popper::open(shared, me, route).map(InEnd::Claimed),
        }
    }

    /// The route.
    #[inline]
    pub fn route(&self) -> usize {
        either!(self, end => end.route())
    }

    /// The ring.
    #[inline]
    pub fn ring(&self) -> &RingGeometry {
        either!(self, end => end.ring())
    }

    /// Messages that are over on the route since the world was created.
    pub fn released(&self, shared: &Shared) -> u64 {
        match self {
            InEnd::Ledger(end) => end.released(),
            InEnd::Claimed(end) => end.released(shared),
        }
    }

    /// Who is at the other end.
    pub fn peer(&self, shared: &Shared) -> Peer {
        either!(self, end => end.peer(shared))
    }

    /// Those beside the peer whose death may end a wait.
    pub fn others(&self, shared: &Shared, each: &mut dyn FnMut(ProcessId)) {
        match self {
            InEnd::Ledger(_) => {}
            InEnd::Claimed(end) => end.others(shared, each),
        }
    }

    /// Is there a message that was not received yet?
    #[inline]
    pub fn is_ready(&mut self, shared: &Shared) -> bool {
        either!(self, end => end.is_ready(shared))
    }

    /// Are its messages private copies?
    #[inline(always)]
    pub fn copies(&self) -> bool {
        self.ring().transfer == Transfer::Copy
    }

    /// Are messages lent on to another ring?
    pub fn has_lent(&self) -> bool {
        match self {
            InEnd::Ledger(end) => end.has_lent(),
            InEnd::Claimed(_) => false,
        }
    }

    /// The next message.
    #[inline]
    pub fn receive(&mut self, shared: &Shared) -> Result<Message, Refusal> {
        either!(self, end => end.receive(shared))
    }

    /// `receive` by a ledger where only the next cell is looked at, `MORE` as there; `Some(None)`: there is no message. `None`: nothing
    /// changed, and `receive` will tell.
    #[inline(always)]
    pub fn receive_at_once<const MORE: bool>(&mut self, shared: &Shared) -> Option<Option<Message>> {
        match self {
            InEnd::Ledger(end) => end.receive_at_once::<MORE>(shared),
            InEnd::Claimed(_) => None,
        }
    }

    /// `receive` of up to `count` messages by a ledger, in place, as long as only cells are looked at; how many.
    #[inline(always)]
    pub fn receive_many_at_once(&mut self, shared: &Shared, count: usize, each: impl FnMut(Message)) -> usize {
        match self {
            InEnd::Ledger(end) => end.receive_many_at_once(shared, count, each),
            InEnd::Claimed(_) => 0,
        }
    }

    /// `release` of the oldest message of a ledger. True: somebody sleeps, and `wake` is to be called. `None`: nothing
    /// changed, and `release` will tell.
    #[inline(always)]
    pub fn release_at_once(&mut self, shared: &Shared, ticket: u64) -> Option<bool> {
        match self {
            InEnd::Ledger(end) => end.release_at_once(shared, ticket),
            InEnd::Claimed(_) => None,
        }
    }

    /// `receive`, copied, and `release` in one, by a ledger of which nothing is in hand. `Some(None)`: there is no message. True:
    /// somebody sleeps, and `wake` is to be called. `None`: nothing changed.
    #[inline(always)]
    pub fn read_at_once(&mut self, shared: &Shared, message: &mut [MaybeUninit<u8>]) -> Option<Option<bool>> {
        match self {
            InEnd::Ledger(end) => end.read_at_once(shared, message),
            InEnd::Claimed(_) => None,
        }
    }

    /// `read_at_once`, whatever it takes.
    pub fn read(&mut self, shared: &Shared, message: &mut [MaybeUninit<u8>]) -> Result<(), Refusal> {
        let held = self.receive(shared)?;
        // SAFETY: it was received just now.
        let copied = unsafe { held.copy_to(message) };
        match self.ring().transfer {
            Transfer::ConsumeOnce => self.consume(shared, held.ticket),
            _ => self.release(shared, held.ticket),
        }?;
        copied.ok_or(Refusal::Corrupt)
    }

    /// `read_at_once` for as many messages of `size` bytes, back to back, as are there; how many.
    pub fn read_many(&mut self, shared: &Shared, messages: &mut [MaybeUninit<u8>], size: usize) -> usize {
        match self {
            InEnd::Ledger(end) => end.read_many(shared, messages, size),
            InEnd::Claimed(_) => 0,
        }
    }

    /// Wakes those for whom `release_at_once` said so, when it is worth it.
    pub fn wake(&mut self, shared: &Shared) {
        if let InEnd::Ledger(end) = self {
            end.wake(shared);
        }
    }

    /// Ends a message.
    #[inline]
    pub fn release(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        either!(self, end => end.release(shared, ticket))
    }

    /// Ends messages in any order until one is refused, which all of consume_once are: a ledger's as one, those of a claimed
    /// ring each by itself.
    #[inline]
    pub fn release_many(&mut self, shared: &Shared, mut tickets: impl Iterator<Item = u64>) -> Batch {
        match self {
            InEnd::Ledger(end) => end.release_many(shared, tickets),
            InEnd::Claimed(end) => one_by_one(&mut tickets, |ticket| match end.ring().transfer {
                Transfer::ConsumeOnce => end.slot(ticket).and(Err(Refusal::Mode)),
                _ => end.release(shared, ticket),
            }),
        }
    }

    /// Ends a taken message that was used.
    pub fn consume(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        either!(self, end => end.consume(shared, ticket))
    }

    /// The slot of a taken message, which is the caller's from here on.
    pub fn take_slot(&mut self, ticket: u64) -> Result<Slot, Refusal> {
        either!(self, end => end.take_slot(ticket))
    }

    /// The slot of a message in hand that may be forwarded, and whether it would move or be borrowed.
    pub fn forwardable(&self, ticket: u64) -> Result<(Slot, Forward), Refusal> {
        match self {
            InEnd::Ledger(end) => end.forwardable(ticket),
            InEnd::Claimed(end) => Ok((end.slot(ticket)?, Forward::Taken)),
        }
    }

    /// The message in hand was published on in another ring: ledgers only.
    pub fn lend(&mut self, shared: &Shared, ticket: u64, route: usize, index: u32) -> Result<(), Refusal> {
        match self {
            InEnd::Ledger(end) => end.lend(shared, ticket, route, index),
            InEnd::Claimed(_) => Err(Refusal::Mode),
        }
    }

    /// Gives an end back from which nothing was received: what lies in the ring stays there.
    pub fn undo(&mut self, shared: &Shared) {
        match self {
            InEnd::Ledger(end) => end.undo(shared),
            InEnd::Claimed(end) => end.close(shared),
        }
    }

    /// Closes the end. False: what was lent is still being read; close again later.
    pub fn close(&mut self, shared: &Shared) -> bool {
        match self {
            InEnd::Ledger(end) => end.close(shared),
            InEnd::Claimed(end) => {
                end.close(shared);
                true
            }
        }
    }
}

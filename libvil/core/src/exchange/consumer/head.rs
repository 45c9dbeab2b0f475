//! Releasing: head moves over all that is over without a gap, and what is over behind one is marked until head can. Then
//! the producer is woken, if it sleeps for room.

use crate::base::atomic::FOR_SPACE;
use crate::base::crash::mutant;
use crate::base::index::later;
use crate::exchange::consumer::Consumer;
use crate::exchange::{Batch, Refusal};
use crate::heap;
use crate::mem::Shared;
use crate::queue::{self, Side};

impl Consumer {
    /// `release` of the message at head, where none behind it is released. True: somebody sleeps for room, and
    /// `wake` is to be called. `None`: nothing changed, and `release` will tell.
    #[inline(always)]
    pub fn release_at_once(&mut self, shared: &Shared, ticket: u64) -> Option<bool> {
        let (view, index) = (self.swift.on(shared)?, ticket as u32);
        if index != self.head || self.marks != 0 {
            return None;
        }
        self.hand.take(self.position(ticket), ticket)?;
        self.head = index.wrapping_add(1);
        self.released = self.released.wrapping_add(1);
        view.head().store(self.half | u64::from(self.head), "release.head");
        Some(shared.may_be_awaited(view.producer_flag(), FOR_SPACE, "release.awaited"))
    }

    /// Ends a message. Head moves over all that were released without a gap: one plain store. A taken message that was
    /// not consumed goes back to the pool all the same, and the answer says so.
    #[inline]
    pub fn release(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        match self.release_at_once(shared, ticket) {
            Some(false) => Ok(()),
            Some(true) => {
                self.wake(shared);
                Ok(())
            }
            None => self.release_thoroughly(shared, ticket),
        }
    }

    fn release_thoroughly(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        let (position, held) = self.held(ticket)?;
        self.end(position);
        if self.takes {
            heap::give_back(shared, self.me, held.slot());
            return Err(Refusal::Unconsumed);
        }
        self.finish(shared, held.index);
        Ok(())
    }

    /// Ends messages; head moves once, over all that are released without a gap. The first that cannot be ended is left
    /// as it is, and those behind it; where messages are taken, that is the first one.
    #[inline]
    pub fn release_many(&mut self, shared: &Shared, tickets: impl Iterator<Item = u64>) -> Batch {
        let mut batch = Batch { done: 0, answer: Ok(()) };
        // Up to here all are over, and needed no mark.
        let mut over = self.head;
        for ticket in tickets {
            batch.answer = self.end_one(ticket, &mut over);
            if batch.answer.is_err() {
                break;
            }
            batch.done += 1;
        }
        if mutant("many_released_over_a_gap") && batch.done > 0 && over == self.head {
            over = over.wrapping_add(1);
        }
        if over != self.head {
            self.move_head(shared, over.wrapping_sub(1));
        }
        batch
    }

    /// One of several: behind those that are over, or marked until they are.
    #[inline(always)]
    fn end_one(&mut self, ticket: u64, over: &mut u32) -> Result<(), Refusal> {
        if self.takes {
            return self.held(ticket).and(Err(Refusal::Mode));
        }
        self.hand.take(self.position(ticket), ticket).ok_or(Refusal::Ticket)?;
        match ticket as u32 {
            index if index == *over => *over = index.wrapping_add(1),
            index => self.mark(index, true),
        }
        Ok(())
    }

    /// Releases what was lent and has been released by those it was lent to.
    #[inline]
    pub fn settle(&mut self, shared: &Shared) {
        if !self.lent.is_empty() {
            self.settle_lent(shared);
        }
    }

    /// Wakes the producer if it sleeps for room, when it is worth it.
    #[cold]
    pub fn wake(&self, shared: &Shared) {
        if shared.is_awaited(self.ring.producer_flag, FOR_SPACE, "release.awaited") {
            self.wake_for_enough(shared);
        }
    }

    #[cold]
    pub(super) fn settle_lent(&mut self, shared: &Shared) {
        while let Some(index) = self.lent.next_back(shared) {
            self.finish(shared, index);
        }
        self.tune(shared);
    }

    /// The cell of an index is over: head moves, or it is remembered until head can.
    #[inline]
    pub(super) fn finish(&mut self, shared: &Shared, index: u32) {
        if index != self.head && !mutant("release_moves_head_at_once") {
            self.mark(index, true);
            return;
        }
        self.move_head(shared, index);
    }

    pub(super) fn move_head(&mut self, shared: &Shared, index: u32) {
        let mut head = index.wrapping_add(1);
        while self.is_marked(head) && head != self.cursor {
            self.mark(head, false);
            head = head.wrapping_add(1);
        }
        self.released = self.released.wrapping_add(u64::from(head.wrapping_sub(self.head)));
        self.head = head;
        shared.segment.word(self.ring.head).store(self.half | u64::from(head), "release.head");
        if shared.is_awaited(self.ring.producer_flag, FOR_SPACE, "release.awaited") {
            self.wake_for_enough(shared);
        }
    }

    /// A producer that sleeps for room is woken when a quarter of the ring is free or we have nothing more to do, not
    /// at each cell: a wake-up costs more than many messages. Its tail shows all that it published before it sleeps.
    #[cold]
    fn wake_for_enough(&self, shared: &Shared) {
        let tail = queue::end(shared, &self.ring, Side::Tail).index;
        let is_over = !later(tail, self.cursor);
        let known = tail.wrapping_sub(self.head);
        if is_over || known <= self.ring.capacity - self.ring.capacity / 4 {
            self.wake_producer(shared);
        }
    }

    pub(super) fn wake_producer(&self, shared: &Shared) {
        shared.wake(self.ring.producer_flag, FOR_SPACE, "release.wake");
    }

    fn is_marked(&self, index: u32) -> bool {
        let cell = index & (self.ring.capacity - 1);
        self.done[(cell / 64) as usize] >> (cell % 64) & 1 == 1
    }

    fn mark(&mut self, index: u32, done: bool) {
        if self.is_marked(index) == done {
            return;
        }
        self.marks = if done { self.marks + 1 } else { self.marks - 1 };
        let cell = index & (self.ring.capacity - 1);
        self.done[(cell / 64) as usize] ^= 1 << (cell % 64);
    }
}

//! Receiving: the cell at the cursor is polled, and its message given out in place, as a private copy, or taken. Only
//! taking stores to slots and ring.

use std::ptr::NonNull;

use crate::base::atomic::seldom;
use crate::base::crash::mutant;
use crate::base::limits::{AHEAD, SLOTS_AHEAD};
use crate::base::words::{Reference, Stamp};
use crate::exchange::consumer::in_hand::{InHand, TICKET_POSITION};
use crate::exchange::consumer::{Consumer, Message};
use crate::exchange::pool::IN_CELL;
use crate::exchange::{Refusal, word_of};
use crate::heap::{self, Slot};
use crate::mem::{CELL_STAMP, CELL_THIRD, RingView, Shared};
use crate::queue;
use crate::registry::trail::{Event, Kind, record};
use crate::stats;
use crate::sys::cache::{independent, prefetch_to_read};
use crate::sys::clock;

impl Consumer {
    /// Is there a message that was not received yet? Takes back what was lent and released meanwhile.
    #[inline]
    pub fn is_ready(&mut self, shared: &Shared) -> bool {
        self.settle(shared);
        !matches!(self.look(shared), Err(Refusal::Empty))
    }

    /// The next message, in place, as a private copy, or taken. On all but consume_once routes it stores nothing and a
    /// crash at any point redelivers it.
    #[inline]
    pub fn receive(&mut self, shared: &Shared) -> Result<Message, Refusal> {
        match self.receive_at_once::<true>(shared) {
            Some(answer) => answer.ok_or(Refusal::Empty),
            None => self.receive_thoroughly(shared),
        }
    }

    fn receive_thoroughly(&mut self, shared: &Shared) -> Result<Message, Refusal> {
        let stamp = if self.has_lent() { self.look_and_settle(shared)? } else { self.look(shared)? };
        let position = self.hand.next().ok_or(Refusal::Limit)?;
        if self.takes {
            return self.take(shared, position, stamp);
        }
        let index = self.cursor;
        let (word, data) = self.found(shared, index, position)?;
        Ok(self.hand_out(shared, position, InHand { index, word }, stamp, data, self.ring.size))
    }

    /// `receive` where nothing is in the way; without `MORE` only in place, and only of a message that is not timed.
    /// `Some(None)`: there is no message. `None`: nothing changed, and `receive` will tell.
    #[inline(always)]
    pub fn receive_at_once<const MORE: bool>(&mut self, shared: &Shared) -> Option<Option<Message>> {
        let view = self.swift.on(shared)?;
        let (index, behind) = (self.cursor, self.cursor.wrapping_sub(self.head));
        let cell = view.at(index);
        let stamp = cell.stamp().load("stamp");
        let expected = Stamp { sequence: Stamp::of(index), time: if MORE { Stamp::decode(stamp).time } else { 0 } };
        // One that says when is timed, and none is there where a ring's length is in hand already.
        if stamp != independent(expected.encode()) || behind > self.swift.mask() {
            return self.is_of_the_lap_before(Stamp::decode(stamp)).then_some(None);
        }
        let position = self.hand.next()?;
        let (word, data) = if MORE && self.is_inside {
            (word_of(IN_CELL), self.buffers.read_words(position, cell.inline(), "receive.inline")?)
        } else {
            let word = cell.reference().load("cell");
            let slot = Reference::decode(word).slot;
            let data = match MORE && self.copies {
                true => self.buffers.read_words(position, self.copied.on(shared, slot)?.words(), "receive.copy")?,
                false => view.slot(slot)?.address(),
            };
            (word, data)
        };
        if self.is_steady {
            seldom();
            self.fetch_ahead::<MORE>(shared, view, index);
        }
        self.cursor = index.wrapping_add(1);
        let ticket = self.ticket(position, index);
        self.hand.fill(position, ticket, word);
        if MORE && index & self.ring.sample_mask == 0 {
            self.measure(shared, index, expected);
        }
        let number = self.released.wrapping_add(u64::from(behind));
        Some(Some(Message { data, size: self.size, number, answers: 0, ticket }))
    }

    /// `receive` in place of up to `count` messages, as long as nothing is in the way; how many.
    #[inline(always)]
    pub fn receive_many_at_once(&mut self, shared: &Shared, count: usize, mut each: impl FnMut(Message)) -> usize {
        // Copies of our own, which nothing that is written on the way can change.
        let (places, first, head) = (self.swift, self.cursor, self.head);
        let (tickets, released, size) = (self.tickets, self.released, self.size);
        let Some(view) = places.on(shared) else { return 0 };
        let mut done = 0;
        while done < count {
            let index = first.wrapping_add(done as u32);
            let behind = index.wrapping_sub(head);
            let cell = view.at(index);
            let is_there =
                cell.stamp().load("stamp") == independent(Stamp { sequence: Stamp::of(index), time: 0 }.encode());
            if !is_there || behind > view.mask() {
                break;
            }
            let word = cell.reference().load("cell");
            let slot = view.slot(Reference::decode(word).slot);
            let (Some(slot), Some(position)) = (slot, self.hand.next()) else { break };
            let ticket = tickets.wrapping_add((position as u64 * TICKET_POSITION) | u64::from(index));
            self.hand.fill(position, ticket, word);
            let number = released.wrapping_add(u64::from(behind));
            // Caches fetch all of them side by side while the rest is received.
            prefetch_to_read(slot.address());
            each(Message { data: slot.address(), size, number, answers: 0, ticket });
            done += 1;
        }
        self.cursor = first.wrapping_add(done as u32);
        done
    }

    /// Polls the cell at the cursor; `Empty` when nothing is new. A cell in which we released nothing yet is not looked
    /// at again, so the cursor is never more than a ring's length ahead of head.
    #[inline]
    fn look(&mut self, shared: &Shared) -> Result<Stamp, Refusal> {
        if self.corrupt {
            return Err(Refusal::Corrupt);
        }
        if self.cursor.wrapping_sub(self.head) >= self.ring.capacity {
            return Err(Refusal::Empty);
        }
        let stamp = queue::stamp(shared, &self.ring, self.cursor);
        if stamp.sequence == Stamp::of(self.cursor) {
            return Ok(stamp);
        }
        self.nothing(shared, stamp)
    }

    /// Before a cell is published it is of the lap before, or was never written; all else is nonsense.
    #[inline]
    fn nothing(&mut self, shared: &Shared, stamp: Stamp) -> Result<Stamp, Refusal> {
        if self.is_of_the_lap_before(stamp) { Err(Refusal::Empty) } else { self.quarantine(shared) }
    }

    /// Is it what the cell at the cursor says before its message is published?
    #[inline(always)]
    pub(super) fn is_of_the_lap_before(&self, stamp: Stamp) -> bool {
        stamp.sequence == Stamp::of(self.cursor.wrapping_sub(self.ring.capacity))
            || stamp.sequence == 0 && self.number(self.cursor) < u64::from(self.ring.capacity)
    }

    /// The same where messages are lent: what is over is released when nothing else is to do, and before too much of the
    /// ring waits for it.
    #[cold]
    fn look_and_settle(&mut self, shared: &Shared) -> Result<Stamp, Refusal> {
        if self.lent.count() >= self.ring.capacity.div_ceil(4) as usize {
            self.settle_lent(shared);
        }
        match self.look(shared) {
            Err(Refusal::Empty) => {
                self.settle_lent(shared);
                self.look(shared)
            }
            answer => answer,
        }
    }

    #[inline]
    fn hand_out(
        &mut self,
        shared: &Shared,
        position: usize,
        held: InHand,
        stamp: Stamp,
        data: NonNull<u8>,
        size: u32,
    ) -> Message {
        let index = held.index;
        let ticket = self.ticket(position, index);
        self.hand.fill(position, ticket, held.word);
        self.cursor = index.wrapping_add(1);
        if index & self.ring.sample_mask == 0 {
            self.measure(shared, index, stamp);
        }
        let answers = match self.ring.answers {
            Some(_) => shared.segment.word(self.ring.cell(index) + CELL_THIRD).peek("receive.answers"),
            None => 0,
        };
        let number = self.number(index);
        Message { data, size, number, answers, ticket }
    }

    /// The number on the route of the message at an index.
    #[inline]
    fn number(&self, index: u32) -> u64 {
        self.released.wrapping_add(u64::from(index.wrapping_sub(self.head)))
    }

    /// What the cell of an index names, and where its message is to be read.
    #[inline]
    fn found(&mut self, shared: &Shared, index: u32, position: usize) -> Result<(u64, NonNull<u8>), Refusal> {
        let Some(class) = self.ring.class else {
            self.buffers.read_cell(position, shared, &self.ring, index);
            return Ok((word_of(IN_CELL), self.buffers.address(position)));
        };
        let word = queue::reference(shared, &self.ring, index);
        let Some(offset) = class.bytes(Reference::decode(word).slot) else { return self.quarantine(shared) };
        if self.copies {
            self.buffers.read_slot(position, shared, offset);
            return Ok((word, self.buffers.address(position)));
        }
        Ok((word, shared.segment.bytes(offset, u64::from(self.ring.size))))
    }

    /// Takes the next message that is still there: the slot becomes ours, then head moves over its cell.
    ///
    /// A crash between the two: the slot is freed with us, and our successor finds its life over and skips the cell.
    /// The message is lost with its new owner, as consume_once says.
    fn take(&mut self, shared: &Shared, position: usize, first: Stamp) -> Result<Message, Refusal> {
        let mut stamp = first;
        // As many may be lost as lay in the ring; more than that is a writer that makes them up.
        for _ in 0..=self.ring.capacity {
            let index = self.cursor;
            let found = Reference::decode(queue::reference(shared, &self.ring, index));
            let Some((offset, size)) = self.place(shared, found.slot) else { return self.quarantine(shared) };
            if mutant("head_before_take") {
                self.finish(shared, index);
            }
            let taken = heap::take(shared, self.me, Slot { index: found.slot, generation: found.generation });
            let Some(heap::Gained { slot, from }) = taken else {
                if mutant("lost_cell_stops_the_ring") {
                    return Err(Refusal::Empty);
                }
                let number = self.number(index);
                self.cursor = index.wrapping_add(1);
                self.finish(shared, index);
                record(shared, Event::new(Kind::LostWithOwner, self.me).on(self.route).number(number));
                stamp = self.look(shared)?;
                continue;
            };
            // A heap's queue has no contract that says whose a block is; its hot path stays free of the trail.
            if !self.ring.any {
                record(shared, Event::new(Kind::Taken, self.me).with(from).on(self.route).slot(slot));
            }
            let data = shared.segment.bytes(offset, u64::from(size));
            let held = InHand { index, word: word_of(slot) };
            let message = self.hand_out(shared, position, held, stamp, data, size);
            self.finish(shared, index);
            return Ok(message);
        }
        Err(Refusal::Empty)
    }

    /// Offset and size of a slot's bytes; `None` when this ring cannot carry it.
    fn place(&self, shared: &Shared, slot: u32) -> Option<(u64, u32)> {
        match self.ring.class {
            Some(class) => Some((class.bytes(slot)?, self.ring.size)),
            None => shared.geometry.classes.iter().find_map(|class| Some((class.bytes(slot)?, class.stride))),
        }
    }

    /// Behind a message that is timed: counts how long it took, and sees whether many more lie behind it.
    #[cold]
    #[inline(never)]
    pub(super) fn measure(&mut self, shared: &Shared, index: u32, stamp: Stamp) {
        let later = index.wrapping_add(AHEAD);
        let word = shared.segment.word(self.ring.cell(later) + CELL_STAMP).peek("receive.ahead");
        self.is_steady = Stamp::decode(word).sequence == Stamp::of(later);
        let ticks = clock::stamp().wrapping_sub(stamp.time);
        // The upper half is no latency: it is a stamp from a clock slightly ahead of ours, or one older than the wrap.
        if stamp.time != 0 && ticks <= u32::MAX / 2 {
            stats::record(shared, &self.ring, ticks);
        }
    }

    /// Asks for the line of a later message, so that many are on their way at once: a call is so long that a processor sees no more
    /// than the next one's loads. Where no message lies yet, this would take the line from its writer. `COPIES`: it may be one
    /// that is copied out of its cell or slot.
    #[inline(always)]
    pub(super) fn fetch_ahead<const COPIES: bool>(&self, shared: &Shared, view: RingView<'_>, index: u32) {
        if COPIES && self.is_inside {
            return view.at(index.wrapping_add(AHEAD)).fetch_to_read();
        }
        let later = view.at(index.wrapping_add(SLOTS_AHEAD)).reference().peek("receive.ahead");
        let slot = Reference::decode(later).slot;
        if let Some(slot) = if COPIES && self.copies { self.copied.on(shared, slot) } else { view.slot(slot) } {
            prefetch_to_read(slot.address());
        }
    }
}

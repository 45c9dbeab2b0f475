//! The consuming end: polls the cell at a private cursor, and moves head over what was released.
//!
//! The cell's stamp says whether there is a message; tail is for others. Receiving stores nothing. A message stays in the ring until it is released, so a consumer that dies while working on
//! it loses nothing. Out-of-order release is kept privately until head can move. On a consume_once route receiving
//! takes the slot, by one CAS, and the message is the consumer's own from there on.

use std::ptr::NonNull;

use vil_ir::vocabulary::Transfer;

use crate::base::atomic::FOR_SPACE;
use crate::base::crash::mutant;
use crate::base::index::{depth, later};
use crate::base::words::{EndWord, NO_SLOT, ProcessId, Reference, Stamp};
use crate::exchange::copied::Buffers;
use crate::exchange::hand::Hand;
use crate::exchange::lent::Lent;
use crate::exchange::{Batch, NotOpened, Peer, Refusal, ordinal, slot_of, word_of};
use crate::heap::{self, Slot};
use crate::mem::{CELL_THIRD, RingGeometry, RingPlaces, Shared, SlotPlaces};
use crate::queue::{self, Side, Taken};
use crate::registry::closed_head;
use crate::registry::trail::{Event, Kind, record};
use crate::stats;
use crate::sys::cache::prefetch_to_read;
use crate::sys::clock;

/// A message that was received and not yet released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// First byte; valid until the message is released or the end is closed. On a copy route it is a private copy,
    /// else it lies in shared memory, where a misbehaving writer may still change it.
    pub data: NonNull<u8>,
    /// Bytes.
    pub size: u32,
    /// Its number on the route, from 0, across restarts of either end. On a claimed ring numbers may be left out.
    pub number: u64,
    /// Number of the request that it answers; 0 on routes that carry no answers.
    pub answers: u64,
    /// Names the message until it is released.
    pub ticket: u64,
}

/// Where a ticket begins to hold the end's ordinal: above the index and a position of 17 bits. So no two of 32,768
/// receivers give out the same.
const TICKET_END: u32 = 49;

/// Where it holds the position, from 1; below it is the index.
const TICKET_POSITION: u64 = 1 << 32;

/// A message in hand: its index, and what its cell named. The hand has it by its ticket, whose lower half is the index.
#[derive(Debug, Clone, Copy)]
struct InHand {
    index: u32,
    word: u64,
}

impl InHand {
    fn slot(self) -> Slot {
        slot_of(self.word)
    }

    /// Did it come by a forward that borrowed it?
    fn is_borrowed(self) -> bool {
        Reference::decode(self.word).source != 0
    }
}

/// The consuming end of one ring. All of it is private; recovery never needs it. What a message needs comes first.
#[derive(Debug, Clone)]
#[repr(C)]
pub struct Consumer {
    /// Where `receive_at_once` and `release_at_once` look; none where they may not.
    swift: RingPlaces,
    cursor: u32,
    head: u32,
    released: u64,
    /// Our head word with index 0: incarnation and owner.
    half: u64,
    /// The ticket of index 0 at the first position.
    tickets: u64,
    /// By ticket: the first word of the cell.
    hand: Hand,
    size: u32,
    /// Bits of `done` that are set.
    marks: u32,
    /// One bit per cell: released before the ones in front of it.
    done: Box<[u64]>,
    lent: Lent,
    copies: bool,
    /// Messages travel inside its cells.
    is_inside: bool,
    /// Where the slots lie that are copied from.
    copied: SlotPlaces,
    takes: bool,
    /// Quarantined, or closed: nothing works any more.
    corrupt: bool,
    me: ProcessId,
    route: usize,
    ring: RingGeometry,
    buffers: Buffers,
}

impl Consumer {
    /// Opens the consuming end: vacant -> ours. Reading goes on at head, so what a predecessor did not release is
    /// delivered again.
    pub fn open(shared: &Shared, me: ProcessId, route: usize) -> Result<Consumer, NotOpened> {
        let ring = shared.geometry.rings[route];
        let head =
            queue::open(shared, &ring, Side::Head, me).map_err(|Taken::OwnedBy(owner)| NotOpened::OwnedBy(owner))?;
        let tail = queue::end(shared, &ring, Side::Tail).index;
        let tail = match mutant("opened_by_the_stored_tail") {
            true => depth(head.index, tail, ring.capacity).map(|_| tail),
            false => queue::published_up_to(shared, &ring, head.index, tail),
        };
        let copies = ring.transfer == Transfer::Copy;
        let mut consumer = Consumer {
            swift: RingPlaces::NONE,
            size: ring.size,
            marks: 0,
            me,
            route,
            ring,
            half: EndWord { index: 0, ..head }.encode(),
            head: head.index,
            cursor: tail.filter(|_| mutant("resume_at_tail")).unwrap_or(head.index),
            hand: Hand::new(ring.consumer_loans),
            done: vec![0; ring.capacity.div_ceil(64) as usize].into_boxed_slice(),
            released: queue::passed(shared, &ring, Side::Head),
            copies,
            is_inside: copies && ring.class.is_none(),
            copied: ring.class.filter(|_| copies).map_or(SlotPlaces::NONE, |class| SlotPlaces::of(shared, &class)),
            takes: ring.transfer == Transfer::ConsumeOnce,
            buffers: if copies { Buffers::new(ring.consumer_loans, ring.size) } else { Buffers::none() },
            lent: Lent::default(),
            tickets: (ordinal() << TICKET_END).wrapping_add(TICKET_POSITION),
            corrupt: false,
        };
        let Some(tail) = tail else {
            queue::change(shared, &ring, Side::Head, head, head.vacated(), "open.undo");
            return Err(NotOpened::Corrupt);
        };
        consumer.tune(shared);
        let left = tail.wrapping_sub(head.index);
        if left > 0 && head.incarnation > 1 {
            record(shared, Event::new(Kind::Redelivered, me).on(route).number(u64::from(left)));
        }
        Ok(consumer)
    }

    /// The route.
    pub fn route(&self) -> usize {
        self.route
    }

    /// The ring.
    pub fn ring(&self) -> &RingGeometry {
        &self.ring
    }

    /// Messages released (or skipped for a consumer that was gone) on the route since the world was created.
    pub fn released(&self) -> u64 {
        self.released
    }

    /// Who is at the other end.
    pub fn peer(&self, shared: &Shared) -> Peer {
        Peer::of(queue::end(shared, &self.ring, Side::Tail))
    }

    /// Is there a message that was not received yet? Takes back what was lent and released meanwhile.
    #[inline]
    pub fn is_ready(&mut self, shared: &Shared) -> bool {
        self.settle(shared);
        !matches!(self.look(shared), Err(Refusal::Empty))
    }

    /// Are messages lent on to another ring? Then a sleeper must also be woken when that ring's head moves.
    pub fn has_lent(&self) -> bool {
        !self.lent.is_empty()
    }

    /// The next message, in place, as a private copy, or taken. On all but consume_once routes it stores nothing and a
    /// crash at any point redelivers it.
    #[inline]
    pub fn receive(&mut self, shared: &Shared) -> Result<Message, Refusal> {
        let answer =
            if self.copies { self.receive_at_once::<true>(shared) } else { self.receive_at_once::<false>(shared) };
        match answer {
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
        let word = queue::reference(shared, &self.ring, index);
        let data = self.data(shared, index, Reference::decode(word), position)?;
        Ok(self.hand_out(shared, position, InHand { index, word }, stamp, data, self.ring.size))
    }

    /// `receive` in place, or as a copy on routes that copy, where nothing is in the way. `Some(None)`: there is no message. `None`: nothing changed, and
    /// `receive` will tell.
    #[inline(always)]
    pub fn receive_at_once<const COPIES: bool>(&mut self, shared: &Shared) -> Option<Option<Message>> {
        let view = self.swift.on(shared)?;
        let (index, behind) = (self.cursor, self.cursor.wrapping_sub(self.head));
        let stamp = view.stamp(index).load("stamp");
        // One that says when is timed, and none is there where a ring's length is in hand already.
        if stamp != (Stamp { sequence: Stamp::of(index), time: 0 }).encode() || behind > self.swift.mask() {
            return self.is_of_the_lap_before(Stamp::decode(stamp)).then_some(None);
        }
        let word = view.reference(index).load("cell");
        let (slot, position) = (Reference::decode(word).slot, self.hand.next()?);
        let data = if !COPIES {
            view.slot(slot)?.address()
        } else if self.is_inside {
            let words = (slot == NO_SLOT).then(|| view.inline(index))?;
            self.buffers.read_words(position, words, "receive.inline")?
        } else {
            self.buffers.read_words(position, self.copied.on(shared, slot)?.words(), "receive.copy")?
        };
        self.cursor = index.wrapping_add(1);
        let ticket = self.ticket(position, index);
        self.hand.fill(position, ticket, word);
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
            let is_there = view.stamp(index).load("stamp") == (Stamp { sequence: Stamp::of(index), time: 0 }).encode();
            if !is_there || behind > view.mask() {
                break;
            }
            let word = view.reference(index).load("cell");
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

    /// Ends a taken message that was used: its slot returns to the pool.
    pub fn consume(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        let slot = self.take_slot(ticket)?;
        heap::give_back(shared, self.me, slot);
        Ok(())
    }

    /// The slot of a taken message, which is the caller's from here on, and nobody's business here any more.
    pub fn take_slot(&mut self, ticket: u64) -> Result<Slot, Refusal> {
        let (position, held) = self.held(ticket)?;
        if !self.takes {
            return Err(Refusal::Mode);
        }
        self.end(position);
        Ok(held.slot())
    }

    /// The slot of a message in hand that may be forwarded, and whether it would move or be borrowed.
    pub fn forwardable(&self, ticket: u64) -> Result<(Slot, Forward), Refusal> {
        let (_, held) = self.held(ticket)?;
        match (self.takes, self.copies || held.is_borrowed()) {
            (true, _) => Ok((held.slot(), Forward::Taken)),
            (false, false) => Ok((held.slot(), Forward::Borrowed)),
            // A copy has no slot of its own; what was borrowed once is not borrowed again.
            (false, true) => Err(Refusal::Mode),
        }
    }

    /// The message in hand was published on in another ring, in the cell of `index`: it is released when that ring's
    /// head has passed the cell.
    pub fn lend(&mut self, shared: &Shared, ticket: u64, route: usize, index: u32) -> Result<(), Refusal> {
        let (position, held) = self.held(ticket)?;
        self.end(position);
        self.lent.add(&shared.geometry.rings[route], index, held.index, self.ring.capacity);
        self.tune(shared);
        Ok(())
    }

    /// Releases what was lent and has been released by those it was lent to.
    #[inline]
    pub fn settle(&mut self, shared: &Shared) {
        if !self.lent.is_empty() {
            self.settle_lent(shared);
        }
    }

    /// Gives the end back right after it was opened: whatever the delivery, what lies in the ring stays there.
    pub fn undo(&mut self, shared: &Shared) {
        let ours = EndWord { index: self.head, ..EndWord::decode(self.half) };
        queue::change(shared, &self.ring, Side::Head, ours, ours.vacated(), "open.undo");
        self.corrupt = true;
        self.tune(shared);
    }

    /// Closes the end: at_least_once keeps what lies in the ring for a replacement, best_effort skips it. False: what
    /// was lent is still being read, so the end stays ours; close again later.
    pub fn close(&mut self, shared: &Shared) -> bool {
        self.settle(shared);
        for (_, _, word) in self.hand.drain().filter(|_| self.takes) {
            heap::give_back(shared, self.me, slot_of(word));
            record(shared, Event::new(Kind::Unconsumed, self.me).on(self.route).slot(slot_of(word)));
        }
        if self.has_lent() && !mutant("close_skips_what_is_lent") {
            return false;
        }
        let ours = EndWord { index: self.head, ..EndWord::decode(self.half) };
        let (vacant, skipped) = closed_head(shared, &self.ring, ours);
        if mutant("vacant_before_skip")
            && queue::change(shared, &self.ring, Side::Head, ours, ours.vacated(), "close.head")
        {
            shared.segment.word(self.ring.head).store(vacant.encode(), "close.head");
        }
        if queue::change(shared, &self.ring, Side::Head, ours, vacant, "close.head") && skipped > 0 {
            stats::count_skipped(shared, &self.ring, skipped);
            record(shared, Event::new(Kind::Skipped, self.me).on(self.route).number(u64::from(skipped)));
        }
        self.wake_producer(shared);
        self.corrupt = true;
        self.tune(shared);
        true
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
    fn is_of_the_lap_before(&self, stamp: Stamp) -> bool {
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

    #[cold]
    fn quarantine<T>(&mut self, shared: &Shared) -> Result<T, Refusal> {
        // For good: should the words make sense later, the end would be ready and empty, and a wait on it never end.
        self.corrupt = true;
        self.tune(shared);
        record(shared, Event::new(Kind::Quarantined, self.me).on(self.route));
        Err(Refusal::Corrupt)
    }

    #[inline]
    fn held(&self, ticket: u64) -> Result<(usize, InHand), Refusal> {
        let position = self.position(ticket);
        let word = self.hand.get(position, ticket).ok_or(Refusal::Ticket)?;
        Ok((position, InHand { index: ticket as u32, word }))
    }

    /// Never 0, so that a struct of zeroes names nothing.
    #[inline(always)]
    fn ticket(&self, position: usize, index: u32) -> u64 {
        self.tickets.wrapping_add((position as u64 * TICKET_POSITION) | u64::from(index))
    }

    /// Of another end's ticket upper bits are left, and no position is as high.
    #[inline(always)]
    fn position(&self, ticket: u64) -> usize {
        (ticket.wrapping_sub(self.tickets) / TICKET_POSITION) as usize
    }

    #[inline]
    fn end(&mut self, position: usize) {
        self.hand.end(position);
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
            self.time(shared, stamp);
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

    #[inline]
    fn data(&mut self, shared: &Shared, index: u32, found: Reference, position: usize) -> Result<NonNull<u8>, Refusal> {
        let Some(class) = self.ring.class else {
            if found.slot != NO_SLOT {
                return self.quarantine(shared);
            }
            self.buffers.read_cell(position, shared, &self.ring, index);
            return Ok(self.buffers.address(position));
        };
        let Some(offset) = class.bytes(found.slot) else { return self.quarantine(shared) };
        if self.copies {
            self.buffers.read_slot(position, shared, offset);
            return Ok(self.buffers.address(position));
        }
        Ok(shared.segment.bytes(offset, u64::from(self.ring.size)))
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

    #[cold]
    #[inline(never)]
    fn time(&self, shared: &Shared, stamp: Stamp) {
        let ticks = clock::stamp().wrapping_sub(stamp.time);
        // The upper half is no latency: it is a stamp from a clock slightly ahead of ours, or one older than the wrap.
        if stamp.time != 0 && ticks <= u32::MAX / 2 {
            stats::record(shared, &self.ring, ticks);
        }
    }

    #[cold]
    fn settle_lent(&mut self, shared: &Shared) {
        while let Some(index) = self.lent.next_back(shared) {
            self.finish(shared, index);
        }
        self.tune(shared);
    }

    /// Says whether calls may go the quick way: messages stay their producer's, none is lent on, and all is well.
    fn tune(&mut self, shared: &Shared) {
        let is_plain = !self.takes && self.ring.answers.is_none();
        let is_swift = is_plain && self.lent.is_empty() && !self.corrupt;
        self.swift = match (is_swift, self.copies) {
            (false, _) => RingPlaces::NONE,
            (true, false) => RingPlaces::of(shared, &self.ring),
            (true, true) => RingPlaces::of(shared, &self.ring).without_slots(),
        };
    }

    /// The cell of an index is over: head moves, or it is remembered until head can.
    #[inline]
    fn finish(&mut self, shared: &Shared, index: u32) {
        if index != self.head && !mutant("release_moves_head_at_once") {
            self.mark(index, true);
            return;
        }
        self.move_head(shared, index);
    }

    fn move_head(&mut self, shared: &Shared, index: u32) {
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

    /// Wakes the producer if it sleeps for room, when it is worth it.
    #[cold]
    pub fn wake(&self, shared: &Shared) {
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

    fn wake_producer(&self, shared: &Shared) {
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

/// How a message in hand can be published on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forward {
    /// Its slot is ours and moves.
    Taken,
    /// Its slot stays its producer's.
    Borrowed,
}

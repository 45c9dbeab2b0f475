//! One ring's producing end: its tail, its view of head, and the ledger of what lies in between.
//!
//! Publishing writes the cell, its stamp last: that store is the publication. Tail follows, for those who open, recover
//! and look on. What head has passed comes back to the pool. Once not full, a ring can only be filled by this end.

use vil_ir::vocabulary::{Delivery, Transfer};

use crate::base::atomic::{FOR_DATA, Word, seldom};
use crate::base::crash::mutant;
use crate::base::index::{depth, extend};
use crate::base::limits::{AHEAD, COUNT_EVERY, RECLAIM_BYTES, RECLAIM_EVERY};
use crate::base::words::{EndWord, ProcessId, Reference, Stamp};
use crate::exchange::copied::{Buffers, write_words};
use crate::exchange::pool::{IN_CELL, Pool};
use crate::exchange::{NotOpened, Peer, Refusal, slot_of, word_of};
use crate::heap::{self, Slot};
use crate::mem::{CELL_REFERENCE, CELL_STAMP, CELL_THIRD, COUNT, CellView, RingGeometry, RingPlaces, Shared};
use crate::queue::{self, Side, Taken};
use crate::registry::trail::{Event, Kind, record};
use crate::stats;
use crate::sys::cache::prefetch_to_write;
use crate::sys::clock;

/// Whose a slot in the ring is, which decides what becomes of it when head has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Of this end's pool.
    Own = 0,
    /// Ours, but taken from another producer or from a heap: it returns to the shared pool.
    Given = 1,
    /// Another producer's: its cell in the ring it came by is released by the consumer that borrowed it.
    Lent = 2,
}

/// What is appended to a ring.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parcel {
    pub(super) slot: Slot,
    pub(super) origin: Origin,
    /// 0, or the ring it was borrowed from, plus 1.
    pub(super) source: u16,
    /// Number of the request that this answers; unused elsewhere.
    pub(super) answers: u64,
    /// Position of the private buffer of a message that travels inside the cell.
    pub(super) position: usize,
}

/// The producing end of one ring. All of it is private; recovery never needs it. What a message needs comes first, on lines
/// of its own.
#[derive(Debug, Clone)]
#[repr(C, align(128))]
pub(super) struct Outlet {
    /// Where `append_at_once` writes; none where a cell holds more than a slot.
    swift: RingPlaces,
    tail: u32,
    /// Up to here, `append_at_once` need not think: there is room, and the count is stored.
    pause: u32,
    /// Our tail word with index 0: incarnation and owner.
    half: u64,
    /// By cell: the slot as the cell names it, and its origin above.
    ledger: Box<[u64]>,
    /// The count as it is stored; it lags behind tail.
    count: u64,
    sample_mask: u32,
    /// Behind a message that leaves tail with none of these bits head is looked at.
    look_mask: u32,
    /// As it was when it was looked at last.
    head: u32,
    /// Cells before it are reclaimed, or were our predecessor's.
    cursor: u32,
    /// What comes back is free at once: counted by nobody, and taken by nobody.
    is_plain: bool,
    /// Many messages lay in the ring when head was looked at last, so lines are asked for ahead.
    is_steady: bool,
    /// The same as `swift`, where messages travel inside cells.
    inside: RingPlaces,
    pub(super) route: usize,
    pub(super) ring: RingGeometry,
}

/// Where the ledger has the origin of a slot: above what a cell says of it.
const ORIGIN: u32 = 52;

/// How many messages lie between two looks at head, a power of two. `stride`: bytes of a slot.
fn look_every(stride: u32) -> u32 {
    let most = (RECLAIM_BYTES / stride.max(1)).clamp(1, RECLAIM_EVERY);
    1 << most.ilog2()
}

/// What the ledger says of a cell.
#[inline(always)]
fn entry(word: u64, origin: Origin) -> u64 {
    word | (origin as u64) << ORIGIN
}

/// What a cell names, unless a seeded mistake makes it name the life before.
#[inline(always)]
fn named(word: u64) -> u64 {
    if !mutant("stale_generation_in_cell") {
        return word;
    }
    let right = Reference::decode(word);
    Reference { generation: right.generation.wrapping_sub(1), ..right }.encode()
}

/// The slot and its origin.
#[inline(always)]
fn read(entry: u64) -> (Slot, Origin) {
    let origin = match entry >> ORIGIN {
        0 => Origin::Own,
        1 => Origin::Given,
        _ => Origin::Lent,
    };
    (slot_of(entry), origin)
}

/// The stamp of the cell of an index, with the time where that is sampled.
#[inline(always)]
fn stamp_of(index: u32, sample_mask: u32) -> u64 {
    let sequence = Stamp::of(index);
    let mut stamp = u64::from(sequence);
    if index & sample_mask == 0 {
        seldom();
        stamp = Stamp { sequence, time: clock::stamp() }.encode();
    }
    stamp
}

/// Writes a cell, its stamp last: from there on the message is published.
#[inline(always)]
fn fill<const INSIDE: bool>(cell: CellView<'_>, word: u64, stamp: u64, carry: impl FnOnce(&[Word])) {
    if mutant("stamp_before_cell") {
        cell.stamp().store(stamp, "publish.stamp");
    }
    match INSIDE {
        true => carry(cell.inline()),
        false => cell.reference().note(named(word), "publish.cell"),
    }
    if !mutant("stamp_before_cell") {
        cell.stamp().store(stamp, "publish.stamp");
    }
}

/// Enters what `take` answers into the ledger, which says of every cell the same where messages travel inside them.
#[inline(always)]
fn enter<const INSIDE: bool, C>(
    ledger: &mut [u64],
    cell: u32,
    take: impl FnOnce() -> Option<(u64, C)>,
) -> Option<(u64, C)> {
    if INSIDE {
        return take();
    }
    let place = ledger.get_mut(cell as usize)?;
    let (word, carry) = take()?;
    *place = entry(word, Origin::Own);
    Some((word, carry))
}

impl Outlet {
    /// Opens the producing end: vacant -> ours.
    pub(super) fn open(shared: &Shared, me: ProcessId, route: usize) -> Result<Outlet, NotOpened> {
        let ring = shared.geometry.rings[route];
        let tail =
            queue::open(shared, &ring, Side::Tail, me).map_err(|Taken::OwnedBy(owner)| NotOpened::OwnedBy(owner))?;
        let head = queue::end(shared, &ring, Side::Head);
        let is_given = ring.transfer == Transfer::ConsumeOnce;
        let is_narrow = ring.answers.is_none() && !ring.any;
        let outlet = Outlet {
            swift: if is_narrow && ring.class.is_some() { RingPlaces::of(shared, &ring) } else { RingPlaces::NONE },
            inside: if is_narrow && ring.class.is_none() { RingPlaces::of(shared, &ring) } else { RingPlaces::NONE },
            sample_mask: ring.sample_mask,
            look_mask: look_every(ring.class.map_or(0, |class| class.stride)) - 1,
            is_plain: ring.class.is_some() && !is_given,
            is_steady: false,
            route,
            ring,
            half: EndWord { index: 0, ..tail }.encode(),
            tail: if mutant("resume_at_head") { head.index } else { tail.index },
            head: head.index,
            pause: tail.index,
            cursor: tail.index,
            ledger: vec![entry(word_of(IN_CELL), Origin::Own); ring.capacity as usize].into_boxed_slice(),
            count: shared.segment.word(ring.tail + COUNT).load("count"),
        };
        // A vacant tail is exact: who closed it had stored it, and recovery moves the dead one's.
        match depth(head.index, tail.index, ring.capacity) {
            Some(_) => Ok(outlet),
            None => {
                outlet.vacate(shared);
                Err(NotOpened::Corrupt)
            }
        }
    }

    /// Who is at the other end.
    pub(super) fn peer(&self, shared: &Shared) -> Peer {
        Peer::of(queue::end(shared, &self.ring, Side::Head))
    }

    /// Index of the next cell.
    pub(super) fn tail(&self) -> u32 {
        self.tail
    }

    /// Messages published since the world was created.
    pub(super) fn published(&self) -> u64 {
        extend(self.count, self.tail)
    }

    /// Is there room for a message as far as the last look at head tells?
    #[inline]
    pub(super) fn is_roomy(&self) -> bool {
        self.tail.wrapping_sub(self.head) < self.ring.capacity
    }

    /// Is there room for a message? Looks at head only when the last look says no.
    #[inline]
    pub(super) fn has_room(&mut self, shared: &Shared, pool: &mut Pool) -> Result<bool, Refusal> {
        if self.is_roomy() {
            return Ok(true);
        }
        self.reclaim(shared, pool)?;
        if !self.is_roomy() {
            self.skip_for_nobody(shared, pool)?;
        }
        Ok(self.is_roomy())
    }

    /// Publishes what `take` answers, a slot of our pool as a cell names it, and what writes the words that a cell carries,
    /// where there is room by the last look at head. True: there is more to do behind it. `None`: nothing changed; `take` was
    /// the last to be asked.
    #[inline(always)]
    pub(super) fn append_at_once<const INSIDE: bool, C: FnOnce(&[Word])>(
        &mut self,
        shared: &Shared,
        take: impl FnOnce() -> Option<(u64, C)>,
    ) -> Option<bool> {
        let index = self.tail;
        let view = if INSIDE { &self.inside } else { &self.swift }.on(shared)?;
        if index == self.pause {
            return None;
        }
        let (word, carry) = enter::<INSIDE, C>(&mut self.ledger, index & view.mask(), take)?;
        // The sequence of an index is the next one, and so is tail.
        let (next, stamp) = (Stamp::of(index), stamp_of(index, self.sample_mask));
        let tail = self.half | u64::from(next);
        if mutant("tail_before_cell") {
            view.tail().store(tail, "publish.tail");
        }
        // Not where the consumer has yet to read.
        if INSIDE && self.is_steady && self.pause.wrapping_sub(index) > AHEAD {
            view.at(index.wrapping_add(AHEAD)).fetch_to_write();
        }
        fill::<INSIDE>(view.at(index), word, stamp, carry);
        self.tail = next;
        view.tail().store(tail, "publish.tail");
        // Not `||`: one jump for both.
        Some(shared.may_be_awaited(view.consumer_flag(), FOR_DATA, "publish.awaited") | (next & self.look_mask == 0))
    }

    /// Is head to be looked at behind the last `count` messages?
    #[inline(always)]
    pub(super) fn is_look_due(&self, count: u32) -> bool {
        (self.tail ^ self.tail.wrapping_sub(count)) > self.look_mask
    }

    /// The same for one of several: tail is to be announced, as behind `publish`.
    #[inline(always)]
    pub(super) fn publish_at_once<const INSIDE: bool, C: FnOnce(&[Word])>(
        &mut self,
        shared: &Shared,
        take: impl FnOnce() -> Option<(u64, C)>,
    ) -> Option<()> {
        let index = self.tail;
        let view = if INSIDE { &self.inside } else { &self.swift }.on(shared)?;
        if index.wrapping_sub(self.head) > view.mask() {
            return None;
        }
        let (word, carry) = enter::<INSIDE, C>(&mut self.ledger, index & view.mask(), take)?;
        let (next, stamp) = (Stamp::of(index), stamp_of(index, self.sample_mask));
        fill::<INSIDE>(view.at(index), word, stamp, carry);
        (self.tail, self.pause) = (next, next);
        Some(())
    }

    /// Publishes messages of `size` bytes that lie back to back in the caller's memory, inside cells: as many as there is room
    /// for by the last look at head; how many. Tail is to be announced, as behind `publish`.
    pub(super) fn publish_inside(&mut self, shared: &Shared, messages: &[u8], size: usize) -> usize {
        let room = size * self.ring.capacity.saturating_sub(self.tail.wrapping_sub(self.head)) as usize;
        let messages = &messages[..messages.len().min(room)];
        let is_roomy = self.is_steady && messages.len() + AHEAD as usize * size < room;
        // Loops that know their length for 8 and 16 bytes alone: where longer ones go, lines are what is waited for.
        match size {
            8 => self.publish_each_inside(shared, messages.as_chunks::<8>().0, is_roomy),
            16 => self.publish_each_inside(shared, messages.as_chunks::<16>().0, is_roomy),
            _ => self.publish_each_inside(shared, messages.chunks_exact(size), is_roomy),
        }
    }

    /// `is_roomy`: there is room for so many more that the cells of later ones may be asked for already.
    #[inline]
    fn publish_each_inside<'a, M: AsRef<[u8]> + ?Sized + 'a>(
        &mut self,
        shared: &Shared,
        messages: impl IntoIterator<Item = &'a M>,
        is_roomy: bool,
    ) -> usize {
        let Some(view) = self.inside.on(shared) else { return 0 };
        let (cells, first, sample_mask) = (view.cells(), self.tail, self.sample_mask);
        let mut index = first;
        for message in messages {
            if is_roomy {
                cells.at(index.wrapping_add(AHEAD)).fetch_to_write();
            }
            let carry = |words: &[Word]| write_words(words, message.as_ref(), "publish.inline");
            fill::<true>(cells.at(index), word_of(IN_CELL), stamp_of(index, sample_mask), carry);
            index = index.wrapping_add(1);
        }
        (self.tail, self.pause) = (index, index);
        index.wrapping_sub(first) as usize
    }

    /// Wakes the consumer, if it sleeps for data.
    #[cold]
    pub(super) fn wake(&self, shared: &Shared) {
        shared.wake(self.ring.consumer_flag, FOR_DATA, "publish.wake");
    }

    /// From here on every message is published and comes back with thought: it has uses that are counted, or the end works
    /// no more.
    pub(super) fn slow_down(&mut self) {
        (self.swift, self.inside, self.is_plain) = (RingPlaces::NONE, RingPlaces::NONE, false);
    }

    /// Says how far there is nothing to think of.
    fn plan(&mut self) {
        let room = self.ring.capacity.saturating_sub(self.tail.wrapping_sub(self.head));
        let uncounted = if self.is_count_due(self.tail) { 0 } else { COUNT_EVERY - 1 - self.tail % COUNT_EVERY };
        self.pause = self.tail.wrapping_add(room.min(uncounted));
    }

    /// Publishes into a ring that has room.
    #[inline]
    pub(super) fn append(&mut self, shared: &Shared, parcel: Parcel, buffers: &Buffers) {
        self.publish(shared, parcel, buffers);
        self.announce(shared);
    }

    /// Publishes into a ring that has room: the cell, and its stamp last. Tail is to be announced before head is looked
    /// at again, so that it never lags by more than a ring's length.
    ///
    /// A crash before the stamp leaves a cell nobody looks at and a slot that recovery frees; right after it the message
    /// is published, and whoever goes by tail walks on over its cell.
    #[inline]
    pub(super) fn publish(&mut self, shared: &Shared, parcel: Parcel, buffers: &Buffers) {
        let index = self.tail;
        self.ledger[(index & (self.ring.capacity - 1)) as usize] = entry(word_of(parcel.slot), parcel.origin);
        if mutant("tail_before_cell") {
            self.store_tail(shared, 1);
        }
        if mutant("count_before_stamp") {
            shared.segment.word(self.ring.tail + COUNT).note(self.published().wrapping_add(1), "publish.count");
        }
        self.write_cell(shared, index, parcel, buffers);
        self.tail = index.wrapping_add(1);
        self.pause = self.tail;
    }

    /// Stores tail behind all that was published, and wakes who sleeps for it.
    #[inline]
    pub(super) fn announce(&mut self, shared: &Shared) {
        self.store_tail(shared, 0);
        self.store_count(shared);
        self.plan();
        shared.wake(self.ring.consumer_flag, FOR_DATA, "publish.wake");
    }

    /// What a predecessor left in the ring and nobody has released yet.
    pub(super) fn inherited(&self) -> u32 {
        // Has head passed the cell at which this end was opened?
        let is_reached = self.tail.wrapping_sub(self.head) <= self.tail.wrapping_sub(self.cursor);
        if is_reached { 0 } else { self.cursor.wrapping_sub(self.head).min(self.ring.capacity) }
    }

    /// Takes back the slots whose cells head has passed. Only head moves slots back, whoever is at it.
    pub(super) fn reclaim(&mut self, shared: &Shared, pool: &mut Pool) -> Result<(), Refusal> {
        let head = queue::end(shared, &self.ring, Side::Head);
        let is_over = mutant("reclaim_when_nobody_consumes") && head.owner.is_none();
        self.advance(shared, pool, if is_over { self.tail } else { head.index })
    }

    fn advance(&mut self, shared: &Shared, pool: &mut Pool, head: u32) -> Result<(), Refusal> {
        let before = self.tail.wrapping_sub(self.head);
        let Some(now) = depth(head, self.tail, self.ring.capacity).filter(|now| *now <= before) else {
            return Err(Refusal::Corrupt);
        };
        self.head = head;
        self.is_steady = now >= AHEAD;
        self.plan();
        let passed = self.tail.wrapping_sub(self.cursor).saturating_sub(self.tail.wrapping_sub(head));
        if self.ring.class.is_none() && !self.ring.any {
            // Nothing lies outside of cells, so nothing comes back.
            self.cursor = self.cursor.wrapping_add(passed);
            return Ok(());
        }
        for part in self.entries(self.cursor, passed) {
            if self.is_steady {
                self.fetch(shared, part);
            }
            match self.is_plain && part.iter().fold(0, |all, entry| all | entry) >> ORIGIN == Origin::Own as u64 {
                true => pool.put_words(part),
                false => part.iter().for_each(|entry| self.come_back(shared, pool, *entry)),
            }
        }
        self.cursor = self.cursor.wrapping_add(passed);
        Ok(())
    }

    /// Asks for the lines of slots that came back, as many as are written before head is looked at again.
    fn fetch(&self, shared: &Shared, entries: &[u64]) {
        let Some(view) = self.swift.on(shared) else { return };
        let slots = entries.iter().rev().filter_map(|entry| view.slot(slot_of(*entry).index));
        slots.take(RECLAIM_EVERY as usize).for_each(|slot| prefetch_to_write(slot.address()));
    }

    /// What the ledger says of so many cells: up to its end, and from its beginning.
    fn entries(&self, first: u32, count: u32) -> [&[u64]; 2] {
        let first = (first & (self.ring.capacity - 1)) as usize;
        let (before, behind) = self.ledger.split_at(first);
        let to_end = behind.len().min(count as usize);
        // No more than all of it: the rest would be cells twice.
        [&behind[..to_end], &before[..first.min(count as usize - to_end)]]
    }

    fn come_back(&self, shared: &Shared, pool: &mut Pool, entry: u64) {
        let (slot, origin) = read(entry);
        if slot == IN_CELL {
            return;
        }
        match origin {
            Origin::Own if self.ring.transfer == Transfer::ConsumeOnce && !mutant("reclaim_frees_what_was_taken") => {
                pool.end_of_given(shared, slot);
            }
            Origin::Own => pool.end_use(slot),
            // Not ours any more where the consumer took it.
            Origin::Given if mutant("given_slot_is_kept") => pool.put(slot),
            Origin::Given => {
                heap::give_back(shared, pool.me(), slot);
                pool.gone();
            }
            Origin::Lent => {}
        }
    }

    /// Closes the end: slots in the ring become ORPHAN and wait for their release, and the end becomes vacant. A crash
    /// anywhere in between is finished by recovery.
    pub(super) fn close(&self, shared: &Shared, me: ProcessId) {
        let part = if mutant("close_frees_what_is_unread") { heap::give_back } else { heap::abandon };
        let mut orphans = 0;
        let mut index = self.cursor;
        while index != self.tail && !mutant("close_forgets_the_ring") {
            let (slot, origin) = read(self.ledger[(index & (self.ring.capacity - 1)) as usize]);
            if slot != IN_CELL && origin != Origin::Lent {
                // In vain where the consumer took it, or another of our rings had it as well.
                orphans += u64::from(part(shared, me, slot));
            }
            index = index.wrapping_add(1);
        }
        if orphans > 0 {
            record(shared, Event::new(Kind::Orphaned, me).on(self.route).number(orphans));
        }
        self.vacate(shared);
        shared.wake(self.ring.consumer_flag, FOR_DATA, "close.wake");
    }

    /// Ours -> vacant.
    pub(super) fn vacate(&self, shared: &Shared) {
        let ours = EndWord { index: self.tail, ..EndWord::decode(self.half) };
        queue::change(shared, &self.ring, Side::Tail, ours, ours.vacated(), "close.tail");
    }

    /// All words of the cell, the stamp last.
    #[inline]
    fn write_cell(&self, shared: &Shared, index: u32, parcel: Parcel, buffers: &Buffers) {
        let cell = self.ring.cell(index);
        let stamp = Stamp { sequence: Stamp::of(index), time: self.time(index) }.encode();
        if mutant("stamp_before_cell") {
            shared.segment.word(cell + CELL_STAMP).store(stamp, "publish.stamp");
        }
        if self.ring.answers.is_some() && !mutant("answer_without_number") {
            shared.segment.word(cell + CELL_THIRD).note(parcel.answers, "publish.answers");
        }
        match parcel.slot {
            IN_CELL => buffers.write_cell(parcel.position, shared, &self.ring, index),
            slot => {
                let source = if mutant("forward_without_source") { 0 } else { parcel.source };
                let reference = Reference { slot: slot.index, generation: slot.generation, source };
                shared.segment.word(cell + CELL_REFERENCE).note(named(reference.encode()), "publish.cell");
            }
        }
        if !mutant("stamp_before_cell") {
            shared.segment.word(cell + CELL_STAMP).store(stamp, "publish.stamp");
        }
    }

    /// Tail, as many cells ahead of what is published as some mistake wants it.
    #[inline]
    pub(super) fn store_tail(&self, shared: &Shared, ahead: u32) {
        let tail = self.tail.wrapping_add(ahead);
        shared.segment.word(self.ring.tail).store(self.half | u64::from(tail), "publish.tail");
    }

    /// Stored once in each step of tail, by whoever finds it of an earlier one: it lags by little over any number of
    /// crashes, and tail's 32 bits extend it.
    #[inline]
    fn store_count(&mut self, shared: &Shared) {
        if !self.is_count_due(self.tail) {
            return;
        }
        self.count = self.published();
        // Released, so that nobody who sees the count sees an older tail.
        shared.segment.word(self.ring.tail + COUNT).store(self.count, "publish.count");
    }

    #[inline(always)]
    fn is_count_due(&self, tail: u32) -> bool {
        (tail ^ self.count as u32) >= COUNT_EVERY
    }

    /// When a message is published, for those that are stamped.
    #[inline(always)]
    fn time(&self, index: u32) -> u32 {
        if index & self.sample_mask == 0 { clock::stamp() } else { 0 }
    }

    /// best_effort and nobody at head: what lies in the ring is for nobody. One CAS moves head, and a consumer that
    /// opens in between wins.
    #[cold]
    fn skip_for_nobody(&mut self, shared: &Shared, pool: &mut Pool) -> Result<(), Refusal> {
        let found = queue::end(shared, &self.ring, Side::Head);
        if self.ring.delivery != Delivery::BestEffort || (found.owner.is_some() && !mutant("skip_past_the_living")) {
            return Ok(());
        }
        let skipped = depth(found.index, self.tail, self.ring.capacity).ok_or(Refusal::Corrupt)?;
        let moved = EndWord { index: self.tail, ..found };
        if mutant("skip_in_two_words") {
            shared.segment.word(self.ring.head).store(moved.encode(), "publish.skip");
        }
        if queue::change(shared, &self.ring, Side::Head, found, moved, "publish.skip") {
            stats::count_skipped(shared, &self.ring, skipped);
            record(shared, Event::new(Kind::Skipped, pool.me()).on(self.route).number(u64::from(skipped)));
        }
        self.reclaim(shared, pool)
    }
}

//! The producing end: its free slots, its loans, and the ledger of what lies in the ring.
//!
//! On a loan route the slot stays HELD by the producer while it travels: publish writes the cell and stores tail, and
//! the slots come back when head has passed their cells. Once not full, a ring can only be filled by this end.

use std::ptr::NonNull;

use vil_ir::vocabulary::Delivery;

use crate::base::atomic::FOR_DATA;
use crate::base::crash::mutant;
use crate::base::index::depth;
use crate::base::limits::{BATCH, RECLAIM_EVERY};
use crate::base::words::{EndWord, NO_SLOT, ProcessId, Reference};
use crate::exchange::copied::Buffers;
use crate::exchange::{NotOpened, Peer, Refusal};
use crate::heap::{self, Slot};
use crate::mem::{CELL_STAMP, COUNT, ClassGeometry, RingGeometry, Shared};
use crate::queue::{self, Side, Taken};
use crate::stats;
use crate::sys::clock;

/// Where a ticket's count begins to hold the route, so that no two senders of a world give out the same
/// within 2^36 loans.
const TICKET_ROUTE: u32 = 36;

const IN_CELL: Slot = Slot { index: NO_SLOT, generation: 0 };

/// A slot (or a private buffer) to write a message into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loan {
    /// First byte; valid until the loan is published or discarded, or the end is closed.
    pub data: NonNull<u8>,
    /// Bytes.
    pub size: u32,
    /// Global index of the slot, `NO_SLOT` for a message that travels inside the cell.
    pub slot: u32,
    /// Names the loan; never given out twice by one end.
    pub ticket: u64,
}

/// The producing end of one ring. All of it is private; recovery never needs it.
#[derive(Debug, Clone)]
pub struct Producer {
    me: ProcessId,
    route: usize,
    ring: RingGeometry,
    /// Our tail word with index 0: incarnation and owner.
    half: u64,
    tail: u32,
    head: u32,
    /// Cells before it are reclaimed, or were our predecessor's.
    cursor: u32,
    ledger: Box<[Slot]>,
    free: Vec<Slot>,
    /// Slots that are HELD by this end, wherever they are.
    owned: u32,
    loans: Box<[Option<(u64, Slot)>]>,
    spare: Vec<u32>,
    tickets: u64,
    loaned: u32,
    hint: u32,
    published: u64,
    buffers: Buffers,
    /// Quarantined, or closed: nothing works any more.
    corrupt: bool,
}

impl Producer {
    /// Opens the producing end: vacant -> ours.
    pub fn open(shared: &Shared, me: ProcessId, route: usize) -> Result<Producer, NotOpened> {
        let ring = shared.geometry.rings[route];
        let tail =
            queue::open(shared, &ring, Side::Tail, me).map_err(|Taken::OwnedBy(owner)| NotOpened::OwnedBy(owner))?;
        let head = queue::end(shared, &ring, Side::Head);
        let capacity = ring.capacity as usize;
        let loans = ring.producer_loans;
        let mut producer = Producer {
            me,
            route,
            ring,
            half: EndWord { index: 0, ..tail }.encode(),
            tail: if mutant("resume_at_head") { head.index } else { tail.index },
            head: head.index,
            cursor: tail.index,
            ledger: vec![IN_CELL; capacity].into_boxed_slice(),
            free: Vec::with_capacity(capacity + loans as usize),
            owned: 0,
            loans: vec![None; loans as usize].into_boxed_slice(),
            spare: (0..loans).rev().collect(),
            tickets: (route as u64) << TICKET_ROUTE,
            loaned: 0,
            hint: 0,
            published: queue::passed(shared, &ring, Side::Tail),
            buffers: if ring.class.is_none() { Buffers::new(loans, ring.size) } else { Buffers::none() },
            corrupt: false,
        };
        match depth(head.index, tail.index, ring.capacity) {
            Some(_) => Ok(producer),
            None => {
                producer.close(shared);
                Err(NotOpened::Corrupt)
            }
        }
    }

    /// The route.
    pub fn route(&self) -> usize {
        self.route
    }

    /// The ring.
    pub fn ring(&self) -> &RingGeometry {
        &self.ring
    }

    /// Messages published on the route since the world was created.
    pub fn published(&self) -> u64 {
        self.published
    }

    /// Who is at the other end.
    pub fn peer(&self, shared: &Shared) -> Peer {
        Peer::of(queue::end(shared, &self.ring, Side::Head))
    }

    /// A place to write a message into. Private, but for slots taken from the pool in batches.
    #[inline]
    pub fn loan(&mut self, shared: &Shared) -> Result<Loan, Refusal> {
        if self.corrupt {
            return Err(Refusal::Corrupt);
        }
        let &position = self.spare.last().ok_or(Refusal::Limit)?;
        let (slot, data) = match self.ring.class {
            None => (IN_CELL, self.buffers.address(position as usize)),
            Some(class) => self.slot(shared, &class)?,
        };
        self.spare.pop();
        self.tickets += 1;
        let ticket = self.tickets << 16 | u64::from(position);
        self.loans[position as usize] = Some((ticket, slot));
        Ok(Loan { data, size: self.ring.size, slot: slot.index, ticket })
    }

    /// Gives a loan back unwritten.
    pub fn discard(&mut self, ticket: u64) -> Result<(), Refusal> {
        let (position, slot) = self.held(ticket)?;
        self.end_loan(position);
        if slot != IN_CELL {
            self.free.push(slot);
        }
        Ok(())
    }

    /// Is there room for a message? Looks at head only when the last look says no.
    #[inline]
    pub fn has_room(&mut self, shared: &Shared) -> Result<bool, Refusal> {
        if self.tail.wrapping_sub(self.head) < self.ring.capacity {
            return Ok(true);
        }
        self.reclaim(shared)?;
        if self.tail.wrapping_sub(self.head) >= self.ring.capacity {
            self.skip_for_nobody(shared)?;
        }
        Ok(self.tail.wrapping_sub(self.head) < self.ring.capacity)
    }

    /// Publishes a loan: cell, then tail. `Full` leaves the loan as it is.
    ///
    /// A crash before the tail store leaves a cell nobody looks at and a slot that recovery frees; right after it the
    /// message is published, and the count beside tail is extended by its index.
    #[inline]
    pub fn publish(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        let (position, slot) = self.held(ticket)?;
        if !self.has_room(shared)? {
            return Err(Refusal::Full);
        }
        let index = self.tail;
        self.ledger[(index & (self.ring.capacity - 1)) as usize] = slot;
        if mutant("tail_before_cell") {
            self.store_tail(shared, index.wrapping_add(1));
        }
        self.write_cell(shared, index, position, slot);
        if mutant("count_before_tail") {
            shared.segment.word(self.ring.tail + COUNT).note(self.published.wrapping_add(1), "publish.count");
        }
        self.tail = index.wrapping_add(1);
        self.store_tail(shared, self.tail);
        self.published = self.published.wrapping_add(1);
        // Released, so that nobody who sees the count sees an older tail.
        shared.segment.word(self.ring.tail + COUNT).store(self.published, "publish.count");
        self.end_loan(position);
        shared.wake(self.ring.consumer_flag, FOR_DATA, "publish.wake");
        Ok(())
    }

    /// Counts a message that found no room, and ends its loan.
    pub fn drop_newest(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        self.discard(ticket)?;
        stats::count_refused(shared, &self.ring);
        Ok(())
    }

    /// Closes the end: slots in the ring become ORPHAN and wait for their release, all others return to the pool, and
    /// the end becomes vacant last. A crash anywhere in between is finished by recovery.
    pub fn close(&mut self, shared: &Shared) {
        // What cannot be reclaimed because the words are nonsense is abandoned below; the sweep will see to it.
        let _ = self.reclaim(shared);
        let loaned = self.loans.iter().flatten().map(|(_, slot)| *slot);
        for slot in loaned.chain(self.free.iter().copied()).filter(|slot| *slot != IN_CELL) {
            heap::give_back(shared, self.me, slot);
        }
        self.abandon_unread(shared);
        let ours = EndWord { index: self.tail, ..EndWord::decode(self.half) };
        queue::change(shared, &self.ring, Side::Tail, ours, ours.vacated(), "close.tail");
        shared.wake(self.ring.consumer_flag, FOR_DATA, "close.wake");
        self.corrupt = true;
    }

    /// Slots that lie in the ring become ORPHAN.
    fn abandon_unread(&self, shared: &Shared) {
        let part = if mutant("close_frees_what_is_unread") { heap::give_back } else { heap::abandon };
        let mut index = self.cursor;
        while index != self.tail && !mutant("close_forgets_the_ring") {
            let slot = self.ledger[(index & (self.ring.capacity - 1)) as usize];
            if slot != IN_CELL {
                part(shared, self.me, slot);
            }
            index = index.wrapping_add(1);
        }
    }

    #[inline]
    fn write_cell(&self, shared: &Shared, index: u32, position: usize, slot: Slot) {
        let cell = self.ring.cell(index);
        let time = if index & self.ring.sample_mask == 0 { clock::stamp() } else { 0 };
        shared.segment.word(cell + CELL_STAMP).note(u64::from(index) | u64::from(time) << 32, "publish.stamp");
        if slot == IN_CELL {
            self.buffers.write_cell(position, shared, &self.ring, index);
        }
        let generation =
            if mutant("stale_generation_in_cell") { slot.generation.wrapping_sub(1) } else { slot.generation };
        let reference = Reference { slot: slot.index, generation, source: 0 };
        shared.segment.word(cell).store(reference.encode(), "publish.cell");
    }

    #[inline]
    fn store_tail(&self, shared: &Shared, tail: u32) {
        shared.segment.word(self.ring.tail).store(self.half | u64::from(tail), "publish.tail");
    }

    #[inline]
    fn held(&self, ticket: u64) -> Result<(usize, Slot), Refusal> {
        if self.corrupt {
            return Err(Refusal::Corrupt);
        }
        let position = (ticket & 0xffff) as usize;
        match self.loans.get(position) {
            Some(Some((known, slot))) if *known == ticket => Ok((position, *slot)),
            _ => Err(Refusal::Ticket),
        }
    }

    #[inline]
    fn end_loan(&mut self, position: usize) {
        self.loans[position] = None;
        self.spare.push(position as u32);
    }

    /// A free slot and its address: the last one that came back, so that it is still warm.
    #[inline]
    fn slot(&mut self, shared: &Shared, class: &ClassGeometry) -> Result<(Slot, NonNull<u8>), Refusal> {
        self.loaned = self.loaned.wrapping_add(1);
        if self.loaned.is_multiple_of(RECLAIM_EVERY) {
            self.reclaim(shared)?;
        }
        if self.free.is_empty() {
            self.refill(shared, class)?;
        }
        let slot = self.free.pop().ok_or(Refusal::Short)?;
        let offset = class.bytes(slot.index).ok_or(Refusal::Corrupt)?;
        Ok((slot, shared.segment.bytes(offset, u64::from(self.ring.size))))
    }

    /// Slots that came back, else slots from the pool, as many as are still ours to take.
    #[cold]
    fn refill(&mut self, shared: &Shared, class: &ClassGeometry) -> Result<(), Refusal> {
        self.reclaim(shared)?;
        if !self.free.is_empty() {
            return Ok(());
        }
        let inherited = self.cursor.wrapping_sub(self.head).min(self.ring.capacity);
        let inherited = if self.cursor_is_reached() { 0 } else { inherited };
        let share = self.ring.capacity + self.ring.producer_loans - inherited;
        let want = share.saturating_sub(self.owned).min(BATCH);
        let mut hint = self.hint;
        self.owned += heap::acquire(shared, self.me, class, want, &mut hint, &mut self.free);
        self.hint = hint;
        if self.free.is_empty() { Err(Refusal::Short) } else { Ok(()) }
    }

    /// Has head passed the cell at which this end was opened?
    fn cursor_is_reached(&self) -> bool {
        self.tail.wrapping_sub(self.head) <= self.tail.wrapping_sub(self.cursor)
    }

    /// Takes back the slots whose cells head has passed. Only head moves slots back, whoever is at it.
    fn reclaim(&mut self, shared: &Shared) -> Result<(), Refusal> {
        let head = queue::end(shared, &self.ring, Side::Head);
        let is_over = mutant("reclaim_when_nobody_consumes") && head.owner.is_none();
        self.advance(if is_over { self.tail } else { head.index })
    }

    fn advance(&mut self, head: u32) -> Result<(), Refusal> {
        let before = self.tail.wrapping_sub(self.head);
        let now = depth(head, self.tail, self.ring.capacity).filter(|now| *now <= before);
        if now.is_none() {
            self.corrupt = true;
            return Err(Refusal::Corrupt);
        }
        self.head = head;
        let passed = self.tail.wrapping_sub(self.cursor).saturating_sub(self.tail.wrapping_sub(head));
        if self.ring.class.is_some() {
            for step in 0..passed {
                let cell = self.cursor.wrapping_add(step) & (self.ring.capacity - 1);
                self.free.push(self.ledger[cell as usize]);
            }
        }
        self.cursor = self.cursor.wrapping_add(passed);
        Ok(())
    }

    /// best_effort and nobody at head: what lies in the ring is for nobody. One CAS moves head, and a consumer that
    /// opens in between wins.
    #[cold]
    fn skip_for_nobody(&mut self, shared: &Shared) -> Result<(), Refusal> {
        let found = queue::end(shared, &self.ring, Side::Head);
        if self.ring.delivery != Delivery::BestEffort || (found.owner.is_some() && !mutant("skip_past_the_living")) {
            return Ok(());
        }
        let skipped = depth(found.index, self.tail, self.ring.capacity).ok_or(Refusal::Corrupt)?;
        let moved = EndWord { index: self.tail, ..found };
        if queue::change(shared, &self.ring, Side::Head, found, moved, "publish.skip") {
            stats::count_skipped(shared, &self.ring, skipped);
        }
        self.reclaim(shared)
    }
}

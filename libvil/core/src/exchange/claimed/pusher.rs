//! A producing end of a claimed ring: its loans, and the slots it has to hand.
//!
//! A message that was published is the ring's: its slot stays HELD by us until somebody takes it, and does not come
//! back. Slots come from the shared pool again, or with an oldest message that was dropped.

use std::cmp::Ordering;
use std::ptr::NonNull;

use vil_ir::vocabulary::{Backpressure, Delivery};

use crate::base::atomic::FOR_DATA;
use crate::base::crash::mutant;
use crate::base::words::{Claim, ClaimWord, ProcessId, Reference};
use crate::exchange::claimed::take::{clear_if_over, place, take};
use crate::exchange::claimed::{others, peer};
use crate::exchange::copied::Buffers;
use crate::exchange::pool::{IN_CELL, Pool};
use crate::exchange::{Loan, NotOpened, Peer, Refusal, ordinal};
use crate::heap::Slot;
use crate::mem::{CELL_THIRD, CELL_TIME, RingGeometry, Shared};
use crate::queue::claimed::{self, Seen};
use crate::queue::{Side, Taken};
use crate::registry::trail::{self, Event};
use crate::stats;
use crate::sys::clock;

/// How often a publish starts over because others were faster, before it says that the ring is full. Each time a whole
/// message of somebody else went out or came in between two of our loads.
const TRIES: u32 = 64;

/// Where a ticket's count begins to hold the end's ordinal, as with every other sender.
const TICKET_END: u32 = 36;

/// A producing end of one claimed ring. All of it is private; recovery never needs it.
#[derive(Debug, Clone)]
pub struct Pusher {
    me: ProcessId,
    route: usize,
    ring: RingGeometry,
    pool: Pool,
    loans: Box<[Option<(u64, Slot)>]>,
    spare: Vec<u32>,
    tickets: u64,
    buffers: Buffers,
    /// Messages that we skipped because nobody was there to receive them, and those of them that the trail knows of.
    skipped: u64,
    skips_told: u64,
    /// Quarantined, or closed: nothing works any more.
    corrupt: bool,
}

impl Pusher {
    /// Enters the producing end: beside others, or alone where the ring is for one producer.
    pub fn open(shared: &Shared, me: ProcessId, route: usize) -> Result<Pusher, NotOpened> {
        let ring = shared.geometry.rings[route];
        claimed::enter(shared, &ring, Side::Tail, me).map_err(|Taken::OwnedBy(owner)| NotOpened::OwnedBy(owner))?;
        let loans = ring.producer_loans;
        Ok(Pusher {
            me,
            route,
            ring,
            // A heap's blocks come from the heap, so what is dropped goes back there at once.
            pool: Pool::new(me, route, ring.class, if ring.any { 0 } else { loans }, false),
            loans: vec![None; loans as usize].into_boxed_slice(),
            spare: (0..loans).rev().collect(),
            tickets: ordinal() << TICKET_END,
            buffers: if ring.is_inside() { Buffers::new(loans, ring.size) } else { Buffers::none() },
            skipped: 0,
            skips_told: 0,
            corrupt: false,
        })
    }

    /// The route.
    pub fn route(&self) -> usize {
        self.route
    }

    /// The ring.
    pub fn ring(&self) -> &RingGeometry {
        &self.ring
    }

    /// Messages published on the route since the world was created, by anybody.
    pub fn published(&self, shared: &Shared) -> u64 {
        claimed::passed(shared, &self.ring, Side::Tail)
    }

    /// Who is at the other end: one of them, or how many there have been.
    pub fn peer(&self, shared: &Shared) -> Peer {
        peer(shared, &self.ring, Side::Head)
    }

    /// Everybody else at either end. A dead one of them may hold what a wait is for.
    pub fn others(&self, shared: &Shared, each: &mut dyn FnMut(ProcessId)) {
        others(shared, &self.ring, self.me, each);
    }

    /// Who is writing the cell that we need next: the ring is full until that one is done, or found dead.
    pub fn held_up_by(&self, shared: &Shared) -> Option<ProcessId> {
        let index = claimed::hint(shared, &self.ring, Side::Tail);
        match claimed::look(shared, &self.ring, index)? {
            Seen { lap: Ordering::Less, word: ClaimWord { claim: Claim::Writing(producer), .. } } => Some(producer),
            _ => None,
        }
    }

    /// A place to write a message into. Private, but for slots taken from the pool, as many as may be loaned at once.
    #[inline]
    pub fn loan(&mut self, shared: &Shared) -> Result<Loan, Refusal> {
        if self.corrupt {
            return Err(Refusal::Corrupt);
        }
        let &position = self.spare.last().ok_or(Refusal::Limit)?;
        let (slot, data) = match self.pool.class() {
            None if self.ring.any => return Err(Refusal::Mode),
            None => (IN_CELL, self.buffers.address(position as usize)),
            Some(_) => self.slot(shared)?,
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
            self.pool.put(slot);
        }
        Ok(())
    }

    /// Is there room for a message, or may it be made? Somebody else may fill it before we do.
    pub fn has_room(&mut self, shared: &Shared) -> Result<bool, Refusal> {
        for _ in 0..TRIES {
            match self.next(shared)? {
                Next::Free(..) => return Ok(true),
                Next::Held(oldest, full) => {
                    return Ok(self.may_drop(shared) || clear_if_over(shared, &self.ring, oldest, full));
                }
                Next::Full => return Ok(false),
                Next::Again => {}
            }
        }
        Ok(false)
    }

    /// Publishes a loan. `Full` leaves the loan as it is; on a drop_oldest ring that is the answer only while another
    /// producer is writing the cell we would need.
    ///
    /// A crash before the cell is full leaves a cell that recovery gives up and a slot that recovery frees; right after
    /// it the message is published.
    #[inline]
    pub fn publish(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        let (position, slot) = self.held(ticket)?;
        let answer = self.append(shared, slot, position);
        if answer.is_ok() {
            self.end_loan(position);
        }
        if slot != IN_CELL {
            if answer.is_ok() {
                self.pool.gone();
            }
            self.pool.trim(shared);
        }
        answer
    }

    /// Publishes a slot that this process owns and no loan names: taken from another route, or of a heap. From here on
    /// it is the ring's; `Full` leaves it the caller's.
    pub fn push_slot(&mut self, shared: &Shared, slot: Slot) -> Result<(), Refusal> {
        if self.corrupt {
            return Err(Refusal::Corrupt);
        }
        if self.ring.is_inside() || place(shared, &self.ring, slot.index).is_none() {
            return Err(Refusal::Mode);
        }
        let answer = self.append(shared, slot, 0);
        // Also when it found no room after all: what it dropped on the way goes back.
        self.pool.trim(shared);
        answer
    }

    /// Counts a message that found no room, and ends its loan.
    pub fn drop_newest(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        self.discard(ticket)?;
        let so_far = stats::count_dropped(shared, &self.ring);
        trail::record_in_steps(shared, Event::new(trail::Kind::DroppedNewest, self.me).on(self.route), so_far);
        Ok(())
    }

    /// Leaves the end: slots that are in no cell return to the pool. What we published stays for its consumers.
    pub fn close(&mut self, shared: &Shared) {
        for (_, slot) in self.loans.iter_mut().filter_map(Option::take).filter(|(_, slot)| *slot != IN_CELL) {
            self.pool.put(slot);
        }
        self.pool.empty(shared);
        self.tell_of_skips(shared);
        claimed::leave(shared, &self.ring, Side::Tail, self.me, || true);
        shared.wake(self.ring.consumer_flag, FOR_DATA, "close.wake");
        self.corrupt = true;
    }

    fn append(&mut self, shared: &Shared, slot: Slot, position: usize) -> Result<(), Refusal> {
        let index = self.claim(shared)?;
        if mutant("claimed_fill_before_bytes") {
            claimed::fill(shared, &self.ring, index, self.me);
        }
        self.write_cell(shared, index, slot, position);
        claimed::fill(shared, &self.ring, index, self.me);
        shared.wake(self.ring.consumer_flag, FOR_DATA, "claimed.wake");
        Ok(())
    }

    /// Claims the next cell: its index.
    fn claim(&mut self, shared: &Shared) -> Result<u64, Refusal> {
        for _ in 0..TRIES {
            match self.next(shared)? {
                Next::Free(index, empty) if claimed::claim(shared, &self.ring, index, empty, self.me) => {
                    return Ok(index);
                }
                Next::Held(oldest, full) if !self.make_room(shared, oldest, full)? => return Err(Refusal::Full),
                Next::Full => return Err(Refusal::Full),
                Next::Free(..) | Next::Held(..) | Next::Again => {}
            }
        }
        Err(Refusal::Full)
    }

    /// Looks at the cell at tail.
    #[inline]
    fn next(&mut self, shared: &Shared) -> Result<Next, Refusal> {
        let index = claimed::hint(shared, &self.ring, Side::Tail);
        let seen = claimed::look(shared, &self.ring, index).ok_or_else(|| self.quarantine(shared))?;
        match (seen.lap, seen.word.claim) {
            (Ordering::Equal, Claim::Empty) => Ok(Next::Free(index, seen.word)),
            (Ordering::Less, Claim::Full(_)) => {
                // What lies in the cell is the message of one lap before: the oldest there is.
                Ok(Next::Held(index.wrapping_sub(u64::from(self.ring.capacity)), seen.word))
            }
            (Ordering::Less, Claim::Writing(_)) => Ok(Next::Full),
            // Tail never moves over a cell that nobody claimed.
            (Ordering::Less, Claim::Empty) => Err(self.quarantine(shared)),
            _ => {
                if !mutant("claimed_tail_is_not_helped") {
                    claimed::pass_tail(shared, &self.ring, index);
                }
                Ok(Next::Again)
            }
        }
    }

    /// The cell we need holds the oldest message. It is cleared where that was taken, and dropped where that may be.
    #[cold]
    fn make_room(&mut self, shared: &Shared, oldest: u64, full: ClaimWord) -> Result<bool, Refusal> {
        if clear_if_over(shared, &self.ring, oldest, full) {
            return Ok(true);
        }
        if !self.may_drop(shared) {
            return Ok(false);
        }
        if mutant("claimed_drop_forgets_the_slot") {
            claimed::clear(shared, &self.ring, oldest, full);
            return Ok(true);
        }
        let taken = take(shared, &self.ring, self.me, oldest, full, None);
        if let Some(taken) = taken.inspect_err(|_| _ = self.quarantine(shared))? {
            if let Some(gained) = taken.slot {
                self.pool.gain(gained.slot);
            }
            self.count_oldest(shared);
        }
        let head = claimed::hint(shared, &self.ring, Side::Head);
        claimed::pass_head(shared, &self.ring, head, 0);
        Ok(true)
    }

    /// Where the policy says so, or where nobody is there to receive it and delivery is best_effort.
    fn may_drop(&self, shared: &Shared) -> bool {
        let is_nobody_there = || claimed::present(shared, &self.ring, Side::Head).next().is_none();
        self.ring.backpressure == Backpressure::DropOldest
            || self.ring.delivery == Delivery::BestEffort && is_nobody_there()
    }

    /// Counts the oldest message that had to go: dropped by the policy, or skipped because nobody was there for it.
    fn count_oldest(&mut self, shared: &Shared) {
        if self.ring.backpressure == Backpressure::DropOldest {
            let so_far = stats::count_dropped(shared, &self.ring);
            trail::record_in_steps(shared, Event::new(trail::Kind::DroppedOldest, self.me).on(self.route), so_far);
            return;
        }
        stats::count_skipped(shared, &self.ring, 1);
        self.skipped += 1;
        if trail::is_step(self.skipped) {
            self.tell_of_skips(shared);
        }
    }

    /// The skips that the trail has not heard of yet, as one event.
    fn tell_of_skips(&mut self, shared: &Shared) {
        let untold = self.skipped - std::mem::replace(&mut self.skips_told, self.skipped);
        if untold > 0 {
            trail::record(shared, Event::new(trail::Kind::Skipped, self.me).on(self.route).number(untold));
        }
    }

    #[inline]
    fn write_cell(&self, shared: &Shared, index: u64, slot: Slot, position: usize) {
        let cell = self.ring.cell(index as u32);
        let time = if index as u32 & self.ring.sample_mask == 0 { clock::stamp() } else { 0 };
        shared.segment.word(cell + CELL_TIME).note(index & 0xffff_ffff | u64::from(time) << 32, "claimed.stamp");
        if slot == IN_CELL {
            self.buffers.write_cell(position, shared, &self.ring, index as u32);
            return;
        }
        let reference = Reference { slot: slot.index, generation: slot.generation, source: 0 };
        // Released, so that whoever reads it of a cell that was taken back sees that it was.
        shared.segment.word(cell + CELL_THIRD).store(reference.encode(), "claimed.reference");
    }

    #[cold]
    fn quarantine(&mut self, shared: &Shared) -> Refusal {
        if !std::mem::replace(&mut self.corrupt, true) {
            trail::record(shared, Event::new(trail::Kind::Quarantined, self.me).on(self.route));
        }
        Refusal::Corrupt
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

    /// A free slot and its address.
    #[inline]
    fn slot(&mut self, shared: &Shared) -> Result<(Slot, NonNull<u8>), Refusal> {
        if self.pool.is_empty() {
            self.pool.refill(shared, 0);
        }
        let slot = self.pool.pop().ok_or(Refusal::Short)?;
        let (offset, size) = place(shared, &self.ring, slot.index).ok_or(Refusal::Corrupt)?;
        Ok((slot, shared.segment.bytes(offset, u64::from(size))))
    }
}

/// What the cell at tail is to a producer.
enum Next {
    /// Nobody has claimed it.
    Free(u64, ClaimWord),
    /// It holds the message of one lap before, of this index.
    Held(u64, ClaimWord),
    /// Somebody is still writing the message of one lap before.
    Full,
    /// It has just changed.
    Again,
}

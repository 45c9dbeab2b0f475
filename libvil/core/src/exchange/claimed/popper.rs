//! A consuming end of a claimed ring: it takes messages, which are its own from then on.
//!
//! Receiving is the receipt: a message that was taken is not delivered again, and is lost with a consumer that dies
//! while it holds it. A consumer gets the messages of each producer in the order in which they were published.

use std::cmp::Ordering;
use std::ptr::NonNull;

use vil_ir::vocabulary::Transfer;

use crate::base::atomic::FOR_SPACE;
use crate::base::crash::mutant;
use crate::base::words::{Claim, ClaimWord, ProcessId};
use crate::exchange::claimed::take::{Taken, place, take};
use crate::exchange::claimed::{others, peer};
use crate::exchange::copied::Buffers;
use crate::exchange::pool::IN_CELL;
use crate::exchange::{Message, NotOpened, Peer, Refusal, ordinal};
use crate::heap::{self, Gained, Slot};
use crate::mem::{RingGeometry, Shared};
use crate::queue::{self, Side, claimed};
use crate::registry::trail::{Event, Kind, record};
use crate::stats;
use crate::sys::clock;

/// Unfinished cells of producers that a consumer looks past. More than these hold it up until one is finished, or its
/// producer is found dead.
const PATIENCE: usize = 8;

/// How often a consumer starts over because others took all it saw, before it says that there is nothing.
const ROUNDS: u32 = 3;

/// A message in hand.
#[derive(Debug, Clone, Copy)]
struct InHand {
    index: u64,
    slot: Slot,
}

/// A consuming end of one claimed ring. All of it is private; recovery never needs it.
#[derive(Debug, Clone)]
pub struct Popper {
    me: ProcessId,
    route: usize,
    ring: RingGeometry,
    /// Messages in hand, by position.
    held: Box<[Option<InHand>]>,
    spare: Vec<u32>,
    copies: bool,
    buffers: Buffers,
    /// Taken or released since the producers were last woken.
    owes: u32,
    /// The upper bits of our tickets.
    salt: u64,
    /// Quarantined, or closed: nothing works any more.
    corrupt: bool,
}

/// Where a ticket begins to hold the end's ordinal: above the index and a position of 17 bits.
const TICKET_END: u32 = 49;

/// What a walk from head met.
enum Met {
    /// A full cell whose message may be taken.
    Full(u64, ClaimWord),
    /// Nothing to take.
    Nothing,
}

impl Popper {
    /// Enters the consuming end: beside others, or alone where the ring is for one consumer.
    pub fn open(shared: &Shared, me: ProcessId, route: usize) -> Result<Popper, NotOpened> {
        let ring = shared.geometry.rings[route];
        let entered = claimed::enter(shared, &ring, Side::Head, me);
        entered.map_err(|queue::Taken::OwnedBy(owner)| NotOpened::OwnedBy(owner))?;
        let copies = ring.transfer == Transfer::Copy || ring.is_inside();
        Ok(Popper {
            me,
            route,
            ring,
            held: vec![None; ring.consumer_loans as usize].into_boxed_slice(),
            spare: (0..ring.consumer_loans).rev().collect(),
            copies,
            buffers: if copies { Buffers::new(ring.consumer_loans, ring.size) } else { Buffers::none() },
            owes: 0,
            salt: ordinal() << TICKET_END,
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

    /// Messages taken, dropped or skipped on the route since the world was created, by anybody.
    pub fn released(&self, shared: &Shared) -> u64 {
        claimed::passed(shared, &self.ring, Side::Head)
    }

    /// Who is at the other end: one of them, or how many there have been.
    pub fn peer(&self, shared: &Shared) -> Peer {
        peer(shared, &self.ring, Side::Tail)
    }

    /// Everybody else at either end. A dead one of them may hold what a wait is for.
    pub fn others(&self, shared: &Shared, each: &mut dyn FnMut(ProcessId)) {
        others(shared, &self.ring, self.me, each);
    }

    /// Is there a message? Somebody else may take it before we do.
    pub fn is_ready(&mut self, shared: &Shared) -> bool {
        for _ in 0..ROUNDS {
            let mut walk = Walk::begin(shared, &self.ring);
            if self.corrupt || !matches!(self.walk(shared, &mut walk), Ok(Met::Nothing)) {
                return true;
            }
            self.help_head(shared, &walk);
            if walk.is_at_end {
                break;
            }
        }
        false
    }

    /// Takes the next message: in place, or as a private copy.
    #[inline]
    pub fn receive(&mut self, shared: &Shared) -> Result<Message, Refusal> {
        if self.corrupt {
            return Err(Refusal::Corrupt);
        }
        let &position = self.spare.last().ok_or(Refusal::Limit)?;
        for _ in 0..ROUNDS {
            let mut walk = Walk::begin(shared, &self.ring);
            while let Met::Full(index, full) = self.walk(shared, &mut walk)? {
                let into = self.ring.is_inside().then_some((&mut self.buffers, position as usize));
                let taken = take(shared, &self.ring, self.me, index, full, into);
                let taken = taken.inspect_err(|_| _ = self.quarantine(shared))?;
                walk.ends(index);
                if let Some(taken) = taken {
                    if walk.is_at_head(index) {
                        claimed::pass_head(shared, &self.ring, walk.head, walk.over);
                    }
                    return self.hand_out(shared, position, index, taken);
                }
            }
            self.help_head(shared, &walk);
            if walk.is_at_end {
                break;
            }
        }
        self.wake_producers(shared);
        Err(Refusal::Empty)
    }

    /// Ends a message: its slot returns to the pool. Of consume_once the answer says that it was not consumed.
    #[inline]
    pub fn release(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        self.consume(shared, ticket)?;
        if self.ring.transfer == Transfer::ConsumeOnce { Err(Refusal::Unconsumed) } else { Ok(()) }
    }

    /// Ends a message that was used: its slot returns to the pool.
    pub fn consume(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        let (position, held) = self.held(ticket)?;
        self.end(position);
        if held.slot != IN_CELL {
            heap::give_back(shared, self.me, held.slot);
            self.owe(shared);
        }
        Ok(())
    }

    /// The slot of a message in hand, which is the caller's from here on, and nobody's business here any more.
    pub fn take_slot(&mut self, ticket: u64) -> Result<Slot, Refusal> {
        let (position, held) = self.held(ticket)?;
        if held.slot == IN_CELL {
            return Err(Refusal::Mode);
        }
        self.end(position);
        Ok(held.slot)
    }

    /// The slot of a message in hand, where it has one.
    pub fn slot(&self, ticket: u64) -> Result<Slot, Refusal> {
        let (_, held) = self.held(ticket)?;
        if held.slot == IN_CELL { Err(Refusal::Mode) } else { Ok(held.slot) }
    }

    /// Leaves the end: messages in hand end, what lies in the ring stays for others.
    pub fn close(&mut self, shared: &Shared) {
        for held in self.held.iter_mut().filter_map(Option::take).filter(|held| held.slot != IN_CELL) {
            heap::give_back(shared, self.me, held.slot);
        }
        claimed::leave(shared, &self.ring, Side::Head, self.me, || true);
        shared.wake(self.ring.producer_flag, FOR_SPACE, "close.wake");
        self.corrupt = true;
    }

    /// Goes on from where the walk stands to the first message that may be taken.
    #[inline]
    fn walk(&mut self, shared: &Shared, walk: &mut Walk) -> Result<Met, Refusal> {
        walk.go_on(shared, &self.ring).ok_or_else(|| self.quarantine(shared))
    }

    /// Head lags where a producer died between claim and publish: the next look begins behind its cell.
    #[inline]
    fn help_head(&self, shared: &Shared, walk: &Walk) {
        if walk.over > 0 {
            claimed::pass_head(shared, &self.ring, walk.head, walk.over);
        }
    }

    #[inline]
    fn hand_out(&mut self, shared: &Shared, position: u32, index: u64, taken: Taken) -> Result<Message, Refusal> {
        if taken.stamp != 0 {
            self.time(shared, taken.stamp);
        }
        let (data, size, slot) = match taken.slot {
            None => (self.buffers.address(position as usize), self.ring.size, IN_CELL),
            Some(gained) => {
                self.tell_of_taking(shared, gained);
                self.bytes(shared, position, gained.slot)?
            }
        };
        // After a copy's slot went back: who sleeps for a slot finds it there.
        self.owe(shared);
        self.spare.pop();
        self.held[position as usize] = Some(InHand { index, slot });
        // Never 0, so that a struct of zeroes names nothing.
        let ticket = self.salt | u64::from(position + 1) << 32 | index & 0xffff_ffff;
        Ok(Message { data, size, number: index, answers: 0, ticket })
    }

    /// The bytes of a slot that is ours: in place, or copied, and then the slot goes back at once.
    #[inline]
    fn bytes(&mut self, shared: &Shared, position: u32, slot: Slot) -> Result<(NonNull<u8>, u32, Slot), Refusal> {
        let Some((offset, size)) = place(shared, &self.ring, slot.index) else {
            return Err(self.quarantine(shared));
        };
        if !self.copies {
            return Ok((shared.segment.bytes(offset, u64::from(size)), size, slot));
        }
        self.buffers.read_slot(position as usize, shared, offset);
        heap::give_back(shared, self.me, slot);
        Ok((self.buffers.address(position as usize), size, IN_CELL))
    }

    #[cold]
    #[inline(never)]
    fn time(&self, shared: &Shared, stamp: u32) {
        let ticks = clock::stamp().wrapping_sub(stamp);
        // The upper half is no latency: it is a stamp from a clock slightly ahead of ours, or one older than the wrap.
        if ticks <= u32::MAX / 2 {
            stats::record_beside_others(shared, &self.ring, ticks);
        }
    }

    /// Producers that sleep for room are woken for every quarter of the ring, or when we have nothing more to do: a
    /// wake-up costs more than many messages.
    #[inline]
    fn owe(&mut self, shared: &Shared) {
        self.owes += 1;
        if self.owes >= (self.ring.capacity / 4).max(1) {
            self.wake_producers(shared);
        }
    }

    fn wake_producers(&mut self, shared: &Shared) {
        if self.owes > 0 {
            self.owes = 0;
            shared.wake(self.ring.producer_flag, FOR_SPACE, "claimed.wake");
        }
    }

    /// As the ledger does: where the contract says whose a message is, its taking is told.
    #[inline]
    fn tell_of_taking(&self, shared: &Shared, gained: Gained) {
        if self.ring.transfer == Transfer::ConsumeOnce && !self.ring.any {
            record(shared, Event::new(Kind::Taken, self.me).with(gained.from).on(self.route).slot(gained.slot));
        }
    }

    #[cold]
    fn quarantine(&mut self, shared: &Shared) -> Refusal {
        if !std::mem::replace(&mut self.corrupt, true) {
            record(shared, Event::new(Kind::Quarantined, self.me).on(self.route));
        }
        Refusal::Corrupt
    }

    #[inline]
    fn held(&self, ticket: u64) -> Result<(usize, InHand), Refusal> {
        // Of another end's ticket upper bits are left, and no position is as high.
        let position = (((ticket ^ self.salt) >> 32) as usize).wrapping_sub(1);
        match self.held.get(position) {
            Some(Some(held)) if held.index & 0xffff_ffff == ticket & 0xffff_ffff => Ok((position, *held)),
            _ => Err(Refusal::Ticket),
        }
    }

    #[inline]
    fn end(&mut self, position: usize) {
        self.held[position] = None;
        self.spare.push(position as u32);
    }
}

/// Does a ring hold a message that a consumer would take now? Nonsense counts as one: whoever looks finds out.
pub(super) fn is_waiting(shared: &Shared, ring: &RingGeometry) -> bool {
    !matches!(Walk::begin(shared, ring).go_on(shared, ring), Some(Met::Nothing))
}

/// One look at the ring from head on.
struct Walk {
    head: u64,
    /// Cells looked at.
    step: u64,
    /// Cells from head on that are over without a gap.
    over: u64,
    /// Producers whose unfinished cells were looked past: what they published later must wait, or it would overtake.
    passed: [ProcessId; PATIENCE],
    passes: usize,
    /// Nothing more was published.
    is_at_end: bool,
}

impl Walk {
    fn begin(shared: &Shared, ring: &RingGeometry) -> Walk {
        Walk {
            head: claimed::hint(shared, ring, Side::Head),
            step: 0,
            over: 0,
            passed: [ProcessId(0); PATIENCE],
            passes: 0,
            is_at_end: false,
        }
    }

    /// To the first message that may be taken; `None`: a cell is nonsense.
    #[inline]
    fn go_on(&mut self, shared: &Shared, ring: &RingGeometry) -> Option<Met> {
        while self.step < u64::from(ring.capacity) {
            let index = self.head.wrapping_add(self.step);
            let seen = claimed::look(shared, ring, index)?;
            self.step += 1;
            match (seen.lap, seen.word.claim) {
                (Ordering::Greater, _) => self.ends(index),
                // Head never moves over a cell that is not over, so none behind it is of an earlier lap.
                (Ordering::Less, _) => return None,
                (Ordering::Equal, Claim::Empty) => {
                    self.is_at_end = true;
                    return Some(Met::Nothing);
                }
                (Ordering::Equal, Claim::Writing(_)) if mutant("claimed_head_passes_the_unread") => self.ends(index),
                (Ordering::Equal, Claim::Writing(producer)) => {
                    if !self.look_past(producer) {
                        self.is_at_end = true;
                        return Some(Met::Nothing);
                    }
                }
                (Ordering::Equal, Claim::Full(producer)) if self.has_passed(producer) => {}
                (Ordering::Equal, Claim::Full(_)) => {
                    return Some(Met::Full(index, seen.word));
                }
            }
        }
        Some(Met::Nothing)
    }

    /// False: that is one too many.
    fn look_past(&mut self, producer: ProcessId) -> bool {
        let Some(place) = self.passed.get_mut(self.passes) else { return false };
        *place = producer;
        self.passes += 1;
        true
    }

    fn has_passed(&self, producer: ProcessId) -> bool {
        self.passed[..self.passes].contains(&producer) && !mutant("claimed_overtakes")
    }

    /// The cell of this index is over.
    #[inline]
    fn ends(&mut self, index: u64) {
        if index == self.head.wrapping_add(self.over) {
            self.over += 1;
        }
    }

    /// Are this cell and all before it over?
    fn is_at_head(&self, index: u64) -> bool {
        index.wrapping_add(1) == self.head.wrapping_add(self.over)
    }
}

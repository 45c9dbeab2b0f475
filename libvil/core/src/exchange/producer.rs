//! The producing end of a port: its loans, its slots, and one ring or several.
//!
//! On a loan route the slot stays HELD by the producer while it travels: publish writes the cell, and
//! the slots come back when head has passed their cells, in every ring they went into.

use std::ptr::NonNull;

use vil_ir::vocabulary::Transfer;

use crate::base::atomic::Word;
use crate::base::crash::mutant;
use crate::base::words::{ProcessId, Reference};
use crate::exchange::copied::{Buffers, write_words};
use crate::exchange::hand::Hand;
use crate::exchange::outlet::{Origin, Outlet, Parcel};
use crate::exchange::pool::{IN_CELL, Pool};
use crate::exchange::{Batch, NotOpened, Peer, Refusal, ordinal, slot_of, word_of};
use crate::heap::Slot;
use crate::mem::{RingGeometry, Shared, SlotPlaces};
use crate::registry::trail::{Event, Kind, record, record_in_steps};
use crate::stats;

/// Bits of a ticket that hold the position; those above count the loans.
const POSITION_BITS: u32 = 16;

/// Where the count begins to hold the end's ordinal, so that no two of 4,096 senders give out the same within 2^36 loans.
const TICKET_END: u32 = 36 + POSITION_BITS;

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

impl Loan {
    /// Writes a message of the caller's into it, no more than it has room for.
    ///
    /// # Safety
    /// It is on loan at an end that is open.
    #[inline(always)]
    pub(super) unsafe fn fill(&self, message: &[u8]) {
        let count = message.len().min(self.size as usize);
        // SAFETY: a loan has so many bytes and is ours alone until it is published; what the caller has lies elsewhere.
        unsafe { self.data.as_ptr().copy_from_nonoverlapping(message.as_ptr(), count) };
    }
}

/// The producing end of one port. All of it is private; recovery never needs it.
#[derive(Debug, Clone)]
pub struct Producer {
    outlets: Box<[Outlet]>,
    pool: Pool,
    size: u32,
    /// By ticket: the slot, as a cell names it.
    hand: Hand,
    /// The last ticket, without its position.
    tickets: u64,
    /// Of the slots that a loan takes; none where loans are private buffers, or when nothing works any more.
    slots: SlotPlaces,
    buffers: Buffers,
    /// Messages travel inside cells.
    is_inside: bool,
    /// Quarantined, or closed: nothing works any more.
    corrupt: bool,
}

impl Producer {
    /// Opens the producing ends of some routes of one port: vacant -> ours.
    pub fn open(shared: &Shared, me: ProcessId, routes: &[usize]) -> Result<Producer, NotOpened> {
        let mut outlets: Vec<Outlet> = Vec::with_capacity(routes.len());
        for &route in routes {
            match Outlet::open(shared, me, route) {
                Ok(outlet) => outlets.push(outlet),
                Err(refused) => {
                    outlets.iter().for_each(|outlet| outlet.vacate(shared));
                    return Err(refused);
                }
            }
        }
        let Some((route, ring)) = outlets.first().map(|outlet| (outlet.route, outlet.ring)) else {
            return Err(NotOpened::Corrupt);
        };
        let loans = ring.producer_loans;
        let cells = outlets.iter().map(|outlet| outlet.ring.capacity);
        // An answer goes into one ring, any other message into all of them.
        let cells: u32 = if ring.answers.is_some() { cells.sum() } else { cells.max().unwrap_or(0) };
        let is_counted = outlets.len() > 1 && ring.answers.is_none() || ring.transfer == Transfer::LoanRead;
        if is_counted {
            outlets.iter_mut().for_each(Outlet::slow_down);
        }
        Ok(Producer {
            pool: Pool::new(me, route, ring.class, cells + loans, is_counted),
            size: ring.size,
            hand: Hand::new(loans),
            tickets: ordinal() << TICKET_END,
            slots: ring.class.map_or(SlotPlaces::NONE, |class| SlotPlaces::of(shared, &class)),
            buffers: if ring.is_inside() { Buffers::new(loans, ring.size) } else { Buffers::none() },
            is_inside: ring.is_inside(),
            corrupt: false,
            outlets: outlets.into_boxed_slice(),
        })
    }

    /// Its routes.
    pub fn routes(&self) -> impl Iterator<Item = usize> + '_ {
        self.outlets.iter().map(|outlet| outlet.route)
    }

    /// Its first ring; the others of a port differ in their consumers alone.
    #[inline]
    pub fn ring(&self) -> &RingGeometry {
        &self.outlets[0].ring
    }

    /// Do its messages travel inside cells?
    #[inline(always)]
    pub fn is_inside(&self) -> bool {
        self.is_inside
    }

    /// Messages published on the first route since the world was created.
    pub fn published(&self) -> u64 {
        self.outlets[0].published()
    }

    /// Who is at the other end of the ring at this position, from 0.
    pub fn peer(&self, shared: &Shared, at: usize) -> Peer {
        self.outlets[at].peer(shared)
    }

    /// A place to write a message into. Private, but for slots taken from the pool in batches.
    #[inline]
    pub fn loan(&mut self, shared: &Shared) -> Result<Loan, Refusal> {
        match self.loan_at_once(shared) {
            Some(loan) => Ok(loan),
            None => self.loan_thoroughly(shared),
        }
    }

    /// `loan` where a free slot is at hand. `None`: nothing changed, and `loan` will tell.
    #[inline(always)]
    pub fn loan_at_once(&mut self, shared: &Shared) -> Option<Loan> {
        let position = self.hand.next()?;
        let Some(word) = self.pool.last() else { return self.loan_inside(position) };
        let slot = self.slots.on(shared, Reference::decode(word).slot)?;
        self.pool.pop();
        Some(self.hand_out(position, word, slot.address()))
    }

    /// A private buffer, where messages travel inside cells.
    #[inline(always)]
    fn loan_inside(&mut self, position: usize) -> Option<Loan> {
        let data = self.buffers.place(position)?;
        Some(self.hand_out(position, word_of(IN_CELL), data))
    }

    /// Gives a loan back unwritten.
    pub fn discard(&mut self, ticket: u64) -> Result<(), Refusal> {
        let (position, slot) = self.held(ticket, false)?;
        self.hand.end(position);
        if slot != IN_CELL {
            self.pool.put(slot);
        }
        Ok(())
    }

    /// `discard` of a loan that is held. `None`: nothing changed, and `discard` will tell.
    #[inline(always)]
    pub fn discard_at_once(&mut self, ticket: u64) -> Option<()> {
        let position = (ticket & POSITION_MASK) as usize;
        if self.pool.has_place() {
            let word = self.hand.take(position, name_of(ticket, false))?;
            self.pool.put_word(word);
        } else {
            // A slot needs a place; what travels otherwise has no pool.
            self.pool.class().is_none().then(|| self.hand.take(position, name_of(ticket, false)))??;
        }
        Some(())
    }

    /// Is there room for a message in every ring?
    #[inline]
    pub fn has_room(&mut self, shared: &Shared) -> Result<bool, Refusal> {
        let looked_at = if mutant("room_in_one_ring_is_enough") { 1 } else { self.outlets.len() };
        for at in 0..looked_at {
            if !self.has_room_at(shared, at)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Publishes a loan into every ring. `Full` leaves the loan as it is; a crash in between publishes into the first
    /// of the rings only.
    #[inline]
    pub fn publish(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        let answer = match self.pool.class() {
            Some(_) => self.publish_at_once::<false>(shared, ticket),
            None => self.publish_at_once::<true>(shared, ticket),
        };
        match answer {
            Some(false) => Ok(()),
            Some(true) => {
                self.follow_up(shared);
                Ok(())
            }
            None => self.spread(shared, ticket, false),
        }
    }

    /// `publish` into the one ring of the port (`INSIDE`: into its cells), where that has room. True:
    /// `follow_up` is to be called. `None`: nothing changed, and `publish` will tell.
    #[inline(always)]
    pub fn publish_at_once<const INSIDE: bool>(&mut self, shared: &Shared, ticket: u64) -> Option<bool> {
        let Producer { outlets, hand, buffers, .. } = self;
        let [outlet] = &mut **outlets else { return None };
        outlet.append_at_once::<INSIDE, _>(shared, || take_out::<INSIDE>(hand, buffers, ticket))
    }

    /// Loans, copies and publishes where messages travel in slots, and a slot and a cell of the one ring are free. True: `follow_up`
    /// is to be called. `None`: nothing changed.
    #[inline(always)]
    pub fn send_at_once(&mut self, shared: &Shared, message: &[u8]) -> Option<bool> {
        if self.is_inside() {
            return None;
        }
        let loan = self.loan_at_once(shared)?;
        // SAFETY: it was given out just now.
        unsafe { loan.fill(message) };
        let answer = self.publish_at_once::<false>(shared, loan.ticket);
        if answer.is_none() {
            self.discard_at_once(loan.ticket);
        }
        answer
    }

    /// Publishes a message of the caller's inside a cell of the one ring of the port, where that has room and a loan could be
    /// had. True: `follow_up` is to be called. `None`: nothing changed.
    #[inline(always)]
    pub fn send_inside_at_once(&mut self, shared: &Shared, message: &[u8]) -> Option<bool> {
        let [outlet] = &mut *self.outlets else { return None };
        self.hand.next()?;
        let carry = |words: &[Word]| write_words(words, message, "publish.inline");
        outlet.append_at_once::<true, _>(shared, || Some((word_of(IN_CELL), carry)))
    }

    /// The same for messages of the port's size that lie back to back, told of together: as many as there is room for; how
    /// many. None where they travel otherwise, or where nothing works.
    pub fn send_inside(&mut self, shared: &Shared, messages: &[u8]) -> usize {
        let is_one = self.outlets.len() == 1 && self.is_inside() && self.hand.next().is_some();
        // A ring that is nonsense is told by the call for one message.
        if !is_one || self.size == 0 || !self.has_room_at(shared, 0).unwrap_or(false) {
            return 0;
        }
        let done = self.outlets[0].publish_inside(shared, messages, self.size as usize);
        if done > 0 {
            self.announce(shared);
            self.look_at_heads(shared, done as u32);
        }
        done
    }

    /// What is to be done behind some messages: wakes the consumer where it sleeps for data, and looks at head where that is
    /// due. Behind the message, because before it somebody would wait for that.
    #[cold]
    pub fn follow_up(&mut self, shared: &Shared) {
        self.outlets.iter().for_each(|outlet| outlet.wake(shared));
        self.look_at_heads(shared, 1);
    }

    /// Takes back what head has passed in the rings in which it is to be looked at behind the last `count` messages.
    #[inline]
    fn look_at_heads(&mut self, shared: &Shared, count: u32) {
        for at in 0..self.outlets.len() {
            if self.outlets[at].is_look_due(count) {
                // What was published is published; that the words are nonsense is told by the next call.
                let _ = self.reclaim_at(shared, at);
            }
        }
    }

    /// Publishes loans in their order, and tells who looks at tail or sleeps only once, behind the last. A loan that is
    /// not published is left as it is, and those behind it.
    #[inline]
    pub fn publish_many(&mut self, shared: &Shared, tickets: impl ExactSizeIterator<Item = u64>) -> Batch {
        if mutant("batch_announced_before_its_cells") {
            self.outlets.iter().for_each(|outlet| outlet.store_tail(shared, tickets.len() as u32));
        }
        let batch = match self.pool.class() {
            Some(_) => self.publish_each::<false>(shared, tickets),
            None => self.publish_each::<true>(shared, tickets),
        };
        if batch.done > 0 {
            self.announce(shared);
            self.look_at_heads(shared, batch.done as u32);
        }
        batch
    }

    /// Publishes a loan and keeps it for reading until `release`.
    pub fn keep(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        if self.ring().transfer != Transfer::LoanRead {
            return Err(Refusal::Mode);
        }
        self.spread(shared, ticket, true)
    }

    /// Ends the reading of a kept message.
    pub fn release(&mut self, ticket: u64) -> Result<(), Refusal> {
        let (position, slot) = self.held(ticket, true)?;
        self.hand.end(position);
        self.pool.end_use(slot);
        Ok(())
    }

    /// Publishes a loan as the answer to a request, into the ring that answers the requests of `request_route`.
    pub fn answer(&mut self, shared: &Shared, ticket: u64, request_route: u32, number: u64) -> Result<(), Refusal> {
        let (position, slot) = self.held(ticket, false)?;
        let answers = |outlet: &Outlet| outlet.ring.answers == Some(request_route);
        let at = self.outlets.iter().position(answers).ok_or(Refusal::Mode)?;
        if !self.has_room_at(shared, at)? {
            return Err(Refusal::Full);
        }
        let parcel = Parcel { slot, origin: Origin::Own, source: 0, answers: number, position };
        self.outlets[at].append(shared, parcel, &self.buffers);
        self.hand.end(position);
        if self.outlets[at].is_look_due(1) {
            let _ = self.reclaim_at(shared, at);
        }
        Ok(())
    }

    /// Publishes a slot that this process owns and no loan names: taken from another route, or of a heap. From here on
    /// it is the ring's; `Full` leaves it the caller's.
    pub fn push_slot(&mut self, shared: &Shared, slot: Slot) -> Result<(), Refusal> {
        self.pass_on(shared, Parcel { slot, origin: Origin::Given, source: 0, answers: 0, position: 0 })?;
        Ok(())
    }

    /// Publishes a slot that another producer owns, borrowed from `source`'s ring. Answers the index of its cell: when
    /// head of this ring has passed it, the cell it was borrowed from may be released.
    pub fn lend_on(&mut self, shared: &Shared, slot: Slot, source: usize) -> Result<u32, Refusal> {
        // Recovery looks for borrowed messages in such rings alone.
        if self.ring().transfer != Transfer::PublishOffset {
            return Err(Refusal::Mode);
        }
        self.pass_on(shared, Parcel { slot, origin: Origin::Lent, source: source as u16 + 1, answers: 0, position: 0 })
    }

    /// Counts a message that found no room, and ends its loan.
    pub fn drop_newest(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        self.discard(ticket)?;
        let so_far = stats::count_refused(shared, self.ring());
        record_in_steps(shared, Event::new(Kind::DroppedNewest, self.pool.me()).on(self.outlets[0].route), so_far);
        Ok(())
    }

    /// Closes the end: slots in the rings become ORPHAN and wait for their release, all others return to the pool, and
    /// the ends become vacant last. A crash anywhere in between is finished by recovery.
    pub fn close(&mut self, shared: &Shared) {
        for outlet in &mut self.outlets {
            // What cannot be reclaimed because the words are nonsense is abandoned below; the sweep will see to it.
            let _ = outlet.reclaim(shared, &mut self.pool);
        }
        for (position, name, word) in self.hand.drain() {
            match slot_of(word) {
                IN_CELL => {}
                slot if name & POSITION_MASK == position as u64 => self.pool.put(slot),
                slot => self.pool.end_use(slot),
            }
        }
        self.pool.empty(shared);
        self.outlets.iter().for_each(|outlet| outlet.close(shared, self.pool.me()));
        self.stop();
    }

    fn spread(&mut self, shared: &Shared, ticket: u64, kept: bool) -> Result<(), Refusal> {
        let (position, slot) = self.spreadable(ticket)?;
        if !self.has_room(shared)? {
            return Err(Refusal::Full);
        }
        self.pool.set_uses(slot, self.outlets.len() + usize::from(kept && !mutant("kept_is_not_counted")));
        let parcel = Parcel { slot, origin: Origin::Own, source: 0, answers: 0, position };
        for outlet in &mut self.outlets {
            outlet.append(shared, parcel, &self.buffers);
        }
        match kept {
            true => self.hand.rename(position, name_of(ticket, true)),
            false => self.hand.end(position),
        }
        self.look_at_heads(shared, 1);
        Ok(())
    }

    /// One after the other until one is refused, and none of them announced.
    #[inline]
    fn publish_each<const INSIDE: bool>(&mut self, shared: &Shared, tickets: impl Iterator<Item = u64>) -> Batch {
        let mut batch = Batch { done: 0, answer: Ok(()) };
        for ticket in tickets {
            if self.publish_quickly::<INSIDE>(shared, ticket).is_none() {
                batch.answer = self.publish_unannounced(shared, ticket, batch.done > 0);
            }
            if batch.answer.is_err() {
                break;
            }
            batch.done += 1;
        }
        batch
    }

    /// One of several into the one ring of the port, where that has room. `None`: nothing changed.
    #[inline(always)]
    fn publish_quickly<const INSIDE: bool>(&mut self, shared: &Shared, ticket: u64) -> Option<()> {
        let Producer { outlets, hand, buffers, .. } = self;
        let [outlet] = &mut **outlets else { return None };
        outlet.publish_at_once::<INSIDE, _>(shared, || take_out::<INSIDE>(hand, buffers, ticket))
    }

    /// One of several. `lags`: tail does not show all that was published before.
    #[cold]
    fn publish_unannounced(&mut self, shared: &Shared, ticket: u64, lags: bool) -> Result<(), Refusal> {
        let (position, slot) = self.spreadable(ticket)?;
        if !self.outlets.iter().all(Outlet::is_roomy) {
            if lags && !mutant("batch_lags_over_a_lap") {
                self.announce(shared);
            }
            if !self.has_room(shared)? {
                return Err(Refusal::Full);
            }
        }
        self.pool.set_uses(slot, self.outlets.len());
        let parcel = Parcel { slot, origin: Origin::Own, source: 0, answers: 0, position };
        for outlet in &mut self.outlets {
            outlet.publish(shared, parcel, &self.buffers);
        }
        self.hand.end(position);
        Ok(())
    }

    /// Tells of all that was published.
    fn announce(&mut self, shared: &Shared) {
        self.outlets.iter_mut().for_each(|outlet| outlet.announce(shared));
    }

    /// The loan, where it goes into all rings.
    #[inline]
    fn spreadable(&self, ticket: u64) -> Result<(usize, Slot), Refusal> {
        let held = self.held(ticket, false)?;
        if self.ring().answers.is_some() { Err(Refusal::Mode) } else { Ok(held) }
    }

    /// Publishes what is not of our pool; the index of its cell.
    fn pass_on(&mut self, shared: &Shared, parcel: Parcel) -> Result<u32, Refusal> {
        if self.corrupt {
            return Err(Refusal::Corrupt);
        }
        let ring = *self.ring();
        let is_carried = ring.any || ring.class.is_some_and(|class| class.bytes(parcel.slot.index).is_some());
        if self.outlets.len() != 1 || !is_carried || ring.answers.is_some() {
            return Err(Refusal::Mode);
        }
        if !self.has_room_at(shared, 0)? {
            return Err(Refusal::Full);
        }
        if parcel.origin == Origin::Given {
            self.pool.host(shared, self.outlets[0].inherited());
        }
        let index = self.outlets[0].tail();
        self.outlets[0].append(shared, parcel, &self.buffers);
        Ok(index)
    }

    #[inline]
    fn has_room_at(&mut self, shared: &Shared, at: usize) -> Result<bool, Refusal> {
        let answer = self.outlets[at].has_room(shared, &mut self.pool);
        if answer == Err(Refusal::Corrupt) {
            self.quarantine(shared, at);
        }
        answer
    }

    #[inline]
    fn held(&self, ticket: u64, kept: bool) -> Result<(usize, Slot), Refusal> {
        if self.corrupt {
            return Err(Refusal::Corrupt);
        }
        let position = (ticket & POSITION_MASK) as usize;
        let word = self.hand.get(position, name_of(ticket, kept)).ok_or(Refusal::Ticket)?;
        Ok((position, slot_of(word)))
    }

    #[inline(always)]
    fn hand_out(&mut self, position: usize, word: u64, data: NonNull<u8>) -> Loan {
        self.tickets = self.tickets.wrapping_add(1 << POSITION_BITS);
        let ticket = self.tickets | position as u64;
        self.hand.fill(position, name_of(ticket, false), word);
        Loan { data, size: self.size, slot: Reference::decode(word).slot, ticket }
    }

    /// `loan`, whatever it takes.
    fn loan_thoroughly(&mut self, shared: &Shared) -> Result<Loan, Refusal> {
        if self.corrupt {
            return Err(Refusal::Corrupt);
        }
        let position = self.hand.next().ok_or(Refusal::Limit)?;
        let (slot, data) = match self.pool.class() {
            None if self.outlets[0].ring.any => return Err(Refusal::Mode),
            None => (IN_CELL, self.buffers.address(position)),
            Some(_) => self.slot(shared)?,
        };
        Ok(self.hand_out(position, word_of(slot), data))
    }

    /// A free slot and its address.
    #[inline]
    fn slot(&mut self, shared: &Shared) -> Result<(Slot, NonNull<u8>), Refusal> {
        if self.pool.is_empty() {
            self.refill(shared)?;
        }
        let slot = self.pool.pop().ok_or(Refusal::Short)?;
        Ok((slot, self.slots.on(shared, slot.index).ok_or(Refusal::Corrupt)?.address()))
    }

    /// Slots that came back, else slots from the pool, as many as are still ours to take.
    #[cold]
    fn refill(&mut self, shared: &Shared) -> Result<(), Refusal> {
        self.reclaim(shared)?;
        if self.pool.is_empty() {
            let inherited = self.outlets.iter().map(Outlet::inherited);
            let inherited = if self.ring().answers.is_some() { inherited.sum() } else { inherited.max().unwrap_or(0) };
            self.pool.refill(shared, inherited);
        }
        if self.pool.is_empty() { Err(Refusal::Short) } else { Ok(()) }
    }

    fn reclaim(&mut self, shared: &Shared) -> Result<(), Refusal> {
        (0..self.outlets.len()).try_for_each(|at| self.reclaim_at(shared, at))
    }

    fn reclaim_at(&mut self, shared: &Shared, at: usize) -> Result<(), Refusal> {
        self.outlets[at].reclaim(shared, &mut self.pool).inspect_err(|_| self.quarantine(shared, at))
    }

    #[cold]
    fn quarantine(&mut self, shared: &Shared, at: usize) {
        if !self.stop() {
            record(shared, Event::new(Kind::Quarantined, self.pool.me()).on(self.outlets[at].route));
        }
    }

    /// Nothing works from here on; was that so before?
    #[cold]
    fn stop(&mut self) -> bool {
        self.slots = SlotPlaces::NONE;
        self.buffers = Buffers::none();
        self.outlets.iter_mut().for_each(Outlet::slow_down);
        std::mem::replace(&mut self.corrupt, true)
    }
}

/// What a loan is published as, out of the hand: its slot, and what writes its words into a cell.
#[inline(always)]
fn take_out<'a, const INSIDE: bool>(
    hand: &mut Hand,
    buffers: &'a Buffers,
    ticket: u64,
) -> Option<(u64, impl FnOnce(&[Word]) + use<'a, INSIDE>)> {
    let position = (ticket & POSITION_MASK) as usize;
    let carried = if INSIDE { buffers.words(position)? } else { &[] };
    let word = hand.take(position, name_of(ticket, false))?;
    let carry = move |words: &[Word]| words.iter().zip(carried).for_each(|(to, from)| to.note(*from, "publish.inline"));
    Some((word, carry))
}

const POSITION_MASK: u64 = (1 << POSITION_BITS) - 1;

/// What a loan is called in the hand; another name while it is kept for reading. The position at which it lies is part of
/// it, so neither is ever taken for the other.
#[inline(always)]
fn name_of(ticket: u64, kept: bool) -> u64 {
    if kept { !ticket } else { ticket }
}

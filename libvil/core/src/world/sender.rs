//! The sending end of a port, with all its routes.

use std::cell::RefCell;
use std::sync::Arc;

use vil_ir::vocabulary::{Backpressure, Lane};

use crate::base::atomic::FOR_SPACE;
use crate::base::error::{Error, Fault};
use crate::base::limits::SLICE;
use crate::exchange::{Loan, OutEnd, Peer, Refusal};
use crate::heap::Slot;
use crate::mem::Shared;
use crate::registry::trail::Kind;
use crate::sys::cache::prefetch_to_write;
use crate::sys::clock::now_ns;
use crate::world::ends::{held_by_the_living, open_end, open_within, routes_of};
use crate::world::wait::{Telling, Wait, deadline, lost};
use crate::world::{Batch, LoanRow, Stop, World};

type Attempt<T> = Result<T, Refusal>;

/// The sending end of an out port: one route, or several that carry the same messages. One thread at a time.
#[derive(Debug)]
pub struct Sender {
    producer: OutEnd,
    world: Arc<World>,
    size: u32,
    /// When the kernel is asked next whether those who do not empty a full ring live; monotonic nanoseconds.
    next_ask: u64,
    cancels: u32,
    /// For each route the consumer's loss that was told already.
    told: Box<[u32]>,
}

impl Sender {
    /// Opens the sending end of a port of our role.
    pub fn open(world: &Arc<World>, port: &str) -> Result<Sender, Error> {
        Sender::open_routes(world, &routes_of(world, port, true)?)
    }

    /// The same, trying for a while when a predecessor still holds the port or is being waited for.
    pub fn open_within(world: &Arc<World>, port: &str, timeout_ns: u64) -> Result<Sender, Error> {
        open_within(world, timeout_ns, || Sender::open(world, port))
    }

    /// Opens the producing ends of some routes of one port, whatever our role.
    pub fn open_routes(world: &Arc<World>, routes: &[usize]) -> Result<Sender, Error> {
        let Some(&first) = routes.first() else { return Err(Error::new(Fault::NotFound, "a sender of no route")) };
        if routes.len() > 1 && routes.iter().any(|route| world.shared.geometry.rings[*route].claimed) {
            let message = "a sender of several routes of which one is mpmc or drop_oldest";
            return Err(Error::new(Fault::Unsupported, message));
        }
        let producer = open_end(world, first, || OutEnd::open(&world.shared, world.me(), routes))?;
        let told = vec![0; routes.len()].into_boxed_slice();
        Ok(Sender {
            size: producer.ring().size,
            next_ask: 0,
            producer,
            cancels: world.cancels(),
            world: Arc::clone(world),
            told,
        })
    }

    /// The world it belongs to.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Bytes of a message on this route.
    #[inline(always)]
    pub fn message_size(&self) -> u32 {
        self.size
    }

    /// Do its messages travel inside cells?
    #[inline(always)]
    pub fn is_inside(&self) -> bool {
        self.producer.is_inside()
    }

    /// Messages published on the route since the world was created, exact across crashes and restarts.
    pub fn published(&self) -> u64 {
        self.producer.published(&self.world.shared)
    }

    /// A place to write a message into; blocks as the route's policy says when the pool is short.
    #[inline]
    pub fn loan(&mut self) -> Result<Loan, Stop> {
        self.loan_by(OutEnd::loan)
    }

    #[inline]
    fn loan_by(&mut self, mut loan: impl FnMut(&mut OutEnd, &Shared) -> Attempt<Loan>) -> Result<Loan, Stop> {
        match loan(&mut self.producer, &self.world.shared) {
            Err(Refusal::Short) => self.loan_slowly(loan),
            answer => Ok(answer?),
        }
    }

    /// Loan, copy and publish in one. A message that could not be published is discarded.
    pub fn send(&mut self, message: &[u8]) -> Result<(), Stop> {
        if message.len() != self.message_size() as usize {
            return Err(Stop::Fault(Fault::Argument));
        }
        let loan = self.loan_by(|producer, shared| producer.loan_filled(shared, message))?;
        let answer = self.publish(loan.ticket);
        if !matches!(answer, Ok(()) | Err(Stop::Dropped)) {
            self.discard(loan.ticket)?;
        }
        answer
    }

    /// `send` where messages travel inside cells, and there is a free one. True: `follow_up` is to be called. `None`: nothing
    /// changed, and `send` will tell.
    #[inline(always)]
    pub fn send_inside_at_once(&mut self, message: &[u8]) -> Option<bool> {
        let is_one = message.len() == self.size as usize;
        is_one.then(|| self.producer.send_inside_at_once(&self.world.shared, message))?
    }

    /// The same where they travel in slots, and a slot and a cell are free.
    #[inline(always)]
    pub fn send_at_once(&mut self, message: &[u8]) -> Option<bool> {
        let is_one = message.len() == self.size as usize;
        is_one.then(|| self.producer.send_at_once(&self.world.shared, message))?
    }

    /// Sends messages of the port's size that lie back to back, in their order, until one is not sent; those that travel inside
    /// cells are told of together, as many as there is room for. `Dropped` where that was done with some that went.
    pub fn send_batch(&mut self, messages: &[u8]) -> Batch {
        let size = self.message_size() as usize;
        let mut batch = Batch { done: 0, answer: Ok(()) };
        while batch.done < messages.len() / size.max(1) {
            batch.done += self.producer.send_inside(&self.world.shared, &messages[batch.done * size..]);
            // The next one goes alone, or says why not.
            let Some(message) = messages[batch.done * size..].get(..size) else { break };
            match self.send_alone(message) {
                Ok(()) => {}
                Err(Stop::Dropped) => batch.answer = Err(Stop::Dropped),
                Err(why) => {
                    batch.answer = Err(why);
                    break;
                }
            }
            batch.done += 1;
        }
        batch
    }

    fn send_alone(&mut self, message: &[u8]) -> Result<(), Stop> {
        match self.send_at_once(message) {
            None => self.send(message),
            Some(has_more) => {
                if has_more {
                    self.follow_up();
                }
                Ok(())
            }
        }
    }

    /// `loan` where a free slot is at hand. `None`: nothing changed, and `loan` will tell.
    #[inline(always)]
    pub fn loan_at_once(&mut self) -> Option<Loan> {
        self.producer.loan_at_once(&self.world.shared)
    }

    /// `publish` where there is room in the one ring of the port; `INSIDE`: where its messages travel inside cells. True:
    /// `follow_up` is to be called. `None`: nothing changed, and `publish` will tell.
    #[inline(always)]
    pub fn publish_at_once<const INSIDE: bool>(&mut self, ticket: u64) -> Option<bool> {
        self.producer.publish_at_once::<INSIDE>(&self.world.shared, ticket)
    }

    /// Wakes whoever sleeps for what was published, and sees what came back.
    #[cold]
    pub fn follow_up(&mut self) {
        self.producer.follow_up(&self.world.shared);
    }

    /// `discard` of a loan that is held. `None`: nothing changed, and `discard` will tell.
    #[inline(always)]
    pub fn discard_at_once(&mut self, ticket: u64) -> Option<()> {
        self.producer.discard_at_once(ticket)
    }

    /// Gives a loan back unwritten.
    #[inline]
    pub fn discard(&mut self, ticket: u64) -> Result<(), Stop> {
        let answer = self.producer.discard(ticket);
        Ok(self.blamed(Kind::UsedAfterEnd, answer)?)
    }

    /// Publishes a loan and keeps it for reading until `release`: loan_read routes only.
    pub fn keep(&mut self, ticket: u64) -> Result<(), Stop> {
        self.publish_by(ticket, |producer, shared| producer.keep(shared, ticket))
    }

    /// Ends the reading of a kept message.
    pub fn release(&mut self, ticket: u64) -> Result<(), Stop> {
        let answer = self.producer.release(ticket);
        Ok(self.blamed(Kind::ReleasedTwice, answer)?)
    }

    /// Publishes a loan as the answer to a request that came by `route` and has this number there.
    pub fn answer(&mut self, ticket: u64, route: u32, number: u64) -> Result<(), Stop> {
        self.publish_by(ticket, |producer, shared| producer.answer(shared, ticket, route, number))
    }

    /// Publishes a slot that this process owns: taken from another route, or of a heap. On every answer but `Ok` it is
    /// still the caller's.
    pub fn push_slot(&mut self, slot: Slot) -> Result<(), Stop> {
        self.pass_on(|producer, shared| producer.push_slot(shared, slot))
    }

    /// Publishes a slot that another producer owns, borrowed from a route; the index of its cell here.
    pub(super) fn lend_on(&mut self, slot: Slot, source: usize) -> Result<u32, Stop> {
        self.pass_on(|producer, shared| producer.lend_on(shared, slot, source))
    }

    /// Its first route.
    pub(super) fn route(&self) -> usize {
        self.producer.route()
    }

    /// Publishes a loan; what a full ring means is the route's policy. On every answer but `Ok` and `Dropped` the
    /// caller still holds the loan.
    #[inline]
    pub fn publish(&mut self, ticket: u64) -> Result<(), Stop> {
        self.publish_by(ticket, |producer, shared| producer.publish(shared, ticket))
    }

    /// A loan in each row: the first one as `loan` does it, the others as far as they are at hand. What ended it is answered
    /// only where there was none.
    pub fn loan_batch(&mut self, rows: &mut [LoanRow]) -> Batch {
        for (at, row) in rows.iter_mut().enumerate() {
            let loan = match self.loan_at_once() {
                Some(loan) => loan,
                None => match self.loan_thoroughly(at == 0) {
                    Ok(loan) => loan,
                    Err(why) => return Batch::ended(at, why),
                },
            };
            // Its last reader's cache gives it up while the rest is loaned.
            prefetch_to_write(loan.data);
            *row = LoanRow::of(loan);
        }
        Batch { done: rows.len(), answer: Ok(()) }
    }

    /// `loan`, or only what is free.
    #[cold]
    fn loan_thoroughly(&mut self, waits: bool) -> Result<Loan, Stop> {
        if waits { self.loan() } else { Ok(self.producer.loan(&self.world.shared)?) }
    }

    /// Publishes loans in their order until one stays the caller's, and tells of them together; each that finds no room does
    /// as the route's policy says. `Dropped` where that was done with some that went. Rows of what went name nothing then.
    pub fn publish_batch(&mut self, rows: &mut [LoanRow]) -> Batch {
        let mut batch = Batch { done: 0, answer: Ok(()) };
        loop {
            let rest = &rows[batch.done..];
            let part = self.producer.publish_many(&self.world.shared, rest.iter().map(|row| row.ticket));
            batch.done += part.done;
            // The next one did not go with the others: it goes alone, or says why not.
            let Some(row) = rest.get(part.done) else { break };
            match self.publish(row.ticket) {
                Ok(()) => {}
                Err(Stop::Dropped) => batch.answer = Err(Stop::Dropped),
                Err(why) => {
                    batch.answer = Err(why);
                    break;
                }
            }
            batch.done += 1;
        }
        rows[..batch.done].fill(LoanRow::NONE);
        batch
    }

    /// Is there room for a message in every ring? What is not known to be full or not counts as ready: the call that
    /// follows tells.
    pub fn is_ready(&mut self) -> bool {
        self.producer.has_room(&self.world.shared) != Ok(false)
    }

    /// The futex word of its process.
    pub(super) fn flag(&self) -> u64 {
        self.producer.ring().producer_flag
    }

    /// The lane of its port.
    pub(super) fn lane(&self) -> Lane {
        self.world.catalog().plan.routes[self.route()].lane
    }

    /// Cancels of the world that it has told.
    pub(super) fn cancels_told(&mut self) -> &mut u32 {
        &mut self.cancels
    }

    /// Is the consumer of a route gone without that being told? All of them are asked, so that each dead one is recovered.
    pub(super) fn lost(&mut self, telling: Telling) -> bool {
        let Sender { producer, world, told, .. } = self;
        lost_any(producer, world, told, telling)
    }

    #[inline]
    fn publish_by(
        &mut self,
        ticket: u64,
        publish: impl FnMut(&mut OutEnd, &Shared) -> Attempt<()>,
    ) -> Result<(), Stop> {
        let mut publish = publish;
        match publish(&mut self.producer, &self.world.shared) {
            Err(Refusal::Full) => self.publish_slowly(ticket, publish),
            Err(refusal) => Ok(self.blamed(Kind::PublishedTwice, Err(refusal))?),
            Ok(()) => Ok(()),
        }
    }

    /// The same answer; a ticket that names nothing is the caller's mistake, and the trail says so.
    fn blamed(&self, kind: Kind, answer: Attempt<()>) -> Attempt<()> {
        if answer == Err(Refusal::Ticket) {
            self.world.record(kind, self.route());
        }
        answer
    }

    /// Publishes what no loan names. A full ring is waited for or said: there is no message here that could be dropped.
    fn pass_on<T>(&mut self, mut publish: impl FnMut(&mut OutEnd, &Shared) -> Attempt<T>) -> Result<T, Stop> {
        let mut answer = publish(&mut self.producer, &self.world.shared);
        if matches!(answer, Err(Refusal::Full)) && (self.is_let_go() || self.is_abandoned()) {
            answer = publish(&mut self.producer, &self.world.shared);
        }
        match answer {
            Err(Refusal::Full) if self.producer.ring().backpressure == Backpressure::Block => {
                self.wait_for_room(publish)
            }
            answer => Ok(answer?),
        }
    }

    #[cold]
    fn loan_slowly(&mut self, mut loan: impl FnMut(&mut OutEnd, &Shared) -> Attempt<Loan>) -> Result<Loan, Stop> {
        self.world.recover();
        let world = Arc::clone(&self.world);
        match loan(&mut self.producer, &world.shared) {
            Err(Refusal::Short) if self.producer.ring().backpressure == Backpressure::Block => {
                // Slots of the dead come free when their messages are released, and only a sweep brings them back.
                self.wait(
                    |producer| match loan(producer, &world.shared) {
                        Err(Refusal::Short) => None,
                        answer => Some(answer.map_err(Stop::from)),
                    },
                    |world| _ = world.recover(),
                )
            }
            answer => Ok(answer?),
        }
    }

    /// Was the ring full because a dead process had begun to write the next cell? Then it is recovered.
    fn is_let_go(&self) -> bool {
        let writer = self.producer.held_up_by(&self.world.shared);
        writer.is_some_and(|writer| !held_by_the_living(&self.world, writer))
    }

    /// Is the ring full because who receives has died? Then that is recovered, which makes room where delivery is best_effort.
    /// A wait asks as well, but nobody waits where a full ring is an answer, and who gets that asks again and again: so the
    /// kernel is asked once in a slice.
    fn is_abandoned(&mut self) -> bool {
        let now = now_ns();
        if now < self.next_ask {
            return false;
        }
        self.next_ask = now.saturating_add(SLICE.as_nanos() as u64);
        let Sender { producer, world, told, .. } = self;
        producer.others(&world.shared, &mut |other| _ = held_by_the_living(world, other));
        let peers = (0..told.len()).map(|at| producer.peer(&world.shared, at));
        // Counted, so that each of them is asked.
        peers.filter(|peer| matches!(peer, Peer::Named(owner) if !held_by_the_living(world, *owner))).count() > 0
    }

    #[cold]
    fn publish_slowly(
        &mut self,
        ticket: u64,
        mut publish: impl FnMut(&mut OutEnd, &Shared) -> Attempt<()>,
    ) -> Result<(), Stop> {
        if (self.is_let_go() || self.is_abandoned()) && publish(&mut self.producer, &self.world.shared) == Ok(()) {
            return Ok(());
        }
        match self.producer.ring().backpressure {
            Backpressure::Block => self.wait_for_room(publish),
            Backpressure::DropNewest => {
                self.producer.drop_newest(&self.world.shared, ticket)?;
                Err(Stop::Dropped)
            }
            Backpressure::Fail | Backpressure::DropOldest => Err(Stop::Full),
        }
    }

    #[cold]
    fn wait_for_room<T>(&mut self, mut publish: impl FnMut(&mut OutEnd, &Shared) -> Attempt<T>) -> Result<T, Stop> {
        let world = Arc::clone(&self.world);
        self.wait(
            |producer| match publish(producer, &world.shared) {
                Err(Refusal::Full) => None,
                answer => Some(answer.map_err(Stop::from)),
            },
            |_| {},
        )
    }

    /// Waits for head to move, until the route's deadline; `between` is called once in each slice.
    fn wait<T>(
        &mut self,
        mut attempt: impl FnMut(&mut OutEnd) -> Option<Result<T, Stop>>,
        mut between: impl FnMut(&World),
    ) -> Result<T, Stop> {
        let Sender { producer, world, cancels, told, .. } = self;
        let producer = RefCell::new(producer);
        let ring = *producer.borrow().ring();
        let deadline_ns = deadline(u64::from(ring.deadline_ms) * 1_000_000);
        let wait = Wait { world, flag: ring.producer_flag, reason: FOR_SPACE, deadline_ns, cancels };
        wait.until(
            || attempt(&mut producer.borrow_mut()),
            |telling| {
                if telling == Telling::Ask {
                    between(world);
                }
                lost_any(&producer.borrow(), world, told, telling)
            },
        )?
    }
}

fn lost_any(producer: &OutEnd, world: &World, told: &mut [u32], telling: Telling) -> bool {
    if telling == Telling::Ask {
        producer.others(&world.shared, &mut |other| _ = held_by_the_living(world, other));
    }
    told.iter_mut()
        .enumerate()
        .fold(false, |any, (at, told)| lost(|| producer.peer(&world.shared, at), world, told, telling) || any)
}

impl Drop for Sender {
    fn drop(&mut self) {
        if !self.world.is_forked() {
            self.producer.close(&self.world.shared);
        }
    }
}

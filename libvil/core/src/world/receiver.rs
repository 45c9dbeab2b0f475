//! The receiving end of a port: all its routes, in turn.

use std::mem::MaybeUninit;
use std::sync::Arc;

use vil_ir::vocabulary::Lane;

use crate::base::atomic::{FOR_DATA, FOR_SPACE};
use crate::base::error::{Error, Fault};
use crate::base::limits::{MOMENT, SPIN_NS};
use crate::exchange::{Forward, InEnd, Message, Refusal};
use crate::heap::Slot;
use crate::mem::Shared;
use crate::registry::trail::Kind;
use crate::sys::clock::now_ns;
use crate::world::ends::{held_by_the_living, open_end, open_within, routes_of};
use crate::world::pollable::Watch;
use crate::world::sender::Sender;
use crate::world::wait::{Telling, deadline, lost};
use crate::world::waitset::wait_any;
use crate::world::{Batch, MessageRow, Stop, World};

/// A message and the route it came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// The message.
    pub message: Message,
    /// Index of the route in the world.
    pub route: u32,
}

/// A message was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// Index of the route that it came by.
    pub route: u32,
    /// Its sender sleeps for room: `wake` is to be called.
    pub is_awaited: bool,
}

/// The next message of one route.
#[inline]
fn received(consumer: &mut InEnd, shared: &Shared, route: u32) -> Result<Received, Refusal> {
    Ok(Received { message: consumer.receive(shared)?, route })
}

/// One route into the port, and the producer's loss that was told already. On lines of its own, as what it writes into its
/// ring is.
#[derive(Debug)]
#[repr(align(128))]
struct Inlet {
    consumer: InEnd,
    /// The one whose turn it is then.
    after: usize,
    route: u32,
    told: u32,
}

/// The receiving end of an in port. One thread at a time.
#[derive(Debug)]
pub struct Receiver {
    inlets: Vec<Inlet>,
    next: usize,
    /// There is a descriptor, which is to be told when nothing is found.
    is_told_of: bool,
    /// The lowest route, and for each one from there on the position of its inlet: found without a search.
    first: u32,
    positions: Box<[u16]>,
    world: Arc<World>,
    cancels: u32,
    /// Of the descriptor that tells of it, if one does.
    watch: Option<Watch>,
}

impl Receiver {
    /// Opens the receiving end of a port of our role, with all its routes.
    pub fn open(world: &Arc<World>, port: &str) -> Result<Receiver, Error> {
        Receiver::open_routes(world, &routes_of(world, port, false)?)
    }

    /// The same, trying for a while when a predecessor still holds the port or is being waited for.
    pub fn open_within(world: &Arc<World>, port: &str, timeout_ns: u64) -> Result<Receiver, Error> {
        open_within(world, timeout_ns, || Receiver::open(world, port))
    }

    /// Opens the consuming ends of some routes, whatever our role.
    pub fn open_routes(world: &Arc<World>, routes: &[usize]) -> Result<Receiver, Error> {
        let mut receiver = Receiver {
            inlets: Vec::with_capacity(routes.len()),
            next: 0,
            is_told_of: false,
            first: routes.iter().min().map_or(0, |first| *first as u32),
            positions: positions(routes),
            cancels: world.cancels(),
            watch: None,
            world: Arc::clone(world),
        };
        for (at, &route) in routes.iter().enumerate() {
            match open_end(world, route, || InEnd::open(&world.shared, world.me(), route)) {
                Ok(consumer) => receiver.inlets.push(Inlet {
                    consumer,
                    after: (at + 1) % routes.len(),
                    route: route as u32,
                    told: 0,
                }),
                Err(refused) => {
                    // Nothing was read: what lies in the others stays there, whatever their delivery.
                    receiver.inlets.drain(..).for_each(|mut inlet| inlet.consumer.undo(&world.shared));
                    return Err(refused);
                }
            }
        }
        if receiver.inlets.is_empty() {
            return Err(Error::new(Fault::NotFound, "a receiver of no route"));
        }
        Ok(receiver)
    }

    /// The world it belongs to.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Messages released on the port's routes since the world was created, or skipped under best_effort while nobody
    /// received; exact across crashes and restarts.
    pub fn received(&self) -> u64 {
        self.inlets.iter().fold(0, |sum, inlet| sum.wrapping_add(inlet.consumer.released(&self.world.shared)))
    }

    /// The next message of any route, in turn; `Empty` when there is none.
    #[inline]
    pub fn poll(&mut self) -> Result<Received, Stop> {
        self.look(received)
    }

    /// What is found at the routes, in turn; once more where a descriptor is to be told that nothing is.
    #[inline]
    fn look<T>(&mut self, mut call: impl FnMut(&mut InEnd, &Shared, u32) -> Result<T, Refusal>) -> Result<T, Stop> {
        match self.look_once(&mut call) {
            Err(Stop::Empty) if self.found_nothing() => self.look_once(call),
            answer => answer,
        }
    }

    #[inline]
    fn look_once<T>(
        &mut self,
        mut call: impl FnMut(&mut InEnd, &Shared, u32) -> Result<T, Refusal>,
    ) -> Result<T, Stop> {
        for _ in 0..self.inlets.len() {
            let at = self.next;
            let Inlet { consumer, after, route, .. } = &mut self.inlets[at];
            self.next = *after;
            match call(consumer, &self.world.shared, *route) {
                Err(Refusal::Empty) => {}
                answer => return Ok(answer?),
            }
        }
        Err(Stop::Empty)
    }

    /// `poll` where the ring whose turn it is has a message, or is the only one; without `MORE` only of one that lies in place
    /// and is not timed. `Some(None)`: there is no message. `None`: nothing changed, and `poll` will tell.
    #[inline(always)]
    pub fn poll_at_once<const MORE: bool>(&mut self) -> Option<Option<Received>> {
        if self.is_told_of {
            return None;
        }
        let at = self.next;
        let inlet = self.inlets.get_mut(at)?;
        match inlet.consumer.receive_at_once::<MORE>(&self.world.shared)? {
            Some(message) => {
                self.next = inlet.after;
                Some(Some(Received { message, route: inlet.route }))
            }
            None => (inlet.after == at).then_some(None),
        }
    }

    /// `release` of the oldest message in hand. True: the sender sleeps, and `wake` is to be called. `None`: nothing changed,
    /// and `release` will tell.
    #[inline(always)]
    pub fn release_at_once(&mut self, route: u32, ticket: u64) -> Option<bool> {
        let at = self.at(route)?;
        self.inlets.get_mut(at)?.consumer.release_at_once(&self.world.shared, ticket)
    }

    /// Wakes whoever sleeps for room in a route, when it is worth it.
    #[cold]
    pub fn wake(&mut self, route: u32) {
        if let Ok((consumer, world)) = self.consumer(route) {
            consumer.wake(&world.shared);
        }
    }

    /// The next message, waiting for at most `timeout_ns`; 0 does not wait.
    #[inline]
    pub fn receive(&mut self, timeout_ns: u64) -> Result<Received, Stop> {
        match self.poll() {
            Err(Stop::Empty) if timeout_ns > 0 => {
                match self.for_a_moment(timeout_ns, |receiver| receiver.poll_at_once::<true>()) {
                    Some(received) => Ok(received),
                    None => self.slowly(timeout_ns, Receiver::poll),
                }
            }
            answer => answer,
        }
    }

    /// What is under way is nearly there: the next cell is polled for a moment before a wait is set up, where polling has found
    /// something of late and the caller has time.
    #[inline]
    fn for_a_moment<T>(
        &mut self,
        timeout_ns: u64,
        mut look: impl FnMut(&mut Receiver) -> Option<Option<T>>,
    ) -> Option<T> {
        if timeout_ns < SPIN_NS || !self.world.patience.is_promising() {
            return None;
        }
        for _ in 0..MOMENT {
            std::hint::spin_loop();
            if let Some(found) = look(self)? {
                return Some(found);
            }
        }
        None
    }

    /// Waits; again when others took what woke us, which may be where several receive by one route.
    #[cold]
    fn slowly<T>(
        &mut self,
        timeout_ns: u64,
        mut look: impl FnMut(&mut Receiver) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let end = deadline(timeout_ns);
        loop {
            wait_any(&mut [&mut *self], end.saturating_sub(now_ns()))?;
            match look(self) {
                Err(Stop::Empty) if now_ns() >= end => return Err(Stop::Late),
                Err(Stop::Empty) => {}
                answer => return answer,
            }
        }
    }

    /// `read` of the ring whose turn it is, where nothing of it is in hand. `Some(None)`: there is no message. `None`: nothing
    /// changed, and `read` will tell.
    #[inline(always)]
    pub fn read_at_once(&mut self, message: &mut [MaybeUninit<u8>]) -> Option<Option<Read>> {
        if self.is_told_of {
            return None;
        }
        let at = self.next;
        let inlet = self.inlets.get_mut(at)?;
        match inlet.consumer.read_at_once(&self.world.shared, message)? {
            Some(is_awaited) => {
                self.next = inlet.after;
                Some(Some(Read { route: inlet.route, is_awaited }))
            }
            None => (inlet.after == at).then_some(None),
        }
    }

    /// Receive, copy and release in one; a message that was taken is consumed. `message` has the size of the port's message.
    pub fn read(&mut self, timeout_ns: u64, message: &mut [MaybeUninit<u8>]) -> Result<(), Stop> {
        if message.len() != self.message_size() as usize {
            return Err(Stop::Fault(Fault::Argument));
        }
        match self.read_now(message) {
            Err(Stop::Empty) if timeout_ns > 0 => self.read_patiently(timeout_ns, message),
            answer => answer,
        }
    }

    fn read_patiently(&mut self, timeout_ns: u64, message: &mut [MaybeUninit<u8>]) -> Result<(), Stop> {
        match self.for_a_moment(timeout_ns, |receiver| receiver.read_at_once(message)) {
            Some(Read { route, is_awaited }) => {
                if is_awaited {
                    self.wake(route);
                }
                Ok(())
            }
            None => self.slowly(timeout_ns, |receiver| receiver.read_now(message)),
        }
    }

    /// As `poll`.
    fn read_now(&mut self, message: &mut [MaybeUninit<u8>]) -> Result<(), Stop> {
        self.look(|consumer, shared, _| consumer.read(shared, message))
    }

    /// Reads into messages that lie back to back: waits for the first one as `read` does, and reads the others as far as they
    /// are there. What ended it is answered only where there was none.
    pub fn read_batch(&mut self, timeout_ns: u64, messages: &mut [MaybeUninit<u8>]) -> Batch {
        let size = self.message_size() as usize;
        let mut done = 0;
        while done < messages.len() / size.max(1) {
            done += self.read_many(&mut messages[done * size..], size);
            let Some(message) = messages[done * size..].get_mut(..size) else { break };
            if let Err(why) = self.read(if done == 0 { timeout_ns } else { 0 }, message) {
                return Batch::ended(done, why);
            }
            done += 1;
        }
        Batch { done, answer: Ok(()) }
    }

    /// Reads as many as are there, where there is one route; how many.
    fn read_many(&mut self, messages: &mut [MaybeUninit<u8>], size: usize) -> usize {
        let [Inlet { consumer, .. }] = &mut *self.inlets else { return 0 };
        consumer.read_many(&self.world.shared, messages, size)
    }

    /// Are messages private copies?
    pub fn copies(&self) -> bool {
        self.inlets.first().is_some_and(|inlet| inlet.consumer.copies())
    }

    /// Bytes of a message on its routes.
    pub fn message_size(&self) -> u32 {
        self.inlets.first().map_or(0, |inlet| inlet.consumer.ring().size)
    }

    /// Ends a message, in any order.
    #[inline]
    pub fn release(&mut self, route: u32, ticket: u64) -> Result<(), Stop> {
        let (consumer, world) = self.consumer(route)?;
        let answer = consumer.release(&world.shared, ticket);
        answer.map_err(|refusal| blamed(world, route, Kind::ReleasedTwice, refusal))
    }

    /// A message in each row: waits for the first one as `receive` does, and takes the others as far as they are there. What
    /// ended it is answered only where there was none.
    pub fn receive_batch(&mut self, timeout_ns: u64, rows: &mut [MessageRow]) -> Batch {
        let copies = self.copies();
        let mut done = 0;
        while done < rows.len() {
            let rest = &mut rows[done..];
            done += if copies { self.poll_copies_at_once(rest) } else { self.poll_many_at_once(rest) };
            let Some(row) = rows.get_mut(done) else { break };
            match if done == 0 { self.receive(timeout_ns) } else { self.look_once(received) } {
                Ok(received) => *row = MessageRow::of(received),
                Err(why) => return Batch::ended(done, why),
            }
            done += 1;
        }
        Batch { done, answer: Ok(()) }
    }

    /// `poll` for several rows, as long as the ring whose turn it is has a message that is copied at once; how many.
    fn poll_copies_at_once(&mut self, rows: &mut [MessageRow]) -> usize {
        for (at, row) in rows.iter_mut().enumerate() {
            let Some(Some(received)) = self.poll_at_once::<true>() else { return at };
            *row = MessageRow::of(received);
        }
        rows.len()
    }

    /// `poll` for several rows where there is one route, of which messages are read in place, as long as only cells are looked
    /// at; how many.
    #[inline(always)]
    fn poll_many_at_once(&mut self, rows: &mut [MessageRow]) -> usize {
        let [Inlet { consumer, route, .. }] = &mut *self.inlets else { return 0 };
        let (count, mut rows) = (rows.len(), rows.iter_mut());
        consumer.receive_many_at_once(&self.world.shared, count, |message| {
            if let Some(row) = rows.next() {
                *row = MessageRow::of(Received { message, route: *route });
            }
        })
    }

    /// Ends messages in any order until one is refused: those that follow each other on one route together. Of a route that
    /// takes messages each is refused. Rows of what ended name nothing then.
    pub fn release_batch(&mut self, rows: &mut [MessageRow]) -> Batch {
        let mut batch = Batch { done: 0, answer: Ok(()) };
        while let Some(route) = rows.get(batch.done).map(|row| row.route) {
            let of_route = rows[batch.done..].iter().take_while(|row| row.route == route).map(|row| row.ticket);
            let (done, answer) = match self.consumer(route) {
                Ok((consumer, world)) => {
                    let part = consumer.release_many(&world.shared, of_route);
                    (part.done, part.answer.map_err(|refusal| blamed(world, route, Kind::ReleasedTwice, refusal)))
                }
                Err(why) => (0, Err(why)),
            };
            batch.done += done;
            if answer.is_err() {
                batch.answer = answer;
                break;
            }
        }
        rows[..batch.done].fill(MessageRow::NONE);
        batch
    }

    /// Ends a consume_once message that was used.
    pub fn consume(&mut self, route: u32, ticket: u64) -> Result<(), Stop> {
        let (consumer, world) = self.consumer(route)?;
        let answer = consumer.consume(&world.shared, ticket);
        answer.map_err(|refusal| blamed(world, route, Kind::ReleasedTwice, refusal))
    }

    /// The slot of a consume_once message, which is the caller's from here on.
    pub fn take_slot(&mut self, route: u32, ticket: u64) -> Result<Slot, Stop> {
        let (consumer, world) = self.consumer(route)?;
        consumer.take_slot(ticket).map_err(|refusal| blamed(world, route, Kind::UsedAfterEnd, refusal))
    }

    /// Publishes a message on by a sender of the same attachment, without a copy. A consume_once message moves; any
    /// other is borrowed: it stays its producer's and is released when the next consumer has released it. On every
    /// answer but `Ok` it is still in hand.
    pub fn forward(&mut self, route: u32, ticket: u64, to: &mut Sender) -> Result<(), Stop> {
        if !Arc::ptr_eq(&self.world, to.world()) {
            return Err(Stop::Fault(Fault::Argument));
        }
        let (consumer, world) = self.consumer(route)?;
        let found = consumer.forwardable(ticket);
        let (slot, how) = found.map_err(|refusal| blamed(world, route, Kind::UsedAfterEnd, refusal))?;
        let routes = &world.catalog().plan.routes;
        let message = |route: usize| routes.get(route).map(|route| route.message);
        if message(route as usize) != message(to.route()) {
            return Err(Stop::Fault(Fault::Unsupported));
        }
        match how {
            Forward::Taken => {
                to.push_slot(slot)?;
                consumer.take_slot(ticket)?;
                world.record(Kind::ForwardedTaken, to.route());
            }
            Forward::Borrowed => {
                let index = to.lend_on(slot, route as usize)?;
                consumer.lend(&world.shared, ticket, to.route(), index)?;
            }
        }
        Ok(())
    }

    /// What a sleep on behalf of this end must be woken for: a message, and where messages are lent on, their release.
    pub(super) fn reasons(&self) -> u32 {
        let lends = self.inlets.iter().any(|inlet| inlet.consumer.has_lent());
        if lends { FOR_DATA | FOR_SPACE } else { FOR_DATA }
    }

    /// Is there a message that was not received yet?
    pub fn is_ready(&mut self) -> bool {
        let shared = &self.world.shared;
        self.inlets.iter_mut().any(|inlet| inlet.consumer.is_ready(shared))
    }

    /// It was found empty: the descriptor that tells of it may tell of what comes next. True when it is not empty any more.
    #[inline]
    pub(super) fn found_nothing(&mut self) -> bool {
        let Receiver { watch: Some(watch), inlets, world, .. } = self else { return false };
        watch.rearm(|| {
            let is_ready = inlets.iter_mut().any(|inlet| inlet.consumer.is_ready(&world.shared));
            (is_ready, inlets.iter().any(|inlet| inlet.consumer.has_lent()))
        })
    }

    /// A descriptor tells of it from now on.
    pub(super) fn set_watch(&mut self, watch: Watch) {
        self.watch = Some(watch);
        self.is_told_of = true;
    }

    /// No descriptor tells of it any more.
    pub(super) fn unwatch(&mut self) {
        self.watch = None;
        self.is_told_of = false;
    }

    /// Does a descriptor tell of it?
    pub(super) fn is_watched(&self) -> bool {
        self.watch.as_ref().is_some_and(Watch::is_open)
    }

    /// Its routes.
    pub(super) fn routes(&self) -> impl Iterator<Item = usize> + '_ {
        self.inlets.iter().map(|inlet| inlet.consumer.route())
    }

    /// The futex word of its process.
    pub(super) fn flag(&self) -> u64 {
        self.inlets[0].consumer.ring().consumer_flag
    }

    /// The lane of its port.
    pub(super) fn lane(&self) -> Lane {
        self.world.catalog().plan.routes[self.inlets[0].consumer.route()].lane
    }

    /// Cancels of the world that it has told.
    pub(super) fn cancels_told(&mut self) -> &mut u32 {
        &mut self.cancels
    }

    /// Is the producer of a route gone without that being told? The first such one is what is told.
    pub(super) fn lost(&mut self, telling: Telling) -> bool {
        let world = &self.world;
        if telling == Telling::Ask {
            let ask = &mut |other| _ = held_by_the_living(world, other);
            self.inlets.iter().for_each(|inlet| inlet.consumer.others(&world.shared, ask));
        }
        self.inlets.iter_mut().any(|inlet| lost(|| inlet.consumer.peer(&world.shared), world, &mut inlet.told, telling))
    }

    /// The position of the inlet of a route.
    #[inline(always)]
    fn at(&self, route: u32) -> Option<usize> {
        self.positions.get(route.wrapping_sub(self.first) as usize).map(|at| usize::from(*at))
    }

    /// The end of a route, and the world that it is of.
    #[inline]
    fn consumer(&mut self, route: u32) -> Result<(&mut InEnd, &World), Stop> {
        let found = self.at(route).and_then(|at| self.inlets.get_mut(at));
        found.map(|inlet| (&mut inlet.consumer, &*self.world)).ok_or(Stop::Fault(Fault::State))
    }
}

/// What the caller hears; its mistakes are told by the trail as well.
#[cold]
fn blamed(world: &World, route: u32, kind: Kind, refusal: Refusal) -> Stop {
    match refusal {
        Refusal::Ticket => world.record(kind, route as usize),
        Refusal::Unconsumed => world.record(Kind::Unconsumed, route as usize),
        _ => {}
    }
    refusal.into()
}

/// Of a route that has no inlet.
const NO_INLET: u16 = u16::MAX;

/// For each route from the lowest to the highest of them its position among them.
fn positions(routes: &[usize]) -> Box<[u16]> {
    let (first, last) = (routes.iter().min().copied().unwrap_or(0), routes.iter().max().copied().unwrap_or(0));
    let mut positions = vec![NO_INLET; last - first + 1].into_boxed_slice();
    routes.iter().enumerate().for_each(|(at, route)| positions[route - first] = at as u16);
    positions
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.watch = None;
        if self.world.is_forked() {
            return;
        }
        for mut inlet in self.inlets.drain(..) {
            if !inlet.consumer.close(&self.world.shared) {
                self.world.keep_lingering(inlet.consumer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::atomic::Barrier;
    use crate::world::post::post;

    #[test]
    fn a_wait_ends_in_time_though_others_take_whatever_wakes_it() {
        let plan = post("u64");
        let world = World::create_private("post", &plan, Barrier::Fences).expect("there is memory for it");
        let mut sender = Sender::open_routes(&world, &[0]).expect("nobody sends");
        let mut receiver = Receiver::open_routes(&world, &[0]).expect("nobody receives");
        let letter = 7u64.to_ne_bytes();
        assert_eq!(sender.send(&letter), Ok(()));
        // What it finds there has gone whenever it is to be taken.
        assert_eq!(receiver.slowly(1_000_000, |_| Err::<(), _>(Stop::Empty)), Err(Stop::Late));
        let mut found = [MaybeUninit::new(0); 8];
        assert_eq!(receiver.read(1_000_000, &mut found), Ok(()));
        assert_eq!(receiver.read(1_000_000, &mut found), Err(Stop::Late));
    }
}

//! The receiving end of a port: all its routes, in turn.

use std::cell::RefCell;
use std::sync::Arc;

use crate::base::atomic::FOR_DATA;
use crate::base::error::{Error, Fault};
use crate::exchange::{Consumer, Message, Refusal};
use crate::world::ends::{open_end, routes_of};
use crate::world::wait::{Telling, Wait, deadline, lost};
use crate::world::{Stop, World};

/// A message and the route it came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// The message.
    pub message: Message,
    /// Index of the route in the world.
    pub route: u32,
}

/// One route into the port, and the producer's loss that was told already.
#[derive(Debug)]
struct Inlet {
    consumer: Consumer,
    told: u32,
}

/// The receiving end of an in port. One thread at a time.
#[derive(Debug)]
pub struct Receiver {
    inlets: Vec<Inlet>,
    next: usize,
    world: Arc<World>,
    cancels: u32,
}

impl Receiver {
    /// Opens the receiving end of a port of our role, with all its routes.
    pub fn open(world: &Arc<World>, port: &str) -> Result<Receiver, Error> {
        Receiver::open_routes(world, &routes_of(world, port, false)?)
    }

    /// Opens the consuming ends of some routes, whatever our role.
    pub fn open_routes(world: &Arc<World>, routes: &[usize]) -> Result<Receiver, Error> {
        let mut receiver = Receiver {
            inlets: Vec::with_capacity(routes.len()),
            next: 0,
            cancels: world.cancels(),
            world: Arc::clone(world),
        };
        for &route in routes {
            let consumer = open_end(world, route, || Consumer::open(&world.shared, world.me(), route))?;
            receiver.inlets.push(Inlet { consumer, told: 0 });
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
        self.inlets.iter().fold(0, |sum, inlet| sum.wrapping_add(inlet.consumer.released()))
    }

    /// The next message of any route, in turn; `Empty` when there is none.
    #[inline]
    pub fn poll(&mut self) -> Result<Received, Stop> {
        for _ in 0..self.inlets.len() {
            let at = self.next;
            self.next = if at + 1 == self.inlets.len() { 0 } else { at + 1 };
            let consumer = &mut self.inlets[at].consumer;
            match consumer.receive(&self.world.shared) {
                Err(Refusal::Empty) => {}
                answer => return Ok(Received { message: answer?, route: consumer.route() as u32 }),
            }
        }
        Err(Stop::Empty)
    }

    /// The next message, waiting for at most `timeout_ns`; 0 does not wait.
    #[inline]
    pub fn receive(&mut self, timeout_ns: u64) -> Result<Received, Stop> {
        match self.poll() {
            Err(Stop::Empty) if timeout_ns > 0 => {
                wait_any(&mut [&mut *self], timeout_ns)?;
                self.poll()
            }
            answer => answer,
        }
    }

    /// Ends a message, in any order.
    #[inline]
    pub fn release(&mut self, route: u32, ticket: u64) -> Result<(), Stop> {
        let inlet = self.inlets.iter_mut().find(|inlet| inlet.consumer.route() as u32 == route);
        let inlet = inlet.ok_or(Stop::Fault(Fault::State))?;
        Ok(inlet.consumer.release(&self.world.shared, ticket)?)
    }

    /// Is there a message that was not received yet?
    pub fn is_ready(&mut self) -> bool {
        let shared = &self.world.shared;
        self.inlets.iter_mut().any(|inlet| inlet.consumer.is_ready(shared))
    }

    /// Is the producer of a route gone without that being told? The first such one is what is told.
    fn lost(&mut self, telling: Telling) -> bool {
        let world = &self.world;
        self.inlets.iter_mut().any(|inlet| lost(|| inlet.consumer.peer(&world.shared), world, &mut inlet.told, telling))
    }
}

/// Waits until one of several receivers of one attachment has a message, and answers which.
pub fn wait_any(receivers: &mut [&mut Receiver], timeout_ns: u64) -> Result<usize, Stop> {
    let Some(first) = receivers.first() else { return Err(Stop::Fault(Fault::Argument)) };
    let world = Arc::clone(&first.world);
    if receivers.iter().any(|receiver| !Arc::ptr_eq(&receiver.world, &world)) {
        return Err(Stop::Fault(Fault::Argument));
    }
    let flag = first.inlets[0].consumer.ring().consumer_flag;
    let mut cancels = receivers.iter().map(|receiver| receiver.cancels).min().unwrap_or(0);
    let receivers = RefCell::new(receivers);
    let wait = Wait { world: &world, flag, reason: FOR_DATA, deadline_ns: deadline(timeout_ns), cancels: &mut cancels };
    let answer = wait.until(
        || receivers.borrow_mut().iter_mut().position(|receiver| receiver.is_ready()),
        |telling| receivers.borrow_mut().iter_mut().any(|receiver| receiver.lost(telling)),
    );
    // Only this answer tells of the calls; after any other each receiver still knows what it has told.
    if answer == Err(Stop::Cancelled) {
        receivers.borrow_mut().iter_mut().for_each(|receiver| receiver.cancels = cancels);
    }
    answer
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if self.world.is_forked() {
            return;
        }
        for inlet in &mut self.inlets {
            inlet.consumer.close(&self.world.shared);
        }
    }
}

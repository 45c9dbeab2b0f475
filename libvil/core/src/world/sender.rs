//! The sending end of a port.

use std::cell::RefCell;
use std::sync::Arc;

use vil_ir::vocabulary::Backpressure;

use crate::base::atomic::FOR_SPACE;
use crate::base::error::{Error, Fault};
use crate::exchange::{Loan, Producer, Refusal};
use crate::world::ends::{open_end, routes_of};
use crate::world::wait::{Telling, Wait, deadline, lost};
use crate::world::{Stop, World};

/// The sending end of an out port: one route. One thread at a time.
#[derive(Debug)]
pub struct Sender {
    producer: Producer,
    world: Arc<World>,
    cancels: u32,
    /// The consumer's loss that was told already.
    told: u32,
}

impl Sender {
    /// Opens the sending end of a port of our role.
    pub fn open(world: &Arc<World>, port: &str) -> Result<Sender, Error> {
        let routes = routes_of(world, port, true)?;
        let [route] = routes[..] else {
            let message =
                format!("port `{port}` sends by {} routes, and this version of libvil sends by one", routes.len());
            return Err(Error::new(Fault::Unsupported, message));
        };
        Sender::open_route(world, route)
    }

    /// Opens the producing end of a route, whatever our role.
    pub fn open_route(world: &Arc<World>, route: usize) -> Result<Sender, Error> {
        let producer = open_end(world, route, || Producer::open(&world.shared, world.me(), route))?;
        Ok(Sender { producer, cancels: world.cancels(), world: Arc::clone(world), told: 0 })
    }

    /// The world it belongs to.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Bytes of a message on this route.
    pub fn message_size(&self) -> u32 {
        self.producer.ring().size
    }

    /// Messages published on the route since the world was created, exact across crashes and restarts.
    pub fn published(&self) -> u64 {
        self.producer.published()
    }

    /// A place to write a message into; blocks as the route's policy says when the pool is short.
    #[inline]
    pub fn loan(&mut self) -> Result<Loan, Stop> {
        match self.producer.loan(&self.world.shared) {
            Err(Refusal::Short) => self.loan_slowly(),
            answer => Ok(answer?),
        }
    }

    /// Gives a loan back unwritten.
    #[inline]
    pub fn discard(&mut self, ticket: u64) -> Result<(), Stop> {
        Ok(self.producer.discard(ticket)?)
    }

    /// Publishes a loan; what a full ring means is the route's policy. On every answer but `Ok` and `Dropped` the
    /// caller still holds the loan.
    #[inline]
    pub fn publish(&mut self, ticket: u64) -> Result<(), Stop> {
        match self.producer.publish(&self.world.shared, ticket) {
            Err(Refusal::Full) => self.publish_slowly(ticket),
            answer => Ok(answer?),
        }
    }

    #[cold]
    fn loan_slowly(&mut self) -> Result<Loan, Stop> {
        self.world.recover();
        let world = Arc::clone(&self.world);
        match self.producer.loan(&world.shared) {
            Err(Refusal::Short) if self.producer.ring().backpressure == Backpressure::Block => {
                // Slots of the dead come free when their messages are released, and only a sweep brings them back.
                self.wait(
                    |producer| match producer.loan(&world.shared) {
                        Err(Refusal::Short) => None,
                        answer => Some(answer.map_err(Stop::from)),
                    },
                    |world| _ = world.recover(),
                )
            }
            answer => Ok(answer?),
        }
    }

    #[cold]
    fn publish_slowly(&mut self, ticket: u64) -> Result<(), Stop> {
        let world = Arc::clone(&self.world);
        match self.producer.ring().backpressure {
            Backpressure::Block => self.wait(
                |producer| match producer.publish(&world.shared, ticket) {
                    Err(Refusal::Full) => None,
                    answer => Some(answer.map_err(Stop::from)),
                },
                |_| {},
            ),
            Backpressure::DropNewest => {
                self.producer.drop_newest(&world.shared, ticket)?;
                Err(Stop::Dropped)
            }
            Backpressure::Fail | Backpressure::DropOldest => Err(Stop::Full),
        }
    }

    /// Waits for head to move, until the route's deadline; `between` is called once in each slice.
    fn wait<T>(
        &mut self,
        mut attempt: impl FnMut(&mut Producer) -> Option<Result<T, Stop>>,
        mut between: impl FnMut(&World),
    ) -> Result<T, Stop> {
        let Sender { producer, world, cancels, told } = self;
        let producer = RefCell::new(producer);
        let ring = *producer.borrow().ring();
        let deadline_ns = deadline(u64::from(ring.deadline_ms) * 1_000_000);
        let wait = Wait { world, flag: ring.producer_flag, reason: FOR_SPACE, deadline_ns, cancels };
        let peer = || producer.borrow().peer(&world.shared);
        wait.until(
            || attempt(&mut producer.borrow_mut()),
            |telling| {
                if telling == Telling::Ask {
                    between(world);
                }
                lost(peer, world, told, telling)
            },
        )?
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        if !self.world.is_forked() {
            self.producer.close(&self.world.shared);
        }
    }
}

//! What a program leaves unsaid: each default in one place, in the order route, producing port, `defaults`, built-in.
//!
//! Reads the program alone and refuses nothing; what cannot be carried is the passes' business.

use crate::keyed::Keyed;
use crate::limits::{DEFAULT_CAPACITY, DEFAULT_DEADLINE_MS, DEFAULT_SAMPLE, MAX_SAMPLE};
use crate::model::{End, Forward, Message, Port, Program, Queue, Route};
use crate::vocabulary::{Backpressure, Delivery, Direction, Kind, Lane, MemoryClass, Profile, QueueKind, Transfer};

/// The memory class of a message: as written, else from its kind.
pub fn memory(message: &Message) -> MemoryClass {
    message.memory.unwrap_or(message.kind.map_or(MemoryClass::PagedExchange, |kind| kind.memory()))
}

/// The lane of a port: as written, else by `defaults`, else data.
pub fn lane(program: &Program, port: &Port) -> Lane {
    port.lane.or(program.defaults.ports.lane).unwrap_or(Lane::Data)
}

/// Messages a port may hold at once: as written, else by `defaults`, else one.
pub fn loans(program: &Program, port: &Port) -> u32 {
    port.loans.or(program.defaults.ports.loans).unwrap_or(1)
}

/// How many of a process run at once: as written, else one.
pub fn instances(program: &Program, process: &str) -> u32 {
    program.processes.get(process).and_then(|process| process.instances).unwrap_or(1)
}

/// The levels that a route's queue comes from, the strongest first: the route, its producing port, the `defaults` of
/// routes, those of ports. Answers take the queue of the request.
pub fn queues<'p>(program: &'p Program, route: &'p Route, source: &'p Port) -> [&'p Queue; 4] {
    [&route.queue, &source.queue, &program.defaults.routes.queue, &program.defaults.ports.queue]
}

/// Cells of a route's ring: as the strongest level says, else the built-in number.
pub fn capacity(program: &Program, route: &Route, source: &Port) -> u32 {
    stated(program, route, source, |queue| queue.capacity).unwrap_or(DEFAULT_CAPACITY)
}

/// How long block waits on a route, in milliseconds: as the strongest level says, else the built-in number.
pub fn deadline_ms(program: &Program, route: &Route, source: &Port) -> u32 {
    stated(program, route, source, |queue| queue.deadline_ms).unwrap_or(DEFAULT_DEADLINE_MS)
}

/// What a full ring means on a route: as the strongest level says, else from the delivery.
pub fn backpressure(program: &Program, route: &Route, source: &Port, delivery: Delivery) -> Backpressure {
    let derived = match delivery {
        Delivery::AtLeastOnce => Backpressure::Block,
        Delivery::BestEffort => Backpressure::Fail,
    };
    stated(program, route, source, |queue| queue.backpressure).unwrap_or(derived)
}

/// What kind of queue a route has: as the strongest level says, else one producer and one consumer.
pub fn queue_kind(program: &Program, route: &Route, source: &Port) -> QueueKind {
    stated(program, route, source, |queue| queue.kind).unwrap_or(QueueKind::Spsc)
}

/// Whether a route's cells are claimed one by one: several processes share its ends, or its producer takes the oldest
/// message back. What lies in a slot changes hands there.
pub fn is_claimed(program: &Program, route: &Route, source: &Port) -> bool {
    queue_kind(program, route, source) == QueueKind::Mpmc || drops_oldest(program, route, source)
}

fn drops_oldest(program: &Program, route: &Route, source: &Port) -> bool {
    stated(program, route, source, |queue| queue.backpressure) == Some(Backpressure::DropOldest)
}

fn stated<T>(program: &Program, route: &Route, source: &Port, get: impl Fn(&Queue) -> Option<T>) -> Option<T> {
    queues(program, route, source).into_iter().find_map(get)
}

/// The ports from which several routes lead away. Looked up once for a program, because there may be thousands of routes.
#[derive(Debug)]
pub struct Shared<'p>(Keyed<&'p End, ()>);

impl<'p> Shared<'p> {
    /// Those of a program.
    pub fn of(program: &'p Program) -> Shared<'p> {
        let (mut seen, mut shared) = (Keyed::new(), Keyed::new());
        for route in &program.routes {
            if seen.insert(&route.from, ()).is_some() {
                shared.insert(&route.from, ());
            }
        }
        Shared(shared)
    }

    /// Whether this is one of them.
    pub fn contains(&self, from: &End) -> bool {
        self.0.contains_key(from)
    }
}

/// The forwards of a port's process that lead into the port.
pub fn forwards_into<'p>(program: &'p Program, end: &'p End) -> impl Iterator<Item = &'p Forward> {
    let process = program.processes.get(&end.process);
    process.into_iter().flat_map(|process| &process.forwards).filter(|forward| forward.to == end.port)
}

/// The transfer mode of a ring that carries `message`: as written, else by `defaults`, else from queue, forwards and
/// fan-out. What lives on the control heap or is external is copied whatever `defaults` say.
pub fn transfer(program: &Program, shared: &Shared<'_>, route: &Route, source: &Port, message: &Message) -> Transfer {
    if is_copied(message) {
        return route.transfer.unwrap_or(Transfer::Copy);
    }
    route.transfer.or(program.defaults.routes.transfer).unwrap_or_else(|| {
        if is_claimed(program, route, source) {
            Transfer::ConsumeOnce
        } else if forwards_into(program, &route.from).next().is_some() {
            Transfer::PublishOffset
        } else if source.direction == Direction::Out && shared.contains(&route.from) {
            Transfer::ShareRead
        } else {
            Transfer::LoanWrite
        }
    })
}

/// Whether a message moves by copy because of what it is.
fn is_copied(message: &Message) -> bool {
    memory(message) == MemoryClass::ControlHeap || message.layout == Some(Profile::External)
}

/// The transfer mode of the answers to the requests of a route: the route's own, but that the control heap and what is
/// external are copied.
pub fn answer_transfer(program: &Program, route: &Route, reply: &Message) -> Transfer {
    if is_copied(reply) {
        return Transfer::Copy;
    }
    route.transfer.or(program.defaults.routes.transfer).unwrap_or(Transfer::LoanWrite)
}

/// The delivery of a ring that carries `message`: as written, else by `defaults`, else best_effort for what is taken
/// and by the message's kind for the rest. To drop the oldest is no statement about delivery.
pub fn delivery(program: &Program, route: &Route, source: &Port, message: &Message, transfer: Transfer) -> Delivery {
    let by_queue = queue_kind(program, route, source) == QueueKind::Spsc && drops_oldest(program, route, source);
    let is_stated = route.transfer.or(program.defaults.routes.transfer).is_some();
    let derived = match transfer {
        Transfer::ConsumeOnce if is_stated || !by_queue => Delivery::BestEffort,
        _ => by_kind(message),
    };
    stated_delivery(program, route).unwrap_or(derived)
}

/// The delivery of the answers to the requests of a route: the route's own, else by the kind of the reply.
pub fn answer_delivery(program: &Program, route: &Route, reply: &Message) -> Delivery {
    stated_delivery(program, route).unwrap_or(by_kind(reply))
}

fn stated_delivery(program: &Program, route: &Route) -> Option<Delivery> {
    route.delivery.or(program.defaults.routes.delivery)
}

fn by_kind(message: &Message) -> Delivery {
    message.kind.unwrap_or(Kind::Message).delivery()
}

/// What either end's process asks for, the finer of the two, as a power of two.
pub(super) fn sample(program: &Program, route: &Route) -> u32 {
    let asked = |process: &str| {
        let observe = program.processes.get(process).and_then(|process| process.observe.as_ref());
        observe.or(program.defaults.processes.observe.as_ref()).and_then(|observe| observe.sample)
    };
    let finest = [asked(&route.from.process), asked(&route.to.process)].into_iter().flatten().min();
    finest.unwrap_or(DEFAULT_SAMPLE).clamp(1, MAX_SAMPLE).next_power_of_two()
}

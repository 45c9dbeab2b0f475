//! What a program leaves unsaid: each default in one place, in the order route, producing port, `defaults`, built-in.
//!
//! Reads the program alone and refuses nothing; what cannot be carried is the passes' business. Each value comes with
//! where it comes from (`..._why`); most callers want the value alone.

use super::why::{Derived, Why};
use crate::keyed::Keyed;
use crate::layout::Layouts;
use crate::limits::{DEFAULT_CAPACITY, DEFAULT_DEADLINE_MS, DEFAULT_SAMPLE, MAX_SAMPLE};
use crate::model::{End, Message, Observe, Port, Process, Program, Queue, Route};
use crate::vocabulary::{
    Backpressure, Boundary, Cleanup, Delivery, Direction, ExecClass, Kind, Lane, MemoryClass, Profile, QueueKind,
    Transfer, Verify, Zone,
};

/// The memory class of a message: as written, else from its kind.
pub fn memory(message: &Message) -> MemoryClass {
    memory_why(message).value
}

pub(crate) fn memory_why(message: &Message) -> Derived<MemoryClass> {
    let levels = [(message.memory, Why::Stated), (message.kind.map(Kind::memory), Why::Kind)];
    first(levels, MemoryClass::PagedExchange, Why::Kind)
}

pub(crate) fn kind_why(message: &Message) -> Derived<Kind> {
    first([(message.kind, Why::Stated)], Kind::Message, Why::BuiltIn)
}

/// The first of several levels that says something, else what is built in.
fn first<T: Copy, const N: usize>(levels: [(Option<T>, Why); N], built_in: T, why: Why) -> Derived<T> {
    let said = levels.into_iter().find_map(|(value, why)| Some(why.gives(value?)));
    said.unwrap_or(why.gives(built_in))
}

/// The lane of a port: as written, else by `defaults`, else data.
pub fn lane(program: &Program, port: &Port) -> Lane {
    lane_why(program, port).value
}

pub(crate) fn lane_why(program: &Program, port: &Port) -> Derived<Lane> {
    first([(port.lane, Why::Stated), (program.defaults.ports.lane, Why::Ports)], Lane::Data, Why::BuiltIn)
}

/// Messages a port may hold at once: as written, else by `defaults`, else one.
pub fn loans(program: &Program, port: &Port) -> u32 {
    loans_why(program, port).value
}

pub(crate) fn loans_why(program: &Program, port: &Port) -> Derived<u32> {
    first([(port.loans, Why::Stated), (program.defaults.ports.loans, Why::Ports)], 1, Why::BuiltIn)
}

/// How many of a process run at once: as written, else one.
pub fn instances(program: &Program, process: &str) -> u32 {
    program.processes.get(process).map_or(1, |process| instances_why(process).value)
}

pub(crate) fn instances_why(process: &Process) -> Derived<u32> {
    first([(process.instances, Why::Stated)], 1, Why::BuiltIn)
}

/// How far a process is trusted: as written, else by `defaults`, else native_trusted.
pub fn zone(program: &Program, process: &Process) -> Zone {
    zone_why(program, process).value
}

pub(crate) fn zone_why(program: &Program, process: &Process) -> Derived<Zone> {
    let levels = [(process.zone, Why::Stated), (program.defaults.processes.zone, Why::Processes)];
    first(levels, Zone::NativeTrusted, Why::BuiltIn)
}

pub(crate) fn exec_why(program: &Program, process: &Process) -> Derived<ExecClass> {
    let levels = [(process.exec, Why::Stated), (program.defaults.processes.exec, Why::Processes)];
    first(levels, ExecClass::Thread, Why::BuiltIn)
}

pub(crate) fn cleanup_why(program: &Program, process: &Process) -> Derived<Cleanup> {
    let levels = [(process.cleanup, Why::Stated), (program.defaults.processes.cleanup, Why::Processes)];
    first(levels, Cleanup::ReclaimOrphans, Why::BuiltIn)
}

/// Who fails together with a process: as written, else by `defaults`, else it fails alone, under its own name.
pub(crate) fn failure_domain_why<'p>(program: &'p Program, name: &'p str, process: &'p Process) -> Derived<&'p str> {
    let by_defaults = program.defaults.processes.failure_domain.as_deref();
    first([(process.failure_domain.as_deref(), Why::Stated), (by_defaults, Why::Processes)], name, Why::Alone)
}

pub(crate) fn priority_why(program: &Program, process: &Process) -> Option<Derived<i32>> {
    either(process.priority, program.defaults.processes.priority)
}

/// What is observed of a process, as a whole: as written, else by `defaults`.
pub(crate) fn observe_why<'p>(program: &'p Program, process: &'p Process) -> Option<Derived<&'p Observe>> {
    either(process.observe.as_ref(), program.defaults.processes.observe.as_ref())
}

/// What a process says, else what `defaults` say.
fn either<T: Copy>(own: Option<T>, by_defaults: Option<T>) -> Option<Derived<T>> {
    let own = own.map(|own| Why::Stated.gives(own));
    own.or_else(|| Some(Why::Processes.gives(by_defaults?)))
}

/// The levels that a route's queue comes from, the strongest first: the route, its producing port, the `defaults` of
/// routes, those of ports. Answers take the queue of the request.
pub fn queues<'p>(program: &'p Program, route: &'p Route, source: &'p Port) -> [&'p Queue; 4] {
    [&route.queue, &source.queue, &program.defaults.routes.queue, &program.defaults.ports.queue]
}

/// Where the levels of [`queues`] are, in their order.
const LEVELS: [Why; 4] = [Why::Stated, Why::Port, Why::Routes, Why::Ports];

/// Cells of a route's ring: as the strongest level says, else the built-in number.
pub fn capacity(program: &Program, route: &Route, source: &Port) -> u32 {
    capacity_why(program, route, source).value
}

pub(crate) fn capacity_why(program: &Program, route: &Route, source: &Port) -> Derived<u32> {
    stated(program, route, source, |queue| queue.capacity).unwrap_or(Why::BuiltIn.gives(DEFAULT_CAPACITY))
}

/// How long block waits on a route, in milliseconds: as the strongest level says, else the built-in number.
pub fn deadline_ms(program: &Program, route: &Route, source: &Port) -> u32 {
    deadline_ms_why(program, route, source).value
}

pub(crate) fn deadline_ms_why(program: &Program, route: &Route, source: &Port) -> Derived<u32> {
    stated(program, route, source, |queue| queue.deadline_ms).unwrap_or(Why::BuiltIn.gives(DEFAULT_DEADLINE_MS))
}

/// What a full ring means on a route: as the strongest level says, else from the delivery.
pub fn backpressure(program: &Program, route: &Route, source: &Port, delivery: Delivery) -> Backpressure {
    backpressure_why(program, route, source, delivery).value
}

pub(crate) fn backpressure_why(
    program: &Program,
    route: &Route,
    source: &Port,
    delivery: Delivery,
) -> Derived<Backpressure> {
    let derived = match delivery {
        Delivery::AtLeastOnce => Why::Waits.gives(Backpressure::Block),
        Delivery::BestEffort => Why::Fails.gives(Backpressure::Fail),
    };
    stated(program, route, source, |queue| queue.backpressure).unwrap_or(derived)
}

/// What kind of queue a route has: as the strongest level says, else one producer and one consumer.
pub fn queue_kind(program: &Program, route: &Route, source: &Port) -> QueueKind {
    queue_kind_why(program, route, source).value
}

pub(crate) fn queue_kind_why(program: &Program, route: &Route, source: &Port) -> Derived<QueueKind> {
    stated(program, route, source, |queue| queue.kind).unwrap_or(Why::BuiltIn.gives(QueueKind::Spsc))
}

/// Whether a route's cells are claimed one by one: several processes share its ends, or its producer takes the oldest
/// message back. What lies in a slot changes hands there.
pub fn is_claimed(program: &Program, route: &Route, source: &Port) -> bool {
    queue_kind(program, route, source) == QueueKind::Mpmc || drops_oldest(program, route, source)
}

fn drops_oldest(program: &Program, route: &Route, source: &Port) -> bool {
    let stated = stated(program, route, source, |queue| queue.backpressure);
    stated.is_some_and(|stated| stated.value == Backpressure::DropOldest)
}

fn stated<T: Copy>(
    program: &Program,
    route: &Route,
    source: &Port,
    get: impl Fn(&Queue) -> Option<T>,
) -> Option<Derived<T>> {
    let levels = queues(program, route, source).into_iter().zip(LEVELS);
    levels.into_iter().find_map(|(queue, level)| Some(level.gives(get(queue)?)))
}

/// What lies between the ends of a route: as written, else by `defaults`, else from their hosts and processes.
pub fn boundary(program: &Program, route: &Route) -> Boundary {
    boundary_why(program, route).value
}

pub(crate) fn boundary_why(program: &Program, route: &Route) -> Derived<Boundary> {
    let derived = match (hosts(program, route), route.from.process == route.to.process) {
        (Some(_), _) => Why::TwoHosts.gives(Boundary::InterHost),
        (None, true) => Why::OneProcess.gives(Boundary::InterThread),
        (None, false) => Why::TwoProcesses.gives(Boundary::InterProcess),
    };
    let levels = [(route.boundary, Why::Stated), (program.defaults.routes.boundary, Why::Routes)];
    first(levels, derived.value, derived.why)
}

/// The hosts of a route's ends, when they are two.
pub fn hosts<'p>(program: &'p Program, route: &Route) -> Option<(&'p str, &'p str)> {
    let host = |end: &End| program.processes.get(&end.process)?.host.as_deref();
    Some((host(&route.from)?, host(&route.to)?)).filter(|(from, to)| from != to)
}

/// The ports from which several routes lead away, and those that a forward leads to. Looked up once for a program, because
/// there may be thousands of both.
#[derive(Debug)]
pub struct Shared<'p> {
    several: Keyed<&'p End, ()>,
    /// Process and port.
    forwarded: Keyed<(&'p str, &'p str), ()>,
}

impl<'p> Shared<'p> {
    /// Those of a program.
    pub fn of(program: &'p Program) -> Shared<'p> {
        let (mut seen, mut several) = (Keyed::new(), Keyed::new());
        for route in &program.routes {
            if seen.insert(&route.from, ()).is_some() {
                several.insert(&route.from, ());
            }
        }
        let processes = program.processes.iter();
        let forwards = processes.flat_map(|(name, found)| found.forwards.iter().map(move |step| (name, step)));
        let forwarded = forwards.map(|(process, forward)| ((process.as_str(), forward.to.as_str()), ())).collect();
        Shared { several, forwarded }
    }

    /// Whether several routes lead away from this port.
    pub fn contains(&self, from: &End) -> bool {
        self.several.contains_key(from)
    }

    /// Whether a forward leads to this port.
    pub fn is_forwarded(&self, from: &'p End) -> bool {
        self.forwarded.contains_key(&(from.process.as_str(), from.port.as_str()))
    }
}

/// The transfer mode of a ring that carries `message`: as written, else by `defaults`, else from queue, forwards and
/// fan-out. What lives on the control heap or is external is copied whatever `defaults` say.
pub fn transfer<'p>(
    program: &Program,
    shared: &Shared<'p>,
    route: &'p Route,
    source: &Port,
    message: &Message,
) -> Transfer {
    transfer_why(program, shared, route, source, message).value
}

pub(crate) fn transfer_why<'p>(
    program: &Program,
    shared: &Shared<'p>,
    route: &'p Route,
    source: &Port,
    message: &Message,
) -> Derived<Transfer> {
    if let Some(copied) = copied(message) {
        return first([(route.transfer, Why::Stated)], Transfer::Copy, copied);
    }
    stated_transfer(program, route).unwrap_or_else(|| {
        if is_claimed(program, route, source) {
            Why::Claimed.gives(Transfer::ConsumeOnce)
        } else if shared.is_forwarded(&route.from) {
            Why::Forwarded.gives(Transfer::PublishOffset)
        } else if source.direction == Direction::Out && shared.contains(&route.from) {
            Why::Shared.gives(Transfer::ShareRead)
        } else {
            Why::Plain.gives(Transfer::LoanWrite)
        }
    })
}

/// Why a message moves by copy because of what it is, if it does.
fn copied(message: &Message) -> Option<Why> {
    if message.layout == Some(Profile::External) {
        Some(Why::External)
    } else {
        (memory(message) == MemoryClass::ControlHeap).then_some(Why::ControlHeap)
    }
}

/// Whether `verify` does anything for what a port sends and gets in answer: relative messages alone have references to
/// verify. Of what has no layout nobody knows.
pub(crate) fn is_verified(program: &Program, layouts: &Layouts, source: &Port) -> bool {
    let has_references = |name: &str| match layouts.types.get(name) {
        Some(layout) => layout.profile == Profile::Relative,
        None => program.messages.get(name).is_none_or(|message| message.layout != Some(Profile::External)),
    };
    [Some(&source.message), source.reply.as_ref()].into_iter().flatten().any(|name| has_references(name))
}

/// When what a route carries is verified: as written, else by `defaults`, else never. Whoever reads a message stays within
/// it whatever its bytes are, so to verify it is asked for by those who want to know.
pub(crate) fn verify_why(program: &Program, route: &Route) -> Derived<Verify> {
    let levels = [(route.verify, Why::Stated), (program.defaults.routes.verify, Why::Routes)];
    first(levels, Verify::Never, Why::BuiltIn)
}

/// When a port verifies what arrives there, answers included: as the strictest of its routes says, which is the first in
/// the order of the words.
pub fn verify(program: &Program, end: &End) -> Verify {
    let here = program.routes.iter().filter(|route| route.to == *end || route.from == *end);
    here.map(|route| verify_why(program, route).value).min().unwrap_or(Verify::Never)
}

fn stated_transfer(program: &Program, route: &Route) -> Option<Derived<Transfer>> {
    let by_defaults = program.defaults.routes.transfer.map(|transfer| Why::Routes.gives(transfer));
    route.transfer.map(|transfer| Why::Stated.gives(transfer)).or(by_defaults)
}

/// The transfer mode of the answers to the requests of a route: the route's own, but that the control heap and what is
/// external are copied.
pub fn answer_transfer(program: &Program, route: &Route, reply: &Message) -> Transfer {
    if copied(reply).is_some() {
        return Transfer::Copy;
    }
    stated_transfer(program, route).map_or(Transfer::LoanWrite, |stated| stated.value)
}

/// The delivery of a ring that carries `message`: as written, else by `defaults`, else best_effort for what is taken
/// and by the message's kind for the rest. To drop the oldest is no statement about delivery.
pub fn delivery(program: &Program, route: &Route, source: &Port, message: &Message, transfer: Transfer) -> Delivery {
    delivery_why(program, route, source, message, transfer).value
}

pub(crate) fn delivery_why(
    program: &Program,
    route: &Route,
    source: &Port,
    message: &Message,
    transfer: Transfer,
) -> Derived<Delivery> {
    let by_queue = queue_kind(program, route, source) == QueueKind::Spsc && drops_oldest(program, route, source);
    let is_stated = stated_transfer(program, route).is_some();
    let derived = match transfer {
        Transfer::ConsumeOnce if is_stated || !by_queue => Why::Taken.gives(Delivery::BestEffort),
        _ => Why::Kind.gives(by_kind(message)),
    };
    stated_delivery(program, route).unwrap_or(derived)
}

/// The delivery of the answers to the requests of a route: the route's own, else by the kind of the reply.
pub fn answer_delivery(program: &Program, route: &Route, reply: &Message) -> Delivery {
    stated_delivery(program, route).map_or(by_kind(reply), |stated| stated.value)
}

fn stated_delivery(program: &Program, route: &Route) -> Option<Derived<Delivery>> {
    let by_defaults = program.defaults.routes.delivery.map(|delivery| Why::Routes.gives(delivery));
    route.delivery.map(|delivery| Why::Stated.gives(delivery)).or(by_defaults)
}

fn by_kind(message: &Message) -> Delivery {
    kind_why(message).value.delivery()
}

/// What either end's process asks for, the finer of the two, as a power of two.
pub(super) fn sample(program: &Program, route: &Route) -> u32 {
    let asked = |process: &str| match program.processes.get(process) {
        Some(process) => observe_why(program, process)?.value.sample,
        None => program.defaults.processes.observe.as_ref()?.sample,
    };
    let finest = [asked(&route.from.process), asked(&route.to.process)].into_iter().flatten().min();
    finest.unwrap_or(DEFAULT_SAMPLE).clamp(1, MAX_SAMPLE).next_power_of_two()
}

//! A program as plain numbers: which slots, which rings, which words for whom.
//!
//! The runtime reads this and nothing else of a program. Defaults are filled in here, in the order route, producing
//! port, `defaults`, built-in. The plan of a program that the passes accept always exists; what a plan cannot express
//! is an error that names the place.

use crate::fingerprint::{layout_id, layout_text, sha256};
use crate::layout::{Layouts, lay_out};
use crate::limits::{
    DEFAULT_CAPACITY, DEFAULT_DEADLINE_MS, DEFAULT_SAMPLE, INLINE_SIZE, MAX_PROCESSES, MAX_ROUTES, MAX_SAMPLE,
    MAX_SLOTS, SLOT_STRIDE, SPARE_PROCESSES,
};
use crate::model::{End, Message, Port, Program, Queue, Route};
use crate::vocabulary::{Backpressure, Delivery, Direction, Lane, MemoryClass, Profile, QueueKind, Transfer};

/// A program as plain numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Name of the program.
    pub program: String,
    /// SHA-256 of `contract`.
    pub fingerprint: [u8; 32],
    /// Canonical JSON of the program; kept in the world for tools and for explaining a mismatch.
    pub contract: String,
    /// Entries of the process table, at most `MAX_PROCESSES`.
    pub process_entries: u32,
    /// Messages that some route carries, sorted by name.
    pub messages: Vec<MessagePlan>,
    /// Size classes, by stride ascending.
    pub classes: Vec<ClassPlan>,
    /// Routes in the order written.
    pub routes: Vec<RoutePlan>,
}

/// A message that some route carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePlan {
    /// Its name.
    pub name: String,
    /// Its layout id.
    pub layout_id: u64,
    /// Size in bytes.
    pub size: u32,
    /// Alignment in bytes.
    pub align: u32,
    /// Its layout text.
    pub text: String,
}

/// One size class of the exchange heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassPlan {
    /// Distance between slots in bytes, a multiple of `SLOT_STRIDE`.
    pub stride: u32,
    /// Number of slots.
    pub count: u32,
    /// Which memory the slots lie in.
    pub memory: MemoryClass,
}

/// One ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutePlan {
    /// Producing end.
    pub from: End,
    /// Consuming end.
    pub to: End,
    /// Index into `Plan::messages`.
    pub message: u32,
    /// Index into `Plan::classes`; `None` when messages travel inside the cell, [`ANY_CLASS`] for a slot of any class.
    pub class: Option<u32>,
    /// Bytes per cell: 16, 32 or 64.
    pub cell_size: u32,
    /// How many may use the ring's ends.
    pub kind: QueueKind,
    /// Index of the route whose requests this ring answers.
    pub answers: Option<u32>,
    /// Cells, a power of two.
    pub capacity: u32,
    /// Messages the producer may hold at once.
    pub producer_loans: u32,
    /// Messages the consumer may hold at once.
    pub consumer_loans: u32,
    /// Who owns a message while it travels.
    pub transfer: Transfer,
    /// What a consumer's death means.
    pub delivery: Delivery,
    /// What a full ring means.
    pub backpressure: Backpressure,
    /// How long block waits, in milliseconds.
    pub deadline_ms: u32,
    /// The ring's purpose.
    pub lane: Lane,
    /// Every Nth message is stamped: a power of two.
    pub sample: u32,
}

/// A route's class when its ring carries slots of any class: the queues of a heap.
pub const ANY_CLASS: u32 = u32::MAX - 1;

/// Why a program has no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError {
    /// The route, message or program that is the reason.
    pub place: String,
    /// The reason, with the number that mattered.
    pub reason: String,
}

impl std::fmt::Display for PlanError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

impl std::error::Error for PlanError {}

fn refuse<T>(place: impl Into<String>, reason: impl Into<String>) -> Result<T, PlanError> {
    Err(PlanError { place: place.into(), reason: reason.into() })
}

/// Plans a program, its canonical JSON as the contract.
pub fn plan_program(program: &Program) -> Result<Plan, PlanError> {
    plan(program, crate::dump::canonical_json(program))
}

/// Plans a program. `contract` is its canonical JSON (see `dump::canonical_json`).
pub fn plan(program: &Program, contract: String) -> Result<Plan, PlanError> {
    let layouts = match lay_out(program) {
        Ok(layouts) => layouts,
        Err(errors) => return refuse(program.name.clone(), errors.first().map_or(String::new(), |e| e.to_string())),
    };
    let mut plan = Plan {
        program: program.name.clone(),
        fingerprint: sha256(contract.as_bytes()),
        contract,
        process_entries: (program.processes.len() as u32).saturating_add(SPARE_PROCESSES),
        messages: messages(program, &layouts)?,
        classes: Vec::new(),
        routes: Vec::new(),
    };
    if plan.process_entries > MAX_PROCESSES {
        return refuse(
            program.name.clone(),
            format!("{} process entries; at most {MAX_PROCESSES}", plan.process_entries),
        );
    }
    if program.routes.len() > MAX_ROUTES as usize {
        return refuse(program.name.clone(), format!("{} routes; at most {MAX_ROUTES}", program.routes.len()));
    }
    let routes = program.routes.iter().map(|route| one_route(program, &plan.messages, route));
    let mut routes = routes.collect::<Result<Vec<_>, _>>()?;
    plan.classes = classes(&mut routes)?;
    plan.routes = routes.into_iter().map(|(route, _)| route).collect();
    Ok(plan)
}

/// Bytes from one slot to the next for messages of this size: whole `SLOT_STRIDE`s, whole pages above a page.
pub fn stride(size: u32) -> u32 {
    if size <= 4096 { size.max(1).next_multiple_of(SLOT_STRIDE) } else { size.next_multiple_of(4096) }
}

fn messages(program: &Program, layouts: &Layouts) -> Result<Vec<MessagePlan>, PlanError> {
    let mut names: Vec<&str> = Vec::new();
    for route in &program.routes {
        names.push(&port(program, &route.from)?.message);
    }
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| one_message(program, layouts, name)).collect()
}

fn one_message(program: &Program, layouts: &Layouts, name: &str) -> Result<MessagePlan, PlanError> {
    let Some(layout) = layouts.types.get(name) else {
        let profile = program.messages.get(name).and_then(|message| message.layout).unwrap_or(Profile::Flat);
        return refuse(name, format!("messages of profile {profile} cannot be carried by this version"));
    };
    let text = layout_text(program, layouts, name);
    Ok(MessagePlan { name: name.to_owned(), layout_id: layout_id(&text), size: layout.size, align: layout.align, text })
}

fn port<'a>(program: &'a Program, end: &End) -> Result<&'a Port, PlanError> {
    let process = program.processes.get(&end.process);
    let interface = process.and_then(|process| program.interfaces.get(&process.interface));
    match interface.and_then(|interface| interface.ports.get(&end.port)) {
        Some(port) => Ok(port),
        None => refuse(end.to_string(), "there is no such port"),
    }
}

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

/// The levels that a route's queue comes from, the strongest first: the route, its producing port, the `defaults` of
/// routes, those of ports.
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

fn stated<T>(program: &Program, route: &Route, source: &Port, get: impl Fn(&Queue) -> Option<T>) -> Option<T> {
    queues(program, route, source).into_iter().find_map(get)
}

/// The transfer mode of a route: as written, else by `defaults`, else from the message.
pub fn transfer(program: &Program, route: &Route, message: &Message) -> Transfer {
    let derived = if memory(message) == MemoryClass::ControlHeap { Transfer::Copy } else { Transfer::LoanWrite };
    route.transfer.or(program.defaults.routes.transfer).unwrap_or(derived)
}

/// The delivery of a route: as written, else by `defaults`, else from the message's kind.
pub fn delivery(program: &Program, route: &Route, message: &Message, transfer: Transfer) -> Delivery {
    let derived = match transfer {
        Transfer::ConsumeOnce => Delivery::BestEffort,
        _ => message.kind.unwrap_or(crate::vocabulary::Kind::Message).delivery(),
    };
    route.delivery.or(program.defaults.routes.delivery).unwrap_or(derived)
}

/// A route and the slot stride it needs.
fn one_route(
    program: &Program,
    messages: &[MessagePlan],
    route: &Route,
) -> Result<(RoutePlan, Option<u32>), PlanError> {
    let place = format!("{} -> {}", route.from, route.to);
    let (source, target) = (port(program, &route.from)?, port(program, &route.to)?);
    if (source.direction, target.direction) != (Direction::Out, Direction::In) {
        return refuse(place, "a route leads from an out port to an in port");
    }
    if source.message != target.message {
        return refuse(place, format!("the ends disagree: {} and {}", source.message, target.message));
    }
    let Ok(message) = messages.binary_search_by(|message| message.name.as_str().cmp(&source.message)) else {
        return refuse(place, format!("there is no message {}", source.message));
    };
    let Some(declared) = program.messages.get(&source.message) else {
        return refuse(place, format!("there is no message {}", source.message));
    };
    let size = messages[message].size;
    let transfer = transfer(program, route, declared);
    let delivery = delivery(program, route, declared, transfer);
    let inline = transfer == Transfer::Copy && size <= INLINE_SIZE;
    let planned = RoutePlan {
        from: route.from.clone(),
        to: route.to.clone(),
        message: message as u32,
        class: None,
        cell_size: if inline { 64 } else { 16 },
        kind: queue_kind(program, route, source),
        answers: None,
        capacity: capacity(program, route, source),
        producer_loans: loans(program, source),
        consumer_loans: loans(program, target),
        transfer,
        delivery,
        backpressure: backpressure(program, route, source, delivery),
        deadline_ms: deadline_ms(program, route, source),
        lane: lane(program, source),
        sample: sample(program, route),
    };
    Ok((planned, if inline { None } else { Some(stride(size)) }))
}

/// What either end's process asks for, the finer of the two, as a power of two.
fn sample(program: &Program, route: &Route) -> u32 {
    let asked = |process: &str| {
        let observe = program.processes.get(process).and_then(|process| process.observe.as_ref());
        observe.or(program.defaults.processes.observe.as_ref()).and_then(|observe| observe.sample)
    };
    let finest = [asked(&route.from.process), asked(&route.to.process)].into_iter().flatten().min();
    finest.unwrap_or(DEFAULT_SAMPLE).clamp(1, MAX_SAMPLE).next_power_of_two()
}

/// Groups routes by stride; slots per class = sum over producing routes of capacity + loans.
fn classes(routes: &mut [(RoutePlan, Option<u32>)]) -> Result<Vec<ClassPlan>, PlanError> {
    let mut strides: Vec<u32> = routes.iter().filter_map(|(_, stride)| *stride).collect();
    strides.sort_unstable();
    strides.dedup();
    let mut classes: Vec<ClassPlan> =
        strides.iter().map(|&stride| ClassPlan { stride, count: 0, memory: MemoryClass::PagedExchange }).collect();
    let mut total = 0u64;
    for (route, stride) in routes.iter_mut() {
        let Some(class) = stride.and_then(|stride| strides.binary_search(&stride).ok()) else { continue };
        route.class = Some(class as u32);
        let need = u64::from(route.capacity) + u64::from(route.producer_loans);
        total += need;
        if total > u64::from(MAX_SLOTS) {
            return refuse(format!("{} -> {}", route.from, route.to), format!("{total} slots; at most {MAX_SLOTS}"));
        }
        classes[class].count += need as u32;
    }
    Ok(classes)
}

//! A program as plain numbers: which slots, which rings, which words for whom.
//!
//! The runtime reads this and nothing else of a program. Defaults are filled in here, in the order route, producing
//! port, `defaults`, built-in. The plan of a program that the passes accept always exists; what a plan cannot express
//! is an error that names the place.

pub mod binary;
pub(crate) mod derive;
pub(crate) mod holds;
mod rings;
mod why;

pub(crate) use derive::is_verified;
pub use derive::{
    Shared, answer_delivery, answer_transfer, backpressure, boundary, capacity, deadline_ms, delivery, hosts,
    instances, is_claimed, lane, loans, memory, queue_kind, queues, transfer, verify, zone,
};
pub use why::{Derived, Why};

use crate::fingerprint::{layout_id, layout_text, sha256};
use crate::layout::{FRAME_OFFSET, Layouts, RELATIVE_ALIGN, lay_out};
use crate::limits::{MAX_MESSAGE_SIZE, MAX_PROCESSES, MAX_ROUTES, SLOT_STRIDE, SPARE_PROCESSES};
use crate::model::{End, Message, Port, Program};
use crate::vocabulary::{Backpressure, Delivery, Direction, Lane, MemoryClass, Profile, QueueKind, Transfer};

/// A program as plain numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// Size classes, by stride ascending, then by memory.
    pub classes: Vec<ClassPlan>,
    /// Routes in the order written, then one for the answers to each of them that asks.
    pub routes: Vec<RoutePlan>,
}

/// A message that some route carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePlan {
    /// Its name.
    pub name: String,
    /// Its layout id.
    pub layout_id: u64,
    /// Flat: exactly `size` bytes. Relative and external: up to `size` bytes, the head or frame tells how many.
    pub profile: Profile,
    /// Size in bytes: of a relative or external message its `max_bytes`.
    pub size: u32,
    /// Bytes of the smallest message: `size` of a flat one, head and root of a relative one, the frame of an external one.
    pub least: u32,
    /// What the head of a relative message says of its root; of other messages 0.
    pub root_size: u32,
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
    /// Bytes per message: of one that is not flat, the most it may have.
    pub size: u32,
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

impl RoutePlan {
    /// "ingest.credits -> filter.credits"
    pub fn name(&self) -> String {
        let [from, to] = [&self.from, &self.to];
        // Not by what shows an end: every process names its routes, and this way it runs a page of code less.
        format!("{}.{} -> {}.{}", from.process, from.port, to.process, to.port)
    }

    /// Are messages taken out of its ring by whoever claims their cells, and not read there?
    pub fn is_claimed(&self) -> bool {
        self.kind == QueueKind::Mpmc || self.backpressure == Backpressure::DropOldest
    }
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
        process_entries: u32::try_from(processes(program)).unwrap_or(u32::MAX).saturating_add(SPARE_PROCESSES),
        messages: messages(program, &layouts, |name| layout_text(program, &layouts, name))?,
        classes: Vec::new(),
        routes: Vec::new(),
    };
    if plan.process_entries > MAX_PROCESSES {
        return refuse(
            program.name.clone(),
            format!("{} process entries; at most {MAX_PROCESSES}", plan.process_entries),
        );
    }
    let mut rings = rings::rings(program, &plan.messages)?;
    if rings.len() > MAX_ROUTES as usize {
        return refuse(program.name.clone(), format!("{} routes; at most {MAX_ROUTES}", rings.len()));
    }
    plan.classes = rings::classes(&mut rings)?;
    plan.routes = rings.into_iter().map(|ring| ring.plan).collect();
    Ok(plan)
}

/// Processes of a program that run at once, each instance counted.
pub fn processes(program: &Program) -> u64 {
    program.processes.keys().map(|name| u64::from(instances(program, name))).sum()
}

/// What a program needs of a world, however much that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// Rings, those of answers included.
    pub rings: u64,
    /// Slots of all classes.
    pub slots: u64,
    /// Bytes of those slots.
    pub bytes: u64,
}

/// What a program needs of a world; `None` where a ring cannot be planned at all.
pub fn needs(program: &Program) -> Option<Needs> {
    // The texts of their layouts can be much longer than the program, and are not needed to count.
    let messages = messages(program, &lay_out(program).ok()?, |_| String::new()).ok()?;
    let rings = rings::rings(program, &messages).ok()?;
    Some(Needs { rings: rings.len() as u64, slots: rings::slots(&rings), bytes: rings::bytes(&rings) })
}

/// Bytes from one slot to the next for messages of this size: whole `SLOT_STRIDE`s, whole pages above a page.
pub fn stride(size: u32) -> u32 {
    if size <= 4096 { size.max(1).next_multiple_of(SLOT_STRIDE) } else { size.next_multiple_of(4096) }
}

/// The messages that routes carry, with the layout texts that `text` gives them.
fn messages(
    program: &Program,
    layouts: &Layouts,
    text: impl Fn(&str) -> String,
) -> Result<Vec<MessagePlan>, PlanError> {
    let mut names: Vec<&str> = Vec::new();
    for route in &program.routes {
        let port = port(program, &route.from)?;
        names.push(&port.message);
        names.extend(port.reply.as_deref().filter(|_| port.direction == Direction::Request));
    }
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| one_message(program, layouts, name, text(name))).collect()
}

fn one_message(program: &Program, layouts: &Layouts, name: &str, text: String) -> Result<MessagePlan, PlanError> {
    let Some(message) = program.messages.get(name) else { return refuse(name, "there is no such message") };
    let plan = |profile, size, least, root_size, align| {
        let (name, layout_id, text) = (name.to_owned(), layout_id(&text), text.clone());
        MessagePlan { name, layout_id, profile, size, least, root_size, align, text }
    };
    if message.layout == Some(Profile::External) {
        return Ok(plan(
            Profile::External,
            max_bytes(name, message, FRAME_OFFSET + 1)?,
            FRAME_OFFSET,
            0,
            RELATIVE_ALIGN,
        ));
    }
    let Some(layout) = layouts.types.get(name) else { return refuse(name, "the message has no layout") };
    let (least, align) = (layout.least_bytes(), layout.message_align());
    Ok(match layout.profile {
        Profile::Relative => plan(Profile::Relative, max_bytes(name, message, least)?, least, layout.root_size, align),
        Profile::Flat | Profile::External => plan(Profile::Flat, layout.size, least, 0, align),
    })
}

/// The bytes that a slot for a message of no fixed size has.
fn max_bytes(name: &str, message: &Message, least: u32) -> Result<u32, PlanError> {
    let stated = message.max_bytes.map(u32::try_from);
    match stated {
        Some(Ok(bytes)) if (least..=MAX_MESSAGE_SIZE).contains(&bytes) => Ok(bytes),
        Some(_) => {
            let bytes = message.max_bytes.unwrap_or(0);
            refuse(name, format!("max_bytes is {bytes}; {least} to {MAX_MESSAGE_SIZE} are legal"))
        }
        None => refuse(name, "a message that is not flat is carried in slots of its max_bytes, and it has none"),
    }
}

pub(crate) fn port<'a>(program: &'a Program, end: &End) -> Result<&'a Port, PlanError> {
    let process = program.processes.get(&end.process);
    let interface = process.and_then(|process| program.interfaces.get(&process.interface));
    match interface.and_then(|interface| interface.ports.get(&end.port)) {
        Some(port) => Ok(port),
        None => refuse(end.to_string(), "there is no such port"),
    }
}

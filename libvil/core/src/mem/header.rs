//! The static part of a world: what it is and what it was planned for, written once before anyone else can open it.
//!
//! It holds numbers and names, no offsets into the dynamic part: those follow from the numbers. Attach copies it once,
//! decodes the private copy here, and never reads the shared one again. All fields are 64-bit little-endian words;
//! `docs/memory-layout.md` draws the same bytes.

use std::cell::Cell;

use vil_ir::plan::{ClassPlan, Plan};
use vil_ir::vocabulary::{Backpressure, Delivery, Lane, MemoryClass, QueueKind, Transfer};

use crate::base::atomic::Barrier;
use crate::base::error::{Error, Fault};
use crate::base::limits::{LAYOUT_VERSION, MAGIC, MAX_STATIC_SIZE, PAGE};

/// Bytes of the header proper, before the tables.
pub const HEADER_SIZE: u64 = 256;

/// Position of the word that all others are multiplied into, so that a half-written world is refused.
const SEAL: usize = 16;

/// Position of the word that says who orders stores before looks.
const BARRIER: usize = 17;

/// Positions of the header's words; `encode` writes them in this order.
mod word {
    pub(super) const MAGIC: usize = 0;
    pub(super) const VERSION: usize = 1;
    pub(super) const TOTAL_SIZE: usize = 2;
    pub(super) const STATIC_SIZE: usize = 3;
    pub(super) const PROCESSES: usize = 4;
    pub(super) const CLASSES: usize = 5;
    pub(super) const MESSAGES: usize = 6;
    pub(super) const ROUTES: usize = 7;
    pub(super) const CREATED_TICKS: usize = 8;
    pub(super) const CREATED_NS: usize = 9;
    pub(super) const FINGERPRINT: usize = 10;
    pub(super) const PROGRAM: usize = 14;
    pub(super) const CONTRACT: usize = 15;
}

const CLASS_WORDS: usize = 3;
const MESSAGE_WORDS: usize = 4;
const ROUTE_WORDS: usize = 16;

/// The numbers everything else follows from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sizes {
    /// Bytes of the static part, whole pages.
    pub static_size: u64,
    /// Entries of the process table.
    pub processes: u32,
    /// Each size class.
    pub classes: Vec<ClassEntry>,
}

/// One size class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassEntry {
    /// Bytes from one slot to the next.
    pub stride: u32,
    /// Slots.
    pub count: u32,
    /// Which memory they lie in.
    pub memory: MemoryClass,
}

/// What a world says of itself, privately copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// Name of the program.
    pub program: String,
    /// Canonical JSON of the program.
    pub contract: String,
    /// SHA-256 of `contract`.
    pub fingerprint: [u8; 32],
    /// Clock ticks when the world was created.
    pub created_ticks: u64,
    /// Monotonic nanoseconds at the same moment.
    pub created_ns: u64,
    /// Who orders stores before looks.
    pub barrier: Barrier,
    /// Messages that routes carry.
    pub messages: Vec<MessageEntry>,
    /// Routes.
    pub routes: Vec<RouteEntry>,
}

/// A message that routes carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageEntry {
    /// Its name.
    pub name: String,
    /// Its layout id.
    pub layout_id: u64,
    /// Its layout text.
    pub text: String,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteEntry {
    /// Producing process.
    pub from_process: String,
    /// Producing port.
    pub from_port: String,
    /// Consuming process.
    pub to_process: String,
    /// Consuming port.
    pub to_port: String,
    /// Index into `Catalog::messages`.
    pub message: u32,
    /// Bytes per message.
    pub size: u32,
    /// Index into `Sizes::classes`; `None` when messages travel inside the cell, `ANY_CLASS` for a slot of any class.
    pub class: Option<u32>,
    /// Bytes per cell.
    pub cell_size: u32,
    /// How many may use the ring's ends.
    pub kind: QueueKind,
    /// Index of the route whose requests this ring answers.
    pub answers: Option<u32>,
    /// Cells.
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
    /// The ring's purpose.
    pub lane: Lane,
    /// How long block waits.
    pub deadline_ms: u32,
    /// Every Nth message is stamped.
    pub sample: u32,
}

impl RouteEntry {
    /// "ingest.credits -> filter.credits"
    pub fn name(&self) -> String {
        format!("{}.{} -> {}.{}", self.from_process, self.from_port, self.to_process, self.to_port)
    }

    /// Are messages taken out of its ring by whoever claims their cells, and not read there?
    pub fn is_claimed(&self) -> bool {
        self.kind == QueueKind::Mpmc || self.backpressure == Backpressure::DropOldest
    }
}

impl Catalog {
    /// The catalog and the sizes of a plan; `ticks` and `ns` are read at the same moment.
    pub fn from_plan(plan: &Plan, ticks: u64, ns: u64) -> (Catalog, Sizes) {
        let messages = plan.messages.iter().map(|message| MessageEntry {
            name: message.name.clone(),
            layout_id: message.layout_id,
            text: message.text.clone(),
        });
        let routes = plan.routes.iter().map(|route| RouteEntry {
            from_process: route.from.process.clone(),
            from_port: route.from.port.clone(),
            to_process: route.to.process.clone(),
            to_port: route.to.port.clone(),
            message: route.message,
            size: plan.messages[route.message as usize].size,
            class: route.class,
            cell_size: route.cell_size,
            kind: route.kind,
            answers: route.answers,
            capacity: route.capacity,
            producer_loans: route.producer_loans,
            consumer_loans: route.consumer_loans,
            transfer: route.transfer,
            delivery: route.delivery,
            backpressure: route.backpressure,
            lane: route.lane,
            deadline_ms: route.deadline_ms,
            sample: route.sample,
        });
        let catalog = Catalog {
            program: plan.program.clone(),
            contract: plan.contract.clone(),
            fingerprint: plan.fingerprint,
            created_ticks: ticks,
            created_ns: ns,
            barrier: Barrier::Fences,
            messages: messages.collect(),
            routes: routes.collect(),
        };
        let classes = plan.classes.iter().map(class_entry).collect();
        let mut sizes = Sizes { static_size: 0, processes: plan.process_entries, classes };
        sizes.static_size = encode(&catalog, &sizes, 0).len() as u64;
        (catalog, sizes)
    }
}

fn class_entry(class: &ClassPlan) -> ClassEntry {
    ClassEntry { stride: class.stride, count: class.count, memory: class.memory }
}

/// Collects words and the names they refer to.
struct Writer {
    words: Vec<u64>,
    names: Vec<u8>,
    names_at: u64,
}

impl Writer {
    fn text(&mut self, text: &str) -> u64 {
        let offset = self.names_at + self.names.len() as u64;
        self.names.extend_from_slice(text.as_bytes());
        offset | (text.len() as u64) << 32
    }

    fn push_text(&mut self, text: &str) {
        let word = self.text(text);
        self.words.push(word);
    }
}

/// The static part as bytes, whole pages.
pub fn encode(catalog: &Catalog, sizes: &Sizes, total_size: u64) -> Vec<u8> {
    let tables =
        sizes.classes.len() * CLASS_WORDS + catalog.messages.len() * MESSAGE_WORDS + catalog.routes.len() * ROUTE_WORDS;
    let names_at = HEADER_SIZE + tables as u64 * 8;
    let mut out = Writer { words: Vec::new(), names: Vec::new(), names_at };
    let counts = [sizes.classes.len(), catalog.messages.len(), catalog.routes.len()].map(|count| count as u64);
    out.words.extend([MAGIC, LAYOUT_VERSION, total_size, sizes.static_size, u64::from(sizes.processes)]);
    out.words.extend(counts);
    out.words.extend([catalog.created_ticks, catalog.created_ns]);
    out.words.extend(catalog.fingerprint.chunks_exact(8).map(little));
    out.push_text(&catalog.program);
    out.push_text(&catalog.contract);
    out.words.resize((HEADER_SIZE / 8) as usize, 0);
    out.words[BARRIER] = catalog.barrier as u64;
    for class in &sizes.classes {
        out.words.extend([u64::from(class.stride), u64::from(class.count), class.memory as u64]);
    }
    for message in &catalog.messages {
        out.push_text(&message.name);
        out.words.push(message.layout_id);
        out.push_text(&message.text);
        out.words.push(0);
    }
    for route in &catalog.routes {
        encode_route(route, &mut out);
    }
    let mut bytes: Vec<u8> = out.words.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.extend_from_slice(&out.names);
    bytes.resize((bytes.len() as u64).next_multiple_of(PAGE) as usize, 0);
    let seal = seal(&bytes);
    bytes[SEAL * 8..][..8].copy_from_slice(&seal.to_le_bytes());
    bytes
}

fn encode_route(route: &RouteEntry, out: &mut Writer) {
    for name in [&route.from_process, &route.from_port, &route.to_process, &route.to_port] {
        out.push_text(name);
    }
    out.words.extend([route.message, route.size, route.class.map_or(0, |class| class + 1)].map(u64::from));
    out.words.extend([route.cell_size, route.capacity, route.producer_loans, route.consumer_loans].map(u64::from));
    let policy =
        [route.transfer as u64, route.delivery as u64, route.backpressure as u64, route.lane as u64, route.kind as u64];
    out.words.push(policy.iter().rev().fold(0, |word, policy| word << 8 | policy));
    out.words.extend([route.deadline_ms, route.sample].map(u64::from));
    out.words.extend([u64::from(route.answers.map_or(0, |request| request + 1)), 0]);
}

/// What the seal of these bytes must be. No secret: it tells a torn write from a whole one, not friend from foe.
pub fn seal(bytes: &[u8]) -> u64 {
    let words = bytes.chunks_exact(8).map(little).enumerate().filter(|(index, _)| *index != SEAL);
    words.fold(MAGIC, |seal, (_, word)| (seal ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(29))
}

fn little(chunk: &[u8]) -> u64 {
    chunk.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// A private copy of bytes that somebody else may have written: every answer is checked.
///
/// Texts do not share bytes, so together they are no longer than the static part: that bounds what is copied.
struct Reader<'a> {
    bytes: &'a [u8],
    budget: Cell<usize>,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, budget: Cell::new(bytes.len()) }
    }

    fn word(&self, index: usize) -> Result<u64, String> {
        let start = index.checked_mul(8).ok_or("an offset that overflows")?;
        self.bytes.get(start..start + 8).map(little).ok_or_else(|| "tables reach beyond the static part".into())
    }

    fn small(&self, index: usize) -> Result<u32, String> {
        let word = self.word(index)?;
        u32::try_from(word).map_err(|_| format!("{word} where a 32-bit number belongs"))
    }

    fn text(&self, index: usize) -> Result<String, String> {
        let word = self.word(index)?;
        let (start, size) = ((word & 0xffff_ffff) as usize, (word >> 32) as usize);
        let bytes = self.bytes.get(start..start.saturating_add(size)).ok_or("a name reaches beyond the static part")?;
        let left = self.budget.get().checked_sub(size).ok_or("names that lie over one another")?;
        self.budget.set(left);
        String::from_utf8(bytes.to_vec()).map_err(|_| "a name is not UTF-8".into())
    }

    fn pick<T: Copy>(&self, index: usize, byte: u32, all: &[T]) -> Result<T, String> {
        let code = self.word(index)? >> (byte * 8) & 0xff;
        all.get(code as usize).copied().ok_or_else(|| format!("policy {code} is unknown"))
    }
}

/// Total and static size of a world from its first `HEADER_SIZE` bytes: enough to map and copy it.
pub fn peek_sizes(header: &[u8], file_size: u64) -> Result<(u64, u64), Error> {
    let reader = Reader::new(header);
    let corrupt = |reason: String| Error::new(Fault::Corrupt, format!("not a world: {reason}"));
    if reader.word(word::MAGIC).map_err(corrupt)? != MAGIC {
        return Err(corrupt("the magic word is missing".into()));
    }
    let version = reader.word(word::VERSION).map_err(corrupt)?;
    if version != LAYOUT_VERSION {
        let message = format!(
            "the world has memory layout {version}, this libvil has {LAYOUT_VERSION}; use one version of libvil for all"
        );
        return Err(Error::new(Fault::Abi, message));
    }
    let (total, fixed) =
        (reader.word(word::TOTAL_SIZE).map_err(corrupt)?, reader.word(word::STATIC_SIZE).map_err(corrupt)?);
    if total != file_size {
        return Err(corrupt(format!(
            "the file has {file_size} bytes, its header says {total}; remove it and create it again"
        )));
    }
    if fixed < HEADER_SIZE || fixed > total.min(MAX_STATIC_SIZE) || !fixed.is_multiple_of(PAGE) {
        return Err(corrupt(format!("a static part of {fixed} bytes")));
    }
    Ok((total, fixed))
}

/// Decodes a private copy of the static part.
pub fn decode(bytes: &[u8]) -> Result<(Catalog, Sizes), Error> {
    decode_checked(bytes).map_err(|reason| Error::new(Fault::Corrupt, format!("not a world: {reason}")))
}

fn decode_checked(bytes: &[u8]) -> Result<(Catalog, Sizes), String> {
    let reader = Reader::new(bytes);
    if reader.word(SEAL)? != seal(bytes) {
        return Err("its static part is not the one that was sealed; it was torn or changed".into());
    }
    let [classes, messages, routes] = [word::CLASSES, word::MESSAGES, word::ROUTES].map(|index| reader.small(index));
    let (classes, messages, routes) = (classes? as usize, messages? as usize, routes? as usize);
    let first_class = (HEADER_SIZE / 8) as usize;
    let first_message = first_class + classes * CLASS_WORDS;
    let first_route = first_message + messages * MESSAGE_WORDS;
    if (first_route + routes * ROUTE_WORDS) * 8 > bytes.len() {
        return Err("tables reach beyond the static part".into());
    }
    let class = |i: usize| decode_class(&reader, first_class + i * CLASS_WORDS);
    let sizes = Sizes {
        static_size: bytes.len() as u64,
        processes: reader.small(word::PROCESSES)?,
        classes: (0..classes).map(class).collect::<Result<_, String>>()?,
    };
    let message = |i: usize| decode_message(&reader, first_message + i * MESSAGE_WORDS);
    let route = |i: usize| decode_route(&reader, first_route + i * ROUTE_WORDS, messages);
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(&bytes[word::FINGERPRINT * 8..word::PROGRAM * 8]);
    let catalog = Catalog {
        program: reader.text(word::PROGRAM)?,
        contract: reader.text(word::CONTRACT)?,
        fingerprint,
        created_ticks: reader.word(word::CREATED_TICKS)?,
        created_ns: reader.word(word::CREATED_NS)?,
        barrier: decode_barrier(reader.word(BARRIER)?)?,
        messages: (0..messages).map(message).collect::<Result<_, String>>()?,
        routes: (0..routes).map(route).collect::<Result<_, String>>()?,
    };
    Ok((catalog, sizes))
}

fn decode_barrier(word: u64) -> Result<Barrier, String> {
    let known = usize::try_from(word).ok().and_then(|word| Barrier::ALL.get(word));
    known.copied().ok_or_else(|| format!("barrier {word} is unknown"))
}

fn decode_class(reader: &Reader<'_>, at: usize) -> Result<ClassEntry, String> {
    let memory = reader.pick(at + 2, 0, MemoryClass::ALL)?;
    Ok(ClassEntry { stride: reader.small(at)?, count: reader.small(at + 1)?, memory })
}

fn decode_message(reader: &Reader<'_>, at: usize) -> Result<MessageEntry, String> {
    Ok(MessageEntry { name: reader.text(at)?, layout_id: reader.word(at + 1)?, text: reader.text(at + 2)? })
}

fn decode_route(reader: &Reader<'_>, at: usize, messages: usize) -> Result<RouteEntry, String> {
    let message = reader.small(at + 4)?;
    if message as usize >= messages {
        return Err(format!("a route carries message {message} of {messages}"));
    }
    Ok(RouteEntry {
        from_process: reader.text(at)?,
        from_port: reader.text(at + 1)?,
        to_process: reader.text(at + 2)?,
        to_port: reader.text(at + 3)?,
        message,
        size: reader.small(at + 5)?,
        class: reader.small(at + 6)?.checked_sub(1),
        cell_size: reader.small(at + 7)?,
        capacity: reader.small(at + 8)?,
        producer_loans: reader.small(at + 9)?,
        consumer_loans: reader.small(at + 10)?,
        transfer: reader.pick(at + 11, 0, Transfer::ALL)?,
        delivery: reader.pick(at + 11, 1, Delivery::ALL)?,
        backpressure: reader.pick(at + 11, 2, Backpressure::ALL)?,
        lane: reader.pick(at + 11, 3, Lane::ALL)?,
        deadline_ms: reader.small(at + 12)?,
        sample: reader.small(at + 13)?,
        kind: reader.pick(at + 11, 4, QueueKind::ALL)?,
        answers: reader.small(at + 14)?.checked_sub(1),
    })
}

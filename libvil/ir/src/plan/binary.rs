//! A plan as bytes: the tables in the static part of a world, and what `vil gen` embeds in generated code so that
//! nobody has to plan a program anew at run time.
//!
//! 64-bit little-endian words, a head and then tables, and behind them the names that they refer to. The contract is no
//! part of them: it stands beside. Who reads may have been given anything, so every place is checked here; whether the
//! numbers make a world is the runtime's to check. `docs/memory-layout.md` draws the same bytes.

use std::cell::Cell;

use super::{ClassPlan, MessagePlan, Plan, RoutePlan};
use crate::model::End;
use crate::vocabulary::{Backpressure, Delivery, Lane, MemoryClass, Profile, QueueKind, Transfer};
use crate::words::{seal, word_at, words_of};

/// First word of an embedded plan: its form. The last byte is raised by every change of the bytes here, which is one of the
/// memory layout too, and of what a program is planned to be: a plan of another form is not read, and its program is planned
/// anew.
pub const FORM: u64 = u64::from_le_bytes(*b"VILPLAN\x01");

/// Bytes before an embedded plan: its form and its seal.
const EMBEDDED: usize = 16;

/// Positions of the head's words; `encode` writes them in this order.
mod word {
    pub(super) const PROCESSES: usize = 0;
    pub(super) const CLASSES: usize = 1;
    pub(super) const MESSAGES: usize = 2;
    pub(super) const ROUTES: usize = 3;
    pub(super) const PROGRAM: usize = 4;
    pub(super) const FINGERPRINT: usize = 5;
}

const HEAD_WORDS: usize = word::FINGERPRINT + 4;
const CLASS_WORDS: usize = 3;
const MESSAGE_WORDS: usize = 8;
const ROUTE_WORDS: usize = 16;

/// Collects words and the names they refer to.
struct Writer {
    words: Vec<u64>,
    names: Vec<u8>,
    names_at: u64,
}

impl Writer {
    fn text(&mut self, text: &str) {
        let offset = self.names_at + self.names.len() as u64;
        self.names.extend_from_slice(text.as_bytes());
        self.words.push(offset | (text.len() as u64) << 32);
    }

    fn numbers<const N: usize>(&mut self, numbers: [u32; N]) {
        self.words.extend(numbers.map(u64::from));
    }
}

/// Words before the names.
fn table_words(plan: &Plan) -> usize {
    let tables =
        [plan.classes.len() * CLASS_WORDS, plan.messages.len() * MESSAGE_WORDS, plan.routes.len() * ROUTE_WORDS];
    HEAD_WORDS + tables.iter().sum::<usize>()
}

/// Bytes of the plan as `encode` writes it.
pub fn size(plan: &Plan) -> usize {
    let messages = plan.messages.iter().map(|message| message.name.len() + message.text.len());
    let ends = plan.routes.iter().flat_map(|route| [&route.from, &route.to]);
    let ends = ends.map(|end| end.process.len() + end.port.len());
    table_words(plan) * 8 + (plan.program.len() + messages.chain(ends).sum::<usize>()).next_multiple_of(8)
}

/// The plan as bytes, whole words.
pub fn encode(plan: &Plan) -> Vec<u8> {
    let words = table_words(plan);
    let mut out = Writer { words: Vec::with_capacity(words), names: Vec::new(), names_at: words as u64 * 8 };
    out.numbers([plan.process_entries]);
    out.words.extend([plan.classes.len(), plan.messages.len(), plan.routes.len()].map(|count| count as u64));
    out.text(&plan.program);
    out.words.extend(words_of(&plan.fingerprint));
    for class in &plan.classes {
        out.words.extend([u64::from(class.stride), u64::from(class.count), class.memory as u64]);
    }
    for message in &plan.messages {
        encode_message(message, &mut out);
    }
    for route in &plan.routes {
        encode_route(route, &mut out);
    }
    let mut bytes: Vec<u8> = out.words.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.extend_from_slice(&out.names);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}

fn encode_message(message: &MessagePlan, out: &mut Writer) {
    out.text(&message.name);
    out.words.push(message.layout_id);
    out.text(&message.text);
    out.words.push(message.profile as u64);
    out.numbers([message.size, message.least, message.root_size, message.align]);
}

fn encode_route(route: &RoutePlan, out: &mut Writer) {
    for name in [&route.from.process, &route.from.port, &route.to.process, &route.to.port] {
        out.text(name);
    }
    out.numbers([route.message, route.size, route.class.map_or(0, |class| class + 1), route.cell_size]);
    out.numbers([route.capacity, route.producer_loans, route.consumer_loans]);
    let policy =
        [route.transfer as u64, route.delivery as u64, route.backpressure as u64, route.lane as u64, route.kind as u64];
    out.words.push(policy.iter().rev().fold(0, |word, policy| word << 8 | policy));
    out.numbers([route.deadline_ms, route.sample, route.answers.map_or(0, |request| request + 1), 0]);
}

/// Bytes that somebody else may have written and nobody changes any more: every answer is checked, and the first that is
/// wrong is kept until all is read. What is read after it is of no account, and no more of it than there is.
///
/// Texts do not share bytes, so together they are no longer than the plan: that bounds what is copied.
struct Reader<'a> {
    bytes: &'a [u8],
    budget: Cell<usize>,
    wrong: Cell<Option<String>>,
}

impl Reader<'_> {
    #[cold]
    fn refuse(&self, reason: impl FnOnce() -> String) {
        let first = self.wrong.take();
        self.wrong.set(first.or_else(|| Some(reason())));
    }

    fn word(&self, index: usize) -> u64 {
        word_at(self.bytes, index).unwrap_or_else(|| {
            self.refuse(|| "tables reach beyond the plan".into());
            0
        })
    }

    fn small(&self, index: usize) -> u32 {
        let word = self.word(index);
        if word > u64::from(u32::MAX) {
            self.refuse(|| format!("{word} where a 32-bit number belongs"));
        }
        word as u32
    }

    fn text(&self, index: usize) -> String {
        self.named(self.word(index)).unwrap_or_else(|reason| {
            self.refuse(|| reason.into());
            String::new()
        })
    }

    /// The text that a word `offset:32, size:32` names.
    fn named(&self, word: u64) -> Result<String, &'static str> {
        let (start, size) = ((word & 0xffff_ffff) as usize, (word >> 32) as usize);
        let text = self.bytes.get(start..start.saturating_add(size)).ok_or("a name reaches beyond the plan")?;
        self.budget.set(self.budget.get().checked_sub(size).ok_or("names that lie over one another")?);
        std::str::from_utf8(text).map(str::to_owned).map_err(|_| "a name is not UTF-8")
    }

    fn pick<T: Copy>(&self, index: usize, byte: u32, all: &[T]) -> T {
        let code = self.word(index) >> (byte * 8) & 0xff;
        all.get(code as usize).copied().unwrap_or_else(|| {
            self.refuse(|| format!("policy {code} is unknown"));
            all[0]
        })
    }
}

/// Reads a plan's bytes, which nobody changes meanwhile; `contract` stands beside them.
///
/// # Errors
/// What is wrong first, a sentence for people.
pub fn decode(bytes: &[u8], contract: &str) -> Result<Plan, String> {
    let reader = Reader { bytes, budget: Cell::new(bytes.len()), wrong: Cell::new(None) };
    let [classes, messages, routes] =
        [word::CLASSES, word::MESSAGES, word::ROUTES].map(|index| reader.small(index) as usize);
    let first_message = HEAD_WORDS + classes * CLASS_WORDS;
    let first_route = first_message + messages * MESSAGE_WORDS;
    if (first_route + routes * ROUTE_WORDS) * 8 > bytes.len() {
        return Err("tables reach beyond the plan".into());
    }
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(&bytes[word::FINGERPRINT * 8..HEAD_WORDS * 8]);
    let plan = Plan {
        program: reader.text(word::PROGRAM),
        fingerprint,
        contract: contract.to_owned(),
        process_entries: reader.small(word::PROCESSES),
        messages: (0..messages).map(|i| decode_message(&reader, first_message + i * MESSAGE_WORDS)).collect(),
        classes: (0..classes).map(|i| decode_class(&reader, HEAD_WORDS + i * CLASS_WORDS)).collect(),
        routes: (0..routes).map(|i| decode_route(&reader, first_route + i * ROUTE_WORDS, messages)).collect(),
    };
    reader.wrong.take().map_or(Ok(plan), Err)
}

fn decode_class(reader: &Reader<'_>, at: usize) -> ClassPlan {
    ClassPlan {
        stride: reader.small(at),
        count: reader.small(at + 1),
        memory: reader.pick(at + 2, 0, MemoryClass::ALL),
    }
}

fn decode_message(reader: &Reader<'_>, at: usize) -> MessagePlan {
    MessagePlan {
        name: reader.text(at),
        layout_id: reader.word(at + 1),
        text: reader.text(at + 2),
        profile: reader.pick(at + 3, 0, Profile::ALL),
        size: reader.small(at + 4),
        least: reader.small(at + 5),
        root_size: reader.small(at + 6),
        align: reader.small(at + 7),
    }
}

fn decode_route(reader: &Reader<'_>, at: usize, messages: usize) -> RoutePlan {
    let end = |at: usize| End { process: reader.text(at), port: reader.text(at + 1) };
    let message = reader.small(at + 4);
    if message as usize >= messages {
        reader.refuse(|| format!("a route carries message {message} of {messages}"));
    }
    RoutePlan {
        from: end(at),
        to: end(at + 2),
        message,
        size: reader.small(at + 5),
        class: reader.small(at + 6).checked_sub(1),
        cell_size: reader.small(at + 7),
        capacity: reader.small(at + 8),
        producer_loans: reader.small(at + 9),
        consumer_loans: reader.small(at + 10),
        transfer: reader.pick(at + 11, 0, Transfer::ALL),
        delivery: reader.pick(at + 11, 1, Delivery::ALL),
        backpressure: reader.pick(at + 11, 2, Backpressure::ALL),
        lane: reader.pick(at + 11, 3, Lane::ALL),
        deadline_ms: reader.small(at + 12),
        sample: reader.small(at + 13),
        kind: reader.pick(at + 11, 4, QueueKind::ALL),
        answers: reader.small(at + 14).checked_sub(1),
    }
}

/// A plan that is embedded beside the text of its program: `FORM`, a seal over all of it and over the text, the plan.
pub fn embed(plan: &Plan) -> Vec<u64> {
    let planned = encode(plan);
    [FORM, seal_of(&planned, &plan.contract)].into_iter().chain(words_of(&planned)).collect()
}

/// Reads an embedded plan, which nobody changes meanwhile.
///
/// # Errors
/// Why it is not used: it is of another form, it does not belong to this text, or it is none.
pub fn extract(bytes: &[u8], contract: &str) -> Result<Plan, String> {
    let (Some(FORM), Some(seal), Some(planned)) = (word_at(bytes, 0), word_at(bytes, 1), bytes.get(EMBEDDED..)) else {
        return Err("its plan has another form than this libvil's".into());
    };
    if seal != seal_of(planned, contract) || !planned.len().is_multiple_of(8) {
        return Err("its plan is not of this text".into());
    }
    decode(planned, contract)
}

/// The seal over an embedded plan and the text beside it.
fn seal_of(planned: &[u8], contract: &str) -> u64 {
    seal(FORM, words_of(planned).chain(words_of(contract.as_bytes())).chain([contract.len() as u64]))
}

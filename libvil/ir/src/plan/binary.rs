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

/// First word of an embedded plan: its form, the last byte raised by every change of the bytes here. A plan of another
/// form is not read, and its program planned anew.
pub const FORM: u64 = u64::from_le_bytes(*b"VILPLAN\x01");

/// Positions of the head's words; `encode` writes them in this order.
mod word {
    pub(super) const PROCESSES: usize = 0;
    pub(super) const CLASSES: usize = 1;
    pub(super) const MESSAGES: usize = 2;
    pub(super) const ROUTES: usize = 3;
    pub(super) const PROGRAM: usize = 4;
    pub(super) const FINGERPRINT: usize = 5;
}

const HEAD_WORDS: usize = 9;
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

/// The plan as bytes, whole words.
pub fn encode(plan: &Plan) -> Vec<u8> {
    let tables =
        plan.classes.len() * CLASS_WORDS + plan.messages.len() * MESSAGE_WORDS + plan.routes.len() * ROUTE_WORDS;
    let names_at = (HEAD_WORDS + tables) as u64 * 8;
    let mut out = Writer { words: Vec::with_capacity(HEAD_WORDS + tables), names: Vec::new(), names_at };
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

/// A private copy of bytes that somebody else may have written: every answer is checked, and the first that is wrong is kept
/// until all is read. What is read after it is of no account, and no more of it than there is.
///
/// Texts do not share bytes, so together they are no longer than the plan: that bounds what is copied.
struct Reader<'a> {
    bytes: &'a [u8],
    budget: Cell<usize>,
    wrong: Cell<Option<String>>,
}

impl Reader<'_> {
    #[cold]
    fn refuse(&self, reason: String) {
        let first = self.wrong.take();
        self.wrong.set(first.or(Some(reason)));
    }

    fn word(&self, index: usize) -> u64 {
        word_at(self.bytes, index).unwrap_or_else(|| {
            self.refuse("tables reach beyond the plan".into());
            0
        })
    }

    fn small(&self, index: usize) -> u32 {
        let word = self.word(index);
        if word > u64::from(u32::MAX) {
            self.refuse(format!("{word} where a 32-bit number belongs"));
        }
        word as u32
    }

    fn text(&self, index: usize) -> String {
        let found = text_at(self.bytes, self.word(index)).and_then(|text| {
            self.budget.set(self.budget.get().checked_sub(text.len()).ok_or("names that lie over one another")?);
            Ok(text.to_owned())
        });
        found.unwrap_or_else(|reason| {
            self.refuse(reason);
            String::new()
        })
    }

    fn pick<T: Copy>(&self, index: usize, byte: u32, all: &[T]) -> T {
        let code = self.word(index) >> (byte * 8) & 0xff;
        all.get(code as usize).copied().unwrap_or_else(|| {
            self.refuse(format!("policy {code} is unknown"));
            all[0]
        })
    }
}

/// Reads a private copy of a plan's bytes; `contract` stands beside them. The error is a sentence for people.
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
        reader.refuse(format!("a route carries message {message} of {messages}"));
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
    let mut words = vec![FORM, 0];
    words.extend(words_of(&encode(plan)));
    words[1] = seal(embedded(&words, &plan.contract));
    words
}

/// Reads an embedded plan. The error says why it is not used: it is of another form, or it does not belong to this text.
pub fn extract(bytes: &[u8], contract: &str) -> Result<Plan, String> {
    let words: Vec<u64> = words_of(bytes).collect();
    if words.len() < 2 || words.len() * 8 != bytes.len() || words[0] != FORM {
        return Err("its plan has another form than this libvil's".into());
    }
    if words[1] != seal(embedded(&words, contract)) {
        return Err("its plan is not of this text".into());
    }
    decode(&bytes[16..], contract)
}

/// What the seal of an embedded plan is over.
fn embedded<'a>(words: &'a [u64], contract: &'a str) -> impl Iterator<Item = u64> + 'a {
    let text = words_of(contract.as_bytes()).chain([contract.len() as u64]);
    words.iter().copied().skip(2).chain(text)
}

/// A number that differs where the words do. No secret: it tells a torn or changed copy from a whole one, not friend from
/// foe.
pub fn seal(words: impl Iterator<Item = u64>) -> u64 {
    words.fold(FORM, |seal, word| (seal ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(29))
}

/// Bytes as words, the last one filled with zeroes.
pub fn words_of(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let (words, rest) = bytes.as_chunks::<8>();
    let last = rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    words.iter().map(|word| u64::from_le_bytes(*word)).chain((!rest.is_empty()).then_some(last))
}

/// The word of an index; `None` behind the end.
pub fn word_at(bytes: &[u8], index: usize) -> Option<u64> {
    let start = index.checked_mul(8)?;
    words_of(bytes.get(start..start.checked_add(8)?)?).next()
}

/// The text that a word `offset:32, size:32` names.
pub fn text_at(bytes: &[u8], word: u64) -> Result<&str, String> {
    let (start, size) = ((word & 0xffff_ffff) as usize, (word >> 32) as usize);
    let text = bytes.get(start..start.saturating_add(size)).ok_or("a text reaches beyond its end")?;
    std::str::from_utf8(text).map_err(|_| "a text is not UTF-8".into())
}

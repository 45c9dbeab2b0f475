//! The process table: one entry per attached process.
//!
//! The first word is the truth and is changed by CAS only. The rest is information for people, written by the entry's
//! owner after it is ALIVE; a crash in between leaves an entry without a name.

use crate::base::limits::PROCESS_NAME;
use crate::base::words::{ProcState, ProcWord, ProcessId};
use crate::mem::Shared;
use crate::registry::trail::{Event, Kind, record};

const PID: u64 = 8;
const SINCE: u64 = 16;
const LANGUAGE: u64 = 24;
const START: u64 = 32;
const NAMESPACES: u64 = 40;
const CERTIFIED: u64 = 48;
const NAME: u64 = 64;

const _: () = assert!(NAME as usize + PROCESS_NAME == crate::mem::PROCESS_SIZE as usize);

/// Who a process says it is.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    /// Its pid in its own namespace.
    pub pid: u32,
    /// Monotonic nanoseconds at attach.
    pub since_ns: u64,
    /// Its process in the program; empty for a role-less one. Cut at 64 bytes.
    pub name: &'a str,
}

/// The language that a process's calls come from. The numbers are part of the memory layout and of the C surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// C, or nothing was said.
    C,
    /// C++.
    Cpp,
    /// Rust.
    Rust,
    /// Another one.
    Other,
}

impl Language {
    /// Every language, in the order of their numbers.
    pub const ALL: &[Language] = &[Language::C, Language::Cpp, Language::Rust, Language::Other];

    /// Its number.
    pub fn code(self) -> u32 {
        self as u32
    }

    /// The language of a number; `None` is none.
    pub fn decode(code: u64) -> Option<Language> {
        Language::ALL.get(usize::try_from(code).ok()?).copied()
    }

    /// "C", "C++", "Rust", "other"
    pub fn word(self) -> &'static str {
        match self {
            Language::C => "C",
            Language::Cpp => "C++",
            Language::Rust => "Rust",
            Language::Other => "other",
        }
    }
}

/// What makes an entry's pid name one process: with it others can prove a death that the token alone hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certificate {
    /// Its pid.
    pub pid: u32,
    /// When it began, as `sys::process::start_time` has it.
    pub start: u64,
    /// Where its pid counts, as `sys::process::namespaces` has it.
    pub namespaces: u64,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// The entry's word.
    pub word: ProcWord,
    /// Its pid in its own namespace.
    pub pid: u32,
    /// Monotonic nanoseconds at attach.
    pub since_ns: u64,
    /// The language its calls come from.
    pub language: Language,
    /// Its process in the program.
    pub name: String,
}

/// Reads an entry's word; nonsense reads as FREE of epoch 0, which nobody's CAS will ever match.
pub fn state(shared: &Shared, process: ProcessId) -> ProcWord {
    let word = shared.segment.word(shared.geometry.process(process.0)).load("proc");
    ProcWord::decode(word).unwrap_or(ProcWord { epoch: 0, state: ProcState::Free })
}

/// FREE(e) -> ALIVE(e) in the entry whose token the caller has just taken. False: the entry is not free.
///
/// A crash before leaves nothing but a token the kernel takes back; a crash after leaves ALIVE without a token, which
/// is what recovery looks for.
pub fn claim(shared: &Shared, process: ProcessId, identity: Identity<'_>) -> bool {
    let found = state(shared, process);
    if found.state != ProcState::Free || !change(shared, process, found, found.with(ProcState::Alive), "claim") {
        return false;
    }
    let at = shared.geometry.process(process.0);
    shared.segment.word(at + PID).note(u64::from(identity.pid), "identity");
    shared.segment.word(at + SINCE).note(identity.since_ns, "identity");
    shared.segment.word(at + LANGUAGE).note(u64::from(Language::C.code()), "identity");
    let mut name = [0u8; PROCESS_NAME];
    let size = identity.name.len().min(PROCESS_NAME);
    name[..size].copy_from_slice(&identity.name.as_bytes()[..size]);
    for (i, chunk) in name.chunks_exact(8).enumerate() {
        let word = chunk.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        shared.segment.word(at + NAME + i as u64 * 8).note(word, "identity");
    }
    record(shared, Event::new(Kind::Attached, process).number(found.epoch));
    true
}

/// Says which language our calls come from. Only the entry's owner does.
pub fn speak(shared: &Shared, me: ProcessId, language: Language) {
    let at = shared.geometry.process(me.0);
    shared.segment.word(at + LANGUAGE).note(u64::from(language.code()), "identity");
}

/// Certifies our entry, after it was claimed: the last word names the epoch that the others belong to, so that nobody
/// takes a predecessor's pid for ours.
pub fn certify(shared: &Shared, me: ProcessId, certificate: Certificate) {
    let at = shared.geometry.process(me.0);
    shared.segment.word(at + PID).note(u64::from(certificate.pid), "identity");
    shared.segment.word(at + START).note(certificate.start, "identity");
    shared.segment.word(at + NAMESPACES).note(certificate.namespaces, "identity");
    shared.segment.word(at + CERTIFIED).store(state(shared, me).encode(), "certify");
}

/// The certificate of the process that lives in an entry now, and the entry's word. A mix of two owners' words is of no
/// harm: whoever buries by it does so in the epoch that is answered.
pub fn certificate(shared: &Shared, process: ProcessId) -> Option<(ProcWord, Certificate)> {
    let at = shared.geometry.process(process.0);
    let word = state(shared, process);
    if word.state != ProcState::Alive || shared.segment.word(at + CERTIFIED).load("certify") != word.encode() {
        return None;
    }
    let [pid, start, namespaces] =
        [PID, START, NAMESPACES].map(|offset| shared.segment.word(at + offset).peek("identity"));
    Some((word, Certificate { pid: u32::try_from(pid).ok()?, start, namespaces }))
}

/// What an entry says, for people.
pub fn info(shared: &Shared, process: ProcessId) -> Info {
    let at = shared.geometry.process(process.0);
    let word = state(shared, process);
    let mut name = Vec::with_capacity(PROCESS_NAME);
    for i in 0..PROCESS_NAME as u64 / 8 {
        name.extend_from_slice(&shared.segment.word(at + NAME + i * 8).peek("identity").to_le_bytes());
    }
    name.truncate(name.iter().position(|byte| *byte == 0).unwrap_or(PROCESS_NAME));
    Info {
        word,
        pid: shared.segment.word(at + PID).peek("identity") as u32,
        since_ns: shared.segment.word(at + SINCE).peek("identity"),
        language: Language::decode(shared.segment.word(at + LANGUAGE).peek("identity")).unwrap_or(Language::Other),
        name: String::from_utf8_lossy(&name).into_owned(),
    }
}

/// One CAS on an entry's word.
pub(super) fn change(shared: &Shared, process: ProcessId, from: ProcWord, to: ProcWord, site: &'static str) -> bool {
    shared.segment.word(shared.geometry.process(process.0)).cas(from.encode(), to.encode(), site).is_ok()
}

/// Every entry of the table.
pub(super) fn all(shared: &Shared) -> impl Iterator<Item = ProcessId> + use<> {
    (0..shared.geometry.processes as u16).map(ProcessId)
}

/// Entries that are ALIVE, whether or not their process still lives.
pub fn living(shared: &Shared) -> u32 {
    all(shared).filter(|process| state(shared, *process).state == ProcState::Alive).count() as u32
}

/// Processes that died and were recovered since the world was created. A crash right before the count loses one, and nothing else.
pub fn recoveries(shared: &Shared) -> u64 {
    shared.segment.word(shared.geometry.counters_offset).peek("recoveries")
}

/// Counts one recovery.
pub(super) fn count_recovery(shared: &Shared) {
    shared.segment.word(shared.geometry.counters_offset).add(1, "recoveries");
}

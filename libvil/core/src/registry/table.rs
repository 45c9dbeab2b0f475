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

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// The entry's word.
    pub word: ProcWord,
    /// Its pid in its own namespace.
    pub pid: u32,
    /// Monotonic nanoseconds at attach.
    pub since_ns: u64,
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

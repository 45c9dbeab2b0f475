//! Runs a program instruction by instruction between its two breakpoints, and keeps which instructions ran in which call.
//! The breakpoints must be one place in the program. Never changes what the program does.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

use vil_tests::tracee::{Go, Mapping, Tracee, base};

use crate::listing::LONGEST;

/// Steps after which a program is taken to be lost.
const STEP_LIMIT: usize = 20_000_000;

/// Functions to tell apart, by their addresses in a file.
#[derive(Debug)]
pub(crate) struct Functions<'a> {
    /// The library or program they are in.
    pub(crate) file: &'a Path,
    /// Name and address, as the file's symbols have it.
    pub(crate) addresses: BTreeMap<String, u64>,
}

/// One call, from its first instruction to its return; `name` is "" for what ran between calls.
#[derive(Debug)]
pub(crate) struct Call {
    /// The function.
    pub(crate) name: String,
    /// Addresses of the instructions in the order in which they ran.
    pub(crate) instructions: Vec<u64>,
}

/// What ran between the breakpoints.
#[derive(Debug)]
pub(crate) struct Recording {
    /// Calls and what was between them, in order.
    pub(crate) calls: Vec<Call>,
    /// The bytes at each address that was run.
    pub(crate) code: BTreeMap<u64, [u8; LONGEST]>,
    mappings: Vec<Mapping>,
}

impl Recording {
    /// The file that an address was mapped from, and its offset from the file's beginning.
    pub(crate) fn place(&self, address: u64) -> (&str, u64) {
        let found = self.mappings.iter().find(|mapping| (mapping.start..mapping.end).contains(&address));
        let file = found.map_or("", |mapping| mapping.file.as_str());
        (file, address - base(&self.mappings, file).unwrap_or(0))
    }
}

/// Runs a program to its end; `None` when this machine does not let a process be traced.
pub(crate) fn recorded(command: &mut Command, functions: &Functions) -> Option<Recording> {
    let mut tracee = Tracee::start(command)?;
    tracee.must_go(Go::Breakpoint);
    let recording = steps(&mut tracee, functions);
    tracee.must_go(Go::Breakpoint);
    tracee.end();
    Some(recording)
}

/// Records every step until the place of the breakpoint is reached again.
fn steps(tracee: &mut Tracee, functions: &Functions) -> Recording {
    let mappings = tracee.mappings();
    let entries = entries(&mappings, functions);
    let memory = tracee.memory();
    let mut recording = Recording { calls: vec![between()], code: BTreeMap::new(), mappings };
    let (behind_breakpoint, _) = tracee.registers();
    let mut inside = None;
    for _ in 0..STEP_LIMIT {
        tracee.must_go(Go::Step);
        let (at, stack) = tracee.registers();
        if at == behind_breakpoint - 1 {
            return recording;
        }
        if inside.is_some_and(|top| stack > top) {
            recording.calls.push(between());
            inside = None;
        }
        if let (None, Some(name)) = (inside, entries.get(&at)) {
            recording.calls.push(Call { name: (*name).to_owned(), instructions: Vec::new() });
            inside = Some(stack);
        }
        recording.code.entry(at).or_insert_with(|| bytes(&memory, at));
        recording.calls.last_mut().expect("there is one from the beginning").instructions.push(at);
    }
    panic!("no second breakpoint after {STEP_LIMIT} steps");
}

fn between() -> Call {
    Call { name: String::new(), instructions: Vec::new() }
}

/// Functions by the addresses at which they begin in this process.
fn entries<'a>(mappings: &[Mapping], functions: &'a Functions) -> BTreeMap<u64, &'a str> {
    let file = functions.file.canonicalize().expect("the file is there");
    let base = base(mappings, file.to_str().expect("a path in UTF-8")).expect("the program has the file in memory");
    functions.addresses.iter().map(|(name, address)| (base + address, name.as_str())).collect()
}

/// What is at an address; what cannot be read is `nop`.
fn bytes(memory: &File, address: u64) -> [u8; LONGEST] {
    let mut bytes = [0x90; LONGEST];
    let read = memory.read_at(&mut bytes, address).expect("what runs is readable");
    assert!(read > 0, "nothing at {address:#x}");
    bytes
}

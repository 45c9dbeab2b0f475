//! Runs a program instruction by instruction between its two breakpoints, and keeps which instructions ran in which call.
//! The breakpoints must be one place in the program. Never changes what the program does.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::ptr::{null_mut, without_provenance_mut};

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

#[derive(Debug)]
struct Mapping {
    start: u64,
    end: u64,
    file: String,
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
    share_one_processor();
    // SAFETY: ptrace is a system call and nothing else, which is allowed between fork and exec.
    unsafe { command.pre_exec(traced_by_parent) };
    let child = match command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn() {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return None,
        child => child.expect("the program starts"),
    };
    let mut tracee = Tracee::begun(child);
    tracee.go(libc::PTRACE_CONT);
    let recording = tracee.steps(functions);
    tracee.go(libc::PTRACE_CONT);
    tracee.end();
    Some(recording)
}

/// Keeps this thread, and what it starts, on the processor it is on: a step then costs two changes of context and no
/// message between processors, which makes it several times faster. Where that is refused it is only slower.
fn share_one_processor() {
    // SAFETY: integers only, for which all zeroes is a value.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: sched_getcpu takes nothing; the set is ours, and a processor that does not fit into it is left out.
    unsafe {
        if let Ok(processor) = usize::try_from(libc::sched_getcpu()) {
            libc::CPU_SET(processor, &mut set);
        }
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set);
    }
}

fn traced_by_parent() -> std::io::Result<()> {
    // SAFETY: takes no pointer that is looked at.
    let answer = unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, null_mut::<u8>(), null_mut::<u8>()) };
    if answer == -1 { Err(Error::last_os_error()) } else { Ok(()) }
}

/// A program that stands still; it dies with the thread that traces it.
struct Tracee {
    child: Child,
    pid: libc::pid_t,
}

impl Tracee {
    /// Takes over a program that has just begun.
    fn begun(child: Child) -> Self {
        let pid = libc::pid_t::try_from(child.id()).expect("a pid");
        let mut this = Self { child, pid };
        let status = this.waited();
        assert!(libc::WIFSTOPPED(status), "it ended with status {status:#x}: {}", this.said());
        this.ask(libc::PTRACE_SETOPTIONS, libc::PTRACE_O_EXITKILL as usize);
        this
    }

    /// Records every step until the place of the breakpoint is reached again.
    fn steps(&mut self, functions: &Functions) -> Recording {
        let mappings = mappings(self.pid);
        let entries = entries(&mappings, functions);
        let memory = File::open(format!("/proc/{}/mem", self.pid)).expect("a tracee's memory is readable");
        let mut recording = Recording { calls: vec![between()], code: BTreeMap::new(), mappings };
        let (behind_breakpoint, _) = self.registers();
        let mut inside = None;
        for _ in 0..STEP_LIMIT {
            self.go(libc::PTRACE_SINGLESTEP);
            let (at, stack) = self.registers();
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

    /// Where the program stands, and the top of its stack.
    fn registers(&self) -> (u64, u64) {
        // SAFETY: integers only, for which all zeroes is a value.
        let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
        // SAFETY: the process is our tracee and stands still; the place for its registers is ours.
        let answer = unsafe { libc::ptrace(libc::PTRACE_GETREGS, self.pid, null_mut::<u8>(), &raw mut registers) };
        assert_eq!(answer, 0, "{}", Error::last_os_error());
        (registers.rip, registers.rsp)
    }

    /// Lets it run until it stops at a breakpoint or after a step; signals that come are passed on.
    fn go(&mut self, how: libc::c_uint) {
        let mut signal = 0;
        loop {
            self.ask(how, signal);
            let status = self.waited();
            assert!(libc::WIFSTOPPED(status), "it ended with status {status:#x}: {}", self.said());
            match libc::WSTOPSIG(status) {
                libc::SIGTRAP => return,
                other => signal = other as usize,
            }
        }
    }

    /// Lets it run to its end, which must be a good one.
    fn end(mut self) {
        self.ask(libc::PTRACE_CONT, 0);
        let status = self.waited();
        assert_eq!(status, 0, "it ended with status {status:#x}: {}", self.said());
    }

    fn ask(&self, request: libc::c_uint, data: usize) {
        // SAFETY: the process is our tracee and stands still; these requests take no address, and a number as data.
        let answer = unsafe { libc::ptrace(request, self.pid, null_mut::<u8>(), without_provenance_mut::<u8>(data)) };
        assert_eq!(answer, 0, "{}", Error::last_os_error());
    }

    fn waited(&self) -> libc::c_int {
        let mut status = 0;
        // SAFETY: the status is ours to write.
        let pid = unsafe { libc::waitpid(self.pid, &raw mut status, 0) };
        assert_eq!(pid, self.pid, "{}", Error::last_os_error());
        status
    }

    /// What an ended program has written to its stderr.
    fn said(&mut self) -> String {
        let mut text = String::new();
        let pipe = self.child.stderr.as_mut().expect("stderr is a pipe");
        pipe.read_to_string(&mut text).expect("a pipe is readable");
        text
    }
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

fn mappings(pid: libc::pid_t) -> Vec<Mapping> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/maps")).expect("a tracee's mappings are readable");
    text.lines().filter_map(mapping).collect()
}

/// `55d0-55e0 r-xp 00001000 fe:00 42     /usr/lib/libc.so.6`
fn mapping(line: &str) -> Option<Mapping> {
    let mut words = line.split_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let [start, end] = [start, end].map(|text| u64::from_str_radix(text, 16));
    Some(Mapping { start: start.ok()?, end: end.ok()?, file: words.nth(4).unwrap_or("").to_owned() })
}

/// Where a file begins in memory.
fn base(mappings: &[Mapping], file: &str) -> Option<u64> {
    mappings.iter().find(|mapping| mapping.file == file).map(|mapping| mapping.start)
}

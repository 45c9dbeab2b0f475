//! Every instruction that runs between loan and release is looked at: libvil's, and those of whatever it calls.
//!
//! The steps begin at a message that is stamped, as every 64th is, and more than 16 hold a producer's look at head. In a
//! world with membarriers no fence runs at all; in one with fences one for each publish and each release.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use vil_core::sys::membarrier;
use vil_tests::artifact::artifact;
use vil_tests::cc::{skip, tool};
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::scratch::Scratch;

use crate::listing::{Kind, disassembled, kind};
use crate::stepper::{Functions, Recording, recorded};
use crate::{compiled, in_rust};

/// The calls of a stream, and how many fences each may run in a world with fences; in one with membarriers none may.
const CALLS: &[(&str, usize)] = &[
    ("vil_sender_loan", 0),
    ("vil_sender_publish", 1),
    ("vil_sender_send", 1),
    ("vil_sender_send_batch", 1),
    ("vil_sender_loan_batch", 0),
    ("vil_sender_publish_batch", 1),
    ("vil_receiver_receive", 0),
    ("vil_receiver_release", 1),
    ("vil_receiver_read", 1),
    ("vil_receiver_read_batch", 1),
    ("vil_receiver_receive_batch", 0),
    ("vil_receiver_release_batch", 1),
];

/// What is stepped through, and by how many messages: two laps of stamps where slots travel, and as many messages as hold
/// everything once where bytes are copied. `skips` does nothing else than `slots` in a steady stream; a heap's queue takes
/// a lock of its own process and gives blocks away by one locked instruction each.
const STEPPED: &[(&str, usize)] = &[("slots", 130), ("cells", 17), ("copies", 17)];

/// The same for the Rust crate, over the same calls. Few, because without optimization a message takes 6,000 steps.
const STEPPED_IN_RUST: &[(&str, usize)] = &[("slots", 17), ("cells", 3)];

/// Set for programs that are to make worlds with fences.
const FENCES: &str = "VIL_HOT_PATH_FENCES";

/// A recording with the text of its instructions.
struct Listing {
    recording: Recording,
    texts: BTreeMap<u64, String>,
    kinds: BTreeMap<u64, Kind>,
}

impl Listing {
    fn count(&self, instructions: &[u64], wanted: Kind) -> usize {
        instructions.iter().filter(|address| self.kinds[address] == wanted).count()
    }

    /// Every instruction that must not run, once, with the call in which it ran and where it is.
    fn faults(&self) -> Vec<String> {
        let ran = self.recording.calls.iter().flat_map(|call| call.instructions.iter().map(|at| (*at, &call.name)));
        let once: BTreeMap<u64, &String> = ran.collect();
        let bad = once.into_iter().filter(|(at, _)| matches!(self.kinds[at], Kind::Locked | Kind::SystemCall));
        bad.map(|(at, call)| self.fault(at, call)).collect()
    }

    fn fault(&self, address: u64, call: &str) -> String {
        let (file, offset) = self.recording.place(address);
        let call = if call.is_empty() { "between calls" } else { call };
        format!("{call}: `{}` at {file}+{offset:#x}, {}", self.texts[&address], source_line(file, offset))
    }

    /// Invocations of one function: their instructions.
    fn invocations(&self, name: &str) -> Vec<&[u64]> {
        let calls = self.recording.calls.iter().filter(|call| call.name == name);
        calls.map(|call| call.instructions.as_slice()).collect()
    }
}

/// The function and line of an address, where binutils can tell.
fn source_line(file: &str, offset: u64) -> String {
    let said = Command::new("addr2line").args(["-Cfpie", file, &format!("{offset:#x}")]).output();
    said.map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The addresses of functions in a file.
pub(crate) fn addresses(file: &Path, flags: &[&str], wanted: &[&str]) -> Option<BTreeMap<String, u64>> {
    let output = Command::new(tool("nm")?).args(flags).arg("--defined-only").arg(file).output().expect("nm starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let symbol = |line: &str| {
        let (address, rest) = line.split_once(' ')?;
        let name = called(rest.split_once(' ')?.1.split('@').next()?, wanted)?;
        Some((name.to_owned(), u64::from_str_radix(address, 16).ok()?))
    };
    Some(said.lines().filter_map(symbol).collect())
}

/// Which of the wanted functions a symbol is: exported under its name, or the one that Rust compiles into its callers, and calls
/// where nothing is optimized.
fn called<'w>(symbol: &str, wanted: &[&'w str]) -> Option<&'w str> {
    let is_it = |name: &&&str| symbol == **name || symbol.contains(&format!("7inlined{}{name}17h", name.len()));
    wanted.iter().find(is_it).copied()
}

/// Steps through a program; `None` where a tool or the right to trace is missing, and then that is told.
fn listing(program: &Path, arguments: &[&str], file: &Path, flags: &[&str], is_fenced: bool) -> Option<Listing> {
    let (objdump, addresses) =
        (tool("objdump")?, addresses(file, flags, &CALLS.iter().map(|(call, _)| *call).collect::<Vec<_>>())?);
    assert!(!addresses.is_empty(), "{} has none of the calls", file.display());
    let worlds = RuntimeDir::new("hot-path-steps");
    let mut command = Command::new(program);
    command.args(arguments).env("VIL_RUNTIME_DIR", &*worlds);
    if is_fenced {
        command.env(FENCES, "1");
    }
    let Some(recording) = recorded(&mut command, &Functions { file, addresses }) else {
        skip("ptrace", "this kernel or container does not allow it");
        return None;
    };
    let texts = disassembled(&objdump, &recording.code);
    let kinds = texts.iter().map(|(at, text)| (*at, kind(text))).collect();
    Some(Listing { recording, texts, kinds })
}

fn of_library(program: &Path, arguments: &[&str]) -> Option<Listing> {
    listing(program, arguments, &artifact().shared, &["-D"], false)
}

/// Are worlds made without fences here? Where not, that is told.
fn has_membarrier() -> bool {
    let answer = membarrier::is_allowed();
    if let Err(error) = &answer {
        skip("membarrier", &format!("this kernel or container does not allow it: {error}"));
    }
    answer.is_ok()
}

/// Prints what each call costs in instructions, and holds it to what it may run.
fn held(title: &str, listing: &Listing, stepped: usize, is_fenced: bool) {
    let faults = listing.faults();
    assert!(faults.is_empty(), "{title}:\n{}", faults.join("\n"));
    let mut messages = 0;
    for (name, allowed) in CALLS {
        let calls = listing.invocations(name);
        let mut lengths: Vec<_> = calls.iter().map(|call| call.len()).collect();
        lengths.sort_unstable();
        let [least, .., most] = lengths[..] else { continue };
        let fences = calls.iter().map(|call| listing.count(call, Kind::Fence)).max().unwrap_or(0);
        let stamps: usize = calls.iter().map(|call| listing.count(call, Kind::Stamp)).sum();
        println!(
            "{title}: {name}: {} calls, {least} to {most} instructions, median {}, at most {fences} fences, {stamps} stamps",
            lengths.len(),
            lengths[lengths.len() / 2],
        );
        let allowed = if is_fenced { *allowed } else { 0 };
        assert!(fences <= allowed, "{title}: {name} runs {fences} fences");
        if name.ends_with("_loan") {
            messages += lengths.len();
        }
        if ["_publish", "_push", "_receive", "_pop"].iter().any(|end| name.ends_with(end)) {
            assert!(stamps >= stepped.div_ceil(64), "{title}: {name} was to meet a stamp at every 64th message");
        }
    }
    assert!(messages >= stepped, "{title}: {messages} messages");
    let between: Vec<u64> = listing.invocations("").concat();
    assert_eq!(listing.count(&between, Kind::Fence), 0, "{title}: a fence between calls");
}

#[test]
fn c_runs_no_fence_and_no_locked_instruction_for_any_message() {
    let dir = Scratch::new("hot-path-steps");
    let program = compiled(&dir, "steps");
    let is_fenced = !has_membarrier();
    for (lane, messages) in STEPPED {
        let Some(listing) = of_library(&program, &[lane, &messages.to_string()]) else { return };
        held(lane, &listing, *messages, is_fenced);
    }
}

#[test]
fn in_a_world_with_fences_c_runs_one_at_most_for_each_publish_and_release() {
    let dir = Scratch::new("hot-path-fences");
    let program = compiled(&dir, "steps");
    let stepped = ["slots", "17"];
    let Some(listing) = listing(&program, &stepped, &artifact().shared, &["-D"], true) else { return };
    held("slots with fences", &listing, 17, true);
    for call in ["vil_sender_publish", "vil_receiver_release"] {
        let fences = listing.invocations(call).concat();
        assert!(listing.count(&fences, Kind::Fence) > 0, "{call}: the fence is not seen, or was not asked for");
    }
}

#[test]
fn rust_runs_no_fence_and_no_locked_instruction_for_any_message() {
    let is_fenced = !has_membarrier();
    for (lane, messages) in STEPPED_IN_RUST {
        let arguments = ["steps", lane, &messages.to_string()];
        let Some(listing) = listing(in_rust(), &arguments, in_rust(), &[], false) else { return };
        held(&format!("{lane} in Rust"), &listing, *messages, is_fenced);
    }
}

#[test]
fn a_locked_instruction_an_exchange_and_a_system_call_are_found() {
    let dir = Scratch::new("hot-path-steps-twin");
    let program = compiled(&dir, "steps");
    for (how, instruction) in [("lock", "lock "), ("xchg", "xchg "), ("call", "syscall")] {
        let Some(listing) = of_library(&program, &["slots", "1", how]) else { return };
        let faults = listing.faults();
        let is_it = |fault: &String| fault.starts_with("between calls: ") && fault.contains(instruction);
        assert!(faults.len() == 1 && is_it(&faults[0]), "{how}: {faults:?}");
    }
}

#[test]
fn a_wait_that_sleeps_is_found_where_it_locks_and_where_it_calls_the_kernel() {
    let dir = Scratch::new("hot-path-steps-sleep");
    let program = compiled(&dir, "steps");
    let Some(listing) = of_library(&program, &["slots", "1", "sleep"]) else { return };
    let faults = listing.faults();
    for instruction in ["`lock ", "`syscall`"] {
        let is_it = |fault: &String| fault.starts_with("vil_receiver_receive: ") && fault.contains(instruction);
        assert!(faults.iter().any(is_it), "no {instruction}:\n{}", faults.join("\n"));
    }
    println!("{}", faults.join("\n"));
}

#[test]
fn instructions_are_told_apart_by_what_they_do() {
    let kinds = [
        ("mov    %rax,(%rdi)", Kind::Plain),
        ("xchg   %ax,%ax", Kind::Plain),
        ("xchg   %rax,(%rdi)", Kind::Locked),
        ("xchg   %rax,0x8(%rsp)", Kind::Locked),
        ("lock cmpxchg %rcx,(%rdi)", Kind::Locked),
        ("cmpxchg %rcx,(%rdi)", Kind::Locked),
        ("lock incq 0x10(%rax)", Kind::Locked),
        ("lock orl $0x1,(%rsp)", Kind::Locked),
        ("lock orl $0x0,(%rdi)", Kind::Locked),
        ("lock orl $0x0,-0x40(%rsp)", Kind::Fence),
        ("lock orq $0x0,(%rsp)", Kind::Fence),
        ("mfence", Kind::Fence),
        ("sfence", Kind::Plain),
        ("syscall", Kind::SystemCall),
        ("int    $0x80", Kind::SystemCall),
        ("rdtsc", Kind::Stamp),
    ];
    for (text, expected) in kinds {
        assert_eq!(kind(text), expected, "{text}");
    }
}

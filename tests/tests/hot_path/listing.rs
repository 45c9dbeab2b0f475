//! What instructions are, by the words of objdump: the bytes that ran are written one by one into a file and disassembled,
//! so it makes no difference whether they were libvil's, the C library's or the kernel's page of clocks.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use vil_tests::scratch::Scratch;

/// The longest instruction of x86-64 in bytes.
pub(crate) const LONGEST: usize = 15;

/// Bytes between two instructions in the file: what lies behind an instruction decodes as something, but ends before the
/// next one begins.
const STRIDE: usize = 32;

const NOP: u8 = 0x90;

/// What an instruction means for the hot path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Neither of these.
    Plain,
    /// `mfence`, or a locked change of the stack that changes nothing, which compilers use instead.
    Fence,
    /// With a lock prefix, a `cmpxchg`, or an `xchg` with memory, which locks by itself.
    Locked,
    /// Enters the kernel.
    SystemCall,
    /// Reads the time stamp counter.
    Stamp,
}

/// The text of each instruction, from the bytes at its address.
pub(crate) fn disassembled(objdump: &Path, code: &BTreeMap<u64, [u8; LONGEST]>) -> BTreeMap<u64, String> {
    let dir = Scratch::new("hot-path-code");
    let file = dir.join("code");
    let mut bytes = vec![NOP; code.len() * STRIDE];
    for (place, instruction) in bytes.chunks_mut(STRIDE).zip(code.values()) {
        place[..LONGEST].copy_from_slice(instruction);
    }
    std::fs::write(&file, bytes).expect("the directory is ours");
    let flags = ["-D", "-z", "-w", "--no-show-raw-insn", "-b", "binary", "-m", "i386:x86-64"];
    let output = Command::new(objdump).args(flags).arg(&file).output().expect("objdump starts");
    assert!(output.status.success(), "objdump: {}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8_lossy(&output.stdout);
    let texts = by_offset(&lines);
    let found = code.keys().enumerate().map(|(at, address)| (*address, texts[&(at * STRIDE)].to_owned()));
    found.collect()
}

/// `  20:\tmfence` as 0x20 and `mfence`.
fn by_offset(lines: &str) -> BTreeMap<usize, &str> {
    let parts = lines.lines().filter_map(|line| line.split_once(":\t"));
    parts.filter_map(|(at, text)| Some((usize::from_str_radix(at.trim(), 16).ok()?, text.trim()))).collect()
}

/// What an instruction is.
pub(crate) fn kind(text: &str) -> Kind {
    let words: Vec<_> = text.split_whitespace().collect();
    let operation = words.iter().find(|word| !word.starts_with("rex")).copied().unwrap_or("");
    let is_locked = words.contains(&"lock");
    let changes_nothing = ["orb", "orw", "orl", "orq", "addl", "addq"].iter().any(|word| words.contains(word));
    if operation == "mfence" || is_locked && changes_nothing && text.contains(" $0x0,") && text.ends_with("(%rsp)") {
        Kind::Fence
    } else if is_locked || text.contains("cmpxchg") || operation.starts_with("xchg") && text.contains('(') {
        Kind::Locked
    } else if ["syscall", "sysenter", "int"].contains(&operation) {
        Kind::SystemCall
    } else if operation.starts_with("rdtsc") {
        Kind::Stamp
    } else {
        Kind::Plain
    }
}

//! Blocks of 64 B and 4 KiB, allocated and freed by one process, and allocated by one and freed by another.

use super::exchange::size_name;
use super::{Amount, Benchmark, Case, Entrant, Program};

/// The row of the table.
pub(crate) fn benchmark(amount: Amount) -> Benchmark {
    let cases = [64, 4096].iter().flat_map(|size| ["local", "across"].map(|operation| case(amount, *size, operation)));
    Benchmark {
        name: "heap",
        about: "a block allocated, its first word written, and freed; nanoseconds a block",
        shape: "vil: a heap that processes share, freed by its owner or pushed to another process that frees; mimalloc and \
                malloc: one process, its own heap, or two threads of it",
        cases: cases.collect(),
        plots: Vec::new(),
    }
}

fn case(amount: Amount, size: usize, operation: &'static str) -> Case {
    let all = [("vil-rust", Program::Rust), ("mimalloc", Program::Peer), ("malloc", Program::Peer)];
    let entrant = |(subject, program)| {
        let entrant = Entrant::new(subject, program).with("size", size).with("operation", operation);
        entrant.with("messages", amount.of(2_000_000)).with("batch", 64).with("cells", 256)
    };
    let how = if operation == "local" { "by one process" } else { "freed by another" };
    let geometry = format!("one class of 4096 blocks of {size} B, a queue of 256 cells");
    let name = format!("{}, {how}", size_name(size));
    Case { name, geometry, entrants: all.map(entrant).into(), promises: Vec::new() }
}

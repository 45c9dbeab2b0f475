//! Relative messages against the same bytes by bare pointers: slices read, a large message built in place, and what verifying
//! one takes.

use super::exchange::size_name;
use super::{Amount, Benchmark, Bound, Case, Entrant, Program, Promise};

/// Most that reading a slice of a verified message may take, in parts of reading the same bytes by a bare pointer.
const READ: f64 = 3.0;

/// Most that building in place may take, in parts of filling as many bare bytes.
const BUILD: f64 = 1.1;

const MIB: usize = 1 << 20;

/// The row of the table.
pub(crate) fn benchmark(amount: Amount) -> Benchmark {
    let mut cases: Vec<Case> = [16, 64, 1024].map(|size| read(amount, size)).into();
    cases.push(build(amount));
    cases.extend([64, MIB].map(|size| verify(amount, size)));
    Benchmark {
        name: "relative",
        about: "a PointCloud2 by views and builders, and the same bytes by bare pointers; nanoseconds",
        shape: "one thread, memory of its own; raw: no view and no builder, the same loops",
        cases,
        plots: Vec::new(),
    }
}

/// One slice of the message's view: where it is and how long, and the sum of all its bytes.
fn read(amount: Amount, size: usize) -> Case {
    let ways = [
        ("vil-c", Program::C("relative")),
        ("raw-c", Program::C("relative")),
        ("vil-rust", Program::Rust),
        ("raw-rust", Program::Rust),
    ];
    let entrant = |(subject, program)| entrant(subject, program, "read", size, amount.of(20_000_000 / size), 64);
    let ratio = |of, over| Promise::ratio(of, over, Bound::AtMost(READ));
    Case {
        name: format!("read {}", size_name(size)),
        geometry: "the data of a view of a verified message, summed; the view is made once".into(),
        entrants: ways.map(entrant).into(),
        promises: vec![ratio("vil-c", "raw-c"), ratio("vil-rust", "raw-rust")],
    }
}

/// A whole cloud. What is taken is zeroed before it is filled unless the builder is told to skip that, as who writes every
/// point does.
fn build(amount: Amount) -> Case {
    let ways = [
        ("vil-c-skip", Program::C("relative")),
        ("vil-c", Program::C("relative")),
        ("raw-c", Program::C("relative")),
        ("vil-rust-skip", Program::Rust),
        ("vil-rust", Program::Rust),
        ("raw-rust", Program::Rust),
    ];
    let entrant = |(subject, program)| entrant(subject, program, "build", MIB, amount.of(5_000), 1);
    let ratio = |of, over| Promise::ratio(of, over, Bound::AtMost(BUILD));
    Case {
        name: format!("build {}", size_name(MIB)),
        geometry:
            "header, four fields, 65,536 points of four floats; raw fills those alone, skip does not zero them first"
                .into(),
        entrants: ways.map(entrant).into(),
        promises: vec![ratio("vil-c-skip", "raw-c"), ratio("vil-rust-skip", "raw-rust")],
    }
}

fn verify(amount: Amount, size: usize) -> Case {
    let ways = [("vil-c", Program::C("relative")), ("vil-rust", Program::Rust)];
    let entrant = |(subject, program)| entrant(subject, program, "verify", size, amount.of(100_000), 16);
    Case {
        name: format!("verify {}", size_name(size)),
        geometry: "header, four fields and the points, which are bytes and may be anything".into(),
        entrants: ways.map(entrant).into(),
        promises: Vec::new(),
    }
}

fn entrant(subject: &'static str, program: Program, step: &str, size: usize, messages: usize, batch: usize) -> Entrant {
    let entrant = Entrant::new(subject, program).with("step", step).with("size", size);
    entrant.with("messages", messages.max(batch)).with("batch", batch)
}

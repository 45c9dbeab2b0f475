//! The four hot calls in one thread: together, each alone, and a loan that is discarded.

use super::exchange::Exchange;
use super::{Amount, Benchmark, Bound, Case, Entrant, Program, Promise};

/// What is measured: as trials are told, as people are told, and what Rust and C promise in nanoseconds.
struct Step {
    key: &'static str,
    name: &'static str,
    promised: Option<(f64, f64)>,
}

const STEPS: [Step; 6] = [
    Step { key: "all", name: "loan, publish, receive, release", promised: Some((15.0, 40.0)) },
    Step { key: "discard", name: "loan, discard", promised: Some((8.0, 15.0)) },
    Step { key: "loan", name: "loan alone", promised: None },
    Step { key: "publish", name: "publish alone", promised: None },
    Step { key: "receive", name: "receive alone", promised: None },
    Step { key: "release", name: "release alone", promised: None },
];

/// Calls in a sample; as many are in hand at once where a step is measured alone.
pub(crate) const BATCH: usize = 64;

/// The row of the table.
pub(crate) fn benchmark(amount: Amount) -> Benchmark {
    Benchmark {
        name: "one-thread",
        about: "the hot calls without another processor: 64 B, one word written and read; nanoseconds",
        shape: "both ends in one process and thread; calls alone in batches of 64",
        cases: STEPS.iter().map(|step| case(amount, step)).collect(),
        plots: Vec::new(),
    }
}

fn case(amount: Amount, step: &Step) -> Case {
    let entrant = |subject, program| entrant(amount, subject, program, step.key);
    let mut entrants = vec![entrant("vil-rust", Program::Rust), entrant("vil-c", Program::C("one_thread"))];
    if step.promised.is_some() {
        entrants.extend([entrant("iceoryx2", Program::Peer), entrant("iceoryx2-c", Program::Peer)]);
    }
    if step.key == "all" {
        entrants.push(entrant("floor", Program::Rust));
    }
    let promises = step.promised.map_or(Vec::new(), |(rust, c)| {
        vec![Promise::figure("vil-rust", Bound::AtMost(rust)), Promise::figure("vil-c", Bound::AtMost(c))]
    });
    Case { name: step.name.into(), geometry: world().geometry(), entrants, promises }
}

fn world() -> Exchange {
    Exchange { loans: BATCH, ..Exchange::of(64) }
}

fn entrant(amount: Amount, subject: &'static str, program: Program, step: &str) -> Entrant {
    let entrant = Entrant::new(subject, program)
        .with("size", 64)
        .with("step", step)
        .with("operation", if step == "discard" { "loan" } else { step })
        .with("batch", BATCH)
        .with("messages", amount.of(500_000))
        .with("cells", world().capacity);
    if subject.starts_with("vil-") { entrant.in_world(world().yaml()) } else { entrant }
}

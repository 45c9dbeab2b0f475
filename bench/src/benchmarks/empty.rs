//! A receive that finds nothing, without waiting: what a polling loop pays while there is nothing to do.

use super::exchange::Exchange;
use super::{Amount, Benchmark, Bound, Case, Entrant, Program, Promise};

/// The row of the table.
pub(crate) fn benchmark(amount: Amount) -> Benchmark {
    let exchange = Exchange::of(64);
    let entrants = [
        ("vil-rust", Program::Rust),
        ("vil-c", Program::C("one_thread")),
        ("floor", Program::Rust),
        ("iceoryx2", Program::Peer),
        ("iceoryx2-c", Program::Peer),
    ];
    let entrant = |(subject, program): (&'static str, Program)| {
        let entrant = Entrant::new(subject, program)
            .with("size", 64)
            .with("step", "empty")
            .with("batch", super::one_thread::BATCH)
            .with("messages", amount.of(1_000_000))
            .with("cells", exchange.capacity);
        if subject.starts_with("vil-") { entrant.in_world(exchange.yaml()) } else { entrant }
    };
    Benchmark {
        name: "empty",
        about: "a receive that finds nothing; nanoseconds",
        shape: "one thread, its peer attached and silent",
        cases: vec![Case {
            name: "empty receive".into(),
            geometry: exchange.geometry(),
            entrants: entrants.map(entrant).into(),
            promises: vec![
                Promise::figure("vil-rust", Bound::AtMost(3.0)),
                Promise::figure("vil-c", Bound::AtMost(6.0)),
            ],
        }],
        plots: Vec::new(),
    }
}

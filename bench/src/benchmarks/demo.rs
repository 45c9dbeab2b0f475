//! The credit pipeline against its own parser.

use super::{Amount, Benchmark, Bound, Case, Entrant, Program, Promise};

/// The row of the table.
pub(crate) fn benchmark(amount: Amount) -> Benchmark {
    let records = amount.of(1_000_000);
    let entrant = |subject| Entrant::new(subject, Program::Own("demo")).with("records", records);
    Benchmark {
        name: "demo",
        about: "records a second of the credit pipeline, over those of its parser alone",
        shape: "three processes and a feeder, placed by the kernel, waiting on futexes; the parser has the same feeder",
        cases: vec![Case {
            name: "1,000,000 records".into(),
            geometry: "routes of 256 cells; credits of 48 B, npls of 40 B".into(),
            entrants: vec![entrant("pipeline"), entrant("parser")],
            promises: vec![Promise::ratio("pipeline", "parser", Bound::AtLeast(0.6))],
        }],
        plots: Vec::new(),
    }
}

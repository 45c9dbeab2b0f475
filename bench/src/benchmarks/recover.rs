//! Taking back the slots of a killed process.

use super::{Benchmark, Bound, Case, Entrant, Program, Promise};

/// The row of the table.
pub(crate) fn benchmark() -> Benchmark {
    Benchmark {
        name: "recover",
        about: "time until all slots of a killed process can be loaned again, after the kernel gave its token back",
        shape: "one survivor; the value is the median of many deaths",
        cases: vec![Case {
            name: "30,000 of 65,536 slots".into(),
            geometry: "a heap of 65,536 slots of 64 B".into(),
            entrants: vec![Entrant::new("vil-rust", Program::Own("recover"))],
            promises: vec![Promise::figure("vil-rust", Bound::AtMost(1000.0))],
        }],
        plots: Vec::new(),
    }
}

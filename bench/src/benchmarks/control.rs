//! Round trips on the control lane with the data lane full and its consumer stalled, against those with it empty.

use super::{Benchmark, Bound, Case, Entrant, Program, Promise};

/// The row of the table.
pub(crate) fn benchmark() -> Benchmark {
    Benchmark {
        name: "control",
        about: "latency of the control lane with the data lane full, over that with it empty",
        shape: "two processes, each waits on a futex; the value is a ratio of medians of one run",
        cases: vec![Case {
            name: "full and stalled".into(),
            geometry: "control 64 cells of 8 B, data 256 cells of 256 B".into(),
            entrants: vec![Entrant::new("vil-rust", Program::Own("control"))],
            promises: vec![Promise::figure("vil-rust", Bound::AtMost(1.5))],
        }],
        plots: Vec::new(),
    }
}

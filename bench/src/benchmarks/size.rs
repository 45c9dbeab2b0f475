//! What libvil is to carry.

use super::{Benchmark, Bound, Case, Entrant, Program, Promise};

/// What is counted, with the most it may be.
const COUNTED: [(&str, Option<f64>); 5] = [
    ("libvil.so", Some(1_000_000.0)),
    ("libvil.a", None),
    ("functions", Some(120.0)),
    ("crates", Some(25.0)),
    ("clean-build", Some(40.0)),
];

/// The row of the table.
pub(crate) fn benchmark() -> Benchmark {
    let entrant = |(subject, _): &(&'static str, _)| Entrant::new(subject, Program::Own("size"));
    let theirs = Entrant::new("iceoryx2", Program::Peer).called("crates of iceoryx2");
    let promise =
        |(subject, most): &(&str, Option<f64>)| most.map(|most| Promise::figure(subject, Bound::AtMost(most)));
    Benchmark {
        name: "size",
        about: "bytes of the stripped libraries, exported functions, crates, and seconds of a clean build on request",
        shape: "no processes; a clean build is measured when VIL_BENCH_CLEAN_BUILD is set",
        cases: vec![Case {
            name: "release".into(),
            geometry: "none".into(),
            entrants: COUNTED.iter().map(entrant).chain([theirs]).collect(),
            promises: COUNTED.iter().filter_map(promise).collect(),
        }],
        plots: Vec::new(),
    }
}

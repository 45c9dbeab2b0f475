//! 1, 2, 4 and 8 producers into one port.

use super::{Amount, Benchmark, Bound, Case, Entrant, Kind, Plot, Point, Program, Promise, Statistic};

const PRODUCERS: [usize; 4] = [1, 2, 4, 8];

/// What all others are held against.
const ONE: &str = "vil-rust from 1";

/// Cells of each ring.
const CELLS: usize = 256;

/// The row of the table.
pub(crate) fn benchmark(amount: Amount) -> Benchmark {
    let point = |producers| Point { case: case_name(producers), x: producers as f64, per: 1.0, is_rate: false };
    Benchmark {
        name: "fan-in",
        about: "several routes into one port; nanoseconds a message",
        shape: "N:1 by a ring for each producer, two processes of one thread each, both poll; the producers are out ports of \
                one process, used in turn, so that there are as many threads as processors",
        cases: PRODUCERS.map(|producers| case(amount, producers)).into(),
        plots: vec![Plot {
            name: "scaling",
            title: "Fan-in: cost of a message".into(),
            kind: Kind::Scaling { across: "producers", up: "ns", points: PRODUCERS.map(point).into() },
        }],
    }
}

fn case_name(producers: usize) -> String {
    if producers == 1 { "from 1 producer".into() } else { format!("from {producers} producers") }
}

fn case(amount: Amount, producers: usize) -> Case {
    let mut entrants = vec![entrant(amount, producers)];
    let mut promises = Vec::new();
    if producers > 1 {
        entrants.push(entrant(amount, 1).called(ONE));
        let ratio = Promise::ratio("vil-rust", ONE, Bound::AtMost(1.2));
        promises.push(Promise { statistic: Statistic::Mean, ..ratio });
    }
    let geometry = format!("{producers} x {CELLS} cells, loan_write, 64 B a message, 2 loans each");
    Case { name: case_name(producers), geometry, entrants, promises }
}

fn entrant(amount: Amount, producers: usize) -> Entrant {
    let entrant = Entrant::new("vil-rust", Program::Rust).with("size", 64).with("touch", "all");
    let entrant = entrant.with("producers", producers).with("messages", amount.of(2_000_000));
    entrant.with("batch", 64).with("cells", CELLS).in_world(world(producers))
}

fn world(producers: usize) -> String {
    let each = |line: &dyn Fn(usize) -> String| (0..producers).map(line).collect::<String>();
    format!(
        "vil: 1\nprogram: fan\nmessages:\n  Bytes64: {{ kind: event, fields: [ {{ name: words, type: \"[u64; 8]\" }} ] }}\n\
         interfaces:\n  Source:\n    ports:\n{}  Sink:\n    ports:\n      in_0: {{ direction: in, message: Bytes64, loans: 2 \
         }}\nprocesses:\n  source: {{ interface: Source }}\n  sink: {{ interface: Sink }}\nroutes:\n{}",
        each(&|at| format!(
            "      out_{at}: {{ direction: out, message: Bytes64, loans: 2, queue: {{ capacity: {CELLS}, backpressure: \
             fail }} }}\n"
        )),
        each(&|at| format!(
            "  - {{ from: source.out_{at}, to: sink.in_0, transfer: loan_write, delivery: at_least_once }}\n"
        )),
    )
}

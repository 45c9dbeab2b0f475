//! One producer and 1, 2, 4 and 8 consumers of each of its messages.

use super::{Amount, Benchmark, Bound, Case, Entrant, Kind, Plot, Point, Program, Promise, Statistic};

const CONSUMERS: [usize; 4] = [1, 2, 4, 8];

/// What all others are held against.
const ONE: &str = "vil-rust to 1";

/// Cells of each ring.
const CELLS: usize = 256;

/// The row of the table.
pub(crate) fn benchmark(amount: Amount) -> Benchmark {
    let point = |consumers| Point { case: case_name(consumers), x: consumers as f64, per: 1.0, is_rate: false };
    Benchmark {
        name: "fan-out",
        about: "one slot that every consumer reads; nanoseconds a message and consumer",
        shape: "1:N by share_read, two processes of one thread each, both poll; the consumers are in ports of one process, \
                read in turn, so that there are as many threads as processors",
        cases: CONSUMERS.map(|consumers| case(amount, consumers)).into(),
        plots: vec![Plot {
            name: "scaling",
            title: "Fan-out: cost of a message at each consumer".into(),
            kind: Kind::Scaling { across: "consumers", up: "ns", points: CONSUMERS.map(point).into() },
        }],
    }
}

fn case_name(consumers: usize) -> String {
    if consumers == 1 { "to 1 consumer".into() } else { format!("to {consumers} consumers") }
}

fn case(amount: Amount, consumers: usize) -> Case {
    let mut entrants = vec![entrant(amount, "vil-rust", Program::Rust, consumers)];
    let mut promises = Vec::new();
    if consumers > 1 {
        entrants.push(entrant(amount, "vil-rust", Program::Rust, 1).called(ONE));
        let ratio = Promise::ratio("vil-rust", ONE, Bound::AtMost(1.2));
        promises.push(Promise { statistic: Statistic::Mean, ..ratio });
    }
    entrants.push(entrant(amount, "iceoryx2", Program::Peer, consumers));
    entrants.push(entrant(amount, "iceoryx2-c", Program::Peer, consumers));
    let geometry = format!("{consumers} x {CELLS} cells over one pool of {} slots, 64 B a message", CELLS + 2);
    Case { name: case_name(consumers), geometry, entrants, promises }
}

fn entrant(amount: Amount, subject: &'static str, program: Program, consumers: usize) -> Entrant {
    let entrant = Entrant::new(subject, program).with("size", 64).with("touch", "all").with("consumers", consumers);
    entrant.with("messages", amount.of(2_000_000)).with("batch", 64).with("cells", CELLS).in_world(world(consumers))
}

fn world(consumers: usize) -> String {
    let each = |line: &dyn Fn(usize) -> String| (0..consumers).map(line).collect::<String>();
    format!(
        "vil: 1\nprogram: fan\nmessages:\n  Bytes64: {{ kind: event, fields: [ {{ name: words, type: \"[u64; 8]\" }} ] }}\n\
         interfaces:\n  Source:\n    ports:\n      out_0: {{ direction: out, message: Bytes64, loans: 2, queue: {{ \
         capacity: {CELLS}, backpressure: fail }} }}\n  Sink:\n    ports:\n{}processes:\n  source: {{ interface: Source \
         }}\n  sink: {{ interface: Sink }}\nroutes:\n{}",
        each(&|at| format!("      in_{at}: {{ direction: in, message: Bytes64, loans: 2 }}\n")),
        each(&|at| format!(
            "  - {{ from: source.out_0, to: sink.in_{at}, transfer: share_read, delivery: at_least_once }}\n"
        )),
    )
}

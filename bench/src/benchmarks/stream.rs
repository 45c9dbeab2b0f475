//! Messages one way, as fast as they go: 16 B to 1 MiB, with slots recycled.

use super::exchange::{Exchange, size_name};
use super::{Amount, Benchmark, Bound, Case, Entrant, Kind, Plot, Point, Program, Promise, Statistic, Touch};

/// Messages that a sample is the mean of: reading the clock at each would be most of what is measured.
const BATCH: usize = 64;

/// The message that is held against the machine's memcpy: so many bytes in the time that ours takes for them.
const LARGE: usize = 1 << 20;

const SIZES: [usize; 8] = [16, 64, 256, 1024, 4096, 16_384, 65_536, LARGE];

/// The row of the table.
pub(crate) fn benchmark(amount: Amount) -> Benchmark {
    let points = SIZES.map(|size| Point { case: case_name(size), x: size as f64, per: size as f64, is_rate: true });
    Benchmark {
        name: "stream",
        about: "messages one way as fast as they go; nanoseconds a message",
        shape: "1:1, two processes, both poll",
        cases: SIZES.iter().map(|size| case(amount, *size)).collect(),
        plots: vec![Plot {
            name: "throughput",
            title: "Stream of filled messages between two processes".into(),
            kind: Kind::Scaling { across: "bytes a message", up: "GB/s", points: points.into() },
        }],
    }
}

fn case_name(size: usize) -> String {
    format!("{}, {}", size_name(size), Touch::All.said())
}

fn case(amount: Amount, size: usize) -> Case {
    let entrants = [
        ("vil-rust", Program::Rust),
        ("vil-c", Program::C("stream")),
        ("vil-cpp", Program::Cpp("stream")),
        ("floor", Program::Rust),
        ("iceoryx2", Program::Peer),
        ("iceoryx2-c", Program::Peer),
        ("pipe", Program::Peer),
        ("seqpacket", Program::Peer),
        ("zeromq", Program::Peer),
        ("nng", Program::Peer),
    ];
    let mut entrants = entrants.map(|(subject, program)| entrant(amount, subject, program, size)).to_vec();
    let promises = match size {
        64 => promises(),
        LARGE => {
            entrants.push(entrant(amount, "memcpy", Program::Rust, size));
            ["vil-rust", "vil-c"].map(|ours| Promise::ratio("memcpy", ours, Bound::AtLeast(0.9))).into()
        }
        _ => Vec::new(),
    };
    Case { name: case_name(size), geometry: Exchange::of(size).geometry(), entrants, promises }
}

fn entrant(amount: Amount, subject: &'static str, program: Program, size: usize) -> Entrant {
    let exchange = Exchange::of(size);
    let entrant = Entrant::new(subject, program)
        .with("size", size)
        .with("touch", Touch::All.key())
        .with("messages", amount.of((2_000_000_000 / size).clamp(2_000, 2_000_000)))
        .with("batch", if size > 65_536 { 1 } else { BATCH })
        .with("cells", exchange.capacity);
    if subject.starts_with("vil-") { entrant.in_world(exchange.yaml()) } else { entrant }
}

fn promises() -> Vec<Promise> {
    let mean = |of: &str, over: &str, bound| Promise { statistic: Statistic::Mean, ..Promise::ratio(of, over, bound) };
    vec![
        mean("vil-rust", "floor", Bound::AtMost(1.5)),
        mean("vil-rust", "iceoryx2", Bound::AtMost(0.1)),
        mean("vil-c", "vil-rust", Bound::AtMost(1.5)),
    ]
}

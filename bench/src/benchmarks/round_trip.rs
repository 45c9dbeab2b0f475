//! Round trips of one message between two processes that both poll: 64 B, 4 KiB and 1 MiB, with the first word touched and
//! with all of them, from Rust, C and C++.

use super::exchange::{Exchange, size_name};
use super::{Amount, Benchmark, Bound, Case, Entrant, Kind, Plot, Program, Promise, Touch, messages};

/// What the large message with one word touched is held against: who, and under which name.
const SMALL: [(&str, Program, &str); 2] =
    [("vil-rust", Program::Rust, "vil-rust, 64 B"), ("vil-c", Program::C("round_trip"), "vil-c, 64 B")];

const SIZES: [usize; 3] = [64, 4096, 1 << 20];

/// The row of the table.
pub(crate) fn benchmark(amount: Amount) -> Benchmark {
    let sizes = if amount == Amount::Smoke { &SIZES[..1] } else { &SIZES };
    let cases = sizes.iter().flat_map(|size| Touch::BOTH.map(|touch| case(amount, *size, touch)));
    let cases = [descriptors(amount)].into_iter().chain(cases);
    Benchmark {
        name: "round-trip",
        about: "there and back: loaned, written, published, received, read, released, and the same back",
        shape: "1:1, two processes, both poll",
        cases: cases.collect(),
        plots: vec![Plot {
            name: "latency",
            title: "Round trip of 64 B between two processes".into(),
            kind: Kind::Distribution { case: case_name(64, Touch::First) },
        }],
    }
}

fn case_name(size: usize, touch: Touch) -> String {
    format!("{}, {}", size_name(size), touch.said())
}

fn case(amount: Amount, size: usize, touch: Touch) -> Case {
    let entrants = [
        ("vil-rust", Program::Rust),
        ("vil-c", Program::C("round_trip")),
        ("vil-cpp", Program::Cpp("round_trip")),
        ("floor", Program::Rust),
        ("line", Program::Rust),
        ("iceoryx2", Program::Peer),
        ("iceoryx2-c", Program::Peer),
        ("pipe", Program::Peer),
        ("seqpacket", Program::Peer),
        ("zeromq", Program::Peer),
        ("nng", Program::Peer),
    ];
    let mut entrants: Vec<_> = entrants.map(|(subject, program)| entrant(amount, subject, program, size, touch)).into();
    let mut promises = promises(size, touch);
    if size == 1 << 20 && touch == Touch::First {
        for (subject, program, small) in SMALL {
            entrants.push(entrant(amount, subject, program, 64, touch).called(small));
            promises.push(Promise::ratio(subject, small, Bound::AtMost(1.05)));
        }
    }
    Case { name: case_name(size, touch), geometry: Exchange::of(size).geometry(), entrants, promises }
}

fn entrant(amount: Amount, subject: &'static str, program: Program, size: usize, touch: Touch) -> Entrant {
    let exchange = Exchange::of(size);
    // A filled message takes as long as its bytes do.
    let full = if touch == Touch::All { (400_000_000 / size).clamp(1_000, 100_000) } else { 100_000 };
    let entrant = Entrant::new(subject, program)
        .with("size", size)
        .with("touch", touch.key())
        .with("messages", messages(amount, subject, full))
        .with("cells", exchange.capacity);
    if subject.starts_with("vil-") { entrant.in_world(exchange.yaml()) } else { entrant }
}

/// 16 B that lie in the ring's cell themselves, against rings of descriptors.
fn descriptors(amount: Amount) -> Case {
    let exchange = Exchange::copied(16);
    let entrants = [
        ("vil-rust", Program::Rust),
        ("vil-c", Program::C("round_trip")),
        ("ring-cell", Program::Rust),
        ("ring-index", Program::Rust),
        ("line", Program::Rust),
        ("rtrb", Program::Peer),
        ("crossbeam", Program::Peer),
    ];
    let entrants = entrants.map(|(subject, program)| {
        let entrant = Entrant::new(subject, program)
            .with("size", 16)
            .with("touch", Touch::First.key())
            .with("messages", amount.of(100_000))
            .with("cells", exchange.capacity)
            .with("transfer", exchange.transfer);
        if subject.starts_with("vil-") { entrant.in_world(exchange.yaml()) } else { entrant }
    });
    Case {
        name: "16 B, in the cell".into(),
        geometry: exchange.geometry(),
        entrants: entrants.into(),
        promises: ["vil-rust", "vil-c"].map(|ours| Promise::ratio(ours, "line", Bound::AtMost(2.0))).into(),
    }
}

fn promises(size: usize, touch: Touch) -> Vec<Promise> {
    let mut promises = vec![Promise::ratio("vil-c", "vil-rust", Bound::AtMost(1.15))];
    if touch == Touch::First {
        for ours in ["vil-rust", "vil-c"] {
            promises.push(Promise::ratio(ours, "floor", Bound::AtMost(1.15)));
            promises.push(Promise::ratio(ours, "iceoryx2", Bound::AtMost(0.3)));
        }
        promises.push(Promise::ratio("vil-c", "iceoryx2-c", Bound::AtMost(0.2)));
    }
    if size == 64 && touch == Touch::First {
        promises.extend(["vil-rust", "vil-c"].map(|ours| Promise::steady(ours, Bound::AtMost(1.5))));
    }
    promises
}

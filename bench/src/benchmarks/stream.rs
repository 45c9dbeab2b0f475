//! Messages one way, as fast as they go: 16 B to 1 MiB, with slots recycled; one by one and in batches; over one route and many;
//! and 8 and 16 B in the cell.
//!
//! What lies in a cell is a copy, so a route with `transfer: copy` is the like of a ring of descriptors: nothing is owned. Of 16 B both
//! move the same message, and with 8 B both have elements of 16. A heap's queue is not the like: it gives slots of memory away.

use super::exchange::{Exchange, size_name};
use super::{Amount, Benchmark, Bound, Case, Entrant, Kind, Plot, Point, Program, Promise, Touch, messages};

/// Messages that a sample is the mean of: reading the clock at each would be most of what is measured.
const BATCH: usize = 64;

/// The message that is held against the machine's memcpy: so many bytes in the time that ours takes for them.
const LARGE: usize = 1 << 20;

const SIZES: [usize; 8] = [16, 64, 256, 1024, 4096, 16_384, 65_536, LARGE];

/// Messages that one call moves in the case of batches.
const CHUNK: usize = 16;

/// Bytes of a ring's element.
const ELEMENT: usize = 16;

/// Bytes of a message that is held against it: in a cell of as many as the element, and as many itself.
const DESCRIPTORS: [usize; 2] = [8, ELEMENT];

/// The same where descriptors are copied, which rtrb does as well.
const COPIED_CHUNK: usize = 32;

/// Routes where one is compared with many.
const ROUTES: [usize; 2] = [4, 16];

/// One route, in the case that has several of them.
const ONE_ROUTE: &str = "vil-c, 1 route";

/// The row of the table.
pub(crate) fn benchmark(amount: Amount) -> Benchmark {
    let sizes: &[usize] = if amount == Amount::Smoke { &[64, LARGE] } else { &SIZES };
    let points = sizes.iter().copied().map(|size| Point {
        case: case_name(size),
        x: size as f64,
        per: size as f64,
        is_rate: true,
    });
    let cases = sizes.iter().map(|size| case(amount, *size));
    Benchmark {
        name: "stream",
        about: "messages one way as fast as they go; nanoseconds a message",
        shape: "1:1, two processes, both poll",
        cases: DESCRIPTORS
            .into_iter()
            .flat_map(|size| [descriptors(amount, size), descriptors_in_batches(amount, size)])
            .chain(cases)
            .chain([in_batches(amount), many_routes(amount)])
            .collect(),
        plots: vec![Plot {
            name: "throughput",
            title: "Stream of filled messages between two processes".into(),
            kind: Kind::Scaling { across: "bytes a message", up: "GB/s", points: points.collect() },
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
    let exchange = Exchange::of(size);
    let mut entrants =
        entrants.map(|(subject, program)| entrant(amount, subject, program, &exchange, Touch::All)).to_vec();
    let promises = match size {
        64 => ["vil-rust", "vil-c"]
            .into_iter()
            .flat_map(|ours| {
                let floor = Promise::ratio(ours, "floor", Bound::AtMost(1.5));
                [floor, Promise::ratio(ours, "iceoryx2", Bound::AtMost(0.1))]
            })
            .chain([Promise::ratio("vil-c", "vil-rust", Bound::AtMost(1.5))])
            .collect(),
        LARGE => {
            entrants.push(entrant(amount, "memcpy", Program::Rust, &exchange, Touch::All));
            ["vil-rust", "vil-c"].map(|ours| Promise::ratio("memcpy", ours, Bound::AtLeast(0.9))).into()
        }
        _ => Vec::new(),
    };
    Case { name: case_name(size), geometry: exchange.geometry(), entrants, promises }
}

fn entrant(amount: Amount, subject: &'static str, program: Program, exchange: &Exchange, touch: Touch) -> Entrant {
    let size = exchange.size;
    let full = (2_000_000_000 / size).clamp(2_000, 500_000);
    let entrant = Entrant::new(subject, program)
        .with("size", size)
        .with("touch", touch.key())
        .with("messages", messages(amount, subject, full))
        .with("batch", if size > 65_536 { 1 } else { BATCH })
        .with("cells", exchange.capacity)
        .with("routes", exchange.routes)
        .with("transfer", exchange.transfer);
    if subject.starts_with("vil-") { entrant.in_world(exchange.yaml()) } else { entrant }
}

/// Messages that lie in the ring's cell themselves, against rings of descriptors.
fn descriptors(amount: Amount, size: usize) -> Case {
    let exchange = Exchange::copied(size);
    let of = |subject, program| entrant(amount, subject, program, &exchange, Touch::First);
    let ring = |subject, program| of(subject, program).with("size", ELEMENT);
    let entrants = vec![
        of("vil-rust", Program::Rust),
        of("vil-c", Program::C("stream")),
        ring("ring-cell", Program::Rust),
        ring("ring-index", Program::Rust),
        ring("rtrb", Program::Peer),
        ring("crossbeam", Program::Peer),
    ];
    let ours = ["vil-rust", "vil-c"];
    let promises = ours.map(|ours| Promise::ratio(ours, "ring-index", Bound::AtMost(0.6)));
    let name = format!("{}, in the cell", size_name(size));
    Case { name, geometry: exchange.geometry(), entrants, promises: promises.into() }
}

/// The same by calls that move several.
fn descriptors_in_batches(amount: Amount, size: usize) -> Case {
    let exchange = Exchange::copied(size);
    let of = |subject, program| entrant(amount, subject, program, &exchange, Touch::First).with("chunk", COPIED_CHUNK);
    let rtrb = of("rtrb", Program::Peer).with("size", ELEMENT);
    let entrants = vec![of("vil-rust", Program::Rust), of("vil-c", Program::C("stream")), rtrb];
    let promises = ["vil-rust", "vil-c"].map(|ours| Promise::ratio(ours, "rtrb", Bound::AtMost(1.0)));
    let name = format!("{}, in the cell, batches of {COPIED_CHUNK}", size_name(size));
    Case { name, geometry: exchange.geometry(), entrants, promises: promises.into() }
}

/// 64 B by calls that move several, beside those that move one.
fn in_batches(amount: Amount) -> Case {
    let exchange = Exchange { loans: CHUNK, ..Exchange::of(64) };
    let of = |subject, program| entrant(amount, subject, program, &exchange, Touch::All);
    let batched = |subject, program| of(subject, program).called(format!("{subject}, batches")).with("chunk", CHUNK);
    let ours = [("vil-rust", Program::Rust), ("vil-c", Program::C("stream")), ("vil-cpp", Program::Cpp("stream"))];
    let alone = ours.map(|(subject, program)| of(subject, program));
    let together = ours.map(|(subject, program)| batched(subject, program));
    let floor = batched("floor", Program::Rust);
    Case {
        name: format!("64 B, filled, batches of {CHUNK}"),
        geometry: exchange.geometry(),
        entrants: together.into_iter().chain([floor]).chain(alone).collect(),
        promises: vec![Promise::ratio("vil-c, batches", "vil-rust, batches", Bound::AtMost(1.05))],
    }
}

/// One route and many in turn, 64 B.
fn many_routes(amount: Amount) -> Case {
    let one = Exchange::of(64);
    let of = |subject, program, routes| entrant(amount, subject, program, &one.clone().over(routes), Touch::First);
    let c = |routes| of("vil-c", Program::C("stream"), routes);
    let many = ROUTES.map(|routes| c(routes).called(format!("vil-c, {routes} routes")));
    let entrants: Vec<Entrant> = [c(1).called(ONE_ROUTE)].into_iter().chain(many).collect();
    Case {
        name: "64 B, first word, several routes in turn".into(),
        geometry: format!("each {}", one.geometry()),
        entrants,
        promises: Vec::new(),
    }
}

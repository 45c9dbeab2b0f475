//! How long it takes until a first message is possible.

use super::exchange::Exchange;
use super::{Amount, Benchmark, Bound, Case, Entrant, Kind, Plot, Point, Program, Promise};

const ROUTES: [usize; 4] = [1, 10, 100, 1000];
const CELLS: usize = 256;

/// From where on time is counted, how that is said, and the promise for one route in nanoseconds.
const FROM: [(&str, &str, f64); 3] = [
    ("open", "a process opens and sends on each route", 250_000.0),
    ("spawn", "a process is started, opens and sends on each route", 1_000_000.0),
    ("create", "the first process loads the program, makes the world and opens all ends", 250_000.0),
];

/// How much longer a thousand routes may take than ten times a hundred do: what grows in proportion stays below.
const LINEAR: f64 = 1.3;

/// The row of the table.
pub(crate) fn benchmark(amount: Amount) -> Benchmark {
    let cases = FROM.iter().flat_map(|from| ROUTES.map(|routes| case(amount, *from, routes)));
    let points =
        |routes: usize| Point { case: case_name("open", routes), x: routes as f64, per: 1000.0, is_rate: false };
    Benchmark {
        name: "attach",
        about: "time until a first message is possible; the world's pages are there and touched",
        shape: "two processes, the other one is there and polls; a process anew for each sample",
        cases: cases.chain([growth(amount)]).collect(),
        plots: vec![Plot {
            name: "routes",
            title: "From opening to the first message on each route".into(),
            kind: Kind::Scaling { across: "routes", up: "us", points: ROUTES.map(points).into() },
        }],
    }
}

fn case_name(from: &str, routes: usize) -> String {
    format!("{from}, {routes} route{}", if routes == 1 { "" } else { "s" })
}

fn exchange(routes: usize) -> Exchange {
    Exchange::of(64).over(routes).one_way(CELLS)
}

fn case(amount: Amount, (from, about, promise): (&str, &str, f64), routes: usize) -> Case {
    let mut entrants = vec![
        entrant(amount, "vil-rust", Program::Rust, from, routes),
        entrant(amount, "vil-c", Program::C("attach"), from, routes),
    ];
    if from != "create" {
        entrants.push(entrant(amount, "iceoryx2", Program::Peer, from, routes));
    }
    let promises = match routes {
        1 => ["vil-rust", "vil-c"].map(|of| Promise::figure(of, Bound::AtMost(promise))).into(),
        _ => Vec::new(),
    };
    let geometry = format!("{about}; {}", exchange(routes).geometry());
    Case { name: case_name(from, routes), geometry, entrants, promises }
}

fn entrant(amount: Amount, subject: &'static str, program: Program, from: &str, routes: usize) -> Entrant {
    let repeats = if amount == Amount::Smoke { 2 } else { amount.of(2000 / routes).clamp(5, 50) };
    let entrant = Entrant::new(subject, program)
        .with("size", 64)
        .with("from", from)
        .with("routes", routes)
        .with("cells", CELLS)
        .with("repeats", repeats);
    if subject.starts_with("vil-") { entrant.with("back", "no").in_world(exchange(routes).yaml()) } else { entrant }
}

/// A thousand routes over a hundred, for those who come and for the one who makes the world.
fn growth(amount: Amount) -> Case {
    let name = |from: &str, routes: usize| format!("{from} {routes}");
    let entrants = ["open", "create"].iter().flat_map(|from| {
        [100, 1000]
            .map(|routes| entrant(amount, "vil-c", Program::C("attach"), from, routes).called(name(from, routes)))
    });
    let promise = |from: &str| Promise::ratio(&name(from, 1000), &name(from, 100), Bound::AtMost(10.0 * LINEAR));
    Case {
        name: "growth, 100 to 1,000 routes".into(),
        geometry: format!("{}; through libvil.so", exchange(1000).geometry()),
        entrants: entrants.collect(),
        promises: vec![promise("open"), promise("create")],
    }
}

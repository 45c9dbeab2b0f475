//! Loan, publish, receive, release on one route of many: what a message costs depends on no other route and on no slot.

use super::exchange::Exchange;
use super::{Amount, Benchmark, Bound, Case, Entrant, Program, Promise};

const ROUTES: [usize; 3] = [1, 30, 1000];

/// A message on one route of a thousand may cost so many times as much as on the only one.
const MOST: f64 = 1.1;

/// The row of the table.
pub(crate) fn benchmark(amount: Amount) -> Benchmark {
    let subjects = [("vil-rust", Program::Rust), ("vil-c", Program::C("one_thread"))];
    Benchmark {
        name: "routes",
        about: "loan, publish, receive and release on one route of a world with many; nanoseconds a message",
        shape: "one thread; all routes are open, and their slots are of one class",
        cases: subjects.map(|subject| case(amount, subject)).into(),
        plots: Vec::new(),
    }
}

fn case(amount: Amount, (subject, program): (&'static str, Program)) -> Case {
    let name = |routes: usize| format!("{subject}, 1 of {routes}");
    let entrant = |routes: usize| {
        let exchange = Exchange::of(64).over(routes);
        Entrant::new(subject, program)
            .called(name(routes))
            .with("size", 64)
            .with("step", "all")
            .with("batch", super::one_thread::BATCH)
            .with("messages", amount.of(500_000))
            .with("routes", routes)
            .with("cells", exchange.capacity)
            .in_world(exchange.yaml())
    };
    Case {
        name: subject.into(),
        geometry: format!("{} and fewer; as many slots and two loans for each", Exchange::of(64).over(1000).geometry()),
        entrants: ROUTES.map(entrant).into(),
        promises: ROUTES[1..].iter().map(|many| Promise::ratio(&name(*many), &name(1), Bound::AtMost(MOST))).collect(),
    }
}

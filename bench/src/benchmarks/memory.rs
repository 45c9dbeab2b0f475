//! Memory that stays with two processes and one route.

use super::exchange::Exchange;
use super::{Amount, Benchmark, Bound, Case, Entrant, Program, Promise};

/// Routes, cells of each, and what is promised of it in parts of the like of iceoryx2.
const WORLDS: [(usize, usize, Option<f64>); 3] = [(1, 1024, Some(0.25)), (100, 1024, None), (1, 65_536, None)];

/// The row of the table.
pub(crate) fn benchmark(_: Amount) -> Benchmark {
    Benchmark {
        name: "memory",
        about: "resident bytes (Pss) that two processes have more than before they opened anything",
        shape: "1:1, every slot was written and read twice; iceoryx2 with as large a buffer",
        cases: WORLDS.map(case).into(),
        plots: Vec::new(),
    }
}

fn case((routes, cells, promise): (usize, usize, Option<f64>)) -> Case {
    let exchange = Exchange::of(64).over(routes).one_way(cells);
    let entrant = |(subject, program): (&'static str, Program)| {
        let entrant = Entrant::new(subject, program)
            .with("size", 64)
            .with("touch", "all")
            .with("routes", routes)
            .with("cells", cells);
        if subject.starts_with("vil-") { entrant.with("back", "no").in_world(exchange.yaml()) } else { entrant }
    };
    let mut entrants = vec![("vil-rust", Program::Rust), ("vil-c", Program::C("memory"))];
    if promise.is_some() {
        entrants.push(("iceoryx2", Program::Peer));
    }
    let promised = |most: f64| ["vil-rust", "vil-c"].map(|of| Promise::ratio(of, "iceoryx2", Bound::AtMost(most)));
    Case {
        name: format!("{routes} x {cells} cells"),
        geometry: exchange.geometry(),
        entrants: entrants.into_iter().map(entrant).collect(),
        promises: promise.map(promised).into_iter().flatten().collect(),
    }
}

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

/// Each is a program of its own, because what else is in a program would be resident beside it.
const OURS: [(&str, &str, Program); 3] = [
    ("vil-rust", "vil-rust", Program::Apart("vil-memory")),
    ("vil-rust in order", "vil-rust", Program::Apart("vil-memory-in-order")),
    ("vil-c", "vil-c", Program::C("memory")),
];

/// Who makes the world, and whether that one parses the program: one of the two processes, as generated code does it or
/// from the text alone, or a process that is gone when they enter it.
const MAKERS: [(&str, &str, bool); 3] =
    [("", "by one", false), (", parsed", "by one", true), (", made before", "before", false)];

fn case((routes, cells, promise): (usize, usize, Option<f64>)) -> Case {
    let exchange = Exchange::of(64).over(routes).one_way(cells);
    let entrant = |subject: &'static str, program: Program| {
        let entrant = Entrant::new(subject, program).with("size", 64).with("touch", "all");
        entrant.with("routes", routes).with("cells", cells)
    };
    let ours = |(label, subject, program): (&'static str, &'static str, Program)| {
        MAKERS.map(|(suffix, made, parses)| {
            let entrant = entrant(subject, program).called(format!("{label}{suffix}"));
            let entrant = entrant.with("made", made).with("back", "no").in_world(exchange.yaml());
            if parses { entrant.parsing() } else { entrant }
        })
    };
    let mut entrants: Vec<Entrant> = OURS.into_iter().flat_map(ours).collect();
    let promises = promise.map_or(Vec::new(), |most| {
        let of = entrants.iter().map(|entrant| entrant.label.clone());
        of.map(|of| Promise::ratio(&of, "iceoryx2", Bound::AtMost(most))).collect()
    });
    if promise.is_some() {
        entrants.push(entrant("iceoryx2", Program::PeerApart("iceoryx2-memory")));
    }
    Case { name: format!("{routes} x {cells} cells"), geometry: exchange.geometry(), entrants, promises }
}

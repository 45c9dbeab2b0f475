//! What programs of many messages cost before anything runs: to be judged, to be planned, to become code.

use super::{Amount, Benchmark, Bound, Case, Entrant, Program, Promise};

/// Nanoseconds an item of the largest program may take so many times as long as those of one a tenth as large.
const LINEAR: f64 = 1.3;

/// The same from half as large to whole: 2.3 times the time for twice the program.
const DOUBLED: f64 = 1.15;

/// Nanoseconds of one of 10,000 messages when all take a second.
const A_SECOND: f64 = 100_000.0;

/// `vil check` as it is run, and the passes alone.
pub(crate) fn validate(amount: Amount) -> Benchmark {
    Benchmark {
        name: "validate",
        about: "a program is loaded and judged; nanoseconds a message",
        shape: "one process; of a command its start and its end count too",
        cases: vec![
            case(amount, "JSON is loaded, passes run", "check", [100, 1000, 10_000]),
            case(amount, "vil check", "check-command", [100, 1000, 10_000]),
            case(amount, "a plan of many routes", "plan", [10, 100, 1000]),
            doubled(amount, "a whole program: JSON is loaded, passes run", "whole"),
            doubled(amount, "a whole program: vil check", "whole-command"),
        ],
        plots: Vec::new(),
    }
}

/// `vil gen` in three languages.
pub(crate) fn generate(amount: Amount) -> Benchmark {
    Benchmark {
        name: "gen",
        about: "code is generated from a program; nanoseconds a message",
        shape: "one process, its start and the writing of all files included",
        cases: vec![
            case(amount, "vil gen --lang c", "gen-c", [100, 1000, 10_000]),
            case(amount, "vil gen --lang cpp", "gen-cpp", [100, 1000, 10_000]),
            case(amount, "vil gen --lang rust", "gen-rust", [100, 1000, 10_000]),
        ],
        plots: Vec::new(),
    }
}

/// A program of two routes for each message, doubled up to the size that a whole organization may have.
fn doubled(amount: Amount, name: &str, what: &str) -> Case {
    let mut case = case(amount, name, what, [2500, 5000, 10_000]);
    case.geometry = "2,500 to 10,000 messages of four fields, 5,000 to 20,000 routes".to_owned();
    let largest = "vil, 10000";
    case.promises = vec![
        Promise::ratio(largest, "vil, 5000", Bound::AtMost(DOUBLED)),
        Promise::figure(largest, Bound::AtMost(A_SECOND)),
    ];
    case
}

fn case(amount: Amount, name: &str, what: &str, counts: [usize; 3]) -> Case {
    let label = |count: usize| format!("vil, {count}");
    let entrant = |count: usize| {
        let repeats = if amount == Amount::Smoke { 1 } else { (amount.of(20_000) / count).clamp(1, 20) };
        Entrant::new("vil", Program::Own("growth"))
            .called(label(count))
            .with("what", what)
            .with("count", count)
            .with("repeats", repeats)
    };
    let promise = Promise::ratio(&label(counts[2]), &label(counts[1]), Bound::AtMost(LINEAR));
    let items = if what == "plan" { "routes, each with a port at either end" } else { "messages of four fields" };
    Case {
        name: name.into(),
        geometry: format!("{} to {} {items}", counts[0], counts[2]),
        entrants: counts.map(entrant).into(),
        promises: vec![promise],
    }
}

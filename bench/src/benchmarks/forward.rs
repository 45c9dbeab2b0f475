//! A pipeline of three stages whose middle one passes messages on as they lie, or copies them: 64 B, 4 KiB and 1 MiB, from
//! Rust and C.

use super::exchange::{Exchange, size_name};
use super::{Amount, Benchmark, Bound, Case, Entrant, Program, Promise, Statistic};

/// The row of the table.
pub(crate) fn benchmark(amount: Amount) -> Benchmark {
    Benchmark {
        name: "forward",
        about: "three stages, the middle one looks at the first word and passes the message on; nanoseconds a message",
        shape: "1:1:1 in two processes of one thread each, both poll: the first and the last stage are one process; one \
                message under way; the first stage fills, the last one reads all",
        cases: [64, 4096, 1 << 20].map(|size| case(amount, size)).into(),
        plots: Vec::new(),
    }
}

fn case(amount: Amount, size: usize) -> Case {
    let ways = [("vil-rust", Program::Rust), ("vil-c", Program::C("forward"))];
    let hows = [("forward", "forwarded"), ("copy", "copied")];
    let each = ways.iter().flat_map(|(subject, program)| hows.map(|how| (*subject, *program, how)));
    let entrants = each.map(|(subject, program, (how, said))| {
        let entrant = entrant(amount, subject, program, size).with("how", how).in_world(world(size, how == "forward"));
        entrant.called(format!("{subject} {said}"))
    });
    // A small message is copied as fast as it is borrowed; what is promised is that larger ones are worth it.
    let bound = if size >= 1 << 20 { Some(0.8) } else { None };
    let promise = |subject: &str, bound| {
        let ratio = Promise::ratio(&format!("{subject} forwarded"), &format!("{subject} copied"), Bound::AtMost(bound));
        Promise { statistic: Statistic::Mean, ..ratio }
    };
    let promises = bound.into_iter().flat_map(|bound| ["vil-rust", "vil-c"].map(|subject| promise(subject, bound)));
    let capacity = Exchange::of(size).capacity;
    let geometry = format!("2 x {capacity} cells, loan_write, {size} B a message, 16 loans");
    Case { name: size_name(size), geometry, entrants: entrants.collect(), promises: promises.collect() }
}

fn entrant(amount: Amount, subject: &'static str, program: Program, size: usize) -> Entrant {
    let entrant = Entrant::new(subject, program).with("size", size).with("touch", "all");
    let entrant = entrant.with("messages", amount.of((1_000_000_000 / size).clamp(1_000, 500_000)));
    entrant.with("batch", if size > 65_536 { 1 } else { 64 }).with("cells", Exchange::of(size).capacity)
}

/// The exchange's program, with what the middle stage may do.
fn world(size: usize, is_forwarded: bool) -> String {
    let yaml = Exchange { loans: 16, ..Exchange::of(size) }.yaml();
    if !is_forwarded {
        return yaml;
    }
    // What is passed on travels as it came.
    let back = "from: answerer.back, to: asker.back, ";
    let (head, tail) = yaml.split_once(back).unwrap_or((&yaml, ""));
    let tail = tail.strip_prefix("transfer: loan_write, ").unwrap_or(tail);
    let answerer = "{ interface: Answerer";
    format!("{head}{back}{tail}").replace(answerer, &format!("{answerer}, forwards: [ {{ from: there_0, to: back }} ]"))
}

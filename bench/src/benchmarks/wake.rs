//! Round trips of those who wait: of two that sleep each time, and back to back.

use super::exchange::Exchange;
use super::{Amount, Benchmark, Bound, Case, Entrant, Kind, Plot, Program, Promise};

/// One that asks again instead of waiting.
const POLLING: &str = "vil-rust polling";

/// Who takes part in both cases, and where.
const OURS: [(&str, Program); 4] =
    [("vil-rust", Program::Rust), ("vil-c", Program::C("wake")), ("futex", Program::Rust), ("floor", Program::Rust)];

/// The row of the table.
pub(crate) fn benchmark(amount: Amount) -> Benchmark {
    Benchmark {
        name: "wake",
        about: "round trip of two processes that wait for each other",
        shape: "1:1, two processes; vil and floor poll for 20 us before they sleep, futex, eventfd and seqpacket sleep at once",
        cases: vec![asleep(amount), back_to_back(amount)],
        plots: vec![Plot {
            name: "latency",
            title: "There and back when each message meets a sleeper".into(),
            kind: Kind::Distribution { case: "both asleep".into() },
        }],
    }
}

/// Each side rests before it sends, for longer than anybody polls.
fn asleep(amount: Amount) -> Case {
    let all = OURS.into_iter().chain([("eventfd", Program::C("wake")), ("seqpacket", Program::C("wake"))]);
    let promise = |ours| Promise::ratio(ours, "futex", Bound::AtMost(1.05));
    Case {
        name: "both asleep".into(),
        geometry: "2 x 64 cells of 64 B; each side rests for 100 us before it sends, which is not counted".into(),
        entrants: all.map(|(subject, program)| entrant(subject, program, amount.of(5_000)).with("rest", 100)).collect(),
        promises: ["vil-rust", "vil-c"].map(promise).into(),
    }
}

fn back_to_back(amount: Amount) -> Case {
    let peers = ["eventfd", "seqpacket", "pipe", "iceoryx2"].map(|peer| (peer, Program::Peer));
    let all = OURS.into_iter().chain(peers);
    let polling = entrant("vil-rust", Program::Rust, amount.of(50_000)).with("wait", "polling").called(POLLING);
    let promise = |ours| Promise::ratio(ours, POLLING, Bound::AtMost(1.1));
    Case {
        name: "back to back".into(),
        geometry: "2 x 64 cells of 64 B".into(),
        entrants: all.map(|(subject, program)| entrant(subject, program, amount.of(50_000))).chain([polling]).collect(),
        promises: vec![promise("vil-rust")],
    }
}

fn entrant(subject: &'static str, program: Program, trips: usize) -> Entrant {
    let entrant = Entrant::new(subject, program).with("size", 64).with("messages", trips);
    if subject.starts_with("vil-") {
        entrant.in_world(Exchange { capacity: 64, ..Exchange::of(64) }.yaml())
    } else {
        entrant
    }
}

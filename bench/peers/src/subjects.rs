//! Who takes part in which benchmark, and how a trial of it runs.

use crate::Answer;
use crate::arguments::Arguments;
use crate::drive::{self, End, Side};
use crate::kernel::{self, Event, Wire};
use crate::line::Line;
use crate::link::Link;
use crate::machine::pin;
use crate::{attach, conductor, heap, iceoryx, iceoryx_c, nng, size, threads, zeromq};

/// How a trial runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Two processes.
    Two,
    /// One process, of one or two threads; it may start others.
    One,
}

/// Subjects and the benchmarks that they have a like in.
const SUBJECTS: &[(&str, &[(&str, Shape)])] = &[
    (
        "iceoryx2",
        &[
            ("round-trip", Shape::Two),
            ("stream", Shape::Two),
            ("fan-out", Shape::Two),
            ("wake", Shape::Two),
            ("one-thread", Shape::One),
            ("empty", Shape::One),
            ("attach", Shape::One),
            ("size", Shape::One),
        ],
    ),
    (
        "iceoryx2-c",
        &[
            ("round-trip", Shape::Two),
            ("stream", Shape::Two),
            ("fan-out", Shape::Two),
            ("one-thread", Shape::One),
            ("empty", Shape::One),
        ],
    ),
    ("rtrb", RING_OF_THREADS),
    ("crossbeam", RING_OF_THREADS),
    ("pipe", SYSTEM),
    ("seqpacket", SYSTEM),
    ("zeromq", SYSTEM),
    ("nng", SYSTEM),
    ("eventfd", &[("wake", Shape::Two)]),
    ("mimalloc", &[("heap", Shape::One)]),
    ("malloc", &[("heap", Shape::One)]),
];

const RING_OF_THREADS: &[(&str, Shape)] =
    &[("round-trip", Shape::One), ("stream", Shape::One), ("one-thread", Shape::One), ("empty", Shape::One)];

const SYSTEM: &[(&str, Shape)] = &[("round-trip", Shape::Two), ("stream", Shape::Two), ("wake", Shape::Two)];

fn shape(arguments: &Arguments) -> Answer<Shape> {
    let unlike = || format!("{} has no like in {}", arguments.subject, arguments.benchmark);
    let (_, benchmarks) = SUBJECTS.iter().find(|(subject, _)| *subject == arguments.subject).ok_or_else(unlike)?;
    let found = benchmarks.iter().find(|(benchmark, _)| *benchmark == arguments.benchmark);
    found.map(|(_, shape)| *shape).ok_or_else(unlike)
}

/// Why a subject cannot run on this machine.
pub(crate) fn not_here(arguments: &Arguments) -> Option<String> {
    match arguments.subject.as_str() {
        "seqpacket" => kernel::not_here(arguments.size().unwrap_or(0)),
        "zeromq" => zeromq::not_here(),
        "iceoryx2-c" => iceoryx_c::not_here(),
        "nng" => nng::not_here(),
        _ => None,
    }
}

/// Whether nobody sleeps. ZeroMQ and nng move messages by threads of their own, on the processor of the side that they
/// belong to, so polling would only take it from them.
fn is_polled(arguments: &Arguments) -> bool {
    arguments.benchmark != "wake" && !matches!(arguments.subject.as_str(), "zeromq" | "nng")
}

/// A whole trial, from the process in the middle.
pub(crate) fn whole(arguments: Arguments) -> Answer<()> {
    let sides = if shape(&arguments)? == Shape::Two { 2 } else { 1 };
    let wires = kernel::wires(&arguments.subject, is_polled(&arguments))?;
    conductor::run(arguments, sides, wires)
}

/// One side of it, in a process of its own.
pub(crate) fn side(arguments: &Arguments, side: Side) -> Answer<()> {
    let link = conductor::enter(arguments)?;
    let line = match shape(arguments)? {
        Shape::Two => {
            let cores = arguments.cores()?;
            pin(if side == Side::A { cores.a } else { cores.b })?;
            two(arguments, &link, side)?
        }
        Shape::One => one(arguments, &link, side)?,
    };
    if let Some(line) = line {
        line.say();
    }
    Ok(())
}

fn two(arguments: &Arguments, link: &Link, side: Side) -> Answer<Option<Line>> {
    match (arguments.subject.as_str(), arguments.benchmark.as_str()) {
        ("iceoryx2", "wake") => iceoryx::wake(arguments, link, side),
        ("iceoryx2", _) => iceoryx::exchange(arguments, link, side),
        ("iceoryx2-c", _) => iceoryx_c::exchange(arguments, link, side),
        ("eventfd", _) => met(arguments, link, side, &mut Event::inherited(arguments, side)?),
        ("pipe" | "seqpacket", _) => met(arguments, link, side, &mut Wire::inherited(arguments, side)?),
        ("zeromq", _) => {
            let mut pair = zeromq::Pair::open(arguments, side, is_polled(arguments))?;
            let line = met(arguments, link, side, &mut pair)?;
            Ok(line.map(|line| line.text("version", pair.version())))
        }
        ("nng", _) => {
            let mut pair = nng::Pair::open(arguments, side, is_polled(arguments))?;
            let line = met(arguments, link, side, &mut pair)?;
            Ok(line.map(|line| line.text("version", pair.version())))
        }
        (subject, benchmark) => Err(format!("{subject} does not run in {benchmark}")),
    }
}

/// Runs one side when both are there, and lets neither go before both are done.
fn met(arguments: &Arguments, link: &Link, side: Side, end: &mut impl End) -> Answer<Option<Line>> {
    link.meet(1, 2);
    let line = drive::run(arguments, side, end)?;
    link.meet(2, 2);
    let shape = if is_polled(arguments) { "two processes, both poll" } else { "two processes, both sleep" };
    Ok(line.map(|line| line.text("shape", shape)))
}

fn one(arguments: &Arguments, link: &Link, side: Side) -> Answer<Option<Line>> {
    let line = match (arguments.subject.as_str(), arguments.benchmark.as_str()) {
        ("iceoryx2", "attach") if side == Side::B => return attach::comes(arguments, link).map(|()| None),
        ("iceoryx2", "attach") => attach::waits(arguments, link),
        ("iceoryx2", "size") => size::crates(arguments),
        ("iceoryx2", _) => iceoryx::alone(arguments),
        ("iceoryx2-c", _) => iceoryx_c::alone(arguments),
        ("mimalloc" | "malloc", _) => heap::run(arguments),
        (_, "empty") => threads::empty(arguments).map(|line| line.text("shape", "one thread")),
        (_, "one-thread") => threads::one_thread(arguments).map(|line| line.text("shape", "one thread")),
        _ => threads::both(arguments).map(|line| line.text("shape", "two threads")),
    };
    line.map(Some)
}

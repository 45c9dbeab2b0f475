//! Trials in Rust: `vil-trial BENCHMARK SUBJECT [--key value]...` measures one subject once and says one JSON line.
//! Exit codes: 0 it was measured; 3 there is no such subject; 2 anything else, with a sentence.

mod attach;
mod batches;
mod exchange;
mod fan;
mod floor;
mod forward;
mod futex;
mod hands;
mod heap;
mod line;
mod memcpy;
mod one_thread;
mod parts;
mod relative;
mod ring;
mod round_trip;
mod stream;
mod wake;

use std::process::ExitCode;

use vil_bench::Answer;
use vil_bench::arguments::Arguments;

/// A subject of a benchmark: measures, or plays the role that `--role` names in a process that it has started.
type Subject = fn(&Arguments) -> Answer<()>;

/// Every trial that is written here.
const SUBJECTS: &[(&str, &str, Subject)] = &[
    ("round-trip", "vil-rust", round_trip::trial),
    ("round-trip", "floor", floor::round_trip),
    ("round-trip", "line", line::round_trip),
    ("round-trip", "ring-cell", ring::round_trip_sequence),
    ("round-trip", "ring-index", ring::round_trip_indices),
    ("stream", "vil-rust", stream::trial),
    ("stream", "floor", floor::stream),
    ("stream", "ring-cell", ring::stream_sequence),
    ("stream", "ring-index", ring::stream_indices),
    ("stream", "memcpy", memcpy::stream),
    ("one-thread", "vil-rust", one_thread::trial),
    ("one-thread", "floor", floor::one_thread),
    ("empty", "vil-rust", one_thread::trial),
    ("empty", "floor", floor::one_thread),
    ("routes", "vil-rust", one_thread::trial),
    ("attach", "vil-rust", attach::trial),
    ("fan-out", "vil-rust", fan::out),
    ("fan-in", "vil-rust", fan::into),
    ("forward", "vil-rust", forward::trial),
    ("wake", "vil-rust", wake::trial),
    ("wake", "futex", futex::trial),
    ("wake", "floor", futex::trial),
    ("heap", "vil-rust", heap::trial),
    ("relative", "vil-rust", relative::trial),
    ("relative", "vil-rust-skip", relative::skip),
    ("relative", "raw-rust", relative::raw),
];

/// Messages before anything is counted: two laps of the largest ring, or one of few large messages.
fn warm_up(arguments: &Arguments) -> Answer<usize> {
    let cells = arguments.number("cells", 256)?;
    Ok(2 * cells + if cells < 256 { 0 } else { 500 })
}

/// Exit code where there is no such subject.
const NOT_HERE: u8 = 3;

fn main() -> ExitCode {
    let arguments = match Arguments::of_process() {
        Ok(arguments) => arguments,
        Err(sentence) => return refused(&sentence, 2),
    };
    let found = SUBJECTS.iter().find(|row| (row.0, row.1) == (&arguments.benchmark, &arguments.subject));
    let Some((_, _, subject)) = found else {
        return refused(&format!("no trial of {} in {}", arguments.subject, arguments.benchmark), NOT_HERE);
    };
    subject(&arguments).map_or_else(|sentence| refused(&sentence, 2), |()| ExitCode::SUCCESS)
}

fn refused(sentence: &str, code: u8) -> ExitCode {
    eprintln!("{sentence}");
    ExitCode::from(code)
}

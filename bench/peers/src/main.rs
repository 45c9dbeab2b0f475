//! Trials of the peers: `vil-peers BENCHMARK SUBJECT [--key value]...` runs one of them in one benchmark of libvil's and
//! prints one line of JSON. `README.md` beside this package says what is fair here, and how.
//!
//! Without `--side` this is the process in the middle; with it, it is one of the two that exchange messages.

mod arguments;
mod attach;
mod conductor;
mod drive;
mod heap;
mod iceoryx;
mod iceoryx_c;
mod kernel;
mod library;
mod line;
mod link;
mod machine;
mod message;
mod nng;
mod scratch;
mod size;
mod subjects;
mod threads;
mod zeromq;

use std::process::ExitCode;

use arguments::Arguments;
use drive::Side;

/// What a trial ends with; a fault is one sentence.
pub(crate) type Answer<T> = Result<T, String>;

/// Exit code when the subject is not on this machine.
const NOT_HERE: u8 = 3;

fn main() -> ExitCode {
    let arguments = match Arguments::of_process() {
        Ok(arguments) => arguments,
        Err(usage) => return said(2, &usage),
    };
    let result = match arguments.text("side") {
        Some("a") => subjects::side(&arguments, Side::A),
        Some("b") => subjects::side(&arguments, Side::B),
        _ => match subjects::not_here(&arguments) {
            Some(sentence) => return said(NOT_HERE, &sentence),
            None => subjects::whole(arguments),
        },
    };
    result.map_or_else(|sentence| said(1, &sentence), |()| ExitCode::SUCCESS)
}

fn said(code: u8, sentence: &str) -> ExitCode {
    eprintln!("{sentence}");
    ExitCode::from(code)
}

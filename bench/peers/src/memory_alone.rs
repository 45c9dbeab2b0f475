//! `iceoryx2-memory memory iceoryx2`: the trial of iceoryx2's memory as a program of its own, as libvil's are, because what
//! other peers and trials need would be resident beside it.

mod arguments;
mod conductor;
mod drive;
#[expect(dead_code, reason = "most of it is for other trials")]
mod iceoryx;
mod line;
mod link;
mod machine;
mod memory;
#[expect(dead_code, reason = "all messages lie where they are sent from")]
mod message;
mod scratch;

use std::process::ExitCode;

use arguments::Arguments;
use drive::Side;

/// What a trial ends with; a fault is one sentence.
pub(crate) type Answer<T> = Result<T, String>;

fn main() -> ExitCode {
    let arguments = match Arguments::of_process() {
        Ok(arguments) => arguments,
        Err(usage) => return said(2, &usage),
    };
    if (arguments.benchmark.as_str(), arguments.subject.as_str()) != ("memory", "iceoryx2") {
        return said(2, "usage: iceoryx2-memory memory iceoryx2 [--key value]...");
    }
    let result = match arguments.text("side") {
        Some("a") => side(&arguments, Side::A),
        Some("b") => side(&arguments, Side::B),
        _ => conductor::run(arguments, 2, Vec::new()),
    };
    result.map_or_else(|sentence| said(1, &sentence), |()| ExitCode::SUCCESS)
}

/// One side of it, in a process of its own.
fn side(arguments: &Arguments, side: Side) -> Answer<()> {
    let link = conductor::enter(arguments)?;
    let cores = arguments.cores()?;
    machine::pin(if side == Side::A { cores.a } else { cores.b })?;
    if let Some(line) = memory::side(arguments, &link, side)? {
        line.say();
    }
    Ok(())
}

fn said(code: u8, sentence: &str) -> ExitCode {
    eprintln!("{sentence}");
    ExitCode::from(code)
}

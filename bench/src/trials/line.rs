//! The bare line between two processes (L): one word there, one back, nothing else. What no exchange can be faster than.

use vil_bench::arguments::Arguments;
use vil_bench::cores::pin;
use vil_bench::peer::Peer;
use vil_bench::probe::{Line, Relax};
use vil_bench::samples::Line as Said;
use vil_bench::shared::Shared;
use vil_bench::{Answer, clock, say_ready};

/// Trips before anything is counted.
const WARM_UP: usize = 1000;

/// Two lines in shared memory.
struct Lines {
    memory: Shared,
}

impl Lines {
    fn there(&self) -> &Line {
        // SAFETY: an atomic word, aligned to 128 at the start of a page.
        unsafe { self.memory.at(0) }
    }

    fn back(&self) -> &Line {
        // SAFETY: an atomic word, aligned to 128.
        unsafe { self.memory.at(512) }
    }
}

/// Asks, or with a role answers.
pub(crate) fn round_trip(arguments: &Arguments) -> Answer<()> {
    if arguments.role().is_some() { answer(arguments) } else { ask(arguments) }
}

fn ask(arguments: &Arguments) -> Answer<()> {
    let (cores, trips) = (arguments.cores()?, arguments.messages()?);
    let relax = Relax::on(cores);
    let lines = Lines { memory: Shared::create(4096)? };
    let keys = [("memory", lines.memory.descriptor().to_string())];
    let mut peer = Peer::start(arguments, "answer", &keys)?;
    peer.ready()?;
    pin(cores.a)?;
    let tick = clock::tick_ns();
    let mut times = vec![0.0; trips];
    let mut last = clock::now();
    for trip in 0..WARM_UP + trips {
        lines.there().say(trip as u64 + 1);
        lines.back().wait(trip as u64 + 1, relax);
        let now = clock::now();
        if trip >= WARM_UP {
            times[trip - WARM_UP] = now.wrapping_sub(last) as f64 * tick;
        }
        last = now;
    }
    peer.end()?;
    Said::times(&arguments.benchmark, &arguments.subject, times).say();
    Ok(())
}

fn answer(arguments: &Arguments) -> Answer<()> {
    Peer::is_one()?;
    let (cores, trips) = (arguments.cores()?, arguments.messages()?);
    let lines = Lines { memory: Shared::inherited(arguments.number("memory", 0)?, 4096)? };
    pin(cores.b)?;
    say_ready()?;
    for trip in 0..WARM_UP + trips {
        lines.there().wait(trip as u64 + 1, Relax::on(cores));
        lines.back().say(trip as u64 + 1);
    }
    Ok(())
}

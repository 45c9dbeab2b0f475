//! The conductor of the credit pipeline: makes the world, starts the stages so that they die with it, feeds them,
//! watches the counts from outside, kills and restarts, audits, prints, and removes the world. It has no role in the
//! contract and touches no message.
//!
//! Exit codes: 0 the totals are exact, 1 they differ or a stage failed, 2 the arguments make no sense, 3 report was
//! killed, 128 + n a signal ended the run.

mod alone;
mod arguments;
mod feed;
mod outcome;
mod print;
mod run;
mod source;
mod stages;
mod told;
mod usage;
mod world;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Parser;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::arguments::Arguments;
use crate::outcome::Refusal;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match conduct(&arguments) {
        Ok(code) => code,
        Err(Refusal::Usage(why)) => {
            eprintln!("error: {why}");
            ExitCode::from(2)
        }
        Err(Refusal::Failed(why)) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
        Err(Refusal::Signal(signal)) => {
            eprintln!("stopped by signal {signal}; all stages are stopped and the world is removed");
            ExitCode::from(128 + signal as u8)
        }
    }
}

fn conduct(arguments: &Arguments) -> Result<ExitCode, Refusal> {
    let source = arguments.source()?;
    let signals = watch_signals().map_err(|error| Refusal::Failed(error.to_string()))?;
    let plan = arguments.plan(source, &signals)?;
    if arguments.parser_alone {
        let alone = alone::run(&plan.source, &signals)?;
        print::alone(&alone, arguments.json);
        return Ok(if alone.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let outcome = run::run(arguments, &plan, &signals)?;
    if arguments.json {
        print::json(&outcome, arguments.usage);
    } else {
        print::table(&outcome);
    }
    for sentence in &outcome.sentences {
        eprintln!("{sentence}");
    }
    Ok(ExitCode::from(outcome.code()))
}

/// The number of the last signal that asks for an end, 0 while there was none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signals(Arc<AtomicUsize>);

impl Signals {
    /// An error once a signal has asked for an end.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        // ORDER: Relaxed, the number carries no other data.
        match self.0.load(Ordering::Relaxed) {
            0 => Ok(()),
            signal => Err(Refusal::Signal(signal)),
        }
    }
}

fn watch_signals() -> std::io::Result<Signals> {
    let signals = Signals::default();
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register_usize(signal, Arc::clone(&signals.0), signal as usize)?;
    }
    Ok(signals)
}

//! The command line, and what it asks for once the input has been looked at.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::Signals;
use crate::outcome::Refusal;
use crate::source::Source;
use crate::stages::Role;

/// Runs the credit pipeline: ingest in Rust, filter in C, report in C++, each a process of its own, exchanging records
/// through libvil without copying them.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask demo",
    after_help = "Exit codes: 0 the totals are exact; 1 they differ, or a stage failed; 2 the arguments make no sense; \
                  3 report was killed."
)]
pub(crate) struct Arguments {
    /// Read records from FILE, one JSON object a line; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,

    /// Make N good records, and some malformed lines between them [default: 1000000]
    #[arg(long, value_name = "N", conflicts_with = "input")]
    records: Option<u64>,

    /// Make another stream of records; the same seed makes the same one [default: 1]
    #[arg(long, value_name = "S", conflicts_with = "input")]
    seed: Option<u64>,

    /// Kill a stage with SIGKILL when half of the records are published
    #[arg(long, value_name = "STAGE")]
    pub(crate) kill: Option<Kill>,

    /// Parse the input in this process and nothing else: what the pipeline's speed is held against
    #[arg(long, conflicts_with = "kill")]
    pub(crate) parser_alone: bool,

    /// Print one JSON object and nothing else
    #[arg(long)]
    pub(crate) json: bool,

    /// Tell in the JSON object what each stage has cost, too
    #[arg(long, requires = "json")]
    pub(crate) usage: bool,

    /// Where the programs of the stages are, when they are not beside this one
    #[arg(long, value_name = "DIR", hide = true)]
    pub(crate) bin_dir: Vec<PathBuf>,
}

/// What `--kill` may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kill {
    /// Restarted: it goes on where it was, the totals stay exact
    Filter,
    /// Restarted: it reads the input again and skips what is published, the totals stay exact
    Ingest,
    /// Not restarted: its sums are lost, the run ends with exit code 3
    Report,
}

impl Kill {
    pub(crate) fn role(self) -> Role {
        match self {
            Kill::Filter => Role::Filter,
            Kill::Ingest => Role::Ingest,
            Kill::Report => Role::Report,
        }
    }
}

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) source: Source,
    pub(crate) kill: Option<Strike>,
}

/// A kill in the middle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strike {
    pub(crate) role: Role,
    /// Strike once so many records are published.
    pub(crate) at: u64,
    /// Feed no record behind this one before the strike, so that even a short stream cannot slip past it.
    pub(crate) hold: u64,
}

/// Fewer records have no middle: one before it, one at it, one behind it.
const SHORTEST: u64 = 3;

const RECORDS: u64 = 1_000_000;
const SEED: u64 = 1;

impl Arguments {
    /// Where the records come from. Opening a pipe waits for its writer, and a signal must still end that.
    pub(crate) fn source(&self) -> Result<Source, Refusal> {
        match &self.input {
            None => Ok(Source::made(self.records.unwrap_or(RECORDS), self.seed.unwrap_or(SEED))),
            Some(path) => Source::open(path),
        }
    }

    /// Looks at the input and refuses what cannot be done, before anything runs.
    pub(crate) fn plan(&self, source: Source, signals: &Signals) -> Result<Plan, Refusal> {
        if self.kill.is_some() && !source.can_be_read_again() {
            let why = "--kill needs an input that can be read again, and a stream such as stdin cannot";
            return Err(Refusal::Usage(format!("{why}; use a file")));
        }
        let source = source.counted(signals)?;
        let kill = match (self.kill, source.records()) {
            (None, _) | (Some(_), None) => None,
            (Some(kill), Some(records)) => Some(strike(kill, records)?),
        };
        Ok(Plan { source, kill })
    }
}

fn strike(kill: Kill, records: u64) -> Result<Strike, Refusal> {
    if records < SHORTEST {
        let why = format!("--kill strikes in the middle of the records, and the input has {records}");
        return Err(Refusal::Usage(format!("{why}; it takes {SHORTEST} or more")));
    }
    let at = records / 2;
    Ok(Strike { role: kill.role(), at, hold: at.max(records / 5 * 3) })
}

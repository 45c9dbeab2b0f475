//! First stage: lines from stdin become credits for `filter`, or faults for `report`; two done messages end the stream.
//!
//! It can be killed at any instruction and started again on the same input. The new one takes over its routes first,
//! so that nobody else publishes on them, and reads how much was published. Both routes hold prefixes of what the
//! input says, so it parses from line 1 and skips as many good and as many malformed lines; a done message that was
//! published is not sent again.

use std::fs::File;
use std::os::fd::AsFd;
use std::process::ExitCode;

use vil::{Loan, Message, Sender, Status};
use vil_examples::credit::{Credit, Ingest, IngestDone, IngestFault};
use vil_examples::lines::{Line, Lines};
use vil_examples::parse::{Record, parse};
use vil_examples::stage::{Arguments, now_ns};

/// Deadlines of a full route that are waited out in a row: five minutes with nobody taking anything.
const PATIENCE: u32 = 60;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("ingest: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let arguments = Arguments::from_env()?;
    arguments.die_with_parent()?;
    let ports = Ingest::open(&arguments.world).map_err(|error| error.to_string())?;
    let mut stage = Stage::new(&ports).map_err(|status| status.to_string())?;
    if stage.is_over().map_err(|status| status.to_string())? {
        return Ok(());
    }
    let input = std::io::stdin().as_fd().try_clone_to_owned().map_err(|error| error.to_string())?;
    let mut lines = Lines::new(File::from(input));
    loop {
        match lines.next_line() {
            Ok(Some((number, line))) => stage.take(number, line).map_err(|status| status.to_string())?,
            Ok(None) => return stage.finish().map_err(|status| status.to_string()),
            Err(error) => {
                let _ = patiently(|| ports.faults.send(&IngestFault::io(error.raw_os_error().unwrap_or(0))));
                return Err(format!("the input cannot be read: {error}"));
            }
        }
    }
}

/// The ports, and what has been seen of the input.
struct Stage<'a> {
    ports: &'a Ingest,
    good: Count,
    malformed: Count,
    started: bool,
}

/// Lines of one kind.
#[derive(Clone, Copy)]
struct Count {
    /// Met in the input so far.
    seen: u64,
    /// Published by whoever was here before.
    before: u64,
}

impl Count {
    /// Counts one; true when it is not published yet.
    fn is_new(&mut self) -> bool {
        self.seen += 1;
        self.seen > self.before
    }
}

impl<'a> Stage<'a> {
    fn new(ports: &'a Ingest) -> Result<Self, Status> {
        let good = Count { seen: 0, before: ports.credits.published()? };
        let malformed = Count { seen: 0, before: ports.faults.published()? };
        Ok(Self { ports, good, malformed, started: good.before + malformed.before > 0 })
    }

    /// Both done messages were published by whoever was here before.
    fn is_over(&self) -> Result<bool, Status> {
        Ok(self.ports.filter_done.published()? > 0 && self.ports.report_done.published()? > 0)
    }

    fn take(&mut self, line: u64, text: Line<'_>) -> Result<(), Status> {
        if !self.started {
            self.started = true;
            println!("first {}", now_ns());
        }
        let record = match text {
            Line::Text(text) => parse(text),
            Line::TooLong => None,
        };
        match record {
            Some(record) if self.good.is_new() => self.credit(line, &record),
            None if self.malformed.is_new() => patiently(|| self.ports.faults.send(&IngestFault::malformed(line))),
            _ => Ok(()),
        }
    }

    fn credit(&self, line: u64, record: &Record) -> Result<(), Status> {
        let mut loan = patiently(|| self.ports.credits.loan())?;
        *loan = Credit {
            line,
            id: record.id,
            amount: record.amount,
            branch: record.branch,
            kol: record.kol,
            ..Credit::default()
        };
        publish(loan)
    }

    fn finish(&self) -> Result<(), Status> {
        let done = IngestDone { good: self.good.seen, malformed: self.malformed.seen };
        self.once(&self.ports.filter_done, &done)?;
        self.once(&self.ports.report_done, &done)
    }

    fn once(&self, sender: &Sender<IngestDone>, done: &IngestDone) -> Result<(), Status> {
        if sender.published()? > 0 { Ok(()) } else { patiently(|| sender.send(done)) }
    }
}

fn publish<T: Message>(loan: Loan<'_, T>) -> Result<(), Status> {
    let mut held = Some(loan);
    patiently(|| {
        let Some(loan) = held.take() else { return Err(Status::E_STATE) };
        loan.publish().map_err(|refused| {
            held = refused.loan;
            refused.status
        })
    })
}

/// Tries again when a signal, a passed deadline or the loss of the peer ended a wait; a lost peer is replaced by the
/// conductor, or the conductor ends this stage.
fn patiently<T>(mut call: impl FnMut() -> Result<T, Status>) -> Result<T, Status> {
    let mut left = PATIENCE;
    loop {
        match call() {
            Err(Status::TIMEOUT) if left > 0 => left -= 1,
            Err(Status::INTERRUPTED | Status::PEER_GONE) => {}
            answer => return answer,
        }
    }
}

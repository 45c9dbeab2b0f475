//! `vil doctor`: looks at worlds from outside and says what is wrong and what to do. It attaches to nothing and writes
//! nothing.

mod examine;
mod findings;
mod tell;

use std::process::ExitCode;

use crate::json::{Object, list};
use crate::output;
use crate::source::{FAULTY, FINE, Report, UNREADABLE};
use crate::worlds::Which;

use examine::{Patient, examine};

/// Look at worlds: who is attached and alive, who holds what, what is wrong, and what to do about it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vil doctor                               every world of this user
  vil doctor credit                        one world
  vil doctor credit --trail                with the events of its audit trail
  vil doctor --all --format json           one JSON object on stdout

Looking takes no entry, holds no lock and writes nothing: nobody in the world can tell.

Exit codes: 0 healthy, 1 findings, 2 no such world or directory, no permission, the answer cannot be written, or wrong usage.")]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,

    /// Show the events of the audit trail too, oldest first.
    #[arg(long)]
    trail: bool,
}

/// Examines the worlds, tells, and answers the exit code.
pub(crate) fn run(args: &Args) -> ExitCode {
    let (dir, names) = match args.which.find() {
        Ok(found) => found,
        Err(error) => {
            output::error(error);
            return ExitCode::from(UNREADABLE);
        }
    };
    let patients: Vec<Patient> =
        dir.iter().flat_map(|dir| names.iter().filter_map(|name| examine(dir, name))).collect();
    let findings: usize = patients.iter().map(|patient| patient.findings.len()).sum();
    let told = match args.which.report() {
        Report::Json => {
            let worlds = list(patients.iter().map(|patient| tell::json(patient, args.trail)));
            let all = Object::default().text("runtime_dir", &args.which.place()).raw("worlds", worlds);
            all.plain("findings", findings).end()
        }
        Report::Text => {
            let worlds = patients.iter().map(|patient| tell::text(patient, args.trail));
            let none = || args.which.none(dir.as_ref());
            worlds.collect::<String>() + &summary(patients.len(), findings).unwrap_or_else(none)
        }
    };
    output::answer(&(told + "\n"), if findings == 0 { FINE } else { FAULTY })
}

/// `None` where there is nothing to sum up.
fn summary(worlds: usize, findings: usize) -> Option<String> {
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    match (worlds, findings) {
        (0, _) => None,
        (_, 0) => Some(format!("{}, healthy", count(worlds, "world"))),
        _ => Some(format!("{}, {}", count(worlds, "world"), count(findings, "finding"))),
    }
}

//! `cargo xtask bench`: builds and runs the programs that measure libvil against its promises. Says what they say, and
//! decides nothing.

use std::process::{Command, ExitCode};

use lexopt::Arg::{Long, Value};

use crate::Outcome;
use crate::cargo::cargo;
use crate::places;
use crate::report::{Report, Stream};

/// Text of `--help`.
pub(crate) const HELP: &str = "
bench [control|recover] [--json]

Measures promises on this machine, optimized; without a name all of them:
  control   round trips on the control lane with the data lane full and stalled, against an empty one: at most 1.5 times
  recover   taking back the 30,000 slots of a killed process in a heap of 65,536: at most 1 ms
  --json    one JSON object a line on stdout and nothing else
Exit codes: 0 every promise is kept; 1 one is not; 2 the arguments make no sense, or something could not run.
";

/// The programs, as bench/src/bin has them.
const PROGRAMS: &[&str] = &["control", "recover"];

/// Builds what is out of date, then runs what was asked for.
pub(crate) fn run(mut args: lexopt::Parser) -> Outcome {
    let (mut chosen, mut is_json) = (Vec::new(), false);
    while let Some(arg) = args.next().map_err(|error| error.to_string())? {
        match arg {
            Long("json") => is_json = true,
            Value(name) => chosen.push(known(&name.to_string_lossy())?),
            other => return Err(other.unexpected().to_string()),
        }
    }
    let report = Report::new(Stream::Stderr);
    let mut build = cargo("build", &places::target());
    report.run("the programs that measure", build.args(["--profile", "quick", "--package", "vil-bench", "--bins"]))?;
    let programs = if chosen.is_empty() { PROGRAMS } else { &chosen };
    let mut worst = 0;
    for name in programs {
        worst = worst.max(measured(name, is_json)?);
    }
    Ok(ExitCode::from(worst))
}

fn known(name: &str) -> Result<&'static str, String> {
    let found = PROGRAMS.iter().find(|program| **program == name);
    found.copied().ok_or_else(|| format!("nothing is measured as `{name}`; there are {}", PROGRAMS.join(", ")))
}

/// The exit code of one program.
fn measured(name: &str, is_json: bool) -> Result<u8, String> {
    let mut command = Command::new(places::target().join("quick").join(name));
    command.args(is_json.then_some("--json"));
    let status = command.status().map_err(|error| format!("{name} cannot be started: {error}"))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(2))
}

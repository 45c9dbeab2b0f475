//! `cargo xtask lint`: what a reviewer should never have to say. Formatting, clippy, documentation; warnings are errors.

use std::process::{Command, ExitCode};

use crate::Outcome;
use crate::cargo::{add_rustflags, cargo, fmt};
use crate::places;
use crate::report::{Report, Stream};

/// Text of `--help`.
pub(crate) const HELP: &str = "
lint

Checks formatting (rustfmt), clippy and documentation of the whole workspace, warnings denied.
Exit code 0 when all of it is clean, else 1.
";

/// Runs every check, also after one failed, so that one run shows all there is to mend.
pub(crate) fn run(mut args: lexopt::Parser) -> Outcome {
    if let Some(arg) = args.next().map_err(|error| error.to_string())? {
        return Err(arg.unexpected().to_string());
    }
    let report = Report::new(Stream::Stdout);
    let failures: Vec<_> = checks().iter_mut().filter_map(|(name, command)| report.run(name, command).err()).collect();
    failures.iter().for_each(|said| report.say(said));
    report.times();
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn checks() -> [(&'static str, Command); 4] {
    let target = places::target();
    let mut format = fmt();
    format.args(["--all", "--check"]);
    let mut clippy = cargo("clippy", &target);
    clippy.args(["--workspace", "--all-targets", "--", "-D", "warnings"]);
    let mut crash = cargo("clippy", &target.join("crash"));
    crash.args(["--package", "vil-core", "--package", "vil-tests", "--all-targets", "--", "-D", "warnings"]);
    add_rustflags(&mut crash, "--cfg crash_points");
    let mut doc = cargo("doc", &target);
    doc.args(["--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    [("rustfmt", format), ("clippy", clippy), ("clippy, with crash points", crash), ("documentation", doc)]
}

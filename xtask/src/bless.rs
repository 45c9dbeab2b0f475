//! `cargo xtask bless`: generated files that are committed are written anew by the tests that otherwise compare them.
//! In the order in which one is made from another: the header first, then what reads the header, then everything else.

use std::process::{Command, ExitCode};

use crate::Outcome;
use crate::cargo::cargo;
use crate::places;
use crate::report::{Report, Stream};

/// Text of `--help`.
pub(crate) const HELP: &str = "
bless

Runs the tests that own generated files with VIL_BLESS=1, so that they write them instead of comparing them: vil.h, the
declarations for Rust, golden files, committed generated code. Look at the change before you commit it.
";

/// The packages whose tests own generated files; a later one may read what an earlier one wrote.
const OWNERS: &[(&str, &[&str])] = &[
    ("the header", &["--package", "vil-capi"]),
    ("the declarations for Rust", &["--package", "vil-sys"]),
    ("golden files and generated code", &["--package", "vil-codegen", "--package", "vil-tests"]),
];

/// Runs the owners one after another.
pub(crate) fn run(mut args: lexopt::Parser) -> Outcome {
    if let Some(arg) = args.next().map_err(|error| error.to_string())? {
        return Err(arg.unexpected().to_string());
    }
    let report = Report::new(Stream::Stdout);
    for (name, packages) in OWNERS {
        report.run(name, &mut blessing(packages))?;
    }
    report.times();
    report.say("see what changed with: git diff --stat");
    Ok(ExitCode::SUCCESS)
}

fn blessing(packages: &[&str]) -> Command {
    let mut command = cargo("test", &places::target());
    command.args(packages).env("VIL_BLESS", "1");
    command
}

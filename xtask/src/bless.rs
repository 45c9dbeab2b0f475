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
declarations for Rust, the list of exports, golden files, committed generated code, the order of libvil's functions, the schema of the language, the list of
diagnostics, pictures of programs. Look at the change before you commit it.
";

/// The tests that own generated files; a later one may read what an earlier one wrote.
const OWNERS: &[(&str, &[&str])] = &[
    ("the header", &["--package", "vil-capi", "--test", "header"]),
    ("the declarations for Rust", &["--package", "vil-sys", "--test", "bindings"]),
    ("the list of exports", &["--package", "vil-tests", "--test", "abi", "the_list_of_exports"]),
    ("golden files", &["--package", "vil-tests", "--test", "golden"]),
    ("code of the demo and the hello worlds", &["--package", "vil-tests", "--test", "credit_code", "--test", "hello"]),
    (
        "code of the scan examples",
        &["--package", "vil-tests", "--test", "scan", "--test", "scan_rust", "--test", "relative_cpp", "the_committed"],
    ),
    ("code of the robot examples", &["--package", "vil-tests", "--test", "robot", "the_committed"]),
    ("code that the Rust wrapper is tested with", &["--package", "vil-tests", "--test", "wrapper"]),
    ("code of the trials", &["--package", "vil-tests", "--test", "bench", "the_types_that_trials_exchange"]),
    ("what hot calls cost", &["--package", "vil-tests", "--test", "hot_path", "no_hot_call_takes"]),
    ("the order of libvil's functions", &["--package", "vil-tests", "--test", "footprint", "what_a_process_runs"]),
    ("the rules of evolution", &["--package", "vil-ir", "--test", "evolve", "the_document_of_evolution"]),
    ("the schema of the language", &["--package", "vil-ir", "--lib", "schema"]),
    ("the list of diagnostics", &["--package", "vil-tests", "--test", "passes"]),
    ("pictures of programs", &["--package", "vil-cli", "--bin", "vil", "committed_pictures"]),
    ("a schema of hundreds of messages", &["--package", "vil-tests", "--test", "layouts", "the_dialect_is"]),
];

/// Runs the owners one after another.
pub(crate) fn run(mut args: lexopt::Parser) -> Outcome {
    if let Some(arg) = args.next().map_err(|error| error.to_string())? {
        return Err(arg.unexpected().to_string());
    }
    let report = Report::new(Stream::Stdout);
    for (name, owner) in OWNERS {
        report.run(name, &mut blessing(owner))?;
    }
    report.times();
    report.say("see what changed with: git diff --stat");
    Ok(ExitCode::SUCCESS)
}

fn blessing(owner: &[&str]) -> Command {
    let mut command = cargo("test", &places::target());
    command.args(owner).env("VIL_BLESS", "1");
    command
}

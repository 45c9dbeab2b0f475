//! `cargo xtask demo`: builds the credit pipeline and becomes its conductor. Everything said while building goes to stderr,
//! so stdout is the conductor's alone. Becoming it, instead of starting it, hands over signals and the exit code untouched.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::build;
use crate::cargo::cargo;
use crate::native::{self, Native};
use crate::places;
use crate::report::{Report, Stream};

/// Text of `--help`.
pub(crate) const HELP: &str = "
demo [--input FILE|-] [--records N] [--seed S] [--kill filter|ingest|report] [--parser-alone] [--json [--usage]]

Builds and runs the credit pipeline: a Rust, a C and a C++ process that exchange records through libvil without copying.
  --input FILE   read records from FILE, or from stdin when it is `-`; one JSON object a line
  --records N    make N records instead (default 1000000), always the same for the same seed
  --seed S       another stream of made records
  --kill STAGE   kill that process in the middle and go on: filter or ingest. Killing report ends the run, exit code 3
  --parser-alone parse the same input in one process without libvil: what the pipeline's speed is held against
  --json         one JSON object on stdout and nothing else; with --usage it tells what each stage has cost
Exit codes: 0 the totals are exact; 1 they differ, or a stage failed; 2 the arguments make no sense; 3 report was killed.
";

/// Builds what is out of date, then runs the conductor with all arguments.
pub(crate) fn run(mut args: lexopt::Parser) -> Outcome {
    let args: Vec<_> = args.raw_args().map_err(|error| error.to_string())?.collect();
    let report = Report::new(Stream::Stderr);
    let programs = build_all(&report)?;
    let refusal = Command::new(programs.join("conductor")).args(args).exec();
    Err(format!("the conductor cannot be started: {refusal}"))
}

/// The C and C++ stages beside the Rust programs, so that the conductor finds all of them where it lies itself.
pub(crate) fn build_all(report: &Report) -> Result<PathBuf, String> {
    let programs = places::target().join("quick");
    std::thread::scope(|scope| {
        let stages = scope.spawn(|| native_stages(report, &programs));
        let rust = rust_programs(report);
        stages.join().unwrap_or_else(|_| Err("the thread that builds the C stages panicked".into())).and(rust)
    })?;
    Ok(programs)
}

fn rust_programs(report: &Report) -> Result<(), String> {
    let mut command = cargo("build", &places::target());
    report
        .run("conductor and ingest, Rust", command.args(["--profile", "quick", "--package", "vil-examples", "--bins"]))
}

fn native_stages(report: &Report, programs: &Path) -> Result<(), String> {
    let library = build::artifact(report)?;
    let credit = places::root().join("examples-c/credit");
    let stage = |source: &str, name: &str| Native { source: credit.join(source), output: programs.join(name) };
    report.step("filter, C", || native::c(&stage("filter.c", "filter"), &library))?;
    report.step("report, C++", || native::cpp(&stage("report.cpp", "report"), &library))
}

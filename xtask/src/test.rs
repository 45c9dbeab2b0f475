//! `cargo xtask test`: obtains what the tests need, builds everything, runs every test, and ends with one line of sums.
//! All tests are cargo's; what they skip by name on this machine is collected and said.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::Outcome;
use crate::build;
use crate::cargo::{add_rustflags, cargo};
use crate::places;
use crate::report::{Report, Stream, line_of};
use crate::strict::{self, Compiler};
use crate::tally::{Reader, Tally};
use crate::tools;

/// Text of `--help`.
pub(crate) const HELP: &str = "
test

Builds and runs every test: Rust unit, integration and doc tests, C and C++ through every compiler found, generated code,
the language matrix, the crash harness, hostile bytes under AddressSanitizer, memory orders under loom, the CMake consumer.
CMake and Ninja are taken from PATH, else fetched as Python wheels into target/tools. A tool that is missing is skipped by name;
VIL_REQUIRE_TOOLS=1 makes it a failure.
The last line is `N passed, N failed, N skipped`. Exit code 0 when nothing failed, else 1.
";

/// What the test programs are told through their environment.
struct Surroundings {
    path: OsString,
    artifact: PathBuf,
    skipped: PathBuf,
}

/// Builds, runs, sums up.
pub(crate) fn run(mut args: lexopt::Parser) -> Outcome {
    if let Some(arg) = args.next().map_err(|error| error.to_string())? {
        return Err(arg.unexpected().to_string());
    }
    let report = Report::new(Stream::Stdout);
    let skipped = empty_skip_list()?;
    let (path, no_cmake) = tools::path_with_cmake(&report);
    let compiler = Compiler::ask();
    let strict = strict::all(compiler.as_ref());
    let built = build_all(&report, strict.iter().map(|test| (test.name, test.command(compiler.as_ref()))));
    let around = Surroundings { path, artifact: places::artifact(), skipped };
    let mut sum = Tally::default();
    for failure in built.failures() {
        report.say(failure);
        sum.failed += 1;
    }
    // What did not build has been counted; running it would only say so again.
    if built.workspace.is_ok() {
        sum += run_tests(&report, "tests of the workspace", surround(&mut workspace_tests(), &around));
    }
    if built.crash.is_ok() {
        sum += run_tests(&report, "crash layers", surround(&mut crash_harness(), &around));
    }
    for (test, _) in strict.iter().zip(&built.strict).filter(|(_, built)| built.is_ok()) {
        sum += run_tests(&report, test.name, surround(&mut test.command(compiler.as_ref()), &around));
    }
    for sentence in strict.iter().filter_map(|test| test.lacking) {
        report.say(sentence);
        sum.skipped += 1;
    }
    report.times();
    sum.skipped += say_skips(&report, &around.skipped, no_cmake);
    report.say(format_args!("{} passed, {} failed, {} skipped", sum.passed, sum.failed, sum.skipped));
    Ok(if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How the builds ended.
struct Built {
    artifact: Result<(), String>,
    workspace: Result<(), String>,
    crash: Result<(), String>,
    /// One of each strict test.
    strict: Vec<Result<(), String>>,
}

impl Built {
    fn failures(&self) -> impl Iterator<Item = &String> {
        let one = [&self.artifact, &self.workspace, &self.crash].into_iter();
        one.chain(&self.strict).filter_map(|result| result.as_ref().err())
    }
}

/// The artifact beside the tests: the one is a single thread of link-time optimization, the other keeps the second core busy.
fn build_all(report: &Report, strict: impl Iterator<Item = (&'static str, Command)>) -> Built {
    std::thread::scope(|scope| {
        let artifact = scope.spawn(|| build::artifact(report).map(drop));
        let mut workspace = cargo("build", &places::target());
        workspace.args(["--workspace", "--exclude", "libvil", "--all-targets"]);
        let workspace = report.run("every test program", &mut workspace);
        let crash = report.run("the crash harness", crash_harness().arg("--no-run"));
        let build =
            |(name, mut command): (&str, Command)| report.run(&format!("the tests of {name}"), command.arg("--no-run"));
        let strict = strict.map(build).collect();
        let artifact = artifact.join().unwrap_or_else(|_| Err("the thread that builds libvil panicked".into()));
        Built { artifact, workspace, crash, strict }
    })
}

/// The crash harness has every shared store hooked, so it is another build of the core, in a target directory of its own;
/// optimized, because it makes more than a million checks, each of them a world copied, recovered and emptied.
pub(crate) fn crash_harness() -> Command {
    let mut command = cargo("test", &places::target().join("crash"));
    command.args(["--package", "vil-tests", "--test", "crash"]);
    for package in ["vil-core", "vil-tests"] {
        command.args(["--config", &format!("profile.dev.package.{package}.opt-level=2")]);
    }
    add_rustflags(&mut command, "--cfg crash_points");
    command
}

fn workspace_tests() -> Command {
    let mut command = cargo("test", &places::target());
    command.args(["--workspace", "--exclude", "libvil", "--no-fail-fast"]);
    command
}

fn surround<'a>(command: &'a mut Command, around: &Surroundings) -> &'a mut Command {
    command.env("PATH", &around.path).env("VIL_ARTIFACT_DIR", &around.artifact).env("VIL_SKIPPED", &around.skipped);
    command.env("VIL_BIN_DIR", places::target().join("debug"))
}

/// Runs one `cargo test`, showing a line for each test program as it ends, and everything about those that fail.
fn run_tests(report: &Report, name: &str, command: &mut Command) -> Tally {
    let mut tally = Tally::default();
    let result = report.step(name, || {
        let (sum, exit) = read_through(report, command)?;
        tally = sum;
        // A refusal without a failed test is one of cargo's own; it has been shown, and must not pass as success.
        if exit || tally.failed > 0 { Ok(()) } else { Err(format!("{} failed", line_of(command))) }
    });
    if let Err(said) = result {
        report.say(said);
        tally.failed += 1;
    }
    tally
}

fn read_through(report: &Report, command: &mut Command) -> Result<(Tally, bool), String> {
    let refused = |error: std::io::Error| format!("{}: {error}", line_of(command));
    let (output, input) = std::io::pipe().map_err(refused)?;
    let errors = input.try_clone().map_err(refused)?;
    let mut child = command.stdin(Stdio::null()).stdout(input).stderr(errors).spawn().map_err(|e| e.to_string())?;
    // The command holds our ends of the pipe; only when they are gone does the last line end it.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut reader = Reader::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line.map_err(|error| error.to_string())?;
        reader.line(&String::from_utf8_lossy(&line)).iter().for_each(|shown| report.say(shown));
    }
    let (rest, tally) = reader.finish();
    rest.iter().for_each(|shown| report.say(shown));
    let status = child.wait().map_err(|error| error.to_string())?;
    Ok((tally, status.success()))
}

fn empty_skip_list() -> Result<PathBuf, String> {
    let file = places::target().join("skipped.txt");
    let dir = places::target();
    std::fs::create_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    std::fs::write(&file, "").map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(file)
}

/// Says each skip once; how many there are.
fn say_skips(report: &Report, list: &Path, no_cmake: Option<String>) -> u64 {
    let text = std::fs::read_to_string(list).unwrap_or_default();
    let lines: std::collections::BTreeSet<_> = text.lines().collect();
    let missing = tools::missing();
    if !missing.is_empty() {
        report.say(format_args!("not on this machine: {}", missing.join(", ")));
    }
    no_cmake.iter().for_each(|sentence| report.say(sentence));
    lines.iter().for_each(|line| report.say(line));
    lines.len() as u64
}

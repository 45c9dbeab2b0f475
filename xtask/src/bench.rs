//! `cargo xtask bench`: builds what measures and what is measured, then hands over to the conductor in `bench/`. Says what
//! it says, and decides nothing.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use lexopt::Arg::{Long, Value};
use lexopt::ValueExt;

use crate::Outcome;
use crate::build;
use crate::cargo::cargo;
use crate::demo;
use crate::native::{self, Native};
use crate::places;
use crate::report::{Report, Stream};

/// Text of `--help`.
pub(crate) const HELP: &str = "
bench [NAME]... [--case TEXT] [--json | --readme] [--peers] [--pairs N] [--cores A,B] [--quick]

Measures promises on this machine, side by side and in pairs; without a name all of them. docs/benchmarks.md says how to
read what comes out.
  --list       what can be measured, and nothing else
  --case TEXT  only cases whose names have it, say `64 B`
  --json       one JSON object a line on stdout, one for each figure and each promise
  --readme     a table in Markdown
  --peers      also builds bench/peers, outside of the workspace, and measures others in the same run
  --pairs N    so many pairs of each two that are compared; 7 without it, 3 with --quick
  --cores A,B  the two processors; chosen without it, near each other and not two threads of one core
  --quick      a tenth of the messages
  --smoke      only shows that everything runs; the figures mean nothing and no promise counts
Rust is measured in the release profile of this workspace (opt-level 3, fat LTO, one codegen unit), C and C++ with -O2
against the release libvil.so. Raw data (JSON lines) and pictures (SVG) go to target/bench, progress to stderr.
Exit codes: 0 every promise is kept; 1 one is missed; 2 the arguments make no sense, or something could not run.
";

/// What the conductor is told, and what must be built for it.
#[derive(Default)]
struct Asked {
    passed: Vec<OsString>,
    names: Vec<String>,
    peers: bool,
    is_list: bool,
}

/// Builds what is out of date, then runs what was asked for.
pub(crate) fn run(args: lexopt::Parser) -> Outcome {
    let asked = parse(args).map_err(|error| error.to_string())?;
    let report = Report::new(Stream::Stderr);
    let conductor = conductor(&report)?;
    let mut command = Command::new(conductor.join("vil-bench"));
    command.args(&asked.passed);
    if asked.is_list {
        return ended(&mut command);
    }
    // Names that make no sense are refused before minutes of building.
    if let Some(code) = refused(&command)? {
        return Ok(code);
    }
    let library = build::artifact(&report)?;
    command.arg("--own").arg(&conductor);
    command.arg("--rust").arg(rust(&report)?);
    command.arg("--native").arg(report.step("trials in C and C++", || native(&library))?);
    if asked.names.is_empty() || asked.names.iter().any(|name| name == "demo") {
        demo::build_all(&report)?;
    }
    if asked.peers {
        command.arg("--peers").arg(peers(&report)?);
    }
    if let Some(libraries) = std::env::var_os(LIBRARIES) {
        let own = std::env::current_exe().map_err(|error| format!("this program has no place: {error}"))?;
        command.env(LIBRARIES, without_cargos(&libraries, &own));
    }
    ended(command.arg("--out").arg(places::target().join("bench")))
}

/// Where the dynamic loader looks first.
const LIBRARIES: &str = "LD_LIBRARY_PATH";

/// The directories of libraries without those that cargo adds for what it runs: beside the program, and the compiler's own. Who starts
/// a program of theirs has none of them, and to look through them takes 130 us of each process that is started.
fn without_cargos(libraries: &OsStr, program: &Path) -> OsString {
    let beside = program.parent().unwrap_or(program);
    let is_compilers =
        |path: &Path| path.join("rustlib").is_dir() || path.components().any(|part| part.as_os_str() == "rustlib");
    let theirs = std::env::split_paths(libraries).filter(|path| !path.starts_with(beside) && !is_compilers(path));
    std::env::join_paths(theirs).unwrap_or_default()
}

fn parse(mut args: lexopt::Parser) -> Result<Asked, lexopt::Error> {
    let mut asked = Asked::default();
    while let Some(arg) = args.next()? {
        match arg {
            Long("peers") => asked.peers = true,
            Long("list") => {
                asked.is_list = true;
                asked.passed.push("--list".into());
            }
            Long(flag @ ("json" | "readme" | "quick" | "smoke")) => asked.passed.push(format!("--{flag}").into()),
            Long(key @ ("pairs" | "cores" | "case")) => {
                let key = format!("--{key}");
                asked.passed.extend([key.into(), args.value()?]);
            }
            Value(name) => {
                let name = name.string()?;
                asked.names.push(name.clone());
                asked.passed.push(name.into());
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(asked)
}

/// Whether the conductor refuses the words: its exit code, after it has said why.
fn refused(command: &Command) -> Result<Option<ExitCode>, String> {
    let mut check = Command::new(command.get_program());
    let output = check.args(command.get_args()).arg("--list").output();
    let output = output.map_err(|error| format!("the conductor cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(None);
    }
    Report::new(Stream::Stderr).say(String::from_utf8_lossy(&output.stderr).trim_end());
    Ok(Some(ExitCode::from(2)))
}

fn ended(command: &mut Command) -> Outcome {
    let status = command.status().map_err(|error| format!("the conductor cannot be started: {error}"))?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(2)))
}

/// The conductor, the programs beside it and the `vil` command, which need no link-time optimization to be what they are; their directory.
fn conductor(report: &Report) -> Result<PathBuf, String> {
    let mut build = cargo("build", &places::target());
    build.args(["--profile", "quick", "--package", "vil-bench", "--package", "vil-cli", "--bins"]);
    report.run("the conductor", &mut build)?;
    Ok(places::target().join("quick"))
}

/// Programs with trials in Rust.
const TRIALS: [&str; 3] = ["vil-trial", "vil-memory", "vil-memory-in-order"];

/// Trials in Rust, as a user's release build with LTO is; their directory.
fn rust(report: &Report) -> Result<PathBuf, String> {
    let mut build = cargo("build", &places::target());
    report.run(
        "trials in Rust",
        build.args(["--release", "--package", "vil-bench"]).args(TRIALS.map(|name| format!("--bin={name}"))),
    )?;
    Ok(places::target().join("release"))
}

/// Trials in C and C++, one program for each source; their directory.
fn native(library: &Path) -> Result<PathBuf, String> {
    let output = places::target().join("bench-trials");
    for (language, make) in [("c", native::c as fn(&Native, &Path) -> Result<(), String>), ("cpp", native::cpp)] {
        let sources = places::root().join("bench/trials").join(language);
        for source in files(&sources, language)? {
            let name = source.file_stem().expect("a source has a name");
            let output = output.join(language).join(name);
            make(&Native { source, output }, library)?;
        }
    }
    Ok(output)
}

/// Files of a directory with an ending, in order.
fn files(dir: &Path, ending: &str) -> Result<Vec<PathBuf>, String> {
    let entries = if dir.is_dir() { Some(std::fs::read_dir(dir)) } else { None }.transpose();
    let entries = entries.map_err(|error| format!("{}: {error}", dir.display()))?;
    let paths = entries.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<_> = paths.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
    files.sort();
    Ok(files)
}

/// The peers, a package that nobody else builds; their directory.
fn peers(report: &Report) -> Result<PathBuf, String> {
    let target = places::target().join("peers");
    let mut build = cargo("build", &target);
    build.arg("--manifest-path").arg(places::root().join("bench/peers/Cargo.toml")).args(["--release", "--locked"]);
    report.run("the peers", &mut build)?;
    Ok(target.join("release"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_is_started_without_cargos_directories_and_with_all_others() {
        let found = "/the/target/debug/deps:/the/target/debug:/opt/rust/lib/rustlib/x86_64/lib:/opt/lib:/the/lib";
        let left = without_cargos(OsStr::new(found), Path::new("/the/target/debug/xtask"));
        assert_eq!(left, "/opt/lib:/the/lib");
    }
}

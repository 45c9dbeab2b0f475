//! What libvil is to carry: bytes of the stripped libvil.so and libvil.a, exported functions, crates below it, and on request
//! the seconds of a clean build. One subject a run, one value each; nothing is timed but the build.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use vil_bench::Answer;
use vil_bench::arguments::Arguments;

/// Set for those who have the minute: the clean build is measured too.
const CLEAN_BUILD: &str = "VIL_BENCH_CLEAN_BUILD";

/// A value, or why it is not here.
enum Found {
    Value(f64, &'static str),
    NotHere(String),
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace")
}

/// A directory of the target directory that this program lies in, such as `quick`.
fn target(dir: &str) -> Answer<PathBuf> {
    let itself = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = itself.parent().and_then(Path::parent).ok_or("this program lies nowhere")?;
    Ok(target.join(dir))
}

/// What a program says; `None` when there is no such program.
fn said(command: &mut Command) -> Answer<Option<String>> {
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{command:?}: {error}")),
    };
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim_end()));
    }
    Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned()))
}

fn not_here(tool: &str) -> Answer<Found> {
    Ok(Found::NotHere(format!("there is no `{tool}`")))
}

/// Bytes of a library without what only debuggers and linkers of single objects need.
fn stripped(name: &str) -> Answer<Found> {
    let scratch = std::env::temp_dir().join(format!("vil-bench-size-{}-{name}", std::process::id()));
    let library = target("artifact/release")?.join(name);
    let strip = said(Command::new("strip").arg("--strip-unneeded").arg("-o").arg(&scratch).arg(library))?;
    let size = std::fs::metadata(&scratch).map(|found| found.len());
    // It may not be there.
    let _ = std::fs::remove_file(&scratch);
    match strip {
        Some(_) => Ok(Found::Value(size.map_err(|error| error.to_string())? as f64, "bytes")),
        None => not_here("strip"),
    }
}

fn functions() -> Answer<Found> {
    let library = target("artifact/release")?.join("libvil.so");
    let Some(text) = said(Command::new("nm").args(["-D", "--defined-only", "--format=posix"]).arg(library))? else {
        return not_here("nm");
    };
    Ok(Found::Value(text.lines().filter(|line| line.starts_with("vil_")).count() as f64, "functions"))
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Everything that a build of libvil compiles, our own parts included, without libvil itself.
fn crates() -> Answer<Found> {
    let arguments =
        ["tree", "--package", "libvil", "--edges", "normal,build", "--prefix", "none", "--no-dedupe", "--offline"];
    let Some(text) = said(cargo().args(arguments))? else { return not_here("cargo") };
    let names: BTreeSet<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    Ok(Found::Value(names.len().saturating_sub(1) as f64, "crates"))
}

/// Seconds of a release build from nothing, with the sources of all crates at hand.
fn clean_build() -> Answer<Found> {
    if std::env::var_os(CLEAN_BUILD).is_none() {
        return Ok(Found::NotHere(format!("it takes a minute; set {CLEAN_BUILD}=1")));
    }
    let target = std::env::temp_dir().join(format!("vil-bench-clean-{}", std::process::id()));
    let start = Instant::now();
    let built =
        said(cargo().args(["build", "--quiet", "--release", "--package", "libvil", "--target-dir"]).arg(&target));
    let seconds = start.elapsed().as_secs_f64();
    // What is left is in the directory for what is temporary.
    let _ = std::fs::remove_dir_all(&target);
    match built? {
        Some(_) => Ok(Found::Value(seconds, "s")),
        None => not_here("cargo"),
    }
}

fn measure(subject: &str) -> Answer<Found> {
    match subject {
        "libvil.so" | "libvil.a" => stripped(subject),
        "functions" => functions(),
        "crates" => crates(),
        "clean-build" => clean_build(),
        other => Err(format!("nobody is called {other}")),
    }
}

fn main() -> ExitCode {
    let answer = Arguments::of_process().and_then(|asked| Ok((measure(&asked.subject)?, asked)));
    match answer {
        Ok((Found::Value(value, unit), Arguments { subject, .. })) => {
            println!(r#"{{"benchmark":"size","subject":"{subject}","unit":"{unit}","value":{value}}}"#);
            ExitCode::SUCCESS
        }
        Ok((Found::NotHere(why), _)) => {
            eprintln!("{why}");
            ExitCode::from(3)
        }
        Err(sentence) => {
            eprintln!("size: {sentence}");
            ExitCode::from(2)
        }
    }
}

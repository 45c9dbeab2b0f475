//! The strict tests: hostile bytes under AddressSanitizer, memory orders under loom. Each is a build of its own of everything it needs, in a target
//! directory of its own. Says only how they are built and run; never decides whether.

use std::path::PathBuf;
use std::process::Command;

use crate::cargo::{add_rustflags, cargo};
use crate::places;

/// What rustc of this machine brings along.
pub(crate) struct Compiler {
    host: String,
    runtimes: PathBuf,
}

impl Compiler {
    /// Asks it; `None` when it does not answer.
    pub(crate) fn ask() -> Option<Compiler> {
        let said = |argument: &[&str]| {
            let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
            let output = Command::new(rustc).current_dir(places::root()).args(argument).output().ok()?;
            String::from_utf8(output.stdout).ok()
        };
        let host = said(&["-vV"])?.lines().find_map(|line| line.strip_prefix("host: "))?.to_owned();
        let runtimes = PathBuf::from(said(&["--print", "target-libdir"])?.trim());
        Some(Compiler { host, runtimes })
    }

    /// Whether a sanitizer's runtime is installed: `asan` or `tsan`.
    fn has(&self, sanitizer: &str) -> bool {
        let entries = std::fs::read_dir(&self.runtimes).into_iter().flatten().flatten();
        let end = format!("_rt.{sanitizer}.a");
        entries.into_iter().any(|entry| entry.file_name().to_string_lossy().ends_with(&end))
    }
}

/// One of the strict tests.
pub(crate) struct Strict {
    pub(crate) name: &'static str,
    command: fn(Option<&Compiler>) -> Command,
    /// What is said when this machine cannot run it as it should be.
    pub(crate) lacking: Option<&'static str>,
}

impl Strict {
    /// `cargo test` of it, to be added to.
    pub(crate) fn command(&self, compiler: Option<&Compiler>) -> Command {
        (self.command)(compiler)
    }
}

/// Those that `cargo xtask test` runs.
pub(crate) fn all(compiler: Option<&Compiler>) -> [Strict; 2] {
    let without = "hostile bytes: run without AddressSanitizer, which this Rust has not";
    let lacking = if compiler.is_some_and(|compiler| compiler.has("asan")) { None } else { Some(without) };
    [
        Strict { name: "hostile bytes", command: hostile, lacking },
        Strict { name: "memory orders", command: |_| orders(), lacking: None },
    ]
}

/// Hostile bytes, with a hook before every shared access; under AddressSanitizer where there is one.
pub(crate) fn hostile(compiler: Option<&Compiler>) -> Command {
    let Some(compiler) = compiler.filter(|compiler| compiler.has("asan")) else {
        let mut command = optimized(cargo("test", &places::target().join("crash")), "hostile", LIBRARY);
        add_rustflags(&mut command, "--cfg crash_points");
        return command;
    };
    let mut command = optimized(cargo("test", &places::target().join("asan")), "hostile", LIBRARY);
    // With a target that is named, the flags are for what runs there, and not for build scripts.
    command.args(["--target", &compiler.host]).env("RUSTC_BOOTSTRAP", "1");
    add_rustflags(&mut command, "--cfg crash_points --cfg sanitized=\"address\" -Zsanitizer=address");
    // Handles of the C surface live as long as the process; what the tests leak is not the question.
    command.env("ASAN_OPTIONS", "detect_leaks=0:abort_on_error=0");
    command
}

/// Models of the library under loom.
pub(crate) fn orders() -> Command {
    let mut command = optimized(cargo("test", &places::target().join("loom")), "orders", MODELS);
    add_rustflags(&mut command, "--cfg loom");
    command
}

const LIBRARY: &[&str] = &["vil-core", "vil-capi", "vil-strict"];
const MODELS: &[&str] = &["vil-core", "vil-strict", "loom", "generator"];

/// Overflow checks stay on: it is a profile for development all the same.
fn optimized(mut command: Command, test: &str, packages: &[&str]) -> Command {
    command.args(["--package", "vil-strict", "--test", test]);
    for package in packages {
        command.args(["--config", &format!("profile.dev.package.{package}.opt-level=2")]);
    }
    command
}

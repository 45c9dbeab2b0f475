//! The credit pipeline as a test sees it: the conductor as a process, in a runtime directory of its own.
//! Every run that ends by itself must leave that directory empty; what the runs print is the tests' affair.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::artifact::{program, root};
use crate::cc::{Compile, c_compiler, cpp_compiler};
use crate::scratch::Scratch;

/// Longest that anything here may take; a pipeline that hangs ends the test.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// One test's pipeline.
#[derive(Debug)]
pub struct Pipeline {
    scratch: Scratch,
}

impl Pipeline {
    /// With an empty runtime directory.
    pub fn new(name: &str) -> Self {
        Self { scratch: Scratch::new(name) }
    }

    /// A file of this test, outside of the runtime directory.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.scratch.join(name);
        std::fs::write(&path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    /// The conductor with these arguments, not yet started.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(conductor());
        command.args(args).arg("--bin-dir").arg(stages()).env("VIL_RUNTIME_DIR", self.worlds());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn worlds(&self) -> PathBuf {
        self.scratch.join("worlds")
    }

    /// Runs it to its end and looks whether it left anything.
    pub fn run(&self, args: &[&str]) -> Output {
        let output = finish(self.command(args).spawn().expect("the conductor starts"));
        self.assert_empty();
        output
    }

    /// Runs it with `--json`; the object, which must be all that it says on stdout, and the exit code.
    pub fn json(&self, args: &[&str]) -> (Value, i32) {
        let output = self.run(&[args, &["--json"]].concat());
        object(&output)
    }

    /// No world, nor anything else that one leaves, is there any more.
    pub fn assert_empty(&self) {
        assert_eq!(self.left(), Vec::<PathBuf>::new(), "left behind");
    }

    /// Everything in the runtime directory that is no directory.
    pub fn left(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![self.worlds()];
        while let Some(dir) = open.pop() {
            for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() { open.push(path) } else { found.push(path) }
            }
        }
        found
    }
}

/// The object that a run printed, and its exit code.
#[track_caller]
pub fn object(output: &Output) -> (Value, i32) {
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.matches('\n').count(), 1, "one line on stdout, not {said:?}; stderr: {errors}");
    let object = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error} in {said}; stderr: {errors}"));
    (object, output.status.code().unwrap_or(-1))
}

/// Waits for a process and collects what it says; one that hangs is killed and ends the test.
#[track_caller]
pub fn finish(child: Child) -> Output {
    let pid = child.id();
    let waiter = std::thread::spawn(move || child.wait_with_output());
    if !within(DEADLINE, || waiter.is_finished()) {
        signal(pid, libc::SIGKILL);
        panic!("process {pid} hangs");
    }
    waiter.join().expect("the thread that waits does not panic").expect("a child can be waited for")
}

/// Whether something becomes true in time.
pub fn within(time: Duration, mut done: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + time;
    while !done() {
        if Instant::now() > end {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

/// Sends a signal; false when there is no such process.
pub fn signal(pid: u32, signal: i32) -> bool {
    // SAFETY: kill takes two numbers and touches no memory of ours.
    unsafe { libc::kill(pid as i32, signal) == 0 }
}

/// The running children of a process by name: its stages.
pub fn children(pid: u32) -> Vec<(String, u32)> {
    let list = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let named = |child: &str| Some((std::fs::read_to_string(format!("/proc/{child}/comm")).ok()?, child.parse().ok()?));
    let found = list.split_whitespace().filter_map(named);
    found.map(|(name, child)| (name.trim_end().to_owned(), child)).collect()
}

/// Whether a process is there and not just waiting to be waited for.
pub fn is_running(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

fn conductor() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        program("vil-examples", "ingest");
        program("vil-examples", "conductor")
    })
}

/// The directory of the stages in C and C++, compiled once for all tests of a program.
fn stages() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let credit = root().join("examples-c/credit");
        let dir = root().join("target/scratch/stages");
        std::fs::create_dir_all(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
        let build = |compiler, standard, source: &str, name: &str| {
            // Another test program may be running the old one: it is replaced, not written over.
            let fresh = dir.join(format!("{name}.{}", std::process::id()));
            let compile = Compile::new(&compiler, standard, &fresh).source(credit.join(source));
            compile.include(credit.join("generated")).arg("-O2").link_shared().expect();
            std::fs::rename(&fresh, dir.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        };
        build(c_compiler(), "c99", "filter.c", "filter");
        build(cpp_compiler(), "c++17", "report.cpp", "report");
        dir
    })
}

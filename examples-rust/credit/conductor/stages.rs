//! The stages as processes: found, started so that they die with us, waited for, killed.

use std::io::{BufRead, BufReader, PipeReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use std::os::unix::process::CommandExt;

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::usage::Usage;

/// Most bytes of what a stage says that are kept: 100,000 branches and more.
const MOST_TOLD: u64 = 256 << 20;

/// Which stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Ingest,
    Filter,
    Report,
}

impl Role {
    pub(crate) const ALL: [Role; 3] = [Role::Ingest, Role::Filter, Role::Report];

    /// Name of the process in the program, and of its binary.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Ingest => "ingest",
            Role::Filter => "filter",
            Role::Report => "report",
        }
    }
}

/// Where the programs are.
#[derive(Debug)]
pub(crate) struct Programs {
    dirs: Vec<PathBuf>,
}

impl Programs {
    /// In these directories, else beside this program.
    pub(crate) fn new(dirs: &[PathBuf]) -> Self {
        let here = std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_owned));
        Self { dirs: dirs.iter().cloned().chain(here).collect() }
    }

    fn find(&self, role: Role) -> Result<PathBuf, String> {
        let found = self.dirs.iter().map(|dir| dir.join(role.name())).find(|file| file.is_file());
        found.ok_or_else(|| {
            let dirs: Vec<_> = self.dirs.iter().map(|dir| dir.display().to_string()).collect();
            format!("there is no program `{}` in {}; `cargo xtask demo` builds it", role.name(), dirs.join(" or "))
        })
    }
}

/// A running stage; dropped, it is killed and waited for.
#[derive(Debug)]
pub(crate) struct Stage {
    child: Child,
    /// Reads all that it says while it runs, so that it never waits for us.
    told: Option<JoinHandle<String>>,
}

impl Stage {
    /// Starts a stage. Call it from the main thread only: the kernel sends the death signal when the thread ends
    /// that started the process.
    pub(crate) fn start(
        programs: &Programs,
        role: Role,
        world: &str,
        input: Option<PipeReader>,
    ) -> Result<Self, String> {
        let program = programs.find(role)?;
        let refuse = |error: std::io::Error| format!("{} cannot be started: {error}", program.display());
        let mut command = Command::new(&program);
        command.arg(world).arg(std::process::id().to_string());
        command.stdin(input.map_or_else(Stdio::null, Stdio::from)).stdout(Stdio::piped());
        // A group of its own: Ctrl-C is for the conductor, which stops the stages in good order.
        command.process_group(0);
        let mut child = command.spawn().map_err(refuse)?;
        let told = child.stdout.take().map(listen).transpose().map_err(refuse)?;
        Ok(Self { child, told })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended and what it cost, if it did.
    pub(crate) fn ended(&mut self) -> Result<Option<(ExitStatus, Usage)>, String> {
        let now = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let has_ended = waitid(WaitId::Pid(Pid::from_child(&self.child)), now);
        if matches!(has_ended, Ok(None)) {
            return Ok(None);
        }
        let usage = Usage::of(self.pid());
        let status = self.child.try_wait().map_err(|error| error.to_string())?;
        Ok(status.map(|status| (status, usage)))
    }

    /// SIGKILL, and wait until the kernel has cleaned up.
    pub(crate) fn kill(&mut self) {
        // Neither can fail for a child that has not been waited for, and for one that has there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// All that it said, once it has ended.
    pub(crate) fn told(&mut self) -> String {
        self.told.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.kill();
    }
}

fn listen(output: ChildStdout) -> std::io::Result<JoinHandle<String>> {
    let read = move || {
        let mut lines = String::new();
        let mut output = BufReader::new(output).take(MOST_TOLD);
        // A line that a death cut short, or that is no text, is not kept.
        loop {
            let start = lines.len();
            match output.read_line(&mut lines) {
                Ok(1..) if lines.ends_with('\n') => {}
                _ => {
                    lines.truncate(start);
                    return lines;
                }
            }
        }
    };
    std::thread::Builder::new().name("listen".into()).spawn(read)
}

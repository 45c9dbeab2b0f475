//! What the conductor and the trial programs share: a place for worlds, another process in a role, processors, probes, time
//! and the line that a trial says.

pub mod arguments;
pub mod clock;
pub mod cores;
pub mod counts;
pub mod payload;
pub mod peer;
pub mod probe;
pub mod samples;
pub mod shared;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use vil_core::base::error::Error;
use vil_core::sys::file::RuntimeDir;
use vil_core::world::{Contract, World};
use vil_ir::plan::{Plan, plan_program};

/// What a program ends with.
pub type Answer<T> = Result<T, String>;

/// Who a process is when it has no role in the program.
pub const NOBODY: Contract<'static> = Contract { process: None, ports: &[] };

/// A directory for the worlds of one run; it goes with this.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    is_ours: bool,
}

impl Place {
    /// A new one, in memory where the machine has a place for that.
    pub fn new() -> Place {
        let memory = PathBuf::from("/dev/shm");
        let above = if memory.is_dir() { memory } else { std::env::temp_dir() };
        Place { path: above.join(format!("vil-bench-{}", std::process::id())), is_ours: true }
    }

    /// The one that another process has made.
    pub fn of_another(path: &str) -> Place {
        Place { path: PathBuf::from(path), is_ours: false }
    }

    /// Where it is.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// The runtime's view of it.
    pub fn dir(&self) -> Answer<RuntimeDir> {
        RuntimeDir::open(Some(&self.path)).map_err(sentence)
    }

    /// Creates the world of a run.
    pub fn create(&self, plan: &Plan) -> Answer<Arc<World>> {
        World::create(&self.dir()?, "bench", plan, &NOBODY).map_err(sentence)
    }

    /// Attaches to it as a process of the program, or as nobody.
    pub fn attach(&self, process: Option<&str>) -> Answer<Arc<World>> {
        World::open(&self.dir()?, "bench", &Contract { process, ports: &[] }).map_err(sentence)
    }

    /// This program again, in a role.
    pub fn start(&self, role: &str) -> Answer<Other> {
        let itself = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(itself);
        command.arg(role).arg(&self.path).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.spawn().map(Other).map_err(|error| format!("{role} cannot be started: {error}"))
    }
}

impl Default for Place {
    fn default() -> Self {
        Place::new()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.is_ours {
            // What is left behind lies in a directory of this run alone, and the next boot removes it.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Another process; killed when it is forgotten.
#[derive(Debug)]
pub struct Other(Child);

impl Other {
    /// Waits until it says that it is ready.
    pub fn ready(&mut self) -> Answer<()> {
        let said = self.0.stdout.as_mut().ok_or("it has no voice")?;
        let mut byte = [0];
        std::io::Read::read_exact(said, &mut byte).map_err(|_| "the other process ended before it was ready".to_owned())
    }

    /// SIGKILL, and waits until the kernel has taken everything from it.
    pub fn kill(&mut self) -> Answer<()> {
        self.0.kill().and_then(|()| self.0.wait()).map(drop).map_err(|error| error.to_string())
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Says that this process is ready.
pub fn say_ready() -> Answer<()> {
    let mut out = std::io::stdout();
    std::io::Write::write_all(&mut out, b"!").and_then(|()| std::io::Write::flush(&mut out)).map_err(|e| e.to_string())
}

/// Waits until whoever started this process ends it or is gone.
pub fn wait_for_the_end() {
    // An error is as good as an end.
    let _ = std::io::Read::read(&mut std::io::stdin(), &mut [0]);
}

/// The plan of a program in YAML.
pub fn plan(yaml: &str) -> Answer<Plan> {
    let (program, _) = vil_ir::load::from_yaml(yaml).map_err(|faults| faults.to_string())?;
    plan_program(&program).map_err(|error| error.to_string())
}

/// An error's sentence.
pub fn sentence(error: Error) -> String {
    error.message
}

/// The middle one; sorts. The slice has at least one.
pub fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

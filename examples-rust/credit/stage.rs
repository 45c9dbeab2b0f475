//! What every stage does beside its work: it takes its arguments, dies with the conductor, and tells the time.
//! The stages in C and C++ do the same in their own words.

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
use rustix::time::{ClockId, clock_gettime};

/// `STAGE WORLD [PARENT]`: the world's name, and the process to die with.
#[derive(Debug)]
pub struct Arguments {
    /// Name of the world to attach to; its directory comes from the environment.
    pub world: String,
    /// Process id of the conductor. Started by hand without it, a stage lives on its own.
    pub parent: Option<i32>,
}

impl Arguments {
    /// From the command line; the usage as an error.
    pub fn from_env() -> Result<Self, String> {
        let arguments: Vec<String> = std::env::args().collect();
        match arguments.as_slice() {
            [_, world] => Ok(Self { world: world.clone(), parent: None }),
            [_, world, parent] => {
                let parent = parent.parse().map_err(|_| format!("{parent} is no process id"))?;
                Ok(Self { world: world.clone(), parent: Some(parent) })
            }
            _ => Err("usage: STAGE WORLD [PARENT]".into()),
        }
    }

    /// Asks the kernel for a SIGKILL when the parent ends, then looks whether it has ended already: between the fork
    /// and the asking it may have, and then nobody would ever send one.
    pub fn die_with_parent(&self) -> Result<(), String> {
        let Some(parent) = self.parent else { return Ok(()) };
        set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| error.to_string())?;
        if getppid().map(Pid::as_raw_pid) != Some(parent) {
            return Err("the conductor ended before this stage began".into());
        }
        Ok(())
    }
}

/// Nanoseconds of the clock that all processes of this machine share and nobody sets.
pub fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

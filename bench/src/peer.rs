//! The other process of a trial: this program again, with the same words and a role. It dies with the one that started it.

use std::process::{Child, Command, Stdio};

use rustix::process::{Signal, set_parent_process_death_signal};

use crate::Answer;
use crate::arguments::Arguments;

/// Another process, in a role; waited for when it is over, killed when it is forgotten.
#[derive(Debug)]
pub struct Peer(Child);

impl Peer {
    /// Starts it with the same words, `--role ROLE` and more keys.
    pub fn start(arguments: &Arguments, role: &str, keys: &[(&str, String)]) -> Answer<Peer> {
        let itself = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(itself);
        command.args(arguments.words()).args(["--role", role]).stdin(Stdio::null()).stdout(Stdio::piped());
        for (key, value) in keys {
            command.arg(format!("--{key}")).arg(value);
        }
        command.spawn().map(Peer).map_err(|error| format!("{role} cannot be started: {error}"))
    }

    /// Waits until it says that it is ready.
    pub fn ready(&mut self) -> Answer<()> {
        let said = self.0.stdout.as_mut().ok_or("it has no voice")?;
        let said = std::io::Read::read_exact(said, &mut [0]);
        said.map_err(|_| "the other process ended before it was ready".to_owned())
    }

    /// Waits for its end; anything but success is an error.
    pub fn end(mut self) -> Answer<()> {
        let status = self.0.wait().map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err(format!("the other process: {status}")) }
    }

    /// In the other process, first of all: to die when its parent does.
    pub fn is_one() -> Answer<()> {
        set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| error.to_string())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

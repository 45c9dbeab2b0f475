//! What a command tells the person: each step when it begins, its time when it ends, everything a failed step said.
//! A step that succeeds stays quiet. Never writes to stdout when told to leave that to another program.

use std::fmt::Display;
use std::io::Write;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Steps done so far. Shared by threads: steps may run side by side.
pub(crate) struct Report {
    stream: Stream,
    started: Instant,
    steps: Mutex<Vec<(String, Duration)>>,
}

/// Where the lines go.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    /// For commands whose own words are the result.
    Stdout,
    /// For commands that start a program whose stdout is the result.
    Stderr,
}

impl Report {
    /// An empty one; the clock starts.
    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream, started: Instant::now(), steps: Mutex::new(Vec::new()) }
    }

    /// A line.
    pub(crate) fn say(&self, line: impl Display) {
        // A reader that has gone away (`| head`) is no reason to stop: there is still an exit code to give.
        let _ = match self.stream {
            Stream::Stdout => writeln!(std::io::stdout(), "{line}"),
            Stream::Stderr => writeln!(std::io::stderr(), "{line}"),
        };
    }

    /// Does `work` as a step: says that it begins, and how long it took.
    pub(crate) fn step<T>(&self, name: &str, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
        self.say(format_args!("> {name}"));
        let begun = Instant::now();
        let result = work();
        let took = begun.elapsed();
        let verdict = if result.is_ok() { "done" } else { "FAILED" };
        self.say(format_args!("  {name}: {verdict} in {}", seconds(took)));
        self.steps.lock().expect("no step panics while it adds its time").push((name.to_owned(), took));
        result
    }

    /// Runs a command as a step. What it says is shown only if it fails.
    pub(crate) fn run(&self, name: &str, command: &mut Command) -> Result<(), String> {
        self.step(name, || quietly(command))
    }

    /// The times of all steps, and of the whole.
    pub(crate) fn times(&self) {
        let steps = self.steps.lock().expect("no step panics while it adds its time");
        self.say("times:");
        for (name, took) in steps.iter() {
            self.say(format_args!("  {:>8}  {name}", seconds(*took)));
        }
        self.say(format_args!("  {:>8}  in all", seconds(self.started.elapsed())));
    }
}

/// Runs a command to its end; all it said is the error if it fails.
pub(crate) fn quietly(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{}: {error}", line_of(command)))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{}\n{}\n{}", line_of(command), String::from_utf8_lossy(&said).trim_end(), output.status))
}

/// A command as a person would type it, nearly.
pub(crate) fn line_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// `12.3 s`.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

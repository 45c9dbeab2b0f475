//! What a command writes: results to stdout, all else to stderr. The only place that does, so that all commands fail alike.
//!
//! Nobody who reads any more is no fault: the command ends and answers what it found. A result that is lost otherwise is one.
//! What cannot be said on stderr is dropped. Nothing here panics, and nothing is kept back for a later write.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::Errno;

use crate::source::{FINE, UNREADABLE};

/// What became of a text for stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// All of it was taken.
    Whole,
    /// Nobody reads any more.
    Unread,
    /// It is lost; that was said.
    Lost,
}

/// Writes a result to stdout.
pub(crate) fn write(text: &str) -> Written {
    judge(Stdout.write_all(text.as_bytes()))
}

/// Writes a result to stdout and answers `code`, or 2 where it is lost.
pub(crate) fn answer(text: &str, code: u8) -> ExitCode {
    answered(write(text), code)
}

/// Writes a result that is neither good nor bad.
pub(crate) fn print(text: &str) -> ExitCode {
    answer(text, FINE)
}

/// Says a line on stderr.
pub(crate) fn note(line: impl Display) {
    // There is no other place where it could be said that this one is closed or full.
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Says on stderr why something cannot be done.
pub(crate) fn error(reason: impl Display) {
    note(format_args!("error: {reason}"));
}

/// Writes what the command line asked for or has wrong, in colours where the stream shows them, and answers the exit code.
pub(crate) fn usage(told: &clap::Error) -> ExitCode {
    if told.use_stderr() {
        let _ = told.print();
        return ExitCode::from(UNREADABLE);
    }
    // Colours are for terminals, and those take what is written.
    if io::stdout().is_terminal() { answered(judge(told.print()), FINE) } else { print(&told.render().to_string()) }
}

fn answered(written: Written, code: u8) -> ExitCode {
    ExitCode::from(if written == Written::Lost { UNREADABLE } else { code })
}

fn judge(written: io::Result<()>) -> Written {
    match written {
        Ok(()) => Written::Whole,
        // A pipe says the first, a socket whose reader left something unread the other.
        Err(reason) if matches!(reason.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => Written::Unread,
        Err(reason) => {
            error(format_args!("cannot write to stdout: {reason}"));
            Written::Lost
        }
    }
}

/// The stream itself: that of the standard library takes a descriptor that cannot be written to for one that took all.
struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        was_open()?;
        Ok(rustix::io::write(rustix::stdio::stdout(), bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Stdout was closed when the process began.
static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// The error of writing to a stdout that was closed from the beginning.
fn was_open() -> io::Result<()> {
    if WAS_CLOSED.load(Ordering::Relaxed) { Err(Errno::BADF.into()) } else { Ok(()) }
}

/// Runs before the standard library does, which opens /dev/null in place of a closed stream, so that nobody can tell later.
extern "C" fn look() {
    let found = rustix::io::fcntl_getfd(rustix::stdio::stdout());
    WAS_CLOSED.store(found == Err(Errno::BADF), Ordering::Relaxed);
}

// SAFETY: the C library calls what stands in this section before main, once; `look` asks the kernel and stores a flag, and
// needs nothing that is made ready later.
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

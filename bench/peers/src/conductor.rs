//! The process in the middle: it starts the two sides, sleeps until both are done, passes on what was said, and cleans up.
//!
//! It runs beside no measurement. When a side fails or hangs, both are killed; when it is killed itself, so are they.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::Answer;
use crate::arguments::Arguments;
use crate::link::Link;
use crate::machine::{failure, open_many_files};
use crate::scratch::Scratch;

/// Longest time of a trial in seconds; less than whoever started it waits.
const DEADLINE_S: usize = 100;

static IS_ENDED: AtomicBool = AtomicBool::new(false);

/// Runs a trial on so many sides and says what it said.
pub(crate) fn run(arguments: Arguments, sides: u64, wires: Vec<[OwnedFd; 2]>) -> Answer<()> {
    end_on_signals();
    open_many_files();
    let scratch = Scratch::new();
    let link = Link::create()?;
    let said = memory_file()?;
    let arguments =
        arguments.with("owner", std::process::id()).with("link", link.file()).with("wires", numbers(&wires));
    let deadline = Duration::from_secs(arguments.number("deadline-s", DEADLINE_S)? as u64);
    let until = Instant::now() + deadline;
    let mut children = Children(Vec::new());
    for side in ["a", "b"].into_iter().take(usize::try_from(sides).unwrap_or(2)) {
        children.0.push(start(&arguments.clone().with("side", side), &said)?);
    }
    drop(wires);
    let ended = children.wait(until);
    drop(children);
    drop(scratch);
    ended?;
    pass_on(said)
}

fn numbers(wires: &[[OwnedFd; 2]]) -> String {
    let all: Vec<_> = wires.iter().flatten().map(|wire| wire.as_raw_fd().to_string()).collect();
    all.join(",")
}

/// A signal that would end this process ends the trial instead.
fn end_on_signals() {
    extern "C" fn end(_: libc::c_int) {
        // ORDER: Relaxed, nothing else is told by it.
        IS_ENDED.store(true, Ordering::Relaxed);
    }
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        // SAFETY: the handler stores one word. Without SA_RESTART, so that the wait below ends.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = end as *const () as libc::sighandler_t;
            libc::sigaction(signal, &action, std::ptr::null_mut());
        }
    }
}

fn memory_file() -> Answer<File> {
    // SAFETY: the name is text that ends; the answer is checked.
    let file = unsafe { libc::memfd_create(c"vil-peers-said".as_ptr(), libc::MFD_CLOEXEC) };
    if file < 0 {
        return Err(failure("a file for what is said cannot be had"));
    }
    // SAFETY: it is open and nobody else's.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(file) }))
}

fn start(arguments: &Arguments, said: &File) -> Answer<Child> {
    let itself = std::env::current_exe().map_err(|error| error.to_string())?;
    let said = said.try_clone().map_err(|error| error.to_string())?;
    let mut command = Command::new(itself);
    command.args(arguments.words()).stdin(Stdio::null()).stdout(said);
    command.spawn().map_err(|error| format!("a side cannot be started: {error}"))
}

/// In a side, first of all: nobody outlives whoever started it. Answers what the sides meet at.
pub(crate) fn enter(arguments: &Arguments) -> Answer<Link> {
    // SAFETY: nothing is handed over.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    let number = arguments.number("link", 0)?;
    Link::inherited(i32::try_from(number).map_err(|error| error.to_string())?)
}

/// The sides; killed when they are forgotten.
#[derive(Debug)]
struct Children(Vec<Child>);

impl Children {
    /// Until all have ended well, one has not, a signal came, or the time is over.
    fn wait(&mut self, until: Instant) -> Answer<()> {
        let mut running: Vec<OwnedFd> = self.0.iter().map(death_of).collect::<Answer<_>>()?;
        while !running.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            let mut polled: Vec<_> = running.iter().map(asked).collect();
            let left_ms = libc::c_int::try_from(left.as_millis()).unwrap_or(libc::c_int::MAX);
            // SAFETY: as many as there are, all open.
            unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, left_ms) };
            // ORDER: Relaxed, nothing else is told by it.
            if IS_ENDED.load(Ordering::Relaxed) {
                return Err("a signal came".into());
            }
            if left.is_zero() {
                return Err("it did not end in time".into());
            }
            let mut dead = polled.iter().map(|one| one.revents != 0);
            running.retain(|_| !dead.next().unwrap_or(false));
            self.are_well()?;
        }
        Ok(())
    }

    /// Whether those that have ended have ended well.
    fn are_well(&mut self) -> Answer<()> {
        for child in &mut self.0 {
            match child.try_wait() {
                Ok(Some(status)) if !status.success() => return Err(format!("a side ended with {status}")),
                Ok(_) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(())
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // Those that have ended are not there to be killed.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn death_of(child: &Child) -> Answer<OwnedFd> {
    // SAFETY: the child was not waited for yet, so its number is its own.
    let file = unsafe { libc::syscall(libc::SYS_pidfd_open, child.id(), 0) };
    let file = i32::try_from(file).ok().filter(|file| *file >= 0).ok_or_else(|| failure("a side cannot be watched"))?;
    // SAFETY: it is open and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(file) })
}

fn asked(file: &OwnedFd) -> libc::pollfd {
    libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLIN, revents: 0 }
}

fn pass_on(mut said: File) -> Answer<()> {
    let mut line = String::new();
    said.rewind().and_then(|()| said.read_to_string(&mut line)).map_err(|error| error.to_string())?;
    if line.trim().is_empty() {
        return Err("nothing was said".into());
    }
    print!("{line}");
    Ok(())
}

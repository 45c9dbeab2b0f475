//! A process as the kernel knows it, for the second proof of death: a pidfd becomes readable when its process has ended.
//!
//! A pid alone proves nothing, because it is given out again; together with the time at which the process began it names
//! one process of one pid namespace.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use crate::sys::process::start_time;

/// One process, whatever becomes of its pid.
#[derive(Debug)]
pub struct Pidfd(OwnedFd);

/// What became of the process that had a pid.
#[derive(Debug)]
pub enum Found {
    /// It is there, or was a moment ago.
    There(Pidfd),
    /// Nobody has its pid, or somebody who began at another time.
    Gone,
    /// This cannot be found out here.
    Unknown,
}

/// Looks for the process that has this pid in our pid namespace and began at this time.
pub fn find(pid: u32, start: u64) -> Found {
    let Some(pid) = libc::pid_t::try_from(pid).ok().filter(|pid| *pid > 0) else { return Found::Unknown };
    // SAFETY: the call takes numbers only.
    let answer = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    if answer < 0 {
        let is_gone = io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH);
        return if is_gone { Found::Gone } else { Found::Unknown };
    }
    // SAFETY: the descriptor was opened above and is nobody else's; the kernel sets it to close at exec.
    let found = Pidfd(unsafe { OwnedFd::from_raw_fd(answer as i32) });
    // The time is asked after the pidfd was opened: if it matches, the pidfd is of the process that is meant.
    match start_time(pid as u32) {
        _ if found.has_ended() => Found::Gone,
        Some(began) if began == start => Found::There(found),
        Some(_) => Found::Gone,
        None => Found::Unknown,
    }
}

impl Pidfd {
    /// Has the process ended, with all its threads? Its memory is unmapped by then.
    pub fn has_ended(&self) -> bool {
        let mut poll = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: `poll` is one valid entry; a timeout of 0 does not wait.
        unsafe { libc::poll(&mut poll, 1, 0) == 1 && poll.revents & libc::POLLIN != 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_there_by_its_own_time_and_gone_by_any_other() {
        let pid = std::process::id();
        let start = start_time(pid).expect("procfs is mounted");
        assert!(matches!(find(pid, start), Found::There(found) if !found.has_ended()));
        assert!(matches!(find(pid, start + 1), Found::Gone));
    }

    #[test]
    fn a_child_is_gone_once_it_has_ended_also_before_it_was_waited_for() {
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().expect("cat runs");
        let start = start_time(child.id()).expect("it is there");
        let Found::There(found) = find(child.id(), start) else { panic!("it lives") };
        drop(child.stdin.take());
        let mut poll = libc::pollfd { fd: found.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: `poll` is one valid entry.
        assert_eq!(unsafe { libc::poll(&mut poll, 1, 20_000) }, 1, "it ends when its input does");
        assert!(found.has_ended());
        assert!(matches!(find(child.id(), start), Found::Gone), "it is a zombie now");
        child.wait().expect("it is ours");
        assert!(!matches!(find(child.id(), start), Found::There(_)));
    }

    #[test]
    fn numbers_that_are_no_pids_say_nothing() {
        for pid in [0, i32::MAX as u32 + 1, u32::MAX] {
            assert!(matches!(find(pid, 0), Found::Unknown));
        }
    }
}

//! The liveness token: one byte of the world's file, beyond its end, under an open-file-description lock.
//!
//! The kernel drops the lock when the last descriptor of that open file is gone, and by then the holder's mapping is
//! gone too, so no late write can reach a reclaimed slot. The descriptor is opened for this alone and closed in fork
//! children.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use crate::base::limits::TOKEN_BASE;
use crate::base::words::ProcessId;
use crate::sys::fork;

/// A locked byte. Dropping it gives the byte back.
#[derive(Debug)]
pub struct Token {
    file: File,
    guarded: bool,
}

impl Token {
    /// Wraps a file that was opened for tokens alone; nothing is locked yet.
    pub fn new(file: File) -> io::Result<Token> {
        if !fork::guard(file.as_raw_fd()) {
            return Err(io::Error::from_raw_os_error(libc::EMFILE));
        }
        Ok(Token { file, guarded: true })
    }

    /// Locks the byte of an entry; false when somebody else has it.
    pub fn take(&self, process: ProcessId) -> io::Result<bool> {
        let mut lock = byte(process, libc::F_WRLCK);
        // SAFETY: the descriptor is ours and `lock` is a valid flock.
        if unsafe { libc::fcntl(self.file.as_raw_fd(), libc::F_OFD_SETLK, &mut lock) } == 0 {
            return Ok(true);
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EAGAIN | libc::EACCES) => Ok(false),
            _ => Err(error),
        }
    }

    /// Unlocks the byte of an entry that turned out not to be free.
    pub fn give_back(&self, process: ProcessId) {
        let mut lock = byte(process, libc::F_UNLCK);
        // SAFETY: as in `take`.
        unsafe { libc::fcntl(self.file.as_raw_fd(), libc::F_OFD_SETLK, &mut lock) };
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        if self.guarded {
            fork::unguard(self.file.as_raw_fd());
        }
    }
}

/// Is the byte of an entry unlocked? Asked through any descriptor but the holder's. An error counts as locked: it is
/// safer to take a dead process for a living one.
pub fn is_free(file: &File, process: ProcessId) -> bool {
    let mut lock = byte(process, libc::F_WRLCK);
    // SAFETY: the descriptor is open and `lock` is a valid flock.
    let answer = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &mut lock) };
    answer == 0 && lock.l_type == libc::F_UNLCK as libc::c_short
}

fn byte(process: ProcessId, kind: libc::c_int) -> libc::flock {
    // SAFETY: all zero is a valid flock; OFD locks ask for l_pid 0.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock.l_start = TOKEN_BASE + libc::off_t::from(process.0);
    lock.l_len = 1;
    lock
}

//! The liveness token: one byte of the world's file, beyond its end, under an open-file-description lock.
//!
//! The kernel drops the lock when the last descriptor of that open file is gone, and by then the holder's mapping is
//! gone too, so no late write can reach a reclaimed slot. The descriptor is the only one that a process has of a world,
//! and is closed in fork children.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use vil_ir::limits::MAX_PROCESSES;

use crate::base::error::Error;
use crate::base::limits::TOKEN_BASE;
use crate::base::words::ProcessId;
use crate::sys::fork::Private;

/// A locked byte. Dropping it gives the byte back.
#[derive(Debug)]
pub struct Token {
    file: Private,
}

impl Token {
    /// Opens a world's file, also to be mapped and asked through; nothing is locked yet. `open` may have more to say.
    pub fn open<T>(open: impl FnOnce() -> Result<(File, T), Error>) -> Result<(Token, T), Error> {
        let (file, more) = Private::open_with(open)?;
        Ok((Token { file }, more))
    }

    /// The file. Asked through it, the holder's own byte is free: a lock is in nobody's own way.
    pub fn file(&self) -> &File {
        &self.file
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

    /// Keeps `lock_out` from succeeding until `entered`; false while somebody has everybody locked out.
    pub fn enter(&self) -> bool {
        self.set(gate(libc::F_RDLCK))
    }

    /// Ends `enter`: from here on the byte of the entry says that somebody lives here.
    pub fn entered(&self) {
        self.set(gate(libc::F_UNLCK));
    }

    /// Keeps everybody from entering until this is dropped; false while somebody enters or lives here. Needs nothing of
    /// what the file says.
    pub fn lock_out(&self) -> bool {
        self.set(gate(libc::F_WRLCK)) && are_all_free(&self.file)
    }

    fn set(&self, mut lock: libc::flock) -> bool {
        // SAFETY: the descriptor is ours and `lock` is a valid flock.
        unsafe { libc::fcntl(self.file.as_raw_fd(), libc::F_OFD_SETLK, &mut lock) == 0 }
    }

    /// Unlocks the byte of an entry that turned out not to be free.
    pub fn give_back(&self, process: ProcessId) {
        self.set(byte(process, libc::F_UNLCK));
    }
}

/// Is the byte of an entry unlocked? Asked through any open file but the holder's. An error counts as locked: it is
/// safer to take a dead process for a living one.
pub fn is_free(file: &File, process: ProcessId) -> bool {
    is_unlocked(file, byte(process, libc::F_WRLCK))
}

/// Are the bytes of all entries that a world can have unlocked? Needs nothing of what the file says. An error counts as
/// locked.
pub fn are_all_free(file: &File) -> bool {
    let mut lock = byte(ProcessId(0), libc::F_WRLCK);
    lock.l_len = libc::off_t::from(MAX_PROCESSES);
    is_unlocked(file, lock)
}

fn is_unlocked(file: &File, mut lock: libc::flock) -> bool {
    // SAFETY: the descriptor is open and `lock` is a valid flock.
    let answer = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &mut lock) };
    answer == 0 && lock.l_type == libc::F_UNLCK as libc::c_short
}

/// The byte behind those of all entries: who enters shares it, who clears the world away has it alone.
fn gate(kind: libc::c_int) -> libc::flock {
    byte(ProcessId(MAX_PROCESSES as u16), kind)
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

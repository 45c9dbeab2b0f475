//! A descriptor that is readable while something was raised and not yet taken back: what epoll and its kin wait on.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::FromRawFd;

use crate::base::error::Error;
use crate::sys::fork::Private;

/// Makes one; no fork child gets it.
pub fn create() -> Result<Private, Error> {
    Private::open(|| {
        // SAFETY: takes numbers only.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(Error::from_os("a descriptor to wait on", &std::io::Error::last_os_error()));
        }
        // SAFETY: the descriptor is new and nobody else's.
        Ok(unsafe { File::from_raw_fd(fd) })
    })
}

/// Makes it readable.
pub fn raise(mut event: &File) {
    // It fails when 2^64 - 2 were raised, and then it is readable.
    let _ = event.write(&1u64.to_ne_bytes());
}

/// Makes it unreadable.
pub fn take_back(mut event: &File) {
    // It fails when there is nothing to take back.
    let _ = event.read(&mut [0; 8]);
}

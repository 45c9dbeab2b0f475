//! A memory barrier that one process makes every processor pass, so that all others need none of their own.
//!
//! The kernel interrupts each processor that runs a process which registered itself, whoever's that is. So the cost lies
//! with who sleeps, once for each sleep, and who publishes pays nothing.

use std::io::{Error, Result};

/// Can this process make and receive such barriers? Says so to the kernel, and tries: a sandbox may forbid it.
pub fn register() -> Result<()> {
    call(libc::MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED)?;
    call(libc::MEMBARRIER_CMD_GLOBAL_EXPEDITED)
}

/// Every processor that runs a registered process has passed a full barrier when this returns. False when the kernel
/// refuses, which it does not do to who could `register`, unless a sandbox was closed since.
pub fn everywhere() -> bool {
    call(libc::MEMBARRIER_CMD_GLOBAL_EXPEDITED).is_ok()
}

fn call(command: libc::c_int) -> Result<()> {
    // SAFETY: takes numbers only.
    let answer = unsafe { libc::syscall(libc::SYS_membarrier, command, 0u32, 0) };
    if answer == 0 { Ok(()) } else { Err(Error::last_os_error()) }
}

//! Sleeping on a word and waking who sleeps on it, across processes.

use std::time::Duration;

use crate::base::atomic::RawFlag;

/// Why a sleep ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// Somebody woke us, or the word had changed before we slept, or for no reason at all: look again.
    Look,
    /// The time is over.
    Late,
    /// A signal handler ran.
    Signal,
}

/// Sleeps while the word is `expected`, for at most `timeout`.
#[cfg(not(loom))]
pub fn wait(word: &RawFlag, expected: u32, timeout: Duration) -> Woken {
    let time = libc::timespec { tv_sec: timeout.as_secs() as libc::time_t, tv_nsec: timeout.subsec_nanos().into() };
    // SAFETY: the word lives for the call, the kernel only reads it and the time.
    let answer = unsafe {
        libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, expected, &raw const time, 0usize, 0u32)
    };
    if answer == 0 {
        return Woken::Look;
    }
    match std::io::Error::last_os_error().raw_os_error() {
        Some(libc::ETIMEDOUT) => Woken::Late,
        Some(libc::EINTR) => Woken::Signal,
        _ => Woken::Look,
    }
}

/// Wakes everybody who sleeps on the word. Async-signal-safe.
#[cfg(not(loom))]
pub fn wake(word: &RawFlag) {
    // SAFETY: FUTEX_WAKE reads nothing but the address.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX, 0usize, 0usize, 0u32) };
}

/// The same in a model, where no time passes.
#[cfg(loom)]
pub fn wait(word: &RawFlag, expected: u32, _timeout: Duration) -> Woken {
    word.sleep(expected);
    Woken::Look
}

/// The same in a model.
#[cfg(loom)]
pub fn wake(word: &RawFlag) {
    word.wake();
}

//! What a fork child must not do: use its parent's worlds or keep their tokens alive.
//!
//! A child handler counts a generation up and closes the token files; mappings do not reach the child at all. Both are
//! async-signal-safe, as a handler in a forked child must be.

use std::sync::Once;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

/// Tokens one process can hold: bounds the table that the child handler walks.
const MAX_TOKENS: usize = 1024;

static GENERATION: AtomicU32 = AtomicU32::new(0);
static TOKENS: [AtomicI32; MAX_TOKENS] = [const { AtomicI32::new(-1) }; MAX_TOKENS];
static INSTALL: Once = Once::new();

/// Counts the forks between the first user of libvil and this process.
#[inline(always)]
pub fn generation() -> u32 {
    // ORDER: Relaxed, only the child handler writes it, before any other thread of the child exists.
    GENERATION.load(Ordering::Relaxed)
}

/// Registers a file descriptor that a fork child closes. False when the table is full.
pub fn guard(fd: i32) -> bool {
    INSTALL.call_once(|| {
        // SAFETY: the handler only touches atomics and calls close, which is async-signal-safe.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
    TOKENS.iter().any(|place| place.compare_exchange(-1, fd, Ordering::AcqRel, Ordering::Relaxed).is_ok())
}

/// Takes a file descriptor out of the table, before it is closed.
pub fn unguard(fd: i32) {
    let _ = TOKENS.iter().any(|place| place.compare_exchange(fd, -1, Ordering::AcqRel, Ordering::Relaxed).is_ok());
}

extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    for place in &TOKENS {
        let fd = place.swap(-1, Ordering::Relaxed);
        if fd >= 0 {
            // SAFETY: the descriptor was registered by its owner, whose world is unusable in the child from here on.
            unsafe { libc::close(fd) };
        }
    }
}

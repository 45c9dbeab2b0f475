//! A memory barrier that one process makes every processor pass, so that all others need none of their own.
//!
//! The kernel interrupts each processor that runs a process which registered itself, whoever's that is. So the cost lies
//! with who sleeps, once for each sleep, and who publishes pays nothing.
//!
//! To register takes a process of one thread a moment. One of several waits until every processor has changed tasks:
//! milliseconds, and seconds on a busy machine. Nobody waits for that here: a thread does, and until it is done this
//! process's ends fence for themselves. That is never wrong: who goes to sleep passes a barrier of its own in the call by
//! which it asks for everybody's, so the two fences meet as in a world of fences.

use std::ffi::c_void;
use std::io::{Error, Result};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::sys::{fork, process};

/// The process, by its generation, that is `REGISTERED`; in `UNDER_WAY` the one whose thread waits for the kernel. 0 is
/// none, so generations count from 1 here. A fork child is another generation: the thread did not come with it.
static REGISTERED: AtomicU32 = AtomicU32::new(0);
static UNDER_WAY: AtomicU32 = AtomicU32::new(0);

fn me() -> u32 {
    fork::generation().wrapping_add(1)
}

/// Does the barrier reach this process? Once true it stays true.
#[cfg(not(loom))]
pub fn is_registered() -> bool {
    // ORDER: Acquire, pairs with the Release in `register`: whoever sees it comes after the kernel's work.
    REGISTERED.load(Ordering::Acquire) == me()
}

/// Makes the barrier reach this process, now or soon (then a thread waits for it), and says whether it may make such
/// barriers itself. `threads` are the process's, if that is known.
pub fn take_part(threads: Option<u32>) -> Result<()> {
    if threads == Some(1) || is_registered() {
        return register();
    }
    is_allowed()?;
    // ORDER: Relaxed, and so below: who starts the thread is decided here, and it publishes nothing.
    let before = UNDER_WAY.load(Ordering::Relaxed);
    if before != me() && UNDER_WAY.compare_exchange(before, me(), Ordering::Relaxed, Ordering::Relaxed).is_ok() {
        let started = process::spawn_small(wait_for_the_kernel);
        if started.is_err() {
            // ORDER: Relaxed, as above. Everybody fences until the next one who opens a world has a thread to spare.
            UNDER_WAY.store(0, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// The thread's only call. It holds nothing of the library's, as it may outlive every world, and takes no memory.
extern "C" fn wait_for_the_kernel(_: *mut c_void) -> *mut c_void {
    // SAFETY: a text that ends with NUL, for the calling thread.
    unsafe { libc::prctl(libc::PR_SET_NAME, c"vil-barrier".as_ptr()) };
    // Where the kernel would not have it, this process stays with fences.
    let _ = register();
    // ORDER: Relaxed, as in `take_part`.
    UNDER_WAY.store(0, Ordering::Relaxed);
    std::ptr::null_mut()
}

fn register() -> Result<()> {
    call(libc::MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED)?;
    // ORDER: Release, pairs with the Acquire in `is_registered`.
    REGISTERED.store(me(), Ordering::Release);
    Ok(())
}

/// May this process make such barriers? A sandbox may forbid it, and kernels before 4.16 do not know them.
pub fn is_allowed() -> Result<()> {
    call(libc::MEMBARRIER_CMD_GLOBAL_EXPEDITED)
}

/// Every processor that runs a registered process, and the one of the caller, has passed a full barrier when this
/// returns. False when the kernel refuses, which it does not do to who `is_allowed`, unless a sandbox was closed since.
#[cfg(not(loom))]
pub fn everywhere() -> bool {
    is_allowed().is_ok()
}

/// The same in a model: where no kernel is modelled, nobody sleeps and nobody fences.
#[cfg(loom)]
pub fn is_registered() -> bool {
    crate::base::modelled::kernel().is_none_or(|kernel| kernel.is_registered())
}

/// The same in a model.
#[cfg(loom)]
pub fn everywhere() -> bool {
    crate::base::modelled::kernel().is_some_and(|kernel| {
        kernel.everywhere();
        true
    })
}

fn call(command: libc::c_int) -> Result<()> {
    // SAFETY: takes numbers only.
    let answer = unsafe { libc::syscall(libc::SYS_membarrier, command, 0u32, 0) };
    if answer == 0 { Ok(()) } else { Err(Error::last_os_error()) }
}

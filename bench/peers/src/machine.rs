//! What a trial asks of the machine: a processor of its own, the time, and to wait in a polling loop.
//!
//! Time is the time stamp counter, as in libvil's own trials, so that a reading adds the same to all.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::Answer;
use crate::arguments::Cores;

/// Binds the calling thread to a processor.
pub(crate) fn pin(core: usize) -> Answer<()> {
    if core >= usize::try_from(libc::CPU_SETSIZE).unwrap_or(0) {
        return Err(format!("there is no processor {core}"));
    }
    // SAFETY: a set of zeros is an empty one, and `core` is one of its bits.
    let failed = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set)
    };
    if failed == 0 { Ok(()) } else { Err(failure(&format!("processor {core} cannot be had"))) }
}

/// Lets this process and its children open as many files as the machine allows: a thousand services need thousands.
pub(crate) fn open_many_files() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: there is room for one limit. Where it stays as it is, whoever needs more says so.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
}

/// What the kernel said last.
pub(crate) fn failure(what: &str) -> String {
    format!("{what}: {}", std::io::Error::last_os_error())
}

/// A moment, in ticks.
#[inline(always)]
pub(crate) fn now() -> u64 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: reading the counter changes nothing; every x86-64 processor has it.
    unsafe {
        core::arch::x86_64::_rdtsc()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed().as_nanos() as u64
    }
}

/// Nanoseconds of a tick, by comparing with the monotonic clock for 10 ms, once in each process.
pub(crate) fn tick_ns() -> f64 {
    static TICK: OnceLock<f64> = OnceLock::new();
    *TICK.get_or_init(|| {
        let (start, ticks) = (Instant::now(), now());
        while start.elapsed() < Duration::from_millis(10) {
            std::hint::spin_loop();
        }
        start.elapsed().as_nanos() as f64 / now().wrapping_sub(ticks).max(1) as f64
    })
}

/// How a polling loop waits: PAUSE, or where both sides share a processor by giving way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Relax {
    gives_way: bool,
}

impl Relax {
    /// As these processors demand.
    pub(crate) fn on(cores: Cores) -> Relax {
        Relax { gives_way: cores.a == cores.b }
    }

    /// Once around the loop.
    #[inline(always)]
    pub(crate) fn once(self) {
        if self.gives_way {
            std::thread::yield_now();
        } else {
            std::hint::spin_loop();
        }
    }
}

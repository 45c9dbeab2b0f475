//! Time in a trial: the time stamp counter where it is steady, else the monotonic clock.
//!
//! Reading the counter costs about 10 ns and enters nothing, so one reading per message stays small beside the message.
//! The C trials do the same (`trials/c/trial.h`), so that both add the same to what they measure.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A moment, in ticks of this machine.
#[inline(always)]
pub fn now() -> u64 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: reading the counter changes nothing; every x86-64 processor has it.
    unsafe {
        core::arch::x86_64::_rdtsc()
    }
    #[cfg(not(target_arch = "x86_64"))]
    monotonic()
}

/// Nanoseconds of a tick, found once in each process by comparing with the monotonic clock for 10 ms.
pub fn tick_ns() -> f64 {
    static TICK: OnceLock<f64> = OnceLock::new();
    *TICK.get_or_init(|| {
        let (start, ticks) = (Instant::now(), now());
        while start.elapsed() < Duration::from_millis(10) {
            std::hint::spin_loop();
        }
        start.elapsed().as_nanos() as f64 / now().wrapping_sub(ticks).max(1) as f64
    })
}

#[cfg(not(target_arch = "x86_64"))]
fn monotonic() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_go_forward_and_last_less_than_a_microsecond() {
        let first = now();
        assert!(tick_ns() > 0.0 && tick_ns() < 1000.0);
        assert!(now() > first);
    }
}

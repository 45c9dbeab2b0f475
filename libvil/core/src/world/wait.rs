//! Waiting: spin a little, then sleep on our process's futex word, in slices, until a deadline.
//!
//! Every wait has a deadline, returns when the peer dies, on a signal and when it is cancelled. Between slices the
//! kernel is asked whether the peers live, so no third process is needed to notice a death.

use std::time::Duration;

use crate::base::limits::{SLICE, SPIN_NS};
use crate::sys::clock::now_ns;
use crate::sys::futex::{self, Woken};
use crate::sys::process::pause_thread;
use crate::world::{Stop, World};

/// How often a waiter gives the processor away before it sleeps, when there are fewer processors than processes.
const YIELDS: u32 = 4;

/// Is a loss looked for, or told to the caller?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// It is looked for.
    Look,
    /// It is being told, and is not told again.
    Told,
}

/// One wait: where to sleep, why, until when.
pub(super) struct Wait<'a> {
    pub(super) world: &'a World,
    /// Offset of our process's futex word.
    pub(super) flag: u64,
    /// `FOR_DATA` or `FOR_SPACE`.
    pub(super) reason: u32,
    /// Monotonic nanoseconds.
    pub(super) deadline_ns: u64,
    /// Calls of `cancel` that this end has already answered.
    pub(super) cancels: &'a mut u32,
}

impl Wait<'_> {
    /// Waits until `ready` answers. `lost` is asked between slices whether a peer is gone; a loss is told only when
    /// there is nothing ready, and `lost` is then asked once more to remember that it was.
    pub(super) fn until<T>(
        self,
        mut ready: impl FnMut() -> Option<T>,
        mut lost: impl FnMut(Telling) -> bool,
    ) -> Result<T, Stop> {
        if let Some(answer) = self.spin(&mut ready) {
            return Ok(answer);
        }
        loop {
            let flag = self.world.shared.segment.flag(self.flag);
            let seen = flag.announce(self.reason, "wait.announce");
            if let Some(answer) = ready() {
                return Ok(answer);
            }
            let cancels = self.world.cancels();
            if cancels != *self.cancels {
                *self.cancels = cancels;
                return Err(Stop::Cancelled);
            }
            if lost(Telling::Look) {
                return match ready() {
                    Some(answer) => Ok(answer),
                    None => {
                        lost(Telling::Told);
                        Err(Stop::PeerGone)
                    }
                };
            }
            let now = now_ns();
            if now >= self.deadline_ns {
                return Err(Stop::Late);
            }
            let slice = SLICE.min(Duration::from_nanos(self.deadline_ns - now));
            if futex::wait(flag.raw(), seen, slice) == Woken::Signal {
                return ready().ok_or(Stop::Interrupted);
            }
        }
    }

    /// Polls for a moment: a reply that is under way costs less than a sleep.
    fn spin<T>(&self, ready: &mut impl FnMut() -> Option<T>) -> Option<T> {
        if !self.world.may_spin {
            return (0..YIELDS).find_map(|_| {
                pause_thread();
                ready()
            });
        }
        let end = now_ns().saturating_add(SPIN_NS).min(self.deadline_ns);
        loop {
            for _ in 0..64 {
                std::hint::spin_loop();
                if let Some(answer) = ready() {
                    return Some(answer);
                }
            }
            if now_ns() >= end {
                return None;
            }
        }
    }
}

/// The monotonic time at which a timeout ends; the far future when that overflows.
pub(super) fn deadline(timeout_ns: u64) -> u64 {
    now_ns().saturating_add(timeout_ns)
}

//! Waiting: spin a little, then sleep on our process's futex word, in slices, until a deadline.
//!
//! Every wait has a deadline, returns when the peer dies, on a signal and when it is cancelled. Between slices the
//! kernel is asked whether the peers live, so no third process is needed to notice a death.

use std::time::Duration;

use crate::base::atomic::Flag;
use crate::base::limits::{NAP, SLICE, SPIN_NS};
use crate::base::words::{ProcState, ProcessId};
use crate::exchange::Peer;
use crate::registry::state;
use crate::sys::clock::now_ns;
use crate::sys::futex::{self, Woken};
use crate::sys::process::pause_thread;
use crate::world::ends::held_by_the_living;
use crate::world::patience::First;
use crate::world::{Stop, World};

const SLICE_NS: u64 = SLICE.as_nanos() as u64;

/// How often a waiter gives the processor away before it sleeps, when there are fewer processors than processes.
const YIELDS: u32 = 4;

/// How closely a loss is looked for, or whether it is told to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// The shared words are looked at.
    Look,
    /// The kernel is asked too, and the dead are recovered.
    Ask,
    /// It is being told, and is not told again.
    Told,
}

/// One wait: where to sleep, why, until when.
pub(super) struct Wait<'a> {
    pub(super) world: &'a World,
    /// Offset of our process's futex word.
    pub(super) flag: u64,
    /// `FOR_DATA` or `FOR_SPACE`, or both.
    pub(super) reason: u32,
    /// Monotonic nanoseconds.
    pub(super) deadline_ns: u64,
    /// Calls of `cancel` that this end has already answered.
    pub(super) cancels: &'a mut u32,
}

impl Wait<'_> {
    /// Waits until `ready` answers. `lost` is asked whether a peer is gone; a loss is told only when there is nothing
    /// ready, and `lost` is then asked once more to remember that it was. The kernel is asked once in each slice, and
    /// before a wait is late, so no wait without an end, and no number of short ones, overlooks a death.
    pub(super) fn until<T>(
        self,
        mut ready: impl FnMut() -> Option<T>,
        lost: impl FnMut(Telling) -> bool,
    ) -> Result<T, Stop> {
        match self.spin(&mut ready) {
            Some(answer) => Ok(answer),
            None => self.asleep(ready, lost),
        }
    }

    /// The same without polling first: for what costs more to ask than a sleep.
    pub(super) fn asleep<T>(
        self,
        mut ready: impl FnMut() -> Option<T>,
        mut lost: impl FnMut(Telling) -> bool,
    ) -> Result<T, Stop> {
        let mut bed = Bed::new(self.world, self.flag, self.reason);
        let mut next_ask = now_ns() + SLICE_NS;
        loop {
            // Looked at before it is announced anew: what woke us is nearly always there, and an announcement costs a
            // barrier on every processor that runs one of us.
            let standing = bed.standing();
            if let Some(answer) = ready() {
                return Ok(answer);
            }
            let cancels = self.world.cancels();
            if cancels != *self.cancels {
                *self.cancels = cancels;
                return Err(Stop::Cancelled);
            }
            let now = now_ns();
            let is_over = now >= self.deadline_ns;
            let telling = if is_over || now >= next_ask { Telling::Ask } else { Telling::Look };
            if lost(telling) {
                return match ready() {
                    Some(answer) => Ok(answer),
                    None => {
                        lost(Telling::Told);
                        Err(Stop::PeerGone)
                    }
                };
            }
            if is_over {
                return Err(Stop::Late);
            }
            if telling == Telling::Ask {
                self.world.settle_lingering();
                next_ask = now + SLICE_NS;
            }
            let Some((value, longest)) = bed.made(standing) else { continue };
            let slice = longest.min(Duration::from_nanos(next_ask.min(self.deadline_ns) - now));
            if bed.sleep(value, slice) == Woken::Signal {
                return ready().ok_or(Stop::Interrupted);
            }
        }
    }

    /// A reply that is under way costs less than a sleep.
    fn spin<T>(&self, ready: &mut impl FnMut() -> Option<T>) -> Option<T> {
        match self.world.patience.first() {
            First::Sleep => None,
            First::Yield => (0..YIELDS).find_map(|_| {
                pause_thread();
                ready()
            }),
            First::Poll => {
                let found = self.poll(ready);
                self.world.patience.learn(found.is_some());
                found
            }
        }
    }

    fn poll<T>(&self, ready: &mut impl FnMut() -> Option<T>) -> Option<T> {
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

/// Where one waiter sleeps: its process's futex word, and what it announced there. Nothing of it stays announced when the
/// wait ends.
struct Bed<'a> {
    world: &'a World,
    offset: u64,
    reason: u32,
    announced: Option<u32>,
    depth: Depth,
}

/// How certainly a waiter is woken, and so how long it may sleep. Certainty costs a barrier on every processor that runs one
/// of us, in the very moment in which whoever we have just sent to begins to work; most waits are over before they need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// A wake-up could be lost to a store that was on its way: for a nap.
    Light,
    /// The nap is over.
    Napped,
    /// Nothing can be lost.
    Certain,
}

impl<'a> Bed<'a> {
    fn new(world: &'a World, offset: u64, reason: u32) -> Bed<'a> {
        Bed { world, offset, reason, announced: None, depth: Depth::Light }
    }

    fn flag(&self) -> &'a Flag {
        self.world.shared.segment.flag(self.offset)
    }

    /// The value to sleep on, if what was announced before still stands. Whoever looks at what it waits for after this
    /// and finds nothing is woken when there is something.
    fn standing(&self) -> Option<u32> {
        self.announced.and_then(|before| self.flag().standing(before, "wait.standing"))
    }

    /// What to sleep on and for how long at most; `None` when the announcement had to be changed, so that whoever waits
    /// looks once more.
    fn made(&mut self, standing: Option<u32>) -> Option<(u32, Duration)> {
        let shared = &self.world.shared;
        match (standing, self.depth) {
            (Some(value), Depth::Light) => return Some((value, NAP)),
            (Some(value), Depth::Certain) => return Some((value, SLICE)),
            (Some(_), Depth::Napped) => {
                shared.make_certain();
                self.depth = Depth::Certain;
            }
            (None, _) => {
                let (announced, is_certain) = shared.announce_lightly(self.offset, self.reason, "wait.announce");
                self.announced = Some(announced);
                self.depth = if is_certain { Depth::Certain } else { Depth::Light };
            }
        }
        None
    }

    fn sleep(&mut self, value: u32, slice: Duration) -> Woken {
        self.world.count_sleep();
        if self.depth == Depth::Light {
            self.depth = Depth::Napped;
        }
        futex::wait(self.flag().raw(), value, slice)
    }
}

impl Drop for Bed<'_> {
    fn drop(&mut self) {
        if let Some(announced) = self.announced {
            self.flag().withdraw(announced, self.reason, "wait.withdraw");
        }
    }
}

/// What was told when a dead peer's end was not vacant yet. Incarnations have fewer bits.
const TOLD_EARLY: u32 = u32::MAX;

/// Says whether a peer is gone and that was not told yet; one that died is recovered. One whose end waits for messages
/// that it lent on is gone as well.
pub(super) fn lost(peer: impl Fn() -> Peer, world: &World, told: &mut u32, telling: Telling) -> bool {
    let mut found = peer();
    if let (Telling::Ask, Peer::Named(owner)) = (telling, found)
        && !held_by_the_living(world, owner)
    {
        found = peer();
    }
    let incarnation = match found {
        Peer::Gone(incarnation) => incarnation,
        Peer::Named(owner) if is_pending(world, owner) => TOLD_EARLY,
        Peer::Named(_) | Peer::Never => {
            // Somebody lives there again: the next loss is another one.
            *told = if *told == TOLD_EARLY { 0 } else { *told };
            return false;
        }
    };
    if *told == TOLD_EARLY {
        *told = incarnation;
        return false;
    }
    let is_news = incarnation != *told;
    if telling == Telling::Told {
        *told = incarnation;
    }
    is_news
}

/// Is the process dead, with an entry that waits?
fn is_pending(world: &World, process: ProcessId) -> bool {
    u32::from(process.0) < world.shared.geometry.processes && state(&world.shared, process).state == ProcState::Dead
}

/// The monotonic time at which a timeout ends; the far future when that overflows.
pub(super) fn deadline(timeout_ns: u64) -> u64 {
    now_ns().saturating_add(timeout_ns)
}

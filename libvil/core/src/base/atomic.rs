//! The one wrapper over words in shared memory. Every access of the library to a shared word is a call of these.
//!
//! Three orders and no more: Acquire loads, Release stores, AcqRel updates. Each access names its site, so that the
//! crash harness can say where a process died; without `cfg(crash_points)` the name vanishes.

#[cfg(not(loom))]
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, compiler_fence, fence};

use crate::base::crash::{Access, mutant, point};
#[cfg(loom)]
use crate::base::modelled::{AtomicU32, AtomicU64, Ordering, compiler_fence, fence};

/// A 64-bit word in shared memory.
#[repr(transparent)]
#[derive(Debug)]
pub struct Word(AtomicU64);

impl Word {
    /// Reads the word once.
    #[inline(always)]
    pub fn load(&self, site: &'static str) -> u64 {
        point(Access::Load, site);
        // ORDER: Acquire, pairs with every Release store and AcqRel update of the same word.
        self.0.load(Ordering::Acquire)
    }

    /// Reads a word whose value nothing else is inferred from, or that only this process writes.
    #[inline(always)]
    pub fn peek(&self, site: &'static str) -> u64 {
        point(Access::Load, site);
        // ORDER: Relaxed, a counter or a payload word published by another word's Release.
        self.0.load(Ordering::Relaxed)
    }

    /// Publishes a value: everything written before is seen by whoever loads it.
    #[inline(always)]
    pub fn store(&self, value: u64, site: &'static str) {
        point(Access::Store, site);
        // ORDER: Release, pairs with the Acquire in `load`.
        self.0.store(value, Ordering::Release);
    }

    /// Writes a value that is published later by another word's `store`, or that is a counter.
    #[inline(always)]
    pub fn note(&self, value: u64, site: &'static str) {
        point(Access::Store, site);
        // ORDER: Relaxed, a later Release store publishes it, or it publishes nothing.
        self.0.store(value, Ordering::Relaxed);
    }

    /// Replaces `current` by `new`; on failure answers what was there.
    #[inline]
    pub fn cas(&self, current: u64, new: u64, site: &'static str) -> Result<(), u64> {
        point(Access::Update, site);
        // ORDER: AcqRel, whoever loads `new` sees what led to it, and we see what led to `current`.
        self.0.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire).map(drop)
    }

    /// Adds to a counter that several processes write; answers what it was.
    #[inline]
    pub fn add(&self, value: u64, site: &'static str) -> u64 {
        point(Access::Update, site);
        // ORDER: Relaxed, a counter publishes nothing.
        self.0.fetch_add(value, Ordering::Relaxed)
    }
}

/// Who orders a store before the look whether somebody sleeps: the one who stores, or the one who goes to sleep. One
/// choice for a whole world, made by its creator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Barrier {
    /// Both fence.
    Fences,
    /// Who goes to sleep makes all processors pass a barrier; who stores only keeps the compiler from reordering.
    Membarrier,
}

impl Barrier {
    /// Every choice, at the place of its number in a world's header.
    pub const ALL: &[Barrier] = &[Barrier::Fences, Barrier::Membarrier];

    /// Between a store and `Flag::raise`.
    #[inline(always)]
    pub fn order(self) {
        if mutant("no_fence_after_a_store") {
            return;
        }
        match self {
            // ORDER: SeqCst fence, pairs with the one in `full`: either we see the flag or the sleeper sees our store.
            Barrier::Fences => {
                seldom();
                fence(Ordering::SeqCst);
            }
            // ORDER: SeqCst for the compiler alone; the sleeper makes this processor pass a barrier, which lies either
            // before our look, so that we see the flag, or behind our store, so that the sleeper sees that.
            Barrier::Membarrier => compiler_fence(Ordering::SeqCst),
        }
    }

    /// The sleeper's own fence, between `Flag::announce` and its look at what it waits for.
    pub fn full() {
        if mutant("no_fence_before_a_sleep") {
            return;
        }
        // ORDER: SeqCst fence, pairs with the one in `order`.
        fence(Ordering::SeqCst);
    }
}

/// Where it is called, the compiler takes the way for one that is seldom gone.
#[cold]
pub(crate) fn seldom() {}

/// How often an update is tried while others write the same word. Nobody who goes by the protocol fails half as often.
pub const TRIES: u32 = 64;

/// Somebody sleeps until a message arrives.
pub const FOR_DATA: u32 = 1;
/// Somebody sleeps until a ring has room.
pub const FOR_SPACE: u32 = 2;
/// More than one has announced for the same reason, so none of them may withdraw it.
pub const SEVERAL: u32 = 4;
/// What anybody waits for.
const REQUESTS: u32 = FOR_DATA | FOR_SPACE | SEVERAL;
/// One wake-up; they are counted above the requests.
pub const WOKEN: u32 = 8;

/// What the kernel sleeps on.
pub type RawFlag = AtomicU32;

/// A 32-bit futex word in shared memory: bits 0 and 1 say what somebody sleeps for, bit 2 that several do, the rest
/// counts wake-ups.
#[repr(transparent)]
#[derive(Debug)]
pub struct Flag(AtomicU32);

impl Flag {
    /// Says that the caller is about to sleep and answers the value to sleep on. Before it sleeps the caller makes the
    /// world's barrier and looks once more at what it waits for. Who loses 64 races in a row sleeps unannounced: then the
    /// slice of its sleep bounds what is lost.
    pub fn announce(&self, reasons: u32, site: &'static str) -> u32 {
        // ORDER: Relaxed, only a guess at what the update below will find.
        let mut seen = self.0.load(Ordering::Relaxed);
        for _ in 0..TRIES {
            point(Access::Update, site);
            let announced = seen | reasons | if seen & reasons == 0 { 0 } else { SEVERAL };
            // ORDER: AcqRel, we see what earlier wake-ups saw.
            match self.0.compare_exchange(seen, announced, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return announced,
                Err(now) => seen = now,
            }
        }
        // Somebody keeps writing here: the word is not what it was when the caller sleeps, or a slice bounds the sleep.
        seen
    }

    /// The value to sleep on now, if what was announced when it was `announced` still stands: nobody was woken since.
    pub fn standing(&self, announced: u32, site: &'static str) -> Option<u32> {
        point(Access::Load, site);
        // ORDER: Acquire, pairs with the AcqRel of a wake-up, which comes after what it tells of.
        let now = self.0.load(Ordering::Acquire);
        (now / WOKEN == announced / WOKEN).then_some(now)
    }

    /// Takes back what was announced, unless that woke somebody already or others count on it: then at most one wake-up
    /// is for nobody.
    pub fn withdraw(&self, announced: u32, reasons: u32, site: &'static str) {
        for _ in 0..TRIES {
            let Some(now) = self.standing(announced, site).filter(|now| now & SEVERAL == 0) else { return };
            point(Access::Update, site);
            // ORDER: Relaxed, taking a request back tells nothing.
            if self.0.compare_exchange(now, now & !reasons, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return;
            }
        }
    }

    /// After a store and the world's barrier: is somebody asleep for this reason?
    #[inline(always)]
    pub fn is_requested(&self, reason: u32, site: &'static str) -> bool {
        point(Access::Load, site);
        // ORDER: Relaxed, the barrier orders it after the store that is announced.
        self.0.load(Ordering::Relaxed) & reason != 0
    }

    /// After a store and the world's barrier: is somebody asleep for this reason who must be woken? True at most once
    /// per announcement.
    #[inline(always)]
    pub fn raise(&self, reason: u32, site: &'static str) -> bool {
        point(Access::Load, site);
        // ORDER: Relaxed, the barrier orders it after the store that is announced.
        let seen = self.0.load(Ordering::Relaxed);
        seen & reason != 0 && self.clear(seen, site)
    }

    /// Makes a sleeper that is about to sleep look again, whatever it sleeps for. Async-signal-safe.
    pub fn bump(&self, site: &'static str) {
        point(Access::Update, site);
        // ORDER: AcqRel, a sleeper that sees the new count sees what led to it.
        self.0.fetch_add(WOKEN, Ordering::AcqRel);
    }

    #[cold]
    fn clear(&self, mut seen: u32, site: &'static str) -> bool {
        for _ in 0..TRIES {
            point(Access::Update, site);
            let cleared = (seen & !REQUESTS).wrapping_add(WOKEN);
            // ORDER: AcqRel, as in `bump`.
            match self.0.compare_exchange(seen, cleared, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) if now & (FOR_DATA | FOR_SPACE) == 0 => return false,
                Err(now) => seen = now,
            }
        }
        // Somebody keeps writing here. A sleeper that is woken once too often looks and sleeps on.
        true
    }

    /// The word itself, for the futex call.
    pub fn raw(&self) -> &RawFlag {
        &self.0
    }
}

#[cfg(loom)]
impl Word {
    /// A word of 0 that loom looks at.
    pub fn modelled() -> Word {
        Word(AtomicU64::Modelled(loom::sync::atomic::AtomicU64::new(0)))
    }

    /// A word of 0 that loom does not look at.
    pub fn plain() -> Word {
        Word(AtomicU64::Plain(std::sync::atomic::AtomicU64::new(0)))
    }
}

#[cfg(loom)]
impl Flag {
    /// A flag that nobody has announced anything on.
    pub fn modelled() -> Flag {
        Flag(AtomicU32::modelled())
    }

    /// A flag on which nobody sleeps, and at which loom does not look.
    pub fn plain() -> Flag {
        Flag(AtomicU32::plain())
    }
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Word>() == 8 && align_of::<Word>() == 8);
#[cfg(not(loom))]
const _: () = assert!(size_of::<Flag>() == 4 && align_of::<Flag>() == 4);

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = "test";

    fn flag() -> Flag {
        Flag(AtomicU32::new(5 * WOKEN))
    }

    fn word(flag: &Flag) -> u32 {
        // ORDER: Relaxed, one thread.
        flag.0.load(Ordering::Relaxed)
    }

    #[test]
    fn what_one_sleeper_announced_it_takes_back_without_a_trace() {
        let flag = flag();
        let announced = flag.announce(FOR_DATA, SITE);
        assert_eq!((announced, flag.standing(announced, SITE)), (5 * WOKEN + FOR_DATA, Some(announced)));
        flag.withdraw(announced, FOR_DATA, SITE);
        assert_eq!(word(&flag), 5 * WOKEN);
        assert!(!flag.raise(FOR_DATA, SITE), "nobody is left to be woken");
    }

    #[test]
    fn sleepers_for_different_reasons_take_back_only_their_own() {
        let flag = flag();
        let (data, space) = (flag.announce(FOR_DATA, SITE), flag.announce(FOR_SPACE, SITE));
        flag.withdraw(data, FOR_DATA, SITE);
        assert_eq!(word(&flag), 5 * WOKEN + FOR_SPACE);
        assert!(!flag.raise(FOR_DATA, SITE) && flag.raise(FOR_SPACE, SITE));
        flag.withdraw(space, FOR_SPACE, SITE);
        assert_eq!(word(&flag), 6 * WOKEN, "it was woken, so there is nothing to take back");
    }

    #[test]
    fn of_several_sleepers_for_one_reason_none_takes_it_from_the_others() {
        let flag = flag();
        let (first, second) = (flag.announce(FOR_DATA, SITE), flag.announce(FOR_DATA | FOR_SPACE, SITE));
        flag.withdraw(first, FOR_DATA, SITE);
        flag.withdraw(second, FOR_DATA | FOR_SPACE, SITE);
        assert!(flag.raise(FOR_DATA, SITE), "whoever sleeps is woken");
        assert_eq!(word(&flag), 6 * WOKEN, "and then nobody is left");
    }

    #[test]
    fn a_request_that_came_after_a_wake_up_is_not_taken_for_one_s_own() {
        let flag = flag();
        let first = flag.announce(FOR_DATA, SITE);
        assert!(flag.raise(FOR_DATA, SITE));
        let second = flag.announce(FOR_DATA, SITE);
        assert_eq!(flag.standing(first, SITE), None);
        flag.withdraw(first, FOR_DATA, SITE);
        assert_eq!(flag.standing(second, SITE), Some(second));
        flag.bump(SITE);
        assert_eq!(flag.standing(second, SITE), None, "a cancel makes it look again");
        assert!(flag.raise(FOR_DATA, SITE), "and forgets nobody");
    }
}

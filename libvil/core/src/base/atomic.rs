//! The one wrapper over words in shared memory. Every access of the library to a shared word is a call of these.
//!
//! Three orders and no more: Acquire loads, Release stores, AcqRel updates. Each access names its site, so that the
//! crash harness can say where a process died; without `cfg(crash_points)` the name vanishes.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use crate::base::crash::{Access, point};

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

/// Somebody sleeps until a message arrives.
pub const FOR_DATA: u32 = 1;
/// Somebody sleeps until a ring has room.
pub const FOR_SPACE: u32 = 2;

/// A 32-bit futex word in shared memory: bits 0 and 1 say what somebody sleeps for, the rest counts wake-ups.
#[repr(transparent)]
#[derive(Debug)]
pub struct Flag(AtomicU32);

impl Flag {
    /// Says that the caller is about to sleep and answers the value to sleep on. The caller looks once more at what it
    /// waits for before it sleeps.
    pub fn announce(&self, reasons: u32, site: &'static str) -> u32 {
        point(Access::Update, site);
        // ORDER: AcqRel, we see what earlier wake-ups saw; the fence below orders it before the look that follows.
        let before = self.0.fetch_or(reasons, Ordering::AcqRel);
        // ORDER: SeqCst fence, pairs with the one in `raise`: either the publisher sees the flag or we see its store.
        fence(Ordering::SeqCst);
        before | reasons
    }

    /// After a store: is somebody asleep for this reason who must be woken? True at most once per announcement.
    #[inline(always)]
    pub fn raise(&self, reason: u32, site: &'static str) -> bool {
        // ORDER: SeqCst fence, pairs with the one in `announce`.
        fence(Ordering::SeqCst);
        point(Access::Load, site);
        // ORDER: Relaxed, the fence orders it after the store that is announced.
        let seen = self.0.load(Ordering::Relaxed);
        seen & reason != 0 && self.clear(seen, site)
    }

    /// Makes a sleeper that is about to sleep look again, whatever it sleeps for. Async-signal-safe.
    pub fn bump(&self, site: &'static str) {
        point(Access::Update, site);
        // ORDER: AcqRel, a sleeper that sees the new count sees what led to it.
        self.0.fetch_add(4, Ordering::AcqRel);
    }

    #[cold]
    fn clear(&self, mut seen: u32, site: &'static str) -> bool {
        loop {
            point(Access::Update, site);
            let cleared = (seen & !3).wrapping_add(4);
            // ORDER: AcqRel, as in `bump`.
            match self.0.compare_exchange(seen, cleared, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) if now & 3 == 0 => return false,
                Err(now) => seen = now,
            }
        }
    }

    /// The word itself, for the futex call.
    pub fn raw(&self) -> &AtomicU32 {
        &self.0
    }
}

const _: () = assert!(size_of::<Word>() == 8 && align_of::<Word>() == 8);
const _: () = assert!(size_of::<Flag>() == 4 && align_of::<Flag>() == 4);

//! Floor 2: the bytes of a world. The only place that makes addresses: offsets come in, checked references go out.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::atomic::{Barrier, Flag};
use crate::sys::map::Mapping;
use crate::sys::{futex, membarrier};

mod geometry;
mod header;
#[cfg(loom)]
mod modelled;
mod places;
#[cfg(not(loom))]
mod segment;

pub(crate) use geometry::PROCESS_SIZE;
pub use geometry::{
    CELL_BEHIND, CELL_INLINE, CELL_REFERENCE, CELL_STAMP, CELL_THIRD, CELL_TIME, COUNT, ClassGeometry, DROPPED, EVENTS,
    GATE, Geometry, RingGeometry,
};
pub(crate) use header::corrupt;
pub use header::{Catalog, HEADER_SIZE, decode, encode, peek_sizes, seal, static_size};
#[cfg(loom)]
pub use modelled::{Places, Segment};
pub use places::{CellView, CellsView, RingPlaces, RingView, SlotPlaces, SlotView};
#[cfg(not(loom))]
pub use segment::Segment;

/// A segment and the private knowledge of what lies where in it.
#[derive(Debug)]
pub struct Shared {
    /// The bytes.
    pub segment: Segment,
    /// Where things lie, computed privately; the shared copy is never read again.
    pub geometry: Geometry,
    /// Who orders stores before looks: the world's choice, privately copied.
    barrier: Barrier,
    /// The sleepers' barriers reach this process, so it stores without a fence. Never true in a world of fences; in
    /// others it becomes true once.
    reached: AtomicBool,
    /// Keeps the bytes where they are; `None` when somebody else does.
    _mapping: Option<Mapping>,
}

impl Shared {
    /// Puts both together; `None` when the segment is smaller than the geometry needs.
    pub fn new(segment: Segment, geometry: Geometry) -> Option<Shared> {
        (geometry.total_size <= segment.size()).then_some(Shared {
            segment,
            geometry,
            barrier: Barrier::Fences,
            reached: AtomicBool::new(false),
            _mapping: None,
        })
    }

    #[cfg(not(loom))]
    /// The same over a mapping, which lives and goes with it.
    pub fn map(mapping: Mapping, geometry: Geometry) -> Option<Shared> {
        // SAFETY: the mapping lives in the same Shared as the segment, which can not be copied out of it; it is
        // page-aligned, and control words are only touched through Word and Flag.
        let segment = unsafe { Segment::new(mapping.base(), mapping.size()) };
        Shared::new(segment, geometry).map(|shared| Shared { _mapping: Some(mapping), ..shared })
    }

    /// The same in a world whose creator made this choice. In one with membarriers this process takes part in them.
    pub fn with_barrier(self, barrier: Barrier) -> Shared {
        let reached = barrier == Barrier::Membarrier && membarrier::is_registered();
        Shared { barrier, reached: AtomicBool::new(reached), ..self }
    }

    /// Does every wake-up of this process fence? So it is in a world of fences, and in others until the kernel has
    /// registered it.
    pub fn is_fenced(&self) -> bool {
        // ORDER: Relaxed, for people.
        !self.reached.load(Ordering::Relaxed)
    }

    /// Says that the caller is about to sleep on a flag, and answers the value to sleep on. Afterwards either the caller
    /// sees what it waits for, or who makes that true sees the caller; should the kernel refuse the barrier, the slice of
    /// the sleep bounds what is lost.
    pub fn announce(&self, flag: u64, reasons: u32, site: &'static str) -> u32 {
        let announced = self.segment.flag(flag).announce(reasons, site);
        if self.barrier == Barrier::Fences || !membarrier::everywhere() {
            Barrier::full();
        }
        announced
    }

    /// The same without the kernel's help; says whether it is certain all the same. Where it is not, a store that is still
    /// on its way while the caller looks wakes nobody: the caller may sleep for a moment, then makes it certain and looks.
    pub fn announce_lightly(&self, flag: u64, reasons: u32, site: &'static str) -> (u32, bool) {
        let announced = self.segment.flag(flag).announce(reasons, site);
        Barrier::full();
        (announced, self.barrier == Barrier::Fences)
    }

    /// Makes an announcement certain that stands; the caller looks once more.
    pub fn make_certain(&self) {
        membarrier::everywhere();
    }

    /// After a store: has somebody announced that it sleeps on a process's flag for this reason?
    #[inline(always)]
    pub fn is_awaited(&self, flag: u64, reason: u32, site: &'static str) -> bool {
        self.order();
        self.segment.flag(flag).is_requested(reason, site)
    }

    /// The same without a fence: true also where it takes one to know, so whoever hears it asks once more.
    #[inline(always)]
    pub fn may_be_awaited(&self, flag: &Flag, reason: u32, site: &'static str) -> bool {
        // ORDER: Relaxed, as in `order`.
        if !self.reached.load(Ordering::Relaxed) {
            return true;
        }
        Barrier::Membarrier.order();
        flag.is_requested(reason, site)
    }

    /// After a store: wakes who sleeps on a process's flag for this reason, if somebody does.
    #[inline(always)]
    pub fn wake(&self, flag: u64, reason: u32, site: &'static str) {
        self.order();
        let flag = self.segment.flag(flag);
        if flag.raise(reason, site) {
            futex::wake(flag.raw());
        }
    }

    /// Between a store and the look whether somebody sleeps.
    #[inline(always)]
    fn order(&self) {
        // ORDER: Relaxed: it was set after the kernel had interrupted every processor of ours to make this known, so
        // whoever sees it set has its next look after that.
        match self.reached.load(Ordering::Relaxed) {
            true => Barrier::Membarrier.order(),
            false => self.fence(),
        }
    }

    /// The fence of who is not reached by barriers, and the look whether that is over.
    #[cold]
    fn fence(&self) {
        Barrier::Fences.order();
        if self.barrier == Barrier::Membarrier && membarrier::is_registered() {
            // ORDER: Relaxed, see `order`. What this wake-up looks at, it looks at behind its own fence.
            self.reached.store(true, Ordering::Relaxed);
        }
    }
}

//! Floor 2: the bytes of a world. The only place that makes addresses: offsets come in, checked references go out.

use crate::sys::futex;
use crate::sys::map::Mapping;

mod geometry;
mod header;
mod segment;

pub(crate) use geometry::PROCESS_SIZE;
pub use geometry::{
    CELL_INLINE, CELL_STAMP, CELL_THIRD, COUNT, ClassGeometry, DROPPED, EVENTS, Geometry, RingGeometry,
};
pub use header::{Catalog, ClassEntry, HEADER_SIZE, MessageEntry, RouteEntry, Sizes, decode, encode, peek_sizes};
pub use segment::Segment;

/// A segment and the private knowledge of what lies where in it.
#[derive(Debug)]
pub struct Shared {
    /// The bytes.
    pub segment: Segment,
    /// Where things lie, computed privately; the shared copy is never read again.
    pub geometry: Geometry,
    /// Keeps the bytes where they are; `None` when somebody else does.
    _mapping: Option<Mapping>,
}

impl Shared {
    /// Puts both together; `None` when the segment is smaller than the geometry needs.
    pub fn new(segment: Segment, geometry: Geometry) -> Option<Shared> {
        (geometry.total_size <= segment.size()).then_some(Shared { segment, geometry, _mapping: None })
    }

    /// The same over a mapping, which lives and goes with it.
    pub fn map(mapping: Mapping, geometry: Geometry) -> Option<Shared> {
        // SAFETY: the mapping lives in the same Shared as the segment, which can not be copied out of it; it is
        // page-aligned, and control words are only touched through Word and Flag.
        let segment = unsafe { Segment::new(mapping.base(), mapping.size()) };
        Shared::new(segment, geometry).map(|shared| Shared { _mapping: Some(mapping), ..shared })
    }

    /// After a store: wakes who sleeps on a process's flag for this reason, if somebody does.
    #[inline(always)]
    pub fn wake(&self, flag: u64, reason: u32, site: &'static str) {
        let flag = self.segment.flag(flag);
        if flag.raise(reason, site) {
            futex::wake(flag.raw());
        }
    }
}

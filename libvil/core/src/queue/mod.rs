//! Floor 4: one ring of descriptors. Its two ends, its cells, and who may open an end.
//!
//! It knows no slot and no process table: it answers OwnedBy(p) and leaves recovery to those above. A plain store goes
//! only to a word that names the storing process; everyone else needs a CAS.

pub mod claimed;

use crate::base::atomic::TRIES;
use crate::base::crash::mutant;
use crate::base::index::extend;
use crate::base::words::{EndWord, ProcessId};
use crate::mem::{COUNT, RingGeometry, Shared};

/// Which end of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The producer's: tail.
    Tail,
    /// The consumer's: head.
    Head,
}

/// Why an end could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It names this process; the caller decides whether that one lives.
    OwnedBy(ProcessId),
}

/// Whom an end names that changes faster than it can be opened: an entry that no world has, as any other nonsense.
const NOBODY: ProcessId = ProcessId(u16::MAX);

impl Side {
    /// Offset of this side's word.
    #[inline]
    pub fn offset(self, ring: &RingGeometry) -> u64 {
        match self {
            Side::Tail => ring.tail,
            Side::Head => ring.head,
        }
    }
}

/// Reads one end's word once.
#[inline(always)]
pub fn end(shared: &Shared, ring: &RingGeometry, side: Side) -> EndWord {
    EndWord::decode(shared.segment.word(side.offset(ring)).load("end"))
}

/// Vacant: CAS (index, n, vacant) -> (index, n+1, me). Answers the word that is now there. A vacant end that somebody
/// keeps changing without taking it is nonsense.
pub fn open(shared: &Shared, ring: &RingGeometry, side: Side, me: ProcessId) -> Result<EndWord, Taken> {
    for _ in 0..TRIES {
        let found = end(shared, ring, side);
        if let Some(owner) = found.owner {
            return Err(Taken::OwnedBy(owner));
        }
        let opened = found.opened(me);
        let opened = if mutant("incarnation_kept") { EndWord { owner: Some(me), ..found } } else { opened };
        if change(shared, ring, side, found, opened, "open") {
            return Ok(opened);
        }
    }
    Err(Taken::OwnedBy(NOBODY))
}

/// One CAS on an end's word.
pub fn change(
    shared: &Shared,
    ring: &RingGeometry,
    side: Side,
    from: EndWord,
    to: EndWord,
    site: &'static str,
) -> bool {
    shared.segment.word(side.offset(ring)).cas(from.encode(), to.encode(), site).is_ok()
}

/// The first word of an index's cell.
#[inline(always)]
pub fn reference(shared: &Shared, ring: &RingGeometry, index: u32) -> u64 {
    shared.segment.word(ring.cell(index)).load("cell")
}

/// Messages that ever passed an end: published at the tail, released or skipped at the head.
///
/// The stored count of published messages may lag behind tail by a crash between the two stores; extended by the index
/// it is exact. What passed head follows from it: a count of its own would lose 2^32 when as many are skipped for
/// nobody. Head is read first, so that it is never ahead of tail.
pub fn passed(shared: &Shared, ring: &RingGeometry, side: Side) -> u64 {
    if ring.claimed {
        return claimed::passed(shared, ring, side);
    }
    let head = end(shared, ring, Side::Head).index;
    let stored = shared.segment.word(ring.tail + COUNT).load("count");
    let tail = end(shared, ring, Side::Tail).index;
    let published = if mutant("count_not_extended") { stored } else { extend(stored, tail) };
    match side {
        Side::Tail => published,
        Side::Head => published.wrapping_sub(u64::from(tail.wrapping_sub(head))),
    }
}

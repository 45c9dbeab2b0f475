//! Floor 4: one ring of descriptors. Its two ends, its cells, and who may open an end.
//!
//! It knows no slot and no process table: it answers OwnedBy(p) and leaves recovery to those above. A plain store goes
//! only to a word that names the storing process; everyone else needs a CAS.
//!
//! A message is published by its cell's sequence, and the tail that is stored may lag behind. So whoever is not the
//! producer goes by the effective tail: `cells`, `published_up_to`. Only a vacant tail is exact as it stands.

pub mod claimed;

use crate::base::atomic::TRIES;
use crate::base::crash::mutant;
use crate::base::index::{depth, extend, later};
use crate::base::words::{EndWord, ProcessId, Stamp};
use crate::mem::{CELL_REFERENCE, CELL_STAMP, COUNT, RingGeometry, Shared};

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

/// What the cell of an index names, once its stamp was seen.
#[inline(always)]
pub fn reference(shared: &Shared, ring: &RingGeometry, index: u32) -> u64 {
    shared.segment.word(ring.cell(index) + CELL_REFERENCE).load("cell")
}

/// The stamp of an index's cell: what it says of this index is true of all words of the cell.
#[inline(always)]
pub fn stamp(shared: &Shared, ring: &RingGeometry, index: u32) -> Stamp {
    Stamp::decode(shared.segment.word(ring.cell(index) + CELL_STAMP).load("stamp"))
}

/// The unreleased cells of a ring: from head to the effective tail, which is at most a ring's length away. `None`: the
/// words are nonsense, or so much was published between the two looks that they fit no more.
pub fn cells(shared: &Shared, ring: &RingGeometry) -> Option<(u32, u32)> {
    let head = end(shared, ring, Side::Head).index;
    let tail = end(shared, ring, Side::Tail).index;
    Some((head, published_up_to(shared, ring, head, tail)?))
}

/// The effective tail: on from the stored one over every cell that is published. Head was read before tail, so it is
/// ahead of it only where tail lags, by a ring's length at most; `None` is nonsense.
///
/// A cell that was published again in a later lap meanwhile counts as published: what lay in it is released, and what
/// lies behind it may not be. So the answer is never short of what was published when the walk began.
pub fn published_up_to(shared: &Shared, ring: &RingGeometry, head: u32, tail: u32) -> Option<u32> {
    let limit = head.wrapping_add(ring.capacity);
    if limit.wrapping_sub(tail) > 2 * ring.capacity {
        return None;
    }
    let mut index = tail;
    while index != limit && is_published(shared, ring, index) {
        index = index.wrapping_add(1);
    }
    depth(head, index, ring.capacity).map(|_| index)
}

fn is_published(shared: &Shared, ring: &RingGeometry, index: u32) -> bool {
    !later(Stamp::of(index), stamp(shared, ring, index).sequence)
}

/// Looks at a ring's cells until they fit together; `None` is nonsense.
pub fn settled_cells(shared: &Shared, ring: &RingGeometry) -> Option<(u32, u32)> {
    for _ in 0..TRIES {
        let seen = cells(shared, ring);
        if seen.is_some() {
            return seen;
        }
    }
    None
}

/// Messages that ever passed an end: published at the tail, released or skipped at the head.
///
/// The stored count of published messages lags behind; extended by the effective tail it is exact. What passed head
/// follows from it: a count of its own would lose 2^32 when as many are skipped for nobody. The count is read first, so
/// that it is never ahead of tail, and head before tail for the same reason.
pub fn passed(shared: &Shared, ring: &RingGeometry, side: Side) -> u64 {
    if ring.claimed {
        return claimed::passed(shared, ring, side);
    }
    let stored = shared.segment.word(ring.tail + COUNT).load("count");
    let nonsense = || (end(shared, ring, Side::Head).index, end(shared, ring, Side::Tail).index);
    let (head, tail) = settled_cells(shared, ring).unwrap_or_else(nonsense);
    let tail = if mutant("counted_by_the_stored_tail") { end(shared, ring, Side::Tail).index } else { tail };
    let published = if mutant("count_not_extended") { stored } else { extend(stored, tail) };
    match side {
        Side::Tail => published,
        Side::Head => published.wrapping_sub(u64::from(tail.wrapping_sub(head))),
    }
}

//! The messages of a route, watched as they pass: copied out of a mapping that cannot be written to.
//!
//! A tap holds nobody back, so it may come too late: what was overwritten before it was copied is lost to the tap and
//! counted. A copy is certain while the message was not released when the copy was done, because a slot belongs to its
//! message until then. What was released meanwhile is copied twice with nothing published in between; where the copies are equal it is
//! shown and said to be late.

use crate::base::index::depth;
use crate::base::words::{Reference, Stamp};
use crate::mem::{RingGeometry, Shared};
use crate::queue::{self, Side};

/// Where a tap of one ring has come to.
#[derive(Debug)]
pub struct Tap {
    route: usize,
    /// The next index.
    next: u32,
    /// Its number in the route.
    number: u64,
    /// Messages that were gone before they were copied.
    pub lost: u64,
}

/// A message that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tapped {
    /// Its number in the route, from 0.
    pub number: u64,
    /// Its bytes as words; those beyond `size` mean nothing.
    pub words: Vec<u64>,
    /// Bytes of the message at most.
    pub size: u32,
    /// It was released before it was copied, and what was copied looks untouched.
    pub is_late: bool,
}

impl Tap {
    /// Begins with the oldest message that was not released. `None`: there is no such route, its cells are claimed (who
    /// takes a message there clears its cell), or its ends hold nonsense.
    pub(super) fn new(shared: &Shared, route: usize) -> Option<Tap> {
        let ring = shared.geometry.rings.get(route).filter(|ring| !ring.claimed)?;
        let (head, _) = queue::settled_cells(shared, ring)?;
        let number = queue::passed(shared, ring, Side::Head);
        // The count may be of a moment later; the index decides.
        let number = number.wrapping_sub(u64::from((number as u32).wrapping_sub(head)));
        Some(Tap { route, next: head, number, lost: 0 })
    }

    /// The next message, if there is one.
    pub(super) fn read(&mut self, shared: &Shared) -> Option<Tapped> {
        let ring = shared.geometry.rings.get(self.route)?;
        self.skip(shared, ring);
        while queue::stamp(shared, ring, self.next).sequence == Stamp::of(self.next) {
            let (index, number) = (self.next, self.number);
            (self.next, self.number) = (index.wrapping_add(1), number.wrapping_add(1));
            match copy(shared, ring, index) {
                Some((words, is_late)) => return Some(Tapped { number, words, size: ring.size, is_late }),
                None => self.lost = self.lost.wrapping_add(1),
            }
        }
        None
    }

    /// Passes over cells that were written anew since: what was in them is lost.
    fn skip(&mut self, shared: &Shared, ring: &RingGeometry) {
        let Some((head, tail)) = queue::settled_cells(shared, ring) else { return };
        let behind = tail.wrapping_sub(self.next);
        if depth(self.next, tail, ring.capacity).is_some() || behind > u32::MAX / 2 {
            return;
        }
        let gone = head.wrapping_sub(self.next);
        (self.next, self.number) = (head, self.number.wrapping_add(gone.into()));
        self.lost = self.lost.wrapping_add(gone.into());
    }
}

/// The bytes of an index's message, and whether they were copied late; `None` where they may be another's.
fn copy(shared: &Shared, ring: &RingGeometry, index: u32) -> Option<(Vec<u64>, bool)> {
    let offset = match ring.class {
        None => ring.inline(index),
        Some(class) => class.bytes(Reference::decode(queue::reference(shared, ring, index)).slot)?,
    };
    let first = words(shared, offset, ring.size);
    let head = queue::end(shared, ring, Side::Head).index;
    // Not passed: head is at most a ring's length behind the index that follows.
    let is_held = index.wrapping_sub(head) < ring.capacity;
    // A message in its cell stays until the cell is written again, whether released or not.
    let is_same = || queue::stamp(shared, ring, index).sequence == Stamp::of(index);
    if is_same() && (is_held || ring.class.is_none()) {
        return Some((first, false));
    }
    let next = index.wrapping_add(1);
    let again = words(shared, offset, ring.size);
    let is_last = || queue::stamp(shared, ring, next).sequence != Stamp::of(next);
    (is_same() && is_last() && again == first).then_some((first, true))
}

/// So many bytes as words, each loaded once.
fn words(shared: &Shared, offset: u64, size: u32) -> Vec<u64> {
    let all = (0..u64::from(size.div_ceil(8))).map(|at| shared.segment.word(offset + 8 * at).load("tap"));
    all.collect()
}

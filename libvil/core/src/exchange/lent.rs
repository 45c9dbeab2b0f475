//! Messages that were published on in another ring, borrowed: their cells stay unreleased until that ring's head has
//! passed them. Private; recovery reads the source from the cells themselves.

use std::collections::VecDeque;

use crate::base::crash::mutant;
use crate::mem::{RingGeometry, Shared};
use crate::queue::{Side, end};

/// One message lent on.
#[derive(Debug, Clone, Copy)]
struct Loaned {
    /// The ring it was published on in.
    ring: RingGeometry,
    /// Index of its cell there.
    index: u32,
    /// Index of its cell in our ring.
    ours: u32,
}

/// What a consumer has lent on, in the order it was lent.
#[derive(Debug, Clone, Default)]
pub(super) struct Lent(VecDeque<Loaned>);

impl Lent {
    /// Is nothing lent?
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many messages are lent.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// One more. `capacity` bounds how many there can ever be.
    pub(super) fn add(&mut self, ring: &RingGeometry, index: u32, ours: u32, capacity: u32) {
        if self.0.capacity() == 0 {
            self.0.reserve_exact(capacity as usize);
        }
        self.0.push_back(Loaned { ring: *ring, index, ours });
    }

    /// Takes out one that is over; the index of its cell in our ring. Oldest first, but one that is still read in one
    /// ring does not keep those of another back.
    pub(super) fn next_back(&mut self, shared: &Shared) -> Option<u32> {
        let first = self.0.front()?;
        if is_over(shared, first) {
            return self.0.pop_front().map(|lent| lent.ours);
        }
        let ring = first.ring.head;
        let at = self.0.iter().position(|lent| lent.ring.head != ring && is_over(shared, lent))?;
        self.0.remove(at).map(|lent| lent.ours)
    }
}

/// Has the ring's head passed the cell? Head lies within a ring's length behind or ahead of what was published since.
fn is_over(shared: &Shared, lent: &Loaned) -> bool {
    let head = end(shared, &lent.ring, Side::Head).index;
    head.wrapping_sub(lent.index.wrapping_add(1)) as i32 >= 0 || mutant("lent_is_over_at_once")
}

//! One picture of all references: for each slot the newest generation that some unreleased cell names.
//!
//! Generations do not identify messages: only cells in [head, tail) count, stale cells look valid. Head is read before
//! tail, and the walk is bounded by the capacity.

use crate::base::index::{depth, later};
use crate::base::words::{NO_SLOT, Reference};
use crate::mem::{RingGeometry, Shared};
use crate::queue::{Side, end, reference};

/// For each slot the newest generation that an unreleased cell names.
#[derive(Debug, Clone)]
pub struct Picture(Vec<Option<u32>>);

impl Picture {
    /// Takes the picture.
    pub fn take(shared: &Shared) -> Picture {
        let mut picture = Picture(vec![None; shared.geometry.slots as usize]);
        for ring in &shared.geometry.rings {
            picture.add_ring(shared, ring);
        }
        picture
    }

    /// Does an unreleased cell name this slot in this life?
    pub fn shows(&self, slot: u32, generation: u32) -> bool {
        self.0.get(slot as usize).copied().flatten() == Some(generation)
    }

    fn add_ring(&mut self, shared: &Shared, ring: &RingGeometry) {
        if ring.class.is_none() {
            return;
        }
        let head = end(shared, ring, Side::Head).index;
        let tail = end(shared, ring, Side::Tail).index;
        for step in 0..depth(head, tail, ring.capacity).unwrap_or(ring.capacity) {
            self.add(Reference::decode(reference(shared, ring, head.wrapping_add(step))));
        }
    }

    fn add(&mut self, found: Reference) {
        if found.slot == NO_SLOT {
            return;
        }
        let Some(place) = self.0.get_mut(found.slot as usize) else { return };
        if place.is_none_or(|known| later(found.generation, known)) {
            *place = Some(found.generation);
        }
    }
}

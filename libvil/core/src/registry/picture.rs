//! One picture of all references: for each slot the newest generation that some unreleased cell names.
//!
//! Generations do not identify messages: only cells from head to the effective tail count, stale cells look valid. Head is
//! read before tail, and the walk is bounded by the capacity.

use vil_ir::vocabulary::Transfer;

use crate::base::crash::mutant;
use crate::base::index::later;
use crate::base::words::Reference;
use crate::mem::{RingGeometry, Shared};
use crate::queue::{self, Side, end, reference};
use crate::registry::claimed;

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
        if ring.is_inside() {
            return;
        }
        if ring.claimed {
            claimed::references(shared, ring).for_each(|found| self.add(found));
            return;
        }
        for index in live_cells(shared, ring) {
            self.add(Reference::decode(reference(shared, ring, index)));
        }
    }

    fn add(&mut self, found: Reference) {
        if found.source != 0 && mutant("picture_ignores_what_is_lent") {
            return;
        }
        let Some(place) = self.0.get_mut(found.slot as usize) else { return };
        if place.is_none_or(|known| later(found.generation, known) != mutant("oldest_generation_kept")) {
            *place = Some(found.generation);
        }
    }
}

/// Rings from which live cells of other rings borrow: their heads wait.
#[derive(Debug, Clone)]
pub(super) struct Borrowed(Vec<bool>);

impl Borrowed {
    /// Looks at every ring that can carry borrowed messages.
    pub(super) fn take(shared: &Shared) -> Borrowed {
        let mut borrowed = Borrowed(vec![false; shared.geometry.rings.len()]);
        for ring in
            shared.geometry.rings.iter().filter(|ring| ring.transfer == Transfer::PublishOffset && !ring.claimed)
        {
            borrowed.add_ring(shared, ring);
        }
        borrowed
    }

    /// Does a live cell borrow from this route's ring?
    pub(super) fn from(&self, route: usize) -> bool {
        self.0.get(route).copied().unwrap_or(false)
    }

    fn add_ring(&mut self, shared: &Shared, ring: &RingGeometry) {
        for index in live_cells(shared, ring) {
            let source = Reference::decode(reference(shared, ring, index)).source;
            if let Some(place) = self.0.get_mut(usize::from(source).wrapping_sub(1)) {
                *place = true;
            }
        }
    }
}

/// Indices of the unreleased cells of a ring. Head before tail; nonsense is a ring's length.
fn live_cells(shared: &Shared, ring: &RingGeometry) -> impl Iterator<Item = u32> + use<> {
    let early = mutant("picture_tail_before_head").then(|| end(shared, ring, Side::Tail).index);
    let head = end(shared, ring, Side::Head).index;
    let stored = early.unwrap_or_else(|| end(shared, ring, Side::Tail).index);
    let tail = if mutant("picture_up_to_the_stored_tail") {
        Some(if later(head, stored) { head } else { stored })
    } else {
        queue::published_up_to(shared, ring, head, stored)
    };
    let cells = tail.map_or(ring.capacity, |tail| tail.wrapping_sub(head).min(ring.capacity));
    (0..cells).map(move |step| head.wrapping_add(step))
}

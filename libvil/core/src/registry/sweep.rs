//! The sweep: orphans that no unreleased cell names any more return to the pool.
//!
//! Collect the orphans first, take the picture second: an orphan is never published again, so once the picture does
//! not show it, nothing will. Runs in recovery and when the pool is short.

use crate::base::crash::mutant;
use crate::base::words::{SlotState, SlotWord};
use crate::heap;
use crate::mem::Shared;
use crate::registry::picture::Picture;

/// ORPHAN(g) -> FREE(g+1) where no unreleased cell names it. Answers how many.
pub fn sweep(shared: &Shared) -> u32 {
    let early = mutant("picture_before_orphans").then(|| Picture::take(shared));
    let orphans = orphans(shared);
    if orphans.is_empty() {
        return 0;
    }
    let picture = early.unwrap_or_else(|| Picture::take(shared));
    let is_named = |index, slot: SlotWord| picture.shows(index, slot.generation) && !mutant("sweep_ignores_cells");
    let unnamed = orphans.into_iter().filter(|(index, slot)| !is_named(*index, *slot));
    unnamed.filter(|(index, slot)| heap::change(shared, *index, *slot, slot.freed(), "sweep")).count() as u32
}

fn orphans(shared: &Shared) -> Vec<(u32, SlotWord)> {
    let all = (0..shared.geometry.slots).filter_map(|index| Some((index, heap::state(shared, index)?)));
    all.filter(|(_, slot)| slot.state == SlotState::Orphan).collect()
}

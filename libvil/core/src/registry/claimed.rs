//! What recovery does about claimed rings: cells that the dead were writing are given up, and they leave their ends.
//!
//! Nothing else of a claimed ring names a process. A consumer that died after it took a message left a full cell whose
//! message is over, which whoever comes next clears.

use crate::base::atomic::{FOR_DATA, FOR_SPACE};
use crate::base::crash::mutant;
use crate::base::words::{Claim, ProcessId, Reference};
use crate::mem::{RingGeometry, Shared};
use crate::queue::{Side, claimed};

/// Gives up the cells that the dead was writing, then makes it leave both ends. `still_dead` is asked between each look
/// and its CAS. The ends come last: as long as they name the dead, whoever waits for one of its cells asks for it.
pub(super) fn recover(shared: &Shared, ring: &RingGeometry, dead: ProcessId, still_dead: &dyn Fn() -> bool) {
    let mut changed = false;
    for position in 0..ring.capacity {
        let Some(seen) = claimed::look(shared, ring, u64::from(position)) else { continue };
        if seen.word.claim != Claim::Writing(dead) || mutant("claimed_leaves_what_the_dead_wrote") {
            continue;
        }
        if !still_dead() {
            return;
        }
        changed |= claimed::give_up(shared, ring, position, seen.word);
    }
    for side in [Side::Tail, Side::Head] {
        changed |= claimed::leave(shared, ring, side, dead, still_dead);
    }
    if changed {
        shared.wake(ring.consumer_flag, FOR_DATA, "recover.wake");
        shared.wake(ring.producer_flag, FOR_SPACE, "recover.wake");
    }
}

/// What the full cells of a claimed ring name. One that changes meanwhile may name a message more, whose slot a living
/// process holds; one that stays full is never missed.
pub(super) fn references<'a>(shared: &'a Shared, ring: &'a RingGeometry) -> impl Iterator<Item = Reference> + 'a {
    let full = (0..ring.capacity).map(u64::from).filter(move |index| {
        let seen = claimed::look(shared, ring, *index);
        seen.is_some_and(|seen| matches!(seen.word.claim, Claim::Full(_))) && !mutant("claimed_cells_do_not_count")
    });
    full.map(move |index| Reference::decode(claimed::reference(shared, ring, index)))
}

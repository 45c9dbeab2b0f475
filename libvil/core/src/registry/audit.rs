//! The audit: every slot is walked and explained, or reported.

use crate::base::words::{ProcState, SlotState};
use crate::heap;
use crate::mem::Shared;
use crate::registry::picture::Picture;
use crate::registry::table::{living, recoveries, state};

/// What the walk found. `slots` = free + held + retained + leaked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Audit {
    /// Processes attached.
    pub processes: u32,
    /// All slots.
    pub slots: u64,
    /// In the pool.
    pub free: u64,
    /// Owned by a process whose entry is not FREE.
    pub held: u64,
    /// Of the dead and of closed senders, kept because an unreleased message is in them.
    pub retained: u64,
    /// Neither free, nor owned by somebody, nor named by an unreleased cell; nonsense counts as leaked.
    pub leaked: u64,
    /// Processes that died and were recovered since the world was created.
    pub recoveries: u64,
}

/// Walks every slot. Exact when nobody else is at work; otherwise what was released during the walk, or whose owner
/// left, may be called leaked.
pub fn audit(shared: &Shared) -> Audit {
    let mut audit = Audit {
        processes: living(shared),
        slots: u64::from(shared.geometry.slots),
        recoveries: recoveries(shared),
        ..Audit::default()
    };
    let states: Vec<_> = (0..shared.geometry.slots).map(|index| heap::state(shared, index)).collect();
    let picture = Picture::take(shared);
    for (index, slot) in states.into_iter().enumerate() {
        let count = match slot.map(|slot| (slot.state, slot.generation)) {
            Some((SlotState::Free, _)) => &mut audit.free,
            Some((SlotState::Held(owner), _)) if is_somebody(shared, owner) => &mut audit.held,
            Some((SlotState::Orphan, generation)) if picture.shows(index as u32, generation) => &mut audit.retained,
            _ => &mut audit.leaked,
        };
        *count += 1;
    }
    audit
}

fn is_somebody(shared: &Shared, owner: crate::base::words::ProcessId) -> bool {
    u32::from(owner.0) < shared.geometry.processes && state(shared, owner).state != ProcState::Free
}

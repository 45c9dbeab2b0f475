//! Who holds what: slots by process, ends of rings by route. Looks and changes nothing.

use crate::base::words::{ProcessId, SlotState};
use crate::heap;
use crate::mem::Shared;
use crate::queue::{Side, claimed, end};

/// Which ends of one route a process holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ends {
    /// The producing end.
    pub producer: bool,
    /// The consuming end.
    pub consumer: bool,
}

/// Slots that each entry of the process table holds, in one walk. What an owner beyond the table holds counts for nobody.
pub fn slots_held(shared: &Shared) -> Vec<u32> {
    let mut held = vec![0u32; shared.geometry.processes as usize];
    for index in 0..shared.geometry.slots {
        if let Some(SlotState::Held(owner)) = heap::state(shared, index).map(|slot| slot.state)
            && let Some(count) = held.get_mut(usize::from(owner.0))
        {
            *count += 1;
        }
    }
    held
}

/// Which ends of a route an entry holds; `None` when there is no such route.
pub fn ends_held(shared: &Shared, process: ProcessId, route: usize) -> Option<Ends> {
    let ring = shared.geometry.rings.get(route)?;
    let holds = |side| match ring.claimed {
        true => claimed::present(shared, ring, side).any(|present| present == process),
        false => end(shared, ring, side).owner == Some(process),
    };
    Some(Ends { producer: holds(Side::Tail), consumer: holds(Side::Head) })
}

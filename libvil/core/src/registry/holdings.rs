//! Who holds what: slots by process, ends of rings by route. Looks and changes nothing.

use crate::base::words::{ProcessId, SlotState};
use crate::heap;
use crate::mem::Shared;
use crate::queue::{Side, claimed, end};
use crate::registry::picture::Picture;

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
    held(shared, |_, _| true)
}

/// Those of them that are messages which nobody has released: in a ring, or in the hands of who reads them there. Which of
/// the two, only the reader knows.
pub fn messages_held(shared: &Shared) -> Vec<u32> {
    let picture = Picture::take(shared);
    held(shared, |slot, generation| picture.shows(slot, generation))
}

/// Slots by who holds them, of those that count.
fn held(shared: &Shared, counts: impl Fn(u32, u32) -> bool) -> Vec<u32> {
    let mut held = vec![0u32; shared.geometry.processes as usize];
    for index in 0..shared.geometry.slots {
        if let Some(slot) = heap::state(shared, index)
            && let SlotState::Held(owner) = slot.state
            && let Some(count) = held.get_mut(usize::from(owner.0))
            && counts(index, slot.generation)
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

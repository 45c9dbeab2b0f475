//! Floor 4: the exchange heap. One word per slot is the single truth; free lists and counters elsewhere are hints.
//!
//! It knows no ring and no process table: it answers how many slots it got, and leaves sweeping to those above.

use crate::base::crash::mutant;
use crate::base::words::{ProcessId, SlotState, SlotWord};
use crate::mem::{ClassGeometry, Shared};

mod allocator;

pub use allocator::{Allocator, Block, Cap, ClassStats, Denial, Handed};

/// A slot somebody holds: its index and its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Global index.
    pub index: u32,
    /// Generation while held.
    pub generation: u32,
}

/// Reads a slot's word; `None` is nonsense.
pub fn state(shared: &Shared, slot: u32) -> Option<SlotWord> {
    SlotWord::decode(shared.segment.word(shared.geometry.slot(slot)).load("slot"))
}

/// FREE(g) -> HELD(me, g) for up to `want` slots of a class, looking from `hint` on once around. Answers how many.
///
/// A crash in between leaves slots HELD by a dead process, which recovery returns to the pool.
pub fn acquire(
    shared: &Shared,
    me: ProcessId,
    class: &ClassGeometry,
    want: u32,
    hint: &mut u32,
    out: &mut Vec<Slot>,
) -> u32 {
    let mut got = 0;
    for _ in 0..class.count {
        if got == want {
            break;
        }
        let index = class.first + *hint % class.count;
        *hint = (*hint + 1) % class.count;
        if let Some(slot) = claim(shared, me, index) {
            out.push(slot);
            got += 1;
        }
    }
    got
}

fn claim(shared: &Shared, me: ProcessId, index: u32) -> Option<Slot> {
    let found = state(shared, index)?;
    if found.state != SlotState::Free {
        return None;
    }
    let held = SlotWord { generation: found.generation, state: SlotState::Held(me) };
    change(shared, index, found, held, "acquire").then_some(Slot { index, generation: found.generation })
}

/// HELD(me, g) -> FREE(g+1). False when the slot was not ours, which only hostile bytes can bring about.
pub fn give_back(shared: &Shared, me: ProcessId, slot: Slot) -> bool {
    let held = SlotWord { generation: slot.generation, state: SlotState::Held(me) };
    change(shared, slot.index, held, held.freed(), "give_back")
}

/// Is the slot still ours in this life?
pub fn is_held(shared: &Shared, me: ProcessId, slot: Slot) -> bool {
    state(shared, slot.index) == Some(SlotWord { generation: slot.generation, state: SlotState::Held(me) })
}

/// A slot that changed hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gained {
    /// The slot in its new life, which is ours.
    pub slot: Slot,
    /// Who held it before; `None`: the message had outlived its owner.
    pub from: Option<ProcessId>,
}

/// How often a take is tried when the owner changes meanwhile: it may die, and its successor may too, but a living
/// process changes no slot that lies in a ring.
const TRIES: u32 = 3;

/// HELD(anybody, g) or ORPHAN(g) -> HELD(me, g+1): the slot changes hands. `None`: this life of the slot is over.
///
/// A crash right before leaves the message where it is; right after, the slot is freed with its new owner.
pub fn take(shared: &Shared, me: ProcessId, slot: Slot) -> Option<Gained> {
    for _ in 0..TRIES {
        let is_same = |found: &SlotWord| found.generation == slot.generation || mutant("take_ignores_generation");
        let found = state(shared, slot.index).filter(is_same)?;
        if found.state == SlotState::Free {
            return None;
        }
        let generation =
            if mutant("take_keeps_generation") { found.generation } else { found.generation.wrapping_add(1) };
        if change(shared, slot.index, found, SlotWord { generation, state: SlotState::Held(me) }, "take") {
            let from = if let SlotState::Held(owner) = found.state { Some(owner) } else { None };
            return Some(Gained { slot: Slot { index: slot.index, generation }, from });
        }
    }
    None
}

/// HELD(me, g) -> ORPHAN(g): the owner leaves while an unreleased message is in the slot.
pub fn abandon(shared: &Shared, me: ProcessId, slot: Slot) -> bool {
    let held = SlotWord { generation: slot.generation, state: SlotState::Held(me) };
    change(shared, slot.index, held, SlotWord { state: SlotState::Orphan, ..held }, "abandon")
}

/// One CAS on a slot's word.
pub fn change(shared: &Shared, slot: u32, from: SlotWord, to: SlotWord, site: &'static str) -> bool {
    shared.segment.word(shared.geometry.slot(slot)).cas(from.encode(), to.encode(), site).is_ok()
}

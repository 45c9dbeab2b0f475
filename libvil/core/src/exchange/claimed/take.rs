//! Taking the message of a full cell, which a consumer does to receive it and a producer to drop it.

use crate::base::crash::mutant;
use crate::base::words::{ClaimWord, NO_SLOT, ProcessId, Reference};
use crate::exchange::Refusal;
use crate::exchange::copied::Buffers;
use crate::heap::{self, Gained, Slot};
use crate::mem::{CELL_TIME, RingGeometry, Shared};
use crate::queue::claimed;

/// A message that changed hands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    /// Its slot, which is the taker's now; `None`: it lay in the cell, and was copied out.
    pub(super) slot: Option<Gained>,
    /// The cell's stamp, where the message is one of those that are stamped; 0 elsewhere.
    pub(super) stamp: u32,
}

/// Takes the message of a cell that was seen full. `None`: somebody else did, and the cell is cleared in any case.
///
/// What the cell says is true only as long as its first word stays, so that is looked at once more before the slot's
/// life is ended by it. A crash between take and clear leaves a cell whose message is over: whoever comes next clears
/// it, and the slot is freed with its new owner.
#[inline]
pub(super) fn take(
    shared: &Shared,
    ring: &RingGeometry,
    me: ProcessId,
    index: u64,
    full: ClaimWord,
    into: Option<(&mut Buffers, usize)>,
) -> Result<Option<Taken>, Refusal> {
    let stamp = stamp(shared, ring, index);
    if ring.is_inside() {
        if let Some((buffers, position)) = into {
            buffers.read_cell(position, shared, ring, index as u32);
        }
        return Ok(claimed::clear(shared, ring, index, full).then_some(Taken { slot: None, stamp }));
    }
    let found = Reference::decode(claimed::reference(shared, ring, index));
    if !claimed::still(shared, ring, index, full) && !mutant("claimed_reference_not_rechecked") {
        return Ok(None);
    }
    if place(shared, ring, found.slot).is_none() {
        return Err(Refusal::Corrupt);
    }
    if mutant("claimed_clear_before_take") {
        claimed::clear(shared, ring, index, full);
    }
    let gained = heap::take(shared, me, Slot { index: found.slot, generation: found.generation });
    claimed::clear(shared, ring, index, full);
    Ok(gained.map(|gained| Taken { slot: Some(gained), stamp }))
}

/// Clears a full cell whose message was taken by somebody who has not come to that yet, or never will.
#[cold]
pub(super) fn clear_if_over(shared: &Shared, ring: &RingGeometry, index: u64, full: ClaimWord) -> bool {
    if ring.is_inside() || mutant("claimed_leaves_what_is_over") {
        return false;
    }
    let found = Reference::decode(claimed::reference(shared, ring, index));
    if !claimed::still(shared, ring, index, full) {
        return true;
    }
    let is_over = place(shared, ring, found.slot).is_some()
        && heap::state(shared, found.slot).is_some_and(|slot| slot.generation != found.generation);
    is_over && {
        claimed::clear(shared, ring, index, full);
        true
    }
}

/// Offset and size of a slot's bytes; `None` when this ring cannot carry it.
#[inline]
pub(super) fn place(shared: &Shared, ring: &RingGeometry, slot: u32) -> Option<(u64, u32)> {
    match ring.class {
        _ if slot == NO_SLOT => None,
        Some(class) => Some((class.bytes(slot)?, ring.size)),
        None => shared.geometry.classes.iter().find_map(|class| Some((class.bytes(slot)?, class.stride))),
    }
}

#[inline]
fn stamp(shared: &Shared, ring: &RingGeometry, index: u64) -> u32 {
    if index as u32 & ring.sample_mask != 0 {
        return 0;
    }
    (shared.segment.word(ring.cell(index as u32) + CELL_TIME).peek("receive.stamp") >> 32) as u32
}

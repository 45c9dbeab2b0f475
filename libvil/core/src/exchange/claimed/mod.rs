//! The ends of a claimed ring: several processes at either end, and producers that may take the oldest message back.
//!
//! A message changes hands by one CAS: on its slot's word where it lies in a slot, on its cell where it lies in the
//! cell. From there on it is its taker's own, so nothing that a consumer reads is ever touched by a producer; and whoever
//! stands still or dies in between leaves a cell that anybody else can clear. Only a producer that is writing a cell
//! holds others up, and only those who need that very cell.

mod popper;
mod pusher;
mod take;

pub use popper::Popper;
pub use pusher::Pusher;

use crate::base::words::ProcessId;
use crate::exchange::Peer;
use crate::mem::{RingGeometry, Shared};
use crate::queue::{Side, claimed};

/// Who is at one end: one of those who hold it, or how many there have been.
fn peer(shared: &Shared, ring: &RingGeometry, side: Side) -> Peer {
    // The count first: who comes in between is seen or counted by the next look, and is not told as gone.
    let gate = claimed::gate(shared, ring, side);
    match claimed::present(shared, ring, side).next() {
        Some(process) => Peer::Named(process),
        None => Peer::of(gate),
    }
}

/// Does a ring hold a message that a consumer would take now?
pub(super) fn is_waiting(shared: &Shared, ring: &RingGeometry) -> bool {
    popper::is_waiting(shared, ring)
}

/// Everybody else at either end: who waits asks whether they live, because the dead may hold a cell or a slot.
fn others(shared: &Shared, ring: &RingGeometry, me: ProcessId, each: &mut dyn FnMut(ProcessId)) {
    let ends = [Side::Tail, Side::Head].into_iter().flat_map(|side| claimed::present(shared, ring, side));
    ends.filter(|process| *process != me).for_each(each);
}

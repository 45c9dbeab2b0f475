//! When slots go back: a copy's before its producer is woken for it, and a dropped message's also when the push it made
//! room for comes to nothing.

use std::cell::RefCell;
use std::rc::Rc;

use vil_core::base::crash::set_hook;
use vil_core::base::words::{ProcessId, SlotState};
use vil_core::exchange::Refusal;
use vil_core::exchange::claimed::{Popper, Pusher};
use vil_core::heap;
use vil_core::mem::Shared;
use vil_ir::vocabulary::{Backpressure, Delivery, QueueKind};

use super::plan::{LOANS, Sort, found, town};
use crate::memory::Lease;
use crate::town::Way;

const PRODUCER: ProcessId = ProcessId(0);
const CONSUMER: ProcessId = ProcessId(2);

fn ring(way: Way, backpressure: Backpressure) -> Lease {
    let sort = Sort { kind: QueueKind::Mpmc, backpressure, delivery: Delivery::AtLeastOnce, way, capacity: 4, past: 0 };
    found(&town(sort))
}

fn publish(shared: &Shared, pusher: &mut Pusher) {
    let loan = pusher.loan(shared).expect("the pool has slots");
    pusher.publish(shared, loan.ticket).expect("there is room");
}

fn held_by(shared: &Shared, who: ProcessId) -> u32 {
    let is_held = |slot: &u32| heap::state(shared, *slot).is_some_and(|word| word.state == SlotState::Held(who));
    (0..shared.geometry.slots).filter(is_held).count() as u32
}

#[test]
fn a_producer_that_is_woken_by_a_copy_finds_the_copy_s_slot_in_the_pool() {
    let lease = ring(Way::Slot, Backpressure::Fail);
    let mut pusher = Pusher::open(&lease, PRODUCER, 0).expect("a fresh ring can be entered");
    let mut popper = Popper::open(&lease, CONSUMER, 0).expect("a fresh ring can be entered");
    publish(&lease, &mut pusher);
    let sites = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&sites);
    set_hook(Some(Box::new(move |_, site| seen.borrow_mut().push(site))));
    let received = popper.receive(&lease);
    set_hook(None);
    assert!(received.is_ok());
    let at = |name: &str| sites.borrow().iter().position(|site| *site == name).expect("the receive does it");
    assert!(at("give_back") < at("claimed.wake"), "{:?}", sites.borrow());
}

#[test]
fn what_a_push_dropped_goes_back_also_when_the_push_fails() {
    for fails in [false, true] {
        let lease = Rc::new(ring(Way::Loan, Backpressure::DropOldest));
        let mut pusher = Pusher::open(&lease, PRODUCER, 0).expect("a fresh ring can be entered");
        (0..4).for_each(|_| publish(&lease, &mut pusher));
        let loans: Vec<_> = (0..LOANS.0).map(|_| pusher.loan(&lease).expect("the pool has slots")).collect();
        let mut slots = Vec::new();
        heap::acquire(&lease, PRODUCER, &lease.geometry.classes[0], 1, &mut 0, &mut slots);
        let before = held_by(&lease, PRODUCER);
        // The oldest lies in the first cell; after it was dropped, that holds what nobody writes.
        let (theirs, is_cleared) = (Rc::clone(&lease), std::cell::Cell::new(false));
        set_hook(Some(Box::new(move |_, site| {
            if fails && is_cleared.get() {
                theirs.segment.word(theirs.geometry.rings[0].cell(0)).store(u64::MAX, "test");
            }
            is_cleared.set(is_cleared.get() || site == "claimed.clear");
        })));
        let answer = pusher.push_slot(&lease, slots[0]);
        set_hook(None);
        assert_eq!(answer, if fails { Err(Refusal::Corrupt) } else { Ok(()) });
        let after = held_by(&lease, PRODUCER);
        assert_eq!(after, before - 1, "what was dropped is the pool's, and {} loans are ours", loans.len());
    }
}

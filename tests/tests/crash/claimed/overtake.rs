//! One meeting that interludes cannot make, because two calls go on in turn: a consumer looks at a cell that a producer
//! is still writing, the producer finishes it and publishes another, and the consumer goes on.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use vil_core::base::crash::set_hook;
use vil_core::base::words::{ProcessId, Reference};
use vil_core::exchange::Refusal;
use vil_core::exchange::claimed::{Popper, Pusher};
use vil_core::heap::{self, Slot};
use vil_core::mem::{CELL_THIRD, Shared};
use vil_core::queue::{Side, claimed};
use vil_ir::vocabulary::{Backpressure, Delivery, QueueKind};

use super::plan::{Sort, found, town};
use crate::memory::{read, write};
use crate::private::Wrong;
use crate::town::Way;

const PRODUCER: ProcessId = ProcessId(0);
const CONSUMER: ProcessId = ProcessId(2);

/// A producer that has claimed a cell and written its message, by the harness's own hand, and nothing more.
fn begin(shared: &Shared) -> Option<(u64, Slot)> {
    let (ring, class) = (&shared.geometry.rings[0], &shared.geometry.classes[0]);
    let mut slots = Vec::new();
    heap::acquire(shared, PRODUCER, class, 1, &mut 0, &mut slots);
    let slot = *slots.first()?;
    write(shared.segment.bytes(class.bytes(slot.index)?, 24), 1);
    let index = claimed::hint(shared, ring, Side::Tail);
    let seen = claimed::look(shared, ring, index)?;
    claimed::claim(shared, ring, index, seen.word, PRODUCER).then_some((index, slot))
}

fn finish(shared: &Shared, (index, slot): (u64, Slot)) {
    let ring = &shared.geometry.rings[0];
    let reference = Reference { slot: slot.index, generation: slot.generation, source: 0 };
    shared.segment.word(ring.cell(index as u32) + CELL_THIRD).store(reference.encode(), "claimed.reference");
    claimed::fill(shared, ring, index, PRODUCER);
}

/// The consumer is preempted before its access of this number; false when it makes fewer.
fn meet(access: u64) -> Result<bool, Wrong> {
    let sort = Sort {
        kind: QueueKind::Mpmc,
        backpressure: Backpressure::Fail,
        delivery: Delivery::AtLeastOnce,
        way: Way::Loan,
        capacity: 4,
        past: 0,
    };
    let lease = Rc::new(found(&town(sort)));
    let end = |side| format!("the {side} end of a fresh ring cannot be entered");
    let mut popper = Popper::open(&lease, CONSUMER, 0).map_err(|_| end("consuming"))?;
    let pusher = Pusher::open(&lease, PRODUCER, 0).map_err(|_| end("producing"))?;
    let begun = begin(&lease).ok_or("a fresh ring cannot be claimed")?;
    let (pusher, seen, met) = (RefCell::new(pusher), Cell::new(0), Rc::new(Cell::new(false)));
    let hook = {
        let (lease, met) = (Rc::clone(&lease), Rc::clone(&met));
        move |_, _| {
            if seen.get() == access {
                finish(&lease, begun);
                let mut pusher = pusher.borrow_mut();
                let loan = pusher.loan(&lease).expect("a fresh pool has slots");
                write(loan.data, 2);
                pusher.publish(&lease, loan.ticket).expect("a fresh ring has room");
                met.set(true);
            }
            seen.set(seen.get() + 1);
        }
    };
    set_hook(Some(Box::new(hook)));
    let first = popper.receive(&lease);
    set_hook(None);
    match first.map(|message| read(message.data)) {
        Ok(Some(2)) => Err(format!("access {access}: the second message came before the first")),
        Ok(Some(1)) | Err(Refusal::Empty) => Ok(met.get()),
        other => Err(format!("access {access}: {other:?}")),
    }
}

/// Every meeting of the two.
pub(super) fn meetings() -> Result<u64, Wrong> {
    let mut access = 0;
    while meet(access)? {
        access += 1;
    }
    Ok(access)
}

#[test]
fn a_consumer_that_looked_past_an_unfinished_message_takes_no_later_one_of_its_producer() {
    let meetings = meetings().unwrap_or_else(|wrong| panic!("{wrong}"));
    assert!(meetings > 2, "the consumer was preempted {meetings} times");
}

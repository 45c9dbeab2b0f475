//! One ring between two threads: what is published is read whole, in order, and its slot is written over only when it was
//! released.

use loom::thread::{spawn, yield_now};
use std::mem::MaybeUninit;
use std::sync::Arc;
use vil_core::exchange::Refusal;
use vil_core::mem::Shared;
use vil_core::queue::{Side, passed};
use vil_ir::vocabulary::Transfer;

use crate::model::Model;
use crate::stage::{Beside, IN_PLACE, Road, consumer, found, next, producer, read, send, take_in, until};

/// Messages cross, one thread at each end.
fn cross(shared: &Arc<Shared>, messages: u64) {
    let mut out = producer(shared, 0, &[0]);
    let mut inp = consumer(shared, 1, 0);
    let theirs = Arc::clone(shared);
    let sender = spawn(move || (0..messages).for_each(|content| send(&theirs, &mut out, content)));
    (0..messages).for_each(|content| take_in(shared, &mut inp, content));
    sender.join().expect("it ends");
    assert_eq!(inp.receive(shared).err(), Some(Refusal::Empty));
}

static ONE_CELL: Model = Model {
    name: "ring of one cell",
    preemptions: 3,
    body: || cross(&found(&[Road { capacity: 1, ..IN_PLACE }], 2, Beside::default()), 4),
};

static TWO_CELLS: Model =
    Model { name: "ring of two cells", preemptions: 2, body: || cross(&found(&[IN_PLACE], 3, Beside::default()), 4) };

#[test]
fn messages_cross_a_ring_of_one_cell() {
    ONE_CELL.holds();
    ONE_CELL.finds(&[
        "relaxed:publish.stamp",
        "relaxed:stamp",
        "relaxed:release.head",
        "relaxed:end",
        "stamp_before_cell",
    ]);
}

#[test]
fn messages_cross_a_ring_of_two_cells() {
    TWO_CELLS.holds();
    TWO_CELLS.finds(&["relaxed:publish.stamp", "relaxed:stamp", "relaxed:release.head", "relaxed:end"]);
}

static OUT_OF_ORDER: Model = Model {
    name: "released out of order",
    preemptions: 2,
    body: || {
        let shared = found(&[IN_PLACE], 3, Beside::default());
        let mut out = producer(&shared, 0, &[0]);
        let mut inp = consumer(&shared, 1, 0);
        let theirs = Arc::clone(&shared);
        let sender = spawn(move || (0..4).for_each(|content| send(&theirs, &mut out, content)));
        for pair in [0, 2] {
            let (first, second) = (next(&shared, &mut inp), next(&shared, &mut inp));
            inp.release(&shared, second.ticket).expect("it is held");
            yield_now();
            assert_eq!(read(&shared, first.data), pair, "head may not have moved over it");
            inp.release(&shared, first.ticket).expect("it is held");
        }
        sender.join().expect("it ends");
    },
};

#[test]
fn a_message_released_early_keeps_the_one_before_it() {
    OUT_OF_ORDER.holds();
    OUT_OF_ORDER.finds(&["release_moves_head_at_once"]);
}

/// Copies are words of the protocol, not bytes: a torn one would be a wrong content.
fn copy_across(road: Road) {
    let shared = found(&[road], 3, Beside::default());
    let mut out = producer(&shared, 0, &[0]);
    let mut inp = consumer(&shared, 1, 0);
    let theirs = Arc::clone(&shared);
    let sender = spawn(move || {
        for content in 10..13u64 {
            let loan = out.loan(&theirs).expect("one loan at a time");
            match theirs.geometry.rings[0].class {
                Some(class) => {
                    let at = class.bytes(loan.slot).expect("it is of the class");
                    theirs.segment.word(at).note(content, "model");
                }
                // SAFETY: a private buffer of 8 bytes, this thread's.
                None => unsafe { loan.data.cast::<u64>().write(content) },
            }
            until(|| out.publish(&theirs, loan.ticket).ok());
        }
    });
    for content in 10..13u64 {
        let message = next(&shared, &mut inp);
        // SAFETY: a private copy of 8 bytes, this thread's.
        assert_eq!(unsafe { message.data.cast::<u64>().read() }, content);
        inp.release(&shared, message.ticket).expect("it is held");
    }
    sender.join().expect("it ends");
}

static INSIDE: Model = Model {
    name: "copied inside of cells",
    preemptions: 2,
    body: || copy_across(Road { transfer: Transfer::Copy, is_inside: true, ..IN_PLACE }),
};

static THROUGH_SLOTS: Model = Model {
    name: "copied through slots",
    preemptions: 2,
    body: || copy_across(Road { transfer: Transfer::Copy, ..IN_PLACE }),
};

#[test]
fn copies_cross_whole() {
    INSIDE.holds();
    INSIDE.finds(&["relaxed:publish.stamp", "relaxed:stamp"]);
    THROUGH_SLOTS.holds();
    THROUGH_SLOTS.finds(&["relaxed:publish.stamp", "relaxed:stamp"]);
}

static SENT_AND_READ: Model = Model {
    name: "sent and read as copies",
    preemptions: 2,
    body: || {
        let shared =
            found(&[Road { transfer: Transfer::Copy, is_inside: true, capacity: 1, ..IN_PLACE }], 3, Beside::default());
        let mut out = producer(&shared, 0, &[0]);
        let mut inp = consumer(&shared, 1, 0);
        let theirs = Arc::clone(&shared);
        let sender = spawn(move || {
            for content in 10..13u64 {
                until(|| (out.send_inside(&theirs, &content.to_ne_bytes()) == 1).then_some(()));
            }
        });
        for content in 10..13u64 {
            let mut message = [MaybeUninit::new(0); 8];
            until(|| inp.read_at_once(&shared, &mut message).flatten());
            // SAFETY: it was filled with something at first.
            assert_eq!(u64::from_ne_bytes(message.map(|byte| unsafe { byte.assume_init() })), content);
        }
        sender.join().expect("it ends");
    },
};

#[test]
fn copies_sent_and_read_by_one_call_each_cross_whole() {
    SENT_AND_READ.holds();
    SENT_AND_READ.finds(&["relaxed:publish.stamp", "relaxed:stamp", "head_before_copy"]);
}

static COUNTED: Model = Model {
    name: "counted from outside",
    preemptions: 3,
    body: || {
        let shared = found(&[IN_PLACE], 3, Beside { counts: true, ..Beside::default() });
        let ring = shared.geometry.rings[0];
        let before = passed(&shared, &ring, Side::Tail);
        let mut out = producer(&shared, 0, &[0]);
        let theirs = Arc::clone(&shared);
        let sender = spawn(move || (0..2).for_each(|content| send(&theirs, &mut out, content)));
        let seen = [0; 2].map(|_| passed(&shared, &ring, Side::Tail));
        assert!(before <= seen[0] && seen[0] <= seen[1] && seen[1] <= before + 2, "{before}, then {seen:?}");
        assert_eq!(passed(&shared, &ring, Side::Head), before);
        sender.join().expect("it ends");
    },
};

#[test]
fn a_count_read_from_outside_is_one_that_there_was() {
    COUNTED.holds();
    COUNTED.finds(&["relaxed:publish.count", "relaxed:count"]);
}

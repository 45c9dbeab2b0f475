//! Rings whose cells are claimed: several producers, several consumers, and a producer that takes the oldest message back.
//! Every message is taken once, whole, and its slot is written over only by whoever owns it then.
//!
//! Loom turns the order of two accesses around when the first was the last one of its word, so a load that is followed by
//! another thread's load and update stays where it is. Hence in each first run whoever updates comes first: producers are
//! the thread that makes the others, or are made before consumers.

use std::collections::BTreeSet;
use std::ptr::NonNull;
use std::sync::Arc;

use loom::thread::spawn;
use vil_core::base::words::ProcessId;
use vil_core::exchange::claimed::{Popper, Pusher};
use vil_core::mem::Shared;
use vil_ir::vocabulary::{Backpressure, Delivery, QueueKind, Transfer};

use crate::model::Model;
use crate::stage::{Beside, IN_PLACE, Road, found, read, write};

const MANY: Road =
    Road { transfer: Transfer::ConsumeOnce, kind: QueueKind::Mpmc, capacity: 1, loans: (1, 1), ..IN_PLACE };
const LATEST: Road = Road {
    transfer: Transfer::ConsumeOnce,
    delivery: Delivery::BestEffort,
    backpressure: Backpressure::DropOldest,
    capacity: 1,
    loans: (1, 1),
    ..IN_PLACE
};

fn pusher(shared: &Shared, process: u16) -> Pusher {
    Pusher::open(shared, ProcessId(process), 0).expect("there is room for one more")
}

fn popper(shared: &Shared, process: u16) -> Popper {
    Popper::open(shared, ProcessId(process), 0).expect("there is room for one more")
}

/// Writes or reads what lies in a slot, which loom watches, or in a private buffer of ours.
fn put(shared: &Shared, data: NonNull<u8>, content: u64) {
    match shared.geometry.rings[0].class {
        Some(_) => write(shared, data, content),
        // SAFETY: a private buffer of 8 bytes, this thread's.
        None => unsafe { data.cast::<u64>().write(content) },
    }
}

fn get(shared: &Shared, data: NonNull<u8>) -> u64 {
    match shared.geometry.rings[0].class {
        Some(_) => read(shared, data),
        // SAFETY: as in `put`.
        None => unsafe { data.cast::<u64>().read() },
    }
}

/// Publishes messages of these contents, one try each; those that were published.
fn push(shared: &Shared, out: &mut Pusher, contents: &[u64]) -> Vec<u64> {
    let push_one = |content: &&u64| {
        let Ok(loan) = out.loan(shared) else { return false };
        put(shared, loan.data, **content);
        let is_published = out.publish(shared, loan.ticket).is_ok();
        if !is_published {
            out.discard(loan.ticket).expect("it is held");
        }
        is_published
    };
    contents.iter().filter(push_one).copied().collect()
}

/// Takes what is there, so many tries, and uses it up; what it was, in its order.
fn pop(shared: &Shared, inp: &mut Popper, tries: usize) -> Vec<u64> {
    let pop_one = |_| {
        let message = inp.receive(shared).ok()?;
        let content = get(shared, message.data);
        if shared.geometry.rings[0].class.is_some() {
            // It is ours alone.
            write(shared, message.data, u64::MAX);
        }
        inp.consume(shared, message.ticket).expect("it is held");
        Some(content)
    };
    (0..tries).filter_map(pop_one).collect()
}

/// All that was published came out once, each producer's in its order.
fn is_whole(published: &[Vec<u64>], taken: &[Vec<u64>]) {
    let all: Vec<u64> = taken.concat();
    let expected: BTreeSet<u64> = published.concat().into_iter().collect();
    assert_eq!(all.len(), expected.len(), "{published:?} became {taken:?}");
    assert_eq!(all.iter().copied().collect::<BTreeSet<_>>(), expected);
    for (by, seen) in published.iter().flat_map(|by| taken.iter().map(move |seen| (by, seen))) {
        let theirs: Vec<_> = seen.iter().filter(|content| by.contains(content)).collect();
        assert!(theirs.is_sorted(), "{by:?} was overtaken in {seen:?}");
    }
}

fn two_producers(capacity: u32, is_inside: bool) {
    let transfer = if is_inside { Transfer::Copy } else { MANY.transfer };
    let shared = found(&[Road { capacity, is_inside, transfer, ..MANY }], 4, Beside::default());
    let (mut one, mut two, mut inp) = (pusher(&shared, 0), pusher(&shared, 1), popper(&shared, 2));
    let theirs = Arc::clone(&shared);
    let other = spawn(move || push(&theirs, &mut two, &[11]));
    let theirs = Arc::clone(&shared);
    let reader = spawn(move || (pop(&theirs, &mut inp, 2), inp));
    let published = push(&shared, &mut one, &[1]);
    let published = [published, other.join().expect("it ends")];
    let (mut taken, mut inp) = reader.join().expect("it ends");
    taken.extend(pop(&shared, &mut inp, 4));
    is_whole(&published, &[taken]);
}

fn two_consumers() {
    let shared = found(&[MANY], 4, Beside::default());
    let mut out = pusher(&shared, 0);
    let consumers = [1, 2].map(|process| {
        let mut inp = popper(&shared, process);
        let theirs = Arc::clone(&shared);
        spawn(move || (pop(&theirs, &mut inp, 2), inp))
    });
    let published = push(&shared, &mut out, &[1, 2]);
    let [(one, mut inp), (two, _)] = consumers.map(|consumer| consumer.join().expect("it ends"));
    let rest = pop(&shared, &mut inp, 4);
    is_whole(&[published], &[[one, rest].concat(), two]);
}

fn latest(is_inside: bool) {
    let transfer = if is_inside { Transfer::Copy } else { LATEST.transfer };
    let shared = found(&[Road { is_inside, transfer, ..LATEST }], 3, Beside::default());
    let (mut out, mut inp) = (pusher(&shared, 0), popper(&shared, 1));
    let theirs = Arc::clone(&shared);
    let reader = spawn(move || (pop(&theirs, &mut inp, 2), inp));
    let published = push(&shared, &mut out, &[1, 2, 3]);
    let (mut taken, mut inp) = reader.join().expect("it ends");
    taken.extend(pop(&shared, &mut inp, 2));
    assert!(taken.is_sorted_by(|a, b| a < b), "{published:?} became {taken:?}");
    assert_eq!(taken.last(), published.last(), "the latest is there, or was taken");
}

static PRODUCERS: Model = Model { name: "two producers", preemptions: 2, body: || two_producers(2, false) };
static NARROW: Model = Model { name: "two producers, one cell", preemptions: 2, body: || two_producers(1, false) };
static INSIDE: Model =
    Model { name: "two producers, inside of cells", preemptions: 2, body: || two_producers(2, true) };
static CONSUMERS: Model = Model { name: "two consumers", preemptions: 2, body: two_consumers };
static DROP: Model = Model { name: "the oldest is dropped", preemptions: 1, body: || latest(false) };
static DROP_INSIDE: Model =
    Model { name: "the oldest is dropped, inside of cells", preemptions: 1, body: || latest(true) };

#[test]
fn messages_of_two_producers_are_taken_once_and_whole() {
    PRODUCERS.holds();
    PRODUCERS.finds(&[
        "relaxed:claimed.fill",
        "relaxed:claimed.cell",
        "claimed_fill_before_bytes",
        "relaxed:give_back",
    ]);
    NARROW.holds();
    INSIDE.holds();
    INSIDE.finds(&["relaxed:claimed.fill", "relaxed:claimed.cell"]);
}

#[test]
fn two_consumers_take_each_message_once() {
    CONSUMERS.holds();
    CONSUMERS.finds(&["relaxed:claimed.fill", "relaxed:claimed.cell"]);
}

#[test]
fn the_oldest_is_dropped_only_while_nobody_reads_it() {
    DROP.holds();
    DROP.finds(&["relaxed:claimed.fill", "relaxed:claimed.cell"]);
    DROP_INSIDE.holds();
    DROP_INSIDE.finds(&["relaxed:claimed.fill", "relaxed:claimed.cell"]);
}

//! Slots that change hands and slots that several read: whoever is the last to read, the next to write comes after.

use std::sync::Arc;

use loom::thread::spawn;
use vil_core::base::words::{ProcessId, SlotState};
use vil_core::exchange::{Consumer, Producer};
use vil_core::mem::Shared;
use vil_core::registry::{Outcome, recover, sweep};
use vil_ir::vocabulary::Transfer;

use crate::model::Model;
use crate::stage::{
    Beside, IN_PLACE, Road, Tokens, consumer, enter, found, next, producer, read, send, send_some, slots, take_pool,
    take_some, write,
};

const TAKEN: Road = Road { transfer: Transfer::ConsumeOnce, loans: (1, 1), ..IN_PLACE };

/// Receives one message, which takes it, and uses it up.
fn use_up(shared: &Shared, inp: &mut Consumer, content: u64) {
    let message = next(shared, inp);
    assert_eq!(read(shared, message.data), content);
    // It is its consumer's own: nobody minds what it does with it.
    write(shared, message.data, u64::MAX);
    inp.consume(shared, message.ticket).expect("it is held");
}

static TAKE: Model = Model {
    name: "taken",
    preemptions: 2,
    body: || {
        let shared = found(&[Road { capacity: 1, ..TAKEN }], 2, Beside::default());
        let mut out = producer(&shared, 0, &[0]);
        let mut inp = consumer(&shared, 1, 0);
        let theirs = Arc::clone(&shared);
        let sender = spawn(move || (0..3).for_each(|content| send(&theirs, &mut out, content)));
        (0..3).for_each(|content| use_up(&shared, &mut inp, content));
        sender.join().expect("it ends");
    },
};

#[test]
fn a_taken_slot_is_written_again_after_it_was_used_up() {
    TAKE.holds();
    TAKE.finds(&["relaxed:publish.stamp", "relaxed:give_back", "reclaim_frees_what_was_taken"]);
}

static PASS_ON: Model = Model {
    name: "passed on as its own",
    preemptions: 2,
    body: || {
        let roads = [Road { capacity: 1, ..TAKEN }, Road { ends: (1, 2), capacity: 1, ..TAKEN }];
        let shared = found(&roads, 2, Beside::default());
        let mut out = producer(&shared, 0, &[0]);
        let (mut inp, mut on) = (consumer(&shared, 1, 0), producer(&shared, 1, &[1]));
        let mut last = consumer(&shared, 2, 1);
        let theirs = Arc::clone(&shared);
        let sender = spawn(move || (send_some(&theirs, &mut out, 0..2), out));
        let theirs = Arc::clone(&shared);
        let middle = spawn(move || {
            pass_some(&theirs, &mut inp, &mut on, 2);
            (inp, on)
        });
        let mut seen = use_some(&shared, &mut last, 0, 1);
        let (mut rest, mut out) = sender.join().expect("it ends");
        let (mut inp, mut on) = middle.join().expect("it ends");
        while seen < 2 {
            rest = send_some(&shared, &mut out, rest);
            pass_some(&shared, &mut inp, &mut on, 1);
            seen = use_some(&shared, &mut last, seen, 1);
        }
    },
};

/// Takes what is there, changes it and passes it on.
fn pass_some(shared: &Shared, inp: &mut Consumer, on: &mut Producer, tries: u64) {
    for _ in 0..tries {
        if on.has_room(shared) != Ok(true) {
            continue;
        }
        let Ok(message) = inp.receive(shared) else { continue };
        let content = read(shared, message.data);
        write(shared, message.data, content + 10);
        let slot = inp.take_slot(message.ticket).expect("it is held");
        on.push_slot(shared, slot).expect("there is room");
    }
}

/// Takes what is there and uses it up; `seen` were before.
fn use_some(shared: &Shared, inp: &mut Consumer, seen: u64, tries: u64) -> u64 {
    let mut seen = seen;
    for _ in 0..tries {
        let Ok(message) = inp.receive(shared) else { continue };
        assert_eq!(read(shared, message.data), seen + 10);
        inp.consume(shared, message.ticket).expect("it is held");
        seen += 1;
    }
    seen
}

#[test]
fn a_message_passed_on_is_whole_at_its_end() {
    PASS_ON.holds();
    PASS_ON.finds(&["relaxed:publish.stamp", "relaxed:stamp"]);
}

static BORROW: Model = Model {
    name: "lent on",
    preemptions: 2,
    body: || {
        let lent = Road { ends: (1, 2), transfer: Transfer::PublishOffset, capacity: 1, ..IN_PLACE };
        let shared = found(&[Road { capacity: 1, ..IN_PLACE }, lent], 2, Beside::default());
        let mut out = producer(&shared, 0, &[0]);
        let (mut inp, mut on) = (consumer(&shared, 1, 0), producer(&shared, 1, &[1]));
        let mut last = consumer(&shared, 2, 1);
        let rest = send_some(&shared, &mut out, 0..3);
        lend_some(&shared, &mut inp, &mut on);
        let theirs = Arc::clone(&shared);
        let sender = spawn(move || {
            let rest = send_some(&theirs, &mut out, rest);
            (send_some(&theirs, &mut out, rest), out)
        });
        let theirs = Arc::clone(&shared);
        let middle = spawn(move || {
            lend_some(&theirs, &mut inp, &mut on);
            (inp, on)
        });
        let mut left = take_some(&shared, &mut last, 0..3);
        let (mut rest, mut out) = sender.join().expect("it ends");
        let (mut inp, mut on) = middle.join().expect("it ends");
        while !left.is_empty() {
            lend_some(&shared, &mut inp, &mut on);
            left = take_some(&shared, &mut last, left);
            inp.settle(&shared);
            rest = send_some(&shared, &mut out, rest);
        }
    },
};

/// Lends on what is there, and ends what is over.
fn lend_some(shared: &Shared, inp: &mut Consumer, on: &mut Producer) {
    inp.settle(shared);
    if on.has_room(shared) != Ok(true) {
        return;
    }
    let Ok(message) = inp.receive(shared) else { return };
    let (slot, _) = inp.forwardable(message.ticket).expect("it is held");
    let index = on.lend_on(shared, slot, 0).expect("there is room");
    inp.lend(shared, message.ticket, 1, index).expect("it is held");
}

#[test]
fn a_message_lent_on_is_written_over_only_after_its_last_reader() {
    BORROW.holds();
    BORROW.finds(&["lent_is_over_at_once", "relaxed:release.head"]);
}

static SHARE: Model = Model {
    name: "shared by two",
    preemptions: 2,
    body: || {
        let road = Road { transfer: Transfer::ShareRead, capacity: 1, ..IN_PLACE };
        let shared = found(&[road, Road { ends: (0, 2), ..road }], 2, Beside::default());
        let mut out = producer(&shared, 0, &[0, 1]);
        let mut rest = send_some(&shared, &mut out, 0..3);
        let readers = [1, 2].map(|process| {
            let theirs = Arc::clone(&shared);
            let mut inp = consumer(&shared, process, usize::from(process) - 1);
            spawn(move || (take_some(&theirs, &mut inp, 0..3), inp))
        });
        rest = send_some(&shared, &mut out, rest);
        rest = send_some(&shared, &mut out, rest);
        let mut readers = readers.map(|reader| reader.join().expect("it ends"));
        while readers.iter().any(|(left, _)| !left.is_empty()) {
            rest = send_some(&shared, &mut out, rest);
            readers.iter_mut().for_each(|(left, inp)| *left = take_some(&shared, inp, left.clone()));
        }
    },
};

#[test]
fn a_shared_message_is_written_over_only_after_all_its_readers() {
    SHARE.holds();
    SHARE.finds(&["relaxed:release.head", "relaxed:publish.stamp"]);
}

static TAKEN_FROM_THE_DEAD: Model = Model {
    name: "taken from the dead",
    preemptions: 3,
    body: || {
        let shared = found(&[TAKEN], 2, Beside { processes: true, ..Beside::default() });
        (0..3).for_each(|process| enter(&shared, process));
        let mut out = producer(&shared, 0, &[0]);
        send(&shared, &mut out, 0);
        let tokens = Tokens::new();
        tokens.die(0);
        let mut inp = consumer(&shared, 1, 0);
        let theirs = Arc::clone(&shared);
        let recoverer = spawn(move || {
            assert_eq!(recover(&theirs, &*tokens, ProcessId(0)), Outcome::Recovered(true));
            take_pool(&theirs, 2)
        });
        use_up(&shared, &mut inp, 0);
        let taken = recoverer.join().expect("it ends");
        sweep(&shared);
        assert_eq!(slots(&shared, SlotState::Free) + taken, 2, "every slot is the newcomer's or free");
    },
};

#[test]
fn a_message_is_taken_while_its_producer_is_recovered() {
    TAKEN_FROM_THE_DEAD.holds();
    TAKEN_FROM_THE_DEAD.finds(&["orphans_are_freed", "sweep_ignores_cells"]);
}

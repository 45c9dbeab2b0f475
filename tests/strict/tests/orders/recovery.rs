//! Recovery beside the living: whoever recovers, however many at once, nobody reads what a newcomer writes, and nothing
//! that was published is lost.

use std::sync::Arc;

use loom::thread::spawn;
use vil_core::base::words::{ProcessId, SlotState};
use vil_core::exchange::Consumer;
use vil_core::mem::Shared;
use vil_core::registry::{Outcome, recover, sweep};
use vil_ir::vocabulary::Delivery;

use crate::model::Model;
use crate::stage::{
    Beside, IN_PLACE, Road, Tokens, consumer, enter, found, producer, read, send, send_some, slots, take_in, take_pool,
    write,
};

const WITH_PROCESSES: Beside = Beside { processes: true, sleep: false, counts: false };

/// A world in which process 0 publishes contents from 0 and dies.
fn bereaved(road: Road, slots: u32, messages: u64) -> (Arc<Shared>, Arc<Tokens>) {
    let shared = found(&[road], slots, WITH_PROCESSES);
    (0..3).for_each(|process| enter(&shared, process));
    let mut out = producer(&shared, 0, &[0]);
    (0..messages).for_each(|content| send(&shared, &mut out, content));
    let tokens = Tokens::new();
    tokens.die(0);
    (shared, tokens)
}

static READ_ON: Model = Model {
    name: "read while its producer is recovered",
    preemptions: 3,
    body: || {
        let (shared, tokens) = bereaved(IN_PLACE, 3, 2);
        let mut inp = consumer(&shared, 1, 0);
        let theirs = Arc::clone(&shared);
        let recoverer = spawn(move || {
            assert_eq!(recover(&theirs, &*tokens, ProcessId(0)), Outcome::Recovered(true));
            // A newcomer writes into whatever is free, and again after a sweep.
            let first = take_pool(&theirs, 2);
            sweep(&theirs);
            first + take_pool(&theirs, 2)
        });
        (0..2).for_each(|content| take_in(&shared, &mut inp, content));
        let taken = recoverer.join().expect("it ends");
        sweep(&shared);
        assert_eq!(slots(&shared, SlotState::Free) + taken, 3, "every slot is the newcomer's or free");
    },
};

#[test]
fn a_consumer_reads_on_while_its_producer_is_recovered() {
    READ_ON.holds();
    READ_ON.finds(&["orphans_are_freed", "sweep_ignores_cells", "relaxed:release.head", "relaxed:end"]);
}

static DIES_MEANWHILE: Model = Model {
    name: "recovered as soon as it is dead",
    preemptions: 2,
    body: || {
        let shared = found(&[IN_PLACE], 2, WITH_PROCESSES);
        (0..3).for_each(|process| enter(&shared, process));
        let tokens = Tokens::new();
        let mut out = producer(&shared, 0, &[0]);
        let (theirs, token) = (Arc::clone(&shared), Arc::clone(&tokens));
        let dying = spawn(move || {
            send(&theirs, &mut out, 0);
            let loan = out.loan(&theirs).expect("one loan at a time");
            write(&theirs, loan.data, 1);
            token.die(0);
        });
        if recover(&shared, &*tokens, ProcessId(0)) == Outcome::Recovered(true) {
            // What it was writing into is anybody's now.
            assert_eq!(take_pool(&shared, 2), 1);
        }
        let mut inp = consumer(&shared, 1, 0);
        take_in(&shared, &mut inp, 0);
        dying.join().expect("it ends");
    },
};

#[test]
fn a_slot_of_the_dead_is_written_over_only_after_its_death() {
    DIES_MEANWHILE.holds();
}

static TWO_RECOVERERS: Model = Model {
    name: "recovered twice at once",
    preemptions: 2,
    body: || {
        let (shared, tokens) = bereaved(IN_PLACE, 3, 1);
        let mut inp = consumer(&shared, 1, 0);
        let (theirs, token) = (Arc::clone(&shared), Arc::clone(&tokens));
        let other = spawn(move || recover(&theirs, &*token, ProcessId(0)));
        let mine = recover(&shared, &*tokens, ProcessId(0));
        // Whoever is done first lets a newcomer in, which nobody may mistake for the dead.
        if mine == Outcome::Recovered(true) {
            tokens.live(0);
            enter(&shared, 0);
            take_pool(&shared, 0);
        }
        let finished = [mine, other.join().expect("it ends")];
        assert_eq!(finished.iter().filter(|outcome| **outcome == Outcome::Recovered(true)).count(), 1);
        take_in(&shared, &mut inp, 0);
        sweep(&shared);
        let newcomers = slots(&shared, SlotState::Held(ProcessId(0)));
        assert_eq!(slots(&shared, SlotState::Free) + newcomers, 3);
        assert!(mine != Outcome::Recovered(true) || newcomers == 2, "a slow recoverer took from a newcomer");
    },
};

#[test]
fn two_recoverers_finish_an_entry_once_and_take_nothing_from_its_next_owner() {
    TWO_RECOVERERS.holds();
    TWO_RECOVERERS.finds(&["token_before_word", "no_epoch_recheck", "epoch_kept"]);
}

static SUCCESSOR: Model = Model {
    name: "a producer's successor",
    preemptions: 2,
    body: || {
        let (shared, tokens) = bereaved(IN_PLACE, 3, 1);
        let mut inp = consumer(&shared, 1, 0);
        let theirs = Arc::clone(&shared);
        let successor = spawn(move || {
            recover(&theirs, &*tokens, ProcessId(0));
            let mut out = producer(&theirs, 2, &[0]);
            (1..3).for_each(|content| send(&theirs, &mut out, content));
        });
        (0..3).for_each(|content| take_in(&shared, &mut inp, content));
        successor.join().expect("it ends");
    },
};

#[test]
fn a_successor_goes_on_where_the_dead_producer_ended() {
    SUCCESSOR.holds();
    SUCCESSOR.finds(&["resume_at_head", "relaxed:release.head"]);
}

/// A consumer has a message in hand and dies; its producer lives and publishes on, and a successor reads.
fn consumer_dies(delivery: Delivery) {
    let shared = found(&[Road { delivery, ..IN_PLACE }], 3, WITH_PROCESSES);
    (0..3).for_each(|process| enter(&shared, process));
    let tokens = Tokens::new();
    let mut out = producer(&shared, 0, &[0]);
    let rest = send_some(&shared, &mut out, 0..1);
    assert!(rest.is_empty());
    let mut inp = consumer(&shared, 1, 0);
    let (theirs, token) = (Arc::clone(&shared), Arc::clone(&tokens));
    let dying = spawn(move || {
        let message = inp.receive(&theirs).expect("it was published");
        assert_eq!(read(&theirs, message.data), 0);
        token.die(1);
    });
    let theirs = Arc::clone(&shared);
    let sender = spawn(move || {
        let rest = send_some(&theirs, &mut out, 1..4);
        (send_some(&theirs, &mut out, rest), out)
    });
    let mut outcome = recover(&shared, &*tokens, ProcessId(1));
    let dead = dying.join();
    if outcome == Outcome::Alive {
        outcome = recover(&shared, &*tokens, ProcessId(1));
    }
    dead.expect("it ends");
    assert_eq!(outcome, Outcome::Recovered(true));
    let mut inp = consumer(&shared, 2, 0);
    let mut seen = Vec::new();
    read_some(&shared, &mut inp, &mut seen);
    let (mut rest, mut out) = sender.join().expect("it ends");
    while seen.last() != Some(&3) {
        rest = send_some(&shared, &mut out, rest);
        read_some(&shared, &mut inp, &mut seen);
    }
    assert!(seen.is_sorted() && seen.len() as u64 == 4 - seen[0], "{seen:?} has a gap");
    assert!(delivery == Delivery::BestEffort || seen[0] == 0, "{} came first", seen[0]);
}

/// Reads and releases what is there.
fn read_some(shared: &Shared, inp: &mut Consumer, seen: &mut Vec<u64>) {
    while let Ok(message) = inp.receive(shared) {
        seen.push(read(shared, message.data));
        inp.release(shared, message.ticket).expect("it is held");
    }
}

static KEPT: Model =
    Model { name: "a consumer dies, at_least_once", preemptions: 2, body: || consumer_dies(Delivery::AtLeastOnce) };
static SKIPPED: Model =
    Model { name: "a consumer dies, best_effort", preemptions: 2, body: || consumer_dies(Delivery::BestEffort) };

#[test]
fn what_a_consumer_died_over_is_read_by_its_successor_or_skipped() {
    KEPT.holds();
    KEPT.finds(&["at_least_once_skips", "relaxed:release.head"]);
    SKIPPED.holds();
    SKIPPED.finds(&["relaxed:recover.head"]);
}

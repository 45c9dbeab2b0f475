//! Going to sleep and being woken: whoever sleeps is woken by what makes its wait true. In a model no time passes, so a
//! wake-up that is missed leaves everybody asleep, and loom says so.

use std::sync::Arc;
use std::time::Duration;

use loom::thread::spawn;
use vil_core::base::atomic::{Barrier, FOR_DATA, FOR_SPACE};
use vil_core::base::modelled::{Kernel, kernel};
use vil_core::exchange::{Consumer, Producer, Refusal};
use vil_core::mem::Shared;
use vil_core::sys::futex;

use crate::model::Model;
use crate::stage::{Beside, IN_PLACE, Road, consumer, found, found_with, producer, read, write};

/// Waits as `world` does: look, announce, look again, sleep while what was announced stands, take it back in the end.
fn wait<T>(shared: &Shared, flag: u64, reason: u32, mut ready: impl FnMut() -> Option<T>) -> T {
    let mut announced = None;
    let word = shared.segment.flag(flag);
    loop {
        let standing = announced.and_then(|before| word.standing(before, "wait.standing"));
        if let Some(done) = ready() {
            announced.iter().for_each(|before| word.withdraw(*before, reason, "wait.withdraw"));
            return done;
        }
        match standing {
            Some(value) => _ = futex::wait(word.raw(), value, Duration::ZERO),
            None => announced = Some(shared.announce(flag, reason, "wait.announce")),
        }
    }
}

fn send(shared: &Shared, out: &mut Producer, content: u64) {
    let loan = out.loan(shared).expect("one loan at a time, and a slot beside those in the ring");
    write(shared, loan.data, content);
    let flag = shared.geometry.rings[0].producer_flag;
    wait(shared, flag, FOR_SPACE, || match out.publish(shared, loan.ticket) {
        Err(Refusal::Full) => None,
        answer => answer.map(Some).expect("it is held"),
    });
}

fn take_in(shared: &Shared, inp: &mut Consumer, content: u64) {
    let flag = shared.geometry.rings[0].consumer_flag;
    let message = wait(shared, flag, FOR_DATA, || match inp.receive(shared) {
        Err(Refusal::Empty) => None,
        message => Some(message.expect("one message at a time")),
    });
    assert_eq!(read(shared, message.data), content);
    inp.release(shared, message.ticket).expect("it is held");
}

/// Messages cross a ring of one cell; both sides sleep whenever they have to wait.
fn cross(messages: u64) {
    let shared = found(&[Road { capacity: 1, ..IN_PLACE }], 2, Beside { sleep: true, ..Beside::default() });
    let mut out = producer(&shared, 0, &[0]);
    let mut inp = consumer(&shared, 1, 0);
    let theirs = Arc::clone(&shared);
    let sender = spawn(move || (0..messages).for_each(|content| send(&theirs, &mut out, content)));
    (0..messages).for_each(|content| take_in(&shared, &mut inp, content));
    sender.join().expect("it ends");
}

static DATA: Model = Model { name: "asleep for a message", preemptions: 3, body: || cross(1) };
static ROOM: Model = Model { name: "asleep for room", preemptions: 2, body: || cross(3) };

#[test]
fn whoever_sleeps_for_a_message_is_woken() {
    DATA.holds();
    DATA.finds(&["no_fence_after_a_store", "no_fence_before_a_sleep"]);
}

#[test]
fn whoever_sleeps_for_room_is_woken() {
    ROOM.holds();
    ROOM.finds(&["no_fence_after_a_store", "no_fence_before_a_sleep"]);
}

/// One word that a process writes and another sleeps for. The writer is registered for barriers meanwhile, by a thread of
/// its own: it begins with fences, and goes on without.
static REGISTERED: Model = Model {
    name: "registered meanwhile",
    preemptions: 2,
    body: || {
        let beside = Beside { sleep: true, ..Beside::default() };
        Kernel::set(true);
        let shared = found_with(&[Road { capacity: 1, ..IN_PLACE }], 2, beside, Barrier::Membarrier);
        let ring = shared.geometry.rings[0];
        let kernel = kernel().expect("it was just set");
        let theirs = Arc::clone(&shared);
        let process = Arc::clone(&kernel);
        let writer = spawn(move || {
            process.enter();
            for value in 1..=2 {
                theirs.segment.word(ring.cells).store(value, "publish.cell");
                theirs.wake(ring.consumer_flag, FOR_DATA, "publish.wake");
            }
            process.leave();
        });
        let registrar = Arc::clone(&kernel);
        let registrar = spawn(move || registrar.register());
        wait(&shared, ring.consumer_flag, FOR_DATA, || {
            (shared.segment.word(ring.cells).load("receive.cell") == 2).then_some(())
        });
        writer.join().expect("it ends");
        registrar.join().expect("it ends");
        Kernel::set(false);
    },
};

#[test]
fn whoever_sleeps_is_woken_by_a_process_that_is_registered_meanwhile() {
    REGISTERED.holds();
    REGISTERED.finds(&["no_fence_after_a_store", "told_too_early", "no_barrier_of_the_sleeper"]);
}

/// Two threads of one process sleep on its one word, each for its own reason.
static BOTH: Model = Model {
    name: "two asleep on one word",
    preemptions: 2,
    body: || {
        // Process 1 consumes the first ring and produces into the second, which is full.
        let onward = Road { ends: (1, 2), capacity: 1, loans: (2, 1), ..IN_PLACE };
        let roads = [Road { capacity: 1, ..IN_PLACE }, onward];
        let shared = found(&roads, 5, Beside { sleep: true, ..Beside::default() });
        let (mut out, mut inp) = (producer(&shared, 0, &[0]), consumer(&shared, 1, 0));
        let (mut onward, mut last) = (producer(&shared, 1, &[1]), consumer(&shared, 2, 1));
        let loans = [0, 1].map(|content| {
            let loan = onward.loan(&shared).expect("it has two");
            write(&shared, loan.data, content);
            loan
        });
        onward.publish(&shared, loans[0].ticket).expect("the ring is empty");
        let theirs = Arc::clone(&shared);
        let reader = spawn(move || take_in(&theirs, &mut inp, 7));
        let theirs = Arc::clone(&shared);
        let writer = spawn(move || {
            let flag = theirs.geometry.rings[1].producer_flag;
            wait(&theirs, flag, FOR_SPACE, || onward.publish(&theirs, loans[1].ticket).ok());
        });
        let message = last.receive(&shared).expect("it was published");
        last.release(&shared, message.ticket).expect("it is held");
        send(&shared, &mut out, 7);
        reader.join().expect("it is woken");
        writer.join().expect("it is woken");
    },
};

#[test]
fn two_that_sleep_on_one_word_are_both_woken() {
    BOTH.holds();
    BOTH.finds(&["no_fence_after_a_store"]);
}

//! What ends a wait: data, room, a signal, a cancel, a deadline. Never early, never late for ever, each told once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use vil_core::base::error::{Error, Fault};
use vil_core::world::{Receiver, Sender, Stop, World, wait_any};

use crate::house::{
    FOREVER, House, LONG, LONG_NS, PLAIN, SHORT, SHORT_NS, Shape, fill, is_asleep, send, take, thread_number, until,
};

/// Runs `wait` in a thread; `then` gets the thread's number once it sleeps.
pub(crate) fn while_asleep<T: Send>(wait: impl FnOnce() -> T + Send, then: impl FnOnce(i32, libc::pthread_t)) -> T {
    let (sender, receiver) = channel();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(move || {
            // SAFETY: pthread_self can not fail.
            sender.send((thread_number(), unsafe { libc::pthread_self() })).expect("the test listens");
            wait()
        });
        let (number, thread) = receiver.recv().expect("the thread has begun");
        until("the waiter is asleep", || is_asleep(number));
        then(number, thread);
        waiter.join().expect("no panic")
    })
}

#[test]
fn a_sleeping_reader_is_woken_by_a_letter() {
    let house = House::new("data", PLAIN);
    let (mut sender, mut receiver) = (house.writer(), house.reader());
    let wait = || receiver.receive(FOREVER).map(|received| crate::house::number(&received.message));
    let answer = while_asleep(wait, |_, _| send(&mut sender, 1).expect("there is room"));
    assert_eq!(answer, Ok(1));
}

#[test]
fn a_writer_that_sleeps_for_room_is_woken_when_head_moves() {
    let house = House::new("room", PLAIN);
    let (mut sender, mut receiver) = (house.writer(), house.reader());
    for letter in 0..4 {
        send(&mut sender, letter).expect("there is room");
    }
    let answer = while_asleep(
        || send(&mut sender, 4),
        |_, _| assert_eq!((0..4).map(|_| take(&mut receiver)).collect::<Vec<_>>(), [Ok(0), Ok(1), Ok(2), Ok(3)]),
    );
    assert_eq!(answer, Ok(()));
    assert_eq!(take(&mut receiver), Ok(4));
}

#[test]
fn a_writer_that_waits_for_room_is_not_helped_by_a_letter_that_is_released_out_of_turn() {
    let house = House::new("turn", Shape { deadline_ms: 30, ..PLAIN });
    let (mut sender, mut receiver) = (house.writer(), house.reader());
    for letter in 0..4 {
        send(&mut sender, letter).expect("there is room");
    }
    let first = receiver.poll().expect("a letter");
    let second = receiver.poll().expect("a letter");
    crate::house::give_back(&mut receiver, &second);
    assert_eq!(send(&mut sender, 4), Err(Stop::Late));
    crate::house::give_back(&mut receiver, &first);
    assert_eq!(send(&mut sender, 4), Ok(()));
}

#[test]
fn timeouts_are_never_early_and_never_much_too_late() {
    let house = House::new("timeouts", PLAIN);
    let (_writer, mut receiver) = (house.writer(), house.reader());
    let start = Instant::now();
    for _ in 0..1000 {
        assert_eq!(receiver.receive(0).err(), Some(Stop::Empty));
    }
    assert!(start.elapsed() < LONG / 2, "0 does not wait: {:?}", start.elapsed());
    for timeout in [1, 1_000, 50_000, 1_000_000, 3_999_999, 4_000_001, 15_000_000] {
        let start = Instant::now();
        assert_eq!(receiver.receive(timeout).err(), Some(Stop::Late));
        let time = start.elapsed();
        assert!(time >= Duration::from_nanos(timeout), "{time:?} for {timeout} ns");
        assert!(time < LONG / 2, "{time:?} for {timeout} ns");
    }
}

#[test]
fn a_blocked_publish_is_late_at_the_route_s_deadline_and_the_loan_is_still_held() {
    let house = House::new("late", Shape { deadline_ms: 25, ..PLAIN });
    let (mut sender, mut receiver) = (house.writer(), house.reader());
    for letter in 0..4 {
        send(&mut sender, letter).expect("there is room");
    }
    let loan = sender.loan().expect("a slot more than cells");
    fill(&loan, 4);
    for _ in 0..2 {
        let start = Instant::now();
        assert_eq!(sender.publish(loan.ticket), Err(Stop::Late));
        assert!(start.elapsed() >= Duration::from_millis(25), "{:?}", start.elapsed());
    }
    for letter in 0..4 {
        assert_eq!(take(&mut receiver), Ok(letter));
    }
    assert_eq!(sender.publish(loan.ticket), Ok(()));
    assert_eq!(take(&mut receiver), Ok(4), "with what was written before");
}

extern "C" fn nothing(_: libc::c_int) {}

fn handle(signal: libc::c_int, handler: extern "C" fn(libc::c_int)) {
    // SAFETY: both handlers of this file only do what a handler may.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART;
        assert_eq!(libc::sigaction(signal, &action, std::ptr::null_mut()), 0);
    }
}

/// Signals a thread until it has done what it does because of it.
fn ring(thread: libc::pthread_t, signal: libc::c_int, is_done: &AtomicBool) {
    until("the signal ends the wait", || {
        // SAFETY: the thread is joined only after this.
        unsafe { libc::pthread_kill(thread, signal) };
        is_done.load(Ordering::Acquire)
    });
}

#[test]
fn a_signal_interrupts_a_wait_for_data_and_one_for_room_and_changes_nothing() {
    handle(libc::SIGUSR1, nothing);
    let house = House::new("signal", PLAIN);
    let (mut sender, mut receiver) = (house.writer(), house.reader());
    let done = AtomicBool::new(false);
    let finish = |answer| {
        done.store(true, Ordering::Release);
        answer
    };
    let answer =
        while_asleep(|| finish(receiver.receive(FOREVER).err()), |_, thread| ring(thread, libc::SIGUSR1, &done));
    assert_eq!(answer, Some(Stop::Interrupted));
    for letter in 0..4 {
        send(&mut sender, letter).expect("there is room");
    }
    let loan = sender.loan().expect("a slot more than cells");
    fill(&loan, 4);
    done.store(false, Ordering::Release);
    let answer =
        while_asleep(|| finish(sender.publish(loan.ticket).err()), |_, thread| ring(thread, libc::SIGUSR1, &done));
    assert_eq!(answer, Some(Stop::Interrupted));
    for letter in 0..4 {
        assert_eq!(take(&mut receiver), Ok(letter));
    }
    assert_eq!(sender.publish(loan.ticket), Ok(()));
    assert_eq!(take(&mut receiver), Ok(4));
}

/// Two ports into one process, so that one attachment has several ends.
const FORK: &str = "vil: 1\nprogram: fork\nmessages:\n  Tick: { kind: event, fields: [ { name: time, type: u64 } ] }\n\
interfaces:\n  Clock: { ports: { left: { direction: out, message: Tick }, right: { direction: out, message: Tick } } }\n\
\x20 Wall: { ports: { left: { direction: in, message: Tick }, right: { direction: in, message: Tick } } }\n\
processes:\n  clock: { interface: Clock }\n  wall: { interface: Wall }\n\
defaults: { routes: { transfer: loan_write, delivery: at_least_once } }\n\
routes:\n  - { from: clock.left, to: wall.left }\n  - { from: clock.right, to: wall.right }\n";

struct Fork {
    house: House,
    wall: Arc<World>,
    senders: [Sender; 2],
    receivers: [Receiver; 2],
}

fn fork(name: &str) -> Fork {
    let house = House::of(name, &crate::house::plan_of(FORK));
    let (clock, wall) = (house.enter("clock"), house.enter("wall"));
    let senders = ["left", "right"].map(|port| Sender::open(&clock, port).unwrap_or_else(|error| panic!("{error}")));
    let receivers = ["left", "right"].map(|port| Receiver::open(&wall, port).unwrap_or_else(|error| panic!("{error}")));
    Fork { house, wall, senders, receivers }
}

fn tick(sender: &mut Sender) {
    let loan = sender.loan().expect("a slot");
    sender.publish(loan.ticket).expect("there is room");
}

#[test]
fn a_cancel_ends_one_wait_of_every_end_of_its_world_and_of_no_other() {
    let Fork { wall, mut receivers, senders, house } = fork("cancel");
    let other = house.enter("wall");
    other.cancel();
    assert_eq!(receivers[0].receive(SHORT_NS).err(), Some(Stop::Late), "another attachment's cancel");
    let canceller = Arc::clone(&wall);
    let answer = while_asleep(|| receivers[0].receive(FOREVER).err(), |_, _| canceller.cancel());
    assert_eq!(answer, Some(Stop::Cancelled));
    assert_eq!(receivers[0].receive(SHORT_NS).err(), Some(Stop::Late), "only once");
    assert_eq!(receivers[1].receive(FOREVER).err(), Some(Stop::Cancelled), "the next wait of the other end");
    assert_eq!(receivers[1].receive(SHORT_NS).err(), Some(Stop::Late), "only once");
    drop(senders);
}

#[test]
fn a_cancel_does_not_hide_a_letter_and_is_told_after_it() {
    let Fork { wall, mut receivers, mut senders, .. } = fork("cancel-data");
    tick(&mut senders[0]);
    wall.cancel();
    let received = receivers[0].receive(LONG_NS).expect("data comes first");
    receivers[0].release(received.route, received.message.ticket).expect("held");
    assert_eq!(receivers[0].receive(LONG_NS).err(), Some(Stop::Cancelled));
    assert_eq!(receivers[0].receive(SHORT_NS).err(), Some(Stop::Late));
}

#[test]
fn a_cancel_that_was_told_is_not_told_again_after_a_wait_for_several() {
    let Fork { wall, receivers, mut senders, .. } = fork("cancel-any");
    let [mut left, mut right] = receivers;
    wall.cancel();
    assert_eq!(right.receive(LONG_NS).err(), Some(Stop::Cancelled));
    tick(&mut senders[0]);
    assert_eq!(wait_any(&mut [&mut left, &mut right], LONG_NS), Ok(0), "data comes first");
    assert_eq!(right.receive(SHORT_NS).err(), Some(Stop::Late), "this end has told it");
    let received = left.poll().expect("a tick");
    left.release(received.route, received.message.ticket).expect("held");
    assert_eq!(wait_any(&mut [&mut left, &mut right], LONG_NS).err(), Some(Stop::Cancelled), "that one had not");
    assert_eq!(wait_any(&mut [&mut left, &mut right], SHORT_NS).err(), Some(Stop::Late));
}

static TO_CANCEL: AtomicPtr<World> = AtomicPtr::new(std::ptr::null_mut());

extern "C" fn cancel(_: libc::c_int) {
    // SAFETY: the test keeps the world until no signal can come any more.
    if let Some(world) = unsafe { TO_CANCEL.swap(std::ptr::null_mut(), Ordering::AcqRel).as_ref() } {
        world.cancel();
    }
}

#[test]
fn a_cancel_from_a_signal_handler_is_told_once_to_each_end() {
    handle(libc::SIGUSR2, cancel);
    let Fork { wall, mut receivers, senders, .. } = fork("cancel-signal");
    TO_CANCEL.store(Arc::as_ptr(&wall).cast_mut(), Ordering::Release);
    let done = AtomicBool::new(false);
    let wait = || {
        let mut answers = Vec::new();
        while answers.last() != Some(&Some(Stop::Cancelled)) {
            answers.push(receivers[0].receive(FOREVER).err());
        }
        done.store(true, Ordering::Release);
        answers
    };
    let answers = while_asleep(wait, |_, thread| ring(thread, libc::SIGUSR2, &done));
    let (last, before) = answers.split_last().expect("an answer");
    assert_eq!(*last, Some(Stop::Cancelled));
    assert!(before.iter().all(|answer| *answer == Some(Stop::Interrupted)), "{before:?}");
    assert_eq!(receivers[0].receive(SHORT_NS).err(), Some(Stop::Late));
    assert_eq!(receivers[1].receive(LONG_NS).err(), Some(Stop::Cancelled));
    drop(senders);
}

#[test]
fn a_wait_for_several_answers_the_first_that_has_something_and_takes_nothing() {
    let Fork { receivers, mut senders, house, .. } = fork("several");
    let [mut left, mut right] = receivers;
    assert_eq!(wait_any(&mut [&mut left, &mut right], 0).err(), Some(Stop::Late));
    assert_eq!(wait_any(&mut [&mut left, &mut right], SHORT_NS).err(), Some(Stop::Late));
    let answer = while_asleep(|| wait_any(&mut [&mut left, &mut right], FOREVER), |_, _| tick(&mut senders[1]));
    assert_eq!(answer, Ok(1));
    tick(&mut senders[0]);
    assert_eq!(wait_any(&mut [&mut left, &mut right], LONG_NS), Ok(0));
    assert_eq!(wait_any(&mut [&mut right, &mut left], LONG_NS), Ok(0), "the caller's order");
    assert!(left.poll().is_ok() && right.poll().is_ok());
    assert_eq!(wait_any(&mut [], LONG_NS), Err(Stop::Fault(Fault::Argument)));
    drop((left, right));
    let mut mine = Receiver::open(&house.enter("wall"), "left").unwrap_or_else(|error| panic!("{error}"));
    let mut others = Receiver::open(&house.enter("wall"), "right").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(wait_any(&mut [&mut mine, &mut others], LONG_NS), Err(Stop::Fault(Fault::Argument)));
}

#[test]
fn a_closed_peer_is_told_once_and_its_successor_is_not() {
    let house = House::new("closed", PLAIN);
    let mut receiver = house.reader();
    assert_eq!(receiver.receive(SHORT_NS).err(), Some(Stop::Late), "nobody was there yet, so nobody is gone");
    for _ in 0..3 {
        let mut sender = house.writer();
        send(&mut sender, 9).expect("there is room");
        drop(sender);
        assert_eq!(take(&mut receiver), Ok(9));
        let start = Instant::now();
        assert_eq!(receiver.receive(FOREVER).err(), Some(Stop::PeerGone));
        assert!(start.elapsed() < LONG / 4);
        assert_eq!(receiver.receive(SHORT.as_nanos() as u64).err(), Some(Stop::Late));
    }
}

#[test]
fn opening_a_port_that_is_held_is_cancelled_and_interrupted_as_any_wait_and_nothing_is_changed() {
    handle(libc::SIGUSR1, nothing);
    let house = House::new("open-within", PLAIN);
    let (first, second) = (house.reader(), house.enter("reader"));
    let (writing, writer) = (house.writer(), house.enter("writer"));
    let done = AtomicBool::new(false);
    let finish = |error: Option<Error>| {
        done.store(true, Ordering::Release);
        error.map(|error| error.fault)
    };
    let read = || finish(Receiver::open_within(&second, "letters", FOREVER).err());
    let write = || finish(Sender::open_within(&writer, "letters", FOREVER).err());
    assert_eq!(while_asleep(read, |_, _| second.cancel()), Some(Fault::Cancelled));
    assert_eq!(while_asleep(write, |_, _| writer.cancel()), Some(Fault::Cancelled));
    done.store(false, Ordering::Release);
    assert_eq!(while_asleep(read, |_, thread| ring(thread, libc::SIGUSR1, &done)), Some(Fault::Interrupted));
    done.store(false, Ordering::Release);
    assert_eq!(while_asleep(write, |_, thread| ring(thread, libc::SIGUSR1, &done)), Some(Fault::Interrupted));
    assert_eq!(Receiver::open_within(&second, "letters", SHORT_NS).err().map(|error| error.fault), Some(Fault::Busy));
    let opened = while_asleep(|| Receiver::open_within(&second, "letters", FOREVER), |_, _| drop(first));
    let mut opened = opened.unwrap_or_else(|error| panic!("{error}"));
    drop(writing);
    let mut sender = Sender::open(&writer, "letters").unwrap_or_else(|error| panic!("{error}"));
    send(&mut sender, 5).expect("there is room");
    assert_eq!(take(&mut opened), Ok(5));
}

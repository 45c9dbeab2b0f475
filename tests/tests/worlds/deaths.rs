//! SIGKILL and SIGSTOP, in real processes: nothing that at_least_once promised is lost, nothing is invented, order is
//! kept, counts are exact, and who waits for the dead is told.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use vil_core::base::error::Fault;
use vil_core::observe;
use vil_core::world::{Receiver, Sender, Stop, World};

use crate::child::{Other, Role, hear, say};
use crate::house::{
    FOREVER, House, LONG, LONG_NS, NOBODY, PLAIN, Random, SHORT_NS, Shape, fill, give_back, is_asleep, number, place,
    refused, role, send, take, thread_number, until,
};

pub(crate) const ROLES: &[Role] = &[
    ("writes", writes),
    ("reads", reads),
    ("skims", skims),
    ("recovers", recovers),
    ("publishes and dies", publishes_and_dies),
    ("holds", holds),
];

fn world(dir: &Path, process: &str) -> Arc<World> {
    World::open(&place(dir), "post", &role(process)).unwrap_or_else(|error| panic!("{error}"))
}

/// Set once the test has said a line.
fn told() -> Arc<AtomicBool> {
    let told = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&told);
    std::thread::spawn(move || {
        hear();
        flag.store(true, Ordering::Release);
    });
    told
}

/// Publishes letters from the route's count on, until it is told to end.
fn writes(dir: &Path, _: &str) {
    let world = world(dir, "writer");
    let mut sender = Sender::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
    let end = told();
    say("ready");
    while !end.load(Ordering::Acquire) {
        let number = sender.published();
        match send(&mut sender, number) {
            Ok(()) | Err(Stop::PeerGone | Stop::Late | Stop::Full | Stop::Dropped) => {}
            Err(stop) => panic!("{stop:?}"),
        }
    }
    say(&sender.published().to_string());
}

/// Receives in order from the route's count on, holding a few, until everything is there.
fn reads(dir: &Path, _: &str) {
    let world = world(dir, "reader");
    let mut receiver = Receiver::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
    let end = told();
    say("ready");
    let mut next = receiver.received();
    let mut held = Vec::new();
    loop {
        match receiver.receive(SHORT_NS) {
            Ok(received) => {
                let found = (received.message.number, number(&received.message));
                assert_eq!(found, (next, next), "letters come in order, none is left out or made up");
                next += 1;
                held.push(received);
            }
            Err(Stop::PeerGone) => {}
            Err(Stop::Late) if end.load(Ordering::Acquire) => break,
            Err(Stop::Late) => {}
            Err(stop) => panic!("{stop:?}"),
        }
        if held.len() == 2 {
            // The younger first: head moves over both with the second release.
            held.drain(..).rev().for_each(|received| give_back(&mut receiver, &received));
        }
    }
    held.iter().for_each(|received| give_back(&mut receiver, received));
    say(&receiver.received().to_string());
}

/// As `reads`, of a route on which letters may be left out.
fn skims(dir: &Path, _: &str) {
    let world = world(dir, "reader");
    let mut receiver = Receiver::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
    let end = told();
    say("ready");
    let mut least = 0;
    loop {
        match receiver.receive(SHORT_NS) {
            Ok(received) => {
                let found = number(&received.message);
                assert!(found >= least && received.message.number == found, "{found} after {least}");
                least = found + 1;
                give_back(&mut receiver, &received);
            }
            Err(Stop::Late) if end.load(Ordering::Acquire) => break,
            Err(Stop::Late | Stop::PeerGone) => {}
            Err(stop) => panic!("{stop:?}"),
        }
    }
    say("done");
}

/// Recovers and audits without end.
fn recovers(dir: &Path, _: &str) {
    let world = World::open(&place(dir), "post", &NOBODY).unwrap_or_else(|error| panic!("{error}"));
    let end = told();
    say("ready");
    while !end.load(Ordering::Acquire) {
        assert_eq!(world.audit().slots, 6);
    }
    say("done");
}

/// Publishes as many as it is told, takes one more on loan, and is killed by its own hand.
fn publishes_and_dies(dir: &Path, count: &str) {
    let mut sender = Sender::open(&world(dir, "writer"), "letters").unwrap_or_else(|error| panic!("{error}"));
    for _ in 0..count.parse::<u64>().expect("a count") {
        let number = sender.published();
        send(&mut sender, number).expect("there is room");
    }
    let loan = sender.loan().expect("one more");
    fill(&loan, 666);
    // SAFETY: it has no arguments but numbers.
    unsafe { libc::raise(libc::SIGKILL) };
}

/// Opens one end and keeps it, with as many letters in hand as it is told.
fn holds(dir: &Path, what: &str) {
    let (end, count) = what.split_once(' ').expect("an end and a count");
    let world = world(dir, end);
    let count = count.parse::<u64>().expect("a count");
    if end == "writer" {
        let mut sender = Sender::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
        (0..count).for_each(|_| assert!(sender.loan().is_ok()));
        say("ready");
        hear();
        send(&mut sender, 5).expect("there is room");
    } else {
        let mut receiver = Receiver::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
        (0..count).for_each(|_| assert!(receiver.receive(LONG_NS).is_ok()));
        say("ready");
        hear();
        // Without a letter to come: opened and closed is all there is to do.
    }
    say("left");
}

fn ready(role: &str, house: &House) -> Other {
    let other = Other::start(role, house, "");
    assert_eq!(other.heard(), "ready");
    other
}

fn seen(house: &House) -> observe::RouteSnapshot {
    observe::route(&house.keeper, 0).expect("there is a route")
}

#[test]
fn nothing_is_lost_or_made_up_when_writer_reader_and_recoverer_are_killed_again_and_again() {
    let house = House::new("killed", PLAIN);
    let mut random = Random::new("killed");
    let mut writer = ready("writes", &house);
    let mut reader = ready("reads", &house);
    let mut recoverer = ready("recovers", &house);
    for _ in 0..14 {
        let goal = seen(&house).received + 1 + random.below(200);
        until("letters arrive", || seen(&house).received >= goal);
        let victims = 1 + random.below(7);
        if victims & 4 != 0 {
            std::mem::replace(&mut recoverer, Other::start("recovers", &house, "")).kill();
            assert_eq!(recoverer.heard(), "ready");
        }
        if victims & 1 != 0 {
            // Killed together with the reader, before anybody has looked.
            writer.signal(libc::SIGKILL);
        }
        if victims & 2 != 0 {
            reader.kill();
            reader = ready("reads", &house);
        }
        if victims & 1 != 0 {
            writer.ended();
            writer = ready("writes", &house);
        }
    }
    writer.tell("end");
    let published = writer.heard();
    assert_eq!(writer.ended().code(), Some(0));
    reader.tell("end");
    assert_eq!(reader.heard(), published);
    recoverer.tell("end");
    assert_eq!((reader.ended().code(), recoverer.ended().code()), (Some(0), Some(0)));
    let seen = seen(&house);
    assert_eq!((seen.published.to_string(), seen.received, seen.dropped), (published, seen.published, 0));
    house.is_swept();
}

#[test]
fn what_a_dead_best_effort_reader_left_is_dropped_and_counted() {
    let house = House::new("dropped", Shape { delivery: "best_effort", ..PLAIN });
    let mut random = Random::new("dropped");
    let mut writer = ready("writes", &house);
    let mut reader = ready("skims", &house);
    for _ in 0..6 {
        let goal = seen(&house).received + 1 + random.below(100);
        until("letters arrive", || seen(&house).received >= goal);
        reader.kill();
        // The writer goes on without a reader: best_effort drops for nobody.
        let goal = seen(&house).published + 20;
        until("letters are published for nobody", || seen(&house).published >= goal);
        reader = ready("skims", &house);
    }
    writer.tell("end");
    let published = writer.heard();
    reader.tell("end");
    assert_eq!(reader.heard(), "done");
    assert_eq!((writer.ended().code(), reader.ended().code()), (Some(0), Some(0)));
    let seen = seen(&house);
    assert_eq!(seen.published.to_string(), published);
    assert!(seen.dropped >= 6 * 16, "{seen:?}");
    assert_eq!(seen.published, seen.received + seen.dropped, "{seen:?}");
    house.is_swept();
}

/// A writer that never waits, whose full ring's reader is killed.
fn writer_of_a_dead_reader(name: &str, delivery: &'static str, backpressure: &'static str) -> (House, Sender) {
    let house = House::new(name, Shape { delivery, backpressure, ..PLAIN });
    let mut sender = house.writer();
    let reader = Other::start("holds", &house, "reader 0");
    assert_eq!(reader.heard(), "ready");
    for letter in 0..4 {
        send(&mut sender, letter).expect("there is room");
    }
    let full = if backpressure == "fail" { Stop::Full } else { Stop::Dropped };
    assert_eq!(send(&mut sender, 4), Err(full));
    reader.kill();
    (house, sender)
}

#[test]
fn a_writer_that_never_waits_goes_on_when_its_best_effort_reader_was_killed() {
    for backpressure in ["fail", "drop_newest"] {
        let (house, mut sender) =
            writer_of_a_dead_reader(&format!("abandoned-{backpressure}"), "best_effort", backpressure);
        until("the dead reader is recovered", || send(&mut sender, 5).is_ok());
        let seen = seen(&house);
        assert_eq!((seen.published, seen.received), (5, 0), "{seen:?}");
        let mut receiver = house.reader();
        assert_eq!(take(&mut receiver), Ok(5));
        drop((sender, receiver));
        house.is_swept();
    }
}

#[test]
fn what_waits_for_a_killed_reader_s_successor_stays_where_that_was_promised() {
    let (house, mut sender) = writer_of_a_dead_reader("promised", "at_least_once", "fail");
    let start = Instant::now();
    while start.elapsed() < LONG / 100 {
        assert_eq!(send(&mut sender, 5), Err(Stop::Full));
    }
    let mut receiver = house.reader();
    for letter in 0..4 {
        assert_eq!(take(&mut receiver), Ok(letter));
    }
    send(&mut sender, 5).expect("there is room again");
    assert_eq!(take(&mut receiver), Ok(5));
    drop((sender, receiver));
    house.is_swept();
}

#[test]
fn letters_of_a_dead_writer_come_first_then_its_loss_once_then_its_replacement_s() {
    let house = House::new("loss", PLAIN);
    let mut receiver = house.reader();
    for loss in 0..3 {
        let mut writer = Other::start("publishes and dies", &house, "3");
        writer.ended();
        for letter in 0..3 {
            assert_eq!(take(&mut receiver), Ok(loss * 3 + letter));
        }
        assert_eq!(receiver.receive(FOREVER), Err(Stop::PeerGone));
        assert_eq!(receiver.receive(SHORT_NS), Err(Stop::Late));
    }
    assert_eq!(house.writer().published(), 9, "the loan that was never published is not counted");
    drop(receiver);
    house.is_swept();
}

/// Waits in a thread of its own until the test has done something, and answers what came of it and when.
fn while_waiting<T: Send>(wait: impl FnOnce() -> T + Send, then: impl FnOnce()) -> (T, std::time::Duration) {
    let (number, asleep) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(move || {
            number.send(thread_number()).expect("the test listens");
            (wait(), Instant::now())
        });
        let thread = asleep.recv().expect("the thread has begun");
        until("the waiter is asleep", || is_asleep(thread));
        let start = Instant::now();
        then();
        let (answer, end) = waiter.join().expect("no panic");
        (answer, end.saturating_duration_since(start))
    })
}

#[test]
fn a_blocked_writer_learns_once_and_soon_that_its_reader_was_killed() {
    let house = House::new("blocked-writer", Shape { deadline_ms: 20_000, ..PLAIN });
    let mut sender = house.writer();
    let reader = Other::start("holds", &house, "reader 0");
    assert_eq!(reader.heard(), "ready");
    for letter in 0..4 {
        send(&mut sender, letter).expect("there is room");
    }
    let loan = sender.loan().expect("a slot more than cells");
    fill(&loan, 4);
    let (answer, time) = while_waiting(|| sender.publish(loan.ticket), || reader.kill());
    assert_eq!(answer, Err(Stop::PeerGone));
    assert!(time < LONG / 4, "told after {time:?}");
    // Once: the next publish waits for a replacement, which finds everything, and the loan that was held is the fifth.
    let (answer, _) = while_waiting(
        || sender.publish(loan.ticket),
        || {
            let mut receiver = house.reader();
            for letter in 0..5 {
                assert_eq!(take(&mut receiver), Ok(letter));
            }
        },
    );
    assert_eq!(answer, Ok(()));
    drop(sender);
    house.is_swept();
}

#[test]
fn a_waiting_reader_learns_soon_that_its_writer_was_killed() {
    let house = House::new("waiting-reader", PLAIN);
    let mut receiver = house.reader();
    let writer = Other::start("holds", &house, "writer 2");
    assert_eq!(writer.heard(), "ready");
    let (answer, time) = while_waiting(|| receiver.receive(FOREVER).err(), || writer.kill());
    assert_eq!(answer, Some(Stop::PeerGone));
    assert!(time < LONG / 4, "told after {time:?}");
    assert_eq!(receiver.receive(SHORT_NS).err(), Some(Stop::Late));
    drop(receiver);
    house.is_swept();
}

#[test]
fn a_stopped_writer_is_alive_and_goes_on_with_what_it_holds() {
    let house = House::new("stopped", PLAIN);
    let mut receiver = house.reader();
    let mut writer = Other::start("holds", &house, "writer 1");
    assert_eq!(writer.heard(), "ready");
    writer.signal(libc::SIGSTOP);
    let stat = format!("/proc/{}/stat", writer.pid());
    until("it is stopped", || std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") T ")));
    assert_eq!(receiver.receive(SHORT_NS).err(), Some(Stop::Late), "not gone");
    assert_eq!(house.keeper.recover(), 0);
    let audit = house.keeper.audit();
    assert_eq!((audit.processes, audit.leaked), (3, 0));
    assert!(audit.held >= 1, "{audit:?}");
    let said = refused(Sender::open(&house.enter("writer"), "letters"), Fault::Busy);
    assert!(said.contains(&writer.pid().to_string()), "{said}");
    writer.signal(libc::SIGCONT);
    writer.tell("go on");
    assert_eq!(take(&mut receiver), Ok(5));
    assert_eq!(writer.heard(), "left");
    assert_eq!(writer.ended().code(), Some(0));
    drop(receiver);
    house.is_swept();
}

#[test]
fn a_killed_reader_s_letters_are_kept_while_nobody_lives_and_its_successor_gets_them() {
    let house = House::new("kept", PLAIN);
    let mut writer = Other::start("publishes and dies", &house, "4");
    writer.ended();
    let reader = Other::start("holds", &house, "reader 2");
    assert_eq!(reader.heard(), "ready");
    reader.kill();
    let audit = house.keeper.audit();
    assert_eq!((audit.retained, audit.held, audit.leaked), (4, 0, 0), "{audit:?}");
    let mut receiver = house.reader();
    assert_eq!(receiver.received(), 0);
    for letter in 0..4 {
        assert_eq!(take(&mut receiver), Ok(letter));
    }
    assert_eq!(receiver.received(), 4);
    drop(receiver);
    house.is_swept();
}

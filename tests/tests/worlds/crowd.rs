//! Rings with claimed cells as their users meet them: several processes at either end, killed at any moment, and senders
//! that drop the oldest letter while somebody reads.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use vil_core::base::error::Fault;
use vil_core::base::words::{EndWord, ProcessId};
use vil_core::mem::GATE;
use vil_core::observe;
use vil_core::queue::{Side, claimed};
use vil_core::registry::trail::{Cursor, Kind};
use vil_core::world::{End, Receiver, Sender, Stop, WaitSet, World};
use vil_tests::soak;

use crate::child::{Other, Role, say};
use crate::house::{
    House, LONG, LONG_NS, Random, SHORT, SHORT_NS, fill, number, pass, place, plan_of, refused, role, send,
};
use crate::waiting_sets::is_readable;

pub(crate) const ROLES: &[Role] = &[("crowd_writer", write_letters), ("crowd_reader", read_letters)];

/// Processes at each end.
const INSTANCES: usize = 3;
/// SIGKILLs in the short form.
const KILLS: u64 = 60;

/// One route of this kind of queue, whose processes have so many instances.
fn program(kind: &str, backpressure: &str, capacity: u32, instances: usize) -> String {
    PLAIN_QUEUE
        .replace("KIND", kind)
        .replace("PRESSURE", backpressure)
        .replace("CELLS", &capacity.to_string())
        .replace("MANY", &instances.to_string())
}

const PLAIN_QUEUE: &str = "
vil: 1
program: post
messages:
  Letter:
    kind: message
    fields:
      - { name: number, type: u64 }
      - { name: check, type: u64 }
      - { name: rest, type: \"[u8; 240]\" }
interfaces:
  Writer:
    ports:
      letters: { direction: out, message: Letter, loans: 2, queue: { kind: KIND, capacity: CELLS, backpressure: PRESSURE } }
  Reader:
    ports:
      letters: { direction: in, message: Letter, loans: 2 }
processes:
  writer: { interface: Writer, instances: MANY }
  reader: { interface: Reader, instances: MANY }
routes:
  - { from: writer.letters, to: reader.letters }
";

fn newest(name: &str, capacity: u32) -> House {
    House::of(name, &plan_of(&program("spsc", "drop_oldest", capacity, 1)))
}

/// Takes a letter for good.
fn take(receiver: &mut Receiver) -> Result<u64, Stop> {
    let received = receiver.receive(LONG_NS)?;
    let number = number(&received.message);
    receiver.consume(received.route, received.message.ticket)?;
    Ok(number)
}

#[test]
fn drop_oldest_answers_ok_keeps_the_youngest_and_counts_the_others() {
    let house = newest("oldest", 4);
    let (mut sender, mut receiver) = (house.writer(), house.reader());
    (0..10).for_each(|letter| send(&mut sender, letter).expect("there is always room"));
    let seen = observe::route(&house.keeper, 0).expect("a route");
    assert_eq!((seen.published, seen.received, seen.dropped, seen.depth), (10, 0, 6, 4));
    for letter in 6..10 {
        assert_eq!(take(&mut receiver), Ok(letter), "the youngest are kept");
    }
    let seen = observe::route(&house.keeper, 0).expect("a route");
    assert_eq!((seen.published, seen.received, seen.dropped, seen.depth), (10, 4, 6, 0));
    let mut trail = Cursor::oldest(house.keeper.shared());
    let events = std::iter::from_fn(|| trail.read(house.keeper.shared()));
    let drops = events.filter(|event| event.event.kind == Kind::DroppedOldest).count();
    assert_eq!(drops, 3, "the first, the second and the fourth");
    drop((sender, receiver));
    house.is_swept();
}

#[test]
fn a_sender_that_laps_a_reader_thousands_of_times_never_touches_what_it_reads() {
    let house = newest("lapped", 4);
    let (mut sender, mut receiver) = (house.writer(), house.reader());
    let is_over = Arc::new(AtomicBool::new(false));
    let writer = std::thread::spawn({
        let is_over = Arc::clone(&is_over);
        move || {
            let mut letters = 0;
            // ORDER: Relaxed, it only ends the test.
            while !is_over.load(Ordering::Relaxed) {
                send(&mut sender, letters).expect("there is always room");
                letters += 1;
            }
            letters
        }
    });
    let published = || observe::route(&house.keeper, 0).expect("a route").published;
    let (mut last, mut read) = (None, 0u64);
    while read < 40 {
        let received = receiver.receive(LONG_NS).expect("letters keep coming");
        let first = number(&received.message);
        assert!(last.is_none_or(|last| last < first), "{first} came after {last:?}");
        let start = published();
        // 250 laps of the ring while the letter is in hand, and every byte of it is looked at again and again.
        while published() < start + 1000 {
            assert_eq!(number(&received.message), first, "the letter in hand has changed");
        }
        receiver.consume(received.route, received.message.ticket).expect("it is in hand");
        (last, read) = (Some(first), read + 1);
    }
    // ORDER: Relaxed, as above.
    is_over.store(true, Ordering::Relaxed);
    let letters = writer.join().expect("the writer ends");
    let seen = observe::route(&house.keeper, 0).expect("a route");
    assert_eq!(seen.published, letters);
    assert_eq!((seen.received, seen.dropped), (read, letters - read - u64::from(seen.depth)), "each is counted once");
    while receiver.poll().is_ok_and(|left| receiver.consume(left.route, left.message.ticket).is_ok()) {}
    drop(receiver);
    house.is_swept();
}

#[test]
fn a_ring_for_one_writer_refuses_a_second_one_while_the_first_lives() {
    let house = newest("alone", 4);
    let first = house.writer();
    assert!(refused(Sender::open(&house.enter("writer"), "letters"), Fault::Busy).contains("lives"));
    drop(first);
    let _second = house.writer();
    let reader = house.reader();
    assert!(refused(Receiver::open(&house.enter("reader"), "letters"), Fault::Busy).contains("lives"));
    drop(reader);
    let _another = house.reader();
}

#[test]
fn a_ring_for_many_takes_as_many_as_come_and_each_letter_goes_to_one_of_them() {
    let house = House::of("many", &plan_of(&program("mpmc", "fail", 8, 2)));
    let mut writers = [house.writer(), house.writer()];
    let mut readers = [house.reader(), house.reader()];
    for letter in 0..8 {
        send(&mut writers[letter as usize % 2], letter).expect("there is room");
    }
    assert_eq!(send(&mut writers[0], 8), Err(Stop::Full));
    let taken: Vec<u64> = (0..8).map(|turn| take(&mut readers[turn % 2]).expect("a letter each")).collect();
    assert_eq!(taken, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(readers[0].receive(0).map(drop), Err(Stop::Empty));
    drop(writers);
    assert_eq!(readers[0].receive(LONG_NS).map(drop), Err(Stop::PeerGone), "nobody writes any more");
    drop(readers);
    house.is_swept();
}

#[test]
fn a_letter_of_a_ring_for_many_wakes_a_reader_that_sleeps() {
    let house = House::of("wakes", &plan_of(&program("mpmc", "block", 8, 2)));
    let (mut sender, mut receiver) = (house.writer(), house.reader());
    let reader = std::thread::spawn(move || (0..500).map(|_| take(&mut receiver).expect("a letter")).sum::<u64>());
    (0..500).for_each(|letter| send(&mut sender, letter).expect("room comes back"));
    assert_eq!(reader.join().expect("the reader ends"), 499 * 500 / 2);
    drop(sender);
    house.is_swept();
}

/// Appends a number to a file of this process's own, by one system call, so that a kill loses none that was appended.
fn note(file: &mut std::fs::File, number: u64) {
    file.write_all(&number.to_le_bytes()).expect("the test's directory takes notes");
}

fn notebook(dir: &Path, what: &str, who: &str) -> std::fs::File {
    let path = dir.join(format!("{who}.{what}"));
    OpenOptions::new().create(true).append(true).open(path).expect("the test's directory takes files")
}

fn notes(dir: &Path, what: &str) -> BTreeMap<String, Vec<u64>> {
    let entries = std::fs::read_dir(dir).expect("the test's directory is there").flatten();
    let of_kind = entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == what));
    let read = |entry: std::fs::DirEntry| {
        let bytes = std::fs::read(entry.path()).expect("notes can be read");
        let numbers = bytes.chunks_exact(8).map(|eight| u64::from_le_bytes(eight.try_into().expect("eight bytes")));
        (entry.file_name().to_string_lossy().into_owned(), numbers.collect())
    };
    of_kind.map(read).collect()
}

fn is_told(dir: &Path, what: &str) -> bool {
    dir.join(what).exists()
}

/// Writes letters until it is told to stop; notes each one before it tries, and again when it went out.
fn write_letters(dir: &Path, who: &str) {
    let world = World::open(&place(dir), "post", &role("writer")).unwrap_or_else(|error| panic!("{error}"));
    let mut sender = Sender::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
    let (mut tried, mut sent) = (notebook(dir, "tried", who), notebook(dir, "sent", who));
    let number_of = who.parse::<u64>().expect("writers are numbered") << 32;
    say("here");
    for letter in 0.. {
        if is_told(dir, "stop") {
            return;
        }
        note(&mut tried, number_of | letter);
        loop {
            match sender.loan().map_err(|_| ()).and_then(|loan| {
                fill(&loan, number_of | letter);
                sender.publish(loan.ticket).map_err(|_| {
                    let _ = sender.discard(loan.ticket);
                })
            }) {
                Ok(()) => break,
                Err(()) if is_told(dir, "stop") => return,
                Err(()) => pass(Duration::from_micros(50)),
            }
        }
        note(&mut sent, number_of | letter);
    }
}

/// Reads letters until it is told that no more will come, and notes each.
fn read_letters(dir: &Path, who: &str) {
    let world = World::open(&place(dir), "post", &role("reader")).unwrap_or_else(|error| panic!("{error}"));
    let mut receiver = Receiver::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
    let mut taken = notebook(dir, "taken", who);
    say("here");
    loop {
        // Read before the ring is looked at, so that nothing comes in between.
        let is_last = is_told(dir, "over");
        match receiver.receive(if is_last { 0 } else { SHORT_NS }) {
            Ok(received) => {
                note(&mut taken, number(&received.message));
                receiver.consume(received.route, received.message.ticket).expect("it is in hand");
            }
            Err(_) if is_last => break,
            Err(_) => {}
        }
    }
}

/// The crowd: processes at both ends, one of which is killed at a random moment, again and again.
struct Crowd<'a> {
    house: &'a House,
    members: Vec<(&'static str, Other)>,
    names: u64,
}

impl<'a> Crowd<'a> {
    fn new(house: &'a House) -> Crowd<'a> {
        let mut crowd = Crowd { house, members: Vec::new(), names: 0 };
        // Readers first: without any, a full ring is skipped.
        for role in ["crowd_reader", "crowd_writer"] {
            (0..INSTANCES).for_each(|_| crowd.join(role));
        }
        crowd
    }

    fn join(&mut self, role: &'static str) {
        self.names += 1;
        let other = Other::start(role, self.house, &self.names.to_string());
        assert_eq!(other.heard(), "here");
        self.members.push((role, other));
    }

    /// One is killed and another one comes; which role it was.
    fn kill(&mut self, random: &mut Random) -> &'static str {
        pass(Duration::from_micros(random.below(4000)));
        let (role, victim) = self.members.swap_remove(random.below(self.members.len() as u64) as usize);
        victim.kill();
        self.join(role);
        role
    }

    /// Everybody of a role ends by itself.
    fn end(&mut self, role: &str) {
        let (ending, staying) = std::mem::take(&mut self.members).into_iter().partition(|(of, _)| *of == role);
        self.members = staying;
        for (_, other) in ending {
            other.all();
        }
    }
}

#[test]
fn a_crowd_of_writers_and_readers_killed_at_random_loses_only_what_the_dead_had_in_hand() {
    let house = House::of("crowd", &plan_of(&program("mpmc", "fail", 8, INSTANCES)));
    let mut random = Random::new("crowd");
    let mut crowd = Crowd::new(&house);
    let kills = if soak::seconds().is_some() { 20 * KILLS } else { KILLS };
    let readers = (0..kills).filter(|_| crowd.kill(&mut random) == "crowd_reader").count() as u64;
    std::fs::write(house.join("stop"), "").expect("the test's directory takes files");
    crowd.end("crowd_writer");
    std::fs::write(house.join("over"), "").expect("the test's directory takes files");
    crowd.end("crowd_reader");
    soak::report("kills", kills);
    let seen = observe::route(&house.keeper, 0).expect("a route");
    assert_eq!((seen.dropped, seen.depth), (0, 0), "somebody was always there to read");
    judge(&house, kills, readers);
    house.is_swept();
}

/// What the notebooks say: every letter was tried, none came twice, each reader had each writer's in order, and no more are missing than readers
/// were killed: each had taken at most one letter that it had not noted.
fn judge(house: &House, kills: u64, readers: u64) {
    let tried: Vec<u64> = notes(house, "tried").into_values().flatten().collect();
    let sent: Vec<u64> = notes(house, "sent").into_values().flatten().collect();
    let taken = notes(house, "taken");
    for (reader, letters) in &taken {
        let mut last: BTreeMap<u64, u64> = BTreeMap::new();
        for &letter in letters {
            let before = last.insert(letter >> 32, letter);
            assert!(before.is_none_or(|before| before < letter), "{reader}: {letter:#x} came after {before:x?}");
        }
    }
    let mut all: Vec<u64> = taken.into_values().flatten().collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count, "a letter came twice");
    let tried: std::collections::BTreeSet<u64> = tried.into_iter().collect();
    assert!(all.iter().all(|letter| tried.contains(letter)), "a letter came that nobody wrote");
    let missing = sent.iter().filter(|letter| all.binary_search(letter).is_err()).count() as u64;
    println!("{kills} kills, {readers} of readers: {} letters sent, {count} taken, {missing} missing", sent.len());
    assert!(missing <= readers, "{missing} letters are missing, and {readers} readers were killed");
    assert!(count > 1000, "only {count} letters came through");
}

#[test]
fn who_is_turned_away_at_a_gate_of_nonsense_leaves_no_trace_and_may_come_again() {
    let house = House::of("gate", &plan_of(&program("mpmc", "fail", 4, INSTANCES)));
    let (shared, ring) = (house.keeper.shared(), &house.keeper.shared().geometry.rings[0]);
    let (writer, reader) = (house.enter("writer"), house.enter("reader"));
    for (side, offset) in [(Side::Tail, ring.tail), (Side::Head, ring.head)] {
        let gate = shared.segment.word(offset + GATE);
        let right = gate.load("test");
        // No end of this kind is anybody's alone.
        gate.store(EndWord::decode(right).opened(ProcessId(3)).encode(), "test");
        match side {
            Side::Tail => assert!(Sender::open(&writer, "letters").is_err()),
            Side::Head => assert!(Receiver::open(&reader, "letters").is_err()),
        }
        assert_eq!(claimed::present(shared, ring, side).count(), 0, "{side:?}");
        gate.store(right, "test");
    }
    let mut sender = Sender::open(&writer, "letters").unwrap_or_else(|error| panic!("{error}"));
    let mut receiver = Receiver::open(&reader, "letters").unwrap_or_else(|error| panic!("{error}"));
    send(&mut sender, 1).expect("there is room");
    assert_eq!(take(&mut receiver), Ok(1));
}

#[test]
fn a_descriptor_is_quiet_while_all_there_is_lies_behind_more_unfinished_letters_than_a_reader_looks_past() {
    let house = House::of("patience", &plan_of(&program("mpmc", "fail", 16, INSTANCES)));
    let (shared, ring) = (house.keeper.shared(), &house.keeper.shared().geometry.rings[0]);
    let begin = |index| {
        let empty = claimed::look(shared, ring, index).expect("a fresh cell").word;
        assert!(claimed::claim(shared, ring, index, empty, house.keeper.me()));
        claimed::pass_tail(shared, ring, index);
        claimed::look(shared, ring, index).expect("what was just written").word
    };
    let begun: Vec<_> = (0..9).map(begin).collect();
    let (mut sender, mut receiver) = (house.writer(), house.reader());
    let mut set = WaitSet::new(receiver.world());
    set.add(&mut End::Receiver(&mut receiver), 1).unwrap_or_else(|error| panic!("{error}"));
    let fd = set.descriptor(&mut [&mut receiver]).unwrap_or_else(|error| panic!("{error}"));
    send(&mut sender, 9).expect("there is room");
    assert!(is_readable(fd, LONG), "nobody has looked yet");
    assert_eq!(receiver.poll().err(), Some(Stop::Empty), "it looks past eight");
    assert!(!is_readable(fd, SHORT), "so there is nothing to be told");
    assert!(claimed::give_up(shared, ring, 0, begun[0]));
    assert!(is_readable(fd, LONG));
    assert_eq!(take(&mut receiver), Ok(9));
}

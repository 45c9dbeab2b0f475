//! The registry: the trail and who may read it, the certificate that makes a pid a proof, entries and holdings through
//! the C surface, and the watcher.

use std::collections::HashMap;
use std::path::Path;
use std::ptr::{null, null_mut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use vil_capi::*;
use vil_core::base::error::Fault;
use vil_core::base::limits::TRAIL_ENTRIES;
use vil_core::base::words::{ProcState, ProcWord, ProcessId};
use vil_core::mem::{EVENTS, Shared};
use vil_core::observe::Outside;
use vil_core::registry::trail::{Cursor, Event, Kind, Recorded, Subject, record, recorded};
use vil_core::registry::{Certificate, Language, certificate, certify, info, living, state};
use vil_core::world::{Sender, World};

use crate::child::{Other, Role, hear};
use crate::handles::{Post, chars, contract, fine, no_error};
use crate::house::{House, LONG, NOBODY, PLAIN, place, refused, role, send, take, until};

pub(crate) const ROLES: &[Role] = &[("sends and waits", sends_and_waits)];

/// Opens the sending end, publishes as many letters as it is told, and waits to be killed.
fn sends_and_waits(dir: &Path, letters: &str) {
    let world = World::open(&place(dir), "post", &role("writer")).unwrap_or_else(|error| panic!("{error}"));
    let mut sender = Sender::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
    (0..letters.parse().expect("a number")).for_each(|letter| send(&mut sender, letter).expect("there is room"));
    crate::child::say("sent");
    hear();
}

/// A writer in another process that has published letters.
fn writer_elsewhere(dir: &Path, letters: u32) -> Other {
    let other = Other::start("sends and waits", dir, &letters.to_string());
    assert_eq!(other.heard(), "sent");
    other
}

fn all(shared: &Shared, cursor: &mut Cursor) -> Vec<Recorded> {
    std::iter::from_fn(|| cursor.read(shared)).collect()
}

/// An event that only these tests make.
fn event(process: u16, number: u64) -> Event {
    Event::new(Kind::Redelivered, ProcessId(process)).number(number)
}

#[test]
fn who_came_who_died_and_who_left_is_in_the_trail_in_that_order() {
    let house = House::new("trail-order", PLAIN);
    let keeper = house.keeper.me();
    let other = writer_elsewhere(&house, 3);
    let writer = ProcessId(keeper.0 + 1);
    other.kill();
    assert_eq!(house.keeper.recover(), 1);
    let reader = house.reader();
    let me = reader.world().me();
    drop(reader);
    let seen = all(house.keeper.shared(), &mut Cursor::default());
    let told: Vec<_> = seen.iter().map(|found| (found.event.kind, found.event.process, found.event.peer)).collect();
    assert_eq!(
        told,
        [
            (Kind::Attached, Some(keeper), None),
            (Kind::Attached, Some(writer), None),
            (Kind::Orphaned, Some(writer), None),
            (Kind::Recovered, Some(writer), Some(keeper)),
            (Kind::Attached, Some(me), None),
            (Kind::Detached, Some(me), None),
        ]
    );
    assert_eq!(seen[2].event.subject, Subject::Number(3), "three letters were orphaned");
    assert!(seen.windows(2).all(|pair| pair[0].time_ns <= pair[1].time_ns && pair[0].number < pair[1].number));
}

#[test]
fn a_trail_that_has_gone_round_keeps_the_newest_and_says_how_many_it_lost() {
    let house = House::new("trail-round", PLAIN);
    let shared = house.keeper.shared();
    let before = recorded(shared);
    let (mut late, mut early) = (Cursor::default(), Cursor::newest(shared));
    (0..3 * TRAIL_ENTRIES).for_each(|number| record(shared, event(1, number)));
    for (cursor, missed) in [(&mut late, 2 * TRAIL_ENTRIES + before), (&mut early, 2 * TRAIL_ENTRIES)] {
        let seen = all(shared, cursor);
        let numbers: Vec<_> = seen.iter().map(|found| found.event.subject).collect();
        assert_eq!(numbers, (2 * TRAIL_ENTRIES..3 * TRAIL_ENTRIES).map(Subject::Number).collect::<Vec<_>>());
        assert_eq!((cursor.missed, cursor.next), (missed, before + 3 * TRAIL_ENTRIES));
        assert_eq!(cursor.read(shared), None);
    }
    record(shared, event(1, 7));
    assert_eq!(early.read(shared).expect("one more").event, event(1, 7));
    assert_eq!(all(shared, &mut Cursor { next: u64::MAX, missed: 0 }).len() as u64, TRAIL_ENTRIES, "it begins anew");
}

#[test]
fn an_entry_that_was_torn_or_never_finished_is_skipped_and_counted() {
    let house = House::new("trail-torn", PLAIN);
    let shared = house.keeper.shared();
    let mut cursor = Cursor::newest(shared);
    let counter = shared.segment.word(shared.geometry.counters_offset + EVENTS);
    record(shared, event(1, 1));
    // Claimed, and its writer died.
    counter.add(1, "test");
    record(shared, event(1, 2));
    let torn = recorded(shared);
    record(shared, event(1, 3));
    record(shared, event(1, 4));
    // A writer of a round before wakes up and scribbles over a younger entry.
    for offset in [8, 16, 24] {
        let word = shared.segment.word(shared.geometry.event(torn) + offset);
        let good = word.peek("test");
        word.note(good ^ 1 << 40, "test");
        let seen = all(shared, &mut cursor.clone());
        let numbers: Vec<_> = seen.iter().map(|found| found.event.subject).collect();
        assert_eq!(numbers, [1, 2, 4].map(Subject::Number));
        word.note(good, "test");
    }
    assert_eq!(all(shared, &mut cursor).len(), 4, "all words are as they were");
    assert_eq!(cursor.missed, 1);
}

#[test]
fn a_reader_outside_sees_whole_events_while_four_processes_write() {
    const EACH: u64 = 20_000;
    let house = House::new("trail-race", PLAIN);
    let outside = Outside::look(&house.place, "post").unwrap_or_else(|error| panic!("{error}"));
    let writers: Vec<Arc<World>> = (0..4).map(|_| house.enter("writer")).collect();
    let before = recorded(house.keeper.shared());
    let mut cursor = Cursor { next: before, missed: 0 };
    let is_over = AtomicBool::new(false);
    let (mut seen, mut last) = (0u64, HashMap::new());
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4u16)
            .map(|writer| {
                let world = &writers[usize::from(writer)];
                scope.spawn(move || {
                    (0..EACH).for_each(|turn| record(world.shared(), event(writer, turn << 16 | turn ^ 0xffff)));
                })
            })
            .collect();
        let over = &is_over;
        scope.spawn(move || {
            threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
            over.store(true, Ordering::Release);
        });
        loop {
            let ends = is_over.load(Ordering::Acquire);
            while let Some(found) = outside.read(&mut cursor) {
                let Subject::Number(number) = found.event.subject else { panic!("{found:?}") };
                let (turn, writer) = (number >> 16, found.event.process.expect("one of four").0);
                assert!(number & 0xffff == (turn ^ 0xffff) & 0xffff && writer < 4, "torn: {found:?}");
                assert!(last.insert(writer, turn).is_none_or(|before| before < turn), "not in order: {found:?}");
                seen += 1;
            }
            if ends {
                break;
            }
        }
    });
    assert_eq!(seen + cursor.missed, 4 * EACH, "every event is seen or counted as missed");
    assert!(seen >= TRAIL_ENTRIES / 2, "{seen}");
}

#[test]
fn a_predecessor_s_certificate_says_nothing_of_a_newcomer() {
    let house = House::new("certificate", PLAIN);
    let world = house.enter("writer");
    let (shared, me) = (world.shared(), world.me());
    let (word, own) = certificate(shared, me).expect("procfs is mounted");
    assert_eq!((own.pid, word.state), (std::process::id(), ProcState::Alive));
    // A newcomer between claim and certify: the next epoch, the old certificate.
    let entry = shared.segment.word(shared.geometry.process(me.0));
    let newcomer = ProcWord { epoch: word.epoch + 1, state: ProcState::Alive };
    entry.store(newcomer.encode(), "test");
    assert_eq!(certificate(shared, me), None);
    certify(shared, me, own);
    assert_eq!(certificate(shared, me), Some((newcomer, own)));
    for other in [ProcState::Dead, ProcState::Free] {
        entry.store(newcomer.with(other).encode(), "test");
        assert_eq!(certificate(shared, me), None);
    }
    entry.store(newcomer.encode(), "test");
}

#[test]
fn a_pid_is_asked_only_in_its_own_namespaces_and_only_with_its_start() {
    let house = House::new("namespaces", PLAIN);
    let other = writer_elsewhere(&house, 1);
    let shared = house.keeper.shared();
    let entry = ProcessId(house.keeper.me().0 + 1);
    let (_, own) = certificate(shared, entry).expect("procfs is mounted");
    assert_eq!(own.pid, other.pid() as u32);
    let verdict = |certificate| {
        certify(shared, entry, certificate);
        // Looked at from outside, because a living process may have been seen already.
        Outside::look(&house.place, "post").unwrap_or_else(|error| panic!("{error}")).is_dead(entry)
    };
    assert!(!verdict(own), "it lives");
    assert!(!verdict(Certificate { namespaces: own.namespaces ^ 1, ..own }), "another pid namespace");
    assert!(!verdict(Certificate { namespaces: own.namespaces ^ 1 << 40, start: 1, ..own }), "another time namespace");
    assert!(!verdict(Certificate { pid: 0, ..own }), "no pid");
    assert!(verdict(Certificate { start: own.start - 1, ..own }), "somebody else has the pid by now");
    assert!(!verdict(own));
    drop(other);
}

#[test]
fn the_watcher_recovers_without_being_asked_and_keeps_no_world_open() {
    let house = House::new("watcher", PLAIN);
    let watched = house.enter("reader");
    for wrong in [Duration::ZERO, Duration::from_secs(3601)] {
        refused(watched.watch(wrong), Fault::Argument);
    }
    assert!(!watched.unwatch(), "nothing watches yet");
    assert_eq!(watched.watch(Duration::from_secs(3600)), Ok(()));
    assert_eq!(watched.watch(Duration::from_millis(1)), Ok(()), "a new pace, at once");
    let shared = house.keeper.shared();
    let other = writer_elsewhere(&house, 2);
    let entry =
        (0..8).map(ProcessId).find(|entry| info(shared, *entry).pid == other.pid() as u32).expect("it is there");
    other.kill();
    until("the watcher recovers", || state(shared, entry).state == ProcState::Free);
    // It is told behind that, by a thread that may stand still in between.
    let told = || all(shared, &mut Cursor::default()).into_iter().find(|found| found.event.kind == Kind::Recovered);
    until("it is in the trail", || told().is_some());
    assert_eq!(told().and_then(|found| found.event.peer), Some(watched.me()));
    assert_eq!(living(shared), 2);
    drop(watched);
    until("its world is left, watcher and all", || living(shared) == 1);
}

/// A C struct that says its size and nothing else.
fn sized<T>() -> T {
    // SAFETY: used for structs of numbers and bytes alone, of which all zero is one.
    let mut out: T = unsafe { std::mem::zeroed() };
    // SAFETY: each begins with its size as a u32.
    unsafe { (&raw mut out).cast::<u32>().write(size_of::<T>() as u32) };
    out
}

fn entry_of(world: *mut vil_world_t, index: u32) -> Result<vil_registry_entry_t, vil_status_t> {
    let mut out: vil_registry_entry_t = sized();
    // SAFETY: `out` says its size.
    match unsafe { vil_registry_entry(world, index, &mut out) } {
        VIL_OK => Ok(out),
        status => Err(status),
    }
}

fn text(chars: &[std::ffi::c_char]) -> String {
    chars.iter().take_while(|byte| **byte != 0).map(|byte| *byte as u8 as char).collect()
}

#[test]
fn a_dead_process_is_seen_with_what_it_holds_and_recovered_by_its_entry_alone() {
    let post = Post::new("registry-dead");
    let (world, sender) = (post.reader, post.sender);
    assert_eq!(vil_sender_close(sender), VIL_OK);
    let other = writer_elsewhere(Path::new(post.place.to_str().expect("it is text")), 2);
    let (pid, mut count) = (other.pid(), 0);
    // SAFETY: every pointer in this test is to a variable of it.
    assert_eq!(unsafe { vil_registry_count(world, &mut count) }, VIL_OK);
    let index = (0..count).find(|index| entry_of(world, *index).is_ok_and(|entry| entry.pid == pid)).expect("attached");
    let entry = entry_of(world, index).expect("it is attached");
    assert_eq!((entry.is_alive, entry.language, text(&entry.name)), (1, VIL_LANGUAGE_C, "writer".to_owned()));
    assert!(entry.since_ns > 0 && entry.epoch < 100);
    let (mut slots, mut ends, mut recovered) = (0, 0, 7);
    // SAFETY: as above.
    unsafe {
        assert_eq!(vil_registry_recover(world, index, &mut recovered), VIL_E_BUSY, "it lives");
        assert_eq!(recovered, 0);
        other.kill();
        assert_eq!(entry_of(world, index).map(|entry| entry.is_alive), Ok(0), "looking recovers nothing");
        assert_eq!(vil_registry_slots(world, index, &mut slots), VIL_OK);
        assert_eq!(vil_registry_ends(world, index, 0, &mut ends), VIL_OK);
        assert!(slots >= 2 && ends == VIL_PRODUCER, "{slots} {ends}");
        assert_eq!(vil_registry_recover(world, index, &mut recovered), VIL_OK);
        assert_eq!(recovered, 1);
        assert_eq!(vil_registry_recover(world, index, &mut recovered), VIL_OK, "nobody is in it now");
        assert_eq!(recovered, 0);
        assert_eq!(entry_of(world, index).map(|entry| entry.pid), Err(VIL_EMPTY));
        assert_eq!(vil_registry_slots(world, index, &mut slots), VIL_OK);
        assert_eq!(vil_registry_ends(world, index, 0, &mut ends), VIL_OK);
        assert_eq!((slots, ends), (0, 0));
    }
}

#[test]
fn each_language_is_told_and_one_that_is_none_is_refused() {
    let post = Post::new("registry-language");
    let mut options = post.options();
    for (index, language) in
        [VIL_LANGUAGE_C, VIL_LANGUAGE_CPP, VIL_LANGUAGE_RUST, VIL_LANGUAGE_OTHER].into_iter().enumerate()
    {
        let (mut world, mut error) = (null_mut(), no_error());
        options.language = language;
        // SAFETY: every pointer is to a variable of the test, texts end with NUL.
        let status = unsafe { vil_world_open(chars(c"post"), null(), &options, &mut world, &mut error) };
        fine(status, &error);
        assert_eq!(entry_of(post.reader, 2).map(|entry| entry.language), Ok(language));
        assert_eq!(Language::ALL[index].code(), language);
        assert_eq!(vil_world_close(world), VIL_OK);
    }
    options.language = VIL_LANGUAGE_OTHER + 1;
    let mut world = null_mut();
    // SAFETY: as above.
    unsafe {
        let role = contract(c"writer");
        let o = &raw const options;
        let (name, e) = (chars(c"post"), null_mut());
        assert_eq!(vil_world_open(name, &role, o, &mut world, e), VIL_E_ARGUMENT);
        assert_eq!(vil_world_create(chars(c"new"), post.program, null(), o, &mut world, e), VIL_E_ARGUMENT);
        assert_eq!(vil_world_open_or_create(name, post.program, null(), o, &mut world, e), VIL_E_ARGUMENT);
    }
    assert!(world.is_null());
}

#[test]
fn the_trail_is_read_through_c_by_a_cursor_that_is_the_caller_s() {
    let post = Post::new("registry-trail");
    let (mut cursor, mut end, mut event) = (0, 0, sized::<vil_event_t>());
    let mut kinds = Vec::new();
    // SAFETY: every pointer is to a variable of the test.
    unsafe {
        while vil_registry_trail(post.reader, &mut cursor, &mut event) == VIL_OK {
            assert_eq!(event.missed, 0);
            kinds.push((event.kind, event.process, event.peer, event.route, event.slot, text(&event.name)));
        }
        assert_eq!(vil_registry_trail_end(post.reader, &mut end), VIL_OK);
        assert_eq!(cursor, end);
        let attached = |process| (VIL_EVENT_ATTACHED, process, VIL_NONE, VIL_NONE, VIL_NONE, "attached".to_owned());
        assert_eq!(kinds, [attached(0), attached(1)]);
        let mut loan = post.loan();
        assert_eq!(vil_sender_publish(post.sender, &mut loan), VIL_OK);
        assert_eq!(vil_sender_publish(post.sender, &mut loan), VIL_E_STATE);
        assert_eq!(vil_registry_trail(post.reader, &mut cursor, &mut event), VIL_OK);
        assert_eq!((event.kind, event.is_fault, event.process, event.route), (VIL_EVENT_PUBLISHED_TWICE, 1, 0, 0));
        assert_eq!(vil_registry_trail(post.reader, &mut cursor, &mut event), VIL_EMPTY);
    }
    post.works();
}

#[test]
fn several_watchers_and_users_get_along_until_the_world_is_closed() {
    let house = House::new("watchers", PLAIN);
    let worlds: Vec<_> = (0..3).map(|_| house.enter("")).collect();
    worlds.iter().for_each(|world| assert_eq!(world.watch(Duration::from_millis(1)), Ok(())));
    let (mut sender, mut receiver) = (house.writer(), house.reader());
    let deadline = std::time::Instant::now() + Duration::from_millis(100);
    let mut letters = 0;
    while std::time::Instant::now() < deadline {
        send(&mut sender, letters).expect("there is room");
        assert_eq!(take(&mut receiver), Ok(letters));
        letters += 1;
    }
    assert!(worlds[0].unwatch() && !worlds[0].unwatch());
    drop((sender, receiver, worlds));
    until("everybody has left", || living(house.keeper.shared()) == 1);
    assert_eq!(house.keeper.audit().recoveries, 0);
    house.is_swept();
    let again = World::open(&house.place, "post", &NOBODY).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again.watch(LONG), Ok(()));
}

/// The watcher holds its world while it looks: whoever closes it meanwhile leaves it as the last user, whose own end is
/// then not to be waited for.
#[test]
fn a_watcher_that_is_the_last_user_of_its_world_leaves_it_and_ends() {
    let shape = vil_ir::heap::HeapShape { queues: Vec::new(), ..crate::heap::shape(&[(64, 200_000)]) };
    let dir = vil_tests::runtime_dir::RuntimeDir::new("watcher-last");
    let heap = crate::heap::created(&dir, &shape);
    let mut was_last = false;
    until("the watcher was the last user once", || {
        let world = World::open(&place(&dir), "heap", &NOBODY).unwrap_or_else(|error| panic!("{error}"));
        world.watch(Duration::from_millis(1)).unwrap_or_else(|error| panic!("{error}"));
        // Long enough for it to be in the middle of a look at so many slots, more often than not.
        std::thread::park_timeout(Duration::from_millis(3));
        let watched = Arc::downgrade(&world);
        drop(world);
        was_last = watched.strong_count() > 0;
        until("everybody but the keeper has left", || living(heap.world().shared()) == 1);
        was_last
    });
    assert!(was_last && heap.world().audit().leaked == 0);
}

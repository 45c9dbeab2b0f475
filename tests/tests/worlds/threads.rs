//! Several of everything in one process: threads, attachments, worlds.

use std::collections::HashSet;
use std::sync::Arc;

use vil_core::base::error::Fault;
use vil_core::world::{Receiver, Sender, Stop, World};

use crate::handles::Post;
use crate::house::{House, PLAIN, Shape, give_back, number, refused, role, send, take};
use crate::surface::{ANY_THREAD, CLOSES, Call, MOVES, uses};
use vil_capi::*;

#[test]
fn another_thread_s_handle_is_busy_until_it_is_moved_and_nothing_happens_before() {
    let post = Post::new("moved");
    let (sender, receiver) = (post.sender as usize, post.receiver as usize);
    let (mut loan, mut message) = (post.loan(), crate::handles::NO_MESSAGE);
    let (loan_at, message_at) = (&raw mut loan as usize, &raw mut message as usize);
    std::thread::scope(|scope| {
        let stranger = move || {
            let (loan, message) = (loan_at as *mut vil_loan_t, message_at as *mut vil_message_t);
            let (sender, receiver) = (sender as *mut vil_sender_t, receiver as *mut vil_receiver_t);
            let (mut count, mut index) = (77u64, 77usize);
            let mut copy = crate::handles::NO_LOAN;
            // SAFETY: every pointer is to a variable of this function or of the test.
            unsafe {
                assert_eq!(vil_sender_loan(sender, &mut copy), VIL_E_BUSY);
                assert_eq!(vil_sender_publish(sender, loan), VIL_E_BUSY);
                assert_eq!(vil_sender_discard(sender, loan), VIL_E_BUSY);
                assert_eq!(vil_sender_send(sender, (&raw const count).cast(), 8), VIL_E_BUSY);
                assert_eq!(vil_sender_published(sender, &mut count), VIL_E_BUSY);
                assert_eq!(vil_sender_close(sender), VIL_E_BUSY);
                assert_eq!(vil_receiver_receive(receiver, 0, message), VIL_E_BUSY);
                assert_eq!(vil_receiver_release(receiver, message), VIL_E_BUSY);
                assert_eq!(vil_receiver_received(receiver, &mut count), VIL_E_BUSY);
                assert_eq!(vil_receiver_wait_any(&receiver, 1, 0, &mut index), VIL_E_BUSY);
                assert_eq!(vil_receiver_close(receiver), VIL_E_BUSY);
            }
            assert_eq!((count, index), (77, 77));
            assert_eq!(vil_sender_move_to_thread(sender), VIL_OK);
            assert_eq!(vil_sender_move_to_thread(sender), VIL_OK, "it is there already");
            // SAFETY: as above.
            assert_eq!(unsafe { vil_sender_publish(sender, loan) }, VIL_OK);
        };
        scope.spawn(stranger).join().expect("no panic");
    });
    let mut count = 0;
    // SAFETY: `count` is a variable of this function.
    assert_eq!(unsafe { vil_sender_published(post.sender, &mut count) }, VIL_E_BUSY, "it is the other thread's now");
    assert_eq!(vil_sender_move_to_thread(post.sender), VIL_OK, "also from a thread that is gone");
    let mut message = post.message();
    // SAFETY: as above.
    unsafe {
        assert_eq!(vil_sender_published(post.sender, &mut count), VIL_OK);
        assert_eq!(vil_receiver_release(post.receiver, &mut message), VIL_OK);
    }
    assert_eq!(count, 1);
}

/// Handles that one thread uses at a time.
const OF_ONE_THREAD: [&str; 4] = ["sender", "receiver", "queue", "waitset"];

/// Calls of such a handle that are its thread's alone.
fn calls_of_one_thread() -> impl Iterator<Item = &'static Call> {
    let is_free = |call: &&Call| ANY_THREAD.iter().any(|free| free.name == call.name);
    uses().filter(move |call| OF_ONE_THREAD.contains(&call.kind) && !is_free(call))
}

/// A post that another thread is shown.
struct Lent<'a>(&'a Post);

// SAFETY: handles are looked up, never followed, and may be shown to any thread; that is what is tested.
unsafe impl Send for Lent<'_> {}

#[test]
fn every_call_of_an_end_is_busy_in_another_thread_until_all_ends_are_moved_there() {
    let post = Post::new("all-moved");
    let kinds = post.kinds();
    let handle = |kind: &str| kinds.iter().find(|(known, _)| *known == kind).expect("every kind").1;
    // A living process that holds a port or an entry makes these busy for everybody.
    let busy_here: HashSet<&str> =
        uses().filter(|call| (call.call)(&post, handle(call.kind)) == VIL_E_BUSY).map(|call| call.name).collect();
    let (lent, busy_here) = (Lent(&post), &busy_here);
    std::thread::scope(|scope| {
        let stranger = move || {
            let Lent(post) = { lent };
            for call in calls_of_one_thread().chain(CLOSES.iter().filter(|call| OF_ONE_THREAD.contains(&call.kind))) {
                assert_eq!((call.call)(post, handle(call.kind)), VIL_E_BUSY, "{}", call.name);
            }
            for call in uses().filter(|call| !OF_ONE_THREAD.contains(&call.kind)).chain(ANY_THREAD) {
                let status = (call.call)(post, handle(call.kind));
                assert_eq!(status == VIL_E_BUSY, busy_here.contains(call.name), "{} is for any thread", call.name);
            }
            for call in MOVES {
                assert_eq!((call.call)(post, handle(call.kind)), VIL_OK, "{}", call.name);
            }
            for call in calls_of_one_thread() {
                assert_ne!((call.call)(post, handle(call.kind)), VIL_E_BUSY, "{} after the move", call.name);
            }
        };
        scope.spawn(stranger).join().expect("no panic");
    });
    for call in calls_of_one_thread() {
        assert_eq!((call.call)(&post, handle(call.kind)), VIL_E_BUSY, "{} is the other thread's now", call.name);
    }
    for call in MOVES {
        assert_eq!((call.call)(&post, handle(call.kind)), VIL_OK, "{} from a thread that is gone", call.name);
    }
    post.works();
}

#[test]
fn worlds_may_be_used_by_many_threads_at_once() {
    let post = Post::new("many-threads");
    let world = post.writer as usize;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(move || {
                let world = world as *mut vil_world_t;
                for _ in 0..50 {
                    let mut audit = crate::handles::audit();
                    let mut count = 0;
                    // SAFETY: both are variables of this thread.
                    unsafe {
                        assert_eq!(vil_world_audit(world, &mut audit), VIL_OK);
                        assert_eq!(vil_world_recover(world, &mut count), VIL_OK);
                        assert_eq!(vil_world_route_count(world, &mut count), VIL_OK);
                    }
                    let sum = audit.free_slots + audit.held_slots + audit.retained_slots + audit.leaked_slots;
                    assert_eq!((audit.processes, audit.leaked_slots, sum), (2, 0, audit.slots));
                }
            });
        }
    });
}

#[test]
fn a_world_attached_twice_in_one_process_is_two_participants() {
    let house = House::new("twice", PLAIN);
    let (first, second) = (house.enter("writer"), house.enter("writer"));
    assert_ne!(first.me(), second.me());
    assert_eq!(house.keeper.audit().processes, 3);
    let sender = Sender::open(&first, "letters").unwrap_or_else(|error| panic!("{error}"));
    refused(Sender::open(&second, "letters"), Fault::Busy);
    refused(Sender::open(&first, "letters"), Fault::Busy);
    drop(first);
    assert_eq!(house.keeper.recover(), 0, "the sender keeps its attachment");
    drop(sender);
    assert!(Sender::open(&second, "letters").is_ok());
    drop(second);
    house.is_swept();
}

#[test]
fn several_worlds_in_one_process_do_not_touch_each_other() {
    let houses: Vec<House> = (0..6).map(|world| House::new(&format!("several{world}"), PLAIN)).collect();
    let mut ends: Vec<_> = houses.iter().map(|house| (house.writer(), house.reader())).collect();
    for round in 0..20 {
        for (world, (sender, _)) in ends.iter_mut().enumerate() {
            send(sender, round * 10 + world as u64).expect("there is room");
        }
        for (world, (_, receiver)) in ends.iter_mut().enumerate().rev() {
            assert_eq!(take(receiver), Ok(round * 10 + world as u64));
        }
    }
    drop(ends.swap_remove(2));
    houses[2].is_swept();
    send(&mut ends[3].0, 1).expect("the others go on");
    drop(ends);
    houses[5].is_swept();
}

#[test]
fn ends_of_one_world_run_in_threads_of_their_own() {
    let house = House::new("stream", Shape { capacity: 16, ..PLAIN });
    let world = house.enter("writer");
    let (mut sender, mut receiver) =
        (Sender::open(&world, "letters").unwrap_or_else(|error| panic!("{error}")), house.reader());
    const LETTERS: u64 = 20_000;
    std::thread::scope(|scope| {
        scope.spawn(|| (0..LETTERS).for_each(|letter| send(&mut sender, letter).expect("there is room in time")));
        scope.spawn(|| {
            for letter in 0..LETTERS {
                assert_eq!(take(&mut receiver), Ok(letter));
            }
        });
    });
    assert_eq!((sender.published(), receiver.received()), (LETTERS, LETTERS));
    drop((sender, receiver, world));
    house.is_swept();
}

#[test]
fn letters_of_several_writers_come_in_turn_and_each_in_its_order() {
    let house = House::new("fan-in", Shape { writers: 3, capacity: 4, ..PLAIN });
    let mut receiver = house.reader();
    let names = ["writer", "writer1", "writer2"];
    let mut senders = names.map(|name| {
        let world: Arc<World> =
            World::open(&house.place, "post", &role(name)).unwrap_or_else(|error| panic!("{error}"));
        Sender::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"))
    });
    for (writer, sender) in senders.iter_mut().enumerate() {
        (0..4).for_each(|letter| send(sender, letter * 10 + writer as u64).expect("there is room"));
    }
    let mut seen = Vec::new();
    for _ in 0..12 {
        let received = receiver.poll().expect("twelve letters");
        seen.push((number(&received.message), received.message.number, received.route));
        give_back(&mut receiver, &received);
    }
    for (at, (found, on_route, route)) in seen.iter().enumerate() {
        let (turn, writer) = ((at / 3) as u64, (at % 3) as u64);
        assert_eq!((*found, *on_route, u64::from(*route)), (turn * 10 + writer, turn, writer), "{seen:?}");
    }
    assert_eq!(receiver.poll().err(), Some(Stop::Empty));
    assert_eq!(receiver.received(), 12);
    let one: Result<Receiver, _> = Receiver::open(&house.enter("reader"), "letters");
    refused(one, Fault::Busy);
}

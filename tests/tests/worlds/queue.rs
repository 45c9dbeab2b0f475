//! Queues on their own: order, batches, the ways to meet a full one, and deaths on either side.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vil_core::base::error::Fault;
use vil_core::heap::Block;
use vil_core::observe;
use vil_core::registry::trail::{Cursor, Kind};
use vil_core::world::{Batch, Heap, PopEnd, PushEnd, Stop};
use vil_ir::heap::{HeapShape, QueueShape};
use vil_ir::vocabulary::{Backpressure, QueueKind};
use vil_tests::runtime_dir::RuntimeDir;

use crate::child::{Other, Role, hear, say};
use crate::heap::{all_can_be_had, assert_free, block, created, opened, shape};
use crate::house::{LONG, LONG_NS, SHORT_NS, place, within};

pub(crate) const ROLES: &[Role] = &[
    ("pushes", pushes),
    ("pops", pops),
    ("pops one", pops_one),
    ("pushes beside others", pushes),
    ("pops beside others", pops_beside_others),
];

fn with(kind: QueueKind, backpressure: Backpressure, capacity: u32) -> HeapShape {
    let queue = QueueShape { kind, capacity, backpressure, deadline_ms: 20 };
    HeapShape { queues: vec![queue; 2], ..shape(&[(64, 256), (4096, 8)]) }
}

fn push_end(heap: &Arc<Heap>) -> PushEnd {
    PushEnd::open(heap, 0).unwrap_or_else(|error| panic!("{error}"))
}

fn pop_end(heap: &Arc<Heap>) -> PopEnd {
    PopEnd::open(heap, 0).unwrap_or_else(|error| panic!("{error}"))
}

/// A block with a number in it.
fn numbered(heap: &Heap, number: u64) -> Block {
    let block = block(heap, 64);
    // SAFETY: the block is ours alone, has at least 8 bytes and is aligned to 8.
    unsafe { block.data.cast::<u64>().write(number) };
    block
}

/// The number in a block, which is freed.
fn number(heap: &Heap, block: &Block) -> u64 {
    // SAFETY: as in `numbered`.
    let number = unsafe { block.data.cast::<u64>().read() };
    heap.free(*block).unwrap_or_else(|denied| panic!("{denied}"));
    number
}

fn events(heap: &Heap, kind: Kind) -> usize {
    let shared = heap.world().shared();
    let mut cursor = Cursor::oldest(shared);
    std::iter::from_fn(|| cursor.read(shared)).filter(|found| found.event.kind == kind).count()
}

/// The queue whole: pushed, popped, dropped, depth.
fn counts(heap: &Heap) -> [u64; 4] {
    let seen = observe::route(heap.world(), 0).expect("there is a queue");
    [seen.published, seen.received, seen.dropped, seen.depth.into()]
}

#[test]
fn blocks_of_all_classes_come_out_in_the_order_they_went_in() {
    let dir = RuntimeDir::new("queue-order");
    let heap = created(&dir, &with(QueueKind::Spsc, Backpressure::Block, 8));
    let (mut push, mut pop) = (push_end(&heap), pop_end(&heap));
    for round in 0..100u64 {
        let sizes = [64, 4096, 64];
        for (step, size) in (0..).zip(sizes) {
            let block = block(&heap, size);
            // SAFETY: the block is ours alone and has at least 8 bytes.
            unsafe { block.data.cast::<u64>().write(round * 3 + step) };
            assert_eq!(push.push(block), Ok(()));
            assert_eq!(heap.resolve(block.reference).map_err(|denied| denied.fault()), Err(Fault::State));
        }
        assert_eq!((push.depth(), pop.depth()), (3, 3));
        for (step, size) in (0..).zip(sizes) {
            let popped = pop.pop(0).expect("it lies there");
            assert_eq!((popped.size, number(&heap, &popped)), (size as u32, round * 3 + step));
        }
        assert_eq!(pop.pop(0), Err(Stop::Empty));
    }
    assert_eq!(counts(&heap), [300, 300, 0, 0]);
    assert_free(&heap, 1);
}

#[test]
fn a_popped_block_is_the_popper_s_to_free_and_to_push_elsewhere() {
    let dir = RuntimeDir::new("queue-own");
    let heap = created(&dir, &with(QueueKind::Spsc, Backpressure::Block, 4));
    let other = opened(&dir);
    let (mut push, mut pop) = (push_end(&heap), pop_end(&other));
    let mut back = PushEnd::open(&other, 1).expect("free");
    let mut home = PopEnd::open(&heap, 1).expect("free");
    for round in 0..50 {
        let sent = numbered(&heap, round);
        push.push(sent).expect("there is room");
        let there = pop.pop(0).expect("it lies there");
        assert!(heap.free(sent).is_err(), "it is not ours any more");
        back.push(there).expect("there is room");
        assert!(other.free(there).is_err(), "nor theirs");
        assert_eq!(number(&heap, &home.pop(0).expect("it came back")), round);
    }
    drop((push, pop, back, home, other));
    assert_free(&heap, 1);
}

#[test]
fn a_batch_goes_as_far_as_there_is_room_and_comes_as_far_as_there_is_something() {
    let dir = RuntimeDir::new("queue-batch");
    let heap = created(&dir, &with(QueueKind::Spsc, Backpressure::Fail, 4));
    let (mut push, mut pop) = (push_end(&heap), pop_end(&heap));
    let blocks: Vec<Block> = (0..6).map(|number| numbered(&heap, number)).collect();
    assert_eq!(push.push_batch(blocks.iter().copied()), Batch { done: 4, answer: Err(Stop::Full) });
    assert!(heap.resolve(blocks[4].reference).is_ok() && heap.resolve(blocks[5].reference).is_ok(), "these stayed");
    let mut places = [None; 3];
    assert_eq!(pop.pop_batch(0, &mut places), Batch { done: 3, answer: Ok(()) });
    let numbers: Vec<u64> = places.iter().flatten().map(|block| number(&heap, block)).collect();
    assert_eq!(numbers, [0, 1, 2]);
    assert_eq!(push.push_batch(blocks[4..].iter().copied()), Batch { done: 2, answer: Ok(()) });
    let mut places = [None; 8];
    assert_eq!(pop.pop_batch(LONG_NS, &mut places), Batch { done: 3, answer: Ok(()) }, "it waits for the first only");
    let numbers: Vec<u64> = places.iter().flatten().map(|block| number(&heap, block)).collect();
    assert_eq!(numbers, [3, 4, 5]);
    assert_eq!(pop.pop_batch(0, &mut places), Batch { done: 0, answer: Err(Stop::Empty) });
    assert_eq!(pop.pop_batch(1000, &mut places), Batch { done: 0, answer: Err(Stop::Late) });
    let stale = push.push_batch(blocks[..2].iter().copied());
    assert_eq!(stale, Batch { done: 0, answer: Err(Stop::Fault(Fault::State)) });
    assert_eq!(events(&heap, Kind::PublishedTwice), 1);
    assert_free(&heap, 1);
}

#[test]
fn a_full_queue_does_as_its_shape_says() {
    for (policy, answer, kind) in [
        (Backpressure::Block, Err(Stop::Late)),
        (Backpressure::Fail, Err(Stop::Full)),
        (Backpressure::DropNewest, Err(Stop::Dropped)),
    ]
    .into_iter()
    .flat_map(|(policy, answer)| QueueKind::ALL.iter().map(move |kind| (policy, answer, *kind)))
    {
        let dir = RuntimeDir::new("queue-full");
        let heap = created(&dir, &with(kind, policy, 4));
        let (mut push, mut pop) = (push_end(&heap), pop_end(&heap));
        for number in 0..4 {
            assert_eq!(push.push(numbered(&heap, number)), Ok(()));
        }
        for _ in 0..3 {
            let (last, before) = (numbered(&heap, 4), Instant::now());
            assert_eq!(push.push(last), answer, "{policy}");
            assert_eq!(before.elapsed() >= Duration::from_millis(20), policy == Backpressure::Block);
            // What was dropped is the heap's again, everything else is still ours.
            assert_eq!(heap.free(last).is_ok(), policy != Backpressure::DropNewest);
        }
        let dropped = if policy == Backpressure::DropNewest { 3 } else { 0 };
        assert_eq!(counts(&heap), [4, 0, dropped, 4], "{policy}");
        assert_eq!(events(&heap, Kind::DroppedNewest) as u64, dropped.min(2), "the first and the second of three");
        for expected in 0..4 {
            assert_eq!(number(&heap, &pop.pop(0).expect("it lies there")), expected);
        }
        assert_free(&heap, 1);
    }
}

#[test]
fn a_batch_into_a_queue_that_drops_the_newest_goes_on_to_its_end() {
    let dir = RuntimeDir::new("queue-drop");
    let heap = created(&dir, &with(QueueKind::Spsc, Backpressure::DropNewest, 2));
    let (mut push, mut pop) = (push_end(&heap), pop_end(&heap));
    let blocks = (0..5).map(|number| numbered(&heap, number));
    assert_eq!(push.push_batch(blocks), Batch { done: 5, answer: Err(Stop::Dropped) });
    assert_eq!(number(&heap, &pop.pop(0).expect("it lies there")), 0);
    assert_eq!(counts(&heap), [2, 1, 3, 1]);
    assert_eq!(number(&heap, &pop.pop(0).expect("it lies there")), 1);
    assert_free(&heap, 1);
}

#[test]
fn a_capacity_of_0_or_of_no_power_of_two_is_refused_with_the_limits() {
    let dir = RuntimeDir::new("queue-capacity");
    for capacity in [0, 3, 5, 65_537, 131_072, u32::MAX] {
        let heap = with(QueueKind::Spsc, Backpressure::Block, capacity);
        let error = Heap::create(&place(&dir), "heap", &heap, vil_core::base::atomic::Barrier::Membarrier);
        let error = error.expect_err("no such queue");
        assert_eq!(error.fault, Fault::Argument);
        let said = format!("capacity {capacity}; a power of two from 1 to 65536");
        assert!(error.message.contains(&said), "{error}");
    }
    for capacity in [1, 2, 65_536] {
        let heap = created(&dir, &with(QueueKind::Spsc, Backpressure::Fail, capacity));
        let mut push = push_end(&heap);
        assert_eq!(push.push(numbered(&heap, 7)), Ok(()));
        assert_eq!(number(&heap, &pop_end(&heap).pop(0).expect("it lies there")), 7);
    }
}

#[test]
fn an_end_has_one_holder_and_a_queue_that_is_not_there_has_none() {
    let dir = RuntimeDir::new("queue-ends");
    let heap = created(&dir, &with(QueueKind::Spsc, Backpressure::Block, 4));
    let other = opened(&dir);
    let (push, pop) = (push_end(&heap), pop_end(&other));
    for heap in [&heap, &other] {
        assert_eq!(PushEnd::open(heap, 0).map(drop).expect_err("it is held").fault, Fault::Busy);
        assert_eq!(PopEnd::open(heap, 0).map(drop).expect_err("it is held").fault, Fault::Busy);
        let error = PushEnd::open(heap, 2).map(drop).expect_err("there are two");
        assert!(error.fault == Fault::Argument && error.message.contains("2 queues"), "{error}");
    }
    drop((push, pop));
    assert!(PushEnd::open(&other, 0).is_ok() && PopEnd::open(&heap, 0).is_ok());
}

/// Pushes numbered blocks until it is killed.
fn pushes(dir: &Path, from: &str) {
    let heap = opened(dir);
    let mut push = push_end(&heap);
    let mut next = from.parse().expect("a number");
    say("ready");
    loop {
        let Ok(found) = heap.alloc(64, 8) else { continue };
        // SAFETY: the block is ours alone, has at least 8 bytes and is aligned to 8.
        unsafe { found.data.cast::<u64>().write(next) };
        while push.push(found).is_err() {}
        next += 1;
    }
}

/// Pops until it is killed.
fn pops(dir: &Path, _: &str) {
    let heap = opened(dir);
    let mut pop = pop_end(&heap);
    let mut least = 0;
    say("ready");
    loop {
        let Ok(block) = pop.pop(LONG_NS) else { continue };
        let found = number(&heap, &block);
        assert!(found >= least, "{found} after {least}");
        least = found + 1;
    }
}

/// Pops one block and keeps it.
fn pops_one(dir: &Path, _: &str) {
    let heap = opened(dir);
    let mut pop = pop_end(&heap);
    let block = pop.pop(LONG_NS).expect("it lies there");
    // SAFETY: the block is ours and has at least 8 bytes.
    say(&unsafe { block.data.cast::<u64>().read() }.to_string());
    hear();
}

#[test]
fn a_popper_that_is_killed_loses_the_block_in_its_hands_and_no_other() {
    let dir = RuntimeDir::new("queue-popper");
    let heap = created(&dir, &with(QueueKind::Spsc, Backpressure::Fail, 4));
    let mut push = push_end(&heap);
    for number in 0..4 {
        push.push(numbered(&heap, number)).expect("there is room");
    }
    let other = Other::start("pops one", &dir, "");
    assert_eq!(other.heard(), "0");
    other.kill();
    let mut pop = pop_end(&heap);
    for expected in 1..4 {
        assert_eq!(number(&heap, &pop.pop(0).expect("it lies there")), expected);
    }
    assert_eq!(pop.pop(0), Err(Stop::Empty));
    assert_eq!(heap.audit().recoveries, 1);
    assert_free(&heap, 1);
}

#[test]
fn pushers_and_poppers_that_are_killed_at_random_leak_nothing_and_turn_nothing_round() {
    let dir = RuntimeDir::new("queue-kills");
    let heap = created(&dir, &with(QueueKind::Spsc, Backpressure::Block, 16));
    for round in 0..8u64 {
        let from = (round << 32).to_string();
        let (pusher, popper) = (Other::start("pushes", &dir, &from), Other::start("pops", &dir, ""));
        assert_eq!((pusher.heard().as_str(), popper.heard().as_str()), ("ready", "ready"));
        crate::house::pass(Duration::from_micros(500 + 997 * round));
        if round % 2 == 0 {
            pusher.kill();
            popper.kill();
        } else {
            popper.kill();
            pusher.kill();
        }
        let mut pop = pop_end(&heap);
        let mut least = round << 32;
        while let Ok(block) = pop.pop(0) {
            let found = number(&heap, &block);
            assert!(found >= least, "{found:#x} after {least:#x}");
            least = found + 1;
        }
        assert_free(&heap, 1);
    }
    let [pushed, popped, dropped, depth] = counts(&heap);
    assert_eq!((pushed, dropped, depth), (popped, 0, 0));
    assert!(pushed > 0);
    all_can_be_had(&heap);
}

#[test]
fn who_waits_is_cancelled_and_hears_that_the_other_end_is_gone() {
    let dir = RuntimeDir::new("queue-wait");
    let heap = created(&dir, &with(QueueKind::Spsc, Backpressure::Block, 4));
    let mut pop = pop_end(&heap);
    assert_eq!(pop.pop(SHORT_NS), Err(Stop::Late));
    heap.world().cancel();
    assert_eq!(pop.pop(LONG_NS), Err(Stop::Cancelled));
    let mut push = push_end(&heap);
    push.push(numbered(&heap, 1)).expect("there is room");
    drop(push);
    assert_eq!(number(&heap, &pop.pop(LONG_NS).expect("it comes first")), 1);
    assert_eq!(pop.pop(LONG_NS), Err(Stop::PeerGone));
    assert_eq!(pop.pop(SHORT_NS), Err(Stop::Late), "and that once");
}

#[test]
fn a_queue_that_drops_the_oldest_keeps_the_newest_and_touches_nothing_that_was_popped() {
    for kind in [QueueKind::Spsc, QueueKind::Mpmc] {
        let dir = RuntimeDir::new("queue-oldest");
        let heap = created(&dir, &with(kind, Backpressure::DropOldest, 4));
        let (mut push, mut pop) = (push_end(&heap), pop_end(&heap));
        push.push(numbered(&heap, 0)).expect("there is room");
        let held = pop.pop(0).expect("it lies there");
        for number in 1..=50 {
            assert_eq!(push.push(numbered(&heap, number)), Ok(()), "{kind}: it always finds room");
        }
        assert_eq!((push.depth(), number(&heap, &held)), (4, 0), "{kind}: what was popped is as it was");
        for expected in 47..=50 {
            assert_eq!(number(&heap, &pop.pop(0).expect("it lies there")), expected);
        }
        assert_eq!(pop.pop(0), Err(Stop::Empty));
        assert_eq!(counts(&heap), [51, 5, 46, 0], "{kind}");
        assert!(events(&heap, Kind::DroppedOldest) > 0);
        assert_free(&heap, 1);
    }
}

#[test]
fn several_push_and_several_pop_and_every_block_comes_out_once_and_in_its_pusher_s_order() {
    const EACH: u64 = 4000;
    let dir = RuntimeDir::new("queue-mpmc");
    let heap = created(&dir, &with(QueueKind::Mpmc, Backpressure::Block, 16));
    let seen = std::thread::scope(|scope| {
        for pusher in 0..3u64 {
            let dir = &dir;
            scope.spawn(move || {
                let heap = opened(dir);
                let mut push = push_end(&heap);
                for step in 0..EACH {
                    let block = numbered(&heap, pusher << 32 | step);
                    while push.push(block).is_err() {}
                }
            });
        }
        let poppers: Vec<_> = (0..2)
            .map(|_| {
                let dir = &dir;
                scope.spawn(move || {
                    let heap = opened(dir);
                    let mut pop = pop_end(&heap);
                    let mut found = Vec::new();
                    loop {
                        match pop.pop(LONG_NS / 40) {
                            Ok(block) => found.push(number(&heap, &block)),
                            Err(Stop::Late) => return found,
                            Err(stop) => assert_eq!(stop, Stop::PeerGone),
                        }
                    }
                })
            })
            .collect();
        poppers.into_iter().map(|popper| popper.join().expect("it does not panic")).collect::<Vec<_>>()
    });
    for found in &seen {
        for pusher in 0..3 {
            let steps: Vec<u64> = found.iter().copied().filter(|number| number >> 32 == pusher).collect();
            assert!(steps.is_sorted(), "one popper finds the blocks of one pusher in their order");
        }
    }
    let mut all: Vec<u64> = seen.concat();
    all.sort_unstable();
    let expected: Vec<u64> = (0..3).flat_map(|pusher| (0..EACH).map(move |step| pusher << 32 | step)).collect();
    assert_eq!(all, expected, "each once");
    assert_eq!(counts(&heap), [3 * EACH, 3 * EACH, 0, 0]);
    assert_free(&heap, 1);
}

/// Pops a block if there is one, and frees it.
fn one_out(heap: &Heap, pop: &mut PopEnd) -> bool {
    pop.pop(0).is_ok_and(|block| {
        number(heap, &block);
        true
    })
}

/// Pops until it is killed, whoever pushed.
fn pops_beside_others(dir: &Path, _: &str) {
    let heap = opened(dir);
    let mut pop = pop_end(&heap);
    say("ready");
    loop {
        let Ok(block) = pop.pop(LONG_NS) else { continue };
        number(&heap, &block);
    }
}

#[test]
fn pushers_and_poppers_of_one_queue_that_are_killed_one_by_one_hold_up_nobody_and_leak_nothing() {
    for policy in [Backpressure::Block, Backpressure::DropOldest] {
        let dir = RuntimeDir::new("queue-mpmc-kills");
        let heap = created(&dir, &with(QueueKind::Mpmc, policy, 8));
        for round in 0..4u64 {
            let start = |role: &str, from: u64| {
                let other = Other::start(role, &dir, &from.to_string());
                assert_eq!(other.heard(), "ready");
                other
            };
            let mut others = vec![
                start("pushes beside others", round << 40),
                start("pops beside others", 0),
                start("pushes beside others", round << 40 | 1 << 32),
                start("pops beside others", 0),
            ];
            let (mut push, mut pop) = (push_end(&heap), pop_end(&heap));
            while let Some(other) = others.pop() {
                crate::house::pass(Duration::from_micros(300 + 431 * round));
                other.kill();
                // We still get a block in, making room where nobody else does any more, and one out.
                let block = numbered(&heap, u64::MAX);
                let is_in = within(LONG, || {
                    let is_in = push.push(block) == Ok(());
                    is_in || {
                        one_out(&heap, &mut pop);
                        false
                    }
                });
                assert!(is_in, "a dead one holds the queue up");
                assert!(within(LONG, || one_out(&heap, &mut pop) || !others.is_empty()), "it comes out");
            }
            while let Ok(block) = pop.pop(0) {
                number(&heap, &block);
            }
            assert_free(&heap, 1);
        }
        all_can_be_had(&heap);
    }
}

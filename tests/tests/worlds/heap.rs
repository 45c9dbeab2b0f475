//! Heaps on their own: every size class and alignment, caps, exhaustion, wrong frees, threads, deaths with blocks in
//! every state, and what a machine cannot carry.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use vil_core::base::atomic::Barrier;
use vil_core::base::error::{Error, Fault};
use vil_core::heap::{Block, Denial, Handed};
use vil_core::registry::Audit;
use vil_core::registry::trail::{Cursor, Kind};
use vil_core::world::{Heap, PopEnd, PushEnd, Stop};
use vil_ir::heap::{ClassShape, HeapShape, QueueShape, default_classes};
use vil_ir::vocabulary::MemoryClass;
use vil_tests::cc::skip;
use vil_tests::runtime_dir::RuntimeDir;

use crate::child::{Other, Role, hear, say};
use crate::house::{LONG_NS, Random, place};

pub(crate) const ROLES: &[Role] = &[
    ("has blocks in every state", has_blocks_in_every_state),
    ("takes what it can", takes_what_it_can),
    ("may lock little", may_lock_little),
];

/// Classes of these sizes and counts, two queues of four blocks, no cap.
pub(crate) fn shape(classes: &[(u32, u32)]) -> HeapShape {
    HeapShape {
        memory: MemoryClass::PagedExchange,
        classes: classes.iter().map(|&(size, count)| ClassShape { size, count }).collect(),
        queues: vec![QueueShape { capacity: 4, deadline_ms: 20, ..QueueShape::default() }; 2],
        processes: 8,
        cap_slots: 0,
        cap_bytes: 0,
    }
}

pub(crate) fn created(dir: &Path, shape: &HeapShape) -> Arc<Heap> {
    Heap::create(&place(dir), "heap", shape, Barrier::Membarrier).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn opened(dir: &Path) -> Arc<Heap> {
    Heap::open(&place(dir), "heap", None).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(dir: &Path, shape: &HeapShape) -> Error {
    Heap::create(&place(dir), "heap", shape, Barrier::Membarrier).expect_err("it is not to be had")
}

#[track_caller]
pub(crate) fn block(heap: &Heap, size: u64) -> Block {
    heap.alloc(size, 8).unwrap_or_else(|denied| panic!("{denied}"))
}

/// Every block can be had at once, and is given back.
pub(crate) fn all_can_be_had(heap: &Heap) {
    let mut had = Vec::new();
    for class in &heap.shape().classes {
        for _ in 0..class.count {
            had.push(block(heap, class.size.into()));
        }
        assert_eq!(heap.alloc(class.size.into(), 1).map_err(|denied| denied.denial), Err(Denial::Short));
    }
    had.iter().for_each(|&block| heap.free(block).unwrap_or_else(|denied| panic!("{denied}")));
    assert_free(heap, 1);
}

#[track_caller]
pub(crate) fn assert_free(heap: &Heap, processes: u32) {
    let (audit, slots) = (heap.audit(), u64::from(heap.world().shared().geometry.slots));
    assert_eq!(audit, Audit { processes, slots, free: slots, recoveries: audit.recoveries, ..Audit::default() });
}

fn faults(heap: &Heap) -> Vec<Kind> {
    let shared = heap.world().shared();
    let mut cursor = Cursor::oldest(shared);
    std::iter::from_fn(|| cursor.read(shared)).map(|found| found.event.kind).filter(|kind| kind.is_fault()).collect()
}

#[test]
fn a_block_of_every_class_lies_at_a_multiple_of_every_alignment_that_its_stride_allows() {
    let dir = RuntimeDir::new("heap-classes");
    let sizes: Vec<(u32, u32)> = (6..=26).map(|power| (1 << power, if power < 16 { 5 } else { 1 })).collect();
    let heap = created(&dir, &shape(&sizes));
    for size in sizes.iter().map(|(size, _)| u64::from(*size)).flat_map(|size| [size, size / 2 + 1]) {
        for align in (0..=12).map(|power| 1u64 << power) {
            let blocks: Vec<Block> = (0..2).map_while(|_| heap.alloc(size, align).ok()).collect();
            assert!(!blocks.is_empty(), "{size} bytes at a multiple of {align}");
            for block in &blocks {
                assert_eq!(block.data.as_ptr() as u64 % align, 0, "{size} bytes at a multiple of {align}");
                // The smallest class that fits: larger ones serve only what it is not aligned enough for.
                let least = size.next_power_of_two().max(64);
                assert!(u64::from(block.size) == least || align > least, "{size}, {align}: {}", block.size);
                // SAFETY: the block is ours and has that many bytes.
                unsafe {
                    block.data.write(1);
                    block.data.add(block.size as usize - 1).write(2);
                }
            }
            blocks.iter().for_each(|&block| heap.free(block).unwrap_or_else(|denied| panic!("{denied}")));
        }
    }
    assert_free(&heap, 1);
}

#[test]
fn sizes_and_alignments_that_no_class_has_are_refused_with_the_limit() {
    let dir = RuntimeDir::new("heap-limits");
    let heap = created(&dir, &shape(&[(64, 8), (192, 8), (5000, 2)]));
    let sentence = |size, align| {
        let denied = heap.alloc(size, align).expect_err("it is not to be had");
        assert_eq!(denied.fault(), Fault::Argument, "{denied}");
        denied.to_string()
    };
    for size in [0, 5001, 1 << 40, u64::MAX] {
        assert!(sentence(size, 1).contains("1 to 5000"), "{size}");
    }
    for align in [0, 3, 6, 4097, 8192, 1 << 33, u64::MAX] {
        assert!(sentence(64, align).contains("a power of two from 1 to 4096"), "{align}");
    }
    // Strides are 128, 256 and 8192: 192 bytes at 256 there are, and all is at 4096 in the last class.
    assert_eq!(heap.alloc(64, 128).map(|block| block.size), Ok(64));
    assert_eq!(heap.alloc(64, 256).map(|block| block.size), Ok(192));
    assert_eq!(heap.alloc(64, 4096).map(|block| block.size), Ok(5000));
}

#[test]
fn every_block_can_be_had_and_one_more_is_refused() {
    let dir = RuntimeDir::new("heap-all");
    let heap = created(&dir, &shape(&[(64, 1000), (256, 33), (4096, 7), (65_536, 1)]));
    all_can_be_had(&heap);
    all_can_be_had(&heap);
    let class = heap.class(0).expect("there is a class");
    assert_eq!((class.size, class.stride, class.slots, class.free, class.held), (64, 128, 1000, 1000, 0));
    assert_eq!((class.high_water, class.failures), (1000, 4), "each refusal was tried twice");
    assert!(heap.class(4).is_none());
}

#[test]
fn what_is_freed_or_used_twice_or_is_another_s_is_refused_and_kept_in_the_trail() {
    let dir = RuntimeDir::new("heap-faults");
    let (mine, other) = (created(&dir, &shape(&[(64, 64), (4096, 4)])), opened(&dir));
    for size in [64, 4096] {
        let first = block(&mine, size);
        assert_eq!(mine.resolve(first.reference), Ok(first));
        assert_eq!(mine.free(first), Ok(()));
        let again = block(&mine, size);
        assert_ne!(again.reference, first.reference, "its next life has another name");
        for heap in [&mine, &other] {
            let denied = heap.free(first).expect_err("it was freed");
            assert_eq!(denied.fault(), Fault::State);
        }
        assert!(other.free(again).is_err() && other.resolve(again.reference).is_err(), "it is another's");
        assert!(mine.resolve(first.reference).is_err());
        assert_eq!(mine.free(again), Ok(()));
    }
    for nonsense in [0, 1, u64::MAX, 1 << 32, 68, 69 | 1 << 40] {
        let handed = Handed { reference: nonsense, data: std::ptr::null() };
        assert!(mine.free(handed).is_err() && mine.resolve(nonsense).is_err(), "{nonsense}");
    }
    let faults = faults(&mine);
    assert_eq!(faults.iter().filter(|kind| **kind == Kind::ReleasedTwice).count(), 6 + 6, "{faults:?}");
    assert_eq!(faults.iter().filter(|kind| **kind == Kind::UsedAfterEnd).count(), 4 + 6, "{faults:?}");
    other.audit();
    assert_free(&mine, 2);
}

#[test]
fn one_process_owns_no_more_than_its_cap_and_the_others_have_the_rest() {
    let dir = RuntimeDir::new("heap-cap");
    let capped = HeapShape { cap_slots: 10, cap_bytes: 6 * 8192, ..shape(&[(64, 128), (8192, 16)]) };
    let (mine, other) = (created(&dir, &capped), opened(&dir));
    for heap in [&mine, &other] {
        // What is kept at hand counts as well, and makes room.
        let small: Vec<Block> = (0..10).map(|_| block(heap, 64)).collect();
        for size in [64, 8192] {
            let denied = heap.alloc(size, 1).expect_err("that would be more than ten");
            assert_eq!((denied.denial, denied.fault()), (Denial::Cap, Fault::Limit));
            assert!(denied.to_string().contains("10 blocks and 49152 bytes"), "{denied}");
        }
        small.iter().for_each(|&block| heap.free(block).expect("it is ours"));
        let large: Vec<Block> = (0..6).map(|_| block(heap, 8192)).collect();
        assert_eq!(heap.alloc(1, 1).map_err(|denied| denied.denial), Err(Denial::Cap), "that would be more bytes");
        large.iter().for_each(|&block| heap.free(block).expect("it is ours"));
    }
    // A block that is pushed is nobody's; one that is popped counts again.
    let (mut push, mut pop) = (PushEnd::open(&mine, 0).expect("free"), PopEnd::open(&other, 0).expect("free"));
    let held: Vec<Block> = (0..10).map(|_| block(&other, 64)).collect();
    assert_eq!(push.push(block(&mine, 64)), Ok(()));
    assert_eq!(pop.pop(0), Err(Stop::Fault(Fault::Limit)));
    other.free(held[0]).expect("it is ours");
    let popped = pop.pop(0).expect("there is room for it now");
    assert_eq!(pop.depth(), 0);
    other.free(popped).expect("it is ours");
    held[1..].iter().for_each(|&block| other.free(block).expect("it is ours"));
    mine.audit();
    drop((push, pop));
    assert_free(&other, 2);
}

#[test]
fn threads_of_a_process_share_a_heap_and_no_block_is_had_twice() {
    let dir = RuntimeDir::new("heap-threads");
    let heap = created(&dir, &shape(&[(64, 64), (256, 16), (4096, 2)]));
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let heap = &heap;
            scope.spawn(move || {
                let mut held: Vec<(Block, u64)> = Vec::new();
                for round in 0..5000u64 {
                    let mark = thread << 32 | round;
                    if let Ok(block) = heap.alloc([8, 200, 1000][(round % 3) as usize], 8) {
                        // SAFETY: the block is ours alone, has at least 8 bytes and is aligned to 8.
                        unsafe { block.data.cast::<u64>().write(mark) };
                        held.push((block, mark));
                    }
                    if round % 5 < 3 || held.len() > 6 {
                        let Some((block, mark)) = held.pop() else { continue };
                        // SAFETY: as above.
                        assert_eq!(unsafe { block.data.cast::<u64>().read() }, mark, "somebody else wrote here");
                        heap.free(block).unwrap_or_else(|denied| panic!("{denied}"));
                    }
                }
                held.iter().for_each(|&(block, _)| heap.free(block).expect("it is ours"));
            });
        }
    });
    assert_free(&heap, 1);
    all_can_be_had(&heap);
}

/// Has blocks in hand, spare ones, ones that it pushed and ones that it popped; then waits to be killed.
fn has_blocks_in_every_state(dir: &Path, seed: &str) {
    let heap = opened(dir);
    let mut count = seed.parse::<u64>().expect("a number");
    let mut random = |end| {
        count = count.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (count >> 33) % end
    };
    let (mut push, mut pop) = (PushEnd::open(&heap, 0).expect("free"), PopEnd::open(&heap, 1).expect("free"));
    let mut held = Vec::new();
    for _ in 0..200 {
        match random(5) {
            0 | 1 => held.extend(heap.alloc([64, 1000, 70_000][random(3) as usize], 1).ok()),
            2 if !held.is_empty() => {
                heap.free(held.swap_remove(random(held.len() as u64) as usize)).expect("it is ours");
            }
            3 if !held.is_empty() && push.depth() < 4 => {
                let block: Block = held.swap_remove(random(held.len() as u64) as usize);
                push.push(block).expect("there is room");
            }
            _ => held.extend(pop.pop(0).ok()),
        }
    }
    say("ready");
    hear();
    held.iter().for_each(|&block| heap.free(block).expect("it is ours"));
}

#[test]
fn a_process_killed_with_blocks_in_every_state_leaves_them_all_to_the_others() {
    let dir = RuntimeDir::new("heap-killed");
    let mut random = Random::new("a_process_killed_with_blocks_in_every_state_leaves_them_all_to_the_others");
    let heap = created(&dir, &shape(&[(64, 128), (1024, 32), (70_000, 5)]));
    for round in 0..6u64 {
        let mut push = PushEnd::open(&heap, 1).unwrap_or_else(|error| panic!("{error}"));
        while push.depth() < 4 {
            push.push(block(&heap, 64)).expect("there is room");
        }
        let other = Other::start("has blocks in every state", &dir, &random.next().to_string());
        assert_eq!(other.heard(), "ready");
        other.kill();
        // What it pushed is still there, in order and whole; what it did not pop is too.
        let mut pop = PopEnd::open(&heap, 0).unwrap_or_else(|error| panic!("{error}"));
        while let Ok(block) = pop.pop(0) {
            assert!([64, 1024, 70_000].contains(&block.size));
            heap.free(block).expect("it is ours");
        }
        drop(push);
        let mut rest = PopEnd::open(&heap, 1).unwrap_or_else(|error| panic!("{error}"));
        while let Ok(block) = rest.pop(0) {
            heap.free(block).expect("it is ours");
        }
        assert_eq!(heap.audit().recoveries, round + 1);
        assert_free(&heap, 1);
        all_can_be_had(&heap);
    }
}

fn takes_what_it_can(dir: &Path, _: &str) {
    let heap = opened(dir);
    let held: Vec<Block> = std::iter::from_fn(|| heap.alloc(64, 1).ok()).collect();
    say(&held.len().to_string());
    hear();
}

#[test]
fn an_allocation_that_finds_nothing_takes_what_the_dead_had() {
    let dir = RuntimeDir::new("heap-short");
    let heap = created(&dir, &shape(&[(64, 32)]));
    let other = Other::start("takes what it can", &dir, "");
    assert_eq!(other.heard(), "32");
    assert_eq!(heap.alloc(64, 1).map_err(|denied| denied.fault()), Err(Fault::Memory), "they are a living process's");
    other.kill();
    assert!(heap.alloc(64, 1).is_ok(), "and come back without being asked for");
}

#[test]
fn a_heap_in_scratch_is_this_process_s_alone_and_leaves_nothing() {
    let dir = RuntimeDir::new("heap-scratch");
    let scratch = HeapShape { memory: MemoryClass::LocalScratch, ..shape(&[(64, 64), (4096, 4)]) };
    let (one, two) = (created(&dir, &scratch), created(&dir, &scratch));
    assert_eq!(place(&dir).worlds().expect("it is there"), <[String; 0]>::default());
    assert_eq!(Heap::open(&place(&dir), "heap", None).expect_err("no name leads to it").fault, Fault::NotFound);
    let (a, b) = (block(&one, 64), block(&two, 64));
    assert_ne!(a.data, b.data, "two heaps of one name");
    assert!(one.free(b).is_err() && one.resolve(b.reference).is_err(), "a reference is of one heap");
    // Between the threads of a process its queues work as any.
    let (mut push, mut pop) = (PushEnd::open(&two, 0).expect("free"), PopEnd::open(&two, 0).expect("free"));
    std::thread::scope(|scope| {
        let heap = &two;
        scope.spawn(move || {
            for number in 0..100u64 {
                let block = block(heap, 64);
                // SAFETY: the block is ours alone and has at least 8 bytes.
                unsafe { block.data.cast::<u64>().write(number) };
                while push.push(block).is_err() {}
            }
        });
        for number in 0..100u64 {
            let block = pop.pop(LONG_NS).expect("it comes");
            // SAFETY: as above.
            assert_eq!(unsafe { block.data.cast::<u64>().read() }, number);
            heap.free(block).expect("it is ours");
        }
    });
    for name in ["", "a/b", &"x".repeat(300)] {
        let error = Heap::create(&place(&dir), name, &scratch, Barrier::Membarrier).expect_err("that is no name");
        assert_eq!(error.fault, Fault::Name);
    }
}

/// Everything in a block's name, or in where it says that it lies, counts.
#[test]
fn a_block_of_another_heap_or_a_forged_one_is_neither_freed_nor_pushed() {
    let dir = RuntimeDir::new("heap-stranger");
    let scratch = HeapShape { memory: MemoryClass::LocalScratch, ..shape(&[(64, 64), (4096, 4)]) };
    let (one, two, same) = (created(&dir, &scratch), created(&dir, &scratch), created(&dir, &shape(&[(64, 64)])));
    let mut push = PushEnd::open(&one, 0).expect("free");
    for size in [64, 4096] {
        let (mine, theirs) = (block(&one, size), block(&two, size));
        let place = Handed::from(mine);
        let forged = [
            Handed { data: place.data.wrapping_add(1), ..place },
            Handed { data: place.data.wrapping_sub(size as usize), ..place },
            Handed { data: std::ptr::null(), ..place },
            Handed { data: theirs.data.as_ptr(), ..place },
            Handed { reference: theirs.reference, ..place },
            theirs.into(),
            block(&same, 64).into(),
        ];
        let bits = (0..64).map(|bit| Handed { reference: place.reference ^ 1 << bit, ..place });
        for handed in forged.into_iter().chain(bits) {
            assert_eq!(
                one.free(handed).map_err(|denied| denied.denial),
                Err(Denial::NotHeld),
                "{handed:?} of {mine:?}"
            );
            assert_eq!(push.push(handed), Err(Stop::Fault(Fault::State)), "{handed:?} of {mine:?}");
        }
        assert_eq!(one.resolve(mine.reference), Ok(mine), "it stayed in our hands");
        assert_eq!((one.free(mine), two.free(theirs)), (Ok(()), Ok(())));
    }
    assert_eq!(push.depth(), 0);
    all_can_be_had(&one);
}

/// Kilobytes that this process has locked.
fn locked() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc is mounted");
    let line = status.lines().find_map(|line| line.strip_prefix("VmLck:")).expect("it is told");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}

/// Gives up the right to lock any amount, lowers the limit and tries to pin more.
fn may_lock_little(dir: &Path, _: &str) {
    let pinned = HeapShape { memory: MemoryClass::PinnedRemote, ..shape(&[(4096, 64)]) };
    let before = locked();
    let heap = created(dir, &pinned);
    say(if locked() - before >= 256 { "locked" } else { "not locked" });
    drop(heap);
    assert_eq!(locked(), before, "what is closed is not locked any more");
    let header: [u32; 2] = [0x2008_0522, 0];
    let mut data: [u32; 6] = [0; 6];
    let limit = libc::rlimit { rlim_cur: 65_536, rlim_max: 65_536 };
    // SAFETY: the header asks for this thread's capabilities in the third version, which has two triples of words;
    // all are variables of this function.
    unsafe {
        libc::syscall(libc::SYS_capget, header.as_ptr(), data.as_mut_ptr());
        // CAP_IPC_LOCK is the fifteenth, in the effective, permitted and inheritable words of the first triple.
        data[..3].iter_mut().for_each(|word| *word &= !(1 << 14));
        assert_eq!(libc::syscall(libc::SYS_capset, header.as_ptr(), data.as_ptr()), 0);
        assert_eq!(libc::setrlimit(libc::RLIMIT_MEMLOCK, &limit), 0);
    }
    say(&refused(dir, &pinned).message);
    assert!(!place(dir).worlds().expect("it is there").contains(&"heap".to_owned()), "nothing is left of it");
    let heap = created(dir, &HeapShape { memory: MemoryClass::PinnedRemote, ..shape(&[(4096, 8)]) });
    say(if heap.alloc(4096, 4096).is_ok() { "fits" } else { "does not fit" });
}

#[test]
fn a_pinned_heap_is_locked_in_memory_as_far_as_the_process_may() {
    let dir = RuntimeDir::new("heap-pinned");
    let said = Other::start("may lock little", &dir, "").all();
    assert_eq!([said[0].as_str(), said[2].as_str()], ["locked", "fits"], "{said:?}");
    assert!(said[1].contains("262144 bytes") && said[1].contains("may lock 65536 bytes"), "{}", said[1]);
    assert!(said[1].contains("ulimit -l"), "{}", said[1]);
}

#[test]
fn what_the_machine_cannot_carry_is_refused_with_the_number_and_takes_nothing() {
    let dir = RuntimeDir::new("heap-too-large");
    // 2 TiB fit the format and no machine here; 64 TiB do not fit the format.
    for memory in [MemoryClass::PagedExchange, MemoryClass::PinnedRemote, MemoryClass::LocalScratch] {
        let huge = HeapShape { memory, ..shape(&[(64 << 20, 1 << 15)]) };
        let error = refused(&dir, &huge);
        assert_eq!(error.fault, Fault::Memory, "{error}");
        let bytes = huge.classes[0].count as u64 * huge.classes[0].size as u64;
        let said: u64 = error.message.split(' ').filter_map(|word| word.parse().ok()).next().expect("a number");
        assert!(said > bytes && error.message.contains("bytes are left"), "{error}");
        let error = refused(&dir, &HeapShape { memory, ..shape(&[(64 << 20, (1 << 20) - 1)]) });
        assert_eq!(error.fault, Fault::Argument, "{error}");
        assert!(error.message.contains("4398046511104 bytes") || error.message.contains("1048575"), "{error}");
    }
    assert!(place(&dir).worlds().expect("it is there").is_empty(), "nothing is left of it");
    let slots = refused(&dir, &shape(&[(64, 1 << 19), (128, 1 << 19)]));
    assert!(slots.fault == Fault::Argument && slots.message.contains("1048576 blocks"), "{slots}");
}

#[test]
fn another_shape_is_refused_and_none_takes_the_heap_as_it_is() {
    let dir = RuntimeDir::new("heap-shape");
    let made = shape(&[(64, 8)]);
    let heap = created(&dir, &made);
    let open = |expected: Option<&HeapShape>| Heap::open(&place(&dir), "heap", expected);
    assert_eq!(open(None).map(|heap| heap.shape().clone()), Ok(made.clone()));
    assert!(open(Some(&made)).is_ok());
    let others = [
        shape(&[(64, 9)]),
        HeapShape { queues: Vec::new(), ..made.clone() },
        HeapShape { cap_slots: 1, ..made.clone() },
        HeapShape { memory: MemoryClass::PinnedRemote, ..made.clone() },
    ];
    for other in &others {
        let error = open(Some(other)).expect_err("it has another shape");
        assert!(error.fault == Fault::Contract && error.message.contains(r#""count":8"#), "{error}");
        assert!(Heap::open_or_create(&place(&dir), "heap", other, Some(other), Barrier::Fences).is_err());
    }
    assert!(Heap::open_or_create(&place(&dir), "heap", &others[0], None, Barrier::Fences).is_ok());
    drop(heap);
    let control = default_classes(MemoryClass::ControlHeap);
    assert!(control.iter().all(|class| class.size <= 4096) && !control.is_empty());
}

#[test]
fn names_of_blocks_are_never_used_twice_soon() {
    let dir = RuntimeDir::new("heap-names");
    let heap = created(&dir, &shape(&[(64, 32), (70_000, 2)]));
    let mut seen = BTreeSet::new();
    for round in 0..2000u64 {
        let block = block(&heap, if round % 2 == 0 { 64 } else { 70_000 });
        assert!(seen.insert(block.reference), "{:#x} was used before", block.reference);
        heap.free(block).expect("it is ours");
    }
}

#[test]
fn a_limit_of_memory_is_looked_up_where_there_is_one() {
    let left = vil_core::sys::process::memory_left();
    if left.is_none() {
        skip("the machine's free memory", "it is not told");
        return;
    }
    assert!(left.is_some_and(|left| left > 1 << 20), "{left:?}");
}

//! A heap and its queues between two processes, in C99, C++17 and Rust: blocks go one way and half of them come back, and
//! in the end every block is free. And what the Rust wrapper promises on its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use vil::{Block, Heap, HeapOptions, Memory, Popper, Pusher, QueueKind, QueueShape, Status, WhenFull};
use vil_tests::artifact::root;
use vil_tests::cc::{Compile, c_compiler, cpp_compiler};
use vil_tests::pipeline::finish;
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::scratch::Scratch;

const COUNT: u64 = 10_000;

/// Both programs, compiled once for a test.
struct Pair {
    scratch: Scratch,
}

#[derive(Debug, Clone, Copy)]
enum Language {
    C,
    Cpp,
    Rust,
}

impl Pair {
    fn new() -> Pair {
        let (scratch, here) = (Scratch::new("heap-pair"), root().join("tests/tests/heap"));
        Compile::new(&c_compiler(), "c99", scratch.join("c")).source(here.join("pair.c")).link_shared().expect();
        let cpp = Compile::new(&cpp_compiler(), "c++17", scratch.join("cpp")).source(here.join("pair.cpp"));
        cpp.arg("-fno-exceptions").arg("-fno-rtti").link_shared().expect();
        Pair { scratch }
    }

    fn program(&self, language: Language) -> Option<PathBuf> {
        match language {
            Language::C => Some(self.scratch.join("c")),
            Language::Cpp => Some(self.scratch.join("cpp")),
            Language::Rust => None,
        }
    }

    /// A process in a role; Rust's is the test itself, later.
    fn start(&self, language: Language, role: &str, dir: &Path) -> Option<Child> {
        let mut command = Command::new(self.program(language)?);
        command.args([role, &COUNT.to_string()]).env("VIL_RUNTIME_DIR", dir);
        Some(command.spawn().expect("the program starts"))
    }

    fn meet(&self, pusher: Language, popper: Language) {
        let dir = RuntimeDir::new("heap-pair");
        let others = [self.start(pusher, "push", &dir), self.start(popper, "pop", &dir)];
        if matches!(pusher, Language::Rust) {
            push_all(&dir);
        }
        if matches!(popper, Language::Rust) {
            pop_all(&dir);
        }
        for output in others.into_iter().flatten().map(finish) {
            assert!(output.status.success(), "{pusher:?} to {popper:?}: {}", output.status);
        }
        let heap = HeapOptions::new().runtime_dir(&*dir).open("pair").expect("it is there");
        let audit = heap.audit().expect("the handle is open");
        assert_eq!((audit.free_slots, audit.processes), (audit.slots, 1), "{pusher:?} to {popper:?}: {audit:?}");
        let counts: Vec<_> = heap.queues().map(|queue| (queue.pushed, queue.popped, queue.depth)).collect();
        assert_eq!(counts, [(COUNT, COUNT, 0), (COUNT / 2, COUNT / 2, 0)]);
    }
}

/// The shape of `pair.c`.
fn options(dir: &Path) -> HeapOptions {
    let queue = |capacity| QueueShape { capacity, deadline: Duration::from_millis(100), ..QueueShape::default() };
    HeapOptions::new().class(64, 512).class(4096, 128).queue(queue(32)).queue(queue(64)).runtime_dir(dir)
}

fn size(number: u64) -> usize {
    if number.is_multiple_of(3) { 4096 } else { 8 }
}

fn push<'h>(pusher: &Pusher<'h>, mut block: Block<'h>) {
    while let Err(unpushed) = pusher.push(block) {
        assert!([Status::TIMEOUT, Status::PEER_GONE].contains(&unpushed.status), "{unpushed}");
        block = unpushed.block.expect("it is still ours");
    }
}

fn pop<'h>(popper: &Popper<'h>) -> Block<'h> {
    loop {
        match popper.pop(Duration::MAX) {
            Ok(block) => return block,
            Err(status) => assert_eq!(status, Status::PEER_GONE),
        }
    }
}

fn push_all(dir: &Path) {
    let heap = options(dir).open_or_create("pair").unwrap_or_else(|error| panic!("{error}"));
    let (out, back) = (Pusher::open(&heap, 0).expect("free"), Popper::open(&heap, 1).expect("free"));
    let mut returned = 0;
    for number in 0..COUNT {
        let mut block = heap.alloc(size(number), 8).unwrap_or_else(|error| panic!("{error}"));
        block[..8].copy_from_slice(&number.to_le_bytes());
        push(&out, block);
        returned += back.pop_batch(Duration::ZERO, 64).map_or(0, |blocks| blocks.len() as u64);
    }
    (returned..COUNT / 2).for_each(|_| drop(pop(&back)));
}

fn pop_all(dir: &Path) {
    let heap = options(dir).open_or_create("pair").unwrap_or_else(|error| panic!("{error}"));
    let (taken, back) = (Popper::open(&heap, 0).expect("free"), Pusher::open(&heap, 1).expect("free"));
    for number in 0..COUNT {
        let block = pop(&taken);
        assert_eq!(block[..8], number.to_le_bytes());
        assert_eq!(block.len(), size(number).max(64));
        if number % 2 == 1 {
            push(&back, block);
        }
    }
}

#[test]
fn blocks_pass_between_processes_of_all_languages_and_none_is_lost() {
    let pair = Pair::new();
    for (pusher, popper) in [
        (Language::C, Language::C),
        (Language::C, Language::Cpp),
        (Language::Cpp, Language::Rust),
        (Language::Rust, Language::C),
    ] {
        pair.meet(pusher, popper);
    }
}

#[test]
fn a_block_in_rust_is_freed_when_it_goes_and_comes_back_from_a_push_that_failed() {
    let dir = RuntimeDir::new("heap-rust");
    let fails = QueueShape { capacity: 2, when_full: WhenFull::Fails, ..QueueShape::default() };
    let drops = QueueShape { when_full: WhenFull::DropsNewest, ..fails };
    let heap = HeapOptions::new().class(64, 32).queue(fails).queue(drops).runtime_dir(&*dir).create("heap");
    let heap = heap.unwrap_or_else(|error| panic!("{error}"));
    let held = || heap.classes().next().expect("there is a class").held_blocks;
    let (first, second) = (heap.alloc(64, 64).expect("free"), heap.alloc(1, 1).expect("free"));
    assert_eq!((held(), first.len(), second.as_ptr() as usize % 8), (2, 64, 0));
    drop(second);
    assert_eq!(held(), 1);
    let reference = first.leak();
    assert_eq!(held(), 1, "what is leaked stays ours");
    // SAFETY: it was just leaked.
    let first = unsafe { heap.adopt(reference) }.expect("it is ours");
    let (push, pop) = (Pusher::open(&heap, 0).expect("free"), Popper::open(&heap, 0).expect("free"));
    push.push(first).expect("there is room");
    push.push(heap.alloc(8, 8).expect("free")).expect("there is room");
    let full = push.push(heap.alloc(8, 8).expect("free")).expect_err("there is none");
    assert_eq!((full.status, full.block.is_some(), held()), (Status::FULL, true, 1));
    drop(full);
    assert_eq!((held(), push.depth(), pop.depth()), (0, Ok(2), Ok(2)));
    // SAFETY: on purpose: it was pushed, so it is not found.
    assert_eq!(unsafe { heap.adopt(reference) }.map(drop), Err(Status::E_STATE));
    let both = pop.pop_batch(Duration::ZERO, 256).expect("there are two");
    assert_eq!((both.len(), held()), (2, 2));
    assert_eq!(pop.pop(Duration::ZERO).map(drop), Err(Status::EMPTY));
    drop(both);
    let drops = Pusher::open(&heap, 1).expect("free");
    for _ in 0..2 {
        drops.push(heap.alloc(8, 8).expect("free")).expect("there is room");
    }
    let dropped = drops.push(heap.alloc(8, 8).expect("free")).expect_err("there is none");
    assert_eq!((dropped.status, dropped.block.is_none(), held()), (Status::DROPPED, true, 0));
    assert_eq!(heap.queues().nth(1).map(|queue| (queue.depth, queue.dropped)), Some((2, 1)));
}

#[test]
fn a_batch_in_rust_leaves_what_it_could_not_push_and_a_heap_says_what_it_is() {
    let fails = QueueShape { capacity: 512, when_full: WhenFull::Fails, ..QueueShape::default() };
    let drops = QueueShape { capacity: 2, when_full: WhenFull::DropsNewest, ..fails };
    let scratch = HeapOptions::new().memory(Memory::LocalScratch).fences(true);
    let scratch = scratch.class(64, 1024).queue(fails).queue(drops).cap_blocks(1024).create("scratch");
    let heap = scratch.unwrap_or_else(|error| panic!("{error}"));
    let (push, pop) = (Pusher::open(&heap, 0).expect("free"), Popper::open(&heap, 0).expect("free"));
    let block = |number: u16| {
        let mut block = heap.alloc(2, 2).expect("free");
        block[..2].copy_from_slice(&number.to_le_bytes());
        block
    };
    // More than one call takes, and more than there is room for.
    let mut blocks: Vec<_> = (0..600).map(block).collect();
    assert_eq!(push.push_batch(&mut blocks), Err(Status::FULL));
    assert_eq!((blocks.len(), push.depth()), (88, Ok(512)));
    assert_eq!(blocks[0][..2], 512u16.to_le_bytes(), "the first that stayed");
    let popped = pop.pop_batch(Duration::ZERO, 256).expect("there are more");
    assert!(popped.len() == 256 && popped[255][..2] == 255u16.to_le_bytes());
    assert_eq!((push.push_batch(&mut blocks), blocks.len(), push.depth()), (Ok(()), 0, Ok(344)));
    assert_eq!(push.push_batch(&mut blocks), Ok(()), "nothing is pushed by nothing");
    let drops = Pusher::open(&heap, 1).expect("free");
    blocks.extend((0..5).map(block));
    assert_eq!((drops.push_batch(&mut blocks), blocks.len(), drops.depth()), (Err(Status::DROPPED), 0, Ok(2)));
    drop(popped);
    let held = heap.classes().next().expect("there is a class").held_blocks;
    assert_eq!(held, 0, "each is in one place");
    let info = heap.info().expect("the handle is open");
    assert_eq!((info.memory, info.class_count, info.queue_count), (Some(Memory::LocalScratch), 1, 2));
    assert!(info.cap_blocks == 1024 && info.cap_bytes == 0 && info.total_bytes > 1024 * 128);
}

#[test]
fn an_end_in_rust_goes_with_its_owner_to_another_thread() {
    let scratch = HeapOptions::new().memory(Memory::LocalScratch).queue(QueueShape::default()).create("scratch");
    let heap = scratch.unwrap_or_else(|error| panic!("{error}"));
    let (push, pop) = (Pusher::open(&heap, 0).expect("free"), Popper::open(&heap, 0).expect("free"));
    std::thread::scope(|scope| {
        let heap = &heap;
        scope.spawn(move || {
            for number in 0..100u8 {
                let mut block = heap.alloc(1, 1).expect("free");
                block[0] = number;
                push.push(block).expect("there is room");
            }
        });
        for number in 0..100u8 {
            let block = loop {
                match pop.pop(Duration::from_secs(20)) {
                    Ok(block) => break block,
                    Err(status) => assert_eq!(status, Status::PEER_GONE),
                }
            };
            assert_eq!(block[0], number);
        }
    });
}

#[test]
fn what_a_heap_cannot_be_is_refused_in_rust_with_the_limit() {
    let dir = RuntimeDir::new("heap-refused");
    let base = || HeapOptions::new().runtime_dir(&*dir);
    let capacity = |capacity| QueueShape { capacity, kind: QueueKind::Spsc, ..QueueShape::default() };
    for (options, words) in [
        (base().class(64, 0), "1 to 1048575"),
        (base().class(63, 1), "64 to 67108864"),
        (base().memory(Memory::ControlHeap).class(8192, 1), "64 to 4096"),
        (base().queue(capacity(0)), "a power of two from 1 to 65536"),
        (base().queue(capacity(12)), "a power of two from 1 to 65536"),
        (base().max_processes(1023), "1 to 1022"),
        (base().class(64, 1).class(64, 1), "sizes ascend"),
    ] {
        let error = options.create("heap").expect_err("it is not to be had");
        assert!(error.status == Status::E_ARGUMENT && error.message.contains(words), "{error}");
    }
    for name in ["", "a/b", &"x".repeat(300)] {
        assert_eq!(base().create(name).expect_err("that is no name").status, Status::E_NAME);
    }
    let heap = base().class(128, 16).cap_blocks(2).cap_bytes(1 << 20).create("heap").expect("it can be had");
    let both = [heap.alloc(128, 128).expect("free"), heap.alloc(128, 128).expect("free")];
    let error = heap.alloc(1, 1).expect_err("that would be three");
    assert!(error.status == Status::E_LIMIT && error.message.contains("2 blocks and 1048576 bytes"), "{error}");
    let error = heap.alloc(1, 3).expect_err("that is no alignment");
    assert!(error.status == Status::E_ARGUMENT && error.message.contains("1 to 4096"), "{error}");
    drop(both);
    assert_eq!(Heap::open("nowhere").expect_err("there is none").status, Status::E_NOT_FOUND);
}

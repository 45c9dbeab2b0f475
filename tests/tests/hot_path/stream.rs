//! Messages from end to end in one process through the Rust crate: `vil-hot-path count LANE [malloc]` prints how often the
//! allocator was called, `vil-hot-path steps LANE MESSAGES` runs between two breakpoints for a tracer. LANE is slots or cells.
//! What it streams are the messages of a golden program. Never waits.

#[path = "../golden/pipeline/rust/demo_line.rs"]
mod demo_line;

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use demo_line::{Alarm, Reading, Sink, Source};
use vil::{IncomingBatch, LoanBatch, Message, Receiver, Sender};

/// Messages until everything has been touched, a multiple of 64 so that the next one has a stamp; and while it is counted.
const WARM_UP: u64 = 2048;
const COUNTED: u64 = 20_000;

/// The system's allocator, counted.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // ORDER: Relaxed, a counter publishes nothing.
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // ORDER: as in `alloc`.
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations() -> u64 {
    // ORDER: as in `alloc`.
    ALLOCATIONS.load(Ordering::Relaxed)
}

/// Begins and ends what a tracer looks at; one place, so that it knows the end when it comes there again.
#[inline(never)]
fn mark() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a breakpoint changes nothing; the tracer goes on behind it.
    unsafe {
        core::arch::asm!("int3")
    };
}

/// Messages of one batch, if as many may be on loan.
const BATCH: usize = 16;

/// `count` messages in batches: loaned and published together, received and released together.
fn in_batches<T: Message + PartialEq>(sender: &Sender<T>, receiver: &Receiver<T>, message: T, count: usize) {
    let mut loans = LoanBatch::<T, BATCH>::new(sender);
    let mut messages = IncomingBatch::<T, BATCH>::new(receiver);
    let mut sent = 0;
    while sent < count {
        let most = BATCH.min(count - sent);
        let taken = loans.take(most).unwrap_or_else(|status| panic!("loans: {status}"));
        sent += taken;
        loans.iter_mut().for_each(|place| *place = message);
        loans.publish().unwrap_or_else(|status| panic!("publish: {status}"));
        let mut received = 0;
        while received < taken {
            received += messages.receive(Duration::ZERO, BATCH).unwrap_or_else(|status| panic!("receive: {status}"));
            assert!(messages.iter().all(|incoming| *incoming == message), "another message");
            messages.release().unwrap_or_else(|status| panic!("release: {status}"));
        }
    }
}

/// The same messages sent and read as copies: one by one, and in batches.
fn sent<T: Message + PartialEq>(sender: &Sender<T>, receiver: &Receiver<T>, message: T, count: usize) {
    let (messages, mut copies) = ([message; BATCH], [message; BATCH]);
    for _ in 0..count / BATCH {
        for _ in 0..BATCH {
            sender.send(&message).unwrap_or_else(|status| panic!("send: {status}"));
            let read = receiver.read(Duration::ZERO).unwrap_or_else(|status| panic!("read: {status}"));
            assert!(read == message, "another message");
        }
        sender.send_batch(&messages).unwrap_or_else(|unsent| panic!("send: {unsent}"));
        let mut read = 0;
        while read < BATCH {
            let more = receiver.read_batch(Duration::ZERO, &mut copies);
            read += more.unwrap_or_else(|status| panic!("read: {status}"));
        }
        assert!(copies.iter().all(|copy| *copy == message), "another message");
    }
}

/// Loan, write, publish, receive, look, release.
fn stream<T: Message + PartialEq>(sender: &Sender<T>, receiver: &Receiver<T>, message: T, count: u64) {
    for _ in 0..count {
        let mut loan = sender.loan().unwrap_or_else(|status| panic!("loan: {status}"));
        *loan = message;
        loan.publish().unwrap_or_else(|held| panic!("publish: {held}"));
        let incoming = receiver.receive(Duration::ZERO).unwrap_or_else(|status| panic!("receive: {status}"));
        assert!(*incoming == message, "another message");
        incoming.release();
    }
}

fn run<T: Message + PartialEq>(sender: &Sender<T>, receiver: &Receiver<T>, message: T, arguments: &[String]) {
    stream(sender, receiver, message, WARM_UP);
    in_batches(sender, receiver, message, 64);
    sent(sender, receiver, message, 64);
    if arguments[0] == "steps" {
        let messages = arguments.get(2).and_then(|text| text.parse().ok()).unwrap_or(1);
        mark();
        stream(sender, receiver, message, messages);
        in_batches(sender, receiver, message, 8);
        sent(sender, receiver, message, BATCH);
        mark();
        return;
    }
    let opening = allocations();
    let part = COUNTED as usize / 4;
    stream(sender, receiver, message, COUNTED / 4);
    in_batches(sender, receiver, message, part);
    sent(sender, receiver, message, part);
    if arguments.get(2).is_some_and(|how| how == "malloc") {
        drop(black_box(Box::new(7)));
    }
    let found = allocations() - opening;
    println!("opening.allocations {opening}\nstream.allocations {found}\nstream.messages {COUNTED}");
}

fn main() -> vil::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [_, lane, ..] = &arguments[..] else { panic!("usage: vil-hot-path count|steps LANE [malloc]") };
    let (source, sink) = (Source::open_or_create("stream")?, Sink::open_or_create("stream")?);
    let reading = Reading { time: 1, value: 2.0, site: *b"hot path" };
    match lane.as_str() {
        "slots" => run(&source.readings, &sink.readings, reading, &arguments),
        "cells" => run(&source.alarms, &sink.alarms, Alarm::overheated(3.0), &arguments),
        _ => panic!("no lane {lane}"),
    }
    Ok(())
}

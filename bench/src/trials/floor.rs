//! The floor (H): the same exchange written by hand. A ring of 16-byte cells with the sequence number in the cell, slots that
//! are taken in the ring's order, one head; no ownership, no checks, no recovery. What safety costs is libvil over this.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use vil_bench::arguments::Arguments;
use vil_bench::cores::pin;
use vil_bench::counts::Counts;
use vil_bench::peer::Peer;
use vil_bench::probe::Relax;
use vil_bench::samples::Line;
use vil_bench::shared::Shared;
use vil_bench::{Answer, clock, payload, say_ready};

use crate::batches::Batches;
use crate::warm_up;

/// Two lines: processors fetch them in pairs.
const APART: usize = 128;

/// A cell: which slot, and the number of the message in it, from 1.
#[repr(C)]
struct Cell {
    slot: AtomicU64,
    sequence: AtomicU64,
}

/// A ring with its slots, in shared memory.
struct Lane<'a> {
    head: &'a AtomicU64,
    cells: &'a [Cell],
    slots: *mut u8,
    stride: usize,
    words: usize,
    memory: PhantomData<&'a Shared>,
}

/// Cells and bytes of a message.
#[derive(Clone, Copy)]
struct Shape {
    cells: usize,
    size: usize,
}

impl Shape {
    fn of(arguments: &Arguments) -> Answer<Shape> {
        Ok(Shape { cells: arguments.number("cells", 256)?.next_power_of_two(), size: arguments.size()? })
    }

    fn stride(self) -> usize {
        self.size.next_multiple_of(APART)
    }

    /// Bytes of one lane.
    fn bytes(self) -> usize {
        (APART + self.cells * (size_of::<Cell>() + self.stride())).next_multiple_of(4096)
    }

    fn lane(self, memory: &Shared, index: usize) -> Lane<'_> {
        let start = index * self.bytes();
        assert!(start + self.bytes() <= memory.size(), "a lane lies in its memory");
        // SAFETY: the lane lies inside the memory, which is borrowed; head and cells are atomic words, aligned because a lane
        // starts at a page and `APART` is a multiple of 16.
        unsafe {
            let cells = memory.data().as_ptr().add(start + APART).cast::<Cell>();
            Lane {
                head: memory.at(start),
                cells: std::slice::from_raw_parts(cells, self.cells),
                slots: cells.add(self.cells).cast(),
                stride: self.stride(),
                words: self.size / 8,
                memory: PhantomData,
            }
        }
    }
}

/// The producing end.
struct Producer<'a> {
    lane: Lane<'a>,
    tail: u64,
    head: u64,
}

/// The consuming end.
struct Consumer<'a> {
    lane: Lane<'a>,
    head: u64,
    /// Messages that are given back at once, a power of two.
    chunk: u64,
}

impl<'a> Producer<'a> {
    fn new(lane: Lane<'a>) -> Producer<'a> {
        Producer { lane, tail: 0, head: 0 }
    }

    /// Writes and publishes; waits for room.
    #[inline(always)]
    fn send(&mut self, number: u64, is_filled: bool, relax: Relax) {
        while self.tail.wrapping_sub(self.head) >= self.lane.cells.len() as u64 {
            // ORDER: Acquire, pairs with the Release in `take`; the slot is written after it was read.
            self.head = self.lane.head.load(Ordering::Acquire);
            if self.tail.wrapping_sub(self.head) >= self.lane.cells.len() as u64 {
                relax.once();
            }
        }
        let at = self.tail as usize & (self.lane.cells.len() - 1);
        // SAFETY: the slot lies in the lane, and the consumer is behind it: head has passed it.
        let words = unsafe {
            std::slice::from_raw_parts_mut(self.lane.slots.add(at * self.lane.stride).cast(), self.lane.words)
        };
        payload::write(words, number, is_filled);
        let cell = &self.lane.cells[at];
        // ORDER: Relaxed, the sequence publishes it.
        cell.slot.store(at as u64, Ordering::Relaxed);
        self.tail += 1;
        // ORDER: Release, pairs with the Acquire in `take`; slot and cell are written before it.
        cell.sequence.store(self.tail, Ordering::Release);
    }
}

impl<'a> Consumer<'a> {
    fn new(lane: Lane<'a>) -> Consumer<'a> {
        Consumer { lane, head: 0, chunk: 1 }
    }

    /// Whether there is something.
    #[inline(always)]
    fn has_one(&self) -> bool {
        let cell = &self.lane.cells[self.head as usize & (self.lane.cells.len() - 1)];
        // ORDER: Acquire, pairs with the Release in `send`.
        cell.sequence.load(Ordering::Acquire) == self.head + 1
    }

    /// Waits for a message, reads it, gives it back.
    #[inline(always)]
    fn take(&mut self, number: u64, is_filled: bool, relax: Relax) -> Answer<()> {
        while !self.has_one() {
            relax.once();
        }
        let cell = &self.lane.cells[self.head as usize & (self.lane.cells.len() - 1)];
        // ORDER: Relaxed, the sequence was acquired.
        let at = cell.slot.load(Ordering::Relaxed) as usize;
        // SAFETY: nobody but this program writes cells, so the slot lies in the lane; it is written again after `head`.
        let words =
            unsafe { std::slice::from_raw_parts(self.lane.slots.add(at * self.lane.stride).cast(), self.lane.words) };
        if !payload::is_read(words, number, is_filled) {
            return Err(format!("another message than number {number}"));
        }
        self.head += 1;
        if self.head & (self.chunk - 1) == 0 {
            // ORDER: Release, pairs with the Acquire in `send`; the slots were read before.
            self.lane.head.store(self.head, Ordering::Release);
        }
        Ok(())
    }
}

/// The memory of a trial, made or inherited: one lane there, one back.
fn memory(arguments: &Arguments, shape: Shape) -> Answer<Shared> {
    match arguments.role() {
        None => Shared::create(2 * shape.bytes()),
        Some(_) => Shared::inherited(arguments.number("memory", 0)?, 2 * shape.bytes()),
    }
}

fn started(arguments: &Arguments, memory: &Shared, role: &str) -> Answer<Peer> {
    let mut peer = Peer::start(arguments, role, &[("memory", memory.descriptor().to_string())])?;
    peer.ready()?;
    Ok(peer)
}

/// `vil-trial round-trip floor`.
pub(crate) fn round_trip(arguments: &Arguments) -> Answer<()> {
    let (shape, cores) = (Shape::of(arguments)?, arguments.cores()?);
    let memory = memory(arguments, shape)?;
    let (relax, is_filled) = (Relax::on(cores), arguments.is_filled());
    let (warm_up, trips) = (warm_up(arguments)?, arguments.messages()?);
    if arguments.role().is_some() {
        Peer::is_one()?;
        pin(cores.b)?;
        let (mut there, mut back) = (Consumer::new(shape.lane(&memory, 0)), Producer::new(shape.lane(&memory, 1)));
        say_ready()?;
        for trip in 0..(warm_up + trips) as u64 {
            there.take(trip, is_filled, relax)?;
            back.send(trip, is_filled, relax);
        }
        return Ok(());
    }
    pin(cores.a)?;
    let peer = started(arguments, &memory, "answer")?;
    let (mut there, mut back) = (Producer::new(shape.lane(&memory, 0)), Consumer::new(shape.lane(&memory, 1)));
    let tick = clock::tick_ns();
    let mut times = vec![1.0; trips];
    let mut counts = Counts::now();
    let mut last = clock::now();
    for trip in 0..warm_up + trips {
        there.send(trip as u64, is_filled, relax);
        back.take(trip as u64, is_filled, relax)?;
        let now = clock::now();
        if let Some(at) = trip.checked_sub(warm_up) {
            times[at] = now.wrapping_sub(last) as f64 * tick;
        } else if trip + 1 == warm_up {
            counts = Counts::now();
        }
        last = clock::now();
    }
    let counts = counts.since();
    peer.end()?;
    Line::times(&arguments.benchmark, &arguments.subject, times).with("counts", counts).say();
    Ok(())
}

/// `vil-trial stream floor`.
pub(crate) fn stream(arguments: &Arguments) -> Answer<()> {
    let (shape, cores) = (Shape::of(arguments)?, arguments.cores()?);
    let memory = memory(arguments, shape)?;
    let (relax, is_filled, warm_up) = (Relax::on(cores), arguments.is_filled(), warm_up(arguments)?);
    let mut batches = Batches::new(arguments, warm_up)?;
    if arguments.role().is_some() {
        Peer::is_one()?;
        pin(cores.b)?;
        let mut there = Producer::new(shape.lane(&memory, 0));
        say_ready()?;
        (0..(warm_up + batches.messages()) as u64).for_each(|number| there.send(number, is_filled, relax));
        return Ok(());
    }
    pin(cores.a)?;
    let mut there = Consumer::new(shape.lane(&memory, 0));
    there.chunk = arguments.number("chunk", 1)?.clamp(1, shape.cells).next_power_of_two() as u64;
    let peer = started(arguments, &memory, "produce")?;
    for number in 0..warm_up + batches.messages() {
        there.take(number as u64, is_filled, relax)?;
        batches.received();
    }
    let line = batches.line(arguments);
    peer.end()?;
    line.say();
    Ok(())
}

/// `vil-trial one-thread floor`, `vil-trial empty floor`: `--step all` and `empty`.
pub(crate) fn one_thread(arguments: &Arguments) -> Answer<()> {
    let (shape, cores) = (Shape::of(arguments)?, arguments.cores()?);
    let memory = memory(arguments, shape)?;
    let (relax, warm_up, is_empty) = (Relax::on(cores), warm_up(arguments)?, arguments.text("step") == Some("empty"));
    pin(cores.a)?;
    let (mut producer, mut consumer) = (Producer::new(shape.lane(&memory, 0)), Consumer::new(shape.lane(&memory, 0)));
    let mut batches = Batches::new(arguments, warm_up)?;
    for number in 0..warm_up + batches.messages() {
        if !is_empty {
            producer.send(number as u64, false, relax);
            consumer.take(number as u64, false, relax)?;
        } else if std::hint::black_box(&consumer).has_one() {
            return Err("there was a message".into());
        }
        batches.received();
    }
    batches.line(arguments).say();
    Ok(())
}

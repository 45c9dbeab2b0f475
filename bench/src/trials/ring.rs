//! Bare rings of 16-byte descriptors, written by hand: with the sequence number in the cell, and with two indices that each
//! side keeps a copy of, as rigtorp's queue has them. What libvil's copies in cells are held against.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering};

use vil_bench::Answer;
use vil_bench::arguments::Arguments;
use vil_bench::cores::pin;
use vil_bench::counts::Counts;
use vil_bench::peer::Peer;
use vil_bench::probe::Relax;
use vil_bench::samples::Line;
use vil_bench::shared::Shared;
use vil_bench::{clock, say_ready};

use crate::batches::Batches;
use crate::warm_up;

const CELLS: u64 = 256;

/// Bytes of one ring; pages of its own.
const BYTES: usize = 8192;

/// A descriptor of 16 bytes: the sequence number, or half of the descriptor where indices say what is there.
#[repr(C)]
struct Cell {
    sequence: AtomicU64,
    value: UnsafeCell<u64>,
}

/// A word on lines of its own.
#[repr(C, align(128))]
struct Index(AtomicU64);

#[repr(C)]
struct Ring {
    head: Index,
    tail: Index,
    cells: [Cell; CELLS as usize],
}

/// One end of a ring: its own index, and its copy of the other's.
struct End<'a> {
    ring: &'a Ring,
    own: u64,
    other: u64,
    relax: Relax,
}

/// How a ring says what is there.
trait Way {
    fn send(end: &mut End<'_>, value: u64);
    fn take(end: &mut End<'_>) -> u64;
}

struct Sequence;
struct Indices;

impl<'a> End<'a> {
    fn new(memory: &'a Shared, index: usize, relax: Relax) -> End<'a> {
        // SAFETY: a ring is words that are atomic, or whose writer and reader the ring itself orders; a page is aligned.
        End { ring: unsafe { memory.at(index * BYTES) }, own: 0, other: 0, relax }
    }

    #[inline(always)]
    fn cell(&self) -> &'a Cell {
        &self.ring.cells[(self.own % CELLS) as usize]
    }

    /// Waits until the producer has room.
    #[inline(always)]
    fn room(&mut self) {
        while self.own - self.other >= CELLS {
            // ORDER: Acquire, pairs with the Release of the consumer's index; the cell was read before.
            self.other = self.ring.head.0.load(Ordering::Acquire);
            if self.own - self.other >= CELLS {
                self.relax.once();
            }
        }
    }

    /// The consumer is done with the cell.
    #[inline(always)]
    fn done(&mut self) {
        self.own += 1;
        // ORDER: Release, pairs with the Acquire in `room`.
        self.ring.head.0.store(self.own, Ordering::Release);
    }
}

impl Way for Sequence {
    #[inline(always)]
    fn send(end: &mut End<'_>, value: u64) {
        end.room();
        let cell = end.cell();
        // SAFETY: there is room, so the consumer is done with the cell, and it looks at it again after `sequence`.
        unsafe { cell.value.get().write(value) };
        end.own += 1;
        // ORDER: Release, pairs with the Acquire in `take`.
        cell.sequence.store(end.own, Ordering::Release);
    }

    #[inline(always)]
    fn take(end: &mut End<'_>) -> u64 {
        let cell = end.cell();
        // ORDER: Acquire, pairs with the Release in `send`.
        while cell.sequence.load(Ordering::Acquire) != end.own + 1 {
            end.relax.once();
        }
        // SAFETY: it was written before the sequence, and is written again after `done`.
        let value = unsafe { cell.value.get().read() };
        end.done();
        value
    }
}

impl Way for Indices {
    #[inline(always)]
    fn send(end: &mut End<'_>, value: u64) {
        end.room();
        let cell = end.cell();
        // ORDER: Relaxed, the index publishes it.
        cell.sequence.store(!value, Ordering::Relaxed);
        // SAFETY: as with sequences.
        unsafe { cell.value.get().write(value) };
        end.own += 1;
        // ORDER: Release, pairs with the Acquire in `take`.
        end.ring.tail.0.store(end.own, Ordering::Release);
    }

    #[inline(always)]
    fn take(end: &mut End<'_>) -> u64 {
        while end.other == end.own {
            // ORDER: Acquire, pairs with the Release in `send`.
            end.other = end.ring.tail.0.load(Ordering::Acquire);
            if end.other == end.own {
                end.relax.once();
            }
        }
        let cell = end.cell();
        // SAFETY: it was written before the index, and is written again after `done`.
        let value = unsafe { cell.value.get().read() };
        // ORDER: Relaxed, the index was acquired.
        let other = cell.sequence.load(Ordering::Relaxed);
        end.done();
        if other == !value { value } else { u64::MAX }
    }
}

/// `vil-trial round-trip ring-cell`.
pub(crate) fn round_trip_sequence(arguments: &Arguments) -> Answer<()> {
    round_trip::<Sequence>(arguments)
}

/// `vil-trial round-trip ring-index`.
pub(crate) fn round_trip_indices(arguments: &Arguments) -> Answer<()> {
    round_trip::<Indices>(arguments)
}

/// `vil-trial stream ring-cell`.
pub(crate) fn stream_sequence(arguments: &Arguments) -> Answer<()> {
    stream::<Sequence>(arguments)
}

/// `vil-trial stream ring-index`.
pub(crate) fn stream_indices(arguments: &Arguments) -> Answer<()> {
    stream::<Indices>(arguments)
}

fn memory(arguments: &Arguments) -> Answer<Shared> {
    const { assert!(size_of::<Ring>() <= BYTES) };
    match arguments.role() {
        None => Shared::create(2 * BYTES),
        Some(_) => Shared::inherited(arguments.number("memory", 0)?, 2 * BYTES),
    }
}

fn started(arguments: &Arguments, memory: &Shared) -> Answer<Peer> {
    let mut peer = Peer::start(arguments, "peer", &[("memory", memory.descriptor().to_string())])?;
    peer.ready()?;
    Ok(peer)
}

fn is(value: u64, number: u64) -> Answer<()> {
    if value == number { Ok(()) } else { Err(format!("{value} instead of {number}")) }
}

fn round_trip<W: Way>(arguments: &Arguments) -> Answer<()> {
    let (cores, memory) = (arguments.cores()?, memory(arguments)?);
    let (warm_up, trips) = (warm_up(arguments)?, arguments.messages()?);
    let relax = Relax::on(cores);
    let (mut there, mut back) = (End::new(&memory, 0, relax), End::new(&memory, 1, relax));
    if arguments.role().is_some() {
        Peer::is_one()?;
        pin(cores.b)?;
        say_ready()?;
        for _ in 0..warm_up + trips {
            let value = W::take(&mut there);
            W::send(&mut back, value);
        }
        return Ok(());
    }
    pin(cores.a)?;
    let peer = started(arguments, &memory)?;
    let tick = clock::tick_ns();
    let mut times = vec![1.0; trips];
    let mut counts = Counts::now();
    let mut last = clock::now();
    for trip in 0..warm_up + trips {
        W::send(&mut there, trip as u64);
        is(W::take(&mut back), trip as u64)?;
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

fn stream<W: Way>(arguments: &Arguments) -> Answer<()> {
    let (cores, memory, warm_up) = (arguments.cores()?, memory(arguments)?, warm_up(arguments)?);
    let mut batches = Batches::new(arguments, warm_up)?;
    let mut there = End::new(&memory, 0, Relax::on(cores));
    if arguments.role().is_some() {
        Peer::is_one()?;
        pin(cores.b)?;
        say_ready()?;
        (0..(warm_up + batches.messages()) as u64).for_each(|number| W::send(&mut there, number));
        return Ok(());
    }
    pin(cores.a)?;
    let peer = started(arguments, &memory)?;
    for number in 0..warm_up + batches.messages() {
        is(W::take(&mut there), number as u64)?;
        batches.received();
    }
    let line = batches.line(arguments);
    peer.end()?;
    line.say();
    Ok(())
}

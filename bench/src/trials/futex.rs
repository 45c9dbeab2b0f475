//! What the kernel takes for waking a process: round trips of words in shared memory, by futexes alone. `futex` sleeps at
//! once, `floor` polls for 20 us before it does, as libvil does. No ring, no message, no deadline, nobody looked after.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use rustix::thread::futex;
use vil_bench::arguments::Arguments;
use vil_bench::cores::pin;
use vil_bench::peer::Peer;
use vil_bench::shared::Shared;
use vil_bench::{Answer, clock, say_ready};

use crate::wake::{Manner, Times, WARM_UP};

/// How long `floor` polls.
const POLLED: Duration = Duration::from_micros(20);

/// A side's letter box.
#[repr(C, align(128))]
struct Box {
    /// Number of the letter that lies here, from 1.
    number: AtomicU32,
    /// Whether its owner sleeps or is about to.
    sleeps: AtomicU32,
    sent: AtomicU64,
    beside: AtomicU64,
}

impl Box {
    fn put(&self, number: u32, beside: u64) -> Answer<()> {
        // ORDER: Relaxed, published by the number.
        self.beside.store(beside, Ordering::Relaxed);
        // ORDER: Relaxed, as above.
        self.sent.store(clock::now(), Ordering::Relaxed);
        // ORDER: SeqCst, pairs with the SeqCst in `take`: we see the sleeper, or it sees the number.
        self.number.store(number, Ordering::SeqCst);
        // ORDER: SeqCst, as above.
        if self.sleeps.load(Ordering::SeqCst) == 1 {
            futex::wake(&self.number, futex::Flags::empty(), 1).map_err(|error| format!("futex: {error}"))?;
        }
        Ok(())
    }

    /// When letter `number` was sent, and what it carries beside.
    fn take(&self, number: u32, polled: Duration) -> (u64, u64) {
        if !self.is_polled(number, polled) {
            // ORDER: SeqCst, pairs with the SeqCst in `put`.
            self.sleeps.store(1, Ordering::SeqCst);
            // ORDER: SeqCst, as above.
            while self.number.load(Ordering::SeqCst) != number {
                // An error means that the number is another by now.
                let _ = futex::wait(&self.number, futex::Flags::empty(), number - 1, None);
            }
            // ORDER: Relaxed, at worst there is a wake-up for nobody.
            self.sleeps.store(0, Ordering::Relaxed);
        }
        // ORDER: Relaxed, both were published by the number.
        (self.sent.load(Ordering::Relaxed), self.beside.load(Ordering::Relaxed))
    }

    fn is_polled(&self, number: u32, polled: Duration) -> bool {
        let ticks = (polled.as_nanos() as f64 / clock::tick_ns()) as u64;
        let start = clock::now();
        while !polled.is_zero() && clock::now().wrapping_sub(start) < ticks {
            // ORDER: Acquire, pairs with the store in `put`.
            if self.number.load(Ordering::Acquire) == number {
                return true;
            }
            std::hint::spin_loop();
        }
        false
    }
}

/// Both letter boxes.
struct Boxes(Shared);

impl Boxes {
    fn there(&self) -> &Box {
        // SAFETY: words and padding, aligned to 128 at the start of a page, all changed atomically.
        unsafe { self.0.at(0) }
    }

    fn back(&self) -> &Box {
        // SAFETY: as above, aligned to 128.
        unsafe { self.0.at(512) }
    }
}

/// `vil-trial wake futex|floor`.
pub(crate) fn trial(arguments: &Arguments) -> Answer<()> {
    let polled = if arguments.subject == "floor" { POLLED } else { Duration::ZERO };
    if arguments.role().is_some() { answer(arguments, polled) } else { ask(arguments, polled) }
}

fn ask(arguments: &Arguments, polled: Duration) -> Answer<()> {
    let (cores, trips, manner) = (arguments.cores()?, arguments.messages()?, Manner::of(arguments)?);
    let boxes = Boxes(Shared::create(4096)?);
    let mut peer = Peer::start(arguments, "answer", &[("memory", boxes.0.descriptor().to_string())])?;
    peer.ready()?;
    pin(cores.a)?;
    clock::tick_ns();
    let mut times = Times::new(trips);
    for trip in 0..WARM_UP + trips {
        manner.rest();
        boxes.there().put(trip as u32 + 1, 0)?;
        let (sent, there) = boxes.back().take(trip as u32 + 1, polled);
        times.back(trip, trip as u64, clock::now().wrapping_sub(sent).wrapping_add(there))?;
    }
    peer.end()?;
    times.line(arguments).say();
    Ok(())
}

fn answer(arguments: &Arguments, polled: Duration) -> Answer<()> {
    Peer::is_one()?;
    let (cores, manner) = (arguments.cores()?, Manner::of(arguments)?);
    let boxes = Boxes(Shared::inherited(arguments.number("memory", 0)?, 4096)?);
    pin(cores.b)?;
    clock::tick_ns();
    say_ready()?;
    for trip in 0..WARM_UP + arguments.messages()? {
        let (sent, _) = boxes.there().take(trip as u32 + 1, polled);
        let there = clock::now().wrapping_sub(sent);
        manner.rest();
        boxes.back().put(trip as u32 + 1, there)?;
    }
    Ok(())
}

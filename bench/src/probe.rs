//! The placement probe: the round trip of one bare cache line between the two processors of a run, in nanoseconds (L).
//!
//! Where processors are lent by a hypervisor they move; near each other a line costs 60 ns, far apart 320. So no figure is
//! said without the probes around it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::cores::{Cores, pin};
use crate::{Answer, clock};

/// Round trips of a probe. 20,000 take some milliseconds.
pub const TRIPS: u64 = 20_000;

/// A word on two lines of its own, because processors fetch lines in pairs.
#[repr(C, align(128))]
#[derive(Debug, Default)]
pub struct Line(AtomicU64);

impl Line {
    /// Waits until it says `value`.
    #[inline(always)]
    pub fn wait(&self, value: u64, relax: Relax) {
        // ORDER: Acquire, pairs with the Release in `say`; what was written before it was said is seen.
        while self.0.load(Ordering::Acquire) != value {
            relax.once();
        }
    }

    /// Says `value`.
    #[inline(always)]
    pub fn say(&self, value: u64) {
        // ORDER: Release, pairs with the Acquire in `wait`.
        self.0.store(value, Ordering::Release);
    }
}

/// How a polling loop waits: PAUSE, or where both sides share one processor by giving way.
#[derive(Debug, Clone, Copy)]
pub struct Relax {
    gives_way: bool,
}

impl Relax {
    /// As these processors demand.
    pub fn on(cores: Cores) -> Relax {
        Relax { gives_way: cores.is_one() }
    }

    /// Once around the loop.
    #[inline(always)]
    pub fn once(self) {
        if self.gives_way {
            std::thread::yield_now();
        } else {
            std::hint::spin_loop();
        }
    }
}

/// L now, by two pinned threads: the mean of the better half of ten blocks, so that a single interruption does not count.
pub fn probe(cores: Cores) -> Answer<f64> {
    const BLOCKS: u64 = 10;
    let relax = Relax::on(cores);
    let trips = if cores.is_one() { 50 } else { TRIPS / BLOCKS };
    let (there, back) = (Line::default(), Line::default());
    std::thread::scope(|scope| {
        let echo = scope.spawn(|| {
            let pinned = pin(cores.b);
            for trip in 1..=trips * BLOCKS {
                there.wait(trip, relax);
                back.say(trip);
            }
            pinned
        });
        let ask = scope.spawn(|| {
            // Who cannot be pinned answers all the same, or the other would wait for ever.
            let pinned = pin(cores.a);
            let mut blocks: Vec<f64> = (0..BLOCKS).map(|block| one_block(&there, &back, block, trips, relax)).collect();
            blocks.sort_by(f64::total_cmp);
            let better = &blocks[..blocks.len().div_ceil(2)];
            pinned.map(|()| better.iter().sum::<f64>() / better.len() as f64)
        });
        let asked = ask.join().map_err(|_| "the probe panicked".to_owned())?;
        echo.join().map_err(|_| "the probe panicked".to_owned())??;
        asked
    })
}

fn one_block(there: &Line, back: &Line, block: u64, trips: u64, relax: Relax) -> f64 {
    let start = clock::now();
    for trip in block * trips + 1..=(block + 1) * trips {
        there.say(trip);
        back.wait(trip, relax);
    }
    clock::now().wrapping_sub(start) as f64 * clock::tick_ns() / trips as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_takes_some_time() {
        let line = probe(Cores::choose()).expect("the processors are allowed");
        assert!(line > 1.0, "{line} ns");
    }

    #[test]
    fn a_probe_where_one_cannot_run_is_refused() {
        assert!(probe(Cores { a: Cores::choose().a, b: 100_000 }).is_err());
    }
}

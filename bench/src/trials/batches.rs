//! Times of a stream at its consumer: one sample is the mean of a batch, because reading the clock at each message would be
//! most of what is measured; and the mean of all of them.

use serde_json::json;
use vil_bench::arguments::Arguments;
use vil_bench::counts::Counts;
use vil_bench::samples::Line;
use vil_bench::{Answer, clock};

/// Batches as they come.
pub(crate) struct Batches {
    batch: usize,
    times: Vec<u64>,
    next: usize,
    /// Messages until the clock is read again; a division at each would be seen in the figures.
    left: usize,
    is_warm: bool,
    last: u64,
    counts: Counts,
}

impl Batches {
    /// `--messages` in batches of `--batch`, the last one full, and `warm_up` more before the first.
    pub(crate) fn new(arguments: &Arguments, warm_up: usize) -> Answer<Batches> {
        let batch = arguments.number("batch", 64)?.max(1);
        let times = vec![1; arguments.messages()?.div_ceil(batch)];
        Ok(Batches { batch, times, next: 0, left: warm_up.max(1), is_warm: false, last: 0, counts: Counts::now() })
    }

    /// Messages in all batches.
    pub(crate) fn messages(&self) -> usize {
        self.times.len() * self.batch
    }

    /// Messages until the clock is read again, one at least.
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    /// One more message was received.
    #[inline(always)]
    pub(crate) fn received(&mut self) {
        self.received_many(1);
    }

    /// So many more, `left` at most.
    #[inline(always)]
    pub(crate) fn received_many(&mut self, count: usize) {
        self.left -= count;
        if self.left == 0 {
            self.lap();
        }
    }

    /// A batch, or the warming up, is over.
    #[inline(never)]
    fn lap(&mut self) {
        if self.is_warm {
            self.end();
        } else {
            self.is_warm = true;
            self.counts = Counts::now();
            self.start();
        }
        self.left = self.batch;
    }

    /// The first batch begins.
    pub(crate) fn start(&mut self) {
        self.last = clock::now();
    }

    /// A batch ends and the next one begins.
    #[inline(always)]
    pub(crate) fn end(&mut self) {
        let now = clock::now();
        // Behind the end of what was asked for nothing is kept.
        if let Some(time) = self.times.get_mut(self.next) {
            *time = now.wrapping_sub(self.last);
        }
        self.next += 1;
        self.last = now;
    }

    /// What is said: nanoseconds a message.
    pub(crate) fn line(self, arguments: &Arguments) -> Line {
        let counts = self.counts.since();
        let per_message = clock::tick_ns() / self.batch as f64;
        let times: Vec<f64> = self.times.iter().map(|ticks| *ticks as f64 * per_message).collect();
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        let line = Line::times(&arguments.benchmark, &arguments.subject, times);
        line.with("mean", json!(mean)).with("counts", counts)
    }
}

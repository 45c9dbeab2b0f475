//! How a model is run: how far, how often, and that a mistake in it is found.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use loom::model::Builder;
use vil_core::base::crash::set_mutant;
use vil_strict::soak;

/// Models that share the time of a soak.
const MODELS: u64 = 30;

/// A model: threads that are preempted at most so often, in all the ways there are.
pub(crate) struct Model {
    pub(crate) name: &'static str,
    /// Preemptions of one run. Nearly all mistakes show with two.
    pub(crate) preemptions: usize,
    pub(crate) body: fn(),
}

impl Model {
    /// Everything holds in every run.
    pub(crate) fn holds(&self) {
        let started = Instant::now();
        let (name, runs) = (self.name, self.run(soak::seconds()));
        println!("{name}: {runs} runs, {:.1} s", started.elapsed().as_secs_f64());
        soak::report("loom_runs", runs);
    }

    /// With each of these mistakes some run goes wrong.
    pub(crate) fn finds(&'static self, mistakes: &[&'static str]) {
        let missed: Vec<_> = mistakes.iter().filter(|mistake| !self.goes_wrong(mistake)).collect();
        assert!(missed.is_empty(), "{}: not found: {missed:?}", self.name);
    }

    /// Runs it through, or for its share of so many seconds; how often it ran.
    fn run(&self, seconds: Option<u64>) -> u64 {
        let mut builder = Builder::new();
        builder.max_branches = 5_000;
        builder.preemption_bound = Some(self.preemptions);
        if let Some(seconds) = seconds {
            builder.preemption_bound = Some(self.preemptions + 2);
            builder.max_duration = Some(Duration::from_secs((seconds / MODELS).max(1)));
        }
        let runs = Arc::new(AtomicU64::new(0));
        let (counter, body) = (Arc::clone(&runs), self.body);
        builder.check(move || {
            // ORDER: Relaxed, only counted.
            counter.fetch_add(1, Ordering::Relaxed);
            body();
        });
        // ORDER: Relaxed, all runs are over.
        runs.load(Ordering::Relaxed)
    }

    /// In a thread of its own, because a run that ends in the middle leaves loom in the middle.
    fn goes_wrong(&'static self, mistake: &'static str) -> bool {
        let tried = std::thread::spawn(move || {
            set_mutant(mistake);
            let outcome = catch_unwind(AssertUnwindSafe(|| self.run(None)));
            outcome.err().map(|panic| {
                let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
                said.unwrap_or("without a word").lines().next().unwrap_or_default().to_owned()
            })
        });
        let found = tried.join().ok().flatten();
        // In the form of every campaign, so that `cargo xtask mutants` can add them up.
        let verdict = if found.is_some() { "found" } else { "missed" };
        let account = found.as_deref().unwrap_or("nobody saw it");
        println!("mutant {mistake} {verdict}: in the model `{}`: {account}", self.name);
        found.is_some()
    }
}

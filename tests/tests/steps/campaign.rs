//! The campaign: each language with each script, then those who come after its deaths.

use std::time::{Duration, Instant};

use vil_tests::random::Random;
use vil_tests::{cc, soak};

use crate::scripts::{EXCHANGES, LIVES, MODES, RECOVERS, SUCCEEDS, TURNS, by_chance, modes_by_chance};
use crate::trace::{Case, Figures, trace};
use crate::twin::Snapshot;
use crate::victims::{Victim, victims};

/// Distinct instructions of the library that must have been stepped through.
const ENOUGH: usize = 5_000;

/// Acts of a script by chance.
const ACTS: usize = 60;

/// One victim's part.
struct Part<'a> {
    victim: &'a Victim,
    random: Random,
    figures: Figures,
}

impl Part<'_> {
    /// Steps through one script; `None` when this machine does not let a process be traced.
    fn run(&mut self, script: &str, before: &Snapshot, keep: usize) -> Option<Vec<Snapshot>> {
        let case = Case { victim: self.victim, script, before };
        trace(&case, &mut self.random, keep, &mut self.figures)
    }

    /// Scripts from nothing, and then those who come after one of their deaths.
    fn round(&mut self, scripts: &[&str], heirs: &[&str]) -> Option<()> {
        let mut deaths = Vec::new();
        for script in scripts {
            deaths.extend(self.run(script, &Snapshot::empty(), 2)?);
        }
        deaths.retain(|death| !death.is_empty());
        for heir in heirs {
            let death = self.random.one(&deaths).clone();
            self.run(heir, &death, 0)?;
        }
        Some(())
    }

    /// A script by chance, and who comes after it.
    fn by_chance(&mut self) -> (String, &'static [&'static str]) {
        match self.victim.name {
            "C, other modes" => (modes_by_chance(&mut self.random, ACTS), &[RECOVERS]),
            _ => {
                (by_chance(&mut self.random, self.victim.setting.plan.routes.len() as u64, ACTS), &[RECOVERS, SUCCEEDS])
            }
        }
    }

    /// A share of the short form for each victim.
    fn short(&mut self) -> Option<()> {
        match self.victim.name {
            "C" => self.round(&[LIVES, EXCHANGES], &[RECOVERS]),
            "C++" => self.round(&[TURNS, EXCHANGES], &[SUCCEEDS]),
            "C, other modes" => self.round(&[MODES], &[RECOVERS]),
            _ => {
                let (script, _) = self.by_chance();
                self.round(&[EXCHANGES, &script], &[])
            }
        }
    }

    /// All of it, and then for as long as there is time.
    fn long(&mut self, end: Instant) -> Option<()> {
        match self.victim.name {
            "C, other modes" => self.round(&[MODES], &[RECOVERS, RECOVERS])?,
            _ => self.round(&[LIVES, EXCHANGES, TURNS], &[RECOVERS, SUCCEEDS])?,
        }
        while Instant::now() < end && self.figures.violations.is_empty() {
            let (script, heirs) = self.by_chance();
            self.round(&[&script], heirs)?;
        }
        Some(())
    }
}

#[test]
fn a_victim_may_die_behind_every_instruction_of_the_library() {
    let (victims, mut random) = (victims(), Random::new("steps"));
    let end = soak::seconds().map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let parts = victims.all.each_ref().map(|victim| {
        let random = Random::of(random.bits());
        Part { victim, random, figures: Figures::default() }
    });
    let found = std::thread::scope(|scope| {
        let running = parts.map(|mut part| {
            scope.spawn(move || {
                let done = if let Some(end) = end { part.long(end) } else { part.short() };
                done.map(|()| part.figures)
            })
        });
        running.map(|part| part.join().expect("no victim ends badly"))
    });
    let mut sum = Figures::default();
    for (victim, figures) in victims.all.iter().zip(&found) {
        let Some(figures) = figures else {
            return cc::skip("every instruction as a place to die", "this machine lets no process be traced");
        };
        told(victim.name, figures);
        let is_over = !figures.violations.is_empty();
        assert!(is_over || (0..victim.lanes).all(|lane| figures.lanes.contains(&lane)), "a lane is idle");
        sum.add(figures);
    }
    told("all", &sum);
    soak::report("steps_instructions", sum.steps);
    soak::report("steps_checks", sum.checks);
    soak::report("steps_violations", sum.violations.len() as u64);
    assert!(sum.violations.is_empty(), "{}", sum.violations.join("\n"));
    assert!(sum.addresses.len() >= ENOUGH, "{} distinct instructions", sum.addresses.len());
}

fn told(name: &str, figures: &Figures) {
    println!(
        "{name}: {} distinct instructions of the library, {} stepped, {} checks ({} without a world), {} violations",
        figures.addresses.len(),
        figures.steps,
        figures.checks,
        figures.nothing,
        figures.violations.len()
    );
}

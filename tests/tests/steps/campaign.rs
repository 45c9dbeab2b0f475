//! The campaign: each language with each script, then those who come after its deaths.

use std::path::Path;
use std::time::{Duration, Instant};

use vil_ir::plan::Plan;
use vil_tests::random::Random;
use vil_tests::{cc, soak};

use crate::scripts::{EXCHANGES, LIVES, RECOVERS, SUCCEEDS, TURNS, by_chance};
use crate::trace::{Case, Figures, trace};
use crate::twin::Snapshot;
use crate::victims::{Victims, victims};

/// Distinct instructions of the library that must have been stepped through.
const ENOUGH: usize = 5_000;

/// Acts of a script by chance.
const ACTS: usize = 60;

/// One language's part.
struct Part<'a> {
    language: &'static str,
    program: &'a Path,
    victims: &'a Victims,
    random: Random,
    figures: Figures,
}

impl Part<'_> {
    /// Steps through one script; `None` when this machine does not let a process be traced.
    fn run(&mut self, script: &str, before: &Snapshot, keep: usize) -> Option<Vec<Snapshot>> {
        let Victims { contract, plan, .. } = self.victims;
        let case = Case { language: self.language, program: self.program, contract, plan, script, before };
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

    /// A share of the short form in each language, or all of it and then for as long as there is time.
    fn all(mut self, end: Option<Instant>) -> Option<Figures> {
        let Some(end) = end else {
            match self.language {
                "C" => self.round(&[LIVES, EXCHANGES], &[RECOVERS])?,
                "C++" => self.round(&[TURNS, EXCHANGES], &[SUCCEEDS])?,
                _ => {
                    let script = by_chance(&mut self.random, lanes(&self.victims.plan), ACTS);
                    self.round(&[EXCHANGES, &script], &[RECOVERS])?;
                }
            }
            return Some(self.figures);
        };
        self.round(&[LIVES, EXCHANGES, TURNS], &[RECOVERS, SUCCEEDS])?;
        while Instant::now() < end && self.figures.violations.is_empty() {
            let script = by_chance(&mut self.random, lanes(&self.victims.plan), ACTS);
            self.round(&[&script], &[RECOVERS, SUCCEEDS])?;
        }
        Some(self.figures)
    }
}

fn lanes(plan: &Plan) -> u64 {
    plan.routes.len() as u64
}

#[test]
fn a_victim_may_die_behind_every_instruction_of_the_library() {
    let (victims, mut random) = (victims(), Random::new("steps"));
    let end = soak::seconds().map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let parts = victims.programs.each_ref().map(|(language, program)| Part {
        language,
        program,
        victims: &victims,
        random: Random::of(random.bits()),
        figures: Figures::default(),
    });
    let names = victims.programs.each_ref().map(|(language, _)| *language);
    let found = std::thread::scope(|scope| {
        let running = parts.map(|part| scope.spawn(move || part.all(end)));
        running.map(|part| part.join().expect("no victim ends badly"))
    });
    let mut sum = Figures::default();
    for (language, figures) in names.iter().zip(&found) {
        let Some(figures) = figures else {
            return cc::skip("every instruction as a place to die", "this machine lets no process be traced");
        };
        told(language, figures);
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

//! The ten validation passes: what a program may say, judged before anything runs.
//!
//! One file a pass; its header lists its rules, and every rule has a good and a bad twin in tests/tests/passes/cases.
//! A pass reads the program alone and no other pass's output, finds all faults, and never panics: names that lead
//! nowhere are the loader's faults, a pass passes over them.

mod abi_profile;
mod boundary_legality;
mod cleanup_obligation;
mod lane_legality;
mod layout_legality;
mod observability_completeness;
mod ownership_legality;
mod policy_completeness;
mod queue_capability;
mod transfer_capability;
mod view;

use crate::diagnostics::{Diagnostic, Diagnostics, Rule};
use crate::load::Source;
use crate::model::Program;

/// One pass.
#[derive(Debug, Clone, Copy)]
pub struct Pass {
    /// Its name, as the design has it.
    pub name: &'static str,
    /// What it is for, one sentence.
    pub about: &'static str,
    /// Its rules.
    pub rules: &'static [Rule],
    run: fn(&Program, &mut Report),
}

/// The passes, in their order.
pub const PASSES: &[Pass] = &[
    layout_legality::PASS,
    transfer_capability::PASS,
    boundary_legality::PASS,
    queue_capability::PASS,
    ownership_legality::PASS,
    lane_legality::PASS,
    cleanup_obligation::PASS,
    policy_completeness::PASS,
    observability_completeness::PASS,
    abi_profile::PASS,
];

/// What a pass finds.
#[derive(Debug, Default)]
struct Report {
    items: Vec<Diagnostic>,
}

impl Report {
    fn add(&mut self, fault: Diagnostic) {
        self.items.push(fault);
    }
}

/// Runs all passes; diagnostics without places, in the order of the passes.
pub fn run(program: &Program) -> Vec<Diagnostic> {
    let mut report = Report::default();
    for pass in PASSES {
        (pass.run)(program, &mut report);
    }
    report.items
}

/// Runs all passes; diagnostics in the order of their places in the source.
pub fn check(program: &Program, source: Source) -> Diagnostics {
    let mut items: Vec<Diagnostic> = run(program).into_iter().map(|fault| source.locate(fault)).collect();
    items.sort_by_key(|fault| fault.place);
    Diagnostics { items, source }
}

//! How deep a message is whatever its data: what lies in it by value, or by a VRef that is never absent.
//!
//! Slices and optional references are left out: a message with empty ones is one that can be verified.

use super::super::Report;
use super::super::view::fields;
use crate::diagnostics::{Diagnostic, Rule};
use crate::layout::{LayoutBody, Layouts};
use crate::limits::MAX_LEVELS;
use crate::model::{Named, Program, Type};
use crate::vocabulary::Profile;

pub(super) const DEPTH: Rule = Rule::error(
    "VIL-L039",
    "A relative message holds at most 64 levels by value or by a VRef that is never absent, so that it can be verified.",
);

/// What a field adds to its type: levels of its own, and of the type that it leads to.
struct Step<'p> {
    owner: &'p str,
    levels: u32,
    target: &'p str,
}

/// All relative messages.
pub(super) fn judge(program: &Program, layouts: &Layouts, report: &mut Report) {
    let is_relative = |name: &str| layouts.types.get(name).is_some_and(|layout| layout.profile == Profile::Relative);
    if !program.messages.keys().any(|name| is_relative(name)) {
        return;
    }
    let levels = levels(program, layouts);
    for name in program.messages.keys().filter(|name| is_relative(name)) {
        let found = levels.get(name).copied().unwrap_or(0);
        if found > MAX_LEVELS {
            let message = format!("`{name}` is so deep that no message of it can be verified");
            let fault = Diagnostic::new(DEPTH, format!("/messages/{name}"), message);
            let fault = fault.expected(format!("at most {MAX_LEVELS} levels"));
            report.add(fault.fix("put fewer structs, unions and arrays into one another"));
        }
    }
}

/// How many levels each type has; above the limit any number above it.
fn levels(program: &Program, layouts: &Layouts) -> Named<u32> {
    // The arm of a union is a level in the union.
    let own = |body: &LayoutBody| if matches!(body, LayoutBody::Union(_)) { 2 } else { 1 };
    let mut levels: Named<u32> = layouts.types.iter().map(|(name, layout)| (name.clone(), own(&layout.body))).collect();
    let mut steps = Vec::new();
    for (owner, _, field, _) in fields(program) {
        let Some(layout) = layouts.types.get(owner) else { continue };
        let (mut ty, mut above) = (&field.ty, own(&layout.body));
        while let Type::Array(element, _) = ty {
            (ty, above) = (element, above + 1);
        }
        let target = match ty {
            Type::Named(target) => target,
            Type::Ref(target) if !field.optional => target,
            _ => "",
        };
        steps.push(Step { owner, levels: above, target });
    }
    // Each round is right about one level more; what is not done after as many as are allowed has too many.
    for _ in 0..=MAX_LEVELS {
        let mut is_done = true;
        for step in &steps {
            let found = step.levels + levels.get(step.target).copied().unwrap_or(0).min(MAX_LEVELS);
            if let Some(known) = levels.get_mut(step.owner).filter(|known| **known < found) {
                (*known, is_done) = (found, false);
            }
        }
        if is_done {
            break;
        }
    }
    levels
}

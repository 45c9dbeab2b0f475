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
use view::{View, Views};

/// One pass.
#[derive(Debug, Clone, Copy)]
pub struct Pass {
    /// Its name, as docs/diagnostics.md lists it.
    pub name: &'static str,
    /// What it is for, one sentence.
    pub about: &'static str,
    /// Its rules.
    pub rules: &'static [Rule],
}

/// What a pass does.
type Run = fn(&Program, &mut Report<'_>);

/// What passes say of themselves is apart from what they do: it is for tools, and lies in no library that only runs them.
macro_rules! passes {
    ($($pass:ident)*) => {
        /// The passes, in their order.
        pub const PASSES: &[Pass] = &[$($pass::PASS),*];

        const RUNS: &[Run] = &[$($pass::run),*];
    };
}

passes! {
    layout_legality
    transfer_capability
    boundary_legality
    queue_capability
    ownership_legality
    lane_legality
    cleanup_obligation
    policy_completeness
    observability_completeness
    abi_profile
}

/// Codes of rules that are gone. None is given again: somebody may have written it down.
pub const RETIRED: &[&str] =
    &["VIL-L006", "VIL-L007", "VIL-T001", "VIL-T005", "VIL-T006", "VIL-T007", "VIL-Q004", "VIL-Q005", "VIL-O001"];

/// What passes find, and the routes that they look at.
struct Report<'p> {
    items: Vec<Diagnostic>,
    views: Views<'p>,
}

impl<'p> Report<'p> {
    /// All routes whose ends and message exist.
    fn routes(&self) -> impl Iterator<Item = View<'p>> + use<'p> {
        self.views.routes()
    }

    /// All rings of these routes, those of answers last.
    fn rings(&self) -> impl Iterator<Item = View<'p>> + use<'p> {
        self.views.rings()
    }

    fn add(&mut self, fault: Diagnostic) {
        self.items.push(fault);
    }
}

/// Runs all passes; diagnostics without places, in the order of the passes.
pub fn run(program: &Program) -> Vec<Diagnostic> {
    let mut report = Report { items: Vec::new(), views: Views::of(program) };
    for run in RUNS {
        run(program, &mut report);
    }
    report.items
}

/// Runs all passes; diagnostics in the order of their places in the source.
pub fn check(program: &Program, source: Source) -> Diagnostics {
    Diagnostics::in_order(run(program), source)
}

#[cfg(test)]
mod tests {
    use super::{PASSES, run};
    use crate::builder::{Builder, RouteShape};
    use crate::model::{Field, Program, Type};
    use crate::plan::plan_program;
    use crate::vocabulary::{Kind, Scalar};

    #[test]
    fn there_are_ten_passes_and_their_codes_have_the_letter_of_the_pass() {
        let letters: Vec<char> = PASSES.iter().filter_map(|pass| pass.rules.first()?.code.chars().nth(4)).collect();
        assert_eq!(letters.iter().collect::<String>(), "LTBQONCPSA");
        for (pass, letter) in PASSES.iter().zip(letters) {
            assert!(pass.rules.iter().all(|rule| rule.code.starts_with(&format!("VIL-{letter}"))), "{}", pass.name);
        }
    }

    #[test]
    fn names_that_lead_nowhere_make_no_pass_panic_and_have_no_plan() {
        let whole = || {
            let field = Field::new("x", Type::Scalar(Scalar::U64));
            let builder = Builder::new("line").message("M", Kind::Event, vec![field]);
            builder.route(("a", "out"), ("b", "in"), "M", RouteShape::default()).build()
        };
        assert!(run(&whole()).is_empty() && plan_program(&whole()).is_ok());
        let wounds: [fn(&mut Program); 5] = [
            |program| program.messages.clear(),
            |program| program.interfaces.clear(),
            |program| program.processes.clear(),
            |program| program.interfaces.values_mut().for_each(|interface| interface.ports.clear()),
            |program| {
                let field = Field::new("x", Type::Named("Nowhere".to_owned()));
                let body = crate::model::Body::Fields(vec![field]);
                program.messages.values_mut().for_each(|message| message.body = body.clone());
            },
        ];
        for wound in wounds {
            let mut program = whole();
            wound(&mut program);
            let _ = run(&program);
            assert!(plan_program(&program).is_err());
        }
    }
}

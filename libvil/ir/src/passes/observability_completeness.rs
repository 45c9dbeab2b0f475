//! Pass 9, ObservabilityCompleteness: can what is asked for be measured, and told apart.
//!
//! S001 labels used twice · S002 hops (not in this version) · S003 observe left open under `strict` · S004 sample

use super::{Pass, Report};
use crate::diagnostics::{Diagnostic, Rule};
use crate::keyed::Keyed;
use crate::limits::MAX_SAMPLE;
use crate::model::Program;

const LABEL: Rule = Rule::error("VIL-S001", "A latency label stands once.");
const HOP: Rule = Rule::warning("VIL-S002", "This version records no hops: trace_hop has no effect.");
const OPEN: Rule = Rule::error("VIL-S003", "Under `strict` every process states what it lets others observe.");
const SAMPLE: Rule = Rule::error("VIL-S004", "Every Nth message is stamped, N from 1 to 1,048,576.");

pub(super) const PASS: Pass = Pass {
    name: "ObservabilityCompleteness",
    about: "What is asked for can be measured and told apart.",
    rules: &[LABEL, HOP, OPEN, SAMPLE],
    run,
};

fn run(program: &Program, report: &mut Report) {
    labels(program, report);
    let defaults = program.defaults.processes.observe.as_ref();
    let stated = program.processes.iter();
    let stated =
        stated.filter_map(|(name, found)| Some((found.observe.as_ref()?, format!("/processes/{name}/observe"))));
    for (observe, pointer) in stated.chain(defaults.map(|observe| (observe, "/defaults/processes/observe".to_owned())))
    {
        if observe.trace_hop == Some(true) {
            let fault = Diagnostic::new(HOP, format!("{pointer}/trace_hop"), "hops are not recorded in this version");
            report.add(fault.fix("leave it: a later version follows it"));
        }
        if let Some(sample) = observe.sample.filter(|sample| *sample == 0 || *sample > MAX_SAMPLE) {
            let fault = Diagnostic::new(SAMPLE, format!("{pointer}/sample"), "this is no distance between stamps");
            report.add(fault.found(sample).expected(format!("1 to {MAX_SAMPLE}")));
        }
    }
    for (name, process) in &program.processes {
        if program.strict && process.observe.as_ref().or(defaults).is_none() {
            let text = format!("`{name}` leaves `observe` to a built-in default");
            report.add(
                Diagnostic::new(OPEN, format!("/processes/{name}"), text).fix("add `observe: {}` for counters only"),
            );
        }
    }
}

fn labels(program: &Program, report: &mut Report) {
    let mut seen: Keyed<&str, &str> = Keyed::new();
    for (name, process) in &program.processes {
        let Some(label) = process.observe.as_ref().and_then(|observe| observe.latency.as_deref()) else { continue };
        if let Some(first) = seen.insert(label, name) {
            let text = format!("`{first}` and `{name}` measure under one label");
            let fault = Diagnostic::new(LABEL, format!("/processes/{name}/observe/latency"), text);
            report.add(fault.found(format!("{label:?}")).fix("give each a label of its own"));
        }
    }
}

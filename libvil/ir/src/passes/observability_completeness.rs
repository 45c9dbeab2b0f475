//! Pass 9, ObservabilityCompleteness: can what is asked for be measured, and told apart.
//!
//! S001 labels used twice · S002 hops (not in this version) · S003 observe left open under `strict` · S004 sample · S005
//! marks on boundaries that carry no stamp · S006 labels that cannot be read

use super::view::boundary;
use super::{Pass, Report};
use crate::diagnostics::{Diagnostic, Rule};
use crate::keyed::Keyed;
use crate::limits::{MAX_IDENTIFIER, MAX_SAMPLE};
use crate::model::Program;
use crate::vocabulary::Boundary;

const LABEL: Rule = Rule::error("VIL-S001", "A latency label stands once.");
const HOP: Rule = Rule::warning("VIL-S002", "This version records no hops: trace_hop has no effect.");
const OPEN: Rule = Rule::error("VIL-S003", "Under `strict` every process states what it lets others observe.");
const SAMPLE: Rule = Rule::error("VIL-S004", "Every Nth message is stamped, N from 1 to 1,048,576.");
const NO_STAMP: Rule =
    Rule::error("VIL-S005", "No stamp travels to another host or runtime: no hop and no latency is measured there.");
const NO_LABEL: Rule = Rule::error("VIL-S006", "A latency label is 1 to 63 printable characters.");

pub(super) const PASS: Pass = Pass {
    name: "ObservabilityCompleteness",
    about: "What is asked for can be measured and told apart.",
    rules: &[LABEL, HOP, OPEN, SAMPLE, NO_STAMP, NO_LABEL],
};

pub(super) fn run(program: &Program, report: &mut Report) {
    labels(program, report);
    stamps(program, report);
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
        if let Some(label) = observe.latency.as_ref().filter(|label| !is_label(label)) {
            let fault = Diagnostic::new(NO_LABEL, format!("{pointer}/latency"), "this is no label");
            report.add(fault.found(format!("{label:?}")).expected("1 to 63 printable characters"));
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

fn is_label(label: &str) -> bool {
    (1..=MAX_IDENTIFIER as usize).contains(&label.chars().count()) && !label.chars().any(char::is_control)
}

/// One report a process, however many of its routes carry no stamp.
fn stamps(program: &Program, report: &mut Report) {
    let mut told: Keyed<&str, ()> = Keyed::new();
    for route in &program.routes {
        let crossed = boundary(program, route);
        if !matches!(crossed, Boundary::ForeignRuntime | Boundary::InterHost) {
            continue;
        }
        for end in [&route.from, &route.to] {
            let process = program.processes.get(&end.process);
            let Some(observe) = process.and_then(|process| process.observe.as_ref()) else { continue };
            let asks = observe.latency.is_some() || observe.trace_hop == Some(true);
            if asks && told.insert(&end.process, ()).is_none() {
                let text =
                    format!("{} -> {}: `{}` asks for what no stamp tells there", route.from, route.to, end.process);
                let fault = Diagnostic::new(NO_STAMP, format!("/processes/{}/observe", end.process), text);
                report.add(fault.found(crossed).fix("measure at the last process on this side"));
            }
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

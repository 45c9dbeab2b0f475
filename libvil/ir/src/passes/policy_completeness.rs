//! Pass 8, PolicyCompleteness: is everything said that has to be said.
//!
//! P001 unconnected ports · P002 block without a deadline · P003, P004, P005 delivery, backpressure and failure_domain
//! left open under `strict`

use std::collections::BTreeSet;

use super::view::{Connected, ports, sends, stated};
use super::{Pass, Report};
use crate::diagnostics::{Diagnostic, Rule};
use crate::model::Program;
use crate::vocabulary::{Backpressure, Kind};

const UNCONNECTED: Rule = Rule::error("VIL-P001", "Every port of every process has a route.");
const NO_DEADLINE: Rule = Rule::error("VIL-P002", "A stated block has a deadline_ms.");
const DELIVERY: Rule = Rule::error("VIL-P003", "Under `strict` every route states its delivery.");
const PRESSURE: Rule = Rule::error("VIL-P004", "Under `strict` every route has a stated backpressure.");
const DOMAIN: Rule = Rule::error("VIL-P005", "Under `strict` every process states its failure_domain.");

pub(super) const PASS: Pass = Pass {
    name: "PolicyCompleteness",
    about: "Everything is said that has to be said.",
    rules: &[UNCONNECTED, NO_DEADLINE, DELIVERY, PRESSURE, DOMAIN],
};

pub(super) fn run(program: &Program, report: &mut Report) {
    let connected = Connected::of(program);
    for (end, port, pointer) in ports(program) {
        // A fault that nobody receives is CleanupObligation's.
        if !(connected.contains(&end) || sends(program, port, Kind::Fault)) {
            let message = format!("no route leads to or from `{end}`");
            report.add(Diagnostic::new(UNCONNECTED, pointer, message).fix("add a route, or take the port out"));
        }
    }
    deadlines(program, report);
    if program.strict {
        strict(program, report);
    }
}

/// One report a statement of block, however many routes follow it.
fn deadlines(program: &Program, report: &mut Report) {
    let mut told = BTreeSet::new();
    for view in report.routes() {
        let pressure = stated(program, &view, "backpressure", |queue| queue.backpressure);
        let Some((Backpressure::Block, pointer)) = pressure else { continue };
        if stated(program, &view, "deadline_ms", |queue| queue.deadline_ms).is_none() && !told.contains(&pointer) {
            let message = format!("{}: nothing says how long it blocks", view.name());
            report.add(Diagnostic::new(NO_DEADLINE, pointer.clone(), message).fix("add `deadline_ms: 1000` beside it"));
            told.insert(pointer);
        }
    }
}

fn strict(program: &Program, report: &mut Report) {
    for view in report.routes() {
        if view.route.delivery.or(program.defaults.routes.delivery).is_none() {
            let message = format!("{}: `delivery` is left to a built-in default", view.name());
            let fault = Diagnostic::new(DELIVERY, format!("/routes/{}", view.index), message);
            report.add(fault.fix(format!("add `delivery: {}` here or under `defaults`", view.delivery)));
        }
        if stated(program, &view, "backpressure", |queue| queue.backpressure).is_none() {
            let message = format!("{}: `backpressure` is left to a built-in default", view.name());
            let fault = Diagnostic::new(PRESSURE, format!("/routes/{}", view.index), message);
            report.add(fault.fix("add it to the queue of the route, of the producing port or under `defaults`"));
        }
    }
    for (name, process) in &program.processes {
        if process.failure_domain.as_ref().or(program.defaults.processes.failure_domain.as_ref()).is_none() {
            let message = format!("`{name}` leaves `failure_domain` to a built-in default");
            let fault = Diagnostic::new(DOMAIN, format!("/processes/{name}"), message);
            report.add(fault.fix(format!("add `failure_domain: {name}`")));
        }
    }
}

//! Pass 7, CleanupObligation: is everything that goes wrong somebody's business.
//!
//! C001 faults that nobody receives · C002 failovers that lead nowhere · C003 keep_for_debug (not in this version) ·
//! C004 cleanup left open under `strict` · C005 failovers on something else than a fault · C006 keep_for_debug under
//! at_least_once · C007 two failovers for one fault

use super::view::{Connected, ports, sends};
use super::{Pass, Report};
use crate::diagnostics::{Diagnostic, Rule};
use crate::keyed::Keyed;
use crate::model::{Failover, Process, Program};
use crate::vocabulary::{Cleanup, Delivery, Kind, Strategy};

const UNHEARD: Rule = Rule::error("VIL-C001", "A fault has a receiver.");
const DEAD_END: Rule = Rule::error("VIL-C002", "A failover leads to another process; restart has no target.");
const KEEP: Rule = Rule::error("VIL-C003", "This version reclaims what the dead leave behind: no keep_for_debug.");
const OPEN: Rule = Rule::error("VIL-C004", "Under `strict` every process states its cleanup.");
const NO_FAULT: Rule = Rule::error("VIL-C005", "A failover is triggered by a fault.");
const KEPT_BACK: Rule = Rule::error(
    "VIL-C006",
    "What is kept for a debugger is delivered to nobody: no keep_for_debug under at_least_once.",
);
const TWO_ANSWERS: Rule = Rule::error("VIL-C007", "One fault of one process has one failover.");

pub(super) const PASS: Pass = Pass {
    name: "CleanupObligation",
    about: "Everything that goes wrong is somebody's business.",
    rules: &[UNHEARD, DEAD_END, KEEP, OPEN, NO_FAULT, KEPT_BACK, TWO_ANSWERS],
};

pub(super) fn run(program: &Program, report: &mut Report) {
    let connected = Connected::of(program);
    for (end, port, pointer) in ports(program) {
        if sends(program, port, Kind::Fault) && !connected.contains(&end) {
            let text = format!("nobody receives the faults of `{end}`");
            report.add(Diagnostic::new(UNHEARD, pointer, text).fix(format!("add a route from `{end}`")));
        }
    }
    cleanups(program, report);
    kept_back(program, report);
    two_answers(program, report);
    for (index, failover) in program.failovers.iter().enumerate() {
        target(index, failover, report);
        trigger(program, index, failover, report);
    }
}

fn cleanups(program: &Program, report: &mut Report) {
    let defaults =
        program.defaults.processes.cleanup.map(|cleanup| (cleanup, "/defaults/processes/cleanup".to_owned()));
    let stated = program.processes.iter();
    let stated = stated.filter_map(|(name, process)| Some((process.cleanup?, format!("/processes/{name}/cleanup"))));
    for (cleanup, pointer) in stated.chain(defaults) {
        if cleanup == Cleanup::KeepForDebug {
            let fault = Diagnostic::new(KEEP, pointer, "keep_for_debug is not in this version");
            report.add(fault.expected("reclaim_orphans"));
        }
    }
    for (name, process) in &program.processes {
        if program.strict && process.cleanup.or(program.defaults.processes.cleanup).is_none() {
            let text = format!("`{name}` leaves `cleanup` to a built-in default");
            let fault = Diagnostic::new(OPEN, format!("/processes/{name}"), text);
            report.add(fault.fix("add `cleanup: reclaim_orphans` here or under `defaults`"));
        }
    }
}

/// One report a process, however many of its routes promise to deliver.
fn kept_back(program: &Program, report: &mut Report) {
    let default = program.defaults.processes.cleanup;
    let keeps = |process: &Process| process.cleanup.or(default) == Some(Cleanup::KeepForDebug);
    if !program.processes.values().any(keeps) {
        return;
    }
    let mut told: Keyed<&str, ()> = Keyed::new();
    for view in report.rings().filter(|view| view.delivery == Delivery::AtLeastOnce) {
        for end in [&view.route.from, &view.route.to] {
            if program.processes.get(&end.process).is_some_and(keeps) && told.insert(&end.process, ()).is_none() {
                let text = format!("{}: at_least_once, and `{}` would keep what it had", view.name(), end.process);
                let fault = Diagnostic::new(KEPT_BACK, format!("/processes/{}/cleanup", end.process), text);
                report.add(fault.expected("reclaim_orphans").fix("say `delivery: best_effort` while you debug"));
            }
        }
    }
}

fn two_answers(program: &Program, report: &mut Report) {
    let mut seen: Keyed<(&str, Option<&str>), usize> = Keyed::new();
    for (index, failover) in program.failovers.iter().enumerate() {
        if let Some(first) = seen.insert((&failover.source, failover.on.as_deref()), index) {
            let text = format!("`{}` has a failover for this already", failover.source);
            let fault = Diagnostic::new(TWO_ANSWERS, format!("/failovers/{index}"), text);
            report.add(fault.found(format!("failover {first} too")).fix("take one of them out"));
        }
    }
}

fn target(index: usize, failover: &Failover, report: &mut Report) {
    let at = format!("/failovers/{index}/target");
    let source = &failover.source;
    let fault = match (failover.strategy, &failover.target) {
        (Strategy::Restart, None) => return,
        (Strategy::Restart, Some(target)) => Diagnostic::new(DEAD_END, at, format!("restart starts `{source}` again"))
            .found(format!("target `{target}`"))
            .fix("take `target` out, or use replace"),
        (strategy, None) => Diagnostic::new(DEAD_END, at, format!("{strategy} of `{source}` leads nowhere"))
            .expected("a target")
            .fix("add `target: ...`, or use restart"),
        (strategy, Some(target)) if target == source => {
            Diagnostic::new(DEAD_END, at, format!("{strategy} of `{source}` leads back to itself"))
                .fix("name another process, or use restart")
        }
        (_, Some(_)) => return,
    };
    report.add(fault);
}

fn trigger(program: &Program, index: usize, failover: &Failover, report: &mut Report) {
    let Some(name) = &failover.on else { return };
    let Some(kind) = program.messages.get(name).map(|message| message.kind.unwrap_or(Kind::Message)) else { return };
    if kind != Kind::Fault {
        let fault = Diagnostic::new(NO_FAULT, format!("/failovers/{index}/on"), format!("`{name}` is no fault"));
        report.add(fault.found(format!("kind {kind}")).expected("a message of kind fault"));
    }
}

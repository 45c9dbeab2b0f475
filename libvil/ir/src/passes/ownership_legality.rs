//! Pass 5, OwnershipLegality: has every message one owner, and does nobody wait for himself.
//!
//! O001 forwards (not in this version) · O002 mutates of a port that receives nothing · O003 redelivery may meet a
//! changed message · O004 a circle of data routes that all block

use std::collections::{BTreeMap, BTreeSet};

use super::view::{View, backpressure, interface, routes};
use super::{Pass, Report};
use crate::diagnostics::{Diagnostic, Rule};
use crate::model::Program;
use crate::plan::lane;
use crate::vocabulary::{Backpressure, Delivery, Direction, Lane, Transfer};

const FORWARD: Rule = Rule::error("VIL-O001", "This version does not forward: a message is received and released.");
const MUTATES: Rule = Rule::error("VIL-O002", "`mutates` names in ports.");
const CHANGED: Rule =
    Rule::warning("VIL-O003", "A process that changes messages in place under at_least_once is idempotent.");
const CIRCLE: Rule = Rule::error("VIL-O004", "Data routes that all block form no circle.");

pub(super) const PASS: Pass = Pass {
    name: "OwnershipLegality",
    about: "Every message has one owner, and nobody waits for himself.",
    rules: &[FORWARD, MUTATES, CHANGED, CIRCLE],
    run,
};

fn run(program: &Program, report: &mut Report) {
    processes(program, report);
    changed(program, report);
    circles(program, report);
}

fn processes(program: &Program, report: &mut Report) {
    for (name, process) in &program.processes {
        for (index, forward) in process.forwards.iter().enumerate() {
            let message =
                format!("`{name}` forwards `{}` to `{}`, which is not in this version", forward.from, forward.to);
            let fault = Diagnostic::new(FORWARD, format!("/processes/{name}/forwards/{index}"), message);
            report.add(fault.fix("receive, loan, copy what is needed, publish, release"));
        }
        for (index, port) in process.mutates.iter().enumerate() {
            let found = interface(program, process).and_then(|interface| interface.ports.get(port));
            let Some(found) = found.filter(|found| found.direction != Direction::In) else { continue };
            let fault = Diagnostic::new(
                MUTATES,
                format!("/processes/{name}/mutates/{index}"),
                format!("`{port}` receives nothing"),
            );
            report.add(fault.found(format!("direction {}", found.direction)).expected("an in port"));
        }
    }
}

fn changed(program: &Program, report: &mut Report) {
    for view in routes(program) {
        let end = &view.route.to;
        let Some(process) = program.processes.get(&end.process) else { continue };
        let changes = process.mutates.iter().position(|port| *port == end.port);
        let in_place = view.transfer != Transfer::Copy && view.delivery == Delivery::AtLeastOnce;
        if let (Some(index), true, false) = (changes, in_place, process.idempotent) {
            let message = format!("`{}` may meet messages that it has changed already, after a restart", end.process);
            let fault = Diagnostic::new(CHANGED, format!("/processes/{}/mutates/{index}", end.process), message);
            report.add(fault.fix("say `idempotent: true` when that does no harm, or change a copy"));
        }
    }
}

/// Reports every route of the first circle through each process that has not been reported yet.
fn circles(program: &Program, report: &mut Report) {
    let blocking = |view: &View<'_>| {
        lane(program, view.source) == Lane::Data && backpressure(program, view) == Backpressure::Block
    };
    let mut edges: BTreeMap<&str, Vec<(&str, usize)>> = BTreeMap::new();
    for view in routes(program).filter(blocking) {
        edges.entry(&view.route.from.process).or_default().push((&view.route.to.process, view.index));
    }
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for &start in edges.keys() {
        if told.contains(start) {
            continue;
        }
        let Some(path) = way_back(start, &edges) else { continue };
        told.extend(path.iter().map(|(process, _)| *process));
        let names: Vec<&str> = [start].into_iter().chain(path.iter().map(|(process, _)| *process)).collect();
        let Some((_, last)) = path.last() else { continue };
        let fault =
            Diagnostic::new(CIRCLE, format!("/routes/{last}"), "every process of a circle may wait for the next one");
        report.add(fault.found(names.join(" -> ")).fix("let one of its routes fail or drop, or use the control lane"));
    }
}

/// The shortest way from a process back to itself: processes reached and routes taken.
fn way_back<'p>(start: &'p str, edges: &BTreeMap<&'p str, Vec<(&'p str, usize)>>) -> Option<Vec<(&'p str, usize)>> {
    let mut came: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    let mut queue = vec![start];
    let mut next = 0;
    while next < queue.len() {
        let here = queue[next];
        next += 1;
        for &(there, route) in edges.get(here).into_iter().flatten() {
            if !came.contains_key(there) {
                came.insert(there, (here, route));
                queue.push(there);
            }
        }
    }
    let mut path = Vec::new();
    let mut here = start;
    loop {
        let &(before, route) = came.get(here)?;
        path.push((here, route));
        here = before;
        if here == start {
            path.reverse();
            return Some(path);
        }
    }
}

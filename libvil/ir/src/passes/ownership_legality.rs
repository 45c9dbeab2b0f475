//! Pass 5, OwnershipLegality: has every message one owner, and does nobody wait for himself.
//!
//! O002 mutates of a port that receives nothing · O003 redelivery may meet a changed message · O004 a cycle of data
//! routes that all block (see `cycles`) · O005 what is taken is lost with its taker · O006 to O010 forwards (see
//! `forwards`) · O011 changes of what others read · O012 publish_offset without a forward · O013 what is said twice

mod cycles;
mod forwards;

use forwards::Borrowed;

use super::view::{View, interface};
use super::{Pass, Report};
use crate::diagnostics::{Diagnostic, Rule};
use crate::keyed::Keyed;
use crate::model::{Process, Program};
use crate::plan::{Shared, is_claimed};
use crate::vocabulary::{Delivery, Direction, Transfer};

const MUTATES: Rule = Rule::error("VIL-O002", "`mutates` names in ports.");
const CHANGED: Rule =
    Rule::warning("VIL-O003", "A process that changes messages in place under at_least_once is idempotent.");
const TAKEN: Rule =
    Rule::warning("VIL-O005", "What a consumer has taken is lost with it when it dies, under at_least_once too.");
const OTHERS_READ: Rule =
    Rule::error("VIL-O011", "A process does not change in place what its producer or others may be reading.");
const NO_FORWARD: Rule = Rule::error("VIL-O012", "By publish_offset goes what a forward leads to.");
const TWICE: Rule = Rule::error("VIL-O013", "A process says once what it changes in place and what it forwards.");

pub(super) const PASS: Pass = Pass {
    name: "OwnershipLegality",
    about: "Every message has one owner, and nobody waits for himself.",
    rules: &[
        MUTATES,
        CHANGED,
        cycles::RULE,
        TAKEN,
        forwards::PORTS,
        forwards::COPIED,
        forwards::BY_OFFSET,
        forwards::BORROWED,
        forwards::SECOND_HOP,
        OTHERS_READ,
        NO_FORWARD,
        TWICE,
    ],
};

pub(super) fn run(program: &Program, report: &mut Report) {
    let (borrowed, shared) = (Borrowed::of(program, report), Shared::of(program));
    mutates(program, report);
    twice(program, report);
    changed(program, &borrowed, report);
    cycles::judge(program, report);
    for view in report.routes() {
        taken(program, &view, report);
        if view.transfer == Transfer::PublishOffset && !shared.is_forwarded(&view.route.from) {
            let message = format!("{}: nothing is forwarded to `{}`", view.name(), view.route.from);
            let fault = Diagnostic::new(NO_FORWARD, view.at("transfer"), message).found(view.transfer);
            report.add(fault.expected("loan_write").fix("say `forwards` on the process, or leave `transfer` out"));
        }
    }
    forwards::judge(program, &borrowed, report);
}

fn mutates(program: &Program, report: &mut Report) {
    for (name, process) in &program.processes {
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

fn twice(program: &Program, report: &mut Report) {
    for (name, process) in &program.processes {
        let mut seen: Keyed<(&str, &str), ()> = Keyed::new();
        let mutates = process.mutates.iter().enumerate();
        let mutates = mutates.map(|(index, port)| ((port.as_str(), ""), format!("mutates/{index}")));
        let forwards = process.forwards.iter().enumerate();
        let forwards =
            forwards.map(|(index, pair)| ((pair.from.as_str(), pair.to.as_str()), format!("forwards/{index}")));
        for (said, at) in mutates.chain(forwards) {
            if seen.insert(said, ()).is_some() {
                let message = format!("`{name}` says of port `{}` what it has said already", said.0);
                report.add(
                    Diagnostic::new(TWICE, format!("/processes/{name}/{at}"), message).fix("take one of them out"),
                );
            }
        }
    }
}

/// What a process that changes messages meets: O003 and O011.
fn changed<'p>(program: &'p Program, borrowed: &Borrowed<'p>, report: &mut Report) {
    let mut changes: Keyed<(&str, &str), (&Process, usize)> = Keyed::new();
    for (name, process) in &program.processes {
        for (index, port) in process.mutates.iter().enumerate() {
            changes.or_insert_with((name, port), || (process, index));
        }
    }
    for view in report.routes() {
        let end = &view.route.to;
        let Some(&(process, index)) = changes.get(&(end.process.as_str(), end.port.as_str())) else { continue };
        let at = format!("/processes/{}/mutates/{index}", end.process);
        let is_lent = borrowed.contains(&view.route.from) && view.transfer == Transfer::PublishOffset;
        if matches!(view.transfer, Transfer::ShareRead | Transfer::LoanRead) || is_lent {
            let message = format!("{}: `{end}` is not alone with these messages", view.name());
            let fault = Diagnostic::new(OTHERS_READ, at, message).found(view.transfer);
            report.add(fault.expected("loan_write or consume_once").fix("change a copy"));
            continue;
        }
        let in_place = view.transfer != Transfer::Copy && view.delivery == Delivery::AtLeastOnce;
        if in_place && !process.idempotent {
            let message = format!("`{}` may meet messages that it has changed already, after a restart", end.process);
            let fault = Diagnostic::new(CHANGED, at, message);
            report.add(fault.fix("say `idempotent: true` when that does no harm, or change a copy"));
        }
    }
}

/// What at_least_once does not promise where messages change hands: the take is the receipt.
fn taken(program: &Program, view: &View<'_>, report: &mut Report) {
    let moves = view.transfer == Transfer::ConsumeOnce || is_claimed(program, view.route, view.source);
    if moves && view.delivery == Delivery::AtLeastOnce {
        let message = format!("{}: what `{}` has taken and not finished is lost with it", view.name(), view.route.to);
        let fault = Diagnostic::new(TAKEN, view.at("delivery"), message).found(view.delivery);
        let fault = fault.expected("best_effort");
        report.add(fault.fix("say `delivery: best_effort`, or use loan_write on an spsc queue where each must arrive"));
    }
}

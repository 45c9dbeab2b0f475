//! O006 to O010: what a process passes on without a copy.
//!
//! The in-route decides: consume_once hands the message over, and it is forwarded as the forwarder's own; a message on
//! loan is forwarded borrowed, and only once, because a cell has room for one ring that it was borrowed from.

use super::super::Report;
use super::super::view::{View, interface};
use crate::diagnostics::{Diagnostic, Rule};
use crate::keyed::Keyed;
use crate::model::{End, Forward, Program};
use crate::vocabulary::{Direction, Transfer};

pub(super) const PORTS: Rule = Rule::error("VIL-O006", "A forward leads from an in to an out port of one message.");
pub(super) const COPIED: Rule = Rule::error("VIL-O007", "A message that arrives by copy is not forwarded.");
pub(super) const BY_OFFSET: Rule =
    Rule::error("VIL-O008", "The one route behind a forward is publish_offset, or consume_once.");
pub(super) const BORROWED: Rule =
    Rule::error("VIL-O009", "Only what was handed over by consume_once is handed on by consume_once.");
pub(super) const SECOND_HOP: Rule =
    Rule::error("VIL-O010", "A message on loan is forwarded once: what arrives borrowed goes no further.");

/// A forward and where it stands.
struct Step<'p> {
    process: &'p str,
    forward: &'p Forward,
    pointer: String,
}

impl Step<'_> {
    fn end(&self, port: &str) -> End {
        End { process: self.process.to_owned(), port: port.to_owned() }
    }

    fn add(&self, rule: Rule, message: String, fix: &str, report: &mut Report) {
        report.add(Diagnostic::new(rule, self.pointer.clone(), format!("`{}`: {message}", self.process)).fix(fix));
    }
}

/// Routes by the port at one of their ends.
type ByEnd<'p> = Keyed<&'p End, Vec<View<'p>>>;

pub(super) fn judge<'p>(program: &'p Program, borrowed: &Borrowed<'p>, report: &mut Report) {
    let (mut to, mut from): (ByEnd<'_>, ByEnd<'_>) = (Keyed::new(), Keyed::new());
    for view in report.routes() {
        to.or_default(&view.route.to).push(view);
    }
    for view in report.routes() {
        from.or_default(&view.route.from).push(view);
    }
    for (process, found) in &program.processes {
        for (index, forward) in found.forwards.iter().enumerate() {
            let step = Step { process, forward, pointer: format!("/processes/{process}/forwards/{index}") };
            if !ports(program, &step, report) {
                continue;
            }
            let arrives = to.get(&step.end(&forward.from)).map_or(&[][..], Vec::as_slice);
            let leaves = from.get(&step.end(&forward.to)).map_or(&[][..], Vec::as_slice);
            incoming(borrowed, &step, arrives, report);
            outgoing(&step, arrives, leaves, report);
        }
    }
}

/// Whether the ports can be the ends of a forward.
fn ports(program: &Program, step: &Step<'_>, report: &mut Report) -> bool {
    let interface = program.processes.get(step.process).and_then(|process| interface(program, process));
    let port = |name: &str| interface.and_then(|interface| interface.ports.get(name));
    let (Some(from), Some(to)) = (port(&step.forward.from), port(&step.forward.to)) else { return false };
    let (source, target) = (&step.forward.from, &step.forward.to);
    if (from.direction, to.direction) != (Direction::In, Direction::Out) {
        let found = format!("`{source}` is {}, `{target}` is {}", from.direction, to.direction);
        step.add(PORTS, found, "forward from an in port to an out port", report);
    } else if from.message != to.message {
        let found = format!("`{source}` carries `{}`, `{target}` carries `{}`", from.message, to.message);
        step.add(PORTS, found, "loan, fill and publish a message of the other type", report);
    } else {
        return true;
    }
    false
}

fn incoming<'p>(borrowed: &Borrowed<'p>, step: &Step<'_>, arrives: &[View<'p>], report: &mut Report) {
    for view in arrives {
        if view.transfer == Transfer::Copy {
            let found = format!("`{}` receives copies, which lie in no slot", step.forward.from);
            step.add(COPIED, found, "send a message of its own, or let the in-route be loan_write", report);
        }
        if view.transfer == Transfer::PublishOffset && borrowed.contains(&view.route.from) {
            let found = format!("what `{}` passes on is borrowed already", view.route.from);
            step.add(SECOND_HOP, found, "let the first route be consume_once, or copy at one of the hops", report);
        }
    }
}

fn outgoing(step: &Step<'_>, arrives: &[View<'_>], leaves: &[View<'_>], report: &mut Report) {
    let borrows = arrives.iter().any(|view| view.transfer != Transfer::ConsumeOnce);
    for view in leaves {
        match view.transfer {
            Transfer::PublishOffset if leaves.len() == 1 => {}
            Transfer::ConsumeOnce if leaves.len() == 1 => {
                if borrows {
                    let found =
                        format!("`{}` is on loan and cannot be given to `{}`", step.forward.from, view.route.to);
                    step.add(BORROWED, found, "let the in-route be consume_once too", report);
                }
            }
            transfer => {
                let found = format!("`{}` sends by {transfer}, over {} routes", step.forward.to, leaves.len());
                step.add(BY_OFFSET, found, "leave `transfer` of its one route out", report);
            }
        }
    }
}

/// The ports that pass on what they have on loan themselves: some forward into them takes from a port that gives back.
pub(super) struct Borrowed<'p>(Keyed<(&'p str, &'p str), ()>);

impl<'p> Borrowed<'p> {
    /// Those of a program.
    pub(super) fn of(program: &'p Program, report: &Report<'p>) -> Borrowed<'p> {
        let lent = report.routes().filter(|view| view.transfer != Transfer::ConsumeOnce);
        let lent: Keyed<_, ()> = lent.map(|view| (parts(&view.route.to), ())).collect();
        let mut borrowed = Keyed::new();
        for (process, found) in &program.processes {
            let taken = |forward: &&Forward| lent.contains_key(&(process.as_str(), forward.from.as_str()));
            borrowed.extend(found.forwards.iter().filter(taken).map(|step| ((process.as_str(), step.to.as_str()), ())));
        }
        Borrowed(borrowed)
    }

    /// Whether this is one of them.
    pub(super) fn contains(&self, end: &'p End) -> bool {
        self.0.contains_key(&parts(end))
    }
}

/// Process and port.
fn parts(end: &End) -> (&str, &str) {
    (&end.process, &end.port)
}

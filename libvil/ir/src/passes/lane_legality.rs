//! Pass 6, LaneLegality: does every message take a lane of its kind, and do the ends of a route agree.
//!
//! N001 kinds off their lanes · N002 lanes that differ · N003 messages that differ · N004 directions · N005 replies that
//! differ

use super::view::{port, port_pointer};
use super::{Pass, Report};
use crate::diagnostics::{Diagnostic, Rule};
use crate::model::{End, Port, Program, Route};
use crate::plan::lane;
use crate::vocabulary::{Direction, Kind};

const OFF_LANE: Rule = Rule::error(
    "VIL-N001",
    "A fault takes the control lane, a decision trigger, state data, an event data or control.",
);
const LANES: Rule = Rule::error("VIL-N002", "The ends of a route are on one lane.");
const MESSAGES: Rule = Rule::error("VIL-N003", "The ends of a route carry one message.");
const DIRECTION: Rule =
    Rule::error("VIL-N004", "A route leads from an out port to an in port, or from a request to a response port.");
const REPLIES: Rule = Rule::error("VIL-N005", "The ends of a request expect and give one reply.");

pub(super) const PASS: Pass = Pass {
    name: "LaneLegality",
    about: "Every message takes a lane of its kind, and the ends of a route agree.",
    rules: &[OFF_LANE, LANES, MESSAGES, DIRECTION, REPLIES],
};

pub(super) fn run(program: &Program, report: &mut Report) {
    kinds(program, report);
    ends(program, report);
}

fn kinds(program: &Program, report: &mut Report) {
    for (interface, found) in &program.interfaces {
        for (name, port) in &found.ports {
            let at = format!("/interfaces/{interface}/ports/{name}/lane");
            let (verb, back) = match port.direction {
                Direction::Out => ("sends", ""),
                Direction::In => ("receives", ""),
                Direction::Request => ("sends", "receives"),
                Direction::Response => ("receives", "sends"),
            };
            let carried = [(Some(&port.message), verb), (port.reply.as_ref().filter(|_| !back.is_empty()), back)];
            for (message, verb) in carried {
                let Some(message) = message else { continue };
                on_lane(program, port, message, &format!("port `{name}` {verb}"), &at, report);
            }
        }
    }
}

/// One message of a port: is its kind at home on the port's lane.
fn on_lane(program: &Program, port: &Port, message: &str, does: &str, at: &str, report: &mut Report) {
    let Some(found) = program.messages.get(message) else { return };
    let (kind, lane) = (found.kind.unwrap_or(Kind::Message), lane(program, port));
    if !kind.lanes().contains(&lane) {
        let lanes: Vec<&str> = kind.lanes().iter().map(|lane| lane.word()).collect();
        let text = format!("{does} the {kind} `{message}` over the {lane} lane");
        let fault = Diagnostic::new(OFF_LANE, at, text).found(lane).expected(lanes.join(" or "));
        report.add(fault.fix(format!("add `lane: {}`", lanes[0])));
    }
}

fn ends(program: &Program, report: &mut Report) {
    for (index, route) in program.routes.iter().enumerate() {
        let (source, target) = (port(program, &route.from), port(program, &route.to));
        directions(index, route, source, target, report);
        let (Some(source), Some(target)) = (source, target) else { continue };
        let name = format!("{} -> {}", route.from, route.to);
        if source.message != target.message {
            let text = format!("{name}: the ends carry different messages");
            let fault = Diagnostic::new(MESSAGES, format!("/routes/{index}"), text);
            report.add(fault.found(format!("`{}` and `{}`", source.message, target.message)));
        }
        if let (Some(expected), Some(given)) = (&source.reply, &target.reply)
            && expected != given
        {
            let text = format!("{name}: the one end expects `{expected}`, the other answers `{given}`");
            report.add(Diagnostic::new(REPLIES, format!("/routes/{index}"), text).found(format!("`{given}`")));
        }
        let lanes = (lane(program, source), lane(program, target));
        if lanes.0 != lanes.1 {
            let pointer = port_pointer(program, &route.to) + "/lane";
            let fault = Diagnostic::new(LANES, pointer, format!("{name}: the ends are on different lanes"));
            report.add(fault.found(lanes.1).expected(lanes.0));
        }
    }
}

/// Each end on its own: what starts a route, what ends one; then whether the two belong together.
fn directions(index: usize, route: &Route, source: Option<&Port>, target: Option<&Port>, report: &mut Report) {
    let mut refuse = |key: &str, end: &End, found: Direction, expected: &str| {
        let article = if matches!(found, Direction::In | Direction::Out) { "an" } else { "a" };
        let text = format!("`{end}` is {article} {found} port");
        let fault = Diagnostic::new(DIRECTION, format!("/routes/{index}/{key}"), text);
        report.add(fault.expected(format!("{expected} port")));
    };
    let starts = |found: Direction| matches!(found, Direction::Out | Direction::Request);
    let (from, to) = (source.map(|port| port.direction), target.map(|port| port.direction));
    if let Some(found) = from.filter(|found| !starts(*found)) {
        refuse("from", &route.from, found, "an out or request");
    }
    if let Some(found) = to.filter(|found| starts(*found)) {
        refuse("to", &route.to, found, "an in or response");
    }
    match (from, to) {
        (Some(Direction::Out), Some(found @ Direction::Response)) => refuse("to", &route.to, found, "an in"),
        (Some(Direction::Request), Some(found @ Direction::In)) => refuse("to", &route.to, found, "a response"),
        _ => {}
    }
}

//! Pass 6, LaneLegality: does every message take a lane of its kind, and do the ends of a route agree.
//!
//! N001 kinds off their lanes · N002 lanes that differ · N003 messages that differ · N004 directions

use super::view::{port, port_pointer};
use super::{Pass, Report};
use crate::diagnostics::{Diagnostic, Rule};
use crate::model::Program;
use crate::plan::lane;
use crate::vocabulary::{Direction, Kind};

const OFF_LANE: Rule = Rule::error(
    "VIL-N001",
    "A fault takes the control lane, a decision trigger, state data, an event data or control.",
);
const LANES: Rule = Rule::error("VIL-N002", "The ends of a route are on one lane.");
const MESSAGES: Rule = Rule::error("VIL-N003", "The ends of a route carry one message.");
const DIRECTION: Rule = Rule::error("VIL-N004", "A route leads from an out port to an in port.");

pub(super) const PASS: Pass = Pass {
    name: "LaneLegality",
    about: "Every message takes a lane of its kind, and the ends of a route agree.",
    rules: &[OFF_LANE, LANES, MESSAGES, DIRECTION],
    run,
};

fn run(program: &Program, report: &mut Report) {
    kinds(program, report);
    ends(program, report);
}

fn kinds(program: &Program, report: &mut Report) {
    for (interface, found) in &program.interfaces {
        for (name, port) in &found.ports {
            let Some(message) = program.messages.get(&port.message) else { continue };
            let (kind, lane) = (message.kind.unwrap_or(Kind::Message), lane(program, port));
            if !kind.lanes().contains(&lane) {
                let lanes: Vec<&str> = kind.lanes().iter().map(|lane| lane.word()).collect();
                let text = format!("port `{name}` sends the {kind} `{}` over the {lane} lane", port.message);
                let text = if port.direction == Direction::In { text.replace("sends", "receives") } else { text };
                let fault = Diagnostic::new(OFF_LANE, format!("/interfaces/{interface}/ports/{name}/lane"), text);
                let fault = fault.found(lane).expected(lanes.join(" or "));
                report.add(fault.fix(format!("add `lane: {}`", lanes[0])));
            }
        }
    }
}

fn ends(program: &Program, report: &mut Report) {
    for (index, route) in program.routes.iter().enumerate() {
        for (end, key, expected) in [(&route.from, "from", Direction::Out), (&route.to, "to", Direction::In)] {
            let Some(found) = port(program, end).map(|port| port.direction) else { continue };
            // Request and response ports are TransferCapability's.
            if matches!(found, Direction::In | Direction::Out) && found != expected {
                let fault =
                    Diagnostic::new(DIRECTION, format!("/routes/{index}/{key}"), format!("`{end}` is an {found} port"));
                report.add(fault.expected(format!("an {expected} port")));
            }
        }
        let (Some(source), Some(target)) = (port(program, &route.from), port(program, &route.to)) else { continue };
        let name = format!("{} -> {}", route.from, route.to);
        if source.message != target.message {
            let text = format!("{name}: the ends carry different messages");
            let fault = Diagnostic::new(MESSAGES, format!("/routes/{index}"), text);
            report.add(fault.found(format!("`{}` and `{}`", source.message, target.message)));
        }
        let lanes = (lane(program, source), lane(program, target));
        if lanes.0 != lanes.1 {
            let pointer = port_pointer(program, &route.to) + "/lane";
            let fault = Diagnostic::new(LANES, pointer, format!("{name}: the ends are on different lanes"));
            report.add(fault.found(lanes.1).expected(lanes.0));
        }
    }
}

//! Pass 2, TransferCapability: can this message travel this way.
//!
//! T001 modes of later versions · T002 size of copies · T003 state by copy · T004 control_heap on loan · T005 memory
//! classes of later versions · T006 request and response ports (not in this version) · T007 several routes from one
//! port (share_read, not in this version)

use std::collections::BTreeMap;

use super::view::routes;
use super::{Pass, Report};
use crate::diagnostics::{Diagnostic, Rule};
use crate::layout::lay_out;
use crate::limits::MAX_COPY_SIZE;
use crate::model::{End, Program};
use crate::plan::memory;
use crate::vocabulary::{Direction, Kind, MemoryClass, Transfer};

const MODE: Rule = Rule::error("VIL-T001", "This version transfers by loan_write and copy.");
const COPY_SIZE: Rule = Rule::error("VIL-T002", "A message that moves by copy has at most 4,096 bytes.");
const STATE: Rule = Rule::error("VIL-T003", "State does not move by copy.");
const CONTROL_HEAP: Rule = Rule::error("VIL-T004", "A message on the control heap moves by copy.");
const MEMORY: Rule = Rule::error("VIL-T005", "This version keeps messages in paged_exchange and control_heap.");
const REQUEST: Rule = Rule::error("VIL-T006", "This version has in and out ports: no request and no response ports.");
const FAN_OUT: Rule = Rule::error("VIL-T007", "This version leads one route away from an out port.");

pub(super) const PASS: Pass = Pass {
    name: "TransferCapability",
    about: "A message can travel the way its route says.",
    rules: &[MODE, COPY_SIZE, STATE, CONTROL_HEAP, MEMORY, REQUEST, FAN_OUT],
    run,
};

fn run(program: &Program, report: &mut Report) {
    modes(program, report);
    copies(program, report);
    memories(program, report);
    requests(program, report);
    fan_out(program, report);
}

fn modes(program: &Program, report: &mut Report) {
    for view in routes(program) {
        let name = view.name();
        if !matches!(view.transfer, Transfer::LoanWrite | Transfer::Copy) {
            let fault =
                Diagnostic::new(MODE, view.at("transfer"), format!("{name}: {} is not in this version", view.transfer));
            report.add(fault.expected("loan_write or copy").fix("use loan_write: it costs no copy either"));
        }
        let on_loan = !matches!(view.transfer, Transfer::Copy);
        if on_loan && memory(view.message) == MemoryClass::ControlHeap {
            let message = format!("{name}: `{}` lives on the control heap, which is copied", view.source.message);
            let fault = Diagnostic::new(CONTROL_HEAP, view.at("transfer"), message).found(view.transfer);
            report.add(fault.expected("copy").fix("leave `transfer` out, or say `memory: paged_exchange`"));
        }
    }
}

fn copies(program: &Program, report: &mut Report) {
    // A program with a type that cannot be laid out has no sizes; LayoutLegality says so.
    let layouts = lay_out(program).unwrap_or_default();
    for view in routes(program).filter(|view| view.transfer == Transfer::Copy) {
        let (name, message) = (view.name(), &view.source.message);
        if view.message.kind == Some(Kind::State) {
            let fault = Diagnostic::new(STATE, view.at("transfer"), format!("{name}: `{message}` is state"));
            report.add(fault.found("copy").expected("loan_write"));
        }
        if let Some(layout) = layouts.types.get(message)
            && layout.size > MAX_COPY_SIZE
        {
            let fault = Diagnostic::new(
                COPY_SIZE,
                view.at("transfer"),
                format!("{name}: `{message}` is too large to be copied"),
            );
            let fault = fault.found(format!("{} bytes", layout.size)).expected(format!("at most {MAX_COPY_SIZE}"));
            report.add(fault.fix("use loan_write, with `memory: paged_exchange` on the message"));
        }
    }
}

fn memories(program: &Program, report: &mut Report) {
    for (name, message) in &program.messages {
        if let Some(memory @ (MemoryClass::PinnedRemote | MemoryClass::LocalScratch)) = message.memory {
            let text = format!("`{name}`: {memory} is not in this version");
            let fault = Diagnostic::new(MEMORY, format!("/messages/{name}/memory"), text);
            report.add(fault.expected("paged_exchange or control_heap"));
        }
    }
}

fn requests(program: &Program, report: &mut Report) {
    for (interface, found) in &program.interfaces {
        for (name, port) in &found.ports {
            if let Direction::Request | Direction::Response = port.direction {
                let at = format!("/interfaces/{interface}/ports/{name}/direction");
                let fault =
                    Diagnostic::new(REQUEST, at, format!("`{name}`: {} ports are not in this version", port.direction));
                report.add(fault.expected("in or out").fix("use a pair of an out port and an in port"));
            }
        }
    }
}

fn fan_out(program: &Program, report: &mut Report) {
    let mut first: BTreeMap<&End, usize> = BTreeMap::new();
    for (index, route) in program.routes.iter().enumerate() {
        if let Some(first) = first.get(&route.from) {
            let message = format!("a second route leads away from `{}`", route.from);
            let fault = Diagnostic::new(FAN_OUT, format!("/routes/{index}/from"), message);
            report.add(fault.found(format!("route {first} already")).fix("give the process a port for each receiver"));
            continue;
        }
        first.insert(&route.from, index);
    }
}

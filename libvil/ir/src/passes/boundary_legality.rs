//! Pass 3, BoundaryLegality: can this message cross what lies between the ends of its route.
//!
//! B001 boundaries of later versions · B002 wasm_capsule by copy only · B003 external_boundary takes external messages
//! only · B004 two hosts and a boundary within one · B005 external messages only between hosts · B006 another runtime
//! without an adapter · B007 inter_host within one host · B008 hosts without an address

use super::view::{View, boundary, hosts, is_external};
use super::{Pass, Report};
use crate::diagnostics::{Diagnostic, Rule};
use crate::keyed::Keyed;
use crate::model::Program;
use crate::plan;
use crate::vocabulary::{Boundary, Transfer, Zone};

const BOUNDARY: Rule =
    Rule::error("VIL-B001", "This version crosses threads and processes of one host: no other hosts and runtimes.");
const CAPSULE: Rule = Rule::error("VIL-B002", "A process in zone wasm_capsule exchanges messages by copy.");
const OUTSIDE: Rule =
    Rule::error("VIL-B003", "A process in zone external_boundary exchanges external messages by copy.");
const TWO_HOSTS: Rule = Rule::error("VIL-B004", "A route between two hosts has boundary inter_host.");
const NO_BYTES: Rule = Rule::error("VIL-B005", "Between hosts travel external messages.");
const NO_ADAPTER: Rule = Rule::error("VIL-B006", "What crosses into another runtime is external and has an adapter.");
const ONE_HOST: Rule = Rule::error("VIL-B007", "The ends of a route with boundary inter_host are on two hosts.");
const NO_ADDRESS: Rule = Rule::error("VIL-B008", "A host that a route leads to or from has an address.");

pub(super) const PASS: Pass = Pass {
    name: "BoundaryLegality",
    about: "A message can cross what lies between the ends of its route.",
    rules: &[BOUNDARY, CAPSULE, OUTSIDE, TWO_HOSTS, NO_BYTES, NO_ADAPTER, ONE_HOST, NO_ADDRESS],
};

pub(super) fn run(program: &Program, report: &mut Report) {
    for view in report.routes() {
        let name = view.name();
        let crossed = boundary(program, view.route);
        if let Boundary::ForeignRuntime | Boundary::InterHost = crossed {
            let fault =
                Diagnostic::new(BOUNDARY, view.at("boundary"), format!("{name}: {crossed} is not in this version"));
            report.add(
                fault.expected("inter_process, inter_thread or intra_process").fix("keep both processes on one host"),
            );
            if crossed == Boundary::InterHost {
                far(program, &view, report);
            }
        } else if let Some((from, to)) = hosts(program, view.route) {
            let fault = Diagnostic::new(
                TWO_HOSTS,
                view.at("boundary"),
                format!("{name}: its ends are on hosts `{from}` and `{to}`"),
            );
            report.add(fault.found(crossed).expected("inter_host"));
        }
    }
    for view in report.rings() {
        zones(program, &view, report);
        adapters(program, &view, report);
    }
    addresses(program, report);
}

/// What shares no memory at all with the other end gets bytes that an adapter understands.
fn adapters(program: &Program, view: &View<'_>, report: &mut Report) {
    let (name, carries) = (view.name(), view.carries);
    if is_external(program, carries) {
        return;
    }
    let (rule, message) = match boundary(program, view.route) {
        Boundary::InterHost => (NO_BYTES, format!("{name}: `{carries}` lies in the memory of its own host")),
        Boundary::ForeignRuntime => {
            (NO_ADAPTER, format!("{name}: nothing says how the other runtime reads `{carries}`"))
        }
        _ => return,
    };
    let fault = Diagnostic::new(rule, format!("/routes/{}", view.index), message).found("no adapter");
    report.add(fault.expected("a message with `layout: external`").fix("convert it by a process on the way"));
}

fn far(program: &Program, view: &View<'_>, report: &mut Report) {
    if hosts(program, view.route).is_none() {
        let message = format!("{}: nothing says that its ends are on two hosts", view.name());
        let fault = Diagnostic::new(ONE_HOST, view.at("boundary"), message).found("inter_host");
        report.add(fault.expected("inter_process").fix("say `host` on both processes, or leave `boundary` out"));
    }
}

/// One report a host, however many routes lead to it.
fn addresses(program: &Program, report: &mut Report) {
    let mut told: Keyed<&str, ()> = Keyed::new();
    for (from, to) in program.routes.iter().filter_map(|route| hosts(program, route)) {
        for name in [from, to] {
            let Some(host) = program.hosts.get(name) else { continue };
            if host.address.is_none() && told.insert(name, ()).is_none() {
                let message = format!("a route leads to or from host `{name}`, and nothing says where that is");
                let fault = Diagnostic::new(NO_ADDRESS, format!("/hosts/{name}"), message);
                report.add(fault.fix("add `address: ...`"));
            }
        }
    }
}

fn zones(program: &Program, view: &View<'_>, report: &mut Report) {
    let name = view.name();
    for end in [&view.route.from, &view.route.to] {
        let zone = program.processes.get(&end.process).map(|process| plan::zone(program, process));
        if zone == Some(Zone::WasmCapsule) && view.transfer != Transfer::Copy {
            let message = format!("{name}: `{}` is in a capsule and shares no memory", end.process);
            let fault = Diagnostic::new(CAPSULE, view.at("transfer"), message).found(view.transfer);
            report.add(fault.expected("copy"));
        }
        let external = is_external(program, view.carries) && view.transfer == Transfer::Copy;
        if zone == Some(Zone::ExternalBoundary) && !external {
            let message = format!("{name}: `{}` is outside and does not see `{}` in memory", end.process, view.carries);
            report.add(Diagnostic::new(OUTSIDE, view.at("transfer"), message).expected("an external message, by copy"));
        }
    }
}

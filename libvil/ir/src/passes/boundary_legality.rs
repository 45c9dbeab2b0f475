//! Pass 3, BoundaryLegality: can this message cross what lies between the ends of its route.
//!
//! B001 boundaries of later versions · B002 wasm_capsule by copy only · B003 external_boundary takes external messages
//! only · B004 two hosts and a boundary within one

use super::view::{View, boundary, hosts, profile, rings, routes};
use super::{Pass, Report};
use crate::diagnostics::{Diagnostic, Rule};
use crate::model::Program;
use crate::vocabulary::{Boundary, Profile, Transfer, Zone};

const BOUNDARY: Rule =
    Rule::error("VIL-B001", "This version crosses threads and processes of one host: no other hosts and runtimes.");
const CAPSULE: Rule = Rule::error("VIL-B002", "A process in zone wasm_capsule exchanges messages by copy.");
const OUTSIDE: Rule =
    Rule::error("VIL-B003", "A process in zone external_boundary exchanges external messages by copy.");
const TWO_HOSTS: Rule = Rule::error("VIL-B004", "A route between two hosts has boundary inter_host.");

pub(super) const PASS: Pass = Pass {
    name: "BoundaryLegality",
    about: "A message can cross what lies between the ends of its route.",
    rules: &[BOUNDARY, CAPSULE, OUTSIDE, TWO_HOSTS],
    run,
};

fn run(program: &Program, report: &mut Report) {
    for view in routes(program) {
        let name = view.name();
        let crossed = boundary(program, view.route);
        if let Boundary::ForeignRuntime | Boundary::InterHost = crossed {
            let fault =
                Diagnostic::new(BOUNDARY, view.at("boundary"), format!("{name}: {crossed} is not in this version"));
            report.add(
                fault.expected("inter_process, inter_thread or intra_process").fix("keep both processes on one host"),
            );
        } else if let Some((from, to)) = hosts(program, view.route) {
            let fault = Diagnostic::new(
                TWO_HOSTS,
                view.at("boundary"),
                format!("{name}: its ends are on hosts `{from}` and `{to}`"),
            );
            report.add(fault.found(crossed).expected("inter_host"));
        }
    }
    for view in rings(program) {
        zones(program, &view, report);
    }
}

fn zones(program: &Program, view: &View<'_>, report: &mut Report) {
    let name = view.name();
    for end in [&view.route.from, &view.route.to] {
        let zone = program.processes.get(&end.process).and_then(|process| process.zone);
        let zone = zone.or(program.defaults.processes.zone).unwrap_or(Zone::NativeTrusted);
        if zone == Zone::WasmCapsule && view.transfer != Transfer::Copy {
            let message = format!("{name}: `{}` is in a capsule and shares no memory", end.process);
            let fault = Diagnostic::new(CAPSULE, view.at("transfer"), message).found(view.transfer);
            report.add(fault.expected("copy"));
        }
        let external = profile(view.message) == Profile::External && view.transfer == Transfer::Copy;
        if zone == Zone::ExternalBoundary && !external {
            let message =
                format!("{name}: `{}` is outside and takes no {} message", end.process, profile(view.message));
            report.add(Diagnostic::new(OUTSIDE, view.at("transfer"), message).expected("an external message, by copy"));
        }
    }
}

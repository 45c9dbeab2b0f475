//! A program with everything said that it leaves to a default, so that two ways to say the same are the same.

use crate::model::{Program, Queue, Route};
use crate::passes::view;
use crate::plan::{self, Shared};
use crate::vocabulary::{Cleanup, Delivery, ExecClass, Kind, Profile, Verify, Zone};

/// What the program says, with its defaults filled in and `defaults` empty. The queue of a port that is in use stands on
/// its routes; whether a message is flat or relative is its layout's business.
pub(super) fn filled(program: &Program) -> Program {
    let mut full = program.clone();
    full.defaults = Default::default();
    for message in full.messages.values_mut() {
        message.memory = Some(plan::memory(message));
        message.kind = message.kind.or(Some(Kind::Message));
        message.layout = message.layout.filter(|profile| *profile == Profile::External);
    }
    ports(program, &mut full);
    processes(program, &mut full);
    let shared = Shared::of(program);
    full.routes.iter_mut().for_each(|route| fill_route(program, &shared, route));
    full
}

fn ports(program: &Program, full: &mut Program) {
    let is_used = |name: &String| program.processes.values().any(|process| process.interface == *name);
    for name in program.interfaces.keys() {
        let Some(interface) = full.interfaces.get_mut(name) else { continue };
        for port in interface.ports.values_mut() {
            (port.lane, port.loans) = (Some(plan::lane(program, port)), Some(plan::loans(program, port)));
            if is_used(name) {
                port.queue = Queue::default();
            }
        }
    }
}

fn processes(program: &Program, full: &mut Program) {
    let defaults = &program.defaults.processes;
    for name in program.processes.keys() {
        let Some(process) = full.processes.get_mut(name) else { continue };
        process.exec = process.exec.or(defaults.exec).or(Some(ExecClass::Thread));
        process.zone = process.zone.or(defaults.zone).or(Some(Zone::NativeTrusted));
        process.cleanup = process.cleanup.or(defaults.cleanup).or(Some(Cleanup::ReclaimOrphans));
        process.priority = process.priority.or(defaults.priority);
        process.instances = process.instances.or(Some(1));
        let domain = process.failure_domain.take().or_else(|| defaults.failure_domain.clone());
        process.failure_domain = domain.or_else(|| Some(name.clone()));
        process.observe = process.observe.take().or_else(|| defaults.observe.clone());
    }
}

fn fill_route(program: &Program, shared: &Shared<'_>, route: &mut Route) {
    let process = program.processes.get(&route.from.process);
    let interface = process.and_then(|process| program.interfaces.get(&process.interface));
    let Some(source) = interface.and_then(|interface| interface.ports.get(&route.from.port)) else { return };
    let Some(message) = program.messages.get(&source.message) else { return };
    let transfer = plan::transfer(program, shared, route, source, message);
    let delivery: Delivery = plan::delivery(program, route, source, message, transfer);
    let queue = Queue {
        kind: Some(plan::queue_kind(program, route, source)),
        capacity: Some(plan::capacity(program, route, source)),
        backpressure: Some(plan::backpressure(program, route, source, delivery)),
        deadline_ms: Some(plan::deadline_ms(program, route, source)),
    };
    let boundary = view::boundary(program, route);
    route.verify = route.verify.or(program.defaults.routes.verify).or(Some(Verify::First));
    (route.transfer, route.delivery, route.boundary, route.queue) =
        (Some(transfer), Some(delivery), Some(boundary), queue);
}

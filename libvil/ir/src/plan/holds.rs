//! Every value that holds for a message, a port, a process or a route, whoever said it. One place for whoever states them all
//! and whoever compares them; what each of them is, `derive` decides.

use super::derive::{
    Shared, backpressure_why, boundary_why, capacity_why, cleanup_why, deadline_ms_why, delivery_why, exec_why,
    failure_domain_why, instances_why, kind_why, lane_why, loans_why, memory_why, observe_why, priority_why,
    queue_kind_why, transfer_why, verify_why, zone_why,
};
use super::port;
use super::why::Derived;
use crate::model::{Message, Observe, Port, Process, Program, Route};
use crate::vocabulary::{
    Backpressure, Boundary, Cleanup, Delivery, ExecClass, Kind, Lane, MemoryClass, QueueKind, Transfer, Verify, Zone,
};

/// What holds for a message.
pub(crate) struct OfMessage {
    pub(crate) kind: Derived<Kind>,
    pub(crate) memory: Derived<MemoryClass>,
}

impl OfMessage {
    pub(crate) fn of(message: &Message) -> OfMessage {
        OfMessage { kind: kind_why(message), memory: memory_why(message) }
    }
}

/// What holds for a port, but for its queue, which holds for routes.
pub(crate) struct OfPort {
    pub(crate) lane: Derived<Lane>,
    pub(crate) loans: Derived<u32>,
}

impl OfPort {
    pub(crate) fn of(program: &Program, port: &Port) -> OfPort {
        OfPort { lane: lane_why(program, port), loans: loans_why(program, port) }
    }
}

/// What holds for a process.
pub(crate) struct OfProcess<'p> {
    pub(crate) exec: Derived<ExecClass>,
    pub(crate) zone: Derived<Zone>,
    pub(crate) cleanup: Derived<Cleanup>,
    pub(crate) failure_domain: Derived<&'p str>,
    pub(crate) instances: Derived<u32>,
    /// Nothing: it has none.
    pub(crate) priority: Option<Derived<i32>>,
    /// As a whole; nothing: nobody asks for anything.
    pub(crate) observe: Option<Derived<&'p Observe>>,
}

impl<'p> OfProcess<'p> {
    pub(crate) fn of(program: &'p Program, name: &'p str, process: &'p Process) -> OfProcess<'p> {
        OfProcess {
            exec: exec_why(program, process),
            zone: zone_why(program, process),
            cleanup: cleanup_why(program, process),
            failure_domain: failure_domain_why(program, name, process),
            instances: instances_why(process),
            priority: priority_why(program, process),
            observe: observe_why(program, process),
        }
    }
}

/// What holds for a route, and of one that asks for its requests.
pub(crate) struct OfRoute {
    pub(crate) transfer: Derived<Transfer>,
    pub(crate) boundary: Derived<Boundary>,
    pub(crate) delivery: Derived<Delivery>,
    pub(crate) verify: Derived<Verify>,
    pub(crate) kind: Derived<QueueKind>,
    pub(crate) capacity: Derived<u32>,
    pub(crate) backpressure: Derived<Backpressure>,
    pub(crate) deadline_ms: Derived<u32>,
}

impl OfRoute {
    /// Nothing where the route leads away from nowhere.
    pub(crate) fn of<'p>(program: &Program, shared: &Shared<'p>, route: &'p Route) -> Option<OfRoute> {
        let source = port(program, &route.from).ok()?;
        let message = program.messages.get(&source.message)?;
        let transfer = transfer_why(program, shared, route, source, message);
        let delivery = delivery_why(program, route, source, message, transfer.value);
        Some(OfRoute {
            transfer,
            boundary: boundary_why(program, route),
            delivery,
            verify: verify_why(program, route),
            kind: queue_kind_why(program, route, source),
            capacity: capacity_why(program, route, source),
            backpressure: backpressure_why(program, route, source, delivery.value),
            deadline_ms: deadline_ms_why(program, route, source),
        })
    }
}

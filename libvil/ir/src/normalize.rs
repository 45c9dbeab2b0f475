//! A program with everything stated that it leaves to its defaults, and where each of these values comes from.
//!
//! Every value and every reason come from the code that the plan is made with, so this is what will be done and no second
//! opinion about it. A normalized program has the same plan but for the text of its contract, and is normal itself.
//! Whether the program is legal is the passes' business: what leads nowhere is left as it is.

use crate::layout::{Layout, Layouts, attempt};
use crate::model::{Message, Observe, Port, Process, Program, Queue, Route};
use crate::plan::holds::{OfMessage, OfPort, OfProcess, OfRoute};
use crate::plan::{Derived, Shared, Why, answer_delivery, answer_transfer, backpressure, is_verified, port};
use crate::vocabulary::Direction;

/// A program with everything stated.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalized {
    /// The program; `defaults` are empty, because everything they say stands where it counts. A transfer stays there that
    /// no route could state, because requests and answers differ.
    pub program: Program,
    /// Every value that was not written, in the order of messages, interfaces, processes and routes.
    pub reasons: Vec<Reason>,
}

/// A value that was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// JSON pointer to it in the normalized program.
    pub pointer: String,
    /// The value; of a key that could not be stated, what each ring has.
    pub value: String,
    /// Where it comes from, without a full stop.
    pub reason: &'static str,
    /// Whether it stands in the normalized program.
    pub is_stated: bool,
}

/// States everything.
pub fn normalize(program: &Program) -> Normalized {
    let mut made = Normalized { program: program.clone(), reasons: Vec::new() };
    let Normalized { program: normal, reasons } = &mut made;
    let (layouts, _) = attempt(program);
    for (name, message) in &program.messages {
        let at = Node { pointer: format!("/messages/{name}"), reasons };
        normal.messages.insert(name.clone(), self::message(message, layouts.types.get(name), at));
    }
    for (name, interface) in &program.interfaces {
        let mut found = interface.clone();
        for (port, declared) in &interface.ports {
            let at = Node { pointer: format!("/interfaces/{name}/ports/{port}"), reasons };
            found.ports.insert(port.clone(), port_of(program, declared, at));
        }
        normal.interfaces.insert(name.clone(), found);
    }
    for (name, process) in &program.processes {
        let at = Node { pointer: format!("/processes/{name}"), reasons };
        normal.processes.insert(name.clone(), self::process(program, name, process, at));
    }
    let shared = Shared::of(program);
    let routes = program.routes.iter().enumerate();
    normal.routes = routes
        .map(|(index, route)| {
            let at = Node { pointer: format!("/routes/{index}"), reasons };
            self::route(program, &layouts, &shared, route, at)
        })
        .collect();
    normal.defaults = Default::default();
    if normal.routes.iter().any(|route| route.transfer.is_none()) {
        normal.defaults.routes.transfer = program.defaults.routes.transfer;
    }
    made
}

/// A node whose keys are stated.
struct Node<'r> {
    pointer: String,
    reasons: &'r mut Vec<Reason>,
}

impl Node<'_> {
    /// A value to be stated, remembered with its reason unless the node says it already.
    fn state<T: std::fmt::Display>(&mut self, key: &str, derived: Derived<T>) -> Option<T> {
        self.note(key, &derived.value, derived.why);
        Some(derived.value)
    }

    fn note(&mut self, key: &str, value: &dyn std::fmt::Display, why: Why) {
        if why != Why::Stated {
            let pointer = format!("{}/{key}", self.pointer);
            self.reasons.push(Reason { pointer, value: value.to_string(), reason: why.text(), is_stated: true });
        }
    }

    /// The same for a route that asks: it can say one word for both of its rings, so where they differ it says none but
    /// what it said before.
    fn state_both<T: std::fmt::Display + PartialEq>(
        &mut self,
        key: &str,
        derived: Derived<T>,
        answers: Option<T>,
    ) -> Option<T> {
        match answers {
            Some(answers) if answers != derived.value && derived.why != Why::Stated => {
                let value = format!("{}, answers {answers}", derived.value);
                let reason = "requests and answers differ, and one key would speak for both";
                let pointer = format!("{}/{key}", self.pointer);
                self.reasons.push(Reason { pointer, value, reason, is_stated: false });
                None
            }
            _ => self.state(key, derived),
        }
    }
}

/// What has no layout is no type; then nothing is said about its profile either.
fn message(message: &Message, layout: Option<&Layout>, mut at: Node<'_>) -> Message {
    let derived = layout.map(|layout| {
        let why = if layout.references { Why::References } else { Why::NoReferences };
        Derived { value: layout.profile, why }
    });
    let profile = message.layout.map(|profile| Derived { value: profile, why: Why::Stated }).or(derived);
    let holds = OfMessage::of(message);
    Message {
        kind: at.state("kind", holds.kind),
        layout: profile.and_then(|profile| at.state("layout", profile)),
        memory: at.state("memory", holds.memory),
        ..message.clone()
    }
}

fn port_of(program: &Program, port: &Port, mut at: Node<'_>) -> Port {
    let holds = OfPort::of(program, port);
    Port { lane: at.state("lane", holds.lane), loans: at.state("loans", holds.loans), ..port.clone() }
}

fn process(program: &Program, name: &str, process: &Process, mut at: Node<'_>) -> Process {
    let holds = OfProcess::of(program, name, process);
    Process {
        priority: holds.priority.and_then(|priority| at.state("priority", priority)),
        exec: at.state("exec", holds.exec),
        zone: at.state("zone", holds.zone),
        cleanup: at.state("cleanup", holds.cleanup),
        failure_domain: at.state("failure_domain", holds.failure_domain).map(str::to_owned),
        instances: at.state("instances", holds.instances),
        observe: Some(observe(holds.observe, &mut at)),
        ..process.clone()
    }
}

/// A process takes `observe` as a whole. How often a route is stamped is the finer wish of both ends, so who wishes
/// nothing cannot state a number; nor can a label be made up.
fn observe(asked: Option<Derived<&Observe>>, at: &mut Node<'_>) -> Observe {
    let (mut found, why) = asked.map_or((Observe::default(), Why::Stated), |asked| (asked.value.clone(), asked.why));
    if let Some(label) = &found.latency {
        at.note("observe/latency", label, why);
    }
    if let Some(sample) = &found.sample {
        at.note("observe/sample", sample, why);
    }
    let hop = match found.trace_hop {
        Some(value) => Derived { value, why },
        None => Derived { value: false, why: Why::BuiltIn },
    };
    found.trace_hop = at.state("observe/trace_hop", hop);
    found
}

fn route<'p>(program: &Program, layouts: &Layouts, shared: &Shared<'p>, route: &'p Route, mut at: Node<'_>) -> Route {
    let ends = port(program, &route.from).ok().zip(OfRoute::of(program, shared, route));
    let Some((source, holds)) = ends else { return route.clone() };
    let reply = source.reply.as_ref().filter(|_| source.direction == Direction::Request);
    let reply = reply.and_then(|reply| program.messages.get(reply));
    // `defaults` may ask to verify what has no references; a route that does so is warned.
    let is_said = route.verify.is_some() || is_verified(program, layouts, source);
    let of_answers = |reply: &Message| backpressure(program, route, source, answer_delivery(program, route, reply));
    Route {
        transfer: at.state_both("transfer", holds.transfer, reply.map(|reply| answer_transfer(program, route, reply))),
        boundary: at.state("boundary", holds.boundary),
        delivery: at.state_both("delivery", holds.delivery, reply.map(|reply| answer_delivery(program, route, reply))),
        queue: Queue {
            kind: at.state("queue/kind", holds.kind),
            capacity: at.state("queue/capacity", holds.capacity),
            backpressure: at.state_both("queue/backpressure", holds.backpressure, reply.map(of_answers)),
            deadline_ms: at.state("queue/deadline_ms", holds.deadline_ms),
        },
        verify: is_said.then_some(holds.verify).and_then(|verify| at.state("verify", verify)),
        ..route.clone()
    }
}

//! Processes and routes that no pass refuses: patterns that programs are made of, each with processes of its own.

use vil_ir::layout::{Layouts, attempt};
use vil_ir::model::{
    Body, End, Failover, Field, Forward, Host, Interface, Message, Named, Notes, Observe, Port, Process, Program,
    Queue, Route, Type,
};
use vil_ir::vocabulary::{
    Backpressure, Boundary, Cleanup, Delivery, Direction, ExecClass, Kind, Lane, MemoryClass, Profile, QueueKind,
    Scalar, Strategy, Transfer, Verify, Zone,
};

use super::Choices;

/// Bytes of a relative message at most: enough for any root that is made here.
const MAX_BYTES: u64 = 1 << 20;

/// A pattern in the making: what it adds is named after its number.
struct Pattern<'p> {
    program: &'p mut Program,
    choices: &'p mut Choices,
    number: usize,
    message: String,
}

/// Adds up to five patterns, what happens to faults, and what stands in for what they leave out.
pub(super) fn add(program: &mut Program, choices: &mut Choices) {
    fault(program);
    let layouts = attempt(program).0;
    for number in 0..1 + choices.below(5) {
        let messages: Vec<String> = program.messages.keys().cloned().collect();
        let message = choices.one(&messages);
        Pattern { program, choices, number, message }.add(&layouts);
    }
    around(program, choices);
}

/// A fault, because failovers need one; kept out of the other patterns by its lane.
fn fault(program: &mut Program) {
    let fields = vec![Field::new("errno", Type::Scalar(Scalar::I32))];
    let message = Message {
        kind: Some(Kind::Fault),
        layout: Some(Profile::Flat),
        memory: None,
        max_bytes: None,
        media_type: None,
        adapter: None,
        body: Body::Fields(fields),
        constants: Named::new(),
        notes: Notes::default(),
    };
    program.messages.insert("Failed".to_owned(), message);
}

fn process(interface: String) -> Process {
    Process {
        interface,
        exec: None,
        zone: None,
        cleanup: None,
        priority: None,
        failure_domain: None,
        host: None,
        instances: None,
        forwards: Vec::new(),
        mutates: Vec::new(),
        idempotent: false,
        observe: None,
        notes: Notes::default(),
    }
}

fn port(direction: Direction, message: &str) -> Port {
    Port {
        direction,
        message: message.to_owned(),
        reply: None,
        lane: None,
        loans: None,
        queue: Queue::default(),
        notes: Notes::default(),
    }
}

impl Pattern<'_> {
    fn add(&mut self, layouts: &Layouts) {
        let message = self.message.clone();
        let found = self.program.messages.get_mut(&message).expect("it was listed");
        let (kind, is_external) = (found.kind.unwrap_or(Kind::Message), found.layout == Some(Profile::External));
        if layouts.types.get(&message).is_some_and(|layout| layout.profile == Profile::Relative) {
            found.max_bytes = Some(MAX_BYTES);
        } else if kind != Kind::Fault && !is_external && self.choices.rarely(4) {
            found.memory = Some(MemoryClass::PinnedRemote);
        }
        if kind == Kind::Fault || is_external {
            return self.plain(None, if kind == Kind::Fault { Lane::Control } else { Lane::Data });
        }
        match self.choices.below(8) {
            1 => self.fan_out(),
            2 => self.fan_in(),
            3 => self.request(),
            4 => self.forward(false),
            5 => self.forward(true),
            6 => self.several(),
            7 => self.dropping(),
            _ => {
                let transfer = self.choices.some(2, &[Transfer::LoanWrite, Transfer::LoanRead, Transfer::ConsumeOnce]);
                let lane = if kind == Kind::Message {
                    self.choices.one(&[Lane::Data, Lane::Trigger, Lane::Control])
                } else {
                    Lane::Data
                };
                self.plain(transfer, lane);
            }
        }
    }

    /// A process of one pattern with its ports.
    fn process(&mut self, role: &str, ports: Vec<(&str, Port)>) -> String {
        let (name, interface) = (format!("{role}_{}", self.number), format!("Face_{role}_{}", self.number));
        let ports = ports.into_iter().map(|(name, port)| (name.to_owned(), port)).collect();
        let notes = self.choices.notes();
        self.program.interfaces.insert(interface.clone(), Interface { ports, notes });
        let mut found = process(interface);
        found.exec = self.choices.some(4, ExecClass::ALL);
        found.zone = self.choices.some(4, &[Zone::NativeCore, Zone::NativeTrusted]);
        found.cleanup = self.choices.some(4, &[Cleanup::ReclaimOrphans]);
        found.priority = self.choices.some(4, &[-3, 99]);
        found.failure_domain = self.choices.some(4, &["left".to_owned()]);
        if self.choices.rarely(3) {
            let latency = Some(format!("from {name}"));
            found.observe = Some(Observe { trace_hop: None, latency, sample: self.choices.some(2, &[1, 64]) });
        }
        found.notes = self.choices.notes();
        self.program.processes.insert(name.clone(), found);
        name
    }

    fn port(&self, direction: Direction) -> Port {
        port(direction, &self.message)
    }

    fn route(&mut self, from: (&str, &str), to: (&str, &str), transfer: Option<Transfer>, queue: Queue) {
        let end = |(process, port): (&str, &str)| End { process: process.to_owned(), port: port.to_owned() };
        let boundary = self.choices.some(4, &[Boundary::InterProcess]);
        let notes = self.choices.notes();
        let (from, to) = (end(from), end(to));
        let relative = self.program.messages[&self.message].max_bytes == Some(MAX_BYTES);
        let verify = self.choices.some(3, Verify::ALL).filter(|_| relative);
        self.program.routes.push(Route { from, to, transfer, boundary, delivery: None, queue, verify, notes });
    }

    /// A queue of one port's routes, the same for all of them.
    fn queue(&mut self) -> Queue {
        let capacity = self.choices.some(2, &[4, 16, 64]);
        let pressure = self.choices.some(3, &[Backpressure::Fail, Backpressure::Block]);
        let deadline_ms = pressure.map(|_| 250);
        Queue { kind: None, capacity, backpressure: pressure, deadline_ms }
    }

    fn plain(&mut self, transfer: Option<Transfer>, lane: Lane) {
        let on = |port: Port| Port { lane: Some(lane), ..port };
        let loans = self.choices.some(3, &[1, 4]);
        let source = self.process("source", vec![("out", Port { loans, ..on(self.port(Direction::Out)) })]);
        let sink = self.process("sink", vec![("in", on(self.port(Direction::In)))]);
        let queue = self.queue();
        self.route((&source, "out"), (&sink, "in"), transfer, queue);
        if transfer == Some(Transfer::LoanWrite) && self.choices.rarely(2) {
            let found = self.program.processes.get_mut(&sink).expect("it was made");
            (found.mutates, found.idempotent) = (vec!["in".to_owned()], true);
        }
    }

    fn fan_out(&mut self) {
        let queue = self.queue();
        let source = self.process("source", vec![("out", Port { queue, ..self.port(Direction::Out) })]);
        for at in 0..2 + self.choices.below(2) {
            let sink = self.process(&format!("sink{at}"), vec![("in", self.port(Direction::In))]);
            self.route((&source, "out"), (&sink, "in"), None, Queue::default());
        }
    }

    fn fan_in(&mut self) {
        let sink = self.process("sink", vec![("in", self.port(Direction::In))]);
        for at in 0..2 + self.choices.below(2) {
            let source = self.process(&format!("source{at}"), vec![("out", self.port(Direction::Out))]);
            let queue = self.queue();
            self.route((&source, "out"), (&sink, "in"), None, queue);
        }
    }

    fn request(&mut self) {
        let reply = Some(self.message.clone());
        let asks = Port { reply: reply.clone(), ..self.port(Direction::Request) };
        let answers = Port { reply, ..self.port(Direction::Response) };
        let client = self.process("client", vec![("ask", asks)]);
        let server = self.process("server", vec![("answer", answers)]);
        let (transfer, queue) = (self.choices.some(2, &[Transfer::LoanWrite]), self.queue());
        self.route((&client, "ask"), (&server, "answer"), transfer, queue);
    }

    /// A message that is passed on, on loan or for good.
    fn forward(&mut self, for_good: bool) {
        let taken = for_good.then_some(Transfer::ConsumeOnce);
        let source = self.process("source", vec![("out", self.port(Direction::Out))]);
        let ports = vec![("in", self.port(Direction::In)), ("out", self.port(Direction::Out))];
        let middle = self.process("middle", ports);
        let sink = self.process("sink", vec![("in", self.port(Direction::In))]);
        let forward = Forward { from: "in".to_owned(), to: "out".to_owned() };
        self.program.processes.get_mut(&middle).expect("it was made").forwards.push(forward);
        self.route((&source, "out"), (&middle, "in"), taken, Queue::default());
        self.route((&middle, "out"), (&sink, "in"), taken, Queue::default());
    }

    /// A process that runs several times.
    fn several(&mut self) {
        let queue = Queue { kind: Some(QueueKind::Mpmc), ..Queue::default() };
        let source = self.process("source", vec![("out", self.port(Direction::Out))]);
        let sink = self.process("sink", vec![("in", self.port(Direction::In))]);
        self.route((&source, "out"), (&sink, "in"), None, queue);
        let instances = Some(2 + self.choices.below(3) as u32);
        self.program.processes.get_mut(&sink).expect("it was made").instances = instances;
    }

    fn dropping(&mut self) {
        let pressure = self.choices.one(&[Backpressure::DropOldest, Backpressure::DropNewest]);
        let queue = Queue { backpressure: Some(pressure), capacity: Some(8), ..Queue::default() };
        let source = self.process("source", vec![("out", Port { queue, ..self.port(Direction::Out) })]);
        let sink = self.process("sink", vec![("in", self.port(Direction::In))]);
        self.route((&source, "out"), (&sink, "in"), None, Queue::default());
        self.program.routes.last_mut().expect("it was made").delivery = Some(Delivery::BestEffort);
    }
}

/// Hosts, failovers, defaults and `strict`.
fn around(program: &mut Program, choices: &mut Choices) {
    if choices.rarely(3) {
        let host = Host { address: choices.some(2, &["10.0.0.1".to_owned()]), notes: choices.notes() };
        program.hosts.insert("here".to_owned(), host);
        program.processes.values_mut().for_each(|process| process.host = Some("here".to_owned()));
    }
    let names: Vec<String> = program.processes.keys().cloned().collect();
    if choices.rarely(3) {
        let strategy = choices.one(&[Strategy::Restart, Strategy::Replace, Strategy::Degrade]);
        let target = (strategy != Strategy::Restart).then(|| names[1].clone());
        let (source, on, notes) = (names[0].clone(), Some("Failed".to_owned()), choices.notes());
        program.failovers.push(Failover { source, target, on, strategy, notes });
    }
    program.defaults.ports.loans = choices.some(4, &[1, 2]);
    program.defaults.processes.exec = choices.some(4, ExecClass::ALL);
    program.defaults.processes.zone = choices.some(4, &[Zone::NativeCore]);
    program.defaults.processes.priority = choices.some(4, &[7]);
    program.defaults.routes.verify = choices.some(4, Verify::ALL);
    program.defaults.ports.queue.deadline_ms = choices.some(4, &[500]);
    program.strict = choices.rarely(3);
    if program.strict {
        program.defaults.processes.cleanup = Some(Cleanup::ReclaimOrphans);
        program.defaults.processes.failure_domain = Some("all".to_owned());
        program.defaults.processes.observe = Some(Observe::default());
        program.defaults.routes.delivery = Some(Delivery::BestEffort);
        program.defaults.routes.queue.backpressure = Some(Backpressure::Fail);
    }
}

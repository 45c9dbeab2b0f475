//! Processes and their ports: which ends each port has, what may be done with them, and what all of it is called.

use vil_ir::keywords::{escape, snake, upper};
use vil_ir::layout::RELATIVE_ALIGN;
use vil_ir::model::{self, End};
use vil_ir::plan::{transfer, verify};
use vil_ir::vocabulary::{Direction, Profile, Transfer, Verify};

use super::{Maker, note};
use crate::names::Scope;
use crate::plan::{Forward, Name, Payload, Port, Process, Receives, Sends, Way};

/// What C puts behind the name of a process.
const PROCESS_SUFFIXES: &[&str] =
    &["t", "open", "open_within", "open_or_create", "open_ports", "open_ports_within", "close", "contract", "ports"];

/// Members and methods that generated process types have beside their ports.
const PROCESS_MEMBERS: &[&str] = &["world", "open", "open_within", "open_or_create"];

impl Way {
    /// What C puts behind the name of such a port.
    fn suffixes(&self) -> &'static [&'static str] {
        match self {
            Way::Out(_, Sends::Publish) => &["loan", "publish", "discard", "send", "send_batch", "published"],
            Way::Out(_, Sends::Keep) => {
                &["loan", "publish", "discard", "send", "send_batch", "published", "keep", "release"]
            }
            Way::In(_, Receives::Read) => &["receive", "release", "received", "read", "read_batch"],
            Way::In(_, Receives::Change) => &["receive", "release", "received", "read", "read_batch", "edit"],
            Way::In(_, Receives::Take) => &["receive", "consume", "received", "read", "read_batch", "edit"],
            Way::Request { .. } => &["loan", "ask", "discard", "asked", "receive", "release"],
            Way::Response { .. } => &["receive", "release", "loan", "answer", "discard"],
        }
    }

    /// What C puts there too where it carries an external message.
    fn suffixes_of_externals(&self) -> &'static [&'static str] {
        match self {
            Way::Out(payload, _) if payload.profile == Profile::External => &["send_from"],
            Way::In(payload, _) if payload.profile == Profile::External => &["receive_into"],
            _ => &[],
        }
    }
}

impl Maker<'_> {
    pub(super) fn processes(&mut self, only: Option<&str>) -> Vec<Process> {
        let program = self.program;
        if let Some(only) = only
            && !program.processes.contains_key(only)
        {
            let names: Vec<&str> = program.processes.keys().map(String::as_str).collect();
            self.names.faults.push(format!("there is no process `{only}`; there are: {}", names.join(", ")));
        }
        let mut made = Vec::new();
        for (name, found) in &program.processes {
            let process = self.process(name, found);
            if only.is_none_or(|only| only == name) {
                made.push(process);
            }
        }
        made
    }

    fn process(&mut self, declared: &str, found: &model::Process) -> Process {
        let owner = format!("process `{declared}`");
        let name = self.names.node(declared, &owner, PROCESS_SUFFIXES);
        for suffix in ["PORTS", "CONTRACT"] {
            self.names.take_value(&format!("{}_{suffix}", upper(declared)), &owner);
        }
        let mut ports = Vec::new();
        let mut scope = Scope::default();
        let program = self.program;
        for (port, declared) in program.interfaces.get(&found.interface).iter().flat_map(|found| &found.ports) {
            ports.extend(self.port(&name, found, &mut scope, port, declared));
        }
        let mut forwards = Vec::new();
        for forward in &found.forwards {
            forwards.extend(self.forward(&name, &ports, &mut scope, forward));
        }
        let note = note(&found.notes, Vec::new());
        Process { name, snake: snake(declared), upper: upper(declared), ports, forwards, note }
    }

    fn port(
        &mut self,
        process: &Name,
        of: &model::Process,
        scope: &mut Scope,
        declared: &str,
        found: &model::Port,
    ) -> Option<Port> {
        let owner = format!("port `{declared}` of `{}`", process.declared);
        let end = End { process: process.declared.clone(), port: declared.to_owned() };
        let way = self.way(&owner, &end, of, found)?;
        let plain = snake(declared);
        for suffix in way.suffixes().iter().chain(way.suffixes_of_externals()) {
            self.names.take_behind(process, &format!("{plain}_{suffix}"), &owner);
        }
        let taken = PROCESS_MEMBERS.contains(&plain.as_str());
        let spelled = if taken { format!("{plain}_") } else { plain.clone() };
        let member = if taken { spelled } else { escape(&spelled) };
        self.names.take_in(scope, &member, &owner);
        Some(Port {
            declared: declared.to_owned(),
            member,
            opening: format!("vil_{plain}_end"),
            answers: format!("vil_{plain}_answers"),
            snake: plain,
            way,
            note: note(&found.notes, Vec::new()),
        })
    }

    fn way(&mut self, owner: &str, end: &End, of: &model::Process, found: &model::Port) -> Option<Way> {
        let verify = verify(self.program, end);
        let arrives = |message: Payload| match message.profile {
            Profile::Relative => Payload { verify, ..message },
            Profile::Flat | Profile::External => message,
        };
        let message = self.payload(owner, &found.message)?;
        Some(match found.direction {
            Direction::Out => Way::Out(message, self.sends(end)),
            Direction::In => Way::In(arrives(message), self.receives(end, of)),
            asks => {
                let Some(reply) = &found.reply else {
                    self.names.faults.push(format!("{owner}: it has no reply"));
                    return None;
                };
                let reply = self.payload(owner, reply)?;
                if asks == Direction::Request {
                    Way::Request { question: message, answer: arrives(reply) }
                } else {
                    Way::Response { question: arrives(message), answer: reply }
                }
            }
        })
    }

    fn payload(&mut self, owner: &str, message: &str) -> Option<Payload> {
        let (name, layout) = (self.known.get(message), self.layouts.types.get(message));
        let is_external = |found: &model::Message| found.layout == Some(Profile::External);
        if let Some(name) = name.filter(|_| self.program.messages.get(message).is_some_and(is_external)) {
            let (name, size) = (name.clone(), self.stated_bytes(message));
            let (align, profile, verify) = (RELATIVE_ALIGN, Profile::External, Verify::Never);
            return Some(Payload { name, size, align, profile, verify });
        }
        let (Some(name), Some(layout)) = (name, layout) else {
            self.names.faults.push(format!("{owner}: there is no message `{message}` with a layout"));
            return None;
        };
        Some(Payload {
            name: name.clone(),
            size: self.most_bytes(message, layout),
            align: layout.message_align(),
            profile: layout.profile,
            verify: Verify::Never,
        })
    }

    /// Whether some route at this end of it has a transfer mode.
    fn travels(&self, here: impl Fn(&model::Route) -> bool, mode: Transfer) -> bool {
        let program = self.program;
        let by = |route: &&model::Route| {
            let process = program.processes.get(&route.from.process)?;
            let source = program.interfaces.get(&process.interface)?.ports.get(&route.from.port)?;
            let message = program.messages.get(&source.message)?;
            Some(transfer(program, &self.shared, route, source, message))
        };
        program.routes.iter().filter(|route| here(route)).any(|route| by(&route) == Some(mode))
    }

    fn sends(&self, end: &End) -> Sends {
        let keeps = self.travels(|route| route.from == *end, Transfer::LoanRead);
        if keeps { Sends::Keep } else { Sends::Publish }
    }

    fn receives(&self, end: &End, of: &model::Process) -> Receives {
        if self.travels(|route| route.to == *end, Transfer::ConsumeOnce) {
            Receives::Take
        } else if of.mutates.contains(&end.port) {
            Receives::Change
        } else {
            Receives::Read
        }
    }

    fn forward(
        &mut self,
        process: &Name,
        ports: &[Port],
        scope: &mut Scope,
        declared: &model::Forward,
    ) -> Option<Forward> {
        let port = |name: &str| ports.iter().find(|port| port.declared == name);
        let (from, to) = (port(&declared.from)?, port(&declared.to)?);
        let owner = format!("forward from `{}` to `{}` of `{}`", declared.from, declared.to, process.declared);
        let name = format!("{}_forward_{}", from.snake, to.snake);
        let (Way::In(message, _), Way::Out(leaves, _)) = (&from.way, &to.way) else {
            self.names.faults.push(format!("{owner}: it leads from an in port to an out port"));
            return None;
        };
        if message.name != leaves.name {
            self.names.faults.push(format!("{owner}: the ports carry different messages"));
            return None;
        }
        self.names.take_behind(process, &name, &owner);
        self.names.take_in(scope, &name, &owner);
        Some(Forward { name, from: from.clone(), to: to.clone() })
    }
}

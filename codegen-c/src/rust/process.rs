//! A process: its contract, and a struct with a typed field for each port.

use crate::literal::rust_string;
use crate::plan::{Forward, Payload, Port, Process, Receives, Sends, Unit, Way};
use crate::writer::{Writer, comment, rust_comment};
use vil_ir::vocabulary::Verify;

/// The struct and how it is opened.
pub(super) fn write(out: &mut Writer, unit: &Unit, process: &Process) {
    let (name, upper) = (&process.name.camel, &process.upper);
    out.gap();
    contract(out, unit, process);
    out.gap();
    let lead = format!("Process {}, attached to a world, with an end for each port", process.name.declared);
    out.lines(rust_comment(&comment(&lead, &process.note)));
    out.line("#[derive(Debug)]");
    out.block(format!("pub struct {name} {{"), "}", |out| {
        for port in &process.ports {
            out.lines(rust_comment(&comment(port.direction(), &port.note)));
            out.line(format!("pub {}: {},", port.member, end(port, "")));
        }
        out.line("/// The world it is attached to.");
        out.line("pub world: ::vil::World,");
    });
    out.gap();
    out.block(format!("impl {name} {{"), "}", |out| {
        out.line("/// Attaches to a world that exists and opens every port.");
        out.block("pub fn open(world: &str) -> ::vil::Result<Self> {", "}", |out| {
            out.line(format!("Self::attach(::vil::World::open(world, Some(&{upper}_CONTRACT))?)"));
        });
        out.gap();
        out.line("/// As open, and creates the world from the embedded program when there is none.");
        out.block("pub fn open_or_create(world: &str) -> ::vil::Result<Self> {", "}", |out| {
            out.line(format!("let contract = Some(&{upper}_CONTRACT);"));
            out.line("Self::attach(::vil::World::open_or_create(world, &program()?, contract)?)");
        });
        out.gap();
        out.line("/// As open, trying for at most `timeout` at each port: until a predecessor is gone, and what it passed on is read.");
        out.block("pub fn open_within(world: &str, timeout: ::std::time::Duration) -> ::vil::Result<Self> {", "}", |out| {
            out.line(format!("Self::attach_within(::vil::World::open(world, Some(&{upper}_CONTRACT))?, timeout)"));
        });
        out.gap();
        out.line("/// Opens every port in a world that was opened with this contract.");
        out.block("pub fn attach(world: ::vil::World) -> ::vil::Result<Self> {", "}", |out| {
            out.line("Self::attach_within(world, ::std::time::Duration::ZERO)");
        });
        out.gap();
        out.line("/// As attach, trying for at most `timeout` at each port.");
        let timeout = if process.ports.is_empty() { "_timeout" } else { "timeout" };
        let head =
            format!("pub fn attach_within(world: ::vil::World, {timeout}: ::std::time::Duration) -> ::vil::Result<Self> {{");
        out.block(head, "}", |out| {
            out.block("Ok(Self {", "})", |out| {
                for port in &process.ports {
                    let declared = rust_string(&port.declared);
                    let verify = verifying(port);
                    let (end, arguments) = (end(port, "::"), format!("(&world, c{declared}, timeout)"));
                    if matches!(port.way, Way::In(_, Receives::Change | Receives::Take)) {
                        out.line("// SAFETY: generated from the program, whose routes give the port this mode.");
                        out.line(format!("{}: unsafe {{ {end}::open_as{arguments} }}?{verify},", port.member));
                    } else {
                        out.line(format!("{}: {end}::open_within{arguments}?{verify},", port.member));
                    }
                }
                out.line("world,");
            });
        });
        for found in &process.forwards {
            forward(out, found);
        }
    });
}

/// A method that passes a message on.
fn forward(out: &mut Writer, forward: &Forward) {
    let Forward { name, from, to } = forward;
    let Way::In(payload, receives) = &from.way else { return };
    let arguments = format!("'a, {}{}", payload.name.camel, mode(*receives));
    out.gap();
    out.line(format!("/// Passes a message of {} on by {} as it lies.", from.declared, to.declared));
    out.line(format!("pub fn {name}<'a>("));
    out.inset(|out| {
        out.line("&'a self,");
        out.line(format!("message: ::vil::Incoming<{arguments}>,"));
    });
    out.block(format!(") -> ::vil::Result<(), ::vil::Unforwarded<{arguments}>> {{"), "}", |out| {
        out.line(format!("message.forward(&self.{})", to.member));
    });
}

fn contract(out: &mut Writer, unit: &Unit, process: &Process) {
    let upper = &process.upper;
    let count: usize = process.ports.iter().map(|port| port.ends().len()).sum();
    out.block(format!("static {upper}_PORTS: [::vil::PortContract; {count}] = ["), "];", |out| {
        for port in &process.ports {
            let declared = rust_string(&port.declared);
            for end in port.ends() {
                let way = if end.out { "output" } else { "input" };
                out.line(format!("::vil::PortContract::{way}::<{}>(c{declared}),", end.payload.name.camel));
            }
        }
    });
    out.gap();
    let said = "What this process was generated from; a world made from another contract is refused.";
    out.line(format!("/// {said}"));
    let (program, declared) = (rust_string(&unit.program), rust_string(&process.name.declared));
    out.line(format!("pub static {upper}_CONTRACT: ::vil::Contract ="));
    out.inset(|out| out.line(format!("::vil::Contract::new(c{program}, c{declared}, &{upper}_PORTS);")));
}

/// `vil::Sender<Credit>`; with `::` for `turbo` as it stands in front of a function.
fn end(port: &Port, turbo: &str) -> String {
    let pair = |question: &Payload, answer: &Payload| format!("{}, {}", question.name.camel, answer.name.camel);
    let (kind, arguments) = match &port.way {
        Way::Out(payload, Sends::Publish) => ("Sender", payload.name.camel.clone()),
        Way::Out(payload, Sends::Keep) => ("Sender", format!("{}, ::vil::mode::Keep", payload.name.camel)),
        Way::In(payload, receives) => ("Receiver", format!("{}{}", payload.name.camel, mode(*receives))),
        Way::Request { question, answer } => ("Requester", pair(question, answer)),
        Way::Response { question, answer } => ("Responder", pair(question, answer)),
    };
    format!("::vil::{kind}{turbo}<{arguments}>")
}

/// `.verifying(vil::Verify::First)`; nothing where nothing is verified.
fn verifying(port: &Port) -> &'static str {
    let arrives = match &port.way {
        Way::In(payload, _) | Way::Request { answer: payload, .. } | Way::Response { question: payload, .. } => payload,
        Way::Out(..) => return "",
    };
    match arrives.verify {
        Verify::Never => "",
        Verify::First => ".verifying(::vil::Verify::First)",
        Verify::Always => ".verifying(::vil::Verify::Always)",
    }
}

/// The second argument of a receiver's type.
fn mode(receives: Receives) -> &'static str {
    match receives {
        Receives::Read => "",
        Receives::Change => ", ::vil::mode::Change",
        Receives::Take => ", ::vil::mode::Take",
    }
}

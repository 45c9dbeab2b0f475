//! A process: its contract, and a struct with a typed field for each port.

use crate::literal::rust_string;
use crate::plan::{Port, Process, Unit};
use crate::writer::{Writer, comment, rust_comment};

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
            out.lines(rust_comment(&comment(if port.out { "out" } else { "in" }, &port.note)));
            out.line(format!("pub {}: {},", port.member, end(port)));
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
        out.line("/// Opens every port in a world that was opened with this contract.");
        out.block("pub fn attach(world: ::vil::World) -> ::vil::Result<Self> {", "}", |out| {
            out.block("Ok(Self {", "})", |out| {
                for port in &process.ports {
                    out.line(format!(
                        "{}: {}::open(&world, c{})?,",
                        port.member,
                        turbofish(port),
                        rust_string(&port.declared)
                    ));
                }
                out.line("world,");
            });
        });
    });
}

fn contract(out: &mut Writer, unit: &Unit, process: &Process) {
    let upper = &process.upper;
    out.block(format!("static {upper}_PORTS: [::vil::PortContract; {}] = [", process.ports.len()), "];", |out| {
        for port in &process.ports {
            let way = if port.out { "output" } else { "input" };
            let declared = rust_string(&port.declared);
            out.line(format!("::vil::PortContract::{way}::<{}>(c{declared}),", port.message.camel));
        }
    });
    out.gap();
    let said = "What this process was generated from; a world made from another contract is refused.";
    out.line(format!("/// {said}"));
    let (program, declared) = (rust_string(&unit.program), rust_string(&process.name.declared));
    out.line(format!("pub static {upper}_CONTRACT: ::vil::Contract ="));
    out.inset(|out| out.line(format!("::vil::Contract::new(c{program}, c{declared}, &{upper}_PORTS);")));
}

/// `vil::Sender<Credit>`.
fn end(port: &Port) -> String {
    format!("::vil::{}<{}>", if port.out { "Sender" } else { "Receiver" }, port.message.camel)
}

fn turbofish(port: &Port) -> String {
    format!("::vil::{}::<{}>", if port.out { "Sender" } else { "Receiver" }, port.message.camel)
}

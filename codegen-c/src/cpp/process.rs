//! One header a process: its contract, and a class with a typed member for each port.

use super::{header, namespace};
use crate::File;
use crate::literal::c_string;
use crate::plan::{Forward, Payload, Port, Process, Receives, Sends, Unit, Way};
use crate::writer::{WIDTH, Writer, comment, cpp_comment};
use vil_ir::vocabulary::Verify;

/// `credit_ingest.hpp`.
pub(super) fn file(unit: &Unit, process: &Process) -> File {
    let (messages, program) = (format!("\"{}.hpp\"", unit.stem), format!("\"{}_program.hpp\"", unit.stem));
    let includes = ["<chrono>", "<utility>", messages.as_str(), program.as_str(), "\"vil/vil.hpp\""];
    header(unit, &process.name.c, &includes, |out| {
        namespace(out, unit, |out| {
            contract(out, unit, process);
            class(out, unit, process);
        });
    })
}

fn contract(out: &mut Writer, unit: &Unit, process: &Process) {
    let (snake, program, declared) = (&process.snake, c_string(&unit.program), c_string(&process.name.declared));
    out.gap();
    out.line("// What this process was generated from; a world made from another contract is refused.");
    let head = format!("inline constexpr vil_contract_t {snake}_contract =");
    if process.ports.is_empty() {
        out.line(format!("{head} {{sizeof(vil_contract_t), 1, {program}, {declared}, nullptr, 0, 0}};"));
        return;
    }
    out.block(format!("inline constexpr vil_port_contract_t {snake}_ports[] = {{"), "};", |out| {
        for port in &process.ports {
            for end in port.ends() {
                let way = if end.out { "out" } else { "in" };
                out.line(format!("::vil::{way}_port<{}>({}),", end.payload.name.camel, c_string(&port.declared)));
            }
        }
    });
    out.line(format!("{head} ::vil::contract({program}, {declared}, {snake}_ports);"));
}

/// `vil::Sender<Credit>`.
fn end(port: &Port) -> String {
    let pair = |question: &Payload, answer: &Payload| format!("{}, {}", question.name.camel, answer.name.camel);
    let (kind, arguments) = match &port.way {
        Way::Out(payload, Sends::Publish) => ("Sender", payload.name.camel.clone()),
        Way::Out(payload, Sends::Keep) => ("Sender", format!("{}, ::vil::mode::keep", payload.name.camel)),
        Way::In(payload, receives) => ("Receiver", format!("{}{}", payload.name.camel, mode(*receives))),
        Way::Request { question, answer } => ("Requester", pair(question, answer)),
        Way::Response { question, answer } => ("Responder", pair(question, answer)),
    };
    format!("::vil::{kind}<{arguments}>")
}

/// The second argument of a receiver's type.
fn mode(receives: Receives) -> &'static str {
    match receives {
        Receives::Read => "",
        Receives::Change => ", ::vil::mode::change",
        Receives::Take => ", ::vil::mode::take",
    }
}

fn class(out: &mut Writer, unit: &Unit, process: &Process) {
    let name = &process.name.camel;
    out.gap();
    let lead = format!("Process {}, attached to a world, with an end for each port", process.name.declared);
    out.lines(cpp_comment(&comment(&lead, &process.note)));
    out.line(format!("class {name} {{"));
    out.line(" public:");
    out.inset(|out| {
        opening(out, unit, process);
        out.gap();
        out.line("::vil::World world;");
        for port in &process.ports {
            let said = comment(port.direction(), &port.note);
            out.line(format!("{} {};  // {}", end(port), port.member, said.join(" ")));
        }
        for found in &process.forwards {
            forward(out, found);
        }
    });
    out.gap();
    out.line(" private:");
    out.inset(|out| {
        let head = format!("explicit {name}(");
        let params = process.ports.iter().map(|port| format!("{} &&{}", end(port), port.opening));
        let params: Vec<String> = ["::vil::World &&vil_world".to_owned()].into_iter().chain(params).collect();
        listed(out, &head, &params, ") noexcept");
        let inits = process.ports.iter().map(|port| format!("{}(std::move({}))", port.member, port.opening));
        let inits: Vec<String> = ["world(std::move(vil_world))".to_owned()].into_iter().chain(inits).collect();
        listed(out, "    : ", &inits, " {}");
        out.gap();
        attach(out, process);
    });
    out.line("};");
}

/// A list on one line if it fits, else one below the other.
fn listed(out: &mut Writer, head: &str, items: &[String], tail: &str) {
    let line = format!("{head}{}{tail}", items.join(", "));
    if line.len() <= WIDTH {
        out.line(line);
        return;
    }
    for (index, item) in items.iter().enumerate() {
        let front = if index == 0 { head.to_owned() } else { " ".repeat(head.len()) };
        let back = if index + 1 == items.len() { tail } else { "," };
        out.line(format!("{front}{item}{back}"));
    }
}

fn opening(out: &mut Writer, unit: &Unit, process: &Process) {
    let space = format!("::{}", unit.namespace.join("::"));
    let (name, contract) = (&process.name.camel, format!("&{space}::{}_contract", process.snake));
    let params = "const char *world_name, const ::vil::Options &options = {}";
    out.line("// Attaches to a world that exists and opens every port.");
    out.block(format!("[[nodiscard]] static ::vil::Result<{name}> open({params}) noexcept {{"), "}", |out| {
        out.line(format!("auto vil_world = ::vil::World::open(world_name, {contract}, options);"));
        out.line("if (!vil_world) return vil_world.error();");
        out.line("return vil_attach(std::move(*vil_world), std::chrono::nanoseconds::zero());");
    });
    out.gap();
    out.line("// As open, trying for at most `timeout` at each port: until a predecessor is gone, and what it passed on is read.");
    out.line(format!("[[nodiscard]] static ::vil::Result<{name}> open_within("));
    let within = "const char *world_name, std::chrono::nanoseconds timeout, const ::vil::Options &options = {}";
    out.block(format!("    {within}) noexcept {{"), "}", |out| {
        out.line(format!("auto vil_world = ::vil::World::open(world_name, {contract}, options);"));
        out.line("if (!vil_world) return vil_world.error();");
        out.line("return vil_attach(std::move(*vil_world), timeout);");
    });
    out.gap();
    out.line("// As open, and creates the world from the embedded program when there is none.");
    out.line(format!("[[nodiscard]] static ::vil::Result<{name}> open_or_create("));
    out.block(format!("    {params}) noexcept {{"), "}", |out| {
        out.line(format!("auto vil_program = {space}::program();"));
        out.line("if (!vil_program) return vil_program.error();");
        out.line(format!(
            "auto vil_world = ::vil::World::open_or_create(world_name, *vil_program, {contract}, options);"
        ));
        out.line("if (!vil_world) return vil_world.error();");
        out.line("return vil_attach(std::move(*vil_world), std::chrono::nanoseconds::zero());");
    });
}

fn attach(out: &mut Writer, process: &Process) {
    let name = &process.name.camel;
    let timeout = if process.ports.is_empty() { "" } else { " vil_timeout" };
    out.line(format!("static ::vil::Result<{name}> vil_attach("));
    let head = format!("    ::vil::World &&vil_world, std::chrono::nanoseconds{timeout}) noexcept {{");
    out.block(head, "}", |out| {
        for port in &process.ports {
            let (opening, end, declared) = (&port.opening, end(port), c_string(&port.declared));
            let verify = verify(port);
            out.line(format!("auto {opening} = {end}::open_within(vil_world, {declared}, vil_timeout{verify});"));
            out.line(format!("if (!{opening}) return {opening}.error();"));
        }
        let ends = process.ports.iter().map(|port| format!("std::move(*{})", port.opening));
        let ends: Vec<String> = ["std::move(vil_world)".to_owned()].into_iter().chain(ends).collect();
        listed(out, &format!("return {name}("), &ends, ");");
    });
}

/// The last argument of opening a port that verifies what arrives.
fn verify(port: &Port) -> &'static str {
    match port.ends().iter().find(|end| !end.out).map(|end| end.payload.verify) {
        Some(Verify::Always) => ", ::vil::Verify::always",
        Some(Verify::First) => ", ::vil::Verify::first",
        Some(Verify::Never) | None => "",
    }
}

/// A method that passes a message on.
fn forward(out: &mut Writer, forward: &Forward) {
    let Forward { name, from, to } = forward;
    let Way::In(payload, receives) = &from.way else { return };
    let message = format!("::vil::Incoming<{}{}>", payload.name.camel, mode(*receives));
    out.gap();
    out.line(format!(
        "// Passes a message of {} on by {} as it lies; not done, the message is still held.",
        from.declared, to.declared
    ));
    out.block(format!("::vil::Result<void, ::vil::Status> {name}({message} &message) noexcept {{"), "}", |out| {
        out.line(format!("return message.forward({});", to.member));
    });
}

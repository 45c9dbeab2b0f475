//! One header a process: its contract, how it is opened and closed, and typed calls for each of its ports.

mod external;
mod ports;
mod relative;

use vil_ir::vocabulary::{Profile, Verify};

use super::header;
use crate::File;
use crate::literal::c_string;
use crate::plan::{Port, PortEnd, Process, Unit};
use crate::writer::{Writer, c_comment, comment};

/// `credit_ingest.h`.
pub(super) fn file(unit: &Unit, process: &Process) -> File {
    let (messages, program) = (format!("\"{}.h\"", unit.stem), format!("\"{}_program.h\"", unit.stem));
    header(unit, &process.name.c, &["\"vil/msg.h\"", "\"vil/vil.h\"", &messages, &program], |out| {
        contract(out, unit, process);
        handle(out, process);
        open(out, unit, process);
        for port in &process.ports {
            ports::write(out, process, port);
        }
        for forward in &process.forwards {
            ports::forward(out, process, forward);
        }
    })
}

fn contract(out: &mut Writer, unit: &Unit, process: &Process) {
    let name = &process.name.c;
    out.gap();
    out.line("/* What this process was generated from; a world made from another contract is refused. */");
    let ports = if process.ports.is_empty() {
        "NULL".to_owned()
    } else {
        out.block(format!("static const vil_port_contract_t {name}_ports[] = {{"), "};", |out| {
            for (port, end) in ends(process) {
                let name = &end.payload.name;
                let (port_name, message) = (c_string(&port.declared), c_string(&name.declared));
                let (upper, lower) = (&name.upper, &name.c);
                out.line(format!("{{{port_name}, {message}, {upper}_LAYOUT_ID, {lower}_layout_text,"));
                let size = if end.payload.profile == Profile::Flat { "SIZE" } else { "MAX_BYTES" };
                out.line(format!(" {upper}_{size}, {}u, {}u, 0u}},", end.payload.align, u32::from(end.out)));
            }
        });
        format!("{name}_ports")
    };
    let (program, declared) = (c_string(&unit.program), c_string(&process.name.declared));
    out.block(format!("static const vil_contract_t {name}_contract = {{"), "};", |out| {
        let count = ends(process).count();
        out.line(format!("(uint32_t)sizeof(vil_contract_t), 1u, {program}, {declared}, {ports}, {count}u, 0u"));
    });
}

fn handle(out: &mut Writer, process: &Process) {
    let name = &process.name.c;
    out.gap();
    let lead = format!("Process {}, attached to a world, with an end for each port", process.name.declared);
    out.lines(c_comment(&comment(&lead, &process.note)));
    out.block(format!("typedef struct {name}_t {{"), &format!("}} {name}_t;"), |out| {
        out.line("vil_world_t *world;");
        for (port, end) in ends(process) {
            let said = comment(&format!("{}, {}", port.direction(), end.payload.name.declared), &port.note);
            out.line(format!("vil_{}_t *{}; /* {} */", noun(&end), end.member, said.join(" ")));
            if !end.out && end.payload.verify == Verify::First {
                let name = ports::sound(port);
                out.line(format!("uint64_t {name}; /* routes of {} whose first message was sound */", port.declared));
            }
        }
    });
}

fn open(out: &mut Writer, unit: &Unit, process: &Process) {
    let name = &process.name.c;
    out.gap();
    out.lines([
        "/* Closes every end and leaves the world; the first fault is answered, the rest is closed all the same. An end",
        " * that another thread has taken (VIL_E_BUSY) stays: call this again from there, before anything is opened. */",
    ]);
    out.block(format!("static inline vil_status_t {name}_close({name}_t *self) {{"), "}", |out| {
        out.line("vil_status_t status = VIL_OK;");
        for (noun, member) in ends(process).map(|(_, end)| (noun(&end), end.member)) {
            out.block(format!("if (self->{member} != NULL) {{"), "}", |out| {
                out.line(format!("const vil_status_t closed = vil_{noun}_close(self->{member});"));
                out.line(format!("if (closed != VIL_E_BUSY) self->{member} = NULL;"));
                out.line("status = vil_msg_first_error(status, closed);");
            });
        }
        out.block("if (self->world != NULL) {", "}", |out| {
            out.line("status = vil_msg_first_error(status, vil_world_close(self->world));");
            out.line("self->world = NULL;");
        });
        out.line("return status;");
    });
    out.gap();
    out.line(
        "/* Opens every port of a process that is attached, trying for at most timeout_ns nanoseconds each: until a",
    );
    out.line(" * predecessor is gone, and what it passed on is read. On a fault everything is closed again. */");
    let head = format!("static inline vil_status_t {name}_open_ports_within(");
    out.line(format!("{head}{name}_t *self, uint64_t timeout_ns,"));
    out.block(format!("{}vil_error_t *error) {{", " ".repeat(head.len())), "}", |out| {
        if process.ports.is_empty() {
            out.lines(["(void)self;", "(void)timeout_ns;", "(void)error;", "return VIL_OK;"]);
            return;
        }
        out.line("vil_status_t status = VIL_OK;");
        for (port, end) in ends(process) {
            let (noun, declared) = (noun(&end), c_string(&port.declared));
            out.block("if (status == VIL_OK) {", "}", |out| {
                out.line(format!("status = vil_{noun}_open_within(self->world, {declared}, timeout_ns,"));
                out.line(format!("{}&self->{}, error);", " ".repeat(26 + noun.len()), end.member));
            });
        }
        out.line(format!("if (status != VIL_OK) (void){name}_close(self);"));
        out.line("return status;");
    });
    out.gap();
    out.line("/* As open_ports_within, trying once. */");
    let head = format!("static inline vil_status_t {name}_open_ports({name}_t *self, vil_error_t *error) {{");
    out.block(head, "}", |out| out.line(format!("return {name}_open_ports_within(self, 0, error);")));
    out.gap();
    out.line("/* Attaches to a world that exists and opens every port. options and error may be NULL. */");
    attach(out, &format!("{name}_open"), name, "", |out| {
        out.line("memset(self, 0, sizeof *self);");
        let call = format!("vil_world_open(world_name, &{name}_contract, options, &self->world, error)");
        out.line(format!("const vil_status_t status = {call};"));
        out.line(format!("return status == VIL_OK ? {name}_open_ports(self, error) : status;"));
    });
    out.gap();
    out.line("/* As open, trying for at most timeout_ns nanoseconds at each port. */");
    attach(out, &format!("{name}_open_within"), name, " uint64_t timeout_ns,", |out| {
        out.line("memset(self, 0, sizeof *self);");
        let call = format!("vil_world_open(world_name, &{name}_contract, options, &self->world, error)");
        out.line(format!("const vil_status_t status = {call};"));
        out.line(format!("return status == VIL_OK ? {name}_open_ports_within(self, timeout_ns, error) : status;"));
    });
    out.gap();
    out.line("/* As open, and creates the world from the embedded program when there is none. */");
    attach(out, &format!("{name}_open_or_create"), name, "", |out| {
        out.line("vil_program_t *program = NULL;");
        out.line("memset(self, 0, sizeof *self);");
        out.line(format!("vil_status_t status = {}_program_load(&program, error);", unit.stem));
        out.line("if (status != VIL_OK) return status;");
        out.line(format!("status = vil_world_open_or_create(world_name, program, &{name}_contract, options,"));
        out.line("                                  &self->world, error);");
        out.line("(void)vil_program_close(program);");
        out.line(format!("return status == VIL_OK ? {name}_open_ports(self, error) : status;"));
    });
}

fn attach(out: &mut Writer, function: &str, name: &str, more: &str, body: impl FnOnce(&mut Writer)) {
    let head = format!("static inline vil_status_t {function}(");
    out.line(format!("{head}{name}_t *self, const char *world_name,{more}"));
    let indent = " ".repeat(head.len());
    out.block(format!("{indent}const vil_world_options_t *options, vil_error_t *error) {{"), "}", body);
}

/// Every end of every port, in the order of the contract.
fn ends(process: &Process) -> impl Iterator<Item = (&Port, PortEnd<'_>)> {
    process.ports.iter().flat_map(|port| port.ends().into_iter().map(move |end| (port, end)))
}

/// What an end is called in C.
fn noun(end: &PortEnd<'_>) -> &'static str {
    if end.out { "sender" } else { "receiver" }
}

//! One header a process: its contract, and typed calls for each of its ports.

use super::header;
use crate::File;
use crate::literal::c_string;
use crate::plan::{Port, Process, Unit};
use crate::writer::{Writer, c_comment, comment};

/// `credit_ingest.h`.
pub(super) fn file(unit: &Unit, process: &Process) -> File {
    let (messages, program) = (format!("\"{}.h\"", unit.stem), format!("\"{}_program.h\"", unit.stem));
    header(unit, &process.name.c, &["\"vil/msg.h\"", "\"vil/vil.h\"", &messages, &program], |out| {
        contract(out, unit, process);
        handle(out, process);
        open(out, unit, process);
        for port in &process.ports {
            out.gap();
            if port.out { sender(out, process, port) } else { receiver(out, process, port) }
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
            for port in &process.ports {
                let (port_name, message) = (c_string(&port.declared), c_string(&port.message.declared));
                let (upper, lower) = (&port.message.upper, &port.message.c);
                out.line(format!("{{{port_name}, {message}, {upper}_LAYOUT_ID, {lower}_layout_text,"));
                out.line(format!(" {upper}_SIZE, {}u, {}u, 0u}},", port.align, u32::from(port.out)));
            }
        });
        format!("{name}_ports")
    };
    let (program, declared) = (c_string(&unit.program), c_string(&process.name.declared));
    out.block(format!("static const vil_contract_t {name}_contract = {{"), "};", |out| {
        let count = process.ports.len();
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
        for port in &process.ports {
            let (end, way) = if port.out { ("sender", "out") } else { ("receiver", "in") };
            let said = comment(&format!("{way}, {}", port.message.declared), &port.note);
            out.line(format!("vil_{end}_t *{}; /* {} */", port.member, said.join(" ")));
        }
    });
}

fn open(out: &mut Writer, unit: &Unit, process: &Process) {
    let name = &process.name.c;
    out.gap();
    out.line(
        "/* Closes every end and leaves the world; the first fault is answered, the rest is closed all the same. */",
    );
    out.block(format!("static inline vil_status_t {name}_close({name}_t *self) {{"), "}", |out| {
        out.line("vil_status_t status = VIL_OK;");
        let ends =
            process.ports.iter().map(|port| (if port.out { "sender" } else { "receiver" }, port.member.as_str()));
        for (noun, member) in ends.chain([("world", "world")]) {
            out.block(format!("if (self->{member} != NULL) {{"), "}", |out| {
                out.line(format!("status = vil_msg_first_error(status, vil_{noun}_close(self->{member}));"));
                out.line(format!("self->{member} = NULL;"));
            });
        }
        out.line("return status;");
    });
    out.gap();
    out.line("/* Opens every port of a process that is attached; on a fault everything is closed again. */");
    let head = format!("static inline vil_status_t {name}_open_ports({name}_t *self, vil_error_t *error) {{");
    out.block(head, "}", |out| {
        if process.ports.is_empty() {
            out.lines(["(void)self;", "(void)error;", "return VIL_OK;"]);
            return;
        }
        out.line("vil_status_t status = VIL_OK;");
        for port in &process.ports {
            let end = if port.out { "sender" } else { "receiver" };
            let call =
                format!("vil_{end}_open(self->world, {}, &self->{}, error)", c_string(&port.declared), port.member);
            out.line(format!("if (status == VIL_OK) status = {call};"));
        }
        out.line(format!("if (status != VIL_OK) (void){name}_close(self);"));
        out.line("return status;");
    });
    out.gap();
    out.line("/* Attaches to a world that exists and opens every port. options and error may be NULL. */");
    attach(out, &format!("{name}_open"), name, |out| {
        out.line("memset(self, 0, sizeof *self);");
        let call = format!("vil_world_open(world_name, &{name}_contract, options, &self->world, error)");
        out.line(format!("const vil_status_t status = {call};"));
        out.line(format!("return status == VIL_OK ? {name}_open_ports(self, error) : status;"));
    });
    out.gap();
    out.line("/* As open, and creates the world from the embedded program when there is none. */");
    attach(out, &format!("{name}_open_or_create"), name, |out| {
        out.line("vil_program_t *program = NULL;");
        out.line("memset(self, 0, sizeof *self);");
        out.line(format!("vil_status_t status = {}_program_parse(&program, error);", unit.stem));
        out.line("if (status != VIL_OK) return status;");
        out.line(format!("status = vil_world_open_or_create(world_name, program, &{name}_contract, options,"));
        out.line("                                  &self->world, error);");
        out.line("(void)vil_program_close(program);");
        out.line(format!("return status == VIL_OK ? {name}_open_ports(self, error) : status;"));
    });
}

fn attach(out: &mut Writer, function: &str, name: &str, body: impl FnOnce(&mut Writer)) {
    let head = format!("static inline vil_status_t {function}(");
    out.line(format!("{head}{name}_t *self, const char *world_name,"));
    let indent = " ".repeat(head.len());
    out.block(format!("{indent}const vil_world_options_t *options, vil_error_t *error) {{"), "}", body);
}

fn sender(out: &mut Writer, process: &Process, port: &Port) {
    let (name, message) = (&process.name.c, &port.message.c);
    let stem = format!("{name}_{}", port.snake);
    let head = |verb: &str, rest: &str| format!("static inline vil_status_t {stem}_{verb}({name}_t *self, {rest}) {{");
    let end = format!("self->{}", port.member);
    out.line(format!(
        "/* Lends a slot to write {} in place; its bytes are what it last held. */",
        port.message.declared
    ));
    out.block(head("loan", &format!("{message}_loan_t *loan")), "}", |out| {
        out.line(format!("const vil_status_t status = vil_sender_loan({end}, &loan->loan);"));
        out.line(format!("loan->msg = status == VIL_OK ? ({message}_t *)loan->loan.data : NULL;"));
        out.line("return status;");
    });
    for (verb, said) in [
        ("publish", "Sends the loan. When the answer is not VIL_OK and loan->msg is not NULL, it is still held."),
        ("discard", "Gives the loan back unsent."),
    ] {
        out.gap();
        out.line(format!("/* {said} */"));
        out.block(head(verb, &format!("{message}_loan_t *loan")), "}", |out| {
            out.line(format!("const vil_status_t status = vil_sender_{verb}({end}, &loan->loan);"));
            out.line(format!("loan->msg = ({message}_t *)loan->loan.data;"));
            out.line("return status;");
        });
    }
    out.gap();
    out.line("/* Loan, copy and publish in one. */");
    out.block(head("send", &format!("const {message}_t *message")), "}", |out| {
        out.line(format!("return vil_sender_send({end}, message, sizeof *message);"));
    });
    count(out, &head("published", "uint64_t *count"), &format!("vil_sender_published({end}, count)"), "published");
}

fn receiver(out: &mut Writer, process: &Process, port: &Port) {
    let (name, message) = (&process.name.c, &port.message.c);
    let stem = format!("{name}_{}", port.snake);
    let head = |verb: &str, rest: &str| format!("static inline vil_status_t {stem}_{verb}({name}_t *self, {rest}) {{");
    let end = format!("self->{}", port.member);
    out.line(format!("/* The next {}; it waits for at most timeout_ns, 0: not at all. */", port.message.declared));
    let first = format!("static inline vil_status_t {stem}_receive(");
    out.line(format!("{first}{name}_t *self, uint64_t timeout_ns,"));
    let indent = " ".repeat(first.len());
    out.block(format!("{indent}{message}_msg_t *message) {{"), "}", |out| {
        out.line(format!("const vil_status_t status = vil_receiver_receive({end}, timeout_ns, &message->message);"));
        out.line(format!("message->msg = status == VIL_OK ? (const {message}_t *)message->message.data : NULL;"));
        out.line("return status;");
    });
    out.gap();
    out.line("/* Gives the message back; in any order. */");
    out.block(head("release", &format!("{message}_msg_t *message")), "}", |out| {
        out.line(format!("const vil_status_t status = vil_receiver_release({end}, &message->message);"));
        out.line(format!("message->msg = (const {message}_t *)message->message.data;"));
        out.line("return status;");
    });
    count(out, &head("received", "uint64_t *count"), &format!("vil_receiver_received({end}, count)"), "released");
}

fn count(out: &mut Writer, head: &str, call: &str, what: &str) {
    out.gap();
    out.line(format!("/* Messages {what} on the port's routes since the world was created. */"));
    out.block(head, "}", |out| out.line(format!("return {call};")));
}

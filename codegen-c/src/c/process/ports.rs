//! Typed calls of one port: what its routes allow, and nothing else.

use vil_ir::vocabulary::Profile;

use super::{external, relative};
use crate::plan::{Forward, Payload, Port, Process, Receives, Sends, Way};
use crate::writer::{WIDTH, Writer, c_comment};

/// Where the calls of one end of a port are written to, and what they have in common.
struct Calls<'a> {
    out: &'a mut Writer,
    /// Type of the process: `credit_ingest`.
    process: &'a str,
    /// In front of the verbs: `credit_ingest_credits`.
    stem: String,
    /// The end: `self->credits`.
    end: String,
    /// The message: `credit_credit`.
    message: &'a str,
    /// The message as the port carries it.
    payload: &'a Payload,
    /// The member that remembers of which routes a message was verified.
    sound: String,
}

impl<'a> Calls<'a> {
    fn new(out: &'a mut Writer, process: &'a Process, port: &Port, member: &str, payload: &'a Payload) -> Calls<'a> {
        let stem = format!("{}_{}", process.name.c, port.snake);
        let sound = format!("self->{}", sound(port));
        Calls {
            out,
            process: &process.name.c,
            stem,
            end: format!("self->{member}"),
            message: &payload.name.c,
            payload,
            sound,
        }
    }

    /// One call: its comment, `verb` with what it takes beside the process, and its body.
    fn call(&mut self, said: &str, verb: &str, takes: &str, body: impl FnOnce(&mut Writer)) {
        self.out.gap();
        self.out.lines(c_comment(&wrapped(said)));
        let head = format!("static inline vil_status_t {}_{verb}(", self.stem);
        let first = format!("{}_t *self", self.process);
        if head.len() + first.len() + takes.len() + 5 <= WIDTH {
            self.out.block(format!("{head}{first}, {takes}) {{"), "}", body);
        } else {
            self.out.line(format!("{head}{first},"));
            let mut lines = packed(takes, WIDTH.saturating_sub(head.len() + 4).max(WIDTH / 4));
            let last = lines.pop().unwrap_or_default();
            let indent = " ".repeat(head.len());
            self.out.lines(lines.iter().map(|line| format!("{indent}{line},")));
            self.out.block(format!("{indent}{last}) {{"), "}", body);
        }
    }

    /// A call that hands a loan to libvil.
    fn with_loan(&mut self, said: &str, verb: &str, call: &str) {
        let (end, message) = (self.end.clone(), self.message);
        if self.is_relative() {
            let call = format!("vil_sender_{call}({end}, &loan->loan)");
            return self.call(said, verb, &format!("{message}_loan_t *loan"), |out| relative::end(out, &call));
        }
        let payload = self.payload;
        self.call(said, verb, &format!("{message}_loan_t *loan"), |out| {
            out.line(format!("const vil_status_t status = vil_sender_{call}({end}, &loan->loan);"));
            still_on_loan(out, payload);
            out.line("return status;");
        });
    }

    /// A call that hands a message to libvil.
    fn with_message(&mut self, said: &str, verb: &str) {
        let (end, payload) = (self.end.clone(), self.payload);
        self.call(said, verb, &format!("{}_msg_t *message", self.message), |out| {
            out.line(format!("const vil_status_t status = vil_receiver_{verb}({end}, &message->message);"));
            still_held(out, payload);
        });
    }

    fn loan(&mut self) {
        let (end, message) = (self.end.clone(), self.message);
        if self.is_relative() {
            let said = "Lends a slot and begins the message in it: it is written by loan->msg and finished there.";
            return self
                .call(said, "loan", &format!("{message}_loan_t *loan"), |out| relative::loan(out, &end, message));
        }
        if self.is_external() {
            let said = "Lends room for capacity bytes; they are what was last held there.";
            return self.call(said, "loan", &format!("{message}_loan_t *loan"), |out| external::loan(out, &end));
        }
        let said = "Lends a slot to write the message into; its bytes are what it last held.";
        self.call(said, "loan", &format!("{message}_loan_t *loan"), |out| {
            out.line(format!("const vil_status_t status = vil_sender_loan({end}, &loan->loan);"));
            out.line(format!("loan->msg = status == VIL_OK ? ({message}_t *)loan->loan.data : NULL;"));
            out.line("return status;");
        });
    }

    /// Sends a loan that is whole.
    fn publish(&mut self, said: &str, verb: &str) {
        if self.is_external() {
            let (said, takes) = (format!("{said} {}", external::LARGE), self.loan_and_size());
            let call = format!("vil_sender_publish({}, &loan->loan)", self.end);
            return self.call(&said, verb, &takes, |out| external::publish(out, &call));
        }
        if !self.is_relative() {
            return self.with_loan(said, verb, "publish");
        }
        let (end, message, upper) = (self.end.clone(), self.message, &self.payload.name.upper);
        let call = format!("vil_sender_publish({end}, &loan->loan)");
        let said = format!("{said} {}", relative::UNFINISHED);
        self.call(&said, verb, &format!("{message}_loan_t *loan"), |out| relative::publish(out, upper, &call));
    }

    /// What is said of a loan that was not sent.
    fn held(&self) -> &'static str {
        match self.payload.profile {
            Profile::Flat => HELD,
            Profile::Relative => HELD_DATA,
            Profile::External => external::HELD,
        }
    }

    /// What a call takes that sends an external message.
    fn loan_and_size(&self) -> String {
        format!("{}_loan_t *loan, size_t size", self.message)
    }

    fn is_external(&self) -> bool {
        self.payload.profile == Profile::External
    }

    fn is_relative(&self) -> bool {
        self.payload.profile == Profile::Relative
    }

    fn receive(&mut self, what: &str, give_back: &str) {
        let (end, message) = (self.end.clone(), self.message);
        if self.is_relative() {
            let (payload, sound) = (self.payload, self.sound.clone());
            let said =
                format!("The next {what}; it waits for at most timeout_ns, 0: not at all.{}", relative::said(payload));
            return self.call(&said, "receive", &format!("uint64_t timeout_ns, {message}_msg_t *message"), |out| {
                relative::receive(out, payload, &end, give_back, &sound);
            });
        }
        let said = format!("The next {what}; it waits for at most timeout_ns, 0: not at all.");
        if self.is_external() {
            let (said, takes) =
                (format!("{said} {}", external::NO_FRAME), format!("uint64_t timeout_ns, {message}_msg_t *message"));
            return self.call(&said, "receive", &takes, |out| external::receive(out, &end));
        }
        self.call(&said, "receive", &format!("uint64_t timeout_ns, {message}_msg_t *message"), |out| {
            out.line(format!(
                "const vil_status_t status = vil_receiver_receive({end}, timeout_ns, &message->message);"
            ));
            out.line(format!("message->msg = status == VIL_OK ? (const {message}_t *)message->message.data : NULL;"));
            out.line("return status;");
        });
    }

    /// Of a flat message: in a relative one nothing but its scalars could be changed, in an external one nothing is known.
    fn edit(&mut self) {
        if self.is_relative() || self.is_external() {
            return;
        }
        let (process, stem, message) = (self.process, &self.stem, self.message);
        self.out.gap();
        self.out.line("/* The message, to be changed in place; NULL when it is not held. */");
        let head = format!("static inline {message}_t *{stem}_edit({process}_t *self, {message}_msg_t *message) {{");
        self.out.block(head, "}", |out| {
            out.line("(void)self;");
            out.line(format!("return ({message}_t *)(uintptr_t)message->message.data;"));
        });
    }

    fn count(&mut self, verb: &str, call: &str, what: &str) {
        let end = self.end.clone();
        let said = format!("Messages {what} on the port's routes since the world was created.");
        self.call(&said, verb, "uint64_t *count", |out| out.statement(&format!("return vil_{call}({end}, count);")));
    }
}

/// Parameters in lines of at most so many columns, as far as they can be; two stay together.
fn packed(takes: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    if takes.matches(", ").count() < 2 {
        return vec![takes.to_owned()];
    }
    for take in takes.split(", ") {
        match lines.last_mut() {
            Some(last) if last.len() + take.len() + 2 <= columns => *last += &format!(", {take}"),
            _ => lines.push(take.to_owned()),
        }
    }
    lines
}

/// A comment's text in lines.
fn wrapped(said: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in said.split(' ') {
        let last = lines.len() - 1;
        if lines[last].is_empty() {
            lines[last].push_str(word);
        } else if lines[last].len() + word.len() + 7 <= WIDTH {
            lines[last] += " ";
            lines[last] += word;
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// After a call that a loan was handed to: whether it is still there.
fn still_on_loan(out: &mut Writer, payload: &Payload) {
    if payload.profile == Profile::Relative {
        return relative::leave(out);
    }
    if payload.profile == Profile::External {
        return external::leave(out);
    }
    out.line(format!("loan->msg = ({}_t *)loan->loan.data;", payload.name.c));
}

/// The end of a call that a message was handed to: whether it is still there.
fn still_held(out: &mut Writer, payload: &Payload) {
    if payload.profile == Profile::Relative {
        out.line("if (message->message.data == NULL) message->msg.view = vil_view_nothing();");
    } else if payload.profile == Profile::External {
        external::end(out);
    } else {
        out.line(format!("message->msg = (const {}_t *)message->message.data;", payload.name.c));
    }
    out.line("return status;");
}

/// The member that remembers of which routes a message was verified.
pub(super) fn sound(port: &Port) -> String {
    format!("vil_{}_sound", port.snake)
}

const HELD: &str = "When the answer is not VIL_OK and loan->msg is not NULL, it is still held.";
const HELD_DATA: &str = "When the answer is not VIL_OK and loan->loan.data is not NULL, it is still held.";
const RELEASE: &str = "Gives the message back; in any order.";
const DISCARD: &str = "Gives the loan back unsent.";

/// All calls of a port.
pub(super) fn write(out: &mut Writer, process: &Process, port: &Port) {
    match &port.way {
        Way::Out(payload, sends) => sender(Calls::new(out, process, port, &port.member, payload), *sends),
        Way::In(payload, receives) => receiver(Calls::new(out, process, port, &port.member, payload), *receives),
        Way::Request { question, answer } => {
            asker(Calls::new(out, process, port, &port.member, question));
            let mut answers = Calls::new(out, process, port, &port.answers, answer);
            answers.receive("answer, whose message.answers is the number of its question", "release");
            answers.with_message(RELEASE, "release");
        }
        Way::Response { question, answer } => {
            let mut questions = Calls::new(out, process, port, &port.member, question);
            questions.receive("question", "release");
            questions.with_message("Gives the question back, answered or not; in any order.", "release");
            answerer(Calls::new(out, process, port, &port.answers, answer), &question.name.c);
        }
    }
}

fn sender(mut calls: Calls<'_>, sends: Sends) {
    calls.loan();
    calls.publish(&format!("Sends the loan. {}", calls.held()), "publish");
    if sends == Sends::Keep {
        keep(&mut calls);
    }
    calls.with_loan(DISCARD, "discard", "discard");
    match calls.payload.profile {
        Profile::Flat => send(&mut calls),
        Profile::External => send_bytes(&mut calls),
        Profile::Relative => {}
    }
    calls.count("published", "sender_published", "published");
}

fn send(calls: &mut Calls<'_>) {
    let (end, message) = (calls.end.clone(), calls.message);
    calls.call("Loan, copy and publish in one.", "send", &format!("const {message}_t *message"), |out| {
        out.statement(&format!("return vil_sender_send({end}, message, sizeof *message);"));
    });
    let said = "Sends count messages that lie back to back, VIL_BATCH_SIZE at most, and tells how many were sent.";
    let takes = format!("const {message}_t *messages, size_t count, size_t *sent");
    calls.call(said, "send_batch", &takes, |out| {
        out.statement(&format!("return vil_sender_send_batch({end}, messages, sizeof *messages, count, sent);"));
    });
}

fn send_bytes(calls: &mut Calls<'_>) {
    let (end, upper) = (calls.end.clone(), &calls.payload.name.upper);
    let said = format!("Loan, copy and publish in one. VIL_E_LIMIT above {upper}_MAX_PAYLOAD bytes.");
    calls.call(&said, "send", "const void *data, size_t size", |out| {
        out.line(format!("return vil_external_send({end}, data, size);"));
    });
    let said = "Loan, translate and publish in one: a message of this descriptor, as the adapter writes it. VIL_E_MESSAGE when \
                it is none, VIL_E_LIMIT when it is too long, VIL_E_ARGUMENT when the adapter is another one.";
    calls.call(said, "send_from", external::FROM, |out| {
        out.line(format!("return vil_external_send_from({end}, {upper}_ADAPTER, adapter, descriptor, data, size);"));
    });
}

fn keep(calls: &mut Calls<'_>) {
    let (end, message) = (calls.end.clone(), calls.message);
    if calls.is_relative() {
        let (upper, takes) = (&calls.payload.name.upper, format!("{message}_loan_t *loan, {message}_view_t *kept"));
        let said =
            "Sends the loan and keeps it: *kept may be read until release. When *kept is of nothing, see publish.";
        calls.call(said, "keep", &takes, |out| relative::keep(out, &end, message, upper));
        return calls.with_loan("Ends the reading of a kept message.", "release", "release");
    }
    let said = "Sends the loan and keeps it: *kept may be read until release. When *kept is NULL, see publish.";
    calls.call(said, "keep", &format!("{message}_loan_t *loan, const {message}_t **kept"), |out| {
        out.line(format!("const vil_status_t status = vil_sender_keep({end}, &loan->loan);"));
        out.line(format!("*kept = status == VIL_OK ? (const {message}_t *)loan->loan.data : NULL;"));
        out.line(format!("loan->msg = status == VIL_OK ? NULL : ({message}_t *)loan->loan.data;"));
        out.line("return status;");
    });
    calls.with_loan("Ends the reading of a kept message.", "release", "release");
}

fn receiver(mut calls: Calls<'_>, receives: Receives) {
    match receives {
        Receives::Read => {
            calls.receive("message", "release");
            calls.with_message(RELEASE, "release");
        }
        Receives::Change => {
            calls.receive("message", "release");
            calls.edit();
            calls.with_message(RELEASE, "release");
        }
        Receives::Take => {
            calls.receive("message, which is the caller's from here on: consume it, or pass it on", "consume");
            calls.edit();
            calls.with_message("Ends a message that was used.", "consume");
        }
    }
    match calls.payload.profile {
        Profile::Flat => read(&mut calls, receives),
        Profile::External => receive_into(&mut calls),
        Profile::Relative => {}
    }
    calls.count("received", "receiver_received", "released");
}

fn read(calls: &mut Calls<'_>, receives: Receives) {
    let (end, message) = (calls.end.clone(), calls.message);
    let over = if receives == Receives::Take { "consume" } else { "release" };
    let said = format!("Receive, copy and {over} in one.");
    calls.call(&said, "read", &format!("uint64_t timeout_ns, {message}_t *message"), |out| {
        out.statement(&format!("return vil_receiver_read({end}, timeout_ns, message, sizeof *message);"));
    });
    let said = "Reads up to count messages, VIL_BATCH_SIZE at most, and tells how many; it waits for the first one only. A process that \
         dies in it may have ended as many as it asked for.";
    let takes = format!("uint64_t timeout_ns, {message}_t *messages, size_t count, size_t *got");
    calls.call(said, "read_batch", &takes, |out| {
        let takes = "timeout_ns, messages, sizeof *messages, count, got";
        out.statement(&format!("return vil_receiver_read_batch({end}, {takes});"));
    });
}

fn receive_into(calls: &mut Calls<'_>) {
    let (end, upper) = (calls.end.clone(), &calls.payload.name.upper);
    let said = "Receive, translate and release in one: a message of this descriptor, of *size bytes, in memory that is aligned \
                as it is. VIL_E_MESSAGE when the bytes make none, VIL_E_LIMIT when it is longer than capacity; they are gone \
                then. fault may be NULL.";
    calls.call(said, "receive_into", external::INTO, |out| {
        out.line(format!("return vil_external_receive_into({end}, timeout_ns, {upper}_ADAPTER, adapter, descriptor,"));
        out.line("                                 data, capacity, size, fault);");
    });
}

fn asker(mut calls: Calls<'_>) {
    calls.loan();
    let (end, message) = (calls.end.clone(), calls.message);
    let (payload, held) = (calls.payload, calls.held());
    let said = format!("Sends the loan as a question and tells its number, unless number is NULL. {held}");
    let size = if calls.is_external() { "size_t size, " } else { "" };
    calls.call(&said, "ask", &format!("{message}_loan_t *loan, {size}uint64_t *number"), |out| {
        out.line("uint64_t count = 0;");
        if payload.profile != Profile::Flat {
            let ready = match payload.profile {
                Profile::External => external::READY.to_owned(),
                Profile::Relative | Profile::Flat => relative::ready(&payload.name.upper),
            };
            out.line(format!("vil_status_t status = {ready};"));
            out.line(format!("if (status == VIL_OK) status = vil_sender_published({end}, &count);"));
        } else {
            out.line(format!("vil_status_t status = vil_sender_published({end}, &count);"));
        }
        out.line(format!("if (status == VIL_OK) status = vil_sender_publish({end}, &loan->loan);"));
        out.line("if (number != NULL) *number = count;");
        still_on_loan(out, payload);
        out.line("return status;");
    });
    calls.with_loan(DISCARD, "discard", "discard");
    calls.count("asked", "sender_published", "asked");
}

fn answerer(mut calls: Calls<'_>, question: &str) {
    calls.loan();
    let (end, message) = (calls.end.clone(), calls.message);
    let (payload, held) = (calls.payload, calls.held());
    let said = format!("Sends the loan to whoever asked; the question stays to be released. {held}");
    let size = if calls.is_external() { "size_t size, " } else { "" };
    calls.call(&said, "answer", &format!("{message}_loan_t *loan, {size}const {question}_msg_t *question"), |out| {
        let call = format!("vil_sender_answer({end}, &loan->loan, &question->message)");
        if payload.profile == Profile::External {
            return external::publish(out, &call);
        }
        if payload.profile == Profile::Relative {
            return relative::publish(out, &payload.name.upper, &call);
        }
        out.line(format!("const vil_status_t status = {call};"));
        still_on_loan(out, payload);
        out.line("return status;");
    });
    calls.with_loan(DISCARD, "discard", "discard");
}

/// The call that passes a message on.
pub(super) fn forward(out: &mut Writer, process: &Process, forward: &Forward) {
    let (name, Forward { from, to, .. }) = (&process.name.c, forward);
    let Way::In(payload, receives) = &from.way else { return };
    let message = &payload.name.c;
    let whose = match receives {
        Receives::Take => "It goes on for good.",
        Receives::Read | Receives::Change => "It stays its producer's, who gets it back when the next one has read it.",
    };
    out.gap();
    let pointer = match payload.profile {
        Profile::Flat => "message->msg",
        Profile::Relative => "message->message.data",
        Profile::External => "message->data",
    };
    let held = format!("When the answer is not VIL_OK and {pointer} is not NULL, it is still held.");
    let said = format!("Passes a message of {} on by {} as it lies. {whose} {held}", from.declared, to.declared);
    out.lines(c_comment(&wrapped(&said)));
    let head = format!("static inline vil_status_t {name}_{}(", forward.name);
    out.line(format!("{head}{name}_t *self,"));
    out.block(format!("{}{message}_msg_t *message) {{", " ".repeat(head.len())), "}", |out| {
        let ends = format!("self->{}, &message->message, self->{}", from.member, to.member);
        out.line(format!("const vil_status_t status = vil_receiver_forward({ends});"));
        still_held(out, payload);
    });
}

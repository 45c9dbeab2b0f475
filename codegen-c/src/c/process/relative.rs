//! What calls of a port do with a relative message: begin it in the slot, send it when it is whole, verify what arrives.

use vil_ir::vocabulary::Verify;

use crate::plan::Payload;
use crate::writer::Writer;

/// What is said of a message that is not whole.
pub(super) const UNFINISHED: &str =
    "VIL_E_STATE when it is not finished, or what was wrong with it: begin it again in loan->loan.data, or discard it.";

/// What is said of messages that are verified.
pub(super) fn said(payload: &Payload) -> &'static str {
    match payload.verify {
        Verify::Always => " VIL_E_MESSAGE for one that is not sound, which is given back.",
        Verify::First => " VIL_E_MESSAGE where the first one of a route is not sound; it is given back.",
        Verify::Never => "",
    }
}

/// Lends a slot and begins the message.
pub(super) fn loan(out: &mut Writer, end: &str, message: &str) {
    out.line(format!("const vil_status_t status = vil_sender_loan({end}, &loan->loan);"));
    out.line("const bool lent = status == VIL_OK;");
    out.line(format!(
        "loan->msg = {message}_begin(&loan->builder, lent ? loan->loan.data : NULL, lent ? loan->loan.size : 0);"
    ));
    out.line("return status;");
}

/// Whether the loan is a whole message.
pub(super) fn ready(upper: &str) -> String {
    format!("vil_builder_ready(&loan->builder, loan->loan.data, {upper}_LAYOUT_ID)")
}

/// Sends a message that is whole by this call.
pub(super) fn publish(out: &mut Writer, upper: &str, call: &str) {
    out.line(format!("vil_status_t status = {};", ready(upper)));
    out.line(format!("if (status == VIL_OK) status = {call};"));
    leave(out);
    out.line("return status;");
}

/// Ends a loan by this call, whatever was written.
pub(super) fn end(out: &mut Writer, call: &str) {
    out.line(format!("const vil_status_t status = {call};"));
    leave(out);
    out.line("return status;");
}

/// Takes the slot out of the builder's reach when it is not on loan any more.
pub(super) fn leave(out: &mut Writer) {
    out.line("if (loan->loan.data == NULL) vil_builder_leave(&loan->builder);");
}

/// Sends a message that is whole and keeps it.
pub(super) fn keep(out: &mut Writer, end: &str, message: &str, upper: &str) {
    out.line(format!("vil_status_t status = {};", ready(upper)));
    out.line(format!("if (status == VIL_OK) status = vil_sender_keep({end}, &loan->loan);"));
    out.line("const bool kept_it = status == VIL_OK;");
    out.line(format!("*kept = {message}_view(kept_it ? loan->loan.data : NULL, kept_it ? loan->loan.size : 0);"));
    leave(out);
    out.line("return status;");
}

/// Receives a message and verifies it where the contract says so.
pub(super) fn receive(out: &mut Writer, payload: &Payload, end: &str, give_back: &str, sound: &str) {
    let name = &payload.name.c;
    let is_const = if payload.verify == Verify::Never { "const " } else { "" };
    out.line(format!("{is_const}vil_status_t status = vil_receiver_receive({end}, timeout_ns, &message->message);"));
    let data = format!("{name}_descriptor, message->message.data, message->message.size,");
    let verify = match payload.verify {
        Verify::Never => None,
        Verify::Always => Some(("vil_msg_verify", format!("{data} NULL"), None)),
        Verify::First => Some(("vil_msg_verify_first", data, Some(format!("message->message.route, &{sound}")))),
    };
    if let Some((call, first, rest)) = verify {
        out.block("if (status == VIL_OK) {", "}", |out| {
            let head = format!("status = {call}(");
            let indent = " ".repeat(head.len());
            out.line(format!("{head}{first}{}", if rest.is_some() { "" } else { ");" }));
            rest.into_iter().for_each(|rest| out.line(format!("{indent}{rest});")));
            out.line(format!("if (status != VIL_OK) (void)vil_receiver_{give_back}({end}, &message->message);"));
        });
    }
    out.line("const bool got = status == VIL_OK;");
    let (data, size) = ("got ? message->message.data : NULL", "got ? message->message.size : 0");
    out.line(format!("message->msg = {name}_view({data}, {size});"));
    out.line("return status;");
}

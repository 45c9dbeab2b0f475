//! What calls of a port do with an external message: lend room behind its frame, say how much of it is used, tell the bytes.

use crate::writer::Writer;

/// What is said of a loan that was not sent.
pub(super) const HELD: &str = "When the answer is not VIL_OK and loan->data is not NULL, it is still held.";

/// What is said of more bytes than there may be.
pub(super) const LARGE: &str = "VIL_E_LIMIT when size is more than its capacity.";

/// What is said of bytes without a frame.
pub(super) const NO_FRAME: &str =
    "VIL_E_MESSAGE for one that says of itself to be longer than it is; it is given back.";

/// What a call takes that makes the bytes from a message.
pub(super) const FROM: &str = "const vil_adapter_t *adapter, const uint32_t *descriptor, const void *data, size_t size";

/// What a call takes that makes a message from the bytes.
pub(super) const INTO: &str = "uint64_t timeout_ns, const vil_adapter_t *adapter, const uint32_t *descriptor, void *data, \
                               size_t capacity, size_t *size, vil_msg_fault_t *fault";

/// Whether the loan holds as many bytes as it is to be sent with.
pub(super) const READY: &str = "vil_frame_write(&loan->loan, size)";

/// Lends room.
pub(super) fn loan(out: &mut Writer, end: &str) {
    out.line(format!("const vil_status_t status = vil_sender_loan({end}, &loan->loan);"));
    out.line("loan->data = status == VIL_OK ? vil_frame_bytes(&loan->loan) : NULL;");
    out.line("loan->capacity = status == VIL_OK ? vil_frame_room(loan->loan.size) : 0;");
    out.line("return status;");
}

/// Sends so many bytes by this call.
pub(super) fn publish(out: &mut Writer, call: &str) {
    out.line(format!("vil_status_t status = {READY};"));
    out.line(format!("if (status == VIL_OK) status = {call};"));
    leave(out);
    out.line("return status;");
}

/// Takes the room out of reach when it is not on loan any more.
pub(super) fn leave(out: &mut Writer) {
    out.line("loan->data = vil_frame_bytes(&loan->loan);");
}

/// Receives a message.
pub(super) fn receive(out: &mut Writer, end: &str) {
    out.line(format!("return vil_external_receive({end}, timeout_ns, &message->message, &message->data,"));
    out.line("                            &message->size);");
}

/// Takes the bytes out of reach when they are not held any more.
pub(super) fn end(out: &mut Writer) {
    out.block("if (message->message.data == NULL) {", "}", |out| {
        out.line("message->data = NULL;");
        out.line("message->size = 0;");
    });
}

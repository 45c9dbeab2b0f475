//! Adapters: what makes the bytes of an external message from a message of the program, and back.

use crate::{Descriptor, Json, MessageFault, Status};

/// Makes bytes from messages and messages from bytes. What it is given comes from outside: it may be anything.
pub trait Adapter {
    /// As the program's `adapter`, such as `json`.
    fn name(&self) -> &str;

    /// What it writes, such as `application/json`.
    fn media_type(&self) -> &str;

    /// Writes a message as external bytes: how many there are. [`Status::E_LIMIT`] where they do not fit,
    /// [`Status::E_MESSAGE`] where the message is none.
    fn encode(&self, descriptor: &Descriptor<'_>, message: &[u8], bytes: &mut [u8]) -> Result<usize, MessageFault>;

    /// Makes a message from external bytes, in memory that is aligned as the message is: its size. [`Status::E_LIMIT`] where
    /// it does not fit, [`Status::E_MESSAGE`] where the bytes make none.
    fn decode(&self, descriptor: &Descriptor<'_>, bytes: &[u8], message: &mut [u8]) -> Result<usize, MessageFault>;
}

/// JSON, as [`Descriptor::to_json`] writes it and [`Descriptor::from_json`] reads it. While it is written a NUL stands behind
/// it, which needs a byte of room.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonAdapter;

impl Adapter for JsonAdapter {
    fn name(&self) -> &str {
        "json"
    }

    fn media_type(&self) -> &str {
        "application/json"
    }

    fn encode(&self, descriptor: &Descriptor<'_>, message: &[u8], bytes: &mut [u8]) -> Result<usize, MessageFault> {
        let size = descriptor.json_into(message, Json::Compact, bytes)?;
        if size < bytes.len() { Ok(size) } else { Err(MessageFault::of(Status::E_LIMIT)) }
    }

    fn decode(&self, descriptor: &Descriptor<'_>, bytes: &[u8], message: &mut [u8]) -> Result<usize, MessageFault> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let at = error.valid_up_to();
            let found = bytes.get(at).map_or(0, |byte| u64::from(*byte));
            let (rule, offset) = (vil_sys::VIL_MSG_UTF8, u32::try_from(at).unwrap_or(u32::MAX));
            MessageFault { rule, offset, found, ..MessageFault::of(Status::E_MESSAGE) }
        })?;
        let size = descriptor.from_json(text, message)?;
        if size <= message.len() { Ok(size) } else { Err(MessageFault::of(Status::E_LIMIT)) }
    }
}

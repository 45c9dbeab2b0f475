//! A message's descriptor: what is needed to verify it, to copy it out of memory that others change, to show it as JSON.

use std::fmt;
use std::mem::MaybeUninit;

use crate::{Status, text};

/// Words that generated code carries; `docs/descriptor.md` is their form.
#[derive(Debug, Clone, Copy)]
pub struct Descriptor<'d>(&'d [u32]);

/// How JSON is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Json {
    /// One line without blanks.
    Compact,
    /// A field a line, indented by two.
    Pretty,
}

/// Why bytes are no message, or a text makes none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFault {
    /// What kind of reason: `E_MESSAGE` where a rule is broken, else the fields below say nothing.
    pub status: Status,
    /// The rule, `VIL_MSG_*` of vil.h.
    pub rule: u32,
    /// Where, in bytes from the start of the message or text.
    pub offset: u32,
    /// What was expected.
    pub expected: u64,
    /// What was found.
    pub found: u64,
    /// The field, such as `points[3].label`.
    pub path: String,
}

/// Where the whole descriptor's size stands.
const WORDS: usize = 2;
/// Words that a descriptor has at least.
const LEAST: usize = 12;

impl<'d> Descriptor<'d> {
    /// Takes words for a descriptor; nothing where they are fewer than they say.
    pub fn new(words: &'d [u32]) -> Option<Self> {
        (words.len() >= LEAST && words[WORDS] as usize <= words.len()).then_some(Self(words))
    }

    /// Whether bytes are a message of this kind.
    pub fn verify(&self, message: &[u8]) -> Result<(), MessageFault> {
        // SAFETY: the words are as many as they say, the bytes are borrowed, the place for the fault is ours.
        told(|fault| unsafe { vil_sys::vil_msg_verify(self.0.as_ptr(), message.as_ptr().cast(), message.len(), fault) })
    }

    /// Copies a message into `room`, which is aligned as the message is, and verifies the copy. Its size; more than the
    /// room is where it was not copied.
    pub fn snapshot(&self, message: &[u8], room: &mut [u8]) -> Result<usize, MessageFault> {
        let (from, to) = (message.as_ptr().cast(), room.as_mut_ptr().cast());
        sized(|size, fault| {
            // SAFETY: as in `verify`; the room is ours, and borrows keep it apart from the message.
            unsafe { vil_sys::vil_msg_snapshot(self.0.as_ptr(), from, message.len(), to, room.len(), size, fault) }
        })
    }

    /// A message as JSON.
    pub fn to_json(&self, message: &[u8], style: Json) -> Result<String, MessageFault> {
        let mut room = vec![0; self.json_into(message, style, &mut [])? + 1];
        let size = self.json_into(message, style, &mut room)?;
        room.truncate(size);
        String::from_utf8(room).map_err(|_| MessageFault::of(Status::E_PANIC))
    }

    /// A message as JSON in `room`, with a NUL behind it. Its size without that; as much as the room or more where it was only
    /// measured.
    pub(crate) fn json_into(&self, message: &[u8], style: Json, room: &mut [u8]) -> Result<usize, MessageFault> {
        let style = if style == Json::Pretty { vil_sys::VIL_JSON_PRETTY } else { vil_sys::VIL_JSON_COMPACT };
        let (from, to) = (message.as_ptr().cast(), room.as_mut_ptr().cast());
        sized(|size, fault| {
            // SAFETY: as in `snapshot`.
            unsafe {
                vil_sys::vil_msg_to_json(self.0.as_ptr(), from, message.len(), style, to, room.len(), size, fault)
            }
        })
    }

    /// Makes a message from JSON in `room`, which is aligned as the message is. Its size; more than the room is where it was
    /// only measured.
    pub fn from_json(&self, json: &str, room: &mut [u8]) -> Result<usize, MessageFault> {
        let (from, to) = (json.as_ptr().cast(), room.as_mut_ptr().cast());
        sized(|size, fault| {
            // SAFETY: as in `snapshot`.
            unsafe { vil_sys::vil_msg_from_json(self.0.as_ptr(), from, json.len(), to, room.len(), size, fault) }
        })
    }
}

/// Runs a call that writes a size; too little room is no fault.
fn sized(
    call: impl FnOnce(*mut usize, *mut vil_sys::vil_msg_fault_t) -> vil_sys::vil_status_t,
) -> Result<usize, MessageFault> {
    let mut size = 0;
    told(|fault| match call(&mut size, fault) {
        vil_sys::VIL_E_LIMIT => vil_sys::VIL_OK,
        status => status,
    })?;
    Ok(size)
}

/// Runs a call with a place for its fault.
fn told(call: impl FnOnce(*mut vil_sys::vil_msg_fault_t) -> vil_sys::vil_status_t) -> Result<(), MessageFault> {
    let mut raw = MaybeUninit::<vil_sys::vil_msg_fault_t>::zeroed();
    match call(raw.as_mut_ptr()) {
        vil_sys::VIL_OK => Ok(()),
        status => {
            // SAFETY: numbers and characters, all of which may be zero.
            let raw = unsafe { raw.assume_init() };
            let (rule, offset, expected, found) = (raw.rule, raw.offset, raw.expected, raw.found);
            let status = Status::from_raw(status);
            Err(MessageFault { status, rule, offset, expected, found, path: text::owned(&raw.path) })
        }
    }
}

impl MessageFault {
    /// A status without a rule.
    pub(crate) fn of(status: Status) -> Self {
        Self { status, rule: 0, offset: 0, expected: 0, found: 0, path: String::new() }
    }
}

impl fmt::Display for MessageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, rule, offset, expected, found, path } = self;
        write!(f, "{status}: rule {rule} at byte {offset}, expected {expected}, found {found}")?;
        if path.is_empty() { Ok(()) } else { write!(f, ", in {path}") }
    }
}

impl std::error::Error for MessageFault {}

#[cfg(test)]
mod tests {
    use super::{Descriptor, Json};
    use crate::Status;

    /// The flat message `M` with one field `f`, a bool.
    const WORDS: [u32; 35] = [
        0x444c_4956,
        1,
        35,
        7,
        0,
        0,
        0,
        0,
        12,
        1,
        31,
        4, // head
        0,
        0,
        1,
        1,
        1,
        1,
        20,
        0, // M
        2,
        1,
        0,
        0,
        u32::MAX,
        28,
        0,
        0, // f
        0,
        10,
        0, // bool
        0x0066_004d,
        0,
        0,
        0,
    ];

    #[test]
    fn a_message_is_verified_shown_copied_and_made() {
        let descriptor = Descriptor::new(&WORDS).expect("as many words as it says");
        assert_eq!(descriptor.verify(&[1]), Ok(()));
        let fault = descriptor.verify(&[2]).expect_err("no bool");
        assert_eq!((fault.status, fault.path.as_str(), fault.found), (Status::E_MESSAGE, "f", 2));
        assert_eq!(descriptor.to_json(&[1], Json::Compact).as_deref(), Ok("{\"f\":true}"));
        let mut room = [7];
        assert_eq!((descriptor.from_json("{\"f\":true}", &mut room), room), (Ok(1), [1]));
        assert_eq!(descriptor.from_json("{}", &mut []), Ok(1));
        assert_eq!((descriptor.snapshot(&[0], &mut room), room), (Ok(1), [0]));
        assert!(Descriptor::new(&WORDS[..34]).is_none());
    }
}

//! Why a cold call did not succeed: its status and the sentence that libvil wrote about it.

use std::ffi::{CStr, c_char};
use std::fmt;
use std::mem::MaybeUninit;

use crate::Status;

/// The answer of calls that open, create or parse.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call did not succeed. Hot calls answer a bare [`Status`], which `?` turns into this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What kind of reason.
    pub status: Status,
    /// What happened, with the names and numbers that mattered, and what to do. Empty when the status says it all.
    pub message: String,
}

impl Error {
    pub(crate) fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// Runs a cold call with a place for its error text; `Err` unless it answers `VIL_OK`.
    pub(crate) fn guard(call: impl FnOnce(*mut vil_sys::vil_error_t) -> vil_sys::vil_status_t) -> Result<()> {
        // Not set to zero as a whole: blocks of a heap are allocated this way too, and 512 bytes would be most of the work.
        let mut raw = MaybeUninit::<vil_sys::vil_error_t>::uninit();
        // SAFETY: the place is ours and large enough; the text is empty until C writes one.
        let message = unsafe {
            (&raw mut (*raw.as_mut_ptr()).status).write(0);
            let message = (&raw mut (*raw.as_mut_ptr()).message).cast::<c_char>();
            message.write(0);
            message
        };
        match call(raw.as_mut_ptr()) {
            vil_sys::VIL_OK => Ok(()),
            // SAFETY: it ends with a NUL: ours, or the one that C writes behind its text.
            status => Err(Self::new(Status::from_raw(status), unsafe { CStr::from_ptr(message) }.to_string_lossy())),
        }
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        Self { status, message: String::new() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            "" => self.status.fmt(f),
            message => write!(f, "{}: {message}", self.status.name()),
        }
    }
}

impl std::error::Error for Error {}

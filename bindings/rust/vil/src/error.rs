//! Why a cold call did not succeed: its status and the sentence that libvil wrote about it.

use std::fmt;

use crate::{Status, text};

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
        let mut raw = vil_sys::vil_error_t { status: 0, message: [0; vil_sys::VIL_ERROR_MESSAGE_SIZE] };
        match call(&mut raw) {
            vil_sys::VIL_OK => Ok(()),
            status => Err(Self::new(Status::from_raw(status), text::owned(&raw.message))),
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

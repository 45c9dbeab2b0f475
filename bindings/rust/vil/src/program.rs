//! A program: the canonical JSON from which a world is made.

use std::ptr::{self, NonNull};

use crate::{Error, Result, Status};

/// A parsed program.
#[derive(Debug)]
pub struct Program {
    raw: NonNull<vil_sys::vil_program_t>,
}

// SAFETY: a program never changes after parsing, and libvil lets any thread use it.
unsafe impl Send for Program {}
// SAFETY: as above.
unsafe impl Sync for Program {}

impl Program {
    /// `json` is canonical JSON, as `vil gen` embeds it and `vil dump` prints it.
    pub fn parse(json: &str) -> Result<Self> {
        let mut raw = ptr::null_mut();
        // SAFETY: the text is valid for its length during the call, the out-pointers are ours.
        Error::guard(|error| unsafe { vil_sys::vil_program_parse(json.as_ptr().cast(), json.len(), &mut raw, error) })?;
        NonNull::new(raw).map(|raw| Self { raw }).ok_or_else(|| Status::E_PANIC.into())
    }

    /// SHA-256 over the program.
    pub fn fingerprint(&self) -> Result<[u8; 32], Status> {
        let mut out = [0; 32];
        // SAFETY: the handle is open until drop, `out` has the 32 bytes that C writes.
        Status::check(unsafe { vil_sys::vil_program_fingerprint(self.as_raw(), out.as_mut_ptr()) })?;
        Ok(out)
    }

    pub(crate) fn as_raw(&self) -> *mut vil_sys::vil_program_t {
        self.raw.as_ptr()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = vil_sys::vil_program_close(self.as_raw());
    }
}

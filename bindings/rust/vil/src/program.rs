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
        Self::load(json, &[])
    }

    /// As [`parse`](Self::parse), with the plan that `vil gen` embeds beside the text: what parsing, checking and planning came
    /// to is read from it. A plan of another form than this libvil's, or of another text, is not used, and the program is parsed.
    ///
    /// ```
    /// let program = vil::Program::load(r#"{"vil":1,"program":"p"}"#, &[])?;
    /// assert_eq!(program.dump()?, r#"{"vil":1,"program":"p"}"#);
    /// # Ok::<(), vil::Error>(())
    /// ```
    pub fn load(json: &str, plan: &[u64]) -> Result<Self> {
        let mut raw = ptr::null_mut();
        // SAFETY: text and plan are valid for their sizes during the call, the out-pointers are ours.
        Error::guard(|error| unsafe {
            let (plan, size) = (plan.as_ptr().cast(), size_of_val(plan));
            vil_sys::vil_program_load(json.as_ptr().cast(), json.len(), plan, size, &mut raw, error)
        })?;
        NonNull::new(raw).map(|raw| Self { raw }).ok_or_else(|| Status::E_PANIC.into())
    }

    /// SHA-256 over the program.
    pub fn fingerprint(&self) -> Result<[u8; 32], Status> {
        let mut out = [0; 32];
        // SAFETY: the handle is open until drop, `out` has the 32 bytes that C writes.
        Status::check(unsafe { vil_sys::vil_program_fingerprint(self.as_raw(), out.as_mut_ptr()) })?;
        Ok(out)
    }

    /// Canonical JSON: the same for the same program every time.
    ///
    /// ```
    /// let program = vil::Program::parse(r#" {"program":"p", "vil":1} "#)?;
    /// assert_eq!(program.dump()?, r#"{"vil":1,"program":"p"}"#);
    /// # Ok::<(), vil::Error>(())
    /// ```
    pub fn dump(&self) -> Result<String, Status> {
        let mut size = 0;
        // SAFETY: the handle is open until drop, and no buffer is given.
        Status::check(unsafe { vil_sys::vil_program_dump(self.as_raw(), ptr::null_mut(), 0, &mut size) })?;
        let mut text = vec![0u8; size + 1];
        // SAFETY: as above, and the buffer has the bytes that it is said to have.
        Status::check(unsafe {
            vil_sys::vil_program_dump(self.as_raw(), text.as_mut_ptr().cast(), text.len(), &mut size)
        })?;
        text.truncate(size);
        String::from_utf8(text).map_err(|_| Status::E_PANIC)
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

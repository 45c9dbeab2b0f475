//! Diagnostics: everything that is wrong with a program.

use std::ptr;

use crate::text::borrowed;
use crate::{Error, Program, Result, Status};

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something is probably not meant; the program is legal.
    Warning,
    /// The program is refused.
    Error,
}

/// One thing that is wrong with a program. What has nothing to say is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Line in the text, from 1; 0 when there is no place.
    pub line: u32,
    /// Column in characters, from 1; 0 when there is no place.
    pub column: u32,
    /// Stable code of the rule.
    pub code: String,
    /// JSON pointer to the node.
    pub pointer: String,
    /// What is wrong, one sentence.
    pub message: String,
    /// What stands there.
    pub found: String,
    /// What may stand there.
    pub expected: String,
    /// What to do.
    pub fix: String,
}

impl Program {
    /// Everything that is wrong with a program, in the order of its text; [`Program::parse`] takes what has no error in it.
    ///
    /// ```
    /// let found = vil::Program::diagnose(r#"{"vil":1,"program":"p","mesages":{}}"#)?;
    /// assert_eq!((found[0].code.as_str(), found[0].line), ("VIL-F002", 1));
    /// # Ok::<(), vil::Error>(())
    /// ```
    pub fn diagnose(json: &str) -> Result<Vec<Diagnostic>> {
        let mut raw = ptr::null_mut();
        // SAFETY: the text is valid for its length during the call, the out-pointers are ours.
        Error::guard(|error| unsafe {
            vil_sys::vil_diagnostics_parse(json.as_ptr().cast(), json.len(), &mut raw, error)
        })?;
        let handle = Handle(raw);
        let (mut errors, mut count) = (0, 0);
        // SAFETY: the handle is open until it is dropped, the out-pointers are ours.
        Status::check(unsafe { vil_sys::vil_diagnostics_count(handle.0, &mut errors, &mut count) })?;
        (0..count).map(|index| handle.get(index)).collect()
    }
}

/// Closed when it is dropped.
struct Handle(*mut vil_sys::vil_diagnostics_t);

impl Handle {
    fn get(&self, index: u32) -> Result<Diagnostic> {
        let mut raw = vil_sys::vil_diagnostic_t {
            struct_size: size_of::<vil_sys::vil_diagnostic_t>() as u32,
            severity: 0,
            line: 0,
            column: 0,
            code: ptr::null(),
            pointer: ptr::null(),
            message: ptr::null(),
            found: ptr::null(),
            expected: ptr::null(),
            fix: ptr::null(),
        };
        // SAFETY: the handle is open until it is dropped, and `raw` is of its `struct_size`.
        Status::check(unsafe { vil_sys::vil_diagnostics_get(self.0, index, &mut raw) })?;
        // SAFETY: libvil wrote NUL-terminated texts, which live as long as the handle.
        let [code, pointer, message, found, expected, fix] =
            [raw.code, raw.pointer, raw.message, raw.found, raw.expected, raw.fix]
                .map(|text| unsafe { borrowed(text) });
        let is_error = raw.severity == vil_sys::VIL_SEVERITY_ERROR;
        let severity = if is_error { Severity::Error } else { Severity::Warning };
        let (line, column) = (raw.line, raw.column);
        Ok(Diagnostic { severity, line, column, code, pointer, message, found, expected, fix })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let _ = vil_sys::vil_diagnostics_close(self.0);
    }
}

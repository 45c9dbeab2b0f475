//! Strings to C and back. Never panics on what C hands over: bytes that are not UTF-8 are replaced.

use std::ffi::{CStr, CString, c_char};
use std::path::Path;

use crate::{Error, Result, Status};

/// A string for C; `what` names it in the error when it holds a NUL.
pub(crate) fn c_string(what: &str, text: impl Into<Vec<u8>>) -> Result<CString> {
    CString::new(text).map_err(|_| Error::new(Status::E_ARGUMENT, format!("the {what} holds a NUL byte")))
}

/// A path for C.
pub(crate) fn c_path(what: &str, path: &Path) -> Result<CString> {
    use std::os::unix::ffi::OsStrExt;
    c_string(what, path.as_os_str().as_bytes())
}

/// The text up to the first NUL, or all of it.
pub(crate) fn owned(chars: &[c_char]) -> String {
    let bytes: Vec<u8> = chars.iter().take_while(|c| **c != 0).map(|c| *c as u8).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A copy of a text that C lends; empty for NULL.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string that lives for the call.
pub(crate) unsafe fn borrowed(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: as promised by the caller.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

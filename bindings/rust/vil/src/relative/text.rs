//! What lies behind a VStr: bytes that should be UTF-8, and may be anything.

use std::fmt;
use std::str::Utf8Error;

use super::slice::Slice;

/// A text in a message. Not a `&str`: the message may be changed by another process while it is read, and what was UTF-8
/// when it was looked at may be none a moment later. It is copied out, or compared.
#[derive(Clone, Copy)]
pub struct Str<'a> {
    bytes: Slice<'a, u8>,
}

impl<'a> Str<'a> {
    /// No text.
    pub const fn empty() -> Self {
        Self { bytes: Slice::empty() }
    }

    #[inline(always)]
    pub(super) fn of(bytes: Slice<'a, u8>) -> Self {
        Self { bytes }
    }

    /// Its bytes without the NUL.
    #[inline(always)]
    pub fn bytes(&self) -> Slice<'a, u8> {
        self.bytes
    }

    /// How many bytes it has.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Is there no byte?
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Copies it, with U+FFFD for what is no UTF-8.
    pub fn to_string_lossy(&self) -> String {
        match String::from_utf8(self.bytes.to_vec()) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    }

    /// Copies as much of it as `to` has room for, and sees that as text: whole characters. An error where it is no UTF-8.
    pub fn copy_to<'t>(&self, to: &'t mut [u8]) -> Result<&'t str, Utf8Error> {
        let count = self.bytes.copy_to_slice(to);
        let copied = &to[..count];
        match std::str::from_utf8(copied) {
            // Only the room cut its last character.
            Err(error) if count < self.len() && error.error_len().is_none() => {
                std::str::from_utf8(&copied[..error.valid_up_to()])
            }
            seen => seen,
        }
    }

    /// The text in place, without a copy; an error where it is no UTF-8.
    ///
    /// # Safety
    /// As [`Slice::as_slice`]: no process writes to the message as long as `'a`.
    pub unsafe fn as_str(&self) -> Result<&'a str, Utf8Error> {
        // SAFETY: nobody writes, says the caller.
        std::str::from_utf8(unsafe { self.bytes.as_slice() })
    }
}

impl PartialEq<str> for Str<'_> {
    fn eq(&self, other: &str) -> bool {
        self.bytes == *other.as_bytes()
    }
}

impl PartialEq<&str> for Str<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Display for Str<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_string_lossy())
    }
}

impl fmt::Debug for Str<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string_lossy(), f)
    }
}

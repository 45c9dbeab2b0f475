//! Why nothing was generated or said to Cargo, in words that a build's log can show.

use std::fmt;

/// Why nothing was generated or said to Cargo: diagnostics with excerpts of the program, or one sentence.
///
/// Its `Debug` is its text, because that is what Cargo shows of a build script's `main` that answers an error.
pub struct Error {
    text: String,
}

impl Error {
    pub(crate) fn new(text: impl Into<String>) -> Error {
        Error { text: text.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

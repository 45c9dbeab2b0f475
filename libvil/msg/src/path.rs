//! Where in a message something is, as people write it: `points[3].label`. Of fixed size, because nothing here allocates.

use std::fmt::{self, Write};

/// Bytes of the longest path that is told whole.
pub const PATH_SIZE: usize = 95;

/// A place in a message; of one that is too long the end is left out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Path {
    text: [u8; PATH_SIZE],
    size: u8,
}

impl Default for Path {
    fn default() -> Path {
        Path { text: [0; PATH_SIZE], size: 0 }
    }
}

impl Path {
    /// The text; empty for the message itself.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..usize::from(self.size)]).unwrap_or("")
    }

    /// One name further down.
    pub(crate) fn name(&mut self, name: &str) {
        if self.size > 0 {
            _ = self.write_str(".");
        }
        _ = self.write_str(name);
    }

    /// One element further down.
    pub(crate) fn index(&mut self, index: u32) {
        _ = write!(self, "[{index}]");
    }
}

impl Write for Path {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let at = usize::from(self.size);
        let mut size = text.len().min(PATH_SIZE - at);
        while !text.is_char_boundary(size) {
            size -= 1;
        }
        self.text[at..at + size].copy_from_slice(&text.as_bytes()[..size]);
        self.size = (at + size) as u8;
        if size < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

//! What was found about a program, in rows of text that a handle owns and that the caller reads where it lies.

use std::ffi::{CString, c_char};

use crate::error::Failure;

/// Rows that never change once a handle names them.
pub(crate) struct Told<const TEXTS: usize, const NUMBERS: usize> {
    rows: Box<[Row<TEXTS, NUMBERS>]>,
}

/// Texts and numbers of one row.
pub(crate) struct Row<const TEXTS: usize, const NUMBERS: usize> {
    texts: [CString; TEXTS],
    /// In an order of the caller's.
    pub(crate) numbers: [u32; NUMBERS],
}

impl<const TEXTS: usize, const NUMBERS: usize> Row<TEXTS, NUMBERS> {
    /// Keeps copies. A text ends at its first NUL, as it would for whoever reads it.
    pub(crate) fn new(texts: [&str; TEXTS], numbers: [u32; NUMBERS]) -> Self {
        let owned = |text: &str| {
            let end = text.find('\0').unwrap_or(text.len());
            CString::new(&text[..end]).unwrap_or_default()
        };
        Row { texts: texts.map(owned), numbers }
    }

    /// The texts, readable as long as the handle is open.
    pub(crate) fn texts(&self) -> [*const c_char; TEXTS] {
        std::array::from_fn(|at| self.texts[at].as_ptr())
    }
}

impl<const TEXTS: usize, const NUMBERS: usize> Told<TEXTS, NUMBERS> {
    /// Keeps the rows.
    pub(crate) fn new(rows: impl Iterator<Item = Row<TEXTS, NUMBERS>>) -> Self {
        Told { rows: rows.collect() }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        self.rows.len() as u32
    }

    /// The rows.
    pub(crate) fn rows(&self) -> &[Row<TEXTS, NUMBERS>] {
        &self.rows
    }

    /// One of them.
    pub(crate) fn row(&self, index: u32) -> Result<&Row<TEXTS, NUMBERS>, Failure> {
        self.rows.get(index as usize).ok_or(Failure::Argument("the index is not below the count"))
    }
}

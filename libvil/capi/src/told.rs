//! What was found about a program, in rows of text that a handle owns and that the caller reads where it lies.

use std::ffi::c_char;

use crate::error::Failure;

/// Texts of a row at most.
pub(crate) const TEXTS: usize = 6;

/// Numbers of a row at most.
pub(crate) const NUMBERS: usize = 3;

/// Rows that never change once a handle names them.
#[derive(Default)]
pub(crate) struct Told {
    /// All texts one after another, each with a NUL.
    bytes: Vec<u8>,
    rows: Vec<Row>,
}

/// Where a row's texts begin, and its numbers.
struct Row {
    texts: [usize; TEXTS],
    numbers: [u32; NUMBERS],
}

impl Told {
    /// Adds a row, with copies of its texts. A text ends at its first NUL, as it would for whoever reads it.
    pub(crate) fn add(&mut self, texts: [&str; TEXTS], numbers: [u32; NUMBERS]) {
        let texts = texts.map(|text| {
            let start = self.bytes.len();
            self.bytes.extend(text.bytes().take_while(|byte| *byte != 0));
            self.bytes.push(0);
            start
        });
        self.rows.push(Row { texts, numbers });
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        self.rows.len() as u32
    }

    /// One row: its texts, readable as long as the handle is open, and its numbers.
    pub(crate) fn row(&self, index: u32) -> Result<([*const c_char; TEXTS], [u32; NUMBERS]), Failure> {
        let row = self.rows.get(index as usize).ok_or(Failure::Argument("the index is not below the count"))?;
        Ok((row.texts.map(|start| self.bytes[start..].as_ptr().cast()), row.numbers))
    }

    /// The sum of the first numbers.
    pub(crate) fn sum(&self) -> u32 {
        self.rows.iter().map(|row| row.numbers[0]).sum()
    }
}

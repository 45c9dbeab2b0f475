//! Input in pieces becomes lines: numbered from 1, without their ends, in bounded memory.
//! Knows nothing of JSON. Never holds more than one line of `MAX_LINE` bytes and one piece.

use std::io::{ErrorKind, Read};

use memchr::memchr;

/// Longest line in bytes, without its end; a longer one is malformed and its bytes are thrown away.
pub const MAX_LINE: usize = 1 << 20;

/// Bytes asked for at once.
const PIECE: usize = 64 << 10;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The longest legal line with all that may stand around it: a mark before, CRLF after.
const HOLD: usize = MAX_LINE + BOM.len() + 2;

/// What a line holds; blank lines are numbered and never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// The bytes between the ends.
    Text(&'a [u8]),
    /// More than `MAX_LINE` bytes, and not all of them blank.
    TooLong,
}

/// Reads lines from a stream, as soon as their ends have come.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    /// `buffer[start..end]` has been read and not yet returned.
    start: usize,
    end: usize,
    /// No LF is in `buffer[start..searched]`.
    searched: usize,
    number: u64,
    ended: bool,
    /// The front of the current line was thrown away; `Some(true)` while all of it was blank.
    cut: Option<bool>,
}

impl<R: Read> Lines<R> {
    /// Starts before line 1.
    pub fn new(input: R) -> Self {
        let buffer = vec![0; HOLD + PIECE];
        Self { input, buffer, start: 0, end: 0, searched: 0, number: 0, ended: false, cut: None }
    }

    /// The next line that is not blank and its number; `None` at the end of the input.
    pub fn next_line(&mut self) -> std::io::Result<Option<(u64, Line<'_>)>> {
        loop {
            let Some((from, to)) = self.advance()? else { return Ok(None) };
            let cut = self.cut.take();
            if is_blank(&self.buffer[from..to]) && cut.unwrap_or(true) {
                continue;
            }
            let long = cut.is_some() || to - from > MAX_LINE;
            let line = if long { Line::TooLong } else { Line::Text(&self.buffer[from..to]) };
            return Ok(Some((self.number, line)));
        }
    }

    /// Bounds of the next line in the buffer without its end, or without the part that was thrown away.
    fn advance(&mut self) -> std::io::Result<Option<(usize, usize)>> {
        loop {
            if let Some(found) = memchr(b'\n', &self.buffer[self.searched..self.end]) {
                let (from, lf) = (self.start, self.searched + found);
                (self.start, self.searched) = (lf + 1, lf + 1);
                let to = if lf > from && self.buffer[lf - 1] == b'\r' { lf - 1 } else { lf };
                return Ok(Some(self.count(from, to)));
            }
            self.searched = self.end;
            if self.ended {
                let (from, to) = (self.start, self.end);
                self.start = self.end;
                let nothing = from == to && self.cut.is_none();
                return Ok(if nothing { None } else { Some(self.count(from, to)) });
            }
            self.fill()?;
        }
    }

    /// Numbers a line and takes the byte order mark off the first.
    fn count(&mut self, from: usize, to: usize) -> (usize, usize) {
        self.number += 1;
        let marked = self.number == 1 && self.cut.is_none() && self.buffer[from..to].starts_with(BOM);
        (if marked { from + BOM.len() } else { from }, to)
    }

    fn fill(&mut self) -> std::io::Result<()> {
        if self.end - self.start > HOLD {
            self.cut_line();
        }
        // A short rest moves to the front each time, which keeps the buffer's used part in the nearest cache.
        if self.end - self.start < PIECE || self.buffer.len() - self.end < PIECE {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.searched, self.end, self.start) = (self.searched - self.start, self.end - self.start, 0);
        }
        match self.input.read(&mut self.buffer[self.end..]) {
            Ok(0) => self.ended = true,
            Ok(read) => self.end += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Throws the line's bytes away but the last, which may be the CR of its end.
    fn cut_line(&mut self) {
        let skip = if self.number == 0 && self.buffer[self.start..].starts_with(BOM) { BOM.len() } else { 0 };
        let front = match self.cut {
            None => &self.buffer[self.start + skip..self.end - 1],
            Some(_) => &self.buffer[self.start..self.end - 1],
        };
        self.cut = Some(is_blank(front) && self.cut.unwrap_or(true));
        self.start = self.end - 1;
    }
}

fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' ' | b'\t'))
}

//! Strict JSON (RFC 8259) into the value tree, with the place of every key and value.
//!
//! Written by hand because whoever reads canonical programs alone drags no stack of crates along, and because the
//! known JSON crates give no place for what they have read. It reports the first fault only: after that nothing is sure.

use std::cell::Cell;

use super::node::{Data, Entry, MAX_DEPTH, MAX_NODES, Node, Place};
use super::rules::{BAD_NUMBER, SYNTAX, TOO_BIG};
use crate::diagnostics::{Diagnostic, Rule};

/// Reads one JSON text; `nodes` counts the values of all texts of the program.
pub(crate) fn read(text: &str, file: u32, nodes: &mut usize) -> Read<Node> {
    let mut reader = Reader { text, at: 0, line: 1, line_start: 0, counted: Cell::new((0, 0)), file, nodes };
    if text.starts_with('\u{feff}') {
        reader.at = '\u{feff}'.len_utf8();
        reader.line_start = reader.at;
    }
    reader.blank();
    let node = reader.value(0)?;
    reader.blank();
    if reader.at < text.len() {
        return fail(reader.fault(SYNTAX, "nothing may follow the value").found(reader.next_text()));
    }
    Ok(node)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    line_start: usize,
    /// An offset on this line and the characters before it: canonical text is one line, and counting it from its start
    /// for every place would take quadratic time.
    counted: Cell<(usize, u32)>,
    file: u32,
    nodes: &'t mut usize,
}

type Read<T> = Result<T, Box<Diagnostic>>;

fn fail<T>(fault: Diagnostic) -> Read<T> {
    Err(Box::new(fault))
}

impl Reader<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.byte() {
            self.at += 1;
            if byte == b'\n' {
                self.line += 1;
                self.line_start = self.at;
            }
        }
    }

    fn place(&self, from: usize) -> Place {
        let (mut start, mut before) = self.counted.get();
        if start < self.line_start || start > from {
            (start, before) = (self.line_start, 0);
        }
        before += self.text.get(start..from).map_or(0, |text| text.chars().count()) as u32;
        self.counted.set((from, before));
        let length = self.text.get(from..self.at).map_or(0, |text| text.chars().count()).max(1);
        Place { file: self.file, line: self.line, column: before + 1, length: length as u32 }
    }

    fn fault(&self, rule: Rule, message: impl Into<String>) -> Diagnostic {
        let mut fault = Diagnostic::new(rule, "", message);
        fault.place = Some(self.place(self.at));
        fault
    }

    fn next_text(&self) -> String {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            None => "the end of the text".to_owned(),
            Some(next) => format!("`{}`", next.escape_debug()),
        }
    }

    fn unexpected<T>(&self, expected: &str) -> Read<T> {
        let message = format!("expected {expected}, found {}", self.next_text());
        fail(self.fault(SYNTAX, message))
    }

    fn value(&mut self, depth: u32) -> Read<Node> {
        *self.nodes += 1;
        if depth > MAX_DEPTH {
            return fail(self.fault(TOO_BIG, format!("nested deeper than {MAX_DEPTH}")));
        }
        if *self.nodes > MAX_NODES {
            return fail(self.fault(TOO_BIG, format!("more than {MAX_NODES} values")));
        }
        let place = self.place(self.at);
        let start = self.at;
        let data = match self.byte() {
            Some(b'{') => return Ok(Node { place, data: self.map(depth)? }),
            Some(b'[') => return Ok(Node { place, data: self.list(depth)? }),
            Some(b'"') => Data::Str(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.literal("true", Data::Bool(true))?,
            Some(b'f') => self.literal("false", Data::Bool(false))?,
            Some(b'n') => self.literal("null", Data::Null)?,
            _ => return self.unexpected("a value"),
        };
        Ok(Node { place: self.place(start), data })
    }

    fn literal(&mut self, word: &str, data: Data) -> Read<Data> {
        if !self.text[self.at..].starts_with(word) {
            return self.unexpected("a value");
        }
        self.at += word.len();
        Ok(data)
    }

    fn map(&mut self, depth: u32) -> Read<Data> {
        self.at += 1;
        let mut entries = Vec::new();
        self.blank();
        if self.byte() == Some(b'}') {
            self.at += 1;
            return Ok(Data::Map(entries));
        }
        loop {
            self.blank();
            if self.byte() != Some(b'"') {
                return self.unexpected("a key in double quotes");
            }
            let start = self.at;
            let key = self.string()?;
            let place = self.place(start);
            self.blank();
            if self.byte() != Some(b':') {
                return self.unexpected("`:` after a key");
            }
            self.at += 1;
            self.blank();
            let value = self.value(depth + 1)?;
            entries.push(Entry { key, place, value });
            if self.end_of_item(b'}', "`,` or `}`")? {
                return Ok(Data::Map(entries));
            }
        }
    }

    fn list(&mut self, depth: u32) -> Read<Data> {
        self.at += 1;
        let mut items = Vec::new();
        self.blank();
        if self.byte() == Some(b']') {
            self.at += 1;
            return Ok(Data::Seq(items));
        }
        loop {
            self.blank();
            items.push(self.value(depth + 1)?);
            if self.end_of_item(b']', "`,` or `]`")? {
                return Ok(Data::Seq(items));
            }
        }
    }

    /// True at the closing byte, false at a comma.
    fn end_of_item(&mut self, close: u8, expected: &str) -> Read<bool> {
        self.blank();
        match self.byte() {
            Some(byte) if byte == close || byte == b',' => {
                self.at += 1;
                Ok(byte == close)
            }
            _ => self.unexpected(expected),
        }
    }

    fn digits(&mut self) -> Read<()> {
        if !self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            return self.unexpected("a digit");
        }
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Read<Data> {
        let start = self.at;
        self.at += usize::from(self.byte() == Some(b'-'));
        if self.byte() == Some(b'0') {
            self.at += 1;
            if self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
                return fail(self.fault(SYNTAX, "a number does not start with 0"));
            }
        } else {
            self.digits()?;
        }
        let mut whole = true;
        if self.byte() == Some(b'.') {
            whole = false;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            whole = false;
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            self.digits()?;
        }
        let text = &self.text[start..self.at];
        let data = match whole {
            true => text.parse().ok().map(Data::Int),
            false => text.parse().ok().filter(|value: &f64| value.is_finite()).map(Data::Float),
        };
        data.ok_or_else(|| {
            let mut fault = self.fault(BAD_NUMBER, "the number is too large to be kept");
            fault.place = Some(self.place(start));
            Box::new(fault)
        })
    }

    fn string(&mut self) -> Read<String> {
        self.at += 1;
        let mut string = String::new();
        loop {
            // All that ends a run is ASCII, so a run is cut between characters.
            let run =
                self.text.as_bytes()[self.at..].iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f));
            let end = self.at + run.count();
            string.push_str(&self.text[self.at..end]);
            self.at = end;
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(string);
                }
                Some(b'\\') => string.push(self.escape()?),
                Some(_) => {
                    let fault = self.fault(SYNTAX, "a control character stands in a string");
                    return fail(fault.fix("write it as \\uXXXX"));
                }
                None => return self.unexpected("the closing quote of a string"),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        self.at += 1;
        let plain = match self.byte() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return self.unexpected("one of \" \\ / b f n r t u after `\\`"),
        };
        self.at += 1;
        Ok(plain)
    }

    fn unicode(&mut self) -> Read<char> {
        let high = self.hex()?;
        let code = if (0xd800..0xdc00).contains(&high) && self.text[self.at..].starts_with("\\u") {
            self.at += 1;
            let low = self.hex()?;
            if !(0xdc00..0xe000).contains(&low) {
                return fail(self.fault(SYNTAX, "half of a surrogate pair"));
            }
            0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
        } else {
            high
        };
        char::from_u32(code).ok_or_else(|| Box::new(self.fault(SYNTAX, "half of a surrogate pair")))
    }

    /// Four hexadecimal digits behind the `u` that stands at the cursor.
    fn hex(&mut self) -> Read<u32> {
        self.at += 1;
        let digits = self.text.get(self.at..self.at + 4).filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|text| u32::from_str_radix(text, 16).ok()) {
            Some(code) => {
                self.at += 4;
                Ok(code)
            }
            None => self.unexpected("four hexadecimal digits"),
        }
    }
}

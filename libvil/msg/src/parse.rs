//! JSON as a text that is read from its start to its end, value by value; nothing is kept.

use crate::MAX_DEPTH;
use crate::fault::{Rule, Stop};

/// Where a text is being read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parser<'t> {
    text: &'t str,
    pub(crate) at: usize,
}

/// What a value begins like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    List,
    Text,
    Number,
    Flag,
    Null,
}

impl<'t> Parser<'t> {
    pub(crate) fn new(text: &'t str) -> Parser<'t> {
        Parser { text, at: 0 }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(crate) fn fault(&self, rule: Rule, expected: u64, found: u64) -> Stop {
        Stop::new(rule, u32::try_from(self.at).unwrap_or(u32::MAX), expected, found)
    }

    fn syntax(&self) -> Stop {
        self.fault(Rule::Syntax, 0, self.byte().unwrap_or(0).into())
    }

    fn blank(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Passes one byte, if it stands next.
    pub(crate) fn takes(&mut self, wanted: u8) -> bool {
        self.blank();
        let found = self.byte() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn expect(&mut self, wanted: u8) -> Result<(), Stop> {
        if self.takes(wanted) {
            return Ok(());
        }
        Err(self.fault(Rule::Syntax, wanted.into(), self.byte().unwrap_or(0).into()))
    }

    pub(crate) fn kind(&mut self) -> Result<Kind, Stop> {
        self.blank();
        match self.byte() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::List),
            Some(b'"') => Ok(Kind::Text),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Flag),
            Some(b'n') => Ok(Kind::Null),
            _ => Err(self.syntax()),
        }
    }

    /// Nothing but blanks may follow.
    pub(crate) fn end(&mut self) -> Result<(), Stop> {
        self.blank();
        if self.at == self.text.len() { Ok(()) } else { Err(self.syntax()) }
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self) -> Result<bool, Stop> {
        for (word, value) in [("true", true), ("false", false)] {
            if self.word(word) {
                return Ok(value);
            }
        }
        Err(self.syntax())
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// A number as it is written.
    pub(crate) fn number(&mut self) -> Result<&'t str, Stop> {
        self.blank();
        let from = self.at;
        self.at += usize::from(self.byte() == Some(b'-'));
        let begins_with_zero = self.byte() == Some(b'0');
        if self.digits()? > 1 && begins_with_zero {
            return Err(self.syntax());
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(&self.text[from..self.at])
    }

    fn digits(&mut self) -> Result<usize, Stop> {
        let from = self.at;
        while matches!(self.byte(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == from { Err(self.syntax()) } else { Ok(self.at - from) }
    }

    /// A text, shown character by character.
    pub(crate) fn text(&mut self, mut show: impl FnMut(char)) -> Result<(), Stop> {
        self.expect(b'"')?;
        loop {
            let rest = self.text.get(self.at..).unwrap_or("");
            let Some(next) = rest.chars().next() else { return Err(self.syntax()) };
            match next {
                '"' => {
                    self.at += 1;
                    return Ok(());
                }
                '\\' => show(self.escape()?),
                control if control < ' ' => return Err(self.syntax()),
                other => {
                    self.at += other.len_utf8();
                    show(other);
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Stop> {
        self.at += 1;
        let Some(byte) = self.byte() else { return Err(self.syntax()) };
        let plain = match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(self.syntax()),
        };
        self.at += 1;
        Ok(plain)
    }

    /// `\uXXXX`, or two of them that make one character.
    fn unicode(&mut self) -> Result<char, Stop> {
        let first = self.hex()?;
        let code = match first {
            0xd800..=0xdbff if self.word("\\u") => match self.hex()? {
                second @ 0xdc00..=0xdfff => 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00),
                _ => return Err(self.syntax()),
            },
            other => other,
        };
        char::from_u32(code).ok_or_else(|| self.syntax())
    }

    fn hex(&mut self) -> Result<u32, Stop> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or_else(|| self.syntax())?;
        self.at += 4;
        Ok(code)
    }

    /// Passes a value of whatever kind, brackets and texts alone looked at.
    pub(crate) fn skip(&mut self) -> Result<(), Stop> {
        let mut depth = 0usize;
        loop {
            match self.kind_or_close()? {
                None => depth = depth.checked_sub(1).ok_or_else(|| self.syntax())?,
                Some(Kind::Object | Kind::List) => {
                    self.at += 1;
                    depth += 1;
                    if depth > 2 * MAX_DEPTH {
                        return Err(self.fault(Rule::Depth, MAX_DEPTH as u64, depth as u64));
                    }
                }
                Some(Kind::Text) => self.text(|_| ())?,
                Some(Kind::Number) => drop(self.number()?),
                Some(Kind::Flag) => drop(self.flag()?),
                Some(Kind::Null) if self.word("null") => {}
                Some(Kind::Null) => return Err(self.syntax()),
            }
            if depth == 0 {
                return Ok(());
            }
            // What separates is checked by who reads the value.
            while self.takes(b',') || self.takes(b':') {}
        }
    }

    /// The next value's kind; nothing where a bracket closes.
    fn kind_or_close(&mut self) -> Result<Option<Kind>, Stop> {
        if self.takes(b']') || self.takes(b'}') { Ok(None) } else { self.kind().map(Some) }
    }

    /// How many elements the list has that begins here.
    pub(crate) fn elements(mut self) -> Result<u32, Stop> {
        self.expect(b'[')?;
        if self.takes(b']') {
            return Ok(0);
        }
        let mut count = 1u32;
        loop {
            self.skip()?;
            if self.takes(b']') {
                return Ok(count);
            }
            self.expect(b',')?;
            count = count.saturating_add(1);
        }
    }
}

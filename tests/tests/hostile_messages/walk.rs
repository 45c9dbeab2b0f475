//! What generated walkers stand on, as walk.h in C: every accessor's answer is touched, and held against the message's JSON.
//! A part of the hostile program, not of the test.

use std::fmt::Write;

use vil::{Plain, Slice, Str, View};

/// Whether a field stands next in the JSON; not known where there is none.
#[derive(Clone, Copy, PartialEq)]
pub enum Key {
    Absent,
    Present,
    Unknown,
}

pub struct Walk<'j> {
    /// What is expected next.
    pub json: Option<&'j [u8]>,
    /// Steps.
    pub left: u64,
    /// The first that did not hold.
    pub wrong: Option<String>,
    /// Of all that was touched.
    pub sum: u64,
    pub scratch: String,
}

/// A relative message of the program.
pub struct Kind {
    pub name: &'static str,
    pub descriptor: &'static [u32],
    pub walk: fn(&mut Walk<'_>, View<'_>),
}

impl Walk<'_> {
    pub fn step(&mut self) -> bool {
        let goes_on = self.left > 0;
        self.left = self.left.saturating_sub(1);
        goes_on
    }

    pub fn must(&mut self, holds: bool, what: &str) {
        if !holds && self.wrong.is_none() {
            self.wrong = Some(what.to_owned());
        }
    }

    pub fn holds(&mut self, holds: bool, what: &str) {
        self.must(holds || self.json.is_none(), what);
    }

    pub fn take(&mut self, text: &str) {
        let Some(json) = self.json else { return };
        match json.strip_prefix(text.as_bytes()) {
            Some(rest) => self.json = Some(rest),
            None => self.must(false, text),
        }
    }

    pub fn key(&mut self, name: &str) -> Key {
        let Some(json) = self.json else { return Key::Unknown };
        let at = json.strip_prefix(b",").unwrap_or(json);
        let rest = at.strip_prefix(b"\"").and_then(|at| at.strip_prefix(name.as_bytes()));
        let Some(rest) = rest.and_then(|at| at.strip_prefix(b"\":")) else { return Key::Absent };
        self.json = Some(rest);
        Key::Present
    }

    pub fn comma(&mut self, index: usize) {
        if index > 0 {
            self.take(",");
        }
    }

    fn write(&mut self, value: impl std::fmt::Display) {
        if self.json.is_none() {
            return;
        }
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        let _ = write!(text, "{value}");
        self.take(&text);
        self.scratch = text;
    }

    pub fn int(&mut self, value: i128) {
        self.sum = self.sum.wrapping_add(value as u64);
        self.write(value);
    }

    pub fn flag(&mut self, value: bool) {
        self.take(if value { "true" } else { "false" });
    }

    pub fn f32(&mut self, value: f32) {
        if value.is_finite() {
            self.write(format_args!("{value:?}"))
        } else {
            self.write(format_args!("\"{value:?}\""))
        }
    }

    pub fn f64(&mut self, value: f64) {
        if value.is_finite() {
            self.write(format_args!("{value:?}"))
        } else {
            self.write(format_args!("\"{value:?}\""))
        }
    }

    pub fn named(&mut self, name: Option<&str>, value: i128) {
        match name {
            Some(name) => self.write(format_args!("\"{name}\"")),
            None => self.int(value),
        }
    }

    pub fn text(&mut self, text: Str<'_>) {
        touch(self, text.bytes());
        self.must(text.bytes().get(text.len()).is_none(), "beyond");
        if self.json.is_none() {
            self.sum = self.sum.wrapping_add(text.to_string_lossy().len() as u64);
            return;
        }
        self.take("\"");
        for letter in text.to_string_lossy().chars() {
            match letter {
                '"' | '\\' => self.write(format_args!("\\{letter}")),
                '\n' => self.take("\\n"),
                '\t' => self.take("\\t"),
                '\r' => self.take("\\r"),
                // Those that JSON lets stand may be escaped as well.
                letter
                    if letter < ' '
                        || (letter.is_control() && self.json.is_some_and(|json| json.starts_with(b"\\u"))) =>
                {
                    self.write(format_args!("\\u{:04x}", u32::from(letter)))
                }
                letter => self.write(letter),
            }
        }
        self.take("\"");
    }
}

/// Loads every element, and copies some.
pub fn touch<T: Plain>(w: &mut Walk<'_>, slice: Slice<'_, T>) {
    let mut last = None;
    for element in slice.iter() {
        last = Some(element);
    }
    w.must(last.is_some() == !slice.is_empty(), "as many as it says");
    w.must(slice.is_empty() || slice.as_ptr().is_aligned(), "aligned");
    w.sum = w.sum.wrapping_add(slice.to_vec().len() as u64);
}

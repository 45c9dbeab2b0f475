//! A message as JSON: what the walk shows, written as it is shown.
//!
//! A struct is an object with its fields that are there; a union is an object with one member, called like its arm (`#7` where
//! an open one has a tag that is not known); a list is a list, a text a text. Numbers are whole where the field is; floats are the
//! shortest that read back the same, `"NaN"`, `"inf"` and `"-inf"` as texts; an enum is the name of its value, or its number.

use std::fmt::{self, Write};

use vil_ir::vocabulary::Scalar;

use crate::bytes::Bytes;
use crate::descriptor::{Descriptor, sign};
use crate::fault::Fault;
use crate::walk::{Visitor, walk};

/// How JSON is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// One line without blanks.
    Compact,
    /// A field a line, indented by two.
    Pretty,
}

/// Writes a message as JSON. Answers the bytes of the text; where the room is less, only its beginning was written. A
/// message that is none is a fault, and what was written then is worth nothing.
pub fn to_json(descriptor: &Descriptor<'_>, bytes: Bytes<'_>, style: Style, room: &mut [u8]) -> Result<usize, Fault> {
    let mut printer = Printer { room, used: 0, style, level: 0, is_fresh: true };
    walk(descriptor, bytes, &mut printer)?;
    Ok(printer.used)
}

struct Printer<'r> {
    room: &'r mut [u8],
    /// Bytes of the text, written or not.
    used: usize,
    style: Style,
    level: usize,
    /// Nothing stands yet in the struct or list that is open.
    is_fresh: bool,
}

impl Printer<'_> {
    fn put(&mut self, text: &str) {
        let end = self.used.saturating_add(text.len());
        if let Some(place) = self.room.get_mut(self.used.min(end)..) {
            let fits = place.len().min(text.len());
            place[..fits].copy_from_slice(&text.as_bytes()[..fits]);
        }
        self.used = end;
    }

    fn line(&mut self) {
        if self.style == Style::Pretty {
            self.put("\n");
            (0..self.level).for_each(|_| self.put("  "));
        }
    }

    fn key(&mut self, name: &str) {
        self.text_begins();
        self.text(name);
        self.text_ends();
        self.put(if self.style == Style::Pretty { ": " } else { ":" });
    }

    fn value(&mut self, value: impl fmt::Display) {
        _ = write!(self, "{value}");
        self.is_fresh = false;
    }

    fn quoted(&mut self, value: impl fmt::Display) {
        _ = write!(self, "\"{value}\"");
        self.is_fresh = false;
    }

    fn open(&mut self, bracket: &str) {
        self.put(bracket);
        self.is_fresh = true;
    }

    fn close(&mut self, bracket: &str) {
        self.put(bracket);
        self.is_fresh = false;
    }
}

impl Write for Printer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text);
        Ok(())
    }
}

impl Visitor for Printer<'_> {
    fn struct_begins(&mut self) {
        self.open("{");
        self.level += 1;
    }

    fn struct_ends(&mut self) {
        self.level = self.level.saturating_sub(1);
        if !self.is_fresh {
            self.line();
        }
        self.close("}");
    }

    fn list_begins(&mut self) {
        self.open("[");
    }

    fn list_ends(&mut self) {
        self.close("]");
    }

    fn element(&mut self) {
        if !self.is_fresh {
            self.put(if self.style == Style::Pretty { ", " } else { "," });
        }
    }

    fn field(&mut self, name: &str) {
        if !self.is_fresh {
            self.put(",");
        }
        self.line();
        self.key(name);
    }

    fn arm_begins(&mut self, name: &str) {
        self.open("{");
        self.key(name);
    }

    fn arm_ends(&mut self) {
        self.close("}");
    }

    fn unknown_arm(&mut self, tag: u64) {
        let space = if self.style == Style::Pretty { " " } else { "" };
        self.value(format_args!("{{\"#{tag}\":{space}{{}}}}"));
    }

    fn scalar(&mut self, scalar: Scalar, bits: u64) {
        match scalar {
            Scalar::Bool => self.value(bits != 0),
            Scalar::F32 => self.float(f32::from_bits(bits as u32), f32::from_bits(bits as u32).is_finite()),
            Scalar::F64 => self.float(f64::from_bits(bits), f64::from_bits(bits).is_finite()),
            Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64 => self.value(sign(bits, scalar) as i64),
            Scalar::U8 | Scalar::U16 | Scalar::U32 | Scalar::U64 => self.value(bits),
        }
    }

    fn enumeration(&mut self, name: Option<&str>, storage: Scalar, bits: u64) {
        match name {
            Some(name) => self.quoted(name),
            None => self.scalar(storage, bits),
        }
    }

    fn text_begins(&mut self) {
        self.put("\"");
    }

    fn text(&mut self, part: &str) {
        _ = escape(part, self);
    }

    fn text_ends(&mut self) {
        self.put("\"");
        self.is_fresh = false;
    }
}

impl Printer<'_> {
    /// With a point or an exponent, so that it reads as a float; NaN and the infinities as texts.
    fn float(&mut self, number: impl fmt::Debug, is_finite: bool) {
        match is_finite {
            true => self.value(format_args!("{number:?}")),
            false => self.quoted(format_args!("{number:?}")),
        }
    }
}

/// Some of a text as it stands in JSON between its quotes. Also those controls that JSON allows are escaped: who prints the
/// text to a terminal is not at its mercy.
pub(crate) fn escape(part: &str, out: &mut impl Write) -> fmt::Result {
    let is_special = |next: char| next == '"' || next == '\\' || next.is_control();
    let mut from = 0;
    for (at, next) in part.char_indices().filter(|(_, next)| is_special(*next)) {
        out.write_str(&part[from..at])?;
        from = at + next.len_utf8();
        match next {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\t' => out.write_str("\\t")?,
            '\r' => out.write_str("\\r")?,
            other => write!(out, "\\u{:04x}", u32::from(other))?,
        }
    }
    out.write_str(&part[from..])
}

/// One number or bool as it stands in JSON.
pub(crate) fn value_text(scalar: Scalar, bits: u64) -> String {
    let mut room = [0; 64];
    let mut printer = Printer { room: &mut room, used: 0, style: Style::Compact, level: 0, is_fresh: true };
    printer.scalar(scalar, bits);
    let used = printer.used;
    String::from_utf8_lossy(room.get(..used).unwrap_or(&[])).into_owned()
}

//! YAML 1.2, core schema, into the value tree. Authors' files only, and behind a feature: canonical programs are read without it.
//!
//! `y`, `on` and `no` are strings. Anchors and aliases work and are bounded by the values and bytes they expand to;
//! merge keys and tags other than `!!str` are refused. It reports the first fault only.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::MAX_TEXT;
use super::comments::{Comments, Spot, lines};
use super::node::{Data, Entry, MAX_DEPTH, MAX_NODES, Node, Place, Weight};
use super::rules::{BAD_NUMBER, SYNTAX, TOO_BIG, WRONG_FORM};
use super::unquoted;
use crate::diagnostics::{Diagnostic, Rule};

/// Reads one YAML document, and the comments in it; `values` counts those of all texts of the program.
pub(crate) fn read(text: &str, file: u32, values: &mut usize) -> Read<(Node, Comments)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    document(text, file, values).map_err(|mut fault| {
        fault.place = fault.place.map(|place| within(text, place));
        let line = fault.place.and_then(|place| lines(text).nth(place.line.saturating_sub(1) as usize));
        if let Some(ty) = line.filter(|_| fault.rule == SYNTAX).and_then(unquoted::in_line) {
            fault.fix = Some(unquoted::advice(&ty));
        }
        fault
    })
}

/// The place of a fault within its line. The parser overlooks line ends that are a carriage return alone in what it skips,
/// and then counts on in the line before.
fn within(text: &str, place: Place) -> Place {
    let line = lines(text).nth(place.line.saturating_sub(1) as usize);
    let behind = line.map_or(0, |line| line.chars().count()) as u32 + 1;
    let column = place.column.min(behind);
    Place { column, length: place.length.min(behind.saturating_sub(column)).max(1), ..place }
}

fn document(text: &str, file: u32, values: &mut usize) -> Read<(Node, Comments)> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        file,
        end: end_of(text),
        spent: Weight { values: *values, bytes: 0 },
        anchors: HashMap::new(),
        scalars: Vec::new(),
    };
    let mut root = None;
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            Event::StreamEnd => break,
            _ if root.is_some() => {
                return fail(reader.fault(SYNTAX, span, "a file holds one document"));
            }
            event => root = Some(reader.node(event, span, 0)?),
        }
    }
    *values = reader.spent.values;
    let Some(root) = root else {
        let mut fault = Diagnostic::new(SYNTAX, "", "the file is empty").expected("a program");
        fault.place = Some(Place { file, line: 1, column: 1, length: 1 });
        return fail(fault);
    };
    Ok((root, Comments::find(text, &reader.scalars)))
}

/// The last line of a text and the column behind its last character.
fn end_of(text: &str) -> (usize, usize) {
    let bytes = text.as_bytes();
    let is_end = |at: &usize| bytes[*at] == b'\n' || bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    let ends = (0..bytes.len()).filter(is_end);
    let (lines, start) = ends.fold((0, 0), |(lines, _), at| (lines + 1, at + 1));
    (lines + 1, text[start..].chars().count() + 1)
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    file: u32,
    /// The last line and the column behind its last character. The parser names the line behind it for what is missing there.
    end: (usize, usize),
    /// What has been read, aliases expanded. What has an anchor counts once more, because it is kept beside the tree.
    spent: Weight,
    anchors: HashMap<usize, (Node, Weight)>,
    /// Where scalars stand, so that a `#` in one is no comment.
    scalars: Vec<(Spot, Spot)>,
}

type Read<T> = Result<T, Box<Diagnostic>>;

fn fail<T>(fault: Diagnostic) -> Read<T> {
    Err(Box::new(fault))
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Read<(Event<'t>, Span)> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                if let Event::Scalar(..) = event {
                    let spot = |marker: Marker| (marker.line(), marker.col());
                    self.scalars.push((spot(span.start), spot(span.end)));
                }
                Ok((event, span))
            }
            Some(Err(error)) => fail(self.scan_fault(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn place(&self, span: Span) -> Place {
        let place = |marker: Marker| (marker.line(), marker.col() + 1).min(self.end);
        let ((line, column), (last, behind)) = (place(span.start), place(span.end));
        let length = if line == last { behind.saturating_sub(column).max(1) } else { 1 };
        Place { file: self.file, line: line as u32, column: column as u32, length: length as u32 }
    }

    fn fault(&self, rule: Rule, span: Span, message: impl Into<String>) -> Diagnostic {
        let mut fault = Diagnostic::new(rule, "", message);
        fault.place = Some(self.place(span));
        fault
    }

    fn scan_fault(&self, error: &ScanError) -> Diagnostic {
        let span = Span::empty(*error.marker());
        // The parser's own limit is reached first where a text is nothing but open brackets.
        if error.info() == "recursion limit exceeded" {
            return self.fault(TOO_BIG, span, format!("nested deeper than {MAX_DEPTH}"));
        }
        self.fault(SYNTAX, span, format!("not YAML: {}", error.info()))
    }

    fn spend(&mut self, weight: Weight, span: Span) -> Read<()> {
        self.spent.values = self.spent.values.saturating_add(weight.values);
        self.spent.bytes = self.spent.bytes.saturating_add(weight.bytes);
        if self.spent.values > MAX_NODES {
            return fail(self.fault(TOO_BIG, span, format!("more than {MAX_NODES} values, aliases expanded")));
        }
        if self.spent.bytes > MAX_TEXT {
            return fail(self.fault(TOO_BIG, span, format!("more than {MAX_TEXT} bytes of texts, aliases expanded")));
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: u32) -> Read<Node> {
        if depth > MAX_DEPTH {
            return fail(self.fault(TOO_BIG, span, format!("nested deeper than {MAX_DEPTH}")));
        }
        self.spend(Weight { values: 1, bytes: 0 }, span)?;
        let place = self.place(span);
        let (anchor, data) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let string = match tag {
                    None => style != ScalarStyle::Plain,
                    Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => true,
                    Some(tag) => return fail(self.fault(SYNTAX, span, format!("the tag `{tag}` has no meaning here"))),
                };
                (anchor, if string { Data::Str(text.into_owned()) } else { self.plain(&text, span)? })
            }
            Event::SequenceStart(anchor, None) => (anchor, self.list(depth)?),
            Event::MappingStart(anchor, None) => (anchor, self.map(depth)?),
            Event::SequenceStart(_, Some(tag)) | Event::MappingStart(_, Some(tag)) => {
                return fail(self.fault(SYNTAX, span, format!("the tag `{tag}` has no meaning here")));
            }
            Event::Alias(anchor) => {
                let Some(weight) = self.anchors.get(&anchor).map(|(_, weight)| *weight) else {
                    return fail(self.fault(SYNTAX, span, "an alias stands inside its own anchor"));
                };
                // Before it is copied: what is too much must not be made first.
                self.spend(weight, span)?;
                return Ok(self.anchors[&anchor].0.clone());
            }
            _ => return fail(self.fault(SYNTAX, span, "a value is missing")),
        };
        let node = Node { place, data };
        if anchor != 0 {
            let weight = node.weight();
            self.spend(weight, span)?;
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        Ok(node)
    }

    fn list(&mut self, depth: u32) -> Read<Data> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Data::Seq(items)),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: u32) -> Read<Data> {
        let mut entries = Vec::new();
        loop {
            let (key, place) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Data::Map(entries)),
                (Event::Scalar(text, ..), span) => (text.into_owned(), self.place(span)),
                (_, span) => return fail(self.fault(WRONG_FORM, span, "a key is one word or text")),
            };
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            entries.push(Entry { key, place, value });
        }
    }

    /// A plain scalar by the core schema of YAML 1.2.
    fn plain(&self, text: &str, span: Span) -> Read<Data> {
        let too_large = || Box::new(self.fault(BAD_NUMBER, span, "the number is too large to be kept").found(text));
        Ok(match text {
            "" | "~" | "null" | "Null" | "NULL" => Data::Null,
            "true" | "True" | "TRUE" => Data::Bool(true),
            "false" | "False" | "FALSE" => Data::Bool(false),
            ".nan" | ".NaN" | ".NAN" => Data::Float(f64::NAN),
            _ => match number(text) {
                Number::None => Data::Str(text.to_owned()),
                Number::Radix(digits, radix) => {
                    Data::Int(i128::from_str_radix(digits, radix).map_err(|_| too_large())?)
                }
                Number::Int => Data::Int(text.parse().map_err(|_| too_large())?),
                Number::Infinite(value) => Data::Float(value),
                Number::Float => {
                    let value: f64 = text.parse().map_err(|_| too_large())?;
                    Data::Float(Some(value).filter(|value| value.is_finite()).ok_or_else(too_large)?)
                }
            },
        })
    }
}

enum Number<'t> {
    None,
    Int,
    Radix(&'t str, u32),
    Float,
    Infinite(f64),
}

fn number(text: &str) -> Number<'_> {
    let all = |digits: &str, radix: u32| !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    if let Some(digits) = text.strip_prefix("0o").filter(|digits| all(digits, 8)) {
        return Number::Radix(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x").filter(|digits| all(digits, 16)) {
        return Number::Radix(digits, 16);
    }
    let (sign, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (-1.0, &text[1..]),
        Some(b'+') => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Number::Infinite(sign * f64::INFINITY);
    }
    if all(unsigned, 10) {
        return Number::Int;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.is_empty() || all(part, 10);
    let float = digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| all(exponent, 10));
    if float { Number::Float } else { Number::None }
}

//! Text line by line, and comments that cannot break out of themselves.

use crate::plan::Note;

/// Columns of a line, in every language; what cannot be broken may be longer.
pub(crate) const WIDTH: usize = 110;

/// A file in the making: lines with their indentation.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    text: String,
    depth: usize,
    unit: usize,
}

impl Writer {
    /// An empty file whose blocks are indented by this many spaces.
    pub(crate) fn new(unit: usize) -> Writer {
        Writer { text: String::new(), depth: 0, unit }
    }

    /// One line; an empty one is not indented.
    pub(crate) fn line(&mut self, line: impl AsRef<str>) {
        let line = line.as_ref();
        if !line.is_empty() {
            self.text.extend(std::iter::repeat_n(' ', self.depth * self.unit));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    /// Several lines.
    pub(crate) fn lines<S: AsRef<str>>(&mut self, lines: impl IntoIterator<Item = S>) {
        for line in lines {
            self.line(line);
        }
    }

    /// A statement, on lines that are broken behind commas where one is not enough; no text in it has any.
    pub(crate) fn statement(&mut self, statement: &str) {
        let room = WIDTH.saturating_sub(self.depth * self.unit);
        let (mut rest, mut indent) = (statement, "");
        while indent.len() + rest.len() > room {
            let reach = rest.len().min(room.saturating_sub(indent.len()));
            let Some(comma) = rest[..reach].rfind(", ").or_else(|| rest.find(", ")) else { break };
            self.line(format!("{indent}{}", &rest[..=comma]));
            (rest, indent) = (&rest[comma + 2..], "    ");
        }
        self.line(format!("{indent}{rest}"));
    }

    /// Numbers in rows, a comma behind each, as many in a row as there is room for: counts and sizes as people write them,
    /// hexadecimal from 65,536 on, where they are texts, places and seals. At least one.
    pub(crate) fn numbers(&mut self, numbers: &[u64]) {
        let room = WIDTH.saturating_sub(self.depth * self.unit);
        let mut row = String::new();
        for number in numbers {
            let next = if *number < 1 << 16 { format!("{number},") } else { format!("{number:#x},") };
            if !row.is_empty() && row.len() + 1 + next.len() > room {
                self.line(std::mem::take(&mut row));
            }
            let gap = if row.is_empty() { "" } else { " " };
            row = row + gap + &next;
        }
        self.line(row);
    }

    /// Lines as they are, without indentation.
    pub(crate) fn verbatim<S: AsRef<str>>(&mut self, lines: impl IntoIterator<Item = S>) {
        for line in lines {
            self.text.push_str(line.as_ref());
            self.text.push('\n');
        }
    }

    /// An empty line.
    pub(crate) fn gap(&mut self) {
        self.line("");
    }

    /// A line, what it encloses one step further in, and its end.
    pub(crate) fn block(&mut self, open: impl AsRef<str>, close: &str, inner: impl FnOnce(&mut Writer)) {
        self.line(open);
        self.inset(inner);
        self.line(close);
    }

    /// What is written inside stands one step further in.
    pub(crate) fn inset(&mut self, inner: impl FnOnce(&mut Writer)) {
        self.depth += 1;
        inner(self);
        self.depth -= 1;
    }

    /// The file.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

/// Lines of a comment: the first words, then doc, then facts. `lead` ends without a full stop.
pub(crate) fn comment(lead: &str, note: &Note) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let facts = note.facts.join("; ");
    let mut doc = note.doc.iter();
    let first = doc.next().map_or("", |line| line.as_str());
    lines.push(join(lead, ": ", first));
    lines.extend(doc.cloned());
    match lines.last_mut() {
        Some(last) if note.doc.len() < 2 => *last = join(last, if first.is_empty() { ": " } else { "; " }, &facts),
        _ if !facts.is_empty() => lines.push(facts),
        _ => {}
    }
    lines.iter().map(|line| harmless(line)).collect()
}

/// The two texts with the separator between them if both say something.
fn join(left: &str, separator: &str, right: &str) -> String {
    if left.is_empty() || right.is_empty() { format!("{left}{right}") } else { format!("{left}{separator}{right}") }
}

/// A comment line without what could end the comment, continue the line or turn the reader's eye around.
fn harmless(line: &str) -> String {
    let visible = |character: char| if character.is_control() { ' ' } else { character };
    let bidi = |character: &char| !matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let line: String = line.chars().filter(bidi).map(visible).collect();
    let line = line.replace("*/", "* /").replace("/*", "/ *").replace("??/", "? ?/");
    if line.ends_with('\\') { line + "." } else { line }
}

/// Comment lines in C.
pub(crate) fn c_comment(lines: &[String]) -> Vec<String> {
    match lines {
        [] => Vec::new(),
        [one] => vec![format!("/* {one} */")],
        [first, middle @ .., last] => {
            let mut out = vec![format!("/* {first}")];
            out.extend(middle.iter().map(|line| format!(" * {line}").trim_end().to_owned()));
            out.push(format!(" * {last} */"));
            out
        }
    }
}

/// Comment lines in C++.
pub(crate) fn cpp_comment(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| format!("// {line}").trim_end().to_owned()).collect()
}

/// Doc comment lines in Rust; markdown that would become a list, a link or a code block stays plain text.
pub(crate) fn rust_comment(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| format!("/// {}", no_markdown(line.trim())).trim_end().to_owned()).collect()
}

fn no_markdown(line: &str) -> String {
    let digits = line.len() - line.trim_start_matches(|character: char| character.is_ascii_digit()).len();
    let marker = if digits > 0 { line[digits..].starts_with(['.', ')']) } else { line.starts_with(LINE_MARKERS) };
    let mut out = String::new();
    for (index, character) in line.char_indices() {
        if (marker && index == digits) || matches!(character, '[' | ']' | '<') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// What makes a line of markdown more than text when it stands in front.
const LINE_MARKERS: [char; 9] = ['-', '+', '*', '>', '#', '=', '|', '`', '~'];

//! Diagnostics for people: the line of the source with a mark under the place, and what to do.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::load::{Place, Source};

/// Characters of a line that are drawn; canonical JSON has the whole program in one.
const WIDEST: usize = 240;

/// Characters before a place that are drawn of a wider line.
const BEFORE: usize = 80;

/// All diagnostics with excerpts, ready for a terminal; `color` adds ANSI colours.
pub fn render(diagnostics: &Diagnostics, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut excerpts = Excerpts::of(&diagnostics.source);
    let texts = diagnostics.items.iter().map(|item| one(item, &mut excerpts, &renderer));
    texts.collect::<Vec<_>>().join("\n\n")
}

fn one(item: &Diagnostic, excerpts: &mut Excerpts<'_>, renderer: &Renderer) -> String {
    let level = match item.rule.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(&item.message).id(item.code()));
    let excerpt = item.place.and_then(|place| Some((excerpts.at(place)?, place)));
    if let Some((Excerpt { text, bytes, is_cut }, place)) = excerpt {
        let label = match &item.found {
            Some(found) => format!("found {found}"),
            None => String::new(),
        };
        let mark = AnnotationKind::Primary.span(bytes).label(label);
        let file = if item.file.is_empty() { "<text>" } else { &item.file };
        let (line, column) = (place.line as usize, place.column as usize);
        let snippet = Snippet::source(text).line_start(line).annotation(mark);
        group = match is_cut {
            // Its columns are not those of the line.
            true => group.element(Origin::path(file).line(line).char_column(column)).element(snippet),
            false => group.element(snippet.path(file)),
        };
    } else if !item.file.is_empty() {
        // The end of a text is behind its last line: there is a place, and nothing to show of it.
        let place = item.place.map_or(String::new(), |place| format!(":{}:{}", place.line, place.column));
        group = group.element(Level::NOTE.message(format!("in {}{place}", item.file)));
    }
    if !item.pointer.is_empty() {
        group = group.element(Level::NOTE.message(format!("at {}", item.pointer)));
    }
    if let Some(expected) = &item.expected {
        group = group.element(Level::NOTE.message(format!("expected {expected}")));
    }
    if let Some(fix) = &item.fix {
        group = group.element(Level::HELP.message(fix));
    }
    renderer.render(&[group])
}

/// A line with a place in it, or of a wide line what is around the place.
struct Excerpt<'s> {
    text: &'s str,
    /// Those of the place, in `text`.
    bytes: Range<usize>,
    /// It begins somewhere in the line.
    is_cut: bool,
}

/// Lines of texts and the places in them, asked for in their order: thousands of them in no more than linear time.
struct Excerpts<'s> {
    source: &'s Source,
    file: u32,
    /// The text from the line on, and the number of that line from 1.
    rest: &'s str,
    line: u32,
    /// A column of the line from 0, and the byte at which it begins.
    column: usize,
    byte: usize,
}

impl<'s> Excerpts<'s> {
    fn of(source: &'s Source) -> Excerpts<'s> {
        Excerpts { source, file: u32::MAX, rest: "", line: 0, column: 0, byte: 0 }
    }

    /// What is drawn of a place.
    fn at(&mut self, place: Place) -> Option<Excerpt<'s>> {
        if place.file != self.file || place.line < self.line {
            let (_, text) = self.source.file(place.file)?;
            (self.file, self.rest, self.line, self.column, self.byte) = (place.file, text, 1, 0, 0);
        }
        while self.line < place.line {
            let end = self.rest.find('\n')?;
            (self.rest, self.line, self.column, self.byte) = (&self.rest[end + 1..], self.line + 1, 0, 0);
        }
        if self.rest.is_empty() {
            return None;
        }
        let is_wide = self.rest.len() > WIDEST && !self.rest.as_bytes()[..WIDEST].contains(&b'\n');
        let column = place.column.saturating_sub(1) as usize;
        let first = if is_wide { column.saturating_sub(BEFORE) } else { 0 };
        let shown = &self.rest[self.byte_of(first)..];
        let characters = shown.char_indices().take(WIDEST).take_while(|(_, character)| *character != '\n');
        let line = &shown[..characters.last().map_or(0, |(at, character)| at + character.len_utf8())];
        let line = line.strip_suffix('\r').unwrap_or(line);
        let byte = |column: usize| line.char_indices().nth(column).map_or(line.len(), |(byte, _)| byte);
        let bytes = byte(column - first)..byte((column - first).saturating_add(place.length as usize));
        Some(Excerpt { text: line, bytes, is_cut: first > 0 })
    }

    /// Where a column of the line begins.
    fn byte_of(&mut self, column: usize) -> usize {
        if column < self.column {
            (self.column, self.byte) = (0, 0);
        }
        let passed = self.rest[self.byte..].chars().take(column - self.column);
        self.byte += passed.map(char::len_utf8).sum::<usize>();
        self.column = column;
        self.byte
    }
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::load::from_json;

    /// Where a key is told to stand that no program has, behind so many others.
    fn told(messages: usize, between: &str) -> (String, String) {
        let key = "\"unheard\"";
        let fields = r#"{"kind":"event","fields":[{"name":"a","type":"u64"}]}"#;
        let messages: Vec<String> = (0..messages).map(|number| format!(r#""M{number}":{fields}"#)).collect();
        let text = format!(r#"{{"vil":1,"program":"p","messages":{{{}}},{between}{key}:1}}"#, messages.join(","));
        let before = &text[..text.find(key).expect("it is there")];
        let line = before.rsplit('\n').next().map_or(0, str::len);
        let place = format!("<text>:{}:{}\n", 1 + before.matches('\n').count(), 1 + line);
        (render(&from_json(&text).expect_err("a key that is none"), false), place)
    }

    #[test]
    fn a_place_is_told_by_its_column_in_lines_of_any_width() {
        for (messages, between) in [(1, "\n  "), (1, ""), (3, ""), (100, ""), (100, "\n")] {
            let (said, place) = told(messages, between);
            assert!(said.contains(&place) && said.contains("^^^"), "{place}{said}");
        }
    }
}

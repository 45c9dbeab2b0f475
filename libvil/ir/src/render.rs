//! Diagnostics for people: the line of the source with a mark under the place, and what to do.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::load::{Place, Source};

/// All diagnostics with excerpts, ready for a terminal; `color` adds ANSI colours.
pub fn render(diagnostics: &Diagnostics, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let texts = diagnostics.items.iter().map(|item| one(item, &diagnostics.source, &renderer));
    texts.collect::<Vec<_>>().join("\n\n")
}

fn one(item: &Diagnostic, source: &Source, renderer: &Renderer) -> String {
    let level = match item.rule.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(&item.message).id(item.code()));
    let spot = item.place.and_then(|place| Some((source.file(place.file)?, place)));
    let excerpt = spot.and_then(|((_, text), place)| Some((line(text, place.line)?, place)));
    if let Some((text, place)) = excerpt {
        let label = match &item.found {
            Some(found) => format!("found {found}"),
            None => String::new(),
        };
        let mark = AnnotationKind::Primary.span(span(text, place)).label(label);
        let file = if item.file.is_empty() { "<text>" } else { &item.file };
        let snippet = Snippet::source(text).line_start(place.line as usize).path(file).annotation(mark);
        group = group.element(snippet);
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

/// A line of a text, by its number from 1.
fn line(text: &str, number: u32) -> Option<&str> {
    text.lines().nth(number.checked_sub(1)? as usize)
}

/// The bytes of a place within its line.
fn span(line: &str, place: Place) -> std::ops::Range<usize> {
    let byte = |column: u32| line.char_indices().nth(column as usize).map_or(line.len(), |(byte, _)| byte);
    let start = byte(place.column.saturating_sub(1));
    start..byte(place.column.saturating_sub(1).saturating_add(place.length)).max(start)
}

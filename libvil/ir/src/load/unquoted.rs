//! A type that stands without quotes and is no text to YAML: a list where it begins with a bracket, and several keys where it
//! has a comma within braces. Puts it together again, so that the author is told what to write and everything else about
//! the field is found too.

use super::node::{Data, Entry, Node};
use crate::types;

/// The key of a type.
const TYPE: &str = "type";

/// Commas in a type at most, so that a line of keys is not tried one by one for ever; no type of the language has more.
const MOST_PIECES: usize = 8;

/// What was meant by a field whose type was taken apart: the type, and the field with it in one piece. `None` of a field
/// whose type is whole, or is no type at all.
pub(super) fn mended(field: &Node) -> Option<(String, Node)> {
    let entries = field.entries();
    let at = entries.iter().position(|entry| entry.key == TYPE)?;
    let (text, pieces) = match &entries[at].value.data {
        Data::Seq(_) => (whole(&entries[at].value)?, 0),
        Data::Str(text) if text.contains('<') && types::parse(text).is_err() => joined(text, &entries[at + 1..])?,
        _ => return None,
    };
    types::parse(&text).ok()?;
    let value = Node { place: entries[at].value.place, data: Data::Str(text.clone()) };
    let kept = [&entries[..at], &entries[at + 1 + pieces..]].concat();
    let ty = Entry { key: TYPE.to_owned(), place: entries[at].place, value };
    let data = Data::Map(kept.into_iter().chain([ty]).collect());
    Some((text, Node { place: field.place, data }))
}

/// The type that stands behind `type:` in a line which is no YAML, because brackets without quotes are lists.
pub(super) fn in_line(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("type:")?;
    let rest = rest.trim_start();
    let mut depth = 0;
    let end = rest.char_indices().find_map(|(at, character)| {
        depth += i32::from(character == '[') - i32::from(character == ']');
        (depth == 0).then_some(at + character.len_utf8())
    })?;
    let text = &rest[..end];
    (text.starts_with('[') && types::parse(text).is_ok()).then(|| text.to_owned())
}

/// What to do about it.
pub(super) fn advice(text: &str) -> String {
    format!("quote it: \"{text}\"")
}

/// A list as it was written: texts, and lists of them.
fn whole(node: &Node) -> Option<String> {
    match &node.data {
        Data::Str(text) => Some(text.clone()),
        Data::Int(number) => Some(number.to_string()),
        Data::Seq(items) => {
            let items: Option<Vec<String>> = items.iter().map(whole).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        _ => None,
    }
}

/// A type and the keys behind it that have no value, up to the one that makes it whole.
fn joined(text: &str, behind: &[Entry]) -> Option<(String, usize)> {
    let mut text = text.to_owned();
    let pieces = behind.iter().take(MOST_PIECES).take_while(|entry| entry.value.data == Data::Null);
    for (at, piece) in pieces.enumerate() {
        text = format!("{text}, {}", piece.key);
        if types::parse(&text).is_ok() {
            return Some((text, at + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::in_line;

    #[test]
    fn a_type_is_found_in_a_line_and_what_is_none_is_not() {
        assert_eq!(in_line("  - { name: a, type: [[f32; 3]; 2], unit: m }").as_deref(), Some("[[f32; 3]; 2]"));
        assert_eq!(in_line("    type:  [[VStr; 3]; 2]").as_deref(), Some("[[VStr; 3]; 2]"));
        for line in ["type: [a, b", "range: [[1; 2]; 3]", "type: [[f32, 3]]", "type: \"[[f32; 3]; 2]\" ]", "type:", ""]
        {
            assert_eq!(in_line(line), None, "{line}");
        }
    }
}

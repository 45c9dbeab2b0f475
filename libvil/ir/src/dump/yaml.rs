//! The value tree as YAML 1.2 that people like to read: block style above, one-line maps below.

use std::collections::BTreeMap;

use super::json::{quote, scalar};
use crate::load::node::{Data, Entry, Node, child};

/// Columns of a map or list on one line.
const WIDTH: usize = 110;

/// Ends with a line end.
pub(crate) fn print(node: &Node) -> String {
    let mut text = String::new();
    map(node.entries(), 0, &mut text);
    text
}

/// Remarks by the pointers of what they are about.
pub(crate) type Remarks<'r> = BTreeMap<&'r str, &'r str>;

/// The same with remarks as comments behind values; what has one in it is not put on one line.
pub(crate) fn print_with(node: &Node, remarks: &Remarks<'_>) -> String {
    let mut text = String::new();
    remarked(node.entries(), "", 0, remarks, &mut text);
    text
}

fn remarked(entries: &[Entry], pointer: &str, indent: usize, remarks: &Remarks<'_>, text: &mut String) {
    for entry in entries {
        let at = child(pointer, &entry.key);
        line(indent, text);
        key(&entry.key, text);
        text.push(':');
        if let Some(remark) = remarks.get(at.as_str()) {
            text.push_str(&format!(" {}  # {remark}\n", flow(&entry.value)));
        } else if !has_remarks(&at, remarks) {
            below(&entry.value, indent, text);
        } else {
            text.push('\n');
            remarked(entry.value.entries(), &at, indent + 2, remarks, text);
            for (index, item) in entry.value.items().iter().enumerate() {
                let mut inner = String::new();
                remarked(item.entries(), &format!("{at}/{index}"), indent + 4, remarks, &mut inner);
                line(indent + 2, text);
                text.push_str("- ");
                text.push_str(inner.trim_start_matches(' '));
            }
        }
    }
}

/// Whether something below a pointer has a remark.
fn has_remarks(pointer: &str, remarks: &Remarks<'_>) -> bool {
    let below = format!("{pointer}/");
    remarks.range(below.as_str()..).next().is_some_and(|(next, _)| next.starts_with(&below))
}

fn map(entries: &[Entry], indent: usize, text: &mut String) {
    for entry in entries {
        line(indent, text);
        key(&entry.key, text);
        text.push(':');
        below(&entry.value, indent, text);
    }
}

fn line(indent: usize, text: &mut String) {
    text.extend(std::iter::repeat_n(' ', indent));
}

/// What follows a key: on its line when it fits, else indented below.
fn below(node: &Node, indent: usize, text: &mut String) {
    let column = text.len() - text.rfind('\n').map_or(0, |end| end + 1);
    let short = flow(node);
    let depth = depth(node);
    let fits = match &node.data {
        Data::Map(entries) => entries.is_empty() || depth <= 2 && indent > 0 && column + short.len() < WIDTH,
        Data::Seq(items) => items.is_empty() || depth == 1 && column + short.len() < WIDTH,
        _ => true,
    };
    if fits {
        text.push(' ');
        text.push_str(&short);
        text.push('\n');
        return;
    }
    text.push('\n');
    match &node.data {
        Data::Map(entries) => map(entries, indent + 2, text),
        Data::Seq(items) => list(items, indent + 2, text),
        _ => {}
    }
}

fn list(items: &[Node], indent: usize, text: &mut String) {
    for item in items {
        line(indent, text);
        text.push_str("- ");
        let short = flow(item);
        match &item.data {
            Data::Map(entries) if !entries.is_empty() && indent + 2 + short.len() > WIDTH => {
                let mut inner = String::new();
                map(entries, indent + 2, &mut inner);
                text.push_str(inner.trim_start_matches(' '));
            }
            _ => {
                text.push_str(&short);
                text.push('\n');
            }
        }
    }
}

fn depth(node: &Node) -> usize {
    let below = match &node.data {
        Data::Map(entries) => entries.iter().map(|entry| depth(&entry.value)).max(),
        Data::Seq(items) => items.iter().map(depth).max(),
        _ => return 0,
    };
    below.unwrap_or(0) + 1
}

fn flow(node: &Node) -> String {
    let mut text = String::new();
    match &node.data {
        Data::Null => text.push_str("null"),
        Data::Str(string) => string_text(string, &mut text),
        Data::Bool(_) | Data::Int(_) | Data::Float(_) => scalar(&node.data, &mut text),
        Data::Seq(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            text = format!("[{}]", items.join(", "));
        }
        Data::Map(entries) if entries.is_empty() => text.push_str("{}"),
        Data::Map(entries) => {
            let pair = |entry: &Entry| {
                let mut pair = String::new();
                key(&entry.key, &mut pair);
                pair + ": " + &flow(&entry.value)
            };
            let entries: Vec<String> = entries.iter().map(pair).collect();
            text = format!("{{ {} }}", entries.join(", "));
        }
    }
    text
}

fn key(key: &str, text: &mut String) {
    string_text(key, text);
}

/// Bare where every YAML reader, old ones included, takes it for text.
fn string_text(string: &str, text: &mut String) {
    let bare = string.starts_with(|first: char| first.is_ascii_alphabetic())
        && string.chars().all(|next| next.is_ascii_alphanumeric() || "_./<>".contains(next))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&string.to_lowercase().as_str());
    if bare { text.push_str(string) } else { quote(string, text) }
}

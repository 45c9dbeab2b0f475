//! The value tree as YAML 1.2 that people like to read: block style above, one-line maps below.

use super::json::{quote, scalar};
use crate::load::node::{Data, Entry, Node};

/// Columns of a map or list on one line.
const WIDTH: usize = 110;

/// Ends with a line end.
pub(crate) fn print(node: &Node) -> String {
    let mut text = String::new();
    map(node.entries(), 0, &mut text);
    text
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

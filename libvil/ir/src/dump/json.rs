//! The value tree as JSON: no blanks, keys in the tree's order, shortest numbers that read back the same.

use std::fmt::Write;

use crate::load::node::{Data, Node};

/// One line, no line end.
pub(crate) fn print(node: &Node) -> String {
    let mut text = String::new();
    value(node, &mut text);
    text
}

fn value(node: &Node, text: &mut String) {
    match &node.data {
        Data::Null => text.push_str("null"),
        Data::Str(string) => quote(string, text),
        Data::Bool(_) | Data::Int(_) | Data::Float(_) => scalar(&node.data, text),
        Data::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                text.push(if index == 0 { '[' } else { ',' });
                value(item, text);
            }
            text.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Data::Map(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                text.push(if index == 0 { '{' } else { ',' });
                quote(&entry.key, text);
                text.push(':');
                value(&entry.value, text);
            }
            text.push_str(if entries.is_empty() { "{}" } else { "}" });
        }
    }
}

/// A flag or number; the same text in JSON and YAML. Floats keep a point or exponent, so they stay floats.
pub(crate) fn scalar(data: &Data, text: &mut String) {
    let _ = match data {
        Data::Bool(flag) => write!(text, "{flag}"),
        Data::Int(number) => write!(text, "{number}"),
        Data::Float(number) if number.is_finite() => write!(text, "{number:?}"),
        Data::Float(number) if number.is_nan() => write!(text, "\"NaN\""),
        Data::Float(number) => write!(text, "\"{}inf\"", if *number < 0.0 { "-" } else { "" }),
        _ => Ok(()),
    };
}

/// A text in double quotes; the escapes mean the same in JSON and YAML.
pub(crate) fn quote(string: &str, text: &mut String) {
    text.push('"');
    for next in string.chars() {
        match next {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                let _ = write!(text, "\\u{:04x}", next as u32);
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

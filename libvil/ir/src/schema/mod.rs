//! The form of programs as a JSON Schema, draft 2020-12, so that editors complete and check while people write.
//!
//! Which keys a node has comes from the loader's own table, closed sets from the vocabulary; `table` adds what form each
//! key has and what it is about. A schema sees form alone: whether names lead somewhere and what the passes say it
//! cannot know. It refuses nothing that the loader reads.

mod table;
#[cfg(test)]
mod tests;

use std::fmt::Write;

use crate::dump::json;
use crate::load::node::{Data, Entry, Node};
use table::{Form, Kind, Names};

/// The whole schema, indented for people, with a line end.
pub fn json_schema() -> String {
    let mut all = vec![
        entry("$schema", text("https://json-schema.org/draft/2020-12/schema")),
        entry("$comment", text("Generated from libvil/ir/src/schema by `vil schema`; do not edit.")),
        entry("title", text("A program of VIL")),
    ];
    all.extend(object(&table::PROGRAM));
    let kinds = table::KINDS.iter().map(|kind| entry(kind.name, map(object(kind)))).collect();
    all.push(entry("$defs", map(kinds)));
    let mut schema = String::new();
    print(&map(all), 0, &mut schema);
    schema + "\n"
}

/// A kind of node: its keys, those it cannot do without, and what keys have to do with each other.
fn object(kind: &Kind) -> Vec<Entry> {
    let mut found = vec![entry("description", text(kind.about)), entry("type", text("object"))];
    let keys = kind.keys.iter().map(|key| entry(key, property(kind, key)));
    found.push(entry("properties", map(keys.collect())));
    if !kind.required.is_empty() {
        found.push(entry("required", texts(kind.required)));
    }
    if kind.keys.contains(&"variants") {
        let needs = |key| entry(key, texts(&["variants"]));
        found.push(entry("dependentRequired", map(vec![needs("tag"), needs("open")])));
        found.push(entry("not", map(vec![entry("required", texts(&["fields", "variants"]))])));
    }
    found.push(entry("additionalProperties", flag(false)));
    found
}

fn property(kind: &Kind, key: &str) -> Node {
    let Some((_, form, about)) = kind.form(key) else { return flag(true) };
    let mut found = self::form(*form);
    found.insert(0, entry("description", text(about)));
    map(found)
}

fn form(form: Form) -> Vec<Entry> {
    match form {
        Form::Version => vec![entry("const", int(1))],
        Form::Text => of("string"),
        Form::Name => pattern(NAME),
        Form::Path => pattern(PATH),
        Form::End => pattern("^[^.]+\\..+$"),
        Form::Flag => of("boolean"),
        Form::Whole(low, high) => {
            vec![entry("type", text("integer")), entry("minimum", int(low)), entry("maximum", int(high))]
        }
        Form::Number => of("number"),
        Form::Raw => vec![entry("type", texts(&["number", "string", "boolean"]))],
        Form::Range => {
            let end = map(vec![entry("type", texts(&["number", "string", "boolean", "null"]))]);
            let count = |key| entry(key, int(2));
            vec![entry("type", text("array")), entry("items", end), count("minItems"), count("maxItems")]
        }
        Form::Words(words) => vec![entry("enum", texts(words))],
        Form::Scalars(scalars, more) => {
            let words = scalars.iter().map(|scalar| scalar.word()).chain(more.iter().copied());
            vec![entry("enum", texts(&words.collect::<Vec<_>>()))]
        }
        Form::One(name) => vec![reference(name)],
        Form::List(item) => vec![entry("type", text("array")), entry("items", map(self::form(*item)))],
        Form::Map(names, item) => {
            let mut found = vec![entry("type", text("object"))];
            match names {
                Names::Any => {}
                Names::Own => found.push(entry("propertyNames", map(vec![entry("pattern", text(NAME))]))),
                Names::Full => found.push(entry("propertyNames", map(vec![entry("pattern", text(PATH))]))),
            }
            found.push(entry("additionalProperties", map(self::form(*item))));
            found
        }
        Form::Either(one, other) => {
            let either = [one, other].map(|form| map(self::form(*form)));
            vec![entry("anyOf", Node::made(Data::Seq(either.into())))]
        }
    }
}

/// A name as an author writes it.
const NAME: &str = "^[A-Za-z][A-Za-z0-9_]*$";

/// A name that may have its package before it.
const PATH: &str = "^[A-Za-z][A-Za-z0-9_]*(\\.[A-Za-z][A-Za-z0-9_]*)*$";

fn of(kind: &str) -> Vec<Entry> {
    vec![entry("type", text(kind))]
}

fn pattern(pattern: &str) -> Vec<Entry> {
    vec![entry("type", text("string")), entry("pattern", text(pattern))]
}

fn reference(name: &str) -> Entry {
    entry("$ref", text(&format!("#/$defs/{name}")))
}

fn entry(key: &str, value: Node) -> Entry {
    Entry::made(key, value)
}

fn map(entries: Vec<Entry>) -> Node {
    Node::made(Data::Map(entries))
}

fn text(text: &str) -> Node {
    Node::made(Data::Str(text.to_owned()))
}

fn texts(all: &[&str]) -> Node {
    Node::made(Data::Seq(all.iter().map(|one| text(one)).collect()))
}

fn int(value: i128) -> Node {
    Node::made(Data::Int(value))
}

fn flag(value: bool) -> Node {
    Node::made(Data::Bool(value))
}

/// One line for what fits in it, else a line for each entry.
fn print(node: &Node, indent: usize, out: &mut String) {
    let line = json::print(node);
    let deep = match &node.data {
        Data::Map(entries) => entries.iter().any(|entry| matches!(entry.value.data, Data::Map(_))),
        _ => false,
    };
    if !deep && line.len() + indent <= 110 {
        out.push_str(&line);
        return;
    }
    let inner = indent + 2;
    let is_map = matches!(node.data, Data::Map(_));
    out.push(if is_map { '{' } else { '[' });
    let mut first = true;
    let mut next = |out: &mut String| {
        let _ = write!(out, "{}\n{:inner$}", if first { "" } else { "," }, "");
        first = false;
    };
    for entry in node.entries() {
        next(out);
        json::quote(&entry.key, out);
        out.push_str(": ");
        print(&entry.value, inner, out);
    }
    for item in node.items() {
        next(out);
        print(item, inner, out);
    }
    let _ = write!(out, "\n{:indent$}{}", "", if is_map { '}' } else { ']' });
}

//! The value tree that both front ends fill: what a text says, with the place of every key and value.
//!
//! It knows nothing of programs. `dump` prints the same tree, so that reading and writing cannot drift apart.

use super::rules::DUPLICATE;
use crate::diagnostics::Diagnostic;
use crate::keyed::Keyed;
use crate::model::Named;

/// Depth of a text; the deepest legal program needs 8.
pub(crate) const MAX_DEPTH: u32 = 64;

/// Values in a text, aliases expanded: an alias bomb ends here.
pub(crate) const MAX_NODES: usize = 1 << 20;

/// How much a value holds, itself included.
#[cfg(feature = "yaml")]
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weight {
    pub(crate) values: usize,
    /// Bytes of its keys and texts.
    pub(crate) bytes: usize,
}

/// Where something stands: 1-based line and column, column and length in characters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Index of the file in the `Source`.
    pub file: u32,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Characters on that line, at least 1 once read from a text.
    pub length: u32,
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Where it starts.
    pub(crate) place: Place,
    /// What it is.
    pub(crate) data: Data,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without fraction and exponent.
    Int(i128),
    /// Any other number.
    Float(f64),
    /// Text.
    Str(String),
    /// A list.
    Seq(Vec<Node>),
    /// Keys and values in the order written.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: String,
    /// Where the key stands.
    pub(crate) place: Place,
    /// The value.
    pub(crate) value: Node,
}

impl Entry {
    /// An entry that stands in no text.
    pub(crate) fn made(key: &str, value: Node) -> Entry {
        Entry { key: key.to_owned(), place: Place::default(), value }
    }

    /// What a pointer to this entry points at: the key of a list or map, else the value.
    pub(crate) fn mark(&self) -> Place {
        match self.value.data {
            Data::Map(_) | Data::Seq(_) => self.place,
            _ => self.value.place,
        }
    }
}

impl Node {
    /// A value that stands in no text.
    pub(crate) fn made(data: Data) -> Node {
        Node { place: Place::default(), data }
    }

    /// The value of a key; `None` for anything but a map.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// Entries of a map; nothing for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.data {
            Data::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Items of a list; nothing for anything else.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.data {
            Data::Seq(items) => items,
            _ => &[],
        }
    }

    /// What it is, for people.
    pub(crate) fn what(&self) -> String {
        match &self.data {
            Data::Null => "nothing".to_owned(),
            Data::Bool(value) => format!("{value}"),
            Data::Int(value) => format!("{value}"),
            Data::Float(value) => format!("{value:?}"),
            Data::Str(value) if value.chars().count() <= 60 => format!("{value:?}"),
            Data::Str(_) => "a long text".to_owned(),
            Data::Seq(_) => "a list".to_owned(),
            Data::Map(_) => "a map".to_owned(),
        }
    }

    /// How much it holds. Its depth is bounded, so this may call itself.
    #[cfg(feature = "yaml")]
    pub(crate) fn weight(&self) -> Weight {
        let mut weight = Weight { values: 1, bytes: 0 };
        let mut add = |node: &Node, key: usize| {
            let below = node.weight();
            weight.values += below.values;
            weight.bytes += below.bytes + key;
        };
        match &self.data {
            Data::Seq(items) => items.iter().for_each(|item| add(item, 0)),
            Data::Map(entries) => entries.iter().for_each(|entry| add(&entry.value, entry.key.len())),
            Data::Str(text) => weight.bytes = text.len(),
            _ => {}
        }
        weight
    }

    /// Whether a key stands twice in some map; without any memory, because it nearly never does.
    pub(crate) fn has_duplicates(&self) -> bool {
        match &self.data {
            Data::Seq(items) => items.iter().any(Node::has_duplicates),
            Data::Map(entries) => twice(entries) || entries.iter().any(|entry| entry.value.has_duplicates()),
            _ => false,
        }
    }

    /// Reports keys that stand twice in one map and keeps the first of them.
    pub(crate) fn refuse_duplicates(&mut self, pointer: &str, faults: &mut Vec<Diagnostic>) {
        match &mut self.data {
            Data::Seq(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    item.refuse_duplicates(&format!("{pointer}/{index}"), faults);
                }
            }
            Data::Map(entries) => {
                let mut seen: Named<Place> = Named::new();
                entries.retain(|entry| match seen.get(&entry.key) {
                    None => seen.insert(entry.key.clone(), entry.place).is_none(),
                    Some(first) => {
                        let message = format!("`{}` is here for the second time", entry.key);
                        let mut fault = Diagnostic::new(DUPLICATE, child(pointer, &entry.key), message)
                            .found(format!("`{}` in line {} already", entry.key, first.line))
                            .fix("rename one of them or take it out");
                        fault.place = Some(entry.place);
                        faults.push(fault);
                        false
                    }
                });
                for entry in entries {
                    entry.value.refuse_duplicates(&child(pointer, &entry.key), faults);
                }
            }
            _ => {}
        }
    }
}

fn twice(entries: &[Entry]) -> bool {
    if entries.len() <= 32 {
        let before = |index: usize, key: &str| entries[..index].iter().any(|entry| entry.key == key);
        return entries.iter().enumerate().any(|(index, entry)| before(index, &entry.key));
    }
    let mut seen = Keyed::new();
    entries.iter().any(|entry| seen.insert(entry.key.as_str(), ()).is_some())
}

/// The JSON pointer of a key below another pointer.
pub(crate) fn child(pointer: &str, key: &str) -> String {
    if key.contains(['~', '/']) {
        return format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
    }
    format!("{pointer}/{key}")
}

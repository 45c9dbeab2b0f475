//! The texts a program came from, and where each node stands in them.
//!
//! The model holds no positions. A pass reports a JSON pointer into the merged program; this turns it into a place.

use super::node::{Entry, Node, Place};
use super::scope::SHARED;
use crate::diagnostics::Diagnostic;
use crate::keyed::Keyed;

/// The texts that a program was read from; empty for a program that was built.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Source {
    pub(crate) files: Vec<SourceFile>,
}

/// One text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SourceFile {
    /// The name diagnostics use.
    pub(crate) name: String,
    /// The text.
    pub(crate) text: String,
    /// What it says.
    pub(crate) root: Option<Node>,
    /// `pkg.` in front of the names of a foreign package, else empty.
    pub(crate) prefix: String,
    /// Index of its first route in the merged program.
    pub(crate) first_route: usize,
    /// Index of its first failover in the merged program.
    pub(crate) first_failover: usize,
}

impl Source {
    /// Name and text of a file; `None` for an index that is none.
    pub fn file(&self, index: u32) -> Option<(&str, &str)> {
        self.files.get(index as usize).map(|file| (file.name.as_str(), file.text.as_str()))
    }

    /// Names of all files, the program's own first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.name.as_str())
    }

    /// Where the node of a JSON pointer stands; the nearest node above it when it was left out.
    ///
    /// A list or a map is shown at its key, anything else at its value.
    pub fn place(&self, pointer: &str) -> Option<Place> {
        self.found(pointer, &mut Finder::default())
    }

    fn found<'s>(&'s self, pointer: &str, finder: &mut Finder<'s>) -> Option<Place> {
        let found = self.files.iter().filter_map(|file| file.place(pointer, finder));
        found.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, place)| place)
    }

    /// Adds file and place to a diagnostic that has none.
    pub fn locate(&self, diagnostic: Diagnostic) -> Diagnostic {
        self.located(diagnostic, &mut Finder::default())
    }

    /// As `locate`, for many diagnostics one after the other.
    pub(crate) fn located<'s>(&'s self, mut diagnostic: Diagnostic, finder: &mut Finder<'s>) -> Diagnostic {
        diagnostic.place = diagnostic.place.or_else(|| self.found(&diagnostic.pointer, finder));
        if diagnostic.file.is_empty()
            && let Some(file) = diagnostic.place.and_then(|place| self.file(place.file))
        {
            diagnostic.file = file.0.to_owned();
        }
        diagnostic
    }
}

/// Maps with more keys than this are looked through once, and then asked.
const LARGE: usize = 32;

/// Finds entries of maps, thousands of them in one map in no more than linear time.
#[derive(Default)]
pub(crate) struct Finder<'s> {
    /// By the address of the map's node; entries by their keys.
    maps: Keyed<usize, Keyed<&'s str, &'s Entry>>,
}

impl<'s> Finder<'s> {
    fn entry(&mut self, node: &'s Node, key: &str) -> Option<&'s Entry> {
        let entries = node.entries();
        if entries.len() <= LARGE {
            return node.entry(key);
        }
        let index = || entries.iter().map(|entry| (entry.key.as_str(), entry)).collect();
        self.maps.or_insert_with(std::ptr::from_ref(node).addr(), index).get(key).copied()
    }
}

impl SourceFile {
    /// The deepest node on the pointer's way, with the number of steps that led to it.
    fn place<'s>(&'s self, pointer: &str, finder: &mut Finder<'s>) -> Option<(usize, Place)> {
        let mut node = self.root.as_ref()?;
        let mut best = (0, node.place);
        let steps = pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
        let mut section = String::new();
        for (depth, step) in steps.enumerate() {
            let (next, place) = match step.parse::<usize>() {
                Ok(index) if matches!(section.as_str(), "routes" | "failovers") && depth == 1 => {
                    let first = if section == "routes" { self.first_route } else { self.first_failover };
                    let Some(item) = index.checked_sub(first).and_then(|index| node.items().get(index)) else { break };
                    (item, item.place)
                }
                Ok(index) if node.items().get(index).is_some() => {
                    let item = &node.items()[index];
                    (item, item.place)
                }
                _ => {
                    let Some(entry) = self.own(depth, &step).and_then(|own| finder.entry(node, own)) else { break };
                    (&entry.value, entry.mark())
                }
            };
            if depth == 0 {
                section = step;
            }
            best = (depth + 1, place);
            node = next;
        }
        Some(best)
    }

    /// A step as this file has it; nothing where a file of another package has no say.
    fn own<'s>(&self, depth: usize, step: &'s str) -> Option<&'s str> {
        match depth {
            0 if !self.prefix.is_empty() && !SHARED.contains(&step) => None,
            1 => step.strip_prefix(self.prefix.as_str()),
            _ => Some(step),
        }
    }
}

//! Strict reading of single values: a key that is asked for in one form, and a fault for any other.
//!
//! Knows the value tree and the vocabulary, nothing of programs. Every fault is kept, none ends the reading.

use super::node::{Data, Entry, Node, Place, child};
use super::rules::{BAD_NAME, BAD_NUMBER, MISSING_KEY, UNKNOWN_KEY, UNKNOWN_WORD, WRONG_FORM};
use crate::diagnostics::{Diagnostic, Rule};
#[cfg(feature = "yaml")]
use crate::keyed::Keyed;
use crate::limits::MAX_IDENTIFIER;
use crate::model::{Named, Notes, Value};
use crate::types::{is_name, is_path, is_reserved};
use crate::vocabulary::Word;

/// Names that are looked at for hints in one program. A text with thousands of wrong names is told what is wrong with each,
/// and of the first ones what was meant: all names against all would take quadratic time.
const MAX_HINTS: usize = 1 << 15;

/// Bytes of a name that is compared with others; nobody means a longer one.
const MAX_COMPARED: usize = 2 * MAX_IDENTIFIER as usize;

/// The names that could stand where a wrong one does, listed only where they are looked at.
pub(crate) type Names<'n> = &'n dyn Fn() -> Vec<&'n str>;

/// Collects faults while values are read.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) faults: Vec<Diagnostic>,
    /// Comments by the index of their file.
    #[cfg(feature = "yaml")]
    pub(crate) comments: Keyed<u32, super::comments::Comments>,
    /// A file could not be read, so a name that is not known may be one of its. Told is then only what looks like another
    /// name that is known.
    pub(crate) lacks_names: bool,
    /// Names that were looked at for hints.
    hints: usize,
}

/// A map whose keys have been checked.
#[derive(Clone)]
pub(crate) struct Object<'n> {
    pub(crate) node: &'n Node,
    pub(crate) pointer: String,
    pub(crate) place: Place,
}

impl<'n> Object<'n> {
    pub(crate) fn get(&self, key: &str) -> Option<&'n Entry> {
        self.node.entry(key)
    }

    pub(crate) fn at(&self, key: &str) -> String {
        child(&self.pointer, key)
    }
}

/// The name nearest to a wrong one, when one is near enough to be meant: letters added, left out, changed or swapped in
/// up to a third of it, or cut short. Of two equally near, the one of the same letters.
pub(crate) fn nearest<'a>(wrong: &str, names: &[&'a str]) -> Option<&'a str> {
    if wrong.len() > MAX_COMPARED {
        return None;
    }
    let lower = wrong.to_ascii_lowercase();
    let mut best = None;
    for &name in names.iter().filter(|name| **name != wrong && name.len() <= MAX_COMPARED) {
        let other = name.to_ascii_lowercase();
        let distance = strsim::osa_distance(&lower, &other);
        let near = distance <= (wrong.len().max(name.len()) / 3).max(1);
        let cut = lower.len() > 2 && (other.starts_with(&lower) || lower.starts_with(&other) && other.len() > 2);
        if !near && !cut {
            continue;
        }
        let score = (!near, distance, !same_letters(&lower, &other), name);
        if best.is_none_or(|best| score < best) {
            best = Some(score);
        }
    }
    best.map(|(.., name)| name)
}

fn same_letters(one: &str, other: &str) -> bool {
    let count = |text: &str, letter| text.chars().filter(|found| *found == letter).count();
    one.len() == other.len() && one.chars().all(|letter| count(one, letter) == count(other, letter))
}

/// A list of names for people.
pub(crate) fn one_of(names: &[&str]) -> String {
    let shown = if names.len() <= 16 { names } else { &names[..12] };
    let shown: Vec<String> = shown.iter().map(|name| format!("`{name}`")).collect();
    match names.len() {
        0 => "nothing: there is none".to_owned(),
        1 => shown[0].clone(),
        2..=16 => format!("one of {}", shown.join(", ")),
        more => format!("one of {} and {} more", shown.join(", "), more - 12),
    }
}

impl Reader {
    /// Keeps a fault.
    pub(crate) fn fault(&mut self, place: Place, mut fault: Diagnostic) {
        fault.place = Some(place);
        self.faults.push(fault);
    }

    /// Keeps the fault that a name or word is not known, with the nearest right one.
    pub(crate) fn unknown(
        &mut self,
        rule: Rule,
        place: Place,
        pointer: String,
        what: &str,
        wrong: &str,
        names: Names<'_>,
    ) {
        self.unknown_near(rule, place, pointer, (format!("{what} `{wrong}`"), wrong, None), names);
    }

    /// As `unknown`, with a sentence of its own, and a right name where it is known already.
    pub(crate) fn unknown_near(
        &mut self,
        rule: Rule,
        place: Place,
        pointer: String,
        (message, wrong, known): (String, &str, Option<&str>),
        names: Names<'_>,
    ) {
        let mut fault = Diagnostic::new(rule, pointer, message);
        if self.hints < MAX_HINTS {
            let names = names();
            self.hints += names.len().max(1);
            fault = fault.expected(one_of(&names));
            if let Some(near) = known.or_else(|| nearest(wrong, &names)) {
                fault = fault.fix(format!("did you mean `{near}`?"));
            }
        }
        self.fault(place, fault);
    }

    /// May an unknown name be one of a file that could not be read? Not one that looks like a name that is known.
    pub(crate) fn may_be_elsewhere(&mut self, wrong: &str, known: Option<&str>, names: Names<'_>) -> bool {
        if !self.lacks_names || known.is_some() {
            return false;
        }
        if self.hints >= MAX_HINTS {
            return true;
        }
        let names = names();
        self.hints += names.len().max(1);
        nearest(wrong, &names).is_none()
    }

    fn wrong_form(&mut self, place: Place, pointer: String, expected: &str, found: &Node) {
        let key = pointer.rsplit('/').next().unwrap_or("").to_owned();
        let mut fault = match key.parse::<usize>().is_ok() || key.is_empty() {
            true => Diagnostic::new(WRONG_FORM, pointer, format!("expected {expected}")),
            false => Diagnostic::new(WRONG_FORM, pointer, format!("`{key}` is {expected}")),
        };
        fault = fault.found(found.what());
        if found.data == Data::Null && expected == "a map" {
            fault = fault.fix("write {} for an empty one");
        }
        self.fault(place, fault);
    }

    /// A map with no keys but these.
    pub(crate) fn object<'n>(
        &mut self,
        node: &'n Node,
        place: Place,
        pointer: &str,
        keys: &[&str],
    ) -> Option<Object<'n>> {
        if !matches!(node.data, Data::Map(_)) {
            self.wrong_form(place, pointer.to_owned(), "a map", node);
            return None;
        }
        for entry in node.entries() {
            if !keys.contains(&entry.key.as_str()) {
                let at = child(pointer, &entry.key);
                self.unknown(UNKNOWN_KEY, entry.place, at, "unknown key", &entry.key, &|| keys.to_vec());
            }
        }
        Some(Object { node, pointer: pointer.to_owned(), place })
    }

    /// Entries of a map whose keys the author chooses.
    pub(crate) fn entries<'n>(&mut self, object: &Object<'n>, key: &str) -> &'n [Entry] {
        let Some(entry) = object.get(key) else { return &[] };
        if !matches!(entry.value.data, Data::Map(_)) {
            self.wrong_form(entry.value.place, object.at(key), "a map", &entry.value);
        }
        entry.value.entries()
    }

    /// Items of a list.
    pub(crate) fn items<'n>(&mut self, object: &Object<'n>, key: &str) -> &'n [Node] {
        let Some(entry) = object.get(key) else { return &[] };
        if !matches!(entry.value.data, Data::Seq(_)) {
            self.wrong_form(entry.value.place, object.at(key), "a list", &entry.value);
        }
        entry.value.items()
    }

    /// A key that may not be left out.
    pub(crate) fn required<'n>(&mut self, object: &Object<'n>, key: &str) -> Option<&'n Entry> {
        let found = object.get(key);
        if found.is_none() {
            let fault = Diagnostic::new(MISSING_KEY, object.pointer.clone(), format!("`{key}` is missing"));
            self.fault(object.place, fault.fix(format!("add `{key}: ...`")));
        }
        found
    }

    /// Text.
    pub(crate) fn text(&mut self, object: &Object<'_>, key: &str) -> Option<String> {
        let entry = object.get(key)?;
        match &entry.value.data {
            Data::Str(text) => Some(text.clone()),
            _ => {
                self.wrong_form(entry.value.place, object.at(key), "a text", &entry.value);
                None
            }
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, object: &Object<'_>, key: &str) -> Option<bool> {
        let entry = object.get(key)?;
        match entry.value.data {
            Data::Bool(flag) => Some(flag),
            _ => {
                self.wrong_form(entry.value.place, object.at(key), "true or false", &entry.value);
                None
            }
        }
    }

    /// A whole number within bounds.
    pub(crate) fn integer(&mut self, object: &Object<'_>, key: &str, lowest: i128, highest: i128) -> Option<i128> {
        let entry = object.get(key)?;
        self.integer_of(&entry.value, object.at(key), lowest, highest)
    }

    /// A whole number within bounds, of a node.
    pub(crate) fn integer_of(&mut self, node: &Node, pointer: String, lowest: i128, highest: i128) -> Option<i128> {
        match node.data {
            Data::Int(value) if (lowest..=highest).contains(&value) => Some(value),
            Data::Int(value) => {
                let fault = Diagnostic::new(BAD_NUMBER, pointer, "the number is out of range").found(value);
                self.fault(node.place, fault.expected(format!("{lowest} to {highest}")));
                None
            }
            _ => {
                self.wrong_form(node.place, pointer, "a whole number", node);
                None
            }
        }
    }

    /// A whole number from 0 to 4,294,967,295.
    pub(crate) fn number(&mut self, object: &Object<'_>, key: &str) -> Option<u32> {
        self.integer(object, key, 0, u32::MAX.into()).map(|value| value as u32)
    }

    /// A finite number.
    pub(crate) fn float(&mut self, object: &Object<'_>, key: &str) -> Option<f64> {
        let entry = object.get(key)?;
        match entry.value.data {
            Data::Int(value) => Some(value as f64),
            Data::Float(value) if value.is_finite() => Some(value),
            _ => {
                self.wrong_form(entry.value.place, object.at(key), "a finite number", &entry.value);
                None
            }
        }
    }

    /// A word of a closed set.
    pub(crate) fn word<W: Word>(&mut self, object: &Object<'_>, key: &str) -> Option<W> {
        self.word_of(object, key, W::texts()).map(|position| W::all()[position])
    }

    /// The position of a word among those that may stand there.
    fn word_of(&mut self, object: &Object<'_>, key: &str, words: &[&str]) -> Option<usize> {
        let text = self.text(object, key)?;
        let entry = object.get(key)?;
        let found = words.iter().position(|word| *word == text);
        if found.is_none() {
            let (place, what) = (entry.value.place, format!("unknown {key}"));
            self.unknown(UNKNOWN_WORD, place, object.at(key), &what, &text, &|| words.to_vec());
        }
        found
    }

    /// A text, number or flag as the author wrote it.
    pub(crate) fn value(&mut self, node: &Node, pointer: String) -> Option<Value> {
        match &node.data {
            Data::Bool(value) => Some(Value::Bool(*value)),
            Data::Int(value) => Some(Value::Int(*value)),
            Data::Float(value) => Some(Value::Float(*value)),
            Data::Str(value) => Some(Value::Str(value.clone())),
            Data::Null | Data::Seq(_) | Data::Map(_) => {
                self.wrong_form(node.place, pointer, "a number, a text, true or false", node);
                None
            }
        }
    }

    /// The name of a definition; `dotted` where a definition of another package may stand.
    pub(crate) fn name(&mut self, name: &str, place: Place, pointer: &str, dotted: bool) {
        if !(if dotted { is_path(name) } else { is_name(name) }) {
            let fault = Diagnostic::new(BAD_NAME, pointer, format!("`{name}` is not a legal name"));
            self.fault(place, fault.expected("a letter, then letters, digits and `_`"));
        }
    }

    /// The name of a type, which may not be a word of the type language.
    pub(crate) fn type_name(&mut self, name: &str, place: Place, pointer: &str) {
        if is_reserved(name) {
            let fault = Diagnostic::new(BAD_NAME, pointer, format!("`{name}` is a word of the type language"));
            self.fault(place, fault.fix("name the type otherwise"));
        }
    }

    /// What may stand on every node.
    pub(crate) fn notes(&mut self, object: &Object<'_>) -> Notes {
        let mut annotations = Named::new();
        for entry in self.entries(object, "annotations") {
            let pointer = child(&object.at("annotations"), &entry.key);
            if let Some(value) = self.value(&entry.value, pointer) {
                annotations.insert(entry.key.clone(), value);
            }
        }
        // The program as a whole has its doc by the key alone: its first line is that of its first key.
        let said = if object.pointer.is_empty() { None } else { self.comment(object.place) };
        let doc = if object.get("doc").is_some() { self.text(object, "doc") } else { said };
        Notes { doc, deprecated: self.text(object, "deprecated"), annotations }
    }

    /// The comments of the definition that stands here.
    #[cfg(feature = "yaml")]
    pub(crate) fn comment(&mut self, place: Place) -> Option<String> {
        self.comments.get_mut(&place.file)?.take(place)
    }

    /// JSON has none.
    #[cfg(not(feature = "yaml"))]
    pub(crate) fn comment(&mut self, _place: Place) -> Option<String> {
        None
    }
}

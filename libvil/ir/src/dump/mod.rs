//! A program becomes text again: canonical JSON for machines, YAML for people.
//!
//! Both print one value tree (`tree`), the same that `load` reads, so `load(dump(program)) == program`. Only what was
//! written is written; maps are in name order, lists in theirs; the same program gives the same bytes every time.

pub(crate) mod json;
mod tree;

pub(crate) use tree::{observe, tree};
#[cfg(feature = "yaml")]
mod yaml;

use crate::model::Program;
use crate::normalize::Normalized;

/// Canonical JSON: one line without blanks and without a line end. Imports are merged in, so it stands alone.
pub fn canonical_json(program: &Program) -> String {
    json::print(&tree(program))
}

/// YAML as an author would write it.
#[cfg(feature = "yaml")]
pub fn yaml(program: &Program) -> String {
    yaml::print(&tree(program))
}

/// Canonical JSON of what was derived: a list of pointer, value and reason.
pub fn reasons_json(normalized: &Normalized) -> String {
    json::print(&tree::reasons(normalized))
}

/// YAML of a normalized program, each value that was not written with its reason as a comment behind it. The comments
/// stand behind keys, where they are nobody's doc, so reading it gives the program.
#[cfg(feature = "yaml")]
pub fn normalized_yaml(normalized: &Normalized) -> String {
    let stated = normalized.reasons.iter().filter(|reason| reason.is_stated);
    let remarks = stated.map(|reason| (reason.pointer.as_str(), reason.reason)).collect();
    yaml::print_with(&tree::tree(&normalized.program), &remarks)
}

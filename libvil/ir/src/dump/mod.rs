//! A program becomes text again: canonical JSON for machines, YAML for people.
//!
//! Both print one value tree (`tree`), the same that `load` reads, so `load(dump(program)) == program`. Only what was
//! written is written; maps are in name order, lists in theirs; the same program gives the same bytes every time.

pub(crate) mod json;
mod tree;

pub(crate) use tree::tree;
#[cfg(feature = "yaml")]
mod yaml;

use crate::model::Program;

/// Canonical JSON: one line without blanks and without a line end. Imports are merged in, so it stands alone.
pub fn canonical_json(program: &Program) -> String {
    json::print(&tree(program))
}

/// YAML as an author would write it.
#[cfg(feature = "yaml")]
pub fn yaml(program: &Program) -> String {
    yaml::print(&tree(program))
}

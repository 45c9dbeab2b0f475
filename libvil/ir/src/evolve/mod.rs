//! Whether what was released still holds: two layouts, or two programs, are equivalent, one is newer, or they are
//! incompatible; with a finding for everything that differs.
//!
//! Newer means that who relies on the old one can rely on the new one, older means the other way round. Layouts are
//! compared by their texts (see `fingerprint::layout_text`) and by the most bytes of a message, because that is what a world
//! and `vil.lock` keep; the texts may come from a stranger, so the work is bounded by them and nothing panics. The rules stand in `rules`, and
//! docs/evolution.md lists them. Nothing here decides what to do about an answer.

mod contract;
mod filled;
mod layout;
mod program;
mod released;
mod rules;
mod text;

pub use layout::{Sides, layouts};
pub use program::{NoLayouts, programs, released, releases};
pub use released::{Released, is_refused};
pub use rules::{RULES, Rule};

use crate::model::Named;

/// How the new one stands to the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing that counts differs.
    Equivalent,
    /// What relies on the old one can rely on the new one.
    Newer,
    /// What relies on the new one can rely on the old one.
    Older,
    /// Neither can stand in for the other.
    Incompatible,
}

impl Verdict {
    /// All of them; their numbers are their positions in this list.
    pub const ALL: [Verdict; 4] = [Verdict::Equivalent, Verdict::Newer, Verdict::Older, Verdict::Incompatible];

    /// `equivalent`, `newer`, `older` or `incompatible`.
    pub const fn word(self) -> &'static str {
        ["equivalent", "newer", "older", "incompatible"][self as usize]
    }

    /// Of two parts together: what is newer in one and older in the other is incompatible.
    pub fn and(self, other: Verdict) -> Verdict {
        match (self, other) {
            (Verdict::Equivalent, other) => other,
            (this, Verdict::Equivalent) => this,
            (this, other) if this == other => this,
            _ => Verdict::Incompatible,
        }
    }
}

/// What is compared; each level includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Bytes of messages.
    Layout,
    /// And what generated code is called and typed.
    Source,
    /// And what it all means.
    Semantic,
}

impl Level {
    /// All of them; their numbers are their positions in this list.
    pub const ALL: [Level; 3] = [Level::Layout, Level::Source, Level::Semantic];

    /// `layout`, `source` or `semantic`.
    pub const fn word(self) -> &'static str {
        ["layout", "source", "semantic"][self as usize]
    }
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that says what it means.
    pub rule: &'static Rule,
    /// What it means; equivalent where nothing depends on it.
    pub verdict: Verdict,
    /// Where: `/TYPE/FIELD` or `/UNION/ARM/FIELD` in a layout, a JSON pointer in a program, with names for positions.
    pub path: String,
    /// What differs, one sentence without a full stop.
    pub sentence: String,
}

/// What was found about one thing that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// `message Credit`, `enum Risk`, `route a.out -> b.in`, `program`.
    pub name: String,
    /// What differs, in the order of the old one; of a layout, what moved because of it comes last.
    pub findings: Vec<Finding>,
}

impl Subject {
    /// Of all findings together.
    pub fn verdict(&self) -> Verdict {
        all_of(self.findings.iter().map(|finding| finding.verdict))
    }
}

/// Two programs, or their released layouts: every message, and everything else that differs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Messages in name order, then what else differs.
    pub subjects: Vec<Subject>,
    index: Named<usize>,
}

impl Comparison {
    /// Of all subjects together.
    pub fn verdict(&self) -> Verdict {
        all_of(self.subjects.iter().map(Subject::verdict))
    }

    /// Adds a finding to the subject of this name, which is made where it is missing.
    fn add(&mut self, name: &str, finding: Option<Finding>) {
        let next = self.subjects.len();
        let at = *self.index.or_insert_with(name.to_owned(), || next);
        if at == next {
            self.subjects.push(Subject { name: name.to_owned(), findings: Vec::new() });
        }
        self.subjects[at].findings.extend(finding);
    }

    /// Says so where parts are newer and others older: then no finding says why the whole is incompatible.
    fn close(mut self) -> Comparison {
        let mixed = mixed(self.subjects.iter().flat_map(|subject| &subject.findings));
        if self.subjects.iter().all(|subject| subject.verdict() != Verdict::Incompatible) && mixed {
            self.add("program", Some(neither("")));
        }
        self
    }
}

fn all_of(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    verdicts.fold(Verdict::Equivalent, Verdict::and)
}

/// Is one part newer and another one older?
fn mixed<'f>(findings: impl Iterator<Item = &'f Finding> + Clone) -> bool {
    let has = |verdict| findings.clone().any(|finding| finding.verdict == verdict);
    has(Verdict::Newer) && has(Verdict::Older)
}

fn neither(path: &str) -> Finding {
    let sentence = "it is newer in one part and older in another, so neither can stand in for the other".to_owned();
    Finding { rule: &rules::ONE_DIRECTION, verdict: Verdict::Incompatible, path: path.to_owned(), sentence }
}

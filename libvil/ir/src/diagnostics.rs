//! What is wrong with a program, where, and what to do: one shape for the loader and all passes.
//!
//! A diagnostic carries a stable code, a JSON pointer, a place in the author's file, what was found, what was expected
//! and a fix. This file never decides whether something is wrong. Excerpts of the source are drawn by `render`.

use std::ops::{Deref, DerefMut};

use crate::dump;
use crate::load::node::{Data, Entry, Node};
use crate::load::{Finder, Place, Source};

/// A rule that can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Stable code, `VIL-` with a letter for the pass and three digits; never reused.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// The rule in one sentence, as docs/diagnostics.md lists it. Tools tell it, so libvil.so has it of no rule.
    #[cfg(feature = "render")]
    pub title: &'static str,
}

impl Rule {
    /// A rule whose violation is an error.
    pub const fn error(code: &'static str, title: &'static str) -> Rule {
        Rule::of(code, Severity::Error, title)
    }

    /// A rule whose violation is a warning.
    pub const fn warning(code: &'static str, title: &'static str) -> Rule {
        Rule::of(code, Severity::Warning, title)
    }

    #[cfg(feature = "render")]
    const fn of(code: &'static str, severity: Severity, title: &'static str) -> Rule {
        Rule { code, severity, title }
    }

    #[cfg(not(feature = "render"))]
    const fn of(code: &'static str, severity: Severity, _: &'static str) -> Rule {
        Rule { code, severity }
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The program is legal; something is probably not meant.
    Warning,
    /// The program is refused.
    Error,
}

impl Severity {
    /// `warning` or `error`.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One thing that is wrong: a [`Fault`] behind a pointer, because hundreds of places hand one on, and what they hand on
/// costs code in each.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic(Box<Fault>);

impl Deref for Diagnostic {
    type Target = Fault;

    fn deref(&self) -> &Fault {
        &self.0
    }
}

impl DerefMut for Diagnostic {
    fn deref_mut(&mut self) -> &mut Fault {
        &mut self.0
    }
}

/// What a diagnostic says.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The broken rule.
    pub rule: Rule,
    /// JSON pointer to the node, "" for the whole program.
    pub pointer: String,
    /// Name of the file; empty when the program came from no file.
    pub file: String,
    /// Where in the file; `None` when the program came from no file.
    pub place: Option<Place>,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What stands there.
    pub found: Option<String>,
    /// What may stand there.
    pub expected: Option<String>,
    /// What to do.
    pub fix: Option<String>,
}

impl Diagnostic {
    /// A diagnostic without a place; `Source::locate` adds it.
    pub fn new(rule: Rule, pointer: impl Into<String>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::of(rule, pointer.into(), message.into())
    }

    #[inline(never)]
    fn of(rule: Rule, pointer: String, message: String) -> Diagnostic {
        let (file, place) = (String::new(), None);
        Diagnostic(Box::new(Fault { rule, pointer, file, place, message, found: None, expected: None, fix: None }))
    }

    /// Adds what stands there.
    pub fn found(mut self, found: impl std::fmt::Display) -> Diagnostic {
        self.say(|fault| &mut fault.found, &found);
        self
    }

    /// Adds what may stand there.
    pub fn expected(mut self, expected: impl std::fmt::Display) -> Diagnostic {
        self.say(|fault| &mut fault.expected, &expected);
        self
    }

    /// Adds what to do.
    pub fn fix(mut self, fix: impl std::fmt::Display) -> Diagnostic {
        self.say(|fault| &mut fault.fix, &fix);
        self
    }

    #[inline(never)]
    fn say(&mut self, part: fn(&mut Fault) -> &mut Option<String>, text: &dyn std::fmt::Display) {
        *part(self) = Some(text.to_string());
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.rule.code
    }

    /// True for errors.
    pub fn is_error(&self) -> bool {
        self.rule.severity == Severity::Error
    }

    /// The diagnostic as a value tree, for `--format json`.
    fn tree(&self) -> Node {
        let text = |text: &str| Node::made(Data::Str(text.to_owned()));
        let number = |n: u32| Node::made(Data::Int(n.into()));
        let mut entries = vec![
            Entry::made("code", text(self.code())),
            Entry::made("severity", text(self.rule.severity.word())),
            Entry::made("file", text(&self.file)),
            Entry::made("line", number(self.place.map_or(0, |place| place.line))),
            Entry::made("column", number(self.place.map_or(0, |place| place.column))),
            Entry::made("pointer", text(&self.pointer)),
            Entry::made("message", text(&self.message)),
        ];
        for (key, value) in [("found", &self.found), ("expected", &self.expected), ("fix", &self.fix)] {
            entries.extend(value.as_ref().map(|value| Entry::made(key, text(value))));
        }
        Node::made(Data::Map(entries))
    }
}

/// One line: `file:line:column: error[CODE]: message (found .., expected ..); fix`.
impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let file = if self.file.is_empty() { "<text>" } else { &self.file };
        if let Some(place) = self.place {
            write!(f, "{file}:{}:{}: ", place.line, place.column)?;
        }
        write!(f, "{}[{}]: {}", self.rule.severity.word(), self.code(), self.message)?;
        match (&self.found, &self.expected) {
            (Some(found), Some(expected)) => write!(f, " (found {found}, expected {expected})")?,
            (Some(found), None) => write!(f, " (found {found})")?,
            (None, Some(expected)) => write!(f, " (expected {expected})")?,
            (None, None) => {}
        }
        match &self.fix {
            Some(fix) => write!(f, "; {fix}"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong, with the texts it points into.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diagnostics {
    /// In the order of file and place.
    pub items: Vec<Diagnostic>,
    /// The texts.
    pub source: Source,
}

impl Diagnostics {
    /// Puts faults at their places in the source, and in the order of these.
    pub(crate) fn in_order(faults: Vec<Diagnostic>, source: Source) -> Diagnostics {
        let mut finder = Finder::default();
        let mut items: Vec<Diagnostic> = faults.into_iter().map(|fault| source.located(fault, &mut finder)).collect();
        items.sort_by_key(|fault| fault.place);
        Diagnostics { items, source }
    }

    /// True when at least one of them refuses the program.
    pub fn any_error(&self) -> bool {
        self.items.iter().any(Diagnostic::is_error)
    }

    /// One JSON object: `{"diagnostics": [...]}`.
    pub fn to_json(&self) -> String {
        let items = self.items.iter().map(Diagnostic::tree).collect();
        let list = Node::made(Data::Seq(items));
        dump::json::print(&Node::made(Data::Map(vec![Entry::made("diagnostics", list)])))
    }
}

/// One line each.
impl std::fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, item) in self.items.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{item}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

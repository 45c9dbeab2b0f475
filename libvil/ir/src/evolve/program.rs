//! Two programs, level by level; and released layouts, which are all that `vil.lock` keeps of a program.

use super::filled::filled;
use super::released::{Released, compared};
use super::rules::{MESSAGE_GONE, MESSAGE_NEW};
use super::{Comparison, Finding, Level, Verdict, contract};
use crate::fingerprint::{full, layout_text};
use crate::layout::lay_out;
use crate::model::{Message, Named, Program};

/// Why programs cannot be compared: one of them has no layouts; the passes say which of its types have none, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoLayouts {
    /// The program.
    pub program: String,
    /// The first reason.
    pub reason: String,
}

impl std::fmt::Display for NoLayouts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "program {} has no layouts: {}", self.program, self.reason)
    }
}

impl std::error::Error for NoLayouts {}

/// What a program promises of its messages, by their full names.
pub fn released(program: &Program) -> Result<Named<Released>, NoLayouts> {
    let layouts = lay_out(program).map_err(|errors| {
        let reason = errors.first().map_or_else(String::new, ToString::to_string);
        NoLayouts { program: program.name.clone(), reason }
    })?;
    let promise = |(name, message): (&String, &Message)| {
        let text = layout_text(program, &layouts, name);
        (full(program, name), Released { text, max_bytes: message.max_bytes })
    };
    Ok(program.messages.iter().map(promise).collect())
}

/// Compares what was released with something else, message by message.
pub fn releases(old: &Named<Released>, new: &Named<Released>) -> Comparison {
    by_message(old, new).close()
}

fn by_message(old: &Named<Released>, new: &Named<Released>) -> Comparison {
    let mut comparison = Comparison::default();
    let names: Named<()> = old.keys().chain(new.keys()).map(|name| (name.clone(), ())).collect();
    for name in names.keys() {
        let subject = format!("message {name}");
        let alone = |rule, verdict, what: &str| {
            let (path, sentence) = (format!("/{name}"), format!("message `{name}` {what}"));
            vec![Finding { rule, verdict, path, sentence }]
        };
        let findings = match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) => compared(name, old, new),
            (Some(_), None) => alone(&MESSAGE_GONE, Verdict::Incompatible, "is gone"),
            (None, _) => alone(&MESSAGE_NEW, Verdict::Newer, "is new"),
        };
        comparison.add(&subject, None);
        findings.into_iter().for_each(|finding| comparison.add(&subject, Some(finding)));
    }
    comparison
}

/// Compares two programs up to a level.
pub fn programs(old: &Program, new: &Program, level: Level) -> Result<Comparison, NoLayouts> {
    let mut comparison = by_message(&released(old)?, &released(new)?);
    if level > Level::Layout {
        contract::compare(&filled(old), &filled(new), old.package.as_deref(), level, &mut comparison);
    }
    Ok(comparison.close())
}

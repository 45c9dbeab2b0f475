//! What a release promised of a message: how its bytes lie, and how many of them there may be. The layout text has no
//! bound, because a reader needs none; a world has slots, and a sender that promises more than they hold does not come in.

use super::layout::{Sides, is_bounded, layouts};
use super::rules::BOUND;
use super::{Finding, Verdict};

/// A message as it was released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Its layout text.
    pub text: String,
    /// The most bytes of one; `None` of a flat message, whose size stands in its text, and of one that no route carries.
    pub max_bytes: Option<u64>,
}

/// Is a process refused in a world whose slots have `room` bytes, because its messages have up to `promise`? A receiver reads what a
/// message's head and its slot bound, and a flat message has one size for everybody.
pub fn is_refused(text: &str, sends: bool, promise: u64, room: u64) -> bool {
    if is_bounded(text) { sends && promise > room } else { promise != room }
}

/// Compares what two releases promised of a message. Incompatible means that a process of one of them is refused in a world
/// of the other.
pub(super) fn compared(name: &str, old: &Released, new: &Released) -> Vec<Finding> {
    let sides = Sides::RELEASES;
    let mut findings = layouts(&old.text, &new.text, sides).1;
    let (Some(there), Some(here)) = (old.max_bytes, new.max_bytes) else { return findings };
    let of = |sender, world| {
        let sentence = format!(
            "messages have up to {there} bytes {} and {here} {}, so senders of the {sender} one are refused in worlds of the {world} one",
            sides.old, sides.new
        );
        Finding { rule: &BOUND, verdict: Verdict::Incompatible, path: format!("/{name}"), sentence }
    };
    // The size of a flat message stands in its text.
    if is_bounded(&old.text) && is_refused(&old.text, true, here, there) {
        findings.push(of("new", "old"));
    }
    if is_bounded(&new.text) && is_refused(&new.text, true, there, here) {
        findings.push(of("old", "new"));
    }
    findings
}

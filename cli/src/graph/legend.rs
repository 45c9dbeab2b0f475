//! What the kinds of lines in a picture mean: an entry for each kind that is there, and for no other.

use vil_ir::vocabulary::Lane;

use super::picture::{LineKind, Picture};

/// A kind of line and what it means.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// A line that shows it; `None`: a forward inside of a process.
    pub(crate) line: Option<LineKind>,
    /// The mark of the lane belongs to it.
    pub(crate) has_mark: bool,
    /// What it looks like, where lines are not drawn by us.
    pub(crate) look: &'static str,
    pub(crate) text: &'static str,
}

/// The legend of a picture. What is no lane is shown in the colour of the first line that has it, so that no colour is
/// explained that the picture has not.
pub(crate) fn legend(picture: &Picture) -> Vec<Entry> {
    let lanes = [
        (Lane::Trigger, "▲ violet", "trigger lane"),
        (Lane::Data, "● blue", "data lane"),
        (Lane::Control, "■ orange", "control lane"),
    ];
    let mut entries = Vec::new();
    for (wanted, look, text) in lanes {
        let line = LineKind::Route { lane: wanted, is_best_effort: false, is_answered: false };
        if picture.lines.iter().any(|line| matches!(line.kind, LineKind::Route { lane, .. } if lane == wanted)) {
            entries.push(Entry { line: Some(line), has_mark: true, look, text });
        }
    }
    let mut show = |chosen: fn(&LineKind) -> bool, look, text| {
        let line = picture.lines.iter().map(|line| line.kind).find(chosen);
        entries.extend(line.map(|line| Entry { line: Some(line), has_mark: false, look, text }));
    };
    show(
        |kind| matches!(kind, LineKind::Route { is_best_effort: true, is_answered: false, .. }),
        "dashed",
        "best_effort",
    );
    show(
        |kind| matches!(kind, LineKind::Route { is_best_effort: false, is_answered: false, .. }),
        "solid",
        "at_least_once",
    );
    show(|kind| matches!(kind, LineKind::Route { is_answered: true, .. }), "two heads", "request and response");
    show(|kind| *kind == LineKind::Failover, "grey, dotted", "failover");
    if picture.cards.iter().any(|card| !card.forwards.is_empty()) {
        entries.push(Entry { line: None, has_mark: false, look: "in a process", text: "forward" });
    }
    entries
}

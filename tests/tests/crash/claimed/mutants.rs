//! The harness's own score for claimed rings: seeded mistakes, switched on one at a time, each of which must be found.

use vil_core::base::crash::set_mutant;
use vil_tests::mutants::{self, Mutant, Verdict};

use super::campaign::tell;
use super::layers::{Dose, NONE, Tally};
use super::overtake::meetings;
use super::plan::sorts;
use super::story::Story;

const L1: Dose = Dose { deaths: 1, ..NONE };
const L3A: Dose = Dose { duels: 2, ..NONE };
const L3B: Dose = Dose { interludes: 1, ..NONE };

/// A mistake, what is wrong about it, and the layer that must see it.
const MUTANTS: &[(&str, &str, Dose)] = &[
    ("claimed_fill_before_bytes", "a cell is full before it names its message", L1),
    ("claimed_reference_not_rechecked", "a message is taken by a reference that the cell has given up", L3B),
    ("claimed_clear_before_take", "a cell is cleared before its message is taken", L3B),
    ("claimed_clear_without_look", "a cell is cleared by a plain store, whatever it says by then", L3B),
    ("claimed_leaves_what_is_over", "a producer does not clear the cell of a consumer that died", L1),
    ("claimed_leaves_what_the_dead_wrote", "recovery leaves cells that the dead was writing", L1),
    ("claimed_give_up_in_the_same_lap", "recovery empties a cell for an index that others have passed", L1),
    ("claimed_cells_do_not_count", "recovery frees slots that lie in claimed rings", L1),
    ("claimed_presence_without_changes", "a slow recoverer makes a newcomer leave", L3A),
    ("claimed_tail_is_not_helped", "nobody moves tail for a producer that died before it did", L1),
    ("claimed_drop_forgets_the_slot", "a dropped message keeps its slot", L1),
    ("claimed_head_passes_the_unread", "head moves over a cell that is still being written", L3B),
];

/// Hunts with one layer until something is wrong.
fn hunt(name: &'static str, dose: Dose) -> Tally {
    let mut tally = Tally::default();
    set_mutant(name);
    for sort in sorts() {
        tell(sort, dose, &mut tally, Story::recite);
        if !tally.violations.is_empty() {
            break;
        }
    }
    set_mutant("");
    tally
}

/// The mistake that only two calls which go on in turn can show.
fn overtaking() -> Mutant<'static> {
    let name = "claimed_overtakes";
    set_mutant(name);
    let found = meetings();
    set_mutant("");
    let verdict = found.map_or_else(Verdict::Found, |_| Verdict::Missed);
    Mutant { name, meaning: "a consumer takes a producer's later message before an earlier one", verdict }
}

#[test]
fn every_seeded_mistake_in_a_ring_of_many_is_found() {
    let hunted = MUTANTS.iter().map(|(name, meaning, dose)| {
        let tally = hunt(name, *dose);
        let verdict = match tally.violations.first() {
            Some(violation) => Verdict::Found(format!("after {} checks: {violation}", tally.total())),
            None => Verdict::Missed,
        };
        Mutant { name, meaning, verdict }
    });
    let mut hunted: Vec<_> = hunted.collect();
    hunted.push(overtaking());
    mutants::tell(&hunted);
}

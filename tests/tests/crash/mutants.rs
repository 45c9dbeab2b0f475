//! The harness's own score: seeded mistakes, switched on one at a time, each of which a campaign must find.
//!
//! A mistake that is not found by the layer that should is a hole in the harness.

use std::rc::Rc;

use vil_core::base::crash::set_mutant;
use vil_tests::mutants::{self, Mutant, Verdict};

use crate::campaign::{recital, tell};
use crate::phrases::Dice;
use crate::run::{Layers, Run};
use crate::score::{Layer, Score};
use crate::town::{Town, modes, several, single};

/// A mistake, what is wrong about it, and the cheapest layer that must see it.
const MUTANTS: &[(&str, &str, Layer)] = &[
    ("entry_recycled_first", "recovery frees the process entry before the belongings", Layer::L1),
    ("no_epoch_recheck", "a slow recoverer goes on although the entry has a new owner", Layer::L3a),
    ("token_before_word", "recovery asks for the token before it reads the entry", Layer::L3a),
    ("epoch_kept", "a recycled entry keeps its epoch", Layer::L1),
    ("incarnation_kept", "an end that is opened again keeps its incarnation", Layer::L3a),
    ("orphans_are_freed", "recovery frees slots that unread messages lie in", Layer::L1),
    ("free_without_generation", "recovery frees a slot without a new generation", Layer::L1),
    ("at_least_once_skips", "a dead consumer's ring is skipped although delivery is at_least_once", Layer::L1),
    ("sweep_ignores_cells", "the sweep frees every orphan", Layer::L1),
    ("picture_before_orphans", "the sweep looks at the cells before it collects orphans", Layer::L3a),
    ("tail_before_cell", "publish stores tail before the cell", Layer::L1),
    ("count_before_stamp", "publish stores the count before the message is published", Layer::L1),
    ("count_not_extended", "the count of published messages is read as it is stored", Layer::L1),
    ("stale_generation_in_cell", "the cell names the slot's life before", Layer::L1),
    ("release_moves_head_at_once", "an early release of a later message moves head over earlier ones", Layer::L1),
    ("resume_at_tail", "a replacement consumer begins at tail", Layer::L1),
    ("resume_at_head", "a replacement producer begins at head, over its predecessor's messages", Layer::L1),
    ("skip_past_the_living", "a full best_effort ring is skipped although its consumer lives", Layer::L1),
    ("reclaim_when_nobody_consumes", "a producer takes slots back because nobody consumes", Layer::L1),
    ("close_frees_what_is_unread", "a producer that closes frees slots of unread messages", Layer::L1),
    ("close_forgets_the_ring", "a producer that closes keeps slots of unread messages", Layer::L1),
    ("stamp_before_cell", "publish stores the stamp before the rest of the cell", Layer::L1),
    ("recovery_keeps_a_lagging_tail", "recovery leaves tail before what was published last", Layer::L1),
    ("batch_announced_before_its_cells", "several are announced by tail before their cells are written", Layer::L1),
    ("batch_lags_over_a_lap", "several are published over a ring's length without storing tail", Layer::L1),
    ("head_before_copy", "a reader moves head before it has copied the message", Layer::L3b),
    ("many_released_over_a_gap", "several are released at once, and head moves over one in front of them", Layer::L1),
    ("skip_up_to_the_stored_tail", "a dead consumer's best_effort ring is skipped up to a tail that lags", Layer::L3b),
    ("opened_by_the_stored_tail", "a consumer opens by a tail that lags behind its head", Layer::L3b),
    ("counted_by_the_stored_tail", "counts are extended by a tail that lags", Layer::L3b),
    ("dead_entry_left_alone", "an entry found dead is left to whoever buried it", Layer::L2),
    ("skip_in_two_words", "a full ring is skipped by a plain store, whoever has opened its head meanwhile", Layer::L3b),
    ("vacant_before_skip", "a closing consumer vacates head first and skips by a store after it", Layer::L3b),
];

/// The same of what only rings that take, share, keep, answer and forward can show.
const OF_MODES: &[(&str, &str, Layer)] = &[
    ("oldest_generation_kept", "the picture keeps the oldest life of a slot that is named twice", Layer::L1),
    ("take_keeps_generation", "a slot that is taken keeps its life", Layer::L1),
    ("take_ignores_generation", "a slot is taken whatever life it is in", Layer::L1),
    ("head_before_take", "head moves over a message before it is taken", Layer::L1),
    ("lost_cell_stops_the_ring", "a message lost with its consumer is waited for", Layer::L1),
    ("reclaim_frees_what_was_taken", "a producer takes back slots that a consumer took", Layer::L1),
    ("taken_slots_stay_owned", "a producer counts slots as its own that were taken from it", Layer::L1),
    ("given_slot_is_kept", "a forwarder keeps slots that its own consumer took", Layer::L1),
    ("hosts_beyond_the_share", "a forwarder keeps its whole share idle beside what it forwards", Layer::L1),
    ("inherits_beside_the_share", "a forwarder keeps idle what its predecessor's messages lie in", Layer::L1),
    ("share_count_misses_one", "a shared slot is free when all rings but one have released it", Layer::L1),
    ("room_in_one_ring_is_enough", "a shared message is published although a later ring is full", Layer::L1),
    ("kept_is_not_counted", "a kept message's slot is free when its consumers have released it", Layer::L1),
    ("answer_without_number", "an answer's cell does not name its request", Layer::L1),
    ("lent_is_over_at_once", "what was lent is released before its reader has released it", Layer::L1),
    ("forward_without_source", "a borrowed cell does not name the ring it borrows from", Layer::L1),
    ("close_skips_what_is_lent", "an end is closed although what it lent is still read", Layer::L1),
    ("pending_head_vacated", "recovery vacates a head although what was lent is still read", Layer::L1),
    ("pending_entry_freed", "an entry is freed although its head waits", Layer::L1),
    ("best_effort_skips_what_is_lent", "recovery skips a best_effort ring from which others borrow", Layer::L1),
];

/// Mistakes that change nothing that anybody could see, and why.
const EQUIVALENT: &[(&str, &str, &str)] = &[
    (
        "picture_ignores_what_is_lent",
        "the picture passes over cells that borrow",
        "the cell that was borrowed from stays unreleased until the borrowing one is passed, and names the same slot",
    ),
    (
        "picture_tail_before_head",
        "the picture reads tail before head",
        "from an older tail the walk goes on over all that was published since",
    ),
    (
        "picture_up_to_the_stored_tail",
        "the picture passes over what tail does not show",
        "a dead one's tail is moved before the picture is taken; what a living one has not announced is its own, or is named by \
         the unreleased cell that it was borrowed from",
    ),
];

const LAYERS: [Layer; 4] = [Layer::L1, Layer::L3b, Layer::L3a, Layer::L2];
const NONE: Layers = Layers { single: false, takeover: 0, duel: 0, preempt: 0 };

/// A layer alone.
fn alone(layer: Layer) -> Layers {
    match layer {
        Layer::L1 => Layers { single: true, ..NONE },
        Layer::L2 => Layers { takeover: 3, ..NONE },
        Layer::L3a => Layers { duel: 3, ..NONE },
        Layer::L3b => Layers { preempt: 3, ..NONE },
    }
}

/// The recital, and a short random story with deaths in the middle of calls.
fn told(run: &mut Run) {
    recital(run);
    run.ramble(&mut Dice::new(1), 120);
}

/// Hunts with one layer until something is wrong.
fn hunt(name: &'static str, layer: Layer, towns: &[Rc<Town>]) -> Score {
    let mut score = Score::default();
    set_mutant(name);
    for town in towns {
        tell(town, alone(layer), &mut score, told);
        if score.is_over() {
            break;
        }
    }
    set_mutant("");
    score
}

fn hunt_all(mutants: &[(&'static str, &'static str, Layer)], towns: &[Rc<Town>]) -> Vec<Mutant<'static>> {
    let hunted = mutants.iter().map(|(name, meaning, layer)| {
        let score = hunt(name, *layer, towns);
        let verdict = match score.violations.first() {
            Some(violation) => Verdict::Found(format!("{layer:?} after {} checks: {violation}", score.total())),
            None => Verdict::Missed,
        };
        Mutant { name, meaning, verdict }
    });
    hunted.collect()
}

/// Hunts with every layer what is said to change nothing: if it is found all the same, the argument is wrong.
fn spare_all() -> Vec<Mutant<'static>> {
    let towns: Vec<_> = modes().into_iter().filter(|town| town.name.starts_with("borrowed on")).collect();
    let is_found = |name| LAYERS.into_iter().any(|layer| hunt(name, layer, &towns).is_over());
    let spared = EQUIVALENT.iter().map(|(name, meaning, why)| {
        let verdict = if is_found(name) { Verdict::Missed } else { Verdict::Equivalent((*why).to_owned()) };
        Mutant { name, meaning, verdict }
    });
    spared.collect()
}

#[test]
fn every_seeded_mistake_is_found() {
    let rings: Vec<_> = single().into_iter().take(6).chain(several()).collect();
    let hunted = [hunt_all(MUTANTS, &rings), hunt_all(OF_MODES, &modes()), spare_all()];
    mutants::tell(&hunted.concat());
}

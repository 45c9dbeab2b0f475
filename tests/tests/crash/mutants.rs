//! The harness's own score: seeded mistakes, switched on one at a time, each of which a campaign must find.
//!
//! A mistake that is not found by the layer that should is a hole in the harness.

use vil_core::base::crash::set_mutant;
use vil_tests::mutants::{self, Mutant, Verdict};

use crate::campaign::{recital, tell};
use crate::run::Layers;
use crate::score::{Layer, Score};
use crate::town::{several, single};

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
    ("count_before_tail", "publish stores the count before tail", Layer::L1),
    ("count_not_extended", "the count of published messages is read as it is stored", Layer::L1),
    ("stale_generation_in_cell", "the cell names the slot's life before", Layer::L1),
    ("release_moves_head_at_once", "an early release of a later message moves head over earlier ones", Layer::L1),
    ("resume_at_tail", "a replacement consumer begins at tail", Layer::L1),
    ("resume_at_head", "a replacement producer begins at head, over its predecessor's messages", Layer::L1),
    ("skip_past_the_living", "a full best_effort ring is skipped although its consumer lives", Layer::L1),
    ("reclaim_when_nobody_consumes", "a producer takes slots back because nobody consumes", Layer::L1),
    ("close_frees_what_is_unread", "a producer that closes frees slots of unread messages", Layer::L1),
    ("close_forgets_the_ring", "a producer that closes keeps slots of unread messages", Layer::L1),
];

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

/// Hunts with one layer until something is wrong.
fn hunt(name: &'static str, layer: Layer) -> Score {
    let mut score = Score::default();
    set_mutant(name);
    for town in single().into_iter().take(6).chain(several()) {
        tell(&town, alone(layer), &mut score, recital);
        if score.is_over() {
            break;
        }
    }
    set_mutant("");
    score
}

#[test]
fn every_seeded_mistake_is_found() {
    let hunted = MUTANTS.iter().map(|(name, meaning, layer)| {
        let score = hunt(name, *layer);
        let verdict = match score.violations.first() {
            Some(violation) => Verdict::Found(format!("{layer:?} after {} checks: {violation}", score.total())),
            None => Verdict::Missed,
        };
        Mutant { name, meaning, verdict }
    });
    let hunted: Vec<_> = hunted.collect();
    mutants::tell(&hunted);
}

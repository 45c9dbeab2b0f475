//! Recovery of a dead process: any number of recoverers at once, each may die anywhere, no lock, no log.
//!
//! Every step is a CAS on a word that names the dead process, made only while its entry still says DEAD in the epoch
//! that was proven dead. So a step done twice is done once, and a step left out is done by the next recoverer.

use crate::base::atomic::{FOR_DATA, FOR_SPACE};
use crate::base::crash::mutant;
use crate::base::index::depth;
use crate::base::words::{EndWord, ProcState, ProcWord, ProcessId, SlotState, SlotWord};
use crate::heap;
use crate::mem::{RingGeometry, Shared};
use crate::queue::{self, Side, end};
use crate::registry::claimed;
use crate::registry::liveness::Liveness;
use crate::registry::picture::{Borrowed, Picture};
use crate::registry::sweep::sweep;
use crate::registry::table::{all, change, count_recovery, state};
use crate::registry::trail::{self, Event, Kind};
use crate::stats;
use vil_ir::vocabulary::Delivery;

/// What came of trying to recover an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody was in it.
    Free,
    /// Its process lives.
    Alive,
    /// It was dead, or is leaving, and its belongings are back; true for the one recoverer that finished a dead one's entry.
    Recovered(bool),
    /// It is dead, and messages that it forwarded are still read: the ring they came by waits for that. Whoever meets
    /// the entry again tries again.
    Pending,
}

/// Recovers an entry if its process is dead, and counts it.
pub fn recover(shared: &Shared, liveness: &dyn Liveness, process: ProcessId) -> Outcome {
    let (outcome, found) = examine(shared, liveness, process);
    if outcome == Outcome::Recovered(true) {
        count_recovery(shared);
        trail::record(shared, Event::new(Kind::Recovered, process).with(liveness.me()).number(found.epoch));
    }
    outcome
}

fn examine(shared: &Shared, liveness: &dyn Liveness, process: ProcessId) -> (Outcome, ProcWord) {
    let early = mutant("token_before_word") && liveness.is_free(process);
    let found = state(shared, process);
    let outcome = match found.state {
        ProcState::Free => Outcome::Free,
        ProcState::Dead if mutant("dead_entry_left_alone") => Outcome::Free,
        ProcState::Dead => {
            // Who is leaving still holds its token, and is helped without a word: nobody has died.
            let leaves = !liveness.is_free(process);
            match finish(shared, process, found) {
                Outcome::Recovered(last) => Outcome::Recovered(last && !leaves),
                other => other,
            }
        }
        // The word is read first, then the token is asked: the other order kills a newcomer in the same entry.
        ProcState::Alive if !early && !liveness.is_free(process) => Outcome::Alive,
        ProcState::Alive => bury(shared, process, found),
    };
    (outcome, found)
}

/// Recovers every dead process and sweeps. Answers how many this call finished.
pub fn recover_all(shared: &Shared, liveness: &dyn Liveness) -> u32 {
    let recovered = recover_each(shared, liveness);
    sweep(shared);
    recovered
}

/// Recovers every dead process. Answers how many this call finished.
pub fn recover_each(shared: &Shared, liveness: &dyn Liveness) -> u32 {
    let outcomes = all(shared).map(|process| recover(shared, liveness, process));
    outcomes.filter(|outcome| *outcome == Outcome::Recovered(true)).count() as u32
}

/// Graceful detach: the same on oneself, by the owner of the entry, which still holds its token.
pub fn leave(shared: &Shared, me: ProcessId) {
    let found = state(shared, me);
    if found.state == ProcState::Alive {
        bury(shared, me, found);
        trail::record(shared, Event::new(Kind::Detached, me).number(found.epoch));
    }
}

/// Step 1: ALIVE(e) -> DEAD(e).
fn bury(shared: &Shared, process: ProcessId, alive: ProcWord) -> Outcome {
    let dead = alive.with(ProcState::Dead);
    let buried = change(shared, process, alive, dead, "recover.bury");
    if !buried && state(shared, process) != dead {
        return Outcome::Free;
    }
    finish(shared, process, dead)
}

/// The recovery of one dead process in one epoch.
struct Estate<'a> {
    shared: &'a Shared,
    process: ProcessId,
    dead: ProcWord,
}

fn finish(shared: &Shared, process: ProcessId, dead: ProcWord) -> Outcome {
    let estate = Estate { shared, process, dead };
    if mutant("entry_recycled_first") {
        change(shared, process, dead, freed(dead), "recover.free");
    }
    for ring in &shared.geometry.rings {
        match ring.claimed {
            true => claimed::recover(shared, ring, process, &|| estate.still_dead()),
            false => estate.vacate_tail(ring),
        }
    }
    let borrowed = Borrowed::take(shared);
    let mut is_pending = false;
    for (route, ring) in shared.geometry.rings.iter().enumerate().filter(|(_, ring)| !ring.claimed) {
        is_pending |= !estate.vacate_head(route, ring, borrowed.from(route));
    }
    estate.return_slots();
    if is_pending && !mutant("pending_entry_freed") {
        sweep(shared);
        return Outcome::Pending;
    }
    let last = change(shared, process, dead, freed(dead), "recover.free");
    sweep(shared);
    Outcome::Recovered(last)
}

fn freed(dead: ProcWord) -> ProcWord {
    if mutant("epoch_kept") {
        return dead.with(ProcState::Free);
    }
    ProcWord { epoch: (dead.epoch + 1) & (u64::MAX >> 8), state: ProcState::Free }
}

impl Estate<'_> {
    /// Checked between every later load and its CAS: a finished recovery may have let a newcomer in.
    fn still_dead(&self) -> bool {
        mutant("no_epoch_recheck") || state(self.shared, self.process) == self.dead
    }

    /// Step 2. The index behind all that was published, same incarnation, nobody's: a successor goes on there, and would
    /// overwrite what the dead one published and did not announce. The consumer learns from it that its producer is gone.
    fn vacate_tail(&self, ring: &RingGeometry) {
        let head = end(self.shared, ring, Side::Head).index;
        let tail = end(self.shared, ring, Side::Tail);
        if tail.owner != Some(self.process) {
            return;
        }
        // Its cells change no more, and a successor's tail is another word. Nonsense stays where it is.
        let index = queue::published_up_to(self.shared, ring, head, tail.index).unwrap_or(tail.index);
        let index = if mutant("recovery_keeps_a_lagging_tail") { tail.index } else { index };
        if !self.still_dead() {
            return;
        }
        let vacant = EndWord { index, ..tail.vacated() };
        if queue::change(self.shared, ring, Side::Tail, tail, vacant, "recover.tail") {
            self.shared.wake(ring.consumer_flag, FOR_DATA, "recover.wake");
        }
    }

    /// Step 3. Close, and under best_effort skip what lay in the ring, in one store. False: some live cell of another
    /// ring borrows from this one, whose slots must not move before it is released.
    fn vacate_head(&self, route: usize, ring: &RingGeometry, is_borrowed: bool) -> bool {
        let head = end(self.shared, ring, Side::Head);
        if head.owner != Some(self.process) {
            return true;
        }
        let is_skipped = ring.delivery == Delivery::BestEffort && mutant("best_effort_skips_what_is_lent");
        if is_borrowed && !mutant("pending_head_vacated") && !is_skipped {
            return false;
        }
        let (vacant, skipped) = closed_head(self.shared, ring, head);
        if !self.still_dead() {
            return true;
        }
        if queue::change(self.shared, ring, Side::Head, head, vacant, "recover.head") {
            if skipped > 0 {
                stats::count_skipped(self.shared, ring, skipped);
                self.record(Kind::Skipped, Some(route), skipped);
            }
            self.shared.wake(ring.producer_flag, FOR_SPACE, "recover.wake");
        }
        true
    }

    /// Steps 4 and 5. What an unreleased cell names becomes ORPHAN, the rest returns to the pool.
    fn return_slots(&self) {
        let picture = Picture::take(self.shared);
        let mut orphans = 0;
        for index in 0..self.shared.geometry.slots {
            let Some(slot) = heap::state(self.shared, index) else { continue };
            if slot.state != SlotState::Held(self.process) {
                continue;
            }
            let next = after_owner(&picture, index, slot);
            if !self.still_dead() {
                return;
            }
            let changed = heap::change(self.shared, index, slot, next, "recover.slot");
            orphans += u32::from(changed && next.state == SlotState::Orphan);
        }
        if orphans > 0 {
            self.record(Kind::Orphaned, None, orphans);
        }
    }

    fn record(&self, kind: Kind, route: Option<usize>, number: u32) {
        let event = Event::new(kind, self.process).number(u64::from(number));
        trail::record(self.shared, route.map_or(event, |route| event.on(route)));
    }
}

/// What becomes of a dead process's slot. Whether a consumer is present plays no part.
fn after_owner(picture: &Picture, index: u32, slot: SlotWord) -> SlotWord {
    let kept = picture.shows(index, slot.generation) && !mutant("orphans_are_freed");
    match kept {
        true => SlotWord { state: SlotState::Orphan, ..slot },
        false if mutant("free_without_generation") => SlotWord { state: SlotState::Free, ..slot },
        false => slot.freed(),
    }
}

/// The word of a head that its consumer leaves behind, and how many messages that skips.
pub(crate) fn closed_head(shared: &Shared, ring: &RingGeometry, head: EndWord) -> (EndWord, u32) {
    if ring.delivery == Delivery::AtLeastOnce && !mutant("at_least_once_skips") {
        return (head.vacated(), 0);
    }
    let tail = end(shared, ring, Side::Tail).index;
    let end = if mutant("skip_up_to_the_stored_tail") {
        depth(head.index, tail, ring.capacity).map(|_| tail)
    } else {
        queue::published_up_to(shared, ring, head.index, tail)
    };
    let skipped = end.map_or(0, |end| end.wrapping_sub(head.index));
    (EndWord { index: head.index.wrapping_add(skipped), ..head.vacated() }, skipped)
}

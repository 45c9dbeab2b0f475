//! What the raw words say at the moment of a crash, and whether that is one of the states the call may leave behind.
//!
//! Read before anybody recovers, so that recovery is judged by what it found and not by what it says.

use vil_core::base::words::{EndWord, Reference, SlotState, SlotWord};
use vil_core::mem::{CELL_INLINE, RingGeometry, Shared};
use vil_ir::vocabulary::Delivery;

use crate::memory::read;
use crate::private::{Private, Wrong, bit};
use crate::town::Way;

/// What the interrupted call may have done: one more message, or a head that stands elsewhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Allowed {
    /// A message of this content on this route.
    pub(crate) message: Option<(usize, u64)>,
    /// Head of this route at this number.
    pub(crate) heads: Vec<(usize, u64)>,
}

/// One route as the raw words say.
#[derive(Debug, Clone)]
pub(crate) struct LineFacts {
    pub(crate) head: EndWord,
    pub(crate) tail: EndWord,
    /// Numbers that the two stand for.
    pub(crate) released: u64,
    pub(crate) published: u64,
    /// Contents of the messages in between.
    pub(crate) contents: Vec<u64>,
}

/// All raw words.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) processes: Vec<u64>,
    pub(crate) slots: Vec<u64>,
    pub(crate) lines: Vec<LineFacts>,
}

/// A word as it is.
pub(crate) fn raw(shared: &Shared, offset: u64) -> u64 {
    shared.segment.word(offset).peek("oracle")
}

/// Slot and generation of the cell of an index.
pub(crate) fn cell(shared: &Shared, ring: &RingGeometry, index: u32) -> Reference {
    Reference::decode(raw(shared, ring.cell(index)))
}

/// The content that lies in a ring at an index, read by the harness's own hand.
pub(crate) fn content_at(shared: &Shared, private: &Private, route: usize, index: u32) -> Option<u64> {
    let ring = &private.town.geometry.rings[route];
    let offset = match private.town.roads[route].way {
        Way::Cell => ring.cell(index) + CELL_INLINE,
        Way::Loan | Way::Slot => private.town.geometry.classes[0].bytes(cell(shared, ring, index).slot)?,
    };
    read(shared.segment.bytes(offset, u64::from(ring.size)))
}

impl Facts {
    /// Reads all words; the error is a state that the interrupted call may not leave behind.
    pub(crate) fn take(shared: &Shared, private: &Private, allowed: &Allowed) -> Result<Facts, Wrong> {
        let geometry = &private.town.geometry;
        let lines = (0..private.lines.len()).map(|route| line(shared, private, allowed, route));
        Ok(Facts {
            processes: (0..geometry.processes as u16).map(|process| raw(shared, geometry.process(process))).collect(),
            slots: (0..geometry.slots).map(|slot| raw(shared, geometry.slot(slot))).collect(),
            lines: lines.collect::<Result<_, _>>()?,
        })
    }

    /// Brings the model to what these words and these deaths make of it.
    pub(crate) fn settle(&self, private: &mut Private, dead: u32) {
        private.bury(dead);
        private.zombies = 0;
        for (route, facts) in self.lines.iter().enumerate() {
            let head = self.head_after(private, route, dead);
            let line = &mut private.lines[route];
            line.published = facts.published;
            line.contents = facts.contents[(head - facts.released) as usize..].iter().copied().collect();
            line.head = head;
        }
    }

    /// The same when nobody dies now; those who are dead stay to be recovered.
    pub(crate) fn settle_living(&self, private: &mut Private) {
        let zombies = private.zombies;
        self.settle(private, 0);
        private.zombies = zombies;
    }

    /// Where a route's head must stand after the recovery of these dead.
    pub(crate) fn head_after(&self, private: &Private, route: usize, dead: u32) -> u64 {
        let facts = &self.lines[route];
        let is_orphaned = facts.head.owner.is_some_and(|owner| dead & bit(owner.0) != 0);
        let skips = private.town.roads[route].delivery == Delivery::BestEffort;
        if is_orphaned && skips { facts.published } else { facts.released }
    }
}

fn line(shared: &Shared, private: &Private, allowed: &Allowed, route: usize) -> Result<LineFacts, Wrong> {
    let (known, ring) = (&private.lines[route], &private.town.geometry.rings[route]);
    let head = EndWord::decode(raw(shared, ring.head));
    let tail = EndWord::decode(raw(shared, ring.tail));
    let published = known.published.wrapping_add(u64::from(tail.index.wrapping_sub(known.published as u32)));
    let extra = allowed.message.filter(|(of, _)| *of == route).map(|(_, content)| content);
    let one_more = extra.is_some() && published == known.published + 1;
    if published != known.published && !one_more {
        return Err(format!("tail of {route} stands at {published}, {} were published", known.published));
    }
    let released = known.head.wrapping_add(u64::from(head.index.wrapping_sub(known.head as u32)));
    if released != known.head && !allowed.heads.contains(&(route, released)) {
        return Err(format!("head of {route} stands at {released}, {} were released", known.head));
    }
    let all = known.contents.iter().copied().chain(extra.filter(|_| one_more));
    let contents = all.skip((released - known.head) as usize).collect();
    Ok(LineFacts { head, tail, released, published, contents })
}

/// Compares every word after recovery with what the rules make of the words before it.
pub(crate) fn judge_words(shared: &Shared, private: &Private, facts: &Facts, dead: u32) -> Result<(), Wrong> {
    processes(shared, facts, dead)?;
    let mut named = vec![None; facts.slots.len()];
    for (route, before) in facts.lines.iter().enumerate() {
        ends(shared, private, route, before, dead)?;
        name_slots(shared, private, route, &mut named)?;
    }
    for (slot, &before) in facts.slots.iter().enumerate() {
        let after = raw(shared, private.town.geometry.slot(slot as u32));
        let expected = slot_after(before, named[slot], dead)?;
        if after != expected {
            let shown = [before, expected, after].map(SlotWord::decode);
            return Err(format!("slot {slot} was, must be, is: {shown:?}"));
        }
    }
    Ok(())
}

fn processes(shared: &Shared, facts: &Facts, dead: u32) -> Result<(), Wrong> {
    for (process, &before) in facts.processes.iter().enumerate() {
        let after = raw(shared, shared.geometry.process(process as u16));
        // State in the low 8 bits, epoch above: a dead one's entry is FREE in the next epoch.
        let is_over = dead & bit(process as u16) != 0 && before & 0xff != 0;
        let expected = if is_over { ((before >> 8) + 1) << 8 } else { before };
        if after != expected {
            return Err(format!("entry of process {process}: was {before:#x}, must be {expected:#x}, is {after:#x}"));
        }
    }
    Ok(())
}

fn ends(shared: &Shared, private: &Private, route: usize, before: &LineFacts, dead: u32) -> Result<(), Wrong> {
    let ring = &private.town.geometry.rings[route];
    let left = |end: EndWord| match end.owner {
        Some(owner) if dead & bit(owner.0) != 0 => end.vacated(),
        _ => end,
    };
    let index = private.lines[route].head as u32;
    let expected = [left(before.tail), EndWord { index, ..left(before.head) }];
    let found = [ring.tail, ring.head].map(|at| EndWord::decode(raw(shared, at)));
    if found == expected { Ok(()) } else { Err(format!("ends of {route} must be {expected:?}, are {found:?}")) }
}

/// Collects the generation under which an unreleased cell names each slot.
fn name_slots(shared: &Shared, private: &Private, route: usize, named: &mut [Option<u32>]) -> Result<(), Wrong> {
    if private.town.roads[route].way == Way::Cell {
        return Ok(());
    }
    let (line, ring) = (&private.lines[route], &private.town.geometry.rings[route]);
    for number in line.head..line.published {
        let found = cell(shared, ring, number as u32);
        match named.get_mut(found.slot as usize) {
            Some(place @ None) => *place = Some(found.generation),
            _ => return Err(format!("message {number} of {route} names slot {}, as another does", found.slot)),
        }
    }
    Ok(())
}

/// What a slot's word must be after recovery.
fn slot_after(before: u64, named: Option<u32>, dead: u32) -> Result<u64, Wrong> {
    let Some(word) = SlotWord::decode(before) else { return Err(format!("a slot word of nonsense: {before:#x}")) };
    let is_named = named == Some(word.generation);
    Ok(match word.state {
        SlotState::Held(owner) if dead & bit(owner.0) == 0 => before,
        SlotState::Free if named.is_none() => before,
        SlotState::Free => return Err(format!("a message lies in a free slot of generation {}", word.generation)),
        SlotState::Held(_) | SlotState::Orphan if is_named => SlotWord { state: SlotState::Orphan, ..word }.encode(),
        SlotState::Held(_) | SlotState::Orphan => word.freed().encode(),
    })
}

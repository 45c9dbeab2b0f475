//! What the raw words say at the moment of a crash, and whether that is one of the states the call may leave behind.
//!
//! Read before anybody recovers, so that recovery is judged by what it found and not by what it says.

use vil_core::base::words::{EndWord, Reference, SlotState, SlotWord};
use vil_core::mem::{CELL_REFERENCE, CELL_STAMP, RingGeometry, Shared};
use vil_ir::vocabulary::Delivery;

use crate::memory::read;
use crate::private::{Letter, Private, Wrong, bit};

/// What the interrupted call may have done: one more message, heads that stand elsewhere, a slot that was taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Allowed {
    /// Messages that go into these rings, in this order: each into one ring after the other, and then the next.
    pub(crate) coming: Vec<Coming>,
    /// Head of this route from the one number to the other.
    pub(crate) heads: Vec<(usize, u64, u64)>,
    /// The slot of this message on this route may have changed hands.
    pub(crate) taken: Option<(usize, u64)>,
}

/// What comes into one ring.
#[derive(Debug, Clone)]
pub(crate) struct Coming {
    pub(crate) route: usize,
    /// Messages of the call that the model knows already.
    pub(crate) known: usize,
    /// Those that may have come since.
    pub(crate) letters: Vec<Letter>,
}

impl Coming {
    /// The same letters in several rings.
    pub(crate) fn into(routes: &[usize], letters: &[Letter]) -> Vec<Coming> {
        routes.iter().map(|route| Coming { route: *route, known: 0, letters: letters.to_vec() }).collect()
    }
}

impl Allowed {
    fn head(&self, route: usize, number: u64) -> bool {
        self.heads.iter().any(|(of, low, high)| *of == route && (*low..=*high).contains(&number))
    }
}

/// One route as the raw words say.
#[derive(Debug, Clone)]
pub(crate) struct LineFacts {
    pub(crate) head: EndWord,
    pub(crate) tail: EndWord,
    /// Numbers that the two stand for.
    pub(crate) released: u64,
    pub(crate) published: u64,
    /// The messages in between.
    pub(crate) letters: Vec<Letter>,
    /// Those of them whose slot somebody took.
    pub(crate) lost: Vec<u64>,
}

/// All raw words.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) processes: Vec<u64>,
    pub(crate) slots: Vec<u64>,
    pub(crate) lines: Vec<LineFacts>,
}

/// A word as it is, past the hook: looking is nobody's access.
pub(crate) fn raw(shared: &Shared, offset: u64) -> u64 {
    let word = shared.segment.bytes(offset, 8).cast::<u64>();
    // SAFETY: `bytes` holds the range inside the segment, words lie at multiples of 8, and this thread alone touches it.
    unsafe { word.read() }
}

/// Slot and generation of the cell of an index.
pub(crate) fn cell(shared: &Shared, ring: &RingGeometry, index: u32) -> Reference {
    Reference::decode(raw(shared, ring.cell(index) + CELL_REFERENCE))
}

/// The content that lies in a ring at an index, read by the harness's own hand.
pub(crate) fn content_at(shared: &Shared, private: &Private, route: usize, index: u32) -> Option<u64> {
    let ring = &private.town.geometry.rings[route];
    let offset = match ring.class {
        None => ring.inline(index),
        Some(class) => class.bytes(cell(shared, ring, index).slot)?,
    };
    read(shared.segment.bytes(offset, u64::from(ring.size)))
}

impl Facts {
    /// Reads all words; the error is a state that the interrupted call may not leave behind.
    pub(crate) fn take(shared: &Shared, private: &Private, allowed: &Allowed) -> Result<Facts, Wrong> {
        let geometry = &private.town.geometry;
        let lines = (0..private.lines.len()).map(|route| line(shared, private, allowed, route));
        let lines = lines.collect::<Result<Vec<_>, _>>()?;
        spread(private, allowed, &lines)?;
        Ok(Facts {
            processes: (0..geometry.processes as u16).map(|process| raw(shared, geometry.process(process))).collect(),
            slots: (0..geometry.slots).map(|slot| raw(shared, geometry.slot(slot))).collect(),
            lines,
        })
    }

    /// Brings the model to what these words and these deaths make of it. `shared` says where heads are that wait because
    /// others read what the dead forwarded, and whose entries wait with them.
    pub(crate) fn settle(&self, shared: &Shared, private: &mut Private, dead: u32) {
        private.bury(dead);
        private.zombies = self.pending(shared, dead);
        for (route, facts) in self.lines.iter().enumerate() {
            let head = self.head_after(shared, private, route, dead);
            let line = &mut private.lines[route];
            line.published = facts.published;
            line.letters = facts.letters[(head - facts.released) as usize..].iter().copied().collect();
            line.head = head;
            line.lost = facts.lost.iter().copied().filter(|number| *number >= head).collect();
        }
    }

    /// The same when nobody dies now; those who are dead stay to be recovered.
    pub(crate) fn settle_living(&self, shared: &Shared, private: &mut Private) {
        let zombies = private.zombies;
        self.settle(shared, private, 0);
        private.zombies = zombies;
    }

    /// Which of the dead are not recovered to their end.
    fn pending(&self, shared: &Shared, dead: u32) -> u32 {
        let is_dead = |process: &usize| raw(shared, shared.geometry.process(*process as u16)) & 0xff == DEAD;
        let waiting = (0..self.processes.len()).filter(|process| dead & bit(*process as u16) != 0 && is_dead(process));
        waiting.fold(0, |all, process| all | bit(process as u16))
    }

    /// Where a route's head must stand after the recovery of these dead.
    fn head_after(&self, shared: &Shared, private: &Private, route: usize, dead: u32) -> u64 {
        let facts = &self.lines[route];
        let is_orphaned = facts.head.owner.is_some_and(|owner| dead & bit(owner.0) != 0);
        let skips = private.town.roads[route].delivery == Delivery::BestEffort;
        let waits = EndWord::decode(raw(shared, private.town.geometry.rings[route].head)).owner == facts.head.owner;
        if is_orphaned && skips && !waits { facts.published } else { facts.released }
    }

    /// Routes whose messages unreleased ones of others borrowed, before anybody recovered.
    fn sources(&self) -> u64 {
        let letters = self.lines.iter().flat_map(|line| &line.letters);
        letters.filter_map(|letter| letter.source).fold(0, |all, route| all | 1 << route)
    }
}

/// State of a process entry that is proven dead.
const DEAD: u64 = 2;

fn line(shared: &Shared, private: &Private, allowed: &Allowed, route: usize) -> Result<LineFacts, Wrong> {
    let (known, ring) = (&private.lines[route], &private.town.geometry.rings[route]);
    let head = EndWord::decode(raw(shared, ring.head));
    let tail = EndWord::decode(raw(shared, ring.tail));
    let end = effective_tail(shared, ring, tail.index);
    let published = known.published.wrapping_add(u64::from(end.wrapping_sub(known.published as u32)));
    let coming = allowed.coming.iter().find(|coming| coming.route == route);
    let extra = coming.map_or(&[][..], |coming| &coming.letters);
    let more = published.wrapping_sub(known.published);
    if more > extra.len() as u64 {
        return Err(format!("tail of {route} stands at {published}, {} were published", known.published));
    }
    let released = known.head.wrapping_add(u64::from(head.index.wrapping_sub(known.head as u32)));
    if released != known.head && !allowed.head(route, released) || released > published {
        return Err(format!("head of {route} stands at {released}, {} were released", known.head));
    }
    let all = known.letters.iter().chain(&extra[..more as usize]).copied();
    let letters = all.skip((released - known.head) as usize).collect();
    let lost = lost(shared, private, route, released..published);
    let new = lost.iter().find(|number| !known.lost.contains(number) && allowed.taken != Some((route, **number)));
    match new {
        Some(number) => Err(format!("the slot of message {number} of {route} is somebody else's")),
        None => Ok(LineFacts { head, tail, released, published, letters, lost }),
    }
}

/// Where a ring's published messages end: on from the stored tail over every cell that carries its own index's sequence.
fn effective_tail(shared: &Shared, ring: &RingGeometry, stored: u32) -> u32 {
    let is_published = |index: &u32| raw(shared, ring.cell(*index) + CELL_STAMP) as u32 == index.wrapping_add(1);
    let cells = (0..ring.capacity).map(|step| stored.wrapping_add(step));
    stored.wrapping_add(cells.take_while(is_published).count() as u32)
}

/// Messages whose slot is neither held nor orphaned in the life that their cell names.
fn lost(shared: &Shared, private: &Private, route: usize, numbers: std::ops::Range<u64>) -> Vec<u64> {
    let ring = &private.town.geometry.rings[route];
    let is_lost = |number: &u64| {
        let found = cell(shared, ring, *number as u32);
        let word = SlotWord::decode(raw(shared, private.town.geometry.slot(found.slot)));
        word.is_none_or(|word| word.generation != found.generation || word.state == SlotState::Free)
    };
    if ring.class.is_none() { Vec::new() } else { numbers.filter(is_lost).collect() }
}

/// A message for several rings goes into one after the other, and then the next one does.
fn spread(private: &Private, allowed: &Allowed, lines: &[LineFacts]) -> Result<(), Wrong> {
    let more = |route: usize| lines[route].published - private.lines[route].published;
    let counts: Vec<u64> = allowed.coming.iter().map(|coming| coming.known as u64 + more(coming.route)).collect();
    let (first, last) = (counts.first().copied().unwrap_or(0), counts.last().copied().unwrap_or(0));
    let is_right = counts.is_sorted_by(|a, b| a >= b) && first - last <= 1;
    if is_right { Ok(()) } else { Err(format!("{counts:?} were published, in turn, of {:?}", allowed.coming)) }
}

/// Compares every word after recovery with what the rules make of the words before it.
pub(crate) fn judge_words(shared: &Shared, private: &Private, facts: &Facts, dead: u32) -> Result<(), Wrong> {
    processes(shared, private, facts, dead)?;
    let mut named = vec![None; facts.slots.len()];
    for (route, before) in facts.lines.iter().enumerate() {
        ends(shared, private, route, before, dead)?;
        name_slots(shared, private, route, &mut named)?;
    }
    for (slot, &before) in facts.slots.iter().enumerate() {
        let after = raw(shared, private.town.geometry.slot(slot as u32));
        let expected = slot_after(before, named[slot].map(|(generation, _)| generation), dead)?;
        if after != expected {
            let shown = [before, expected, after].map(SlotWord::decode);
            return Err(format!("slot {slot} was, must be, is: {shown:?}"));
        }
    }
    Ok(())
}

/// Routes whose head names a process.
fn heads_of(facts: &Facts, process: u16) -> u64 {
    let is_named = |line: &LineFacts| line.head.owner.is_some_and(|owner| owner.0 == process);
    let routes = facts.lines.iter().enumerate().filter(|(_, line)| is_named(line));
    routes.fold(0, |all, (route, _)| all | 1 << route)
}

fn processes(shared: &Shared, private: &Private, facts: &Facts, dead: u32) -> Result<(), Wrong> {
    for (process, &before) in facts.processes.iter().enumerate() {
        let after = raw(shared, shared.geometry.process(process as u16));
        // State in the low 8 bits, epoch above: a dead one's entry is FREE in the next epoch.
        let is_over = dead & bit(process as u16) != 0 && before & 0xff != 0;
        let recycled = if is_over { ((before >> 8) + 1) << 8 } else { before };
        let waiting = before & !0xff | DEAD;
        let heads = heads_of(facts, process as u16);
        // It must wait while others read what it forwarded, and may where they did when recovery began.
        let must_wait = is_over && heads & private.sources() != 0;
        let may_wait = is_over && heads & facts.sources() != 0;
        let is_right = if must_wait { after == waiting } else { after == recycled || may_wait && after == waiting };
        if !is_right {
            return Err(format!("entry of process {process}: was {before:#x}, must be {recycled:#x}, is {after:#x}"));
        }
    }
    Ok(())
}

fn ends(shared: &Shared, private: &Private, route: usize, before: &LineFacts, dead: u32) -> Result<(), Wrong> {
    let ring = &private.town.geometry.rings[route];
    let is_dead = |end: EndWord| end.owner.is_some_and(|owner| dead & bit(owner.0) != 0);
    let left = |end: EndWord| if is_dead(end) { end.vacated() } else { end };
    let index = private.lines[route].head as u32;
    let found = [ring.tail, ring.head].map(|at| EndWord::decode(raw(shared, at)));
    let waits = is_dead(before.head) && found[1].owner.is_some();
    let head = if waits { before.head } else { EndWord { index, ..left(before.head) } };
    // A dead one's tail is moved behind all that it published.
    let tail = if is_dead(before.tail) { before.published as u32 } else { before.tail.index };
    let expected = [EndWord { index: tail, ..left(before.tail) }, head];
    let is_read = private.sources() >> route & 1 != 0;
    if is_dead(before.head) && is_read && !waits {
        return Err(format!("head of {route} was vacated although others read what came by it"));
    }
    if found == expected { Ok(()) } else { Err(format!("ends of {route} must be {expected:?}, are {found:?}")) }
}

/// A slot's generation, and the content in it.
type Named = Option<(u32, u64)>;

/// Collects the generation under which an unreleased cell names each slot. Two cells may name one slot where they carry
/// the same message.
fn name_slots(shared: &Shared, private: &Private, route: usize, named: &mut [Named]) -> Result<(), Wrong> {
    let (line, ring) = (&private.lines[route], &private.town.geometry.rings[route]);
    if ring.class.is_none() {
        return Ok(());
    }
    for (number, letter) in (line.head..).zip(&line.letters).filter(|(number, _)| !line.lost.contains(number)) {
        let found = cell(shared, ring, number as u32);
        let here = (found.generation, letter.content);
        match named.get_mut(found.slot as usize) {
            Some(place) if place.is_none_or(|there| there == here) => *place = Some(here),
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

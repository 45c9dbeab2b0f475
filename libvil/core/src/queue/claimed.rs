//! Floor 4: the second kind of ring, whose cells are claimed: for several processes at either end, and for producers
//! that may take the oldest message back.
//!
//! Truth lies in the cells. Each goes through Empty, Writing, Full and the next lap's Empty, by CAS, and never back; so
//! whoever sees a word may act on it, and acts in vain when it is not true any more. Head and tail are hints: they only
//! rise, by CAS, and whoever sees that one lags moves it. It knows no slot and no process table; what lies in a full
//! cell is the business of those above.

use std::cmp::Ordering;

use vil_ir::vocabulary::QueueKind;

use crate::base::atomic::TRIES;
use crate::base::crash::mutant;
use crate::base::words::{Claim, ClaimWord, EndWord, PresenceWord, ProcessId};
use crate::mem::{CELL_THIRD, COUNT, GATE, RingGeometry, Shared};
use crate::queue::{NOBODY, Side, Taken};

/// A cell as an index finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its word.
    pub word: ClaimWord,
    /// Is it of an earlier lap than the index, of its own, or of a later one?
    pub lap: Ordering,
}

/// Where the next message is appended (tail), or the first that may still be there (head); it may lag.
#[inline]
pub fn hint(shared: &Shared, ring: &RingGeometry, side: Side) -> u64 {
    shared.segment.word(side.offset(ring)).load("claimed.hint")
}

/// Looks at the cell of an index; `None` is nonsense.
#[inline]
pub fn look(shared: &Shared, ring: &RingGeometry, index: u64) -> Option<Seen> {
    let word = ClaimWord::decode(shared.segment.word(ring.cell(index as u32)).load("claimed.cell"))?;
    Some(Seen { word, lap: word.against(index, ring.capacity) })
}

/// Does the cell of an index still say this?
#[inline]
pub fn still(shared: &Shared, ring: &RingGeometry, index: u64, word: ClaimWord) -> bool {
    shared.segment.word(ring.cell(index as u32)).load("claimed.cell") == word.encode()
}

/// Empty -> Writing(me), by one CAS: the cell is ours to write, and every later one waits for it to be claimed.
#[inline]
pub fn claim(shared: &Shared, ring: &RingGeometry, index: u64, empty: ClaimWord, me: ProcessId) -> bool {
    let writing = ClaimWord { claim: Claim::Writing(me), ..empty };
    change(shared, ring, index, empty, writing, "claimed.claim")
}

/// Writing(me) -> Full(me), by a plain store, because the cell names us; then tail moves.
///
/// A crash before leaves a cell that recovery gives up; right after it the message is published, and whoever appends
/// next moves tail.
#[inline]
pub fn fill(shared: &Shared, ring: &RingGeometry, index: u64, me: ProcessId) {
    let full = ClaimWord::new(index, ring.capacity, Claim::Full(me));
    shared.segment.word(ring.cell(index as u32)).store(full.encode(), "claimed.fill");
    pass_tail(shared, ring, index);
}

/// Moves tail over an index whose cell was claimed. In vain when somebody else did.
#[inline]
pub fn pass_tail(shared: &Shared, ring: &RingGeometry, index: u64) {
    // A lost race is won by whoever moved it.
    let _ = shared.segment.word(ring.tail).cas(index, index.wrapping_add(1), "claimed.tail");
}

/// This word -> the next lap's Empty. False when the cell had changed before.
#[inline]
pub fn clear(shared: &Shared, ring: &RingGeometry, index: u64, word: ClaimWord) -> bool {
    if mutant("claimed_clear_without_look") {
        let emptied = word.emptied(ring.capacity).encode();
        shared.segment.word(ring.cell(index as u32)).store(emptied, "claimed.clear");
        return true;
    }
    change(shared, ring, index, word, word.emptied(ring.capacity), "claimed.clear")
}

/// Writing of the dead -> the next lap's Empty: no message of this index will ever come. Counted, so that the count of
/// published messages is right.
pub fn give_up(shared: &Shared, ring: &RingGeometry, position: u32, writing: ClaimWord) -> bool {
    let index = writing.lap.wrapping_add(u64::from(position));
    let mut next = writing.emptied(ring.capacity);
    if mutant("claimed_give_up_in_the_same_lap") {
        next = ClaimWord { claim: Claim::Empty, ..writing };
    }
    let changed = change(shared, ring, index, writing, next, "claimed.give_up");
    if changed {
        shared.segment.word(ring.tail + COUNT).add(1, "claimed.void");
    }
    changed
}

/// Moves head over cells that are over, beginning where the caller saw it; `known` of them the caller knows of.
#[inline]
pub fn pass_head(shared: &Shared, ring: &RingGeometry, head: u64, known: u64) {
    let mut head = head;
    let mut known = known;
    // Again when somebody moved it meanwhile, who may have looked before the cell behind it was over. It is a hint: when
    // it lags all the same, the next one moves it.
    for _ in 0..2 {
        let next = head.wrapping_add(known);
        let more = (0..u64::from(ring.capacity)).take_while(|step| is_over(shared, ring, next.wrapping_add(*step)));
        let end = next.wrapping_add(more.count() as u64);
        if end == head {
            return;
        }
        match shared.segment.word(ring.head).cas(head, end, "claimed.head") {
            Ok(()) => return,
            Err(now) => (head, known) = (now, 0),
        }
    }
}

/// Has the cell of an index been taken or given up?
fn is_over(shared: &Shared, ring: &RingGeometry, index: u64) -> bool {
    look(shared, ring, index).is_some_and(|seen| seen.lap == Ordering::Greater)
}

/// Can head, tail and the cells be those of one ring? Head is read first and tail last, and all of them only rise, so a
/// living ring never looks wrong.
pub fn is_sound(shared: &Shared, ring: &RingGeometry) -> bool {
    let head = hint(shared, ring, Side::Head);
    let cells: Vec<_> = (0..u64::from(ring.capacity)).map(|step| look(shared, ring, head.wrapping_add(step))).collect();
    let tail = hint(shared, ring, Side::Tail);
    let is_sound = |seen: &Option<Seen>| {
        // None behind head is of an earlier lap, and none was claimed beyond tail, where one may be just claimed; what was
        // cleared waits for the lap after its last message.
        seen.is_some_and(|seen| {
            let ahead = match seen.word.claim {
                Claim::Empty => u64::from(ring.capacity),
                Claim::Writing(_) | Claim::Full(_) => 0,
            };
            let latest = ClaimWord::new(tail.wrapping_add(ahead), ring.capacity, Claim::Empty).lap;
            seen.lap != Ordering::Less && seen.word.against(latest, ring.capacity) != Ordering::Greater
        })
    };
    // Head may lead: who took the message of the last cell moves it, also where tail lags.
    head <= tail.wrapping_add(1) && cells.iter().all(is_sound)
}

/// The word that says where a message lies; true of the cell only as long as its first word stays.
#[inline]
pub fn reference(shared: &Shared, ring: &RingGeometry, index: u64) -> u64 {
    shared.segment.word(ring.cell(index as u32) + CELL_THIRD).load("claimed.reference")
}

/// Messages that ever passed an end: published at the tail; taken, dropped or skipped at the head. What a dead producer
/// claimed and did not publish counts for neither, once it was recovered.
pub fn passed(shared: &Shared, ring: &RingGeometry, side: Side) -> u64 {
    let void = shared.segment.word(ring.tail + COUNT).load("claimed.void");
    let head = hint(shared, ring, Side::Head);
    if side == Side::Head {
        return head.saturating_sub(void);
    }
    let tail = hint(shared, ring, Side::Tail).max(head);
    // Tail lags by one cell at most: nobody claims the next one before it has moved.
    let lags = match look(shared, ring, tail) {
        Some(seen) => seen.lap == Ordering::Greater || seen.lap == Ordering::Equal && seen.word.claim != Claim::Empty,
        None => false,
    };
    tail.wrapping_add(u64::from(lags)).saturating_sub(void)
}

/// Messages that lie in the ring.
pub fn depth(shared: &Shared, ring: &RingGeometry) -> u32 {
    let is_full = |position: &u32| {
        let seen = look(shared, ring, u64::from(*position));
        seen.is_some_and(|seen| matches!(seen.word.claim, Claim::Full(_)))
    };
    (0..ring.capacity).filter(is_full).count() as u32
}

#[inline]
fn change(
    shared: &Shared,
    ring: &RingGeometry,
    index: u64,
    from: ClaimWord,
    to: ClaimWord,
    site: &'static str,
) -> bool {
    shared.segment.word(ring.cell(index as u32)).cas(from.encode(), to.encode(), site).is_ok()
}

/// Enters an end: alone where the ring is for one at each end, else beside others. An end that somebody keeps changing is
/// nonsense.
pub fn enter(shared: &Shared, ring: &RingGeometry, side: Side, me: ProcessId) -> Result<(), Taken> {
    if ring.kind == QueueKind::Mpmc {
        join(shared, ring, side, me)?;
    }
    pass_gate(shared, ring, side, me).inspect_err(|_| {
        if ring.kind == QueueKind::Mpmc {
            // Ours alone, so that the end can be opened again when the gate makes sense again.
            leave(shared, ring, side, me, || true);
        }
    })
}

/// Counts us at the gate, and holds it where the ring is for one at each end.
fn pass_gate(shared: &Shared, ring: &RingGeometry, side: Side, me: ProcessId) -> Result<(), Taken> {
    for _ in 0..TRIES {
        let found = gate(shared, ring, side);
        let opened = match (found.owner, ring.kind) {
            (Some(owner), _) => return Err(Taken::OwnedBy(owner)),
            (None, QueueKind::Mpmc) => found.opened(me).vacated(),
            (None, QueueKind::Spsc) => found.opened(me),
        };
        if gate_change(shared, ring, side, found, opened, "claimed.gate") {
            return Ok(());
        }
    }
    Err(Taken::OwnedBy(NOBODY))
}

/// Sets our bit among those who hold an end.
fn join(shared: &Shared, ring: &RingGeometry, side: Side, me: ProcessId) -> Result<(), Taken> {
    let word = shared.segment.word(presence(ring, side, me));
    for _ in 0..TRIES {
        let found = PresenceWord::decode(word.load("claimed.presence"));
        if found.names(me) {
            return Err(Taken::OwnedBy(me));
        }
        if word.cas(found.encode(), flipped(found, me).encode(), "claimed.enter").is_ok() {
            return Ok(());
        }
    }
    Err(Taken::OwnedBy(NOBODY))
}

/// Leaves an end, or makes the dead leave it: `may` is asked between each look and its CAS. True when this call did it.
pub fn leave(shared: &Shared, ring: &RingGeometry, side: Side, who: ProcessId, may: impl Fn() -> bool) -> bool {
    if ring.kind == QueueKind::Spsc {
        let found = gate(shared, ring, side);
        return found.owner == Some(who)
            && may()
            && gate_change(shared, ring, side, found, found.vacated(), "claimed.vacate");
    }
    let word = shared.segment.word(presence(ring, side, who));
    for _ in 0..TRIES {
        let found = PresenceWord::decode(word.load("claimed.presence"));
        if !found.names(who) || !may() {
            return false;
        }
        if word.cas(found.encode(), flipped(found, who).encode(), "claimed.leave").is_ok() {
            return true;
        }
    }
    false
}

/// The processes that hold an end. A process may come or go while they are listed.
pub fn present<'a>(shared: &'a Shared, ring: &'a RingGeometry, side: Side) -> impl Iterator<Item = ProcessId> + 'a {
    let alone = if ring.kind == QueueKind::Spsc { gate(shared, ring, side).owner } else { None };
    let words = if ring.kind == QueueKind::Mpmc { shared.geometry.processes as u16 } else { 0 };
    let many = (0..words).step_by(PresenceWord::PROCESSES.into()).flat_map(move |first| {
        let at = presence(ring, side, ProcessId(first));
        let found = PresenceWord::decode(shared.segment.word(at).load("claimed.presence"));
        (first..first + PresenceWord::PROCESSES).map(ProcessId).filter(move |process| found.names(*process))
    });
    alone.into_iter().chain(many)
}

/// The word that counts the owners of an end, and names its one owner where it has one.
pub fn gate(shared: &Shared, ring: &RingGeometry, side: Side) -> EndWord {
    EndWord::decode(shared.segment.word(side.offset(ring) + GATE).load("claimed.gate"))
}

fn gate_change(
    shared: &Shared,
    ring: &RingGeometry,
    side: Side,
    from: EndWord,
    to: EndWord,
    site: &'static str,
) -> bool {
    shared.segment.word(side.offset(ring) + GATE).cas(from.encode(), to.encode(), site).is_ok()
}

fn flipped(found: PresenceWord, who: ProcessId) -> PresenceWord {
    let next = found.flipped(who);
    if mutant("claimed_presence_without_changes") { PresenceWord { changes: found.changes, ..next } } else { next }
}

/// Offset of the presence word of a process.
fn presence(ring: &RingGeometry, side: Side, process: ProcessId) -> u64 {
    let of_side = match side {
        Side::Tail => ring.presence[0],
        Side::Head => ring.presence[1],
    };
    of_side + u64::from(process.0 / PresenceWord::PROCESSES) * 8
}

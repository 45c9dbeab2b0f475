//! The oracle: after a death and its recovery, are the books right, does every ring work, and is every slot there?

use std::cell::RefCell;
use std::cmp::Ordering;

use vil_core::base::words::{Claim, ProcState, ProcessId, Reference, SlotState};
use vil_core::heap;
use vil_core::mem::{RingGeometry, Shared};
use vil_core::queue::{Side as QueueSide, claimed};
use vil_core::registry;

use super::act::{Act, End};
use super::plan::PROCESSES;
use super::troupe::{Cast, Troupe, dropped, is_whole, perform};
use crate::memory::poison;
use crate::private::{Tokens, Wrong, bit};

/// Judges a segment on which somebody has just recovered everybody who was dead. `turn` varies what survivors do next.
pub(super) fn judge(shared: &Shared, mut troupe: Troupe, dead: u32, turn: u64) -> Result<(), Wrong> {
    words(shared, &troupe, dead)?;
    troupe.zombies = 0;
    let cast = RefCell::new(troupe);
    let newcomer = newcomer(&cast.borrow(), dead)?;
    perform(shared, &cast, Act::Attach(newcomer))?;
    poison_pool(shared, newcomer)?;
    whole(shared, &cast.borrow())?;
    let rings = cast.borrow().rings.len();
    // The ring behind is emptied first, so that what comes forward finds room.
    for ring in (0..rings).rev() {
        exchange(shared, &cast, ring, newcomer, turn)?;
    }
    for ring in 0..rings {
        balance(shared, &cast.borrow(), ring)?;
    }
    whole(shared, &cast.borrow())?;
    goodbye(shared, &cast, turn)
}

/// Nothing names the dead any more.
fn words(shared: &Shared, troupe: &Troupe, dead: u32) -> Result<(), Wrong> {
    let is_gone = |process: ProcessId| process.0 >= PROCESSES || !troupe.lives(process.0);
    for (number, ring) in shared.geometry.rings.iter().enumerate() {
        for position in 0..ring.capacity {
            let Some(seen) = claimed::look(shared, ring, u64::from(position)) else {
                return Err(format!("cell {position} of {number} is nonsense"));
            };
            if let Claim::Writing(who) = seen.word.claim {
                return Err(format!("cell {position} of {number} is being written by {who:?}, and nobody writes"));
            }
        }
        for (side, there) in [
            (QueueSide::Tail, troupe.rings[number].outs.keys().copied().collect::<Vec<_>>()),
            (QueueSide::Head, troupe.rings[number].ins.keys().copied().collect()),
        ] {
            let named: Vec<u16> = claimed::present(shared, ring, side).map(|process| process.0).collect();
            if named != there {
                return Err(format!("{side:?} of {number} names {named:?}, and {there:?} are there"));
            }
        }
    }
    for slot in 0..shared.geometry.slots {
        match heap::state(shared, slot).map(|word| word.state) {
            Some(SlotState::Held(owner)) if is_gone(owner) => return Err(format!("slot {slot} is held by {owner:?}")),
            None => return Err(format!("slot {slot} is nonsense")),
            _ => {}
        }
    }
    for process in (0..PROCESSES).filter(|process| dead & bit(*process) != 0) {
        if registry::state(shared, ProcessId(process)).state != ProcState::Free && !troupe.lives(process) {
            return Err(format!("the entry of {process} is not free"));
        }
    }
    Ok(())
}

/// Somebody new, in the entry of a dead one if there is one.
fn newcomer(troupe: &Troupe, dead: u32) -> Result<u16, Wrong> {
    let nobody = |process: &u16| !troupe.lives(*process);
    let of_dead = (0..PROCESSES).filter(nobody).find(|process| dead & bit(*process) != 0);
    of_dead.or_else(|| (0..PROCESSES).find(nobody)).ok_or_else(|| "no entry is free".into())
}

/// The newcomer takes every free slot, overwrites it and gives it back.
fn poison_pool(shared: &Shared, newcomer: u16) -> Result<(), Wrong> {
    let slots = take_pool(shared, newcomer);
    for slot in &slots {
        let class = &shared.geometry.classes[0];
        let Some(offset) = class.bytes(slot.index) else { return Err("a slot outside of its class".into()) };
        poison(shared, offset, u64::from(class.stride));
    }
    match slots.into_iter().all(|slot| heap::give_back(shared, ProcessId(newcomer), slot)) {
        true => Ok(()),
        false => Err("a slot just taken cannot be given back".into()),
    }
}

fn take_pool(shared: &Shared, process: u16) -> Vec<heap::Slot> {
    let mut slots = Vec::new();
    for class in &shared.geometry.classes {
        heap::acquire(shared, ProcessId(process), class, class.count, &mut 0, &mut slots);
    }
    slots
}

/// Every loan and every message in hand still holds what was written.
fn whole(shared: &Shared, troupe: &Troupe) -> Result<(), Wrong> {
    for side in &troupe.rings {
        let loans = side.outs.values().flat_map(|out| &out.loans);
        let held = side.ins.values().flat_map(|inp| &inp.held);
        if !loans.chain(held).all(|in_hand| is_whole(shared, in_hand)) {
            return Err("what somebody has in hand was overwritten".into());
        }
    }
    Ok(())
}

/// Somebody who consumes, or produces: one of the living in turn, else the newcomer.
fn player(shared: &Shared, cast: &Cast, ring: usize, newcomer: u16, end: End, turn: u64) -> Result<u16, Wrong> {
    let there: Vec<u16> = match end {
        End::Producing => cast.borrow().rings[ring].outs.keys().copied().collect(),
        End::Consuming => cast.borrow().rings[ring].ins.keys().copied().collect(),
    };
    let may_enter = there.is_empty() || !(cast.borrow().sort.is_exclusive() && ring == 0);
    if there.is_empty() || may_enter && turn.is_multiple_of(3) && !there.contains(&newcomer) {
        perform(shared, cast, Act::Enter(newcomer, ring, end))?;
        return Ok(newcomer);
    }
    Ok(there[turn as usize % there.len()])
}

/// Both ends work: what lay in the ring comes out, then as many messages as it has cells go in and come out.
fn exchange(shared: &Shared, cast: &Cast, ring: usize, newcomer: u16, turn: u64) -> Result<(), Wrong> {
    let is_room = has_room(shared, ring);
    if turn.is_multiple_of(5) && is_room {
        let producer = player(shared, cast, ring, newcomer, End::Producing, turn)?;
        send(shared, cast, ring, producer)?;
    }
    let consumer = player(shared, cast, ring, newcomer, End::Consuming, turn)?;
    drain(shared, cast, ring, consumer, turn)?;
    let producer = player(shared, cast, ring, newcomer, End::Producing, turn / 2)?;
    let rounds = if turn.is_multiple_of(4) { u64::from(shared.geometry.rings[ring].capacity) } else { 1 };
    for _ in 0..rounds {
        send(shared, cast, ring, producer)?;
    }
    drain(shared, cast, ring, consumer, turn)?;
    let left = claimed::depth(shared, &shared.geometry.rings[ring]);
    if left == 0 { Ok(()) } else { Err(format!("ring {ring}: {left} messages do not come out")) }
}

/// Is the message of one lap before gone from the cell that comes next? Found by the harness's own hand.
fn has_room(shared: &Shared, number: usize) -> bool {
    let ring = &shared.geometry.rings[number];
    let tail = claimed::hint(shared, ring, QueueSide::Tail);
    let next = |index: u64| claimed::look(shared, ring, index).is_some_and(|seen| seen.lap != Ordering::Less);
    // Tail lags where a producer died before it moved it.
    let index = (tail..tail + 2).find(|index| !is_claimed(shared, ring, *index)).unwrap_or(tail);
    if next(index) {
        return true;
    }
    let found = Reference::decode(claimed::reference(shared, ring, index));
    let slot = heap::state(shared, found.slot.min(shared.geometry.slots.saturating_sub(1)));
    ring.class.is_some() && slot.is_some_and(|slot| slot.generation != found.generation)
}

fn is_claimed(shared: &Shared, ring: &RingGeometry, index: u64) -> bool {
    let seen = claimed::look(shared, ring, index);
    seen.is_some_and(|seen| {
        seen.lap == Ordering::Greater || seen.lap == Ordering::Equal && seen.word.claim != Claim::Empty
    })
}

/// Publishes one message in a ring that has room.
fn send(shared: &Shared, cast: &Cast, ring: usize, producer: u16) -> Result<(), Wrong> {
    let loans = cast.borrow().rings[ring].outs[&producer].loans.len();
    if loans == 0 && !perform(shared, cast, Act::Loan(producer, ring))? {
        return Err(format!("ring {ring}: the pool is short"));
    }
    match perform(shared, cast, Act::Publish(producer, ring, 0))? {
        true => Ok(()),
        false => Err(format!("ring {ring} is full although it has room")),
    }
}

/// Receives and releases until nothing is left.
fn drain(shared: &Shared, cast: &Cast, ring: usize, consumer: u16, turn: u64) -> Result<(), Wrong> {
    loop {
        let held = cast.borrow().rings[ring].ins[&consumer].held.len();
        for left in (1..=held).rev() {
            let at = if turn.is_multiple_of(2) { 0 } else { left - 1 };
            perform(shared, cast, Act::Release(consumer, ring, at))?;
        }
        if !perform(shared, cast, Act::Receive(consumer, ring))? {
            return Ok(());
        }
    }
}

/// The books: what is neither delivered nor counted as dropped was in the hands of a call that died.
fn balance(shared: &Shared, troupe: &Troupe, ring: usize) -> Result<(), Wrong> {
    let side = &troupe.rings[ring];
    let missing = side.entries.iter().filter(|entry| entry.is_published && !entry.is_delivered);
    let (missing, counted) = (missing.count() as u64, dropped(shared, ring));
    // An attempt that died and was then dropped is counted, and the books never knew that it was published.
    let maybe = side.entries.iter().filter(|entry| !entry.is_published && !entry.is_delivered).count() as u64;
    if missing + maybe < counted || missing > counted + side.interrupted {
        let interrupted = side.interrupted;
        return Err(format!("ring {ring}: {missing} messages are missing, {counted} were dropped, {interrupted} died"));
    }
    let capacity = u64::from(shared.geometry.rings[ring].capacity);
    // The youngest of a ring are never dropped; each call that died may have lost one of them.
    let is_lost = |at: usize| side.entries[at].is_published && !side.entries[at].is_delivered;
    let youngest = side.entries.len().saturating_sub(capacity.saturating_sub(1) as usize)..side.entries.len();
    let young = youngest.filter(|at| is_lost(*at)).count() as u64;
    if young > side.interrupted {
        return Err(format!("ring {ring}: {young} of the youngest messages were dropped"));
    }
    let found = claimed::passed(shared, &shared.geometry.rings[ring], QueueSide::Tail);
    let most = side.entries.len() as u64;
    let published = side.entries.iter().filter(|entry| entry.is_published || entry.is_delivered).count() as u64;
    let since = found.wrapping_sub(troupe.past());
    if since < published || since > most + side.interrupted {
        return Err(format!("ring {ring}: {since} messages are counted, {published} to {most} were published"));
    }
    Ok(())
}

/// Everybody leaves; one recovery and one sweep later all slots are in the pool, and can be taken.
fn goodbye(shared: &Shared, cast: &Cast, turn: u64) -> Result<(), Wrong> {
    if turn.is_multiple_of(2) {
        let rings = cast.borrow().rings.len();
        for ring in 0..rings {
            let outs: Vec<u16> = cast.borrow().rings[ring].outs.keys().copied().collect();
            let ins: Vec<u16> = cast.borrow().rings[ring].ins.keys().copied().collect();
            for who in outs {
                perform(shared, cast, Act::Close(who, ring, End::Producing))?;
            }
            for who in ins {
                perform(shared, cast, Act::Close(who, ring, End::Consuming))?;
            }
        }
    }
    for process in 0..PROCESSES {
        if cast.borrow().lives(process) {
            perform(shared, cast, Act::Leave(process))?;
        }
    }
    registry::recover_all(shared, &Tokens(0));
    let audit = registry::audit(shared);
    let slots = u64::from(shared.geometry.slots);
    if (audit.slots, audit.free, audit.processes) != (slots, slots, 0) || audit.leaked != 0 {
        return Err(format!("everybody has left and {audit:?}"));
    }
    let taken = take_pool(shared, 0).len() as u64;
    if taken == slots { Ok(()) } else { Err(format!("{taken} of {slots} slots can be taken")) }
}

//! The oracle: after a crash and its recovery, is everything that should be there, and nothing else?
//!
//! Words first; then a newcomer poisons every free slot and all that is borrowed or unreleased must be whole; then
//! replacements exchange messages on every route; then everybody leaves and every slot must be in the pool.

use vil_core::base::words::ProcessId;
use vil_core::heap;
use vil_core::mem::Shared;
use vil_core::queue::{self, Side};
use vil_core::registry;

use crate::facts::{Facts, content_at, judge_words};
use crate::memory::{poison, read};
use crate::private::{Private, Tokens, Wrong, bit};
use crate::stage::Stage;
use crate::town::PROCESSES;

/// Judges a segment on which somebody has just recovered `dead`. `turn` varies what the survivors do next.
pub(crate) fn judge(shared: &Shared, mut private: Private, facts: &Facts, dead: u32, turn: u64) -> Result<(), Wrong> {
    facts.settle(&mut private, dead);
    judge_words(shared, &private, facts, dead)?;
    counts(shared, &private)?;
    let mut stage = Stage::new(shared, &mut private);
    let newcomer = newcomer(&stage, dead)?;
    poison_pool(&mut stage, newcomer)?;
    whole(&stage)?;
    for route in 0..stage.private.lines.len() {
        exchange(&mut stage, route, newcomer, turn)?;
    }
    goodbye(&mut stage, turn)
}

/// Published and released counts are exact, whatever the crash came between.
fn counts(shared: &Shared, private: &Private) -> Result<(), Wrong> {
    for (line, ring) in private.lines.iter().zip(&private.town.geometry.rings) {
        let found = [Side::Tail, Side::Head].map(|side| queue::passed(shared, ring, side));
        if found != [line.published, line.head] {
            return Err(format!("counts must be {:?}, are {found:?}", [line.published, line.head]));
        }
    }
    Ok(())
}

/// Somebody new, in the entry of a dead one if there is one.
fn newcomer(stage: &Stage<'_>, dead: u32) -> Result<u16, Wrong> {
    let nobody = |process: &u16| !stage.private.lives(*process);
    let of_dead = (0..PROCESSES).filter(nobody).find(|process| dead & bit(*process) != 0);
    of_dead.or_else(|| (0..PROCESSES).find(nobody)).ok_or_else(|| "no entry is free".into())
}

/// The newcomer attaches, takes every free slot, overwrites it and gives it back.
fn poison_pool(stage: &mut Stage<'_>, newcomer: u16) -> Result<(), Wrong> {
    stage.private.tokens |= bit(newcomer);
    stage.attach(newcomer)?;
    let slots = stage.take_pool(newcomer);
    for slot in &slots {
        let class = &stage.shared.geometry.classes[0];
        let Some(offset) = class.bytes(slot.index) else { return Err("a slot outside of its class".into()) };
        poison(stage.shared, offset, u64::from(class.stride));
    }
    match slots.into_iter().all(|slot| heap::give_back(stage.shared, ProcessId(newcomer), slot)) {
        true => Ok(()),
        false => Err("a slot just taken cannot be given back".into()),
    }
}

/// Every unreleased message and every loan in hand still holds what was written.
fn whole(stage: &Stage<'_>) -> Result<(), Wrong> {
    for (route, line) in stage.private.lines.iter().enumerate() {
        for (number, content) in (line.head..).zip(&line.contents) {
            if content_at(stage.shared, stage.private, route, number as u32) != Some(*content) {
                return Err(format!("message {number} of {route} was overwritten by a newcomer"));
            }
        }
        for loan in line.out.iter().flat_map(|out| &out.loans) {
            let Some(offset) = loan.offset else { continue };
            if read(stage.shared.segment.bytes(offset, 8)) != Some(loan.content) {
                return Err(format!("a loan on {route} was overwritten by a newcomer"));
            }
        }
    }
    Ok(())
}

/// Both ends work, at the hands of survivors or of the newcomer: what lay in the ring comes out, then new messages do.
fn exchange(stage: &mut Stage<'_>, route: usize, newcomer: u16, turn: u64) -> Result<(), Wrong> {
    if stage.private.lines[route].inp.is_none() {
        stage.open_in(newcomer, route)?;
    }
    drain(stage, route, turn)?;
    if stage.private.lines[route].out.is_none() {
        stage.open_out(newcomer, route)?;
    }
    let rounds = if turn.is_multiple_of(8) { stage.private.town.roads[route].capacity + 1 } else { 2 };
    for _ in 0..rounds {
        if loans(stage, route) == 0 && !stage.loan(route)? {
            return Err(format!("route {route}: the pool is short although nothing is in use"));
        }
        if !stage.publish(route, 0)? {
            drain(stage, route, turn)?;
            stage.publish(route, 0)?;
        }
    }
    drain(stage, route, turn)?;
    let line = &stage.private.lines[route];
    if line.head == line.published { Ok(()) } else { Err(format!("route {route}: not all messages came out")) }
}

fn loans(stage: &Stage<'_>, route: usize) -> usize {
    stage.private.lines[route].out.as_ref().map_or(0, |out| out.loans.len())
}

fn held(stage: &Stage<'_>, route: usize) -> usize {
    stage.private.lines[route].inp.as_ref().map_or(0, |inp| inp.held.len())
}

/// Receives and releases until nothing is left; messages in hand are released first, the last one first every other time.
pub(crate) fn drain(stage: &mut Stage<'_>, route: usize, turn: u64) -> Result<(), Wrong> {
    while held(stage, route) > 0 {
        let position = if turn & 1 == 0 { 0 } else { held(stage, route) - 1 };
        stage.release(route, position)?;
    }
    while stage.receive(route)? {
        stage.release(route, 0)?;
    }
    Ok(())
}

/// Everybody leaves; one recovery and one sweep later all slots are in the pool, and can be taken.
fn goodbye(stage: &mut Stage<'_>, turn: u64) -> Result<(), Wrong> {
    if turn & 2 == 0 {
        for route in 0..stage.private.lines.len() {
            stage.close_out(route);
            stage.close_in(route);
        }
    }
    for process in (0..PROCESSES).filter(|process| stage.private.lives(*process)).collect::<Vec<_>>() {
        stage.leave(process);
    }
    registry::recover_all(stage.shared, &Tokens(0));
    let audit = registry::audit(stage.shared);
    let slots = u64::from(stage.shared.geometry.slots);
    if (audit.slots, audit.free, audit.processes) != (slots, slots, 0) || audit.leaked != 0 {
        return Err(format!("everybody has left and {audit:?}"));
    }
    let taken = stage.take_pool(0).len() as u64;
    if taken == slots { Ok(()) } else { Err(format!("{taken} of {slots} slots can be taken")) }
}

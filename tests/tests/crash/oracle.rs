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
use crate::town::{PROCESSES, Way};

/// Judges a segment on which somebody has just recovered `dead`. `turn` varies what the survivors do next.
pub(crate) fn judge(shared: &Shared, mut private: Private, facts: &Facts, dead: u32, turn: u64) -> Result<(), Wrong> {
    facts.settle(shared, &mut private, dead);
    judge_words(shared, &private, facts, dead)?;
    counts(shared, &private)?;
    let mut stage = Stage::new(shared, &mut private);
    let newcomer = newcomer(&stage, dead)?;
    poison_pool(&mut stage, newcomer)?;
    whole(&stage)?;
    unblock(&mut stage, newcomer, turn)?;
    // Downstream first: what was lent comes back from there.
    for route in (0..stage.private.lines.len()).rev() {
        exchange(&mut stage, route, newcomer, turn)?;
    }
    goodbye(&mut stage, turn)
}

/// Where entries of the dead wait for readers of what they forwarded: those read on, and the entries are recovered.
fn unblock(stage: &mut Stage<'_>, newcomer: u16, turn: u64) -> Result<(), Wrong> {
    if stage.private.zombies == 0 {
        return Ok(());
    }
    for route in (0..stage.private.lines.len()).rev() {
        if stage.private.lines[route].letters.iter().any(|letter| letter.source.is_some()) {
            take_over(stage, route, newcomer)?;
            drain(stage, route, turn)?;
        }
    }
    stage.recover()?;
    let waiting = stage.private.zombies;
    if waiting == 0 { Ok(()) } else { Err(format!("{waiting:#b} wait, although nobody reads what they forwarded")) }
}

/// The newcomer consumes where nobody does.
fn take_over(stage: &mut Stage<'_>, route: usize, newcomer: u16) -> Result<(), Wrong> {
    let line = &stage.private.lines[route];
    if line.inp.as_ref().is_some_and(|inp| inp.lingers) {
        return comes_back(stage, route, newcomer);
    }
    if line.inp.is_none() && !stage.open_in(newcomer, route)? {
        return Err(format!("the consuming end of {route} is somebody else's"));
    }
    Ok(())
}

/// An end that lingers is closed when what is lent has come back, and can be opened again.
fn comes_back(stage: &mut Stage<'_>, route: usize, newcomer: u16) -> Result<(), Wrong> {
    stage.close_in(route)?;
    if stage.private.lines[route].inp.is_some() {
        return Err(format!("{route} lingers although all that was lent is released"));
    }
    stage.open_in(newcomer, route).map(drop)
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
    let nobody = |process: &u16| !stage.private.lives(*process) && stage.private.zombies & bit(*process) == 0;
    let of_dead = (0..PROCESSES).filter(nobody).find(|process| dead & bit(*process) != 0);
    of_dead.or_else(|| (0..PROCESSES).find(nobody)).ok_or_else(|| "no entry is free".into())
}

/// The newcomer attaches, takes every free slot, overwrites it and gives it back.
fn poison_pool(stage: &mut Stage<'_>, newcomer: u16) -> Result<(), Wrong> {
    stage.private.tokens |= bit(newcomer);
    stage.attach(newcomer)?;
    let slots = stage.take_pool(newcomer);
    for slot in &slots {
        let classes = stage.shared.geometry.classes.iter();
        let place = classes.filter_map(|class| Some((class.bytes(slot.index)?, class.stride))).next();
        let Some((offset, stride)) = place else { return Err("a slot outside of every class".into()) };
        poison(stage.shared, offset, u64::from(stride));
    }
    match slots.into_iter().all(|slot| heap::give_back(stage.shared, ProcessId(newcomer), slot)) {
        true => Ok(()),
        false => Err("a slot just taken cannot be given back".into()),
    }
}

/// Every unreleased message and every loan in hand still holds what was written.
fn whole(stage: &Stage<'_>) -> Result<(), Wrong> {
    for (route, line) in stage.private.lines.iter().enumerate() {
        for (number, letter) in (line.head..).zip(&line.letters).filter(|(number, _)| !line.lost.contains(number)) {
            if content_at(stage.shared, stage.private, route, number as u32) != Some(letter.content) {
                return Err(format!("message {number} of {route} was overwritten by a newcomer"));
            }
        }
        let loans = line.out.iter().flat_map(|out| out.loans.iter().chain(&out.kept));
        let loans = loans.map(|loan| (loan.offset, loan.content, "a loan"));
        let held = line.inp.iter().flat_map(|inp| &inp.held);
        let held = held.map(|taken| (taken.offset, taken.letter.content, "a message in hand"));
        for (offset, content, what) in loans.chain(held) {
            let Some(offset) = offset else { continue };
            if read(stage.shared.segment.bytes(offset, 8)) != Some(content) {
                return Err(format!("{what} on {route} was overwritten by a newcomer"));
            }
        }
    }
    Ok(())
}

/// Both ends work, at the hands of survivors or of the newcomer: what lay in the ring comes out, then new messages do.
fn exchange(stage: &mut Stage<'_>, route: usize, newcomer: u16, turn: u64) -> Result<(), Wrong> {
    let port = stage.private.town.port(route);
    for route in &port {
        take_over(stage, *route, newcomer)?;
        drain(stage, *route, turn)?;
    }
    if stage.private.out(route).is_none() {
        stage.open_out(newcomer, route)?;
    }
    let capacity = port.iter().map(|route| stage.private.town.roads[*route].capacity).max().unwrap_or(0);
    let rounds = if turn.is_multiple_of(8) { capacity + 1 } else { 2 };
    for _ in 0..rounds {
        if loans(stage, route) == 0 && !borrow(stage, route)? {
            return Err(format!("route {route}: the pool is short although nothing is in use"));
        }
        if !stage.publish(route, 0, false)? {
            port.iter().try_for_each(|route| drain(stage, *route, turn))?;
            stage.publish(route, 0, false)?;
        }
    }
    for route in port {
        drain(stage, route, turn)?;
        let line = &stage.private.lines[route];
        if line.head != line.published {
            return Err(format!("route {route}: not all messages came out"));
        }
    }
    Ok(())
}

/// A loan; kept messages are let go of where they use up what the end may hold.
fn borrow(stage: &mut Stage<'_>, route: usize) -> Result<bool, Wrong> {
    while stage.private.out(route).is_some_and(|out| !out.kept.is_empty()) {
        stage.unkeep(route, 0)?;
    }
    stage.loan(route)
}

fn loans(stage: &Stage<'_>, route: usize) -> usize {
    stage.private.out(route).map_or(0, |out| out.loans.len())
}

fn held(stage: &Stage<'_>, route: usize) -> usize {
    stage.private.lines[route].inp.as_ref().map_or(0, |inp| inp.held.len())
}

/// Receives and releases until nothing is left; messages in hand are released first, the last one first every other time.
pub(crate) fn drain(stage: &mut Stage<'_>, route: usize, turn: u64) -> Result<(), Wrong> {
    while held(stage, route) > 0 {
        let position = if turn & 1 == 0 { 0 } else { held(stage, route) - 1 };
        let_go(stage, route, position, turn)?;
    }
    while stage.receive(route)? {
        let_go(stage, route, 0, turn)?;
    }
    stage.settle(route)
}

/// Ends a message in hand: a taken one is used, but for one in four.
fn let_go(stage: &mut Stage<'_>, route: usize, position: usize, turn: u64) -> Result<(), Wrong> {
    let is_taken = stage.private.town.roads[route].way == Way::Once;
    if is_taken && turn & 3 != 3 { stage.consume(route, position) } else { stage.release(route, position) }
}

/// Everybody leaves; one recovery and one sweep later all slots are in the pool, and can be taken.
fn goodbye(stage: &mut Stage<'_>, turn: u64) -> Result<(), Wrong> {
    if turn & 2 == 0 {
        for route in 0..stage.private.lines.len() {
            stage.close_out(route);
            stage.close_in(route)?;
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

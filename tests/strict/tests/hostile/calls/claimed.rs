//! The calls of claimed rings' ends.

use vil_core::exchange::Refusal;
use vil_ir::vocabulary::Transfer;

use crate::calls::{NOBODY, nothing, ticket};
use crate::guests::{Answer, Guests, name};
use crate::judge::{is_size, misplaced, touch};

pub(super) fn loan(guests: &mut Guests) -> Answer {
    let Some((ground, random, giver, _)) = guests.giver(|_| true) else { return NOBODY };
    let loan = match giver.end.loan(ground) {
        Ok(loan) => loan,
        Err(refusal) => return Ok(name(refusal)),
    };
    let ring = giver.end.ring();
    if let Some(wrong) = misplaced(ground, ring, loan.data, ring.class.is_some()) {
        return Err(format!("a loan at {wrong}"));
    }
    touch(ground, loan.data, loan.size, Some(random.next_word()));
    giver.loans.push(loan);
    Ok("ok")
}

/// A loan is published, dropped or given back, or a slot that was taken elsewhere is pushed.
pub(super) fn publish(guests: &mut Guests) -> Answer {
    let found = guests.giver(|giver| !giver.loans.is_empty());
    let Some((ground, random, giver, slots)) = found else { return NOBODY };
    if random.once_in(6) {
        let Some(&slot) = slots.last() else { return NOBODY };
        return Ok(match giver.end.push_slot(ground, slot) {
            Ok(()) => {
                slots.pop();
                "pushed"
            }
            Err(refusal) => name(refusal),
        });
    }
    let Some(at) = ticket(random, giver.loans.len()) else {
        return nothing(giver.end.publish(ground, random.next_word()));
    };
    let ticket = giver.loans[at].ticket;
    let answer = match random.below(8) {
        0 => giver.end.discard(ticket),
        1 => giver.end.drop_newest(ground, ticket),
        _ => giver.end.publish(ground, ticket),
    };
    match answer {
        Ok(()) => giver.loans.swap_remove(at),
        Err(refusal) => return Ok(name(refusal)),
    };
    Ok("ok")
}

pub(super) fn receive(guests: &mut Guests) -> Answer {
    let Some((ground, _, taker, _)) = guests.taker(|_| true) else { return NOBODY };
    let message = match taker.end.receive(ground) {
        Ok(message) => message,
        Err(refusal) => return Ok(name(refusal)),
    };
    let ring = taker.end.ring();
    if let Some(wrong) = misplaced(ground, ring, message.data, ring.transfer != Transfer::Copy) {
        return Err(format!("a message at {wrong}"));
    }
    if !is_size(ground, ring, message.data, message.size) {
        return Err(format!("a message of {} bytes", message.size));
    }
    touch(ground, message.data, message.size, None);
    taker.held.push(message);
    let most = ring.consumer_loans as usize;
    if taker.held.len() > most {
        Err(format!("{} messages in hand, {most} are allowed", taker.held.len()))
    } else {
        Ok("ok")
    }
}

pub(super) fn consume(guests: &mut Guests) -> Answer {
    let slots = guests.ground.geometry.slots;
    let found = guests.taker(|taker| !taker.held.is_empty());
    let Some((ground, random, taker, taken)) = found else { return NOBODY };
    let Some(at) = ticket(random, taker.held.len()) else {
        return nothing(taker.end.consume(ground, random.next_word()));
    };
    let ticket = taker.held[at].ticket;
    let answer = match random.below(3) {
        0 => taker.end.release(ground, ticket),
        1 => taker.end.consume(ground, ticket),
        _ => taker.end.take_slot(ticket).map(|slot| taken.push(slot)),
    };
    if taken.last().is_some_and(|slot| slot.index >= slots) {
        return Err(format!("{:?} of {slots}", taken.last()));
    }
    match answer {
        Ok(()) | Err(Refusal::Unconsumed) => taker.held.swap_remove(at),
        Err(Refusal::Mode) => return Ok("mode"),
        other => return Err(format!("a message that was held: {other:?}")),
    };
    Ok("ok")
}

pub(super) fn peers(guests: &mut Guests) -> Answer {
    if let Some((ground, _, giver, _)) = guests.giver(|_| true) {
        giver.end.peer(ground);
        giver.end.others(ground, &mut |_| {});
        giver.end.held_up_by(ground);
        giver.end.published(ground);
        if giver.end.has_room(ground).is_err() {
            return Ok("corrupt");
        }
    }
    let Some((ground, _, taker, _)) = guests.taker(|_| true) else { return NOBODY };
    taker.end.peer(ground);
    taker.end.others(ground, &mut |_| {});
    taker.end.released(ground);
    Ok(if taker.end.is_ready(ground) { "ready" } else { "ok" })
}

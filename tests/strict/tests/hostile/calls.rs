//! Every call of the runtime's inner floors, made once by somebody and judged. Private state is never nonsense, so a ticket
//! of nothing is refused, and what was loaned or received is where it may be.

mod claimed;

use std::mem::MaybeUninit;

use vil_core::base::index::depth;
use vil_core::base::limits::TRAIL_ENTRIES;
use vil_core::exchange::{Forward, Refusal};
use vil_core::mem::Shared;
use vil_core::queue::{self, Side};
use vil_core::registry::trail::Cursor;
use vil_core::registry::{self, Identity, Outcome};
use vil_core::stats;
use vil_ir::vocabulary::Transfer;

use crate::guests::{Answer, Guests, In, Out, name};
use crate::judge::{Reach, is_size, misplaced, touch};

/// A call of the library.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) name: &'static str,
    /// How often it is made, beside the others.
    pub(crate) weight: u32,
    pub(crate) reach: Reach,
    pub(crate) make: fn(&mut Guests) -> Answer,
}

const fn call(name: &'static str, weight: u32, reach: Reach, make: fn(&mut Guests) -> Answer) -> Call {
    Call { name, weight, reach, make }
}

/// All of them.
pub(crate) const CALLS: &[Call] = &[
    call("open_out", 6, Reach::Settled, Guests::open_out),
    call("open_in", 6, Reach::Settled, Guests::open_in),
    call("loan", 12, Reach::Ring, loan),
    call("publish", 14, Reach::Ring, publish),
    call("publish_many", 6, Reach::Ring, publish_many),
    call("send_inside", 8, Reach::Rounds, send_inside),
    call("keep", 6, Reach::Ring, keep),
    call("end_reading", 3, Reach::Ring, end_reading),
    call("answer", 6, Reach::Ring, answer),
    call("consume", 5, Reach::Ring, consume),
    call("take_slot", 5, Reach::Ring, take_slot),
    call("push_slot", 6, Reach::Ring, push_slot),
    call("forward", 14, Reach::Ring, forward),
    call("claimed_loan", 10, Reach::Ring, claimed::loan),
    call("claimed_publish", 10, Reach::Rounds, claimed::publish),
    call("claimed_receive", 12, Reach::Rounds, claimed::receive),
    call("claimed_consume", 10, Reach::Ring, claimed::consume),
    call("claimed_peers", 2, Reach::World, claimed::peers),
    call("discard", 3, Reach::Ring, discard),
    call("drop_newest", 2, Reach::Ring, drop_newest),
    call("has_room", 3, Reach::Ring, has_room),
    call("receive", 14, Reach::Ring, receive),
    call("release", 12, Reach::Ring, release),
    call("release_many", 5, Reach::Ring, release_many),
    call("read", 8, Reach::Rounds, read),
    call("is_ready", 3, Reach::Rounds, is_ready),
    call("agree", 4, Reach::World, agree),
    call("doze", 3, Reach::Ring, doze),
    call("peer", 2, Reach::Ring, peer),
    call("close_out", 2, Reach::Ring, Guests::close_out),
    call("close_in", 2, Reach::Ring, Guests::close_in),
    call("die", 1, Reach::Ring, Guests::die),
    call("claim", 3, Reach::Ring, claim),
    call("leave", 1, Reach::Recovery, leave),
    call("recover", 2, Reach::Recovery, recover),
    call("recover_all", 1, Reach::Recovery, recover_all),
    call("sweep", 1, Reach::World, sweep),
    call("audit", 1, Reach::Settled, audit),
    call("info", 1, Reach::Settled, info),
    call("snapshot", 1, Reach::Settled, snapshot),
    call("holdings", 1, Reach::World, holdings),
    call("trail", 1, Reach::Trail, read_trail),
];

fn has_loans(out: &Out) -> bool {
    !out.loans.is_empty()
}

fn has_message(inp: &In) -> bool {
    !inp.held.is_empty()
}

fn takes(inp: &In) -> bool {
    inp.end.ring().transfer == Transfer::ConsumeOnce
}

/// Where nobody is, nothing is called.
const NOBODY: Answer = Ok("nobody");

fn loan(guests: &mut Guests) -> Answer {
    let Some((ground, random, out)) = guests.out(|_| true) else { return NOBODY };
    let loan = match out.end.loan(ground) {
        Ok(loan) => loan,
        Err(refusal) => return Ok(name(refusal)),
    };
    let ring = out.end.ring();
    if let Some(wrong) = misplaced(ground, ring, loan.data, ring.class.is_some()) {
        return Err(format!("a loan at {wrong}"));
    }
    if loan.size != ring.size || ring.class.is_some_and(|class| class.bytes(loan.slot).is_none()) {
        return Err(format!("a loan of {} bytes in slot {}", loan.size, loan.slot));
    }
    touch(ground, loan.data, loan.size, Some(random.next_word()));
    out.loans.push(loan);
    Ok("ok")
}

/// One of the tickets, or one of nothing.
fn ticket(random: &mut vil_strict::random::Random, held: usize) -> Option<usize> {
    (held > 0 && !random.once_in(16)).then(|| random.below(held as u64) as usize)
}

fn publish(guests: &mut Guests) -> Answer {
    let Some((ground, random, out)) = guests.out(has_loans) else { return NOBODY };
    let Some(at) = ticket(random, out.loans.len()) else {
        return nothing(out.end.publish(ground, random.next_word()));
    };
    match out.end.publish(ground, out.loans[at].ticket) {
        Ok(()) => out.loans.swap_remove(at),
        Err(refusal) => return Ok(name(refusal)),
    };
    Ok("ok")
}

/// All loans at once, now and then behind a ticket of nothing.
fn publish_many(guests: &mut Guests) -> Answer {
    let Some((ground, random, out)) = guests.out(has_loans) else { return NOBODY };
    let wrong = random.once_in(16).then(|| random.next_word());
    let tickets: Vec<u64> = wrong.into_iter().chain(out.loans.iter().map(|loan| loan.ticket)).collect();
    let batch = out.end.publish_many(ground, tickets.iter().copied());
    match (wrong, batch.answer) {
        (Some(_), Err(Refusal::Ticket | Refusal::Corrupt | Refusal::Mode)) if batch.done == 0 => Ok("ticket"),
        (None, Ok(())) if batch.done == tickets.len() => {
            out.loans.clear();
            Ok("ok")
        }
        (None, Err(refusal)) if batch.done < tickets.len() => {
            out.loans.drain(..batch.done);
            Ok(name(refusal))
        }
        _ => Err(format!("{} tickets: {batch:?}", tickets.len())),
    }
}

/// More messages than a ring has cells, from bytes of our own.
fn send_inside(guests: &mut Guests) -> Answer {
    let Some((ground, random, out)) = guests.out(Out::is_inside) else { return NOBODY };
    let (size, capacity) = (out.end.ring().size as usize, out.end.ring().capacity as usize);
    let bytes = vec![random.next_word() as u8; size * (capacity + 1)];
    let first = out.end.send_inside_at_once(ground, &bytes[..size]);
    if first == Some(true) {
        out.end.follow_up(ground);
    }
    let done = out.end.send_inside(ground, &bytes[size..]);
    match (first, done) {
        (Some(_), _) | (_, 1..) if !out.is_inside() => Err("sent inside cells where messages lie in slots".into()),
        (_, done) if done > capacity => Err(format!("{done} messages in {capacity} cells")),
        (None, 0) => Ok("full"),
        _ => Ok("ok"),
    }
}

fn keep(guests: &mut Guests) -> Answer {
    let Some((ground, random, out)) = guests.out(|out| has_loans(out) && out.end.ring().transfer == Transfer::LoanRead)
    else {
        return NOBODY;
    };
    let Some(at) = ticket(random, out.loans.len()) else { return NOBODY };
    match out.end.keep(ground, out.loans[at].ticket) {
        Ok(()) => out.kept.push(out.loans.swap_remove(at)),
        Err(refusal) => return Ok(name(refusal)),
    }
    Ok("ok")
}

fn end_reading(guests: &mut Guests) -> Answer {
    let Some((ground, random, out)) = guests.out(|out| !out.kept.is_empty()) else { return NOBODY };
    let Some(at) = ticket(random, out.kept.len()) else { return nothing(out.end.release(random.next_word())) };
    let loan = out.kept.swap_remove(at);
    touch(ground, loan.data, loan.size, None);
    match out.end.release(loan.ticket) {
        Ok(()) => Ok("ok"),
        Err(Refusal::Corrupt) => Ok("corrupt"),
        other => Err(format!("a message that was kept: {other:?}")),
    }
}

fn answer(guests: &mut Guests) -> Answer {
    let Some((ground, random, out)) = guests.out(|out| has_loans(out) && out.end.ring().answers.is_some()) else {
        return NOBODY;
    };
    let Some(at) = ticket(random, out.loans.len()) else { return NOBODY };
    let request = out.end.ring().answers.unwrap_or(random.below(16) as u32);
    match out.end.answer(ground, out.loans[at].ticket, request, random.next_word()) {
        Ok(()) => out.loans.swap_remove(at),
        Err(refusal) => return Ok(name(refusal)),
    };
    Ok("ok")
}

/// A ticket of nothing ends nothing.
fn nothing(answer: Result<(), Refusal>) -> Answer {
    match answer {
        Err(Refusal::Ticket | Refusal::Corrupt) => Ok("ticket"),
        other => Err(format!("a ticket of nothing: {other:?}")),
    }
}

fn discard(guests: &mut Guests) -> Answer {
    let Some((_, random, out)) = guests.out(has_loans) else { return NOBODY };
    let Some(at) = ticket(random, out.loans.len()) else { return nothing(out.end.discard(random.next_word())) };
    match out.end.discard(out.loans.swap_remove(at).ticket) {
        Ok(()) => Ok("ok"),
        Err(Refusal::Corrupt) => Ok("corrupt"),
        other => Err(format!("a loan that was held: {other:?}")),
    }
}

fn drop_newest(guests: &mut Guests) -> Answer {
    let Some((ground, random, out)) = guests.out(has_loans) else { return NOBODY };
    let Some(at) = ticket(random, out.loans.len()) else {
        return nothing(out.end.drop_newest(ground, random.next_word()));
    };
    match out.end.drop_newest(ground, out.loans.swap_remove(at).ticket) {
        Ok(()) => Ok("ok"),
        Err(Refusal::Corrupt) => Ok("corrupt"),
        other => Err(format!("a loan that was held: {other:?}")),
    }
}

fn has_room(guests: &mut Guests) -> Answer {
    let Some((ground, _, out)) = guests.out(|_| true) else { return NOBODY };
    Ok(match out.end.has_room(ground) {
        Ok(true) => "ok",
        Ok(false) => "full",
        Err(refusal) => name(refusal),
    })
}

fn receive(guests: &mut Guests) -> Answer {
    let Some((ground, _, inp)) = guests.inp(|_| true) else { return NOBODY };
    let message = match inp.end.receive(ground) {
        Ok(message) => message,
        Err(refusal) => return Ok(name(refusal)),
    };
    let ring = inp.end.ring();
    if let Some(wrong) = misplaced(ground, ring, message.data, ring.transfer != Transfer::Copy) {
        return Err(format!("a message at {wrong}"));
    }
    if !is_size(ground, ring, message.data, message.size) {
        return Err(format!("a message of {} bytes", message.size));
    }
    touch(ground, message.data, message.size, None);
    inp.held.push(message);
    let most = ring.consumer_loans as usize;
    if inp.held.len() > most {
        Err(format!("{} messages in hand, {most} are allowed", inp.held.len()))
    } else {
        Ok("ok")
    }
}

fn release(guests: &mut Guests) -> Answer {
    let Some((ground, random, inp)) = guests.inp(has_message) else { return NOBODY };
    let Some(at) = ticket(random, inp.held.len()) else {
        return nothing(inp.end.release(ground, random.next_word()));
    };
    let takes = inp.end.ring().transfer == Transfer::ConsumeOnce;
    match inp.end.release(ground, inp.held.swap_remove(at).ticket) {
        Ok(()) if !takes => Ok("ok"),
        Err(Refusal::Unconsumed) if takes => Ok("unconsumed"),
        refusal => Err(format!("a message that was held: {refusal:?}")),
    }
}

/// All messages in hand, the last one first, and one of them twice.
fn release_many(guests: &mut Guests) -> Answer {
    let Some((ground, random, inp)) = guests.inp(|inp| has_message(inp) && !takes(inp)) else { return NOBODY };
    if !has_message(inp) || takes(inp) {
        return NOBODY;
    }
    let twice = random.once_in(8).then(|| inp.held[0].ticket);
    let tickets: Vec<u64> = inp.held.iter().rev().map(|message| message.ticket).chain(twice).collect();
    let batch = inp.end.release_many(ground, tickets.iter().copied());
    match (twice, batch.answer) {
        (None, Ok(())) | (Some(_), Err(Refusal::Ticket)) if batch.done == inp.held.len() => {
            inp.held.clear();
            Ok("ok")
        }
        _ => Err(format!("{} tickets: {batch:?}", tickets.len())),
    }
}

/// All that is there is copied out: no more than asked for, and not a byte behind that.
fn read(guests: &mut Guests) -> Answer {
    let Some((ground, random, inp)) = guests.inp(|_| true) else { return NOBODY };
    let size = inp.end.ring().size as usize;
    let count = 1 + random.below(2 * u64::from(inp.end.ring().capacity)) as usize;
    let mut bytes = vec![MaybeUninit::new(0xa5u8); size * (count + 1)];
    let first = inp.end.read_at_once(ground, &mut bytes[..size]);
    if first == Some(Some(true)) {
        inp.end.wake(ground);
    }
    let done = inp.end.read_many(ground, &mut bytes[size..size * count], size);
    // SAFETY: they were all written at first.
    let is_touched = bytes[size * count..].iter().any(|byte| unsafe { byte.assume_init() } != 0xa5);
    match (first, done) {
        (_, done) if done >= count || is_touched => {
            Err(format!("{done} of {count} messages, more touched: {is_touched}"))
        }
        (Some(Some(_)), _) | (_, 1..) => Ok("ok"),
        (Some(None), 0) => Ok("empty"),
        (None, 0) => Ok("more to do"),
    }
}

/// A message of consume_once is used, or its slot is taken out; elsewhere there is no such call.
fn consume(guests: &mut Guests) -> Answer {
    let Some((ground, random, inp)) = guests.inp(|inp| has_message(inp) && takes(inp)) else { return NOBODY };
    let Some(at) = ticket(random, inp.held.len()) else {
        return nothing(inp.end.consume(ground, random.next_word()));
    };
    let takes = inp.end.ring().transfer == Transfer::ConsumeOnce;
    match inp.end.consume(ground, inp.held[at].ticket) {
        Ok(()) if takes => inp.held.swap_remove(at),
        Err(Refusal::Mode) if !takes => return Ok("mode"),
        other => return Err(format!("a message that was held: {other:?}")),
    };
    Ok("ok")
}

fn take_slot(guests: &mut Guests) -> Answer {
    let slots = guests.ground.geometry.slots;
    let Some((_, random, inp)) = guests.inp(|inp| has_message(inp) && takes(inp)) else { return NOBODY };
    let Some(at) = ticket(random, inp.held.len()) else { return NOBODY };
    let slot = match inp.end.take_slot(inp.held[at].ticket) {
        Ok(slot) => slot,
        Err(refusal) => return Ok(name(refusal)),
    };
    inp.held.swap_remove(at);
    guests.slots.push(slot);
    if slot.index < slots { Ok("ok") } else { Err(format!("slot {} of {slots}", slot.index)) }
}

fn push_slot(guests: &mut Guests) -> Answer {
    let Some((ground, out, slots)) = guests.with_slots() else { return NOBODY };
    let Some(&slot) = slots.last() else { return NOBODY };
    match out.end.push_slot(ground, slot) {
        Ok(()) => _ = slots.pop(),
        Err(refusal) => return Ok(name(refusal)),
    }
    Ok("ok")
}

/// What a world does to pass a message on: as its own where it was taken, else borrowed.
fn forward(guests: &mut Guests) -> Answer {
    let Some((ground, inp, out, random)) = guests.both() else { return NOBODY };
    let Some(at) = ticket(random, inp.held.len()) else { return NOBODY };
    let ticket = inp.held[at].ticket;
    let (slot, how) = match inp.end.forwardable(ticket) {
        Ok(found) => found,
        Err(refusal) => return Ok(name(refusal)),
    };
    let passed = match how {
        Forward::Taken => out.end.push_slot(ground, slot).and_then(|()| inp.end.take_slot(ticket).map(drop)),
        Forward::Borrowed => {
            let (from, to) = (inp.end.route(), out.end.routes().next().unwrap_or(0));
            out.end.lend_on(ground, slot, from).and_then(|index| inp.end.lend(ground, ticket, to, index))
        }
    };
    match passed {
        Ok(()) => inp.held.swap_remove(at),
        Err(refusal) => return Ok(name(refusal)),
    };
    Ok("ok")
}

fn is_ready(guests: &mut Guests) -> Answer {
    let Some((ground, _, inp)) = guests.inp(|_| true) else { return NOBODY };
    Ok(if inp.end.is_ready(ground) { "ok" } else { "empty" })
}

/// A wait ends when something is ready, and waits on when it cannot be received after all: the two must agree before long,
/// or it never ends.
fn agree(guests: &mut Guests) -> Answer {
    let is_quiet = guests.is_quiet;
    if let Some((ground, _, taker, _)) = guests.taker(|_| true) {
        let disagrees = |_| taker.end.is_ready(ground) && taker.end.receive(ground) == Err(Refusal::Empty);
        if (0..4).all(disagrees) && is_quiet {
            return Err(format!("route {} is ready and empty", taker.end.route()));
        }
    }
    let Some((ground, _, inp)) = guests.inp(|_| true) else { return NOBODY };
    let disagrees = |_| inp.end.is_ready(ground) && inp.end.receive(ground) == Err(Refusal::Empty);
    if (0..4).all(disagrees) && is_quiet {
        return Err(format!("route {} is ready and empty", inp.end.route()));
    }
    Ok("ok")
}

/// All that is done around a sleep, but for the sleep.
fn doze(guests: &mut Guests) -> Answer {
    let route = guests.route();
    let ring = &guests.ground.geometry.rings[route];
    let at = *guests.random.pick(&[ring.producer_flag, ring.consumer_flag]);
    let reasons = 1 + guests.random.below(3) as u32;
    let announced = guests.ground.announce(at, reasons, "wait.announce");
    let flag = guests.ground.segment.flag(at);
    if guests.random.once_in(3) {
        flag.bump("cancel");
    }
    flag.withdraw(announced, reasons, "wait.withdraw");
    Ok(if flag.standing(announced, "wait.look").is_some() { "ok" } else { "woken" })
}

fn peer(guests: &mut Guests) -> Answer {
    if let Some((ground, _, out)) = guests.out(|_| true) {
        out.end.peer(ground, 0);
    }
    let Some((ground, _, inp)) = guests.inp(|_| true) else { return NOBODY };
    inp.end.peer(ground);
    Ok("ok")
}

fn claim(guests: &mut Guests) -> Answer {
    let process = guests.process();
    let identity = Identity {
        pid: 1,
        since_ns: 1,
        name: "a name of more than sixty-four bytes, which is where an entry cuts it off",
    };
    Ok(if registry::claim(&guests.ground, process, identity) { "ok" } else { "taken" })
}

fn leave(guests: &mut Guests) -> Answer {
    let process = guests.process();
    registry::leave(&guests.ground, process);
    Ok("ok")
}

fn recover(guests: &mut Guests) -> Answer {
    let (process, rumour) = (guests.process(), guests.rumour());
    Ok(match registry::recover(&guests.ground, &rumour, process) {
        Outcome::Free => "free",
        Outcome::Alive => "alive",
        Outcome::Recovered(_) => "ok",
        Outcome::Pending => "pending",
    })
}

fn recover_all(guests: &mut Guests) -> Answer {
    let rumour = guests.rumour();
    let recovered = registry::recover_all(&guests.ground, &rumour);
    let most = guests.ground.geometry.processes;
    if recovered > most { Err(format!("{recovered} of {most} processes recovered")) } else { Ok("ok") }
}

fn sweep(guests: &mut Guests) -> Answer {
    let (swept, most) = (registry::sweep(&guests.ground), guests.ground.geometry.slots);
    if swept > most { Err(format!("{swept} of {most} slots swept")) } else { Ok("ok") }
}

fn audit(guests: &mut Guests) -> Answer {
    let audit = registry::audit(&guests.ground);
    let sum = audit.free + audit.held + audit.retained + audit.leaked;
    let plausible = audit.slots == sum
        && audit.slots == u64::from(guests.ground.geometry.slots)
        && audit.processes <= guests.ground.geometry.processes;
    if plausible { Ok("ok") } else { Err(format!("{audit:?}")) }
}

fn info(guests: &mut Guests) -> Answer {
    let process = guests.process();
    let info = registry::info(&guests.ground, process);
    // A byte that is no UTF-8 becomes a character of three.
    if info.name.len() <= 3 * 64 { Ok("ok") } else { Err(format!("a name of {} bytes", info.name.len())) }
}

fn snapshot(guests: &mut Guests) -> Answer {
    let route = guests.route();
    let shared: &Shared = &guests.ground;
    let ring = &shared.geometry.rings[route];
    let ends =
        [Side::Head, Side::Tail].map(|side| (queue::passed(shared, ring, side), queue::end(shared, ring, side).index));
    let shown = depth(ends[0].1, ends[1].1, ring.capacity);
    let histogram = stats::histogram(shared, ring);
    let quantiles = [500, 990, 999].map(|part| stats::quantile(&histogram, part, 1000));
    stats::skipped(shared, ring);
    stats::refused(shared, ring);
    registry::living(shared);
    registry::recoveries(shared);
    let plausible = shown.is_none_or(|depth| depth <= ring.capacity) && quantiles.is_sorted();
    if plausible { Ok("ok") } else { Err(format!("depth {shown:?}, quantiles {quantiles:?}")) }
}

fn holdings(guests: &mut Guests) -> Answer {
    let (process, route) = (guests.process(), guests.route());
    let held: u64 = registry::slots_held(&guests.ground).iter().map(|count| u64::from(*count)).sum();
    registry::ends_held(&guests.ground, process, route);
    registry::certificate(&guests.ground, process);
    let most = u64::from(guests.ground.geometry.slots);
    if held <= most { Ok("ok") } else { Err(format!("{held} of {most} slots are held")) }
}

/// Reads the whole trail, from the beginning or from anywhere.
fn read_trail(guests: &mut Guests) -> Answer {
    let next = if guests.random.once_in(2) { 0 } else { guests.random.next_word() };
    let mut cursor = Cursor { next, missed: 0 };
    let most = TRAIL_ENTRIES * 2;
    let read = std::iter::from_fn(|| cursor.read(&guests.ground)).take(most as usize + 1).count() as u64;
    if read <= most { Ok("ok") } else { Err(format!("{read} events in a trail of {TRAIL_ENTRIES}")) }
}

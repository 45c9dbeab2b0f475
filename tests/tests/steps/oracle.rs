//! The oracle: somebody died, and this is the twin of what was left. Is everything there, and nothing else?
//!
//! The world is found whole or not at all; recovery leaks nothing; a newcomer overwrites every free slot, and then every
//! message that was published and not released comes out once, in order and whole; replacements exchange messages on every
//! lane; and when everybody has left, every slot of every class can be taken.

use std::path::Path;
use std::sync::Arc;

use vil_core::base::error::Fault;
use vil_core::exchange::{Loan, Message};
use vil_core::heap;
use vil_core::sys::file::RuntimeDir;
use vil_core::world::{Contract, Received, Receiver, Sender, Stop, World};
use vil_ir::plan::{Plan, RoutePlan};
use vil_ir::vocabulary::{Backpressure, Delivery, QueueKind, Transfer};

use crate::diary::{Page, Pages};

/// Lanes of `modes.yaml` by which messages of other lanes are passed on.
const RELAYS: [(&str, &str); 2] = [("passed", "relayed"), ("onward", "thrown")];

/// What is wrong.
pub(crate) type Wrong = String;

/// No role: it may open every end.
const NOBODY: Contract<'static> = Contract { process: None, ports: &[] };

/// Why a world was found, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is whole, and all is well.
    Whole,
    /// There is none, and nothing was promised.
    Nothing,
}

/// Judges the twin in a directory by the plan of its worlds and the diary of the victim.
pub(crate) fn judge(dir: &Path, plan: &Plan, pages: &Pages) -> Result<Verdict, Wrong> {
    let place = RuntimeDir::open(Some(dir)).map_err(|error| error.to_string())?;
    let keeper = match World::open(&place, "steps", &NOBODY) {
        Ok(keeper) => keeper,
        Err(error) if error.fault == Fault::NotFound => return nothing(dir, pages),
        Err(error) => return Err(format!("it cannot be opened: {error}")),
    };
    recovered(&keeper)?;
    poison(&keeper)?;
    let lanes = plan.routes.iter().zip(&pages.0).enumerate();
    for (lane, (route, page)) in lanes.clone() {
        delivered(&keeper, lane, route, page).map_err(|wrong| format!("lane {lane}: {wrong}"))?;
    }
    for (lane, (_, page)) in lanes {
        exchanged(&keeper, plan, lane, page).map_err(|wrong| format!("lane {lane}: {wrong}"))?;
    }
    all_can_be_taken(&keeper)?;
    Ok(Verdict::Whole)
}

/// A victim that died before its world was whole leaves nothing, not half a file.
fn nothing(dir: &Path, pages: &Pages) -> Result<Verdict, Wrong> {
    let left = std::fs::read_dir(dir).map_err(|error| error.to_string())?.count();
    match left == 0 && *pages == Pages::empty() {
        true => Ok(Verdict::Nothing),
        false => Err(format!("there is no world, {left} files, and {pages:?}")),
    }
}

/// Opening has recovered all dead: nobody holds anything, nothing is leaked.
fn recovered(keeper: &World) -> Result<(), Wrong> {
    let audit = keeper.audit();
    match (audit.leaked, audit.held, audit.processes) {
        (0, 0, 1) => Ok(()),
        _ => Err(format!("after recovery {audit:?}")),
    }
}

/// Takes every free slot, overwrites it and gives it back: a message in a slot that was freed too early does not survive.
fn poison(keeper: &World) -> Result<(), Wrong> {
    let (shared, me) = (keeper.shared(), keeper.me());
    for class in &shared.geometry.classes {
        let mut slots = Vec::new();
        heap::acquire(shared, me, class, class.count, &mut 0, &mut slots);
        for slot in slots {
            let offset = class.bytes(slot.index).ok_or("a slot outside of its class")?;
            let bytes = shared.segment.bytes(offset, u64::from(class.stride));
            // SAFETY: the slot has just become ours, and nobody else lives in a twin.
            unsafe { bytes.as_ptr().write_bytes(0xa5, class.stride as usize) };
            if !heap::give_back(shared, me, slot) {
                return Err("a slot just taken cannot be given back".into());
            }
        }
    }
    Ok(())
}

/// What lies in a lane comes out: all that was published and not released, at the least what is certain, at the most what
/// was begun.
fn delivered(keeper: &Arc<World>, lane: usize, route: &RoutePlan, page: &Page) -> Result<(), Wrong> {
    let mut receiver = Receiver::open_routes(keeper, &[lane]).map_err(|error| error.to_string())?;
    let keeps = route.delivery == Delivery::AtLeastOnce;
    let highest_first = if keeps { page.releasing } else { page.attempted };
    if is_claimed(route) {
        return claimed(&mut receiver, route, page, highest_first);
    }
    let first = receiver.received();
    let mut next = first;
    loop {
        match receiver.poll() {
            Ok(received) => {
                // What was taken by the dead, or dropped, leaves its number out.
                let number = received.message.number;
                next = if is_taken(route) && next == first && number <= highest_first { number } else { next };
                whole(&received.message, next)?;
                end(&mut receiver, route, &received)?;
                next += 1;
            }
            Err(Stop::Empty) => break,
            Err(stop) => return Err(format!("receive: {stop:?}")),
        }
    }
    // What was left out behind the last message counts as delivered.
    let next = if is_taken(route) { receiver.received() } else { next };
    if !(page.released..=highest_first).contains(&first) {
        return Err(format!("delivery begins with {first}, {page:?}"));
    }
    if !(page.published..=page.attempted).contains(&next) {
        return Err(format!("delivery ends before {next}, {page:?}"));
    }
    Ok(())
}

/// The same on a ring that is claimed cell by cell. There a producer that died while it wrote leaves the number of its cell
/// out, so what counts is what the messages say of themselves.
fn claimed(receiver: &mut Receiver, route: &RoutePlan, page: &Page, highest_first: u64) -> Result<(), Wrong> {
    let mut came = Vec::new();
    loop {
        match receiver.poll() {
            Ok(received) => {
                let number = written(&received.message);
                whole(&Message { number, ..received.message }, number)?;
                end(receiver, route, &received)?;
                came.push(number);
            }
            Err(Stop::Empty) => break,
            Err(stop) => return Err(format!("receive: {stop:?}")),
        }
    }
    let (Some(first), Some(last)) = (came.first(), came.last()) else {
        let all_gone = page.published <= highest_first;
        return if all_gone { Ok(()) } else { Err(format!("nothing is delivered, {page:?}")) };
    };
    let is_in_order = came.windows(2).all(|pair| pair[1] == pair[0] + 1);
    let begins = (page.released..=highest_first).contains(first);
    let ends = (page.published..=page.attempted).contains(&(last + 1));
    if is_in_order && begins && ends { Ok(()) } else { Err(format!("{came:?} are delivered, {page:?}")) }
}

/// Is the ring claimed cell by cell?
fn is_claimed(route: &RoutePlan) -> bool {
    route.kind == QueueKind::Mpmc || route.backpressure == Backpressure::DropOldest
}

/// The number that a message says it has.
fn written(message: &Message) -> u64 {
    // SAFETY: the message is ours until it is released, and it is longer than a number.
    u64::from_le(unsafe { message.data.cast::<u64>().as_ptr().read_unaligned() })
}

/// Is a received message the receiver's?
fn is_taken(route: &RoutePlan) -> bool {
    route.transfer == Transfer::ConsumeOnce
}

/// Ends a message as its transfer mode wants it.
fn end(receiver: &mut Receiver, route: &RoutePlan, received: &Received) -> Result<(), Wrong> {
    let (by, ticket) = (received.route, received.message.ticket);
    let answer = if is_taken(route) { receiver.consume(by, ticket) } else { receiver.release(by, ticket) };
    answer.map_err(|stop| format!("release: {stop:?}"))
}

/// A message has the number that comes next, and every byte of it is its own.
fn whole(message: &Message, number: u64) -> Result<(), Wrong> {
    // SAFETY: the message is ours until it is released, and a message is 16 bytes and the rest.
    let bytes = unsafe { std::slice::from_raw_parts(message.data.as_ptr(), message.size as usize) };
    let is_same = message.number == number && bytes == content(message.size, number);
    if is_same { Ok(()) } else { Err(format!("message {} with {bytes:?} comes as number {number}", message.number)) }
}

/// As victims write it.
fn content(size: u32, number: u64) -> Vec<u8> {
    let mut bytes = vec![number as u8; size as usize];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes[8..16].copy_from_slice(&(!number).to_le_bytes());
    bytes
}

/// Fills a loan with the message that a number stands for.
pub(crate) fn fill(loan: &Loan, number: u64) {
    // SAFETY: the loan is ours until it is published, and it has this many bytes.
    unsafe { std::slice::from_raw_parts_mut(loan.data.as_ptr(), loan.size as usize) }
        .copy_from_slice(&content(loan.size, number));
}

/// A replacement at each end: messages go once around the ring, and a lane that passes on is tried with the one before it.
fn exchanged(keeper: &Arc<World>, plan: &Plan, lane: usize, page: &Page) -> Result<(), Wrong> {
    let route = &plan.routes[lane];
    if RELAYS.iter().any(|(by, _)| *by == route.from.port) {
        return Ok(());
    }
    let mut sender = Sender::open_routes(keeper, &[lane]).map_err(|error| error.to_string())?;
    let first = if is_claimed(route) { page.attempted } else { sender.published() };
    if !(page.published..=page.attempted).contains(&first) {
        return Err(format!("{first} are counted as published, {page:?}"));
    }
    let mut receiver = Receiver::open_routes(keeper, &[lane]).map_err(|error| error.to_string())?;
    let by = RELAYS.iter().find(|(_, of)| *of == route.from.port).map(|(by, _)| *by);
    let onward = plan.routes.iter().position(|other| by == Some(other.from.port.as_str()));
    let mut relay = onward.map(|onward| Relay::open(keeper, plan, onward)).transpose()?;
    for number in (first..).take(route.capacity as usize + 1) {
        let loan = sender.loan().map_err(|stop| format!("loan of {number}: {stop:?}"))?;
        fill(&loan, number);
        let answer = match route.answers {
            Some(requests) => sender.answer(loan.ticket, requests, number),
            None => sender.publish(loan.ticket),
        };
        answer.map_err(|stop| format!("publish of {number}: {stop:?}"))?;
        let received = receiver.poll().map_err(|stop| format!("receive of {number}: {stop:?}"))?;
        let counted = if is_claimed(route) { number } else { received.message.number };
        whole(&Message { number: counted, ..received.message }, number)?;
        match &mut relay {
            Some(relay) => relay.pass(&mut receiver, &received, number)?,
            None => end(&mut receiver, route, &received)?,
        }
    }
    Ok(())
}

/// Both ends of a lane by which messages are passed on.
struct Relay<'a> {
    route: &'a RoutePlan,
    sender: Sender,
    receiver: Receiver,
}

impl<'a> Relay<'a> {
    fn open(keeper: &Arc<World>, plan: &'a Plan, lane: usize) -> Result<Relay<'a>, Wrong> {
        let sender = Sender::open_routes(keeper, &[lane]).map_err(|error| error.to_string())?;
        let receiver = Receiver::open_routes(keeper, &[lane]).map_err(|error| error.to_string())?;
        Ok(Relay { route: &plan.routes[lane], sender, receiver })
    }

    /// A message is passed on and comes out here, the same bytes under this lane's number.
    fn pass(&mut self, from: &mut Receiver, received: &Received, number: u64) -> Result<(), Wrong> {
        let answer = from.forward(received.route, received.message.ticket, &mut self.sender);
        answer.map_err(|stop| format!("forward of {number}: {stop:?}"))?;
        let passed = self.receiver.poll().map_err(|stop| format!("receive of {number}, passed on: {stop:?}"))?;
        whole(&Message { number, ..passed.message }, number)?;
        end(&mut self.receiver, self.route, &passed)
    }
}

/// Everybody else has left: the pool is whole, and can be had.
fn all_can_be_taken(keeper: &World) -> Result<(), Wrong> {
    let audit = keeper.audit();
    if (audit.free, audit.leaked, audit.processes) != (audit.slots, 0, 1) {
        return Err(format!("everybody has left and {audit:?}"));
    }
    let mut slots = Vec::new();
    for class in &keeper.shared().geometry.classes {
        heap::acquire(keeper.shared(), keeper.me(), class, class.count, &mut 0, &mut slots);
    }
    let taken = slots.len() as u64;
    if taken == audit.slots { Ok(()) } else { Err(format!("{taken} of {} slots can be taken", audit.slots)) }
}

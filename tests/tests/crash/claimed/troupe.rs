//! The players: everybody's private memory, and the books that say what became of each message.
//!
//! An act takes its player's end out of the troupe while the library is at work, so that others can act in between on
//! the same segment, and books what came of it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use vil_core::base::atomic::{FOR_DATA, FOR_SPACE};
use vil_core::base::crash::set_hook;
use vil_core::base::words::ProcessId;
use vil_core::exchange::claimed::{Popper, Pusher};
use vil_core::exchange::{NotOpened, Refusal};
use vil_core::mem::Shared;
use vil_core::registry::{self, Identity};
use vil_core::stats;
use vil_ir::vocabulary::Delivery;

use super::act::{Act, End};
use super::plan::{LOANS, Sort};
use crate::memory::{offset_of, read, write};
use crate::private::{Tokens, Wrong, bit};
use crate::town::Way;

/// A loan or a message in hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct InHand {
    pub(super) ticket: u64,
    /// Where its bytes lie in the segment; `None` for a private buffer.
    pub(super) offset: Option<u64>,
    pub(super) content: u64,
}

#[derive(Clone)]
pub(super) struct Out {
    pub(super) end: Pusher,
    pub(super) loans: Vec<InHand>,
}

#[derive(Clone)]
pub(super) struct In {
    pub(super) end: Popper,
    pub(super) held: Vec<InHand>,
    /// The last message of each producer, by the order of the books.
    pub(super) last: BTreeMap<u16, u64>,
}

/// What the books say of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) content: u64,
    pub(super) producer: u16,
    /// Counts the attempts to publish.
    pub(super) order: u64,
    /// The call that published it came back.
    pub(super) is_published: bool,
    pub(super) is_delivered: bool,
}

/// One ring's players and books.
#[derive(Clone, Default)]
pub(super) struct Side {
    pub(super) outs: BTreeMap<u16, Out>,
    pub(super) ins: BTreeMap<u16, In>,
    pub(super) entries: Vec<Entry>,
    /// Messages that lay in the ring during the present act: fewest and most.
    pub(super) low: u64,
    pub(super) high: u64,
    /// Calls that died in the middle: each may have taken, or dropped and not counted, one message.
    pub(super) interrupted: u64,
    /// Producers of this ring that are in the middle of an act.
    pub(super) busy: u64,
    /// Consumers that are: each may have taken a message that the books do not know of.
    pub(super) taking: u64,
}

/// All private memory, and the books.
#[derive(Clone)]
pub(super) struct Troupe {
    pub(super) sort: Sort,
    /// Processes whose token is taken.
    pub(super) tokens: u32,
    /// Processes that died and were not recovered.
    pub(super) zombies: u32,
    pub(super) rings: Vec<Side>,
    nonce: u64,
}

impl Troupe {
    pub(super) fn new(sort: Sort, rings: usize) -> Troupe {
        Troupe { sort, tokens: 0, zombies: 0, rings: vec![Side::default(); rings], nonce: 0 }
    }

    pub(super) fn lives(&self, process: u16) -> bool {
        self.tokens & bit(process) != 0
    }

    /// Processes die; shared memory does not change.
    pub(super) fn kill(&mut self, dead: u32) {
        self.tokens &= !dead;
        self.zombies |= dead;
        for side in &mut self.rings {
            side.outs.retain(|process, _| dead & bit(*process) == 0);
            side.ins.retain(|process, _| dead & bit(*process) == 0);
        }
    }

    /// The actor of this act dies in the middle of it.
    pub(super) fn interrupt(&mut self, act: Act) {
        let ring = match act {
            Act::Publish(_, ring, _) | Act::Receive(_, ring) => Some(ring),
            Act::Forward(..) => Some(1),
            _ => None,
        };
        if let Some(side) = ring.and_then(|ring| self.rings.get_mut(ring)) {
            side.interrupted += 1;
        }
        let producing = match act {
            Act::Publish(_, ring, _) | Act::Loan(_, ring) | Act::Discard(_, ring, _) | Act::Look(_, ring) => Some(ring),
            Act::Forward(..) => Some(1),
            _ => None,
        };
        if let Some(side) = producing.and_then(|ring| self.rings.get_mut(ring)) {
            side.busy = side.busy.saturating_sub(1);
        }
        let consuming = match act {
            Act::Receive(_, ring) | Act::Release(_, ring, _) | Act::Look(_, ring) => Some(ring),
            Act::Forward(..) => Some(0),
            _ => None,
        };
        if let Some(side) = consuming.and_then(|ring| self.rings.get_mut(ring)) {
            side.taking = side.taking.saturating_sub(1);
        }
        self.kill(bit(act.actor()));
    }

    /// Messages that passed each ring before the story.
    pub(super) fn past(&self) -> u64 {
        self.sort.past
    }

    fn content(&mut self) -> u64 {
        self.nonce += 1;
        self.nonce.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// Messages published, not delivered and not dropped, as far as the books know.
    pub(super) fn in_ring(&self, shared: &Shared, ring: usize) -> u64 {
        let waiting = self.rings[ring].entries.iter().filter(|entry| entry.is_published && !entry.is_delivered);
        (waiting.count() as u64).saturating_sub(dropped(shared, ring))
    }

    fn note(&mut self, shared: &Shared) {
        for ring in 0..self.rings.len() {
            let now = self.in_ring(shared, ring);
            let side = &mut self.rings[ring];
            (side.low, side.high) = (side.low.min(now), side.high.max(now));
        }
    }

    fn begin(&mut self, shared: &Shared) {
        for ring in 0..self.rings.len() {
            let now = self.in_ring(shared, ring);
            (self.rings[ring].low, self.rings[ring].high) = (now, now);
        }
    }

    /// Are all counts exact, and is nobody dead in the middle of a ring?
    fn is_certain(&self, ring: usize) -> bool {
        self.zombies == 0 && self.rings[ring].interrupted == 0
    }
}

/// Messages that a ring's counters say were dropped or skipped.
pub(super) fn dropped(shared: &Shared, ring: usize) -> u64 {
    let ring = &shared.geometry.rings[ring];
    stats::refused(shared, ring) + stats::skipped(shared, ring)
}

/// A troupe that several may act in, one in the middle of another's act.
pub(super) type Cast = RefCell<Troupe>;

/// An act from outside: nobody is in the middle of another.
pub(super) fn perform(shared: &Shared, cast: &Cast, act: Act) -> Result<bool, Wrong> {
    aside(|| cast.borrow_mut().begin(shared));
    interlude(shared, cast, act)
}

/// An act, perhaps in the middle of another's. True when it did what it is for.
pub(super) fn interlude(shared: &Shared, cast: &Cast, act: Act) -> Result<bool, Wrong> {
    let done = dispatch(shared, cast, act)?;
    aside(|| cast.borrow_mut().note(shared));
    Ok(done)
}

/// The harness's own look at shared words, at which nobody dies and nobody comes in between.
fn aside(look: impl FnOnce()) {
    let hook = set_hook(None);
    look();
    set_hook(hook);
}

fn dispatch(shared: &Shared, cast: &Cast, act: Act) -> Result<bool, Wrong> {
    match act {
        Act::Attach(who) => attach(shared, cast, who),
        Act::Enter(who, ring, End::Producing) => enter_out(shared, cast, who, ring),
        Act::Enter(who, ring, End::Consuming) => enter_in(shared, cast, who, ring),
        Act::Loan(who, ring) => with_out(cast, who, ring, |out| loan(shared, cast, out)),
        Act::Publish(who, ring, at) => with_out(cast, who, ring, |out| publish(shared, cast, (who, ring), out, at)),
        Act::Discard(who, ring, at) => with_out(cast, who, ring, |out| {
            let loan = out.loans.remove(at);
            out.end.discard(loan.ticket).map_err(|why| format!("discard: {why:?}"))?;
            Ok(true)
        }),
        Act::Receive(who, ring) => with_in(cast, who, ring, |inp| receive(shared, cast, ring, inp)),
        Act::Release(who, ring, at) => with_in(cast, who, ring, |inp| {
            let held = inp.held.remove(at);
            inp.end.release(shared, held.ticket).map_err(|why| format!("release: {why:?}"))?;
            Ok(true)
        }),
        Act::Forward(who, at) => {
            with_in(cast, who, 0, |inp| with_out(cast, who, 1, |out| forward(shared, cast, who, inp, out, at)))
        }
        Act::Look(who, ring) => look(shared, cast, who, ring),
        Act::Close(who, ring, End::Producing) => {
            let out = cast.borrow_mut().rings[ring].outs.remove(&who);
            out.ok_or("nothing to close")?.end.close(shared);
            Ok(true)
        }
        Act::Close(who, ring, End::Consuming) => {
            let inp = cast.borrow_mut().rings[ring].ins.remove(&who);
            inp.ok_or("nothing to close")?.end.close(shared);
            Ok(true)
        }
        Act::Doze(_) => {
            let ring = &shared.geometry.rings[0];
            shared.segment.flag(ring.consumer_flag).announce(FOR_DATA, "wait.announce");
            shared.segment.flag(ring.producer_flag).announce(FOR_SPACE, "wait.announce");
            Ok(true)
        }
        Act::Leave(who) => {
            cast.borrow_mut().kill(bit(who));
            cast.borrow_mut().zombies &= !bit(who);
            registry::leave(shared, ProcessId(who));
            Ok(true)
        }
        Act::Kill(who) => {
            cast.borrow_mut().kill(bit(who));
            Ok(true)
        }
        Act::Recover(_) => {
            let tokens = cast.borrow().tokens;
            registry::recover_all(shared, &Tokens(tokens));
            // Who died meanwhile is not recovered by it.
            cast.borrow_mut().zombies &= tokens;
            Ok(true)
        }
        Act::Sweep(_) => {
            registry::sweep(shared);
            Ok(true)
        }
    }
}

/// Works with an end that is out of the troupe meanwhile; it is back afterwards.
fn with_out(
    cast: &Cast,
    who: u16,
    ring: usize,
    act: impl FnOnce(&mut Out) -> Result<bool, Wrong>,
) -> Result<bool, Wrong> {
    let out = cast.borrow_mut().rings[ring].outs.remove(&who);
    let Some(mut out) = out else { return Err(format!("{who} does not produce in {ring}")) };
    cast.borrow_mut().rings[ring].busy += 1;
    let done = act(&mut out);
    cast.borrow_mut().rings[ring].busy -= 1;
    cast.borrow_mut().rings[ring].outs.insert(who, out);
    done
}

fn with_in(
    cast: &Cast,
    who: u16,
    ring: usize,
    act: impl FnOnce(&mut In) -> Result<bool, Wrong>,
) -> Result<bool, Wrong> {
    let inp = cast.borrow_mut().rings[ring].ins.remove(&who);
    let Some(mut inp) = inp else { return Err(format!("{who} does not consume in {ring}")) };
    cast.borrow_mut().rings[ring].taking += 1;
    let done = act(&mut inp);
    cast.borrow_mut().rings[ring].taking -= 1;
    cast.borrow_mut().rings[ring].ins.insert(who, inp);
    done
}

fn attach(shared: &Shared, cast: &Cast, who: u16) -> Result<bool, Wrong> {
    cast.borrow_mut().tokens |= bit(who);
    let identity = Identity { pid: u32::from(who), since_ns: 1, name: "somebody" };
    match registry::claim(shared, ProcessId(who), identity) {
        true => Ok(true),
        false => Err(format!("process {who} cannot attach")),
    }
}

/// May this end be refused, because somebody else is there and the ring is for one?
fn is_taken(troupe: &Troupe, ring: usize, owner: ProcessId, end: End) -> bool {
    let side = &troupe.rings[ring];
    let is_there = match end {
        End::Producing => side.outs.contains_key(&owner.0) || side.busy > 0,
        End::Consuming => side.ins.contains_key(&owner.0),
    };
    let is_zombie = troupe.zombies & bit(owner.0) != 0;
    troupe.sort.is_exclusive() && ring == 0 && (is_there || is_zombie)
}

fn enter_out(shared: &Shared, cast: &Cast, who: u16, ring: usize) -> Result<bool, Wrong> {
    match Pusher::open(shared, ProcessId(who), ring) {
        Ok(end) => {
            cast.borrow_mut().rings[ring].outs.insert(who, Out { end, loans: Vec::new() });
            Ok(true)
        }
        Err(NotOpened::OwnedBy(owner)) if is_taken(&cast.borrow(), ring, owner, End::Producing) => Ok(false),
        Err(why) => Err(format!("producing end of {ring} not opened by {who}: {why:?}")),
    }
}

fn enter_in(shared: &Shared, cast: &Cast, who: u16, ring: usize) -> Result<bool, Wrong> {
    match Popper::open(shared, ProcessId(who), ring) {
        Ok(end) => {
            let inp = In { end, held: Vec::new(), last: BTreeMap::new() };
            cast.borrow_mut().rings[ring].ins.insert(who, inp);
            Ok(true)
        }
        Err(NotOpened::OwnedBy(owner)) if is_taken(&cast.borrow(), ring, owner, End::Consuming) => Ok(false),
        Err(why) => Err(format!("consuming end of {ring} not opened by {who}: {why:?}")),
    }
}

fn loan(shared: &Shared, cast: &Cast, out: &mut Out) -> Result<bool, Wrong> {
    let content = cast.borrow_mut().content();
    let mut answer = out.end.loan(shared);
    if answer == Err(Refusal::Short) {
        registry::sweep(shared);
        answer = out.end.loan(shared);
    }
    match answer {
        Ok(loan) if out.loans.len() < LOANS.0 as usize => {
            write(loan.data, content);
            out.loans.push(InHand { ticket: loan.ticket, offset: offset_of(shared, loan.data), content });
            Ok(true)
        }
        Err(Refusal::Limit) if out.loans.len() == LOANS.0 as usize => Ok(false),
        // Slots of the dead come back with their recovery.
        Err(Refusal::Short) if cast.borrow().zombies != 0 => Ok(false),
        other => Err(format!("loan with {} in hand: {other:?}", out.loans.len())),
    }
}

/// Books an attempt to publish; the message may be delivered before the call comes back.
fn attempt(cast: &Cast, who: u16, ring: usize, content: u64) {
    let mut troupe = cast.borrow_mut();
    let order = troupe.content_order();
    let entry = Entry { content, producer: who, order, is_published: false, is_delivered: false };
    troupe.rings[ring].entries.push(entry);
}

impl Troupe {
    fn content_order(&mut self) -> u64 {
        self.nonce += 1;
        self.nonce
    }
}

/// Books what came of an attempt.
fn settle(shared: &Shared, cast: &Cast, ring: usize, content: u64, answer: Result<(), Refusal>) -> Result<bool, Wrong> {
    let mut troupe = cast.borrow_mut();
    let is_certain = troupe.is_certain(ring);
    let drops = troupe.sort.drops() && ring == 0;
    let capacity = u64::from(shared.geometry.rings[ring].capacity);
    let side = &mut troupe.rings[ring];
    let at = side.entries.iter().position(|entry| entry.content == content).ok_or("an attempt is not in the books")?;
    match answer {
        Ok(()) => {
            side.entries[at].is_published = true;
            Ok(true)
        }
        Err(Refusal::Full) if side.entries[at].is_delivered => Err("delivered although the ring was full".into()),
        // This producer is in the middle of its act as well; any other one may be writing a cell.
        Err(Refusal::Full) if !is_certain || side.busy > 1 || (side.high >= capacity && !drops) => {
            side.entries.remove(at);
            Ok(false)
        }
        other => Err(format!("publish in a ring that held {} to {} messages: {other:?}", side.low, side.high)),
    }
}

fn publish(shared: &Shared, cast: &Cast, (who, ring): (u16, usize), out: &mut Out, at: usize) -> Result<bool, Wrong> {
    let loan = out.loans[at];
    attempt(cast, who, ring, loan.content);
    let answer = out.end.publish(shared, loan.ticket);
    let done = settle(shared, cast, ring, loan.content, answer)?;
    if done {
        out.loans.remove(at);
    }
    Ok(done)
}

fn receive(shared: &Shared, cast: &Cast, ring: usize, inp: &mut In) -> Result<bool, Wrong> {
    let answer = inp.end.receive(shared);
    let mut troupe = cast.borrow_mut();
    // Between a drop and its count the books say that the message is still there.
    let is_certain = troupe.is_certain(ring) && (troupe.rings[ring].busy == 0 || !may_drop(troupe.sort));
    let side = &mut troupe.rings[ring];
    match answer {
        Ok(message) if inp.held.len() < LOANS.1 as usize => {
            let Some(content) = read(message.data) else { return Err("a message of nonsense".into()) };
            let entry = side.entries.iter_mut().find(|entry| entry.content == content);
            let entry = entry.ok_or_else(|| format!("message {} was never published", message.number))?;
            if entry.is_delivered {
                return Err(format!("message {} was delivered before", message.number));
            }
            entry.is_delivered = true;
            let last = inp.last.entry(entry.producer).or_default();
            if *last > entry.order {
                return Err(format!("message {} of {} came after a later one", message.number, entry.producer));
            }
            *last = entry.order;
            let offset = offset_of(shared, message.data);
            inp.held.push(InHand { ticket: message.ticket, offset, content });
            Ok(true)
        }
        Err(Refusal::Limit) if inp.held.len() == LOANS.1 as usize => Ok(false),
        Err(Refusal::Empty) if !is_certain || side.low < side.taking => Ok(false),
        other => Err(format!("receive from a ring that held {} to {} messages: {other:?}", side.low, side.high)),
    }
}

fn forward(shared: &Shared, cast: &Cast, who: u16, inp: &mut In, out: &mut Out, at: usize) -> Result<bool, Wrong> {
    let held = inp.held[at];
    let slot = inp.end.slot(held.ticket).map_err(|why| format!("the slot of a message in hand: {why:?}"))?;
    attempt(cast, who, 1, held.content);
    let answer = out.end.push_slot(shared, slot);
    let done = settle(shared, cast, 1, held.content, answer)?;
    if done {
        inp.held.remove(at);
        inp.end.take_slot(held.ticket).map_err(|why| format!("a message that was forwarded: {why:?}"))?;
    }
    Ok(done)
}

/// Asks both ends what they would do, and who is there.
fn look(shared: &Shared, cast: &Cast, who: u16, ring: usize) -> Result<bool, Wrong> {
    if cast.borrow().rings[ring].outs.contains_key(&who) {
        with_out(cast, who, ring, |out| {
            out.end.peer(shared);
            out.end.has_room(shared).map_err(|why| format!("has_room: {why:?}"))
        })?;
    }
    if cast.borrow().rings[ring].ins.contains_key(&who) {
        with_in(cast, who, ring, |inp| {
            inp.end.peer(shared);
            inp.end.others(shared, &mut |_| {});
            let is_ready = inp.end.is_ready(shared);
            let troupe = cast.borrow();
            let side = &troupe.rings[ring];
            let is_certain = troupe.is_certain(ring) && (side.busy == 0 || !may_drop(troupe.sort));
            match is_ready || !is_certain || side.low < side.taking {
                true => Ok(is_ready),
                false => Err("a message is there, and is_ready says no".into()),
            }
        })?;
    }
    Ok(true)
}

/// Do the bytes of what is in hand still say what they said?
pub(super) fn is_whole(shared: &Shared, in_hand: &InHand) -> bool {
    in_hand.offset.is_none_or(|offset| read(shared.segment.bytes(offset, 8)) == Some(in_hand.content))
}

/// May a publish make room by ending an older message?
fn may_drop(sort: Sort) -> bool {
    sort.drops() || sort.delivery == Delivery::BestEffort
}

/// Do messages of this sort have slots that can be moved on?
pub(super) fn forwards(sort: Sort) -> bool {
    sort.way == Way::Loan
}

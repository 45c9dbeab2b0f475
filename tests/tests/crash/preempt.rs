//! L3b: somebody who lives is preempted before each of its accesses, loads as well as stores, by whatever its peers may do:
//! they send, receive, release, close, open again, die and are recovered and replaced. Then it goes on, or dies at one of
//! its later stores.
//!
//! Each preemption happens on a copy of the segment with a copy of everybody's private memory.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use vil_core::base::crash::{Access, set_hook};
use vil_core::registry::recover_all;

use crate::call::Call;
use crate::crash::{Context, ring_ends, settle_in};
use crate::facts::{Allowed, Facts};
use crate::memory::Lease;
use crate::oracle::judge;
use crate::private::{Line, Meeting, Private, Tokens, Wrong, bit};
use crate::score::Layer;
use crate::stage::Stage;
use crate::town::{FIRST_SPECTATOR, PROCESSES};

/// Most accesses of one call that are tried with one intruder; longer calls are tried at every Nth, from another one on
/// each time.
const MOST: u64 = 24;

/// What happens in between, by the hand of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Intruder {
    /// The producer publishes one more message.
    Send(usize),
    /// The producer fills the ring.
    Fill(usize),
    /// The consumer receives one message and keeps it.
    Receive(usize),
    /// The consumer receives and releases all there is.
    Drain(usize),
    CloseOut(usize),
    CloseIn(usize),
    /// The producer closes its end, opens it again and publishes.
    ReopenOut(usize),
    /// The consumer closes its end, opens it again and receives.
    ReopenIn(usize),
    /// Somebody new opens what is vacant.
    MoveIn,
    /// A process dies and is recovered.
    Death(u16),
    /// A process dies and is recovered, and a newcomer takes its entry and its ends.
    Replacement(u16),
    /// Somebody else recovers whoever is dead, and sweeps.
    Sweep,
}

/// Every intruder, at every access of the call that is about to be made.
pub(crate) fn preemptions(context: &Rc<Context>) {
    let turn = context.story.len() as u64;
    for intruder in intruders(context) {
        let all = accesses(context);
        let step = all.div_ceil(MOST).max(1);
        for access in (0..all).skip((turn % step) as usize).step_by(step as usize) {
            if context.score.borrow().is_over() {
                return;
            }
            preempt(context, intruder, access);
        }
    }
}

/// What its peers may do while this call is under way.
fn intruders(context: &Context) -> Vec<Intruder> {
    let mut list = vec![Intruder::MoveIn, Intruder::Sweep];
    let mut peers = 0;
    for (route, line) in context.before.lines.iter().enumerate() {
        let producer = context.before.out(route).map(|out| out.process);
        let consumer = line.inp.as_ref().filter(|inp| !inp.lingers).map(|inp| inp.process);
        let is_ours = |end: Option<u16>| end.is_some_and(|process| context.actor & bit(process) != 0);
        if !concerns(context.call, route, is_ours(producer) || is_ours(consumer)) {
            continue;
        }
        if let Some(process) = producer.filter(|_| !is_ours(producer)) {
            peers |= bit(process);
            list.extend([Intruder::Send(route), Intruder::Fill(route)]);
            list.extend([Intruder::CloseOut(route), Intruder::ReopenOut(route)]);
        }
        if let Some(process) = consumer.filter(|_| !is_ours(consumer)) {
            peers |= bit(process);
            list.extend([Intruder::Receive(route), Intruder::Drain(route)]);
            list.extend([Intruder::CloseIn(route), Intruder::ReopenIn(route)]);
        }
    }
    for process in (0..PROCESSES).filter(|process| peers & bit(*process) != 0) {
        list.extend([Intruder::Death(process), Intruder::Replacement(process)]);
    }
    list
}

/// Do the peers on a route get into this call's way?
fn concerns(call: Call, route: usize, is_ours: bool) -> bool {
    match call {
        Call::Attach(_) | Call::Leave(_) | Call::Recover(_) | Call::Sweep(_) | Call::Loan(_) => true,
        Call::OpenOut(_, of) | Call::OpenIn(_, of) => route == of,
        _ => is_ours,
    }
}

/// How many accesses the call makes when nobody comes in between.
fn accesses(context: &Context) -> u64 {
    let copy = context.lease.duplicate();
    let seen = Rc::new(Cell::new(0));
    let count = Rc::clone(&seen);
    set_hook(Some(Box::new(move |_, _| count.set(count.get() + 1))));
    // What is wrong without a preemption is found by the call itself.
    let _ = Stage::new(&copy, &mut context.before.clone()).apply(context.call);
    set_hook(None);
    seen.get()
}

/// One call, preempted once.
struct Preempted {
    context: Rc<Context>,
    copy: Rc<Lease>,
    meeting: Rc<Meeting>,
    /// Everybody right after the preemption.
    after: RefCell<Option<Private>>,
    intruder: Intruder,
    access: u64,
}

fn preempt(context: &Rc<Context>, intruder: Intruder, access: u64) {
    let copy = Rc::new(context.lease.duplicate());
    let tokens = Rc::new(Cell::new(context.before.tokens));
    let meeting = Rc::new(Meeting { actor: context.actor, left: RefCell::new(None), tokens });
    let preempted = Rc::new(Preempted {
        context: Rc::clone(context),
        copy: Rc::clone(&copy),
        meeting: Rc::clone(&meeting),
        after: RefCell::default(),
        intruder,
        access,
    });
    preempted.watch();
    let mut private = context.before.clone();
    let done = Stage::preempted(&copy, &mut private, &meeting).apply(context.call);
    set_hook(None);
    if let Some(theirs) = meeting.left.take() {
        // The call made fewer accesses than before, or none after the last one: nothing was joined.
        private.join(context.actor, theirs);
    }
    let judged = done.and_then(|_| preempted.judge(&copy, private, 0));
    preempted.keep("and goes on", judged);
}

impl Preempted {
    /// Hooks the call: at its access comes the intruder; before each store after it the caller dies, on another copy.
    fn watch(self: &Rc<Self>) {
        let preempted = Rc::clone(self);
        let mut seen = 0;
        set_hook(Some(Box::new(move |access, site| {
            if seen == preempted.access {
                preempted.intrude();
            } else if seen > preempted.access && access != Access::Load {
                preempted.crash(site);
            }
            seen += 1;
        })));
    }

    fn intrude(&self) {
        let mut theirs = self.context.before.clone();
        // Contents of the caller are its own.
        theirs.nonce += 1 << 32;
        theirs.scarce = matches!(self.context.call, Call::Leave(_));
        let done = self.settle(&mut theirs).and_then(|()| intrude(self, &mut theirs));
        theirs.scarce = false;
        if let Err(wrong) = done {
            return self.keep("the intruder", Err(wrong));
        }
        self.meeting.tokens.set(theirs.tokens);
        *self.after.borrow_mut() = Some(theirs.clone());
        *self.meeting.left.borrow_mut() = Some(theirs);
    }

    /// The model learns what the caller has done so far, and what recovery made of it.
    fn settle(&self, private: &mut Private) -> Result<(), Wrong> {
        Facts::take(&self.copy, private, &self.allowed(private))?.settle_living(&self.copy, private);
        Ok(())
    }

    /// The same right after a recovery: only those stay dead whose forwarded messages are still read.
    fn settle_dead(&self, private: &mut Private) -> Result<(), Wrong> {
        let dead = private.zombies;
        Facts::take(&self.copy, private, &self.allowed(private))?.settle(&self.copy, private, dead);
        Ok(())
    }

    /// What the caller may have done meanwhile.
    fn allowed(&self, private: &Private) -> Allowed {
        let mut allowed = ring_ends(private);
        allowed.heads.extend(&self.context.allowed.heads);
        // What the caller lent may have come back meanwhile, and the caller has seen it.
        let ours = |line: &Line| line.inp.as_ref().is_some_and(|inp| self.context.actor & bit(inp.process) != 0);
        let lines = private.lines.iter().enumerate().filter(|(_, line)| ours(line));
        allowed.heads.extend(lines.map(|(route, line)| (route, line.head, private.heads(route, &[]).1)));
        let before = &self.context.before;
        let came = |route: usize| private.lines[route].published - before.lines[route].published;
        allowed.taken = self.context.allowed.taken;
        allowed.coming = self.context.allowed.coming.clone();
        for coming in &mut allowed.coming {
            coming.known = came(coming.route) as usize;
            coming.letters.drain(..coming.known);
        }
        allowed
    }

    /// The preempted one dies before a later store.
    fn crash(&self, site: &'static str) {
        let Some(private) = self.after.borrow().clone() else { return };
        if self.context.score.borrow().is_over() {
            return;
        }
        let copy = self.copy.duplicate();
        let judged = self.judge(&copy, private, self.context.actor);
        self.keep(site, judged);
    }

    fn judge(&self, copy: &Lease, private: Private, dying: u32) -> Result<(), Wrong> {
        let turn = self.context.count(Layer::L3b, "preempted");
        let dead = dying | private.zombies;
        let facts = Facts::take(copy, &private, &self.allowed(&private))?;
        recover_all(copy, &Tokens(private.tokens & !dead));
        judge(copy, private, &facts, dead, turn)
    }

    fn keep(&self, then: &str, result: Result<(), Wrong>) {
        let place = format!("access {}, preempted by {:?}, then {then}", self.access, self.intruder);
        self.context.keep(Layer::L3b, &place, result);
    }
}

/// What happens in between.
fn intrude(preempted: &Preempted, private: &mut Private) -> Result<(), Wrong> {
    let copy: &Lease = &preempted.copy;
    match preempted.intruder {
        Intruder::Send(route) => send(&mut Stage::new(copy, private), route).map(drop),
        Intruder::Fill(route) => {
            for _ in 0..private.town.roads[route].capacity {
                if !send(&mut Stage::new(copy, private), route)? {
                    break;
                }
            }
            Ok(())
        }
        Intruder::Receive(route) => Stage::new(copy, private).receive(route).map(drop),
        Intruder::Drain(route) => crate::oracle::drain(&mut Stage::new(copy, private), route, preempted.access),
        Intruder::CloseOut(route) => {
            Stage::new(copy, private).close_out(route);
            Ok(())
        }
        Intruder::CloseIn(route) => Stage::new(copy, private).close_in(route),
        Intruder::ReopenOut(route) => reopen_out(&mut Stage::new(copy, private), route),
        Intruder::ReopenIn(route) => reopen_in(&mut Stage::new(copy, private), route),
        Intruder::MoveIn => newcomer(preempted, private, unused(private)?),
        Intruder::Death(process) => death(preempted, private, process),
        Intruder::Replacement(process) => {
            death(preempted, private, process)?;
            let is_free = private.zombies & bit(process) == 0;
            let entry = if is_free { process } else { unused(private)? };
            newcomer(preempted, private, entry)
        }
        Intruder::Sweep => {
            recover_all(copy, &Tokens(private.tokens));
            preempted.settle_dead(private)
        }
    }
}

fn send(stage: &mut Stage<'_>, route: usize) -> Result<bool, Wrong> {
    let has_loan = stage.private.out(route).is_some_and(|out| !out.loans.is_empty());
    Ok((has_loan || stage.loan(route)?) && stage.publish(route, 0, false)?)
}

fn reopen_out(stage: &mut Stage<'_>, route: usize) -> Result<(), Wrong> {
    let Some(process) = stage.private.out(route).map(|out| out.process) else { return Ok(()) };
    stage.close_out(route);
    if !stage.open_out(process, route)? {
        return Err("a vacant producing end cannot be opened again".into());
    }
    send(stage, route).map(drop)
}

fn reopen_in(stage: &mut Stage<'_>, route: usize) -> Result<(), Wrong> {
    let Some(process) = stage.private.lines[route].inp.as_ref().map(|inp| inp.process) else { return Ok(()) };
    stage.close_in(route)?;
    if stage.private.lines[route].inp.is_some() {
        return Ok(());
    }
    if !stage.open_in(process, route)? {
        return Err("a vacant consuming end cannot be opened again".into());
    }
    stage.receive(route).map(drop)
}

/// An entry that nobody ever used.
fn unused(private: &Private) -> Result<u16, Wrong> {
    let used = private.tokens | private.zombies;
    let free = |process: &u16| *process > FIRST_SPECTATOR && used & bit(*process) == 0;
    (0..PROCESSES).find(free).ok_or_else(|| "no entry is free".into())
}

fn death(preempted: &Preempted, private: &mut Private, process: u16) -> Result<(), Wrong> {
    private.bury(bit(process));
    private.zombies |= bit(process);
    recover_all(&preempted.copy, &Tokens(private.tokens));
    preempted.settle_dead(private)
}

/// Opens what is vacant; the one who is preempted does nothing meanwhile.
fn newcomer(preempted: &Preempted, private: &mut Private, process: u16) -> Result<(), Wrong> {
    private.tokens |= bit(process);
    let mut stage = Stage::new(&preempted.copy, private);
    stage.attach(process)?;
    settle_in(&mut stage, process, preempted.context.actor)
}

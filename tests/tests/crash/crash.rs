//! The layers: what happens on the copy when somebody dies.
//!
//! L1: a survivor recovers. L2: the recoverer dies before each of its own stores, and its successor too. L3: a
//! recoverer is preempted before each of its accesses by a whole recovery and by a newcomer in the dead one's entry.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use vil_core::base::crash::{Access, set_hook};
use vil_core::queue::Side;
use vil_core::registry::{self, recover_all};
use vil_ir::vocabulary::Delivery;

use crate::call::Call;
use crate::facts::{Allowed, Facts};
use crate::memory::Lease;
use crate::oracle::judge;
use crate::private::{Changing, Private, Tokens, Wrong, bit};
use crate::score::{Layer, Score};
use crate::stage::Stage;
use crate::town::PROCESSES;

/// A call about to be interrupted: the segment it works on, and all that was true before it.
pub(crate) struct Context {
    pub(crate) lease: Rc<Lease>,
    pub(crate) before: Private,
    pub(crate) allowed: Allowed,
    /// The caller, as a bit.
    pub(crate) actor: u32,
    pub(crate) call: Call,
    pub(crate) story: Vec<Call>,
    pub(crate) score: Rc<RefCell<Score>>,
    pub(crate) accesses: Cell<u64>,
}

impl Context {
    /// Keeps a violation, with all that is needed to see it again.
    pub(crate) fn report(&self, layer: Layer, place: &str, wrong: &Wrong) {
        let (town, story, call) = (&self.before.town.name, &self.story, self.call);
        let text = format!("{layer:?} in town `{town}`, {call:?}, at {place}: {wrong}; the story so far: {story:?}");
        self.score.borrow_mut().violations.push(text);
    }

    pub(crate) fn count(&self, layer: Layer, site: &'static str) -> u64 {
        self.score.borrow_mut().check(layer, self.call.name(), site)
    }

    pub(crate) fn keep(&self, layer: Layer, place: &str, result: Result<(), Wrong>) {
        if let Err(wrong) = result {
            self.report(layer, place, &wrong);
        }
    }

    /// Processes that hold an end at the other side of the caller's routes.
    fn peers(&self) -> u32 {
        let ends = (0..self.before.lines.len()).map(|route| {
            let line = &self.before.lines[route];
            let out = self.before.out(route).map_or(0, |out| bit(out.process));
            let inp = line.inp.as_ref().map_or(0, |inp| bit(inp.process));
            if (out | inp) & self.actor == 0 { 0 } else { out | inp }
        });
        ends.fold(0, |all, bits| all | bits) & !self.actor
    }

    fn facts(&self, lease: &Lease) -> Result<Facts, Wrong> {
        Facts::take(lease, &self.before, &self.allowed)
    }
}

/// L1: the caller dies, a survivor recovers. Every other time its peers die with it.
pub(crate) fn single(context: &Rc<Context>, site: &'static str, point: u64) {
    let peers = if point.is_multiple_of(2) { context.peers() } else { 0 };
    one(context, site, context.actor | peers);
}

fn one(context: &Rc<Context>, site: &'static str, dying: u32) {
    let turn = context.count(Layer::L1, site);
    let dead = dying | context.before.zombies;
    let copy = context.lease.duplicate();
    let result = context.facts(&copy).and_then(|facts| {
        recover_all(&copy, &Tokens(context.before.tokens & !dead));
        judge(&copy, context.before.clone(), &facts, dead, turn)
    });
    context.keep(Layer::L1, site, result);
}

/// Between two calls: nobody dies, each one dies, all who hold an end die.
pub(crate) fn boundary(context: &Rc<Context>) {
    let actors = actors(&context.before);
    one(context, "between calls", 0);
    for process in (0..PROCESSES).filter(|process| actors & bit(*process) != 0) {
        one(context, "between calls", bit(process));
    }
    if actors.count_ones() > 1 {
        one(context, "between calls", actors);
    }
}

/// Everybody who holds an end.
fn actors(private: &Private) -> u32 {
    let ends = private
        .lines
        .iter()
        .flat_map(|line| [line.out.as_ref().map(|out| out.process), line.inp.as_ref().map(|inp| inp.process)]);
    ends.flatten().fold(0, |all, process| all | bit(process))
}

/// L2: the recoverer dies before each of its stores; so does the one after it; the third one finishes.
///
/// Every other time the first recoverer is a peer that holds an end, so that its own belongings come on top.
pub(crate) fn takeover(context: &Rc<Context>, site: &'static str, occasion: u64) {
    let dead = context.actor | context.before.zombies;
    let living = |process: &u16| context.before.lives(*process) && dead & bit(*process) == 0;
    let mut chain: Vec<u16> = (0..PROCESSES).filter(living).collect();
    if occasion.is_multiple_of(2) {
        chain.reverse();
    }
    chain.truncate(3);
    if chain.len() < 2 {
        return;
    }
    let first = Rc::new(context.lease.duplicate());
    match context.facts(&first) {
        Ok(facts) => relay(context, &Rc::new(facts), &first, dead, &chain, site),
        Err(wrong) => context.report(Layer::L2, site, &wrong),
    }
}

/// Nothing decides by the audit trail, so a death at one in 16 of its stores is enough.
pub(crate) fn is_tried_enough(site: &str, turn: u64) -> bool {
    site.starts_with("trail.") && !turn.is_multiple_of(16)
}

/// One recoverer of the chain, on its own copy.
fn relay(context: &Rc<Context>, facts: &Rc<Facts>, source: &Lease, dead: u32, chain: &[u16], site: &'static str) {
    let copy = Rc::new(source.duplicate());
    let accesses = Rc::new(Cell::new(0));
    if let [me, rest @ ..] = chain
        && !rest.is_empty()
    {
        let (context, facts, copy) = (Rc::clone(context), Rc::clone(facts), Rc::clone(&copy));
        let (dead, rest, counted) = (dead | bit(*me), rest.to_vec(), Rc::clone(&accesses));
        set_hook(Some(Box::new(move |access, site| {
            counted.set(counted.get() + 1);
            if access != Access::Load && !is_tried_enough(site, counted.get()) && !context.score.borrow().is_over() {
                relay(&context, &facts, &copy, dead, &rest, site);
            }
        })));
    }
    recover_all(&copy, &Tokens(context.before.tokens & !dead));
    set_hook(None);
    context.score.borrow_mut().bound("recovery", accesses.get());
    // The first of the chain, when it survives, is a single crash.
    if chain.len() == 3 {
        return;
    }
    let turn = context.count(Layer::L2, site);
    context.keep(Layer::L2, site, judge(&copy, context.before.clone(), facts, dead, turn));
}

/// Who comes in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Intruder {
    /// Another recoverer finishes; a newcomer takes the dead one's entry, opens what is vacant, sends and receives.
    Newcomer,
    /// A producer with a loan in hand publishes it, dies, and is recovered by another.
    LastMessage,
}

/// L3: somebody is dead, a recoverer is at work, and before each of its accesses somebody else comes in.
pub(crate) fn duels(context: &Rc<Context>) {
    let actors = actors(&context.before);
    let producers = context.before.lines.iter().filter_map(|line| line.out.as_ref());
    let lender = producers.filter(|out| !out.loans.is_empty()).map(|out| out.process).next();
    for process in (0..PROCESSES).filter(|process| actors & bit(*process) != 0) {
        let dead = context.before.zombies | bit(process);
        duel(context, dead, Intruder::Newcomer);
        if lender.is_some_and(|lender| lender != process) {
            duel(context, dead, Intruder::LastMessage);
        }
    }
    if lender.is_some() {
        duel(context, context.before.zombies, Intruder::LastMessage);
    }
}

fn duel(context: &Rc<Context>, dead: u32, intruder: Intruder) {
    let mut access = 0;
    while !context.score.borrow().is_over() && preempted(context, dead, intruder, access) {
        access += 1;
    }
}

/// The recoverer is preempted before its access of this number; false when it has fewer.
fn preempted(context: &Rc<Context>, dead: u32, intruder: Intruder, access: u64) -> bool {
    let copy = Rc::new(context.lease.duplicate());
    let tokens = Rc::new(Cell::new(context.before.tokens & !dead));
    let state = Rc::new(RefCell::new(None));
    {
        let (context, copy, tokens, state) =
            (Rc::clone(context), Rc::clone(&copy), Rc::clone(&tokens), Rc::clone(&state));
        let mut seen = 0;
        set_hook(Some(Box::new(move |_, _| {
            if seen == access {
                let result = intrude(&context, &copy, dead, intruder);
                if let Ok((private, _)) = &result {
                    tokens.set(private.tokens);
                }
                *state.borrow_mut() = Some(result);
            }
            seen += 1;
        })));
    }
    recover_all(&copy, &Changing(Rc::clone(&tokens)));
    set_hook(None);
    let Some(result) = state.borrow_mut().take() else { return false };
    let turn = context.count(Layer::L3a, "preempted");
    let place = format!("access {access} of a recoverer of {dead:#b}, preempted by {intruder:?}");
    let judged = result.and_then(|(private, facts)| {
        recover_all(&copy, &Tokens(private.tokens));
        let waiting = private.zombies;
        judge(&copy, private, &facts, waiting, turn)
    });
    context.keep(Layer::L3a, &place, judged);
    true
}

/// What happens in between; answers the living, and the words, right after it.
fn intrude(context: &Context, copy: &Lease, dead: u32, intruder: Intruder) -> Result<(Private, Facts), Wrong> {
    let mut private = context.before.clone();
    let mut dead = dead;
    // Recovery may be half done: heads of the dead stand where they stood, or at the end of their ring.
    Facts::take(copy, &private, &ring_ends(&private))?.settle(copy, &mut private, 0);
    if intruder == Intruder::LastMessage {
        dead |= bit(last_message(&mut Stage::new(copy, &mut private), dead)?);
    }
    recover_all(copy, &Tokens(private.tokens & !dead));
    Facts::take(copy, &private, &ring_ends(&private))?.settle(copy, &mut private, dead);
    let mut stage = Stage::new(copy, &mut private);
    if intruder == Intruder::Newcomer {
        move_in(&mut stage, dead)?;
    }
    let facts = Facts::take(copy, &private, &Allowed::default())?;
    Ok((private, facts))
}

/// Any head of a best_effort route may stand at the end of its ring.
pub(crate) fn ring_ends(private: &Private) -> Allowed {
    let lines = private.lines.iter().zip(&private.town.roads).enumerate();
    let skipping = lines.filter(|(_, (_, road))| road.delivery == Delivery::BestEffort);
    let heads = skipping.map(|(route, (line, _))| (route, line.published, line.published)).collect();
    Allowed { heads, ..Allowed::default() }
}

/// A living producer that holds a loan publishes it, and dies.
fn last_message(stage: &mut Stage<'_>, dead: u32) -> Result<u16, Wrong> {
    for route in 0..stage.private.lines.len() {
        let Some(out) = &stage.private.lines[route].out else { continue };
        if out.loans.is_empty() || dead & bit(out.process) != 0 {
            continue;
        }
        let process = out.process;
        stage.publish(route, 0, false)?;
        return Ok(process);
    }
    Err("nobody has a loan".into())
}

/// A newcomer in the entry of a dead one opens what is vacant, sends one message on each route and receives one.
pub(crate) fn move_in(stage: &mut Stage<'_>, dead: u32) -> Result<(), Wrong> {
    let is_free = |process: &u16| dead & !stage.private.zombies & bit(*process) != 0;
    let Some(process) = (0..PROCESSES).find(is_free) else { return Ok(()) };
    stage.private.tokens |= bit(process);
    stage.attach(process)?;
    settle_in(stage, process, 0)
}

/// Opens what is vacant, sends one message on each route and receives one; these others do nothing.
pub(crate) fn settle_in(stage: &mut Stage<'_>, process: u16, others: u32) -> Result<(), Wrong> {
    for route in 0..stage.private.lines.len() {
        if stage.is_vacant(route, Side::Head) {
            stage.open_in(process, route)?;
        }
        if stage.private.out(route).is_none() && stage.is_port_vacant(route) {
            stage.open_out(process, route)?;
            if stage.loan(route)? {
                stage.publish(route, 0, false)?;
            }
        }
        let consumer = stage.private.lines[route].inp.as_ref().filter(|inp| !inp.lingers).map(|inp| inp.process);
        if consumer.is_some_and(|consumer| others & bit(consumer) == 0) {
            stage.receive(route)?;
        }
    }
    registry::sweep(stage.shared);
    Ok(())
}

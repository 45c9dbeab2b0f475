//! One story in one town: calls, one after the other, with a crash tried before every shared store of each of them.
//!
//! The story itself never crashes: each crash happens on a copy, and the original goes on.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use vil_core::base::crash::{Access, set_hook};
use vil_ir::vocabulary::Delivery;

use crate::call::Call;
use crate::crash::{Context, boundary, duels, is_tried_enough, single, takeover};
use crate::facts::{Allowed, Coming, Facts};
use crate::memory::Lease;
use crate::preempt::preemptions;
use crate::private::{Letter, Private, bit};
use crate::score::{Layer, Score};
use crate::stage::Stage;
use crate::town::{FIRST_SPECTATOR, SPECTATORS, Town, Way};

/// Which layers run, and how often: every Nth occasion, 0 is never.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layers {
    /// Crash of the caller before each store, and of everybody between calls.
    pub(crate) single: bool,
    /// The recoverer dies as well: every Nth crash point.
    pub(crate) takeover: u64,
    /// L3a: recoverers preempted, after every Nth call.
    pub(crate) duel: u64,
    /// L3b: the caller preempted by its peers, at every Nth call.
    pub(crate) preempt: u64,
}

/// A story under way.
pub(crate) struct Run {
    lease: Rc<Lease>,
    pub(crate) private: Private,
    score: Rc<RefCell<Score>>,
    layers: Layers,
    log: Vec<Call>,
    points: Rc<Cell<u64>>,
}

impl Run {
    /// A world in which the spectators are attached, and nobody else.
    pub(crate) fn new(town: &Rc<Town>, layers: Layers, score: &Rc<RefCell<Score>>) -> Run {
        let mut run = Run {
            lease: Rc::new(town.found()),
            private: Private::new(town),
            score: Rc::clone(score),
            layers,
            log: Vec::new(),
            points: Rc::default(),
        };
        for spectator in FIRST_SPECTATOR..FIRST_SPECTATOR + SPECTATORS {
            run.call(Call::Attach(spectator));
        }
        run
    }

    /// Makes a call, with everything that may go wrong tried first. True when the call did what it is for.
    pub(crate) fn call(&mut self, call: Call) -> bool {
        if self.score.borrow().is_over() {
            return false;
        }
        self.log.push(call);
        if let Call::Attach(process) = call {
            self.private.tokens |= bit(process);
        }
        let context = Rc::new(self.context(call, self.allowed(call)));
        if self.layers.preempt != 0 && (self.log.len() as u64).is_multiple_of(self.layers.preempt) {
            preemptions(&context);
        }
        self.watch(&context);
        let answer = Stage::new(&self.lease, &mut self.private).apply(call);
        set_hook(None);
        self.score.borrow_mut().bound(call.name(), context.accesses.get());
        match answer {
            Ok(done) => {
                self.between(call);
                done
            }
            Err(wrong) => {
                context.report(Layer::L1, "the call itself", &wrong);
                false
            }
        }
    }

    /// Somebody dies in the middle of a call, before its store of this number, and this time in earnest: the story goes
    /// on with what that leaves behind. Nobody dies when the call has fewer stores.
    pub(crate) fn perish(&mut self, call: Call, store: u64) {
        let Some(process) = self.actor(call).filter(|_| !self.is_over()) else { return };
        self.log.push(call);
        let allowed = self.allowed(call);
        let before = self.private.clone();
        let mut left = store;
        set_hook(Some(Box::new(move |access, _| {
            if access != Access::Load {
                left = left.checked_sub(1).unwrap_or_else(|| std::panic::resume_unwind(Box::new(())));
            }
        })));
        let stage = std::panic::AssertUnwindSafe(|| Stage::new(&self.lease, &mut self.private).apply(call));
        let survived = std::panic::catch_unwind(stage);
        set_hook(None);
        let context = self.context(call, Allowed::default());
        match survived {
            Ok(Ok(_)) => {}
            Ok(Err(wrong)) => context.report(Layer::L1, "the call itself", &wrong),
            Err(_) => {
                self.private = before;
                match Facts::take(&self.lease, &self.private, &allowed) {
                    Ok(facts) => facts.settle_living(&self.lease, &mut self.private),
                    Err(wrong) => context.report(Layer::L1, "a death in the middle", &wrong),
                }
                self.private.bury(bit(process));
                self.private.zombies |= bit(process);
            }
        }
        self.between(call);
    }

    fn context(&self, call: Call, allowed: Allowed) -> Context {
        Context {
            lease: Rc::clone(&self.lease),
            before: self.private.clone(),
            allowed,
            actor: self.actor(call).map_or(0, bit),
            call,
            story: self.log[self.log.len().saturating_sub(14)..].to_vec(),
            score: Rc::clone(&self.score),
            accesses: Cell::new(0),
        }
    }

    /// Hooks the crash points of the next call.
    fn watch(&self, context: &Rc<Context>) {
        let (context, layers, points) = (Rc::clone(context), self.layers, Rc::clone(&self.points));
        set_hook(Some(Box::new(move |access, site| {
            context.accesses.set(context.accesses.get() + 1);
            context.score.borrow_mut().pass(access, site);
            if access == Access::Load || context.score.borrow().is_over() {
                return;
            }
            points.set(points.get() + 1);
            if is_tried_enough(site, points.get()) {
                return;
            }
            if layers.single {
                single(&context, site, points.get());
            }
            if layers.takeover != 0 && points.get().is_multiple_of(layers.takeover) {
                takeover(&context, site, points.get() / layers.takeover);
            }
        })));
    }

    /// After a call: anybody dies, and recoverers get into each other's way.
    fn between(&mut self, call: Call) {
        let duel = self.layers.duel != 0 && (self.log.len() as u64).is_multiple_of(self.layers.duel);
        if !self.layers.single && !duel {
            return;
        }
        let context = Rc::new(self.context(call, Allowed::default()));
        if self.layers.single {
            boundary(&context);
        }
        if duel {
            duels(&context);
        }
    }

    /// Messages in a ring.
    pub(crate) fn depth(&self, route: usize) -> usize {
        self.private.lines[route].letters.len()
    }

    /// Judges what there is, as if everybody who holds an end died, and as if nobody did.
    pub(crate) fn judge_now(&mut self) {
        let context = Rc::new(self.context(Call::Sweep(FIRST_SPECTATOR), Allowed::default()));
        boundary(&context);
    }

    /// Asks something of a copy.
    pub(crate) fn on_a_copy<T>(&self, ask: impl FnOnce(&Lease, u32) -> T) -> T {
        ask(&self.lease.duplicate(), self.private.tokens)
    }

    /// Has anything gone wrong? Then the story ends.
    pub(crate) fn is_over(&self) -> bool {
        self.score.borrow().is_over()
    }

    /// Who makes the call.
    fn actor(&self, call: Call) -> Option<u16> {
        match call {
            Call::Attach(process) | Call::OpenOut(process, _) | Call::OpenIn(process, _) => Some(process),
            Call::Leave(process) | Call::Recover(process) | Call::Sweep(process) => Some(process),
            Call::Kill(_) => None,
            Call::Loan(route) | Call::Publish(route, _) | Call::Discard(route, _) | Call::DropNewest(route, _) => {
                self.producer(route)
            }
            Call::Keep(route, _) | Call::Unkeep(route, _) | Call::PublishMany(route) => self.producer(route),
            Call::SendInside(route, _) => self.producer(route),
            Call::Forward(route, ..) | Call::Settle(route) | Call::Consume(route, _) => self.holder(route),
            Call::CloseOut(route) | Call::Announce(route, true) => self.producer(route),
            Call::Receive(route) | Call::Release(route, _) | Call::ReleaseMany(route, _) => self.holder(route),
            Call::ReadAll(route) => self.holder(route),
            Call::CloseIn(route) | Call::Announce(route, false) => self.holder(route),
        }
    }

    /// Who produces on a route.
    pub(crate) fn producer(&self, route: usize) -> Option<u16> {
        self.private.out(route).map(|out| out.process)
    }

    /// Who consumes on a route.
    pub(crate) fn consumer(&self, route: usize) -> Option<u16> {
        self.private.lines[route].inp.as_ref().filter(|inp| !inp.lingers).map(|inp| inp.process)
    }

    /// Who holds the consuming end of a route, in use or lingering.
    fn holder(&self, route: usize) -> Option<u16> {
        self.private.lines[route].inp.as_ref().map(|inp| inp.process)
    }

    /// Calls so far.
    pub(crate) fn steps(&self) -> usize {
        self.log.len()
    }

    /// What may be different when the call is interrupted.
    fn allowed(&self, call: Call) -> Allowed {
        let mut allowed = Allowed::default();
        let private = &self.private;
        match call {
            Call::Publish(route, position) | Call::Keep(route, position) => {
                let content = private.out(route).map_or(0, |out| out.loans[position].content);
                allowed.coming = Coming::into(&private.town.port(route), &[Letter { content, source: None }]);
                self.skips(&mut allowed, &private.town.port(route));
            }
            Call::PublishMany(route) => {
                let loans = private.out(route).map_or(&[][..], |out| &out.loans);
                let letters: Vec<_> = loans.iter().map(|loan| Letter { content: loan.content, source: None }).collect();
                let port = private.town.port(route);
                allowed.coming = Coming::into(&port, &letters);
                self.skips_up_to(&mut allowed, &port, letters.len() as u64);
            }
            Call::SendInside(route, count) => {
                let contents = private.new_contents(count);
                let letters: Vec<_> = contents.into_iter().map(|content| Letter { content, source: None }).collect();
                allowed.coming = Coming::into(&[route], &letters);
                self.skips_up_to(&mut allowed, &[route], letters.len() as u64);
            }
            Call::Forward(from, position, to) => {
                if let Some(inp) = &private.lines[from].inp {
                    let is_taken = private.town.roads[from].way == Way::Once;
                    let letter = Letter { source: (!is_taken).then_some(from), ..inp.held[position].letter };
                    allowed.coming = Coming::into(&[to], &[letter]);
                }
                self.skips(&mut allowed, &[to]);
            }
            Call::Receive(route) => self.may_receive(&mut allowed, route),
            Call::Release(route, position) => {
                let numbers = self.held_from(route, position).take(1).collect::<Vec<_>>();
                let (_, high) = private.heads(route, &numbers);
                allowed.heads.push((route, private.lines[route].head, high));
            }
            Call::ReleaseMany(route, first) => {
                let (_, high) = private.heads(route, &self.held_from(route, first).collect::<Vec<_>>());
                allowed.heads.push((route, private.lines[route].head, high));
            }
            Call::ReadAll(route) => {
                let line = &private.lines[route];
                // As far as messages go, those included that are sent meanwhile.
                let capacity = u64::from(private.town.roads[route].capacity);
                allowed.heads.push((route, line.head, line.published + capacity));
            }
            Call::Settle(route) => self.may_settle(&mut allowed, route),
            Call::CloseIn(route) => {
                self.may_settle(&mut allowed, route);
                self.skips(&mut allowed, &[route]);
            }
            Call::Leave(_) | Call::Recover(_) => {
                let all: Vec<usize> = (0..private.lines.len()).collect();
                self.skips(&mut allowed, &all);
            }
            _ => {}
        }
        allowed
    }

    /// Head of a best_effort route may stand at the end of what was published.
    fn skips(&self, allowed: &mut Allowed, routes: &[usize]) {
        self.skips_up_to(allowed, routes, 0);
    }

    /// The same where so many more may be published meanwhile.
    fn skips_up_to(&self, allowed: &mut Allowed, routes: &[usize], more: u64) {
        let private = &self.private;
        let skipping = routes.iter().filter(|route| private.town.roads[**route].delivery == Delivery::BestEffort);
        allowed.heads.extend(
            skipping.map(|route| (*route, private.lines[*route].published, private.lines[*route].published + more)),
        );
    }

    /// Numbers of the messages in hand from a position on.
    fn held_from(&self, route: usize, first: usize) -> impl Iterator<Item = u64> + '_ {
        let held = self.private.lines[route].inp.as_ref().map_or(&[][..], |inp| &inp.held);
        held.iter().skip(first).map(|taken| taken.number)
    }

    /// What was lent may have come back.
    fn may_settle(&self, allowed: &mut Allowed, route: usize) {
        allowed.heads.push((route, self.private.lines[route].head, self.private.heads(route, &[]).1));
    }

    /// A message may be taken, and head may have moved over it and over what others lost.
    fn may_receive(&self, allowed: &mut Allowed, route: usize) {
        self.may_settle(allowed, route);
        if self.private.town.roads[route].way == Way::Once {
            let line = &self.private.lines[route];
            let next = line.present(line.head);
            allowed.taken = Some((route, next));
            allowed.heads.push((route, line.head, next + 1));
        }
    }
}

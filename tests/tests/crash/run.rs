//! One story in one town: calls, one after the other, with a crash tried before every shared store of each of them.
//!
//! The story itself never crashes: each crash happens on a copy, and the original goes on.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use vil_core::base::crash::{Access, set_hook};
use vil_ir::vocabulary::Delivery;

use crate::call::Call;
use crate::crash::{Context, boundary, duels, is_tried_enough, single, takeover};
use crate::facts::Allowed;
use crate::memory::Lease;
use crate::preempt::preemptions;
use crate::private::{Private, bit};
use crate::score::{Layer, Score};
use crate::stage::Stage;
use crate::town::{FIRST_SPECTATOR, SPECTATORS, Town};

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
            Call::CloseOut(route) | Call::Announce(route, true) => self.producer(route),
            Call::Receive(route) | Call::Release(route, _) => self.consumer(route),
            Call::CloseIn(route) | Call::Announce(route, false) => self.consumer(route),
        }
    }

    /// Who produces on a route.
    pub(crate) fn producer(&self, route: usize) -> Option<u16> {
        self.private.lines[route].out.as_ref().map(|out| out.process)
    }

    /// Who consumes on a route.
    pub(crate) fn consumer(&self, route: usize) -> Option<u16> {
        self.private.lines[route].inp.as_ref().map(|inp| inp.process)
    }

    /// What may be different when the call is interrupted.
    fn allowed(&self, call: Call) -> Allowed {
        let mut allowed = Allowed::default();
        let skipping = |routes: &mut dyn Iterator<Item = usize>| -> Vec<(usize, u64)> {
            let roads = &self.private.town.roads;
            let skips = routes.filter(|route| roads[*route].delivery == Delivery::BestEffort);
            skips.map(|route| (route, self.private.lines[route].published)).collect()
        };
        let mut private = self.private.clone();
        let stage = Stage::new(&self.lease, &mut private);
        match call {
            Call::Publish(route, position) => {
                let loans = self.private.lines[route].out.as_ref().map(|out| &out.loans);
                allowed.message = loans.map(|loans| (route, loans[position].content));
                if stage.skips(route) {
                    allowed.heads = skipping(&mut [route].into_iter());
                }
            }
            Call::Release(route, position) => {
                let line = &self.private.lines[route];
                let number = line.inp.as_ref().map(|inp| inp.held[position].number);
                allowed.heads.extend(number.map(|number| (route, line.head_after(number))));
            }
            Call::CloseIn(route) => allowed.heads = skipping(&mut [route].into_iter()),
            Call::Leave(process) => allowed.heads = skipping(&mut stage.heads_of(bit(process)).into_iter()),
            Call::Recover(_) => allowed.heads = skipping(&mut stage.heads_of(self.private.zombies).into_iter()),
            _ => {}
        }
        allowed
    }
}

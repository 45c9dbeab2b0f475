//! One story in one town: calls, one after the other, with a crash tried before every shared store of each of them.
//!
//! The story itself never crashes: each crash happens on a copy, and the original goes on.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use vil_core::base::atomic::{FOR_DATA, FOR_SPACE};
use vil_core::base::crash::{Access, set_hook};
use vil_core::registry;
use vil_ir::vocabulary::Delivery;

use crate::crash::{Context, boundary, duels, is_tried_enough, single, takeover};
use crate::facts::Allowed;
use crate::memory::Lease;
use crate::score::{Layer, Score};
use crate::stage::{Private, Stage, Wrong, bit};
use crate::town::{FIRST_SPECTATOR, SPECTATORS, Town};

/// One call, or one death. Routes and positions are those of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Attach(u16),
    OpenOut(u16, usize),
    OpenIn(u16, usize),
    Loan(usize),
    Publish(usize, usize),
    Discard(usize, usize),
    DropNewest(usize, usize),
    Receive(usize),
    Release(usize, usize),
    CloseOut(usize),
    CloseIn(usize),
    Leave(u16),
    Kill(u16),
    Recover(u16),
    Sweep(u16),
    /// The producer's process (true) or the consumer's is about to sleep.
    Announce(usize, bool),
}

impl Call {
    /// Its name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Call::Attach(..) => "attach",
            Call::OpenOut(..) => "open producer",
            Call::OpenIn(..) => "open consumer",
            Call::Loan(..) => "loan",
            Call::Publish(..) => "publish",
            Call::Discard(..) => "discard",
            Call::DropNewest(..) => "drop_newest",
            Call::Receive(..) => "receive",
            Call::Release(..) => "release",
            Call::CloseOut(..) => "close producer",
            Call::CloseIn(..) => "close consumer",
            Call::Leave(..) => "leave",
            Call::Kill(..) => "kill",
            Call::Recover(..) => "recover",
            Call::Sweep(..) => "sweep",
            Call::Announce(..) => "announce",
        }
    }
}

/// Which layers run, and how often: every Nth occasion, 0 is never.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layers {
    /// Crash of the caller before each store, and of everybody between calls.
    pub(crate) single: bool,
    /// The recoverer dies as well: every Nth crash point.
    pub(crate) takeover: u64,
    /// Recoverers preempted: after every Nth call.
    pub(crate) duel: u64,
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
        self.watch(&context);
        let answer = self.apply(call);
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
        let stage = Stage { shared: &self.lease, private: &mut private };
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

    fn apply(&mut self, call: Call) -> Result<bool, Wrong> {
        let shared: &Lease = &self.lease;
        let mut stage = Stage { shared, private: &mut self.private };
        match call {
            Call::Attach(process) => stage.attach(process)?,
            Call::OpenOut(process, route) => stage.open_out(process, route)?,
            Call::OpenIn(process, route) => stage.open_in(process, route)?,
            Call::Loan(route) => return stage.loan(route),
            Call::Publish(route, position) => return stage.publish(route, position),
            Call::Discard(route, position) => stage.discard(route, position)?,
            Call::DropNewest(route, position) => stage.drop_newest(route, position)?,
            Call::Receive(route) => return stage.receive(route),
            Call::Release(route, position) => stage.release(route, position)?,
            Call::CloseOut(route) => stage.close_out(route),
            Call::CloseIn(route) => stage.close_in(route),
            Call::Leave(process) => stage.leave(process),
            Call::Kill(process) => stage.kill(process),
            Call::Recover(_) => stage.recover()?,
            Call::Sweep(_) => drop(registry::sweep(shared)),
            Call::Announce(route, is_producer) => {
                let ring = &shared.geometry.rings[route];
                let (flag, reason) =
                    if is_producer { (ring.producer_flag, FOR_SPACE) } else { (ring.consumer_flag, FOR_DATA) };
                shared.segment.flag(flag).announce(reason, "wait.announce");
            }
        }
        Ok(true)
    }
}

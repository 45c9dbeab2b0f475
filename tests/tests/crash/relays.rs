//! Phrases of messages that are sent on, taken or borrowed, and of those who die in the middle of it.

use crate::call::Call;
use crate::phrases::Dice;
use crate::run::Run;
use crate::town::Way;

impl Run {
    /// Routes by which messages of this one may be sent on: the same process produces there, and the slots fit.
    fn onward(&self, from: usize) -> Vec<usize> {
        let roads = &self.private.town.roads;
        let is_taken = roads[from].way == Way::Once;
        let is_read_in_place = !matches!(roads[from].way, Way::Slot | Way::Cell | Way::Pass);
        let fits = |to: &usize| {
            let road = &roads[*to];
            let carries = road.way == Way::Pass || is_taken && road.way == Way::Once;
            carries && is_read_in_place && road.ends.0 == roads[from].ends.1 && road.class == roads[from].class
        };
        (0..roads.len()).filter(fits).collect()
    }

    /// Sends on what is in hand until the ring is full; how many.
    pub(crate) fn relay(&mut self, from: usize, to: usize) -> usize {
        let mut sent = 0;
        while self.consumer(from).is_some() && self.producer(to) == self.consumer(from) && self.held(from) > 0 {
            if !self.call(Call::Forward(from, 0, to)) {
                break;
            }
            sent += 1;
        }
        sent
    }

    /// What was sent on may have come back.
    pub(crate) fn settle(&mut self, route: usize) {
        if self.private.lines[route].inp.is_some() {
            self.call(Call::Settle(route));
        }
    }

    /// Some route's messages are sent on, where that is possible.
    pub(crate) fn relay_some(&mut self, dice: &mut Dice) {
        let from = dice.roll(self.routes());
        let onward = self.onward(from);
        if onward.is_empty() {
            return;
        }
        let to = onward[dice.roll(onward.len())];
        self.grab(from);
        self.relay(from, to);
        self.settle(from);
    }

    /// Recovers the dead. Where an entry waits for readers of what it forwarded, and where an end lingers for the same
    /// reason, those read on first.
    pub(crate) fn unblock(&mut self) {
        if self.private.zombies != 0 {
            self.recover();
        }
        let lingers = |run: &Run, route: usize| run.private.lines[route].inp.as_ref().is_some_and(|inp| inp.lingers);
        let is_blocked = self.private.zombies != 0 || (0..self.routes()).any(|route| lingers(self, route));
        if !is_blocked || self.is_over() {
            return;
        }
        for route in (0..self.routes()).rev() {
            if self.private.lines[route].letters.iter().any(|letter| letter.source.is_some()) {
                self.read_on(route);
            }
        }
        for route in 0..self.routes() {
            if lingers(self, route) {
                self.call(Call::CloseIn(route));
            }
        }
        if self.private.zombies != 0 {
            self.recover();
        }
    }

    /// A route's consumer comes back if it is gone, and releases all there is.
    fn read_on(&mut self, route: usize) {
        let process = self.private.town.roads[route].ends.1;
        let attached = self.private.lives(process) || self.private.zombies >> process & 1 == 0;
        if !self.private.lives(process) && attached {
            self.call(Call::Attach(process));
        }
        if self.private.lines[route].inp.is_none() && self.private.lives(process) {
            self.call(Call::OpenIn(process, route));
        }
        self.drain(route);
    }

    /// Every way in which a message can be sent on.
    pub(crate) fn recite_relays(&mut self) {
        for from in 0..self.routes() {
            for to in self.onward(from) {
                self.recite_relay(from, to);
            }
        }
    }

    fn recite_relay(&mut self, from: usize, to: usize) {
        let (source, filter) = self.private.town.roads[from].ends;
        let report = self.private.town.roads[to].ends.1;
        self.crowd(from, to);
        self.lend(from, to);
        self.drain(to);
        self.settle(from);
        self.drain(from);
        // One is read for long, and the others come and go around it.
        self.lend(from, to);
        self.grab(to);
        for _ in 0..self.private.town.roads[from].capacity {
            self.fill(from);
            self.grab(from);
            self.let_go(from, 0);
            self.settle(from);
        }
        for dying in [vec![source], vec![filter], vec![report], vec![filter, report], vec![source, filter, report]] {
            self.lend(from, to);
            self.call_if_there(to);
            for process in dying {
                self.die(process);
            }
            self.recover();
            // Survivors go on alone.
            self.fill(from);
            self.grab(to);
            self.let_go(to, 1);
            self.sweep();
            self.assemble();
            self.drain(to);
            self.drain(from);
        }
        self.lend(from, to);
        self.reopen(from, false);
        self.send(from);
        self.assemble();
        self.lend(from, to);
        self.depart(filter, true);
        self.assemble();
        self.lend(from, to);
        self.depart(filter, false);
        self.drain(to);
        self.assemble();
    }

    /// Everybody has as much as was planned for them, and those who send on hold idle slots besides: who sends first
    /// must still find a slot. With a predecessor's messages in the ring, and without.
    fn crowd(&mut self, from: usize, to: usize) {
        let filter = self.private.town.roads[to].ends.0;
        for is_replaced in [false, true] {
            self.assemble();
            self.drain(to);
            self.drain(from);
            if is_replaced {
                self.fill(to);
                self.grab(to);
                self.die(filter);
                self.assemble();
            }
            self.borrow_all(to);
            for _ in 0..self.private.town.roads[to].capacity {
                self.lend(from, to);
                self.call_if_there(to);
            }
            self.fill(from);
            self.borrow_all(from);
            self.drain(to);
        }
        self.settle(from);
        self.drain(from);
    }

    fn call_if_there(&mut self, route: usize) {
        if self.consumer(route).is_some() {
            self.call(Call::Receive(route));
        }
    }

    /// As much as fits is sent, received and sent on.
    fn lend(&mut self, from: usize, to: usize) {
        self.assemble();
        self.fill(from);
        self.grab(from);
        self.relay(from, to);
        self.grab(from);
        self.relay(from, to);
        self.settle(from);
    }
}

//! What stories are made of: short phrases that leave rings full, vacant, wrapped or half released.
//!
//! A phrase looks at the model and makes whatever calls are legal there, so any phrase may follow any other. Random
//! single calls hardly ever reach a full ring with a half-released message and a dead end; phrases do so all the time.

use crate::call::Call;
use crate::private::{In, bit};
use crate::run::Run;
use crate::town::{FIRST_SPECTATOR, PROCESSES, SPECTATORS, Way};

/// Small numbers for choices; the same seed makes the same story.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(2).wrapping_add(1))
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        ((self.0 >> 33) as usize) % sides
    }
}

impl Run {
    pub(crate) fn routes(&self) -> usize {
        self.private.lines.len()
    }

    fn loans(&self, route: usize) -> usize {
        self.private.out(route).map_or(0, |out| out.loans.len())
    }

    pub(crate) fn held(&self, route: usize) -> usize {
        self.private.lines[route].inp.as_ref().map_or(0, |inp| inp.held.len())
    }

    fn capacity(&self, route: usize) -> usize {
        self.private.town.roads[route].capacity as usize
    }

    /// Attaches those who are missing and opens every vacant end whose process is there.
    pub(crate) fn assemble(&mut self) {
        self.unblock();
        for route in 0..self.routes() {
            let (from, to) = self.private.town.roads[route].ends;
            for process in [from, to] {
                if !self.private.lives(process) {
                    self.call(Call::Attach(process));
                }
            }
            if self.private.lines[route].inp.is_none() {
                self.call(Call::OpenIn(to, route));
            }
            if self.private.out(route).is_none() {
                self.call(Call::OpenOut(from, route));
            }
        }
    }

    /// One process comes back, opens its producing or consuming ends, and nobody else does anything.
    pub(crate) fn come_back(&mut self, process: u16) {
        self.unblock();
        if !self.private.lives(process) {
            self.call(Call::Attach(process));
        }
        for route in 0..self.routes() {
            let (from, to) = self.private.town.roads[route].ends;
            if from == process && self.private.out(route).is_none() {
                self.call(Call::OpenOut(process, route));
            }
            if to == process && self.private.lines[route].inp.is_none() {
                self.call(Call::OpenIn(process, route));
            }
        }
    }

    /// Somebody who is there recovers the dead.
    pub(crate) fn recover(&mut self) {
        if let Some(process) = (0..PROCESSES).rev().find(|process| self.private.lives(*process)) {
            self.call(Call::Recover(process));
        }
    }

    /// Loan and publish; true when it went out.
    pub(crate) fn send(&mut self, route: usize) -> bool {
        if self.producer(route).is_none() || (self.loans(route) == 0 && !self.call(Call::Loan(route))) {
            return false;
        }
        let last = self.loans(route) - 1;
        if self.private.town.roads[route].way != Way::Keep {
            return self.call(Call::Publish(route, last));
        }
        if self.kept(route) > 1 {
            self.call(Call::Unkeep(route, 0));
        }
        self.call(Call::Keep(route, last))
    }

    /// Loans as many as allowed and publishes them in one call.
    pub(crate) fn send_many(&mut self, route: usize) {
        if self.producer(route).is_none() || self.private.town.roads[route].way == Way::Reply {
            return;
        }
        while self.call(Call::Loan(route)) {}
        if self.loans(route) > 0 {
            self.call(Call::PublishMany(route));
        }
    }

    /// Sends more than a ring has cells, without loans.
    pub(crate) fn send_inside(&mut self, route: usize) {
        let loans = self.private.town.roads[route].loans.0 as usize;
        let is_possible = self.private.town.roads[route].way == Way::Cell && self.loans(route) < loans;
        if is_possible && self.producer(route).is_some() {
            self.call(Call::SendInside(route, self.capacity(route) + 1));
        }
    }

    /// Copies out all that is there, where nothing is in hand or lent.
    pub(crate) fn read_all(&mut self, route: usize) {
        let is_possible = !matches!(self.private.town.roads[route].way, Way::Once | Way::Reply);
        let has_nothing = |inp: &In| inp.held.is_empty() && inp.lent.is_empty() && !inp.lingers;
        if is_possible && self.private.lines[route].inp.as_ref().is_some_and(has_nothing) {
            self.call(Call::ReadAll(route));
        }
    }

    /// Releases what is in hand from a position on, in one call.
    pub(crate) fn let_many_go(&mut self, route: usize, first: usize) {
        if self.held(route) > first && self.private.town.roads[route].way != Way::Once {
            self.call(Call::ReleaseMany(route, first));
        }
    }

    /// Several at once: sent, received, released behind one that is still read, and with it.
    fn burst(&mut self, route: usize) {
        for _ in 0..2 {
            self.send_many(route);
            self.grab(route);
            self.let_many_go(route, 1);
            self.grab(route);
            self.let_many_go(route, 0);
        }
        self.send_many(route);
        self.drain(route);
        for _ in 0..2 {
            self.send_inside(route);
            self.send_many(route);
            self.read_all(route);
        }
    }

    /// Messages that their producer still reads.
    fn kept(&self, route: usize) -> usize {
        self.private.out(route).map_or(0, |out| out.kept.len())
    }

    /// Sends until the ring is full, and then once more in vain. A ring that skips is filled once.
    pub(crate) fn fill(&mut self, route: usize) {
        for _ in 0..=self.capacity(route) {
            if !self.send(route) {
                break;
            }
        }
    }

    /// Receives until the hands are full or the ring is empty.
    pub(crate) fn grab(&mut self, route: usize) {
        while self.consumer(route).is_some() && self.call(Call::Receive(route)) {}
    }

    /// Releases one of the messages in hand.
    pub(crate) fn let_go(&mut self, route: usize, position: usize) {
        if self.held(route) == 0 {
            return;
        }
        let position = position % self.held(route);
        let is_taken = self.private.town.roads[route].way == Way::Once;
        let is_used = is_taken && !self.steps().is_multiple_of(4);
        self.call(if is_used { Call::Consume(route, position) } else { Call::Release(route, position) });
    }

    /// Receives and releases everything, newest first.
    pub(crate) fn drain(&mut self, route: usize) {
        loop {
            self.grab(route);
            if self.held(route) == 0 {
                return;
            }
            while self.held(route) > 0 && !self.is_over() {
                let last = self.held(route) - 1;
                self.let_go(route, last);
            }
            if self.is_over() {
                return;
            }
        }
    }

    /// Loans as many as allowed, gives one back, drops one because the ring is full, keeps the rest.
    pub(crate) fn borrow_all(&mut self, route: usize) {
        while self.kept(route) > 0 {
            self.call(Call::Unkeep(route, 0));
            if self.is_over() {
                return;
            }
        }
        while self.producer(route).is_some() && self.call(Call::Loan(route)) {}
        if self.loans(route) > 1 {
            self.call(Call::Discard(route, 0));
        }
        let line = &self.private.lines[route];
        if line.published - line.head == self.capacity(route) as u64 && self.loans(route) > 0 {
            self.call(Call::DropNewest(route, 0));
        }
    }

    /// A stream through all rings of a port: more messages than one has cells.
    pub(crate) fn stream(&mut self, route: usize) {
        for _ in 0..2 * self.capacity(route) + 1 {
            self.send(route);
            for route in self.private.town.port(route) {
                self.grab(route);
                self.let_go(route, 0);
            }
        }
    }

    /// Half released: as many in hand as allowed, the later ones released, the first one not.
    pub(crate) fn half_release(&mut self, route: usize) {
        self.fill(route);
        self.grab(route);
        if self.held(route) > 1 {
            self.let_go(route, 1);
            self.grab(route);
        }
    }

    /// Both ends of a route are about to sleep.
    pub(crate) fn doze(&mut self, route: usize) {
        for is_producer in [true, false] {
            let there = if is_producer { self.producer(route) } else { self.consumer(route) };
            if there.is_some() {
                self.call(Call::Announce(route, is_producer));
            }
        }
    }

    /// A process dies.
    pub(crate) fn die(&mut self, process: u16) {
        if self.private.lives(process) {
            self.call(Call::Kill(process));
        }
    }

    /// A process leaves, after closing its ends or without.
    pub(crate) fn depart(&mut self, process: u16, closing: bool) {
        if !self.private.lives(process) {
            return;
        }
        for route in 0..self.routes() {
            if closing && self.producer(route) == Some(process) {
                self.call(Call::CloseOut(route));
            }
            if closing && self.consumer(route) == Some(process) {
                self.call(Call::CloseIn(route));
            }
        }
        self.call(Call::Leave(process));
    }

    /// Closes one end and lets the same process open it again.
    pub(crate) fn reopen(&mut self, route: usize, producing: bool) {
        if producing && self.producer(route).is_some() {
            self.call(Call::CloseOut(route));
        }
        if !producing && self.consumer(route).is_some() {
            self.call(Call::CloseIn(route));
        }
    }

    pub(crate) fn sweep(&mut self) {
        self.call(Call::Sweep(FIRST_SPECTATOR + SPECTATORS - 1));
    }

    /// Random phrases.
    pub(crate) fn ramble(&mut self, dice: &mut Dice, phrases: usize) {
        self.assemble();
        for _ in 0..phrases {
            if self.is_over() {
                return;
            }
            let route = dice.roll(self.routes());
            let (from, to) = self.private.town.roads[route].ends;
            match dice.roll(28) {
                0 | 1 => self.fill(route),
                2 | 3 => self.drain(route),
                4 => self.stream(route),
                5 | 6 => self.half_release(route),
                7 => self.borrow_all(route),
                8 => drop(self.send(route)),
                9 => self.grab(route),
                10 => self.let_go(route, dice.roll(4)),
                11 => self.die(from),
                12 => self.die(to),
                13 => self.depart(from, dice.roll(2) == 0),
                14 => self.depart(to, dice.roll(2) == 0),
                15 => self.reopen(route, dice.roll(2) == 0),
                16 => self.doze(route),
                17 => self.come_back(if dice.roll(2) == 0 { from } else { to }),
                18 => self.sweep(),
                19..22 => self.relay_some(dice),
                22 => self.die_within(route, dice),
                23 => self.send_many(route),
                24 => self.let_many_go(route, dice.roll(2)),
                25 => self.send_inside(route),
                26 => self.read_all(route),
                _ => self.assemble(),
            }
        }
    }

    /// Somebody dies in the middle of sending or receiving.
    fn die_within(&mut self, route: usize, dice: &mut Dice) {
        let store = dice.roll(6) as u64;
        if dice.roll(2) == 0 && self.consumer(route).is_some() {
            return self.perish(Call::Receive(route), store % 2);
        }
        if self.producer(route).is_some() && (self.loans(route) > 0 || self.call(Call::Loan(route))) {
            let is_one = self.private.town.roads[route].way == Way::Reply || dice.roll(2) == 0;
            self.perish(if is_one { Call::Publish(route, 0) } else { Call::PublishMany(route) }, store);
        }
    }

    /// Everything that matters on one route, in an order in which each phrase finds what the one before left.
    pub(crate) fn recite(&mut self, route: usize) {
        self.assemble();
        let (from, to) = self.private.town.roads[route].ends;
        self.send(route);
        self.drain(route);
        self.stream(route);
        self.burst(route);
        self.doze(route);
        self.half_release(route);
        self.borrow_all(route);
        self.drain(route);
        self.replace(route, from);
        self.replace(route, to);
        self.fill(route);
        self.die(from);
        self.die(to);
        self.assemble();
        self.drain(route);
        self.crash_loop(route);
        self.exits(route);
        self.lose(route);
    }

    /// Consumers die between the take and the store of head; what comes after them finds the next message.
    fn lose(&mut self, route: usize) {
        let (from, to) = self.private.town.roads[route].ends;
        for _ in 0..self.capacity(route) {
            self.assemble();
            while self.producer(route).is_some() && self.call(Call::Loan(route)) {}
            self.send(route);
            if self.consumer(route).is_some() {
                self.perish(Call::Receive(route), 1);
            }
            self.die(from);
            self.come_back(from);
            // The slot that was lost with its taker is used again while its first cell still lies in the ring.
            self.fill(route);
            self.die(from);
            self.recover();
            self.come_back(to);
            self.drain(route);
        }
        self.assemble();
        self.drain(route);
    }

    /// A process dies with the ring half released, and another continues; then it leaves a full ring behind.
    fn replace(&mut self, route: usize, process: u16) {
        self.half_release(route);
        self.borrow_all(route);
        self.doze(route);
        self.die(process);
        self.recover();
        // The other end goes on alone: fills the ring for nobody, or takes what is left.
        self.fill(route);
        self.fill(route);
        self.send_many(route);
        self.grab(route);
        self.let_go(route, 0);
        self.sweep();
        self.come_back(process);
        self.stream(route);
        self.drain(route);
    }

    /// A producer that dies after each message, and a consumer that holds the first one all the time.
    fn crash_loop(&mut self, route: usize) {
        let from = self.private.town.roads[route].ends.0;
        for _ in 0..=self.capacity(route) {
            self.send(route);
            self.call_receive(route);
            self.die(from);
            self.come_back(from);
        }
        self.drain(route);
        self.fill(route);
    }

    fn call_receive(&mut self, route: usize) {
        if self.consumer(route).is_some() && self.held(route) == 0 {
            self.call(Call::Receive(route));
        }
    }

    /// Ends are closed and opened again; processes leave with and without closing.
    fn exits(&mut self, route: usize) {
        let (from, to) = self.private.town.roads[route].ends;
        for producing in [true, false] {
            self.half_release(route);
            self.reopen(route, producing);
            self.assemble();
            self.borrow_all(route);
            self.stream(route);
        }
        for (process, closing) in [(from, true), (to, true), (from, false), (to, false)] {
            self.half_release(route);
            self.depart(process, closing);
            self.sweep();
            self.assemble();
            self.send(route);
        }
        self.drain(route);
    }

    /// Nobody holds an end any more.
    pub(crate) fn disperse(&mut self) {
        let spectators = (FIRST_SPECTATOR..FIRST_SPECTATOR + SPECTATORS).fold(0, |all, process| all | bit(process));
        for process in (0..PROCESSES).filter(|process| spectators & bit(*process) == 0) {
            self.depart(process, process % 2 == 0);
        }
    }
}

//! What stories are made of: phrases that leave rings full, empty, wrapped, half written by the dead and half taken.

use std::cell::RefCell;
use std::rc::Rc;

use vil_core::base::crash::{Access, set_hook};

use super::act::{Act, End};
use super::layers::{Scene, Trial};
use super::plan::{CONSUMERS, PRODUCERS, SPECTATORS, Sort, found, town};
use super::troupe::{Troupe, forwards, perform};
use crate::phrases::Dice;

/// One story, and the layers that try each of its acts.
pub(super) struct Story {
    scene: Scene,
    trial: Rc<Trial>,
    log: Vec<Act>,
}

impl Story {
    /// A world in which the spectators are attached, and nobody else.
    pub(super) fn new(sort: Sort, trial: &Rc<Trial>) -> Story {
        let town = town(sort);
        let troupe = Troupe::new(sort, town.geometry.rings.len());
        let mut story =
            Story { scene: Scene { lease: found(&town), troupe }, trial: Rc::clone(trial), log: Vec::new() };
        SPECTATORS.into_iter().for_each(|process| _ = story.act(Act::Attach(process)));
        story
    }

    /// Makes an act, with everything that may go wrong tried first. True when it did what it is for.
    fn act(&mut self, act: Act) -> bool {
        if self.trial.is_over() {
            return false;
        }
        self.log.push(act);
        self.trial.rehearse(&self.scene, act);
        if self.trial.is_over() {
            self.tell();
            return false;
        }
        let nobody = Troupe::new(self.sort(), 0);
        let cast = RefCell::new(std::mem::replace(&mut self.scene.troupe, nobody));
        let answer = perform(&self.scene.lease, &cast, act);
        self.scene.troupe = cast.into_inner();
        answer.unwrap_or_default()
    }

    /// The last acts, with what went wrong.
    fn tell(&self) {
        let last = &self.log[self.log.len().saturating_sub(14)..];
        if let Some(text) = self.trial.tally.borrow_mut().violations.first_mut() {
            text.push_str(&format!("; the story so far: {last:?}"));
        }
    }

    /// The actor dies before the `nth` store of an act, and the story goes on from there.
    fn die_during(&mut self, act: Act, nth: u64) {
        if self.trial.is_over() {
            return;
        }
        self.log.push(act);
        let played = self.scene.copy();
        let (lease, cast) = (Rc::new(played.lease), Rc::new(RefCell::new(played.troupe)));
        let corpse = Rc::new(RefCell::new(None));
        let hook = {
            let (lease, cast, corpse) = (Rc::clone(&lease), Rc::clone(&cast), Rc::clone(&corpse));
            let mut stores = 0;
            move |access, _| {
                if access == Access::Load {
                    return;
                }
                if stores == nth {
                    *corpse.borrow_mut() = Some(Scene { lease: lease.duplicate(), troupe: cast.borrow().clone() });
                }
                stores += 1;
            }
        };
        set_hook(Some(Box::new(hook)));
        let answer = perform(&lease, &cast, act);
        set_hook(None);
        if let Err(wrong) = answer {
            self.trial.tally.borrow_mut().violations.push(wrong);
            self.tell();
            return;
        }
        match corpse.borrow_mut().take() {
            Some(mut scene) => {
                scene.troupe.interrupt(act);
                self.scene = scene;
            }
            None => self.scene = Scene { lease: lease.duplicate(), troupe: cast.borrow().clone() },
        }
    }

    fn sort(&self) -> Sort {
        self.scene.troupe.sort
    }

    fn loans(&self, who: u16, ring: usize) -> usize {
        self.scene.troupe.rings[ring].outs.get(&who).map_or(0, |out| out.loans.len())
    }

    fn held(&self, who: u16, ring: usize) -> usize {
        self.scene.troupe.rings[ring].ins.get(&who).map_or(0, |inp| inp.held.len())
    }

    fn produces(&self, who: u16, ring: usize) -> bool {
        self.scene.troupe.rings[ring].outs.contains_key(&who)
    }

    fn consumes(&self, who: u16, ring: usize) -> bool {
        self.scene.troupe.rings[ring].ins.contains_key(&who)
    }

    fn capacity(&self, ring: usize) -> usize {
        self.scene.lease.geometry.rings[ring].capacity as usize
    }

    fn recover(&mut self) {
        if self.scene.troupe.zombies != 0 {
            self.act(Act::Recover(SPECTATORS[0]));
        }
    }

    /// Attaches those who are missing, and lets everybody enter who is let in.
    fn assemble(&mut self) {
        self.recover();
        for who in PRODUCERS.into_iter().chain(CONSUMERS) {
            if !self.scene.troupe.lives(who) {
                self.act(Act::Attach(who));
            }
        }
        let behind = forwards(self.sort());
        for who in PRODUCERS {
            self.enter(who, 0, End::Producing);
            if behind {
                self.enter(who, 1, End::Consuming);
            }
        }
        for who in CONSUMERS {
            self.enter(who, 0, End::Consuming);
            if behind {
                self.enter(who, 1, End::Producing);
            }
        }
    }

    fn enter(&mut self, who: u16, ring: usize, end: End) {
        let is_there = match end {
            End::Producing => self.produces(who, ring),
            End::Consuming => self.consumes(who, ring),
        };
        if !is_there && self.scene.troupe.lives(who) {
            self.act(Act::Enter(who, ring, end));
        }
    }

    fn send(&mut self, who: u16) -> bool {
        if !self.produces(who, 0) || (self.loans(who, 0) == 0 && !self.act(Act::Loan(who, 0))) {
            return false;
        }
        let last = self.loans(who, 0) - 1;
        self.act(Act::Publish(who, 0, last))
    }

    fn fetch(&mut self, who: u16, ring: usize) -> bool {
        self.consumes(who, ring) && self.act(Act::Receive(who, ring))
    }

    fn let_go(&mut self, who: u16, ring: usize) {
        if self.held(who, ring) > 0 {
            let at = self.log.len() % self.held(who, ring);
            self.act(Act::Release(who, ring, at));
        }
    }

    /// Producers in turn, until the ring is full or a lap is over, and once more.
    fn fill(&mut self) {
        for step in 0..=self.capacity(0) {
            self.send(PRODUCERS[step % 2]);
        }
    }

    /// Everything is taken and released by both consumers in turn.
    fn drain(&mut self, ring: usize) {
        let consumers = if ring == 0 { CONSUMERS } else { PRODUCERS };
        while !self.trial.is_over() {
            let taken = consumers.map(|who| self.fetch(who, ring));
            consumers.into_iter().for_each(|who| self.let_go(who, ring));
            if taken == [false; 2] && consumers.into_iter().all(|who| self.held(who, ring) == 0) {
                return;
            }
        }
    }

    /// More messages than the ring has cells, each taken and kept for one step.
    fn stream(&mut self) {
        for step in 0..2 * self.capacity(0) + 1 {
            self.send(PRODUCERS[step % 2]);
            let who = CONSUMERS[step / 2 % 2];
            if self.held(who, 0) > 1 {
                self.let_go(who, 0);
            }
            self.fetch(who, 0);
        }
    }

    /// Messages are taken out of ring 0 and published on in the ring behind.
    fn forward(&mut self) {
        if !forwards(self.sort()) {
            return;
        }
        for who in CONSUMERS {
            if self.held(who, 0) == 0 {
                self.fetch(who, 0);
            }
            if self.held(who, 0) > 0 && self.produces(who, 1) {
                self.act(Act::Forward(who, 0));
            }
        }
    }

    fn borrow_all(&mut self, who: u16) {
        while self.produces(who, 0) && self.act(Act::Loan(who, 0)) {}
        if self.loans(who, 0) > 1 {
            self.act(Act::Discard(who, 0, 0));
        }
    }

    fn look(&mut self, who: u16) {
        self.act(Act::Look(who, 0));
    }

    fn kill(&mut self, who: u16) {
        if self.scene.troupe.lives(who) {
            self.act(Act::Kill(who));
        }
    }

    fn depart(&mut self, who: u16, closing: bool) {
        if !self.scene.troupe.lives(who) {
            return;
        }
        for ring in 0..self.scene.troupe.rings.len() {
            if closing && self.produces(who, ring) {
                self.act(Act::Close(who, ring, End::Producing));
            }
            if closing && self.consumes(who, ring) {
                self.act(Act::Close(who, ring, End::Consuming));
            }
        }
        self.act(Act::Leave(who));
    }

    /// Dies somewhere in a publish, and lies there.
    fn die_sending(&mut self, who: u16, nth: u64) {
        if self.produces(who, 0) && (self.loans(who, 0) > 0 || self.act(Act::Loan(who, 0))) {
            self.die_during(Act::Publish(who, 0, 0), nth);
        }
    }

    /// Dies somewhere in a receive, and lies there.
    fn die_fetching(&mut self, who: u16, nth: u64) {
        if self.held(who, 0) > 1 {
            self.let_go(who, 0);
        }
        if self.consumes(who, 0) {
            self.die_during(Act::Receive(who, 0), nth);
        }
    }

    /// The same story in every town: everything that is known to be difficult.
    pub(super) fn recite(&mut self) {
        let ([first, second], [left, right]) = (PRODUCERS, CONSUMERS);
        self.assemble();
        self.fill();
        self.look(first);
        self.fetch(left, 0);
        self.fetch(right, 0);
        self.look(right);
        self.stream();
        self.act(Act::Doze(left));
        self.send(second);
        self.act(Act::Doze(second));
        self.fetch(left, 0);
        self.fetch(right, 0);
        self.forward();
        self.borrow_all(second);
        self.drain(0);
        self.drain_behind();
        for nth in 0..4 {
            self.fill();
            self.fetch(left, 0);
            self.die_sending(first, nth);
            self.send(second);
            self.fetch(right, 0);
            self.look(right);
            self.fill();
            self.assemble();
            self.fill();
            self.die_fetching(left, nth);
            self.fill();
            self.fetch(right, 0);
            self.assemble();
            self.drain(0);
        }
        self.fill();
        self.forward();
        self.kill(left);
        self.kill(second);
        self.fill();
        self.fetch(right, 0);
        self.recover();
        self.depart(first, true);
        self.drain(0);
        self.assemble();
        self.fill();
        self.depart(left, false);
        self.depart(right, true);
        self.fill();
        self.assemble();
        self.act(Act::Sweep(SPECTATORS[1]));
        self.drain(0);
        self.drain_behind();
        PRODUCERS.into_iter().chain(CONSUMERS).for_each(|who| self.depart(who, who.is_multiple_of(2)));
    }

    fn drain_behind(&mut self) {
        if forwards(self.sort()) {
            self.drain(1);
        }
    }

    /// Random phrases.
    pub(super) fn ramble(&mut self, dice: &mut Dice, phrases: usize) {
        self.assemble();
        for _ in 0..phrases {
            if self.trial.is_over() {
                return;
            }
            let (producer, consumer) = (PRODUCERS[dice.roll(2)], CONSUMERS[dice.roll(2)]);
            match dice.roll(23) {
                0 | 1 => self.fill(),
                2 => self.drain(0),
                3 => self.drain_behind(),
                4 => self.stream(),
                5..=7 => drop(self.send(producer)),
                8..=10 => drop(self.fetch(consumer, 0)),
                11 => self.let_go(consumer, 0),
                12 => self.forward(),
                13 => self.borrow_all(producer),
                14 => self.die_sending(producer, dice.roll(5) as u64),
                15 => self.die_fetching(consumer, dice.roll(4) as u64),
                16 => self.kill([producer, consumer][dice.roll(2)]),
                17 => self.depart([producer, consumer][dice.roll(2)], dice.roll(2) == 0),
                18 => self.recover(),
                19 => drop(self.act(Act::Sweep(SPECTATORS[2]))),
                20 => self.look(consumer),
                21 => drop(self.act(Act::Doze(SPECTATORS[2]))),
                _ => self.assemble(),
            }
        }
    }
}

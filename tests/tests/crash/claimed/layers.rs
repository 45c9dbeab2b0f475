//! The layers, each on a copy of a world between two acts.
//!
//! L1: the actor dies before each store. L2: the recoverer dies before each of its stores as well. L3a: a recoverer is
//! preempted before each access by others, by another recovery and by a newcomer in the dead one's entry. L3b: the
//! actor is preempted before each access by what others do, and then goes on, or dies at a later store.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use vil_core::base::crash::{Access, set_hook};
use vil_core::base::words::ProcessId;
use vil_core::mem::Shared;
use vil_core::registry::{self, Liveness, recover_all};

use super::act::{Act, End};
use super::interlude::{Interlude, everybody, fetch, send};
use super::oracle::judge;
use super::plan::{CONSUMERS, PRODUCERS, SPECTATORS};
use super::troupe::{Cast, Troupe, interlude, perform};
use crate::memory::Lease;
use crate::private::{Tokens, Wrong, bit};

/// What a campaign did.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Checks by layer.
    pub(super) checks: BTreeMap<&'static str, u64>,
    /// Store sites at which somebody died.
    pub(super) sites: BTreeMap<&'static str, u64>,
    /// Most shared accesses of one act, preempted or not.
    pub(super) accesses: BTreeMap<&'static str, u64>,
    pub(super) violations: Vec<String>,
}

impl Tally {
    pub(super) fn total(&self) -> u64 {
        self.checks.values().sum()
    }

    pub(super) fn add(&mut self, other: Tally) {
        other.checks.into_iter().for_each(|(layer, count)| *self.checks.entry(layer).or_default() += count);
        other.sites.into_iter().for_each(|(site, count)| *self.sites.entry(site).or_default() += count);
        other.accesses.into_iter().for_each(|(act, most)| self.bound(act, most));
        self.violations.extend(other.violations);
    }

    fn bound(&mut self, act: &'static str, accesses: u64) {
        let most = self.accesses.entry(act).or_default();
        *most = (*most).max(accesses);
    }
}

/// How often each layer runs: at every Nth occasion, 0 is never.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dose {
    pub(super) deaths: u64,
    pub(super) relays: u64,
    pub(super) duels: u64,
    pub(super) interludes: u64,
    /// Deaths after an interlude.
    pub(super) late_deaths: u64,
}

/// No layer at all.
pub(super) const NONE: Dose = Dose { deaths: 0, relays: 0, duels: 0, interludes: 0, late_deaths: 0 };

/// A world between two acts.
pub(super) struct Scene {
    pub(super) lease: Lease,
    pub(super) troupe: Troupe,
}

impl Scene {
    pub(super) fn copy(&self) -> Scene {
        Scene { lease: self.lease.duplicate(), troupe: self.troupe.clone() }
    }
}

/// The layers and what they found.
pub(super) struct Trial {
    pub(super) dose: Dose,
    pub(super) tally: Rc<RefCell<Tally>>,
    occasions: Cell<u64>,
}

impl Trial {
    pub(super) fn new(dose: Dose) -> Trial {
        Trial { dose, tally: Rc::default(), occasions: Cell::new(0) }
    }

    pub(super) fn is_over(&self) -> bool {
        !self.tally.borrow().violations.is_empty()
    }

    fn count(&self, layer: &'static str, site: &'static str) -> u64 {
        let mut tally = self.tally.borrow_mut();
        *tally.checks.entry(layer).or_default() += 1;
        *tally.sites.entry(site).or_default() += 1;
        tally.total()
    }

    fn keep(&self, layer: &str, scene: &Scene, act: Option<Act>, place: &str, result: Result<(), Wrong>) {
        if let Err(wrong) = result {
            let sort = scene.troupe.sort;
            self.tally.borrow_mut().violations.push(format!("{layer} in {sort:?}, {act:?}, {place}: {wrong}"));
        }
    }

    fn is_due(&self, every: u64) -> bool {
        if every == 0 {
            return false;
        }
        self.occasions.set(self.occasions.get() + 1);
        self.occasions.get().is_multiple_of(every)
    }

    /// Everything that may go wrong when this act is made here.
    pub(super) fn rehearse(self: &Rc<Trial>, scene: &Scene, act: Act) {
        self.deaths(scene, act);
        if self.dose.interludes != 0 && !matches!(act, Act::Kill(_)) {
            self.interludes(scene, act);
        }
        if self.is_due(self.dose.duels) {
            self.duels(scene);
        }
    }

    /// L1 and L2: at each store of the act.
    fn deaths(self: &Rc<Trial>, scene: &Scene, act: Act) {
        let played = scene.copy();
        let (cast, accesses) = (Rc::new(RefCell::new(played.troupe)), Rc::new(Cell::new(0)));
        let lease = Rc::new(played.lease);
        let hook = {
            let (trial, lease, cast, accesses) =
                (Rc::clone(self), Rc::clone(&lease), Rc::clone(&cast), Rc::clone(&accesses));
            move |access, site| {
                accesses.set(accesses.get() + 1);
                if access != Access::Load && !trial.is_over() {
                    trial.death(&lease, &cast.borrow(), act, site);
                }
            }
        };
        set_hook(Some(Box::new(hook)));
        let answer = perform(&lease, &cast, act);
        set_hook(None);
        self.tally.borrow_mut().bound(act.name(), accesses.get());
        self.keep("act", scene, Some(act), "by itself", answer.map(drop));
        if self.dose.deaths != 0 {
            let place = "after the act";
            let troupe = cast.borrow().clone();
            self.aftermath("L1", &Scene { lease: lease.duplicate(), troupe }, Some(act), place, 0);
        }
    }

    /// The actor dies here; every other time somebody else dies with it.
    fn death(&self, lease: &Lease, troupe: &Troupe, act: Act, site: &'static str) {
        let mut dead = Scene { lease: lease.duplicate(), troupe: troupe.clone() };
        dead.troupe.interrupt(act);
        let relays = self.is_due(self.dose.relays);
        if relays {
            self.relay(&dead, act, site, 2);
        }
        if self.is_due(self.dose.deaths) {
            let turn = self.count("L1", site);
            if turn.is_multiple_of(2) {
                let other = PRODUCERS.into_iter().chain(CONSUMERS).find(|process| dead.troupe.lives(*process));
                dead.troupe.kill(other.map_or(0, bit));
            }
            self.recover_and_judge("L1", &dead, Some(act), site, turn);
        }
    }

    fn aftermath(&self, layer: &'static str, scene: &Scene, act: Option<Act>, place: &'static str, dead: u32) {
        let mut scene = scene.copy();
        scene.troupe.kill(dead);
        let turn = self.count(layer, place);
        self.recover_and_judge(layer, &scene, act, place, turn);
    }

    fn recover_and_judge(&self, layer: &str, scene: &Scene, act: Option<Act>, place: &str, turn: u64) {
        recover_all(&scene.lease, &Tokens(scene.troupe.tokens));
        let result = judge(&scene.lease, scene.troupe.clone(), scene.troupe.zombies, turn);
        self.keep(layer, scene, act, place, result);
    }

    /// L2: recoverers die one after the other, each before each of its stores.
    fn relay(&self, scene: &Scene, act: Act, site: &'static str, deaths: u32) {
        let recoverer = SPECTATORS.into_iter().find(|process| scene.troupe.lives(*process));
        let Some(recoverer) = recoverer else { return };
        let copy = scene.copy();
        let tokens = Tokens(copy.troupe.tokens);
        let stores = Rc::new(RefCell::new(Vec::new()));
        let lease = Rc::new(copy.lease);
        let hook = {
            let (lease, stores) = (Rc::clone(&lease), Rc::clone(&stores));
            move |access, site| {
                if access != Access::Load {
                    stores.borrow_mut().push((lease.duplicate(), site));
                }
            }
        };
        set_hook(Some(Box::new(hook)));
        recover_all(&lease, &tokens);
        set_hook(None);
        for (lease, recovering) in stores.take() {
            if self.is_over() {
                return;
            }
            let mut troupe = scene.troupe.clone();
            troupe.kill(bit(recoverer));
            let next = Scene { lease, troupe };
            if deaths > 1 {
                self.relay(&next, act, recovering, deaths - 1);
            }
            let turn = self.count("L2", recovering);
            self.recover_and_judge("L2", &next, Some(act), site, turn);
        }
    }

    /// L3a: each player dies between two acts, and a recoverer is preempted before each of its accesses.
    fn duels(self: &Rc<Trial>, scene: &Scene) {
        for process in PRODUCERS.into_iter().chain(CONSUMERS).filter(|process| scene.troupe.lives(*process)) {
            let mut dead = scene.copy();
            dead.troupe.kill(bit(process));
            self.duel(&dead, process);
        }
        if let Some(process) = (0..16).find(|process| scene.troupe.zombies & bit(*process) != 0) {
            self.duel(scene, process);
        }
    }

    fn duel(self: &Rc<Trial>, scene: &Scene, dead: u16) {
        for newcomer in [Some(dead), None] {
            for access in 0.. {
                if self.is_over() || !self.preempted_recovery(scene, dead, newcomer, access) {
                    break;
                }
            }
        }
    }

    /// False when the recoverer makes fewer accesses.
    fn preempted_recovery(self: &Rc<Trial>, scene: &Scene, dead: u16, newcomer: Option<u16>, access: u64) -> bool {
        let copy = scene.copy();
        let (lease, cast) = (Rc::new(copy.lease), Rc::new(RefCell::new(copy.troupe)));
        let tokens = Rc::new(Cell::new(cast.borrow().tokens));
        let happened = Rc::new(RefCell::new(None));
        let hook = {
            let (lease, cast, tokens, happened) =
                (Rc::clone(&lease), Rc::clone(&cast), Rc::clone(&tokens), Rc::clone(&happened));
            let mut seen = 0;
            move |_, _| {
                if seen == access {
                    *happened.borrow_mut() = Some(intrude(&lease, &cast, newcomer));
                    tokens.set(cast.borrow().tokens);
                }
                seen += 1;
            }
        };
        set_hook(Some(Box::new(hook)));
        recover_all(&lease, &Changing(Rc::clone(&tokens)));
        set_hook(None);
        let Some(result) = happened.borrow_mut().take() else { return false };
        let turn = self.count("L3a", "preempted recovery");
        let troupe = cast.borrow().clone();
        let result = result.and_then(|()| {
            recover_all(&lease, &Tokens(troupe.tokens));
            judge(&lease, troupe.clone(), troupe.zombies, turn)
        });
        let place = format!("access {access} of a recoverer of {dead}, preempted by {newcomer:?}");
        self.keep("L3a", scene, None, &place, result);
        true
    }

    /// L3b: the act is preempted before each of its accesses by each interlude.
    fn interludes(self: &Rc<Trial>, scene: &Scene, act: Act) {
        for interlude in Interlude::ALL {
            for access in 0.. {
                if self.is_over() {
                    return;
                }
                if !self.is_due(self.dose.interludes) {
                    // Left out this time; the accesses of an act are about as many as this.
                    if access > 24 {
                        break;
                    }
                    continue;
                }
                if !self.preempted(scene, act, interlude, access) {
                    break;
                }
            }
        }
    }

    /// False when the act makes fewer accesses.
    fn preempted(self: &Rc<Trial>, scene: &Scene, act: Act, interlude: Interlude, access: u64) -> bool {
        let copy = scene.copy();
        let (lease, cast) = (Rc::new(copy.lease), Rc::new(RefCell::new(copy.troupe)));
        let happened = Rc::new(RefCell::new(None));
        let seen = Rc::new(Cell::new(0));
        let hook = {
            let (trial, lease, cast, happened, seen) =
                (Rc::clone(self), Rc::clone(&lease), Rc::clone(&cast), Rc::clone(&happened), Rc::clone(&seen));
            move |kind, site| {
                if seen.get() == access {
                    *happened.borrow_mut() = Some(interlude.play(&lease, &cast, act.actor()));
                } else if seen.get() > access && kind != Access::Load && trial.is_due(trial.dose.late_deaths) {
                    let mut dead = Scene { lease: lease.duplicate(), troupe: cast.borrow().clone() };
                    dead.troupe.interrupt(act);
                    let turn = trial.count("L3b", site);
                    trial.recover_and_judge("L3b", &dead, Some(act), site, turn);
                }
                seen.set(seen.get() + 1);
            }
        };
        set_hook(Some(Box::new(hook)));
        let answer = perform(&lease, &cast, act);
        set_hook(None);
        self.tally.borrow_mut().bound(act.name(), seen.get());
        let Some(result) = happened.borrow_mut().take() else { return false };
        let turn = self.count("L3b", "preempted act");
        let troupe = cast.borrow().clone();
        let result = result.and(answer).and_then(|_| {
            recover_all(&lease, &Tokens(troupe.tokens));
            judge(&lease, troupe.clone(), troupe.zombies, turn)
        });
        self.keep("L3b", scene, Some(act), &format!("access {access}, preempted by {interlude:?}"), result);
        true
    }
}

/// Tokens that change while somebody recovers.
struct Changing(Rc<Cell<u32>>);

impl Liveness for Changing {
    fn is_free(&self, process: ProcessId) -> bool {
        Tokens(self.0.get()).is_free(process)
    }
}

/// In the middle of a recovery: another one finishes it, perhaps a newcomer takes the dead one's entry, and everybody
/// who is there sends and receives.
fn intrude(shared: &Shared, cast: &Cast, newcomer: Option<u16>) -> Result<(), Wrong> {
    if let Some(who) = newcomer {
        recover_all(shared, &Tokens(cast.borrow().tokens));
        cast.borrow_mut().zombies = 0;
        interlude(shared, cast, Act::Attach(who))?;
        let rings = cast.borrow().rings.len();
        for ring in 0..rings {
            interlude(shared, cast, Act::Enter(who, ring, End::Producing))?;
            interlude(shared, cast, Act::Enter(who, ring, End::Consuming))?;
        }
    }
    for (ring, who) in everybody(cast, End::Producing) {
        send(shared, cast, ring, who)?;
    }
    for (ring, who) in everybody(cast, End::Consuming) {
        fetch(shared, cast, ring, who)?;
    }
    registry::sweep(shared);
    Ok(())
}

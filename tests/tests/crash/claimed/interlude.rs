//! Interludes: what others do in the middle of somebody's act.

use std::cell::RefCell;
use std::rc::Rc;

use vil_core::base::crash::set_hook;
use vil_core::mem::Shared;
use vil_core::registry::recover_all;

use super::act::{Act, End};
use super::troupe::{Cast, forwards, interlude};
use crate::memory::Lease;
use crate::private::{Tokens, Wrong};

/// Who holds an end of this sort, and of which ring.
pub(super) fn everybody(cast: &Cast, end: End) -> Vec<(usize, u16)> {
    let troupe = cast.borrow();
    let of_ring = troupe.rings.iter().enumerate().map(|(ring, side)| match end {
        End::Producing => (ring, side.outs.keys().copied().collect::<Vec<_>>()),
        End::Consuming => (ring, side.ins.keys().copied().collect()),
    });
    of_ring.flat_map(|(ring, players)| players.into_iter().map(move |who| (ring, who))).collect()
}

pub(super) fn send(shared: &Shared, cast: &Cast, ring: usize, who: u16) -> Result<bool, Wrong> {
    let loans = cast.borrow().rings[ring].outs[&who].loans.len();
    if loans == 0 && !interlude(shared, cast, Act::Loan(who, ring))? {
        return Ok(false);
    }
    interlude(shared, cast, Act::Publish(who, ring, 0))
}

/// Receives; with both hands full one message is released first.
pub(super) fn fetch(shared: &Shared, cast: &Cast, ring: usize, who: u16) -> Result<bool, Wrong> {
    let held = cast.borrow().rings[ring].ins[&who].held.len();
    if held > 1 {
        interlude(shared, cast, Act::Release(who, ring, 0))?;
    }
    interlude(shared, cast, Act::Receive(who, ring))
}

/// What others do in the middle of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interlude {
    /// Another producer publishes one message.
    Send,
    /// Another consumer takes one message.
    Fetch,
    /// Another consumer takes one, another producer publishes one.
    FetchAndSend,
    /// More messages than the ring has cells go through it.
    Lap,
    /// Everything is taken and released.
    Drain,
    /// A producer dies in the middle of a publish, and is not recovered.
    DieWriting,
    /// A producer dies in the middle of a publish, is recovered, and another publishes and takes.
    DieAndRecover,
    /// A consumer takes a message and dies, is recovered, and one in its entry goes on.
    DieTaking,
    /// A message is taken out of the ring, and into the one behind.
    Forward,
}

impl Interlude {
    pub(super) const ALL: [Interlude; 9] = [
        Interlude::Send,
        Interlude::Fetch,
        Interlude::FetchAndSend,
        Interlude::Lap,
        Interlude::Drain,
        Interlude::DieWriting,
        Interlude::DieAndRecover,
        Interlude::DieTaking,
        Interlude::Forward,
    ];

    pub(super) fn play(self, lease: &Lease, cast: &Cast, actor: u16) -> Result<bool, Wrong> {
        let other = |end| everybody(cast, end).into_iter().find(|(ring, who)| *ring == 0 && *who != actor);
        let (producer, consumer) = (other(End::Producing), other(End::Consuming));
        match self {
            Interlude::Send => producer.map_or(Ok(true), |(ring, who)| send(lease, cast, ring, who)),
            Interlude::Fetch => consumer.map_or(Ok(true), |(ring, who)| fetch(lease, cast, ring, who)),
            Interlude::FetchAndSend => {
                Interlude::Fetch.play(lease, cast, actor)?;
                Interlude::Send.play(lease, cast, actor)
            }
            Interlude::Lap => {
                for _ in 0..=lease.geometry.rings[0].capacity {
                    Interlude::Send.play(lease, cast, actor)?;
                    Interlude::Fetch.play(lease, cast, actor)?;
                }
                Ok(true)
            }
            Interlude::Drain => {
                while consumer.map_or(Ok(false), |(ring, who)| fetch(lease, cast, ring, who))? {}
                Ok(true)
            }
            Interlude::DieWriting => die(lease, cast, producer, |ring, who| Act::Publish(who, ring, 0), "claimed.fill"),
            Interlude::DieAndRecover => {
                Interlude::DieWriting.play(lease, cast, actor)?;
                recover(lease, cast);
                Interlude::FetchAndSend.play(lease, cast, actor)
            }
            Interlude::DieTaking => {
                die(lease, cast, consumer, |ring, who| Act::Receive(who, ring), "claimed.clear")?;
                recover(lease, cast);
                if let Some((_, who)) = consumer.filter(|(_, who)| !cast.borrow().lives(*who)) {
                    interlude(lease, cast, Act::Attach(who))?;
                    interlude(lease, cast, Act::Enter(who, 0, End::Consuming))?;
                    if cast.borrow().rings[0].ins.contains_key(&who) {
                        fetch(lease, cast, 0, who)?;
                    }
                }
                Ok(true)
            }
            Interlude::Forward => forward(lease, cast, consumer),
        }
    }
}

fn recover(shared: &Shared, cast: &Cast) {
    recover_all(shared, &Tokens(cast.borrow().tokens));
    cast.borrow_mut().zombies = 0;
}

/// Somebody dies before the store of this site in an act. Should it not come to that, the act is made.
fn die(
    lease: &Lease,
    cast: &Cast,
    who: Option<(usize, u16)>,
    act: impl Fn(usize, u16) -> Act,
    at: &'static str,
) -> Result<bool, Wrong> {
    let Some((ring, who)) = who else { return Ok(true) };
    let act = act(ring, who);
    let loans = cast.borrow().rings[ring].outs.get(&who).map_or(0, |out| out.loans.len());
    let held = cast.borrow().rings[ring].ins.get(&who).map_or(0, |inp| inp.held.len());
    if matches!(act, Act::Publish(..)) && loans == 0 && !interlude(lease, cast, Act::Loan(who, ring))? {
        return Ok(false);
    }
    if matches!(act, Act::Receive(..)) && held > 1 {
        interlude(lease, cast, Act::Release(who, ring, 0))?;
    }
    // The act is made on a copy up to the death, and the copy's bytes become the scene.
    let copy = Rc::new(lease.duplicate());
    let rehearsal = Rc::new(RefCell::new(cast.borrow().clone()));
    let corpse = Rc::new(RefCell::new(None));
    let hook = {
        let (copy, rehearsal, corpse) = (Rc::clone(&copy), Rc::clone(&rehearsal), Rc::clone(&corpse));
        move |_, site| {
            if site == at && corpse.borrow().is_none() {
                *corpse.borrow_mut() = Some((copy.duplicate(), rehearsal.borrow().clone()));
            }
        }
    };
    let outer = set_hook(Some(Box::new(hook)));
    let answer = interlude(&copy, &rehearsal, act);
    set_hook(outer);
    let Some((bytes, mut troupe)) = corpse.borrow_mut().take() else {
        answer?;
        return interlude(lease, cast, act);
    };
    troupe.interrupt(act);
    lease.become_copy_of(&bytes);
    *cast.borrow_mut() = troupe;
    Ok(true)
}

fn forward(shared: &Shared, cast: &Cast, consumer: Option<(usize, u16)>) -> Result<bool, Wrong> {
    let Some((_, who)) = consumer else { return Ok(true) };
    if !forwards(cast.borrow().sort) || !cast.borrow().rings[1].outs.contains_key(&who) {
        return Ok(true);
    }
    if cast.borrow().rings[0].ins[&who].held.is_empty() && !interlude(shared, cast, Act::Receive(who, 0))? {
        return Ok(false);
    }
    interlude(shared, cast, Act::Forward(who, 0))
}

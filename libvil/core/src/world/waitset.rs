//! Waiting for many ends at once: whichever has something to do is answered, the control lane first.
//!
//! A set knows its members and whose turn it is; the ends themselves are shown to it for each wait, so that it owns
//! nothing that somebody else uses meanwhile. A wait allocates nothing.

use std::cell::{Cell, RefCell};
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use vil_ir::vocabulary::Lane;

use crate::base::atomic::FOR_SPACE;
use crate::base::error::{Error, Fault};
use crate::world::pollable::Pollable;
use crate::world::wait::{Telling, Wait, deadline};
use crate::world::{Receiver, Sender, Stop, World};

/// Answers from the control lane in a row after which another lane has its turn, if it has something.
pub const CONTROL_RUN: u32 = 8;

/// Members of a set; bounds the work of one look.
pub const MAX_MEMBERS: usize = 256;

/// An end that can be waited for.
#[derive(Debug)]
pub enum End<'a> {
    /// Until it has a message.
    Receiver(&'a mut Receiver),
    /// Until its ring has room.
    Sender(&'a mut Sender),
}

impl End<'_> {
    /// Is it a parent's, and we a fork child?
    pub fn is_forked(&self) -> bool {
        self.world().is_forked()
    }

    fn world(&self) -> &Arc<World> {
        match self {
            End::Receiver(receiver) => receiver.world(),
            End::Sender(sender) => sender.world(),
        }
    }

    /// The futex word of its process.
    fn flag(&self) -> u64 {
        match self {
            End::Receiver(receiver) => receiver.flag(),
            End::Sender(sender) => sender.flag(),
        }
    }

    fn reason(&self) -> u32 {
        match self {
            End::Receiver(receiver) => receiver.reasons(),
            End::Sender(_) => FOR_SPACE,
        }
    }

    fn lane(&self) -> Lane {
        match self {
            End::Receiver(receiver) => receiver.lane(),
            End::Sender(sender) => sender.lane(),
        }
    }

    fn is_ready(&mut self) -> bool {
        match self {
            End::Receiver(receiver) => receiver.is_ready(),
            End::Sender(sender) => sender.is_ready(),
        }
    }

    fn lost(&mut self, telling: Telling) -> bool {
        match self {
            End::Receiver(receiver) => receiver.lost(telling),
            End::Sender(sender) => sender.lost(telling),
        }
    }

    /// Cancels of the world that this end has told.
    fn cancels(&mut self) -> &mut u32 {
        match self {
            End::Receiver(receiver) => receiver.cancels_told(),
            End::Sender(sender) => sender.cancels_told(),
        }
    }
}

/// Ends in the order in which they were added to a set, for one wait.
pub trait Ends {
    /// How many.
    fn count(&self) -> usize;
    /// The one at a position below `count`.
    fn end(&mut self, at: usize) -> End<'_>;
}

impl<const N: usize> Ends for [&mut Receiver; N] {
    fn count(&self) -> usize {
        N
    }

    fn end(&mut self, at: usize) -> End<'_> {
        End::Receiver(self[at])
    }
}

impl Ends for Vec<End<'_>> {
    fn count(&self) -> usize {
        self.len()
    }

    fn end(&mut self, at: usize) -> End<'_> {
        match &mut self[at] {
            End::Receiver(receiver) => End::Receiver(receiver),
            End::Sender(sender) => End::Sender(sender),
        }
    }
}

/// Wakes a set's wait from elsewhere.
#[derive(Debug)]
pub struct SetCanceller {
    world: Arc<World>,
    calls: AtomicU32,
}

impl SetCanceller {
    /// The wait in progress, or else the next one, answers `Cancelled`. Async-signal-safe.
    pub fn cancel(&self) {
        // ORDER: Release, pairs with the Acquire in `calls`; the bump of the futex words makes a sleeper look.
        self.calls.fetch_add(1, Ordering::Release);
        self.world.rouse();
    }

    /// Is it a parent's, and we a fork child?
    pub fn is_forked(&self) -> bool {
        self.world.is_forked()
    }

    pub(super) fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Counts the cancels of the world and of the set.
    pub(super) fn all_calls(&self) -> (u32, u32) {
        (self.world.cancels(), self.calls())
    }

    /// Counts the calls.
    fn calls(&self) -> u32 {
        // ORDER: Acquire, pairs with the Release in `cancel`.
        self.calls.load(Ordering::Acquire)
    }
}

/// What a set knows of an end.
#[derive(Debug)]
struct Member {
    token: u64,
    is_control: bool,
    flag: u64,
}

/// Ends of one attachment that are waited for together. One thread at a time.
#[derive(Debug)]
pub struct WaitSet {
    members: Vec<Member>,
    turns: Turns,
    /// Cancels of the world and of the set that were told.
    told: (u32, u32),
    canceller: Arc<SetCanceller>,
    pollable: Option<Pollable>,
}

impl WaitSet {
    /// An empty set for ends of this attachment.
    pub fn new(world: &Arc<World>) -> WaitSet {
        let canceller = SetCanceller { world: Arc::clone(world), calls: AtomicU32::new(0) };
        let told = (world.cancels(), 0);
        WaitSet { members: Vec::new(), turns: Turns::default(), told, canceller: Arc::new(canceller), pollable: None }
    }

    /// The world its ends belong to.
    pub fn world(&self) -> &Arc<World> {
        &self.canceller.world
    }

    /// What wakes its waits from elsewhere.
    pub fn canceller(&self) -> &Arc<SetCanceller> {
        &self.canceller
    }

    /// Ends in it.
    pub fn count(&self) -> usize {
        self.members.len()
    }

    /// Adds an end behind the others; `token` is what a wait answers for it.
    pub fn add(&mut self, end: &mut End<'_>, token: u64) -> Result<(), Error> {
        let member = Member { token, is_control: end.lane() == Lane::Control, flag: end.flag() };
        if !Arc::ptr_eq(end.world(), self.world()) || self.members.iter().any(|one| one.flag != member.flag) {
            let message = format!(
                "a set of world `{}` takes only ends that were opened from the same handle",
                self.world().name()
            );
            return Err(Error::new(Fault::Argument, message));
        }
        if self.members.len() == MAX_MEMBERS {
            return Err(Error::new(Fault::Limit, format!("the set has {MAX_MEMBERS} ends, and no room for one more")));
        }
        if let (Some(pollable), End::Receiver(receiver)) = (&self.pollable, end) {
            pollable.watch(receiver)?;
        }
        self.members.push(member);
        Ok(())
    }

    /// Takes the end at this position out; those behind it move up. `end` is it, unless it is closed.
    pub fn remove(&mut self, at: usize, end: Option<End<'_>>) {
        self.members.remove(at);
        if let (Some(_), Some(End::Receiver(receiver))) = (&self.pollable, end) {
            receiver.unwatch();
        }
    }

    /// Waits until an end has something to do, for at most `timeout_ns`; 0 only looks, and answers `Empty` when nothing
    /// has. Writes whose end it is, also for `PeerGone`. Takes no message.
    pub fn wait(&mut self, ends: &mut dyn Ends, timeout_ns: u64, token: &mut u64) -> Result<(), Stop> {
        if ends.count() != self.members.len() || self.members.is_empty() {
            return Err(Stop::Fault(Fault::Argument));
        }
        let mut at = 0;
        let answer = match self.look(ends, &mut at) {
            Err(Stop::Empty) if timeout_ns > 0 => self.sleep(ends, timeout_ns, &mut at),
            answer => answer,
        };
        if matches!(answer, Ok(()) | Err(Stop::PeerGone)) {
            *token = self.members[at].token;
        }
        answer
    }

    /// A descriptor that is readable while a receiver of the set has a message, a peer of one is gone without that being
    /// told, or a cancel was not told; see `Pollable`. The same for every call. `ends` are all members.
    pub fn descriptor(&mut self, ends: &mut dyn Ends) -> Result<RawFd, Error> {
        if let Some(pollable) = &self.pollable {
            return Ok(pollable.descriptor());
        }
        let Some(first) = self.members.first() else {
            return Err(Error::new(
                Fault::Argument,
                "the set has no receiver yet; add one before its descriptor is made",
            ));
        };
        let pollable = Pollable::start(&self.canceller, first.flag)?;
        for at in 0..ends.count() {
            if let End::Receiver(receiver) = ends.end(at) {
                pollable.watch(receiver)?;
            }
        }
        Ok(self.pollable.insert(pollable).descriptor())
    }

    /// Looks once. What finds nothing at all lets the descriptor tell of what comes from here on.
    fn look(&mut self, ends: &mut dyn Ends, at: &mut usize) -> Result<(), Stop> {
        for _ in 0..2 {
            if let Some(found) = self.turns.next(&self.members, |at| ends.end(at).is_ready()) {
                *at = found;
                return Ok(());
            }
            let calls = self.canceller.all_calls();
            if calls != self.told {
                self.told = calls;
                return Err(Stop::Cancelled);
            }
            if let Some(found) = first_lost(ends, Telling::Look) {
                *at = first_lost(ends, Telling::Told).unwrap_or(found);
                return Err(Stop::PeerGone);
            }
            if !rearm(ends) {
                break;
            }
        }
        Err(Stop::Empty)
    }

    fn sleep(&mut self, ends: &mut dyn Ends, timeout_ns: u64, at: &mut usize) -> Result<(), Stop> {
        let WaitSet { members, turns, told: (of_world, of_set), canceller, .. } = self;
        let reason = (0..ends.count()).fold(0, |reason, at| reason | ends.end(at).reason());
        let (flag, deadline_ns) = (members[0].flag, deadline(timeout_ns));
        let wait = Wait { world: &canceller.world, flag, reason, deadline_ns, cancels: of_world };
        let (ends, lost_at) = (RefCell::new(ends), Cell::new(0));
        let answer = wait.until(
            || match turns.next(members, |at| ends.borrow_mut().end(at).is_ready()) {
                Some(found) => Some(Ok(found)),
                None => {
                    let calls = canceller.calls();
                    (std::mem::replace(of_set, calls) != calls).then_some(Err(Stop::Cancelled))
                }
            },
            |telling| first_lost(*ends.borrow_mut(), telling).inspect(|found| lost_at.set(*found)).is_some(),
        );
        *at = match answer {
            Ok(found) => found?,
            Err(Stop::PeerGone) => lost_at.get(),
            Err(stop) => return Err(stop),
        };
        answer.map(drop)
    }
}

/// The first end whose peer is gone without that being told.
fn first_lost(ends: &mut dyn Ends, telling: Telling) -> Option<usize> {
    (0..ends.count()).find(|at| ends.end(*at).lost(telling))
}

/// Every receiver was found empty; true when one is not any more.
fn rearm(ends: &mut dyn Ends) -> bool {
    let mut is_ready = false;
    for at in 0..ends.count() {
        if let End::Receiver(receiver) = ends.end(at) {
            is_ready |= receiver.found_nothing();
        }
    }
    is_ready
}

/// Waits until one of several ends of one attachment has something to do, and answers which; earlier ones win.
pub fn wait_any(ends: &mut dyn Ends, timeout_ns: u64) -> Result<usize, Stop> {
    if ends.count() == 0 {
        return Err(Stop::Fault(Fault::Argument));
    }
    let (world, flag) = (Arc::clone(ends.end(0).world()), ends.end(0).flag());
    let (mut reason, mut cancels) = (0, world.cancels());
    for at in 0..ends.count() {
        let mut end = ends.end(at);
        if !Arc::ptr_eq(end.world(), &world) || end.flag() != flag {
            return Err(Stop::Fault(Fault::Argument));
        }
        reason |= end.reason();
        cancels = cancels.min(*end.cancels());
    }
    let ends = RefCell::new(ends);
    let wait = Wait { world: &world, flag, reason, deadline_ns: deadline(timeout_ns), cancels: &mut cancels };
    let answer = wait.until(
        || {
            let mut ends = ends.borrow_mut();
            (0..ends.count()).find(|at| ends.end(*at).is_ready())
        },
        |telling| first_lost(*ends.borrow_mut(), telling).is_some(),
    );
    // Only this answer tells of the calls; after any other each end still knows what it has told.
    if answer == Err(Stop::Cancelled) {
        let mut ends = ends.borrow_mut();
        (0..ends.count()).for_each(|at| *ends.end(at).cancels() = cancels);
    }
    answer
}

/// Whose turn it is: the control lane first, but after `CONTROL_RUN` of its answers in a row another lane, if that has
/// something; within each of the two whoever was answered last comes last.
#[derive(Debug, Default)]
struct Turns {
    /// Answers of the control lane in a row.
    run: u32,
    /// Where the next look begins, for the control lane and for the others.
    next: [usize; 2],
}

impl Turns {
    fn next(&mut self, members: &[Member], mut is_ready: impl FnMut(usize) -> bool) -> Option<usize> {
        let control_first = self.run < CONTROL_RUN;
        for wants_control in [control_first, !control_first] {
            let begin = &mut self.next[usize::from(wants_control)];
            let mut turns = (0..members.len()).map(|step| (*begin + step) % members.len());
            let found = turns.find(|at| members[*at].is_control == wants_control && is_ready(*at));
            if let Some(at) = found {
                *begin = at + 1;
                self.run = if wants_control { self.run.saturating_add(1) } else { 0 };
                return Some(at);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(lanes: &str) -> Vec<Member> {
        let member = |lane| Member { token: 0, is_control: lane == 'c', flag: 0 };
        lanes.chars().map(member).collect()
    }

    fn answers(lanes: &str, count: usize, is_ready: impl Fn(usize) -> bool) -> Vec<usize> {
        let (members, mut turns) = (members(lanes), Turns::default());
        (0..count).filter_map(|_| turns.next(&members, &is_ready)).collect()
    }

    #[test]
    fn control_comes_first_and_others_have_a_turn_after_eight_of_its_answers() {
        let found = answers("dcd", 20, |_| true);
        assert_eq!(found, [1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1]);
    }

    #[test]
    fn nobody_waits_for_a_lane_that_has_nothing() {
        assert_eq!(answers("dcd", 20, |at| at == 1), [1; 20], "control goes on where nobody else has anything");
        assert_eq!(answers("dcd", 4, |at| at != 1), [0, 2, 0, 2], "others take turns");
        assert_eq!(answers("ccc", 6, |_| true), [0, 1, 2, 0, 1, 2], "and so does the control lane");
        assert!(answers("dcd", 4, |_| false).is_empty());
    }

    #[test]
    fn a_lane_that_became_ready_after_a_long_run_of_control_is_next() {
        let (members, mut turns) = (members("cd"), Turns::default());
        (0..100).for_each(|_| assert_eq!(turns.next(&members, |at| at == 0), Some(0)));
        assert_eq!(turns.next(&members, |_| true), Some(1));
        assert_eq!(turns.next(&members, |_| true), Some(0));
    }
}

//! One call of the library at a time, compared with the model; a difference is the error.
//!
//! A call may be preempted: then its answer must fit what the model said before or what it says afterwards, and what the
//! call itself adds to the model is written by number, so that it does not matter whether the other side saw it already.

use std::rc::Rc;

use vil_core::base::words::{EndWord, ProcessId};
use vil_core::exchange::{Consumer, NotOpened, Producer};
use vil_core::heap;
use vil_core::mem::Shared;
use vil_core::queue::Side;
use vil_core::registry::{self, Certificate, Identity};
use vil_ir::vocabulary::Delivery;

use crate::facts::raw;
use crate::private::{Changing, In, Line, Meeting, Out, Private, Tokens, Wrong, bit};
use crate::town::PROCESSES;

/// Shared and private memory together, for one call.
pub(crate) struct Stage<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) private: &'a mut Private,
    pub(crate) meeting: Option<&'a Meeting>,
}

pub(crate) fn differ<T>(what: &str, expected: &impl std::fmt::Debug, found: &impl std::fmt::Debug) -> Result<T, Wrong> {
    Err(format!("{what}: expected {expected:?}, found {found:?}"))
}

/// What the model says of a route at one moment, for both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) published: u64,
    pub(crate) head: u64,
    /// Every cell is taken.
    pub(crate) is_full: bool,
    /// A publish on a full ring skips what lies in it.
    pub(crate) skips: bool,
}

impl View {
    pub(crate) fn takes(self) -> bool {
        !self.is_full || self.skips
    }

    /// Where head stands after a publish at this moment.
    pub(crate) fn head_after_publish(self) -> u64 {
        if self.is_full && self.skips { self.published } else { self.head }
    }
}

impl<'a> Stage<'a> {
    /// A stage on which nobody is preempted.
    pub(crate) fn new(shared: &'a Shared, private: &'a mut Private) -> Stage<'a> {
        Stage { shared, private, meeting: None }
    }

    /// A stage on which the next call is preempted.
    pub(crate) fn preempted(shared: &'a Shared, private: &'a mut Private, meeting: &'a Meeting) -> Stage<'a> {
        Stage { shared, private, meeting: Some(meeting) }
    }
}

impl Stage<'_> {
    pub(crate) fn line(&mut self, route: usize) -> &mut Line {
        &mut self.private.lines[route]
    }

    pub(crate) fn is_best_effort(&self, route: usize) -> bool {
        self.private.town.roads[route].delivery == Delivery::BestEffort
    }

    pub(crate) fn view(&self, route: usize) -> View {
        let line = &self.private.lines[route];
        let is_full = line.is_full(self.private.town.roads[route].capacity);
        View { published: line.published, head: line.head, is_full, skips: self.skips(route) }
    }

    /// The call is over: if somebody came in between, the model is theirs from here on.
    pub(crate) fn meet(&mut self) {
        if let Some(meeting) = self.meeting
            && let Some(theirs) = meeting.left.take()
        {
            self.private.join(meeting.actor, theirs);
        }
    }

    /// Takes the entry; its token was taken before.
    pub(crate) fn attach(&mut self, process: u16) -> Result<(), Wrong> {
        let identity = Identity { pid: u32::from(process), since_ns: 1, name: "somebody" };
        let claimed = registry::claim(self.shared, ProcessId(process), identity);
        if claimed {
            let certificate = Certificate { pid: u32::from(process), start: 1, namespaces: 1 };
            registry::certify(self.shared, ProcessId(process), certificate);
        }
        self.meet();
        if claimed { Ok(()) } else { Err(format!("process {process} cannot attach")) }
    }

    /// Opens the producing ends of a route's port; false when somebody was faster.
    pub(crate) fn open_out(&mut self, process: u16, route: usize) -> Result<bool, Wrong> {
        let (lead, port) = (self.private.town.lead(route), self.private.town.port(route));
        let before = self.view(lead);
        let end = Producer::open(self.shared, ProcessId(process), &port);
        self.meet();
        let after = self.view(lead);
        let line = self.line(lead);
        let end = match end {
            Err(NotOpened::OwnedBy(_)) if line.out.is_some() => return Ok(false),
            Err(why) => return Err(format!("producing end of {route} not opened: {why:?}")),
            Ok(end) => end,
        };
        if ![before.published, after.published].contains(&end.published()) {
            return differ("published, as its new owner reads it", &after.published, &end.published());
        }
        line.out = Some(Out { process, end, loans: Vec::new(), kept: Vec::new() });
        Ok(true)
    }

    /// Opens a consuming end; false when somebody was faster.
    pub(crate) fn open_in(&mut self, process: u16, route: usize) -> Result<bool, Wrong> {
        let before = self.view(route);
        let end = Consumer::open(self.shared, ProcessId(process), route);
        self.meet();
        let after = self.view(route);
        let line = self.line(route);
        let end = match end {
            Err(NotOpened::OwnedBy(_)) if line.inp.is_some() => return Ok(false),
            Err(why) => return Err(format!("consuming end of {route} not opened: {why:?}")),
            Ok(end) => end,
        };
        let next = end.released();
        if ![before.head, after.head].contains(&next) {
            return differ("released, as its new owner reads it", &after.head, &next);
        }
        let (held, released, lent) = (Vec::new(), Vec::new(), Vec::new());
        line.inp = Some(In { process, end, held, next, released, lent, lingers: false });
        Ok(true)
    }

    /// Will a publish on this full ring skip what lies in it?
    pub(crate) fn skips(&self, route: usize) -> bool {
        self.is_best_effort(route) && self.is_vacant(route, Side::Head)
    }

    /// Does nobody hold this end? Who is preempted may have opened it already, and the dead hold theirs until recovery.
    pub(crate) fn is_vacant(&self, route: usize, side: Side) -> bool {
        let word = raw(self.shared, side.offset(&self.private.town.geometry.rings[route]));
        EndWord::decode(word).owner.is_none()
    }

    /// Is no ring of a route's port opened for producing?
    pub(crate) fn is_port_vacant(&self, route: usize) -> bool {
        self.private.town.port(route).into_iter().all(|route| self.is_vacant(route, Side::Tail))
    }

    /// Head must stand at one of these numbers, and the model follows it there.
    pub(crate) fn follow_head(&mut self, route: usize, is_legal: impl Fn(u64) -> bool) -> Result<(), Wrong> {
        let (known, head) = (self.private.lines[route].head, self.head(route));
        if !is_legal(head) {
            return Err(format!("head of {route} stands at {head}, and stood at {known}"));
        }
        self.line(route).move_head(head);
        Ok(())
    }

    /// The number at which the word of a head stands.
    fn head(&self, route: usize) -> u64 {
        let known = self.private.lines[route].head;
        let word = raw(self.shared, self.private.town.geometry.rings[route].head);
        known.wrapping_add(u64::from((word as u32).wrapping_sub(known as u32)))
    }

    pub(crate) fn close_out(&mut self, route: usize) {
        let lead = self.private.town.lead(route);
        if let Some(mut out) = self.line(lead).out.take() {
            out.end.close(self.shared);
            self.meet();
        }
    }

    /// Closes a consuming end. What is lent keeps it open; then it must be closed once more.
    pub(crate) fn close_in(&mut self, route: usize) -> Result<(), Wrong> {
        let shared = self.shared;
        let waited = self.private.is_lent(route);
        let Some(mut inp) = self.line(route).inp.take() else { return Ok(()) };
        let is_closed = inp.end.close(shared);
        self.meet();
        if self.private.lines[route].inp.is_some() {
            // Somebody else has opened it already, and knows where head stands.
            return Ok(());
        }
        inp.held.clear();
        inp.lingers = true;
        self.line(route).inp = Some(inp);
        let waits = self.private.is_lent(route);
        let (low, high) = self.private.heads(route, &[]);
        if !is_closed {
            let is_right = waited && (low..=high).contains(&self.head(route));
            return if is_right { self.follow_head(route, |_| true) } else { Err(format!("{route} is not closed")) };
        }
        self.line(route).inp = None;
        if waits {
            return Err(format!("{route} was closed although what is lent is still read"));
        }
        let (skips, is_exact) = (self.is_best_effort(route), self.meeting.is_none());
        let end = if skips { self.private.lines[route].published } else { high };
        self.follow_head(route, |head| head == end || !is_exact && (low..=end).contains(&head))
    }

    /// Leaves without closing anything first. Where others still read what it forwarded, its entry waits.
    pub(crate) fn leave(&mut self, process: u16) {
        registry::leave(self.shared, ProcessId(process));
        self.meet();
        self.private.bury(bit(process));
        self.after_recovery(bit(process));
    }

    /// Dies between two calls.
    pub(crate) fn kill(&mut self, process: u16) {
        self.private.bury(bit(process));
        self.private.zombies |= bit(process);
    }

    /// Recovers everybody who is dead.
    pub(crate) fn recover(&mut self) -> Result<(), Wrong> {
        match self.meeting {
            Some(meeting) => registry::recover_all(self.shared, &Changing(Rc::clone(&meeting.tokens))),
            None => registry::recover_all(self.shared, &Tokens(self.private.tokens)),
        };
        self.meet();
        self.after_recovery(self.private.zombies);
        Ok(())
    }

    /// What becomes of the rings of these dead, by the words that say who is still dead. What the words must say is
    /// judged between the calls.
    fn after_recovery(&mut self, dead: u32) {
        let entry = |process: &u16| raw(self.shared, self.shared.geometry.process(*process)) & 0xff;
        let pending = (0..PROCESSES).filter(|process| dead & bit(*process) != 0 && entry(process) == 2);
        self.private.zombies = pending.fold(self.private.zombies & !dead, |all, process| all | bit(process));
        for route in 0..self.private.lines.len() {
            let published = self.private.lines[route].published;
            if self.is_best_effort(route) {
                // A wrong head is found by the judge of the words.
                let _ = self.follow_head(route, |head| head == published);
            }
        }
    }

    /// Takes every free slot of every class for a process; how many.
    pub(crate) fn take_pool(&mut self, process: u16) -> Vec<heap::Slot> {
        let mut slots = Vec::new();
        for class in &self.shared.geometry.classes {
            heap::acquire(self.shared, ProcessId(process), class, class.count, &mut 0, &mut slots);
        }
        slots
    }
}

//! One call of the library at a time, compared with the model; a difference is the error.
//!
//! A call may be preempted: then its answer must fit what the model said before or what it says afterwards, and what the
//! call itself adds to the model is written by number, so that it does not matter whether the other side saw it already.

use std::rc::Rc;

use vil_core::base::words::ProcessId;
use vil_core::exchange::{Consumer, NotOpened, Producer, Refusal};
use vil_core::heap;
use vil_core::mem::Shared;
use vil_core::queue::{self, Side};
use vil_core::registry::{self, Certificate, Identity};
use vil_ir::vocabulary::Delivery;

use crate::memory::{offset_of, read, write};
use crate::private::{Changing, In, Line, Loaned, Meeting, Out, Private, Taken, Tokens, Wrong, bit};

/// Shared and private memory together, for one call.
pub(crate) struct Stage<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) private: &'a mut Private,
    meeting: Option<&'a Meeting>,
}

fn differ<T>(what: &str, expected: &impl std::fmt::Debug, found: &impl std::fmt::Debug) -> Result<T, Wrong> {
    Err(format!("{what}: expected {expected:?}, found {found:?}"))
}

/// What the model says of a route at one moment, for both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct View {
    published: u64,
    head: u64,
    /// Every cell is taken.
    is_full: bool,
    /// A publish on a full ring skips what lies in it.
    skips: bool,
}

impl View {
    fn takes(self) -> bool {
        !self.is_full || self.skips
    }

    /// Where head stands after a publish at this moment.
    fn head_after_publish(self) -> u64 {
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
    fn line(&mut self, route: usize) -> &mut Line {
        &mut self.private.lines[route]
    }

    fn is_best_effort(&self, route: usize) -> bool {
        self.private.town.roads[route].delivery == Delivery::BestEffort
    }

    fn view(&self, route: usize) -> View {
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

    /// Opens a producing end; false when somebody was faster.
    pub(crate) fn open_out(&mut self, process: u16, route: usize) -> Result<bool, Wrong> {
        let before = self.view(route);
        let end = Producer::open(self.shared, ProcessId(process), &[route]);
        self.meet();
        let after = self.view(route);
        let line = self.line(route);
        let end = match end {
            Err(NotOpened::OwnedBy(_)) if line.out.is_some() => return Ok(false),
            Err(why) => return Err(format!("producing end of {route} not opened: {why:?}")),
            Ok(end) => end,
        };
        if ![before.published, after.published].contains(&end.published()) {
            return differ("published, as its new owner reads it", &after.published, &end.published());
        }
        line.out = Some(Out { process, end, loans: Vec::new() });
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
        line.inp = Some(In { process, end, held: Vec::new(), next, released: Vec::new() });
        Ok(true)
    }

    /// Loans and writes a new content; false when the end holds as many as it may, or the pool is short.
    pub(crate) fn loan(&mut self, route: usize) -> Result<bool, Wrong> {
        let limit = self.private.town.roads[route].loans.0 as usize;
        let shared = self.shared;
        let is_scarce = self.private.scarce || self.private.zombies != 0;
        self.private.nonce += 1;
        let content = self.private.nonce.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let Some(out) = &mut self.private.lines[route].out else { return Err("nobody produces".into()) };
        let mut answer = out.end.loan(shared);
        if answer == Err(Refusal::Short) {
            registry::sweep(shared);
            answer = out.end.loan(shared);
        }
        self.meet();
        let Some(out) = &mut self.private.lines[route].out else { return Err("nobody produces".into()) };
        match answer {
            Ok(loan) if out.loans.len() < limit => {
                write(loan.data, content);
                out.loans.push(Loaned { ticket: loan.ticket, offset: offset_of(shared, loan.data), content });
                Ok(true)
            }
            Err(Refusal::Limit) if out.loans.len() == limit => Ok(false),
            // Slots of the dead come back with their recovery.
            Err(Refusal::Short) if is_scarce => Ok(false),
            other => Err(format!("loan on {route} with {} of {limit}: {other:?}", out.loans.len())),
        }
    }

    /// Publishes one of the loans; false when the ring is full.
    pub(crate) fn publish(&mut self, route: usize, position: usize) -> Result<bool, Wrong> {
        let before = self.view(route);
        let shared = self.shared;
        let Some(out) = &mut self.line(route).out else { return Err("nobody produces".into()) };
        let answer = out.end.publish(shared, out.loans[position].ticket);
        self.meet();
        // What we published ourselves does not count as what was there.
        let after = View { published: before.published, ..self.view(route) };
        let line = self.line(route);
        let Some(out) = &mut line.out else { return Err("nobody produces".into()) };
        match answer {
            Ok(()) if before.takes() || after.takes() => {
                let content = out.loans.remove(position).content;
                if line.published == before.published {
                    line.contents.push_back(content);
                    line.published += 1;
                }
                line.move_head(before.head_after_publish().max(after.head));
                Ok(true)
            }
            Err(Refusal::Full) if !before.takes() || !after.takes() => Ok(false),
            other => differ("publish on a ring that is full", &before.is_full, &other),
        }
    }

    /// Will a publish on this full ring skip what lies in it?
    pub(crate) fn skips(&self, route: usize) -> bool {
        let head = queue::end(self.shared, &self.private.town.geometry.rings[route], Side::Head);
        self.is_best_effort(route) && head.owner.is_none()
    }

    /// Does nobody hold this end? Who is preempted may have opened it already, and the dead hold theirs until recovery.
    pub(crate) fn is_vacant(&self, route: usize, side: Side) -> bool {
        queue::end(self.shared, &self.private.town.geometry.rings[route], side).owner.is_none()
    }

    pub(crate) fn discard(&mut self, route: usize, position: usize) -> Result<(), Wrong> {
        let Some(out) = &mut self.line(route).out else { return Err("nobody produces".into()) };
        let loan = out.loans.remove(position);
        out.end.discard(loan.ticket).map_err(|why| format!("discard: {why:?}"))
    }

    pub(crate) fn drop_newest(&mut self, route: usize, position: usize) -> Result<(), Wrong> {
        let shared = self.shared;
        let Some(out) = &mut self.line(route).out else { return Err("nobody produces".into()) };
        let loan = out.loans.remove(position);
        let answer = out.end.drop_newest(shared, loan.ticket);
        self.meet();
        answer.map_err(|why| format!("drop_newest: {why:?}"))
    }

    /// Receives the next message and compares it; false when there is none or the hands are full.
    pub(crate) fn receive(&mut self, route: usize) -> Result<bool, Wrong> {
        let shared = self.shared;
        let limit = self.private.town.roads[route].loans.1 as usize;
        let before = self.view(route);
        let Some(inp) = &mut self.line(route).inp else { return Err("nobody consumes".into()) };
        let answer = inp.end.receive(shared);
        self.meet();
        let line = self.line(route);
        let Some(inp) = &mut line.inp else { return Err("nobody consumes".into()) };
        let [was_there, is_there] = [before.published, line.published].map(|published| inp.next < published);
        match answer {
            Ok(message) if is_there && inp.held.len() < limit => {
                let position = inp.next.checked_sub(line.head).and_then(|position| usize::try_from(position).ok());
                let expected = (inp.next, position.and_then(|position| line.contents.get(position)).copied());
                let found = (message.number, read(message.data));
                if found != expected || expected.1.is_none() {
                    return differ("a received message", &expected, &found);
                }
                inp.held.push(Taken { ticket: message.ticket, number: message.number });
                inp.next += 1;
                Ok(true)
            }
            Err(Refusal::Empty) if !was_there => Ok(false),
            Err(Refusal::Limit) if is_there && inp.held.len() == limit => Ok(false),
            other => differ("receive, where a message is there", &is_there, &other),
        }
    }

    pub(crate) fn release(&mut self, route: usize, position: usize) -> Result<(), Wrong> {
        let shared = self.shared;
        let line = self.line(route);
        let head = line.head;
        let Some(inp) = &mut line.inp else { return Err("nobody consumes".into()) };
        let taken = inp.held.remove(position);
        let answer = inp.end.release(shared, taken.ticket).map_err(|why| format!("release: {why:?}"));
        let after = line.head_after(taken.number);
        self.meet();
        let line = self.line(route);
        if let Some(inp) = &mut line.inp
            && after == head
        {
            inp.released.push(taken.number);
        }
        line.move_head(after);
        answer
    }

    pub(crate) fn close_out(&mut self, route: usize) {
        if let Some(mut out) = self.line(route).out.take() {
            out.end.close(self.shared);
            self.meet();
        }
    }

    pub(crate) fn close_in(&mut self, route: usize) {
        if let Some(mut inp) = self.line(route).inp.take() {
            inp.end.close(self.shared);
            self.meet();
            self.after_consumer(route);
        }
    }

    /// What becomes of a ring's messages when its consumer is gone. After a preemption head stands where it stands.
    fn after_consumer(&mut self, route: usize) {
        let skips = self.is_best_effort(route) && self.meeting.is_none();
        let line = self.line(route);
        if skips {
            line.move_head(line.published);
        }
    }

    /// Leaves without closing anything first.
    pub(crate) fn leave(&mut self, process: u16) {
        registry::leave(self.shared, ProcessId(process));
        self.meet();
        for route in 0..self.private.lines.len() {
            if self.line(route).inp.as_ref().is_some_and(|inp| inp.process == process) {
                self.after_consumer(route);
            }
        }
        self.private.bury(bit(process));
    }

    /// Dies between two calls.
    pub(crate) fn kill(&mut self, process: u16) {
        self.private.bury(bit(process));
        self.private.zombies |= bit(process);
    }

    /// Recovers everybody who is dead.
    pub(crate) fn recover(&mut self) -> Result<(), Wrong> {
        let orphaned = self.heads_of(self.private.zombies);
        match self.meeting {
            Some(meeting) => registry::recover_all(self.shared, &Changing(Rc::clone(&meeting.tokens))),
            None => registry::recover_all(self.shared, &Tokens(self.private.tokens)),
        };
        self.meet();
        for route in orphaned {
            self.after_consumer(route);
        }
        self.private.zombies = 0;
        Ok(())
    }

    /// Routes whose head names one of these processes.
    pub(crate) fn heads_of(&self, processes: u32) -> Vec<usize> {
        let names = |route: &usize| {
            let head = queue::end(self.shared, &self.private.town.geometry.rings[*route], Side::Head);
            head.owner.is_some_and(|owner| processes & bit(owner.0) != 0)
        };
        if processes == 0 { Vec::new() } else { (0..self.private.lines.len()).filter(names).collect() }
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

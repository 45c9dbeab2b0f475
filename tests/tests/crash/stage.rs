//! The living: the private memory of every process, and the model that says what each call must do.
//!
//! The model knows messages by number and content, nothing of slots or cells. Each method makes one call of the library
//! and compares its answer with the model; a difference is the error.

use std::collections::VecDeque;
use std::rc::Rc;

use vil_core::base::words::ProcessId;
use vil_core::exchange::{Consumer, NotOpened, Producer, Refusal};
use vil_core::heap;
use vil_core::mem::Shared;
use vil_core::queue::{self, Side};
use vil_core::registry::{self, Certificate, Identity, Liveness};
use vil_ir::vocabulary::Delivery;

use crate::memory::{offset_of, read, write};
use crate::town::Town;

/// A difference between the library and the model.
pub(crate) type Wrong = String;

/// A bit for each process.
pub(crate) fn bit(process: u16) -> u32 {
    1 << process
}

/// Liveness tokens as a set of bits.
pub(crate) struct Tokens(pub(crate) u32);

impl Liveness for Tokens {
    fn is_free(&self, process: ProcessId) -> bool {
        self.0 & bit(process.0) == 0
    }
}

/// A loan in hand.
#[derive(Debug, Clone)]
pub(crate) struct Loaned {
    pub(crate) ticket: u64,
    /// Where its bytes lie in the segment; `None` for a private buffer.
    pub(crate) offset: Option<u64>,
    pub(crate) content: u64,
}

/// A message in hand.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) ticket: u64,
    pub(crate) number: u64,
}

/// A producing end and who holds it.
#[derive(Clone)]
pub(crate) struct Out {
    pub(crate) process: u16,
    pub(crate) end: Producer,
    pub(crate) loans: Vec<Loaned>,
}

/// A consuming end and who holds it.
#[derive(Clone)]
pub(crate) struct In {
    pub(crate) process: u16,
    pub(crate) end: Consumer,
    pub(crate) held: Vec<Taken>,
    /// Number of the next message to be received.
    pub(crate) next: u64,
}

/// What is known of one route.
#[derive(Clone)]
pub(crate) struct Line {
    /// Messages ever published.
    pub(crate) published: u64,
    /// Messages ever released in order, or skipped.
    pub(crate) head: u64,
    /// Contents of the messages from `head` to `published`.
    pub(crate) contents: VecDeque<u64>,
    /// Numbers above `head` that the present consumer has released.
    pub(crate) released: Vec<u64>,
    pub(crate) out: Option<Out>,
    pub(crate) inp: Option<In>,
}

/// All private memory, and the model.
#[derive(Clone)]
pub(crate) struct Private {
    pub(crate) town: Rc<Town>,
    /// Processes whose token is taken.
    pub(crate) tokens: u32,
    /// Processes that died and were not recovered.
    pub(crate) zombies: u32,
    /// Contents given out so far.
    pub(crate) nonce: u64,
    pub(crate) lines: Vec<Line>,
}

impl Private {
    /// Nobody is there.
    pub(crate) fn new(town: &Rc<Town>) -> Private {
        let line = Line {
            published: town.past,
            head: town.past,
            contents: VecDeque::new(),
            released: Vec::new(),
            out: None,
            inp: None,
        };
        let lines = vec![line; town.roads.len()];
        Private { town: Rc::clone(town), tokens: 0, zombies: 0, nonce: 0, lines }
    }

    /// Processes die: their token goes back, their private memory is gone. Shared memory does not change.
    pub(crate) fn bury(&mut self, dead: u32) {
        self.tokens &= !dead;
        for line in &mut self.lines {
            line.out.take_if(|out| dead & bit(out.process) != 0);
            if line.inp.take_if(|inp| dead & bit(inp.process) != 0).is_some() {
                line.released.clear();
            }
        }
    }

    pub(crate) fn lives(&self, process: u16) -> bool {
        self.tokens & bit(process) != 0
    }
}

impl Line {
    /// Head moves to a number: what lay before it is over.
    pub(crate) fn move_head(&mut self, head: u64) {
        while self.head < head && self.contents.pop_front().is_some() {
            self.head += 1;
        }
        self.released.retain(|number| *number >= head);
    }

    /// Where head will stand when this message is released.
    pub(crate) fn head_after(&self, number: u64) -> u64 {
        let mut head = self.head;
        while head == number || self.released.contains(&head) {
            head += 1;
        }
        head
    }
}

/// Shared and private memory together, for one call.
pub(crate) struct Stage<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) private: &'a mut Private,
}

fn differ<T>(what: &str, expected: &impl std::fmt::Debug, found: &impl std::fmt::Debug) -> Result<T, Wrong> {
    Err(format!("{what}: expected {expected:?}, found {found:?}"))
}

impl Stage<'_> {
    fn line(&mut self, route: usize) -> &mut Line {
        &mut self.private.lines[route]
    }

    fn is_best_effort(&self, route: usize) -> bool {
        self.private.town.roads[route].delivery == Delivery::BestEffort
    }

    /// Takes the entry; its token was taken before.
    pub(crate) fn attach(&mut self, process: u16) -> Result<(), Wrong> {
        let identity = Identity { pid: u32::from(process), since_ns: 1, name: "somebody" };
        let claimed = registry::claim(self.shared, ProcessId(process), identity);
        if claimed {
            let certificate = Certificate { pid: u32::from(process), start: 1, namespaces: 1 };
            registry::certify(self.shared, ProcessId(process), certificate);
        }
        if claimed { Ok(()) } else { Err(format!("process {process} cannot attach")) }
    }

    pub(crate) fn open_out(&mut self, process: u16, route: usize) -> Result<(), Wrong> {
        let end = Producer::open(self.shared, ProcessId(process), route);
        let end = end.map_err(|why: NotOpened| format!("producing end of {route} not opened: {why:?}"))?;
        let line = self.line(route);
        if end.published() != line.published {
            return differ("published, as its new owner reads it", &line.published, &end.published());
        }
        line.out = Some(Out { process, end, loans: Vec::new() });
        Ok(())
    }

    pub(crate) fn open_in(&mut self, process: u16, route: usize) -> Result<(), Wrong> {
        let end = Consumer::open(self.shared, ProcessId(process), route);
        let end = end.map_err(|why: NotOpened| format!("consuming end of {route} not opened: {why:?}"))?;
        let line = self.line(route);
        if end.released() != line.head {
            return differ("released, as its new owner reads it", &line.head, &end.released());
        }
        line.inp = Some(In { process, end, held: Vec::new(), next: line.head });
        Ok(())
    }

    /// Loans and writes a new content; false when the end holds as many as it may, or the pool is short.
    pub(crate) fn loan(&mut self, route: usize) -> Result<bool, Wrong> {
        let limit = self.private.town.roads[route].loans.0 as usize;
        let (shared, zombies) = (self.shared, self.private.zombies);
        self.private.nonce += 1;
        let content = self.private.nonce.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let Some(out) = &mut self.private.lines[route].out else { return Err("nobody produces".into()) };
        let mut answer = out.end.loan(shared);
        if answer == Err(Refusal::Short) {
            registry::sweep(shared);
            answer = out.end.loan(shared);
        }
        match answer {
            Ok(loan) if out.loans.len() < limit => {
                write(loan.data, content);
                out.loans.push(Loaned { ticket: loan.ticket, offset: offset_of(shared, loan.data), content });
                Ok(true)
            }
            Err(Refusal::Limit) if out.loans.len() == limit => Ok(false),
            // Slots of the dead come back with their recovery.
            Err(Refusal::Short) if zombies != 0 => Ok(false),
            other => Err(format!("loan on {route} with {} of {limit}: {other:?}", out.loans.len())),
        }
    }

    /// Publishes one of the loans; false when the ring is full.
    pub(crate) fn publish(&mut self, route: usize, position: usize) -> Result<bool, Wrong> {
        let (shared, skips) = (self.shared, self.skips(route));
        let capacity = u64::from(self.private.town.roads[route].capacity);
        let line = self.line(route);
        let is_full = line.published - line.head == capacity;
        let Some(out) = &mut line.out else { return Err("nobody produces".into()) };
        let answer = out.end.publish(shared, out.loans[position].ticket);
        match answer {
            Ok(()) if !is_full || skips => {
                let content = out.loans.remove(position).content;
                if is_full {
                    line.move_head(line.published);
                }
                line.contents.push_back(content);
                line.published += 1;
                Ok(true)
            }
            Err(Refusal::Full) if is_full && !skips => Ok(false),
            other => differ("publish on a ring that is full", &is_full, &other),
        }
    }

    /// Will a publish on this full ring skip what lies in it?
    pub(crate) fn skips(&self, route: usize) -> bool {
        let head = queue::end(self.shared, &self.private.town.geometry.rings[route], Side::Head);
        self.is_best_effort(route) && head.owner.is_none()
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
        out.end.drop_newest(shared, loan.ticket).map_err(|why| format!("drop_newest: {why:?}"))
    }

    /// Receives the next message and compares it; false when there is none or the hands are full.
    pub(crate) fn receive(&mut self, route: usize) -> Result<bool, Wrong> {
        let shared = self.shared;
        let limit = self.private.town.roads[route].loans.1 as usize;
        let line = self.line(route);
        let Some(inp) = &mut line.inp else { return Err("nobody consumes".into()) };
        let is_there = inp.next < line.published;
        match inp.end.receive(shared) {
            Ok(message) if is_there && inp.held.len() < limit => {
                let expected = line.contents[(inp.next - line.head) as usize];
                let found = (message.number, read(message.data));
                if found != (inp.next, Some(expected)) {
                    return differ("a received message", &(inp.next, Some(expected)), &found);
                }
                inp.held.push(Taken { ticket: message.ticket, number: message.number });
                inp.next += 1;
                Ok(true)
            }
            Err(Refusal::Empty) if !is_there => Ok(false),
            Err(Refusal::Limit) if is_there && inp.held.len() == limit => Ok(false),
            other => differ("receive, where a message is there", &is_there, &other),
        }
    }

    pub(crate) fn release(&mut self, route: usize, position: usize) -> Result<(), Wrong> {
        let shared = self.shared;
        let line = self.line(route);
        let Some(inp) = &mut line.inp else { return Err("nobody consumes".into()) };
        let taken = inp.held.remove(position);
        inp.end.release(shared, taken.ticket).map_err(|why| format!("release: {why:?}"))?;
        let head = line.head_after(taken.number);
        if head == line.head {
            line.released.push(taken.number);
        }
        line.move_head(head);
        Ok(())
    }

    pub(crate) fn close_out(&mut self, route: usize) {
        if let Some(mut out) = self.line(route).out.take() {
            out.end.close(self.shared);
        }
    }

    pub(crate) fn close_in(&mut self, route: usize) {
        if let Some(mut inp) = self.line(route).inp.take() {
            inp.end.close(self.shared);
            self.after_consumer(route);
        }
    }

    /// What becomes of a ring's messages when its consumer is gone.
    fn after_consumer(&mut self, route: usize) {
        let skips = self.is_best_effort(route);
        let line = self.line(route);
        line.released.clear();
        if skips {
            line.move_head(line.published);
        }
    }

    /// Leaves without closing anything first.
    pub(crate) fn leave(&mut self, process: u16) {
        registry::leave(self.shared, ProcessId(process));
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
        registry::recover_all(self.shared, &Tokens(self.private.tokens));
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

//! The living: the private memory of every process, and what the model knows of every route.
//!
//! The model knows messages by number and content, nothing of slots or cells.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use vil_core::base::words::ProcessId;
use vil_core::exchange::{Consumer, Producer};
use vil_core::registry::Liveness;

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

/// What somebody who came in between left behind.
pub(crate) struct Meeting {
    /// Who was preempted: its private memory is its own.
    pub(crate) actor: u32,
    /// Everybody else's, and the model.
    pub(crate) left: RefCell<Option<Private>>,
    /// Tokens as they are now.
    pub(crate) tokens: Rc<Cell<u32>>,
}

/// Tokens that change while somebody recovers.
pub(crate) struct Changing(pub(crate) Rc<Cell<u32>>);

impl Liveness for Changing {
    fn is_free(&self, process: ProcessId) -> bool {
        Tokens(self.0.get()).is_free(process)
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

/// What a message says, and whose slot it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) content: u64,
    /// The route that it was borrowed from.
    pub(crate) source: Option<usize>,
}

/// A message in hand.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) ticket: u64,
    pub(crate) number: u64,
    /// Where its bytes lie in the segment; `None` for a private copy.
    pub(crate) offset: Option<u64>,
    pub(crate) letter: Letter,
}

/// A message that was forwarded, borrowed: its own number, and the route and number it got there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lent {
    pub(crate) number: u64,
    pub(crate) to: (usize, u64),
}

/// The producing end of a port and who holds it.
#[derive(Clone)]
pub(crate) struct Out {
    pub(crate) process: u16,
    pub(crate) end: Producer,
    pub(crate) loans: Vec<Loaned>,
    /// Published, and still read.
    pub(crate) kept: Vec<Loaned>,
}

/// A consuming end and who holds it.
#[derive(Clone)]
pub(crate) struct In {
    pub(crate) process: u16,
    pub(crate) end: Consumer,
    pub(crate) held: Vec<Taken>,
    /// Number of the next message to be received.
    pub(crate) next: u64,
    /// Numbers above head that were released already.
    pub(crate) released: Vec<u64>,
    /// Forwarded, and perhaps still read there.
    pub(crate) lent: Vec<Lent>,
    /// Closed by its user, and ours until what is lent comes back.
    pub(crate) lingers: bool,
}

/// What is known of one route.
#[derive(Clone)]
pub(crate) struct Line {
    /// Messages ever published.
    pub(crate) published: u64,
    /// Messages ever released in order, or skipped.
    pub(crate) head: u64,
    /// Messages from `head` to `published`.
    pub(crate) letters: VecDeque<Letter>,
    /// Numbers from `head` on whose slot was taken by somebody who died of it, or is about to.
    pub(crate) lost: Vec<u64>,
    /// On the first route of a port.
    pub(crate) out: Option<Out>,
    pub(crate) inp: Option<In>,
}

/// All private memory, and the model.
#[derive(Clone)]
pub(crate) struct Private {
    pub(crate) town: Rc<Town>,
    /// Processes whose token is taken.
    pub(crate) tokens: u32,
    /// Processes that died and were not recovered, or only in part because others still read what they forwarded.
    pub(crate) zombies: u32,
    /// Somebody is leaving, and its slots are not back yet.
    pub(crate) scarce: bool,
    /// Contents given out so far.
    pub(crate) nonce: u64,
    pub(crate) lines: Vec<Line>,
}

impl Private {
    /// Nobody is there.
    pub(crate) fn new(town: &Rc<Town>) -> Private {
        let (letters, lost) = (VecDeque::new(), Vec::new());
        let line = Line { published: town.past, head: town.past, letters, lost, out: None, inp: None };
        let lines = vec![line; town.roads.len()];
        Private { town: Rc::clone(town), tokens: 0, zombies: 0, scarce: false, nonce: 0, lines }
    }

    /// Processes die: their token goes back, their private memory is gone. Shared memory does not change.
    pub(crate) fn bury(&mut self, dead: u32) {
        self.tokens &= !dead;
        for line in &mut self.lines {
            line.out.take_if(|out| dead & bit(out.process) != 0);
            line.inp.take_if(|inp| dead & bit(inp.process) != 0);
        }
    }

    /// Everything but this one's private memory is as somebody else left it.
    pub(crate) fn join(&mut self, actor: u32, theirs: Private) {
        let mine = std::mem::replace(self, theirs);
        for (line, mine) in self.lines.iter_mut().zip(mine.lines) {
            let is_ours = |process: u16| actor & bit(process) != 0;
            line.out.take_if(|out| is_ours(out.process));
            line.inp.take_if(|inp| is_ours(inp.process));
            // An end that we are leaving may be somebody else's already.
            line.out = line.out.take().or(mine.out.filter(|out| is_ours(out.process)));
            line.inp = line.inp.take().or(mine.inp.filter(|inp| is_ours(inp.process)));
        }
    }

    /// Contents that were not given out yet; the same ones until they are.
    pub(crate) fn new_contents(&self, count: usize) -> Vec<u64> {
        (1..=count as u64).map(|more| (self.nonce + more).wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect()
    }

    pub(crate) fn lives(&self, process: u16) -> bool {
        self.tokens & bit(process) != 0
    }
}

impl Private {
    /// The end that produces on a route.
    pub(crate) fn out(&self, route: usize) -> Option<&Out> {
        self.lines[self.town.lead(route)].out.as_ref()
    }

    /// Where head of a route may stand when these are released too: what is lent counts as released, or not, once
    /// it is over.
    pub(crate) fn heads(&self, route: usize, more: &[u64]) -> (u64, u64) {
        let line = &self.lines[route];
        let Some(inp) = &line.inp else { return (line.head, line.head) };
        let is_released = |number: &u64| more.contains(number) || inp.released.contains(number);
        let is_over = |number: &u64| inp.lent.iter().any(|lent| lent.number == *number && self.is_over(lent));
        let low = (line.head..).find(|number| !is_released(number)).unwrap_or(line.head);
        let high = (line.head..).find(|number| !is_released(number) && !is_over(number)).unwrap_or(line.head);
        (low, high)
    }

    /// Has the reader of a forwarded message released it?
    fn is_over(&self, lent: &Lent) -> bool {
        self.lines[lent.to.0].head > lent.to.1
    }

    /// Is something of this route lent, and still read?
    pub(crate) fn is_lent(&self, route: usize) -> bool {
        let inp = self.lines[route].inp.as_ref();
        inp.is_some_and(|inp| inp.lent.iter().any(|lent| !self.is_over(lent)))
    }

    /// Routes whose messages are borrowed by unreleased ones of others.
    pub(crate) fn sources(&self) -> u64 {
        let letters = self.lines.iter().flat_map(|line| line.letters.iter());
        letters.filter_map(|letter| letter.source).fold(0, |all, route| all | 1 << route)
    }
}

impl Line {
    /// Is every cell taken by an unreleased message?
    pub(crate) fn is_full(&self, capacity: u32) -> bool {
        self.published - self.head == u64::from(capacity)
    }

    /// Head moves to a number: what lay before it is over.
    pub(crate) fn move_head(&mut self, head: u64) {
        while self.head < head && self.letters.pop_front().is_some() {
            self.head += 1;
        }
        self.lost.retain(|number| *number >= head);
        if let Some(inp) = &mut self.inp {
            inp.released.retain(|number| *number >= head);
            inp.lent.retain(|lent| lent.number >= head);
        }
    }

    /// The message of this number.
    pub(crate) fn letter(&self, number: u64) -> Option<Letter> {
        self.letters.get(usize::try_from(number.checked_sub(self.head)?).ok()?).copied()
    }

    /// The first message from a number on that is still there.
    pub(crate) fn present(&self, from: u64) -> u64 {
        (from..).find(|number| !self.lost.contains(number)).unwrap_or(from)
    }

    /// One more message, unless it stands there already.
    pub(crate) fn add(&mut self, number: u64, letter: Letter) {
        if self.published == number {
            self.letters.push_back(letter);
            self.published += 1;
        }
    }
}

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
    /// Numbers above head that were released already.
    pub(crate) released: Vec<u64>,
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
    /// Somebody is leaving, and its slots are not back yet.
    pub(crate) scarce: bool,
    /// Contents given out so far.
    pub(crate) nonce: u64,
    pub(crate) lines: Vec<Line>,
}

impl Private {
    /// Nobody is there.
    pub(crate) fn new(town: &Rc<Town>) -> Private {
        let line = Line { published: town.past, head: town.past, contents: VecDeque::new(), out: None, inp: None };
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

    pub(crate) fn lives(&self, process: u16) -> bool {
        self.tokens & bit(process) != 0
    }
}

impl Line {
    /// Is every cell taken by an unreleased message?
    pub(crate) fn is_full(&self, capacity: u32) -> bool {
        self.published - self.head == u64::from(capacity)
    }

    /// Head moves to a number: what lay before it is over.
    pub(crate) fn move_head(&mut self, head: u64) {
        while self.head < head && self.contents.pop_front().is_some() {
            self.head += 1;
        }
        if let Some(inp) = &mut self.inp {
            inp.released.retain(|number| *number >= head);
        }
    }

    /// Where head will stand when this message is released.
    pub(crate) fn head_after(&self, number: u64) -> u64 {
        let mut head = self.head;
        let is_released = |head| self.inp.as_ref().is_some_and(|inp| inp.released.contains(&head));
        while head == number || is_released(head) {
            head += 1;
        }
        head
    }
}

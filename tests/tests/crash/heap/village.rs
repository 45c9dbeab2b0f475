//! The village and its model: what each person holds and what lies in the queues, and whether a world agrees.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use vil_core::base::words::{ProcessId, SlotState};
use vil_core::exchange::{Consumer, Producer, Refusal};
use vil_core::heap::{self, Allocator, Block, Cap, Denial};
use vil_core::mem::{Geometry, Shared};
use vil_core::registry::{self, Identity, recover_all};
use vil_ir::heap::{ClassShape, HeapShape, QueueShape};
use vil_ir::vocabulary::{Backpressure, MemoryClass};

use crate::memory::{offset_of, poison, read, write};
use crate::private::{Tokens, Wrong, bit};
use crate::town::Town;

/// Sizes: the first class keeps two spares in a batch, the second none.
pub(super) const SIZES: [u32; 2] = [64, 4000];
pub(super) const COUNTS: [u32; 2] = [33, 3];
pub(super) const CAPACITY: u32 = 2;
pub(super) const NO_CAP: Cap = Cap { slots: 0, bytes: 0 };
/// Takes the entry of somebody who died, or one that nobody has.
pub(super) const NEWCOMER: u16 = 2;

/// One call of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Alloc(usize),
    Free(usize),
    Push(usize),
    Pop,
}

/// One process: its private memory, and what the model says it holds, by content.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) me: u16,
    pub(super) allocator: Allocator,
    pub(super) held: Vec<(Block, u64)>,
    /// References of blocks that it freed or pushed: none may ever name another block.
    pub(super) ended: Vec<u64>,
    pub(super) push: Producer,
    pub(super) pop: Consumer,
}

/// Everybody, and the model: queue `n` is pushed into by person `n`.
#[derive(Clone)]
pub(super) struct Village {
    pub(super) people: [Person; 2],
    pub(super) queues: [VecDeque<u64>; 2],
    pub(super) contents: u64,
}

pub(super) fn town() -> Rc<Town> {
    let classes = SIZES.into_iter().zip(COUNTS).map(|(size, count)| ClassShape { size, count }).collect();
    let queue = QueueShape { capacity: CAPACITY, backpressure: Backpressure::Fail, ..QueueShape::default() };
    let shape = HeapShape {
        memory: MemoryClass::PagedExchange,
        classes,
        queues: vec![queue; 2],
        processes: 4,
        cap_slots: 0,
        cap_bytes: 0,
    };
    let plan = shape.plan().expect("a village's numbers are legal");
    let geometry = Geometry::compute(&plan, 0).expect("a village's numbers are legal");
    // Indices and generations are about to wrap.
    Rc::new(Town { name: "village".into(), roads: Vec::new(), geometry, past: 0x3_ffff_fff7, pool: RefCell::default() })
}

pub(super) fn attach(shared: &Shared, process: u16) {
    assert!(registry::claim(shared, ProcessId(process), Identity { pid: 1, since_ns: 1, name: "" }), "nobody is there");
}

impl Person {
    pub(super) fn new(shared: &Shared, me: u16) -> Person {
        attach(shared, me);
        let process = ProcessId(me);
        let push = Producer::open(shared, process, &[usize::from(me)]).expect("the end is free");
        assert!(!push.is_inside(), "blocks travel by reference");
        Person {
            me,
            allocator: Allocator::new(shared, process, &SIZES, NO_CAP),
            held: Vec::new(),
            ended: Vec::new(),
            push,
            pop: Consumer::open(shared, process, 1 - usize::from(me)).expect("the end is free"),
        }
    }

    pub(super) fn other(&self) -> usize {
        1 - usize::from(self.me)
    }

    pub(super) fn alloc(&mut self, shared: &Shared, class: usize, content: u64) -> Result<bool, Wrong> {
        match self.allocator.alloc(shared, SIZES[class].into(), 8) {
            Ok(block) => {
                if self.ended.contains(&block.reference) {
                    return Err(format!("{:#x} was another block's name", block.reference));
                }
                write(block.data, content);
                self.held.push((block, content));
                Ok(true)
            }
            Err(Denial::Short) => Ok(false),
            Err(denial) => Err(format!("alloc: {denial:?}")),
        }
    }

    pub(super) fn free(&mut self, shared: &Shared, position: usize) -> Result<(), Wrong> {
        let (block, content) = self.held.remove(position);
        if read(block.data) != Some(content) {
            return Err("a held block was overwritten".into());
        }
        self.allocator.free(shared, block.into()).map_err(|denial| format!("free: {denial:?}"))?;
        self.ended.push(block.reference);
        match self.allocator.free(shared, block.into()) {
            Err(Denial::NotHeld) => Ok(()),
            answer => Err(format!("a second free: {answer:?}")),
        }
    }

    /// As `PushEnd::push`; false when the queue is full.
    pub(super) fn push(&mut self, shared: &Shared, position: usize) -> Result<bool, Wrong> {
        let (block, content) = self.held.remove(position);
        let slot = self.allocator.give_up(shared, block.into()).map_err(|denial| format!("push: {denial:?}"))?;
        match self.push.push_slot(shared, slot) {
            Ok(()) => match self.allocator.free(shared, block.into()) {
                Err(Denial::NotHeld) => Ok(true),
                answer => Err(format!("a pushed block was freed: {answer:?}")),
            },
            Err(Refusal::Full) => {
                let block = self.allocator.adopt(shared, slot).map_err(|denial| format!("take back: {denial:?}"))?;
                self.held.insert(position, (block, content));
                Ok(false)
            }
            Err(refusal) => Err(format!("push: {refusal:?}")),
        }
    }

    /// As `PopEnd::pop`; the content of what came out.
    pub(super) fn pop(&mut self, shared: &Shared) -> Result<Option<u64>, Wrong> {
        let message = match self.pop.receive(shared) {
            Ok(message) => message,
            Err(Refusal::Empty) => return Ok(None),
            Err(refusal) => return Err(format!("pop: {refusal:?}")),
        };
        let slot = self.pop.take_slot(message.ticket).map_err(|refusal| format!("take: {refusal:?}"))?;
        let block = self.allocator.adopt(shared, slot).map_err(|denial| format!("adopt: {denial:?}"))?;
        let content = read(block.data).ok_or("a popped block was overwritten")?;
        self.held.push((block, content));
        Ok(Some(content))
    }
}

impl Village {
    pub(super) fn new(shared: &Shared) -> Village {
        let people = [0, 1].map(|me| Person::new(shared, me));
        Village { people, queues: Default::default(), contents: 0 }
    }

    /// The village on another copy of its segment: addresses of blocks are that copy's.
    pub(super) fn moved(&self, from: &Shared, to: &Shared) -> Village {
        let mut village = self.clone();
        for (block, _) in village.people.iter_mut().flat_map(|person| &mut person.held) {
            let offset = offset_of(from, block.data).expect("blocks lie in the segment");
            block.data = to.segment.bytes(offset, 1);
        }
        village
    }

    /// One call, held against the model.
    pub(super) fn act(&mut self, shared: &Shared, who: usize, deed: Deed) -> Result<(), Wrong> {
        let full = self.queues[who].len() == CAPACITY as usize;
        let person = &mut self.people[who];
        match deed {
            Deed::Alloc(class) => {
                self.contents += 1;
                let content = self.contents.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                person.alloc(shared, class, content).map(drop)
            }
            Deed::Free(position) => person.free(shared, position),
            Deed::Push(position) => {
                let content = person.held[position].1;
                let is_pushed = person.push(shared, position)?;
                if is_pushed == full {
                    return Err(format!("a push into a queue of {} went {is_pushed}", self.queues[who].len()));
                }
                self.queues[who].extend(is_pushed.then_some(content));
                Ok(())
            }
            Deed::Pop => {
                let found = person.pop(shared)?;
                let expected = self.queues[1 - who].pop_front();
                if found == expected { Ok(()) } else { Err(format!("popped {found:?}, expected {expected:?}")) }
            }
        }
    }

    /// Contents that a queue may hold when `who` died in the middle of `deed`.
    pub(super) fn allowed(&self, queue: usize, who: usize, deed: Deed) -> [Vec<u64>; 2] {
        let before: Vec<u64> = self.queues[queue].iter().copied().collect();
        let mut after = before.clone();
        match deed {
            Deed::Push(position) if queue == who => {
                after.extend(self.people[who].held.get(position).map(|held| held.1))
            }
            Deed::Pop if queue != who && !after.is_empty() => drop(after.remove(0)),
            _ => {}
        }
        [before, after]
    }
}

/// The oracle: on a segment on which somebody has just recovered `dead`, the last of whom died in the middle of `deed`.
pub(super) fn judge(shared: &Shared, mut village: Village, who: usize, deed: Deed, dead: u32) -> Result<(), Wrong> {
    let is_dead = |person: usize| dead & bit(person as u16) != 0;
    for slot in 0..shared.geometry.slots {
        if let Some(SlotState::Held(owner)) = heap::state(shared, slot).map(|word| word.state)
            && is_dead(owner.0.into())
        {
            return Err(format!("slot {slot} is a dead one's"));
        }
    }
    let allowed = [0, 1].map(|queue| village.allowed(queue, who, deed));
    attach(shared, NEWCOMER);
    let mut newcomer = Allocator::new(shared, ProcessId(NEWCOMER), &SIZES, NO_CAP);
    poison_the_pool(shared, &mut newcomer)?;
    for person in village.people.iter().filter(|person| !is_dead(person.me.into())) {
        if person.held.iter().any(|(block, content)| read(block.data) != Some(*content)) {
            return Err(format!("a block of person {} was given to somebody else", person.me));
        }
    }
    for (queue, allowed) in allowed.iter().enumerate() {
        let popper = 1 - queue;
        let found = if is_dead(popper) {
            drained_by_newcomer(shared, &mut newcomer, queue)?
        } else {
            let mut found = Vec::new();
            while let Some(content) = village.people[popper].pop(shared)? {
                found.push(content);
            }
            found
        };
        if !allowed.contains(&found) {
            return Err(format!("queue {queue} held {found:x?}, may hold one of {allowed:x?}"));
        }
    }
    goodbye(shared, village, dead)
}

/// The newcomer takes every block, overwrites all of it and gives it back.
pub(super) fn poison_the_pool(shared: &Shared, newcomer: &mut Allocator) -> Result<(), Wrong> {
    let mut taken = Vec::new();
    for (size, class) in SIZES.into_iter().zip(&shared.geometry.classes) {
        while let Ok(block) = newcomer.alloc(shared, size.into(), 1) {
            let offset = offset_of(shared, block.data).ok_or("a block outside of the segment")?;
            poison(shared, offset, class.stride.into());
            taken.push(block);
        }
    }
    taken.into_iter().try_for_each(|block| newcomer.free(shared, block.into())).map_err(|why| format!("{why:?}"))?;
    newcomer.flush(shared);
    Ok(())
}

pub(super) fn drained_by_newcomer(shared: &Shared, newcomer: &mut Allocator, queue: usize) -> Result<Vec<u64>, Wrong> {
    let opened = Consumer::open(shared, ProcessId(NEWCOMER), queue);
    let mut pop = opened.map_err(|why| format!("the popping end of {queue} is not free: {why:?}"))?;
    let mut found = Vec::new();
    while let Ok(message) = pop.receive(shared) {
        let slot = pop.take_slot(message.ticket).map_err(|why| format!("take: {why:?}"))?;
        let block = newcomer.adopt(shared, slot).map_err(|why| format!("adopt: {why:?}"))?;
        found.push(read(block.data).ok_or("a block in the queue was overwritten")?);
        newcomer.free(shared, block.into()).map_err(|why| format!("free: {why:?}"))?;
    }
    pop.close(shared);
    Ok(found)
}

/// Everybody leaves, what they hold in their hands; then every block can be had.
pub(super) fn goodbye(shared: &Shared, village: Village, dead: u32) -> Result<(), Wrong> {
    for mut person in village.people.into_iter().filter(|person| dead & bit(person.me) == 0) {
        while !person.held.is_empty() {
            person.free(shared, 0)?;
        }
        person.push.close(shared);
        person.pop.close(shared);
        registry::leave(shared, ProcessId(person.me));
    }
    registry::leave(shared, ProcessId(NEWCOMER));
    recover_all(shared, &Tokens(0));
    let audit = registry::audit(shared);
    if (audit.free, audit.processes) != (audit.slots, 0) {
        return Err(format!("everybody has left and {audit:?}"));
    }
    attach(shared, NEWCOMER);
    let mut last = Allocator::new(shared, ProcessId(NEWCOMER), &SIZES, NO_CAP);
    for (size, count) in SIZES.into_iter().zip(COUNTS) {
        let had = std::iter::from_fn(|| last.alloc(shared, size.into(), 1).ok()).count();
        if had != count as usize {
            return Err(format!("{had} of {count} blocks of {size} bytes can be had"));
        }
    }
    Ok(())
}

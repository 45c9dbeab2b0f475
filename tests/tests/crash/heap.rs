//! Blocks of a heap: two people alloc, free, push and pop, and die before every store of it.
//!
//! A village of its own: two processes, a queue each way, one class that keeps spares and one that does not. After each
//! crash the survivors recover, a newcomer poisons all that is free, what the living hold and what lies in the queues
//! must be whole and in order, and in the end every block can be had again. The recoverer dies before each of its stores
//! too, and a living person is preempted at every access by whatever the other one may do.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use vil_core::base::crash::{Access, set_hook, set_mutant};
use vil_core::base::words::{ProcessId, SlotState};
use vil_core::exchange::{Consumer, Producer, Refusal};
use vil_core::heap::{self, Allocator, Block, Cap, Denial};
use vil_core::mem::{Catalog, Geometry, Shared};
use vil_core::registry::{self, Identity, recover_all};
use vil_ir::heap::{ClassShape, HeapShape, QueueShape};
use vil_ir::vocabulary::{Backpressure, MemoryClass};
use vil_tests::mutants::{self, Mutant, Verdict};
use vil_tests::soak;

use crate::memory::{Lease, offset_of, poison, read, write};
use crate::phrases::Dice;
use crate::private::{Tokens, Wrong, bit};
use crate::town::Town;

/// Sizes: the first class keeps two spares in a batch, the second none.
const SIZES: [u32; 2] = [64, 4000];
const COUNTS: [u32; 2] = [33, 3];
const CAPACITY: u32 = 2;
const NO_CAP: Cap = Cap { slots: 0, bytes: 0 };
/// Takes the entry of somebody who died, or one that nobody has.
const NEWCOMER: u16 = 2;
/// Oracle checks of the short form at least.
const LEAST: u64 = 20_000;
/// Stories of the short form, and calls in each.
const STORIES: u64 = 24;
const CALLS: usize = 120;

/// One call of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Alloc(usize),
    Free(usize),
    Push(usize),
    Pop,
}

/// One process: its private memory, and what the model says it holds, by content.
#[derive(Clone)]
struct Person {
    me: u16,
    allocator: Allocator,
    held: Vec<(Block, u64)>,
    /// References of blocks that it freed or pushed: none may ever name another block.
    ended: Vec<u64>,
    push: Producer,
    pop: Consumer,
}

/// Everybody, and the model: queue `n` is pushed into by person `n`.
#[derive(Clone)]
struct Village {
    people: [Person; 2],
    queues: [VecDeque<u64>; 2],
    contents: u64,
}

fn town() -> Rc<Town> {
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
    let (catalog, mut sizes) = Catalog::from_plan(&shape.plan().expect("a village's numbers are legal"), 0, 0);
    sizes.static_size = 0;
    let geometry = Geometry::compute(&sizes, &catalog.routes).expect("a village's numbers are legal");
    // Indices and generations are about to wrap.
    Rc::new(Town { name: "village".into(), roads: Vec::new(), geometry, past: 0x3_ffff_fff7, pool: RefCell::default() })
}

fn attach(shared: &Shared, process: u16) {
    assert!(registry::claim(shared, ProcessId(process), Identity { pid: 1, since_ns: 1, name: "" }), "nobody is there");
}

impl Person {
    fn new(shared: &Shared, me: u16) -> Person {
        attach(shared, me);
        let process = ProcessId(me);
        Person {
            me,
            allocator: Allocator::new(shared, process, &SIZES, NO_CAP),
            held: Vec::new(),
            ended: Vec::new(),
            push: Producer::open(shared, process, &[usize::from(me)]).expect("the end is free"),
            pop: Consumer::open(shared, process, 1 - usize::from(me)).expect("the end is free"),
        }
    }

    fn other(&self) -> usize {
        1 - usize::from(self.me)
    }

    fn alloc(&mut self, shared: &Shared, class: usize, content: u64) -> Result<bool, Wrong> {
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

    fn free(&mut self, shared: &Shared, position: usize) -> Result<(), Wrong> {
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
    fn push(&mut self, shared: &Shared, position: usize) -> Result<bool, Wrong> {
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
    fn pop(&mut self, shared: &Shared) -> Result<Option<u64>, Wrong> {
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
    fn new(shared: &Shared) -> Village {
        let people = [0, 1].map(|me| Person::new(shared, me));
        Village { people, queues: Default::default(), contents: 0 }
    }

    /// The village on another copy of its segment: addresses of blocks are that copy's.
    fn moved(&self, from: &Shared, to: &Shared) -> Village {
        let mut village = self.clone();
        for (block, _) in village.people.iter_mut().flat_map(|person| &mut person.held) {
            let offset = offset_of(from, block.data).expect("blocks lie in the segment");
            block.data = to.segment.bytes(offset, 1);
        }
        village
    }

    /// One call, held against the model.
    fn act(&mut self, shared: &Shared, who: usize, deed: Deed) -> Result<(), Wrong> {
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
    fn allowed(&self, queue: usize, who: usize, deed: Deed) -> [Vec<u64>; 2] {
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
fn judge(shared: &Shared, mut village: Village, who: usize, deed: Deed, dead: u32) -> Result<(), Wrong> {
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
fn poison_the_pool(shared: &Shared, newcomer: &mut Allocator) -> Result<(), Wrong> {
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

fn drained_by_newcomer(shared: &Shared, newcomer: &mut Allocator, queue: usize) -> Result<Vec<u64>, Wrong> {
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
fn goodbye(shared: &Shared, village: Village, dead: u32) -> Result<(), Wrong> {
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

/// What the layers found, and how much they looked at.
#[derive(Default)]
struct Findings {
    checks: u64,
    violations: Vec<String>,
    sites: BTreeSet<&'static str>,
}

type Shelf = Rc<RefCell<Findings>>;

fn keep(shelf: &Shelf, what: &str, result: Result<(), Wrong>) {
    let mut findings = shelf.borrow_mut();
    findings.checks += 1;
    if let Err(wrong) = result
        && findings.violations.len() < 3
    {
        findings.violations.push(format!("{what}: {wrong}"));
    }
}

/// L1 and L2: the caller dies before each store of its call; every other time the other person dies too, and every
/// seventh time the recoverer dies before each of its own stores.
fn with_crashes(lease: &Rc<Lease>, village: &mut Village, who: usize, deed: Deed, shelf: &Shelf) {
    let (before, original, shelf_of) = (village.clone(), Rc::clone(lease), Rc::clone(shelf));
    set_hook(Some(Box::new(move |access, site| {
        if access == Access::Load {
            return;
        }
        let checks = shelf_of.borrow().checks;
        shelf_of.borrow_mut().sites.insert(site);
        let dead = if checks % 2 == 0 { bit(who as u16) } else { bit(0) | bit(1) };
        if checks % 7 == 0 {
            dying_recoverer(&original, &before, (who, deed), dead, &shelf_of);
        }
        let copy = original.duplicate();
        let on_copy = before.moved(&original, &copy);
        recover_all(&copy, &Tokens(3 & !dead));
        let what = format!("{who} dies before `{site}` of {deed:?}, dead {dead:b}");
        keep(&shelf_of, &what, judge(&copy, on_copy, who, deed, dead));
    })));
    let result = village.act(lease, who, deed);
    set_hook(None);
    keep(shelf, &format!("{who} {deed:?}"), result);
}

fn dying_recoverer(original: &Rc<Lease>, before: &Village, (who, deed): (usize, Deed), dead: u32, shelf: &Shelf) {
    let first = Rc::new(original.duplicate());
    let (copy, village, shelf_of) = (Rc::clone(&first), before.moved(original, &first), Rc::clone(shelf));
    set_hook(Some(Box::new(move |access, site| {
        if access == Access::Load {
            return;
        }
        let second = copy.duplicate();
        recover_all(&second, &Tokens(3 & !dead));
        let what = format!("the recoverer of {dead:b}, of {who}'s {deed:?}, dies before `{site}`");
        keep(&shelf_of, &what, judge(&second, village.moved(&copy, &second), who, deed, dead));
    })));
    recover_all(&first, &Tokens(3 & !dead));
    set_hook(None);
}

/// L3b: before each access of a living person's call the other one does something, and both go on.
fn with_company(lease: &Lease, village: &Village, who: usize, deed: Deed, company: &[Deed], shelf: &Shelf) {
    for &other in company {
        let mut access = 0;
        while preempted(lease, village, (who, deed), other, access, shelf) {
            access += 1;
        }
    }
}

/// False when the call has fewer accesses.
fn preempted(
    lease: &Lease,
    village: &Village,
    (who, deed): (usize, Deed),
    other: Deed,
    access: u64,
    shelf: &Shelf,
) -> bool {
    let copy = Rc::new(lease.duplicate());
    let mut here = village.moved(lease, &copy);
    let guest = Rc::new(RefCell::new(here.clone()));
    let came = Rc::new(Cell::new(None::<Result<(), Wrong>>));
    {
        let (copy, guest, came) = (Rc::clone(&copy), Rc::clone(&guest), Rc::clone(&came));
        let mut seen = 0;
        set_hook(Some(Box::new(move |_, _| {
            if seen == access {
                came.set(Some(unmodelled(&copy, &mut guest.borrow_mut().people[1 - who], other)));
            }
            seen += 1;
        })));
    }
    let result = unmodelled(&copy, &mut here.people[who], deed);
    set_hook(None);
    let Some(answer) = came.take() else { return false };
    // Each did its own: together they hold every block once, and nothing is lost but what nobody put in.
    here.people[1 - who] = guest.borrow().people[1 - who].clone();
    let what = format!("{who} {deed:?}, preempted at access {access} by {other:?}");
    keep(shelf, &what, result.and(answer).and_then(|()| settled(&copy, here, village)));
    true
}

/// A call whose answer depends on what the other one does at the same time.
fn unmodelled(shared: &Shared, person: &mut Person, deed: Deed) -> Result<(), Wrong> {
    match deed {
        Deed::Alloc(class) => person.alloc(shared, class, 7 + u64::from(person.me)).map(drop),
        Deed::Free(position) => person.free(shared, position),
        Deed::Push(position) => person.push(shared, position).map(drop),
        Deed::Pop => person.pop(shared).map(drop),
    }
}

/// Both drain their queues: contents come out once, in order, and then everybody leaves.
fn settled(shared: &Shared, mut village: Village, before: &Village) -> Result<(), Wrong> {
    for popper in 0..2 {
        while village.people[popper].pop(shared)?.is_some() {}
        let order = &before.queues[1 - popper];
        let came: Vec<u64> =
            village.people[popper].held.iter().map(|held| held.1).filter(|content| order.contains(content)).collect();
        if !came.iter().eq(order.iter()) {
            return Err(format!("person {popper} was to pop {order:x?} and has {came:x?}"));
        }
    }
    let mut places: Vec<_> =
        village.people.iter().flat_map(|person| &person.held).map(|(block, _)| block.data).collect();
    places.sort_unstable();
    if places.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("a block is in two hands".into());
    }
    goodbye(shared, village, 0)
}

/// A deed that this person can do now.
fn deed(dice: &mut Dice, person: &Person) -> Deed {
    let held = person.held.len();
    match dice.roll(8) {
        0..3 => Deed::Alloc(usize::from(dice.roll(4) == 0)),
        3 | 4 if held > 0 => Deed::Free(dice.roll(held)),
        5 | 6 if held > 0 => Deed::Push(dice.roll(held)),
        _ => Deed::Pop,
    }
}

/// What the other one may do meanwhile.
fn company(person: &Person) -> Vec<Deed> {
    let more = if person.held.is_empty() { vec![] } else { vec![Deed::Free(0), Deed::Push(0)] };
    [Deed::Alloc(0), Deed::Alloc(1), Deed::Pop].into_iter().chain(more).collect()
}

fn story(seed: u64, shelf: &Shelf) {
    let town = town();
    let lease = Rc::new(town.found());
    let mut village = Village::new(&lease);
    let mut dice = Dice::new(seed);
    for step in 0..CALLS {
        let who = dice.roll(2);
        let deed = deed(&mut dice, &village.people[who]);
        if step % 5 == 0 {
            with_company(&lease, &village, who, deed, &company(&village.people[village.people[who].other()]), shelf);
        }
        with_crashes(&lease, &mut village, who, deed, shelf);
        if !shelf.borrow().violations.is_empty() {
            return;
        }
    }
}

fn campaign(seed: u64) -> Shelf {
    let shelf = Shelf::default();
    let start = std::time::Instant::now();
    let budget = soak::seconds().map(std::time::Duration::from_secs);
    let mut number = 0;
    while number < STORIES || budget.is_some_and(|budget| start.elapsed() < budget) {
        story(seed.wrapping_add(number), &shelf);
        number += 1;
        if !shelf.borrow().violations.is_empty() {
            break;
        }
    }
    shelf
}

#[test]
fn a_death_before_any_store_of_alloc_free_push_and_pop_leaves_every_block_to_be_had() {
    let seed = std::env::var("VIL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_260_102);
    let shelf = campaign(seed);
    let findings = shelf.borrow();
    println!("seed {seed} (set VIL_SEED to change it): {} checks, at {:?}", findings.checks, findings.sites);
    soak::report("heap_crash_checks", findings.checks);
    soak::report("heap_crash_violations", findings.violations.len() as u64);
    assert!(findings.violations.is_empty(), "{}", findings.violations.join("\n"));
    assert!(findings.checks >= LEAST, "only {} checks", findings.checks);
    for site in ["acquire", "renew", "give_back", "publish.cell", "publish.tail", "take", "release.head"] {
        assert!(findings.sites.contains(site), "nobody ever died before `{site}`");
    }
}

/// A mistake, and what is wrong about it; the stories find each.
const MUTANTS: &[(&str, &str)] = &[
    ("renew_forgotten", "a freed block that is kept at hand keeps its name"),
    ("spares_stay_at_hand", "spare slots that were given back are handed out all the same"),
    ("pushed_block_stays_ours", "a block that was pushed can still be freed"),
];

#[test]
fn every_seeded_mistake_in_the_heap_is_found() {
    let hunted = MUTANTS.iter().map(|&(name, meaning)| {
        set_mutant(name);
        let found = (0..STORIES).find_map(|number| {
            let shelf = Shelf::default();
            let told = catch_unwind(AssertUnwindSafe(|| story(number, &shelf)));
            set_hook(None);
            let checks = shelf.borrow().checks;
            let violation = shelf.borrow().violations.first().cloned();
            let found = violation.or_else(|| told.is_err().then(|| "a panic".to_owned()));
            found.map(|found| format!("story {number} after {checks} checks: {found}"))
        });
        set_mutant("");
        Mutant { name, meaning, verdict: found.map_or(Verdict::Missed, Verdict::Found) }
    });
    let hunted: Vec<_> = hunted.collect();
    mutants::tell(&hunted);
}

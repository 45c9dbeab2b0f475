//! Blocks of a heap: two people alloc, free, push and pop, and die before every store of it.
//!
//! A village of its own: two processes, a queue each way, one class that keeps spares and one that does not. After each
//! crash the survivors recover, a newcomer poisons all that is free, what the living hold and what lies in the queues
//! must be whole and in order, and in the end every block can be had again. The recoverer dies before each of its stores
//! too, and a living person is preempted at every access by whatever the other one may do.

mod village;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use vil_core::base::crash::{Access, set_hook, set_mutant};
use vil_core::mem::Shared;
use vil_core::registry::recover_all;
use vil_tests::mutants::{self, Mutant, Verdict};
use vil_tests::soak;

use crate::memory::Lease;
use crate::phrases::Dice;
use crate::private::{Tokens, Wrong, bit};

use village::{Deed, Person, Village, goodbye, judge, town};

/// Oracle checks of the short form at least.
const LEAST: u64 = 20_000;
/// Stories of the short form, and calls in each.
const STORIES: u64 = 24;
const CALLS: usize = 120;

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

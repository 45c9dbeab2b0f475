//! The campaigns: words are broken between calls, between any two accesses of a call, and by a second thread.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use vil_strict::random::{Random, seed};
use vil_strict::soak;

use crate::calls::{CALLS, Call};
use crate::ground::{Ground, grounds};
use crate::guests::Guests;
use crate::judge::{Watch, misplaced, most_accesses};
use crate::vandal::Vandal;

/// When words are broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// Before a call.
    Between,
    /// Before any access of a call.
    Within,
    /// Whenever a second thread gets to it.
    Beside,
}

/// Until when a campaign goes on.
#[derive(Debug, Clone, Copy)]
struct Until {
    calls: u64,
    time: Option<Duration>,
}

/// Calls of the three campaigns together in the short form.
const CALLS_IN_SHORT: u64 = 1_000_000;

impl Until {
    /// `part` of ten parts of the time, or of seven parts of the calls; the C surface and attaching have the other time.
    fn part(part: u64) -> Until {
        match soak::seconds() {
            Some(seconds) => Until { calls: u64::MAX, time: Some(Duration::from_millis(seconds * 100 * part)) },
            None => Until { calls: CALLS_IN_SHORT * part / 7, time: None },
        }
    }
}

/// What came of how many calls.
#[derive(Debug, Default)]
struct Tally {
    answers: BTreeMap<(&'static str, &'static str), u64>,
    calls: u64,
    blows: u64,
    /// Most accesses to shared words of one call, by call.
    accesses: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn of(&self, call: &str, answer: &str) -> u64 {
        self.answers.iter().filter(|((name, what), _)| *name == call && *what == answer).map(|(_, count)| count).sum()
    }
}

/// A place, somebody in it, and what was done.
struct Siege {
    guests: Guests,
    random: Random,
    vandal: Rc<RefCell<Vandal>>,
    watch: Watch,
    tally: Tally,
}

impl Siege {
    fn new(ground: &Arc<Ground>, seed: u64, when: When) -> Siege {
        let vandal = Rc::new(RefCell::new(Vandal::new(seed ^ 1)));
        let (hand, place) = (Rc::clone(&vandal), Arc::clone(ground));
        let watch = Watch::set(move || {
            let mut vandal = hand.borrow_mut();
            vandal.settle_grudge(&place);
            if when == When::Within && vandal.feels_like_it(24) {
                vandal.strike(&place);
            }
        });
        let random = Random::new(seed);
        let mut guests = Guests::new(ground, random.clone());
        guests.is_quiet = when == When::Between;
        Siege { guests, random, vandal, watch, tally: Tally::default() }
    }

    fn found(&mut self, when: When) {
        self.guests.clear();
        // Indices and generations about to wrap, as often as not.
        let past = if self.random.once_in(2) { 0xffff_fffd } else { self.random.next_word() };
        self.guests.ground.found(past);
        self.vandal.borrow_mut().bear_grudge(&self.guests.ground, false);
        self.watch.begin(u64::MAX);
        self.guests.settle();
        let is_relentless = when == When::Within && self.random.once_in(8);
        self.vandal.borrow_mut().bear_grudge(&self.guests.ground, is_relentless);
    }

    fn watch_accesses(&mut self, name: &'static str) {
        let most = self.tally.accesses.entry(name).or_default();
        *most = (*most).max(self.watch.seen());
    }

    fn call(&mut self, when: When) -> Result<(), String> {
        if when == When::Between {
            while self.vandal.borrow_mut().feels_like_it(3) {
                self.vandal.borrow_mut().strike(&self.guests.ground);
            }
        }
        let Call { name, reach, make, .. } = *choose(&mut self.random);
        self.watch.begin(most_accesses(&self.guests.ground, reach));
        let answer = catch_unwind(AssertUnwindSafe(|| make(&mut self.guests)));
        self.watch_accesses(name);
        let answer = answer.map_err(|panic| text(&*panic)).and_then(|answer| answer);
        let answer = answer.map_err(|wrong| format!("call {} of this campaign, {name}: {wrong}", self.tally.calls))?;
        self.tally.calls += 1;
        *self.tally.answers.entry((name, answer)).or_default() += 1;
        Ok(())
    }
}

/// What a panic said.
fn text(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    format!("panicked: {}", said.unwrap_or("without a word"))
}

fn choose(random: &mut Random) -> &'static Call {
    let all: u32 = CALLS.iter().map(|call| call.weight).sum();
    let mut at = random.below(u64::from(all)) as u32;
    let chosen = CALLS.iter().find(|call| {
        let hit = at < call.weight;
        at = at.wrapping_sub(call.weight);
        hit
    });
    chosen.expect("the weights add up")
}

/// Says that it is over, also after a panic.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        // ORDER: Relaxed, it says nothing but that it is over.
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Lays siege to one ground.
fn lay(ground: &Arc<Ground>, seed: u64, when: When, until: Until) -> Result<Tally, String> {
    let started = Instant::now();
    let over = AtomicBool::new(false);
    let blows = AtomicU64::new(0);
    std::thread::scope(|scope| {
        if when == When::Beside {
            scope.spawn(|| {
                let mut vandal = Vandal::new(seed ^ 2);
                // ORDER: Relaxed, it says nothing but that it is over.
                while !over.load(Ordering::Relaxed) {
                    vandal.strike(ground);
                    // Between blows something has to come about that is worth breaking.
                    (0..200).for_each(|_| std::hint::spin_loop());
                }
                // ORDER: Relaxed, read after the thread has ended.
                blows.store(vandal.blows, Ordering::Relaxed);
            });
        }
        let _end = End(&over);
        rounds(&mut Siege::new(ground, seed, when), when, until, started)
    })
    .map(|mut tally| {
        // ORDER: Relaxed, the thread has ended.
        tally.blows += blows.load(Ordering::Relaxed);
        tally
    })
}

fn rounds(siege: &mut Siege, when: When, until: Until, started: Instant) -> Result<Tally, String> {
    while siege.tally.calls < until.calls && until.time.is_none_or(|time| started.elapsed() < time) {
        siege.found(when);
        for _ in 0..siege.random.below(400) {
            siege.call(when)?;
        }
    }
    siege.tally.blows = siege.vandal.borrow().blows;
    Ok(std::mem::take(&mut siege.tally))
}

/// A few hundred calls between blows, on any ground; what must not be is the error.
pub(crate) fn a_short_siege(ground: &Arc<Ground>, seed: u64) -> Result<(), String> {
    lay(ground, seed, When::Between, Until { calls: 200, time: None }).map(drop)
}

/// A campaign over all grounds; panics with the seed at the first thing that must not be.
fn campaign(name: &'static str, when: When, part: u64) {
    let seed = seed();
    let grounds: Vec<_> = grounds().into_iter().map(Arc::new).collect();
    let until = Until::part(part);
    let each = grounds.len() as u64;
    let until = Until { calls: until.calls / each, time: until.time.map(|time| time / each as u32) };
    let started = Instant::now();
    let mut all = Tally::default();
    for (at, ground) in grounds.iter().enumerate() {
        let tally = lay(ground, seed.wrapping_add(at as u64), when, until)
            .unwrap_or_else(|wrong| panic!("{name}, ground {at}, VIL_SEED={seed}: {wrong}"));
        all.calls += tally.calls;
        all.blows += tally.blows;
        tally.answers.into_iter().for_each(|(key, count)| *all.answers.entry(key).or_default() += count);
        for (name, most) in tally.accesses {
            let known = all.accesses.entry(name).or_default();
            *known = (*known).max(most);
        }
    }
    println!(
        "{name}: VIL_SEED={seed}, {} calls, {} words broken, {:.1} s\n  answers {:?}\n  most accesses {:?}",
        all.calls,
        all.blows,
        started.elapsed().as_secs_f64(),
        all.answers,
        all.accesses
    );
    soak::report("hostile_calls", all.calls);
    soak::report("hostile_words", all.blows);
    is_worth_its_time(&all);
}

/// A campaign in which nothing works any more, or nothing was broken, shows nothing.
fn is_worth_its_time(tally: &Tally) {
    for Call { name, .. } in CALLS {
        let worked = tally.of(name, "ok");
        assert!(worked * 2_000 > tally.calls / CALLS.len() as u64, "{name} worked {worked} times");
    }
    let refused: u64 =
        tally.answers.iter().filter(|((_, answer), _)| *answer == "corrupt").map(|(_, count)| count).sum();
    assert!(refused * 1_000 > tally.calls, "{refused} calls of {} met nonsense", tally.calls);
}

#[test]
fn words_broken_between_calls_are_answers() {
    campaign("between calls", When::Between, 2);
}

#[test]
fn words_broken_between_any_two_accesses_of_a_call_are_answers() {
    campaign("within calls", When::Within, 3);
}

#[test]
fn words_broken_by_a_second_thread_are_answers() {
    campaign("beside calls", When::Beside, 2);
}

#[test]
fn a_call_that_panics_goes_on_for_ever_or_leaves_its_bounds_is_found() {
    let ground = Arc::new(grounds().swap_remove(0));
    let mut siege = Siege::new(&ground, 1, When::Beside);
    siege.found(When::Beside);
    siege.watch.begin(1000);
    let endless = catch_unwind(AssertUnwindSafe(|| {
        loop {
            vil_core::queue::end(&ground, &ground.geometry.rings[0], vil_core::queue::Side::Tail);
        }
    }));
    assert!(endless.is_err_and(|panic| text(&*panic).contains("accesses in one call")));
    let ring = &ground.geometry.rings[0];
    let class = ring.class.expect("it carries slots");
    let first = class.bytes(class.first).expect("it has a slot");
    assert_eq!(misplaced(&ground, ring, ground.segment.bytes(first, 8), true), None);
    let inside = ground.segment.bytes(first + 8, 8);
    assert!(misplaced(&ground, ring, inside, true).is_some(), "a message begins where a slot begins");
    let own = std::ptr::NonNull::from(&mut [0u64; 8]).cast();
    assert!(misplaced(&ground, ring, own, true).is_some(), "a message in place lies in the segment");
    assert_eq!(misplaced(&ground, ring, own, false), None);
}

/// The name by which a copy of this program is asked to read a byte that nobody may read.
#[cfg(sanitized = "address")]
const TRESPASS: &str = "VIL_TRESPASS";

#[test]
#[cfg(sanitized = "address")]
fn a_byte_behind_a_message_is_seen_by_the_sanitizer() {
    let ground = Arc::new(grounds().swap_remove(0));
    let ring = &ground.geometry.rings[0];
    let class = ring.class.expect("it carries slots");
    let at = class.bytes(class.first).expect("it has a slot");
    if std::env::var_os(TRESPASS).is_some() {
        ground.read(at + u64::from(ring.size.next_multiple_of(8)));
        return;
    }
    ground.read(at + u64::from(ring.size) - 8 & !7);
    let this = std::env::current_exe().expect("a program knows where it is");
    let name = "siege::a_byte_behind_a_message_is_seen_by_the_sanitizer";
    let output = std::process::Command::new(this).args(["--exact", name]).env(TRESPASS, "1").output();
    let output = output.expect("the program runs again");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("use-after-poison"), "{said}");
}

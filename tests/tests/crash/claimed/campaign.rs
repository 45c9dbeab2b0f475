//! The campaign: every sort of claimed ring, the recital under all layers, then random stories.

use std::rc::Rc;
use std::time::{Duration, Instant};

use vil_core::base::crash::set_hook;
use vil_tests::sites::store_sites;
use vil_tests::soak;

use super::layers::{Dose, Tally, Trial};
use super::plan::{Sort, sorts};
use super::story::Story;
use crate::phrases::Dice;

/// Oracle checks that the campaign must make at least.
const LEAST: u64 = 500_000;
/// Where random stories begin, unless VIL_SEED says otherwise.
const SEED: u64 = 20_260_202;
/// Random stories of each sort, and phrases in each story.
const STORIES: u64 = 2;
const PHRASES: usize = 40;
/// Threads of the campaign; the sorts are dealt out to them.
const THREADS: usize = 2;

/// Most shared accesses that one act may make in these towns, whatever others do in between. The first ones do not
/// depend on the size of the world, but for the cells of the ring that a receive or a publish may walk over.
const BOUNDS: [(&str, u64); 6] =
    [("publish", 80), ("receive", 80), ("release", 8), ("enter", 24), ("forward", 80), ("recover", 600)];

/// Tells one story and adds what it showed. A panic is a violation as well.
pub(super) fn tell(sort: Sort, dose: Dose, total: &mut Tally, story: impl FnOnce(&mut Story)) {
    let trial = Rc::new(Trial::new(dose));
    let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| story(&mut Story::new(sort, &trial))));
    set_hook(None);
    let mut tally = trial.tally.take();
    if told.is_err() {
        tally.violations.push(format!("a panic in {sort:?}"));
    }
    total.add(tally);
}

/// What the recital is tried with, and what random stories are.
pub(super) const THOROUGH: Dose = Dose { deaths: 1, relays: 41, duels: 29, interludes: 5, late_deaths: 5 };
const RANDOM: Dose = Dose { deaths: 1, relays: 101, duels: 67, interludes: 23, late_deaths: 5 };

fn tell_all(sort: Sort, seed: u64, total: &mut Tally) {
    tell(sort, THOROUGH, total, Story::recite);
    ramble(sort, seed, total);
}

fn ramble(sort: Sort, seed: u64, total: &mut Tally) {
    for story in 0..STORIES {
        let mut dice = Dice::new(seed.wrapping_add(story));
        if !total.violations.is_empty() {
            return;
        }
        tell(sort, RANDOM, total, |told| told.ramble(&mut dice, PHRASES));
    }
}

fn each_thread(part: impl Fn(usize) -> Tally + Sync) -> Tally {
    let mut total = Tally::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn({
                    let part = &part;
                    move || part(thread)
                })
            })
            .collect();
        for thread in threads {
            total.add(thread.join().expect("violations are kept, not thrown"));
        }
    });
    total
}

fn campaign(seed: u64) -> Tally {
    each_thread(|thread| {
        let mut tally = Tally::default();
        for (_, sort) in sorts().into_iter().enumerate().filter(|(i, _)| i % THREADS == thread) {
            tell_all(sort, seed, &mut tally);
        }
        tally
    })
}

/// The long form: random stories until the time is over.
fn soak(seed: u64, budget: Duration) -> Tally {
    let end = Instant::now() + budget;
    each_thread(|thread| {
        let mut tally = Tally::default();
        for round in 0.. {
            for (i, sort) in sorts().into_iter().enumerate().filter(|(i, _)| i % THREADS == thread) {
                if Instant::now() > end || !tally.violations.is_empty() {
                    return tally;
                }
                ramble(sort, seed.wrapping_add(1000 * (round * 100 + i as u64)), &mut tally);
            }
        }
        tally
    })
}

#[test]
fn a_death_in_a_ring_of_many_loses_no_message_but_those_it_held() {
    let seed = std::env::var("VIL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(SEED);
    let start = Instant::now();
    let mut tally = campaign(seed);
    if let Some(seconds) = soak::seconds() {
        tally.add(soak(seed, Duration::from_secs(seconds)));
    }
    println!(
        "seed {seed} (set VIL_SEED to change it), {:.1} s: {} checks",
        start.elapsed().as_secs_f64(),
        tally.total()
    );
    println!("  by layer: {:?}\n  by site: {:?}", tally.checks, tally.sites);
    println!("  most shared accesses of one act: {:?}", tally.accesses);
    soak::report("crash_checks", tally.total());
    assert!(tally.violations.is_empty(), "{}", tally.violations.join("\n"));
    assert!(tally.total() >= LEAST, "only {} checks", tally.total());
    for layer in ["L1", "L2", "L3a", "L3b"] {
        assert!(tally.checks.get(layer).is_some_and(|count| *count > 10_000), "{layer} hardly ran");
    }
    for site in store_sites(&["queue", "exchange/claimed"]) {
        let is_ours = site.starts_with("claimed.");
        // A wake-up is passed only where somebody sleeps.
        assert!(!is_ours || tally.sites.contains_key(site.as_str()), "nobody ever died before the store `{site}`");
    }
    for (act, most) in BOUNDS {
        let found = tally.accesses[act];
        assert!(found <= most, "{act} made {found} shared accesses, at most {most} are allowed");
    }
}

//! The campaigns: which stories are told in which towns, with which layers, and what they must have covered.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use vil_core::base::crash::set_hook;
use vil_tests::sites::store_sites;
use vil_tests::soak;

use crate::phrases::Dice;
use crate::run::{Layers, Run};
use crate::score::{Layer, Score};
use crate::town::{Town, modes, several, single};

/// Oracle checks that a campaign must make at least.
const LEAST: u64 = 5_000_000;
/// Where random stories begin, unless VIL_SEED says otherwise.
const SEED: u64 = 20_260_101;
/// Random stories in each town, and phrases in each story.
const STORIES: u64 = 16;
const PHRASES: usize = 60;
/// Threads of the campaign; the towns are dealt out to them.
const THREADS: usize = 2;
/// Floors whose stores the harness must have crashed at.
const FLOORS: [&str; 6] = ["heap", "queue", "stats", "registry", "exchange", "mem"];
/// Tried by the campaign of claimed rings.
const CLAIMED: &str = "claimed.";
/// Tried by `nonsense`, which needs words that no call would write, and by `heap`, whose blocks no route has.
const ELSEWHERE: [&str; 2] = ["open.undo", "renew"];

/// Most shared accesses that one call may make in these towns, whatever its peers do.
///
/// A publish goes into three rings at most here. `loan`, `recover` and `recovery` walk the process table, all rings and
/// all slots; no other depends on the size of the world.
const BOUNDS: [(&str, u64); 17] = [
    ("publish", 60),
    ("publish_many", 120),
    ("send_inside", 120),
    ("read_all", 60),
    ("keep", 24),
    ("forward", 24),
    ("receive", 24),
    ("consume", 2),
    ("settle", 10),
    ("release", 6),
    ("release_many", 6),
    ("attach", 24),
    ("unkeep", 0),
    ("drop_newest", 8),
    ("loan", 80),
    ("recover", 400),
    ("recovery", 400),
];

/// Tells one story and adds what it showed. A panic is a violation as well.
pub(crate) fn tell(town: &Rc<Town>, layers: Layers, total: &mut Score, story: impl FnOnce(&mut Run)) {
    let score = Rc::new(RefCell::new(Score::default()));
    let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut run = Run::new(town, layers, &score);
        story(&mut run);
    }));
    set_hook(None);
    if told.is_err() {
        score.borrow_mut().violations.push(format!("a panic in town `{}`", town.name));
    }
    total.add(score.take());
}

/// The recital on every route.
pub(crate) fn recital(run: &mut Run) {
    for route in 0..run.private.lines.len() {
        run.recite(route);
    }
    run.recite_relays();
    run.disperse();
}

/// Every layer, and the random stories' share of those that cost much.
const RANDOM: Layers = Layers { single: true, takeover: 97, duel: 61, preempt: 41 };

/// The recital under all layers.
fn recite_all(town: &Rc<Town>, total: &mut Score) {
    let is_large = town.roads.len() > 1 || town.roads.iter().any(|road| road.capacity > 2);
    let layers = Layers {
        single: true,
        takeover: if is_large { 3 } else { 1 },
        duel: if is_large { 9 } else { 3 },
        preempt: if is_large { 6 } else { 2 },
    };
    tell(town, layers, total, recital);
}

/// Random stories from a seed on.
fn ramble_all(town: &Rc<Town>, seed: u64, total: &mut Score) {
    for story in 0..STORIES {
        let mut dice = Dice::new(seed.wrapping_add(story));
        tell(town, RANDOM, total, |run| run.ramble(&mut dice, PHRASES));
    }
}

/// One thread's towns (VIL_TOWN leaves only those whose names contain it): everything once, and in a long form other random
/// stories until the time is over.
fn part(thread: usize, seed: u64, end: Option<Instant>) -> Score {
    // Towns hold their segments in `Rc`, so each thread builds its own.
    let towns = modes().into_iter().chain(single()).chain(several()).enumerate();
    let wanted = std::env::var("VIL_TOWN").unwrap_or_default();
    let towns = towns.filter(|(i, town)| i % THREADS == thread && town.name.contains(&wanted));
    let towns: Vec<_> = towns.map(|(_, town)| town).collect();
    let mut score = Score::default();
    for town in &towns {
        recite_all(town, &mut score);
        ramble_all(town, seed, &mut score);
    }
    let mut round = seed;
    while end.is_some_and(|end| Instant::now() < end) && !score.is_over() {
        round = round.wrapping_add(STORIES);
        towns.iter().for_each(|town| ramble_all(town, round, &mut score));
    }
    score
}

fn campaign(seed: u64) -> Score {
    let end = soak::seconds().map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let parts = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || part(thread, seed, end))).collect();
        threads.into_iter().map(|thread| thread.join()).collect::<Vec<_>>()
    });
    let mut total = Score::default();
    for part in parts {
        total.add(part.expect("violations are kept, not thrown"));
    }
    soak::report("crash_checks", total.total());
    soak::report("crash_violations", total.violations.len() as u64);
    total
}

#[test]
fn a_crash_before_any_store_and_of_any_recoverer_loses_nothing() {
    let seed = std::env::var("VIL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(SEED);
    let start = Instant::now();
    let score = campaign(seed);
    println!("seed {seed} (set VIL_SEED to change it), {:.1} s\n{score}", start.elapsed().as_secs_f64());
    assert!(score.violations.is_empty(), "{}", score.violations.join("\n"));
    assert!(std::env::var_os("VIL_TOWN").is_some() || score.total() >= LEAST, "only {} checks", score.total());
    for layer in [Layer::L1, Layer::L2, Layer::L3a, Layer::L3b] {
        assert!(score.checks.get(&layer).is_some_and(|count| *count > 100_000), "{layer:?} hardly ran");
    }
    for site in store_sites(&FLOORS).into_iter().filter(|site| !site.starts_with(CLAIMED)) {
        let is_tried = score.sites.contains_key(site.as_str()) || ELSEWHERE.contains(&site.as_str());
        assert!(is_tried, "nobody ever crashed before the store `{site}`");
    }
    for (call, most) in BOUNDS {
        let found = score.accesses[call];
        assert!(found <= most, "{call} made {found} shared accesses, at most {most} are allowed");
    }
}

//! Who orders stores before looks: worlds with fences and with membarriers, and processes that may not make the latter.

use std::path::Path;
use std::time::Instant;

use vil_core::base::atomic::{Barrier, FOR_DATA, FOR_SPACE, SEVERAL};
use vil_core::base::error::Fault;
use vil_core::mem::{Catalog, Shared, decode, encode, seal};
use vil_core::sys::membarrier;
use vil_core::world::{Receiver, Sender, Stop, World};
use vil_tests::cc::skip;
use vil_tests::runtime_dir::RuntimeDir;

use crate::child::{Other, Role, hear, say};
use crate::house::{FOREVER, House, LONG, NOBODY, PLAIN, SHORT_NS, Shape, number, place, refused, role, send, take};

pub(crate) const ROLES: &[Role] = &[("opens in a sandbox", opens), ("creates in a sandbox", creates), ("pours", pours)];

/// Letters that are poured; each is slept for by one side or the other.
const POURED: u64 = 10_000;

fn is_possible() -> bool {
    let answer = membarrier::is_allowed();
    if let Err(error) = &answer {
        skip("membarrier", &format!("this kernel or container does not allow it: {error}"));
    }
    answer.is_ok()
}

/// From here on the kernel answers EPERM to membarrier; false where it confines nobody.
fn forbid_membarrier() -> bool {
    let load = libc::sock_filter { code: 0x20, jt: 0, jf: 0, k: 0 };
    let is_it = libc::sock_filter { code: 0x15, jt: 0, jf: 1, k: libc::SYS_membarrier as u32 };
    let refuse = libc::sock_filter { code: 0x06, jt: 0, jf: 0, k: libc::SECCOMP_RET_ERRNO | libc::EPERM as u32 };
    let allow = libc::sock_filter { code: 0x06, jt: 0, jf: 0, k: libc::SECCOMP_RET_ALLOW };
    let mut filter = [load, is_it, refuse, allow];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: numbers, and a program that lives through the call.
    unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) == 0
    }
}

fn opens(dir: &Path, _: &str) {
    let answer = match forbid_membarrier() {
        true => World::open(&place(dir), "post", &NOBODY).err().map(|error| format!("{:?}: {error}", error.fault)),
        false => Some("unconfined".to_owned()),
    };
    say(&answer.unwrap_or_else(|| "opened".to_owned()));
}

fn creates(dir: &Path, _: &str) {
    if !forbid_membarrier() {
        return say("unconfined");
    }
    let world = World::create(&place(dir), "post", &PLAIN.plan(), &NOBODY).unwrap_or_else(|error| panic!("{error}"));
    say(&format!("{:?}", world.catalog().barrier));
    hear();
}

/// What the only line of a role is, unless the kernel confines nobody; then that is told.
fn in_a_sandbox(other: &Other) -> Option<String> {
    let line = other.heard();
    if line == "unconfined" {
        skip("seccomp", "this kernel or container does not allow it");
        return None;
    }
    Some(line)
}

#[test]
fn who_may_not_make_membarriers_is_refused_by_a_world_that_has_them_and_told_what_to_do() {
    if !is_possible() {
        return;
    }
    let house = House::new("sandbox", PLAIN);
    assert_eq!(house.keeper.catalog().barrier, Barrier::Membarrier, "what this machine can is what is made");
    let Some(line) = in_a_sandbox(&Other::start("opens in a sandbox", &house, "")) else { return };
    assert!(line.starts_with("Barrier: world `post` ") && line.contains("VIL_WORLD_FENCES"), "{line}");
}

#[test]
fn a_world_with_fences_admits_everybody() {
    let dir = RuntimeDir::new("fences");
    let made = World::create_with(&place(&dir), "post", &PLAIN.plan(), &NOBODY, Barrier::Fences);
    let world = made.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(world.catalog().barrier, Barrier::Fences);
    let Some(line) = in_a_sandbox(&Other::start("opens in a sandbox", &dir, "")) else { return };
    assert_eq!(line, "opened");
}

#[test]
fn a_creator_that_may_not_make_membarriers_makes_a_world_with_fences_for_all() {
    let dir = RuntimeDir::new("sandboxed-creator");
    let other = Other::start("creates in a sandbox", &dir, "");
    let Some(line) = in_a_sandbox(&other) else { return };
    assert_eq!(line, "Fences");
    let found = World::open(&place(&dir), "post", &NOBODY).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(found.catalog().barrier, Barrier::Fences, "the world's choice, not ours");
}

#[test]
fn a_choice_that_no_version_knows_is_nonsense() {
    let house = House::new("unknown-barrier", PLAIN);
    let catalog = Catalog { barrier: Barrier::Fences, ..house.keeper.catalog().clone() };
    let fences = encode(&catalog, house.keeper.shared().geometry.total_size);
    let mut bytes = fences.clone();
    bytes[8 * 8] = 2;
    seal(&mut bytes);
    assert!(decode(&fences).is_ok());
    let said = refused(decode(&bytes), Fault::Corrupt);
    assert!(said.contains("barrier 2"), "{said}");
}

/// Publishes letters, each when there is room; "sandboxed" ones after a sandbox was closed around it.
fn pours(dir: &Path, argument: &str) {
    let world = World::open(&place(dir), "post", &role("writer")).unwrap_or_else(|error| panic!("{error}"));
    let mut sender = Sender::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
    let count = match argument {
        "sandboxed" if !forbid_membarrier() => return say("unconfined"),
        "sandboxed" => POURED / 100,
        _ => POURED,
    };
    for letter in 0..count {
        send(&mut sender, letter).unwrap_or_else(|stop| panic!("{stop:?}"));
    }
    say(&world.sleeps().to_string());
}

#[test]
fn with_either_choice_no_sleeper_is_forgotten() {
    for wish in [Barrier::Fences, Barrier::Membarrier] {
        let dir = RuntimeDir::new("pour");
        let shape = Shape { capacity: 2, ..PLAIN };
        let made = World::create_with(&place(&dir), "post", &shape.plan(), &NOBODY, wish);
        let keeper = made.unwrap_or_else(|error| panic!("{error}"));
        let world = World::open(&place(&dir), "post", &role("reader")).unwrap_or_else(|error| panic!("{error}"));
        let mut receiver = Receiver::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
        let start = Instant::now();
        let other = Other::start("pours", &dir, "");
        for letter in 0..POURED {
            assert_eq!(take(&mut receiver), Ok(letter));
        }
        let time = start.elapsed();
        let (here, there) = (world.sleeps(), other.heard());
        println!("{:?}: {POURED} letters in {time:?}, {here} and {there} sleeps", keeper.catalog().barrier);
        assert!(time < LONG, "sleepers wake at the ends of their slices only");
    }
}

/// A test is one thread of several, so this process is registered while the world is open already, or was before.
#[test]
fn a_process_of_several_threads_opens_without_waiting_for_the_kernel_and_fences_until_it_is_done() {
    if !is_possible() {
        return;
    }
    let dir = RuntimeDir::new("registered");
    for (wish, is_over) in [(Barrier::Membarrier, true), (Barrier::Fences, false)] {
        let made = World::create_with(&place(&dir), &format!("{wish:?}"), &PLAIN.plan(), &NOBODY, wish);
        let keeper = made.unwrap_or_else(|error| panic!("{error}"));
        let (shared, start) = (keeper.shared(), Instant::now());
        let flag = shared.geometry.rings[0].consumer_flag;
        while shared.is_fenced() == is_over && start.elapsed() < LONG && (is_over || !membarrier::is_registered()) {
            // Nobody sleeps; a wake-up is where fences are given up.
            shared.wake(flag, FOR_DATA, "test");
        }
        shared.wake(flag, FOR_DATA, "test");
        assert_eq!(shared.is_fenced(), !is_over, "{wish:?}");
    }
    assert!(membarrier::is_registered());
}

#[test]
fn a_sandbox_that_closes_later_makes_a_sleeper_late_by_a_slice_at_most() {
    let house = House::new("late-sandbox", Shape { capacity: 2, ..PLAIN });
    let mut receiver = house.reader();
    let start = Instant::now();
    let other = Other::start("pours", &house, "sandboxed");
    for letter in 0..POURED / 100 {
        match receiver.receive(LONG.as_nanos() as u64) {
            Ok(received) => {
                assert_eq!(number(&received.message), letter);
                crate::house::give_back(&mut receiver, &received);
            }
            Err(_) if in_a_sandbox(&other).is_none() => return,
            Err(stop) => panic!("{stop:?}"),
        }
    }
    assert!(start.elapsed() < LONG, "no sleep is longer than a slice");
}

/// What somebody asked for on the reader's and on the writer's futex word.
fn requests(shared: &Shared) -> (u32, u32) {
    let ring = &shared.geometry.rings[0];
    // ORDER: Relaxed, one thread.
    let word = |flag| shared.segment.flag(flag).raw().load(std::sync::atomic::Ordering::Relaxed);
    let asked = FOR_DATA | FOR_SPACE | SEVERAL;
    (word(ring.consumer_flag) & asked, word(ring.producer_flag) & asked)
}

#[test]
fn a_wait_that_ends_takes_its_announcement_back_so_nobody_is_woken_for_nothing() {
    let house = House::new("withdrawn", Shape { deadline_ms: 20, ..PLAIN });
    let (mut sender, mut receiver) = (house.writer(), house.reader());
    let shared = house.keeper.shared();
    assert_eq!(receiver.receive(SHORT_NS).err(), Some(Stop::Late));
    assert_eq!(requests(shared), (0, 0), "after a wait that was late");
    receiver.world().cancel();
    assert_eq!(receiver.receive(FOREVER).err(), Some(Stop::Cancelled));
    assert_eq!(requests(shared), (0, 0), "after one that was cancelled");
    for letter in 0..4 {
        send(&mut sender, letter).expect("there is room");
    }
    assert_eq!(send(&mut sender, 4), Err(Stop::Late));
    assert_eq!(requests(shared), (0, 0), "after one for room");
    let received = receiver.receive(FOREVER).expect("a letter");
    assert_eq!((number(&received.message), requests(shared)), (0, (0, 0)));
}

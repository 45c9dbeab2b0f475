//! How soon a death ends a wait: within 10 ms of the moment at which the kernel releases the dead one's token, with no
//! third process that would recover it. On a machine that does other things too a clock says little, so what is held is
//! the number of slices that the waiter slept after that moment; the times are printed.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use vil_core::base::limits::SLICE;
use vil_core::base::words::ProcessId;
use vil_core::queue::{Side, end};
use vil_core::sys::token::is_free;
use vil_core::world::{End, Receiver, Sender, Stop, WaitSet, World};

use crate::child::{Other, Role, hear, say};
use crate::house::{FOREVER, House, LONG, PLAIN, fill, place, role, send, until};

pub(crate) const ROLES: &[Role] = &[("only reads", only_reads), ("only writes", only_writes)];

/// What a blocked call may take from the release of the token on.
const PROMISE: Duration = Duration::from_millis(10);

/// Slices that fit into it, begun ones included.
const SLICES: u64 = (PROMISE.as_nanos() / SLICE.as_nanos()) as u64 + 1;

const ROUNDS: usize = 7;

fn only_reads(dir: &Path, _: &str) {
    let world = World::open(&place(dir), "post", &role("reader")).unwrap_or_else(|error| panic!("{error}"));
    let _receiver = Receiver::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
    say("here");
    hear();
}

fn only_writes(dir: &Path, _: &str) {
    let world = World::open(&place(dir), "post", &role("writer")).unwrap_or_else(|error| panic!("{error}"));
    let _sender = Sender::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
    say("here");
    hear();
}

/// What a waiter did after the token was released.
struct Return {
    time: Duration,
    slices: u64,
}

/// Kills the other process while `wait` sleeps; `wait` must answer that the peer is gone.
fn killed(
    house: &House,
    other: Other,
    world: &Arc<World>,
    side: Side,
    wait: impl FnOnce() -> Option<Stop> + Send,
) -> Return {
    let ring = &house.keeper.shared().geometry.rings[0];
    let owner: ProcessId = end(house.keeper.shared(), ring, side).owner.expect("the other process has the end");
    let file = File::options().read(true).write(true).open(house.file()).expect("the world's file");
    let is_back = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let answer = wait();
            let time = Instant::now();
            is_back.store(true, Ordering::Release);
            (answer, time)
        });
        let before = world.sleeps();
        until("the waiter has slept for some slices", || world.sleeps() > before + 2);
        other.signal(libc::SIGKILL);
        // Looked at without a pause: each one would be counted as the waiter's.
        let deadline = Instant::now() + LONG;
        while !is_free(&file, owner) && !is_back.load(Ordering::Acquire) {
            assert!(Instant::now() < deadline, "the token is not released");
        }
        let (released, slept) = (Instant::now(), world.sleeps());
        let (answer, returned) = waiter.join().expect("no panic");
        assert_eq!(answer, Some(Stop::PeerGone));
        Return { time: returned.saturating_duration_since(released), slices: world.sleeps() - slept }
    })
}

fn held(title: &str, mut returns: Vec<Return>) {
    returns.sort_by_key(|one| one.time);
    let (median, most) = (returns[returns.len() / 2].time, returns[returns.len() - 1].time);
    let slices = returns.iter().map(|one| one.slices).max().unwrap_or(0);
    println!(
        "{title} returns {median:?} after the token is released, at most {most:?} and {slices} slices, in {ROUNDS} deaths"
    );
    assert!(slices <= SLICES, "{title} slept on for {slices} slices");
    assert!(most < LONG / 4, "{title} took {most:?}");
}

#[test]
fn a_blocked_publisher_whose_only_consumer_is_killed_returns() {
    let round = || {
        let house = House::new("dead-consumer", PLAIN);
        let other = Other::start("only reads", &house, "");
        assert_eq!(other.heard(), "here");
        let mut sender = house.writer();
        let world = Arc::clone(sender.world());
        (0..4).for_each(|letter| send(&mut sender, letter).expect("there is room"));
        let loan = sender.loan().expect("a slot more than cells");
        fill(&loan, 4);
        killed(&house, other, &world, Side::Head, || sender.publish(loan.ticket).err())
    };
    held("a blocked publisher", (0..ROUNDS).map(|_| round()).collect());
}

#[test]
fn a_blocked_receiver_whose_only_producer_is_killed_returns() {
    let round = || {
        let house = House::new("dead-producer", PLAIN);
        let other = Other::start("only writes", &house, "");
        assert_eq!(other.heard(), "here");
        let mut receiver = house.reader();
        let world = Arc::clone(receiver.world());
        killed(&house, other, &world, Side::Tail, || receiver.receive(FOREVER).err())
    };
    held("a blocked receiver", (0..ROUNDS).map(|_| round()).collect());
}

#[test]
fn a_blocked_set_one_of_whose_producers_is_killed_returns() {
    let round = || {
        let house = House::new("dead-in-set", PLAIN);
        let other = Other::start("only writes", &house, "");
        assert_eq!(other.heard(), "here");
        let mut receiver = house.reader();
        let world = Arc::clone(receiver.world());
        let mut set = WaitSet::new(&world);
        set.add(&mut End::Receiver(&mut receiver), 1).unwrap_or_else(|error| panic!("{error}"));
        let wait = || set.wait(&mut [&mut receiver], FOREVER, &mut 0).err();
        killed(&house, other, &world, Side::Tail, wait)
    };
    held("a blocked set", (0..ROUNDS).map(|_| round()).collect());
}

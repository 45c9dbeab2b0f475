//! Making worlds: whole or not at all, once when many try, in place of the abandoned and never of the living.

use std::path::Path;
use std::time::Duration;

use vil_core::base::error::Fault;
use vil_core::world::{Opened, World};
use vil_tests::runtime_dir::RuntimeDir;

use crate::child::{Other, Role, hear, say};
use crate::house::{House, NOBODY, PLAIN, Random, Shape, pass, place, refused, role, send, take};

pub(crate) const ROLES: &[Role] = &[("creates", creates), ("races", races), ("lives", lives)];

/// A world large enough that making it takes a moment.
const LARGE: Shape = Shape { capacity: 256, bytes: 4000, ..PLAIN };

/// Kills a fork of itself again and again while it makes worlds, and looks at what is left each time.
fn creates(dir: &Path, _: &str) {
    let mut random = Random::new("creates");
    let (place, plan) = (place(dir), LARGE.plan());
    let (mut whole, mut none) = (0, 0);
    for _ in 0..50 {
        // SAFETY: this process has one thread that does anything; the child makes worlds until it is killed.
        let child = unsafe { libc::fork() };
        if child == 0 {
            loop {
                drop(World::create(&place, "post", &plan, &NOBODY));
                drop(World::unlink(&place, "post"));
            }
        }
        pass(Duration::from_micros(random.below(4_000)));
        let mut status = 0;
        // SAFETY: the child is ours and was not waited for.
        unsafe {
            libc::kill(child, libc::SIGKILL);
            libc::waitpid(child, &mut status, 0);
        }
        assert_eq!(status, libc::SIGKILL, "it ended by itself");
        match World::open(&place, "post", &NOBODY) {
            Ok(world) => {
                whole += 1;
                let audit = world.audit();
                assert_eq!((audit.leaked, audit.free, audit.processes), (0, audit.slots, 1), "{audit:?}");
            }
            Err(error) => {
                none += 1;
                assert_eq!(error.fault, Fault::NotFound, "{error}");
                assert_eq!(std::fs::read_dir(dir).expect("it is there").count(), 0, "not half a file");
            }
        }
        // The dead creator's lock is gone with it.
        let again = World::create(&place, "post", &plan, &NOBODY);
        assert!(again.is_ok(), "{again:?}");
        World::unlink(&place, "post").unwrap_or_else(|error| panic!("{error}"));
    }
    say(&format!("{whole} {none}"));
}

#[test]
fn a_creator_killed_at_any_moment_leaves_a_whole_world_or_none() {
    let dir = RuntimeDir::new("creates");
    let said = Other::start("creates", &dir, "").all();
    println!("{said:?} (whole and none)");
    assert_eq!(said.len(), 1);
    assert!(dir.worlds().is_empty());
}

/// For each line a world of that name: creates or opens it, and lives in it until the next line.
fn races(dir: &Path, how: &str) {
    let (place, plan) = (place(dir), PLAIN.plan());
    say("ready");
    while let Some(name) = hear() {
        let answer = match how {
            "create" => World::create(&place, &name, &plan, &NOBODY).map(|world| (world, Opened::Created)),
            _ => World::open_or_create(&place, &name, &plan, &NOBODY),
        };
        match &answer {
            Ok((_, opened)) => say(&format!("{opened:?}")),
            Err(error) => say(&format!("{:?}", error.fault)),
        }
        hear();
    }
}

/// The answers of several processes that make each of several worlds at the same time.
fn race(how: &str, rounds: u32) -> Vec<Vec<String>> {
    let dir = RuntimeDir::new(&format!("race-{how}"));
    let mut racers: Vec<Other> = (0..4).map(|_| Other::start("races", &dir, how)).collect();
    racers.iter().for_each(|racer| assert_eq!(racer.heard(), "ready"));
    let round = |round| {
        racers.iter_mut().for_each(|racer| racer.tell(&format!("world{round}")));
        let mut answers: Vec<String> = racers.iter().map(Other::heard).collect();
        racers.iter_mut().for_each(|racer| racer.tell("leave"));
        answers.sort();
        answers
    };
    (0..rounds).map(round).collect()
}

#[test]
fn of_several_that_open_or_create_at_once_exactly_one_creates_and_all_are_in() {
    for answers in race("open_or_create", 20) {
        assert_eq!(answers, ["Created", "Found", "Found", "Found"]);
    }
}

#[test]
fn of_several_that_create_at_once_one_creates_and_the_others_hear_that_it_exists() {
    for answers in race("create", 20) {
        assert_eq!(answers, ["Created", "Exists", "Exists", "Exists"]);
    }
}

/// Lives in the world until it is told otherwise.
fn lives(dir: &Path, _: &str) {
    let world = World::open(&place(dir), "post", &role("writer")).unwrap_or_else(|error| panic!("{error}"));
    say("ready");
    hear();
    drop(world);
}

#[test]
fn create_replaces_the_abandoned_and_never_the_living() {
    let dir = RuntimeDir::new("abandoned");
    let (place, plan) = (place(&dir), PLAIN.plan());
    drop(World::create(&place, "post", &plan, &NOBODY).unwrap_or_else(|error| panic!("{error}")));
    let tenant = Other::start("lives", &dir, "");
    assert_eq!(tenant.heard(), "ready");
    let said = refused(World::create(&place, "post", &plan, &NOBODY), Fault::Exists);
    assert!(said.contains("`post`") && said.contains("open it"), "{said}");
    tenant.kill();
    let larger = Shape { capacity: 8, ..PLAIN }.plan();
    let world = World::create(&place, "post", &larger, &NOBODY).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(world.catalog().plan.routes[0].capacity, 8, "the new one");
}

#[test]
fn an_abandoned_world_keeps_its_letters_for_who_opens_it() {
    let dir = RuntimeDir::new("left");
    let (place, plan) = (place(&dir), PLAIN.plan());
    let create = |process| {
        World::open_or_create(&place, "post", &plan, &role(process)).unwrap_or_else(|error| panic!("{error}"))
    };
    let (world, opened) = create("writer");
    assert_eq!(opened, Opened::Created);
    let mut sender = vil_core::world::Sender::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
    send(&mut sender, 3).expect("there is room");
    drop((sender, world));
    let (world, opened) = create("reader");
    assert_eq!(opened, Opened::Found);
    let mut receiver = vil_core::world::Receiver::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(take(&mut receiver), Ok(3));
}

#[test]
fn a_table_of_processes_that_is_full_is_a_limit_and_room_comes_back() {
    let house = House::new("full-table", PLAIN);
    let entries = house.keeper.shared().geometry.processes as usize;
    let mut tenants: Vec<_> = (1..entries).map(|_| house.enter("writer")).collect();
    let said = refused(World::open(&house.place, "post", &NOBODY), Fault::Limit);
    assert!(said.contains(&entries.to_string()), "{said}");
    tenants.pop();
    assert!(World::open(&house.place, "post", &NOBODY).is_ok());
    drop(tenants);
    house.is_swept();
}

//! Creators that are killed while they make worlds: whoever comes next finds a whole world or none, and never half a file.

use std::path::Path;
use std::time::Duration;

use vil_core::base::error::Fault;
use vil_core::world::World;
use vil_ir::plan::Plan;
use vil_tests::random::Random;
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::soak;

use crate::child::{Manner, Other, Role, pass};
use crate::village::{NOBODY, place, plan_of};

pub(crate) const ROLES: &[Role] = &[("creator", creator)];

/// Kills of the short form.
const KILLS: u64 = 60;

const NAME: &str = "made";

/// Large enough that making it takes a moment.
fn plan() -> Plan {
    plan_of(
        "
vil: 1
program: made
messages: { Item: { kind: event, fields: [ { name: bytes, type: '[u8; 4000]' } ] } }
interfaces:
  From: { ports: { items: { direction: out, message: Item } } }
  To:   { ports: { items: { direction: in,  message: Item } } }
processes: { from: { interface: From }, to: { interface: To } }
routes: [ { from: from.items, to: to.items, transfer: loan_write } ]
",
    )
}

/// Makes the world, lives in it for a moment, and removes it, without end. Others do the same at the same time.
fn creator(dir: &Path) {
    let (place, plan) = (place(dir), plan());
    loop {
        match World::open_or_create(&place, NAME, &plan, &NOBODY) {
            Ok((world, _)) => assert_eq!(world.audit().leaked, 0),
            Err(error) => assert!([Fault::NotFound, Fault::Busy].contains(&error.fault), "{error}"),
        }
        if let Err(error) = World::unlink(&place, NAME) {
            assert!([Fault::NotFound, Fault::Busy].contains(&error.fault), "{error}");
        }
    }
}

#[test]
fn creators_killed_at_any_moment_leave_a_whole_world_or_none() {
    let (dir, mut random) = (RuntimeDir::new("creators"), Random::new("creators"));
    let (place, plan) = (place(&dir), plan());
    let seconds = soak::seconds().map(|seconds| std::time::Instant::now() + Duration::from_secs(seconds / 4));
    let (mut kills, mut whole, mut none) = (0, 0, 0);
    while seconds.map_or(kills < KILLS, |end| std::time::Instant::now() < end) {
        let mut pair = [Manner::Plain, Manner::Plain].map(|manner| Other::start("creator", &dir, manner));
        pass(Duration::from_micros(4_000 + random.below(12_000)));
        pair.each_ref().iter().for_each(|creator| creator.signal(libc::SIGKILL));
        pair.iter_mut().for_each(Other::kill);
        kills += 2;
        match World::open(&place, NAME, &NOBODY) {
            Ok(world) => {
                whole += 1;
                let audit = world.audit();
                assert_eq!((audit.leaked, audit.free, audit.processes), (0, audit.slots, 1), "{audit:?}");
            }
            Err(error) => {
                none += 1;
                assert_eq!(error.fault, Fault::NotFound, "{error}");
                assert_eq!(std::fs::read_dir(&*dir).expect("it is there").count(), 0, "not half a file");
            }
        }
        // The locks of the dead are gone with them.
        World::open_or_create(&place, NAME, &plan, &NOBODY).unwrap_or_else(|error| panic!("{error}"));
        World::unlink(&place, NAME).unwrap_or_else(|error| panic!("{error}"));
    }
    println!("{kills} creators killed: a whole world {whole} times, none {none} times");
    soak::report("kills_creators", kills);
}

//! A process that is stopped is alive: nothing of it is taken, those who do not wait for it are not disturbed, and when it
//! goes on everything is as it was.

use std::time::{Duration, Instant};

use vil_core::base::words::{ProcState, ProcWord};
use vil_core::observe;
use vil_core::registry::Info;
use vil_tests::random::Random;
use vil_tests::soak;

use crate::child::{Manner, Other, pass, until};
use crate::roles::PEOPLE;
use crate::village::{ANSWERS, AT_MIDDLE, FIRST, INLETS, Inlet, PASSED, READ, SECOND, TO_MIDDLE, Village, WORK};

/// How long somebody is stopped.
fn length() -> Duration {
    if soak::seconds().is_some() { Duration::from_secs(30) } else { Duration::from_millis(300) }
}

/// Where messages go on arriving while somebody is stopped.
fn undisturbed(role: &str) -> &'static [Inlet] {
    match role {
        "writer" => &[],
        "middle" => &[FIRST, SECOND, ANSWERS, WORK, READ],
        "reader" => &[WORK],
        "second" => &[AT_MIDDLE, PASSED, TO_MIDDLE, ANSWERS, WORK, READ],
        _ => &INLETS,
    }
}

/// Stops one of the village for a while, and answers how many others were killed meanwhile.
fn stop(village: &Village, people: &mut [Other], role: &str, random: &mut Random) -> u64 {
    let stopped = PEOPLE.iter().position(|known| *known == role).expect("one of the people");
    let mut found = None;
    until("it has entered", || {
        found = entry_of(village, people[stopped].pid());
        found.is_some()
    });
    let (entry, word) = found.expect("it has entered");
    people[stopped].signal(libc::SIGSTOP);
    let stat = format!("/proc/{}/stat", people[stopped].pid());
    until("it is stopped", || std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") T ")));
    let end = Instant::now() + length();
    let still = || observe::process(&village.keeper, entry).is_some_and(|info| info.word == word);
    let mut killed = 0;
    while Instant::now() < end {
        village.thrives(undisturbed(role), 5);
        village.keeper.recover();
        assert!(still(), "{role} was taken for dead");
        if random.below(3) == 0 {
            let other = (stopped + 1 + random.below(PEOPLE.len() as u64 - 1) as usize) % PEOPLE.len();
            people[other].kill();
            people[other] = Other::start(PEOPLE[other], &village.dir, Manner::Plain);
            killed += 1;
        }
        pass(Duration::from_millis(5));
    }
    people[stopped].signal(libc::SIGCONT);
    village.thrives(&INLETS, 20);
    assert!(still(), "{role} went on and is another");
    killed
}

/// The entry in which a process lives.
fn entry_of(village: &Village, pid: i32) -> Option<(usize, ProcWord)> {
    let mut entries = (0..).map_while(|entry| Some((entry, observe::process(&village.keeper, entry)?)));
    let is_its = |info: &Info| info.word.state == ProcState::Alive && info.pid == pid as u32;
    let found = entries.find(|(_, info)| is_its(info));
    found.map(|(entry, info)| (entry, info.word))
}

#[test]
fn a_stopped_process_keeps_what_it_has_and_goes_on_with_it() {
    let village = Village::new("stops");
    let mut random = Random::new("stops");
    let mut people = PEOPLE.map(|role| Other::start(role, &village.dir, Manner::Plain));
    village.thrives(&INLETS, 20);
    let mut deaths = 0;
    for role in PEOPLE {
        deaths += stop(&village, &mut people, role, &mut random);
    }
    println!("{} were stopped for {:?}, {deaths} killed meanwhile", PEOPLE.len(), length());
    village.ends(&mut people, deaths);
    soak::report("kills_stops", PEOPLE.len() as u64);
}

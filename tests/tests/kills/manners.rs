//! Three ways to be dead that are easily mistaken for life: a fork child lives on, the number is another program's, and the
//! number is somebody else's in another namespace.

use std::path::Path;

use vil_tests::cc;

use crate::child::{Manner, Other, until};
use crate::roles::PEOPLE;
use crate::village::{INLETS, Village};

/// Can a process have a pid namespace of its own here?
pub(crate) fn has_namespaces(place: &Path) -> bool {
    let may = Other::try_start("first", place, Manner::Unshared).is_ok_and(|mut first| first.ended().success());
    if !may {
        cc::skip("processes in pid namespaces of their own", "this machine does not allow it");
    }
    may
}

/// Everybody lives in one manner; each is killed in turn, its replacement goes on while what the dead left behind lives.
fn all_die(name: &str, manner: Manner) {
    let village = Village::new(name);
    let mut people = PEOPLE.map(|role| Other::start(role, &village.dir, manner));
    village.thrives(&INLETS, 20);
    let mut shadows = Vec::new();
    for (at, role) in PEOPLE.iter().enumerate() {
        people[at].kill();
        let next = Other::start(role, &village.dir, manner);
        shadows.push(std::mem::replace(&mut people[at], next));
        village.thrives(&INLETS, 20);
    }
    village.ends(&mut people, PEOPLE.len() as u64);
}

#[test]
fn a_killed_parent_is_dead_although_its_fork_children_live() {
    all_die("forks", Manner::Forks);
}

#[test]
fn a_process_in_a_pid_namespace_of_its_own_dies_like_any_other() {
    let place = std::env::temp_dir();
    if has_namespaces(&place) {
        all_die("namespaces", Manner::Unshared);
    }
}

#[test]
fn a_process_that_became_another_program_is_dead_although_its_number_lives() {
    let village = Village::new("execs");
    let mut people = PEOPLE.map(|role| Other::start(role, &village.dir, Manner::Plain));
    village.thrives(&INLETS, 20);
    for (at, role) in PEOPLE.iter().enumerate() {
        people[at].kill();
        let another = Other::start(role, &village.dir, Manner::Execs);
        let program = format!("/proc/{}/exe", another.pid());
        let itself = std::env::current_exe().expect("a running program has a path");
        until("it is another program", || std::fs::read_link(&program).is_ok_and(|found| found != itself));
        // Whether it had entered or not: its place is free, and it is never killed.
        people[at] = Other::start(role, &village.dir, Manner::Plain);
        village.thrives(&INLETS, 20);
        let audit = village.keeper.audit();
        assert!(audit.processes as usize <= 1 + PEOPLE.len(), "{audit:?}");
        drop(another);
    }
    village.ends(&mut people, PEOPLE.len() as u64);
}

//! fork and exec: the child has nothing of its parent's worlds and harms nothing, and keeps nothing of them alive.

use std::path::Path;
use std::sync::Arc;

use vil_capi::*;
use vil_core::base::error::Fault;
use vil_core::base::words::{ProcState, ProcessId};
use vil_core::registry::{info, state};
use vil_core::sys::token::is_free;
use vil_core::world::{Receiver, Sender, Stop, World};
use vil_tests::runtime_dir::RuntimeDir;

use crate::child::{Other, Role, hear, say};
use crate::handles::Post;
use crate::house::{FOREVER, House, NOBODY, PLAIN, SHORT_NS, place, refused, role, send, take};
use crate::surface::{CLOSES, uses};

pub(crate) const ROLES: &[Role] = &[
    ("forks with handles", forks_with_handles),
    ("forks with worlds", forks_with_worlds),
    ("forks and is killed", forks_and_is_killed),
    ("clones around the handlers and is killed", clones_and_is_killed),
    ("forks with a watcher", forks_with_a_watcher),
    ("runs a child that stays", runs_a_child_that_stays),
    ("forks while others open", forks_while_others_open),
];

/// Runs a function in a fork child and answers how it ended: 0 is well.
fn in_child(run: impl FnOnce()) -> i32 {
    // SAFETY: the child runs what a process of one busy thread may, and ends without going back.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let is_well = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_ok();
        // SAFETY: ends this process, and runs nothing of its parent's.
        unsafe { libc::_exit(if is_well { 0 } else { 9 }) };
    }
    let mut status = 0;
    // SAFETY: the child is ours.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    status
}

/// Handles that name nothing shared: a fork child may go on using them.
const OF_NO_WORLD: &[&str] = &["program", "diagnostics", "diff"];

fn forks_with_handles(dir: &Path, _: &str) {
    let post = Post::within(dir, None);
    let mut loan = post.loan();
    let kinds = post.kinds();
    let handle = |kind: &str| kinds.iter().find(|(known, _)| *known == kind).expect("every kind").1;
    let ended = in_child(|| {
        for call in uses().filter(|call| !OF_NO_WORLD.contains(&call.kind)) {
            assert_eq!((call.call)(&post, handle(call.kind)), VIL_E_FORKED, "{}", call.name);
        }
        // Its own file takes the number that the parent's token had, and keeps it.
        let own = Post::within(&dir.join("child"), None);
        for call in CLOSES {
            assert_eq!((call.call)(&post, handle(call.kind)), VIL_OK, "{}", call.name);
            assert_eq!((call.call)(&post, handle(call.kind)), VIL_E_HANDLE, "{} twice", call.name);
        }
        own.works();
        let mut count = 7;
        let mut seen = crate::handles::audit();
        // SAFETY: both are variables of this function.
        unsafe {
            assert_eq!(vil_world_recover(own.reader, &mut count), VIL_OK);
            assert_eq!(vil_world_audit(own.reader, &mut seen), VIL_OK);
        }
        assert_eq!((count, seen.processes), (0, 2), "its own worlds still live");
    });
    assert_eq!(ended, 0);
    let (mut count, mut seen) = (7, crate::handles::audit());
    // SAFETY: all are variables of this function.
    unsafe {
        assert_eq!(vil_world_recover(post.reader, &mut count), VIL_OK);
        assert_eq!(vil_world_audit(post.reader, &mut seen), VIL_OK);
        assert_eq!((count, seen.processes), (0, 2));
        assert_eq!(vil_sender_publish(post.sender, &mut loan), VIL_OK, "the loan survived");
        let mut message = post.message();
        assert_eq!(vil_receiver_release(post.receiver, &mut message), VIL_OK);
    }
    post.works();
    say("done");
}

#[test]
fn every_call_on_a_parent_s_handle_is_forked_in_the_child_and_the_parent_goes_on() {
    let dir = RuntimeDir::new("fork-handles");
    assert_eq!(Other::start("forks with handles", &dir, "").all(), ["done"]);
}

fn forks_with_worlds(dir: &Path, _: &str) {
    let plan = PLAIN.plan();
    let place = place(dir);
    let open = |process| World::open(&place, "post", &role(process)).unwrap_or_else(|error| panic!("{error}"));
    let keeper = World::create(&place, "post", &plan, &NOBODY).unwrap_or_else(|error| panic!("{error}"));
    let mut sender = Sender::open(&open("writer"), "letters").unwrap_or_else(|error| panic!("{error}"));
    let mut receiver = Receiver::open(&open("reader"), "letters").unwrap_or_else(|error| panic!("{error}"));
    send(&mut sender, 1).expect("there is room");
    // Dropped in the child, all of it: nothing of the parent's is given back, closed or written.
    let mut all = Some((sender, receiver, Arc::clone(&keeper)));
    let ended = in_child(|| {
        drop(all.take());
        let own = World::open(&place, "post", &role("writer")).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(own.audit().processes, 4);
        refused(Sender::open(&own, "letters"), Fault::Busy);
    });
    assert_eq!(ended, 0);
    (sender, receiver, _) = all.expect("the parent's copy is untouched");
    assert_eq!(take(&mut receiver), Ok(1));
    send(&mut sender, 2).expect("there is room");
    assert_eq!(take(&mut receiver), Ok(2));
    // The child ended without closing its world: it is recovered like any dead process.
    let audit = keeper.audit();
    assert_eq!((audit.processes, audit.leaked), (3, 0), "{audit:?}");
    say("done");
}

#[test]
fn a_child_that_drops_its_parent_s_worlds_closes_nothing_of_them() {
    let dir = RuntimeDir::new("fork-worlds");
    assert_eq!(Other::start("forks with worlds", &dir, "").all(), ["done"]);
}

/// Opens the sending end, leaves a fork child behind, and waits to be killed.
fn forks_and_is_killed(dir: &Path, _: &str) {
    let world = World::open(&place(dir), "post", &role("writer")).unwrap_or_else(|error| panic!("{error}"));
    let mut sender = Sender::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
    // SAFETY: the child only waits.
    let child = unsafe { libc::fork() };
    if child == 0 {
        loop {
            // SAFETY: it has no arguments.
            unsafe { libc::pause() };
        }
    }
    send(&mut sender, child as u64).expect("there is room");
    hear();
}

#[test]
fn a_killed_parent_is_dead_though_its_fork_child_lives() {
    let house = House::new("fork-killed", PLAIN);
    let mut receiver = house.reader();
    let parent = Other::start("forks and is killed", &house, "");
    let child = take(&mut receiver).expect("it says its child") as i32;
    parent.kill();
    assert_eq!(receiver.receive(FOREVER).err(), Some(Stop::PeerGone));
    // SAFETY: numbers only; the child is a descendant of this test's and still there.
    unsafe {
        assert_eq!(libc::kill(child, 0), 0, "the fork child lives");
        let mut sender = house.writer();
        send(&mut sender, 4).expect("and a successor has its place");
        assert_eq!(libc::kill(child, libc::SIGKILL), 0);
    }
    assert_eq!(take(&mut receiver), Ok(4));
    drop(receiver);
    house.is_swept();
}

/// Forks while a watcher runs: the child has none, and ends its copy of the world without waiting for one.
fn forks_with_a_watcher(dir: &Path, _: &str) {
    let keeper = World::create(&place(dir), "post", &PLAIN.plan(), &NOBODY).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(keeper.watch(std::time::Duration::from_millis(1)), Ok(()));
    let mut held = Some(keeper);
    let ended = in_child(|| {
        drop(held.take());
        let own = World::open(&place(dir), "post", &NOBODY).unwrap_or_else(|error| panic!("{error}"));
        assert!(!own.unwatch(), "a world of its own has no watcher");
        assert_eq!(own.watch(std::time::Duration::from_millis(1)), Ok(()));
        assert!(own.unwatch());
    });
    assert_eq!(ended, 0);
    assert!(held.expect("the parent's copy is untouched").unwatch(), "the parent's goes on");
    say("done");
}

#[test]
fn a_fork_child_has_no_watcher_and_does_not_wait_for_its_parent_s() {
    let dir = RuntimeDir::new("fork-watcher");
    assert_eq!(Other::start("forks with a watcher", &dir, "").all(), ["done"]);
}

/// Opens the sending end, leaves a child behind that no fork handler saw, and waits to be killed. The child keeps the
/// token's lock and does nothing.
fn clones_and_is_killed(dir: &Path, _: &str) {
    let world = World::open(&place(dir), "post", &role("writer")).unwrap_or_else(|error| panic!("{error}"));
    let mut sender = Sender::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
    // SAFETY: a copy of this process, as fork makes it, but around its handlers; the child only waits.
    let child = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
    assert!(child >= 0);
    if child == 0 {
        loop {
            // SAFETY: it has no arguments.
            unsafe { libc::pause() };
        }
    }
    send(&mut sender, child as u64).expect("there is room");
    hear();
}

#[test]
fn a_killed_parent_is_dead_though_a_child_that_no_handler_saw_keeps_its_token() {
    let house = House::new("clone-killed", PLAIN);
    let mut receiver = house.reader();
    let parent = Other::start("clones around the handlers and is killed", &house, "");
    let child = take(&mut receiver).expect("it says its child") as i32;
    let entry = (0..8).map(ProcessId).find(|entry| info(house.keeper.shared(), *entry).pid == parent.pid() as u32);
    let entry = entry.expect("the parent has an entry");
    assert_eq!(house.keeper.recover(), 0, "both live");
    parent.kill();
    let file = std::fs::File::open(house.file()).expect("it is there");
    assert!(!is_free(&file, entry), "the child keeps the token");
    assert_eq!(receiver.receive(FOREVER).err(), Some(Stop::PeerGone));
    assert_eq!(state(house.keeper.shared(), entry).state, ProcState::Free, "it was recovered all the same");
    let mut sender = house.writer();
    assert_ne!(sender.world().me(), entry, "an entry whose token is held is not given out");
    send(&mut sender, 4).expect("a successor has its place");
    assert_eq!(take(&mut receiver), Ok(4));
    // SAFETY: a number; the child is a descendant of this test's and still there.
    assert_eq!(unsafe { libc::kill(child, libc::SIGKILL) }, 0, "the child lives");
    drop((sender, receiver));
    house.is_swept();
}

/// Opens the sending end, starts a program that stays, and waits to be killed.
fn runs_a_child_that_stays(dir: &Path, _: &str) {
    let world = World::open(&place(dir), "post", &role("writer")).unwrap_or_else(|error| panic!("{error}"));
    let mut sender = Sender::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
    let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("every system has it");
    let open = std::fs::read_dir(format!("/proc/{}/fd", child.id())).expect("it runs");
    let targets = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    assert_eq!(targets.filter(|target| target.starts_with(dir)).count(), 0, "it has inherited something");
    send(&mut sender, u64::from(child.id())).expect("there is room");
    hear();
    let _ = child.wait();
}

#[test]
fn a_killed_parent_is_dead_though_a_program_that_it_started_lives() {
    let house = House::new("exec-killed", PLAIN);
    let mut receiver = house.reader();
    let parent = Other::start("runs a child that stays", &house, "");
    let child = take(&mut receiver).expect("it says its child") as i32;
    parent.kill();
    assert_eq!(receiver.receive(FOREVER).err(), Some(Stop::PeerGone));
    // SAFETY: numbers only; the child is a descendant of this test's and still there.
    unsafe {
        assert_eq!(libc::kill(child, 0), 0, "the program lives");
        assert_eq!(libc::kill(child, libc::SIGKILL), 0);
    }
    assert_eq!(receiver.receive(SHORT_NS).err(), Some(Stop::Late));
    drop(receiver);
    house.is_swept();
}

/// One thread opens and closes worlds while another forks children that stay; afterwards none keeps a token or a lock.
fn forks_while_others_open(dir: &Path, _: &str) {
    let (place, plan) = (place(dir), PLAIN.plan());
    let keeper = World::create(&place, "post", &plan, &NOBODY).unwrap_or_else(|error| panic!("{error}"));
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let children = std::thread::scope(|scope| {
        let opener = scope.spawn(|| {
            for round in 0..150 {
                let world = World::open(&place, "post", &NOBODY).unwrap_or_else(|error| panic!("{error}"));
                drop(world);
                let name = format!("w{}", round % 3);
                let (world, _) =
                    World::open_or_create(&place, &name, &plan, &NOBODY).unwrap_or_else(|error| panic!("{error}"));
                drop(world);
                World::unlink(&place, &name).unwrap_or_else(|error| panic!("{error}"));
            }
            is_over.store(true, std::sync::atomic::Ordering::Release);
        });
        let mut children = Vec::new();
        while !is_over.load(std::sync::atomic::Ordering::Acquire) && children.len() < 60 {
            // SAFETY: the child does nothing but wait.
            let child = unsafe { libc::fork() };
            if child == 0 {
                loop {
                    // SAFETY: it has no arguments.
                    unsafe { libc::pause() };
                }
            }
            children.push(child);
            crate::house::pass(std::time::Duration::from_micros(500));
        }
        opener.join().expect("no panic");
        children
    });
    let audit = keeper.audit();
    // A token that a child had kept would be a process that lives, though nobody is there but the keeper.
    let locked = (0..audit.slots.max(8) as u16)
        .filter(|entry| *entry != keeper.me().0)
        .filter(|entry| {
            let file = std::fs::File::options().read(true).write(true).open(dir.join("post.vil")).expect("it is there");
            !vil_core::sys::token::is_free(&file, vil_core::base::words::ProcessId(*entry))
        })
        .count();
    let lock = std::fs::File::open(dir).expect("it is there").try_lock();
    for child in &children {
        // SAFETY: the children are ours and were not waited for.
        unsafe {
            libc::kill(*child, libc::SIGKILL);
            libc::waitpid(*child, std::ptr::null_mut(), 0);
        }
    }
    assert_eq!((audit.processes, locked), (1, 0));
    assert!(lock.is_ok(), "a child kept the directory's lock");
    say("done");
}

#[test]
fn children_forked_while_another_thread_opens_worlds_keep_no_token_and_no_lock() {
    let dir = RuntimeDir::new("fork-race");
    assert_eq!(Other::start("forks while others open", &dir, "").all(), ["done"]);
}

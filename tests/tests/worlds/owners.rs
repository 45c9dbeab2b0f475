//! Whose a world is. What another user owns is refused, and what this user may not do is said.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use vil_core::base::error::Fault;
use vil_core::sys::file::RuntimeDir as Place;
use vil_core::world::World;
use vil_tests::cc::skip;
use vil_tests::runtime_dir::RuntimeDir;

use crate::child::{Other, Role, say};
use crate::house::{House, NOBODY, PLAIN, place, refused};

pub(crate) const ROLES: &[Role] = &[("is nobody", is_nobody)];

/// A user that is not root and, on a machine for tests, nobody's.
const STRANGER: u32 = 65_534;

fn is_root() -> bool {
    // SAFETY: geteuid can not fail.
    unsafe { libc::geteuid() == 0 }
}

/// Only root can give a file away.
fn may_give_away() -> bool {
    let may = is_root();
    if !may {
        skip("files of another user", "only root can make them");
    }
    may
}

#[test]
fn a_world_of_another_user_is_refused_by_both_numbers() {
    if !may_give_away() {
        return;
    }
    let house = House::new("others", PLAIN);
    chown(house.file(), Some(STRANGER), None).expect("root may");
    let said = refused(World::open(&house.place, "post", &NOBODY), Fault::Owner);
    assert!(said.contains(&STRANGER.to_string()) && said.contains("user 0"), "{said}");
    refused(World::create(&house.place, "post", &PLAIN.plan(), &NOBODY), Fault::Owner);
    refused(World::open_or_create(&house.place, "post", &PLAIN.plan(), &NOBODY), Fault::Owner);
    chown(house.file(), Some(0), None).expect("root may");
    assert!(World::open(&house.place, "post", &NOBODY).is_ok());
}

#[test]
fn a_runtime_directory_of_another_user_is_refused() {
    if !may_give_away() {
        return;
    }
    let dir = RuntimeDir::new("others-place");
    chown(&*dir, Some(STRANGER), None).expect("root may");
    let said = refused(Place::open(Some(&dir)), Fault::Owner);
    assert!(said.contains(&STRANGER.to_string()) && said.contains("VIL_RUNTIME_DIR"), "{said}");
    chown(&*dir, Some(0), None).expect("root may");
    assert!(Place::open(Some(&dir)).is_ok());
}

/// Gives up being root, if it is, and says what comes of worlds that it may not touch.
fn is_nobody(dir: &Path, _: &str) {
    if is_root() {
        chown(dir, Some(STRANGER), Some(STRANGER)).expect("root may");
        // SAFETY: numbers only; this process is for this alone.
        let gave_up = unsafe { libc::setgid(STRANGER) == 0 && libc::setuid(STRANGER) == 0 };
        assert!(gave_up, "root can give up");
    }
    let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
    let (place, plan) = (place(dir), PLAIN.plan());
    drop(World::create(&place, "post", &plan, &NOBODY).unwrap_or_else(|error| panic!("{error}")));
    mode(&dir.join("post.vil"), 0o000);
    say(&refused(World::open(&place, "post", &NOBODY), Fault::Permission));
    mode(&dir.join("post.vil"), 0o600);
    mode(dir, 0o500);
    say(&refused(World::create(&place, "other", &plan, &NOBODY), Fault::Permission));
    say(&refused(World::unlink(&place, "post"), Fault::Permission));
    mode(dir, 0o000);
    say(&refused(World::open(&place, "post", &NOBODY), Fault::Permission));
    say(&refused(Place::open(Some(&dir.join("below"))), Fault::Permission));
    mode(dir, 0o700);
    assert!(World::create(&place, "other", &plan, &NOBODY).is_ok());
    assert!(World::open(&place, "post", &NOBODY).is_ok());
    say("all is well again");
}

#[test]
fn what_this_user_may_not_do_is_said_with_what_to_do_about_it() {
    let dir = RuntimeDir::new("forbidden");
    let said = Other::start("is nobody", &dir, "").all();
    assert_eq!(said.len(), 6, "{said:?}");
    for line in &said[..5] {
        assert!(line.contains("denied") && line.contains("directory of your own"), "{line}");
    }
    assert_eq!(said[5], "all is well again");
}

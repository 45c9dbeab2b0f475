//! Runtime directories: made when missing, refused when they are not ours alone.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use vil_core::base::error::Fault;
use vil_core::sys::file::RuntimeDir as Place;
use vil_core::world::World;
use vil_tests::runtime_dir::RuntimeDir;

use crate::house::{NOBODY, PLAIN, refused};

#[test]
fn a_directory_that_is_missing_is_made_for_its_owner_alone() {
    let dir = RuntimeDir::new("missing-place");
    let inside = dir.join("new");
    let place = Place::open(Some(&inside)).unwrap_or_else(|error| panic!("{error}"));
    let mode = fs::metadata(&inside).expect("it was made").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert!(World::create(&place, "post", &PLAIN.plan(), &NOBODY).is_ok());
    assert!(Place::open(Some(&inside)).is_ok(), "and is taken as it is the next time");
}

#[test]
fn a_directory_whose_parent_is_missing_is_not_found() {
    let dir = RuntimeDir::new("no-parent");
    let said = refused(Place::open(Some(&dir.join("a/b"))), Fault::NotFound);
    assert!(said.contains("a/b") && said.contains("directory above"), "{said}");
    assert!(!dir.join("a").exists());
}

#[test]
fn a_directory_that_is_open_to_others_is_refused_by_its_mode() {
    let dir = RuntimeDir::new("open");
    for mode in [0o777, 0o701, 0o710, 0o770, 0o1777, 0o702] {
        fs::set_permissions(&*dir, Permissions::from_mode(mode)).expect("it is ours");
        let said = refused(Place::open(Some(&dir)), Fault::Owner);
        assert!(said.contains(&format!("{:o}", mode & 0o777)) && said.contains("VIL_RUNTIME_DIR"), "{said}");
    }
    fs::set_permissions(&*dir, Permissions::from_mode(0o700)).expect("it is ours");
    assert!(Place::open(Some(&dir)).is_ok());
}

#[test]
fn a_link_and_a_file_are_no_runtime_directories() {
    let dir = RuntimeDir::new("link");
    fs::create_dir(dir.join("real")).expect("a directory");
    fs::set_permissions(dir.join("real"), Permissions::from_mode(0o700)).expect("it is ours");
    symlink(dir.join("real"), dir.join("link")).expect("a link");
    symlink(dir.join("nowhere"), dir.join("broken")).expect("a link");
    fs::write(dir.join("file"), "").expect("a file");
    for name in ["link", "broken", "file"] {
        let said = refused(Place::open(Some(&dir.join(name))), Fault::Owner);
        assert!(said.contains(name) && said.contains("VIL_RUNTIME_DIR"), "{said}");
    }
    refused(Place::open(Some(&dir.join("file/below"))), Fault::Owner);
    assert!(Place::open(Some(&dir.join("real"))).is_ok());
}

#[test]
fn a_directory_of_too_long_a_name_is_an_error_of_the_system() {
    let dir = RuntimeDir::new("long");
    refused(Place::open(Some(&dir.join("n".repeat(300)))), Fault::System);
}

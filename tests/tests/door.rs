//! The door for people, `cargo xtask`: it explains itself, and refuses what it does not know. What its commands do is not
//! tried here: `test` would run this test again.

use std::process::{Command, Output};

use vil_tests::artifact::{program, root};

fn xtask(args: &[&str]) -> Output {
    Command::new(program("xtask", "xtask")).args(args).current_dir(root()).output().expect("xtask runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_command_of_the_overview_explains_itself() {
    let overview = text(&xtask(&["help"]).stdout);
    let commands: Vec<_> = overview.lines().skip(2).filter_map(|line| line.split_whitespace().next()).collect();
    assert!(
        ["demo", "test", "bench", "soak", "mutants", "bless", "lint", "install"]
            .iter()
            .all(|name| commands.contains(name)),
        "{overview}"
    );
    for name in commands.iter().filter(|name| **name != "help") {
        for args in [[name, "--help"], ["help", name]] {
            let output = xtask(&args);
            assert!(output.status.success(), "{args:?}");
            assert!(text(&output.stdout).starts_with(&format!("cargo xtask {name}")), "{args:?}: {output:?}");
        }
    }
}

#[test]
fn an_unknown_command_is_refused_with_the_known_ones() {
    let output = xtask(&["tset"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("`tset`") && said.contains("demo, test"), "{said}");
}

#[test]
fn an_unknown_option_is_refused_before_anything_is_built() {
    for command in ["test", "soak", "mutants", "lint", "bless"] {
        let output = xtask(&[command, "--colour"]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{command}");
        assert!(text(&output.stderr).contains("--colour"), "{output:?}");
    }
    assert_eq!(xtask(&["install"]).status.code(), Some(2));
}

#[test]
fn the_door_needs_none_of_the_rooms() {
    let manifest = std::fs::read_to_string(root().join("xtask/Cargo.toml")).expect("xtask has a manifest");
    let (_, dependencies) = manifest.split_once("[dependencies]\n").expect("it has dependencies");
    let names: Vec<_> = dependencies.lines().filter_map(|line| line.split([' ', '.', '=']).next()).collect();
    assert_eq!(names, ["lexopt"], "a broken core, cbindgen or bindgen must not break the door");
}

//! docs/c-conventions.md, held line by line: each id in it is a rule with a check of the same id, and the other way round.
//!
//! Rules of behaviour are C and C++ programs beside this file, run against the library that is shipped, each rule in a
//! process of its own; rules of the header, the exports and the sources are checked here, by functions named by their id.

mod outside;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use vil_codegen::Language;
use vil_tests::artifact::root;
use vil_tests::cc::{Compile, c_compiler, cpp_compiler};
use vil_tests::generated;
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::scratch::Scratch;

/// Files of rules in C, without their ending.
const IN_C: &[&str] = &[
    "status", "own", "program", "null", "error", "thread", "wait", "waitset", "version", "world", "fork", "mode",
    "batch", "copy", "msg",
];

fn here() -> PathBuf {
    root().join("tests/tests/conventions")
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The document.
fn document() -> String {
    read(&root().join("docs/c-conventions.md"))
}

/// Ids of rules in a text, each behind `mark`: `[C-OWN-1` or `{"C-OWN-1`.
fn ids(text: &str, mark: &str) -> Vec<String> {
    let found = text.split(mark).skip(1).map(|rest| format!("C-{rest}"));
    let end = |rest: &str| rest.find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '-');
    found.map(|rest| rest[..end(&rest).unwrap_or(rest.len())].to_owned()).collect()
}

/// Ids that a file of rules checks.
fn checked_in(file: &str) -> Vec<String> {
    ids(&read(&here().join(file)), "{\"C-")
}

#[test]
fn every_line_of_the_document_has_a_check_and_every_check_a_line() {
    let promised = ids(&document(), "- [C-");
    let promises: BTreeSet<_> = promised.iter().cloned().collect();
    assert_eq!(promised.len(), promises.len(), "an id stands for two lines");
    let in_files = IN_C.iter().map(|name| format!("{name}.c")).chain(["cpp.cpp".to_owned()]);
    let checked: Vec<_> = in_files.flat_map(|file| checked_in(&file)).chain(outside::ids()).collect();
    let checks: BTreeSet<_> = checked.iter().cloned().collect();
    let untested: Vec<_> = promises.difference(&checks).collect();
    let unwritten: Vec<_> = checks.difference(&promises).collect();
    assert!(
        untested.is_empty() && unwritten.is_empty(),
        "without a check: {untested:?}, without a line: {unwritten:?}"
    );
    println!("{} lines, {} checks", promises.len(), checked.len());
}

#[test]
fn every_point_of_the_document_has_an_id() {
    let document = document();
    let points = document.lines().filter(|line| line.trim_start().starts_with("- "));
    let bare: Vec<_> = points.filter(|line| !line.starts_with("- [C-")).collect();
    assert!(bare.is_empty(), "points without an id: {bare:?}");
}

/// Runs every rule of a program, each in a process and a world of its own; all that fail are told.
fn hold(file: &str, program: &Path) {
    let dir = RuntimeDir::new("conventions");
    let rules = checked_in(file);
    assert!(!rules.is_empty(), "{file} has no rules");
    let broken: Vec<_> = rules.iter().filter_map(|rule| broken(program, rule, &dir)).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// What a rule said when it does not hold.
fn broken(program: &Path, rule: &str, dir: &Path) -> Option<String> {
    let output = Command::new(program).arg(rule).env("VIL_RUNTIME_DIR", dir).output().expect("the rules run");
    let said = String::from_utf8_lossy(&output.stderr);
    (!output.status.success()).then(|| format!("{rule} is broken ({}): {said}", output.status))
}

/// Compiles a file of rules in C and runs them.
fn hold_in_c(name: &str) {
    let scratch = Scratch::new(&format!("conventions-{name}"));
    let file = format!("{name}.c");
    generated::write(&here().join("notebook.yaml"), Language::C, &scratch);
    generated::write(&here().join("batches.yaml"), Language::C, &scratch);
    generated::write(&root().join("tests/tests/golden/modes.yaml"), Language::C, &scratch);
    let program = Compile::new(&c_compiler(), "c99", scratch.join(name))
        .include(&scratch)
        .arg("-D_GNU_SOURCE")
        .arg("-pthread")
        .arg(format!("-DPACKAGE_VERSION=\"{}\"", env!("CARGO_PKG_VERSION")))
        .source(here().join(&file))
        .link_shared()
        .expect();
    hold(&file, &program);
}

macro_rules! rules_in_c {
    ($($test:ident in $name:literal;)*) => {
        $(#[test]
        fn $test() {
            assert!(IN_C.contains(&$name));
            hold_in_c($name);
        })*
    };
}

rules_in_c! {
    statuses_are_those_of_the_table in "status";
    everything_has_an_owner in "own";
    programs_are_judged_printed_and_compared in "program";
    null_is_where_it_may_be in "null";
    errors_are_the_callers in "error";
    threads_and_signals_are_the_callers in "thread";
    every_wait_ends in "wait";
    sets_are_waited_for_together in "waitset";
    versions_are_told_apart in "version";
    worlds_come_live_and_go in "world";
    fork_children_have_nothing_of_their_parents in "fork";
    every_way_of_a_message_keeps_its_word in "mode";
    several_messages_go_by_one_call in "batch";
    messages_are_sent_and_read_as_copies in "copy";
}

#[test]
fn cpp_needs_no_exceptions() {
    let scratch = Scratch::new("conventions-cpp");
    generated::write(&here().join("notebook.yaml"), Language::Cpp, &scratch);
    let program = Compile::new(&cpp_compiler(), "c++17", scratch.join("cpp"))
        .include(&scratch)
        .arg("-fno-exceptions")
        .arg("-fno-rtti")
        .source(here().join("cpp.cpp"))
        .link_shared()
        .expect();
    hold("cpp.cpp", &program);
}

//! Every way a message can travel, used as generated code offers it: in C, in C++ and in Rust, the same scenes over
//! `golden/modes.yaml`. What must not happen is done on purpose too, and must be refused and told to the audit trail.

#[path = "../golden/modes/rust/modes.rs"]
mod modes;
mod scenes;

use std::path::Path;
use std::process::Command;

use vil_tests::artifact::root;
use vil_tests::cc::{Compile, c_compiler, cpp_compiler};
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::scratch::Scratch;

/// Runs a program of scenes; it ends with a word when one does not hold.
fn play(program: &Path) {
    let dir = RuntimeDir::new("modes");
    let output = Command::new(program).env("VIL_RUNTIME_DIR", &*dir).output().expect("the program runs");
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
}

fn generated(language: &str) -> std::path::PathBuf {
    root().join("tests/tests/golden/modes").join(language)
}

fn here(file: &str) -> std::path::PathBuf {
    root().join("tests/tests/modes").join(file)
}

#[test]
fn c_uses_every_mode() {
    let scratch = Scratch::new("modes-c");
    let compile = Compile::new(&c_compiler(), "c99", scratch.join("scenes")).include(generated("c"));
    let compile = compile.arg("-pthread");
    play(&compile.source(here("scenes.c")).link_shared().expect());
}

#[test]
fn cpp_uses_every_mode() {
    let scratch = Scratch::new("modes-cpp");
    let compile = Compile::new(&cpp_compiler(), "c++17", scratch.join("scenes")).include(generated("cpp"));
    let compile = compile.arg("-fno-exceptions").arg("-fno-rtti");
    play(&compile.source(here("scenes.cpp")).link_shared().expect());
}

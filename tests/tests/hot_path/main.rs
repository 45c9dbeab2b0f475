//! From loan to release, in a steady stream with an awake peer, libvil allocates nothing, takes no lock, makes no system
//! call and runs no locked instruction and no fence (in a world with fences one for each publish and each release). Here
//! that is counted.
//!
//! Three ways, because each is blind to something: calls of the allocator and of locks are interposed, the kernel kills
//! who makes a system call, and every instruction that runs is looked at. Each has a bad twin that it must find.
//! Figures are printed and never asserted, but for those that are zero or one by promise, and for what each call costs in
//! instructions of libvil.so: `growth` compares that with a table.

mod asleep;
mod calls;
#[cfg(target_arch = "x86_64")]
mod growth;
#[cfg(target_arch = "x86_64")]
mod instructions;
#[cfg(target_arch = "x86_64")]
mod listing;
#[cfg(target_arch = "x86_64")]
mod opening;
#[cfg(target_arch = "x86_64")]
mod stepper;
mod system_calls;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use vil_codegen::Language;
use vil_tests::artifact::root;
use vil_tests::cc::{Compile, c_compiler};
use vil_tests::generated;
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::scratch::Scratch;

/// The ways a message travels, as `exchange.h` opens them: four routes of a program, and a queue of a heap.
const LANES: &[&str] = &["slots", "skips", "cells", "copies", "queue"];

/// The same for the Rust crate, as `stream.rs` opens them.
const RUST_LANES: &[&str] = &["slots", "cells"];

/// One of the C programs beside this file, linked to the library that is shipped.
fn compiled(dir: &Scratch, name: &str) -> PathBuf {
    let here = root().join("tests/tests/hot_path");
    generated::write(&here.join("stream.yaml"), Language::C, dir);
    Compile::new(&c_compiler(), "c99", dir.join(name))
        .source(here.join(format!("{name}.c")))
        .include(dir)
        .arg("-D_GNU_SOURCE")
        .arg("-Wl,-z,now")
        .arg("-pthread")
        .arg("-ldl")
        .link_shared()
        .expect()
}

/// The same stream in Rust; cargo has built it with this test.
fn in_rust() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_vil-hot-path"))
}

/// What a program printed as `name number` in lines.
fn figures(program: &Path, arguments: &[&str]) -> BTreeMap<String, i64> {
    let worlds = RuntimeDir::new("hot-path");
    let output = Command::new(program).args(arguments).env("VIL_RUNTIME_DIR", &*worlds).output().expect("it starts");
    let (said, faults) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program:?} {arguments:?}: {}\n{said}{faults}", output.status);
    print!("{faults}");
    let lines = said.lines().filter_map(|line| line.split_once(' '));
    lines.map(|(name, figure)| (name.to_owned(), figure.parse().expect("a number"))).collect()
}

fn told(title: &str, figures: &BTreeMap<String, i64>) {
    let parts: Vec<_> = figures.iter().map(|(name, figure)| format!("{name} {figure}")).collect();
    println!("{title}: {}", parts.join(", "));
}

#[cfg(not(target_arch = "x86_64"))]
#[test]
fn instructions_are_looked_at_on_x86_64_only() {
    vil_tests::cc::skip("the instructions of the hot path", "only those of x86-64 are known here");
}

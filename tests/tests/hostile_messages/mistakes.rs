//! Mistakes that are put into copies of what views stand on, in C and in Rust: each of them must be found.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use vil_tests::artifact::root;
use vil_tests::random::Random;
use vil_tests::scratch::Scratch;

use super::{Target, committed};

/// What is wrong, what stands in the source, and what stands there instead.
type Mistake = (&'static str, &'static str, &'static str);

/// In view.h.
const C: &[Mistake] = &[
    ("a slice may end eight bytes behind", "count * size > view.size", "count * size > view.size + 8u"),
    ("a text may lack its NUL", "(uint64_t)at + count + 1u > view.size", "(uint64_t)at + count > view.size"),
    ("a slice may be misaligned", "count > bound || at % align != 0", "count > bound"),
    ("a reference may be misaligned", "if (at % align != 0 || at <", "if (at <"),
    ("a slice ends where 32 bits say", "at + (uint64_t)count * size", "at + count * size"),
    ("a message is as long as it says", "if (stated < view.size) view.size = stated;", "view.size = stated;"),
    (
        "a field may end behind its struct",
        "if (view.end < end) return absent;",
        "if (view.end + 4u < end) return absent;",
    ),
    ("a full slice is taken for an empty one", "count > bound || at % align", "count >= bound || at % align"),
];

/// In the crate `vil`, relative/view.rs.
const RUST: &[Mistake] = &[
    ("a slice may end eight bytes behind", "behind <= u64::from(self.size)", "behind <= u64::from(self.size) + 8"),
    ("a slice may be misaligned", "is_there && at.is_multiple_of(align)", "is_there"),
    ("the root is as long as it says", "end: root_size.min(behind)", "end: root_size"),
    ("a full slice is taken for an empty one", "&& count <= bound && count > 0", "&& count < bound && count > 0"),
];

/// Rounds in which a mistake must show.
const ROUNDS: u64 = 400_000;

/// What `look` says of each of them in a copy of this text, which it is given.
fn all_found(source: &Path, mistakes: &[Mistake], look: impl Fn(&str, &mut Random) -> Option<Output>) {
    let sound = std::fs::read_to_string(source).unwrap_or_else(|error| panic!("{}: {error}", source.display()));
    let mut missed = Vec::new();
    for (meaning, from, to) in mistakes {
        assert!(sound.contains(from), "{} has no `{from}` any more", source.display());
        match look(&sound.replace(from, to), &mut Random::of(meaning.len() as u64)) {
            None => missed.push(meaning),
            Some(output) => {
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                let line = said.lines().find(|line| !line.is_empty() && !line.starts_with('='));
                println!("{meaning}: {}: {}", output.status, line.unwrap_or("no word"));
            }
        }
    }
    assert!(missed.is_empty(), "nobody found {missed:?}");
}

/// How the first of the programs fails.
fn failure(targets: &[Target], random: &mut Random, build: impl Fn(&Target) -> PathBuf) -> Option<Output> {
    let outputs = targets.iter().map(|target| target.output(&build(target), random, ROUNDS, 0, false));
    outputs.into_iter().find(|output| !output.status.success())
}

fn programs() -> [Target; 2] {
    let mut random = Random::of(7);
    [committed("corners", &mut random), committed("relative", &mut random)]
}

#[test]
fn mistakes_in_view_h_are_found() {
    let targets = programs();
    all_found(&root().join("include/vil/view.h"), C, |text, random| {
        let headers = Scratch::new("hostile-mistake");
        std::fs::create_dir_all(headers.join("vil")).expect("a directory can be made");
        std::fs::write(headers.join("vil/view.h"), text).expect("a header can be written");
        failure(&targets, random, |target| target.c("mistaken", Some(&headers)))
    });
}

#[test]
fn mistakes_in_views_of_rust_are_found() {
    let targets = programs();
    let sources = root().join("bindings/rust/vil/src");
    all_found(&sources.join("relative/view.rs"), RUST, |text, random| {
        let copy = Scratch::new("hostile-vil");
        copied(&sources, &copy);
        std::fs::write(copy.join("relative/view.rs"), text).expect("a source can be written");
        let library = vil(&copy);
        failure(&targets, random, |target| target.rust("mistaken", Some(&library)))
    });
}

fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory can be made");
    for entry in std::fs::read_dir(from).expect("sources can be read").flatten() {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() { copied(&path, &to) } else { _ = std::fs::copy(&path, &to).expect("a source can be copied") }
    }
}

/// The crate `vil` from these sources, over the first build of `vil-sys` beside this test that does, newest first.
fn vil(sources: &Path) -> PathBuf {
    let exe = std::env::current_exe().expect("this test has a path");
    let entries = std::fs::read_dir(exe.parent().expect("a directory")).expect("it can be read").flatten();
    let mut below: Vec<_> = entries.map(|entry| entry.path()).filter(|path| is_library(path, "libvil_sys-")).collect();
    below.sort_by_key(|path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok());
    let mut said = String::new();
    for below in below.iter().rev() {
        let mut rustc = plain();
        rustc.args(["--crate-name", "vil", "--crate-type", "rlib", "--cap-lints", "allow", "-Copt-level=1"]);
        rustc.args(["--cfg", "feature=\"bundled\"", "--extern"]).arg(format!("vil_sys={}", below.display()));
        let output = rustc.arg("--out-dir").arg(sources).arg(sources.join("lib.rs")).output().expect("rustc runs");
        if output.status.success() && is_bundled(below) {
            return sources.join("libvil.rlib");
        }
        said += &String::from_utf8_lossy(&output.stderr);
    }
    panic!("vil does not build: {said}");
}

/// Whether libvil is a part of this build of `vil-sys`; it names the crate that it is compiled from.
fn is_bundled(library: &Path) -> bool {
    let bytes = std::fs::read(library).expect("a library can be read");
    bytes.windows(8).any(|window| window == b"vil_capi")
}

fn is_library(path: &Path, begin: &str) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.starts_with(begin) && name.ends_with(".rlib")
}

/// rustc that finds what lies beside this test.
fn plain() -> Command {
    let exe = std::env::current_exe().expect("this test has a path");
    let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.current_dir(root()).args(["--edition", "2024", "-L"]);
    command.arg(format!("dependency={}", exe.parent().expect("a directory").display()));
    command
}

/// rustc with this build of the crate `vil` in reach.
pub(super) fn rustc_with(vil: &Path) -> Command {
    let mut command = plain();
    command.arg("--extern").arg(format!("vil={}", vil.display()));
    command
}

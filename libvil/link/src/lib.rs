//! How libvil's code is linked: what a process runs of it lies side by side, because pages of a file become resident in
//! windows of 64 KiB, and functions that lie as they come are in nearly all of them.
//!
//! For build scripts of `libvil`, and of programs in Rust by `vil-build`. Nothing of it is in what they build, and it knows
//! no other crate.
#![forbid(unsafe_code)]

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The order of functions: a linker script that adds to the linker's own. Written by the test `footprint`, from what ran.
pub const ORDER: &str = include_str!("../order.ld");

/// Writes the script into a build script's `OUT_DIR` and answers its path, for `-T`. `None` where the linker that was chosen
/// does not know `INSERT`: LLVM's, which rustc brings along, and that of binutils do.
///
/// # Errors
/// What keeps the file from being written.
pub fn write_order(directory: &Path) -> io::Result<Option<PathBuf>> {
    if !takes_scripts(&said()) {
        return Ok(None);
    }
    let path = directory.join("order.ld");
    std::fs::write(&path, ORDER)?;
    Ok(Some(path))
}

/// Is it LLVM's linker that links? Rust's own from 1.90 on, where nobody has chosen another one.
pub fn is_lld() -> bool {
    let is_default = env::var("TARGET").is_ok_and(|target| target == "x86_64-unknown-linux-gnu");
    may_be_lld(&said(), is_default && minor_version().is_some_and(|minor| minor >= 90))
}

fn takes_scripts(said: &str) -> bool {
    !has_chosen(said, &["mold", "wild", "gold"])
}

/// By what was said, and whether it is the linker of who says nothing.
fn may_be_lld(said: &str, is_default: bool) -> bool {
    let others = has_chosen(said, &["bfd", "gold", "mold", "wild"]) || said.contains("linker-features=-lld");
    has_chosen(said, &["lld"]) || is_default && !others
}

/// Whether somebody has chosen one of these linkers, by name or as what a compiler is to call.
fn has_chosen(said: &str, names: &[&str]) -> bool {
    let is_it = |word: &str, name: &str| {
        let word = word.rsplit(['=', '/']).next().unwrap_or(word);
        word == name || word == format!("ld.{name}")
    };
    names.iter().any(|name| said.split(['\u{1f}', ' ', ',']).any(|word| is_it(word, name)))
}

/// What somebody has said of linkers.
fn said() -> String {
    ["RUSTC_LINKER", "CARGO_ENCODED_RUSTFLAGS"].map(|name| env::var(name).unwrap_or_default()).join(" ")
}

/// 90 of Rust 1.90.0.
fn minor_version() -> Option<u32> {
    let output = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    String::from_utf8(output.stdout).ok()?.split('.').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linker_is_known_by_what_was_said_of_it() {
        let rows = [
            ("", true, true),
            ("clang", true, true),
            ("-Clink-arg=-fuse-ld=lld", true, true),
            ("ld.lld", true, true),
            ("-Clink-arg=-fuse-ld=bfd", true, false),
            ("-Clinker-features=-lld", true, false),
            ("-Clink-arg=-fuse-ld=mold", false, false),
            ("/usr/bin/ld.gold", false, false),
            ("-C\u{1f}link-arg=-fuse-ld=wild", false, false),
        ];
        for (said, takes, is_lld) in rows {
            assert_eq!((takes_scripts(said), may_be_lld(said, true)), (takes, is_lld), "{said}");
        }
        assert!(!may_be_lld("", false) && may_be_lld("lld", false), "where another linker is the usual one");
    }
}

//! How `libvil.so` is linked: with a SONAME, which cargo does not give, so that programs ask for `libvil.so.0` and keep running when
//! a compatible libvil takes its place; never unloaded; and with what a process runs of it side by side. Never touches what is compiled.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libvil.so.0");
    // A thread that waits for the kernel may outlive every world, so the code under it must not be unmapped.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo:rerun-if-changed=order.ld");
    if is_lld() {
        // Pages become resident in windows of 64 KiB, and what lies together lies in few of them if they always begin in the same
        // places. The linker of binutils would fill the file up with zeros for that.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,max-page-size=65536");
    }
    // `INSERT` in a linker script is known to LLVM's linker, which rustc brings along, and to that of binutils.
    if !has_chosen(&["mold", "wild", "gold"]) {
        let here = env::var("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
        println!("cargo:rustc-cdylib-link-arg=-T{here}/order.ld");
    }
}

/// Is it LLVM's linker that links? Rust's own from 1.90 on, where nobody has chosen another one.
fn is_lld() -> bool {
    if has_chosen(&["lld"]) {
        return true;
    }
    let is_default = env::var("TARGET").is_ok_and(|target| target == "x86_64-unknown-linux-gnu");
    let others = has_chosen(&["bfd", "gold", "mold", "wild"]) || said().contains("linker-features=-lld");
    is_default && !others && minor_version().is_some_and(|minor| minor >= 90)
}

/// Whether somebody has chosen one of these linkers, by name or as what a compiler is to call.
fn has_chosen(names: &[&str]) -> bool {
    let said = said();
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

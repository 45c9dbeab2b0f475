//! How `libvil.so` is linked: with a SONAME, which cargo does not give, so that programs ask for `libvil.so.0` and keep running when
//! a compatible libvil takes its place; never unloaded; and with what a process runs of it side by side. Never touches what is compiled.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libvil.so.0");
    // A thread that waits for the kernel may outlive every world, so the code under it must not be unmapped.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo:rerun-if-changed=order.ld");
    if !linker_is(&["bfd", "linker-features=-lld"]) {
        // Pages become resident in windows of 64 KiB, and what lies together lies in few of them if they always begin in the same
        // places. The linker of binutils would fill the file up with zeros for that.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,max-page-size=65536");
    }
    // `INSERT` in a linker script is known to LLVM's linker, which rustc brings along, and to that of binutils.
    if !linker_is(&["mold", "wild", "gold"]) {
        let here = env::var("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
        println!("cargo:rustc-cdylib-link-arg=-T{here}/order.ld");
    }
}

/// Whether somebody has chosen one of these linkers.
fn linker_is(names: &[&str]) -> bool {
    let said = ["RUSTC_LINKER", "CARGO_ENCODED_RUSTFLAGS"].map(|name| env::var(name).unwrap_or_default());
    names.iter().any(|name| said.iter().any(|said| said.contains(name)))
}

//! How `libvil.so` is linked: with a SONAME, which cargo does not give, so that programs ask for `libvil.so.0` and keep running when
//! a compatible libvil takes its place; never unloaded; and with what a process runs of it side by side. Never touches what is compiled.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libvil.so.0");
    // A thread that waits for the kernel may outlive every world, so the code under it must not be unmapped.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo:rerun-if-changed=order.ld");
    if takes_an_order() {
        let here = env::var("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
        println!("cargo:rustc-cdylib-link-arg=-Wl,-T,{here}/order.ld");
    }
}

/// Whether the linker knows `INSERT` in a linker script: LLVM's, which rustc brings along, and that of binutils do. Others are
/// known by what somebody who chose one has said; there functions lie as they come.
fn takes_an_order() -> bool {
    let said = ["RUSTC_LINKER", "CARGO_ENCODED_RUSTFLAGS"].map(|name| env::var(name).unwrap_or_default());
    !["mold", "wild", "gold"].iter().any(|linker| said.iter().any(|said| said.contains(linker)))
}

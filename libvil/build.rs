//! How `libvil.so` is linked: with a SONAME, which cargo does not give, so that programs ask for `libvil.so.0` and keep running when
//! a compatible libvil takes its place; never unloaded; and with what a process runs of it side by side. Never touches what is compiled.

use std::env;
use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libvil.so.0");
    // A thread that waits for the kernel may outlive every world, so the code under it must not be unmapped.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    if vil_link::is_lld() {
        // Pages become resident in windows of 64 KiB, and what lies together lies in few of them if they always begin in the same
        // places. The linker of binutils would fill the file up with zeros for that.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,max-page-size=65536");
    }
    let out = env::var_os("OUT_DIR").expect("cargo says where");
    if let Some(order) = vil_link::write_order(Path::new(&out)).expect("OUT_DIR can be written to") {
        println!("cargo:rustc-cdylib-link-arg=-T{}", order.display());
    }
}

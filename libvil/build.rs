//! Gives `libvil.so` its SONAME, which cargo does not, and keeps it loaded once it is: programs then ask for `libvil.so.0` and keep running
//! when a compatible libvil takes its place. Never touches what is compiled.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libvil.so.0");
    // A thread that waits for the kernel may outlive every world, so the code under it must not be unmapped.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
}

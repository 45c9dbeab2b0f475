//! Tells the linker where an installed libvil lies, when the feature `system` asks for one. Does nothing otherwise.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=VIL_LIB_DIR");
    if std::env::var_os("CARGO_FEATURE_SYSTEM").is_none() {
        return;
    }
    if let Some(dir) = std::env::var_os("VIL_LIB_DIR") {
        println!("cargo::rustc-link-search=native={}", dir.display());
    }
}

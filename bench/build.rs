//! Links one of the trials as `vil_build::link_in_order` links the programs of a package that asks for it: the benchmark of
//! memory has it with and without.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let out = std::env::var_os("OUT_DIR").expect("cargo says where");
    if let Some(order) = vil_link::write_order(Path::new(&out)).expect("OUT_DIR can be written to") {
        println!("cargo:rustc-link-arg-bin=vil-memory-in-order=-T{}", order.display());
    }
}

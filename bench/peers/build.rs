//! Makes the small library through which iceoryx2's C API is measured, where `ICEORYX2_C_PREFIX` says that it is installed.
//! Without that nothing is looked for, and nothing is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where to look for an installed iceoryx2 C library.
const PREFIX: &str = "ICEORYX2_C_PREFIX";

const SOURCE: &str = "src/iceoryx_c.c";

fn main() {
    println!("cargo:rerun-if-env-changed={PREFIX}");
    println!("cargo:rerun-if-changed={SOURCE}");
    println!("cargo:rerun-if-changed=build.rs");
    let Some(prefix) = std::env::var_os(PREFIX).filter(|prefix| !prefix.is_empty()).map(PathBuf::from) else { return };
    let include = includes(&prefix.join("include"), 3);
    let include = include.unwrap_or_else(|| panic!("{PREFIX} has no include/.../iox2/iceoryx2.h"));
    let made = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo says where")).join("libvil_peers_iceoryx2.so");
    let lib = prefix.join("lib");
    let status = Command::new("cc")
        .args(["-std=c11", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-o"])
        .args([&made, Path::new(SOURCE)])
        .args(["-I".as_ref(), include.as_os_str()])
        .args(["-L".as_ref(), lib.as_os_str()])
        .arg("-liceoryx2_ffi_c")
        .arg(format!("-Wl,-rpath,{}", lib.display()))
        .status();
    assert!(status.is_ok_and(|status| status.success()), "{SOURCE} does not compile against {}", prefix.display());
    println!("cargo:rustc-env=VIL_PEERS_ICEORYX2_C={}", made.display());
}

/// The directory that has `iox2/iceoryx2.h`, at most so deep.
fn includes(dir: &Path, depth: u32) -> Option<PathBuf> {
    if dir.join("iox2/iceoryx2.h").is_file() {
        return Some(dir.to_owned());
    }
    let below = std::fs::read_dir(dir).ok().filter(|_| depth > 0)?;
    below.flatten().find_map(|entry| includes(&entry.path(), depth - 1))
}

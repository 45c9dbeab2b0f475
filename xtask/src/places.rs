//! Where things lie: the repository, and the directory that everything built goes into. Names paths only, makes none.

use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

/// The target directory: `CARGO_TARGET_DIR` where set, else `target` in the repository. Absolute.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => std::path::absolute(&dir).unwrap_or_else(|_| PathBuf::from(dir)),
        None => root().join("target"),
    }
}

/// Cargo's target directory of the artifact, apart because libvil.so and the Rust crate `vil` share a file name.
pub(crate) fn artifact_target() -> PathBuf {
    target().join("artifact")
}

/// The directory that holds libvil.so, libvil.so.0 and libvil.a once they are built.
pub(crate) fn artifact() -> PathBuf {
    artifact_target().join("release")
}

//! The built artifact: `libvil.so` and `libvil.a`, made once by cargo in release and shared by every test that links C or C++.
//! Looks in `VIL_ARTIFACT_DIR` first, which `cargo xtask test` sets after building it; otherwise builds it here.
//! Never builds with the flags of the calling test: an artifact with crash points in it would test something nobody ships.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where the artifact lies. All paths are absolute.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The directory with both libraries and the link `libvil.so.0`; also the run path of programs linked to it.
    pub dir: PathBuf,
    /// `libvil.so`, its SONAME is `libvil.so.0`.
    pub shared: PathBuf,
    /// `libvil.a`.
    pub archive: PathBuf,
}

/// System libraries that a program needs beside `libvil.a`, as the linker takes them.
pub const STATIC_LIBRARIES: &[&str] = &["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"];

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests package lies in the workspace")
}

/// The directories that hold the public headers: C first, then C++.
pub fn include_dirs() -> [PathBuf; 2] {
    [root().join("include"), root().join("bindings/cpp/include")]
}

/// The artifact, built on first use. A build that fails ends the test with cargo's own words.
pub fn artifact() -> &'static Artifact {
    static ARTIFACT: OnceLock<Artifact> = OnceLock::new();
    ARTIFACT.get_or_init(|| match std::env::var_os("VIL_ARTIFACT_DIR") {
        Some(dir) => Artifact::at(PathBuf::from(dir)),
        None => build(),
    })
}

impl Artifact {
    fn at(dir: PathBuf) -> Self {
        let this = Self { shared: dir.join("libvil.so"), archive: dir.join("libvil.a"), dir };
        for file in [&this.shared, &this.archive] {
            assert!(file.is_file(), "the artifact lacks {}", file.display());
        }
        link_soname(&this.dir);
        this
    }
}

fn build() -> Artifact {
    let target = root().join("target/artifact");
    let output = cargo()
        .args(["build", "--quiet", "--release", "--package", "libvil", "--target-dir"])
        .arg(&target)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "libvil does not build:\n{}", String::from_utf8_lossy(&output.stderr));
    Artifact::at(target.join("release"))
}

/// A Rust program of the workspace, such as `program("vil-cli", "vil")`, as the tests are built: beside the running test.
/// `cargo xtask test` has built all of them before and says where with `VIL_BIN_DIR`.
pub fn program(package: &str, name: &str) -> PathBuf {
    rust_program(package, "--bin", name, Path::new(""))
}

/// A Rust example of the workspace, like [`program`].
pub fn example(package: &str, name: &str) -> PathBuf {
    rust_program(package, "--example", name, Path::new("examples"))
}

fn rust_program(package: &str, kind: &str, name: &str, folder: &Path) -> PathBuf {
    if let Some(dir) = std::env::var_os("VIL_BIN_DIR") {
        return PathBuf::from(dir).join(folder).join(name);
    }
    let test = std::env::current_exe().expect("a running program has a path");
    let profile = test.ancestors().nth(2).expect("tests lie in TARGET/debug/deps");
    let target = profile.parent().expect("tests lie in TARGET/debug/deps");
    let output = cargo()
        .args(["build", "--quiet", "--package", package, kind, name, "--target-dir"])
        .arg(target)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{name} does not build:\n{}", String::from_utf8_lossy(&output.stderr));
    profile.join(folder).join(name)
}

/// The cargo that runs this test, in the workspace, without the compiler flags this test itself was built with.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(root());
    for flag in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"] {
        command.env_remove(flag);
    }
    command
}

/// Programs find the library by its SONAME, but cargo writes the plain name only. Safe to race: the link always says the same.
fn link_soname(dir: &Path) {
    let link = dir.join("libvil.so.0");
    match std::os::unix::fs::symlink("libvil.so", &link) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            panic!("{}: {error}", link.display());
        }
        _ => {}
    }
}

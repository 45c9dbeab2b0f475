//! Tools that tests want: found on `PATH`, or, for CMake and Ninja, fetched as Python wheels into a private environment
//! under the target directory. Never installs anything outside of it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::places;
use crate::report::{Report, quietly};

/// The tools whose lack makes some test skip a part, in the order in which they are listed.
const OPTIONAL: &[&str] =
    &["clang", "clang++", "valgrind", "strace", "objdump", "nm", "readelf", "pkg-config", "make", "python3"];

/// The value of `PATH` for the tests: the person's, and the private tools where CMake or Ninja is not on it.
pub(crate) fn path_with_cmake(report: &Report) -> (OsString, Option<String>) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if find("cmake").is_some() && find("ninja").is_some() {
        return (path, None);
    }
    match report.step("CMake and Ninja, as Python wheels", fetch) {
        Ok(dir) => (prepend(&dir, &path), None),
        Err(why) => (path, Some(format!("CMake and Ninja are not on PATH and could not be fetched: {why}"))),
    }
}

/// The optional tools that are not on `PATH`.
pub(crate) fn missing() -> Vec<&'static str> {
    OPTIONAL.iter().copied().filter(|name| find(name).is_none()).collect()
}

/// A program on `PATH`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

fn prepend(dir: &Path, path: &OsString) -> OsString {
    let dirs = std::iter::once(dir.to_path_buf()).chain(std::env::split_paths(path));
    std::env::join_paths(dirs).unwrap_or_else(|_| path.clone())
}

/// The directory with `cmake` and `ninja`, fetched unless a run before this one did.
fn fetch() -> Result<PathBuf, String> {
    let tools = places::target().join("tools");
    let bin = tools.join("bin");
    if works(&bin) {
        return Ok(bin);
    }
    let python = find("python3").ok_or("there is no python3; install cmake and ninja, or python3 with pip")?;
    quietly(Command::new(&python).args(["-m", "venv", "--clear"]).arg(&tools)).map_err(|said| {
        format!("a private Python environment cannot be made; install cmake and ninja, or python3 with venv.\n{said}")
    })?;
    quietly(Command::new(bin.join("python")).args(["-m", "pip", "install", "--quiet", "cmake", "ninja"])).map_err(
        |said| format!("the wheels cannot be fetched; install cmake and ninja, or let pip reach its index.\n{said}"),
    )?;
    if works(&bin) { Ok(bin) } else { Err("the wheels came, but hold no program that runs".into()) }
}

fn works(bin: &Path) -> bool {
    ["cmake", "ninja"].iter().all(|name| quietly(Command::new(bin.join(name)).arg("--version")).is_ok())
}

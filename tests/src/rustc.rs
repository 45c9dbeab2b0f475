//! rustc as a test calls it: with the crate `vil` in reach, the one that the test itself was built with.
//! Never builds `vil` anew: cargo has done that, and put it beside the test.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::artifact::root;

/// rustc with edition and `--extern vil`; the caller says what to make of which source.
pub fn rustc() -> Command {
    let (library, dependencies) = library_vil();
    let mut vil = OsString::from("vil=");
    vil.push(library);
    let mut search = OsString::from("dependency=");
    search.push(dependencies);
    let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.current_dir(root()).args(["--edition", "2024", "--extern"]).arg(vil).arg("-L").arg(search);
    command
}

/// The newest build of the crate `vil` among those beside this test, and the directory of what it depends on.
fn library_vil() -> (PathBuf, PathBuf) {
    let exe = std::env::current_exe().expect("this test has a path");
    let dir = exe.parent().expect("a test lies in a directory").to_path_buf();
    let entries = std::fs::read_dir(&dir).expect("the directory of this test can be read").flatten();
    let is_vil = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with("libvil-") && name.ends_with(".rlib")
    };
    let found = entries.map(|entry| entry.path()).filter(is_vil);
    let age = |path: &PathBuf| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    (found.max_by_key(age).expect("the crate vil was built beside this test"), dir)
}

//! Calls of cargo: the same cargo that runs this program, in the repository, with a target directory that is always said.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use crate::places;

/// `cargo VERB --target-dir TARGET`, to be added to.
pub(crate) fn cargo(verb: &str, target: &Path) -> Command {
    let mut command = Command::new(program());
    command.current_dir(places::root()).arg(verb).arg("--target-dir").arg(target);
    command
}

/// `cargo fmt`, which knows no target directory.
pub(crate) fn fmt() -> Command {
    let mut command = Command::new(program());
    command.current_dir(places::root()).arg("fmt");
    command
}

/// Adds compiler flags to those the person has set.
pub(crate) fn add_rustflags(command: &mut Command, flags: &str) {
    let own = std::env::var("RUSTFLAGS").unwrap_or_default();
    command.env("RUSTFLAGS", format!("{own} {flags}").trim());
}

fn program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"))
}

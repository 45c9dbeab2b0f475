//! Builds that several commands share. Whether something is out of date is always cargo's or make's decision.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Command;

use crate::cargo::cargo;
use crate::places;
use crate::report::{Report, quietly};

/// Builds libvil.so and libvil.a in release, with the link that programs look for at run time; the directory they are in.
pub(crate) fn artifact(report: &Report) -> Result<PathBuf, String> {
    report.step("libvil.so and libvil.a, release", || {
        quietly(cargo("build", &places::artifact_target()).args(["--release", "--package", "libvil"]))?;
        let dir = places::artifact();
        link_soname(&dir.join("libvil.so.0"))?;
        Ok(dir)
    })
}

fn link_soname(link: &PathBuf) -> Result<(), String> {
    match std::os::unix::fs::symlink("libvil.so", link) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(format!("{}: {error}", link.display())),
        _ => Ok(()),
    }
}

/// A compiler by its environment variable, else by its usual name: `compiler("CC", "cc")`.
pub(crate) fn compiler(variable: &str, name: &str) -> Command {
    Command::new(std::env::var_os(variable).unwrap_or_else(|| name.into()))
}

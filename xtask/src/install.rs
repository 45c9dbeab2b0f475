//! `cargo xtask install DIR`: what `cmake --install` does, for people who would rather not type three commands.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use lexopt::ValueExt;

use crate::Outcome;
use crate::places;
use crate::report::{Report, Stream};
use crate::tools;

/// Text of `--help`.
pub(crate) const HELP: &str = "
install DIR

Builds libvil and the `vil` command with CMake in release and installs them under DIR: bin, include, lib with the CMake
package and the pkg-config file, and the licences. The tree may be moved. CMake and Ninja are fetched as Python wheels
into target/tools where they are not on PATH.
";

/// Configures, builds, installs.
pub(crate) fn run(mut args: lexopt::Parser) -> Outcome {
    let prefix: PathBuf = args
        .value()
        .map_err(|_| "install wants a directory")?
        .parse_with(|text| std::path::absolute(text))
        .map_err(|error| error.to_string())?;
    let report = Report::new(Stream::Stdout);
    let (path, missing) = tools::path_with_cmake(&report);
    if let Some(sentence) = missing {
        return Err(sentence);
    }
    let build = places::target().join("cmake");
    let cmake = || {
        let mut command = Command::new("cmake");
        command.env("PATH", &path);
        command
    };
    let mut configure = cmake();
    configure.arg("-S").arg(places::root()).arg("-B").arg(&build).args(["-G", "Ninja"]);
    report.run("configure", configure.arg(format!("-DCMAKE_INSTALL_PREFIX={}", prefix.display())))?;
    report.run("build", cmake().arg("--build").arg(&build))?;
    report.run("install", cmake().arg("--install").arg(&build))?;
    report.say(format_args!("libvil is in {}", prefix.display()));
    Ok(ExitCode::SUCCESS)
}

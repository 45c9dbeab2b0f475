//! How much iceoryx2 brings: the crates that are built below and with it, as its lock file here resolves them.

use std::collections::BTreeSet;
use std::process::Command;

use crate::Answer;
use crate::arguments::Arguments;
use crate::iceoryx::VERSION;
use crate::line::Line;

/// Crates in the tree of the package, itself among them, without those of its tests.
pub(crate) fn crates(arguments: &Arguments) -> Answer<Line> {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let tree = ["tree", "--locked", "--package", "iceoryx2", "--edges", "normal,build", "--prefix", "none"];
    let output = Command::new(cargo).args(tree).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let output = output.map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let crates: BTreeSet<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    Ok(Line::value(arguments, "crates", crates.len() as f64).text("version", VERSION))
}

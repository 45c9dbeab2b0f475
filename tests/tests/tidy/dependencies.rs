//! What the workspace depends on: each foreign crate has its reason in ARCHITECTURE.md, and none is listed for nobody.

use std::collections::BTreeSet;

use crate::tree::{File, files};

/// Manifests of the workspace and of its members.
fn manifests() -> impl Iterator<Item = &'static File> {
    files().iter().filter(|file| file.name == "Cargo.toml" || file.name.ends_with("/Cargo.toml"))
}

/// Foreign crates that a manifest names and ARCHITECTURE.md does not.
pub(crate) fn without_a_reason() -> Vec<String> {
    let map = files().iter().find(|file| file.name == "ARCHITECTURE.md").map_or("", |file| &file.text);
    let reasons = map.split_once("\n## Dependencies\n").map_or("", |(_, reasons)| reasons);
    let ours: BTreeSet<&str> = manifests().filter_map(|file| package(&file.text)).collect();
    let unnamed = |file: &'static File| {
        let is_unnamed = |name: &&str| !ours.contains(name) && !reasons.contains(&format!("`{name}`"));
        let foreign = named(&file.text).into_iter().filter(is_unnamed);
        foreign.map(|name| format!("{}: {name}", file.name)).collect::<Vec<_>>()
    };
    manifests().flat_map(unnamed).collect()
}

/// Dependencies that the workspace lists and no member takes from it.
pub(crate) fn of_nobody() -> Vec<String> {
    let taken = |name: &str| {
        let takes = |line: &str| {
            let rest = line.strip_prefix(name).unwrap_or("");
            rest.starts_with(".workspace = true") || (rest.starts_with(" = ") && rest.contains("workspace = true"))
        };
        manifests().any(|file| file.text.lines().any(takes))
    };
    let listed = manifests().filter(|file| file.name == "Cargo.toml").flat_map(|file| named(&file.text));
    listed.filter(|name| !taken(name)).map(str::to_owned).collect()
}

fn package(manifest: &str) -> Option<&str> {
    let mut lines = manifest.lines().skip_while(|line| *line != "[package]");
    lines.find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
}

/// Every dependency that a manifest names, in whichever table.
pub(crate) fn named(manifest: &str) -> Vec<&str> {
    let mut table = "";
    let mut named = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            table = line;
        } else if table.ends_with("dependencies]") && line.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            named.extend(line.split(['.', ' ', '=']).next());
        }
    }
    named
}

//! The floors of vil-core as folders, and the order of the crates. A lower floor never names a higher one, so that each
//! can be read, tested and trusted without what stands on it.

use std::collections::BTreeMap;

use crate::tree::{File, files};

/// Floors from the ground up; folders on one floor are siblings.
const FLOORS: &[&[&str]] = &[
    &["base"],
    &["sys"],
    &["mem"],
    &["stats"],
    &["heap", "queue"],
    &["registry"],
    &["exchange"],
    &["world", "observe"],
];

/// Siblings that know nothing of each other.
const STRANGERS: &[&str] = &["heap", "queue"];

/// Folders of the core in which memory is shared or the operating system is called.
const UNSAFE_FOLDERS: &[&str] = &["sys", "mem", "heap", "queue", "exchange"];

/// Each crate's folder and the crates of ours that it may depend on.
const CRATES: &[(&str, &[&str])] = &[
    ("libvil/ir", &[]),
    ("libvil/core", &["vil-ir"]),
    ("libvil/msg", &["vil-ir"]),
    ("codegen-c", &["vil-ir"]),
    ("libvil/capi", &["vil-ir", "vil-core", "vil-msg"]),
    ("libvil/link", &[]),
    ("libvil", &["vil-capi", "vil-link"]),
    ("bindings/rust/vil-sys", &["vil-capi"]),
    ("bindings/rust/vil", &["vil-sys"]),
    ("cli", &["vil-ir", "vil-codegen", "vil-core", "vil-msg"]),
    ("bindings/rust/vil-build", &["vil-ir", "vil-codegen", "vil-link"]),
    ("bench", &["vil-ir", "vil-core", "vil", "vil-link"]),
    ("xtask", &[]),
];

/// Every place in the core that names a folder above its own.
pub(crate) fn climbing() -> Vec<String> {
    let climbs_from = |(from, file): (&str, &File)| -> Vec<String> {
        let above = named(&file.text).into_iter().filter(|(_, to)| climbs(from, to));
        above.map(|(at, to)| format!("{}: {from} names {to}", file.place(at))).collect()
    };
    core_files().flat_map(climbs_from).collect()
}

/// Whether code in the folder `from` must not name the folder `to`.
pub(crate) fn climbs(from: &str, to: &str) -> bool {
    let strangers = from != to && STRANGERS.contains(&from) && STRANGERS.contains(&to);
    strangers || matches!((floor(from), floor(to)), (Some(from), Some(to)) if to > from)
}

/// Folders of the core that code names, and at which byte: `crate::heap::Slot`, `crate::{base::words, heap}`.
pub(crate) fn named(text: &str) -> Vec<(usize, &str)> {
    in_crate(text).filter(|(_, head)| floor(head).is_some()).collect()
}

/// Everything right under `crate` that code names, and at which byte.
fn in_crate(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let paths = text.match_indices("crate::").filter(|(at, _)| !is_in_comment(text, *at));
    paths.flat_map(|(at, path)| heads(&text[at + path.len()..]).into_iter().map(move |head| (at, head)))
}

/// Files of the C layer that name each other in a circle.
pub(crate) fn circles() -> Vec<String> {
    let sources = files().iter().filter_map(|file| Some((file.name.strip_prefix("libvil/capi/src/")?, file)));
    let nouns = sources.filter_map(|(name, file)| Some((name.strip_suffix(".rs")?, &*file.text)));
    in_circles(&nouns.collect())
}

/// Those of some files, by name, that name themselves over others.
pub(crate) fn in_circles(texts: &BTreeMap<&str, &str>) -> Vec<String> {
    let next = |name: &str| texts.get(name).into_iter().flat_map(|text| in_crate(text)).map(|(_, head)| head);
    let reached = |from: &str| {
        let mut all: Vec<&str> = next(from).filter(|name| *name != from).collect();
        let mut at = 0;
        while let Some(name) = all.get(at) {
            let more: Vec<_> = next(name).filter(|name| texts.contains_key(name) && !all.contains(name)).collect();
            all.extend(more);
            at += 1;
        }
        all
    };
    texts.keys().filter(|name| reached(name).contains(name)).map(|name| format!("{name} names itself")).collect()
}

fn is_in_comment(text: &str, at: usize) -> bool {
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    text[line..at].contains("//")
}

/// The first names of a path, or of each path in a group.
fn heads(path: &str) -> Vec<&str> {
    let Some(group) = path.strip_prefix('{') else { return vec![word(path)] };
    let mut depth = 0;
    let mut heads = Vec::new();
    for part in group.split_inclusive([',', '{', '}']) {
        if depth == 0 {
            heads.push(word(part.trim_start()));
        }
        depth += i32::from(part.ends_with('{')) - i32::from(part.ends_with('}'));
        if depth < 0 {
            break;
        }
    }
    heads
}

fn word(path: &str) -> &str {
    path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("")
}

fn floor(folder: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&folder))
}

/// Files of the core with the folder, or file, right under `src` that they belong to.
fn core_files() -> impl Iterator<Item = (&'static str, &'static File)> {
    let sources = files().iter().filter_map(|file| Some((file.name.strip_prefix("libvil/core/src/")?, file)));
    sources
        .map(|(path, file)| (path.split(['/', '.']).next().unwrap_or(""), file))
        .filter(|(_, file)| file.has_ending("rs"))
}

/// Every dependency of a crate on one of ours that is not below it.
pub(crate) fn crates_out_of_order() -> Vec<String> {
    let manifest = |folder: &str| files().iter().find(|file| file.name == format!("{folder}/Cargo.toml"));
    let check = |(folder, allowed): &(&str, &[&str])| {
        let Some(file) = manifest(folder) else { return vec![format!("{folder}/Cargo.toml is missing")] };
        let ours = dependencies(&file.text).filter(|name| name.starts_with("vil") && !allowed.contains(name));
        ours.map(|name| format!("{}: depends on {name}", file.name)).collect()
    };
    CRATES.iter().flat_map(check).collect()
}

/// Names under `[dependencies]`; what tests and build scripts depend on is theirs.
fn dependencies(manifest: &str) -> impl Iterator<Item = &str> {
    let table = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    table.take_while(|line| !line.starts_with('[')).map(|line| line.split(['.', ' ', '=']).next().unwrap_or(""))
}

/// Unsafe code outside of the floors, crates and bindings that are there for it.
pub(crate) fn unsafe_out_of_place() -> Vec<String> {
    let floors = core_files().filter(|(folder, _)| !UNSAFE_FOLDERS.contains(folder)).map(|(_, file)| file);
    let crates = files().iter().filter(|file| {
        file.has_ending("rs")
            && ["libvil/ir/src/", "libvil/msg/src/", "codegen-c/src/", "cli/src/", "xtask/"]
                .iter()
                .any(|dir| file.name.starts_with(dir))
            && file.name != "libvil/msg/src/bytes.rs"
    });
    floors.chain(crates).flat_map(|file| file.lines_that(is_unsafe)).collect()
}

fn is_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or("").trim_start();
    let text = code.contains('"');
    !text && ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"].iter().any(|word| code.contains(word))
}

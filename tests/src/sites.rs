//! The sites of vil-core: where in its source a shared word is written, found by reading the source.
//!
//! `docs/crash-model.md` and the crash harness are held against this list, so a new store cannot stay unexplained or
//! untried.

use std::collections::BTreeSet;
use std::path::Path;

use crate::artifact::root;

/// Calls that write a shared word; the last literal among their arguments is the site.
const WRITES: [&str; 9] =
    [".store(", ".note(", ".cas(", ".add(", ".wake(", ".announce(", ".withdraw(", ".bump(", "change("];

/// Site names of all shared stores in these folders of vil-core, tests and seeded mistakes included.
pub fn store_sites(folders: &[&str]) -> BTreeSet<String> {
    let source = root().join("libvil/core/src");
    let mut sites = BTreeSet::new();
    folders.iter().for_each(|folder| walk(&source.join(folder), &mut sites));
    sites
}

fn walk(folder: &Path, sites: &mut BTreeSet<String>) {
    let shown = folder.display();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{shown}: {error}")) {
        let path = entry.unwrap_or_else(|error| panic!("{shown}: {error}")).path();
        if path.is_dir() {
            walk(&path, sites);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            collect(&path, sites);
        }
    }
}

fn collect(path: &Path, sites: &mut BTreeSet<String>) {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    for call in WRITES {
        for (at, _) in code.match_indices(call) {
            sites.extend(last_literal(arguments(&code[at + call.len()..])));
        }
    }
}

/// The text up to the parenthesis that closes a call.
fn arguments(rest: &str) -> &str {
    let mut open = 1;
    let end = rest.find(|c| {
        open += i32::from(c == '(') - i32::from(c == ')');
        open == 0
    });
    &rest[..end.unwrap_or(rest.len())]
}

fn last_literal(arguments: &str) -> Option<String> {
    let (rest, _) = arguments.rsplit_once('"')?;
    let (_, site) = rest.rsplit_once('"')?;
    Some(site.to_owned())
}

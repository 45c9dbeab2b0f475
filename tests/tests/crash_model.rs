//! `docs/crash-model.md` explains every shared store of the runtime, and nothing else.

use std::collections::BTreeSet;

use vil_tests::artifact::root;
use vil_tests::sites::store_sites;

/// Every folder of vil-core that may touch a shared word.
const FOLDERS: [&str; 9] = ["base", "sys", "mem", "stats", "heap", "queue", "registry", "exchange", "world"];

fn documented() -> BTreeSet<String> {
    let path = root().join("docs/crash-model.md");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.map(|(site, _)| site.to_owned()).collect()
}

#[test]
fn every_store_of_the_runtime_stands_in_the_crash_model() {
    let missing: Vec<_> = store_sites(&FOLDERS).difference(&documented()).cloned().collect();
    assert!(missing.is_empty(), "docs/crash-model.md does not say what a crash leaves behind at {missing:?}");
}

#[test]
fn the_crash_model_names_no_store_that_does_not_exist() {
    let stale: Vec<_> = documented().difference(&store_sites(&FOLDERS)).cloned().collect();
    assert!(stale.is_empty(), "docs/crash-model.md explains {stale:?}, which no call of the runtime is named after");
}

//! The schema against the loader: one table of keys, every good twin, every bad twin that form alone can tell, and twins
//! with each of their values taken out or replaced.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jsonschema::Validator;

use super::json_schema;
use super::table::{KINDS, PROGRAM};
use crate::dump::json;
use crate::load::keys::INTEGERS;
use crate::load::node::{Data, Entry, Node};
use crate::load::{from_json, yaml};
use crate::vocabulary::Scalar;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn validator() -> Validator {
    let schema = serde_json::from_str(&json_schema()).expect("the schema is JSON");
    assert!(jsonschema::meta::is_valid(&schema), "the schema is no schema");
    jsonschema::draft202012::new(&schema).unwrap_or_else(|error| panic!("{error}"))
}

/// What the schema says against a tree; `None` where it has nothing to say.
fn said(validator: &Validator, tree: &Node) -> Option<String> {
    let value = serde_json::from_str(&json::print(tree)).expect("a tree prints as JSON");
    validator.validate(&value).err().map(|error| error.to_string())
}

/// Trees of all twins of one side, with their codes.
fn twins(side: &str) -> Vec<(String, Node)> {
    let cases = repository().join("tests/tests/passes/cases");
    let files = std::fs::read_dir(cases).expect("the twins are there").flatten().map(|file| file.path());
    let mut twins: Vec<(String, Node)> = files
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(&format!(".{side}.yaml"))?.to_owned();
            let text = std::fs::read_to_string(&path).expect("a twin is text");
            Some((name, yaml::read(&text, 0, &mut 0).ok()?.0))
        })
        .collect();
    twins.sort_by(|one, other| one.0.cmp(&other.0));
    assert!(twins.len() > 80, "only {} twins", twins.len());
    twins
}

#[test]
fn every_key_of_the_loader_has_a_form_and_no_other_has() {
    let mut names = BTreeSet::new();
    for kind in KINDS.iter().chain([&PROGRAM]) {
        assert!(names.insert(kind.name), "two kinds are called {}", kind.name);
        for key in kind.keys {
            assert!(kind.form(key).is_some(), "`{key}` of {} has no form", kind.name);
        }
        for key in kind.formed().chain(kind.required.iter().copied()) {
            assert!(kind.keys.contains(&key), "the loader knows no `{key}` of {}", kind.name);
        }
    }
    let integers: Vec<Scalar> = Scalar::ALL.iter().copied().filter(|one| one.integer_range().is_some()).collect();
    assert_eq!(INTEGERS, integers);
}

#[test]
fn the_committed_schema_is_what_is_generated() {
    let path = repository().join("docs/vil.schema.json");
    if std::env::var_os("VIL_BLESS").is_some() {
        std::fs::write(&path, json_schema()).expect("the schema can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == json_schema(), "docs/vil.schema.json differs from the code: run `cargo xtask bless`");
}

#[test]
fn good_twins_keep_to_the_schema() {
    let validator = validator();
    for (code, tree) in twins("good") {
        assert_eq!(said(&validator, &tree), None, "{code}");
    }
}

#[test]
fn bad_twins_of_form_that_a_schema_can_tell_are_refused_and_those_of_the_passes_are_not() {
    let validator = validator();
    let seen: BTreeSet<String> =
        twins("bad").into_iter().filter(|(_, tree)| said(&validator, tree).is_some()).map(|(code, _)| code).collect();
    let expected = ["VIL-F002", "VIL-F003", "VIL-F005", "VIL-F006", "VIL-F007", "VIL-F015"];
    assert_eq!(seen, expected.map(str::to_owned).into(), "what a schema can tell: {seen:?}");
}

/// The tree with one value taken out or replaced, for each value in it.
fn wounded(tree: &Node, wound: &dyn Fn(&mut Vec<Entry>, usize)) -> Vec<Node> {
    let mut found = Vec::new();
    match &tree.data {
        Data::Map(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                let mut without = entries.clone();
                wound(&mut without, index);
                found.push(Node { data: Data::Map(without), ..*tree });
                for inner in wounded(&entry.value, wound) {
                    let mut with = entries.clone();
                    with[index].value = inner;
                    found.push(Node { data: Data::Map(with), ..*tree });
                }
            }
        }
        Data::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                for inner in wounded(item, wound) {
                    let mut with = items.clone();
                    with[index] = inner;
                    found.push(Node { data: Data::Seq(with), ..*tree });
                }
            }
        }
        _ => {}
    }
    found
}

/// Codes of what the loader says.
fn faults(tree: &Node) -> BTreeSet<&'static str> {
    let faults = from_json(&json::print(tree)).err().map_or(Vec::new(), |faults| faults.items);
    faults.iter().map(|fault| fault.code()).collect()
}

/// Both judge the same; the schema refuses nothing that is read, and everything whose fault has one of these codes.
fn agree(validator: &Validator, twin: &str, tree: &Node, codes: &[&str]) {
    let (said, faults) = (said(validator, tree), faults(tree));
    let text = json::print(tree);
    assert!(said.is_none() || !faults.is_empty(), "{twin}: only the schema refuses it: {said:?}\n{text}");
    let missed = codes.iter().find(|code| faults.contains(*code) && said.is_none());
    assert!(missed.is_none(), "{twin}: the schema does not see {missed:?}\n{text}");
}

#[test]
fn what_is_missing_is_missed_by_both() {
    let validator = validator();
    let wound = |entries: &mut Vec<Entry>, index: usize| drop(entries.remove(index));
    for (code, twin) in twins("good") {
        for tree in wounded(&twin, &wound) {
            agree(&validator, &code, &tree, &["VIL-F002", "VIL-F003"]);
        }
    }
}

#[test]
fn what_is_named_otherwise_is_unknown_to_both() {
    let validator = validator();
    let wound = |entries: &mut Vec<Entry>, index: usize| entries[index].key.push_str("_z");
    for (code, twin) in twins("good") {
        for tree in wounded(&twin, &wound) {
            agree(&validator, &code, &tree, &["VIL-F002", "VIL-F003"]);
        }
    }
}

#[test]
fn what_has_another_form_is_refused_by_both() {
    let validator = validator();
    let values = [
        Data::Null,
        Data::Bool(true),
        Data::Int(-1),
        Data::Int(1 << 70),
        Data::Float(0.5),
        Data::Str("zz".to_owned()),
        Data::Seq(Vec::new()),
        Data::Map(Vec::new()),
    ];
    for (code, twin) in twins("good") {
        for value in &values {
            let wound = |entries: &mut Vec<Entry>, index: usize| entries[index].value.data = value.clone();
            for tree in wounded(&twin, &wound) {
                agree(&validator, &code, &tree, &["VIL-F002", "VIL-F003", "VIL-F005", "VIL-F006", "VIL-F015"]);
            }
        }
    }
}

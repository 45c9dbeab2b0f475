//! What tools see of a program: faults as SARIF and in colour, and its form as a schema.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

const GOOD: &str = "\
vil: 1
program: twin
messages:
  Item: { fields: [ { name: n, type: u64 } ] }
interfaces:
  Source: { ports: { items: { direction: out, message: Item } } }
  Sink: { ports: { items: { direction: in, message: Item } } }
processes:
  source: { interface: Source }
  sink: { interface: Sink }
routes:
  - { from: source.items, to: sink.items }
";

fn vil(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vil")).args(args).env_remove("NO_COLOR").output().expect("vil runs")
}

/// A file of its own for each test.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> File {
        let path = std::env::temp_dir().join(format!("vil-look-{}-{name}", std::process::id()));
        std::fs::write(&path, text).expect("a file for the test");
        File(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("the path is text")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is text")
}

/// The only run of a log, after its outer form was looked at.
fn run_of(output: &Output) -> Value {
    let log: Value = serde_json::from_slice(&output.stdout).expect("a log is JSON");
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().is_some_and(|schema| schema.ends_with("sarif-schema-2.1.0.json")));
    let runs = log["runs"].as_array().expect("a log has runs");
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0]["tool"]["driver"]["name"], "vil");
    assert_eq!(runs[0]["columnKind"], "unicodeCodePoints");
    runs[0].clone()
}

fn results(run: &Value) -> &Vec<Value> {
    run["results"].as_array().expect("a run has results")
}

#[test]
fn a_log_has_every_rule_with_its_help_and_every_fault_with_its_region() {
    let faulty = File::new("faulty.yaml", &GOOD.replace("u64", "u46").replace("direction: out", "diretcion: out"));
    let warned = GOOD.replace("interface: Source }", "interface: Source, observe: { trace_hop: true } }");
    let (warned, clean) = (File::new("warned.yaml", &warned), File::new("clean.yaml", GOOD));
    let output = vil(&["check", "--format", "sarif", faulty.path(), warned.path(), clean.path()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stderr.is_empty());
    let run = run_of(&output);
    let rules = run["tool"]["driver"]["rules"].as_array().expect("a driver has rules");
    let ids: BTreeSet<&str> = rules.iter().filter_map(|rule| rule["id"].as_str()).collect();
    assert!(ids.len() == rules.len() && ids.len() > 80, "ids are there and stand once");
    for rule in rules {
        let has = |value: &Value| value["text"].as_str().is_some_and(|text| text.ends_with('.'));
        assert!(has(&rule["shortDescription"]) && has(&rule["help"]), "{rule}");
        assert!(["error", "warning"].contains(&rule["defaultConfiguration"]["level"].as_str().unwrap_or("")));
    }
    let found: Vec<(&str, &str)> = results(&run)
        .iter()
        .map(|result| (result["ruleId"].as_str().expect("an id"), result["level"].as_str().expect("a level")))
        .collect();
    let expected = [("VIL-F008", "error"), ("VIL-F003", "error"), ("VIL-F002", "error"), ("VIL-S002", "warning")];
    assert_eq!(found, expected);
    for result in results(&run) {
        let index = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
    }
    let place = &results(&run)[0]["locations"][0];
    let uri = format!("file://{}", faulty.path());
    assert_eq!(place["physicalLocation"]["artifactLocation"]["uri"], uri);
    let region: Value = serde_json::from_str("{\"startLine\":4,\"startColumn\":38,\"endColumn\":41}").expect("JSON");
    assert_eq!(place["physicalLocation"]["region"], region);
    assert_eq!(place["logicalLocations"][0]["fullyQualifiedName"], "/messages/Item/fields/0/type");
}

#[test]
fn a_clean_program_and_a_missing_one_have_a_log_too() {
    let clean = File::new("alone.yaml", GOOD);
    let output = vil(&["check", "--format", "sarif", clean.path()]);
    assert_eq!(output.status.code(), Some(0));
    assert!(results(&run_of(&output)).is_empty());
    let output = vil(&["check", "--format", "sarif", "/nowhere/at all.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    let place = results(&run_of(&output))[0]["locations"][0]["physicalLocation"].clone();
    assert_eq!(place["artifactLocation"]["uri"], "file:///nowhere/at%20all.yaml");
    assert_eq!(place["region"], Value::Null);
}

#[test]
fn colour_is_there_when_it_is_asked_for_and_not_in_a_pipe() {
    let file = File::new("colour.yaml", &GOOD.replace("u64", "u46"));
    let shown = |args: &[&str]| text(&vil(&[&["check", file.path()], args].concat()).stderr);
    let plain = shown(&[]);
    assert!(!plain.contains('\u{1b}'));
    assert_eq!(shown(&["--color", "never"]), plain);
    assert!(shown(&["--color", "always"]).contains('\u{1b}'));
    assert_eq!(vil(&["check", "--color", "sometimes", file.path()]).status.code(), Some(2));
}

#[test]
fn the_schema_is_the_committed_one() {
    let output = vil(&["schema"]);
    assert_eq!(output.status.code(), Some(0));
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/vil.schema.json");
    assert_eq!(text(&output.stdout), std::fs::read_to_string(committed).expect("the schema is committed"));
}

#[test]
fn every_command_says_how_it_is_used() {
    for command in ["check", "schema"] {
        let output = vil(&[command, "--help"]);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains("Examples:"), "{command}");
    }
}

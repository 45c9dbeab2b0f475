//! Diagnostics as a SARIF 2.1.0 log: what editors and CI systems read from checkers of any kind.
//!
//! One run with all rules, also those that nothing broke, so that a reader can tell what was looked at. Columns are
//! counted in characters, as everywhere here; an end is the column behind the last character.

use vil_ir::diagnostics::{Diagnostic, Diagnostics, Rule};
use vil_ir::{load, passes};

use crate::json::{Object, list};

/// Where the form of the log is defined.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// One log of everything that was found in several programs, in their order.
pub(crate) fn log(found: &[Diagnostics]) -> String {
    let rules = rules();
    let results = found.iter().flat_map(|found| &found.items).map(|fault| result(fault, &rules));
    let driver = Object::default()
        .text("name", "vil")
        .text("version", env!("CARGO_PKG_VERSION"))
        .text("semanticVersion", env!("CARGO_PKG_VERSION"))
        .list("rules", rules.iter().map(|(rule, group)| described(rule, group)));
    let run = Object::default()
        .raw("tool", Object::default().raw("driver", driver.end()).end())
        .text("columnKind", "unicodeCodePoints")
        .list("results", results);
    let log = Object::default().text("$schema", SCHEMA).text("version", "2.1.0").raw("runs", list([run.end()]));
    log.end() + "\n"
}

/// All rules, each with the name of what looks at it, in the order of docs/diagnostics.md.
fn rules() -> Vec<(&'static Rule, &'static str)> {
    let form = load::RULES.iter().map(|rule| (rule, "Form"));
    form.chain(passes::PASSES.iter().flat_map(|pass| pass.rules.iter().map(|rule| (rule, pass.name)))).collect()
}

fn described(rule: &Rule, group: &str) -> String {
    let help = format!("{} A rule of {group}; docs/diagnostics.md lists all of them.", rule.title);
    Object::default()
        .text("id", rule.code)
        .raw("shortDescription", message(rule.title))
        .raw("help", message(&help))
        .raw("defaultConfiguration", Object::default().text("level", rule.severity.word()).end())
        .raw("properties", Object::default().text("pass", group).end())
        .end()
}

fn result(fault: &Diagnostic, rules: &[(&Rule, &str)]) -> String {
    let mut found = Object::default().text("ruleId", fault.code());
    if let Some(index) = rules.iter().position(|(rule, _)| rule.code == fault.code()) {
        found = found.plain("ruleIndex", index);
    }
    found
        .text("level", fault.rule.severity.word())
        .raw("message", message(&sentence(fault)))
        .list("locations", [location(fault)])
        .end()
}

/// What is wrong, what was found and expected, and what to do, as sentences.
fn sentence(fault: &Diagnostic) -> String {
    let mut said = fault.message.clone();
    for (word, part) in [("found", &fault.found), ("expected", &fault.expected)] {
        if let Some(part) = part {
            said += &format!("; {word} {part}");
        }
    }
    match &fault.fix {
        Some(fix) => format!("{said}. Fix: {fix}"),
        None => said,
    }
}

fn location(fault: &Diagnostic) -> String {
    let mut physical = Object::default();
    if !fault.file.is_empty() {
        physical = physical.raw("artifactLocation", Object::default().text("uri", &uri(&fault.file)).end());
    }
    if let Some(place) = fault.place.filter(|place| !fault.file.is_empty() && place.line > 0) {
        let region = Object::default().plain("startLine", place.line).plain("startColumn", place.column.max(1));
        let end = u64::from(place.column.max(1)) + u64::from(place.length.max(1));
        physical = physical.raw("region", region.plain("endColumn", end).end());
    }
    let mut found = Object::default();
    if !fault.file.is_empty() {
        found = found.raw("physicalLocation", physical.end());
    }
    let logical = Object::default().text("fullyQualifiedName", &fault.pointer);
    if fault.pointer.is_empty() { found.end() } else { found.list("logicalLocations", [logical.end()]).end() }
}

/// A path as a reference of RFC 3986: relative ones stay so, absolute ones are files of this machine.
fn uri(path: &str) -> String {
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    // A colon in the first segment would be taken for the end of a scheme.
    if !path.starts_with('/') && path.split('/').next().is_some_and(|first| first.contains(':')) {
        out.push_str("./");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            _ if b"-._~/:@!$&'()*+,;=".contains(&byte) => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

fn message(text: &str) -> String {
    Object::default().text("text", text).end()
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_references_that_mean_the_same_file() {
        assert_eq!(uri("a/b.yaml"), "a/b.yaml");
        assert_eq!(uri("../a b/ü#1?.yaml"), "../a%20b/%C3%BC%231%3F.yaml");
        assert_eq!(uri("/a/b.yaml"), "file:///a/b.yaml");
        assert_eq!(uri("c:d.yaml"), "./c:d.yaml");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }
}

//! Every rule by its twins: a program that keeps it and one that breaks it, side by side in `passes/cases`.
//!
//! The first line of a bad twin names what it must be refused for, `# expect: CODE line N, ...`, and nothing else may
//! be found in it. The documents about rules and language are held to the code here too.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use vil_core::mem::{Geometry, static_size};
use vil_ir::diagnostics::{Diagnostics, Rule};
use vil_ir::model::Program;
use vil_ir::normalize::normalize;
use vil_ir::{dump, load, passes, plan, vocabulary};

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/passes/cases")
}

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

fn rules() -> Vec<Rule> {
    let of_passes = passes::PASSES.iter().flat_map(|pass| pass.rules);
    load::RULES.iter().chain(of_passes).copied().collect()
}

/// Loads and judges; the program only where it could be read.
fn judge(path: &Path) -> (Option<Program>, Diagnostics) {
    match load::from_file(path.to_str().expect("the repository's path is text")) {
        Err(faults) => (None, faults),
        Ok((program, source)) => {
            let found = passes::check(&program, source);
            (Some(program), found)
        }
    }
}

fn twin(rule: &Rule, which: &str) -> PathBuf {
    cases().join(format!("{}.{which}.yaml", rule.code))
}

#[test]
fn every_rule_has_a_code_of_its_own_and_both_twins_and_every_twin_has_a_rule() {
    let mut codes = BTreeMap::new();
    for rule in rules() {
        assert_eq!(codes.insert(rule.code, rule.title), None, "{} stands twice", rule.code);
        assert!(!passes::RETIRED.contains(&rule.code), "{} was another rule's", rule.code);
        for which in ["good", "bad"] {
            assert!(twin(&rule, which).is_file(), "{} lacks its {which} twin", rule.code);
        }
    }
    let files = fs::read_dir(cases()).expect("the cases lie there").flatten();
    for name in files.map(|file| file.file_name().into_string().expect("names are text")) {
        let code = name.split('.').next().unwrap_or("");
        assert!(codes.contains_key(code) || name == "imports", "{name} has no rule");
    }
}

#[test]
fn the_passes_have_at_least_eighty_rules() {
    let rules: usize = passes::PASSES.iter().map(|pass| pass.rules.len()).sum();
    assert!(rules >= 80, "{rules}");
    println!("{rules} rules of ten passes, {} of form", load::RULES.len());
}

#[test]
fn good_twins_are_clean_and_have_a_plan_that_the_runtime_can_lay_out() {
    for rule in rules() {
        let path = twin(&rule, "good");
        let (program, found) = judge(&path);
        assert!(found.items.is_empty(), "{}:\n{found}", path.display());
        let program = program.expect("a program without faults was read");
        let plan =
            plan::plan_program(&program).unwrap_or_else(|error| panic!("{} has no plan: {error}", path.display()));
        let geometry = Geometry::compute(&plan, static_size(&plan));
        assert!(geometry.is_ok(), "{}: {geometry:?}", path.display());
    }
}

#[test]
fn good_twins_that_are_normalized_are_clean_and_have_the_same_plan() {
    let plan = |program: &Program| plan::plan(program, String::new()).unwrap_or_else(|error| panic!("{error}"));
    for rule in rules() {
        let path = twin(&rule, "good");
        let program = judge(&path).0.expect("a good twin can be read");
        let normal = normalize(&program).program;
        assert_eq!(plan(&normal), plan(&program), "{}", path.display());
        assert_eq!(normalize(&normal).program, normal, "{}", path.display());
        let found = passes::run(&normal);
        assert!(found.is_empty(), "{}: {}", path.display(), found[0]);
        let (read, _) = load::from_yaml(&dump::normalized_yaml(&normalize(&program))).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(read, normal, "{}", path.display());
    }
}

#[test]
fn bad_twins_are_refused_for_what_they_state_in_the_line_they_state() {
    for rule in rules() {
        let path = twin(&rule, "bad");
        let text = fs::read_to_string(&path).expect("the twin exists");
        let stated = text.lines().next().and_then(|line| line.strip_prefix("# expect: "));
        let stated: Vec<&str> = stated.expect("the first line states the fault").split(", ").collect();
        let (_, found) = judge(&path);
        let line = |place: Option<load::Place>| place.expect("a fault in a file has a place").line;
        let mut seen: Vec<String> =
            found.items.iter().map(|fault| format!("{} line {}", fault.code(), line(fault.place))).collect();
        seen.dedup();
        assert_eq!(seen, stated, "{}:\n{found}", path.display());
        assert!(found.items.iter().any(|fault| fault.rule == rule), "{} is not found in its bad twin", rule.code);
        assert!(found.items.iter().all(|fault| !fault.message.is_empty() && !fault.file.is_empty()));
    }
}

#[test]
fn every_fault_can_be_drawn_and_written_as_json() {
    for rule in rules() {
        let (_, found) = judge(&twin(&rule, "bad"));
        let json = found.to_json();
        assert!(
            load::from_json(&json).is_err_and(|faults| faults.items.iter().all(|fault| fault.code() != "VIL-F001"))
        );
        assert!(json.contains(rule.code), "{json}");
        assert!(found.to_string().contains(rule.code));
    }
}

/// The list of rules as docs/diagnostics.md has it.
fn listed() -> String {
    let mut text = String::from(INTRO);
    let table = |text: &mut String, rules: &[Rule]| {
        text.push_str("\n| code | severity | rule |\n|---|---|---|\n");
        for rule in rules {
            let _ = writeln!(text, "| {} | {} | {} |", rule.code, rule.severity.word(), rule.title);
        }
    };
    text.push_str(
        "\n## Form\n\nThe text can be read as a program. A fault of form means exit code 2; the passes do not run.\n",
    );
    table(&mut text, load::RULES);
    for (index, pass) in passes::PASSES.iter().enumerate() {
        let _ = writeln!(text, "\n## Pass {}: {}\n\n{}", index + 1, pass.name, pass.about);
        table(&mut text, pass.rules);
    }
    let _ = writeln!(text, "\n## Gone\n\nRules of earlier versions, kept free: {}.", passes::RETIRED.join(", "));
    text
}

const INTRO: &str = "\
# Diagnostics

Written by the test `passes` from the rules in `libvil/ir/src/load/rules.rs` and `libvil/ir/src/passes`; `cargo xtask bless`
writes it anew. A code never changes its meaning and is never reused. Every rule has a program that keeps it and one that
breaks it in `tests/tests/passes/cases`.

A diagnostic names file, line and column, the JSON pointer of the node, what was found, what was expected and, where one is
known, a fix. `vil check --format json` writes them as `{\"diagnostics\": [{code, severity, file, line, column, pointer, message,
found, expected, fix}]}` to stderr; found, expected and fix are left out where there is nothing to say. A node that was
left out is shown at the nearest node above it, a list or map at its key, anything else at its value. `vil check --format sarif`
writes one SARIF 2.1.0 log of all files to stdout, with every rule of this page.
";

#[test]
fn the_document_of_diagnostics_lists_the_rules_of_the_code() {
    let path = docs("diagnostics.md");
    if std::env::var_os("VIL_BLESS").is_some() {
        fs::write(&path, listed()).expect("docs can be written");
    }
    let found = fs::read_to_string(&path).expect("docs/diagnostics.md exists");
    assert_eq!(found, listed(), "docs/diagnostics.md differs from the code: run `cargo xtask bless`");
}

#[test]
fn the_example_in_the_document_of_the_language_is_a_legal_program() {
    let text = fs::read_to_string(docs("ir.md")).expect("docs/ir.md exists");
    let blocks: Vec<&str> = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty(), "docs/ir.md has no example");
    for block in blocks {
        let (program, source) = load::from_yaml(block).unwrap_or_else(|faults| panic!("{faults}"));
        let found = passes::check(&program, source);
        assert!(found.items.is_empty(), "{found}");
        plan::plan_program(&program).expect("the example has a plan");
    }
}

#[test]
fn the_document_of_the_language_has_every_word_of_the_closed_sets() {
    fn has<W: vocabulary::Word>(text: &str) {
        for word in W::all() {
            assert!(text.contains(word.text()), "docs/ir.md lacks the word {}", word.text());
        }
    }
    let text = fs::read_to_string(docs("ir.md")).expect("docs/ir.md exists");
    has::<vocabulary::Scalar>(&text);
    has::<vocabulary::Profile>(&text);
    has::<vocabulary::Kind>(&text);
    has::<vocabulary::Lane>(&text);
    has::<vocabulary::Transfer>(&text);
    has::<vocabulary::MemoryClass>(&text);
    has::<vocabulary::Boundary>(&text);
    has::<vocabulary::QueueKind>(&text);
    has::<vocabulary::Backpressure>(&text);
    has::<vocabulary::Delivery>(&text);
    has::<vocabulary::Cleanup>(&text);
    has::<vocabulary::Zone>(&text);
    has::<vocabulary::ExecClass>(&text);
    has::<vocabulary::Direction>(&text);
    has::<vocabulary::Verify>(&text);
    has::<vocabulary::Strategy>(&text);
}

//! The command as a user meets it: exit codes, streams, and faults with file, line, column and the nearest right name.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

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
    Command::new(env!("CARGO_BIN_EXE_vil")).args(args).output().expect("vil runs")
}

/// A file of its own for each test.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> File {
        let path = std::env::temp_dir().join(format!("vil-cli-{}-{name}", std::process::id()));
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

/// Checks a text that cannot be loaded: exit code 2, nothing on stdout, and these words on stderr.
fn refused(name: &str, program: &str, place: &str, words: &[&str]) {
    let file = File::new(name, program);
    let output = vil(&["check", file.path()]);
    let shown = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{shown}");
    assert!(output.stdout.is_empty());
    assert!(shown.contains(&format!("{}:{place}", file.path())), "{place} is not in:\n{shown}");
    for word in words {
        assert!(shown.contains(word), "{word} is not in:\n{shown}");
    }
}

#[test]
fn a_clean_program_is_checked_silently() {
    let file = File::new("clean.yaml", GOOD);
    let output = vil(&["check", file.path()]);
    assert_eq!((output.status.code(), output.stdout, output.stderr), (Some(0), vec![], vec![]));
}

#[test]
fn a_syntax_error_is_shown_with_its_line() {
    let yaml = GOOD.replace("type: u64 }", "type: u64 ");
    refused("syntax.yaml", &yaml, "4:", &["VIL-F001"]);
    refused("syntax.json", "{\n  \"vil\": 1,\n  \"program\" \"a\"\n}\n", "3:13", &["VIL-F001", "expected `:`"]);
}

#[test]
fn an_unknown_key_is_shown_with_the_nearest_right_one() {
    let program = GOOD.replace("direction: out", "diretcion: out");
    refused("key.yaml", &program, "6:31", &["unknown key `diretcion`", "did you mean `direction`?", "VIL-F002"]);
}

#[test]
fn an_unknown_type_is_shown_with_the_nearest_right_one() {
    let program = GOOD.replace("type: u64", "type: u46");
    refused("type.yaml", &program, "4:38", &["unknown type `u46`", "did you mean `u64`?", "VIL-F008"]);
    let program = GOOD.replace("type: u64", "type: Itme");
    refused("type2.yaml", &program, "4:38", &["unknown type `Itme`", "did you mean `Item`?"]);
}

#[test]
fn a_duplicate_name_is_shown_with_the_first_one() {
    let program = GOOD.replace("  sink: {", "  source: {");
    refused("twice.yaml", &program, "10:3", &["`source`", "line 9", "VIL-F004"]);
}

#[test]
fn unknown_names_and_ports_are_shown_with_the_nearest_right_ones() {
    let program = GOOD.replace("to: sink.items", "to: sink.itms");
    refused("port.yaml", &program, "12:31", &["no port `itms`", "did you mean `items`?"]);
    let program = GOOD.replace("interface: Sink", "interface: Sonk");
    refused("name.yaml", &program, "10:22", &["no interface `Sonk`", "did you mean `Sink`?"]);
}

#[test]
fn all_faults_of_a_file_are_shown_at_once() {
    let program = GOOD.replace("direction: out", "diretcion: out").replace("u64", "u46");
    let file = File::new("both.yaml", &program);
    let shown = text(&vil(&["check", file.path()]).stderr);
    assert!(shown.contains("VIL-F002") && shown.contains("VIL-F003") && shown.contains("VIL-F008"), "{shown}");
}

#[test]
fn a_fault_of_a_pass_is_exit_code_1_and_a_warning_is_0() {
    let program = GOOD.replace("message: Item }", "message: Item, queue: { capacity: 3 } }");
    let file = File::new("fault.yaml", &program);
    let output = vil(&["check", file.path()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("VIL-Q001"));
    let program = GOOD.replace("interface: Source }", "interface: Source, observe: { trace_hop: true } }");
    let file = File::new("warning.yaml", &program);
    let output = vil(&["check", file.path()]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("warning[VIL-S002]"));
}

#[test]
fn passes_that_were_not_run_are_told() {
    let note = "note: the passes were not run because of";
    let missing = GOOD.replace("interface: Sink }", "interface: Sink, observe: { trace_hop: true } }");
    let faulty = File::new("form.yaml", &missing.replace("u64", "u46"));
    let shown = text(&vil(&["check", faulty.path()]).stderr);
    assert!(shown.contains(&format!("{note} 1 fault of form\n")), "{shown}");
    let twice = File::new("forms.yaml", &GOOD.replace("u64", "u46").replace("direction: in", "diretcion: in"));
    for args in [&["check", twice.path()][..], &["gen", "--lang", "c", "-o", "/nowhere", twice.path()]] {
        let shown = text(&vil(args).stderr);
        assert!(shown.contains(note) && shown.contains("faults of form\n"), "{args:?}: {shown}");
    }
    // Not where they were, where there is no text to judge, and in what tools read.
    let judged = File::new("judged.yaml", &missing);
    for args in
        [&["check", judged.path()][..], &["check", "/nowhere.yaml"], &["check", "--format", "json", twice.path()]]
    {
        let shown = text(&vil(args).stderr);
        assert!(!shown.is_empty() && !shown.contains("note: the passes"), "{args:?}: {shown}");
    }
}

#[test]
fn the_worst_of_several_files_counts() {
    let (good, bad) = (File::new("a.yaml", GOOD), File::new("b.yaml", "vil: 1\n"));
    assert_eq!(vil(&["check", good.path(), bad.path(), good.path()]).status.code(), Some(2));
    assert_eq!(vil(&["check", good.path(), "/nowhere/at/all.yaml"]).status.code(), Some(2));
}

#[test]
fn faults_as_json_are_one_object_a_file() {
    let file = File::new("json.yaml", &GOOD.replace("u64", "u46"));
    let output = vil(&["check", "--format", "json", file.path()]);
    let shown = text(&output.stderr);
    assert!(shown.starts_with("{\"diagnostics\":[{\"code\":\"VIL-F008\",\"severity\":\"error\""), "{shown}");
    assert!(shown.contains("\"line\":4,\"column\":38,\"pointer\":\"/messages/Item/fields/0/type\""), "{shown}");
    assert!(shown.contains("\"fix\":\"did you mean `u64`?\""), "{shown}");
    assert_eq!(shown.lines().count(), 1);
}

#[test]
fn a_program_is_dumped_and_what_is_dumped_is_the_program() {
    let file = File::new("dump.yaml", GOOD);
    let json = vil(&["dump", file.path()]);
    assert_eq!(json.status.code(), Some(0));
    let again = File::new("dump.json", &text(&json.stdout));
    assert_eq!(vil(&["dump", again.path()]).stdout, json.stdout);
    let yaml = vil(&["dump", "--format", "yaml", file.path()]);
    let again = File::new("dump2.yaml", &text(&yaml.stdout));
    assert_eq!(vil(&["dump", again.path()]).stdout, json.stdout);
}

#[test]
fn a_program_is_read_from_stdin() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_vil"))
        .args(["dump", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("vil runs");
    child.stdin.take().expect("stdin is a pipe").write_all(GOOD.as_bytes()).expect("vil reads");
    let output = child.wait_with_output().expect("vil ends");
    assert!(text(&output.stdout).starts_with("{\"vil\":1,\"program\":\"twin\""));
}

#[test]
fn a_file_that_is_no_text_is_refused_with_its_name() {
    let file = File::new("bytes.yaml", "");
    std::fs::write(&file.0, b"vil: 1\nprogram: \xff\n").expect("a file for the test");
    let output = vil(&["check", file.path()]);
    assert_eq!(output.status.code(), Some(2));
    let shown = text(&output.stderr);
    assert!(shown.contains("not UTF-8") && shown.contains(file.path()), "{shown}");
}

#[test]
fn wrong_usage_is_exit_code_2_and_help_has_examples() {
    assert_eq!(vil(&[]).status.code(), Some(2));
    assert_eq!(vil(&["check"]).status.code(), Some(2));
    assert_eq!(vil(&["chekc", "a.yaml"]).status.code(), Some(2));
    for command in [&["--help"][..], &["check", "--help"], &["dump", "--help"]] {
        let output = vil(command);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains("Examples:"), "{command:?}");
    }
}

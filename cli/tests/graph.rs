//! `vil graph` as a person calls it: what it writes where, what it refuses, and its exit codes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A program that has everything a picture can show.
fn plant() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/graph/plant.yaml")
}

/// A picture of it that is committed.
fn committed(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/graph").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn vil_graph(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vil")).arg("graph").args(arguments).output().expect("vil runs")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn each_format_goes_to_stdout_and_svg_is_what_is_not_asked_for() {
    for (arguments, name) in [
        (&[][..], "plant.svg"),
        (&["--format", "svg"], "plant.svg"),
        (&["--format", "mermaid"], "plant.mmd"),
        (&["--format", "dot"], "plant.dot"),
    ] {
        let output = vil_graph(&[arguments, &[text(&plant())]].concat());
        assert_eq!((output.status.code(), out(&output)), (Some(0), committed(name)), "{arguments:?}");
    }
}

#[test]
fn a_picture_goes_where_it_is_sent() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("graph-{}.svg", std::process::id()));
    let output = vil_graph(&[text(&plant()), "-o", text(&file)]);
    assert_eq!((output.status.code(), out(&output)), (Some(0), String::new()));
    assert_eq!(std::fs::read_to_string(&file).expect("it was written"), committed("plant.svg"));
    std::fs::remove_file(&file).expect("it can be removed");
}

#[test]
fn a_program_from_stdin_is_drawn() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_vil"))
        .args(["graph", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("vil runs");
    let program = b"vil: 1\nprogram: types_alone\n";
    child.stdin.take().expect("stdin is a pipe").write_all(program).expect("vil reads");
    let output = child.wait_with_output().expect("vil ends");
    assert!(output.status.success() && out(&output).contains("0 processes"), "{}", out(&output));
}

#[test]
fn what_cannot_be_loaded_or_written_ends_with_2() {
    assert_eq!(vil_graph(&["no/such/file.yaml"]).status.code(), Some(2));
    assert_eq!(vil_graph(&[]).status.code(), Some(2));
    let output = vil_graph(&[text(&plant()), "-o", "/proc/none/picture.svg"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write /proc/none/picture.svg"));
    assert!(out(&vil_graph(&["--help"])).contains("Examples:"));
}

#[test]
fn graphviz_reads_the_dot_text_where_it_is_installed() {
    let mut command = Command::new("dot");
    let child = command.arg("-Tsvg").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        println!("skipped: Graphviz is not installed");
        return;
    };
    let given = committed("plant.dot");
    child.stdin.take().expect("stdin is a pipe").write_all(given.as_bytes()).expect("dot reads");
    let output = child.wait_with_output().expect("dot ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let is_about_the_text = said.contains("syntax") || said.contains("not well-formed") || said.contains("port");
    assert!(output.status.success() && !is_about_the_text, "{said}");
    assert_eq!(out(&output).matches("class=\"edge\"").count(), given.matches(" -> ").count());
}

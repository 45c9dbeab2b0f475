//! The benchmarks cannot rot: every trial program of the exchange runs once, side by side with the floor, with so few messages
//! that the figures mean nothing. Nothing is timed here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use vil_codegen::Language;
use vil_tests::artifact::{program, root};
use vil_tests::cc::{Compile, c_compiler, cpp_compiler};
use vil_tests::generated;
use vil_tests::scratch::Scratch;

/// What is run here.
const NAMES: &[&str] =
    &["round-trip", "stream", "one-thread", "empty", "fan-out", "fan-in", "forward", "wake", "heap", "relative"];

/// Subjects that need nothing but this repository.
const OURS: &[&str] = &[
    "vil-rust",
    "vil-rust-skip",
    "vil-c",
    "vil-c-skip",
    "vil-cpp",
    "floor",
    "line",
    "ring-cell",
    "ring-index",
    "memcpy",
    "futex",
    "raw-c",
    "raw-rust",
];

fn trials() -> PathBuf {
    root().join("bench/trials")
}

/// Compiles the trials of one language that the benchmarks above run.
fn compile(language: &str, dir: &Path) {
    let (compiler, standard) = if language == "c" { (c_compiler(), "c99") } else { (cpp_compiler(), "c++17") };
    let output = dir.join(language);
    std::fs::create_dir_all(&output).expect("the directory is ours");
    let names: &[&str] = if language == "c" {
        &["round_trip", "stream", "one_thread", "forward", "wake", "relative"]
    } else {
        &["round_trip", "stream"]
    };
    for name in names {
        let source = trials().join(language).join(format!("{name}.{language}"));
        let generated = trials().join("cpp/generated");
        Compile::new(&compiler, standard, output.join(name)).source(source).include(generated).link_shared().expect();
    }
}

fn conductor(dir: &Path, arguments: &[&str]) -> Output {
    let conductor = program("vil-bench", "vil-bench");
    let trials = program("vil-bench", "vil-trial");
    let programs = trials.parent().expect("programs lie in a directory");
    let mut command = Command::new(conductor);
    command.args(arguments).arg("--own").arg(programs).arg("--rust").arg(programs);
    command.arg("--native").arg(dir).arg("--out").arg(dir.join("out")).output().expect("the conductor starts")
}

/// Subjects of the trials in a file of raw data, each of which said what it measured between two probes.
fn raw(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
    let subjects = lines.map(|line| {
        let said = &line["said"];
        let figures = said["samples"].as_array().map_or(std::slice::from_ref(&said["value"]), Vec::as_slice);
        let is_more = |figure: &Value| figure.as_f64().is_some_and(|figure| figure > 0.0);
        assert!(figures.iter().any(is_more), "{line}");
        assert!(is_more(&line["probe_before_ns"]) && is_more(&line["probe_after_ns"]), "{line}");
        said["subject"].as_str().expect("a subject is text").to_owned()
    });
    subjects.collect()
}

fn sorted<'a>(names: &[&'a str]) -> Vec<&'a str> {
    names.iter().copied().collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn every_trial_runs_and_says_its_line() {
    let dir = Scratch::new("bench");
    ["c", "cpp"].iter().for_each(|language| compile(language, &dir));
    let output = conductor(&dir, &[NAMES, &["--smoke", "--json"]].concat());
    let (said, faults) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{said}\n{faults}", output.status);
    let reported: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    for line in reported.iter().filter(|line| line["subject"].is_string()) {
        let subject = line["subject"].as_str().expect("a subject is text");
        if OURS.contains(&subject) {
            assert!(line["not_here"].is_null(), "{line}");
        } else {
            // What the kernel offers is run here too, in the cases that have it in C; all others are peers.
            assert!(line["not_here"].is_string() || ["eventfd", "seqpacket"].contains(&subject), "{line}");
        }
    }
    // What each trial said, whether or not its placement let it count.
    let ran: BTreeSet<String> = NAMES.iter().flat_map(|name| raw(&dir.join(format!("out/{name}.jsonl")))).collect();
    assert_eq!(ran.iter().map(String::as_str).filter(|one| OURS.contains(one)).collect::<Vec<_>>(), sorted(OURS));
    for picture in ["round-trip-latency", "stream-throughput"] {
        let text = std::fs::read_to_string(dir.join(format!("out/{picture}.svg"))).expect("there is a picture");
        assert!(text.contains("vil-rust") && text.trim_end().ends_with("</svg>"), "{picture}");
    }
}

#[test]
fn a_benchmark_that_nothing_has_is_refused_with_the_known_ones() {
    let dir = Scratch::new("bench-unknown");
    let output = conductor(&dir, &["round-tripp"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("`round-tripp`") && said.contains("round-trip, stream"), "{said}");
}

#[test]
fn what_would_measure_nothing_is_refused() {
    let dir = Scratch::new("bench-nothing");
    let refused = [
        (&["round-trip", "--case", "of no name"][..], "`of no name`"),
        (&["round-trip", "--pairs", "0"], "from 1 on"),
        (&["round-trip", "--cores", "0"], "--cores"),
    ];
    for (arguments, sentence) in refused {
        let output = conductor(&dir, arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said.contains(sentence), "{arguments:?}: {said}");
    }
}

#[test]
fn the_types_that_trials_exchange_are_those_of_their_program() {
    let messages = trials().join("messages.yaml");
    generated::compare(&messages, Language::Rust, &root().join("bench/src/trials/generated"));
    generated::compare(&messages, Language::Cpp, &trials().join("cpp/generated"));
}

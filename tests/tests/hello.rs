//! The hello worlds: each is short, is built with one command, and runs with every other one, each side in a process of
//! its own. Their generated code is committed and compared.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use vil_codegen::Language;
use vil_tests::artifact::{example, root};
use vil_tests::cc::{Compile, c_compiler, cpp_compiler};
use vil_tests::generated;
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::scratch::Scratch;

/// Lines that one side of a hello world may have.
const LINE_LIMIT: usize = 25;

const SPEAKERS: &[&str] = &["speak.c", "speak.cpp", "speak.rs"];
const LISTENERS: &[&str] = &["listen.c", "listen.cpp", "listen.rs"];

fn source(name: &str) -> PathBuf {
    let folder = if name.ends_with(".rs") { "examples-rust/hello" } else { "examples-c/hello" };
    root().join(folder).join(name)
}

/// The programs in C and C++, built once for all tests of this file.
fn built() -> &'static Scratch {
    static BUILT: OnceLock<Scratch> = OnceLock::new();
    BUILT.get_or_init(|| {
        let dir = Scratch::new("hello");
        for name in ["speak.c", "listen.c", "heap_push.c", "heap_pop.c", "speak.cpp", "listen.cpp"] {
            build(name, &dir);
        }
        dir
    })
}

fn build(name: &str, dir: &Path) {
    let (compiler, standard) = if name.ends_with(".cpp") { (cpp_compiler(), "c++17") } else { (c_compiler(), "c99") };
    Compile::new(&compiler, standard, dir.join(name))
        .include(root().join("examples-c/hello/generated"))
        .source(source(name))
        .link_shared()
        .expect();
}

fn program(name: &str) -> PathBuf {
    match name {
        "speak.rs" => example("vil-examples", "hello-speak"),
        "listen.rs" => example("vil-examples", "hello-listen"),
        name => built().join(name),
    }
}

/// Runs two sides in a world of their own, the second as soon as the first has started; what the second printed.
fn meet(first: &str, second: &str) -> (String, String) {
    let dir = RuntimeDir::new("hello");
    let start = |name: &str| {
        let mut command = Command::new(program(name));
        command.arg("meeting").env("VIL_RUNTIME_DIR", &*dir).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let sides = [start(first), start(second)].map(|side| side.wait_with_output().expect("it can be waited for"));
    let said = sides.map(|output| {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{first} with {second}: {}: {said}{errors}", output.status);
        said
    });
    assert_eq!(dir.worlds(), [""; 0], "the listener removes the world");
    said.into()
}

fn language(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("c") => "C",
        Some("cpp") => "C++",
        _ => "Rust",
    }
}

#[test]
fn every_speaker_is_heard_by_every_listener() {
    for speaker in SPEAKERS {
        let expected: String = (1..=3).map(|number| format!("{number} hello from {}\n", language(speaker))).collect();
        for listener in LISTENERS {
            let (_, heard) = meet(speaker, listener);
            assert_eq!(heard, expected, "{speaker} to {listener}");
            let (heard, _) = meet(listener, speaker);
            assert_eq!(heard, expected, "{speaker} to {listener}, who came first");
        }
    }
}

#[test]
fn a_heap_and_a_queue_are_enough() {
    let expected: String = (1..=3).map(|number| format!("hello {number} from the heap\n")).collect();
    assert_eq!(meet("heap_push.c", "heap_pop.c").1, expected);
    assert_eq!(meet("heap_pop.c", "heap_push.c").0, expected);
}

#[test]
fn what_is_not_collected_today_is_there_tomorrow() {
    let dir = RuntimeDir::new("hello-later");
    let run = |name: &str| {
        let output = Command::new(program(name)).env("VIL_RUNTIME_DIR", &*dir).output().expect("it runs");
        assert!(output.status.success(), "{name}: {}", output.status);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(run("speak.c"), "");
    assert_eq!(dir.worlds(), ["hello"]);
    assert_eq!(run("listen.rs").lines().count(), 3);
}

#[test]
fn each_side_is_short() {
    for name in SPEAKERS.iter().chain(LISTENERS).chain(&["heap_push.c", "heap_pop.c"]) {
        let text = std::fs::read_to_string(source(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let lines = text.lines().count();
        assert!(lines < LINE_LIMIT, "{name} has {lines} lines");
    }
}

/// The command in a source's first comment: two lines, the first ends with a backslash.
fn command_of(text: &str) -> Option<String> {
    let comment = text.strip_prefix("/*")?.split_once("*/")?.0;
    let (first, second) = comment.split_once('\n')?.1.split_once("\\\n")?;
    Some(format!("{} {}", first.trim(), second.trim()))
}

#[test]
fn the_command_in_each_source_builds_it() {
    let scratch = Scratch::new("hello-commands");
    let artifact = &vil_tests::artifact::artifact().dir;
    for name in ["speak.c", "listen.c", "speak.cpp", "listen.cpp", "heap_push.c", "heap_pop.c"] {
        let text = std::fs::read_to_string(source(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let command = command_of(&text).unwrap_or_else(|| panic!("{name} has no command"));
        let output = scratch.join(name).display().to_string();
        let (head, target) = command.rsplit_once(' ').expect("a command has words");
        assert!(target.starts_with("target/"), "{name}: {command}");
        let head = head.replace("target/artifact/release", &artifact.display().to_string());
        let shell = Command::new("sh").args(["-c", &format!("{head} '{output}'")]).current_dir(root()).output();
        let shell = shell.expect("there is a shell");
        assert!(shell.status.success(), "{head}\n{}", String::from_utf8_lossy(&shell.stderr));
    }
}

#[test]
fn the_committed_code_is_what_is_generated() {
    let yaml = root().join("examples-c/hello/hello.yaml");
    generated::compare(&yaml, Language::C, &root().join("examples-c/hello/generated"));
    generated::compare(&yaml, Language::Cpp, &root().join("examples-c/hello/generated"));
    generated::compare(&yaml, Language::Rust, &root().join("examples-rust/hello/generated"));
}

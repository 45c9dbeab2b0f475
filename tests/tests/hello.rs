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
const LINE_LIMIT: usize = 30;

const SPEAKERS: &[&str] = &["speak.c", "speak.cpp", "speak.rs"];
const LISTENERS: &[&str] = &["listen.c", "listen.cpp", "listen.rs"];

fn source(name: &str) -> PathBuf {
    let folder = if name.ends_with(".rs") { "examples-rust/hello" } else { "examples-c/hello" };
    root().join(folder).join(name)
}

/// Built programs in a directory of their own.
struct Programs(Scratch);

impl Programs {
    fn of(names: &[&str]) -> Self {
        let dir = Scratch::new("hello");
        names.iter().filter(|name| !name.ends_with(".rs")).for_each(|name| build(name, &dir));
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        static RUST: OnceLock<[PathBuf; 2]> = OnceLock::new();
        let rust = || RUST.get_or_init(|| ["hello-speak", "hello-listen"].map(|name| example("vil-examples", name)));
        match name {
            "speak.rs" => rust()[0].clone(),
            "listen.rs" => rust()[1].clone(),
            name => self.0.join(name),
        }
    }

    /// Runs two sides in a world of their own, the second as soon as the first has started; what each printed.
    fn meet(&self, first: &str, second: &str) -> (String, String) {
        let dir = RuntimeDir::new("hello");
        let start = |name: &str| {
            let mut command = Command::new(self.path(name));
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
}

fn build(name: &str, dir: &Path) {
    let (compiler, standard) = if name.ends_with(".cpp") { (cpp_compiler(), "c++17") } else { (c_compiler(), "c99") };
    Compile::new(&compiler, standard, dir.join(name))
        .include(root().join("examples-c/hello/generated"))
        .source(source(name))
        .link_shared()
        .expect();
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
    let programs = Programs::of(&[SPEAKERS, LISTENERS].concat());
    for speaker in SPEAKERS {
        let expected: String = (1..=3).map(|number| format!("{number} hello from {}\n", language(speaker))).collect();
        for listener in LISTENERS {
            let (_, heard) = programs.meet(speaker, listener);
            assert_eq!(heard, expected, "{speaker} to {listener}");
            let (heard, _) = programs.meet(listener, speaker);
            assert_eq!(heard, expected, "{speaker} to {listener}, who came first");
        }
    }
}

#[test]
fn a_heap_and_a_queue_are_enough() {
    let programs = Programs::of(&["heap_push.c", "heap_pop.c"]);
    let expected: String = (1..=3).map(|number| format!("hello {number} from the heap\n")).collect();
    assert_eq!(programs.meet("heap_push.c", "heap_pop.c").1, expected);
    assert_eq!(programs.meet("heap_pop.c", "heap_push.c").0, expected);
}

#[test]
fn what_is_not_collected_today_is_there_tomorrow() {
    let dir = RuntimeDir::new("hello-later");
    let programs = Programs::of(&["speak.c"]);
    let run = |name: &str| {
        let output = Command::new(programs.path(name)).env("VIL_RUNTIME_DIR", &*dir).output().expect("it runs");
        assert!(output.status.success(), "{name}: {}", output.status);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(run("speak.c"), "");
    assert_eq!(dir.worlds(), ["hello"]);
    assert_eq!(run("listen.rs").lines().count(), 3);
}

#[test]
fn a_side_that_cannot_go_on_says_why_and_fails() {
    let all = [SPEAKERS, LISTENERS, &["heap_push.c", "heap_pop.c"]].concat();
    let programs = Programs::of(&all);
    for name in all {
        let mut command = Command::new(programs.path(name));
        let output = command.env("VIL_RUNTIME_DIR", "/nowhere/at/all").output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.code() == Some(1) && said.contains("runtime directory /nowhere/at/all"),
            "{name}: {said}"
        );
        assert!(output.stdout.is_empty(), "{name} says it on stderr alone");
    }
    // Also what stops it on its way: nobody listens, and in the end no more fits.
    let dir = RuntimeDir::new("hello-full");
    for name in SPEAKERS {
        let run = || Command::new(programs.path(name)).env("VIL_RUNTIME_DIR", &*dir).output().expect("it runs");
        let full =
            std::iter::repeat_with(run).take(9).find(|output| !output.status.success()).expect("the ring is full");
        let said = String::from_utf8_lossy(&full.stderr).into_owned();
        assert!(full.status.code() == Some(1) && said.contains("VIL_"), "{name}: {said}");
    }
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

//! Hostile bytes through every generated accessor and the verifier: messages that were changed at random, and messages that
//! are changed while they are read. Walkers are generated from the plan, so no accessor is left out. What the verifier accepts is
//! read without an error: every accessor answers what the message's JSON says.

mod c;
mod rust;
mod schemas;
mod seeds;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use vil_codegen::plan::Unit;
use vil_codegen::{Language, Source};
use vil_ir::dump::canonical_json;
use vil_ir::load::from_file;
use vil_tests::artifact::root;
use vil_tests::cc::{Compile, c_compiler};
use vil_tests::generated;
use vil_tests::random::Random;
use vil_tests::rustc::rustc;
use vil_tests::scratch::Scratch;
use vil_tests::soak;

/// Programs that nobody wrote, beside those that are committed.
const RANDOM_PROGRAMS: usize = 3;

/// Tests that run by the clock in the long form.
const TESTS: u64 = 4;

/// A name as its author wrote it: of an arm without its union, and without what escapes it in C. No field here ends so by itself.
fn declared(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name).trim_end_matches('_')
}

/// A program with its plan and messages of it, in a directory of its own.
struct Target {
    name: String,
    program: PathBuf,
    unit: Unit,
    dir: Scratch,
}

impl Target {
    fn new(program: PathBuf, dir: Scratch, random: &mut Random) -> Self {
        let path = program.to_str().expect("paths are UTF-8");
        let (loaded, _) = from_file(path).unwrap_or_else(|faults| panic!("{path}: {faults}"));
        let contract = canonical_json(&loaded);
        let source = Source { program: &loaded, contract: &contract, origin: "program.yaml", process: None };
        let unit = vil_codegen::plan(&source).unwrap_or_else(|faults| panic!("{path}: {faults}"));
        std::fs::write(dir.join("seeds"), seeds::file(&unit, random)).expect("the seeds are written");
        Self { name: unit.program.clone(), program, unit, dir }
    }

    /// The C program; headers in `first` are taken before those of the repository.
    fn c(&self, output: &str, first: Option<&Path>) -> PathBuf {
        generated::write(&self.program, Language::C, &self.dir);
        std::fs::write(self.dir.join("walkers.h"), c::walkers(&self.unit)).expect("the walkers are written");
        let here = root().join("tests/tests/hostile_messages");
        let mut compile =
            Compile::new(&c_compiler(), "gnu11", self.dir.join(output)).include(&*self.dir).include(&here);
        for flag in ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Wno-pedantic", "-Wno-unused"] {
            compile = compile.arg(flag);
        }
        if let Some(first) = first {
            compile = compile.arg("-iquote").arg(first);
        }
        compile.source(here.join("hostile.c")).arg("-lpthread").link_shared().expect()
    }

    /// The Rust program; what generated code says may be changed in it.
    fn rust(&self, output: &str, change: impl Fn(String) -> String) -> PathBuf {
        let here = root().join("tests/tests/hostile_messages");
        let written = |name: &str, text: String| {
            let file = self.dir.join(name);
            std::fs::write(&file, text).expect("a file is written");
            file
        };
        let files = generated::files(&self.program, Language::Rust);
        let generated = files.values().next().expect("one file").clone();
        let program = written("program.rs", change(generated));
        written("walkers.rs", rust::walkers(&self.unit));
        let main = std::fs::read_to_string(here.join("hostile.rs")).expect("it can be read");
        let main = main.replace("PROGRAM", &program.display().to_string());
        let main = written("main.rs", main.replace("WALK", &here.join("walk.rs").display().to_string()));
        let built = self.dir.join(output);
        let mut rustc = rustc();
        // With these, the standard library checks that every load is aligned.
        rustc.args(["-Copt-level=2", "-Cdebug-assertions=on", "-Cpanic=abort", "-o"]).arg(&built).arg(main);
        let output = rustc.output().expect("rustc runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        built
    }

    /// Rounds and messages that were accepted.
    fn run(&self, program: &Path, random: &mut Random, rounds: u64, seconds: u64, is_race: bool) -> (u64, u64) {
        let output = self.output(program, random, rounds, seconds, is_race);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let faults = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{} {:?}: {faults}", self.name, output.status);
        let mut numbers = said.split_whitespace().map(|number| number.parse().expect("a number"));
        let counts = (numbers.next().expect("rounds"), numbers.next().expect("accepted"));
        println!("{}, {}: {} rounds, {} accepted", self.name, program.display(), counts.0, counts.1);
        counts
    }

    fn output(&self, program: &Path, random: &mut Random, rounds: u64, seconds: u64, is_race: bool) -> Output {
        let mut command = Command::new(program);
        command
            .arg(self.dir.join("seeds"))
            .args([random.bits() >> 8, rounds, seconds].map(|number| number.to_string()));
        command.arg(if is_race { "1" } else { "0" });
        command.env("ASAN_OPTIONS", "detect_leaks=0").env("UBSAN_OPTIONS", "print_stacktrace=1");
        command.output().expect("the program runs")
    }
}

fn committed(name: &str, random: &mut Random) -> Target {
    let program = root().join(format!("tests/tests/golden/{name}.yaml"));
    Target::new(program, Scratch::new(&format!("hostile-{name}")), random)
}

fn targets(random: &mut Random) -> Vec<Target> {
    let mut all = vec![committed("relative", random), committed("corners", random)];
    for index in 0..RANDOM_PROGRAMS {
        let name = format!("strange{index}");
        let dir = Scratch::new(&format!("hostile-{name}"));
        let program = dir.join("program.yaml");
        std::fs::write(&program, schemas::program(&name, random)).expect("the program is written");
        all.push(Target::new(program, dir, random));
    }
    all
}

/// Rounds of all programs of one language: the short form.
const ROUNDS: u64 = 600_000;

/// Rounds of one test of one program, and seconds, of which one is 0: by the clock in the long form.
fn budget(targets: usize, tests: u64, short: u64) -> (u64, u64) {
    match soak::seconds() {
        // The tests of both languages run one after another, and each program of theirs.
        Some(seconds) => (0, (seconds / (tests * targets as u64)).max(1)),
        None => (short / targets as u64, 0),
    }
}

/// Every program runs, and what came out is counted; a run that accepted next to nothing has tested nothing.
fn campaign(name: &str, short: u64, is_race: bool, build: impl Fn(&Target) -> PathBuf) {
    let mut random = Random::new(name);
    let targets = targets(&mut random);
    let (rounds, seconds) = budget(targets.len(), TESTS, short);
    let mut sums = (0, 0);
    for target in &targets {
        let counts = target.run(&build(target), &mut random, rounds, seconds, is_race);
        assert!(is_race || counts.1 * 20 > counts.0, "{}: {counts:?}: changed less gently, please", target.name);
        sums = (sums.0 + counts.0, sums.1 + counts.1);
    }
    println!("{name}: {} buffers, {} accepted", sums.0, sums.1);
    soak::report("hostile_messages", sums.0);
    soak::report("hostile_messages_accepted", sums.1);
}

#[test]
fn c_reads_what_the_verifier_accepts_and_never_leaves_a_message() {
    let name = "c_reads_what_the_verifier_accepts_and_never_leaves_a_message";
    campaign(name, ROUNDS, false, |target| target.c("hostile", None));
}

#[test]
fn c_never_leaves_a_message_that_changes_while_it_is_read() {
    let name = "c_never_leaves_a_message_that_changes_while_it_is_read";
    campaign(name, ROUNDS / 2, true, |target| target.c("raced", None));
}

#[test]
fn rust_reads_what_the_verifier_accepts_and_never_leaves_a_message() {
    let name = "rust_reads_what_the_verifier_accepts_and_never_leaves_a_message";
    campaign(name, ROUNDS / 4, false, |target| target.rust("hostile-rust", |text| text));
}

#[test]
fn rust_never_leaves_a_message_that_changes_while_it_is_read() {
    let name = "rust_never_leaves_a_message_that_changes_while_it_is_read";
    campaign(name, ROUNDS / 8, true, |target| target.rust("raced-rust", |text| text));
}

/// Mistakes in view.h: what stands there, and what stands there instead.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("a slice may end eight bytes behind the message", "count * size > view.size", "count * size > view.size + 8u"),
    ("a text may lack its NUL", "(uint64_t)at + count + 1u > view.size", "(uint64_t)at + count > view.size"),
    ("a reference may end behind the message", "(uint64_t)at + size > view.size", "(uint64_t)at > view.size"),
    ("a slice may be misaligned", "count > bound || at % align != 0", "count > bound"),
    ("a reference may be misaligned", "if (at % align != 0 || at <", "if (at <"),
    ("a slice ends where 32 bits say", "at + (uint64_t)count * size", "at + count * size"),
    (
        "the root is as long as it says",
        "root < view.size - VIL_ROOT_OFFSET ? root : view.size - VIL_ROOT_OFFSET",
        "root",
    ),
    ("a message is as long as it says", "if (stated < view.size) view.size = stated;", "view.size = stated;"),
    ("a field may lie behind the end", "if (view.end < end) return absent;", "if (view.end + 4u < end) return absent;"),
    ("an element too many", "if (index >= list.count)", "if (index > list.count)"),
    (
        "an empty slice is one where the bound is met",
        "count == 0 || count > bound || at % align",
        "count == 0 || count >= bound || at % align",
    ),
];

#[test]
fn mistakes_in_view_h_are_found() {
    let mut random = Random::new("mistakes_in_view_h_are_found");
    let sound = std::fs::read_to_string(root().join("include/vil/view.h")).expect("view.h can be read");
    let targets = [committed("relative", &mut random), committed("corners", &mut random)];
    let found = |meaning: &str, from: &str, to: &str| {
        assert!(sound.contains(from), "view.h has no `{from}` any more");
        let headers = Scratch::new("hostile-mistake");
        std::fs::create_dir_all(headers.join("vil")).expect("a directory can be made");
        std::fs::write(headers.join("vil/view.h"), sound.replace(from, to)).expect("a header can be written");
        let mut random = Random::of(meaning.len() as u64);
        for target in &targets {
            let output = target.output(&target.c("mistaken", Some(&headers)), &mut random, 400_000, 0, false);
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                return Some(said.lines().find(|line| !line.starts_with('=')).unwrap_or("a signal").to_owned());
            }
        }
        None
    };
    let missed: Vec<_> = MISTAKES
        .iter()
        .filter(|(meaning, from, to)| {
            let how = found(meaning, from, to);
            println!("{meaning}: {}", how.as_deref().unwrap_or("missed"));
            how.is_none()
        })
        .collect();
    assert!(missed.is_empty(), "nobody found {missed:?}");
}

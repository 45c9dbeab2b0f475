//! Hostile bytes through every generated accessor and the verifier: messages that were changed at random, and messages that
//! are changed while they are read. Walkers are generated from the plan, so no accessor is left out. What the verifier accepts is
//! read without an error: every accessor answers what the message's JSON says.

mod c;
mod mistakes;
mod rust;
mod schemas;
mod seeds;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::Instant;

use vil_codegen::plan::Unit;
use vil_codegen::{Language, Source};
use vil_ir::dump::canonical_json;
use vil_ir::load::from_file;
use vil_tests::artifact::root;
use vil_tests::cc::{self, Compile, c_compiler};
use vil_tests::generated;
use vil_tests::random::Random;
use vil_tests::rustc::rustc;
use vil_tests::scratch::Scratch;
use vil_tests::soak;

/// Programs that nobody wrote, beside those that are committed.
const RANDOM_PROGRAMS: usize = 3;

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
    /// None where messages of it are too large.
    fn new(program: PathBuf, dir: Scratch, random: &mut Random) -> Option<Self> {
        let path = program.to_str().expect("paths are UTF-8");
        let (loaded, _) = from_file(path).unwrap_or_else(|faults| panic!("{path}: {faults}"));
        let contract = canonical_json(&loaded);
        let source = Source { program: &loaded, contract: &contract, origin: "program.yaml", process: None };
        let unit = vil_codegen::plan(&source).unwrap_or_else(|faults| panic!("{path}: {faults}"));
        std::fs::write(dir.join("seeds"), seeds::file(&unit, random)?).expect("the seeds are written");
        Some(Self { name: unit.program.clone(), program, unit, dir })
    }

    /// The C program; headers in `first` are taken before those of the repository.
    fn c(&self, output: &str, first: Option<&Path>) -> PathBuf {
        generated::write(&self.program, Language::C, &self.dir);
        std::fs::write(self.dir.join("walkers.h"), c::walkers(&self.unit)).expect("the walkers are written");
        let here = root().join("tests/tests/hostile_messages");
        let mut compile =
            Compile::new(&c_compiler(), "gnu11", self.dir.join(output)).include(&*self.dir).include(&here);
        for flag in sanitizers().iter().chain(&["-Wno-pedantic", "-Wno-unused"]) {
            compile = compile.arg(flag);
        }
        if let Some(first) = first {
            // gcc sees some mistakes without running anything; here they are to be found by running.
            compile = compile.arg("-Wno-error").arg("-iquote").arg(first);
        }
        compile.source(here.join("hostile.c")).arg("-lpthread").link_shared().expect()
    }

    /// The Rust program, with the crate `vil` of the test itself or another one.
    fn rust(&self, output: &str, vil: Option<&Path>) -> PathBuf {
        let here = root().join("tests/tests/hostile_messages");
        let written = |name: &str, text: String| {
            let file = self.dir.join(name);
            std::fs::write(&file, text).expect("a file is written");
            file
        };
        let files = generated::files(&self.program, Language::Rust);
        let program = written("program.rs", files.values().next().expect("one file").clone());
        written("walkers.rs", rust::walkers(&self.unit));
        let main = std::fs::read_to_string(here.join("hostile.rs")).expect("it can be read");
        let main = main.replace("PROGRAM", &program.display().to_string());
        let main = written("main.rs", main.replace("WALK", &here.join("walk.rs").display().to_string()));
        let built = self.dir.join(output);
        let mut rustc = vil.map_or_else(rustc, mistakes::rustc_with);
        // With these, the standard library checks that every load is aligned.
        rustc.args(["-Copt-level=2", "-Cdebug-assertions=on", "-Cpanic=abort", "--cap-lints", "allow", "-o"]);
        rustc.arg(&built).arg(main);
        let output = rustc.output().expect("rustc runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        built
    }

    /// Rounds and messages that were accepted.
    fn run(&self, program: &Path, random: &mut Random, rounds: u64, seconds: u64, is_race: bool) -> (u64, u64) {
        let began = Instant::now();
        let output = self.output(program, random, rounds, seconds, is_race);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let faults = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{} {:?}: {faults}", self.name, output.status);
        let mut numbers = said.split_whitespace().map(|number| number.parse().expect("a number"));
        let counts = (numbers.next().expect("rounds"), numbers.next().expect("accepted"));
        let (name, took) = (&self.name, began.elapsed());
        println!("{name}: {} buffers, {} accepted, in {took:.1?}", counts.0, counts.1);
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

/// The C compiler's sanitizers, where it has them; without, the guard page and the walkers' own checks are left.
fn sanitizers() -> &'static [&'static str] {
    const FLAGS: &[&str] = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    static HAS: OnceLock<bool> = OnceLock::new();
    let has = HAS.get_or_init(|| {
        let dir = Scratch::new("hostile-sanitizers");
        std::fs::write(dir.join("empty.c"), "int main(void) { return 0; }\n").expect("a source can be written");
        let compile = Compile::new(&c_compiler(), "c99", dir.join("empty")).source(dir.join("empty.c"));
        let has = FLAGS.iter().fold(compile, |compile, flag| compile.arg(flag)).run().is_ok();
        if !has {
            cc::skip("sanitizers of C", "the compiler has none");
        }
        has
    });
    if *has { FLAGS } else { &[] }
}

fn committed(name: &str, random: &mut Random) -> Target {
    let program = root().join(format!("tests/tests/golden/{name}.yaml"));
    // Random values make one too large now and then; others are drawn then, as for random programs.
    let mut tries =
        (0..64).filter_map(|_| Target::new(program.clone(), Scratch::new(&format!("hostile-{name}")), random));
    tries.next().expect("most of its messages are small")
}

fn targets(random: &mut Random) -> Vec<Target> {
    let mut all = vec![committed("relative", random), committed("corners", random)];
    let count = all.len() + RANDOM_PROGRAMS;
    while all.len() < count {
        let name = format!("strange{}", all.len());
        let dir = Scratch::new(&format!("hostile-{name}"));
        let program = dir.join("program.yaml");
        std::fs::write(&program, schemas::program(&name, random)).expect("the program is written");
        all.extend(Target::new(program, dir, random));
    }
    all
}

/// Buffers of all programs in the short form, and how many ninths of the time in the long one, alone and raced.
const C: [(u64, u64); 2] = [(600_000, 6), (200_000, 1)];
const RUST: [(u64, u64); 2] = [(150_000, 1), (60_000, 1)];

/// Every program runs alone, and raced by a thread that changes what it reads, and what came out is counted.
fn campaign(name: &str, budgets: [(u64, u64); 2], build: impl Fn(&Target) -> PathBuf) {
    let mut random = Random::new(name);
    let targets = targets(&mut random);
    let programs: Vec<_> = targets.iter().map(|target| (target, build(target))).collect();
    for (budget, is_race) in budgets.into_iter().zip([false, true]) {
        let sums = runs(&programs, &mut random, budget, is_race);
        let how = if is_race { "raced" } else { "alone" };
        println!("{name}: {} buffers {how}, {} accepted", sums.0, sums.1);
        assert!(sums.1 > 0, "{name}: none was accepted {how}");
        soak::report("hostile_messages", sums.0);
        soak::report("hostile_messages_accepted", sums.1);
    }
}

/// Runs of all programs; a run that accepted next to nothing has tested nothing.
fn runs(
    programs: &[(&Target, PathBuf)],
    random: &mut Random,
    (short, ninths): (u64, u64),
    is_race: bool,
) -> (u64, u64) {
    // Where time counts, as many at a time as there are processors for.
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let lanes = if soak::seconds().is_none() || is_race { 1 } else { processors.min(programs.len()) };
    let turns = programs.len().div_ceil(lanes);
    let rounds = short / programs.len() as u64;
    let seconds = soak::seconds().map_or(0, |seconds| (seconds * ninths / 9 / turns as u64).max(1));
    let sum = |sums: (u64, u64), counts: (u64, u64)| (sums.0 + counts.0, sums.1 + counts.1);
    let lane = |programs: &[(&Target, PathBuf)], mut random: Random| {
        let runs = programs.iter().map(|(target, program)| {
            let counts = target.run(program, &mut random, rounds, seconds, is_race);
            assert!(is_race || counts.1 * 20 > counts.0, "{}: {counts:?}: changed less gently, please", target.name);
            counts
        });
        runs.fold((0, 0), sum)
    };
    std::thread::scope(|scope| {
        let lane = &lane;
        let parts = programs.chunks(turns).map(|part| (part, Random::of(random.bits())));
        let lanes: Vec<_> = parts.map(|(part, random)| scope.spawn(move || lane(part, random))).collect();
        lanes.into_iter().map(|lane| lane.join().expect("nothing was found")).fold((0, 0), sum)
    })
}

#[test]
fn c_reads_what_the_verifier_accepts_and_never_leaves_a_message() {
    let name = "c_reads_what_the_verifier_accepts_and_never_leaves_a_message";
    campaign(name, C, |target| target.c("hostile", None));
}

#[test]
fn rust_reads_what_the_verifier_accepts_and_never_leaves_a_message() {
    let name = "rust_reads_what_the_verifier_accepts_and_never_leaves_a_message";
    campaign(name, RUST, |target| target.rust("hostile-rust", None));
}

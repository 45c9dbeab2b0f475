//! Writers and readers in C, C++ and Rust, each with each, as separate processes that exchange messages through libvil:
//! every scalar, arrays, nested structs, enums and tagged unions, at their lowest, highest and random values. What
//! arrives must have the values that were sent and the bytes that the layout demands.

mod programs;
mod values;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use vil_codegen::plan::Unit;
use vil_codegen::{Language, Source, plan};
use vil_ir::dump::canonical_json;
use vil_ir::layout::lay_out;
use vil_ir::load::from_file;
use vil_ir::model::Program;
use vil_tests::artifact::root;
use vil_tests::cc::{Compile, c_compiler, cpp_compiler};
use vil_tests::generated;
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::rustc::rustc;
use vil_tests::scratch::Scratch;

use values::{Choice, Instance, Maker, Random};

/// Random messages of each kind, for each pair of languages; enough for every arm of every union.
const RANDOM: usize = 24;

/// One program a language, which writes or reads as it is told.
struct Programs {
    _dir: Scratch,
    all: Vec<(&'static str, PathBuf)>,
}

fn build(yaml: &Path, unit: &Unit) -> Programs {
    let dir = Scratch::new("matrix");
    let mut all = Vec::new();
    for (language, source) in [
        (Language::C, programs::c::source(unit)),
        (Language::Cpp, programs::cpp::source(unit)),
        (Language::Rust, programs::rust::source(unit)),
    ] {
        let name = language.word();
        generated::write(yaml, language, &dir);
        let (text, program) = (dir.join(format!("main_{name}.{}", end(language))), dir.join(format!("matrix_{name}")));
        std::fs::write(&text, source).expect("a source can be written");
        match language {
            Language::C => compile(Compile::new(&c_compiler(), "c99", &program), &dir, &text),
            Language::Cpp => compile(Compile::new(&cpp_compiler(), "c++17", &program), &dir, &text),
            Language::Rust => compile_rust(&text, &program),
        }
        all.push((name, program));
    }
    Programs { _dir: dir, all }
}

fn end(language: Language) -> &'static str {
    match language {
        Language::C => "c",
        Language::Cpp => "cpp",
        Language::Rust => "rs",
    }
}

fn compile(compile: Compile, dir: &Path, source: &Path) {
    compile.include(dir).source(source).link_shared().expect();
}

fn compile_rust(source: &Path, program: &Path) {
    let output = rustc().args(["-D", "warnings", "-o"]).arg(program).arg(source).output().expect("rustc runs");
    assert!(output.status.success(), "rustc refuses:\n{}", String::from_utf8_lossy(&output.stderr));
}

/// What is sent, with the number of its port.
fn instances(program: &Program, unit: &Unit, random: &mut Random) -> Vec<(usize, Instance)> {
    let layouts = lay_out(program).expect("the program has a layout");
    let maker = Maker { program, layouts: &layouts };
    let mut made = Vec::new();
    for (number, port) in programs::ports(unit, "writer").iter().enumerate() {
        let name = &port.message().declared;
        made.push((number, maker.message(name, &mut Choice::Lowest)));
        made.push((number, maker.message(name, &mut Choice::Highest)));
        made.extend((0..RANDOM).map(|_| (number, maker.message(name, &mut Choice::Random(random)))));
    }
    shuffle(&mut made, random);
    made
}

fn shuffle<T>(all: &mut [T], random: &mut Random) {
    for index in (1..all.len()).rev() {
        all.swap(index, (random.next() % (index as u64 + 1)) as usize);
    }
}

/// A child that is not left behind when the test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(program: &Path, role: &str, dir: &RuntimeDir, input: &str) -> Running {
    let mut child = Command::new(program)
        .args([role, "matrix"])
        .env("VIL_RUNTIME_DIR", &**dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    let input = input.to_owned();
    std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    Running(child)
}

/// What a program printed; it must have ended well.
fn finish(mut running: Running, who: &str) -> String {
    use std::io::Read;
    let (mut said, mut printed) = (String::new(), String::new());
    let stdout = running.0.stdout.take().expect("stdout is a pipe");
    let _ = std::io::BufReader::new(stdout).read_to_string(&mut printed);
    let stderr = running.0.stderr.take().expect("stderr is a pipe");
    let _ = std::io::BufReader::new(stderr).read_to_string(&mut said);
    let status = running.0.wait().expect("the program ends");
    assert!(status.success(), "{who} ended with {status}\n{said}\n{printed}");
    printed
}

fn hex(values: &[u64]) -> String {
    values.iter().map(|value| format!(" {value:x}")).collect()
}

fn expected((port, instance): &(usize, Instance)) -> String {
    let bytes: String = instance.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{port:x} 1{} = {bytes}", hex(&instance.leaves))
}

#[test]
fn every_language_reads_what_every_language_writes() {
    let yaml = root().join("tests/tests/matrix/matrix.yaml");
    let (program, _) = from_file(yaml.to_str().expect("the path is UTF-8")).unwrap_or_else(|faults| panic!("{faults}"));
    let contract = canonical_json(&program);
    let source = Source { program: &program, contract: &contract, origin: "matrix.yaml", process: None };
    let unit = plan(&source).unwrap_or_else(|faults| panic!("{faults}"));
    let programs = build(&yaml, &unit);
    let seed = seed();
    println!("seed {seed:#x} (VIL_SEED={seed})");
    let mut random = Random(seed);
    let mut messages = 0;
    for (writer_language, writer) in &programs.all {
        for (reader_language, reader) in &programs.all {
            let sent = instances(&program, &unit, &mut random);
            let dir = RuntimeDir::new("matrix");
            let fill: String = sent.iter().map(|(port, made)| format!("{port:x}{}\n", hex(&made.leaves))).collect();
            let order: String = sent.iter().map(|(port, _)| format!("{port:x}\n")).collect();
            let (writing, reading) = (start(writer, "write", &dir, &fill), start(reader, "read", &dir, &order));
            finish(writing, &format!("the writer in {writer_language}"));
            let printed = finish(reading, &format!("the reader in {reader_language}"));
            let mut lines = printed.lines();
            for instance in &sent {
                let pair = format!("from {writer_language} to {reader_language}, seed {seed:#x}");
                assert_eq!(lines.next(), Some(expected(instance).as_str()), "{pair}");
            }
            assert_eq!(lines.next(), None);
            messages += sent.len();
        }
    }
    println!("{messages} messages in {} pairs, values and bytes identical", programs.all.len().pow(2));
}

/// From `VIL_SEED`, else from the clock.
fn seed() -> u64 {
    let given = std::env::var("VIL_SEED").ok().and_then(|text| text.parse().ok());
    let clock =
        || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |now| now.as_nanos() as u64);
    given.unwrap_or_else(clock)
}

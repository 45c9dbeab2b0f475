//! Messages as long as what is in them, from C to C: the example as two processes that meet, and what its ports promise
//! about messages that are not finished, do not fit, or are gone.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use vil_codegen::Language;
use vil_tests::artifact::root;
use vil_tests::cc::{Compile, c_compiler};
use vil_tests::generated;
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::scratch::Scratch;

/// What the map says of three scans.
const SEEN: &str = "1: 1 points within 1 m in hall, indoor, low light (roof 7)\n\
                    2: 2 points within 3 m in hall, indoor, low light\n\
                    3: 3 points within 5 m in hall, indoor, low light\n";

fn example() -> PathBuf {
    root().join("examples-c/scan")
}

/// A program built from a C source, with the generated code of the example and of `golden/relative.yaml` in reach.
fn build(source: PathBuf, dir: &Scratch) -> PathBuf {
    let program = dir.join(source.file_stem().expect("a source has a name"));
    let generated = [example().join("generated"), root().join("tests/tests/golden/relative/c")];
    let compile = generated.iter().fold(Compile::new(&c_compiler(), "c99", &program), Compile::include);
    compile.source(source).link_shared().expect();
    program
}

/// Runs two sides in a world of their own, the second as soon as the first has started; what the map printed.
fn meet(sides: [&PathBuf; 2]) -> String {
    let dir = RuntimeDir::new("scan");
    let start = |program: &PathBuf| {
        let mut command = Command::new(program);
        command.arg("meeting").env("VIL_RUNTIME_DIR", &*dir).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()))
    };
    let outputs = sides.map(start).map(|side| side.wait_with_output().expect("it can be waited for"));
    for output in &outputs {
        assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(dir.worlds(), [""; 0], "the map removes the world");
    outputs.iter().map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).collect()
}

#[test]
fn a_map_sees_every_scan_whoever_comes_first() {
    let dir = Scratch::new("scan");
    let [lidar, map] = ["lidar.c", "map.c"].map(|name| build(example().join(name), &dir));
    assert_eq!(meet([&lidar, &map]), SEEN);
    assert_eq!(meet([&map, &lidar]), SEEN);
}

/// A program that plays both sides in one process, and tells the first line that does not hold.
fn alone(name: &str) {
    let (dir, runtime) = (Scratch::new("scan-alone"), RuntimeDir::new("scan-alone"));
    let program = build(root().join("tests/tests/scan").join(name), &dir);
    let output = Command::new(program).env("VIL_RUNTIME_DIR", &*runtime).output().expect("it runs");
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
}

#[test]
fn ports_publish_what_is_finished_and_nothing_else() {
    alone("ports.c");
}

#[test]
fn what_arrives_is_verified_where_the_contract_says_so() {
    alone("verified.c");
}

#[test]
fn the_committed_code_is_what_is_generated() {
    generated::compare(&example().join("scan.yaml"), Language::C, &example().join("generated"));
}

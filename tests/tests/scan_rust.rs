//! The scan example in Rust, with its twin in C at either end: what one writes, the other one reads.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use vil_codegen::Language;
use vil_tests::artifact::{example, root};
use vil_tests::cc::{Compile, c_compiler};
use vil_tests::generated;
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::scratch::Scratch;

/// What the map says of three scans.
const SEEN: &str = "1: 1 points within 1 m in hall, indoor, low light (roof 7)\n\
                    2: 2 points within 3 m in hall, indoor, low light\n\
                    3: 3 points within 5 m in hall, indoor, low light\n";

fn in_c(name: &str, dir: &Scratch) -> PathBuf {
    let folder = root().join("examples-c/scan");
    let compile = Compile::new(&c_compiler(), "c99", dir.join(name)).include(folder.join("generated"));
    compile.source(folder.join(format!("{name}.c"))).link_shared().expect()
}

/// Runs both sides in a world of their own; what the map printed.
fn meet(lidar: &PathBuf, map: &PathBuf) -> String {
    let dir = RuntimeDir::new("scan-rust");
    let start = |program: &PathBuf| {
        let mut command = Command::new(program);
        command.arg("meeting").env("VIL_RUNTIME_DIR", &*dir).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()))
    };
    let outputs = [map, lidar].map(start).map(|side| side.wait_with_output().expect("it can be waited for"));
    for output in &outputs {
        assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8_lossy(&outputs[0].stdout).into_owned()
}

#[test]
fn a_map_sees_every_scan_whatever_the_languages() {
    let dir = Scratch::new("scan-rust");
    let lidars = [example("vil-examples", "scan-lidar"), in_c("lidar", &dir)];
    let maps = [example("vil-examples", "scan-map"), in_c("map", &dir)];
    for (lidar, map) in [(0, 0), (0, 1), (1, 0)] {
        assert_eq!(meet(&lidars[lidar], &maps[map]), SEEN, "{lidar} to {map}");
    }
}

#[test]
fn the_committed_code_is_what_is_generated() {
    let committed = root().join("examples-rust/scan/generated");
    generated::compare(&root().join("examples-c/scan/scan.yaml"), Language::Rust, &committed);
}

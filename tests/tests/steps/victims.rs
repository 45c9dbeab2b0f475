//! The victims: one program in each language that does what a script says, all linked to the library that is shipped.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use vil_codegen::Language;
use vil_ir::dump::canonical_json;
use vil_ir::model::Program;
use vil_ir::plan::{Plan, plan_program};
use vil_tests::artifact::{artifact, cargo, root};
use vil_tests::cc::{Compile, c_compiler, cpp_compiler};
use vil_tests::generated;
use vil_tests::scratch::Scratch;

/// A victim and what it needs to run.
pub(crate) struct Victim {
    /// Its language, and which lanes it speaks of.
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    /// Lanes that it can use.
    pub(crate) lanes: usize,
    pub(crate) setting: Arc<Setting>,
}

/// The program of a world, as text and planned.
pub(crate) struct Setting {
    pub(crate) contract: PathBuf,
    pub(crate) plan: Plan,
}

/// All of them, and where they lie.
pub(crate) struct Victims {
    pub(crate) all: [Victim; 4],
    _dir: Scratch,
}

/// Compiles them.
pub(crate) fn victims() -> Victims {
    let dir = Scratch::new("steps");
    for language in [Language::Cpp, Language::Rust] {
        generated::write(&here("steps.yaml"), language, &dir);
    }
    let [steps, modes] = ["steps", "modes"].map(|name| Arc::new(setting(&dir, name)));
    let victim =
        |name, program, lanes, setting: &Arc<Setting>| Victim { name, program, lanes, setting: Arc::clone(setting) };
    let all = [
        victim("C", in_c(&dir, "victim-c", "-DSTEPS"), 5, &steps),
        victim("C++", in_cpp(&dir), 4, &steps),
        victim("Rust", in_rust(&dir), 4, &steps),
        victim("C, other modes", in_c(&dir, "victim-modes", "-DMODES"), 12, &modes),
    ];
    Victims { all, _dir: dir }
}

fn setting(dir: &Path, name: &str) -> Setting {
    let (program, contract) = (program(name), dir.join(format!("{name}.json")));
    std::fs::write(&contract, canonical_json(&program)).expect("the directory is ours");
    Setting { contract, plan: plan(name) }
}

fn program(name: &str) -> Program {
    let yaml = here(&format!("{name}.yaml"));
    let path = yaml.to_str().expect("paths of the repository are UTF-8");
    vil_ir::load::from_file(path).unwrap_or_else(|faults| panic!("{faults}")).0
}

/// The plan of the worlds of a program beside this file.
pub(crate) fn plan(name: &str) -> Plan {
    plan_program(&program(name)).unwrap_or_else(|error| panic!("{error}"))
}

fn here(name: &str) -> PathBuf {
    root().join("tests/tests/steps").join(name)
}

/// All symbols are bound at the start: the resolver of the C library is stepped through for nothing otherwise.
fn linked(compile: Compile, dir: &Path, source: &str) -> PathBuf {
    compile
        .source(here(source))
        .include(here(""))
        .include(dir)
        .arg("-D_GNU_SOURCE")
        .arg("-Wl,-z,now")
        .link_shared()
        .expect()
}

fn in_c(dir: &Path, name: &str, lanes: &str) -> PathBuf {
    linked(Compile::new(&c_compiler(), "c99", dir.join(name)).arg(lanes), dir, "victim.c")
}

fn in_cpp(dir: &Path) -> PathBuf {
    linked(Compile::new(&cpp_compiler(), "c++17", dir.join("victim-cpp")), dir, "victim.cpp")
}

/// The crate `vil` without the library inside, built once for all tests that need it so.
fn in_rust(dir: &Path) -> PathBuf {
    let target = root().join("target/system");
    let mut wrapper = cargo();
    wrapper.args(["build", "--quiet", "--package", "vil", "--no-default-features", "--features", "system"]);
    run(wrapper.arg("--target-dir").arg(&target));
    let source = dir.join("victim.rs");
    std::fs::copy(here("victim.rs"), &source).expect("the directory is ours");
    let (library, output) = (artifact().dir.display().to_string(), dir.join("victim-rust"));
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition", "2024", "-C", "opt-level=1"]).arg(source).arg("-o").arg(&output);
    rustc.arg("--extern").arg(format!("vil={}", target.join("debug/libvil.rlib").display()));
    rustc.arg("-L").arg(format!("dependency={}", target.join("debug/deps").display()));
    rustc.args(["-L".to_owned(), format!("native={library}")]);
    rustc.args([
        "-C".to_owned(),
        format!("link-arg=-Wl,-rpath,{library}"),
        "-C".to_owned(),
        "link-arg=-Wl,-z,now".to_owned(),
    ]);
    run(&mut rustc);
    output
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

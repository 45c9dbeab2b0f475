//! The victims: one program in each language that does what a script says, all linked to the library that is shipped.

use std::path::{Path, PathBuf};
use std::process::Command;

use vil_codegen::Language;
use vil_ir::dump::canonical_json;
use vil_ir::model::Program;
use vil_ir::plan::{Plan, plan_program};
use vil_tests::artifact::{artifact, cargo, root};
use vil_tests::cc::{Compile, c_compiler, cpp_compiler};
use vil_tests::generated;
use vil_tests::scratch::Scratch;

/// The victims and what they need to run.
pub(crate) struct Victims {
    /// The program of the worlds, as text.
    pub(crate) contract: PathBuf,
    /// The plan of the worlds.
    pub(crate) plan: Plan,
    /// Language and program.
    pub(crate) programs: [(&'static str, PathBuf); 3],
    _dir: Scratch,
}

/// Compiles them.
pub(crate) fn victims() -> Victims {
    let dir = Scratch::new("steps");
    let contract = dir.join("steps.json");
    std::fs::write(&contract, canonical_json(&program())).expect("the directory is ours");
    for language in [Language::Cpp, Language::Rust] {
        generated::write(&here("steps.yaml"), language, &dir);
    }
    Victims {
        contract,
        plan: plan(),
        programs: [("C", in_c(&dir)), ("C++", in_cpp(&dir)), ("Rust", in_rust(&dir))],
        _dir: dir,
    }
}

fn program() -> Program {
    let yaml = here("steps.yaml");
    let path = yaml.to_str().expect("paths of the repository are UTF-8");
    vil_ir::load::from_file(path).unwrap_or_else(|faults| panic!("{faults}")).0
}

/// The plan of the worlds.
pub(crate) fn plan() -> Plan {
    plan_program(&program()).unwrap_or_else(|error| panic!("{error}"))
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

fn in_c(dir: &Path) -> PathBuf {
    linked(Compile::new(&c_compiler(), "c99", dir.join("victim-c")), dir, "victim.c")
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

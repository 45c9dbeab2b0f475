//! Relative messages in C++: built and read in plain memory, and sent through a world, by the code that is generated from
//! `golden/relative.yaml`. `corners` has what is rare; `older` and `newer` are one message before and after its root has grown.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use vil_codegen::Language;
use vil_tests::artifact::root;
use vil_tests::cc::{Compile, Compiler, c_compiler, cpp_compiler, cpp_compilers};
use vil_tests::generated;
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::scratch::Scratch;

/// Warnings beyond those that all our C++ survives.
const MORE: &[&str] = &["-Wsign-conversion", "-Wundef", "-Wcast-qual", "-Wold-style-cast"];

/// Casts to what needs more alignment: gcc says it of x86 only when it is strict, clang knows it by the plain name.
fn cast_align(compiler: &Compiler) -> &'static str {
    if compiler.name.starts_with("clang") { "-Wcast-align" } else { "-Wcast-align=strict" }
}

fn here(file: &str) -> PathBuf {
    root().join("tests/tests/relative_cpp").join(file)
}

/// A compiler's run over one of the sources, with all warnings and without exceptions and run-time types.
fn compile(compiler: &Compiler, standard: &str, scratch: &Scratch, source: &str) -> Compile {
    let output = scratch.join(format!("{source}.{}.{standard}", compiler.name));
    let compile = Compile::new(compiler, standard, output).include(root().join("tests/tests/golden/relative/cpp"));
    let compile = MORE.iter().fold(compile.arg(cast_align(compiler)), |compile, flag| compile.arg(flag));
    // The C of the same program is looked at by others; here it is old-style casts.
    let compile = compile.arg("-isystem").arg(root().join("tests/tests/golden/relative/c"));
    compile.arg("-fno-exceptions").arg("-fno-rtti").arg("-pthread").include(&**scratch).source(here(source))
}

fn succeed(program: &Path, run: &mut Command) {
    let output = run.output().expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {}\n{said}", program.display(), output.status);
}

#[test]
fn messages_are_built_read_and_never_read_out_of_bounds() {
    let scratch = Scratch::new("relative-cpp");
    for program in ["corners.yaml", "older.yaml", "newer.yaml"] {
        generated::write(&here(program), Language::Cpp, &scratch);
    }
    for compiler in cpp_compilers() {
        for standard in ["c++17", "c++20"] {
            let program = compile(&compiler, standard, &scratch, "messages.cpp").expect();
            succeed(&program, &mut Command::new(&program));
        }
    }
}

#[test]
fn every_mode_of_a_port_carries_relative_messages() {
    let scratch = Scratch::new("relative-cpp-scenes");
    for compiler in cpp_compilers() {
        let dir = RuntimeDir::new("relative-cpp");
        let program = compile(&compiler, "c++17", &scratch, "scenes.cpp").link_shared().expect();
        succeed(&program, Command::new(&program).env("VIL_RUNTIME_DIR", &*dir));
    }
}

#[test]
fn two_processes_exchange_relative_messages() {
    let scratch = Scratch::new("relative-cpp-two");
    let dir = RuntimeDir::new("relative-cpp-two");
    let compiler = &cpp_compilers()[0];
    let program = compile(compiler, "c++20", &scratch, "scenes.cpp").link_shared().expect();
    let start = |role: &str| -> Child {
        Command::new(&program).arg(role).env("VIL_RUNTIME_DIR", &*dir).spawn().expect("the program runs")
    };
    for mut end in [start("lidar"), start("map")] {
        assert!(end.wait().expect("it can be waited for").success(), "what did not hold is told above");
    }
}

fn example() -> PathBuf {
    root().join("examples-c/scan")
}

#[test]
fn a_lidar_and_a_map_understand_each_other_in_c_and_cpp() {
    let scratch = Scratch::new("relative-cpp-scan");
    let build = |source: &str| {
        let (compiler, standard) =
            if source.ends_with(".cpp") { (cpp_compiler(), "c++17") } else { (c_compiler(), "c99") };
        let compile = Compile::new(&compiler, standard, scratch.join(format!("{source}.out")));
        compile.include(example().join("generated")).source(example().join(source)).link_shared().expect()
    };
    let [lidar_c, map_c, lidar_cpp, map_cpp] = ["lidar.c", "map.c", "lidar.cpp", "map.cpp"].map(build);
    let seen = meet(&lidar_c, &map_c);
    assert!(seen.starts_with("1: 1 points within 1 m in hall, indoor, low light (roof 7)\n2: "), "{seen}");
    for (lidar, map) in [(&lidar_c, &map_cpp), (&lidar_cpp, &map_c), (&lidar_cpp, &map_cpp)] {
        assert_eq!(meet(lidar, map), seen, "{} and {}", lidar.display(), map.display());
    }
}

/// What the map prints of a lidar's scans.
fn meet(lidar: &Path, map: &Path) -> String {
    let dir = RuntimeDir::new("relative-cpp-scan");
    let start = |program: &Path| -> Child {
        let mut command = Command::new(program);
        command.arg("meeting").env("VIL_RUNTIME_DIR", &*dir).stdout(Stdio::piped()).spawn().expect("the program runs")
    };
    let outputs = [lidar, map].map(start).map(|side| side.wait_with_output().expect("it can be waited for"));
    assert!(outputs.iter().all(|output| output.status.success()), "{outputs:?}");
    outputs.iter().map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).collect()
}

#[test]
fn the_committed_code_is_what_is_generated() {
    generated::compare(&example().join("scan.yaml"), Language::Cpp, &example().join("generated"));
}

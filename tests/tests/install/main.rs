//! The installed tree: a project that knows nothing but the package finds it, links it, and runs, after the tree was moved.
//! Never installs outside the target directory.

mod calls;
mod depfile;
mod rebuilds;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use vil_tests::artifact::{artifact, program, root};
use vil_tests::cc::{c_compiler, tool};
use vil_tests::scratch::Scratch;

/// Installs into one directory and moves the tree to another, as packagers do; where it stands then.
fn installed_and_moved(cmake: &Path, scratch: &Scratch) -> PathBuf {
    let (build, first, moved) = (scratch.join("build"), scratch.join("first"), scratch.join("moved"));
    let cargo_target = artifact().dir.parent().expect("the artifact lies in a target directory");
    run(Command::new(cmake)
        .arg("-S")
        .arg(root())
        .arg("-B")
        .arg(&build)
        .arg(format!("-DCMAKE_INSTALL_PREFIX={}", first.display()))
        .arg(format!("-DVIL_CARGO_TARGET_DIR={}", cargo_target.display()))
        .arg(format!("-DVIL_COMMAND={}", program("vil-cli", "vil").display()))
        .arg("-DCMAKE_INSTALL_LIBDIR=lib"));
    run(Command::new(cmake).arg("--build").arg(&build));
    run(Command::new(cmake).arg("--install").arg(&build));
    std::fs::rename(&first, &moved).expect("the installed tree can be moved");
    moved
}

/// Runs a command to its end; what it printed. A failure ends the test with all of it.
fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{command:?}\n{said}");
    said
}

/// A program of the consumer, with a directory of its own for worlds.
fn run_program(program: &Path, scratch: &Scratch) -> String {
    use std::os::unix::fs::DirBuilderExt;
    let worlds = scratch.join("worlds");
    if !worlds.exists() {
        std::fs::DirBuilder::new().mode(0o700).create(&worlds).expect("a directory for worlds");
    }
    run(Command::new(program).env("VIL_RUNTIME_DIR", &worlds))
}

fn consumer_builds_and_runs(generator: &str, builder: &str) {
    let (Some(cmake), Some(_)) = (tool("cmake"), tool(builder)) else { return };
    let scratch = Scratch::new(&format!("install-{builder}"));
    let prefix = installed_and_moved(&cmake, &scratch);
    let build = scratch.join("consumer");
    run(Command::new(&cmake)
        .args(["-G", generator, "-S"])
        .arg(root().join("tests/tests/install/consumer"))
        .arg("-B")
        .arg(&build)
        .arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display()))
        .arg(format!("-DHELLO={}", root().join("examples-c/hello").display())));
    run(Command::new(&cmake).arg("--build").arg(&build));
    assert_eq!(run_program(&build.join("exchange"), &scratch), "received 42\n");
    assert_eq!(run_program(&build.join("exchange_static"), &scratch), "received 42\n");
    assert_eq!(run_program(&build.join("question"), &scratch), "libvil 0.1.0: VIL_E_NOT_FOUND\n");
    assert_eq!(run_program(&build.join("speak"), &scratch), "");
    let heard = "1 hello from C\n2 hello from C\n3 hello from C\n";
    assert_eq!(run_program(&build.join("listen"), &scratch), heard);
}

#[test]
fn a_cmake_project_finds_the_moved_tree_and_runs_with_ninja() {
    consumer_builds_and_runs("Ninja", "ninja");
}

#[test]
fn a_cmake_project_finds_the_moved_tree_and_runs_with_makefiles() {
    consumer_builds_and_runs("Unix Makefiles", "make");
}

#[test]
fn the_tree_holds_what_packagers_expect_and_serves_pkg_config() {
    let Some(cmake) = tool("cmake") else { return };
    let scratch = Scratch::new("install-tree");
    let prefix = installed_and_moved(&cmake, &scratch);
    for file in [
        "bin/vil",
        "include/vil/base.h",
        "include/vil/adapter.h",
        "include/vil/builder.h",
        "include/vil/external.h",
        "include/vil/msg.h",
        "include/vil/view.h",
        "include/vil/vil.h",
        "include/vil/vil.hpp",
        "lib/libvil.a",
        "lib/libvil.so.0.1.0",
        "lib/cmake/vil/vilConfig.cmake",
        "lib/cmake/vil/vilConfigVersion.cmake",
        "lib/cmake/vil/vil_generate_messages.cmake",
        "lib/pkgconfig/vil.pc",
        "share/licenses/vil/LICENSE-MIT",
        "share/licenses/vil/LICENSE-APACHE",
    ] {
        assert!(prefix.join(file).is_file(), "{file} is missing");
    }
    let link = |name: &str| std::fs::read_link(prefix.join("lib").join(name)).expect("it is a link");
    assert_eq!(link("libvil.so"), Path::new("libvil.so.0"));
    assert_eq!(link("libvil.so.0"), Path::new("libvil.so.0.1.0"));
    pkg_config_serves(&prefix, &scratch);
}

fn pkg_config_serves(prefix: &Path, scratch: &Scratch) {
    let Some(pkg_config) = tool("pkg-config") else { return };
    let ask = |what: &str| {
        run(Command::new(&pkg_config).args([what, "vil"]).env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")))
    };
    assert_eq!(ask("--modversion").trim(), "0.1.0");
    let flags = ask("--cflags") + &ask("--libs");
    let mut command = Command::new(c_compiler().path);
    let program = scratch.join("exchange");
    command.arg(root().join("tests/tests/install/consumer/exchange.c")).arg("-o").arg(&program);
    command.args(flags.split_whitespace()).arg(format!("-Wl,-rpath,{}", prefix.join("lib").display()));
    run(&mut command);
    assert_eq!(run_program(&program, scratch), "received 42\n");
}

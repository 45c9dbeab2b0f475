//! The feature `system`: the crate built without the library inside, a program linked to the installed one.

use std::path::Path;
use std::process::{Command, Output};

use vil_tests::artifact::{artifact, cargo, root};
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::scratch::Scratch;

fn done(what: &str, output: std::io::Result<Output>) -> String {
    let output = output.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Compiles one of the hello worlds against the crate and the library.
fn build(name: &str, target: &Path, output: &Path) {
    let dir = artifact().dir.display().to_string();
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition", "2024"]).arg(root().join("examples-rust/hello").join(name)).arg("-o").arg(output);
    rustc.arg("--extern").arg(format!("vil={}", target.join("debug/libvil.rlib").display()));
    rustc.arg("-L").arg(format!("dependency={}", target.join("debug/deps").display()));
    rustc.args(["-L".to_owned(), format!("native={dir}"), "-C".to_owned(), format!("link-arg=-Wl,-rpath,{dir}")]);
    done(name, rustc.output());
}

#[test]
fn a_program_links_an_installed_libvil() {
    let target = root().join("target/system");
    let mut crate_alone = cargo();
    crate_alone.args(["build", "--quiet", "--package", "vil", "--no-default-features", "--features", "system"]);
    done("the crate vil", crate_alone.arg("--target-dir").arg(&target).output());
    let scratch = Scratch::new("wrapper-system");
    let dir = RuntimeDir::new("wrapper-system");
    let [speak, listen] = ["speak", "listen"].map(|name| scratch.join(name));
    build("speak.rs", &target, &speak);
    build("listen.rs", &target, &listen);
    let run = |program: &Path| done("the hello world", Command::new(program).env("VIL_RUNTIME_DIR", &*dir).output());
    run(&speak);
    assert_eq!(run(&listen), "1 hello from Rust\n2 hello from Rust\n3 hello from Rust\n");
    let inside = std::fs::metadata(&speak).expect("it was built").len();
    let library = std::fs::metadata(&artifact().shared).expect("it was built").len();
    println!("program {inside} bytes, library {library} bytes");
}

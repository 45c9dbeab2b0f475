//! Programs with what is generated from them, many in one directory and compiled in one go.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use vil_codegen::plan::Unit;
use vil_codegen::{Language, Source, generate, plan};
use vil_ir::dump::{canonical_json, yaml};
use vil_ir::model::Program;
use vil_ir::passes;
use vil_tests::cc::{Compile, c_compiler, cpp_compiler};
use vil_tests::rustc::rustc;

/// Longer than anything here takes; only a program that hangs reaches it.
const LONG: Duration = Duration::from_secs(60);

/// The plan of a program, whose code in these languages is written into a directory.
pub(crate) fn written(program: &Program, languages: &[Language], dir: &Path) -> Unit {
    let faults: Vec<_> = passes::run(program).into_iter().filter(|fault| fault.is_error()).collect();
    assert!(faults.is_empty(), "{faults:?}\n{}", yaml(program));
    let contract = canonical_json(program);
    let source = Source { program, contract: &contract, origin: "random.yaml", process: None };
    for language in languages {
        let files = generate(&source, *language).unwrap_or_else(|faults| panic!("{faults}\n{}", yaml(program)));
        for file in files {
            std::fs::write(dir.join(&file.name), file.text).expect("a generated file can be written");
        }
    }
    plan(&source).expect("what is generated has a plan")
}

/// A source compiled beside what is generated.
pub(crate) fn compiled(language: Language, text: &str, dir: &Path) -> PathBuf {
    let program = dir.join(format!("all_{}", language.word()));
    let end = match language {
        Language::C => "c",
        Language::Cpp => "cpp",
        Language::Rust => "rs",
    };
    let source = dir.join(format!("all.{end}"));
    std::fs::write(&source, text).expect("a source can be written");
    let compile = match language {
        Language::C => Compile::new(&c_compiler(), "c99", &program),
        Language::Cpp => Compile::new(&cpp_compiler(), "c++17", &program),
        Language::Rust => {
            // Types that a message does not hold are not used.
            let output = rustc()
                .args(["-D", "warnings", "-A", "dead_code", "-A", "unused_braces", "-o"])
                .arg(&program)
                .arg(&source)
                .output()
                .expect("rustc runs");
            assert!(output.status.success(), "rustc refuses:\n{}", String::from_utf8_lossy(&output.stderr));
            return program;
        }
    };
    // Types that a message does not hold are not used, and there is much to compile.
    let compile =
        ["-Wno-unused-function", "-Wsign-conversion", "-Wundef", "-O0", "-g0"].iter().fold(compile, Compile::arg);
    compile.include(dir).source(&source).link_shared().expect()
}

/// A program that runs, and is not left behind when the test fails.
pub(crate) struct Running {
    child: Child,
    said: Receiver<String>,
    printed: Receiver<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a program with arguments, runtime directory and what stands on its stdin.
pub(crate) fn start(program: &Path, arguments: &[&str], worlds: &Path, input: String) -> Running {
    let mut child = Command::new(program)
        .args(arguments)
        .env("VIL_RUNTIME_DIR", worlds)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let said = all_of(child.stderr.take().expect("stderr is a pipe"));
    let printed = all_of(child.stdout.take().expect("stdout is a pipe"));
    Running { child, said, printed }
}

/// What comes out of a stream until it ends.
fn all_of(mut stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// What a program printed; it must have ended well.
pub(crate) fn finish(mut running: Running, who: &str) -> String {
    let end = |stream: &Receiver<String>| stream.recv_timeout(LONG).unwrap_or_else(|_| panic!("{who} hangs"));
    let (printed, said) = (end(&running.printed), end(&running.said));
    let status = running.child.wait().expect("a child can be waited for");
    assert!(status.success(), "{who} ended with {status}\n{said}\n{printed}");
    printed
}

/// Numbers as a line that programs read and print.
pub(crate) fn line(values: &[u64]) -> String {
    let mut line: String = values.iter().map(|value| format!(" {value:x}")).collect();
    line.push('\n');
    line
}

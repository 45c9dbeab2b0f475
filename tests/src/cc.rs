//! C and C++ compilers of this machine, and other tools, found by name. What is missing is skipped by name,
//! or fails the test when `VIL_REQUIRE_TOOLS=1` says that this machine must have it.
//! Never guesses flags: the caller says the standard, this file adds the warnings that all our C and C++ must survive.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::artifact::{STATIC_LIBRARIES, artifact, include_dirs};

/// The warnings under which generated and shipped C and C++ compile without a word.
pub const WARNINGS: &[&str] = &["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"];

/// C standards that every header and generated file must satisfy.
pub const C_STANDARDS: &[&str] = &["c99", "c11", "c17"];

/// C++ standards that every header and generated file must satisfy.
pub const CPP_STANDARDS: &[&str] = &["c++17"];

/// A compiler of this machine.
#[derive(Debug, Clone)]
pub struct Compiler {
    /// The name it was found by: `gcc`, `clang++`.
    pub name: &'static str,
    /// Where it is.
    pub path: PathBuf,
}

/// The C compilers: gcc (or `cc`), then clang. At least one; a machine without any cannot test libvil.
pub fn c_compilers() -> Vec<Compiler> {
    compilers("gcc", "cc", "clang")
}

/// The C++ compilers: g++ (or `c++`), then clang++. At least one.
pub fn cpp_compilers() -> Vec<Compiler> {
    compilers("g++", "c++", "clang++")
}

/// The first C compiler, for tests that need one and no matter which.
pub fn c_compiler() -> Compiler {
    first("gcc", "cc").expect("a C compiler is installed")
}

/// The first C++ compiler, for tests that need one and no matter which.
pub fn cpp_compiler() -> Compiler {
    first("g++", "c++").expect("a C++ compiler is installed")
}

fn compilers(gnu: &'static str, plain: &'static str, clang: &'static str) -> Vec<Compiler> {
    let second = tool(clang).map(|path| Compiler { name: clang, path });
    let found: Vec<_> = first(gnu, plain).into_iter().chain(second).collect();
    assert!(!found.is_empty(), "neither {gnu}, {plain} nor {clang} is installed");
    found
}

fn first(gnu: &'static str, plain: &'static str) -> Option<Compiler> {
    [gnu, plain].into_iter().find_map(|name| find(name).map(|path| Compiler { name, path }))
}

/// A program on `PATH`. None is a skip: it is told to the person by name, and is a failure where tools are required.
pub fn tool(name: &str) -> Option<PathBuf> {
    let found = find(name);
    if found.is_none() {
        skip(name, "not found");
    }
    found
}

/// A program on `PATH`, silently.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

/// Records that a part of the running test was skipped: `skip("clang", "not found")`. Fails where tools are required.
/// `cargo xtask test` collects the records through the file named by `VIL_SKIPPED` and lists them at its end.
pub fn skip(what: &str, reason: &str) {
    assert!(!tools_are_required(), "{what} ({reason}), and VIL_REQUIRE_TOOLS=1 does not let it be skipped");
    let thread = std::thread::current();
    let line = format!("skipped: {what} ({reason}) in {}\n", thread.name().unwrap_or("a test"));
    print!("{line}");
    if let Some(file) = std::env::var_os("VIL_SKIPPED") {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(file);
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the list of skips can be written");
    }
}

/// Whether a missing tool is a failure here.
pub fn tools_are_required() -> bool {
    std::env::var_os("VIL_REQUIRE_TOOLS").is_some_and(|value| value == "1")
}

/// One run of a compiler, put together step by step.
#[derive(Debug)]
pub struct Compile {
    command: Command,
    libraries: Vec<OsString>,
    output: PathBuf,
}

impl Compile {
    /// Under `standard` (`c99`, `c++17`), with all warnings, debug information, and the public headers in reach.
    pub fn new(compiler: &Compiler, standard: &str, output: impl Into<PathBuf>) -> Self {
        let output = output.into();
        let mut command = Command::new(&compiler.path);
        command.arg(format!("-std={standard}")).args(WARNINGS).args(["-g", "-O1"]).arg("-o").arg(&output);
        Self { command, libraries: Vec::new(), output }.includes(&include_dirs())
    }

    /// A source file.
    pub fn source(mut self, file: impl AsRef<Path>) -> Self {
        self.command.arg(file.as_ref());
        self
    }

    /// A directory of headers.
    pub fn include(self, dir: impl AsRef<Path>) -> Self {
        self.includes(&[dir.as_ref().to_path_buf()])
    }

    fn includes(mut self, dirs: &[PathBuf]) -> Self {
        for dir in dirs {
            self.command.arg("-I").arg(dir);
        }
        self
    }

    /// Any other argument, as the compiler takes it.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg.as_ref());
        self
    }

    /// Compiles only; the output is an object file.
    pub fn object(self) -> Self {
        self.arg("-c")
    }

    /// Links `libvil.so`; the program finds it again by its run path.
    pub fn link_shared(mut self) -> Self {
        let dir = &artifact().dir;
        let mut rpath = OsString::from("-Wl,-rpath,");
        rpath.push(dir);
        self.libraries.extend([OsString::from("-L"), dir.into(), "-lvil".into(), rpath]);
        self
    }

    /// Links `libvil.a` and the system libraries it needs.
    pub fn link_static(mut self) -> Self {
        self.libraries.push(artifact().archive.clone().into());
        self.libraries.extend(STATIC_LIBRARIES.iter().map(OsString::from));
        self
    }

    /// Runs the compiler; the output file, or everything it said.
    pub fn run(mut self) -> Result<PathBuf, String> {
        self.command.args(&self.libraries);
        let output = self.command.output().map_err(|error| format!("{:?}: {error}", self.command))?;
        if output.status.success() {
            return Ok(self.output);
        }
        Err(format!("{:?}\n{}", self.command, String::from_utf8_lossy(&output.stderr)))
    }

    /// Runs the compiler and ends the test with what it said if it refuses.
    pub fn expect(self) -> PathBuf {
        self.run().unwrap_or_else(|said| panic!("the compiler refuses:\n{said}"))
    }
}

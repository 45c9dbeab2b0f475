//! Runs the life of a process from function to function of libvil.so: each has a breakpoint where it begins, which is taken away when
//! it is met. So a life takes no longer than usual but for a stop for each function.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use vil_codegen::Language;
use vil_tests::artifact::{artifact, root};
use vil_tests::cc::{Compile, c_compiler, skip};
use vil_tests::generated;
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::scratch::Scratch;
use vil_tests::tracee::{Go, Tracee, base};

use crate::order::Function;

/// The instruction that stops a program.
const INT3: [u8; 1] = [0xcc];

/// Whose life.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Who {
    /// Opens the world that is there.
    Comer,
    /// Makes a world of its own.
    Maker,
}

/// The functions that ran, by their offsets from the beginning of libvil.so.
#[derive(Debug)]
pub(crate) struct Ran {
    /// From a world made or opened to its first messages.
    pub(crate) first: BTreeSet<u64>,
    /// What many do after that, without the functions of before.
    pub(crate) later: BTreeSet<u64>,
}

/// The program, and a world in which somebody lives.
pub(crate) struct Life {
    program: PathBuf,
    worlds: RuntimeDir,
    host: Child,
    _dir: Scratch,
}

impl Drop for Life {
    fn drop(&mut self) {
        drop(self.host.stdin.take());
        let _ = self.host.wait();
    }
}

impl Life {
    /// Makes all of it.
    pub(crate) fn new() -> Life {
        let dir = Scratch::new("footprint");
        for program in ["tests/tests/footprint/life.yaml", "tests/tests/steps/modes.yaml", "examples-c/scan/scan.yaml"]
        {
            generated::write(&root().join(program), Language::C, &dir);
        }
        let program = Compile::new(&c_compiler(), "c99", dir.join("life"))
            .source(root().join("tests/tests/footprint/life.c"))
            .include(&dir)
            .arg("-D_GNU_SOURCE")
            .arg("-Wl,-z,now")
            .link_shared()
            .expect();
        let worlds = RuntimeDir::new("footprint");
        let mut host = Command::new(&program);
        host.arg("host").env("VIL_RUNTIME_DIR", &*worlds).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut host = host.spawn().expect("the host starts");
        let said = BufReader::new(host.stdout.take().expect("stdout is a pipe")).lines().next();
        assert_eq!(said.expect("it lives").expect("it is readable"), "ready");
        Life { program, worlds, host, _dir: dir }
    }

    /// Which of these functions run; `None` where nothing can be traced.
    pub(crate) fn ran(&self, who: Who, functions: &[Function]) -> Option<Ran> {
        let word = if matches!(who, Who::Comer) { "comer" } else { "maker" };
        let mut command = Command::new(&self.program);
        let Some(mut tracee) = Tracee::start(command.arg(word).env("VIL_RUNTIME_DIR", &*self.worlds)) else {
            skip("ptrace", "this kernel or container does not allow it");
            return None;
        };
        tracee.must_go(Go::Breakpoint);
        let file = artifact().shared.canonicalize().expect("the file is there");
        let base = base(&tracee.mappings(), file.to_str().expect("a path in UTF-8"));
        let mut doors = Doors::shut(&tracee, base.expect("the program has libvil.so in memory"), functions);
        let ran = Ran { first: doors.passed(&mut tracee), later: doors.passed(&mut tracee) };
        tracee.end();
        Some(ran)
    }
}

/// Breakpoints at functions that have not run yet.
struct Doors {
    memory: File,
    base: u64,
    /// The byte that belongs there, by address.
    shut: BTreeMap<u64, [u8; 1]>,
}

impl Doors {
    fn shut(tracee: &Tracee, base: u64, functions: &[Function]) -> Doors {
        let memory = tracee.memory_to_write();
        let shut = functions.iter().map(|function| {
            let (at, mut byte) = (base + function.start, [0]);
            memory.read_exact_at(&mut byte, at).expect("a function is readable");
            (at, byte)
        });
        let shut: BTreeMap<_, _> = shut.collect();
        shut.keys().for_each(|at| memory.write_all_at(&INT3, *at).expect("a tracee's code can be changed"));
        Doors { memory, base, shut }
    }

    /// Opens those that the program comes to, until it stops of its own accord.
    fn passed(&mut self, tracee: &mut Tracee) -> BTreeSet<u64> {
        let mut passed = BTreeSet::new();
        loop {
            tracee.must_go(Go::Breakpoint);
            let at = tracee.registers().0 - 1;
            let Some(byte) = self.shut.remove(&at) else { return passed };
            self.memory.write_all_at(&byte, at).expect("a tracee's code can be changed");
            tracee.go_on_at(at);
            passed.insert(at - self.base);
        }
    }
}

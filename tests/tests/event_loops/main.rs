//! A set's descriptor in real event loops, each with 100,000 messages in bursts from another process: epoll in C, poll in
//! C++, tokio's AsyncFd in Rust. Everything arrives, in order, and nobody sleeps through a message.
//!
//! A lost wake-up would not hang a loop, because the descriptor's thread looks after each slice anyway: it would make a
//! burst late. So what is late is counted, and most must not be; how many are is the machine's affair.

mod tokio_sink;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use vil_codegen::Language;
use vil_tests::artifact::root;
use vil_tests::cc::{Compile, c_compiler, cpp_compiler};
use vil_tests::generated;
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::scratch::Scratch;

/// Readings that one loop receives.
const MESSAGES: u64 = 100_000;

/// Longer than any loop takes, on any machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn here() -> PathBuf {
    root().join("tests/tests/event_loops")
}

fn in_c(dir: &Scratch, name: &str) -> PathBuf {
    generated::write(&root().join("tests/tests/golden/pipeline.yaml"), Language::C, dir);
    let compile = Compile::new(&c_compiler(), "c99", dir.join(name)).source(here().join(format!("{name}.c")));
    compile.include(dir).arg("-D_GNU_SOURCE").link_shared().expect()
}

fn in_cpp(dir: &Scratch, name: &str) -> PathBuf {
    generated::write(&root().join("tests/tests/golden/pipeline.yaml"), Language::Cpp, dir);
    let compile = Compile::new(&cpp_compiler(), "c++17", dir.join(name)).source(here().join(format!("{name}.cpp")));
    compile.include(dir).link_shared().expect()
}

/// A process that is killed when it is forgotten.
struct Running(Child);

impl Running {
    fn start(program: &Path, worlds: &RuntimeDir, arguments: &[String]) -> Running {
        let mut command = Command::new(program);
        command.args(arguments).env("VIL_RUNTIME_DIR", &**worlds).stdout(Stdio::piped());
        Running(command.spawn().expect("it starts"))
    }

    /// The source of a loop, with random bursts.
    fn source(program: &Path, worlds: &RuntimeDir) -> Running {
        let given = std::env::var("VIL_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed: u64 = given.unwrap_or_else(|| u64::from(std::process::id()) << 20 | 7);
        println!("VIL_SEED={seed}");
        Running::start(program, worlds, &[MESSAGES.to_string(), seed.to_string()])
    }

    /// What it printed as `name number` in lines, once it has ended well.
    fn figures(mut self) -> BTreeMap<String, u64> {
        let deadline = Instant::now() + PATIENCE;
        while self.0.try_wait().expect("it is ours").is_none() {
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::park_timeout(Duration::from_millis(2));
        }
        let mut said = String::new();
        std::io::Read::read_to_string(&mut self.0.stdout.take().expect("stdout is a pipe"), &mut said).expect("text");
        assert!(self.0.wait().expect("it is ours").success(), "{said}");
        let lines = said.lines().filter_map(|line| line.split_once(' '));
        lines.map(|(name, figure)| (name.to_owned(), figure.parse().expect("a number"))).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Holds what a loop saw against what the source sent.
fn held(title: &str, sink: &BTreeMap<String, u64>, source: &BTreeMap<String, u64>) {
    println!("{title}: {sink:?} of {source:?}");
    assert_eq!((sink["messages"], sink["alarms"]), (MESSAGES, source["alarms"]));
    assert!(sink["wakes"] > 100, "the loop was to fall asleep often");
    assert!(sink["late"] <= sink["wakes"] / 2, "bursts lie until a slice is over");
}

fn exchanged(title: &str, sink: &Path, dir: &Scratch) {
    // Compiled before a loop begins to wait: on a busy machine that takes long.
    let (source, worlds) = (in_c(dir, "source"), RuntimeDir::new("event-loops"));
    let sink = Running::start(sink, &worlds, &[]);
    let source = Running::source(&source, &worlds).figures();
    held(title, &sink.figures(), &source);
}

#[test]
fn epoll_in_c_misses_nothing_of_a_hundred_thousand_messages() {
    let dir = Scratch::new("event-loops-c");
    exchanged("epoll in C", &in_c(&dir, "epoll"), &dir);
}

#[test]
fn a_poll_loop_in_cpp_misses_nothing_of_a_hundred_thousand_messages() {
    let dir = Scratch::new("event-loops-cpp");
    exchanged("poll in C++", &in_cpp(&dir, "poll"), &dir);
}

#[test]
fn an_async_fd_of_tokio_misses_nothing_of_a_hundred_thousand_messages() {
    let (dir, worlds) = (Scratch::new("event-loops-rust"), RuntimeDir::new("event-loops"));
    let source = in_c(&dir, "source");
    let sink = std::thread::scope(|scope| {
        let place = &*worlds;
        let sink = scope.spawn(move || tokio_sink::run(place));
        let source = Running::source(&source, &worlds).figures();
        (sink.join().expect("no panic"), source)
    });
    held("AsyncFd in Rust", &sink.0, &sink.1);
}

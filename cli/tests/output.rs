//! The command whose output leads nowhere: to a full device, a closed descriptor, or to a reader that has gone.

use std::fs::File;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const GOOD: &str = "\
vil: 1
program: twin
messages:
  Item: { fields: [ { name: n, type: u64 } ] }
interfaces:
  Source: { ports: { items: { direction: out, message: Item } } }
  Sink: { ports: { items: { direction: in, message: Item } } }
processes:
  source: { interface: Source }
  sink: { interface: Sink }
routes:
  - { from: source.items, to: sink.items }
";

/// Every way to a result on stdout.
const RESULTS: [&[&str]; 17] = [
    &["check", "--format", "sarif", "good.yaml"],
    &["dump", "good.yaml"],
    &["dump", "--normalized", "--format", "yaml", "good.yaml"],
    &["diff", "good.yaml", "good.yaml"],
    &["diff", "--format", "json", "good.yaml", "good.yaml"],
    &["lock", "--check", "-o", "good.lock", "good.yaml"],
    &["plan", "good.yaml"],
    &["gen", "--lang", "c", "--list", "good.yaml"],
    &["gen", "--lang", "c", "--list-inputs", "good.yaml"],
    &["graph", "good.yaml"],
    &["schema"],
    &["doctor"],
    &["doctor", "--json"],
    &["reap", "--all"],
    &["reap", "--all", "--json"],
    &["--help"],
    &["doctor", "--help"],
];

/// Programs that are good, that no pass accepts, that cannot be loaded, and that differ; a lock; and no worlds.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("vil-output-{}-{name}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o700).create(&path).expect("a directory for the test");
        let place = Place(path);
        place.write("good.yaml", GOOD);
        place.write("other.yaml", &GOOD.replace("u64", "i32"));
        place.write(
            "faulty.yaml",
            &GOOD.replace("from: source.items, to: sink.items", "from: sink.items, to: sink.items"),
        );
        place.write("bad.yaml", &GOOD.replace("interfaces:", "faces:"));
        assert_eq!(
            place.vil(&["lock", "-o", "good.lock", "good.yaml"]).output().expect("vil runs").status.code(),
            Some(0)
        );
        place
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).expect("a file for the test");
    }

    fn vil(&self, args: &[&str]) -> Command {
        self.here(env!("CARGO_BIN_EXE_vil"), args)
    }

    /// With streams as a shell makes them.
    fn shell(&self, streams: &str, args: &[&str]) -> Output {
        let line = format!("exec \"$0\" \"$@\" {streams}");
        let args = [&["-c", &line, env!("CARGO_BIN_EXE_vil")], args].concat();
        self.here("sh", &args).output().expect("a shell runs")
    }

    fn here(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).current_dir(&self.0).env("VIL_RUNTIME_DIR", Path::new(&self.0));
        command
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").expect("Linux has it").into()
}

/// A stream that nobody reads.
fn unread() -> Stdio {
    let (ours, _) = UnixStream::pair().expect("a pair of sockets");
    std::os::fd::OwnedFd::from(ours).into()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is text")
}

#[test]
fn a_result_that_a_full_device_loses_is_exit_code_2_and_one_sentence() {
    let place = Place::new("full");
    for args in RESULTS {
        assert_eq!(place.vil(args).output().expect("vil runs").status.code(), Some(0), "{args:?} with a reader");
        let output = place.vil(args).stdout(full()).output().expect("vil runs");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert_eq!(said, "error: cannot write to stdout: No space left on device (os error 28)\n", "{args:?}");
    }
}

#[test]
fn a_result_that_a_closed_descriptor_loses_is_exit_code_2_and_one_sentence() {
    let place = Place::new("closed");
    for args in RESULTS {
        // Closed, and open for reading alone.
        for streams in [">&-", "1</dev/null"] {
            let output = place.shell(streams, args);
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{args:?} {streams}: {said}");
            assert!(
                said.starts_with("error: cannot write to stdout: ") && said.lines().count() == 1,
                "{args:?}: {said}"
            );
        }
        // Whoever wants no result says so by /dev/null, however that was opened.
        for streams in [">/dev/null", "1<>/dev/null"] {
            let output = place.shell(streams, args);
            assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()), "{args:?} {streams}");
        }
    }
}

#[test]
fn who_stops_reading_ends_the_command_without_a_word() {
    let place = Place::new("unread");
    for args in RESULTS {
        let output = place.vil(args).stdout(unread()).output().expect("vil runs");
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()), "{args:?}");
    }
}

#[test]
fn who_stops_reading_changes_nothing_of_what_was_judged() {
    let place = Place::new("judged");
    let code = |args: &[&str], stdout| place.vil(args).stdout(stdout).output().expect("vil runs").status.code();
    let judged: [(&[&str], i32); 3] = [
        (&["diff", "good.yaml", "other.yaml"], 1),
        (&["lock", "other.yaml", "-o", "good.lock"], 1),
        (&["check", "--format", "sarif", "faulty.yaml"], 1),
    ];
    for (args, expected) in judged {
        assert_eq!(code(args, Stdio::piped()), Some(expected), "{args:?}");
        assert_eq!(code(args, unread()), Some(expected), "{args:?}");
        assert_eq!(code(args, full()), Some(2), "{args:?}");
    }
}

#[test]
fn what_cannot_be_said_on_stderr_is_dropped_and_the_exit_code_stays() {
    let place = Place::new("silent");
    let told: [&[&str]; 11] = [
        &["check", "bad.yaml"],
        &["check", "--format", "json", "bad.yaml"],
        &["check", "faulty.yaml"],
        &["check", "nowhere.yaml"],
        &["dump", "bad.yaml"],
        &["lock", "other.yaml", "-o", "good.lock"],
        &["gen", "--lang", "c", "-o", "/dev/null/nowhere", "good.yaml"],
        &["graph", "-o", "/dev/null/nowhere", "good.yaml"],
        &["doctor", "nobody"],
        &["reap"],
        &["no-such-command"],
    ];
    for args in told {
        let heard = place.vil(args).output().expect("vil runs");
        assert!(matches!(heard.status.code(), Some(1 | 2)) && !heard.stderr.is_empty(), "{args:?}");
        for stderr in [full(), unread()] {
            let output = place.vil(args).stderr(stderr).output().expect("vil runs");
            assert_eq!((output.status.code(), output.stdout), (heard.status.code(), heard.stdout.clone()), "{args:?}");
        }
        let output = place.shell("2>&-", args);
        assert_eq!((output.status.code(), output.stdout), (heard.status.code(), heard.stdout), "{args:?}");
    }
    // Neither stream takes anything: what was lost cannot be said, and the code tells it.
    assert_eq!(place.shell(">/dev/full 2>&1", &["doctor"]).status.code(), Some(2));
    assert_eq!(place.shell(">&- 2>&-", &["dump", "good.yaml"]).status.code(), Some(2));
}

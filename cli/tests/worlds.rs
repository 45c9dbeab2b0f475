//! `vil doctor` and `vil reap` on real worlds: lived in, left, damaged, and with processes that were killed, stopped, or
//! outlived by what they forked.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use vil_core::base::atomic::Barrier;
use vil_core::mem::{decode, peek_sizes};
use vil_core::sys::file::RuntimeDir;
use vil_core::world::{Contract, Receiver, Sender, World};
use vil_ir::plan::{Plan, plan_program};

const PROGRAM: &str = "\
vil: 1
program: twin
messages:
  Item: { fields: [ { name: n, type: u64 } ] }
interfaces:
  Source: { ports: { items: { direction: out, message: Item, queue: { capacity: 4 } } } }
  Sink: { ports: { items: { direction: in, message: Item } } }
processes:
  source: { interface: Source }
  sink: { interface: Sink }
routes:
  - { from: source.items, to: sink.items, transfer: loan_write, delivery: at_least_once }
";

/// A row whose middle passes on what it has borrowed.
const ROW: &str = "\
vil: 1
program: row
messages:
  Item: { fields: [ { name: n, type: u64 }, { name: rest, type: \"[u8; 120]\" } ] }
defaults: { ports: { loans: 2, queue: { capacity: 4, backpressure: fail } } }
interfaces:
  Source: { ports: { items: { direction: out, message: Item } } }
  Middle: { ports: { in: { direction: in, message: Item }, out: { direction: out, message: Item } } }
  Sink: { ports: { items: { direction: in, message: Item } } }
processes:
  source: { interface: Source }
  middle: { interface: Middle, forwards: [ { from: in, to: out } ] }
  sink: { interface: Sink }
routes:
  - { from: source.items, to: middle.in, transfer: loan_write, delivery: at_least_once }
  - { from: middle.out, to: sink.items, transfer: publish_offset, delivery: at_least_once }
";

/// A queue whose cells are claimed.
const CROWD: &str = "\
vil: 1
program: crowd
messages:
  Item: { fields: [ { name: n, type: u64 } ] }
interfaces:
  Source: { ports: { items: { direction: out, message: Item, queue: { kind: mpmc, capacity: 4, backpressure: fail } } } }
  Sink: { ports: { items: { direction: in, message: Item } } }
processes:
  source: { interface: Source, instances: 2 }
  sink: { interface: Sink, instances: 2 }
routes:
  - { from: source.items, to: sink.items }
";

const NOBODY: Contract<'static> = Contract { process: None, ports: &[] };

/// A runtime directory of its own for each test.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("vil-cli-{}-{name}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&path).expect("a directory for the test");
        Place(path)
    }

    fn dir(&self) -> RuntimeDir {
        RuntimeDir::open(Some(&self.0)).unwrap_or_else(|error| panic!("{error}"))
    }

    fn create(&self, name: &str) -> Arc<World> {
        self.create_of(name, PROGRAM)
    }

    fn create_of(&self, name: &str, program: &str) -> Arc<World> {
        World::create(&self.dir(), name, &plan(program), &NOBODY).unwrap_or_else(|error| panic!("{error}"))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.vil"))
    }

    /// Runs `vil` here: exit code, stdout, stderr.
    fn vil(&self, args: &[&str]) -> (i32, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_vil")).args(args).env("VIL_RUNTIME_DIR", &self.0).output();
        let Output { status, stdout, stderr } = output.expect("vil runs");
        let text = |bytes| String::from_utf8(bytes).expect("output is text");
        (status.code().expect("vil ends by itself"), text(stdout), text(stderr))
    }

    /// Another process that opens the sending end of a world, publishes two messages, and stays.
    fn source(&self, world: &str, role: &str) -> Source {
        let mut command = Command::new(std::env::current_exe().expect("a running program has a path"));
        command.args(["--exact", "in_a_role", "--nocapture", "--test-threads=1"]);
        command.env("VIL_CLI_ROLE", role).env("VIL_CLI_WORLD", world).env("VIL_CLI_PLACE", &self.0);
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("this program runs twice");
        let mut lines = BufReader::new(process.stdout.take().expect("stdout was piped")).lines().map_while(Result::ok);
        let child = lines.find_map(|line| line.split_once("@ ").map(|(_, child)| child.parse().expect("a number")));
        Source { process, child: child.expect("the other process says that it is ready") }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Another process, and what it forked (0: nothing).
struct Source {
    process: Child,
    child: i32,
}

impl Source {
    fn signal(&self, signal: i32) {
        // SAFETY: the process was not waited for yet, so the number is its own.
        assert_eq!(unsafe { libc::kill(self.process.id() as i32, signal) }, 0);
    }

    fn kill(mut self) {
        self.process.kill().expect("it can be killed");
        self.process.wait().expect("it is ours");
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn plan(program: &str) -> Plan {
    let (program, _) = vil_ir::load::from_yaml(program).unwrap_or_else(|faults| panic!("{faults}"));
    plan_program(&program).unwrap_or_else(|error| panic!("{error}"))
}

fn open(dir: &Path, world: &str, role: &str) -> Arc<World> {
    let dir = RuntimeDir::open(Some(dir)).unwrap_or_else(|error| panic!("{error}"));
    World::open(&dir, world, &Contract { process: Some(role), ports: &[] }).unwrap_or_else(|error| panic!("{error}"))
}

fn publish(sender: &mut Sender) {
    let loan = sender.loan().expect("there is a slot");
    // SAFETY: the loan is ours until it is published and has eight bytes.
    unsafe { loan.data.cast::<u64>().write(7) };
    assert_eq!(sender.publish(loan.ticket), Ok(()));
}

/// The other process, when it is started as one; a test without a role passes.
#[test]
fn in_a_role() {
    let Ok(role) = std::env::var("VIL_CLI_ROLE") else { return };
    // SAFETY: a number; the test's death then is ours.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    let variable = |name: &str| std::env::var(name).expect("the test says it");
    let (place, world) = (variable("VIL_CLI_PLACE"), variable("VIL_CLI_WORLD"));
    if role == "forwards" {
        return forward_one(&open(Path::new(&place), &world, "middle"));
    }
    if role == "takes" {
        return take_one(Path::new(&place), &world);
    }
    let world = open(Path::new(&place), &world, "source");
    let mut sender = Sender::open(&world, "items").unwrap_or_else(|error| panic!("{error}"));
    publish(&mut sender);
    publish(&mut sender);
    let child = if role == "clones" {
        // SAFETY: a copy of this process, as fork makes it, but around its handlers; the child only waits.
        let child = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
        if child == 0 {
            loop {
                // SAFETY: it has no arguments.
                unsafe { libc::pause() };
            }
        }
        child
    } else {
        0
    };
    println!("\n@ {child}");
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[test]
fn a_world_that_was_made_before_waits_for_its_processes_and_is_made_once() {
    let place = Place::new("make");
    let file = place.0.join("twin.yaml");
    fs::write(&file, PROGRAM).expect("a file for the test");
    let file = file.to_str().expect("its path is text");
    let made = |name: &str| (0, format!("{name}: {}\n", place.file(name).display()), String::new());
    assert_eq!(place.vil(&["make", file]), made("twin"));
    assert_eq!(place.vil(&["make", file, "other"]), made("other"));
    assert_eq!(place.vil(&["make", "--fences", file, "fenced"]), made("fenced"));
    let bytes = fs::read(place.file("fenced")).expect("it is there");
    let (_, fixed) = peek_sizes(&bytes, bytes.len() as u64).expect("it is a world");
    let catalog = decode(&bytes[..fixed as usize]).expect("it is a world");
    assert_eq!(catalog.barrier, Barrier::Fences);
    for name in ["twin", "other", "fenced"] {
        let world = open(&place.0, name, "source");
        publish(&mut Sender::open(&world, "items").unwrap_or_else(|error| panic!("{error}")));
        let (code, said, told) = place.vil(&["make", file, name]);
        assert_eq!((code, &*said), (2, ""));
        assert!(told.contains(&format!("world `{name}` is there already")), "{told}");
        let mut receiver =
            Receiver::open(&open(&place.0, name, "sink"), "items").unwrap_or_else(|error| panic!("{error}"));
        assert!(receiver.receive(0).is_ok(), "the message is still there");
    }
}

#[test]
fn a_world_of_a_faulty_program_or_in_no_directory_is_not_made() {
    let place = Place::new("unmade");
    let file = place.0.join("faulty.yaml");
    fs::write(&file, PROGRAM.replace("to: sink.items", "to: sink.none")).expect("a file for the test");
    let file = file.to_str().expect("its path is text");
    let (code, said, told) = place.vil(&["make", file]);
    assert!(code != 0 && said.is_empty() && told.contains("none"), "{code} {said} {told}");
    fs::write(file, PROGRAM).expect("a file for the test");
    let (code, said, told) = place.vil(&["make", "--runtime-dir", file, file]);
    assert!(code == 2 && said.is_empty() && told.contains("is not a directory"), "{code} {said} {told}");
    let (code, said, told) = place.vil(&["make", file, "a/b"]);
    assert!(code == 2 && said.is_empty() && told.contains("a/b"), "{code} {said} {told}");
    assert!(!place.file("twin").exists());
}

/// Passes one message on and waits to be killed.
fn forward_one(world: &Arc<World>) {
    let mut from = Receiver::open(world, "in").unwrap_or_else(|error| panic!("{error}"));
    let mut to = Sender::open(world, "out").unwrap_or_else(|error| panic!("{error}"));
    let received = from.receive(10_000_000_000).expect("a message");
    assert_eq!(from.forward(received.route, received.message.ticket, &mut to), Ok(()));
    println!("\n@ 0");
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// Publishes one message, takes it, and waits to be killed.
fn take_one(place: &Path, world: &str) {
    let mut to = Sender::open(&open(place, world, "source"), "items").unwrap_or_else(|error| panic!("{error}"));
    let mut from = Receiver::open(&open(place, world, "sink"), "items").unwrap_or_else(|error| panic!("{error}"));
    publish(&mut to);
    let _taken = from.receive(10_000_000_000).expect("a message");
    println!("\n@ 0");
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[test]
fn where_there_are_no_worlds_all_is_healthy_and_a_named_one_cannot_be_examined() {
    let place = Place::new("none");
    let none = format!("no worlds in {}\n", place.0.display());
    assert_eq!(place.vil(&["doctor"]), (0, none.clone(), String::new()));
    assert_eq!(place.vil(&["reap", "--all"]), (0, none, String::new()));
    let json = format!("{{\"runtime_dir\":\"{}\",\"worlds\":[],\"findings\":0}}\n", place.0.display());
    for format in [&["--json"][..], &["--format", "json"]] {
        assert_eq!(place.vil(&[&["doctor"], format].concat()).1, json);
        assert!(place.vil(&[&["reap", "--all"], format].concat()).1.starts_with('{'));
    }
    assert_eq!(place.vil(&["doctor", "--format", "text"]), place.vil(&["doctor"]));
    assert_eq!(place.vil(&["doctor", "--format", "text", "--json"]).0, 2, "which one?");
    for command in ["doctor", "reap"] {
        let (code, out, error) = place.vil(&[command, "post"]);
        assert!(code == 2 && out.is_empty() && error.contains("no world `post`"), "{code} {out} {error}");
        for name in ["", "a/b", "../x", &"n".repeat(300)] {
            let (code, _, error) = place.vil(&[command, name]);
            assert!(code == 2 && error.contains("no name of a world"), "{code} {error}");
        }
        assert_eq!(place.vil(&[command, "--runtime-dir", "/nowhere/at/all", "x"]).0, 2);
    }
}

#[test]
fn a_missing_directory_has_no_worlds_and_one_that_was_named_must_be_there() {
    let place = Place::new("missing");
    let missing = Place(place.0.join("not-yet"));
    let (there, path) = (place.0.display().to_string(), missing.0.display().to_string());
    let none = format!("no worlds: there is no directory {path}\n");
    for command in [&["doctor"][..], &["reap", "--all"]] {
        assert_eq!(missing.vil(command), (0, none.clone(), String::new()), "no world was made here yet");
        for format in ["text", "json"] {
            let named = [command, &["--format", format, "--runtime-dir", &path]].concat();
            let (code, out, error) = place.vil(&named);
            assert_eq!((code, out, error), (2, String::new(), format!("error: {none}")), "{named:?}");
        }
        let named = [command, &["--runtime-dir", &there]].concat();
        assert_eq!(place.vil(&named).0, 0, "one that is there");
    }
    assert!(!missing.0.exists(), "and looking makes none");
}

#[test]
fn a_living_world_is_healthy_and_looking_and_reaping_leave_every_byte_of_it_alone() {
    let place = Place::new("healthy");
    let keeper = place.create("post");
    let mut sender = Sender::open(&open(&place.0, "post", "source"), "items").unwrap_or_else(|error| panic!("{error}"));
    let receiver = Receiver::open(&open(&place.0, "post", "sink"), "items").unwrap_or_else(|error| panic!("{error}"));
    publish(&mut sender);
    let before = fs::read(place.file("post")).expect("it is there");
    let (code, out, error) = place.vil(&["doctor", "post", "--trail"]);
    assert_eq!((code, error.as_str()), (0, ""), "{out}");
    for words in [
        "world post of program twin",
        "(source, pid",
        "(no role, pid",
        "alive, C, for",
        "produces source.items -> sink.items",
        "consumes source.items -> sink.items",
        "holds 5 slots (1 in messages that nobody has released, 4 on loan or spare)",
        "1 of 4 in the ring or read from it, 1 published",
        "0 leaked",
        "attached",
        "1 world, healthy",
    ] {
        assert!(out.contains(words), "{words} is missing:\n{out}");
    }
    let (code, json, _) = place.vil(&["doctor", "--all", "--json", "--trail"]);
    assert_eq!(code, 0);
    for words in ["\"program\":\"twin\"", "\"state\":\"alive\"", "\"depth\":1", "\"leaked\":0", "\"findings\":0}"] {
        assert!(json.contains(words), "{words} is missing:\n{json}");
    }
    for args in [&["reap", "post", "--dry-run"][..], &["reap", "--all"]] {
        assert_eq!(place.vil(args), (0, "post: nothing to do, all its processes live\n".into(), String::new()));
    }
    assert!(fs::read(place.file("post")).expect("it is there") == before, "somebody wrote");
    drop((sender, receiver, keeper));
}

#[test]
fn a_message_in_hand_is_told_as_one_and_not_as_its_senders_spare_slot() {
    let place = Place::new("in-hand");
    let keeper = place.create("post");
    let mut source = Sender::open(&open(&place.0, "post", "source"), "items").unwrap_or_else(|error| panic!("{error}"));
    let mut sink = Receiver::open(&open(&place.0, "post", "sink"), "items").unwrap_or_else(|error| panic!("{error}"));
    publish(&mut source);
    publish(&mut source);
    let held = |words: &str| {
        let (code, out, _) = place.vil(&["doctor", "post"]);
        assert!(code == 0 && out.lines().any(|line| line.contains("(source, pid") && line.contains(words)), "{out}");
    };
    let received = sink.receive(1_000_000_000).expect("what was published is there");
    held("holds 5 slots (2 in messages that nobody has released, 3 on loan or spare)");
    assert!(place.vil(&["doctor", "post", "--format", "json"]).1.contains("\"messages\":2"));
    assert_eq!(sink.release(received.route, received.message.ticket), Ok(()));
    held("(1 in messages that nobody has released, 4 on loan or spare)");
    drop((sink, source, keeper));
}

#[test]
fn what_the_dead_had_in_their_hands_is_told_beside_what_waits() {
    let place = Place::new("hands");
    let keeper = place.create_of("post", &PROGRAM.replace("loan_write, delivery: at_least_once", "consume_once"));
    place.source("post", "takes").kill();
    drop(keeper);
    let (code, out, _) = place.vil(&["doctor", "post"]);
    assert_eq!(code, 1, "{out}");
    for words in [
        "holds 4 slots (4 on loan or spare)",
        "holds 1 slot (1 in messages that it has taken)",
        "0 of 4 in the ring,",
        "nobody lives in it, and no message waits in it; 1 message died with who had taken it",
    ] {
        assert!(out.contains(words), "{words} is missing:\n{out}");
    }
}

#[test]
fn a_killed_process_is_found_and_reaped_and_its_messages_stay() {
    let place = Place::new("killed");
    let keeper = place.create("post");
    place.source("post", "stays").kill();
    let before = fs::read(place.file("post")).expect("it is there");
    let (code, out, _) = place.vil(&["doctor", "post"]);
    assert_eq!(code, 1, "{out}");
    for words in ["dead and not recovered", "(source, pid", "1 end", "`vil reap post`", "1 finding"] {
        assert!(out.contains(words), "{words} is missing:\n{out}");
    }
    assert!(place.vil(&["doctor", "--json"]).1.contains("\"code\":\"dead\""));
    let (code, out, _) = place.vil(&["reap", "post", "--dry-run"]);
    assert_eq!((code, out.as_str()), (0, "post: would recover 1 dead\n"));
    assert!(fs::read(place.file("post")).expect("it is there") == before, "a dry run writes nothing");
    assert_eq!(place.vil(&["reap", "--all"]), (0, "post: recovered 1 dead\n".into(), String::new()));
    let (code, out, _) = place.vil(&["doctor", "post", "--trail"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("recovered") && out.contains("orphaned") && out.contains("2 of 4 in the ring"), "{out}");
    let mut receiver =
        Receiver::open(&open(&place.0, "post", "sink"), "items").unwrap_or_else(|error| panic!("{error}"));
    for _ in 0..2 {
        let received = receiver.receive(1_000_000_000).expect("what was published is there");
        assert_eq!(receiver.release(received.route, received.message.ticket), Ok(()));
    }
    drop(receiver);
    let audit = keeper.audit();
    assert_eq!((audit.leaked, audit.retained, audit.recoveries), (0, 0, 1));
}

#[test]
fn a_dry_run_tells_whom_reaping_must_wait_for_and_writes_nothing() {
    let place = Place::new("pending");
    let keeper = place.create_of("post", ROW);
    let mut source = Sender::open(&open(&place.0, "post", "source"), "items").unwrap_or_else(|error| panic!("{error}"));
    let mut sink = Receiver::open(&open(&place.0, "post", "sink"), "items").unwrap_or_else(|error| panic!("{error}"));
    publish(&mut source);
    place.source("post", "forwards").kill();
    let before = fs::read(place.file("post")).expect("it is there");
    let would = place.vil(&["reap", "post", "--dry-run"]).1;
    assert_eq!(would, "post: would recover 0 dead; 1 wait until messages that they forwarded are released\n");
    assert!(place.vil(&["reap", "post", "--dry-run", "--json"]).1.contains("\"recovered\":0,\"pending\":1"));
    assert!(fs::read(place.file("post")).expect("it is there") == before, "a dry run writes nothing");
    assert_eq!(place.vil(&["reap", "post"]).1, would.replace("would recover", "recovered"), "as it was foreseen");
    let received = sink.receive(10_000_000_000).expect("it was forwarded");
    assert_eq!(sink.release(received.route, received.message.ticket), Ok(()));
    let would = place.vil(&["reap", "post", "--dry-run"]).1;
    assert_eq!(would, "post: would recover 1 dead\n", "what it waited for is released");
    assert_eq!(place.vil(&["reap", "post"]).1, would.replace("would recover", "recovered"));
    assert_eq!(keeper.audit().leaked, 0);
}

#[test]
fn a_world_that_everybody_left_is_told_with_its_messages_and_removed() {
    let place = Place::new("left");
    let keeper = place.create("post");
    place.source("post", "stays").kill();
    drop((keeper, place.create("empty")));
    let (code, out, _) = place.vil(&["doctor"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("nobody lives in it, and 2 messages wait in it"), "{out}");
    assert!(out.contains("nobody lives in it, and no message waits in it"), "{out}");
    let (code, out, _) = place.vil(&["reap", "--all", "--dry-run"]);
    assert_eq!(code, 0);
    assert_eq!(
        out,
        "empty: would be removed, nobody lives in it\npost: would be removed, nobody lives in it, and 2 messages in it\n"
    );
    assert!(place.file("post").exists() && place.file("empty").exists(), "a dry run removes nothing");
    let (code, json, _) = place.vil(&["reap", "--all", "--json"]);
    assert_eq!(code, 0);
    assert!(json.contains("{\"name\":\"post\",\"action\":\"removed\",\"messages\":2}"), "{json}");
    assert!(!place.file("post").exists() && !place.file("empty").exists());
    assert_eq!(place.vil(&["doctor"]).1, format!("no worlds in {}\n", place.0.display()));
}

#[test]
fn a_stopped_process_lives_and_is_not_touched() {
    let place = Place::new("stopped");
    let keeper = place.create("post");
    let source = place.source("post", "stays");
    source.signal(libc::SIGSTOP);
    assert_eq!(place.vil(&["doctor", "post"]).0, 0);
    assert_eq!(place.vil(&["reap", "post"]).1, "post: nothing to do, all its processes live\n");
    source.signal(libc::SIGCONT);
    assert_eq!((keeper.recover(), keeper.audit().processes), (0, 2));
    drop(source);
}

#[test]
fn a_world_whose_dead_are_outlived_by_what_they_forked_is_recovered_and_kept() {
    let place = Place::new("outlived");
    let keeper = place.create("post");
    let source = place.source("post", "clones");
    let child = source.child;
    source.kill();
    drop(keeper);
    let (code, out, _) = place.vil(&["doctor", "post"]);
    assert!(code == 1 && out.contains("dead and not recovered"), "{out}");
    for dry in [true, false] {
        let args: &[&str] = if dry { &["reap", "post", "--dry-run"] } else { &["reap", "post"] };
        let (code, out, _) = place.vil(args);
        assert!(code == 0 && out.contains("1 dead; kept, because processes that they forked hold it open"), "{out}");
    }
    // SAFETY: a number; the child is a descendant of this test's and still there.
    assert_eq!(unsafe { libc::kill(child, libc::SIGKILL) }, 0);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while place.file("post").exists() {
        assert!(std::time::Instant::now() < deadline, "the child's lock goes with the child");
        assert_eq!(place.vil(&["reap", "post"]).0, 0);
    }
}

#[test]
fn damaged_files_are_told_and_removed_unless_somebody_lives_in_them() {
    let place = Place::new("damaged");
    let whole = {
        drop(place.create("whole"));
        fs::read(place.file("whole")).expect("it is there")
    };
    fs::remove_file(place.file("whole")).expect("it is ours");
    for (name, bytes) in [
        ("empty", &[][..]),
        ("text", &b"not a world at all"[..]),
        ("short", &whole[..whole.len() / 2]),
        ("cut", &whole[..300]),
    ] {
        fs::write(place.file(name), bytes).expect("it can be written");
        let (code, out, _) = place.vil(&["doctor", name]);
        assert!(code == 1 && out.contains(&format!("`vil reap {name}` removes it")), "{name}: {out}");
        assert!(place.vil(&["doctor", name, "--json"]).1.contains("\"code\":\"damaged\""));
        assert_eq!(
            place.vil(&["reap", name, "--dry-run"]).1,
            format!("{name}: would be removed, nobody lives in it\n")
        );
        assert_eq!(place.vil(&["reap", name]).1, format!("{name}: removed, nobody lives in it\n"));
        assert!(!place.file(name).exists());
    }
    let keeper = place.create("lived-in");
    let file = fs::File::options().write(true).open(place.file("lived-in")).expect("it is there");
    file.write_all_at(b"nonsense", 0).expect("it can be written");
    let (code, _, error) = place.vil(&["reap", "lived-in"]);
    assert!(code == 2 && error.contains("not a world"), "{error}");
    assert!(place.file("lived-in").exists(), "somebody lives in it");
    file.write_all_at(b"VILWORLD\x63", 0).expect("it can be written");
    let (code, out, _) = place.vil(&["doctor", "lived-in", "--json"]);
    assert!(code == 1 && out.contains("\"code\":\"layout\"") && out.contains("layout 99"), "{out}");
    drop(keeper);
    fs::create_dir(place.file("directory")).expect("a directory");
    let (code, _, error) = place.vil(&["reap", "directory"]);
    assert!(code == 2 && error.contains("no file"), "{error}");
}

#[test]
fn a_ring_of_nonsense_and_a_fault_of_a_program_are_found() {
    let place = Place::new("nonsense");
    let keeper = place.create("post");
    let mut receiver =
        Receiver::open(&open(&place.0, "post", "sink"), "items").unwrap_or_else(|error| panic!("{error}"));
    let mut sender = Sender::open(&open(&place.0, "post", "source"), "items").unwrap_or_else(|error| panic!("{error}"));
    publish(&mut sender);
    let received = receiver.receive(1_000_000_000).expect("it was published");
    assert_eq!(receiver.release(received.route, received.message.ticket), Ok(()));
    assert!(receiver.release(received.route, received.message.ticket).is_err(), "twice");
    let (code, out, _) = place.vil(&["doctor", "post"]);
    assert!(code == 1 && out.contains("! released_twice by process") && out.contains("1 time, the last"), "{out}");
    drop((sender, receiver));
    let tail = keeper.shared().geometry.rings[0].tail;
    let file = fs::File::options().write(true).open(place.file("post")).expect("it is there");
    file.write_all_at(&77u32.to_le_bytes(), tail).expect("it can be written");
    let (code, out, _) = place.vil(&["doctor", "post", "--json"]);
    assert!(code == 1 && out.contains("\"code\":\"unsound\"") && out.contains("\"sound\":false"), "{out}");
}

#[test]
fn nonsense_in_a_claimed_ring_is_found_and_a_ring_that_was_used_for_laps_is_sound() {
    let place = Place::new("crowd");
    let keeper = place.create_of("post", CROWD);
    let (shared, ring) = (keeper.shared(), &keeper.shared().geometry.rings[0]);
    let says = |words: &str| place.vil(&["doctor", "post", "--json"]).1.contains(words);
    let mut source = Sender::open(&open(&place.0, "post", "source"), "items").unwrap_or_else(|error| panic!("{error}"));
    let mut sink = Receiver::open(&open(&place.0, "post", "sink"), "items").unwrap_or_else(|error| panic!("{error}"));
    assert!(says("\"sound\":true"));
    for depth in [0, 1, 4, 2] {
        (0..depth).for_each(|_| publish(&mut source));
        assert!(says("\"sound\":true"), "with {depth} in it");
        for _ in 0..depth {
            let received = sink.receive(10_000_000_000).expect("it was published");
            assert_eq!(sink.consume(received.route, received.message.ticket), Ok(()));
        }
        assert!(says("\"sound\":true"), "after {depth}");
    }
    // No word that anybody writes; one of a lap long ago, and of a lap to come; head beyond tail.
    let written = [(ring.cell(0), u64::MAX), (ring.cell(1), 0), (ring.cell(2), 1 << 40), (ring.head, 1 << 50)];
    for (at, nonsense) in written {
        let word = shared.segment.word(at);
        let right = word.load("test");
        word.store(nonsense, "test");
        assert!(says("\"code\":\"unsound\"") && says("\"sound\":false"), "{nonsense:#x} at {at}");
        word.store(right, "test");
        assert!(says("\"sound\":true"));
    }
}

#[test]
fn wrong_usage_is_exit_code_2_and_help_has_examples() {
    let place = Place::new("usage");
    assert_eq!(place.vil(&["reap"]).0, 2, "reaping everything is said, never meant");
    assert_eq!(place.vil(&["doctor", "post", "--all"]).0, 2);
    assert_eq!(place.vil(&["doctor", "--dry-run"]).0, 2);
    for command in ["doctor", "reap"] {
        let (code, out, _) = place.vil(&[command, "--help"]);
        assert!(code == 0 && out.contains("Examples:") && out.contains("Exit codes:"), "{out}");
    }
}

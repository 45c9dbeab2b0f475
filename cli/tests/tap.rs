//! `vil tap` on worlds that run: messages as JSON, of a program that the command was not built with.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use vil_core::sys::file::RuntimeDir;
use vil_core::world::{Contract, Receiver, Sender, World};
use vil_ir::descriptor::encode;
use vil_ir::layout::lay_out;
use vil_ir::plan::plan_program;
use vil_msg::{Descriptor, from_json};

const PROGRAM: &str = "\
vil: 1
program: lidar
structs:
  Point: { fields: [ { name: x, type: f32 }, { name: y, type: f32 } ] }
messages:
  Scan:
    max_bytes: 4096
    fields: [ { name: stamp, type: u64 }, { name: points, type: \"VSlice<Point>\" }, { name: label, type: VStr } ]
  Tick: { fields: [ { name: n, type: u32 }, { name: ok, type: bool } ] }
  Order: { layout: external, media_type: text/plain, adapter: text, max_bytes: 40 }
interfaces:
  Lidar:
    ports:
      scans: { direction: out, message: Scan, queue: { capacity: 4 } }
      ticks: { direction: out, message: Tick, queue: { capacity: 4 } }
      orders: { direction: out, message: Order, queue: { capacity: 4 } }
  Map:
    ports:
      scans: { direction: in, message: Scan }
      ticks: { direction: in, message: Tick }
      orders: { direction: in, message: Order }
processes: { lidar: { interface: Lidar }, map: { interface: Map } }
routes:
  - { from: lidar.scans, to: map.scans }
  - { from: lidar.ticks, to: map.ticks, transfer: copy }
  - { from: lidar.orders, to: map.orders }
";

/// A world of the program, in a directory of its own.
struct Stage {
    place: PathBuf,
    world: Arc<World>,
}

impl Stage {
    fn new(name: &str) -> Stage {
        let place = std::env::temp_dir().join(format!("vil-tap-{}-{name}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&place).expect("a directory for the test");
        Stage::at(place)
    }

    /// In a directory that is there.
    fn at(place: PathBuf) -> Stage {
        let world = Stage::made(&place, "post");
        Stage { place, world }
    }

    /// A world of the program.
    fn made(place: &Path, name: &str) -> Arc<World> {
        let (program, _) = vil_ir::load::from_yaml(PROGRAM).unwrap_or_else(|faults| panic!("{faults}"));
        let plan = plan_program(&program).unwrap_or_else(|error| panic!("{error}"));
        let dir = RuntimeDir::open(Some(place)).unwrap_or_else(|error| panic!("{error}"));
        let nobody = Contract { process: None, ports: &[] };
        World::create(&dir, name, &plan, &nobody).unwrap_or_else(|error| panic!("{error}"))
    }

    fn open(&self, role: &str) -> Arc<World> {
        let dir = RuntimeDir::open(Some(&self.place)).unwrap_or_else(|error| panic!("{error}"));
        let contract = Contract { process: Some(role), ports: &[] };
        World::open(&dir, "post", &contract).unwrap_or_else(|error| panic!("{error}"))
    }

    fn sender(&self, port: &str) -> Sender {
        Sender::open(&self.open("lidar"), port).unwrap_or_else(|error| panic!("{error}"))
    }

    fn vil(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vil"));
        command.args(args).env("VIL_RUNTIME_DIR", &self.place);
        command
    }

    /// Exit code, stdout, stderr.
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let output = self.vil(args).output().expect("vil runs");
        let text = |bytes| String::from_utf8(bytes).expect("output is text");
        (output.status.code().expect("vil ends by itself"), text(output.stdout), text(output.stderr))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.place);
    }
}

/// The words of a message of the program, made from JSON.
fn message(name: &str, text: &str) -> Vec<u64> {
    let (program, _) = vil_ir::load::from_yaml(PROGRAM).unwrap_or_else(|faults| panic!("{faults}"));
    let layouts = lay_out(&program).unwrap_or_else(|errors| panic!("{errors:?}"));
    let words = encode(&program, &layouts, name);
    let descriptor = Descriptor::new(&words).unwrap_or_else(|fault| panic!("{fault}"));
    let mut bytes = vec![0; 4096 + 8];
    // What is made is verified where it lies, so a place that is off says so instead of the message.
    let off = bytes.as_ptr().align_offset(8);
    let room = &mut bytes[off..off + 4096];
    let size = from_json(&descriptor, text, room).unwrap_or_else(|fault| panic!("{fault}"));
    room[..size.next_multiple_of(8)].chunks(8).map(|word| u64::from_le_bytes(word.try_into().expect("eight"))).collect()
}

fn publish(sender: &mut Sender, words: &[u64], size: usize) {
    let loan = sender.loan().expect("there is a slot");
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).take(size).collect();
    // SAFETY: the loan is ours until it is published and has as many bytes as the message.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), loan.data.cast::<u8>().as_ptr(), bytes.len()) };
    assert_eq!(sender.publish(loan.ticket), Ok(()));
}

#[test]
fn what_waits_in_a_ring_is_printed_and_stays_there() {
    let stage = Stage::new("waits");
    let mut sender = stage.sender("scans");
    for stamp in 0..3 {
        let text = format!("{{\"stamp\":{stamp},\"points\":[{{\"x\":1.5}},{{}}],\"label\":\"é {stamp}\"}}");
        let words = message("Scan", &text);
        publish(&mut sender, &words, 8 * words.len());
    }
    let before = fs::read(stage.place.join("post.vil")).expect("it is there");
    let (code, out, error) = stage.run(&["tap", "lidar.scans", "--count", "3"]);
    assert_eq!((code, error.as_str()), (0, ""), "{out}");
    let line = |n: u32| {
        let points = "[{\"x\":1.5,\"y\":0.0},{\"x\":0.0,\"y\":0.0}]";
        let message = format!("{{\"stamp\":{n},\"points\":{points},\"label\":\"é {n}\"}}");
        format!("{{\"route\":\"lidar.scans -> map.scans\",\"number\":{n},\"message\":{message}}}\n")
    };
    assert_eq!(out, (0..3).map(line).collect::<String>());
    assert!(fs::read(stage.place.join("post.vil")).expect("it is there") == before, "a tap writes nothing");
    let pretty = stage.run(&["tap", "lidar.scans -> map.scans", "--world", "post", "--count", "1", "--pretty"]).1;
    assert!(pretty.contains("\n  \"stamp\": 0,\n  \"points\": [{"), "{pretty}");
    assert_eq!(stage.world.audit().leaked, 0);
}

#[test]
fn a_running_route_is_followed_and_what_was_lost_is_said() {
    let stage = Stage::new("runs");
    let mut sender = stage.sender("ticks");
    let mut receiver = Receiver::open(&stage.open("map"), "ticks").unwrap_or_else(|error| panic!("{error}"));
    let mut tap = stage.vil(&["tap", "map.ticks", "--count", "50"]);
    let mut tap = tap.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("vil runs");
    let lines = BufReader::new(tap.stdout.take().expect("it was piped")).lines().map_while(Result::ok);
    let seen = std::thread::spawn(move || lines.collect::<Vec<_>>());
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let mut next = 0u64;
    while !seen.is_finished() {
        assert!(std::time::Instant::now() < end, "the tap ends in time");
        publish(&mut sender, &[next | (next % 2) << 32], 8);
        let received = receiver.receive(1_000_000_000).expect("what was published is there");
        assert_eq!(receiver.release(received.route, received.message.ticket), Ok(()));
        next += 1;
    }
    assert!(tap.wait().expect("it ends").success());
    let lines = seen.join().expect("it was read");
    assert_eq!(lines.len(), 50);
    let mut last = None;
    for line in lines {
        let number: u64 = line
            .split("\"number\":")
            .nth(1)
            .and_then(|rest| rest.split(',').next())
            .expect("a number")
            .parse()
            .expect("a number");
        assert!(last < Some(number), "in order: {line}");
        let says = format!("\"message\":{{\"n\":{number},\"ok\":{}}}", number % 2 == 1);
        assert!(line.contains(&says), "the message is that of its number: {line}");
        last = Some(number);
    }
}

/// Ends in time, or the test fails; its exit code.
fn ended(tap: &mut Child) -> Option<i32> {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(status) = tap.try_wait().expect("it can be waited for") {
            return status.code();
        }
        if Instant::now() > end {
            let _ = tap.kill();
            panic!("the tap does not end");
        }
        std::thread::yield_now();
    }
}

/// A tap that is on its way, and what it says on stderr, line by line.
fn started(mut command: Command) -> (Child, impl FnMut() -> String) {
    let mut tap = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("vil runs");
    let mut said = BufReader::new(tap.stderr.take().expect("it was piped")).lines();
    (tap, move || said.next().expect("it says something").expect("it is text"))
}

#[test]
fn a_tap_ends_when_nobody_reads_it_though_nothing_is_published() {
    let stage = Stage::new("unread");
    let (mut tap, _said) = started(stage.vil(&["tap", "lidar.ticks"]));
    drop(tap.stdout.take());
    assert_eq!(ended(&mut tap), Some(0));
    let (mut tap, _said) = started(stage.vil(&["tap", "lidar.ticks", "--world", "none", "--wait"]));
    drop(tap.stdout.take());
    assert_eq!(ended(&mut tap), Some(0));
    // Who reads on keeps it.
    let mut sender = stage.sender("ticks");
    publish(&mut sender, &[1], 8);
    let (mut tap, _said) = started(stage.vil(&["tap", "lidar.ticks"]));
    let mut lines = BufReader::new(tap.stdout.take().expect("it was piped")).lines();
    assert!(lines.next().expect("a line").expect("text").contains("\"n\":1"));
    publish(&mut sender, &[2], 8);
    assert!(lines.next().expect("a line").expect("text").contains("\"n\":2"));
    drop(lines);
    assert_eq!(ended(&mut tap), Some(0));
}

#[test]
fn a_message_that_cannot_be_printed_ends_the_tap_with_exit_code_2() {
    let stage = Stage::new("lost");
    let mut sender = stage.sender("ticks");
    publish(&mut sender, &[1], 8);
    publish(&mut sender, &[2], 8);
    let full = fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    for count in [&["--count", "1"][..], &[]] {
        let mut tap = stage.vil(&[&["tap", "lidar.ticks", "--world", "post"], count].concat());
        let full = full.try_clone().expect("a descriptor");
        let mut tap = tap.stdout(full).stderr(Stdio::piped()).spawn().expect("vil runs");
        assert_eq!(ended(&mut tap), Some(2));
        let mut said = String::new();
        tap.stderr.take().expect("it was piped").read_to_string(&mut said).expect("it is text");
        assert_eq!(said, "error: cannot write to stdout: No space left on device (os error 28)\n");
    }
    assert_eq!(stage.run(&["tap", "lidar.ticks", "--count", "1"]).0, 0, "with a reader");
}

#[test]
fn a_tap_whose_two_streams_lose_their_reader_ends_without_a_panic() {
    let stage = Stage::new("both");
    let mut sender = stage.sender("ticks");
    let (reader, writer) = std::os::unix::net::UnixStream::pair().expect("a pair of sockets");
    let streams = [writer.try_clone().expect("a descriptor"), writer].map(std::os::fd::OwnedFd::from);
    let [stdout, stderr] = streams.map(Stdio::from);
    let mut tap = stage.vil(&["tap", "lidar.ticks"]).stdout(stdout).stderr(stderr).spawn().expect("vil runs");
    publish(&mut sender, &[1], 8);
    let mut lines = BufReader::new(reader).lines();
    lines.find(|line| line.as_ref().expect("text").contains("\"n\":1")).expect("a line").expect("text");
    drop((lines, sender));
    assert_eq!(ended(&mut tap), Some(0));
}

#[test]
fn a_tap_says_why_nothing_comes_and_when_its_world_is_gone() {
    let stage = Stage::new("silent");
    let (mut tap, mut said) = started(stage.vil(&["tap", "lidar.ticks"]));
    assert_eq!(said(), "lidar.ticks -> map.ticks: nobody publishes now; waiting, Ctrl-C ends it");
    // Somebody publishes and goes again: it is said anew, and the message was printed.
    let mut sender = stage.sender("ticks");
    publish(&mut sender, &[1], 8);
    let mut lines = BufReader::new(tap.stdout.take().expect("it was piped")).lines();
    assert!(lines.next().expect("a line").expect("text").contains("\"n\":1"));
    drop(sender);
    fs::remove_file(stage.place.join("post.vil")).expect("it is there");
    let end = std::iter::repeat_with(said).find(|line| !line.contains("nobody publishes"));
    assert_eq!(end.as_deref(), Some("world `post` was removed"));
    assert_eq!(ended(&mut tap), Some(0));
}

#[test]
fn a_tap_says_that_nobody_lives_in_its_world() {
    let stage = Stage::new("deserted");
    drop(Stage::made(&stage.place, "empty"));
    let (mut tap, mut said) = started(stage.vil(&["tap", "lidar.ticks", "--world", "empty"]));
    assert_eq!(said(), "nobody lives in world `empty`; waiting for its processes, Ctrl-C ends it");
    let dir = RuntimeDir::open(Some(&stage.place)).unwrap_or_else(|error| panic!("{error}"));
    let contract = Contract { process: Some("lidar"), ports: &[] };
    let _somebody = World::open(&dir, "empty", &contract).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(said(), "lidar.ticks -> map.ticks: nobody publishes now; waiting, Ctrl-C ends it");
    drop(tap.stdout.take());
    assert_eq!(ended(&mut tap), Some(0));
}

#[test]
fn a_tap_waits_for_its_world_when_it_is_told_to() {
    let stage = Stage::new("early");
    let elsewhere = stage.place.join("later");
    let tap = |args: &[&str]| {
        let mut command = stage.vil(&[&["tap", "lidar.ticks", "--count", "1"], args].concat());
        command.env("VIL_RUNTIME_DIR", &elsewhere);
        command
    };
    let answer = tap(&[]).output().expect("vil runs");
    assert_eq!(answer.status.code(), Some(2), "without --wait it is an error");
    let (mut early, mut said) = started(tap(&["--wait"]));
    let line = said();
    assert!(line.contains("later") && line.ends_with("; waiting for it, Ctrl-C ends it"), "{line}");
    fs::DirBuilder::new().mode(0o700).create(&elsewhere).expect("a directory for the test");
    let late = Stage::at(elsewhere.clone());
    let mut sender = late.sender("ticks");
    publish(&mut sender, &[7], 8);
    assert_eq!(ended(&mut early), Some(0));
    let mut printed = String::new();
    early.stdout.take().expect("it was piped").read_to_string(&mut printed).expect("it is text");
    assert!(printed.contains("\"n\":7"), "{printed}");
    // A world that has no such route will never have it.
    let (code, _, error) = stage.run(&["tap", "lidar.scan", "--world", "post", "--wait"]);
    assert!(code == 2 && error.contains("there is no route or port"), "{error}");
}

#[test]
fn bytes_that_are_no_message_are_told_with_their_rule() {
    let stage = Stage::new("broken");
    let mut sender = stage.sender("ticks");
    publish(&mut sender, &[7 | 9 << 32], 8);
    publish(&mut sender, &[8], 8);
    let (code, out, error) = stage.run(&["tap", "lidar.ticks", "--count", "1"]);
    assert_eq!(code, 1, "{error}");
    assert!(out.contains("\"number\":1,\"message\":{\"n\":8,\"ok\":false}"), "{out}");
    assert!(error.contains("message 0: ok: a bool is neither 0 nor 1 (at byte 4, expected 1, found 9)"), "{error}");
}

#[test]
fn an_external_message_is_printed_as_long_as_its_frame_says() {
    let stage = Stage::new("external");
    let mut sender = stage.sender("orders");
    publish(&mut sender, &[33, u64::MAX, u64::MAX, u64::MAX, u64::MAX], 40);
    publish(&mut sender, &[3, u64::from_le_bytes(*b"a\"b-left"), 0, 0, 0], 40);
    let (code, out, error) = stage.run(&["tap", "lidar.orders", "--count", "1"]);
    assert_eq!(code, 1, "{error}");
    assert!(out.contains("\"number\":1,\"message\":\"a\\\"b\"}"), "{out}");
    assert!(error.contains("message 0: its frame says more than there is"), "{error}");
}

#[test]
fn a_route_that_is_not_there_is_told_with_those_that_are() {
    let stage = Stage::new("missing");
    let (code, _, error) = stage.run(&["tap", "lidar.scan", "--world", "post"]);
    assert!(code == 2 && error.contains("there are `lidar.scans -> map.scans`, `lidar.ticks -> map.ticks`"), "{error}");
    assert_eq!(stage.run(&["tap", "lidar.scan"]).0, 2);
    assert_eq!(stage.run(&["tap", "lidar.scans", "--world", "none"]).0, 2);
}

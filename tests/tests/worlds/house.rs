//! A house for one test: a runtime directory and a world in it, of one message `Letter` that goes from process `writer`
//! to process `reader`, or of a number of such routes. Both processes may live in the test, as two attachments.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vil_core::base::error::{Error, Fault};
use vil_core::exchange::{Loan, Message};
use vil_core::sys::file;
use vil_core::world::{Contract, Received, Receiver, Sender, Stop, World};
use vil_ir::plan::{Plan, plan_program};
use vil_tests::runtime_dir::RuntimeDir;

/// Longer than anything that works takes, on any machine.
pub(crate) const LONG: Duration = Duration::from_secs(20);
/// Longer than a slice of waiting, and short.
pub(crate) const SHORT: Duration = Duration::from_millis(20);
pub(crate) const LONG_NS: u64 = LONG.as_nanos() as u64;
pub(crate) const SHORT_NS: u64 = SHORT.as_nanos() as u64;
pub(crate) const FOREVER: u64 = u64::MAX;

/// The routes' policies. `bytes` follow the letter's number and its complement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) transfer: &'static str,
    pub(crate) delivery: &'static str,
    pub(crate) backpressure: &'static str,
    pub(crate) deadline_ms: u32,
    pub(crate) capacity: u32,
    pub(crate) loans: u32,
    pub(crate) bytes: u32,
    /// Writers, each with a route of its own into the reader's one port.
    pub(crate) writers: u32,
}

/// at_least_once by loan, block for 20 s, four cells.
pub(crate) const PLAIN: Shape = Shape {
    transfer: "loan_write",
    delivery: "at_least_once",
    backpressure: "block",
    deadline_ms: 20_000,
    capacity: 4,
    loans: 2,
    bytes: 16,
    writers: 1,
};

impl Shape {
    pub(crate) fn yaml(&self) -> String {
        let mut text = format!(
            "vil: 1\nprogram: post\nmessages:\n  Letter:\n    kind: event\n    fields:\n\
             \x20     - {{ name: number, type: u64 }}\n      - {{ name: check, type: u64 }}\n\
             \x20     - {{ name: rest, type: \"[u8; {bytes}]\" }}\n\
             interfaces:\n  Writer:\n    ports:\n      letters: {{ direction: out, message: Letter, loans: {loans}, \
             queue: {{ capacity: {capacity}, backpressure: {backpressure}, deadline_ms: {deadline_ms} }} }}\n\
             \x20 Reader:\n    ports:\n      letters: {{ direction: in, message: Letter, loans: {loans} }}\n\
             processes:\n  reader: {{ interface: Reader }}\n",
            bytes = self.bytes,
            loans = self.loans,
            capacity = self.capacity,
            backpressure = self.backpressure,
            deadline_ms = self.deadline_ms,
        );
        for writer in 0..self.writers {
            text += &format!("  {}: {{ interface: Writer }}\n", writer_name(writer));
        }
        text += "routes:\n";
        for writer in 0..self.writers {
            text += &format!(
                "  - {{ from: {}.letters, to: reader.letters, transfer: {}, delivery: {} }}\n",
                writer_name(writer),
                self.transfer,
                self.delivery
            );
        }
        text
    }

    pub(crate) fn plan(&self) -> Plan {
        plan_of(&self.yaml())
    }
}

/// `writer`, `writer1`, `writer2`.
pub(crate) fn writer_name(writer: u32) -> String {
    if writer == 0 { "writer".to_owned() } else { format!("writer{writer}") }
}

pub(crate) fn plan_of(yaml: &str) -> Plan {
    let (program, _) = vil_ir::load::from_yaml(yaml).unwrap_or_else(|faults| panic!("{faults}\n{yaml}"));
    plan_program(&program).unwrap_or_else(|error| panic!("{error}\n{yaml}"))
}

/// A process of the program that brings no ports to compare.
pub(crate) fn role(process: &str) -> Contract<'_> {
    Contract { process: Some(process), ports: &[] }
}

/// No role: it looks, recovers and audits.
pub(crate) const NOBODY: Contract<'static> = Contract { process: None, ports: &[] };

/// The runtime's view of a directory.
pub(crate) fn place(dir: &Path) -> file::RuntimeDir {
    file::RuntimeDir::open(Some(dir)).unwrap_or_else(|error| panic!("{error}"))
}

/// A directory and a world `post` in it; whoever made it stays attached without a role.
pub(crate) struct House {
    pub(crate) keeper: Arc<World>,
    pub(crate) place: file::RuntimeDir,
    dir: RuntimeDir,
}

impl Deref for House {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.dir
    }
}

impl House {
    pub(crate) fn new(name: &str, shape: Shape) -> House {
        House::of(name, &shape.plan())
    }

    pub(crate) fn of(name: &str, plan: &Plan) -> House {
        let dir = RuntimeDir::new(name);
        let place = place(&dir);
        let keeper = World::create(&place, "post", plan, &NOBODY).unwrap_or_else(|error| panic!("{error}"));
        House { keeper, place, dir }
    }

    /// One more attachment.
    pub(crate) fn enter(&self, process: &str) -> Arc<World> {
        World::open(&self.place, "post", &role(process)).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn writer(&self) -> Sender {
        Sender::open(&self.enter("writer"), "letters").unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn reader(&self) -> Receiver {
        Receiver::open(&self.enter("reader"), "letters").unwrap_or_else(|error| panic!("{error}"))
    }

    /// The world's file.
    pub(crate) fn file(&self) -> std::path::PathBuf {
        self.dir.join("post.vil")
    }

    /// Every slot is free again, and only the keeper lives: what must be true after everybody has left a world whose
    /// ring is empty.
    pub(crate) fn is_swept(&self) {
        let audit = self.keeper.audit();
        assert_eq!((audit.leaked, audit.retained, audit.held, audit.processes), (0, 0, 0, 1), "{audit:?}");
        assert_eq!(audit.free, audit.slots);
    }
}

/// Fills a letter. Its complement and every byte of the rest tell whether a reader sees what was written.
pub(crate) fn fill(loan: &Loan, number: u64) {
    // SAFETY: the loan is ours until it is published, and a letter is 16 bytes and the rest.
    unsafe {
        let words = loan.data.cast::<u64>().as_ptr();
        words.write(number);
        words.add(1).write(!number);
        words.add(2).cast::<u8>().write_bytes(number as u8, loan.size as usize - 16);
    }
}

/// The number of a letter, after every byte of it was looked at.
pub(crate) fn number(message: &Message) -> u64 {
    // SAFETY: the message is ours until it is released, and a letter is 16 bytes and the rest.
    let bytes = unsafe { std::slice::from_raw_parts(message.data.as_ptr(), message.size as usize) };
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    let (number, check) = (word(0), word(8));
    let is_whole = check == !number && bytes[16..].iter().all(|byte| *byte == number as u8);
    assert!(is_whole, "letter {number} was torn: {bytes:?}");
    number
}

/// Publishes a letter.
pub(crate) fn send(sender: &mut Sender, number: u64) -> Result<(), Stop> {
    let loan = sender.loan()?;
    fill(&loan, number);
    sender.publish(loan.ticket).inspect_err(|_| {
        // After `Dropped` the loan is gone already, and saying so does no harm.
        let _ = sender.discard(loan.ticket);
    })
}

/// Takes and releases a letter.
pub(crate) fn take(receiver: &mut Receiver) -> Result<u64, Stop> {
    let received = receiver.receive(LONG_NS)?;
    let number = number(&received.message);
    give_back(receiver, &received);
    Ok(number)
}

pub(crate) fn give_back(receiver: &mut Receiver, received: &Received) {
    assert_eq!(receiver.release(received.route, received.message.ticket), Ok(()));
}

/// The error of what must fail, with a sentence that says more than a number.
pub(crate) fn refused<T>(answer: Result<T, Error>, fault: Fault) -> String {
    let Err(error) = answer else { panic!("{fault:?} was expected and nothing was wrong") };
    assert_eq!(error.fault, fault, "{error}");
    assert!(error.message.len() > 20 && error.message.contains(' '), "{error}");
    error.message
}

/// Waits until something is true, and not for ever.
pub(crate) fn until(what: &str, is_true: impl FnMut() -> bool) {
    assert!(within(LONG, is_true), "waited {LONG:?} for: {what}");
}

/// Whether something becomes true in time.
pub(crate) fn within(time: Duration, mut is_true: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + time;
    while !is_true() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::park_timeout(Duration::from_micros(500));
    }
    true
}

/// Lets time pass to the microsecond, for moments that must be random.
pub(crate) fn pass(time: Duration) {
    let deadline = Instant::now() + time;
    while Instant::now() < deadline {
        std::hint::spin_loop();
    }
}

/// Is a thread of this process asleep in the kernel?
pub(crate) fn is_asleep(thread: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'))
}

/// The calling thread's number in the kernel.
pub(crate) fn thread_number() -> i32 {
    // SAFETY: gettid can not fail.
    unsafe { libc::gettid() }
}

/// Numbers that are different in every run; the seed is printed, and `VIL_SEED` sets it.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(test: &str) -> Random {
        let given = std::env::var("VIL_SEED").ok().and_then(|seed| seed.parse().ok());
        let clock =
            || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |time| time.as_nanos());
        let seed = given.unwrap_or_else(|| clock() as u64);
        println!("{test}: VIL_SEED={seed}");
        Random(seed | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From 0 up to `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 16) % end
    }
}

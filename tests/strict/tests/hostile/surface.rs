//! The C surface on the file of a world that a second thread scribbles over: every call answers one of its statuses, none is
//! a contained panic, none takes longer than its patience, and what it hands out may be touched.

use std::collections::BTreeMap;
use std::ffi::{CString, c_char, c_void};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use vil_capi::*;
use vil_ir::model;
use vil_ir::plan::{Plan, RoutePlan};
use vil_strict::random::{Random, seed};
use vil_strict::runtime_dir::RuntimeDir;
use vil_strict::soak;

use crate::ground::{Ground, PROGRAM, plan};
use crate::vandal::Vandal;

/// Calls in the short form.
const CALLS: u64 = 30_000;
/// The longest wait that any of these calls is allowed by its arguments is a few milliseconds; the rest is the machine's.
const PATIENCE: Duration = Duration::from_secs(10);

const NO_LOAN: vil_loan_t = vil_loan_t { data: null_mut(), size: 0, slot: 0, ticket: 0 };
const NO_MESSAGE: vil_message_t = vil_message_t { data: null(), size: 0, route: 0, number: 0, answers: 0, ticket: 0 };

/// Bytes of the longest message of the program.
const LONGEST: usize = 64;

/// Ports of each process: those it sends by, those it receives by.
const ROLES: [(&str, &[&str], &[&str]); 3] = [
    ("one", &["write", "copy", "give", "share", "keep", "many", "latest"], &["note", "ring"]),
    ("two", &["on", "pass", "ask"], &["write", "give", "share", "ask", "latest"]),
    ("three", &["note", "serve", "ring"], &["on", "copy", "pass", "share", "keep", "serve", "many"]),
];

struct Out {
    end: *mut vil_sender_t,
    /// Bytes of a message.
    size: usize,
    loans: Vec<vil_loan_t>,
    kept: Vec<vil_loan_t>,
}

struct In {
    end: *mut vil_receiver_t,
    /// Bytes of a message.
    size: usize,
    held: Vec<vil_message_t>,
}

/// Three processes of a program, all of them in this thread.
struct Visit {
    random: Random,
    plan: Plan,
    options: vil_world_options_t,
    _dir: CString,
    worlds: Vec<*mut vil_world_t>,
    outs: Vec<Out>,
    ins: Vec<In>,
    calls: u64,
    answers: BTreeMap<(&'static str, vil_status_t), u64>,
    longest: Duration,
}

fn text(text: &str) -> CString {
    CString::new(text).expect("a text without NUL")
}

impl Visit {
    fn new(dir: &RuntimeDir, random: Random) -> Visit {
        let place = CString::new(dir.as_os_str().as_bytes()).expect("a path without NUL");
        let size = size_of::<vil_world_options_t>() as u32;
        let options =
            vil_world_options_t { struct_size: size, flags: 0, runtime_dir: place.as_ptr(), language: 0, reserved: 0 };
        let (worlds, outs, ins) = Default::default();
        Visit {
            random,
            plan: plan(),
            options,
            _dir: place,
            worlds,
            outs,
            ins,
            calls: 0,
            answers: BTreeMap::new(),
            longest: Duration::ZERO,
        }
    }

    /// One call, which is timed and judged.
    fn call(&mut self, name: &'static str, call: impl FnOnce() -> vil_status_t) -> vil_status_t {
        let begun = Instant::now();
        let status = call();
        let took = begun.elapsed();
        self.longest = self.longest.max(took);
        self.calls += 1;
        *self.answers.entry((name, status)).or_default() += 1;
        assert!(took < PATIENCE, "{name} took {took:?}");
        assert!((VIL_E_BARRIER..=VIL_DROPPED).contains(&status), "{name} answered {status}, which is no status");
        assert_ne!(status, VIL_E_PANIC, "{name} panicked");
        status
    }

    fn create(&mut self) {
        let json = PROGRAM.as_bytes();
        let mut program = null_mut();
        let mut world = null_mut();
        let name = text("siege");
        // SAFETY: all pointers are to places of ours that outlive the calls.
        unsafe {
            let mut error: vil_error_t = std::mem::zeroed();
            let parsed = vil_program_parse(json.as_ptr().cast(), json.len(), &mut program, &mut error);
            assert_eq!(parsed, VIL_OK, "{}", std::ffi::CStr::from_ptr(error.message.as_ptr()).to_string_lossy());
            let made = vil_world_create(name.as_ptr(), program, null(), &self.options, &mut world, null_mut());
            assert_eq!(made, VIL_OK);
        }
        assert_eq!(vil_world_close(world), VIL_OK);
        assert_eq!(vil_program_close(program), VIL_OK);
    }

    /// Everybody enters and opens what can be opened.
    fn enter(&mut self) {
        for (process, sends, receives) in ROLES {
            let Some(world) = self.open_world(process) else { continue };
            self.worlds.push(world);
            sends.iter().for_each(|port| self.open_out(world, process, port));
            receives.iter().for_each(|port| self.open_in(world, process, port));
        }
    }

    fn open_world(&mut self, process: &str) -> Option<*mut vil_world_t> {
        let (name, role) = (text("siege"), text(process));
        let contract = vil_contract_t {
            struct_size: size_of::<vil_contract_t>() as u32,
            generator_level: 1,
            program: name.as_ptr(),
            process: role.as_ptr(),
            ports: null(),
            port_count: 0,
            reserved: 0,
        };
        let (options, mut world) = (self.options, null_mut());
        // SAFETY: as in `create`.
        let opened = || unsafe { vil_world_open(name.as_ptr(), &contract, &options, &mut world, null_mut()) };
        (self.call("world_open", opened) == VIL_OK).then_some(world)
    }

    fn open_out(&mut self, world: *mut vil_world_t, process: &str, name: &str) {
        let (port, mut end) = (text(name), null_mut());
        // SAFETY: as in `create`.
        let opened = || unsafe { vil_sender_open(world, port.as_ptr(), &mut end, null_mut()) };
        if self.call("sender_open", opened) == VIL_OK {
            let size = self.size_at(|route| &route.from, process, name);
            self.outs.push(Out { end, size, loans: Vec::new(), kept: Vec::new() });
        }
    }

    fn open_in(&mut self, world: *mut vil_world_t, process: &str, name: &str) {
        let (port, mut end) = (text(name), null_mut());
        // SAFETY: as in `create`.
        let opened = || unsafe { vil_receiver_open(world, port.as_ptr(), &mut end, null_mut()) };
        if self.call("receiver_open", opened) == VIL_OK {
            let size = self.size_at(|route| &route.to, process, name);
            self.ins.push(In { end, size, held: Vec::new() });
        }
    }

    /// Bytes of the messages of a port, which is one side of its routes.
    fn size_at(&self, side: impl Fn(&RoutePlan) -> &model::End, process: &str, port: &str) -> usize {
        let is_there = |route: &&RoutePlan| side(route).process == process && side(route).port == port;
        let route = self.plan.routes.iter().find(is_there).expect("the program has such a port");
        self.plan.messages[route.message as usize].size as usize
    }

    /// Everybody leaves, in any order.
    fn leave(&mut self) {
        if self.random.once_in(2) {
            self.close_worlds();
        }
        for out in std::mem::take(&mut self.outs) {
            self.call("sender_close", || vil_sender_close(out.end));
        }
        for inp in std::mem::take(&mut self.ins) {
            self.call("receiver_close", || vil_receiver_close(inp.end));
        }
        self.close_worlds();
    }

    fn close_worlds(&mut self) {
        for world in std::mem::take(&mut self.worlds) {
            self.call("world_close", || vil_world_close(world));
        }
    }

    /// Something is called.
    fn act(&mut self) {
        match self.random.below(16) {
            0..=6 => self.send_something(),
            7..=13 => self.receive_something(),
            _ => self.look_around(),
        }
    }

    fn send_something(&mut self) {
        if self.outs.is_empty() {
            return;
        }
        let at = self.random.below(self.outs.len() as u64) as usize;
        let Out { end, size, mut loans, mut kept } = self.outs.swap_remove(at);
        match (self.random.below(8), loans.pop(), kept.pop()) {
            (0..=2, None, _) => {
                let mut loan = NO_LOAN;
                // SAFETY: as in `create`.
                if self.call("sender_loan", || unsafe { vil_sender_loan(end, &mut loan) }) == VIL_OK {
                    // SAFETY: it was lent.
                    unsafe { loan.data.cast::<u8>().write_bytes(7, loan.size as usize) };
                    loans.push(loan);
                }
            }
            (what, Some(mut loan), _) => {
                let request = self.ins.iter().find_map(|inp| inp.held.last().copied()).unwrap_or(NO_MESSAGE);
                let status = match what {
                    // SAFETY: as in `create`.
                    0..=4 => self.call("sender_publish", || unsafe { vil_sender_publish(end, &mut loan) }),
                    // SAFETY: as in `create`.
                    5 => self.call("sender_keep", || unsafe { vil_sender_keep(end, &mut loan) }),
                    // SAFETY: as in `create`.
                    6 => self.call("sender_answer", || unsafe { vil_sender_answer(end, &mut loan, &request) }),
                    // SAFETY: as in `create`.
                    _ => self.call("sender_discard", || unsafe { vil_sender_discard(end, &mut loan) }),
                };
                match (what, status) {
                    (5, VIL_OK) => kept.push(loan),
                    (_, VIL_OK | VIL_DROPPED) => {}
                    _ => loans.push(loan),
                }
            }
            (3, _, Some(mut loan)) => {
                // SAFETY: as in `create`.
                self.call("sender_release", || unsafe { vil_sender_release(end, &mut loan) });
            }
            (4, ..) => {
                let mut count = 0;
                // SAFETY: as in `create`.
                self.call("sender_published", || unsafe { vil_sender_published(end, &mut count) });
            }
            _ => {
                let said = self.say(size);
                let (bytes, mut sent) = ([3u8; LONGEST * 5], 0);
                let data = bytes.as_ptr().cast::<c_void>();
                // SAFETY: as in `create`.
                self.call("sender_send", || unsafe { vil_sender_send(end, data, said) });
                // SAFETY: as in `create`; there are five messages of each size.
                self.call("sender_send_batch", || unsafe { vil_sender_send_batch(end, data, said, 5, &mut sent) });
                assert!(sent <= 5, "{sent} of 5 messages were sent");
            }
        }
        self.outs.push(Out { end, size, loans, kept });
    }

    fn receive_something(&mut self) {
        if self.ins.is_empty() {
            return;
        }
        let at = self.random.below(self.ins.len() as u64) as usize;
        let In { end, size, mut held } = self.ins.swap_remove(at);
        let timeout = *self.random.pick(&[0, 0, 0, 1, 50_000]);
        match (self.random.below(8), held.pop()) {
            (0..=4, None) => {
                let mut message = NO_MESSAGE;
                // SAFETY: as in `create`.
                if self.call("receiver_receive", || unsafe { vil_receiver_receive(end, timeout, &mut message) })
                    == VIL_OK
                {
                    self.read(&message);
                    held.push(message);
                }
            }
            (what, Some(mut message)) => {
                let to = self.outs.last().map_or(null_mut(), |out| out.end);
                let status = match what {
                    // SAFETY: as in `create`.
                    0..=3 => self.call("receiver_release", || unsafe { vil_receiver_release(end, &mut message) }),
                    // SAFETY: as in `create`.
                    4..=5 => self.call("receiver_consume", || unsafe { vil_receiver_consume(end, &mut message) }),
                    // SAFETY: as in `create`.
                    _ => self.call("receiver_forward", || unsafe { vil_receiver_forward(end, &mut message, to) }),
                };
                if status != VIL_OK && message.ticket != 0 {
                    held.push(message);
                }
            }
            (6, None) => {
                let said = self.say(size);
                let (mut bytes, mut read) = ([0xa5u8; LONGEST * 6], 0);
                let data = bytes.as_mut_ptr().cast::<c_void>();
                // SAFETY: as in `create`; there is room for six messages of each size.
                self.call("receiver_read", || unsafe { vil_receiver_read(end, timeout, data, said) });
                // SAFETY: as above.
                let read_some = || unsafe { vil_receiver_read_batch(end, timeout, data, said, 5, &mut read) };
                self.call("receiver_read_batch", read_some);
                assert!(
                    read <= 5 && bytes[said * 5..].iter().all(|byte| *byte == 0xa5),
                    "{read} of 5 messages were read"
                );
            }
            (5, None) => {
                let mut count = 0;
                // SAFETY: as in `create`.
                self.call("receiver_received", || unsafe { vil_receiver_received(end, &mut count) });
            }
            _ => {
                let (ends, mut index) = ([end], 0);
                // SAFETY: as in `create`.
                self.call("wait_any", || unsafe { vil_receiver_wait_any(ends.as_ptr(), 1, timeout, &mut index) });
            }
        }
        self.ins.push(In { end, size, held });
    }

    /// The size that a call is told: mostly that of the message.
    fn say(&mut self, size: usize) -> usize {
        if self.random.once_in(4) { *self.random.pick(&[58, 64, 16, 9]) } else { size }
    }

    /// Nobody but the scribbler writes there, and it leaves messages alone.
    fn read(&mut self, message: &vil_message_t) {
        assert!(message.size <= 64, "a message of {} bytes", message.size);
        // SAFETY: it was received.
        let bytes = unsafe { std::slice::from_raw_parts(message.data.cast::<u8>(), message.size as usize) };
        std::hint::black_box(bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)));
    }

    fn look_around(&mut self) {
        let Some(&world) = self.worlds.first() else { return };
        let index = self.random.below(12) as u32;
        // SAFETY: as in `create`; all zeroes are a value of each of these structs.
        unsafe {
            match self.random.below(12) {
                0 => {
                    let mut info: vil_route_info_t = std::mem::zeroed();
                    info.struct_size = size_of::<vil_route_info_t>() as u32;
                    let status = self.call("route_info", || vil_world_route_info(world, index, &mut info));
                    assert!(status != VIL_OK || info.depth <= info.capacity, "{} of {}", info.depth, info.capacity);
                }
                1 => {
                    let mut info: vil_process_info_t = std::mem::zeroed();
                    info.struct_size = size_of::<vil_process_info_t>() as u32;
                    self.call("process_info", || vil_world_process_info(world, index, &mut info));
                    assert!(info.name.contains(&(0 as c_char)), "a name without an end");
                }
                2 => {
                    let mut audit: vil_audit_t = std::mem::zeroed();
                    audit.struct_size = size_of::<vil_audit_t>() as u32;
                    self.call("audit", || vil_world_audit(world, &mut audit));
                    let sum = audit.free_slots + audit.held_slots + audit.retained_slots + audit.leaked_slots;
                    assert_eq!(audit.slots, sum);
                }
                3 => {
                    let mut entry: vil_registry_entry_t = std::mem::zeroed();
                    entry.struct_size = size_of::<vil_registry_entry_t>() as u32;
                    self.call("registry_entry", || vil_registry_entry(world, index, &mut entry));
                }
                4 => {
                    let mut slots = 0;
                    self.call("registry_slots", || vil_registry_slots(world, index, &mut slots));
                }
                5 => {
                    let mut ends = 0;
                    self.call("registry_ends", || vil_registry_ends(world, index, index, &mut ends));
                }
                6 => {
                    let mut event: vil_event_t = std::mem::zeroed();
                    event.struct_size = size_of::<vil_event_t>() as u32;
                    let mut cursor = if index < 6 { 0 } else { self.random.next_word() };
                    self.call("registry_trail", || vil_registry_trail(world, &mut cursor, &mut event));
                }
                7 => {
                    let mut recovered = 0;
                    self.call("registry_recover", || vil_registry_recover(world, index, &mut recovered));
                }
                8 => {
                    let mut recovered = 0;
                    self.call("recover", || vil_world_recover(world, &mut recovered));
                }
                9 => _ = self.call("cancel", || vil_world_cancel(world)),
                _ => self.come_and_go(),
            }
        }
    }

    /// An end is closed and opened again, or somebody else comes by.
    fn come_and_go(&mut self) {
        if self.random.once_in(2) && !self.outs.is_empty() {
            let at = self.random.below(self.outs.len() as u64) as usize;
            let out = self.outs.swap_remove(at);
            self.call("sender_close", || vil_sender_close(out.end));
        } else if !self.ins.is_empty() {
            let at = self.random.below(self.ins.len() as u64) as usize;
            let inp = self.ins.swap_remove(at);
            self.call("receiver_close", || vil_receiver_close(inp.end));
        }
        let (process, sends, receives) = *self.random.pick(&ROLES);
        let Some(world) = self.open_world(process) else { return };
        let (port, other) = (*self.random.pick(sends), *self.random.pick(receives));
        self.open_out(world, process, port);
        self.open_in(world, process, other);
        self.call("world_close", || vil_world_close(world));
    }
}

#[test]
fn the_c_surface_answers_on_a_file_that_is_scribbled_over() {
    let seed = seed();
    let started = Instant::now();
    let time = soak::seconds().map(|seconds| Duration::from_millis(seconds * 200));
    let dir = RuntimeDir::new("siege");
    let mut visit = Visit::new(&dir, Random::new(seed));
    visit.create();
    let path = dir.join("siege.vil");
    let file = std::fs::File::options().write(true).open(&path).expect("it can be opened");
    let fresh = std::fs::read(&path).expect("it can be read");
    let ground = Ground::map(&path);
    let fixed = ground.geometry.processes_offset as usize;
    let (over, allowed) = (AtomicBool::new(false), AtomicU64::new(0));
    let blows = std::thread::scope(|scope| {
        let scribbler = scope.spawn(|| scribble(&ground, seed, &over, &allowed));
        let _end = End(&over);
        while time.map_or(visit.calls < CALLS, |time| started.elapsed() < time) {
            // Everybody has left: the world begins anew, and the first to enter find it so.
            file.write_all_at(&fresh[fixed..], fixed as u64).expect("it can be written");
            visit.enter();
            for _ in 0..visit.random.below(600) {
                // So many words for each call, however the machine shares its time between the two threads.
                allowed.fetch_add(2, Ordering::SeqCst);
                visit.act();
            }
            visit.leave();
        }
        over.store(true, Ordering::SeqCst);
        scribbler.join().expect("it ends")
    });
    println!(
        "C surface: VIL_SEED={seed}, {} calls, {blows} words broken, the longest call {:?}, {:.1} s\n  {:?}",
        visit.calls,
        visit.longest,
        started.elapsed().as_secs_f64(),
        visit.answers
    );
    soak::report("hostile_calls", visit.calls);
    soak::report("hostile_words", blows);
    let worked = |call: &str| visit.answers.get(&(call, VIL_OK)).copied().unwrap_or(0);
    for call in [
        "sender_publish",
        "sender_send",
        "sender_send_batch",
        "receiver_receive",
        "receiver_read",
        "receiver_read_batch",
        "receiver_release",
        "receiver_consume",
        "audit",
    ] {
        assert!(worked(call) > visit.calls / 10_000, "{call} worked {} times of {}", worked(call), visit.calls);
    }
    let corrupt: u64 = visit.answers.iter().filter(|((_, status), _)| *status == VIL_E_CORRUPT).map(|(_, n)| n).sum();
    assert!(corrupt > visit.calls / 1_000, "{corrupt} calls met nonsense");
}

/// Says that it is over, also after a panic.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Breaks as many words as are allowed, until it is over; how many they were.
fn scribble(ground: &Ground, seed: u64, over: &AtomicBool, allowed: &AtomicU64) -> u64 {
    let mut vandal = Vandal::new(seed ^ 3);
    let (mut seen, mut since) = (0, Instant::now());
    while !over.load(Ordering::SeqCst) {
        let now = allowed.load(Ordering::SeqCst);
        if now != seen {
            (seen, since) = (now, Instant::now());
        } else if since.elapsed() > PATIENCE * 6 {
            // A thread that is in a call for ever cannot be made to fail.
            eprintln!("VIL_SEED={seed}: a call does not come back");
            std::process::abort();
        }
        match vandal.blows < now {
            true => vandal.strike(ground),
            false => std::thread::yield_now(),
        }
    }
    vandal.blows
}

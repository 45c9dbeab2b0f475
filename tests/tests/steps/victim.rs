//! A victim in Rust, through the crate: as victim.c, but for the lane of parcels. `victim PROGRAM DIARY SCRIPT`.

#[path = "steps.rs"]
mod steps;

use std::ffi::CStr;
use std::fs::OpenOptions;
use std::os::fd::AsRawFd;
use std::time::Duration;

use steps::{Letter, Parcel};
use vil::{Contract, Incoming, Loan, PortContract, Program, Receiver, Sender, Status, World};

/// Name of a lane, its producer and its consumer: 0 left, 1 right.
const LANES: [(&CStr, usize, usize); 4] = [(c"letters", 0, 1), (c"skips", 0, 1), (c"notes", 0, 1), (c"back", 1, 0)];
const SKIPS: usize = 1;
const HELD: usize = 4;

static LEFT_PORTS: [PortContract; 5] = [
    PortContract::output::<Letter>(c"letters"),
    PortContract::output::<Letter>(c"skips"),
    PortContract::output::<Letter>(c"notes"),
    PortContract::output::<Parcel>(c"parcels"),
    PortContract::input::<Letter>(c"back"),
];
static RIGHT_PORTS: [PortContract; 5] = [
    PortContract::input::<Letter>(c"letters"),
    PortContract::input::<Letter>(c"skips"),
    PortContract::input::<Letter>(c"notes"),
    PortContract::input::<Parcel>(c"parcels"),
    PortContract::output::<Letter>(c"back"),
];
static LEFT: Contract = Contract::new(c"steps", c"left", &LEFT_PORTS);
static RIGHT: Contract = Contract::new(c"steps", c"right", &RIGHT_PORTS);

unsafe extern "C" {
    fn mmap(place: *mut u8, size: usize, protection: i32, flags: i32, file: i32, offset: i64) -> *mut u8;
}

/// The diary of lanes.h: four counts of a lane, in 64 bytes.
struct Diary(*mut u64);

#[derive(Clone, Copy)]
enum Count {
    Attempted,
    Published,
    Releasing,
    Released,
}

impl Diary {
    fn open(path: &str) -> Diary {
        let file = OpenOptions::new().read(true).write(true).open(path).expect("the diary is there");
        // SAFETY: a mapping of its own, readable, writable and shared, of a file of this size.
        let place = unsafe { mmap(std::ptr::null_mut(), 4096, 3, 1, file.as_raw_fd(), 0) };
        assert!(place.addr() != usize::MAX, "the diary can not be mapped");
        Diary(place.cast())
    }

    fn at(&self, lane: usize, count: Count) -> *mut u64 {
        // SAFETY: inside of the page.
        unsafe { self.0.add(lane * 8 + count as usize) }
    }

    fn get(&self, lane: usize, count: Count) -> u64 {
        // SAFETY: inside of the page; the judge only reads it, when this program stands still.
        unsafe { self.at(lane, count).read_volatile() }
    }

    fn set(&self, lane: usize, count: Count, value: u64) {
        // SAFETY: as in `get`.
        unsafe { self.at(lane, count).write_volatile(value) }
    }

    /// Checks a count against the two between which it must lie, and makes it both.
    fn settle(&self, lane: usize, value: u64, high: Count, low: Count) {
        let range = self.get(lane, low)..=self.get(lane, high);
        assert!(range.contains(&value), "{value} is not in {range:?}, lane {lane}");
        self.set(lane, high, value);
        self.set(lane, low, value);
    }
}

/// One lane's ends. They are leaked while they are open, so that what they lend can lie beside them.
#[derive(Default)]
struct Lane {
    sender: Option<&'static Sender<Letter>>,
    receiver: Option<&'static Receiver<Letter>>,
    loans: Vec<Loan<'static, Letter>>,
    held: Vec<Incoming<'static, Letter>>,
    next: u64,
    cursor: u64,
}

impl Lane {
    /// Closes the sender; what it lent is forgotten, not given back, as in C.
    fn close_sender(&mut self) {
        self.loans.drain(..).for_each(std::mem::forget);
        if let Some(sender) = self.sender.take() {
            // SAFETY: it came from a Box, and the loans that borrowed it are gone.
            drop(unsafe { Box::from_raw(std::ptr::from_ref(sender).cast_mut()) });
        }
    }

    fn close_receiver(&mut self) {
        self.held.drain(..).for_each(std::mem::forget);
        if let Some(receiver) = self.receiver.take() {
            // SAFETY: as above.
            drop(unsafe { Box::from_raw(std::ptr::from_ref(receiver).cast_mut()) });
        }
    }
}

struct Victim {
    diary: Diary,
    text: String,
    program: Option<Program>,
    worlds: [Option<World>; 2],
    lanes: [Lane; 4],
}

fn letter(number: u64) -> Letter {
    Letter { number, check: !number, rest: [number as u8; 16] }
}

fn benign(what: &str, status: Status) {
    let is_benign = status.raw() >= 0 || [Status::E_LIMIT, Status::E_NOMEM].contains(&status);
    assert!(is_benign, "{what}: {status}");
}

/// Begins and ends what the tracer looks at; one place, so that it knows the end when it comes there again.
#[inline(never)]
fn mark() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a breakpoint changes nothing; the tracer goes on behind it.
    unsafe {
        core::arch::asm!("int3")
    };
}

impl Victim {
    fn act(&mut self, what: char, at: usize) {
        match what {
            'm' => mark(),
            'J' => self.program = Some(Program::parse(&self.text).expect("the program is legal")),
            'j' => self.program = None,
            'W' => self.enter(at),
            'V' => self.worlds[at] = None,
            'u' => World::unlink("steps").expect("unlink"),
            'a' | 'c' | 'i' => self.look(what),
            'w' => self.wait(),
            _ if at < LANES.len() => self.act_on_lane(what, at),
            _ => {}
        }
    }

    fn enter(&mut self, role: usize) {
        if self.worlds[role].is_some() {
            return;
        }
        let contract = Some([&LEFT, &RIGHT][role]);
        let world = match &self.program {
            Some(program) => World::open_or_create("steps", program, contract),
            None => World::open("steps", contract),
        };
        self.worlds[role] = Some(world.unwrap_or_else(|error| panic!("{error}")));
    }

    fn look(&self, what: char) {
        let Some(world) = self.worlds.iter().flatten().next() else { return };
        match what {
            'c' => drop(world.recover().expect("recover")),
            'i' => drop((world.routes().expect("routes"), world.processes().expect("processes"))),
            _ => assert_eq!(world.audit().expect("audit").leaked_slots, 0),
        }
    }

    fn wait(&self) {
        let (Some(letters), Some(notes)) = (self.lanes[0].receiver, self.lanes[2].receiver) else { return };
        if let Err(status) = vil::wait_any(&[letters, notes], Duration::from_micros(200)) {
            benign("wait", status);
        }
    }

    fn act_on_lane(&mut self, what: char, at: usize) {
        match what {
            'S' => self.open_sender(at),
            's' => self.lanes[at].close_sender(),
            'R' => self.open_receiver(at),
            'r' => self.lanes[at].close_receiver(),
            'l' => self.loan(at),
            'd' => drop(self.lanes[at].loans.pop()),
            'p' => self.publish(at),
            'n' => self.send(at),
            'g' => self.receive(at, Duration::ZERO),
            'G' => self.receive(at, Duration::from_micros(100)),
            'o' | 'y' => self.release(at, what == 'y'),
            _ => panic!("no such act: {what}"),
        }
    }

    fn open_sender(&mut self, at: usize) {
        let (name, producer, _) = LANES[at];
        let (Some(world), None) = (&self.worlds[producer], self.lanes[at].sender) else { return };
        let sender = Sender::open(world, name).unwrap_or_else(|error| panic!("{error}"));
        let next = sender.published().expect("published");
        self.diary.settle(at, next, Count::Attempted, Count::Published);
        self.lanes[at].next = next;
        self.lanes[at].sender = Some(Box::leak(Box::new(sender)));
    }

    fn open_receiver(&mut self, at: usize) {
        let (name, _, consumer) = LANES[at];
        let (Some(world), None) = (&self.worlds[consumer], self.lanes[at].receiver) else { return };
        let receiver = Receiver::open(world, name).unwrap_or_else(|error| panic!("{error}"));
        let cursor = receiver.received().expect("received");
        if at == SKIPS {
            self.diary.set(at, Count::Releasing, self.diary.get(at, Count::Attempted));
        }
        self.diary.settle(at, cursor, Count::Releasing, Count::Released);
        self.lanes[at].cursor = cursor;
        self.lanes[at].receiver = Some(Box::leak(Box::new(receiver)));
    }

    fn loan(&mut self, at: usize) {
        let lane = &mut self.lanes[at];
        let Some(sender) = lane.sender.filter(|_| lane.loans.len() < HELD) else { return };
        match sender.loan() {
            Ok(loan) => lane.loans.push(loan),
            Err(status) => benign("loan", status),
        }
    }

    fn publish(&mut self, at: usize) {
        let (lane, diary) = (&mut self.lanes[at], &self.diary);
        if lane.loans.is_empty() {
            return;
        }
        let mut loan = lane.loans.remove(0);
        *loan = letter(lane.next);
        diary.set(at, Count::Attempted, lane.next + 1);
        match loan.publish() {
            Ok(()) => {
                lane.next += 1;
                diary.set(at, Count::Published, lane.next);
            }
            Err(held) => {
                benign("publish", held.status);
                held.loan.into_iter().for_each(|loan| lane.loans.insert(0, loan));
            }
        }
        diary.set(at, Count::Attempted, lane.next);
    }

    fn send(&mut self, at: usize) {
        let (lane, diary) = (&mut self.lanes[at], &self.diary);
        let Some(sender) = lane.sender else { return };
        diary.set(at, Count::Attempted, lane.next + 1);
        match sender.send(&letter(lane.next)) {
            Ok(()) => {
                lane.next += 1;
                diary.set(at, Count::Published, lane.next);
            }
            Err(status) => benign("send", status),
        }
        diary.set(at, Count::Attempted, lane.next);
    }

    fn receive(&mut self, at: usize, timeout: Duration) {
        let lane = &mut self.lanes[at];
        let Some(receiver) = lane.receiver.filter(|_| lane.held.len() < HELD) else { return };
        match receiver.receive(timeout) {
            Ok(incoming) => {
                assert_eq!((incoming.number(), *incoming), (lane.cursor, letter(lane.cursor)), "lane {at}");
                lane.cursor += 1;
                lane.held.push(incoming);
            }
            Err(status) => benign("receive", status),
        }
    }

    fn release(&mut self, at: usize, youngest: bool) {
        let (lane, diary) = (&mut self.lanes[at], &self.diary);
        if lane.held.is_empty() {
            return;
        }
        let released = lane.held.remove(if youngest { lane.held.len() - 1 } else { 0 });
        let first = lane.held.first().map_or(lane.cursor, Incoming::number);
        diary.set(at, Count::Releasing, first);
        released.release();
        diary.set(at, Count::Released, first);
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, diary, script] = &arguments[..] else { panic!("usage: victim PROGRAM DIARY SCRIPT") };
    let mut victim = Victim {
        diary: Diary::open(diary),
        text: std::fs::read_to_string(program).expect("the program is there"),
        program: None,
        worlds: [None, None],
        lanes: Default::default(),
    };
    let acts: Vec<char> = script.chars().collect();
    for act in acts.chunks_exact(2) {
        victim.act(act[0], act[1].to_digit(10).expect("a digit") as usize);
    }
    // As a victim in C: what is still held is not given back one by one.
    victim.lanes.iter_mut().for_each(Lane::close_sender);
    victim.lanes.iter_mut().for_each(Lane::close_receiver);
}

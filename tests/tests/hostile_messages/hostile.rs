//! hostile.c in Rust: `hostile SEEDS SEED ROUNDS SECONDS RACE`. Every message lies right before memory that nobody may touch.

use std::ffi::{c_char, c_int, c_uint, c_void};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use walk::{Kind, Walk};

#[path = "PROGRAM"]
mod program;
#[path = "WALK"]
mod walk;
mod walkers;

unsafe extern "C" {
    fn vil_msg_verify(descriptor: *const u32, data: *const c_void, size: usize, fault: *mut c_void) -> c_int;
    fn vil_msg_to_json(
        descriptor: *const u32,
        data: *const c_void,
        size: usize,
        style: c_uint,
        text: *mut c_char,
        capacity: usize,
        written: *mut usize,
        fault: *mut c_void,
    ) -> c_int;
    fn mmap(at: *mut c_void, size: usize, protection: c_int, flags: c_int, file: c_int, offset: i64) -> *mut c_void;
    fn mprotect(at: *mut c_void, size: usize, protection: c_int) -> c_int;
    fn alarm(seconds: c_uint) -> c_uint;
}

const MOST: usize = 4096;
const PAGE: usize = 65536;

struct Seed {
    kind: usize,
    bytes: Vec<u8>,
}

struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(2685821657736338717)
    }

    fn below(&mut self, end: usize) -> usize {
        ((self.bits() >> 24) % end.max(1) as u64) as usize
    }
}

fn seeds(path: &str) -> Vec<Seed> {
    let file = std::fs::read(path).expect("seeds");
    let number = |at: usize| u32::from_ne_bytes(file[at..at + 4].try_into().expect("4")) as usize;
    let (mut at, mut all) = (0, Vec::new());
    while at < file.len() {
        let (kind, size) = (number(at), number(at + 4));
        all.push(Seed { kind, bytes: file[at + 8..at + 8 + size].to_vec() });
        at += 8 + size;
    }
    all
}

/// One change, as hostile.c makes them.
fn change(data: &mut [u8], random: &mut Random) {
    let size = data.len();
    if size < 24 {
        return;
    }
    let (at, from) = (random.below(size / 4) * 4, random.below(size / 4) * 4);
    let read = |at: usize, data: &[u8]| u32::from_ne_bytes(data[at..at + 4].try_into().expect("4"));
    let word = read(at, data);
    let word = match random.below(12) {
        0 => word.wrapping_add(random.below(17) as u32).wrapping_sub(8),
        1 => random.below(size + 16) as u32,
        2 => (size - random.below(20)) as u32,
        3 => word ^ 1 << random.below(32),
        4 => u32::MAX - random.below(16) as u32,
        5 => 0,
        6 => read(from, data),
        7 => random.bits() as u32,
        8 => return data[8 + random.below(size - 8)] = random.below(256) as u8,
        9 => return data[16 + random.below(size - 16)] ^= 1,
        10 => return data[12..16].copy_from_slice(&(random.below(size) as u32).to_ne_bytes()),
        _ => random.below(4) as u32,
    };
    data[at..at + 4].copy_from_slice(&word.to_ne_bytes());
}

fn make(seed: &Seed, work: &mut Vec<u8>, random: &mut Random) {
    work.clear();
    work.extend(&seed.bytes);
    if random.below(16) == 0 {
        let kept = if random.below(2) == 0 { 16 } else { 0 };
        work[kept..].iter_mut().for_each(|byte| *byte = (random.bits() >> 40) as u8);
        return;
    }
    (0..random.below(4)).for_each(|_| change(work, random));
    if random.below(8) == 0 {
        work.truncate(random.below(work.len() + 1));
    }
}

struct Judge {
    json: Vec<u8>,
    accepted: u64,
}

impl Judge {
    /// Verifies and walks.
    fn look(&mut self, kind: &Kind, data: *const u8, size: usize, is_race: bool) {
        let (words, bytes, none) = (kind.descriptor.as_ptr(), data.cast::<c_void>(), std::ptr::null_mut());
        let status = unsafe { vil_msg_verify(words, bytes, size, none) };
        self.accepted += u64::from(status == 0);
        let mut written = 0;
        let mut left = if is_race { 300 } else { 2000 };
        if is_race || status == 0 {
            let (text, room) = (self.json.as_mut_ptr().cast(), self.json.len());
            let told = unsafe { vil_msg_to_json(words, bytes, size, 0, text, room, &mut written, none) };
            assert!(is_race || told == 0, "{}: accepted, and has no JSON", kind.name);
        }
        let mut json = None;
        if !is_race && status == 0 {
            json = Some(&self.json[..written]);
            left = u64::MAX;
        }
        let mut walk = Walk { json, left, wrong: None, sum: 0, scratch: String::new() };
        (kind.walk)(&mut walk, unsafe { vil::View::root_of(data, size) });
        let said = || String::from_utf8_lossy(&self.json[..written]).into_owned();
        let rest = String::from_utf8_lossy(walk.json.unwrap_or(b""));
        if let Some(wrong) = &walk.wrong {
            panic!("{}: {wrong}, at `{rest}`\n{}", kind.name, said());
        }
        assert!(rest.is_empty(), "{}: there is more JSON: `{rest}`\n{}", kind.name, said());
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |index: usize| arguments[index].parse::<u64>().expect("a number");
    let (rounds, seconds, is_race) = (number(3), number(4), number(5) == 1);
    let seeds: &'static [Seed] = seeds(&arguments[1]).leak();
    let mut random = Random(number(2) | 1);
    // SAFETY: a mapping of our own; its end is taken from everybody.
    let guard = unsafe {
        let room = mmap(std::ptr::null_mut(), MOST + PAGE, 3, 0x22, -1, 0);
        // MAP_FAILED is -1.
        assert!(room.addr() != usize::MAX && mprotect(room.byte_add(PAGE), MOST, 0) == 0);
        // The kernel ends what hangs.
        alarm(seconds as c_uint + 120);
        room.cast::<u8>().add(PAGE)
    };
    let (place, raced, is_over) = (
        guard.expose_provenance(),
        &*Box::leak(Box::new(AtomicUsize::new(0))),
        &*Box::leak(Box::new(AtomicBool::new(false))),
    );
    let mut other = Random(random.bits() | 1);
    let thread = is_race.then(|| {
        std::thread::spawn(move || {
            while !is_over.load(Relaxed) {
                let seed = &seeds[raced.load(Relaxed)];
                let size = seed.bytes.len() & !7;
                let at = other.below(size / 4) * 4;
                let word = match other.below(16) {
                    0 => other.bits() as u32,
                    1..8 => other.below(size + 16) as u32,
                    _ => u32::from_ne_bytes(seed.bytes[at..at + 4].try_into().expect("4")),
                };
                // SAFETY: within the mapping, aligned to 4.
                unsafe { AtomicU32::from_ptr(std::ptr::with_exposed_provenance_mut::<u32>(place - size + at)) }
                    .store(word, Relaxed);
            }
        })
    });
    let mut judge = Judge { json: vec![0; 1 << 20], accepted: 0 };
    let (mut work, mut done) = (Vec::new(), 0u64);
    let end = Instant::now() + Duration::from_secs(seconds);
    while if seconds == 0 { done < rounds } else { done % 256 != 0 || Instant::now() < end } {
        if is_race {
            if done % 64 == 0 {
                raced.store(random.below(seeds.len()), Relaxed);
            }
            let seed = &seeds[raced.load(Relaxed)];
            let size = seed.bytes.len() & !7;
            let data = unsafe { guard.sub(size) };
            if random.below(8) == 0 {
                // SAFETY: as below; the other thread's words may be lost, or these.
                unsafe { data.copy_from(seed.bytes.as_ptr(), size) };
            }
            judge.look(&walkers::KINDS[seed.kind], data, size, true);
        } else {
            let seed = &seeds[random.below(seeds.len())];
            make(seed, &mut work, &mut random);
            if random.below(4) != 0 {
                work.truncate(work.len() & !7);
            }
            let data = unsafe { guard.sub(work.len().next_multiple_of(8)) };
            // SAFETY: in front of the guard there is room for the largest message.
            unsafe { data.copy_from(work.as_ptr(), work.len()) };
            judge.look(&walkers::KINDS[seed.kind], data, work.len(), false);
        }
        done += 1;
    }
    is_over.store(true, Relaxed);
    if let Some(thread) = thread {
        thread.join().expect("it only writes");
    }
    println!("{done} {}", judge.accepted);
}

//! Bytes that nobody meant: a world cut short, with flipped bytes, with other numbers, with nonsense in its words. Each is
//! an answer, none is a panic, a hang or a read out of bounds.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use vil_core::base::error::Fault;
use vil_core::base::limits::{MAX_STATIC_SIZE, PAGE};
use vil_core::mem::{Geometry, decode, encode, peek_sizes, static_size};
use vil_core::sys::file::RuntimeDir;
use vil_core::world::{Receiver, Sender, World};
use vil_ir::plan::{ClassPlan, Plan, binary};

use crate::house::{House, NOBODY, PLAIN, Random, Shape, place, refused, role};

/// A world that nobody has open, and its file and bytes.
struct Ruin {
    house: House,
    file: File,
    bytes: Vec<u8>,
    fixed: usize,
}

impl Ruin {
    fn new(name: &str, shape: Shape) -> Ruin {
        let house = House::new(name, shape);
        let file = File::options().read(true).write(true).open(house.file()).expect("the world has a file");
        let bytes = fs::read(house.file()).expect("it can be read");
        let (_, fixed) = peek_sizes(&bytes, bytes.len() as u64).expect("it is a world");
        Ruin { house, file, bytes, fixed: fixed as usize }
    }

    fn write(&self, bytes: &[u8], at: usize) {
        self.file.write_all_at(bytes, at as u64).expect("it can be written");
    }

    /// Offsets of the words that say something: entries, slots, both ends of the ring, flags, cells.
    fn words(&self) -> Vec<u64> {
        let geometry = &self.house.keeper.shared().geometry;
        let ring = &geometry.rings[0];
        let ends = [ring.tail, ring.head].into_iter().flat_map(|end| [end, end, end + 8, end + 16]);
        let processes = (0..4).map(|process| geometry.process(process));
        let slots = (0..geometry.slots).map(|slot| geometry.slot(slot));
        let cells = (0..ring.capacity).flat_map(|index| [ring.cell(index), ring.cell(index) + 8]);
        let rest = [ring.producer_flag, ring.consumer_flag, ring.histogram, geometry.counters_offset];
        ends.chain(processes).chain(slots).chain(cells).chain(rest).collect()
    }

    fn open(&self) -> Result<std::sync::Arc<World>, vil_core::base::error::Error> {
        World::open(&self.house.place, "post", &NOBODY)
    }

    /// Enters and does everything once.
    fn visit(&self) {
        visit(&self.house.place);
    }
}

/// Enters and does everything once; what comes of it is not the question.
fn visit(place: &RuntimeDir) {
    let Ok(writer) = World::open(place, "post", &role("writer")) else { return };
    let Ok(reader) = World::open(place, "post", &role("reader")) else { return };
    let (sender, receiver) = (Sender::open(&writer, "letters"), Receiver::open(&reader, "letters"));
    if let Ok(mut sender) = sender {
        for _ in 0..8 {
            let Ok(loan) = sender.loan() else { break };
            // SAFETY: the loan is ours and has its size.
            unsafe { loan.data.as_ptr().write_bytes(7, loan.size as usize) };
            if sender.publish(loan.ticket).is_err() {
                break;
            }
        }
    }
    if let Ok(mut receiver) = receiver {
        while let Ok(received) = receiver.poll() {
            // SAFETY: the message is ours and has its size.
            let bytes =
                unsafe { std::slice::from_raw_parts(received.message.data.as_ptr(), received.message.size as usize) };
            assert!(bytes.len() < 1 << 20, "a letter is small: {}", bytes.iter().filter(|byte| **byte == 7).count());
            if receiver.release(received.route, received.message.ticket).is_err() {
                break;
            }
        }
        let _ = receiver.receive(1);
    }
    let audit = writer.audit();
    assert_eq!(audit.slots, audit.free + audit.held + audit.retained + audit.leaked);
    let _ = vil_core::observe::route(&writer, 0);
}

#[test]
fn a_world_cut_short_or_drawn_long_is_refused_at_every_length() {
    let ruin = Ruin::new("cut", PLAIN);
    let size = ruin.bytes.len();
    let mut random = Random::new("cut");
    let mut lengths: Vec<usize> = (0..300).chain((4096..size).step_by(4096)).collect();
    lengths.extend([ruin.fixed - 1, ruin.fixed, ruin.fixed + 1, size - 1, size + 1, size + 4096, size * 2]);
    lengths.extend((0..200).map(|_| random.below(size as u64) as usize));
    let path = ruin.house.join("cut.vil");
    for length in lengths {
        fs::write(&path, &ruin.bytes).expect("it can be written");
        let copy = File::options().write(true).open(&path).expect("it is there");
        copy.set_len(length as u64).expect("it can be cut");
        let said = refused(World::open(&ruin.house.place, "cut", &NOBODY), Fault::Corrupt);
        assert!(said.contains(&length.to_string()), "{length}: {said}");
    }
    fs::write(&path, &ruin.bytes).expect("it can be written");
    assert!(World::open(&ruin.house.place, "cut", &NOBODY).is_ok());
}

#[test]
fn every_byte_of_the_static_part_counts() {
    let ruin = Ruin::new("flipped", PLAIN);
    let mut random = Random::new("flipped");
    for at in 0..ruin.fixed {
        let flip = 1 << random.below(8);
        for flipped in [ruin.bytes[at] ^ 0xff, ruin.bytes[at] ^ flip] {
            ruin.write(&[flipped], at);
            match ruin.open() {
                Err(error) => assert!(matches!(error.fault, Fault::Corrupt | Fault::Abi), "byte {at}: {error}"),
                Ok(_) => panic!("byte {at} of the static part may be anything"),
            }
        }
        ruin.write(&ruin.bytes[at..=at], at);
    }
    assert!(ruin.open().is_ok());
    ruin.house.is_swept();
}

/// One number of the tables, changed.
fn spoil(plan: &mut Plan, random: &mut Random) -> String {
    const NUMBERS: [u32; 14] = [0, 1, 2, 3, 7, 15, 16, 17, 64, 128, 4096, 65_537, 1 << 20, u32::MAX];
    let number = NUMBERS[random.below(NUMBERS.len() as u64) as usize];
    let route = &mut plan.routes[0];
    let what = random.below(13);
    match what {
        0 => plan.process_entries = number,
        1 => plan.classes.iter_mut().for_each(|class| class.stride = number),
        2 => plan.classes.iter_mut().for_each(|class| class.count = number),
        3 => route.message = number,
        4 => route.size = number,
        5 => route.class = (number > 0).then(|| number - 1),
        6 => route.cell_size = number,
        7 => route.capacity = number,
        8 => route.producer_loans = number,
        9 => route.consumer_loans = number,
        10 => route.sample = number,
        11 => route.deadline_ms = number.min(1),
        _ => plan.classes.push(ClassPlan { stride: 128, count: number, memory: plan.classes[0].memory }),
    }
    format!("number {what} is {number}")
}

#[test]
fn other_numbers_in_a_well_sealed_static_part_are_refused_or_do_no_harm() {
    let ruin = Ruin::new("numbers", Shape { bytes: 200, deadline_ms: 1, ..PLAIN });
    let mut random = Random::new("numbers");
    let catalog = decode(&ruin.bytes[..ruin.fixed]).expect("it is a world");
    let (mut refusals, rounds) = (0, 600);
    for _ in 0..rounds {
        let mut catalog = catalog.clone();
        let changed = spoil(&mut catalog.plan, &mut random);
        let bytes = encode(&catalog, ruin.bytes.len() as u64);
        ruin.write(&ruin.bytes, 0);
        ruin.write(&bytes, 0);
        let visited = catch_unwind(AssertUnwindSafe(|| match ruin.open() {
            Err(error) => {
                assert_eq!(error.fault, Fault::Corrupt, "{error}");
                refusals += 1;
            }
            Ok(_) => ruin.visit(),
        }));
        assert!(visited.is_ok(), "{changed}");
    }
    assert!(refusals > rounds / 3, "{refusals} of {rounds} were refused");
    ruin.write(&ruin.bytes, 0);
    assert!(ruin.open().is_ok());
}

#[test]
fn a_program_whose_text_nobody_could_read_back_makes_no_world() {
    let dir = vil_tests::runtime_dir::RuntimeDir::new("long-text");
    let place = place(&dir);
    let with = |bytes: u64| Plan { contract: " ".repeat(bytes as usize), ..PLAIN.plan() };
    let room = MAX_STATIC_SIZE - static_size(&with(0));
    drop(World::create(&place, "post", &with(room), &NOBODY).unwrap_or_else(|error| panic!("{error}")));
    assert!(World::open(&place, "post", &NOBODY).is_ok(), "what is made can be opened");
    let said = refused(World::create(&place, "other", &with(room + PAGE), &NOBODY), Fault::Program);
    assert!(said.contains(&MAX_STATIC_SIZE.to_string()), "{said}");
}

/// Larger worlds are believed, not built.
const LARGEST: u64 = 4 << 20;

#[test]
fn other_numbers_in_an_embedded_plan_are_refused_or_make_a_world_that_does_no_harm() {
    let dir = vil_tests::runtime_dir::RuntimeDir::new("embedded");
    let place = place(&dir);
    let plan = Shape { bytes: 200, deadline_ms: 1, ..PLAIN }.plan();
    let mut random = Random::new("embedded");
    let (mut unread, mut refusals, mut worlds, rounds) = (0, 0, 0, 600);
    for _ in 0..rounds {
        let mut spoilt = plan.clone();
        let changed = spoil(&mut spoilt, &mut random);
        let embedded: Vec<u8> = binary::embed(&spoilt).into_iter().flat_map(u64::to_le_bytes).collect();
        let Ok(read) = binary::extract(&embedded, &plan.contract) else {
            unread += 1;
            continue;
        };
        if Geometry::compute(&read, static_size(&read)).is_ok_and(|geometry| geometry.total_size > LARGEST) {
            continue;
        }
        let made = catch_unwind(AssertUnwindSafe(|| match World::create(&place, "post", &read, &NOBODY) {
            Err(error) => {
                assert_eq!(error.fault, Fault::Program, "{error}");
                refusals += 1;
            }
            Ok(world) => {
                visit(&place);
                drop(world);
                worlds += 1;
            }
        }));
        assert!(made.is_ok(), "{changed}");
    }
    assert!(unread > 0 && refusals > rounds / 4 && worlds > rounds / 10, "{unread}, {refusals}, {worlds} of {rounds}");
}

#[test]
fn nonsense_in_the_words_of_a_world_is_an_answer_and_no_panic() {
    let shapes = [PLAIN, Shape { transfer: "copy", ..PLAIN }, Shape { transfer: "copy", bytes: 100, ..PLAIN }];
    let mut random = Random::new("nonsense");
    for (at, shape) in shapes.into_iter().enumerate() {
        let ruin = Ruin::new(&format!("nonsense{at}"), Shape { deadline_ms: 1, ..shape });
        let words = ruin.words();
        for round in 0..200 {
            let mut bytes = ruin.bytes[ruin.fixed..].to_vec();
            for _ in 0..1 << random.below(7) {
                let at = words[random.below(words.len() as u64) as usize] as usize - ruin.fixed;
                let word = match random.below(5) {
                    0 => random.below(4),
                    1 => random.below(4) << 54 | random.below(8),
                    2 => random.below(8) << 32 | random.below(3) << 8 | random.below(3),
                    3 => u64::MAX - random.below(2),
                    _ => random.next(),
                };
                bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
            }
            ruin.write(&bytes, ruin.fixed);
            let visited = catch_unwind(AssertUnwindSafe(|| ruin.visit()));
            assert!(visited.is_ok(), "round {round} of {shape:?}");
        }
        ruin.write(&ruin.bytes, 0);
        ruin.visit();
    }
}

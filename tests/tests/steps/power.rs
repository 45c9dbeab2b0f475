//! What the oracle is worth: twins that were made worse by hand must be refused, and twins that differ harmlessly must not.

use vil_core::base::words::{EndWord, ProcessId, Reference, SlotState, SlotWord};
use vil_core::mem::{CELL_REFERENCE, CELL_STAMP, COUNT, Geometry, RingGeometry};
use vil_core::sys::file::RuntimeDir as Place;
use vil_core::world::{Contract, Receiver, Sender, World};
use vil_ir::plan::Plan;
use vil_tests::runtime_dir::RuntimeDir;

use crate::diary::{Page, Pages};
use crate::oracle::{Verdict, fill, judge};
use crate::twin::Snapshot;
use crate::victims::plan;
use crate::watch::geometry;

const LETTERS: usize = 0;
const NOTES: usize = 2;

/// Three letters of which the first is in its reader's hand, two notes, and everybody is dead.
fn snapshot(plan: &Plan) -> Snapshot {
    let dir = RuntimeDir::new("power");
    let place = Place::open(Some(&dir)).expect("the directory is ours");
    let nobody = Contract { process: None, ports: &[] };
    let world = World::create(&place, "steps", plan, &nobody).expect("there is none yet");
    let mut pages = Pages::empty();
    let mut ends = Vec::new();
    for (lane, count) in [(LETTERS, 3), (NOTES, 2)] {
        let mut sender = Sender::open_routes(&world, &[lane]).expect("it is free");
        let mut receiver = Receiver::open_routes(&world, &[lane]).expect("it is free");
        for number in 0..count {
            let loan = sender.loan().expect("there is room");
            fill(&loan, number);
            sender.publish(loan.ticket).expect("there is room");
        }
        receiver.poll().expect("there is a message");
        pages.0[lane] = Page { attempted: count, published: count, ..Page::default() };
        ends.push((sender, receiver));
    }
    Snapshot::take(&dir, pages)
}

/// A world as bytes, and where things lie in it.
struct Hand<'a> {
    bytes: &'a mut Vec<u8>,
    geometry: &'a Geometry,
}

impl Hand<'_> {
    fn word(&self, at: u64) -> u64 {
        let at = at as usize;
        u64::from_le_bytes(self.bytes[at..at + 8].try_into().expect("eight bytes"))
    }

    fn set(&mut self, at: u64, word: u64) {
        let at = at as usize;
        self.bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
    }

    fn flip(&mut self, at: u64) {
        self.bytes[at as usize] ^= 0x10;
    }

    fn ring(&self, lane: usize) -> RingGeometry {
        self.geometry.rings[lane]
    }

    fn end(&mut self, at: u64, change: impl FnOnce(EndWord) -> EndWord) {
        self.set(at, change(EndWord::decode(self.word(at))).encode());
    }

    /// Slot of the letter of an index.
    fn slot(&self, index: u32) -> u32 {
        Reference::decode(self.word(self.ring(LETTERS).cell(index) + CELL_REFERENCE)).slot
    }

    fn change_slot(&mut self, slot: u32, change: impl FnOnce(SlotWord) -> SlotWord) {
        let at = self.geometry.slot(slot);
        let word = SlotWord::decode(self.word(at)).expect("a slot's word");
        self.set(at, change(word).encode());
    }

    fn free_slot(&self) -> u32 {
        let is_free = |slot: &u32| {
            SlotWord::decode(self.word(self.geometry.slot(*slot))).is_some_and(|word| word.state == SlotState::Free)
        };
        (0..self.geometry.slots).find(is_free).expect("a slot is free")
    }

    /// The first byte of the letter of an index.
    fn letter(&self, index: u32) -> u64 {
        let class = self.ring(LETTERS).class.expect("letters lie in slots");
        class.bytes(self.slot(index)).expect("a slot of the class")
    }
}

type Change = (&'static str, fn(&mut Hand<'_>));

const BAD: &[Change] = &[
    ("one message too many", |hand| hand.end(hand.ring(LETTERS).tail, |end| EndWord { index: end.index + 1, ..end })),
    ("the last message is missing", |hand| {
        hand.end(hand.ring(LETTERS).tail, |end| EndWord { index: end.index - 1, ..end });
        hand.set(hand.ring(LETTERS).cell(2) + CELL_STAMP, 0);
    }),
    ("the cell of the last message does not say that it is published", |hand| {
        hand.set(hand.ring(LETTERS).cell(2) + CELL_STAMP, 0);
    }),
    ("a cell is published that nobody wrote", |hand| hand.set(hand.ring(LETTERS).cell(3) + CELL_STAMP, 4)),
    ("the end is vacant already, and tail lags", |hand| {
        hand.end(hand.ring(LETTERS).tail, |end| EndWord { index: end.index - 1, ..end.vacated() });
    }),
    ("the first message is missing", |hand| {
        hand.end(hand.ring(LETTERS).head, |end| EndWord { index: end.index + 1, ..end });
    }),
    ("head is ahead of tail", |hand| hand.end(hand.ring(LETTERS).head, |end| EndWord { index: end.index + 9, ..end })),
    ("the slot of a message is in the pool", |hand| hand.change_slot(hand.slot(1), SlotWord::freed)),
    ("the slot of a message is in the pool, in the same life", |hand| {
        hand.change_slot(hand.slot(1), |word| SlotWord { state: SlotState::Free, ..word });
    }),
    ("the slot of a message has begun another life", |hand| {
        hand.change_slot(hand.slot(2), |word| SlotWord { generation: word.generation + 1, ..word });
    }),
    ("a slot belongs to nobody", |hand| {
        let state = SlotState::Held(ProcessId(20));
        hand.change_slot(hand.free_slot(), |word| SlotWord { state, ..word });
    }),
    ("a slot's word is nonsense", |hand| hand.set(hand.geometry.slot(hand.free_slot()), 0xff)),
    ("a letter is torn", |hand| hand.flip(hand.letter(1) + 17)),
    ("a letter has another number", |hand| hand.flip(hand.letter(1))),
    ("a note is torn", |hand| hand.flip(hand.ring(NOTES).inline(1) + 20)),
    ("two letters have changed places", |hand| {
        let [first, second] = [0, 1].map(|index| hand.ring(LETTERS).cell(index) + CELL_REFERENCE);
        let [one, other] = [first, second].map(|at| hand.word(at));
        hand.set(first, other);
        hand.set(second, one);
    }),
    ("one letter comes twice", |hand| {
        let [first, second] = [0, 1].map(|index| hand.ring(LETTERS).cell(index) + CELL_REFERENCE);
        hand.set(second, hand.word(first));
    }),
    ("the world is half a file", |hand| hand.bytes.truncate(hand.geometry.slots_offset as usize)),
    ("the world is an empty file", |hand| hand.bytes.clear()),
];

const GOOD: &[Change] = &[
    ("nothing is changed", |_| {}),
    ("a latency was counted", |hand| hand.set(hand.ring(LETTERS).histogram, 7)),
    ("an end is vacant already", |hand| hand.end(hand.ring(LETTERS).tail, EndWord::vacated)),
    ("tail lags behind the last message", |hand| {
        hand.end(hand.ring(LETTERS).tail, |end| EndWord { index: end.index - 1, ..end });
    }),
    ("tail lags behind all messages", |hand| {
        hand.end(hand.ring(LETTERS).tail, |end| EndWord { index: 0, ..end });
        hand.end(hand.ring(NOTES).tail, |end| EndWord { index: 0, ..end });
    }),
    ("the count of messages is not stored yet", |hand| hand.set(hand.ring(LETTERS).tail + COUNT, 0)),
    ("a free slot is further in its lives", |hand| hand.change_slot(hand.free_slot(), SlotWord::freed)),
    ("a free slot holds anything", |hand| {
        let class = hand.ring(LETTERS).class.expect("letters lie in slots");
        let position = (class.first..class.first + class.count).find(|slot| {
            SlotWord::decode(hand.word(hand.geometry.slot(*slot))).is_some_and(|word| word.state == SlotState::Free)
        });
        hand.flip(class.bytes(position.expect("a slot is free")).expect("a slot of the class"));
    }),
    ("one who died was being recovered", |hand| {
        // State in the low 8 bits: 1 is ALIVE, 2 is DEAD.
        let at = hand.geometry.process(0);
        hand.set(at, hand.word(at) ^ 3);
    }),
];

#[test]
fn the_oracle_refuses_what_was_made_worse_and_takes_what_is_harmless() {
    let (plan, dir) = (plan("steps"), RuntimeDir::new("power-twin"));
    let (geometry, snapshot) = (geometry(&plan), snapshot(&plan));
    let judged = |change: fn(&mut Hand<'_>)| {
        let mut twin = snapshot.clone();
        change(&mut Hand { bytes: twin.world(), geometry: &geometry });
        twin.put(&dir);
        judge(&dir, &plan, &twin.pages)
    };
    for (name, change) in GOOD {
        assert_eq!(judged(*change), Ok(Verdict::Whole), "{name}");
    }
    for (name, change) in BAD {
        let wrong = judged(*change).expect_err(name);
        println!("{name}: {wrong}");
    }
    println!("{} of {} bad twins refused, {} good ones taken", BAD.len(), BAD.len(), GOOD.len());
}

#[test]
fn the_oracle_refuses_what_the_diary_does_not_promise() {
    let (plan, dir) = (plan("steps"), RuntimeDir::new("power-diary"));
    let snapshot = snapshot(&plan);
    let judged = |change: fn(&mut Page)| {
        let mut twin = snapshot.clone();
        change(&mut twin.pages.0[LETTERS]);
        twin.put(&dir);
        judge(&dir, &plan, &twin.pages)
    };
    assert_eq!(judged(|page| page.attempted += 1), Ok(Verdict::Whole), "it died while it published");
    assert_eq!(judged(|page| page.published -= 1), Ok(Verdict::Whole), "it died right after it published");
    assert_eq!(judged(|page| page.releasing += 1), Ok(Verdict::Whole), "it died while it released");
    judged(|page| *page = Page { attempted: 4, published: 4, ..*page }).expect_err("a published letter is lost");
    judged(|page| *page = Page { attempted: 2, published: 2, ..*page }).expect_err("a letter is invented");
    judged(|page| *page = Page { releasing: 1, released: 1, ..*page }).expect_err("a released letter comes again");
}

#[test]
fn half_a_world_under_no_name_is_refused() {
    let (plan, dir) = (plan("steps"), RuntimeDir::new("power-nothing"));
    assert_eq!(judge(&dir, &plan, &Pages::empty()), Ok(Verdict::Nothing));
    std::fs::write(dir.join("half"), b"VIL").expect("there is room");
    judge(&dir, &plan, &Pages::empty()).expect_err("something was left");
}

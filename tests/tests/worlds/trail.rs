//! Every kind of event, brought about by what it tells of and read through `vil_registry_trail`: one table.

use std::ffi::{CStr, CString};
use std::path::Path;
use std::ptr::{null, null_mut};
use std::sync::Arc;

use vil_capi::*;
use vil_core::base::words::{ProcessId, Reference};
use vil_core::heap::{self, Slot};
use vil_core::mem::CELL_STAMP;
use vil_core::queue::{self, Side};
use vil_core::registry::trail::{Event, Kind, record};
use vil_core::world::{Receiver, Sender, Stop, World};

use crate::child::{Other, Role, hear, say};
use crate::handles::{fine, no_error};
use crate::house::{House, LONG_NS, PLAIN, Shape, place, plan_of, role, send, take};

pub(crate) const ROLES: &[Role] = &[("takes a letter and no more", takes_a_letter_and_no_more)];

/// What the last event of a kind says beside its kind: process, peer, route, number, and whether it names a slot.
#[derive(Debug, PartialEq)]
struct Told(u32, u32, u32, u64, bool);

const NO: u32 = VIL_NONE;
const SMALL: Shape = Shape { backpressure: "fail", ..PLAIN };

/// The number of a kind, its name, what brings it about in a house of which the keeper is entry 0, and what is told then.
type Row = (u32, &'static str, fn(&str) -> (House, Told));

const ROWS: &[Row] = &[
    (VIL_EVENT_ATTACHED, "attached", |name| {
        // Whoever looks attaches for it.
        (House::new(name, SMALL), Told(1, NO, NO, 0, false))
    }),
    (VIL_EVENT_DETACHED, "detached", |name| {
        let house = House::new(name, SMALL);
        // The second who has the entry: its epoch is one more.
        (0..2).for_each(|_| drop(house.enter("writer")));
        (house, Told(1, NO, NO, 1, false))
    }),
    (VIL_EVENT_RECOVERED, "recovered", |name| {
        let house = House::of(name, &once("consume_once", "spsc", "at_least_once"));
        let _sender = sender_of_three(&house);
        other(&house).kill();
        assert_eq!(house.keeper.recover(), 1);
        (house, Told(2, 0, NO, 0, false))
    }),
    (VIL_EVENT_TAKEN, "taken", |name| takes(name, "spsc")),
    (VIL_EVENT_TAKEN, "taken", |name| takes(name, "mpmc")),
    (VIL_EVENT_FORWARDED_TAKEN, "forwarded_taken", |name| {
        let house = House::of(name, &once("consume_once", "spsc", "at_least_once"));
        let (_sender, middle) = (sender_of_three(&house), house.enter("middle"));
        let (mut from, mut to) = (receiver(&middle, "in"), sender(&middle, "out"));
        let letter = from.receive(LONG_NS).expect("a letter");
        assert_eq!(from.forward(letter.route, letter.message.ticket, &mut to), Ok(()));
        (house, Told(2, NO, 1, 0, false))
    }),
    (VIL_EVENT_ORPHANED, "orphaned", |name| {
        let house = House::new(name, SMALL);
        let mut sender = house.writer();
        (0..2).for_each(|letter| send(&mut sender, letter).expect("there is room"));
        drop(sender);
        (house, Told(1, NO, 0, 2, false))
    }),
    (VIL_EVENT_REDELIVERED, "redelivered", |name| {
        let house = House::new(name, SMALL);
        let (mut sender, mut first) = (house.writer(), house.reader());
        (0..3).for_each(|letter| send(&mut sender, letter).expect("there is room"));
        take(&mut first).expect("a letter");
        drop(first);
        drop(house.reader());
        (house, Told(2, NO, 0, 2, false))
    }),
    (VIL_EVENT_DROPPED_NEWEST, "dropped_newest", |name| drops_the_newest(name, "spsc")),
    (VIL_EVENT_DROPPED_NEWEST, "dropped_newest", |name| drops_the_newest(name, "mpmc")),
    (VIL_EVENT_DROPPED_OLDEST, "dropped_oldest", |name| {
        let house = House::of(name, &queue("loan_write", "spsc", "drop_oldest", "at_least_once"));
        let mut sender = house.writer();
        (0..4 + 3).for_each(|letter| send(&mut sender, letter).expect("there is always room"));
        (house, Told(1, NO, 0, 2, false))
    }),
    (VIL_EVENT_SKIPPED, "skipped", |name| {
        let house = House::new(name, Shape { delivery: "best_effort", ..SMALL });
        let (mut sender, reader) = (house.writer(), house.reader());
        (0..3).for_each(|letter| send(&mut sender, letter).expect("there is room"));
        drop(reader);
        (house, Told(2, NO, 0, 3, false))
    }),
    (VIL_EVENT_SKIPPED, "skipped", |name| {
        let house = House::new(name, Shape { delivery: "best_effort", ..SMALL });
        let mut sender = house.writer();
        (0..4 + 1).for_each(|letter| send(&mut sender, letter).expect("nobody is there"));
        (house, Told(1, NO, 0, 4, false))
    }),
    (VIL_EVENT_SKIPPED, "skipped", |name| {
        let house = House::of(name, &once("loan_write", "spsc", "best_effort"));
        let _sender = sender_of_three(&house);
        other(&house).kill();
        assert_eq!(house.keeper.recover(), 1);
        (house, Told(2, NO, 0, 3, false))
    }),
    (VIL_EVENT_SKIPPED, "skipped", |name| {
        let house = House::of(name, &queue("loan_write", "mpmc", "fail", "best_effort"));
        let mut sender = house.writer();
        // In steps: the first, the second, two more, and what is left when it closes.
        (0..4 + 7).for_each(|letter| send(&mut sender, letter).expect("nobody is there"));
        drop(sender);
        (house, Told(1, NO, 0, 3, false))
    }),
    (VIL_EVENT_UNCONSUMED, "unconsumed", |name| {
        let house = House::of(name, &once("consume_once", "spsc", "at_least_once"));
        let (_sender, mut middle) = (sender_of_three(&house), receiver(&house.enter("middle"), "in"));
        let letter = middle.receive(LONG_NS).expect("a letter");
        assert_eq!(middle.release(letter.route, letter.message.ticket), Err(Stop::Unconsumed));
        (house, Told(2, NO, 0, 0, false))
    }),
    (VIL_EVENT_PUBLISHED_TWICE, "published_twice", |name| {
        let house = House::new(name, SMALL);
        let mut sender = house.writer();
        let loan = sender.loan().expect("a slot");
        assert!(sender.publish(loan.ticket).is_ok() && sender.publish(loan.ticket).is_err());
        (house, Told(1, NO, 0, 0, false))
    }),
    (VIL_EVENT_RELEASED_TWICE, "released_twice", |name| {
        let house = House::new(name, SMALL);
        let (mut sender, mut reader) = (house.writer(), house.reader());
        send(&mut sender, 1).expect("there is room");
        let letter = reader.receive(LONG_NS).expect("a letter");
        let mut release = || reader.release(letter.route, letter.message.ticket);
        assert!(release().is_ok() && release().is_err());
        (house, Told(2, NO, 0, 0, false))
    }),
    (VIL_EVENT_USED_AFTER_END, "used_after_end", |name| {
        let house = House::new(name, SMALL);
        let mut sender = house.writer();
        let loan = sender.loan().expect("a slot");
        assert!(sender.discard(loan.ticket).is_ok() && sender.discard(loan.ticket).is_err());
        (house, Told(1, NO, 0, 0, false))
    }),
    (VIL_EVENT_PANICKED, "panicked", |name| {
        // Nothing that works brings it about, so it is recorded by hand; the others are not.
        let house = House::new(name, SMALL);
        record(house.keeper.shared(), Event::new(Kind::Panicked, ProcessId(0)));
        (house, Told(0, NO, NO, 0, false))
    }),
    (VIL_EVENT_QUARANTINED, "quarantined", |name| meets_nonsense_in_a_ledger(name, false)),
    (VIL_EVENT_QUARANTINED, "quarantined", |name| meets_nonsense_in_a_ledger(name, true)),
    (VIL_EVENT_QUARANTINED, "quarantined", |name| meets_nonsense_in_a_claimed_ring(name, false)),
    (VIL_EVENT_QUARANTINED, "quarantined", |name| meets_nonsense_in_a_claimed_ring(name, true)),
    (VIL_EVENT_LOST_WITH_OWNER, "lost_with_owner", |name| {
        let house = House::of(name, &once("consume_once", "spsc", "at_least_once"));
        let _sender = sender_of_three(&house);
        let mut other = other(&house);
        other.tell("take");
        assert_eq!(other.heard(), "took");
        other.kill();
        // Whoever comes next finds it gone, and has the one after it.
        let mut middle = receiver(&house.enter("middle"), "in");
        let letter = middle.receive(LONG_NS).expect("the second");
        assert_eq!(middle.consume(letter.route, letter.message.ticket), Ok(()));
        assert_eq!(letter.message.number, 1);
        (house, Told(3, NO, 0, 0, false))
    }),
];

#[test]
fn every_kind_of_event_is_told_through_c_by_what_brings_it_about() {
    for (at, (kind, name, play)) in ROWS.iter().enumerate() {
        let (house, expected) = play(&format!("trail-{at}"));
        let found = read_through_c(&house).into_iter().rfind(|event| event.kind == *kind);
        let found = found.unwrap_or_else(|| panic!("row {at}: no {name} in the trail"));
        let told = Told(found.process, found.peer, found.route, found.number, found.slot != NO);
        assert_eq!(told, expected, "row {at}: {name}");
        let text: Vec<u8> = found.name.iter().map(|byte| *byte as u8).collect();
        assert_eq!(CStr::from_bytes_until_nul(&text), Ok(CString::new(*name).expect("no NUL").as_c_str()));
        assert_eq!(found.is_fault, u32::from(*kind >= VIL_EVENT_UNCONSUMED), "{name}");
    }
    let played: Vec<u32> = ROWS.iter().map(|row| row.0).collect();
    assert!(Kind::ALL.iter().all(|kind| played.contains(&kind.code().into())), "a kind has no row");
}

#[test]
fn an_end_in_quarantine_is_told_once_however_often_it_is_asked() {
    let house = House::of("trail-once", &queue("loan_write", "mpmc", "fail", "at_least_once"));
    let (mut sender, mut reader) = (house.writer(), house.reader());
    send(&mut sender, 1).expect("there is room");
    let shared = house.keeper.shared();
    shared.segment.word(shared.geometry.rings[0].cell(0)).store(u64::MAX, "test");
    for _ in 0..5 {
        assert!(reader.poll().is_err_and(|stop| stop != Stop::Empty));
    }
    let told = read_through_c(&house).into_iter().filter(|event| event.kind == VIL_EVENT_QUARANTINED);
    assert_eq!(told.count(), 1);
}

/// The whole trail, by a handle that is opened for that.
fn read_through_c(house: &House) -> Vec<vil_event_t> {
    let (mut world, mut error, mut cursor, mut events) = (null_mut(), no_error(), 0, Vec::new());
    let runtime_dir = CString::new(house.to_str().expect("the path is text")).expect("no NUL");
    let options = vil_world_options_t {
        struct_size: size_of::<vil_world_options_t>() as u32,
        flags: 0,
        runtime_dir: runtime_dir.as_ptr(),
        language: VIL_LANGUAGE_C,
        reserved: 0,
    };
    // SAFETY: all pointers are to variables of this function; all zero is a valid event.
    unsafe {
        fine(vil_world_open(c"post".as_ptr(), null(), &options, &mut world, &mut error), &error);
        loop {
            let mut event: vil_event_t = std::mem::zeroed();
            event.struct_size = size_of::<vil_event_t>() as u32;
            match vil_registry_trail(world, &mut cursor, &mut event) {
                VIL_OK => events.push(event),
                status => {
                    assert_eq!(status, VIL_EMPTY);
                    break;
                }
            }
        }
        assert_eq!(vil_world_close(world), VIL_OK);
    }
    events
}

/// One route from writer to reader whose queue has four cells and is of this kind.
fn queue(transfer: &str, kind: &str, backpressure: &str, delivery: &str) -> vil_ir::plan::Plan {
    let instances = if kind == "mpmc" { ", instances: 2" } else { "" };
    plan_of(&format!(
        "vil: 1\nprogram: post\nmessages:\n  Letter:\n    fields:\n      - {{ name: number, type: u64 }}\n\
         \x20     - {{ name: check, type: u64 }}\n      - {{ name: rest, type: \"[u8; 240]\" }}\n\
         interfaces:\n  Writer:\n    ports:\n      letters: {{ direction: out, message: Letter, loans: 2, queue: {{ kind: {kind}, \
         capacity: 4, backpressure: {backpressure} }} }}\n\
         \x20 Reader:\n    ports:\n      letters: {{ direction: in, message: Letter, loans: 2 }}\n\
         processes:\n  writer: {{ interface: Writer{instances} }}\n  reader: {{ interface: Reader{instances} }}\n\
         routes:\n  - {{ from: writer.letters, to: reader.letters, transfer: {transfer}, delivery: {delivery} }}\n"
    ))
}

/// `first.out -> middle.in`, `middle.out -> last.in`; the first of this transfer, queue and delivery.
fn once(transfer: &str, kind: &str, delivery: &str) -> vil_ir::plan::Plan {
    let forwards = if transfer == "consume_once" { ", forwards: [ { from: in, to: out } ]" } else { "" };
    plan_of(&format!(
        "vil: 1\nprogram: post\nmessages:\n  Letter:\n    fields:\n      - {{ name: number, type: u64 }}\n\
         \x20     - {{ name: check, type: u64 }}\n      - {{ name: rest, type: \"[u8; 240]\" }}\n\
         defaults:\n  ports: {{ loans: 2, queue: {{ capacity: 4, backpressure: fail }} }}\n\
         interfaces:\n  First:\n    ports:\n      out: {{ direction: out, message: Letter, queue: {{ kind: {kind}, capacity: 4, \
         backpressure: fail }} }}\n\
         \x20 Middle:\n    ports:\n      in: {{ direction: in, message: Letter }}\n      out: {{ direction: out, message: Letter }}\n\
         \x20 Last:\n    ports:\n      in: {{ direction: in, message: Letter }}\n\
         processes:\n  first: {{ interface: First }}\n  middle: {{ interface: Middle{forwards} }}\n\
         \x20 last: {{ interface: Last }}\n\
         routes:\n  - {{ from: first.out, to: middle.in, transfer: {transfer}, delivery: {delivery} }}\n\
         \x20 - {{ from: middle.out, to: last.in, transfer: {transfer} }}\n"
    ))
}

fn sender(world: &Arc<World>, port: &str) -> Sender {
    Sender::open(world, port).unwrap_or_else(|error| panic!("{error}"))
}

fn receiver(world: &Arc<World>, port: &str) -> Receiver {
    Receiver::open(world, port).unwrap_or_else(|error| panic!("{error}"))
}

/// The first in a row, in entry 1; three letters are on their way.
fn sender_of_three(house: &House) -> Sender {
    let mut sender = sender(&house.enter("first"), "out");
    (0..3).for_each(|letter| send(&mut sender, letter).expect("there is room"));
    sender
}

/// The one in the middle of a row, in another process and in entry 2: it has opened its receiving end.
fn other(house: &House) -> Other {
    let other = Other::start("takes a letter and no more", house, "");
    assert_eq!(other.heard(), "opened");
    other
}

/// Told to, it takes the slot of the first letter, and never comes to move head over its cell.
fn takes_a_letter_and_no_more(dir: &Path, _: &str) {
    let world = World::open(&place(dir), "post", &role("middle")).unwrap_or_else(|error| panic!("{error}"));
    let _receiver = receiver(&world, "in");
    say("opened");
    hear();
    let (shared, ring) = (world.shared(), &world.shared().geometry.rings[0]);
    let found = Reference::decode(queue::reference(shared, ring, queue::end(shared, ring, Side::Head).index));
    let letter = Slot { index: found.slot, generation: found.generation };
    heap::take(shared, world.me(), letter).expect("nobody else takes it");
    say("took");
    hear();
}

fn takes(name: &str, kind: &str) -> (House, Told) {
    let house = House::of(name, &queue("consume_once", kind, "fail", "at_least_once"));
    let (mut sender, mut reader) = (house.writer(), house.reader());
    send(&mut sender, 1).expect("there is room");
    let letter = reader.receive(LONG_NS).expect("a letter");
    assert_eq!(reader.consume(letter.route, letter.message.ticket), Ok(()));
    (house, Told(2, 1, 0, 0, true))
}

/// Three of them, told at the first and the second.
fn drops_the_newest(name: &str, kind: &str) -> (House, Told) {
    let house = House::of(name, &queue("loan_write", kind, "drop_newest", "at_least_once"));
    let mut sender = house.writer();
    (0..4).for_each(|letter| send(&mut sender, letter).expect("there is room"));
    (4..7).for_each(|letter| assert_eq!(send(&mut sender, letter), Err(Stop::Dropped)));
    (house, Told(1, NO, 0, 2, false))
}

/// A sender finds head beyond what it published, a receiver a cell of a lap that nobody began.
fn meets_nonsense_in_a_ledger(name: &str, sends: bool) -> (House, Told) {
    let house = House::new(name, SMALL);
    let (mut sender, mut reader) = (house.writer(), house.reader());
    let (shared, ring) = (house.keeper.shared(), &house.keeper.shared().geometry.rings[0]);
    let word = shared.segment.word(if sends { ring.head } else { ring.cell(0) + CELL_STAMP });
    word.store(word.load("test") ^ 77, "test");
    if sends {
        while send(&mut sender, 1).is_ok() {}
        return (house, Told(1, NO, 0, 0, false));
    }
    assert!(reader.poll().is_err_and(|stop| stop != Stop::Empty));
    (house, Told(2, NO, 0, 0, false))
}

/// A cell holds no word that anybody writes.
fn meets_nonsense_in_a_claimed_ring(name: &str, sends: bool) -> (House, Told) {
    let house = House::of(name, &queue("loan_write", "mpmc", "fail", "at_least_once"));
    let (mut sender, mut reader) = (house.writer(), house.reader());
    let shared = house.keeper.shared();
    shared.segment.word(shared.geometry.rings[0].cell(0)).store(u64::MAX, "test");
    if sends {
        assert!(send(&mut sender, 1).is_err_and(|stop| stop != Stop::Full));
        return (house, Told(1, NO, 0, 0, false));
    }
    assert!(reader.poll().is_err_and(|stop| stop != Stop::Empty));
    (house, Told(2, NO, 0, 0, false))
}

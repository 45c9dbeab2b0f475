//! The transfer modes as their users meet them: who owns a letter when, what is refused, and what the trail tells of it.

use std::sync::Arc;

use vil_core::base::error::Fault;
use vil_core::registry::trail::{Cursor, Kind};
use vil_core::world::{Receiver, Sender, Stop, World};

use crate::house::{House, LONG_NS, SHORT_NS, fill, give_back, number, plan_of, refused, send, take};

/// Processes first, middle and last in a row: `first.out -> middle.in`, `middle.out -> last.in`, at_least_once unless said.
fn row(first: &str, second: &str, forwards: bool) -> String {
    let forward = if forwards { ", forwards: [ { from: in, to: out } ]" } else { "" };
    format!(
        "vil: 1\nprogram: row\nmessages:\n  Letter:\n    fields:\n      - {{ name: number, type: u64 }}\n\
         \x20     - {{ name: check, type: u64 }}\n      - {{ name: rest, type: \"[u8; 48]\" }}\n\
         defaults:\n  ports: {{ loans: 2, queue: {{ capacity: 4, backpressure: fail }} }}\n\
         interfaces:\n  First:\n    ports:\n      out: {{ direction: out, message: Letter }}\n\
         \x20 Middle:\n    ports:\n      in: {{ direction: in, message: Letter }}\n      out: {{ direction: out, message: Letter }}\n\
         \x20 Last:\n    ports:\n      in: {{ direction: in, message: Letter }}\n\
         processes:\n  first: {{ interface: First }}\n  middle: {{ interface: Middle{forward} }}\n  last: {{ interface: Last }}\n\
         routes:\n  - {{ from: first.out, to: middle.in, {first} }}\n  - {{ from: middle.out, to: last.in, {second} }}\n"
    )
}

const LOANED: &str = "transfer: loan_write, delivery: at_least_once";
const BORROWED: &str = "transfer: publish_offset, delivery: at_least_once";
const ONCE: &str = "transfer: consume_once";

fn out(house: &House, process: &str) -> Sender {
    Sender::open(&house.enter(process), "out").unwrap_or_else(|error| panic!("{error}"))
}

fn inn(house: &House, process: &str) -> Receiver {
    Receiver::open(&house.enter(process), "in").unwrap_or_else(|error| panic!("{error}"))
}

/// Both ends of the one in the middle, on one attachment.
fn middle(house: &House) -> (Arc<World>, Receiver, Sender) {
    let world = house.enter("middle");
    let receiver = Receiver::open(&world, "in").unwrap_or_else(|error| panic!("{error}"));
    let sender = Sender::open(&world, "out").unwrap_or_else(|error| panic!("{error}"));
    (world, receiver, sender)
}

/// Faults and hand-offs in the trail, in order.
fn trail(house: &House) -> Vec<Kind> {
    let mut cursor = Cursor::default();
    let kinds = std::iter::from_fn(|| cursor.read(house.keeper.shared())).map(|recorded| recorded.event.kind);
    kinds.filter(|kind| kind.is_fault() || matches!(kind, Kind::Taken | Kind::ForwardedTaken)).collect()
}

fn forward(from: &mut Receiver, to: &mut Sender) -> u64 {
    let received = from.receive(LONG_NS).expect("a letter");
    let letter = number(&received.message);
    assert_eq!(from.forward(received.route, received.message.ticket, to), Ok(()));
    letter
}

#[test]
fn a_taken_letter_is_consumed_or_its_loss_is_a_fault() {
    let house = House::of("once", &plan_of(&row(ONCE, ONCE, true)));
    let (mut first, mut receiver) = (out(&house, "first"), inn(&house, "middle"));
    (0..3).for_each(|letter| send(&mut first, letter).expect("there is room"));
    let received = receiver.receive(LONG_NS).expect("a letter");
    assert_eq!(number(&received.message), 0);
    let ticket = received.message.ticket;
    assert_eq!(receiver.consume(received.route, ticket), Ok(()));
    assert_eq!(receiver.consume(received.route, ticket), Err(Stop::Fault(Fault::State)), "it is gone");
    let received = receiver.receive(LONG_NS).expect("a letter");
    let dropped = receiver.release(received.route, received.message.ticket);
    assert_eq!(dropped, Err(Stop::Unconsumed), "dropping it unconsumed is a fault");
    assert_eq!(trail(&house), [Kind::Taken, Kind::ReleasedTwice, Kind::Taken, Kind::Unconsumed]);
    drop(first);
    let received = receiver.receive(LONG_NS).expect("the third survives its producer");
    assert_eq!(number(&received.message), 2);
    assert_eq!(receiver.consume(received.route, received.message.ticket), Ok(()));
    drop(receiver);
    house.is_swept();
}

#[test]
fn a_taken_letter_is_passed_on_without_a_copy_and_belongs_to_the_last_one() {
    let house = House::of("taken", &plan_of(&row(ONCE, BORROWED, true)));
    let mut first = out(&house, "first");
    let (_world, mut receiver, mut sender) = middle(&house);
    let mut last = inn(&house, "last");
    for letter in 0..50 {
        send(&mut first, letter).expect("there is room");
        let received = receiver.receive(LONG_NS).expect("a letter");
        let place = received.message.data;
        assert_eq!(receiver.forward(received.route, received.message.ticket, &mut sender), Ok(()));
        let again = receiver.forward(received.route, received.message.ticket, &mut sender);
        assert_eq!(again, Err(Stop::Fault(Fault::State)), "it has moved");
        let arrived = last.receive(LONG_NS).expect("a letter");
        assert_eq!(number(&arrived.message), letter);
        // Two attachments map the same bytes at two places; within a slot's page the offset is the same.
        assert_eq!(arrived.message.data.as_ptr() as usize % 4096, place.as_ptr() as usize % 4096);
        give_back(&mut last, &arrived);
    }
    drop((first, receiver, sender, last, _world));
    house.is_swept();
}

#[test]
fn a_borrowed_letter_stays_its_writers_until_the_last_reader_has_released_it() {
    let house = House::of("borrowed", &plan_of(&row(LOANED, BORROWED, true)));
    let mut first = out(&house, "first");
    let (_world, mut receiver, mut sender) = middle(&house);
    let mut last = inn(&house, "last");
    (0..4).for_each(|letter| send(&mut first, letter).expect("there is room"));
    assert_eq!(forward(&mut receiver, &mut sender), 0);
    let kept = last.receive(LONG_NS).expect("a letter");
    // The middle drops what follows; nothing of it may come back before the first letter does.
    assert_eq!((take(&mut receiver), take(&mut receiver), take(&mut receiver)), (Ok(1), Ok(2), Ok(3)));
    assert_eq!(send(&mut first, 9), Err(Stop::Full), "the first cell is not released");
    assert_eq!(receiver.receive(0), Err(Stop::Empty));
    assert_eq!(number(&kept.message), 0, "nobody wrote over it");
    give_back(&mut last, &kept);
    assert_eq!(receiver.receive(0), Err(Stop::Empty), "an empty look takes back what was lent");
    (4..8).for_each(|letter| send(&mut first, letter).expect("all cells are free again"));
    assert_eq!((0..4).map(|_| forward(&mut receiver, &mut sender)).collect::<Vec<_>>(), [4, 5, 6, 7]);
    for letter in 4..8 {
        assert_eq!(take(&mut last), Ok(letter));
    }
    drop((receiver, sender, _world, first, last));
    house.is_swept();
}

#[test]
fn one_letter_kept_then_five_thousand_dropped_by_the_one_who_lent_it_on() {
    let house = House::of("dropped", &plan_of(&row(LOANED, BORROWED, true)));
    let mut first = out(&house, "first");
    let (_world, mut receiver, mut sender) = middle(&house);
    let mut last = inn(&house, "last");
    let mut dropped = 0;
    let mut next = 0;
    while dropped < 5_000 {
        send(&mut first, next).expect("there is room");
        next += 1;
        forward(&mut receiver, &mut sender);
        let kept = last.receive(LONG_NS).expect("a letter");
        while send(&mut first, next).is_ok() {
            next += 1;
            assert_eq!(take(&mut receiver), Ok(next - 1));
            dropped += 1;
        }
        assert_eq!(number(&kept.message), next - 4, "it was kept while three came and went, and the ring was full");
        assert_eq!(receiver.receive(SHORT_NS / 20), Err(Stop::Late), "asleep with the ring in front full");
        give_back(&mut last, &kept);
        assert_eq!(receiver.receive(0), Err(Stop::Empty));
    }
    drop((receiver, sender, _world, first, last));
    house.is_swept();
}

#[test]
fn a_borrower_that_sleeps_is_woken_when_the_one_behind_it_releases() {
    let house = House::of(
        "woken",
        &plan_of(&row(&format!("{LOANED}, queue: {{ backpressure: block, deadline_ms: 20000 }}"), BORROWED, true)),
    );
    let mut first = out(&house, "first");
    let mut last = inn(&house, "last");
    let entered = house.enter("middle");
    const LETTERS: u64 = 2_000;
    let all_read = std::sync::Barrier::new(2);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut receiver = Receiver::open(&entered, "in").expect("it is vacant");
            let mut sender = Sender::open(&entered, "out").expect("it is vacant");
            for _ in 0..LETTERS {
                forward(&mut receiver, &mut sender);
            }
            all_read.wait();
            assert_eq!(receiver.receive(0), Err(Stop::Empty), "an empty look takes back what was lent");
        });
        scope.spawn(|| (0..LETTERS).for_each(|letter| send(&mut first, letter).expect("room in time")));
        for letter in 0..LETTERS {
            assert_eq!(take(&mut last), Ok(letter));
        }
        all_read.wait();
    });
    drop((entered, first, last));
    house.is_swept();
}

#[test]
fn a_port_whose_holder_left_what_it_lent_is_pending_and_opens_in_time() {
    for leaves in [false, true] {
        let house = House::of("pending", &plan_of(&row(LOANED, BORROWED, true)));
        let mut first = out(&house, "first");
        let (world, mut receiver, mut sender) = middle(&house);
        let mut last = inn(&house, "last");
        (0..2).for_each(|letter| send(&mut first, letter).expect("there is room"));
        forward(&mut receiver, &mut sender);
        let kept = last.receive(LONG_NS).expect("a letter");
        drop((receiver, sender));
        let world = if leaves {
            drop(world);
            house.enter("middle")
        } else {
            world
        };
        drop(Sender::open(&world, "out").unwrap_or_else(|error| panic!("only the end that waits is pending: {error}")));
        let said = refused(Receiver::open(&world, "in"), Fault::Pending);
        assert!(said.contains("first.out -> middle.in") && said.contains("forwarded"), "{said}");
        let said = refused(Receiver::open_within(&world, "in", SHORT_NS), Fault::Pending);
        assert!(said.contains("forwarded"), "{said}");
        assert_eq!(number(&kept.message), 0, "nobody wrote over it");
        let mut receiver = std::thread::scope(|scope| {
            let opened = scope.spawn(|| Receiver::open_within(&world, "in", LONG_NS));
            give_back(&mut last, &kept);
            opened.join().expect("no panic").unwrap_or_else(|error| panic!("{error}"))
        });
        // Who leaves before what it lent is over has not released it: at_least_once delivers it again.
        if leaves {
            assert_eq!(take(&mut receiver), Ok(0));
        }
        assert_eq!(take(&mut receiver), Ok(1), "what was lent is over, what was not is delivered");
        drop((receiver, world, first, last));
        house.is_swept();
    }
}

#[test]
fn a_borrower_that_is_gone_is_told_once_though_its_end_still_waits() {
    let loaned = format!("{LOANED}, queue: {{ backpressure: block, deadline_ms: 30 }}");
    let house = House::of("early", &plan_of(&row(&loaned, BORROWED, true)));
    let mut first = out(&house, "first");
    let (world, mut receiver, mut sender) = middle(&house);
    let mut last = inn(&house, "last");
    (0..4).for_each(|letter| send(&mut first, letter).expect("there is room"));
    forward(&mut receiver, &mut sender);
    let kept = last.receive(LONG_NS).expect("a letter");
    drop((receiver, sender, world));
    assert_eq!(send(&mut first, 4), Err(Stop::PeerGone), "nobody will make room");
    assert_eq!(send(&mut first, 4), Err(Stop::Late), "it was told");
    give_back(&mut last, &kept);
    assert_eq!(send(&mut first, 4), Err(Stop::Late), "the end is vacant now, and the loss is the same");
    let (_world, mut receiver, _sender) = middle(&house);
    (0..4).for_each(|letter| assert_eq!(take(&mut receiver), Ok(letter)));
    drop((receiver, _sender, _world, first, last));
    house.is_swept();
}

#[test]
fn what_was_borrowed_once_and_what_is_a_copy_is_not_passed_on() {
    let house = House::of("hops", &plan_of(&row(BORROWED, BORROWED, false)));
    let mut first = out(&house, "first");
    let (_world, mut receiver, mut sender) = middle(&house);
    send(&mut first, 1).expect("there is room");
    let received = receiver.receive(LONG_NS).expect("a letter");
    assert_eq!(
        receiver.forward(received.route, received.message.ticket, &mut sender),
        Ok(()),
        "an own letter may be lent"
    );
    let stranger = house.enter("middle");
    assert!(Sender::open(&stranger, "out").is_err());
    drop((receiver, sender, _world, first));
    let copies = House::of("copies", &plan_of(&row("transfer: copy", BORROWED, false)));
    let mut first = out(&copies, "first");
    let (_world, mut receiver, mut sender) = middle(&copies);
    send(&mut first, 1).expect("there is room");
    let received = receiver.receive(LONG_NS).expect("a letter");
    let refusal = receiver.forward(received.route, received.message.ticket, &mut sender);
    assert_eq!(refusal, Err(Stop::Fault(Fault::Unsupported)));
    give_back(&mut receiver, &received);
}

/// One writer, three readers that share its letters.
const SHARED: &str = "vil: 1
program: shared
messages:
  Letter:
    fields:
      - { name: number, type: u64 }
      - { name: check, type: u64 }
      - { name: rest, type: \"[u8; 48]\" }
defaults:
  ports: { loans: 2, queue: { capacity: 4, backpressure: fail } }
interfaces:
  Writer: { ports: { out: { direction: out, message: Letter } } }
  Reader: { ports: { in: { direction: in, message: Letter } } }
processes:
  writer: { interface: Writer }
  a: { interface: Reader }
  b: { interface: Reader }
  c: { interface: Reader }
routes:
  - { from: writer.out, to: a.in, transfer: share_read, delivery: at_least_once }
  - { from: writer.out, to: b.in, transfer: share_read, delivery: at_least_once }
  - { from: writer.out, to: c.in, transfer: share_read, delivery: at_least_once }
";

#[test]
fn a_shared_letter_comes_back_when_its_last_reader_has_released_it() {
    let house = House::of("shared", &plan_of(SHARED));
    let mut writer = out(&house, "writer");
    let mut readers = ["a", "b", "c"].map(|reader| inn(&house, reader));
    for round in 0..500 {
        send(&mut writer, round).expect("there is room in all");
        let slots = readers.each_mut().map(|reader| {
            let received = reader.receive(LONG_NS).expect("a letter");
            assert_eq!(number(&received.message), round);
            let place = received.message.data.as_ptr() as usize % 4096;
            give_back(reader, &received);
            place
        });
        assert!(slots.iter().all(|slot| *slot == slots[0]), "one slot for all");
    }
    // The slowest reader decides.
    (500..504).for_each(|letter| send(&mut writer, letter).expect("there is room in all"));
    let [a, b, c] = &mut readers;
    (500..504).for_each(|letter| assert_eq!((take(a), take(b)), (Ok(letter), Ok(letter))));
    assert_eq!(send(&mut writer, 504), Err(Stop::Full));
    assert_eq!(take(c), Ok(500));
    send(&mut writer, 504).expect("there is room in all");
    (501..505).for_each(|letter| assert_eq!(take(c), Ok(letter)));
    assert_eq!((take(a), take(b)), (Ok(504), Ok(504)));
    drop((writer, readers));
    house.is_swept();
}

#[test]
fn a_shared_letter_outlives_its_writer_in_every_ring() {
    let house = House::of("outlives", &plan_of(SHARED));
    let mut writer = out(&house, "writer");
    let mut readers = ["a", "b", "c"].map(|reader| inn(&house, reader));
    (0..3).for_each(|letter| send(&mut writer, letter).expect("there is room in all"));
    assert_eq!(take(&mut readers[0]), Ok(0));
    drop(writer);
    assert_eq!(house.keeper.audit().retained, 3);
    let mut writer = out(&house, "writer");
    send(&mut writer, 3).expect("a successor has room in all");
    (1..4).for_each(|letter| assert_eq!(take(&mut readers[0]), Ok(letter)));
    for reader in &mut readers[1..] {
        (0..4).for_each(|letter| assert_eq!(take(reader), Ok(letter)));
    }
    drop((writer, readers));
    house.is_swept();
}

#[test]
fn a_kept_letter_is_read_by_its_writer_until_both_have_released_it() {
    let house = House::of("kept", &plan_of(&row("transfer: loan_read, delivery: at_least_once", LOANED, false)));
    let (mut first, mut receiver) = (out(&house, "first"), inn(&house, "middle"));
    let loan = first.loan().expect("a slot");
    fill(&loan, 7);
    assert_eq!(first.keep(loan.ticket), Ok(()));
    assert_eq!(first.keep(loan.ticket), Err(Stop::Fault(Fault::State)), "it is published");
    assert_eq!(first.publish(loan.ticket), Err(Stop::Fault(Fault::State)), "it is published");
    assert_eq!(take(&mut receiver), Ok(7));
    // Others come and go; the kept one is not handed out again.
    for letter in 0..20 {
        let other = first.loan().expect("a slot");
        assert_ne!(other.slot, loan.slot);
        fill(&other, letter);
        assert_eq!(first.publish(other.ticket), Ok(()));
        assert_eq!(take(&mut receiver), Ok(letter));
    }
    // SAFETY: the letter is kept for reading.
    assert_eq!(unsafe { loan.data.cast::<u64>().as_ptr().read() }, 7);
    assert_eq!(first.release(loan.ticket), Ok(()));
    assert_eq!(first.release(loan.ticket), Err(Stop::Fault(Fault::State)), "it is released");
    assert_eq!(trail(&house), [Kind::PublishedTwice, Kind::PublishedTwice, Kind::ReleasedTwice]);
    let mut plain = out(&house, "middle");
    let loan = plain.loan().expect("a slot");
    assert_eq!(plain.keep(loan.ticket), Err(Stop::Fault(Fault::Unsupported)), "only on loan_read");
    drop((first, receiver, plain));
    house.is_swept();
}

/// Two clients ask one server.
const ASKING: &str = "vil: 1
program: asking
messages:
  Question: { fields: [ { name: number, type: u64 } ] }
  Reply:
    fields:
      - { name: number, type: u64 }
      - { name: check, type: u64 }
      - { name: rest, type: \"[u8; 48]\" }
defaults:
  ports: { loans: 2, queue: { capacity: 4, backpressure: fail } }
interfaces:
  Client: { ports: { ask: { direction: request, message: Question, reply: Reply } } }
  Server: { ports: { serve: { direction: response, message: Question, reply: Reply } } }
processes:
  left: { interface: Client }
  right: { interface: Client }
  server: { interface: Server }
routes:
  - { from: left.ask, to: server.serve, delivery: at_least_once }
  - { from: right.ask, to: server.serve, delivery: at_least_once }
";

fn ask(client: &mut Sender, question: u64) {
    let loan = client.loan().expect("a slot");
    // SAFETY: the loan is ours and a question is 8 bytes.
    unsafe { loan.data.cast::<u64>().as_ptr().write(question) };
    assert_eq!(client.publish(loan.ticket), Ok(()));
}

#[test]
fn answers_go_to_the_one_who_asked_and_name_the_question() {
    let house = House::of("asking", &plan_of(ASKING));
    let enter = |process: &str, port: &str| {
        let world = house.enter(process);
        let open = (Sender::open(&world, port), Receiver::open(&world, port));
        (open.0.unwrap_or_else(|error| panic!("{error}")), open.1.unwrap_or_else(|error| panic!("{error}")))
    };
    let (mut answering, mut serving) = enter("server", "serve");
    let mut clients = [enter("left", "ask"), enter("right", "ask")];
    for round in 0..200 {
        for (at, (asking, _)) in clients.iter_mut().enumerate() {
            ask(asking, round * 10 + at as u64);
        }
        let mut held: Vec<_> = (0..2).map(|_| serving.receive(LONG_NS).expect("a question")).collect();
        // Answered in another order than asked.
        held.reverse();
        for question in held {
            // SAFETY: the question is ours until it is released.
            let number = unsafe { question.message.data.cast::<u64>().as_ptr().read() };
            let loan = answering.loan().expect("a slot");
            fill(&loan, number);
            assert_eq!(answering.answer(loan.ticket, question.route, question.message.number), Ok(()));
            give_back(&mut serving, &question);
        }
        for (at, (_, replies)) in clients.iter_mut().enumerate() {
            let reply = replies.receive(LONG_NS).expect("an answer");
            assert_eq!((number(&reply.message), reply.message.answers), (round * 10 + at as u64, round));
            give_back(replies, &reply);
        }
    }
    let loan = answering.loan().expect("a slot");
    assert_eq!(answering.publish(loan.ticket), Err(Stop::Fault(Fault::Unsupported)), "an answer is to a question");
    assert_eq!(answering.answer(loan.ticket, 99, 0), Err(Stop::Fault(Fault::Unsupported)), "nobody asked there");
    assert_eq!(answering.discard(loan.ticket), Ok(()));
    drop((answering, serving, clients));
    house.is_swept();
}

//! What a route's policies do to letters: copies are private, loans are counted, a full ring does as it was told, and the
//! audit explains every slot.

use vil_core::base::error::Fault;
use vil_core::observe;
use vil_core::world::{Sender, Stop};

use crate::house::{House, PLAIN, Random, Shape, fill, give_back, number, send, take};

fn full(house: &House) -> Sender {
    let mut sender = house.writer();
    (0..4).for_each(|letter| send(&mut sender, letter).expect("there is room"));
    sender
}

#[test]
fn fail_answers_full_and_the_loan_is_still_held() {
    let house = House::new("fail", Shape { backpressure: "fail", ..PLAIN });
    let (mut sender, mut receiver) = (full(&house), house.reader());
    let loan = sender.loan().expect("a slot more than cells");
    fill(&loan, 4);
    assert_eq!(sender.publish(loan.ticket), Err(Stop::Full));
    assert_eq!(sender.publish(loan.ticket), Err(Stop::Full));
    assert_eq!(take(&mut receiver), Ok(0));
    assert_eq!(sender.publish(loan.ticket), Ok(()));
    assert_eq!(sender.publish(loan.ticket), Err(Stop::Fault(Fault::State)), "it is gone now");
    assert_eq!(sender.published(), 5);
}

#[test]
fn drop_newest_drops_counts_and_ends_the_loan() {
    let house = House::new("drop", Shape { backpressure: "drop_newest", delivery: "best_effort", ..PLAIN });
    let mut receiver = house.reader();
    let mut sender = full(&house);
    for lost in 1..=3 {
        let loan = sender.loan().expect("a slot more than cells");
        fill(&loan, 99);
        assert_eq!(sender.publish(loan.ticket), Err(Stop::Dropped));
        assert_eq!(sender.discard(loan.ticket), Err(Stop::Fault(Fault::State)), "it is gone");
        assert_eq!(observe::route(&house.keeper, 0).expect("a route").dropped, lost);
    }
    for letter in 0..4 {
        assert_eq!(take(&mut receiver), Ok(letter), "the oldest are kept");
    }
    send(&mut sender, 4).expect("there is room again");
    assert_eq!(take(&mut receiver), Ok(4));
    let seen = observe::route(&house.keeper, 0).expect("a route");
    assert_eq!((seen.published, seen.received, seen.dropped, seen.depth), (5, 5, 3, 0));
    drop((sender, receiver));
    house.is_swept();
}

#[test]
fn best_effort_without_a_reader_drops_what_lies_there_and_counts_it() {
    let house = House::new("nobody", Shape { delivery: "best_effort", ..PLAIN });
    let mut sender = full(&house);
    (4..10).for_each(|letter| send(&mut sender, letter).expect("nobody is never in the way"));
    let mut receiver = house.reader();
    let first = take(&mut receiver).expect("the youngest are there");
    let seen = observe::route(&house.keeper, 0).expect("a route");
    assert_eq!((seen.dropped, seen.published), (first, 10));
    (first + 1..10).for_each(|letter| assert_eq!(take(&mut receiver), Ok(letter)));
}

#[test]
fn more_loans_than_the_port_has_are_a_limit_on_both_sides() {
    let house = House::new("loans", Shape { loans: 3, ..PLAIN });
    let (mut sender, mut receiver) = (house.writer(), house.reader());
    let loans: Vec<_> = (0..3).map(|_| sender.loan().expect("three")).collect();
    assert_eq!(sender.loan().err(), Some(Stop::Fault(Fault::Limit)));
    sender.discard(loans[1].ticket).expect("held");
    let again = sender.loan().expect("one is free again");
    assert!(loans.iter().all(|loan| loan.ticket != again.ticket), "a ticket is never given out twice");
    for loan in [&loans[0], &loans[2], &again] {
        fill(loan, 1);
        sender.publish(loan.ticket).expect("there is room");
    }
    send(&mut sender, 1).expect("there is room");
    let held: Vec<_> = (0..3).map(|_| receiver.poll().expect("three")).collect();
    assert_eq!(receiver.poll().err(), Some(Stop::Fault(Fault::Limit)));
    assert_eq!(receiver.receive(u64::MAX).err(), Some(Stop::Fault(Fault::Limit)), "and it does not wait for ever");
    held.iter().for_each(|received| give_back(&mut receiver, received));
    assert_eq!(take(&mut receiver), Ok(1));
}

#[test]
fn letters_are_released_in_any_order_and_each_once() {
    let house = House::new("order", Shape { loans: 4, capacity: 4, ..PLAIN });
    let (mut sender, mut receiver) = (house.writer(), house.reader());
    let mut random = Random::new("order");
    for round in 0..200 {
        (0..4).for_each(|letter| send(&mut sender, round * 4 + letter).expect("there is room"));
        let mut held: Vec<_> = (0..4).map(|_| receiver.poll().expect("four")).collect();
        let numbers: Vec<u64> = held.iter().map(|received| number(&received.message)).collect();
        assert_eq!(numbers, (round * 4..round * 4 + 4).collect::<Vec<_>>());
        while !held.is_empty() {
            let received = held.swap_remove(random.below(held.len() as u64) as usize);
            give_back(&mut receiver, &received);
            let again = receiver.release(received.route, received.message.ticket);
            assert_eq!(again, Err(Stop::Fault(Fault::State)));
        }
        assert_eq!(receiver.received(), round * 4 + 4);
    }
    drop((sender, receiver));
    house.is_swept();
}

#[test]
fn a_copied_letter_is_the_reader_s_alone_in_the_cell_and_through_a_slot() {
    for (name, bytes) in [("copy-inline", 16), ("copy-slot", 500)] {
        let house = House::new(name, Shape { transfer: "copy", bytes, loans: 2, ..PLAIN });
        let (mut sender, mut receiver) = (house.writer(), house.reader());
        assert_eq!(house.keeper.shared().geometry.slots == 0, bytes == 16, "small ones need no slot");
        let first = sender.loan().expect("a loan");
        fill(&first, 1);
        sender.publish(first.ticket).expect("there is room");
        let received = receiver.poll().expect("a letter");
        // The writer's memory of it, and the shared one, may be anything now.
        // SAFETY: the memory is still mapped; that a misbehaving writer writes there is what is tested.
        unsafe { first.data.as_ptr().write_bytes(0xee, first.size as usize) };
        (2..5).for_each(|letter| send(&mut sender, letter).expect("there is room"));
        assert_eq!(number(&received.message), 1, "what was received does not change");
        let second = receiver.poll().expect("a letter");
        assert_eq!((number(&received.message), number(&second.message)), (1, 2));
        give_back(&mut receiver, &received);
        give_back(&mut receiver, &second);
        drop((sender, receiver));
        let mut receiver = house.reader();
        assert_eq!((take(&mut receiver), take(&mut receiver)), (Ok(3), Ok(4)), "the rest stays for a successor");
        drop(receiver);
        house.is_swept();
    }
}

#[test]
fn a_closed_writer_discards_its_loans_and_leaves_its_letters() {
    let house = House::new("leaves", PLAIN);
    let mut sender = house.writer();
    send(&mut sender, 1).expect("there is room");
    let _never = sender.loan().expect("a loan");
    drop(sender);
    let audit = house.keeper.audit();
    assert_eq!((audit.retained, audit.held, audit.leaked), (1, 0, 0), "{audit:?}");
    let mut receiver = house.reader();
    assert_eq!(take(&mut receiver), Ok(1));
    drop(receiver);
    house.is_swept();
}

#[test]
fn a_closed_reader_s_letters_in_hand_are_delivered_again_or_dropped_as_the_route_says() {
    for (delivery, again) in [("at_least_once", true), ("best_effort", false)] {
        let house = House::new(delivery, Shape { delivery, ..PLAIN });
        let (mut sender, mut receiver) = (house.writer(), house.reader());
        (0..3).for_each(|letter| send(&mut sender, letter).expect("there is room"));
        assert_eq!(take(&mut receiver), Ok(0));
        let _in_hand = receiver.poll().expect("a letter");
        drop(receiver);
        let mut receiver = house.reader();
        let seen = observe::route(&house.keeper, 0).expect("a route");
        if again {
            assert_eq!((take(&mut receiver), take(&mut receiver)), (Ok(1), Ok(2)));
            assert_eq!(seen.dropped, 0);
        } else {
            assert_eq!(receiver.poll().err(), Some(Stop::Empty));
            assert_eq!((seen.dropped, seen.received), (2, 1));
        }
        drop((sender, receiver));
        house.is_swept();
    }
}

#[test]
fn the_audit_explains_every_slot_whatever_happens() {
    let house = House::new("audit", Shape { loans: 3, ..PLAIN });
    let (mut sender, mut receiver) = (house.writer(), house.reader());
    let mut random = Random::new("audit");
    let (mut loans, mut held) = (Vec::new(), Vec::new());
    for _ in 0..2_000 {
        match random.below(5) {
            0 => loans.extend(sender.loan()),
            1 if !loans.is_empty() && sender.published() < receiver.received() + 4 => {
                let loan = loans.swap_remove(random.below(loans.len() as u64) as usize);
                sender.publish(loan.ticket).expect("there is room");
            }
            2 => held.extend(receiver.poll()),
            3 if !held.is_empty() => {
                let received = held.swap_remove(random.below(held.len() as u64) as usize);
                give_back(&mut receiver, &received);
            }
            4 if !loans.is_empty() => {
                let loan = loans.swap_remove(random.below(loans.len() as u64) as usize);
                sender.discard(loan.ticket).expect("held");
            }
            _ => {}
        }
        let audit = house.keeper.audit();
        assert_eq!(audit.slots, audit.free + audit.held + audit.retained + audit.leaked, "{audit:?}");
        assert_eq!((audit.leaked, audit.retained), (0, 0), "{audit:?}");
        let in_use = loans.len() as u64 + sender.published() - receiver.received();
        assert!(audit.held >= in_use, "{in_use} in use: {audit:?}");
    }
    drop((sender, receiver));
    assert_eq!(house.keeper.audit().leaked, 0);
    let mut receiver = house.reader();
    while receiver.poll().map(|received| give_back(&mut receiver, &received)).is_ok() {}
    drop(receiver);
    house.is_swept();
}

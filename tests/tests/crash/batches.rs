//! What several messages cost together: tail and head are stored once for all of them, and a sleeper is woken once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use vil_core::base::atomic::FOR_DATA;
use vil_core::base::crash::{Access, set_hook};
use vil_core::base::words::ProcessId;
use vil_core::exchange::{Batch, Consumer, Producer, Refusal};
use vil_core::mem::Shared;
use vil_ir::vocabulary::Delivery;

use crate::memory::Lease;
use crate::private::Private;
use crate::stage::Stage;
use crate::town::{Road, Town, Way};

/// A world with one ring of eight cells, and both ends of it.
fn ends() -> (Rc<Town>, Lease, Producer, Consumer) {
    let town =
        Town::new("eight".into(), vec![Road::new((0, 1), Way::Loan, Delivery::AtLeastOnce, 8, (9, 8))], 0, 1 << 20);
    let lease = town.found();
    for process in [0, 1] {
        Stage::new(&lease, &mut Private::new(&town)).attach(process).expect("the table is empty");
    }
    let producer = Producer::open(&lease, ProcessId(0), &[0]).expect("the end is vacant");
    let consumer = Consumer::open(&lease, ProcessId(1), 0).expect("the end is vacant");
    (town, lease, producer, consumer)
}

fn loans(shared: &Shared, producer: &mut Producer, count: usize) -> Vec<u64> {
    (0..count).map(|_| producer.loan(shared).expect("as many may be on loan").ticket).collect()
}

fn messages(shared: &Shared, consumer: &mut Consumer) -> Vec<(u64, u64)> {
    let next = || consumer.receive(shared).ok().map(|message| (message.number, message.ticket));
    std::iter::from_fn(next).collect()
}

/// How often a call stores at each site.
fn stores<T>(call: impl FnOnce() -> T) -> (T, BTreeMap<&'static str, u32>) {
    let seen = Rc::new(RefCell::new(BTreeMap::new()));
    let count = Rc::clone(&seen);
    set_hook(Some(Box::new(move |access, site| {
        if access != Access::Load {
            *count.borrow_mut().entry(site).or_default() += 1;
        }
    })));
    let answer = call();
    set_hook(None);
    let seen = seen.borrow().clone();
    (answer, seen)
}

#[test]
fn five_messages_published_at_once_store_tail_once_and_wake_once() {
    let (town, lease, mut producer, mut consumer) = ends();
    let tickets = loans(&lease, &mut producer, 5);
    lease.segment.flag(town.geometry.rings[0].consumer_flag).announce(FOR_DATA, "wait.announce");
    let (batch, stores) = stores(|| producer.publish_many(&lease, tickets.iter().copied()));
    assert_eq!(batch, Batch { done: 5, answer: Ok(()) });
    let expected =
        [("publish.cell", 5), ("publish.count", 1), ("publish.stamp", 5), ("publish.tail", 1), ("publish.wake", 1)];
    assert_eq!(stores, BTreeMap::from(expected));
    let numbers: Vec<u64> = messages(&lease, &mut consumer).into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
}

#[test]
fn what_does_not_fit_into_the_ring_is_still_on_loan() {
    let (_, lease, mut producer, mut consumer) = ends();
    let tickets = loans(&lease, &mut producer, 9);
    assert_eq!(producer.publish_many(&lease, tickets.iter().copied()), Batch { done: 8, answer: Err(Refusal::Full) });
    let again = [tickets[8], tickets[0]];
    assert_eq!(producer.publish_many(&lease, again.into_iter()), Batch { done: 0, answer: Err(Refusal::Full) });
    let received = messages(&lease, &mut consumer);
    consumer.release(&lease, received[0].1).expect("it is in hand");
    assert_eq!(producer.publish_many(&lease, again.into_iter()), Batch { done: 1, answer: Err(Refusal::Ticket) });
    assert_eq!(messages(&lease, &mut consumer).len(), 1);
    assert_eq!(producer.published(), 9);
}

#[test]
fn messages_released_at_once_move_head_once_and_over_no_gap() {
    let (_, lease, mut producer, mut consumer) = ends();
    let sent = loans(&lease, &mut producer, 6);
    assert_eq!(producer.publish_many(&lease, sent.iter().copied()).done, 6);
    let tickets: Vec<u64> = messages(&lease, &mut consumer).into_iter().map(|(_, ticket)| ticket).collect();
    let (batch, gap) = stores(|| consumer.release_many(&lease, tickets[1..3].iter().copied()));
    assert_eq!((batch, gap), (Batch { done: 2, answer: Ok(()) }, BTreeMap::new()));
    assert_eq!(consumer.released(), 0);
    let twice = [tickets[4], tickets[0], tickets[0], tickets[5]];
    let (batch, stores) = stores(|| consumer.release_many(&lease, twice.into_iter()));
    assert_eq!(
        (batch, stores),
        (Batch { done: 2, answer: Err(Refusal::Ticket) }, BTreeMap::from([("release.head", 1)]))
    );
    assert_eq!(consumer.released(), 3);
    assert_eq!(consumer.release_many(&lease, [tickets[5], tickets[3]].into_iter()).answer, Ok(()));
    assert_eq!(consumer.released(), 6);
}

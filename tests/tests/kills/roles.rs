//! What the people of the village do until they are dismissed or killed: whatever can be done now, in turn, and when
//! nothing can, they wait for a moment.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use vil_core::base::error::Fault;
use vil_core::exchange::{Loan, Message};
use vil_core::world::{Contract, Received, Receiver, Sender, Stop, World, wait_any};
use vil_tests::random::Random;

use crate::child::{LONG, Role, is_dismissed, pass};
use crate::ledger::Ledger;
use crate::village::{
    ANSWERS, AT_MIDDLE, BACK, FIRST, GIVEN, HANDS, Inlet, JOBS, LETTERS, Lane, NAME, NEWS, NOBODY, ONWARD, PASSED,
    READ, SECOND, SHARED, TO_MIDDLE, WORK, ledger_of, place,
};

pub(crate) const ROLES: &[Role] = &[
    ("writer", writer),
    ("middle", middle),
    ("reader", reader),
    ("second", second),
    ("worker", worker),
    ("recoverer", recoverer),
    ("first", first),
];

/// The people, whoever may be killed.
pub(crate) const PEOPLE: [&str; 7] = ["writer", "middle", "reader", "second", "worker", "worker", "recoverer"];

/// Longest wait of somebody who has nothing to do.
const IDLE_NS: u64 = 500_000;

/// One of the village, from the moment at which it has entered.
struct Person {
    world: Arc<World>,
    ledger: &'static Ledger,
    random: Random,
}

impl Person {
    fn enter(dir: &Path, process: Option<&str>) -> Person {
        let contract = process.map_or(NOBODY, |process| Contract { process: Some(process), ports: &[] });
        let world = World::open(&place(dir), NAME, &contract).unwrap_or_else(|error| panic!("{error}"));
        let random = Random::of(u64::from(std::process::id()));
        Person { world, ledger: Ledger::open(&ledger_of(dir)), random }
    }

    fn sender(&self, port: &str) -> Sender {
        Sender::open_within(&self.world, port, LONG.as_nanos() as u64).unwrap_or_else(|error| panic!("{port}: {error}"))
    }

    fn outlet(&self, lane: Lane) -> Outlet {
        let sender = self.sender(lane.port);
        if lane.is_counted {
            self.ledger.lanes[lane.lane].resume(sender.published());
        }
        Outlet { sender, lane, ledger: self.ledger }
    }

    fn inbox(&self, inlet: Inlet) -> Inbox {
        let receiver = Receiver::open_within(&self.world, inlet.port, LONG.as_nanos() as u64);
        let receiver = receiver.unwrap_or_else(|error| panic!("{}: {error}", inlet.name));
        let next = receiver.received();
        self.ledger.inlets[inlet.inlet].resume(next, inlet.terms);
        Inbox { receiver, inlet, ledger: self.ledger, next, held: Vec::new() }
    }
}

/// A lane's sending end.
struct Outlet {
    sender: Sender,
    lane: Lane,
    ledger: &'static Ledger,
}

impl Outlet {
    /// Publishes one more message if there is room.
    fn put(&mut self) -> bool {
        if self.ledger.is_quiet() {
            return false;
        }
        let Some(loan) = now(self.sender.loan()) else { return false };
        let promises = &self.ledger.lanes[self.lane.lane];
        let id = promises.begin();
        fill(&loan, id);
        let is_out = now(self.sender.publish(loan.ticket)).is_some();
        match is_out {
            true => promises.keep(id),
            false => {
                promises.take_back(id);
                self.sender.discard(loan.ticket).expect("it is still held");
            }
        }
        is_out
    }
}

/// An end at which messages arrive, and what is in hand of them.
struct Inbox {
    receiver: Receiver,
    inlet: Inlet,
    ledger: &'static Ledger,
    next: u64,
    held: Vec<Received>,
}

impl Inbox {
    /// Receives one more if there is one and a hand is free.
    fn take(&mut self) -> bool {
        if self.held.len() as u64 == HANDS {
            return false;
        }
        let Some(received) = now(self.receiver.poll()) else { return false };
        let number = received.message.number;
        // What died in a taker's hands leaves its number out.
        assert!(
            number == self.next || self.inlet.terms.is_taken && number > self.next,
            "{}: {number}",
            self.inlet.name
        );
        self.next = number + 1;
        let promises = &self.ledger.lanes[self.inlet.lane];
        self.ledger.inlets[self.inlet.inlet].arrive(number, id(&received.message), promises, self.inlet.terms);
        self.held.push(received);
        true
    }

    /// Lets go of one in hand, looking at it once more.
    fn let_go(&mut self, random: &mut Random) -> bool {
        if self.held.is_empty() {
            return false;
        }
        let at = random.below(self.held.len() as u64) as usize;
        let Received { message, route } = self.held.remove(at);
        id(&message);
        let answer = match self.inlet.terms.is_taken {
            true => self.receiver.consume(route, message.ticket),
            false => self.receiver.release(route, message.ticket),
        };
        assert_eq!(answer, Ok(()), "{}", self.inlet.name);
        true
    }

    /// Passes the oldest in hand on, if there is room.
    fn pass_on(&mut self, to: &mut Sender) -> bool {
        let Some(Received { message, route }) = self.held.first() else { return false };
        let is_gone = now(self.receiver.forward(*route, message.ticket, to)).is_some();
        if is_gone {
            self.held.remove(0);
        }
        is_gone
    }
}

/// What cannot be done now is no fault; anything else is.
fn now<T>(answer: Result<T, Stop>) -> Option<T> {
    match answer {
        Ok(done) => Some(done),
        Err(Stop::Empty | Stop::Full | Stop::Late | Stop::PeerGone | Stop::Interrupted) => None,
        Err(Stop::Fault(Fault::Memory | Fault::Limit)) => None,
        Err(stop) => panic!("{stop:?}"),
    }
}

fn writer(dir: &Path) {
    let person = Person::enter(dir, Some("writer"));
    let mut random = person.random.clone();
    let mut outlets = [LETTERS, SHARED, GIVEN, JOBS, NEWS].map(|lane| person.outlet(lane));
    let mut answers = person.inbox(ANSWERS);
    while !is_dismissed() {
        let mut busy = false;
        for outlet in &mut outlets {
            // There is always room for news; they alone do not keep anybody from resting.
            let is_out = random.below(4) > 0 && outlet.put();
            busy |= is_out && outlet.lane.lane != NEWS.lane;
        }
        busy |= answers.take();
        busy |= random.below(2) == 0 && answers.let_go(&mut random);
        rest(busy, [&mut answers.receiver]);
    }
}

fn middle(dir: &Path) {
    let person = Person::enter(dir, Some("middle"));
    let (mut passed, mut onward) = (person.sender("passed"), person.sender("onward"));
    let (mut letters, mut given) = (person.inbox(AT_MIDDLE), person.inbox(TO_MIDDLE));
    while !is_dismissed() {
        let mut busy = letters.take();
        busy |= letters.pass_on(&mut passed);
        busy |= given.take();
        busy |= given.pass_on(&mut onward);
        rest(busy, [&mut letters.receiver, &mut given.receiver]);
    }
}

fn reader(dir: &Path) {
    let person = Person::enter(dir, Some("reader"));
    let mut random = person.random.clone();
    let mut inboxes = [PASSED, FIRST, ONWARD, READ].map(|inlet| person.inbox(inlet));
    let mut back = person.outlet(BACK);
    while !is_dismissed() {
        let mut busy = back.put();
        for inbox in &mut inboxes {
            busy |= inbox.take();
            busy |= random.below(2) == 0 && inbox.let_go(&mut random);
        }
        let [passed, first, onward, news] = &mut inboxes;
        let receivers = [&mut passed.receiver, &mut first.receiver, &mut onward.receiver, &mut news.receiver];
        rest(busy, receivers);
    }
}

fn second(dir: &Path) {
    let person = Person::enter(dir, Some("second"));
    let mut random = person.random.clone();
    let mut shared = person.inbox(SECOND);
    while !is_dismissed() {
        let busy = shared.take() | (random.below(2) == 0 && shared.let_go(&mut random));
        rest(busy, [&mut shared.receiver]);
    }
}

fn worker(dir: &Path) {
    let person = Person::enter(dir, Some("worker"));
    let mut random = person.random.clone();
    let mut jobs = person.inbox(WORK);
    while !is_dismissed() {
        let busy = jobs.take() | (random.below(2) == 0 && jobs.let_go(&mut random));
        rest(busy, [&mut jobs.receiver]);
    }
}

/// Recovers and audits without end.
fn recoverer(dir: &Path) {
    let person = Person::enter(dir, None);
    let slots = person.world.audit().slots;
    while !is_dismissed() {
        assert_eq!(person.world.audit().slots, slots);
        pass(Duration::from_micros(300));
    }
}

/// Says by its status whether its number is the first of a pid namespace.
fn first(_: &Path) {
    std::process::exit(i32::from(std::process::id() != 1));
}

/// Waits a moment for a message when nothing was done.
fn rest<const N: usize>(busy: bool, mut receivers: [&mut Receiver; N]) {
    if !busy {
        now(wait_any(&mut receivers, IDLE_NS).map(drop));
    }
}

/// The id, its complement, and the rest is its low byte.
fn fill(loan: &Loan, id: u64) {
    // SAFETY: the loan is ours until it is published, and has this many bytes, at least 16.
    let bytes = unsafe { std::slice::from_raw_parts_mut(loan.data.as_ptr(), loan.size as usize) };
    bytes[..8].copy_from_slice(&id.to_le_bytes());
    bytes[8..16].copy_from_slice(&(!id).to_le_bytes());
    bytes[16..].fill(id as u8);
}

/// The id of a message, after every byte of it was looked at.
fn id(message: &Message) -> u64 {
    // SAFETY: the message is ours until it is released, and has this many bytes, at least 16.
    let bytes = unsafe { std::slice::from_raw_parts(message.data.as_ptr(), message.size as usize) };
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    let (id, check) = (word(0), word(8));
    assert!(check == !id && bytes[16..].iter().all(|byte| *byte == id as u8), "message {id} was torn: {bytes:?}");
    id
}

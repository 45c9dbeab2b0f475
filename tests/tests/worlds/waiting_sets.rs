//! Sets of ends: whose turn it is, what ends a wait and whose token it tells, and the descriptor for event loops.

use std::fs::File;
use std::os::fd::RawFd;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vil_core::base::error::Fault;
use vil_core::base::words::ProcessId;
use vil_core::exchange::News;
use vil_core::exchange::claimed::{Popper, Pusher};
use vil_core::mem::{Geometry, Shared};
use vil_core::sys::map::Mapping;
use vil_core::world::{CONTROL_RUN, End, Ends, Receiver, Sender, Stop, WaitSet, World};
use vil_tests::runtime_dir::RuntimeDir;

use crate::child::{Other, Role, hear, say};
use crate::house::{
    FOREVER, House, LONG, LONG_NS, PLAIN, SHORT, SHORT_NS, give_back, number, place, plan_of, refused, role, send, take,
};
use crate::waiting::while_asleep;

pub(crate) const ROLES: &[Role] = &[("writes one and waits", writes_one_and_waits)];

/// A control lane, a trigger lane and a data lane from `desk` to `post`, and one lane back.
const LANES: &str = "vil: 1\nprogram: lanes\nmessages:\n  Note: { kind: event, fields: [ { name: number, type: u64 }, { name: check, type: u64 } ] }\n\
\x20 Order: { kind: event, fields: [ { name: number, type: u64 }, { name: check, type: u64 } ] }\n\
interfaces:\n  Desk:\n    ports:\n      orders: { direction: out, message: Order, lane: control, queue: { capacity: 64, backpressure: fail } }\n\
\x20     notes: { direction: out, message: Note, lane: data, queue: { capacity: 64, backpressure: fail } }\n\
\x20     marks: { direction: out, message: Note, lane: data, queue: { capacity: 64, backpressure: fail } }\n\
\x20     replies: { direction: in, message: Note, lane: data }\n\
\x20 Post:\n    ports:\n      orders: { direction: in, message: Order, lane: control }\n\
\x20     notes: { direction: in, message: Note, lane: data }\n      marks: { direction: in, message: Note, lane: data }\n\
\x20     replies: { direction: out, message: Note, lane: data, queue: { capacity: 2, backpressure: fail } }\n\
processes:\n  desk: { interface: Desk }\n  post: { interface: Post }\n\
defaults: { routes: { transfer: loan_write, delivery: at_least_once } }\n\
routes:\n  - { from: desk.orders, to: post.orders }\n  - { from: desk.notes, to: post.notes }\n\
\x20 - { from: desk.marks, to: post.marks }\n  - { from: post.replies, to: desk.replies }\n";

const ORDERS: u64 = 10;
const NOTES: u64 = 20;
const MARKS: u64 = 30;

/// A set of three receivers, and who sends to them.
struct Post {
    senders: [Sender; 3],
    ends: [Receiver; 3],
    set: WaitSet,
    post: Arc<World>,
    house: House,
}

impl Post {
    fn new(name: &str) -> Post {
        let house = House::of(name, &plan_of(LANES));
        let (desk, post) = (house.enter("desk"), house.enter("post"));
        let ports = ["orders", "notes", "marks"];
        let senders = ports.map(|port| Sender::open(&desk, port).unwrap_or_else(|error| panic!("{error}")));
        let mut ends = ports.map(|port| Receiver::open(&post, port).unwrap_or_else(|error| panic!("{error}")));
        let mut set = WaitSet::new(&post);
        for (receiver, token) in ends.iter_mut().zip([ORDERS, NOTES, MARKS]) {
            set.add(&mut End::Receiver(receiver), token).unwrap_or_else(|error| panic!("{error}"));
        }
        Post { senders, ends, set, post, house }
    }

    fn wait(&mut self, timeout_ns: u64) -> (Result<(), Stop>, u64) {
        let mut token = 0;
        let answer = self.set.wait(&mut self.ends.each_mut(), timeout_ns, &mut token);
        (answer, token)
    }

    fn descriptor(&mut self) -> RawFd {
        self.set.descriptor(&mut self.ends.each_mut()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Everything there is, by looking without waiting; what a program does when the descriptor is readable.
    fn serve(&mut self) -> Vec<u64> {
        let mut found = Vec::new();
        loop {
            match self.wait(0) {
                (Ok(()), token) => found.push(take(&mut self.ends[at(token)]).expect("it is ready")),
                (Err(Stop::Empty), _) => return found,
                (answer, token) => panic!("{answer:?} of {token}"),
            }
        }
    }
}

fn at(token: u64) -> usize {
    (token / 10 - 1) as usize
}

/// Does the descriptor become readable within a time?
pub(crate) fn is_readable(fd: RawFd, within: Duration) -> bool {
    let mut polled = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // SAFETY: one entry, which is ours.
    let count = unsafe { libc::poll(&raw mut polled, 1, within.as_millis() as libc::c_int) };
    assert!(count >= 0 && polled.revents & !libc::POLLIN == 0, "poll answers {count}, {:#x}", polled.revents);
    count == 1
}

#[test]
fn control_comes_first_and_after_eight_of_its_answers_another_lane_has_a_turn() {
    let mut post = Post::new("turns");
    for letter in 0..20 {
        send(&mut post.senders[0], letter).expect("there is room");
    }
    (1..3).for_each(|lane| (0..2).for_each(|letter| send(&mut post.senders[lane], letter).expect("there is room")));
    let mut tokens = Vec::new();
    while let (Ok(()), token) = post.wait(0) {
        take(&mut post.ends[at(token)]).expect("it is ready");
        tokens.push(token);
    }
    let run = vec![ORDERS; CONTROL_RUN as usize];
    let expected = [&run[..], &[NOTES], &run, &[MARKS], &run[..4], &[NOTES, MARKS]].concat();
    assert_eq!(tokens, expected);
}

#[test]
fn a_full_lane_that_nobody_reads_does_not_delay_control() {
    let mut post = Post::new("stalled");
    for letter in 0..64 {
        send(&mut post.senders[1], letter).expect("there is room");
    }
    assert_eq!(send(&mut post.senders[1], 64), Err(Stop::Full));
    for order in 0..1000 {
        send(&mut post.senders[0], order).expect("the control lane has a ring of its own");
        // The stalled lane has a turn now and then, and control is next.
        let tokens = [post.wait(LONG_NS).1, post.wait(LONG_NS).1];
        assert!(tokens.contains(&ORDERS), "{tokens:?} at {order}");
        assert_eq!(take(&mut post.ends[0]), Ok(order));
    }
}

#[test]
fn a_sleeping_wait_answers_the_token_of_the_end_that_has_something() {
    let mut post = Post::new("token");
    let Post { senders, ends, set, .. } = &mut post;
    let [orders, notes, _] = senders;
    for (sender, expected) in [(notes, NOTES), (orders, ORDERS)] {
        let mut token = 0;
        let wait = || set.wait(&mut ends.each_mut(), FOREVER, &mut token);
        assert_eq!(while_asleep(wait, |_, _| send(sender, 7).expect("there is room")), Ok(()));
        assert_eq!(token, expected);
        assert_eq!(take(&mut ends[at(expected)]), Ok(7));
    }
    assert_eq!(post.wait(0).0, Err(Stop::Empty));
    let start = Instant::now();
    assert_eq!(post.wait(SHORT_NS).0, Err(Stop::Late));
    assert!(start.elapsed() >= SHORT);
}

#[test]
fn a_lost_peer_is_told_once_for_each_end_with_its_token() {
    let mut post = Post::new("lost");
    let [orders, notes, marks] = post.senders;
    let mut set = post.set;
    let mut wait = |timeout| {
        let mut token = 0;
        (set.wait(&mut post.ends.each_mut(), timeout, &mut token), token)
    };
    drop(notes);
    assert_eq!(wait(FOREVER), (Err(Stop::PeerGone), NOTES));
    assert_eq!(wait(SHORT_NS).0, Err(Stop::Late));
    drop((orders, marks));
    let mut tokens = [wait(0), wait(0)].map(|(answer, token)| (answer == Err(Stop::PeerGone)).then_some(token));
    tokens.sort_unstable();
    assert_eq!(tokens, [Some(ORDERS), Some(MARKS)]);
    assert_eq!(wait(0).0, Err(Stop::Empty));
}

#[test]
fn a_cancel_of_the_set_or_of_its_world_ends_one_wait_and_no_more() {
    let mut post = Post::new("set-cancel");
    let canceller = Arc::clone(post.set.canceller());
    let Post { ends, set, .. } = &mut post;
    let mut token = 0;
    let answer = while_asleep(|| set.wait(&mut ends.each_mut(), FOREVER, &mut token), |_, _| canceller.cancel());
    assert_eq!(answer, Err(Stop::Cancelled));
    assert_eq!(post.wait(SHORT_NS).0, Err(Stop::Late), "told once");
    assert_eq!(post.ends[0].receive(SHORT_NS).err(), Some(Stop::Late), "an end of its own was not cancelled");
    post.post.cancel();
    assert_eq!(post.wait(FOREVER).0, Err(Stop::Cancelled));
    assert_eq!(post.wait(SHORT_NS).0, Err(Stop::Late));
    send(&mut post.senders[0], 1).expect("there is room");
    canceller.cancel();
    assert_eq!(post.wait(0), (Ok(()), ORDERS), "a message comes first");
    assert_eq!(take(&mut post.ends[0]), Ok(1));
    assert_eq!(post.wait(0).0, Err(Stop::Cancelled));
    assert_eq!(post.wait(0).0, Err(Stop::Empty));
}

#[test]
fn a_sender_is_ready_when_its_ring_has_room_and_receivers_beside_it_when_they_have_messages() {
    let post = Post::new("room");
    let mut replies = Sender::open(&post.post, "replies").unwrap_or_else(|error| panic!("{error}"));
    let mut reader = Receiver::open(post.senders[0].world(), "replies").unwrap_or_else(|error| panic!("{error}"));
    let Post { mut senders, ends: [mut orders, ..], .. } = post;
    let mut set = WaitSet::new(replies.world());
    set.add(&mut End::Sender(&mut replies), 1).unwrap_or_else(|error| panic!("{error}"));
    set.add(&mut End::Receiver(&mut orders), 2).unwrap_or_else(|error| panic!("{error}"));
    let mut wait = |replies: &mut Sender, orders: &mut Receiver, timeout| {
        let mut token = 0;
        let mut ends = vec![End::Sender(replies), End::Receiver(orders)];
        assert_eq!(ends.count(), 2);
        set.wait(&mut ends, timeout, &mut token).map(|()| token)
    };
    assert_eq!(wait(&mut replies, &mut orders, 0), Ok(1));
    (0..2).for_each(|letter| send(&mut replies, letter).expect("there is room"));
    assert_eq!(wait(&mut replies, &mut orders, SHORT_NS), Err(Stop::Late));
    let answer = while_asleep(
        || wait(&mut replies, &mut orders, FOREVER),
        |_, _| assert_eq!([take(&mut reader), take(&mut reader)], [Ok(0), Ok(1)]),
    );
    assert_eq!(answer, Ok(1));
    (2..4).for_each(|letter| send(&mut replies, letter).expect("there is room"));
    let answer = while_asleep(
        || wait(&mut replies, &mut orders, FOREVER),
        |_, _| send(&mut senders[0], 5).expect("there is room"),
    );
    assert_eq!((answer, take(&mut orders)), (Ok(2), Ok(5)));
}

#[test]
fn ends_of_another_attachment_and_a_set_without_ends_are_refused() {
    let mut post = Post::new("refused");
    let said = refused(post.set.add(&mut End::Sender(&mut post.senders[0]), 1), Fault::Argument);
    assert!(said.contains("world `post`"), "{said}");
    let mut empty = WaitSet::new(&post.post);
    let mut none: [&mut Receiver; 0] = [];
    assert_eq!(empty.wait(&mut none, LONG_NS, &mut 0), Err(Stop::Fault(Fault::Argument)));
    refused(empty.descriptor(&mut none), Fault::Argument);
}

#[test]
fn a_descriptor_is_readable_while_something_was_not_looked_for_and_then_no_more() {
    let mut post = Post::new("descriptor");
    let fd = post.descriptor();
    assert_eq!(post.descriptor(), fd, "there is one");
    assert!(is_readable(fd, LONG), "nobody has looked yet");
    assert!(post.serve().is_empty() && !is_readable(fd, SHORT));
    for round in 0..50 {
        (0..3).for_each(|lane| send(&mut post.senders[lane], round).expect("there is room"));
        assert!(is_readable(fd, LONG), "round {round}");
        assert_eq!(post.serve(), [round; 3]);
        assert!(!is_readable(fd, Duration::ZERO), "round {round}");
    }
}

#[test]
fn receiving_alone_makes_a_descriptor_unreadable_and_tells_of_what_comes_next() {
    let mut post = Post::new("receive-arms");
    let fd = post.descriptor();
    for round in 0..50 {
        send(&mut post.senders[1], round).expect("there is room");
        assert!(is_readable(fd, LONG), "round {round}");
        for receiver in &mut post.ends {
            while let Ok(received) = receiver.poll() {
                assert_eq!(number(&received.message), round);
                give_back(receiver, &received);
            }
        }
        assert!(!is_readable(fd, Duration::ZERO), "round {round}");
    }
    send(&mut post.senders[0], 1).expect("there is room");
    assert!(is_readable(fd, LONG));
    assert_eq!(post.ends[1].poll().err(), Some(Stop::Empty));
    assert!(is_readable(fd, Duration::ZERO), "another receiver was not looked at");
}

#[test]
fn a_descriptor_tells_of_a_cancel_and_of_a_peer_that_left() {
    let mut post = Post::new("descriptor-loss");
    let fd = post.descriptor();
    assert!(post.serve().is_empty());
    post.set.canceller().cancel();
    assert!(is_readable(fd, LONG));
    assert_eq!(post.wait(0).0, Err(Stop::Cancelled));
    assert!(post.serve().is_empty() && !is_readable(fd, SHORT));
    post.post.cancel();
    assert!(is_readable(fd, LONG));
    assert_eq!(post.wait(0).0, Err(Stop::Cancelled));
    assert!(post.serve().is_empty() && !is_readable(fd, SHORT));
    let Post { senders: [orders, ..], mut ends, mut set, .. } = post;
    drop(orders);
    assert!(is_readable(fd, LONG));
    let mut token = 0;
    assert_eq!((set.wait(&mut ends.each_mut(), 0, &mut token), token), (Err(Stop::PeerGone), ORDERS));
    assert_eq!(set.wait(&mut ends.each_mut(), 0, &mut token), Err(Stop::Empty));
    assert!(!is_readable(fd, SHORT));
}

fn writes_one_and_waits(dir: &Path, _: &str) {
    let world = World::open(&place(dir), "post", &role("writer")).unwrap_or_else(|error| panic!("{error}"));
    let mut sender = Sender::open(&world, "letters").unwrap_or_else(|error| panic!("{error}"));
    send(&mut sender, 1).expect("there is room");
    say("sent");
    hear();
}

#[test]
fn a_descriptor_tells_of_a_peer_that_was_killed() {
    let house = House::new("descriptor-kill", PLAIN);
    let mut receiver = house.reader();
    let mut set = WaitSet::new(receiver.world());
    set.add(&mut End::Receiver(&mut receiver), 5).unwrap_or_else(|error| panic!("{error}"));
    let fd = set.descriptor(&mut [&mut receiver]).unwrap_or_else(|error| panic!("{error}"));
    let other = Other::start("writes one and waits", &house, "");
    assert_eq!((other.heard().as_str(), take(&mut receiver)), ("sent", Ok(1)));
    let mut token = 0;
    assert_eq!(set.wait(&mut [&mut receiver], 0, &mut token), Err(Stop::Empty));
    assert!(!is_readable(fd, SHORT));
    other.kill();
    assert!(is_readable(fd, LONG), "nobody but its thread asks who lives");
    assert_eq!((set.wait(&mut [&mut receiver], 0, &mut token), token), (Err(Stop::PeerGone), 5));
    assert_eq!(set.wait(&mut [&mut receiver], 0, &mut token), Err(Stop::Empty));
    assert!(!is_readable(fd, SHORT));
}

#[test]
fn a_receiver_is_told_of_by_one_descriptor_at_a_time() {
    let mut post = Post::new("two-sets");
    let fd = post.descriptor();
    let mut other = WaitSet::new(&post.post);
    let mut watched = End::Receiver(&mut post.ends[0]);
    other.add(&mut watched, 1).unwrap_or_else(|error| panic!("{error}"));
    refused(other.descriptor(&mut [&mut post.ends[0]]), Fault::State);
    drop(post.set);
    // SAFETY: asks for flags of a number and changes nothing.
    assert_eq!(unsafe { libc::fcntl(fd, libc::F_GETFD) }, -1, "the descriptor went with its set");
    let fd = other.descriptor(&mut [&mut post.ends[0]]).unwrap_or_else(|error| panic!("{error}"));
    send(&mut post.senders[0], 3).expect("there is room");
    assert!(is_readable(fd, LONG));
    assert_eq!(take(&mut post.ends[0]), Ok(3));
    drop(post.house);
}

/// A ring whose cells are claimed, in a file of its own.
fn claimed_ring(dir: &Path) -> Shared {
    let yaml = "vil: 1\nprogram: pool\nmessages:\n  Task: { kind: event, fields: [ { name: number, type: u64 } ] }\n\
interfaces:\n  Boss: { ports: { tasks: { direction: out, message: Task, queue: { kind: mpmc, capacity: 4, backpressure: fail } } } }\n\
\x20 Hand: { ports: { tasks: { direction: in, message: Task } } }\n\
processes:\n  boss: { interface: Boss }\n  hand: { interface: Hand }\n\
routes:\n  - { from: boss.tasks, to: hand.tasks, transfer: consume_once, delivery: best_effort }\n";
    let geometry = Geometry::compute(&plan_of(yaml), 0).expect("it can be laid out");
    let file =
        File::options().read(true).write(true).create_new(true).open(dir.join("ring")).expect("the directory is ours");
    file.set_len(geometry.total_size).expect("there is room");
    let mapping = Mapping::new(&file, geometry.total_size).expect("it is mapped");
    Shared::map(mapping, geometry).expect("it is large enough")
}

#[test]
fn a_claimed_ring_is_news_while_it_holds_a_message_and_once_when_its_producers_left() {
    let dir = RuntimeDir::new("claimed-news");
    let shared = claimed_ring(&dir);
    let ring = shared.geometry.rings[0];
    assert!(ring.claimed);
    let news = || News::of(&shared, &ring);
    let at_first = news();
    let open = |who| Pusher::open(&shared, ProcessId(who), 0).unwrap_or_else(|error| panic!("{error:?}"));
    let (mut boss, mut other) = (open(1), open(2));
    let mut hand = Popper::open(&shared, ProcessId(3), 0).unwrap_or_else(|error| panic!("{error:?}"));
    assert!(!news().is_news_to(at_first), "who comes is no news");
    let mut found = Vec::new();
    News::producers(&shared, &ring, &mut found);
    assert_eq!(found, [ProcessId(1), ProcessId(2), ProcessId(3)]);
    for _ in 0..10 {
        for pusher in [&mut boss, &mut other] {
            let loan = pusher.loan(&shared).expect("a slot");
            pusher.publish(&shared, loan.ticket).expect("there is room");
        }
        for _ in 0..2 {
            assert!(news().is_news_to(news()), "somebody can take a message");
            let message = hand.receive(&shared).expect("a message");
            hand.consume(&shared, message.ticket).expect("it is held");
        }
        assert!(!news().is_news_to(at_first));
    }
    boss.close(&shared);
    other.close(&shared);
    let left = news();
    assert!(left.is_news_to(at_first) && !news().is_news_to(left));
}

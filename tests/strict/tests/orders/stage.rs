//! A small world for one run of a model, and what threads do in it: the library's own calls, and a loom cell for the bytes
//! of each message.

use std::ptr::NonNull;
use std::sync::Arc;

use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread::yield_now;
use vil_core::base::atomic::Barrier;
use vil_core::base::words::{EndWord, ProcessId, SlotState, Stamp};
use vil_core::exchange::{Consumer, Message, Producer, Refusal};
use vil_core::heap;
use vil_core::mem::{CELL_REFERENCE, CELL_STAMP, CELL_THIRD, COUNT, Geometry, Places, Segment, Shared};
use vil_core::registry::{self, Identity, Liveness};
use vil_ir::model::End;
use vil_ir::plan::{ClassPlan, Plan, RoutePlan};
use vil_ir::vocabulary::{Backpressure, Delivery, Lane, MemoryClass, QueueKind, Transfer};

/// Where indices begin: they wrap with the third message. The index of a stamped message is far away.
const PAST: u32 = u32::MAX - 1;
/// Entries of the process table.
const PROCESSES: u16 = 4;

/// One route.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Road {
    /// Producing and consuming process.
    pub(crate) ends: (u16, u16),
    pub(crate) transfer: Transfer,
    pub(crate) delivery: Delivery,
    pub(crate) capacity: u32,
    /// Loans of the producer and of the consumer.
    pub(crate) loans: (u32, u32),
    /// It has no slots.
    pub(crate) is_inside: bool,
    /// One process at each end, or several.
    pub(crate) kind: QueueKind,
    /// What a full ring means.
    pub(crate) backpressure: Backpressure,
}

/// In place, from process 0 to 1, at_least_once.
pub(crate) const IN_PLACE: Road = Road {
    ends: (0, 1),
    transfer: Transfer::LoanWrite,
    delivery: Delivery::AtLeastOnce,
    capacity: 2,
    loans: (1, 2),
    is_inside: false,
    kind: QueueKind::Spsc,
    backpressure: Backpressure::Fail,
};

/// What is modelled beside heads, tails, cells and slots.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Beside {
    /// Futex words, and fences around sleeping.
    pub(crate) sleep: bool,
    /// The process table.
    pub(crate) processes: bool,
    /// Counts of published messages.
    pub(crate) counts: bool,
}

/// A world of these routes, with this many slots.
pub(crate) fn found(roads: &[Road], slots: u32, beside: Beside) -> Arc<Shared> {
    let barrier = if beside.sleep { Barrier::Fences } else { Barrier::Membarrier };
    found_with(roads, slots, beside, barrier)
}

/// The same with a choice of who orders memory.
pub(crate) fn found_with(roads: &[Road], slots: u32, beside: Beside, barrier: Barrier) -> Arc<Shared> {
    let plan = Plan {
        process_entries: PROCESSES.into(),
        classes: vec![ClassPlan { stride: 128, count: slots, memory: MemoryClass::PagedExchange }],
        routes: roads.iter().map(route).collect(),
        ..Plan::default()
    };
    let geometry = Geometry::compute(&plan, 0).expect("a model's numbers are legal");
    let segment = Segment::model(geometry.total_size, &places(&geometry, beside));
    let shared = Shared::new(segment, geometry).expect("it fits").with_barrier(barrier);
    let past = EndWord { index: PAST, incarnation: 0, owner: None }.encode();
    // Hints of claimed rings are whole indices, and a cell of zeroes is empty in the first lap.
    for ring in shared.geometry.rings.iter().filter(|ring| !ring.claimed) {
        [ring.tail, ring.head].iter().for_each(|at| shared.segment.word(*at).store(past, "founding"));
        shared.segment.word(ring.tail + COUNT).store(u64::from(PAST), "founding");
        for index in (1..=ring.capacity).map(|back| PAST.wrapping_sub(back)) {
            let stamp = Stamp { sequence: Stamp::of(index), time: 0 };
            shared.segment.word(ring.cell(index) + CELL_STAMP).store(stamp.encode(), "founding");
        }
    }
    Arc::new(shared)
}

fn route(road: &Road) -> RoutePlan {
    RoutePlan {
        from: End { process: format!("p{}", road.ends.0), port: "out".into() },
        to: End { process: format!("p{}", road.ends.1), port: "in".into() },
        message: 0,
        size: 8,
        class: (!road.is_inside).then_some(0),
        // Room for the three words of a claimed cell, and the message.
        cell_size: 32,
        kind: road.kind,
        answers: None,
        capacity: road.capacity,
        producer_loans: road.loans.0,
        consumer_loans: road.loans.1,
        transfer: road.transfer,
        delivery: road.delivery,
        backpressure: road.backpressure,
        lane: Lane::Data,
        deadline_ms: 0,
        sample: 1 << 20,
    }
}

fn places(geometry: &Geometry, beside: Beside) -> Places {
    let mut places = Places::default();
    for ring in &geometry.rings {
        places.words.extend([ring.tail, ring.head]);
        places.words.extend((0..ring.capacity).map(|index| ring.cell(index)));
        if ring.claimed {
            places.words.extend((0..ring.capacity).map(|index| ring.cell(index) + CELL_THIRD));
        }
        let carried = |index| if ring.is_inside() { ring.inline(index) } else { ring.cell(index) + CELL_REFERENCE };
        if ring.is_inside() || !ring.claimed {
            places.words.extend((0..ring.capacity).map(carried));
        }
        if beside.counts {
            places.words.push(ring.tail + COUNT);
        }
        let flags = if beside.sleep { &mut places.flags } else { &mut places.still };
        flags.extend([ring.producer_flag, ring.consumer_flag]);
    }
    places.words.extend((0..geometry.slots).map(|slot| geometry.slot(slot)));
    if beside.processes {
        places.words.extend((0..PROCESSES).map(|process| geometry.process(process)));
    }
    let class = &geometry.classes[0];
    let bytes = (class.first..class.first + class.count).filter_map(|slot| class.bytes(slot));
    let copied = geometry.rings.iter().any(|ring| ring.transfer == Transfer::Copy && ring.class.is_some());
    if copied {
        places.words.extend(bytes)
    } else {
        places.payload.extend(bytes)
    }
    places
}

/// Who lives: a bit of each process that died, set by its last act as the kernel gives its token back.
#[derive(Debug, Default)]
pub(crate) struct Tokens(AtomicU64);

impl Tokens {
    pub(crate) fn new() -> Arc<Tokens> {
        Arc::new(Tokens(AtomicU64::new(0)))
    }

    /// Everything the process did comes before this.
    pub(crate) fn die(&self, process: u16) {
        // ORDER: Release, as the kernel's lock is.
        self.0.fetch_or(1 << process, Ordering::Release);
    }

    /// Somebody else takes the token, before it enters.
    pub(crate) fn live(&self, process: u16) {
        // ORDER: AcqRel, as the kernel's lock is.
        self.0.fetch_and(!(1 << process), Ordering::AcqRel);
    }
}

impl Liveness for Tokens {
    fn is_free(&self, process: ProcessId) -> bool {
        // ORDER: Acquire, as above.
        self.0.load(Ordering::Acquire) >> process.0 & 1 == 1
    }
}

/// Enters a process in the table.
pub(crate) fn enter(shared: &Shared, process: u16) {
    let identity = Identity { pid: 1, since_ns: 1, name: "model" };
    assert!(registry::claim(shared, ProcessId(process), identity), "entry {process} is not free");
}

/// Opens the producing end of a port with these routes.
pub(crate) fn producer(shared: &Shared, process: u16, routes: &[usize]) -> Producer {
    Producer::open(shared, ProcessId(process), routes).expect("nobody holds the end")
}

/// Opens the consuming end of a route.
pub(crate) fn consumer(shared: &Shared, process: u16, route: usize) -> Consumer {
    Consumer::open(shared, ProcessId(process), route).expect("nobody holds the end")
}

/// Writes a message: loom sees to it that nobody reads or writes there meanwhile.
pub(crate) fn write(shared: &Shared, data: NonNull<u8>, content: u64) {
    shared.segment.payload(data).with_mut(|place| {
        // SAFETY: loom says when somebody else may be here.
        unsafe { *place = content }
    });
}

/// Reads a message: loom sees to it that it was written before.
pub(crate) fn read(shared: &Shared, data: NonNull<u8>) -> u64 {
    shared.segment.payload(data).with(|place| {
        // SAFETY: loom says when somebody else may be here.
        unsafe { *place }
    })
}

/// Publishes one message, in its time.
pub(crate) fn send(shared: &Shared, out: &mut Producer, content: u64) {
    let loan = until(|| match out.loan(shared) {
        Err(Refusal::Short) => None,
        loan => Some(loan.expect("one loan at a time")),
    });
    write(shared, loan.data, content);
    until(|| match out.publish(shared, loan.ticket) {
        Err(Refusal::Full) => None,
        answer => answer.map(Some).expect("it is held"),
    });
}

/// The next message, in its time.
pub(crate) fn next(shared: &Shared, inp: &mut Consumer) -> Message {
    until(|| match inp.receive(shared) {
        Err(Refusal::Empty) => None,
        message => Some(message.expect("one message at a time")),
    })
}

/// Receives one message, reads it and releases it.
pub(crate) fn take_in(shared: &Shared, inp: &mut Consumer, content: u64) {
    let message = next(shared, inp);
    assert_eq!(read(shared, message.data), content);
    inp.release(shared, message.ticket).expect("it is held");
}

/// Publishes messages of these contents, as long as there is room; answers what is left. For models of more than two
/// threads, in which waiting for one another would never end.
pub(crate) fn send_some(shared: &Shared, out: &mut Producer, contents: std::ops::Range<u64>) -> std::ops::Range<u64> {
    for content in contents.clone() {
        let Ok(loan) = out.loan(shared) else { return content..contents.end };
        write(shared, loan.data, content);
        if out.publish(shared, loan.ticket).is_err() {
            out.discard(loan.ticket).expect("it is held");
            return content..contents.end;
        }
    }
    contents.end..contents.end
}

/// Receives, reads and releases what is there, as often as there may be something new; answers what is still to come.
pub(crate) fn take_some(shared: &Shared, inp: &mut Consumer, contents: std::ops::Range<u64>) -> std::ops::Range<u64> {
    let mut contents = contents;
    for _ in contents.clone() {
        let Ok(message) = inp.receive(shared) else { continue };
        assert_eq!(Some(read(shared, message.data)), contents.next());
        inp.release(shared, message.ticket).expect("it is held");
    }
    contents
}

/// Tries again when others have gone on.
pub(crate) fn until<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    loop {
        match attempt() {
            Some(done) => return done,
            None => yield_now(),
        }
    }
}

/// Takes every free slot for a process and writes over it, as a newcomer would; how many there were.
pub(crate) fn take_pool(shared: &Shared, process: u16) -> usize {
    let class = shared.geometry.classes[0];
    let mut slots = Vec::new();
    heap::acquire(shared, ProcessId(process), &class, class.count, &mut 0, &mut slots);
    for slot in &slots {
        let at = class.bytes(slot.index).expect("it is of the class");
        write(shared, shared.segment.bytes(at, 8), u64::MAX);
    }
    slots.len()
}

/// Slots in this state.
pub(crate) fn slots(shared: &Shared, wanted: SlotState) -> usize {
    let states = (0..shared.geometry.slots).filter_map(|slot| heap::state(shared, slot));
    states.filter(|found| found.state == wanted).count()
}

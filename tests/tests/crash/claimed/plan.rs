//! The worlds: one claimed ring of each sort, and a second one behind it that slots are forwarded into.

use std::cell::RefCell;
use std::rc::Rc;

use vil_core::base::words::{Claim, ClaimWord, SlotState, SlotWord};
use vil_core::mem::Geometry;
use vil_ir::model::End;
use vil_ir::plan::{ClassPlan, Plan, RoutePlan};
use vil_ir::vocabulary::{Backpressure, Delivery, Lane, MemoryClass, QueueKind, Transfer};

use crate::memory::{Lease, SIZE};
use crate::town::{Town, Way};

/// Entries of the process table.
pub(super) const PROCESSES: u16 = 8;
/// Two producers, two consumers, who also forward, and then spectators.
pub(super) const PRODUCERS: [u16; 2] = [0, 1];
pub(super) const CONSUMERS: [u16; 2] = [2, 3];
pub(super) const SPECTATORS: [u16; 3] = [4, 5, 6];

/// What a ring is like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sort {
    pub(super) kind: QueueKind,
    pub(super) backpressure: Backpressure,
    pub(super) delivery: Delivery,
    pub(super) way: Way,
    pub(super) capacity: u32,
    /// Messages that passed before the story begins.
    pub(super) past: u64,
}

impl Sort {
    /// May one process at most be at each end?
    pub(super) fn is_exclusive(self) -> bool {
        self.kind == QueueKind::Spsc
    }

    /// Does a full ring make room by itself?
    pub(super) fn drops(self) -> bool {
        self.backpressure == Backpressure::DropOldest
    }
}

/// Loans of each producer and of each consumer.
pub(super) const LOANS: (u32, u32) = (2, 2);

/// A town with a ring of this sort, and behind it, where messages have slots, one that is forwarded into.
pub(super) fn town(sort: Sort) -> Rc<Town> {
    let behind = Sort { kind: QueueKind::Mpmc, backpressure: Backpressure::Fail, ..sort };
    let mut routes = vec![route(0, sort)];
    if sort.way == Way::Loan {
        routes.push(route(1, behind));
    }
    let each = LOANS.0 * 2 + LOANS.1 * 2 + sort.capacity;
    let slots = if sort.way == Way::Cell { 0 } else { each * routes.len() as u32 };
    let class = ClassPlan { stride: 128, count: slots, memory: MemoryClass::PagedExchange };
    let classes = if slots == 0 { Vec::new() } else { vec![class] };
    let plan = Plan { process_entries: PROCESSES.into(), classes, routes, ..Plan::default() };
    let geometry = Geometry::compute(&plan, 0).expect("a town's numbers are legal");
    Rc::new(Town { name: format!("{sort:?}"), roads: Vec::new(), geometry, past: sort.past, pool: RefCell::default() })
}

/// A fresh world: every ring empty, as if `past` messages had gone through it.
pub(super) fn found(town: &Rc<Town>) -> Lease {
    let lease = Lease::blank(town);
    for ring in &town.geometry.rings {
        for at in [ring.tail, ring.head] {
            lease.segment.word(at).store(town.past, "founding");
        }
        for index in (0..u64::from(ring.capacity)).map(|step| town.past.wrapping_add(step)) {
            let empty = ClaimWord::new(index, ring.capacity, Claim::Empty);
            lease.segment.word(ring.cell(index as u32)).store(empty.encode(), "founding");
        }
    }
    let start = SlotWord { generation: (town.past as u32).wrapping_add(1), state: SlotState::Free };
    for slot in 0..town.geometry.slots {
        lease.segment.word(town.geometry.slot(slot)).store(start.encode(), "founding");
    }
    lease
}

fn route(number: u32, sort: Sort) -> RoutePlan {
    let inside = sort.way == Way::Cell;
    RoutePlan {
        from: End { process: format!("from{number}"), port: "out".into() },
        to: End { process: format!("to{number}"), port: "in".into() },
        message: 0,
        size: SIZE,
        class: (!inside).then_some(0),
        cell_size: if inside { 64 } else { 32 },
        kind: sort.kind,
        answers: None,
        capacity: sort.capacity,
        producer_loans: LOANS.0,
        consumer_loans: LOANS.1,
        transfer: if sort.way == Way::Loan { Transfer::LoanWrite } else { Transfer::Copy },
        delivery: sort.delivery,
        backpressure: sort.backpressure,
        lane: Lane::Data,
        deadline_ms: 0,
        sample: 2,
    }
}

/// Just before an index of 32 bits would wrap, and just before the lap of a cell does.
const WRAPS: [u64; 3] = [0, 0xffff_fffe, (1 << 52) - 2];

/// Every sort of ring, at capacity 1, 2 and 4.
pub(super) fn sorts() -> Vec<Sort> {
    let kinds = [
        (QueueKind::Mpmc, Backpressure::Fail, Delivery::AtLeastOnce),
        (QueueKind::Mpmc, Backpressure::DropOldest, Delivery::BestEffort),
        (QueueKind::Spsc, Backpressure::DropOldest, Delivery::BestEffort),
        (QueueKind::Mpmc, Backpressure::Fail, Delivery::BestEffort),
    ];
    let mut sorts = Vec::new();
    for (kind, backpressure, delivery) in kinds {
        for way in [Way::Loan, Way::Cell, Way::Slot] {
            for (capacity, past) in [2, 1, 4].into_iter().zip(WRAPS) {
                sorts.push(Sort { kind, backpressure, delivery, way, capacity, past });
            }
        }
    }
    sorts
}

//! The worlds that the campaigns run in: routes, roles, capacities, and where indices and generations begin.
//!
//! Every transfer and delivery that exists, at capacity 2, 4 and 8; and worlds where routes share a class or a process
//! has both ends. Small on purpose: a copy is made at each crash point.

use std::cell::RefCell;
use std::rc::Rc;

use vil_core::base::words::{EndWord, SlotState, SlotWord};
use vil_core::mem::{COUNT, ClassEntry, Geometry, RouteEntry, Sizes};
use vil_ir::vocabulary::{Backpressure, Delivery, Lane, MemoryClass, QueueKind, Transfer};

use crate::memory::{Lease, Plate, SIZE};

/// Entries of the process table.
pub(crate) const PROCESSES: u16 = 9;
/// The first process without a role; those after it are spectators, then free entries.
pub(crate) const FIRST_SPECTATOR: u16 = 3;
/// Processes that only look on and recover.
pub(crate) const SPECTATORS: u16 = 3;

/// How a message travels here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// In place.
    Loan,
    /// Copied, through a slot.
    Slot,
    /// Copied, inside the cell.
    Cell,
}

/// One route of a town.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Road {
    /// Producing and consuming process.
    pub(crate) ends: (u16, u16),
    /// How messages travel.
    pub(crate) way: Way,
    /// What a consumer's death means.
    pub(crate) delivery: Delivery,
    /// Cells.
    pub(crate) capacity: u32,
    /// Loans of the producer and of the consumer.
    pub(crate) loans: (u32, u32),
}

/// A world of the harness.
pub(crate) struct Town {
    /// For reports.
    pub(crate) name: String,
    /// Its routes.
    pub(crate) roads: Vec<Road>,
    /// Where everything lies.
    pub(crate) geometry: Geometry,
    /// Messages that passed every ring before the story begins; its low half is where indices begin.
    pub(crate) past: u64,
    /// Segments that wait to be used again.
    pub(crate) pool: RefCell<Vec<Plate>>,
}

impl Town {
    /// A town of these roads.
    pub(crate) fn new(name: String, roads: Vec<Road>, past: u64, sample: u32) -> Rc<Town> {
        let slots = roads.iter().filter(|road| road.way != Way::Cell).map(|road| road.capacity + road.loans.0).sum();
        let class = ClassEntry { stride: 128, count: slots, memory: MemoryClass::PagedExchange };
        let sizes = Sizes { static_size: 0, processes: u32::from(PROCESSES), classes: vec![class] };
        let entries: Vec<RouteEntry> = roads.iter().map(|road| entry(road, sample)).collect();
        let geometry = Geometry::compute(&sizes, &entries).expect("a town's numbers are legal");
        Rc::new(Town { name, roads, geometry, past, pool: RefCell::default() })
    }

    /// A fresh world: nobody there, every ring empty at `past`, generations about to wrap.
    pub(crate) fn found(self: &Rc<Town>) -> Lease {
        let lease = Lease::blank(self);
        for ring in &self.geometry.rings {
            let end = EndWord { index: self.past as u32, incarnation: 0, owner: None };
            for at in [ring.tail, ring.head] {
                lease.segment.word(at).store(end.encode(), "founding");
            }
            lease.segment.word(ring.tail + COUNT).store(self.past, "founding");
        }
        let start = SlotWord { generation: (self.past as u32).wrapping_add(1), state: SlotState::Free };
        for slot in 0..self.geometry.slots {
            lease.segment.word(self.geometry.slot(slot)).store(start.encode(), "founding");
        }
        lease
    }
}

fn entry(road: &Road, sample: u32) -> RouteEntry {
    let inside = road.way == Way::Cell;
    RouteEntry {
        from_process: format!("p{}", road.ends.0),
        from_port: "out".into(),
        to_process: format!("p{}", road.ends.1),
        to_port: "in".into(),
        message: 0,
        size: SIZE,
        class: (!inside).then_some(0),
        cell_size: if inside { 64 } else { 16 },
        kind: QueueKind::Spsc,
        answers: None,
        capacity: road.capacity,
        producer_loans: road.loans.0,
        consumer_loans: road.loans.1,
        transfer: if road.way == Way::Loan { Transfer::LoanWrite } else { Transfer::Copy },
        delivery: road.delivery,
        backpressure: Backpressure::Fail,
        lane: Lane::Data,
        deadline_ms: 0,
        sample,
    }
}

const WAYS: [Way; 3] = [Way::Loan, Way::Slot, Way::Cell];
const DELIVERIES: [Delivery; 2] = [Delivery::AtLeastOnce, Delivery::BestEffort];
/// Just before the index wraps, with a count that has wrapped before.
const ABOUT_TO_WRAP: u64 = 0x3_ffff_fffb;

/// One route: every transfer, every delivery, every small capacity.
pub(crate) fn single() -> Vec<Rc<Town>> {
    let mut towns = Vec::new();
    for (i, capacity) in [2, 4, 8].into_iter().enumerate() {
        for way in WAYS {
            for delivery in DELIVERIES {
                let road = Road { ends: (0, 1), way, delivery, capacity, loans: (2, 2) };
                let (past, sample) = if i == 0 { (ABOUT_TO_WRAP, 1) } else { (0, 1 << 20) };
                towns.push(Town::new(format!("{way:?} {delivery} {capacity}"), vec![road], past, sample));
            }
        }
    }
    towns
}

/// Several routes that share a class; process 1 stands at both ends.
pub(crate) fn several() -> Vec<Rc<Town>> {
    use Delivery::{AtLeastOnce, BestEffort};
    let road = |from, to, way, delivery, capacity, loans| Road { ends: (from, to), way, delivery, capacity, loans };
    let chain = |first, second| vec![road(0, 1, Way::Loan, first, 2, (1, 2)), road(1, 2, Way::Loan, second, 4, (2, 1))];
    let mesh = vec![
        road(0, 1, Way::Loan, AtLeastOnce, 2, (2, 2)),
        road(1, 2, Way::Slot, BestEffort, 2, (1, 1)),
        road(0, 2, Way::Cell, AtLeastOnce, 2, (1, 2)),
        road(2, 0, Way::Loan, BestEffort, 2, (1, 1)),
    ];
    vec![
        Town::new("chain at_least_once, best_effort".into(), chain(AtLeastOnce, BestEffort), ABOUT_TO_WRAP, 1 << 20),
        Town::new("chain best_effort, at_least_once".into(), chain(BestEffort, AtLeastOnce), 0, 1 << 20),
        Town::new("mesh of four".into(), mesh, ABOUT_TO_WRAP, 1),
    ]
}

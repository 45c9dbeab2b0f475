//! The worlds that the campaigns run in: routes, roles, capacities, and where indices and generations begin.
//!
//! Every transfer and delivery that exists, at capacity 2, 4 and 8; and worlds where routes share a class or a process
//! has both ends. Small on purpose: a copy is made at each crash point.

use std::cell::RefCell;
use std::rc::Rc;

use vil_core::base::words::{EndWord, SlotState, SlotWord, Stamp};
use vil_core::mem::{CELL_STAMP, COUNT, Geometry};
use vil_ir::model::End;
use vil_ir::plan::{ClassPlan, Plan, RoutePlan};
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
    /// In place, into several rings.
    Share,
    /// In place, and kept by its producer for reading.
    Keep,
    /// Taken by its consumer.
    Once,
    /// In place, and forwarded from elsewhere.
    Pass,
    /// In place, as an answer to a request of the route before.
    Reply,
}

impl Way {
    fn transfer(self) -> Transfer {
        match self {
            Way::Loan | Way::Reply => Transfer::LoanWrite,
            Way::Slot | Way::Cell => Transfer::Copy,
            Way::Share => Transfer::ShareRead,
            Way::Keep => Transfer::LoanRead,
            Way::Once => Transfer::ConsumeOnce,
            Way::Pass => Transfer::PublishOffset,
        }
    }

    fn cell_size(self) -> u32 {
        match self {
            Way::Cell | Way::Reply => 32,
            _ => 16,
        }
    }
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
    /// Size class.
    pub(crate) class: u32,
    /// Does it leave the same port as the route before?
    pub(crate) joined: bool,
}

impl Road {
    /// A route of a port of its own.
    pub(crate) fn new(ends: (u16, u16), way: Way, delivery: Delivery, capacity: u32, loans: (u32, u32)) -> Road {
        Road { ends, way, delivery, capacity, loans, class: 0, joined: false }
    }

    /// Slots that its messages may be in at once.
    fn slots(&self) -> u32 {
        match self.way {
            Way::Cell => 0,
            Way::Once => self.capacity + self.loans.0 + self.loans.1,
            _ => self.capacity + self.loans.0,
        }
    }
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
        let classes = roads.iter().map(|road| road.class).max().unwrap_or(0) + 1;
        let plan = Plan {
            process_entries: PROCESSES.into(),
            classes: (0..classes).map(|class| slots(&roads, class)).collect(),
            routes: (0..roads.len()).map(|number| route(&roads, number, sample)).collect(),
            ..Plan::default()
        };
        let geometry = Geometry::compute(&plan, 0).expect("a town's numbers are legal");
        Rc::new(Town { name, roads, geometry, past, pool: RefCell::default() })
    }

    /// The first route of a route's port.
    pub(crate) fn lead(&self, route: usize) -> usize {
        lead(&self.roads, route)
    }

    /// All routes of a route's port.
    pub(crate) fn port(&self, route: usize) -> Vec<usize> {
        let lead = self.lead(route);
        (lead..self.roads.len()).filter(|of| self.lead(*of) == lead).collect()
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
            for index in (1..=ring.capacity).map(|back| end.index.wrapping_sub(back)) {
                // Of the lap before, unless there was none.
                let sequence = if self.past == 0 { 0 } else { Stamp::of(index) };
                let stamp = Stamp { sequence, time: 0 };
                lease.segment.word(ring.cell(index) + CELL_STAMP).store(stamp.encode(), "founding");
            }
        }
        let start = SlotWord { generation: (self.past as u32).wrapping_add(1), state: SlotState::Free };
        for slot in 0..self.geometry.slots {
            lease.segment.word(self.geometry.slot(slot)).store(start.encode(), "founding");
        }
        lease
    }
}

/// The slots of one class. A message that is shared lies in one slot: of the rings of a port the largest counts.
fn slots(roads: &[Road], class: u32) -> ClassPlan {
    let of_port = |first: usize| (first..roads.len()).filter(move |route| lead(roads, *route) == first);
    let ports = (0..roads.len()).filter(|route| roads[*route].class == class && !roads[*route].joined);
    let most = ports.filter_map(|first| of_port(first).map(|route| roads[route].slots()).max());
    ClassPlan { stride: 128 << class, count: most.sum(), memory: MemoryClass::PagedExchange }
}

fn lead(roads: &[Road], route: usize) -> usize {
    (0..=route).rev().find(|of| !roads[*of].joined).unwrap_or(route)
}

fn route(roads: &[Road], number: usize, sample: u32) -> RoutePlan {
    let road = &roads[number];
    RoutePlan {
        from: End { process: format!("p{}", road.ends.0), port: format!("out{}", lead(roads, number)) },
        to: End { process: format!("p{}", road.ends.1), port: "in".into() },
        message: 0,
        size: SIZE,
        class: (road.way != Way::Cell).then_some(road.class),
        cell_size: road.way.cell_size(),
        kind: QueueKind::Spsc,
        answers: (road.way == Way::Reply).then(|| number as u32 - 1),
        capacity: road.capacity,
        producer_loans: road.loans.0,
        consumer_loans: road.loans.1,
        transfer: road.way.transfer(),
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

/// One route: every copy and loan, every delivery, every small capacity.
pub(crate) fn single() -> Vec<Rc<Town>> {
    let mut towns = Vec::new();
    for (i, capacity) in [2, 4, 8].into_iter().enumerate() {
        for way in WAYS {
            for delivery in DELIVERIES {
                let road = Road::new((0, 1), way, delivery, capacity, (2, 2));
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
    let chain = |first, second| {
        vec![Road::new((0, 1), Way::Loan, first, 2, (1, 2)), Road::new((1, 2), Way::Loan, second, 4, (2, 1))]
    };
    let mesh = vec![
        Road::new((0, 1), Way::Loan, AtLeastOnce, 2, (2, 2)),
        Road::new((1, 2), Way::Slot, BestEffort, 2, (1, 1)),
        Road::new((0, 2), Way::Cell, AtLeastOnce, 2, (1, 2)),
        Road::new((2, 0), Way::Loan, BestEffort, 2, (1, 1)),
    ];
    // More loans than cells: one call publishes over more than a ring's length.
    let many = |delivery| vec![Road::new((0, 1), Way::Loan, delivery, 2, (5, 2))];
    vec![
        Town::new("many at once at_least_once".into(), many(AtLeastOnce), 0, 1 << 20),
        Town::new("many at once best_effort".into(), many(BestEffort), ABOUT_TO_WRAP, 1 << 20),
        Town::new("chain at_least_once, best_effort".into(), chain(AtLeastOnce, BestEffort), ABOUT_TO_WRAP, 1 << 20),
        Town::new("chain best_effort, at_least_once".into(), chain(BestEffort, AtLeastOnce), 0, 1 << 20),
        Town::new("mesh of four".into(), mesh, ABOUT_TO_WRAP, 1),
    ]
}

/// The transfer modes that move, keep, share and forward.
pub(crate) fn modes() -> Vec<Rc<Town>> {
    DELIVERIES.into_iter().flat_map(|delivery| modes_with(delivery, delivery == Delivery::AtLeastOnce)).collect()
}

fn modes_with(delivery: Delivery, wraps: bool) -> Vec<Rc<Town>> {
    let past = if wraps { ABOUT_TO_WRAP } else { 0 };
    let road = |ends, way, capacity, loans| Road::new(ends, way, delivery, capacity, loans);
    let joined = |road: Road| Road { joined: true, ..road };
    let large = |road: Road| Road { class: 1, ..road };
    let shared = |to, capacity| road((0, to), Way::Share, capacity, (2, 2));
    let towns = [
        ("once", vec![road((0, 1), Way::Once, 2, (2, 2))]),
        ("keep", vec![road((0, 1), Way::Keep, 2, (3, 2))]),
        ("share by two", vec![shared(1, 2), joined(shared(2, 2))]),
        ("share by three", vec![shared(1, 2), joined(shared(2, 4)), joined(shared(1, 2))]),
        ("taken on", vec![road((0, 1), Way::Once, 2, (1, 2)), road((1, 2), Way::Pass, 2, (1, 2))]),
        ("taken twice", vec![road((0, 1), Way::Once, 2, (1, 1)), road((1, 2), Way::Once, 4, (1, 2))]),
        ("there and back", vec![road((0, 1), Way::Once, 2, (1, 2)), road((1, 0), Way::Once, 2, (1, 2))]),
        ("borrowed on", vec![road((0, 1), Way::Loan, 4, (1, 2)), road((1, 2), Way::Pass, 2, (1, 2))]),
        ("borrowed from a shared ring", {
            let pass = road((1, 2), Way::Pass, 2, (1, 1));
            vec![shared(1, 2), joined(shared(2, 2)), pass]
        }),
        ("asked and answered", vec![road((0, 1), Way::Loan, 2, (1, 2)), road((1, 0), Way::Reply, 2, (2, 1))]),
        ("two classes", {
            let (near, far) = (road((0, 1), Way::Loan, 2, (1, 1)), large(road((1, 2), Way::Once, 2, (1, 1))));
            vec![near, far, large(road((2, 0), Way::Keep, 2, (2, 1)))]
        }),
    ];
    towns.map(|(name, roads)| Town::new(format!("{name}, {delivery}"), roads, past, 1 << 20)).into()
}

//! The memory under siege: a world's segment in one heap allocation, or the mapped file of a world that others have open;
//! and the places in it that say something.
//!
//! The bytes between a message and the next slot are poisoned under AddressSanitizer, so that an access of a few bytes too
//! many is seen even though it stays inside of the allocation.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Deref;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use vil_core::base::atomic::Barrier;
use vil_core::base::words::{EndWord, SlotState, SlotWord, Stamp};
use vil_core::mem::{
    CELL_REFERENCE, CELL_STAMP, COUNT, Catalog, Geometry, Segment, Shared, decode, peek_sizes, static_size,
};
use vil_core::sys::map::Mapping;
use vil_ir::load::from_json;
use vil_ir::plan::{Plan, plan_program};

/// What a place in the segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word of a process entry.
    Process,
    /// A slot's word.
    Slot,
    /// Head or tail.
    End,
    /// A count, flag, bucket, or anything else beside the rings.
    Count,
    /// First word of a cell.
    Cell,
    /// The word of a cell that is claimed.
    Claim,
    /// The other words of a cell.
    Inside,
    /// Bytes of a message.
    Payload,
}

/// The places of one kind, as offsets of words.
#[derive(Debug)]
pub(crate) struct Quarter {
    pub(crate) kind: Kind,
    pub(crate) words: Vec<u64>,
}

/// A segment and what is known of it.
pub(crate) struct Ground {
    shared: Shared,
    base: NonNull<u8>,
    /// Of memory of our own; a mapping goes with the view of it.
    layout: Option<Layout>,
    /// Where to strike, by kind; none of them is empty.
    pub(crate) quarters: Vec<Quarter>,
    /// The routes of each out port that is not of claimed rings.
    pub(crate) ports: Vec<Vec<usize>>,
}

// SAFETY: the allocation belongs to the ground and is reached through the segment alone, which is Send.
unsafe impl Send for Ground {}
// SAFETY: the segment is Sync; `base` is used by `drop` alone.
unsafe impl Sync for Ground {}

impl Deref for Ground {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Ground {
    /// Zeroed memory for this geometry, whose out ports have these routes.
    pub(crate) fn new(geometry: Geometry, ports: Vec<Vec<usize>>) -> Ground {
        let size = geometry.total_size;
        let layout = Layout::from_size_align(size as usize, 4096).expect("a world is smaller than memory");
        // SAFETY: the layout has a size above 0: a world has at least one page.
        let base = unsafe { alloc_zeroed(layout) };
        let Some(base) = NonNull::new(base) else { handle_alloc_error(layout) };
        // SAFETY: the bytes live as long as the ground, which owns the view; they are aligned to a page.
        let segment = unsafe { Segment::new(base, size) };
        let quarters = quarters(&geometry);
        let shared = Shared::new(segment, geometry).expect("the geometry fits its own size");
        let ground = Ground { shared, base, layout: Some(layout), quarters, ports };
        ground.fence_slots(poison);
        ground
    }

    /// The file of a world. What others write into slots by plain stores is left alone.
    pub(crate) fn map(path: &Path) -> Ground {
        let bytes = std::fs::read(path).expect("it can be read");
        let (total, fixed) = peek_sizes(&bytes, bytes.len() as u64).expect("it is a world");
        let catalog = decode(&bytes[..fixed as usize]).expect("it is a world");
        let geometry = Geometry::compute(&catalog.plan, fixed).expect("it is a world");
        let file = File::options().read(true).write(true).open(path).expect("it can be opened");
        let mapping = Mapping::new(&file, total).expect("it can be mapped");
        let base = mapping.base();
        let quarters = quarters(&geometry).into_iter().filter(|quarter| quarter.kind != Kind::Payload).collect();
        let shared = Shared::map(mapping, geometry).expect("the file has the size of its world");
        let ports = ports(&catalog.plan, &shared.geometry);
        Ground { shared, base, layout: None, quarters, ports }
    }

    /// Nobody is there, every ring is empty at `past`, all slots are free.
    pub(crate) fn found(&self, past: u64) {
        for quarter in &self.quarters {
            quarter.words.iter().for_each(|at| self.write(*at, 0));
        }
        for ring in &self.geometry.rings {
            // Hints of a claimed ring are whole indices, and a cell of zeroes is empty in the first lap.
            let past = if ring.claimed { 0 } else { past };
            let end = EndWord { index: past as u32, incarnation: 0, owner: None };
            [ring.tail, ring.head].iter().for_each(|at| self.write(*at, end.encode()));
            self.write(ring.tail + COUNT, past);
            // Of the lap before, unless there was none.
            let is_used = past > 0 && !ring.claimed;
            for index in (1..=ring.capacity).map(|back| end.index.wrapping_sub(back)).filter(|_| is_used) {
                let stamp = Stamp { sequence: Stamp::of(index), time: 0 };
                self.write(ring.cell(index) + CELL_STAMP, stamp.encode());
            }
        }
        let free = SlotWord { generation: (past as u32).wrapping_add(7), state: SlotState::Free };
        (0..self.geometry.slots).for_each(|slot| self.write(self.geometry.slot(slot), free.encode()));
    }

    /// A word, by the harness's own hand: it is not counted, and nobody strikes before it.
    pub(crate) fn read(&self, at: u64) -> u64 {
        self.place(at).load(Ordering::Relaxed)
    }

    pub(crate) fn write(&self, at: u64, word: u64) {
        self.place(at).store(word, Ordering::Relaxed);
    }

    fn place(&self, at: u64) -> &AtomicU64 {
        // SAFETY: `bytes` holds the range inside the segment, offsets of words are multiples of 8, and everybody reaches
        // words as atomics.
        unsafe { self.segment.bytes(at, 8).cast::<AtomicU64>().as_ref() }
    }

    /// Offset of an address; `None` when it lies outside of the segment.
    pub(crate) fn offset(&self, address: NonNull<u8>) -> Option<u64> {
        let offset = (address.as_ptr() as u64).wrapping_sub(self.base.as_ptr() as u64);
        (offset < self.segment.size()).then_some(offset)
    }

    /// Poisons, or heals, the bytes of every slot that no message of any route reaches. Where slots of any class travel,
    /// a message is a whole slot.
    fn fence_slots(&self, act: fn(*const u8, usize)) {
        if self.geometry.rings.iter().any(|ring| ring.any) {
            return;
        }
        for class in &self.geometry.classes {
            let same = |ring: &&vil_core::mem::RingGeometry| ring.class.is_some_and(|own| own.first == class.first);
            let longest = self.geometry.rings.iter().filter(same).map(|ring| ring.size).max().unwrap_or(class.stride);
            // Copies are made word by word; AddressSanitizer too knows words alone.
            let used = longest.next_multiple_of(8).min(class.stride);
            for slot in class.first..class.first + class.count {
                let Some(at) = class.bytes(slot) else { continue };
                let rest = self.segment.bytes(at + u64::from(used), u64::from(class.stride - used));
                act(rest.as_ptr(), (class.stride - used) as usize);
            }
        }
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let Some(layout) = self.layout else { return };
        self.fence_slots(heal);
        // SAFETY: allocated in `new` with this layout, and the view goes with it.
        unsafe { dealloc(self.base.as_ptr(), layout) };
    }
}

#[cfg(sanitized = "address")]
fn poison(start: *const u8, size: usize) {
    // SAFETY: the range lies inside an allocation of ours.
    unsafe { __asan_poison_memory_region(start.cast(), size) };
}

#[cfg(sanitized = "address")]
fn heal(start: *const u8, size: usize) {
    // SAFETY: as in `poison`.
    unsafe { __asan_unpoison_memory_region(start.cast(), size) };
}

#[cfg(sanitized = "address")]
unsafe extern "C" {
    fn __asan_poison_memory_region(start: *const std::ffi::c_void, size: usize);
    fn __asan_unpoison_memory_region(start: *const std::ffi::c_void, size: usize);
}

#[cfg(not(sanitized = "address"))]
fn poison(_start: *const u8, _size: usize) {}

#[cfg(not(sanitized = "address"))]
fn heal(_start: *const u8, _size: usize) {}

fn quarters(geometry: &Geometry) -> Vec<Quarter> {
    let words = |from: u64, to: u64| (from..to).step_by(8);
    let of_rings = |part: fn(&vil_core::mem::RingGeometry) -> Vec<u64>| geometry.rings.iter().flat_map(part).collect();
    let slots_end = geometry.slot(geometry.slots);
    let first_class = geometry.classes.iter().map(|class| class.offset).min().unwrap_or(geometry.total_size);
    let known: Vec<Quarter> = vec![
        Quarter {
            kind: Kind::Process,
            words: words(geometry.processes_offset, geometry.process(geometry.processes as u16)).collect(),
        },
        Quarter { kind: Kind::Slot, words: words(geometry.slots_offset, slots_end).collect() },
        Quarter { kind: Kind::End, words: of_rings(|ring| vec![ring.tail, ring.head]) },
        Quarter { kind: Kind::Cell, words: of_rings(|ring| leading_words(ring, false)) },
        Quarter { kind: Kind::Claim, words: of_rings(|ring| leading_words(ring, true)) },
        Quarter {
            kind: Kind::Inside,
            words: of_rings(|ring| {
                let led = leading_word(ring);
                let others = (0..u64::from(ring.cell_size)).step_by(8).filter(move |at| *at != led);
                let inside = |cell: u32| others.clone().map(move |at| ring.cell(cell) + at);
                (0..ring.capacity).flat_map(inside).collect()
            }),
        },
        Quarter {
            kind: Kind::Payload,
            words: geometry.rings.iter().filter_map(|ring| Some((ring.class?, ring.size))).flat_map(payload).collect(),
        },
    ];
    let taken: std::collections::BTreeSet<u64> =
        known.iter().flat_map(|quarter| quarter.words.iter().copied()).collect();
    let rest = words(geometry.processes_offset, first_class).filter(|at| !taken.contains(at)).collect();
    let all = known.into_iter().chain([Quarter { kind: Kind::Count, words: rest }]);
    all.filter(|quarter| !quarter.words.is_empty()).collect()
}

/// Offset of the word of a cell that says where its message lies, or who claims it.
fn leading_word(ring: &vil_core::mem::RingGeometry) -> u64 {
    if ring.claimed { 0 } else { CELL_REFERENCE }
}

/// Those words, if the ring is of that kind.
fn leading_words(ring: &vil_core::mem::RingGeometry, claimed: bool) -> Vec<u64> {
    let words = (0..ring.capacity).map(|index| ring.cell(index) + leading_word(ring));
    if ring.claimed == claimed { words.collect() } else { Vec::new() }
}

fn payload((class, size): (vil_core::mem::ClassGeometry, u32)) -> Vec<u64> {
    let slots = (class.first..class.first + class.count).filter_map(|slot| class.bytes(slot));
    slots.flat_map(|at| (at..at + u64::from(size.next_multiple_of(8).min(class.stride))).step_by(8)).collect()
}

/// A program of three processes with a route of every transfer: in place, kept, forwarded, copied through slots and inside
/// of cells, shared, taken, and a request with its answer; and of rings of many processes and of the latest message.
pub(crate) const PROGRAM: &str = r#"{"vil":1,"program":"siege","messages":{
"Letter":{"kind":"event","fields":[{"name":"number","type":"u64"},{"name":"text","type":"[u8; 50]"}]},
"Note":{"kind":"event","fields":[{"name":"number","type":"u64"},{"name":"rest","type":"u8"}]}},
"interfaces":{
"First":{"ports":{
"write":{"direction":"out","message":"Letter","loans":2,"queue":{"capacity":4,"backpressure":"fail"}},
"copy":{"direction":"out","message":"Letter","queue":{"capacity":4,"backpressure":"drop_newest"}},
"note":{"direction":"in","message":"Note"},
"give":{"direction":"out","message":"Letter","loans":2,"queue":{"capacity":2,"backpressure":"fail"}},
"share":{"direction":"out","message":"Letter","loans":2,"queue":{"capacity":2,"backpressure":"fail"}},
"many":{"direction":"out","message":"Letter","loans":2,"queue":{"kind":"mpmc","capacity":4,"backpressure":"fail"}},
"latest":{"direction":"out","message":"Letter","loans":2,"queue":{"capacity":2,"backpressure":"drop_oldest"}},
"ring":{"direction":"in","message":"Note"},
"keep":{"direction":"out","message":"Letter","loans":3,"queue":{"capacity":4,"backpressure":"fail"}}}},
"Second":{"ports":{
"write":{"direction":"in","message":"Letter","loans":3},
"on":{"direction":"out","message":"Letter","queue":{"capacity":2,"backpressure":"block","deadline_ms":1}},
"give":{"direction":"in","message":"Letter","loans":2},
"latest":{"direction":"in","message":"Letter","loans":2},
"pass":{"direction":"out","message":"Letter","queue":{"capacity":2,"backpressure":"fail"}},
"share":{"direction":"in","message":"Letter"},
"ask":{"direction":"request","message":"Letter","reply":"Note","loans":2,"queue":{"capacity":2,"backpressure":"fail"}}}},
"Third":{"ports":{
"on":{"direction":"in","message":"Letter","loans":2},
"copy":{"direction":"in","message":"Letter","loans":2},
"note":{"direction":"out","message":"Note","loans":2,"queue":{"capacity":2,"backpressure":"fail"}},
"pass":{"direction":"in","message":"Letter","loans":2},
"share":{"direction":"in","message":"Letter","loans":2},
"many":{"direction":"in","message":"Letter","loans":2},
"ring":{"direction":"out","message":"Note","loans":2,"queue":{"kind":"mpmc","capacity":2,"backpressure":"fail"}},
"keep":{"direction":"in","message":"Letter"},
"serve":{"direction":"response","message":"Letter","reply":"Note","loans":2,"queue":{"capacity":2,"backpressure":"fail"}}}}},
"processes":{"one":{"interface":"First"},"two":{"interface":"Second","forwards":[{"from":"write","to":"on"},{"from":"give","to":"pass"}]},"three":{"interface":"Third"}},
"routes":[
{"from":"one.write","to":"two.write","transfer":"loan_write","delivery":"at_least_once"},
{"from":"two.on","to":"three.on","transfer":"publish_offset","delivery":"best_effort"},
{"from":"one.copy","to":"three.copy","transfer":"copy","delivery":"best_effort"},
{"from":"three.note","to":"one.note","transfer":"copy","delivery":"at_least_once"},
{"from":"one.give","to":"two.give","transfer":"consume_once"},
{"from":"two.pass","to":"three.pass","transfer":"consume_once"},
{"from":"one.share","to":"two.share","transfer":"share_read"},
{"from":"one.share","to":"three.share","transfer":"share_read"},
{"from":"one.keep","to":"three.keep","transfer":"loan_read"},
{"from":"one.many","to":"three.many","transfer":"consume_once"},
{"from":"one.latest","to":"two.latest","delivery":"best_effort"},
{"from":"three.ring","to":"one.ring","transfer":"copy"},
{"from":"two.ask","to":"three.serve"}]}"#;

/// Entries of the process table of a ground: few, so that chance hits those in use.
pub(crate) const PROCESSES: u32 = 5;

/// The plan of `PROGRAM`.
pub(crate) fn plan() -> Plan {
    let (program, _) = from_json(PROGRAM).unwrap_or_else(|faults| panic!("{faults}"));
    plan_program(&program).unwrap_or_else(|error| panic!("{error}"))
}

/// What a world of the plan says of itself.
pub(crate) fn catalog() -> Catalog {
    let plan = Plan { process_entries: PROCESSES, ..plan() };
    Catalog { plan, created_ticks: 1, created_ns: 1, barrier: Barrier::Fences }
}

/// The plan's world, and one whose rings have one cell each.
pub(crate) fn grounds() -> Vec<Ground> {
    let plan = catalog().plan;
    let mut narrow = plan.clone();
    for route in &mut narrow.routes {
        (route.capacity, route.sample) = (1, 1);
    }
    let geometry = |plan: &Plan| Geometry::compute(plan, static_size(plan)).expect("it is a plan's");
    [plan, narrow].map(|plan| Ground::new(geometry(&plan), ports(&plan, &geometry(&plan)))).into()
}

/// The routes of each out port, but for those of claimed rings, which have ends of their own kind.
pub(crate) fn ports(plan: &Plan, geometry: &Geometry) -> Vec<Vec<usize>> {
    let mut ports: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    let routes = plan.routes.iter().enumerate();
    for (at, route) in routes.filter(|(at, _)| !geometry.rings[*at].claimed) {
        ports.entry((&route.from.process, &route.from.port)).or_default().push(at);
    }
    ports.into_values().collect()
}

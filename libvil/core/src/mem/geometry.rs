//! Where everything lies in a world: computed from a handful of numbers, never read from shared memory.
//!
//! The creator computes it from the plan, everybody else from a private, validated copy of the world's tables; both
//! through `Geometry::compute`, so there is no second opinion about an offset.

use vil_ir::limits::{
    INLINE_SIZE, MAX_CAPACITY, MAX_COPY_SIZE, MAX_FLAT_SIZE, MAX_PROCESSES, MAX_ROUTES, MAX_SLOTS, SLOT_STRIDE,
};
use vil_ir::plan::{ANY_CLASS, ClassPlan, Plan, RoutePlan};
use vil_ir::vocabulary::{Backpressure, Delivery, MemoryClass, QueueKind, Transfer};

use crate::base::limits::{BUCKETS, LINE, MAX_WORLD_SIZE, PAGE, TRAIL_ENTRIES};
use crate::base::words::PresenceWord;

/// Where everything lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Geometry {
    /// Bytes of the world.
    pub total_size: u64,
    /// Entries of the process table.
    pub processes: u32,
    /// Offset of the process table.
    pub processes_offset: u64,
    /// Offset of the counters of the world.
    pub counters_offset: u64,
    /// Offset of the audit trail.
    pub trail_offset: u64,
    /// All slots of all classes.
    pub slots: u32,
    /// Offset of the slot words.
    pub slots_offset: u64,
    /// Size classes.
    pub classes: Vec<ClassGeometry>,
    /// Rings, one per route.
    pub rings: Vec<RingGeometry>,
    /// Processes of the program that have a route.
    pub stages: u32,
}

/// One size class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassGeometry {
    /// Bytes from one slot to the next.
    pub stride: u32,
    /// Slots.
    pub count: u32,
    /// Global index of its first slot.
    pub first: u32,
    /// Offset of its first slot's bytes.
    pub offset: u64,
    /// Which memory they lie in.
    pub memory: MemoryClass,
}

/// One ring. Offsets are of 128-byte lines of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingGeometry {
    /// Tail and the producer's counters.
    pub tail: u64,
    /// Head and the consumer's counters.
    pub head: u64,
    /// Futex word of the producing process.
    pub producer_flag: u64,
    /// Futex word of the consuming process.
    pub consumer_flag: u64,
    /// Latency histogram.
    pub histogram: u64,
    /// First cell.
    pub cells: u64,
    /// Bytes per cell: 16, 32 or 64.
    pub cell_size: u32,
    /// Truth lies in the cells, which several processes claim; else it lies in head and tail.
    pub claimed: bool,
    /// How many may use the ends.
    pub kind: QueueKind,
    /// Who holds the producing and the consuming end, a bit for each process; 0 where one process at most holds each.
    pub presence: [u64; 2],
    /// It carries slots of any class.
    pub any: bool,
    /// Index of the route whose requests this ring answers.
    pub answers: Option<u32>,
    /// Cells, a power of two.
    pub capacity: u32,
    /// Bytes per message.
    pub size: u32,
    /// Its class; `None` when messages travel inside the cell.
    pub class: Option<ClassGeometry>,
    /// Messages the producer may hold at once.
    pub producer_loans: u32,
    /// Messages the consumer may hold at once.
    pub consumer_loans: u32,
    /// Who owns a message while it travels.
    pub transfer: Transfer,
    /// What a consumer's death means.
    pub delivery: Delivery,
    /// What a full ring means.
    pub backpressure: Backpressure,
    /// How long block waits.
    pub deadline_ms: u32,
    /// A message is stamped when its index has none of these bits.
    pub sample_mask: u32,
}

/// Byte offset of the 64-bit count of published messages beside tail.
pub const COUNT: u64 = 8;
/// Byte offset of the count of dropped messages on the producer's line, and of skipped ones on the consumer's.
pub const DROPPED: u64 = 16;
/// Byte offset of the word that counts the owners of an end of a claimed ring, and names the one where one holds it.
pub const GATE: u64 = 24;
/// Byte offset of a cell's stamp: sequence:32, time:32.
pub const CELL_STAMP: u64 = 0;
/// Byte offset of the word that names the slot of a cell's message.
pub const CELL_REFERENCE: u64 = 8;
/// Byte offset of the bytes that travel inside a cell which has no other words than its stamp.
pub const CELL_INLINE: u64 = 8;
/// Byte offset of a cell's third word, in cells of more than 16 bytes: the number of the request that is answered; in
/// claimed rings the reference.
pub const CELL_THIRD: u64 = 16;
/// Byte offset of the bytes that travel inside a cell with a third word.
pub const CELL_BEHIND: u64 = 24;
/// Byte offset of the second word of a claimed cell, whose first one says who claims it: index:32, time:32.
pub const CELL_TIME: u64 = 8;

/// Byte offset of the count of recorded events on the counter line of the world.
pub const EVENTS: u64 = 8;

/// Bytes of an entry of the audit trail.
const EVENT_SIZE: u64 = 32;

/// Bytes of the words that say which processes hold one end of a ring.
const PRESENCE_SIZE: u64 = MAX_PROCESSES.div_ceil(PresenceWord::PROCESSES as u32) as u64 * 8;

/// Bytes of a process entry.
pub(crate) const PROCESS_SIZE: u64 = 128;

impl Geometry {
    /// Computes everything that lies behind a static part of `static_size` bytes, whole pages; the error is the number that
    /// does not fit.
    pub fn compute(plan: &Plan, static_size: u64) -> Result<Geometry, String> {
        let Plan { routes, process_entries: processes, .. } = plan;
        bounded("process entries", *processes, 1, MAX_PROCESSES)?;
        bounded("routes", routes.len() as u32, 0, MAX_ROUTES)?;
        let mut end = Cursor(static_size);
        let processes_offset = end.take(u64::from(*processes) * PROCESS_SIZE, LINE)?;
        let counters_offset = end.take(LINE, LINE)?;
        let trail_offset = end.take(TRAIL_ENTRIES * EVENT_SIZE, LINE)?;
        let mut classes = class_counts(&plan.classes)?;
        let slots = classes.last().map_or(0, |class| class.first + class.count);
        let slots_offset = end.take(u64::from(slots) * 8, LINE)?;
        let flags = Flags::place(routes, &mut end)?;
        let mut rings = Vec::with_capacity(routes.len());
        for route in routes {
            rings.push(ring(route, &flags, &mut end)?);
        }
        for class in &mut classes {
            class.offset = end.take(u64::from(class.stride) * u64::from(class.count), PAGE)?;
        }
        for (ring, route) in rings.iter_mut().zip(routes) {
            ring.class = class_of(ring, route, &classes)?;
        }
        let total_size = end.take(0, PAGE)?;
        Ok(Geometry {
            total_size,
            processes: *processes,
            processes_offset,
            counters_offset,
            trail_offset,
            slots,
            slots_offset,
            classes,
            rings,
            stages: flags.names.len() as u32,
        })
    }

    /// Offset of a process's entry.
    #[inline]
    pub fn process(&self, process: u16) -> u64 {
        self.processes_offset + u64::from(process) * PROCESS_SIZE
    }

    /// Offset of the entry of the audit trail that an event of this number has.
    #[inline]
    pub fn event(&self, number: u64) -> u64 {
        self.trail_offset + number % TRAIL_ENTRIES * EVENT_SIZE
    }

    /// Offset of a slot's word.
    #[inline]
    pub fn slot(&self, slot: u32) -> u64 {
        self.slots_offset + u64::from(slot) * 8
    }
}

impl ClassGeometry {
    /// Offset of a slot's bytes; `None` when the slot is not of this class.
    #[inline]
    pub fn bytes(&self, slot: u32) -> Option<u64> {
        let position = slot.wrapping_sub(self.first);
        (position < self.count).then(|| self.offset + u64::from(position) * u64::from(self.stride))
    }
}

impl RingGeometry {
    /// Offset of the cell of an index.
    #[inline]
    pub fn cell(&self, index: u32) -> u64 {
        self.cells + u64::from(index & (self.capacity - 1)) * u64::from(self.cell_size)
    }

    /// Offset of the message that travels inside the cell of an index.
    #[inline]
    pub fn inline(&self, index: u32) -> u64 {
        self.cell(index) + self.inline_at()
    }

    fn inline_at(&self) -> u64 {
        if self.has_third_word() { CELL_BEHIND } else { CELL_INLINE }
    }

    /// Do messages travel inside its cells?
    #[inline]
    pub fn is_inside(&self) -> bool {
        self.class.is_none() && !self.any
    }

    /// Have its cells a third word?
    #[inline]
    pub fn has_third_word(&self) -> bool {
        self.claimed || self.answers.is_some()
    }
}

/// One futex word per process that has a route, each on a line of its own, in name order.
struct Flags<'a> {
    names: Vec<&'a str>,
    offset: u64,
}

impl<'a> Flags<'a> {
    fn place(routes: &'a [RoutePlan], end: &mut Cursor) -> Result<Flags<'a>, String> {
        let mut names: Vec<&str> =
            routes.iter().flat_map(|route| [route.from.process.as_str(), route.to.process.as_str()]).collect();
        names.sort_unstable();
        names.dedup();
        let offset = end.take(names.len() as u64 * LINE, LINE)?;
        Ok(Flags { names, offset })
    }

    fn offset(&self, process: &str) -> u64 {
        self.offset + self.names.partition_point(|name| *name < process) as u64 * LINE
    }
}

/// Offsets are handed out in rising order and can not overflow.
struct Cursor(u64);

impl Cursor {
    fn take(&mut self, size: u64, align: u64) -> Result<u64, String> {
        let offset = self.0.next_multiple_of(align);
        let end = offset.checked_add(size).filter(|end| *end <= MAX_WORLD_SIZE);
        self.0 = end.ok_or_else(|| format!("a world of more than {MAX_WORLD_SIZE} bytes"))?;
        Ok(offset)
    }
}

fn bounded(what: &str, number: u32, low: u32, high: u32) -> Result<(), String> {
    if (low..=high).contains(&number) { Ok(()) } else { Err(format!("{number} {what}; {low} to {high} are legal")) }
}

fn class_counts(planned: &[ClassPlan]) -> Result<Vec<ClassGeometry>, String> {
    let mut first = 0u32;
    let mut classes = Vec::with_capacity(planned.len());
    for &ClassPlan { stride, count, memory } in planned {
        bounded("bytes of stride", stride, SLOT_STRIDE, MAX_FLAT_SIZE)?;
        if !stride.is_multiple_of(SLOT_STRIDE) {
            return Err(format!("a stride of {stride} bytes is no multiple of {SLOT_STRIDE}"));
        }
        classes.push(ClassGeometry { stride, count, first, offset: 0, memory });
        first = first.checked_add(count).filter(|slots| *slots <= MAX_SLOTS).ok_or("too many slots")?;
    }
    Ok(classes)
}

fn ring(route: &RoutePlan, flags: &Flags, end: &mut Cursor) -> Result<RingGeometry, String> {
    bounded("cells", route.capacity, 1, MAX_CAPACITY)?;
    bounded("bytes per message", route.size, 1, MAX_FLAT_SIZE)?;
    bounded("producer loans", route.producer_loans, 1, MAX_CAPACITY)?;
    bounded("consumer loans", route.consumer_loans, 1, MAX_CAPACITY)?;
    if !route.capacity.is_power_of_two() || !route.sample.is_power_of_two() {
        return Err(format!("capacity {} and sample {} must be powers of two", route.capacity, route.sample));
    }
    if !matches!(route.cell_size, 16 | 32 | 64) {
        return Err(format!("a cell of {} bytes", route.cell_size));
    }
    let claimed = route.is_claimed();
    if route.cell_size == 16 && (claimed || route.answers.is_some()) {
        return Err("a cell of 16 bytes without its third word".into());
    }
    if claimed && route.answers.is_some() {
        return Err("answers in a ring whose cells are claimed".into());
    }
    let presence = if route.kind == QueueKind::Mpmc { PRESENCE_SIZE } else { 0 };
    if route.transfer == Transfer::Copy {
        bounded("bytes per copied message", route.size, 1, MAX_COPY_SIZE)?;
    }
    Ok(RingGeometry {
        tail: end.take(LINE, LINE)?,
        head: end.take(LINE, LINE)?,
        producer_flag: flags.offset(&route.from.process),
        consumer_flag: flags.offset(&route.to.process),
        histogram: end.take(BUCKETS * 8, LINE)?,
        cells: end.take(u64::from(route.capacity) * u64::from(route.cell_size), LINE)?,
        cell_size: route.cell_size,
        claimed,
        kind: route.kind,
        presence: [end.take(presence, LINE)?, end.take(presence, LINE)?].map(|at| if presence == 0 { 0 } else { at }),
        any: route.class == Some(ANY_CLASS),
        answers: route.answers,
        capacity: route.capacity,
        size: route.size,
        class: None,
        producer_loans: route.producer_loans,
        consumer_loans: route.consumer_loans,
        transfer: route.transfer,
        delivery: route.delivery,
        backpressure: route.backpressure,
        deadline_ms: route.deadline_ms,
        sample_mask: route.sample - 1,
    })
}

fn class_of(
    ring: &RingGeometry,
    route: &RoutePlan,
    classes: &[ClassGeometry],
) -> Result<Option<ClassGeometry>, String> {
    let Some(index) = route.class else {
        let has_room = ring.inline_at() + u64::from(route.size) <= u64::from(route.cell_size);
        let fits = route.transfer == Transfer::Copy && has_room && route.size <= INLINE_SIZE;
        return if fits { Ok(None) } else { Err("a message that fits neither slot nor cell".into()) };
    };
    if index == ANY_CLASS {
        let is_moved = route.transfer == Transfer::ConsumeOnce;
        return if is_moved { Ok(None) } else { Err("only slots that change hands may be of any class".into()) };
    }
    let class = classes.get(index as usize).ok_or("a class that does not exist")?;
    if class.stride < route.size {
        return Err(format!("a slot of {} bytes is smaller than the message's {}", class.stride, route.size));
    }
    Ok(Some(*class))
}

//! The bytes of a world as parts that follow each other without a gap, so that they add up to its size.

use vil_core::mem::{Geometry, RingGeometry};
use vil_ir::limits::SPARE_PROCESSES;
use vil_ir::plan::{ClassPlan, Plan, RoutePlan};

/// A world that could be made.
pub(crate) struct World<'p> {
    pub(crate) plan: &'p Plan,
    pub(crate) geometry: &'p Geometry,
}

/// A part of a world, from its first byte to that of the next one: what is left free between them belongs to it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) bytes: u64,
    /// What lies in it.
    pub(crate) about: String,
}

impl World<'_> {
    /// All parts in their order.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let Geometry { rings, classes, total_size, .. } = self.geometry;
        let pool = classes.first().map_or(*total_size, |class| class.offset);
        let first = rings.first().map_or(pool, |ring| ring.tail);
        let flags = rings.iter().map(|ring| ring.producer_flag.min(ring.consumer_flag)).min().unwrap_or(first);
        let processes = self.plan.process_entries.saturating_sub(SPARE_PROCESSES);
        let starts = [
            ("static part", 0, format!("tables, names, the program of {} bytes", self.plan.contract.len())),
            (
                "process table",
                self.geometry.processes_offset,
                format!("{} entries, {processes} of them for the program's processes", self.geometry.processes),
            ),
            ("counters", self.geometry.counters_offset, "of the world".to_owned()),
            ("audit trail", self.geometry.trail_offset, "what happened last".to_owned()),
            (
                "slot words",
                self.geometry.slots_offset,
                format!("one for each of {}", counted(self.geometry.slots as usize, "slot")),
            ),
            ("wake-up words", flags, format!("{} of processes with routes", self.geometry.stages)),
            ("rings", first, counted(rings.len(), "ring")),
            (
                "slots",
                pool,
                format!("{} in {}", counted(self.geometry.slots as usize, "slot"), counted(classes.len(), "size")),
            ),
        ];
        let ends: Vec<u64> = starts.iter().skip(1).map(|(_, start, _)| *start).chain([*total_size]).collect();
        let part = |((name, start, about), end): ((&'static str, u64, String), u64)| Part {
            name,
            bytes: end.saturating_sub(start),
            about,
        };
        starts.into_iter().zip(ends).map(part).collect()
    }

    /// Bytes of the static part.
    pub(crate) fn static_bytes(&self) -> u64 {
        self.geometry.processes_offset
    }

    /// Each route or answer with its ring and the ring's bytes.
    pub(crate) fn rings(&self) -> impl Iterator<Item = (&RoutePlan, &RingGeometry, u64)> {
        let rings = &self.geometry.rings;
        let pool = self.geometry.classes.first().map_or(self.geometry.total_size, |class| class.offset);
        self.plan.routes.iter().zip(rings).enumerate().map(move |(index, (route, ring))| {
            let next = rings.get(index + 1).map_or(pool, |next| next.tail);
            // Behind the last ring the pool begins on a page of its own, which is no part of that ring.
            let end = if index + 1 < rings.len() { next } else { next.min(end_of(ring)) };
            (route, ring, end - ring.tail)
        })
    }

    /// Each size class with the bytes of all its slots.
    pub(crate) fn classes(&self) -> impl Iterator<Item = (&ClassPlan, u64)> {
        self.plan.classes.iter().map(|class| (class, u64::from(class.stride) * u64::from(class.count)))
    }
}

/// Where a ring ends: behind its cells, or behind the words that say who holds its ends.
fn end_of(ring: &RingGeometry) -> u64 {
    let cells = (ring.cells + u64::from(ring.capacity) * u64::from(ring.cell_size)).next_multiple_of(128);
    match ring.presence {
        [0, _] | [_, 0] => cells,
        [one, other] => other + (other - one),
    }
}

/// A number of things.
fn counted(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

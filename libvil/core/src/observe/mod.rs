//! Floor 7: what a user sees. Snapshots of routes and processes, read from outside while everything runs.

mod outside;
mod tap;

pub use outside::Outside;
pub use tap::{Tap, Tapped};

use vil_ir::vocabulary::Backpressure;

use crate::base::words::ProcessId;
use crate::mem::{Catalog, RingGeometry, Shared};
use crate::queue::{self, Side, passed};
use crate::registry::{self, Info};
use crate::stats::{self, bucket_top, quantile};
use crate::sys::clock;
use crate::world::World;

/// One route at one moment; latencies are of the stamped messages. `published` and `depth` are exact, also after
/// crashes; of a claimed ring but for what the dead had begun to write, until they are recovered. A crash right before a
/// drop or skip is counted leaves `dropped` too low, and `received` too high by what was skipped.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteSnapshot {
    /// Messages published.
    pub published: u64,
    /// Messages released by the consumer.
    pub received: u64,
    /// Messages dropped: refused by a full ring, or skipped because their consumer was gone.
    pub dropped: u64,
    /// Messages in the ring.
    pub depth: u32,
    /// Cells of the ring.
    pub capacity: u32,
    /// Stamped messages that were received.
    pub samples: u64,
    /// Publish to receive, nanoseconds, upper bound of the histogram's bucket: median, 99 %, 99.9 %, highest.
    pub latency_ns: [u64; 4],
}

/// Looks at one route; `None` when there is no such route.
pub fn route(world: &World, index: usize) -> Option<RouteSnapshot> {
    look_at_route(world.shared(), world.catalog(), index)
}

fn look_at_route(shared: &Shared, catalog: &Catalog, index: usize) -> Option<RouteSnapshot> {
    let ring = shared.geometry.rings.get(index)?;
    let Passed { published, gone, depth } = if ring.claimed { claimed(shared, ring) } else { ledger(shared, ring) };
    let skipped = stats::skipped(shared, ring);
    // What drop_oldest dropped was published, and passed head.
    let taken_back = if ring.backpressure == Backpressure::DropOldest { stats::refused(shared, ring) } else { 0 };
    let histogram = stats::histogram(shared, ring);
    let scale = clock::ns_per_stamp(catalog.created_ticks, catalog.created_ns);
    let ns = |ticks: u64| (ticks as f64 * scale).round() as u64;
    let highest = histogram.iter().rposition(|count| *count > 0).map_or(0, |bucket| bucket_top(bucket as u64));
    Some(RouteSnapshot {
        published,
        received: gone.saturating_sub(skipped).saturating_sub(taken_back),
        dropped: skipped.wrapping_add(stats::refused(shared, ring)),
        depth,
        capacity: ring.capacity,
        samples: histogram.iter().fold(0, |sum, count| sum.wrapping_add(*count)),
        latency_ns: [
            ns(quantile(&histogram, 500, 1000)),
            ns(quantile(&histogram, 990, 1000)),
            ns(quantile(&histogram, 999, 1000)),
            ns(highest),
        ],
    })
}

/// What went through a ring.
struct Passed {
    published: u64,
    /// Released, taken, dropped or skipped.
    gone: u64,
    depth: u32,
}

fn ledger(shared: &Shared, ring: &RingGeometry) -> Passed {
    let (gone, published) = (passed(shared, ring, Side::Head), passed(shared, ring, Side::Tail));
    let depth = queue::settled_cells(shared, ring).map_or(0, |(head, tail)| tail.wrapping_sub(head));
    Passed { published, gone, depth }
}

fn claimed(shared: &Shared, ring: &RingGeometry) -> Passed {
    let gone = queue::claimed::passed(shared, ring, Side::Head);
    let depth = queue::claimed::depth(shared, ring);
    Passed { published: queue::claimed::passed(shared, ring, Side::Tail), gone, depth }
}

/// Looks at one process entry; `None` when there is no such entry.
pub fn process(world: &World, index: usize) -> Option<Info> {
    look_at_process(world.shared(), index)
}

fn look_at_process(shared: &Shared, index: usize) -> Option<Info> {
    (index < shared.geometry.processes as usize).then(|| registry::info(shared, ProcessId(index as u16)))
}

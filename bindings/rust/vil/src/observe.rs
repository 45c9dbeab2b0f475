//! What can be seen of a world from outside: slots, routes and processes, as C counts them.

use std::time::Duration;

use crate::{Result, Status, text};

/// All slots of a world by who holds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Processes attached now.
    pub processes: u32,
    /// All slots.
    pub slots: u64,
    /// Slots nobody holds.
    pub free_slots: u64,
    /// Slots held by living processes.
    pub held_slots: u64,
    /// Slots of the dead and of closed senders, kept because an unreleased message is in them.
    pub retained_slots: u64,
    /// Slots neither free, nor held by the living, nor referenced by a live cell.
    pub leaked_slots: u64,
    /// Processes that died and were recovered since the world was created.
    pub recoveries: u64,
}

/// The lane of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lane {
    /// Start and hand-off.
    Trigger,
    /// The hot path.
    Data,
    /// Done, error, abort; may overtake data, because each route is a ring of its own.
    Control,
}

/// One route of a world and what passed through it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteInfo {
    /// Such as `ingest.credits -> filter.credits`.
    pub name: String,
    /// Its lane; none when this version of the crate has no name for it.
    pub lane: Option<Lane>,
    /// Messages published, exact also after crashes; where a queue is mpmc or drops the oldest, but for what a dead
    /// producer had begun.
    pub published: u64,
    /// Messages released by the consumer.
    pub received: u64,
    /// Messages dropped.
    pub dropped: u64,
    /// Messages in the ring now.
    pub depth: u32,
    /// Messages that the ring can hold.
    pub capacity: u32,
    /// From publish to receive.
    pub latency: Latency,
}

/// How long messages of a route took from publish to receive. All zero without samples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Latency {
    /// Messages measured.
    pub samples: u64,
    /// Half of them took at most this long.
    pub p50: Duration,
    /// 99 of 100 took at most this long.
    pub p99: Duration,
    /// 999 of 1000 took at most this long.
    pub p999: Duration,
    /// The slowest.
    pub max: Duration,
}

/// One process attached to a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessInfo {
    /// Its process id.
    pub pid: i32,
    /// How often its table entry has been used before.
    pub epoch: u64,
    /// Its name in the program; empty for one without a role.
    pub name: String,
}

pub(crate) fn audit(world: *mut vil_sys::vil_world_t) -> Result<Audit, Status> {
    // SAFETY: the caller's world is open, the struct is `audit_with`'s and says its size.
    audit_with(|audit| unsafe { vil_sys::vil_world_audit(world, audit) })
}

/// The audit of whatever `call` asks.
pub(crate) fn audit_with(
    call: impl FnOnce(*mut vil_sys::vil_audit_t) -> vil_sys::vil_status_t,
) -> Result<Audit, Status> {
    let mut raw = vil_sys::vil_audit_t {
        struct_size: size_of::<vil_sys::vil_audit_t>() as u32,
        processes: 0,
        slots: 0,
        free_slots: 0,
        held_slots: 0,
        retained_slots: 0,
        leaked_slots: 0,
        recoveries: 0,
    };
    Status::check(call(&mut raw))?;
    Ok(Audit {
        processes: raw.processes,
        slots: raw.slots,
        free_slots: raw.free_slots,
        held_slots: raw.held_slots,
        retained_slots: raw.retained_slots,
        leaked_slots: raw.leaked_slots,
        recoveries: raw.recoveries,
    })
}

pub(crate) fn route_info(world: *mut vil_sys::vil_world_t, index: u32) -> Result<RouteInfo, Status> {
    let mut raw = vil_sys::vil_route_info_t {
        struct_size: size_of::<vil_sys::vil_route_info_t>() as u32,
        lane: 0,
        name: [0; 256],
        published: 0,
        received: 0,
        dropped: 0,
        depth: 0,
        capacity: 0,
        latency_samples: 0,
        p50_ns: 0,
        p99_ns: 0,
        p999_ns: 0,
        max_ns: 0,
    };
    // SAFETY: the caller's world is open, the out-struct is ours and says its size.
    Status::check(unsafe { vil_sys::vil_world_route_info(world, index, &mut raw) })?;
    Ok(RouteInfo {
        name: text::owned(&raw.name),
        lane: lane(raw.lane),
        published: raw.published,
        received: raw.received,
        dropped: raw.dropped,
        depth: raw.depth,
        capacity: raw.capacity,
        latency: latency(&raw),
    })
}

/// None for an entry that is free.
pub(crate) fn process_info(world: *mut vil_sys::vil_world_t, index: u32) -> Result<Option<ProcessInfo>, Status> {
    let mut raw = vil_sys::vil_process_info_t {
        struct_size: size_of::<vil_sys::vil_process_info_t>() as u32,
        pid: 0,
        epoch: 0,
        name: [0; 64],
    };
    // SAFETY: the caller's world is open, the out-struct is ours and says its size.
    match Status::check(unsafe { vil_sys::vil_world_process_info(world, index, &mut raw) }) {
        Ok(()) => Ok(Some(ProcessInfo { pid: raw.pid, epoch: raw.epoch, name: text::owned(&raw.name) })),
        Err(Status::EMPTY) => Ok(None),
        Err(status) => Err(status),
    }
}

fn lane(raw: u32) -> Option<Lane> {
    match raw {
        0 => Some(Lane::Trigger),
        1 => Some(Lane::Data),
        2 => Some(Lane::Control),
        _ => None,
    }
}

fn latency(raw: &vil_sys::vil_route_info_t) -> Latency {
    Latency {
        samples: raw.latency_samples,
        p50: Duration::from_nanos(raw.p50_ns),
        p99: Duration::from_nanos(raw.p99_ns),
        p999: Duration::from_nanos(raw.p999_ns),
        max: Duration::from_nanos(raw.max_ns),
    }
}

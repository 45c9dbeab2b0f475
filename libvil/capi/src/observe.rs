//! What can be seen of a world: the audit, its routes, its processes.

use std::ffi::c_char;

use vil_core::base::words::ProcState;
use vil_core::observe;
use vil_core::registry::Audit;
use vil_core::world::Stop;

use crate::error::Failure;
use crate::guard::{hot, out, sized_out};
use crate::status::vil_status_t;
use crate::world::{vil_world_t, with_world};

/// Every slot of a world, explained. `slots` is the sum of the four that follow it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_audit_t {
    /// sizeof(vil_audit_t), set by the caller.
    pub struct_size: u32,
    /// Processes attached, this one included.
    pub processes: u32,
    /// All slots.
    pub slots: u64,
    /// In the pool.
    pub free_slots: u64,
    /// Owned by living processes.
    pub held_slots: u64,
    /// Of the dead and of closed senders, kept because a message that was not released is in them.
    pub retained_slots: u64,
    /// Neither free, nor owned by somebody, nor named by a message that was not released.
    pub leaked_slots: u64,
    /// Processes that died and were recovered since the world was created.
    pub recoveries: u64,
}

/// One route at one moment. `published` is exact, also after crashes; so is `received` under at_least_once. Where a queue is
/// mpmc or drops the oldest, what a dead producer had begun counts as published and received until it is recovered, and for
/// good when its recoverer dies at that moment.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_route_info_t {
    /// sizeof(vil_route_info_t), set by the caller.
    pub struct_size: u32,
    /// 0 trigger, 1 data, 2 control.
    pub lane: u32,
    /// "ingest.credits -> filter.credits"; ends with NUL, cut at 255 bytes.
    pub name: [c_char; 256],
    /// Messages published.
    pub published: u64,
    /// Messages released by the consumer, those skipped because nobody consumed them not included. Under best_effort a
    /// death at the moment of a skip counts it here instead of in `dropped`.
    pub received: u64,
    /// Messages dropped: refused by a full ring, or skipped because their consumer was gone.
    pub dropped: u64,
    /// Messages in the ring.
    pub depth: u32,
    /// Cells of the ring.
    pub capacity: u32,
    /// Messages whose time from publish to receive was taken.
    pub latency_samples: u64,
    /// Publish to receive in nanoseconds, at most 12.5 % above the true value: median.
    pub p50_ns: u64,
    /// 99 % are faster.
    pub p99_ns: u64,
    /// 99.9 % are faster.
    pub p999_ns: u64,
    /// The slowest. Latencies of more than about 10 s are not taken.
    pub max_ns: u64,
}

/// One entry of a world's process table.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_process_info_t {
    /// sizeof(vil_process_info_t), set by the caller.
    pub struct_size: u32,
    /// In the process's own pid namespace.
    pub pid: i32,
    /// Counts the owners of the entry.
    pub epoch: u64,
    /// Its process in the program, "" without a role; ends with NUL, cut at 63 bytes.
    pub name: [c_char; 64],
}

/// Recovers, sweeps, walks every slot and explains it. Exact when nobody else is at work.
///
/// Threads: any. Ownership: `audit` is the caller's. NULL: `audit` may not be. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `audit` is NULL or has `struct_size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_world_audit(world: *mut vil_world_t, audit: *mut vil_audit_t) -> vil_status_t {
    // SAFETY: as promised by the caller.
    hot(|| unsafe { sized_out(audit, |size| with_world(world, |world| Ok(audit_of(world.audit(), size)))) })
}

/// How many routes the world has.
///
/// Threads: any. Ownership: `count` is the caller's. NULL: `count` may not be. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `count` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_world_route_count(world: *mut vil_world_t, count: *mut u32) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(count, "count is NULL") }?;
        *place = with_world(world, |world| Ok(world.catalog().plan.routes.len() as u32))?;
        Ok(())
    })
}

/// Looks at one route, 0 to route_count - 1, in the order of the program.
///
/// Threads: any. Ownership: `info` is the caller's. NULL: `info` may not be. Blocks: never.
/// Errors: VIL_E_ARGUMENT (also for an index that is too high), VIL_E_HANDLE, VIL_E_FORKED. Since: 0.1.
///
/// # Safety
/// `info` is NULL or has `struct_size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_world_route_info(
    world: *mut vil_world_t,
    index: u32,
    info: *mut vil_route_info_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    hot(|| unsafe {
        sized_out(info, |size| {
            with_world(world, |world| {
                let seen = observe::route(world, index as usize).ok_or(Failure::Argument("there is no such route"))?;
                let route = &world.catalog().plan.routes[index as usize];
                let [p50_ns, p99_ns, p999_ns, max_ns] = seen.latency_ns;
                Ok(vil_route_info_t {
                    struct_size: size,
                    lane: route.lane as u32,
                    name: fixed(&route.name()),
                    published: seen.published,
                    received: seen.received,
                    dropped: seen.dropped,
                    depth: seen.depth,
                    capacity: seen.capacity,
                    latency_samples: seen.samples,
                    p50_ns,
                    p99_ns,
                    p999_ns,
                    max_ns,
                })
            })
        })
    })
}

/// How many entries the world's process table has.
///
/// Threads: any. Ownership: `count` is the caller's. NULL: `count` may not be. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `count` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_world_process_count(world: *mut vil_world_t, count: *mut u32) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(count, "count is NULL") }?;
        *place = with_world(world, |world| Ok(world.shared().geometry.processes))?;
        Ok(())
    })
}

/// Looks at one entry of the process table; VIL_EMPTY when nobody is in it.
///
/// Threads: any. Ownership: `info` is the caller's. NULL: `info` may not be. Blocks: never.
/// Errors: VIL_EMPTY; VIL_E_ARGUMENT (also for an index that is too high), VIL_E_HANDLE, VIL_E_FORKED. Since: 0.1.
///
/// # Safety
/// `info` is NULL or has `struct_size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_world_process_info(
    world: *mut vil_world_t,
    index: u32,
    info: *mut vil_process_info_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    hot(|| unsafe {
        sized_out(info, |size| {
            with_world(world, |world| {
                let seen =
                    observe::process(world, index as usize).ok_or(Failure::Argument("there is no such entry"))?;
                if seen.word.state == ProcState::Free {
                    return Err(Failure::Hot(Stop::Empty));
                }
                let (pid, epoch) = (seen.pid as i32, seen.word.epoch);
                Ok(vil_process_info_t { struct_size: size, pid, epoch, name: fixed(&seen.name) })
            })
        })
    })
}

/// The audit as C has it.
pub(crate) fn audit_of(audit: Audit, struct_size: u32) -> vil_audit_t {
    vil_audit_t {
        struct_size,
        processes: audit.processes,
        slots: audit.slots,
        free_slots: audit.free,
        held_slots: audit.held,
        retained_slots: audit.retained,
        leaked_slots: audit.leaked,
        recoveries: audit.recoveries,
    }
}

/// A text in a fixed array, cut at a character and ended with NUL.
pub(crate) fn fixed<const N: usize>(text: &str) -> [c_char; N] {
    let mut size = text.len().min(N - 1);
    while !text.is_char_boundary(size) {
        size -= 1;
    }
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(&text.as_bytes()[..size]) {
        *to = *from as c_char;
    }
    out
}

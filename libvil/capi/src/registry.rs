//! The registry: who is attached, who holds what, who is dead, and what happened.

use std::ffi::c_char;
use std::time::Duration;

use vil_core::base::error::Fault;
use vil_core::base::words::{ProcState, ProcessId};
use vil_core::registry::trail::{Cursor, Kind, Recorded, Subject};
use vil_core::registry::{Ends, Outcome, ends_held, slots_held};
use vil_core::world::Stop;
use vil_core::{observe, registry};

use crate::error::Failure;
use crate::guard::{hot, out, sized_out};
use crate::observe::fixed;
use crate::queue::{VIL_CONSUMER, VIL_PRODUCER};
use crate::status::vil_status_t;
use crate::world::{vil_world_t, with_world};

/// `process` attached; the number is its epoch.
pub const VIL_EVENT_ATTACHED: u32 = 1;
/// `process` left; the number is its epoch.
pub const VIL_EVENT_DETACHED: u32 = 2;
/// `process` was dead and `peer` (nobody: from outside) brought back what it had; the number is its epoch.
pub const VIL_EVENT_RECOVERED: u32 = 3;
/// `process` took a consume_once message out of `route` and owns its slot from here on; `peer` owned it before, or nobody
/// where its producer is gone.
pub const VIL_EVENT_TAKEN: u32 = 16;
/// `process` passed a message that it owns on into `route`. 18 was never given: a borrowed message stays its producer's.
pub const VIL_EVENT_FORWARDED_TAKEN: u32 = 17;
/// `process` closed `route`, or died (then no route is said), and this many unreleased messages of it stay for their consumers.
pub const VIL_EVENT_ORPHANED: u32 = 19;
/// `process` opened `route` where its predecessor had left this many messages unreleased.
pub const VIL_EVENT_REDELIVERED: u32 = 20;
/// `process` found `route` full and dropped its newest message. Told in steps: of the 1st, 2nd, 4th, up to the 1024th, then of
/// every 1024th; the number is how many were dropped so far.
pub const VIL_EVENT_DROPPED_NEWEST: u32 = 32;
/// `process` found `route` full and dropped its oldest message. Told in the same steps.
pub const VIL_EVENT_DROPPED_OLDEST: u32 = 33;
/// `process` left this many messages of `route` unread for good, under best_effort: a consumer that closed or died, or a
/// producer that needed room and found nobody there.
pub const VIL_EVENT_SKIPPED: u32 = 34;
/// `process` released a message of consume_once that it had not consumed.
pub const VIL_EVENT_UNCONSUMED: u32 = 64;
/// `process` published a loan that had ended.
pub const VIL_EVENT_PUBLISHED_TWICE: u32 = 65;
/// `process` released a message that had ended.
pub const VIL_EVENT_RELEASED_TWICE: u32 = 66;
/// `process` used a loan or a message that had ended, other than to publish or release it.
pub const VIL_EVENT_USED_AFTER_END: u32 = 67;
/// A bug in libvil was contained in `process`.
pub const VIL_EVENT_PANICKED: u32 = 68;
/// `process` found nonsense in `route` and uses it no more.
pub const VIL_EVENT_QUARANTINED: u32 = 69;
/// `process` found that a message of `route`, of this number, had been taken by a consumer before it, which died with it.
/// Where several take from one queue, the taking and the recovery tell of it instead.
pub const VIL_EVENT_LOST_WITH_OWNER: u32 = 70;

/// In an event: no process, no route, no slot.
pub const VIL_NONE: u32 = u32::MAX;

/// One entry of a world's process table, and who lives in it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_registry_entry_t {
    /// sizeof(vil_registry_entry_t), set by the caller.
    pub struct_size: u32,
    /// 1: the kernel says that its process lives, stopped or not. 0: it is dead, and its belongings are not yet back.
    pub is_alive: u32,
    /// In the process's own pid namespace.
    pub pid: i32,
    /// VIL_LANGUAGE_*: what its calls come from.
    pub language: u32,
    /// Counts the owners of the entry.
    pub epoch: u64,
    /// When it attached, in nanoseconds of the monotonic clock.
    pub since_ns: u64,
    /// Its process in the program, "" without a role; ends with NUL, cut at 63 bytes.
    pub name: [c_char; 64],
}

/// One event of a world's audit trail.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_event_t {
    /// sizeof(vil_event_t), set by the caller.
    pub struct_size: u32,
    /// What happened: VIL_EVENT_*.
    pub kind: u32,
    /// The same in a word, such as "dropped_newest"; ends with NUL.
    pub name: [c_char; 32],
    /// Counts the events of the world, from 0.
    pub event: u64,
    /// When, in nanoseconds of the monotonic clock.
    pub time_ns: u64,
    /// Events before this one that the cursor has not seen: overwritten, or torn by a death.
    pub missed: u64,
    /// 1: somebody made a mistake, or a message was lost with its owner.
    pub is_fault: u32,
    /// Entry of the process that it happened to or that did it, or VIL_NONE.
    pub process: u32,
    /// Entry of the other process in it, or VIL_NONE.
    pub peer: u32,
    /// The route, or VIL_NONE.
    pub route: u32,
    /// The slot, or VIL_NONE.
    pub slot: u32,
    /// The slot's generation.
    pub generation: u32,
    /// A message's number, an epoch, or how many, as the kind says; 0 when it is about a slot.
    pub number: u64,
}

/// How many entries the world's process table has, free ones included.
///
/// Threads: any. Ownership: `count` is the caller's. NULL: `count` may not be. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `count` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_registry_count(world: *mut vil_world_t, count: *mut u32) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(count, "count is NULL") }?;
        *place = with_world(world, |world| Ok(world.shared().geometry.processes))?;
        Ok(())
    })
}

/// Looks at one entry of the process table, 0 to count - 1; VIL_EMPTY when nobody is in it. Changes nothing: a dead
/// process stays until something recovers it.
///
/// Threads: any. Ownership: `entry` is the caller's. NULL: `entry` may not be. Blocks: never.
/// Errors: VIL_EMPTY; VIL_E_ARGUMENT (also for an index that is too high), VIL_E_HANDLE, VIL_E_FORKED. Since: 0.1.
///
/// # Safety
/// `entry` is NULL or has `struct_size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_registry_entry(
    world: *mut vil_world_t,
    index: u32,
    entry: *mut vil_registry_entry_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    hot(|| unsafe {
        sized_out(entry, |size| {
            with_world(world, |world| {
                let seen = observe::process(world, index as usize).ok_or(NO_ENTRY)?;
                if seen.word.state == ProcState::Free {
                    return Err(Failure::Hot(Stop::Empty));
                }
                let is_dead = seen.word.state == ProcState::Dead || world.is_dead(ProcessId(index as u16));
                Ok(vil_registry_entry_t {
                    struct_size: size,
                    is_alive: u32::from(!is_dead),
                    pid: seen.pid as i32,
                    language: seen.language.code(),
                    epoch: seen.word.epoch,
                    since_ns: seen.since_ns,
                    name: fixed(&seen.name),
                })
            })
        })
    })
}

/// How many slots an entry's process holds: its loans, its messages that others have not released, and its spare ones.
///
/// Threads: any. Ownership: `slots` is the caller's. NULL: `slots` may not be. Blocks: never.
/// Errors: VIL_E_ARGUMENT (also for an index that is too high), VIL_E_HANDLE, VIL_E_FORKED. Since: 0.1.
///
/// # Safety
/// `slots` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_registry_slots(world: *mut vil_world_t, index: u32, slots: *mut u32) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(slots, "slots is NULL") }?;
        *place = with_world(world, |world| slots_held(world.shared()).get(index as usize).copied().ok_or(NO_ENTRY))?;
        Ok(())
    })
}

/// Which ends of a route an entry's process holds: the sum of VIL_PRODUCER and VIL_CONSUMER, or 0.
///
/// Threads: any. Ownership: `ends` is the caller's. NULL: `ends` may not be. Blocks: never.
/// Errors: VIL_E_ARGUMENT (also for an index or a route that is too high), VIL_E_HANDLE, VIL_E_FORKED. Since: 0.1.
///
/// # Safety
/// `ends` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_registry_ends(
    world: *mut vil_world_t,
    index: u32,
    route: u32,
    ends: *mut u32,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(ends, "ends is NULL") }?;
        let held = with_world(world, |world| {
            let entry = observe::process(world, index as usize).map(|_| ProcessId(index as u16)).ok_or(NO_ENTRY)?;
            ends_held(world.shared(), entry, route as usize).ok_or(Failure::Argument("there is no such route"))
        });
        *place = sum_of(held?);
        Ok(())
    })
}

/// Recovers one entry if its process is dead, and sweeps: `recovered` is 1 when this call finished it, else 0.
/// vil_world_recover does it for all entries.
///
/// Threads: any. Ownership: `recovered` is the caller's. NULL: `recovered` may be. Blocks: never.
/// Errors: VIL_E_BUSY (its process lives), VIL_E_ARGUMENT (the index is too high), VIL_E_HANDLE, VIL_E_FORKED.
/// Since: 0.1.
///
/// # Safety
/// `recovered` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_registry_recover(
    world: *mut vil_world_t,
    index: u32,
    recovered: *mut u32,
) -> vil_status_t {
    hot(|| {
        let outcome = with_world(world, |world| Ok(world.recover_entry(index)?))?;
        // SAFETY: as promised by the caller.
        if let Some(place) = unsafe { recovered.as_mut() } {
            *place = u32::from(outcome == Outcome::Recovered(true));
        }
        refuse_living(outcome)
    })
}

/// Reads the audit trail: the event at the cursor, or the first whole one after it, and moves the cursor past it.
/// VIL_EMPTY when there is none yet. A cursor of 0 begins with the oldest event that is still there.
///
/// Threads: any; the cursor is the caller's own. Ownership: `cursor` and `event` are the caller's. NULL: neither may be.
/// Blocks: never. Errors: VIL_EMPTY; VIL_E_ARGUMENT, VIL_E_HANDLE, VIL_E_FORKED. Since: 0.1.
///
/// # Safety
/// `cursor` is NULL or writable; `event` is NULL or has `struct_size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_registry_trail(
    world: *mut vil_world_t,
    cursor: *mut u64,
    event: *mut vil_event_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    hot(|| unsafe {
        let place = out(cursor, "cursor is NULL")?;
        let mut read = Cursor { next: *place, missed: 0 };
        let answer = sized_out(event, |size| {
            with_world(world, |world| {
                let found = read.read(world.shared()).ok_or(Failure::Hot(Stop::Empty))?;
                Ok(event_of(found, read.missed, size))
            })
        });
        *place = read.next;
        answer
    })
}

/// The cursor that the next event to come will have: what came before it is not read.
///
/// Threads: any. Ownership: `cursor` is the caller's. NULL: `cursor` may not be. Blocks: never.
/// Errors: VIL_E_ARGUMENT, VIL_E_HANDLE, VIL_E_FORKED. Since: 0.1.
///
/// # Safety
/// `cursor` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_registry_trail_end(world: *mut vil_world_t, cursor: *mut u64) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(cursor, "cursor is NULL") }?;
        *place = with_world(world, |world| Ok(registry::trail::recorded(world.shared())))?;
        Ok(())
    })
}

/// Starts a thread that recovers the dead and sweeps every `interval_ms`, 1 to 3,600,000; one that runs already takes the
/// new interval. It ends with vil_registry_unwatch, or when the world and all that was opened from it are closed. It
/// takes no signal, and no fork child has it.
///
/// Threads: any. Ownership: none. NULL: VIL_E_HANDLE. Blocks: never.
/// Errors: VIL_E_ARGUMENT (the interval), VIL_E_SYSTEM and VIL_E_NOMEM (no thread), VIL_E_HANDLE, VIL_E_FORKED.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_registry_watch(world: *mut vil_world_t, interval_ms: u32) -> vil_status_t {
    hot(|| with_world(world, |world| Ok(world.watch(Duration::from_millis(interval_ms.into()))?)))
}

/// Ends the watching thread of this world handle.
///
/// Threads: any. Ownership: none. NULL: VIL_E_HANDLE. Blocks: until a recovery under way in that thread ends.
/// Errors: VIL_E_STATE (nothing watches), VIL_E_HANDLE, VIL_E_FORKED. Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_registry_unwatch(world: *mut vil_world_t) -> vil_status_t {
    hot(|| {
        with_world(world, |world| match world.unwatch() {
            true => Ok(()),
            false => Err(Failure::Hot(Stop::Fault(Fault::State))),
        })
    })
}

const NO_ENTRY: Failure = Failure::Argument("there is no such entry");

fn refuse_living(outcome: Outcome) -> Result<(), Failure> {
    if outcome == Outcome::Alive { Err(Failure::Hot(Stop::Fault(Fault::Busy))) } else { Ok(()) }
}

fn sum_of(ends: Ends) -> u32 {
    u32::from(ends.producer) * VIL_PRODUCER + u32::from(ends.consumer) * VIL_CONSUMER
}

/// An event as C has it.
fn event_of(found: Recorded, missed: u64, struct_size: u32) -> vil_event_t {
    let event = found.event;
    let entry = |process: Option<ProcessId>| process.map_or(VIL_NONE, |process| u32::from(process.0));
    let (slot, generation, number) = match event.subject {
        Subject::Nothing => (VIL_NONE, 0, 0),
        Subject::Slot(slot) => (slot.index, slot.generation, 0),
        Subject::Number(number) => (VIL_NONE, 0, number),
    };
    vil_event_t {
        struct_size,
        kind: u32::from(event.kind.code()),
        name: fixed(event.kind.word()),
        event: found.number,
        time_ns: found.time_ns,
        missed,
        is_fault: u32::from(event.kind.is_fault()),
        process: entry(event.process),
        peer: entry(event.peer),
        route: event.route.map_or(VIL_NONE, u32::from),
        slot,
        generation,
        number,
    }
}

/// Every kind has its constant; a new kind does not compile until it has one.
const fn constant(kind: Kind) -> u32 {
    match kind {
        Kind::Attached => VIL_EVENT_ATTACHED,
        Kind::Detached => VIL_EVENT_DETACHED,
        Kind::Recovered => VIL_EVENT_RECOVERED,
        Kind::Taken => VIL_EVENT_TAKEN,
        Kind::ForwardedTaken => VIL_EVENT_FORWARDED_TAKEN,
        Kind::Orphaned => VIL_EVENT_ORPHANED,
        Kind::Redelivered => VIL_EVENT_REDELIVERED,
        Kind::DroppedNewest => VIL_EVENT_DROPPED_NEWEST,
        Kind::DroppedOldest => VIL_EVENT_DROPPED_OLDEST,
        Kind::Skipped => VIL_EVENT_SKIPPED,
        Kind::Unconsumed => VIL_EVENT_UNCONSUMED,
        Kind::PublishedTwice => VIL_EVENT_PUBLISHED_TWICE,
        Kind::ReleasedTwice => VIL_EVENT_RELEASED_TWICE,
        Kind::UsedAfterEnd => VIL_EVENT_USED_AFTER_END,
        Kind::Panicked => VIL_EVENT_PANICKED,
        Kind::Quarantined => VIL_EVENT_QUARANTINED,
        Kind::LostWithOwner => VIL_EVENT_LOST_WITH_OWNER,
    }
}

const _: () = {
    let mut i = 0;
    while i < Kind::ALL.len() {
        assert!(constant(Kind::ALL[i]) == Kind::ALL[i] as u32);
        i += 1;
    }
};

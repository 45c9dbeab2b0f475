//! Heap and queues alone: a world without a program.

use std::ffi::c_char;
use std::sync::Arc;

use vil_core::base::error::{Error, Fault};
use vil_core::sys::file::RuntimeDir;
use vil_core::world::{Contract, World, plan_heap};
use vil_ir::builder::HeapShape;
use vil_ir::limits::DEFAULT_DEADLINE_MS;
use vil_ir::plan::Plan;

use crate::error::{Failure, vil_error_t};
use crate::guard::{cold, hot, sized_out, text};
use crate::handle::{Pinned, full};
use crate::observe::{audit_of, vil_audit_t};
use crate::options::{dir, sized, vil_heap_options_t};
use crate::status::vil_status_t;
use crate::world::cleared;

/// Blocks of one size and queues of descriptors in shared memory. Any thread may use it.
pub struct vil_heap_t(());

static HEAPS: Pinned<Arc<World>> = Pinned::new(5);

const NO_ROLE: Contract<'static> = Contract { process: None, ports: &[] };

/// Creates a heap with its queues and opens it. A heap of this name in which nobody lives any more is replaced.
///
/// Threads: any. Ownership: the answer is the caller's, ended by vil_heap_close; its memory goes with the last process
/// that has it open after vil_world_unlink of its name. NULL: `error` may be. Blocks: up to 5 s for another creator.
/// Errors: VIL_E_ARGUMENT (the error names the number and its range), and those of vil_world_create. Since: 0.1.
///
/// # Safety
/// Pointers are NULL or valid as their types say, texts end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_heap_create(
    name: *const c_char,
    options: *const vil_heap_options_t,
    heap: *mut *mut vil_heap_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe { open_with(name, options, heap, error, |dir, name, plan| World::create(dir, name, plan, &NO_ROLE)) }
}

/// Opens a heap that exists and was created with the same options.
///
/// Threads: any. Ownership: the answer is the caller's, ended by vil_heap_close. NULL: `error` may be. Blocks: never.
/// Errors: VIL_E_CONTRACT (another shape), VIL_E_ARGUMENT, and those of vil_world_open. Since: 0.1.
///
/// # Safety
/// Pointers are NULL or valid as their types say, texts end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_heap_open(
    name: *const c_char,
    options: *const vil_heap_options_t,
    heap: *mut *mut vil_heap_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe { open_with(name, options, heap, error, |dir, name, _| World::open(dir, name, &NO_ROLE)) }
}

/// Opens a heap, or creates it when there is none. Of several processes one creates and the others open.
///
/// Threads: any. Ownership: the answer is the caller's, ended by vil_heap_close. NULL: `error` may be.
/// Blocks: up to 5 s for another creator. Errors: those of vil_heap_create and vil_heap_open, but for VIL_E_EXISTS and
/// VIL_E_NOT_FOUND. Since: 0.1.
///
/// # Safety
/// Pointers are NULL or valid as their types say, texts end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_heap_open_or_create(
    name: *const c_char,
    options: *const vil_heap_options_t,
    heap: *mut *mut vil_heap_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    let open = |dir: &RuntimeDir, name: &str, plan: &Plan| Ok(World::open_or_create(dir, name, plan, &NO_ROLE)?.0);
    // SAFETY: as promised by the caller.
    unsafe { open_with(name, options, heap, error, open) }
}

/// Ends a heap's handle. Its queues stay usable; the process detaches when the last of them is closed.
///
/// Threads: any. Ownership: ends the caller's. NULL: VIL_E_HANDLE. Blocks: until calls on it in other threads end.
/// Errors: VIL_E_HANDLE. Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_heap_close(heap: *mut vil_heap_t) -> vil_status_t {
    hot(|| HEAPS.close(heap as usize))
}

/// Recovers, sweeps, walks every block and explains it. Exact when nobody else is at work.
///
/// Threads: any. Ownership: `audit` is the caller's. NULL: `audit` may not be. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `audit` is NULL or has `struct_size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_heap_audit(heap: *mut vil_heap_t, audit: *mut vil_audit_t) -> vil_status_t {
    // SAFETY: as promised by the caller.
    hot(|| unsafe { sized_out(audit, |size| with_heap(heap, |world| Ok(audit_of(world.audit(), size)))) })
}

/// Shows an open heap that was not inherited by fork.
pub(crate) fn with_heap<R>(
    heap: *mut vil_heap_t,
    call: impl FnOnce(&Arc<World>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    HEAPS.with(heap as usize, |world| if world.is_forked() { Err(Failure::Forked) } else { call(world) })
}

/// # Safety
/// Pointers are NULL or valid as their types say, texts end with NUL.
unsafe fn open_with(
    name: *const c_char,
    options: *const vil_heap_options_t,
    heap: *mut *mut vil_heap_t,
    error: *mut vil_error_t,
    open: impl FnOnce(&RuntimeDir, &str, &Plan) -> Result<Arc<World>, Error>,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let (place, name) = (cleared(heap)?, text(name, "name is NULL or not UTF-8")?);
            let options = sized(options)?.ok_or(Failure::Argument("options is NULL"))?;
            let plan = plan_heap(shape(&options))?;
            let world = open(&dir(options.runtime_dir)?, name, &plan)?;
            agree(&world, &plan)?;
            *place = HEAPS.insert(world).ok_or(full())? as *mut vil_heap_t;
            Ok(())
        })
    }
}

/// The options as numbers, with 0 replaced by what it stands for.
fn shape(options: &vil_heap_options_t) -> HeapShape {
    HeapShape {
        block_size: options.slot_size,
        queue_count: options.queue_count,
        queue_capacity: options.queue_capacity,
        loans: options.loans.max(1),
        deadline_ms: if options.deadline_ms == 0 { DEFAULT_DEADLINE_MS } else { options.deadline_ms },
    }
}

fn agree(world: &World, plan: &Plan) -> Result<(), Error> {
    if world.catalog().fingerprint == plan.fingerprint {
        return Ok(());
    }
    let found = &world.catalog().routes;
    let message = format!(
        "heap `{}` has {} queues, the first of {} blocks of {} bytes; open it with the options it was created with",
        world.name(),
        found.len(),
        found.first().map_or(0, |route| route.capacity),
        found.first().map_or(0, |route| route.size),
    );
    Err(Error::new(Fault::Contract, message))
}

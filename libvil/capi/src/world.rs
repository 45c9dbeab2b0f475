//! Worlds: create, open, leave, recover, look after.

use std::ffi::c_char;
use std::sync::Arc;

use vil_core::registry::Language;
use vil_core::world::World;

use crate::contract::{vil_contract_t, with_contract};
use crate::error::{Failure, vil_error_t};
use crate::guard::{cold, hot, out, text};
use crate::handle::{Pinned, full};
use crate::options::{vil_world_options_t, world_barrier, world_dir, world_language};
use crate::program::{vil_program_t, with_plan};
use crate::status::vil_status_t;

/// An attachment to a world. Any thread may use it.
pub struct vil_world_t(());

static WORLDS: Pinned<Arc<World>, 2> = Pinned::new();

/// Creates a world from a program and opens it. A world of this name in which nobody lives any more is replaced.
///
/// Threads: any. Ownership: the answer is the caller's, ended by vil_world_close; nothing else is kept.
/// NULL: `contract` (no role), `options` and `error` may be. Blocks: up to 5 s for another creator.
/// Errors: VIL_E_EXISTS, VIL_E_NAME, VIL_E_NOMEM (a full file system), VIL_E_OWNER, VIL_E_PERMISSION, VIL_E_CONTRACT,
/// VIL_E_PROGRAM (of a loaded plan no world can be made), VIL_E_UNSUPPORTED, VIL_E_SYSTEM, VIL_E_LIMIT, VIL_E_BUSY, VIL_E_HANDLE, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// Pointers are NULL or valid as their types say, texts end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_world_create(
    name: *const c_char,
    program: *mut vil_program_t,
    contract: *const vil_contract_t,
    options: *const vil_world_options_t,
    world: *mut *mut vil_world_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let (place, name) = (cleared(world)?, text(name, "name is NULL or not UTF-8")?);
            let (dir, barrier, language) = (world_dir(options)?, world_barrier(options)?, world_language(options)?);
            let made = with_contract(contract, |contract| {
                with_plan(program, |plan| Ok(World::create_with(&dir, name, plan, contract, barrier)?))
            });
            *place = insert(made?, language)?;
            Ok(())
        })
    }
}

/// Opens a world that exists.
///
/// Threads: any. Ownership: the answer is the caller's, ended by vil_world_close; nothing else is kept.
/// NULL: `contract` (no role), `options` and `error` may be. Blocks: never. In a process with several threads the
/// kernel needs milliseconds, or seconds on a busy machine, to let it take part in barriers; a thread that takes no
/// signal waits for that, and until then each publish and each release of this process runs a fence.
/// Errors: VIL_E_NOT_FOUND, VIL_E_CONTRACT, VIL_E_ABI, VIL_E_CORRUPT, VIL_E_OWNER, VIL_E_PERMISSION, VIL_E_NAME,
/// VIL_E_LIMIT, VIL_E_SYSTEM, VIL_E_BUSY, VIL_E_BARRIER, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// Pointers are NULL or valid as their types say, texts end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_world_open(
    name: *const c_char,
    contract: *const vil_contract_t,
    options: *const vil_world_options_t,
    world: *mut *mut vil_world_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let (place, name) = (cleared(world)?, text(name, "name is NULL or not UTF-8")?);
            let (dir, language) = (world_dir(options)?, world_language(options)?);
            let opened = with_contract(contract, |contract| Ok(World::open(&dir, name, contract)?));
            *place = insert(opened?, language)?;
            Ok(())
        })
    }
}

/// Opens a world, or creates it when there is none. Of several processes one creates and the others open.
///
/// Threads: any. Ownership: the answer is the caller's, ended by vil_world_close; nothing else is kept.
/// NULL: `contract` (no role), `options` and `error` may be. Blocks: up to 5 s for another creator.
/// Errors: those of vil_world_create and vil_world_open, but for VIL_E_EXISTS and VIL_E_NOT_FOUND. Since: 0.1.
///
/// # Safety
/// Pointers are NULL or valid as their types say, texts end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_world_open_or_create(
    name: *const c_char,
    program: *mut vil_program_t,
    contract: *const vil_contract_t,
    options: *const vil_world_options_t,
    world: *mut *mut vil_world_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let (place, name) = (cleared(world)?, text(name, "name is NULL or not UTF-8")?);
            let (dir, barrier, language) = (world_dir(options)?, world_barrier(options)?, world_language(options)?);
            let found = with_contract(contract, |contract| {
                with_plan(program, |plan| Ok(World::open_or_create_with(&dir, name, plan, contract, barrier)?))
            });
            *place = insert(found?.0, language)?;
            Ok(())
        })
    }
}

/// Ends a world's handle. Its senders, receivers and sets stay usable; the process detaches when the last of them is closed.
///
/// Threads: any. Ownership: ends the caller's. NULL: VIL_E_HANDLE. Blocks: until calls on it in other threads end.
/// Errors: VIL_E_HANDLE. Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_world_close(world: *mut vil_world_t) -> vil_status_t {
    hot(|| WORLDS.close(world as usize))
}

/// Removes a world's name. Who has it open keeps it; its memory goes with the last of them.
///
/// Threads: any. Ownership: none. NULL: `options` and `error` may be. Blocks: up to 5 s for a creator.
/// Errors: VIL_E_NOT_FOUND, VIL_E_NAME, VIL_E_OWNER, VIL_E_PERMISSION, VIL_E_BUSY, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// Pointers are NULL or valid as their types say, texts end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_world_unlink(
    name: *const c_char,
    options: *const vil_world_options_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let name = text(name, "name is NULL or not UTF-8")?;
            Ok(World::unlink(&world_dir(options)?, name)?)
        })
    }
}

/// Wakes every wait of this handle's senders, receivers and sets; each answers VIL_CANCELLED once, now or at its next wait.
///
/// Threads: any, and signal handlers: it is async-signal-safe. Ownership: none. NULL: VIL_E_HANDLE. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_FORKED. Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_world_cancel(world: *mut vil_world_t) -> vil_status_t {
    hot(|| {
        with_world(world, |world| {
            world.cancel();
            Ok(())
        })
    })
}

/// Recovers every dead process of the world and sweeps. Answers how many this call recovered. It also happens by
/// itself: at open, when a peer does not move, and when the pool is short.
///
/// Threads: any. Ownership: `recovered` is the caller's. NULL: `recovered` may be. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_FORKED. Since: 0.1.
///
/// # Safety
/// `recovered` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_world_recover(world: *mut vil_world_t, recovered: *mut u32) -> vil_status_t {
    hot(|| {
        let count = with_world(world, |world| Ok(world.recover()))?;
        // SAFETY: as promised by the caller.
        if let Some(place) = unsafe { recovered.as_mut() } {
            *place = count;
        }
        Ok(())
    })
}

/// Shows an open world that was not inherited by fork.
pub(crate) fn with_world<R>(
    world: *mut vil_world_t,
    call: impl FnOnce(&Arc<World>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    WORLDS.with(world as usize, |world| if world.is_forked() { Err(Failure::Forked) } else { call(world) })
}

/// A handle for an open world, whose calls come from this language.
fn insert(world: Arc<World>, language: Language) -> Result<*mut vil_world_t, Failure> {
    world.speak(language);
    WORLDS.insert(world).map(|handle| handle as *mut vil_world_t).ok_or(full())
}

/// The place for a handle, set to NULL so that a failure leaves no garbage in it.
///
/// # Safety
/// `place` is NULL or writable.
pub(crate) unsafe fn cleared<'a, T>(place: *mut *mut T) -> Result<&'a mut *mut T, Failure> {
    // SAFETY: as promised by the caller.
    let place = unsafe { out(place, "the place for the handle is NULL") }?;
    *place = std::ptr::null_mut();
    Ok(place)
}

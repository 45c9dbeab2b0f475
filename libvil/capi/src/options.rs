//! Option structs. They begin with their size, so that later versions can add members.

use std::ffi::c_char;
use std::path::Path;

use vil_core::base::atomic::Barrier;
use vil_core::registry::Language;
use vil_core::sys::file::RuntimeDir;

use crate::error::Failure;
use crate::guard::text;
use crate::registry::VIL_LANGUAGE_C;

/// As a flag of vil_world_options_t, for a world that is created: everybody in it orders memory by a fence in each publish
/// and each release, not by the kernel's membarrier when somebody goes to sleep. For worlds in which a process takes part
/// that may not call membarrier(2); without it such a process is refused with VIL_E_BARRIER. A creator that may not call
/// it makes a world with fences by itself.
pub const VIL_WORLD_FENCES: u32 = 1;

/// Where a world lives. NULL stands for all defaults.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_world_options_t {
    /// sizeof(vil_world_options_t).
    pub struct_size: u32,
    /// 0, or VIL_WORLD_FENCES.
    pub flags: u32,
    /// Directory of the worlds; NULL: `$VIL_RUNTIME_DIR`, else `/dev/shm/vil-UID`. Must be the user's own, mode 0700;
    /// is made when missing.
    pub runtime_dir: *const c_char,
    /// VIL_LANGUAGE_*: where the calls come from, for those who look at the world. 0 is C.
    pub language: u32,
    /// 0.
    pub reserved: u32,
}

/// The shape of a heap with queues.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_heap_options_t {
    /// sizeof(vil_heap_options_t).
    pub struct_size: u32,
    /// Bytes per block, 1 to 67,108,864.
    pub slot_size: u32,
    /// Queues, 1 to 4,095.
    pub queue_count: u32,
    /// Descriptors per queue, a power of two from 1 to 65,536.
    pub queue_capacity: u32,
    /// Blocks a producer, and messages a consumer, may hold at once; 0 stands for 1.
    pub loans: u32,
    /// How long a push into a full queue waits, in milliseconds; 0 stands for 1,000.
    pub deadline_ms: u32,
    /// As in vil_world_options_t.
    pub runtime_dir: *const c_char,
}

/// The directory that options ask for.
///
/// # Safety
/// `options` is NULL or points to a struct of its `struct_size`, whose `runtime_dir` is NULL or a NUL-terminated string.
pub(crate) unsafe fn world_dir(options: *const vil_world_options_t) -> Result<RuntimeDir, Failure> {
    // SAFETY: as promised by the caller.
    let asked = match unsafe { sized(options) }? {
        Some(options) if options.flags & !VIL_WORLD_FENCES != 0 => {
            return Err(Failure::Argument("vil_world_options_t has a flag that is none"));
        }
        Some(options) if options.reserved != 0 => {
            return Err(Failure::Argument("reserved members of vil_world_options_t are 0"));
        }
        Some(options) => options.runtime_dir,
        None => std::ptr::null(),
    };
    // SAFETY: as promised by the caller.
    unsafe { dir(asked) }
}

/// The barrier that options wish for.
///
/// # Safety
/// As in `world_dir`.
pub(crate) unsafe fn world_barrier(options: *const vil_world_options_t) -> Result<Barrier, Failure> {
    // SAFETY: as promised by the caller.
    let flags = unsafe { sized(options) }?.map_or(0, |options| options.flags);
    Ok(if flags & VIL_WORLD_FENCES == 0 { Barrier::Membarrier } else { Barrier::Fences })
}

/// The language that options name.
///
/// # Safety
/// As in `world_dir`.
pub(crate) unsafe fn world_language(options: *const vil_world_options_t) -> Result<Language, Failure> {
    // SAFETY: as promised by the caller.
    let code = unsafe { sized(options) }?.map_or(VIL_LANGUAGE_C, |options| options.language);
    Language::decode(code.into()).ok_or(Failure::Argument("language is none of VIL_LANGUAGE_*"))
}

/// The directory of this path, or the default one.
///
/// # Safety
/// `path` is NULL or a NUL-terminated string.
pub(crate) unsafe fn dir(path: *const c_char) -> Result<RuntimeDir, Failure> {
    if path.is_null() {
        return Ok(RuntimeDir::open(None)?);
    }
    // SAFETY: as promised by the caller.
    let path = unsafe { text(path, "runtime_dir is not UTF-8") }?;
    Ok(RuntimeDir::open(Some(Path::new(path)))?)
}

/// An option struct, if there is one and it says its right size.
///
/// # Safety
/// `options` is NULL or points to a struct whose first member is its size in bytes, valid for that many.
pub(crate) unsafe fn sized<T: Copy>(options: *const T) -> Result<Option<T>, Failure> {
    if options.is_null() {
        return Ok(None);
    }
    // SAFETY: the struct begins with its size.
    let size = unsafe { options.cast::<u32>().read() };
    if (size as usize) != size_of::<T>() {
        return Err(Failure::Argument("struct_size is not the size of the struct"));
    }
    // SAFETY: it is as large as it says.
    Ok(Some(unsafe { *options }))
}

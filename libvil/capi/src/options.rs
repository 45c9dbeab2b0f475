//! Option structs. They begin with their size, so that later versions can add members.

use std::ffi::c_char;
use std::path::Path;

use vil_core::base::atomic::Barrier;
use vil_core::base::error::{Error, Fault};
use vil_core::registry::Language;
use vil_core::sys::file::RuntimeDir;
use vil_ir::heap::{ClassShape, HeapShape, QueueShape, default_classes};
use vil_ir::limits::{DEFAULT_DEADLINE_MS, DEFAULT_HEAP_PROCESSES, MAX_HEAP_CLASSES, MAX_ROUTES};
use vil_ir::vocabulary::{Backpressure, MemoryClass, QueueKind};

use crate::error::Failure;
use crate::guard::text;

/// The program calls from C, or says nothing.
pub const VIL_LANGUAGE_C: u32 = 0;
/// The program calls from C++.
pub const VIL_LANGUAGE_CPP: u32 = 1;
/// The program calls from Rust.
pub const VIL_LANGUAGE_RUST: u32 = 2;
/// The program calls from another language.
pub const VIL_LANGUAGE_OTHER: u32 = 3;

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

/// Blocks of one size.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_block_class_t {
    /// Bytes per block, 64 to 67,108,864; in VIL_MEMORY_CONTROL_HEAP at most 4,096. Larger than in the class before.
    pub size: u32,
    /// Blocks, at least 1; at most 1,048,575 in all classes.
    pub count: u32,
}

/// A queue of blocks.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_queue_shape_t {
    /// VIL_QUEUE_*.
    pub kind: u32,
    /// Blocks it has room for, a power of two from 1 to 65,536.
    pub capacity: u32,
    /// What a push into a full queue does: VIL_FULL_*.
    pub when_full: u32,
    /// How long such a push waits under VIL_FULL_BLOCKS, in milliseconds; 0 stands for 1,000.
    pub deadline_ms: u32,
}

/// The shape of a heap. NULL, and members of 0, stand for defaults.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_heap_options_t {
    /// sizeof(vil_heap_options_t).
    pub struct_size: u32,
    /// VIL_MEMORY_*.
    pub memory: u32,
    /// Size classes, `class_count` of them; without any: blocks of 64 bytes to 1 MiB, 14 MiB in all.
    pub classes: *const vil_block_class_t,
    /// Queues, `queue_count` of them; NULL: so many of VIL_QUEUE_SPSC, 256 blocks and VIL_FULL_BLOCKS.
    pub queues: *const vil_queue_shape_t,
    /// Size classes, at most 64.
    pub class_count: u32,
    /// Queues, at most 4,095.
    pub queue_count: u32,
    /// Processes that may be attached at once, at most 1,022; 0 stands for 64.
    pub max_processes: u32,
    /// Blocks that one process may own at once; 0 is no cap.
    pub cap_blocks: u32,
    /// Bytes that one process may own at once, each block counted with its stride; 0 is no cap. A block that is popped
    /// may go over it.
    pub cap_bytes: u64,
    /// 0, or VIL_WORLD_FENCES.
    pub flags: u32,
    /// VIL_LANGUAGE_*, as in vil_world_options_t.
    pub language: u32,
    /// As in vil_world_options_t.
    pub runtime_dir: *const c_char,
}

/// A heap's options, read.
pub(crate) struct Asked {
    /// Where it lives.
    pub(crate) dir: RuntimeDir,
    /// What it is when it has to be made.
    pub(crate) shape: HeapShape,
    /// How everybody in it orders memory, when it has to be made.
    pub(crate) barrier: Barrier,
    /// Where the calls come from.
    pub(crate) language: Language,
    /// Were classes or queues named?
    is_named: bool,
}

impl Asked {
    /// What a heap that exists must be.
    pub(crate) fn expected(&self) -> Option<&HeapShape> {
        self.is_named.then_some(&self.shape)
    }
}

const NO_OPTIONS: vil_heap_options_t = vil_heap_options_t {
    struct_size: size_of::<vil_heap_options_t>() as u32,
    memory: 0,
    classes: std::ptr::null(),
    queues: std::ptr::null(),
    class_count: 0,
    queue_count: 0,
    max_processes: 0,
    cap_blocks: 0,
    cap_bytes: 0,
    flags: 0,
    language: VIL_LANGUAGE_C,
    runtime_dir: std::ptr::null(),
};

/// Reads a heap's options.
///
/// # Safety
/// `options` is NULL or points to a struct of its `struct_size`, whose pointers are NULL or lead to as many structs as
/// its counts say, and whose `runtime_dir` is NULL or a NUL-terminated string.
pub(crate) unsafe fn asked(options: *const vil_heap_options_t) -> Result<Asked, Failure> {
    // SAFETY: as promised by the caller.
    let options = unsafe { sized(options) }?.unwrap_or(NO_OPTIONS);
    if options.flags & !VIL_WORLD_FENCES != 0 {
        return Err(Failure::Argument("flags of vil_heap_options_t are 0 or VIL_WORLD_FENCES"));
    }
    let memory = member(options.memory, MemoryClass::ALL, "memory is one of VIL_MEMORY_*")?;
    // SAFETY: as promised by the caller.
    let (classes, queues) = unsafe { (classes(&options, memory)?, queues(&options)?) };
    let processes = if options.max_processes == 0 { DEFAULT_HEAP_PROCESSES } else { options.max_processes };
    let (cap_slots, cap_bytes) = (options.cap_blocks, options.cap_bytes);
    let shape = HeapShape { memory, classes, queues, processes, cap_slots, cap_bytes };
    let is_named = options.class_count > 0 || options.queue_count > 0;
    // SAFETY: as promised by the caller.
    let dir = unsafe { dir(options.runtime_dir) }?;
    Ok(Asked { dir, shape, barrier: barrier(options.flags), language: language(options.language)?, is_named })
}

/// # Safety
/// `classes` is NULL or leads to `class_count` structs.
unsafe fn classes(options: &vil_heap_options_t, memory: MemoryClass) -> Result<Vec<ClassShape>, Failure> {
    if options.class_count == 0 {
        return Ok(default_classes(memory));
    }
    // SAFETY: as promised by the caller.
    let given = unsafe { list(options.classes, options.class_count, MAX_HEAP_CLASSES, "classes and class_count") }?;
    Ok(given.iter().map(|class| ClassShape { size: class.size, count: class.count }).collect())
}

/// # Safety
/// `queues` is NULL or leads to `queue_count` structs.
unsafe fn queues(options: &vil_heap_options_t) -> Result<Vec<QueueShape>, Failure> {
    if options.queues.is_null() && options.queue_count <= MAX_ROUTES {
        return Ok(vec![QueueShape::default(); options.queue_count as usize]);
    }
    // SAFETY: as promised by the caller.
    let given = unsafe { list(options.queues, options.queue_count, MAX_ROUTES, "queues and queue_count") }?;
    given.iter().map(queue).collect()
}

fn queue(given: &vil_queue_shape_t) -> Result<QueueShape, Failure> {
    Ok(QueueShape {
        kind: member(given.kind, QueueKind::ALL, "kind of a queue is one of VIL_QUEUE_*")?,
        capacity: given.capacity,
        backpressure: member(given.when_full, Backpressure::ALL, "when_full of a queue is one of VIL_FULL_*")?,
        deadline_ms: if given.deadline_ms == 0 { DEFAULT_DEADLINE_MS } else { given.deadline_ms },
    })
}

fn member<T: Copy>(number: u32, all: &[T], what: &'static str) -> Result<T, Failure> {
    all.get(number as usize).copied().ok_or(Failure::Argument(what))
}

/// # Safety
/// `first` is NULL or leads to `count` values.
unsafe fn list<'a, T>(first: *const T, count: u32, most: u32, what: &str) -> Result<&'a [T], Failure> {
    if count > most {
        return Err(Failure::Cold(Error::new(Fault::Argument, format!("{what}: {count}; at most {most} are legal"))));
    }
    if first.is_null() && count > 0 {
        return Err(Failure::Cold(Error::new(Fault::Argument, format!("{what}: NULL with a count of {count}"))));
    }
    // SAFETY: as promised by the caller.
    Ok(if count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(first, count as usize) } })
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
    Ok(barrier(flags))
}

fn barrier(flags: u32) -> Barrier {
    if flags & VIL_WORLD_FENCES == 0 { Barrier::Membarrier } else { Barrier::Fences }
}

/// The language that options name.
///
/// # Safety
/// As in `world_dir`.
pub(crate) unsafe fn world_language(options: *const vil_world_options_t) -> Result<Language, Failure> {
    // SAFETY: as promised by the caller.
    let code = unsafe { sized(options) }?.map_or(VIL_LANGUAGE_C, |options| options.language);
    language(code)
}

fn language(code: u32) -> Result<Language, Failure> {
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

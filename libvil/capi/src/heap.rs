//! A heap without a program: blocks of several sizes in shared memory, for any thread of any process.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use vil_core::heap::{Block, Handed};
use vil_core::world::Heap;
use vil_ir::vocabulary::{Backpressure, MemoryClass, QueueKind};

use crate::error::{Failure, vil_error_t};
use crate::guard::{cold, hot, out, sized_out, text};
use crate::handle::{Pinned, full};
use crate::observe::{audit_of, vil_audit_t};
use crate::options::{Asked, asked, vil_heap_options_t};
use crate::status::vil_status_t;
use crate::world::cleared;

/// Blocks of several sizes and queues of them in shared memory. Any thread may use it.
pub struct vil_heap_t(());

static HEAPS: Pinned<Arc<Heap>, 5> = Pinned::new();

/// Memory of a heap: a file in memory that others open by its name.
pub const VIL_MEMORY_PAGED_EXCHANGE: u32 = 0;
/// The same for what is small: no block has more than 4,096 bytes.
pub const VIL_MEMORY_CONTROL_HEAP: u32 = 1;
/// The same, locked in memory, in huge pages where the kernel grants them.
pub const VIL_MEMORY_PINNED_REMOTE: u32 = 2;
/// This process's alone: no name leads to it, and it is gone when it is closed.
pub const VIL_MEMORY_LOCAL_SCRATCH: u32 = 3;

/// A queue of one process at each end.
pub const VIL_QUEUE_SPSC: u32 = 0;
/// A queue of several processes at either end.
pub const VIL_QUEUE_MPMC: u32 = 1;

/// A push into a full queue waits until the queue's deadline.
pub const VIL_FULL_BLOCKS: u32 = 0;
/// A push into a full queue drops the block that is pushed, and counts it.
pub const VIL_FULL_DROPS_NEWEST: u32 = 1;
/// A push into a full queue drops the block that lies in it longest, and counts it.
pub const VIL_FULL_DROPS_OLDEST: u32 = 2;
/// A push into a full queue answers VIL_FULL.
pub const VIL_FULL_FAILS: u32 = 3;

/// A block in the caller's hands. The struct is the caller's and is set to zero when the block is given up; a copy of
/// it is then of no use.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_block_t {
    /// The block's bytes. Their content is whatever was there before, or what was pushed.
    pub data: *mut c_void,
    /// Bytes that may be used: the size of the block's class.
    pub size: usize,
    /// Names the block as long as this process owns it; 0 is no block. See vil_heap_resolve.
    pub reference: u64,
}

impl From<vil_block_t> for Handed {
    fn from(block: vil_block_t) -> Handed {
        Handed { reference: block.reference, data: block.data.cast() }
    }
}

pub(crate) const NO_BLOCK: vil_block_t = vil_block_t { data: std::ptr::null_mut(), size: 0, reference: 0 };

/// What a heap is.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_heap_info_t {
    /// sizeof(vil_heap_info_t), set by the caller.
    pub struct_size: u32,
    /// VIL_MEMORY_*.
    pub memory: u32,
    /// Size classes.
    pub class_count: u32,
    /// Queues.
    pub queue_count: u32,
    /// Processes that may be attached at once.
    pub max_processes: u32,
    /// Blocks that one process may own at once; 0 is no cap.
    pub cap_blocks: u32,
    /// Bytes that one process may own at once; 0 is no cap.
    pub cap_bytes: u64,
    /// Bytes of the whole heap, its words included.
    pub total_bytes: u64,
}

/// One size class of a heap, as this handle's process sees it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_heap_class_info_t {
    /// sizeof(vil_heap_class_info_t), set by the caller.
    pub struct_size: u32,
    /// Bytes of a block.
    pub size: u32,
    /// Bytes from one block to the next; a block is aligned to every power of two up to 4,096 that divides it.
    pub stride: u32,
    /// Blocks.
    pub blocks: u32,
    /// Blocks in the pool, and those that this process keeps at hand.
    pub free_blocks: u32,
    /// Blocks in this process's hands.
    pub held_blocks: u32,
    /// Most blocks that were in this process's hands at once.
    pub high_water: u32,
    /// 0.
    pub reserved: u32,
    /// Allocations of this process that found nothing, or met its cap.
    pub failures: u64,
}

/// Creates a heap with its queues and opens it. A heap of this name in which nobody lives any more is replaced. In
/// local_scratch the heap is this process's alone and the name is for errors only.
///
/// Threads: any. Ownership: the answer is the caller's, ended by vil_heap_close; its memory goes with the last process
/// that has it open after vil_world_unlink of its name. NULL: `options` (default classes, no queues) and `error` may be.
/// Blocks: up to 5 s for another creator. Errors: VIL_E_ARGUMENT (a number out of its range; the error names both),
/// VIL_E_NOMEM (more than the machine or this process may have; the error says how much), and those of
/// vil_world_create. Since: 0.1.
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
    let create = |asked: &Asked, name: &str| Ok(Heap::create(&asked.dir, name, &asked.shape, asked.barrier)?);
    // SAFETY: as promised by the caller.
    unsafe { open_with(name, options, heap, error, create) }
}

/// Opens a heap that exists. Options that name classes or queues must be those it was created with; others, or none,
/// take it as it is.
///
/// Threads: any. Ownership: the answer is the caller's, ended by vil_heap_close. NULL: `options` and `error` may be.
/// Blocks: as vil_world_open. Errors: VIL_E_CONTRACT (another shape, or no heap), VIL_E_ARGUMENT, VIL_E_NOMEM, and those of
/// vil_world_open. Since: 0.1.
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
    let open = |asked: &Asked, name: &str| Ok(Heap::open(&asked.dir, name, asked.expected())?);
    // SAFETY: as promised by the caller.
    unsafe { open_with(name, options, heap, error, open) }
}

/// Opens a heap as vil_heap_open does, or creates it when there is none. Of several processes one creates and the others
/// open.
///
/// Threads: any. Ownership: the answer is the caller's, ended by vil_heap_close. NULL: `options` and `error` may be.
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
    let open = |asked: &Asked, name: &str| {
        Ok(Heap::open_or_create(&asked.dir, name, &asked.shape, asked.expected(), asked.barrier)?)
    };
    // SAFETY: as promised by the caller.
    unsafe { open_with(name, options, heap, error, open) }
}

/// Ends a heap's handle. Its queues stay usable; when the last of them is closed the process detaches, and all blocks
/// that it still owns return to the pool.
///
/// Threads: any. Ownership: ends the caller's. NULL: VIL_E_HANDLE. Blocks: until calls on it in other threads end.
/// Errors: VIL_E_HANDLE. Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_heap_close(heap: *mut vil_heap_t) -> vil_status_t {
    hot(|| HEAPS.close(heap as usize))
}

/// A block of at least `size` bytes at an address that is a multiple of `align`, a power of two up to 4,096: of the
/// smallest class whose blocks are large enough and aligned to it. Never waits for others. When all blocks of the class
/// are in use, what dead processes had is brought back and it is tried once more.
///
/// Threads: any. Ownership: the block is the caller's until it is freed or pushed, or this handle and the queues opened
/// from it are closed. NULL: `error` may be. Blocks: never.
/// Errors: VIL_E_NOMEM (all blocks of the class are in use), VIL_E_LIMIT (this process's cap), VIL_E_ARGUMENT (a size or
/// an alignment that no class has; the error names the range), VIL_E_CORRUPT, VIL_E_HANDLE, VIL_E_FORKED. Since: 0.1.
///
/// # Safety
/// `block` and `error` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_heap_alloc(
    heap: *mut vil_heap_t,
    size: usize,
    align: usize,
    block: *mut vil_block_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let place = out(block, "block is NULL")?;
            *place = NO_BLOCK;
            *place = block_of(with_heap(heap, |heap| Ok(heap.alloc(size as u64, align as u64)?))?);
            Ok(())
        })
    }
}

/// Gives a block back to its heap.
///
/// Threads: any. Ownership: the block is the heap's again; `block` is set to zero. NULL: `block` may not be.
/// Blocks: never. Errors: VIL_E_STATE (freed or pushed before, another process's, of another heap, or with another `data`:
/// recorded as a fault), VIL_E_CORRUPT, VIL_E_HANDLE, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `block` is NULL or readable and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_heap_free(heap: *mut vil_heap_t, block: *mut vil_block_t) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(block, "block is NULL") }?;
        with_heap(heap, |heap| Ok(heap.free(*place)?))?;
        *place = NO_BLOCK;
        Ok(())
    })
}

/// The block that a reference names. Only blocks in this process's hands are found: a reference can be kept in other
/// blocks of it, and does not outlive the block.
///
/// Threads: any. Ownership: as it was; `block` is filled. NULL: `block` may not be. Blocks: never.
/// Errors: VIL_E_STATE (freed or pushed before, another process's, or of another heap: recorded as a fault),
/// VIL_E_HANDLE, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `block` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_heap_resolve(
    heap: *mut vil_heap_t,
    reference: u64,
    block: *mut vil_block_t,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(block, "block is NULL") }?;
        *place = NO_BLOCK;
        *place = block_of(with_heap(heap, |heap| Ok(heap.resolve(reference)?))?);
        Ok(())
    })
}

/// What the heap is.
///
/// Threads: any. Ownership: `info` is the caller's. NULL: `info` may not be. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `info` is NULL or has `struct_size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_heap_info(heap: *mut vil_heap_t, info: *mut vil_heap_info_t) -> vil_status_t {
    // SAFETY: as promised by the caller.
    hot(|| unsafe { sized_out(info, |size| with_heap(heap, |heap| Ok(info_of(heap, size)))) })
}

/// Looks at one size class, 0 to class_count - 1, in ascending order of size.
///
/// Threads: any. Ownership: `info` is the caller's. NULL: `info` may not be. Blocks: never.
/// Errors: VIL_E_ARGUMENT (also for an index that is too high), VIL_E_HANDLE, VIL_E_FORKED. Since: 0.1.
///
/// # Safety
/// `info` is NULL or has `struct_size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_heap_class_info(
    heap: *mut vil_heap_t,
    index: u32,
    info: *mut vil_heap_class_info_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    hot(|| unsafe {
        sized_out(info, |struct_size| {
            with_heap(heap, |heap| {
                let seen = heap.class(index as usize).ok_or(Failure::Argument("there is no such class"))?;
                Ok(vil_heap_class_info_t {
                    struct_size,
                    size: seen.size,
                    stride: seen.stride,
                    blocks: seen.slots,
                    free_blocks: seen.free,
                    held_blocks: seen.held,
                    high_water: seen.high_water,
                    reserved: 0,
                    failures: seen.failures,
                })
            })
        })
    })
}

/// Recovers, sweeps, walks every block and explains it; what this process keeps at hand goes to the pool first. Exact
/// when nobody else is at work.
///
/// Threads: any. Ownership: `audit` is the caller's. NULL: `audit` may not be. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `audit` is NULL or has `struct_size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_heap_audit(heap: *mut vil_heap_t, audit: *mut vil_audit_t) -> vil_status_t {
    // SAFETY: as promised by the caller.
    hot(|| unsafe { sized_out(audit, |size| with_heap(heap, |heap| Ok(audit_of(heap.audit(), size)))) })
}

/// Wakes every wait of this handle's queues; each answers VIL_CANCELLED once, now or at its next wait.
///
/// Threads: any, and signal handlers: it is async-signal-safe. Ownership: none. NULL: VIL_E_HANDLE. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_FORKED. Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_heap_cancel(heap: *mut vil_heap_t) -> vil_status_t {
    hot(|| {
        with_heap(heap, |heap| {
            heap.world().cancel();
            Ok(())
        })
    })
}

/// Shows an open heap that was not inherited by fork.
pub(crate) fn with_heap<R>(
    heap: *mut vil_heap_t,
    call: impl FnOnce(&Arc<Heap>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    HEAPS.with(heap as usize, |heap| if heap.world().is_forked() { Err(Failure::Forked) } else { call(heap) })
}

/// A block as C has it.
pub(crate) fn block_of(block: Block) -> vil_block_t {
    vil_block_t { data: block.data.as_ptr().cast(), size: block.size as usize, reference: block.reference }
}

fn info_of(heap: &Heap, struct_size: u32) -> vil_heap_info_t {
    let shape = heap.shape();
    vil_heap_info_t {
        struct_size,
        memory: shape.memory as u32,
        class_count: shape.classes.len() as u32,
        queue_count: shape.queues.len() as u32,
        max_processes: shape.processes,
        cap_blocks: shape.cap_slots,
        cap_bytes: shape.cap_bytes,
        total_bytes: heap.world().shared().geometry.total_size,
    }
}

/// # Safety
/// Pointers are NULL or valid as their types say, texts end with NUL.
unsafe fn open_with(
    name: *const c_char,
    options: *const vil_heap_options_t,
    heap: *mut *mut vil_heap_t,
    error: *mut vil_error_t,
    open: impl FnOnce(&Asked, &str) -> Result<Arc<Heap>, Failure>,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let (place, name) = (cleared(heap)?, text(name, "name is NULL or not UTF-8")?);
            let asked = asked(options)?;
            let opened = open(&asked, name)?;
            opened.world().speak(asked.language);
            *place = HEAPS.insert(opened).ok_or(full())? as *mut vil_heap_t;
            Ok(())
        })
    }
}

// The numbers are positions in the sets of words; written out, because the header is made from the text.
const _: () = {
    assert!(MemoryClass::ALL[VIL_MEMORY_PAGED_EXCHANGE as usize] as u32 == MemoryClass::PagedExchange as u32);
    assert!(MemoryClass::ALL[VIL_MEMORY_CONTROL_HEAP as usize] as u32 == MemoryClass::ControlHeap as u32);
    assert!(MemoryClass::ALL[VIL_MEMORY_PINNED_REMOTE as usize] as u32 == MemoryClass::PinnedRemote as u32);
    assert!(MemoryClass::ALL[VIL_MEMORY_LOCAL_SCRATCH as usize] as u32 == MemoryClass::LocalScratch as u32);
    assert!(QueueKind::ALL[VIL_QUEUE_SPSC as usize] as u32 == QueueKind::Spsc as u32);
    assert!(QueueKind::ALL[VIL_QUEUE_MPMC as usize] as u32 == QueueKind::Mpmc as u32);
    assert!(Backpressure::ALL[VIL_FULL_BLOCKS as usize] as u32 == Backpressure::Block as u32);
    assert!(Backpressure::ALL[VIL_FULL_DROPS_NEWEST as usize] as u32 == Backpressure::DropNewest as u32);
    assert!(Backpressure::ALL[VIL_FULL_DROPS_OLDEST as usize] as u32 == Backpressure::DropOldest as u32);
    assert!(Backpressure::ALL[VIL_FULL_FAILS as usize] as u32 == Backpressure::Fail as u32);
};

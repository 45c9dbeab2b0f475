//! A heap without a program: blocks of several sizes in shared memory.

use std::ffi::{CStr, CString};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::ptr::{self, NonNull};

use crate::{Audit, Error, QueueInfo, QueueShape, Result, Status, text};

/// Which memory a heap's blocks lie in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Memory {
    /// A file in memory that others open by its name.
    #[default]
    PagedExchange,
    /// The same for what is small: no block has more than 4,096 bytes.
    ControlHeap,
    /// The same, locked in memory, in huge pages where the kernel grants them.
    PinnedRemote,
    /// This process's alone: no name leads to it, and it is gone when it is dropped.
    LocalScratch,
}

impl Memory {
    const ALL: [Memory; 4] = [Memory::PagedExchange, Memory::ControlHeap, Memory::PinnedRemote, Memory::LocalScratch];

    fn raw(self) -> u32 {
        match self {
            Memory::PagedExchange => vil_sys::VIL_MEMORY_PAGED_EXCHANGE,
            Memory::ControlHeap => vil_sys::VIL_MEMORY_CONTROL_HEAP,
            Memory::PinnedRemote => vil_sys::VIL_MEMORY_PINNED_REMOTE,
            Memory::LocalScratch => vil_sys::VIL_MEMORY_LOCAL_SCRATCH,
        }
    }
}

/// The shape of a heap, and where it lives; in the manner of `std::fs::OpenOptions`.
#[derive(Debug, Clone, Default)]
pub struct HeapOptions {
    memory: Memory,
    classes: Vec<(u32, u32)>,
    queues: Vec<QueueShape>,
    max_processes: u32,
    cap_blocks: u32,
    cap_bytes: u64,
    runtime_dir: Option<PathBuf>,
    fences: bool,
}

/// What a heap is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeapInfo {
    /// Which memory its blocks lie in; none when this version of the crate has no name for it.
    pub memory: Option<Memory>,
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

/// One size class of a heap, as this attachment sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeapClass {
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
    /// Allocations of this process that found nothing, or met its cap.
    pub failures: u64,
}

/// Blocks of several sizes and queues of them in shared memory. Any thread may use it.
pub struct Heap {
    raw: NonNull<vil_sys::vil_heap_t>,
}

// SAFETY: docs/c-conventions.md: a heap's handle may be used by any thread.
unsafe impl Send for Heap {}
// SAFETY: as above, and by several at once.
unsafe impl Sync for Heap {}

/// A block in this process's hands: bytes in shared memory that nobody else uses. Dropped, it is freed.
///
/// Its content is whatever was there before, or what was pushed.
pub struct Block<'h> {
    heap: &'h Heap,
    raw: vil_sys::vil_block_t,
}

// SAFETY: a block is its owner's alone, and any thread may free it.
unsafe impl Send for Block<'_> {}
// SAFETY: through a shared reference its bytes are only read.
unsafe impl Sync for Block<'_> {}

impl HeapOptions {
    /// The defaults: blocks of 64 bytes to 1 MiB, 14 MiB in all, no queues and no cap.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which memory the blocks lie in.
    pub fn memory(mut self, memory: Memory) -> Self {
        self.memory = memory;
        self
    }

    /// One more size class; sizes ascend.
    pub fn class(mut self, size: u32, count: u32) -> Self {
        self.classes.push((size, count));
        self
    }

    /// One more queue.
    pub fn queue(mut self, shape: QueueShape) -> Self {
        self.queues.push(shape);
        self
    }

    /// How many processes may be attached at once. Otherwise 64.
    pub fn max_processes(mut self, count: u32) -> Self {
        self.max_processes = count;
        self
    }

    /// How many blocks one process may own at once. Otherwise any number.
    pub fn cap_blocks(mut self, count: u32) -> Self {
        self.cap_blocks = count;
        self
    }

    /// How many bytes one process may own at once. Otherwise any number.
    pub fn cap_bytes(mut self, bytes: u64) -> Self {
        self.cap_bytes = bytes;
        self
    }

    /// Where heaps live. Otherwise `$VIL_RUNTIME_DIR`, and without that `/dev/shm/vil-UID`.
    pub fn runtime_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.runtime_dir = Some(dir.into());
        self
    }

    /// Whether a heap that is made orders memory by fences, for the sake of processes that may not call membarrier(2):
    /// otherwise they are refused with [`Status::E_BARRIER`].
    pub fn fences(mut self, fences: bool) -> Self {
        self.fences = fences;
        self
    }

    /// Makes the heap and opens it, in place of one of this name in which nobody lives any more.
    pub fn create(&self, name: &str) -> Result<Heap> {
        self.call(name, vil_sys::vil_heap_create)
    }

    /// Opens a heap that exists. Options that name classes or queues must be those it was created with.
    pub fn open(&self, name: &str) -> Result<Heap> {
        self.call(name, vil_sys::vil_heap_open)
    }

    /// Opens a heap, making it when there is none.
    pub fn open_or_create(&self, name: &str) -> Result<Heap> {
        self.call(name, vil_sys::vil_heap_open_or_create)
    }

    fn call(&self, name: &str, call: Opening) -> Result<Heap> {
        let name: CString =
            text::c_string("heap's name", name).map_err(|error| Error::new(Status::E_NAME, error.message))?;
        let dir = self.runtime_dir.as_deref().map(|dir| text::c_path("runtime directory", dir)).transpose()?;
        let classes: Vec<_> =
            self.classes.iter().map(|&(size, count)| vil_sys::vil_block_class_t { size, count }).collect();
        let queues: Vec<_> = self.queues.iter().map(QueueShape::raw).collect();
        let options = vil_sys::vil_heap_options_t {
            struct_size: size_of::<vil_sys::vil_heap_options_t>() as u32,
            memory: self.memory.raw(),
            classes: classes.as_ptr(),
            queues: queues.as_ptr(),
            class_count: u32::try_from(classes.len()).unwrap_or(u32::MAX),
            queue_count: u32::try_from(queues.len()).unwrap_or(u32::MAX),
            max_processes: self.max_processes,
            cap_blocks: self.cap_blocks,
            cap_bytes: self.cap_bytes,
            flags: if self.fences { vil_sys::VIL_WORLD_FENCES } else { 0 },
            language: vil_sys::VIL_LANGUAGE_RUST,
            runtime_dir: dir.as_deref().map_or(ptr::null(), CStr::as_ptr),
        };
        let mut raw = ptr::null_mut();
        // SAFETY: strings and options live through the call, the out-pointers are ours.
        Error::guard(|error| unsafe { call(name.as_ptr(), &options, &mut raw, error) })?;
        NonNull::new(raw).map(|raw| Heap { raw }).ok_or_else(|| Status::E_PANIC.into())
    }
}

type Opening = unsafe extern "C" fn(
    *const std::ffi::c_char,
    *const vil_sys::vil_heap_options_t,
    *mut *mut vil_sys::vil_heap_t,
    *mut vil_sys::vil_error_t,
) -> vil_sys::vil_status_t;

pub(crate) const NO_BLOCK: vil_sys::vil_block_t = vil_sys::vil_block_t { data: ptr::null_mut(), size: 0, reference: 0 };

impl Heap {
    /// Opens a heap that exists, as it is.
    pub fn open(name: &str) -> Result<Heap> {
        HeapOptions::new().open(name)
    }

    /// A block of at least `size` bytes at a multiple of `align`, a power of two up to 4,096: of the smallest class that
    /// fits. [`Status::E_NOMEM`] when that class is used up, [`Status::E_LIMIT`] at this process's cap.
    pub fn alloc(&self, size: usize, align: usize) -> Result<Block<'_>> {
        let mut raw = NO_BLOCK;
        // SAFETY: the heap is open until drop, the out-pointers are ours.
        Error::guard(|error| unsafe { vil_sys::vil_heap_alloc(self.as_raw(), size, align, &mut raw, error) })?;
        Ok(Block { heap: self, raw })
    }

    /// Takes the block with this reference back from [`Block::leak`]; [`Status::E_STATE`] when this process does not own
    /// it.
    ///
    /// # Safety
    /// The block was leaked, and nothing else was made of it since.
    pub unsafe fn adopt(&self, reference: u64) -> Result<Block<'_>, Status> {
        let mut raw = NO_BLOCK;
        // SAFETY: as in `alloc`.
        Status::check(unsafe { vil_sys::vil_heap_resolve(self.as_raw(), reference, &mut raw) })?;
        Ok(Block { heap: self, raw })
    }

    /// What it is.
    pub fn info(&self) -> Result<HeapInfo, Status> {
        let mut raw = vil_sys::vil_heap_info_t {
            struct_size: size_of::<vil_sys::vil_heap_info_t>() as u32,
            memory: 0,
            class_count: 0,
            queue_count: 0,
            max_processes: 0,
            cap_blocks: 0,
            cap_bytes: 0,
            total_bytes: 0,
        };
        // SAFETY: the heap is open until drop, the struct is ours and says its size.
        Status::check(unsafe { vil_sys::vil_heap_info(self.as_raw(), &mut raw) })?;
        Ok(HeapInfo {
            memory: Memory::ALL.into_iter().find(|memory| memory.raw() == raw.memory),
            class_count: raw.class_count,
            queue_count: raw.queue_count,
            max_processes: raw.max_processes,
            cap_blocks: raw.cap_blocks,
            cap_bytes: raw.cap_bytes,
            total_bytes: raw.total_bytes,
        })
    }

    /// The size classes, smallest first.
    pub fn classes(&self) -> impl Iterator<Item = HeapClass> + '_ {
        (0..).map_while(|index| self.class(index).ok())
    }

    fn class(&self, index: u32) -> Result<HeapClass, Status> {
        let mut raw = vil_sys::vil_heap_class_info_t {
            struct_size: size_of::<vil_sys::vil_heap_class_info_t>() as u32,
            size: 0,
            stride: 0,
            blocks: 0,
            free_blocks: 0,
            held_blocks: 0,
            high_water: 0,
            reserved: 0,
            failures: 0,
        };
        // SAFETY: the heap is open until drop, the struct is ours and says its size.
        Status::check(unsafe { vil_sys::vil_heap_class_info(self.as_raw(), index, &mut raw) })?;
        Ok(HeapClass {
            size: raw.size,
            stride: raw.stride,
            blocks: raw.blocks,
            free_blocks: raw.free_blocks,
            held_blocks: raw.held_blocks,
            high_water: raw.high_water,
            failures: raw.failures,
        })
    }

    /// The queues, in the order of their indices.
    pub fn queues(&self) -> impl Iterator<Item = QueueInfo> + '_ {
        (0..).map_while(|index| QueueInfo::of(self, index).ok())
    }

    /// Counts all blocks by who has them; what this process keeps at hand goes to the pool first.
    pub fn audit(&self) -> Result<Audit, Status> {
        // SAFETY: the heap is open until drop; the struct is the callee's and says its size.
        crate::observe::audit_with(|audit| unsafe { vil_sys::vil_heap_audit(self.as_raw(), audit) })
    }

    /// Every wait in progress on this handle's queues, or else the next one, answers [`Status::CANCELLED`].
    pub fn cancel(&self) -> Result<(), Status> {
        Status::check(vil_sys::vil_heap_cancel(self.as_raw()))
    }

    pub(crate) fn as_raw(&self) -> *mut vil_sys::vil_heap_t {
        self.raw.as_ptr()
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        let _ = vil_sys::vil_heap_close(self.as_raw());
    }
}

impl fmt::Debug for Heap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Heap({:p})", self.raw)
    }
}

impl<'h> Block<'h> {
    /// # Safety
    /// `raw` is in this process's hands through `heap`.
    pub(crate) unsafe fn new(heap: &'h Heap, raw: vil_sys::vil_block_t) -> Self {
        Self { heap, raw }
    }

    /// Lets go of the block without freeing it; its reference brings it back, see [`Heap::adopt`].
    pub fn leak(self) -> u64 {
        std::mem::ManuallyDrop::new(self).raw.reference
    }

    pub(crate) fn raw_mut(&mut self) -> &mut vil_sys::vil_block_t {
        &mut self.raw
    }
}

impl Deref for Block<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the block is ours until it is freed or pushed, which both take it; its bytes are initialised memory.
        unsafe { std::slice::from_raw_parts(self.raw.data.cast(), self.raw.size) }
    }
}

impl DerefMut for Block<'_> {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`, and the block is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.raw.data.cast(), self.raw.size) }
    }
}

impl Drop for Block<'_> {
    fn drop(&mut self) {
        if !self.raw.data.is_null() {
            // SAFETY: the heap is borrowed, so open; the block is ours, and this is its last use.
            let _ = unsafe { vil_sys::vil_heap_free(self.heap.as_raw(), &mut self.raw) };
        }
    }
}

impl fmt::Debug for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Block({} bytes at {:p})", self.raw.size, self.raw.data)
    }
}

//! Queues of a heap: blocks change hands through them.

use std::fmt;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::time::Duration;

use crate::heap::NO_BLOCK;
use crate::receiver::nanoseconds;
use crate::{Block, Error, Heap, Result, Status};

/// How many processes may use a queue's ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueueKind {
    /// One at each end.
    #[default]
    Spsc,
    /// Several at either end.
    Mpmc,
}

/// What a push into a full queue does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhenFull {
    /// It waits until the queue's deadline.
    #[default]
    Blocks,
    /// It drops the block that is pushed, and counts it.
    DropsNewest,
    /// It drops the block that lies in the queue longest, and counts it.
    DropsOldest,
    /// It answers [`Status::FULL`].
    Fails,
}

/// A queue as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueShape {
    /// How many may use its ends.
    pub kind: QueueKind,
    /// Blocks it has room for, a power of two up to 65,536.
    pub capacity: u32,
    /// What a push into a full one does.
    pub when_full: WhenFull,
    /// How long such a push waits under [`WhenFull::Blocks`].
    pub deadline: Duration,
}

impl Default for QueueShape {
    fn default() -> Self {
        Self {
            kind: QueueKind::default(),
            capacity: 256,
            when_full: WhenFull::default(),
            deadline: Duration::from_secs(1),
        }
    }
}

impl QueueShape {
    pub(crate) fn raw(&self) -> vil_sys::vil_queue_shape_t {
        let kind = match self.kind {
            QueueKind::Spsc => vil_sys::VIL_QUEUE_SPSC,
            QueueKind::Mpmc => vil_sys::VIL_QUEUE_MPMC,
        };
        let when_full = match self.when_full {
            WhenFull::Blocks => vil_sys::VIL_FULL_BLOCKS,
            WhenFull::DropsNewest => vil_sys::VIL_FULL_DROPS_NEWEST,
            WhenFull::DropsOldest => vil_sys::VIL_FULL_DROPS_OLDEST,
            WhenFull::Fails => vil_sys::VIL_FULL_FAILS,
        };
        // 0 would stand for the default.
        let deadline_ms = u32::try_from(self.deadline.as_millis()).unwrap_or(u32::MAX).max(1);
        vil_sys::vil_queue_shape_t { kind, capacity: self.capacity, when_full, deadline_ms }
    }
}

/// A queue at one moment; counts are since the heap was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueInfo {
    /// Blocks it has room for.
    pub capacity: u32,
    /// Blocks that lie in it.
    pub depth: u32,
    /// Blocks that were pushed.
    pub pushed: u64,
    /// Blocks that were popped.
    pub popped: u64,
    /// Blocks that were dropped because it was full.
    pub dropped: u64,
}

impl QueueInfo {
    pub(crate) fn of(heap: &Heap, index: u32) -> Result<QueueInfo, Status> {
        let mut raw = vil_sys::vil_queue_info_t {
            struct_size: size_of::<vil_sys::vil_queue_info_t>() as u32,
            kind: 0,
            when_full: 0,
            capacity: 0,
            depth: 0,
            deadline_ms: 0,
            pushed: 0,
            popped: 0,
            dropped: 0,
        };
        // SAFETY: the heap is borrowed, so open; the struct is ours and says its size.
        Status::check(unsafe { vil_sys::vil_heap_queue_info(heap.as_raw(), index, &mut raw) })?;
        let (capacity, depth) = (raw.capacity, raw.depth);
        Ok(QueueInfo { capacity, depth, pushed: raw.pushed, popped: raw.popped, dropped: raw.dropped })
    }
}

/// One end of a queue in C; closed when it goes.
struct End<'h> {
    raw: NonNull<vil_sys::vil_queue_t>,
    heap: &'h Heap,
    /// A pointer, so that no two threads share the end.
    one_thread: PhantomData<*mut ()>,
}

// SAFETY: it is not Sync, so no two threads use it at once; a new owner is made known to C by `with`, before anything
// else happens to the end.
unsafe impl Send for End<'_> {}

impl<'h> End<'h> {
    fn open(heap: &'h Heap, index: u32, role: u32) -> Result<Self> {
        let mut raw = ptr::null_mut();
        // SAFETY: the heap is open, the out-pointers are ours.
        Error::guard(|error| unsafe { vil_sys::vil_queue_open(heap.as_raw(), index, role, &mut raw, error) })?;
        let end = NonNull::new(raw).map(|raw| Self { raw, heap, one_thread: PhantomData });
        end.ok_or_else(|| Status::E_PANIC.into())
    }

    /// Calls into C, as the thread that the end belongs to.
    fn with(&self, mut call: impl FnMut(*mut vil_sys::vil_queue_t) -> vil_sys::vil_status_t) -> Result<(), Status> {
        let status = call(self.raw.as_ptr());
        if status == vil_sys::VIL_E_BUSY && vil_sys::vil_queue_move_to_thread(self.raw.as_ptr()) == vil_sys::VIL_OK {
            return Status::check(call(self.raw.as_ptr()));
        }
        Status::check(status)
    }

    fn depth(&self) -> Result<u32, Status> {
        let mut depth = 0;
        // SAFETY: the end is open until drop, the out-pointer is ours.
        self.with(|raw| unsafe { vil_sys::vil_queue_depth(raw, &mut depth) })?;
        Ok(depth)
    }
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        let _ = self.with(|raw| vil_sys::vil_queue_close(raw));
    }
}

/// The end of a queue that blocks are pushed into. [`Send`], not [`Sync`], like [`crate::Sender`].
pub struct Pusher<'h>(End<'h>);

/// The end of a queue that blocks are popped from. [`Send`], not [`Sync`], like [`crate::Sender`].
pub struct Popper<'h>(End<'h>);

/// A push that did not happen. The block comes back where it is still ours; `?` frees it and keeps the status.
pub struct Unpushed<'h> {
    /// Why not: [`Status::FULL`], [`Status::TIMEOUT`], [`Status::DROPPED`] and the like.
    pub status: Status,
    /// The block, to be pushed again or dropped. None when the queue dropped it ([`Status::DROPPED`]).
    pub block: Option<Block<'h>>,
}

impl<'h> Pusher<'h> {
    /// Opens the pushing end of a queue, from 0; [`Status::E_BUSY`] when a living process holds it.
    pub fn open(heap: &'h Heap, index: u32) -> Result<Self> {
        End::open(heap, index, vil_sys::VIL_PRODUCER).map(Pusher)
    }

    /// Pushes a block, which is the popper's from then on. A full queue does as its shape says.
    pub fn push(&self, mut block: Block<'h>) -> Result<(), Unpushed<'h>> {
        // SAFETY: the end is open until drop, the block is ours.
        match self.0.with(|raw| unsafe { vil_sys::vil_queue_push(raw, block.raw_mut()) }) {
            Ok(()) => Ok(()),
            // C sets the block to zero when it is not ours any more.
            Err(status) => Err(Unpushed { status, block: (!block.raw_mut().data.is_null()).then_some(block) }),
        }
    }

    /// Pushes blocks from the first on, until one stays ours: it and those behind it are left in `blocks`, and the answer
    /// is why. [`Status::DROPPED`] when the queue dropped some that went.
    pub fn push_batch(&self, blocks: &mut Vec<Block<'h>>) -> Result<(), Status> {
        let mut answer = Ok(());
        while !blocks.is_empty() {
            let count = blocks.len().min(vil_sys::VIL_BATCH_SIZE);
            let mut raw = [NO_BLOCK; vil_sys::VIL_BATCH_SIZE];
            raw.iter_mut().zip(&mut *blocks).for_each(|(raw, block)| *raw = *block.raw_mut());
            let (first, mut done) = (raw.as_mut_ptr(), 0);
            // SAFETY: the end is open until drop; the first `count` places are blocks of ours, the out-pointer is ours.
            let pushed = self.0.with(|end| unsafe { vil_sys::vil_queue_push_batch(end, first, count, &mut done) });
            // What went is not ours any more, so it is let go of and not freed.
            blocks.drain(..done).for_each(|block| _ = block.leak());
            match pushed {
                Ok(()) => {}
                Err(Status::DROPPED) if done == count => answer = Err(Status::DROPPED),
                Err(status) => return Err(status),
            }
        }
        answer
    }

    /// Blocks that lie in the queue.
    pub fn depth(&self) -> Result<u32, Status> {
        self.0.depth()
    }
}

impl<'h> Popper<'h> {
    /// Opens the popping end of a queue, from 0; [`Status::E_BUSY`] when a living process holds it.
    pub fn open(heap: &'h Heap, index: u32) -> Result<Self> {
        End::open(heap, index, vil_sys::VIL_CONSUMER).map(Popper)
    }

    /// The next block, ours from then on. [`Status::EMPTY`] when there is none and `timeout` is zero,
    /// [`Status::TIMEOUT`] when none came in time; [`Duration::MAX`] waits until something happens.
    pub fn pop(&self, timeout: Duration) -> Result<Block<'h>, Status> {
        let (mut block, timeout_ns) = (NO_BLOCK, nanoseconds(timeout));
        // SAFETY: the end is open until drop, the out-pointer is ours.
        self.0.with(|raw| unsafe { vil_sys::vil_queue_pop(raw, timeout_ns, &mut block) })?;
        // SAFETY: it was just popped through this heap.
        Ok(unsafe { Block::new(self.0.heap, block) })
    }

    /// Waits for a block as `pop` does, and takes those that are there with it: `most` at most, and no more than 256.
    pub fn pop_batch(&self, timeout: Duration, most: usize) -> Result<Vec<Block<'h>>, Status> {
        let mut blocks = [NO_BLOCK; vil_sys::VIL_BATCH_SIZE];
        let (mut done, timeout_ns, most) = (0, nanoseconds(timeout), most.min(vil_sys::VIL_BATCH_SIZE));
        let first = blocks.as_mut_ptr();
        // SAFETY: the end is open until drop; there are at least `most` places, and the out-pointers are ours.
        self.0.with(|raw| unsafe { vil_sys::vil_queue_pop_batch(raw, timeout_ns, first, most, &mut done) })?;
        // SAFETY: they were just popped through this heap.
        Ok(blocks[..done].iter().map(|block| unsafe { Block::new(self.0.heap, *block) }).collect())
    }

    /// Blocks that lie in the queue.
    pub fn depth(&self) -> Result<u32, Status> {
        self.0.depth()
    }
}

impl fmt::Debug for Pusher<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pusher({:p})", self.0.raw)
    }
}

impl fmt::Debug for Popper<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Popper({:p})", self.0.raw)
    }
}

impl fmt::Debug for Unpushed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unpushed").field("status", &self.status).field("held", &self.block.is_some()).finish()
    }
}

impl fmt::Display for Unpushed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status.fmt(f)
    }
}

impl std::error::Error for Unpushed<'_> {}

impl From<Unpushed<'_>> for Status {
    fn from(unpushed: Unpushed<'_>) -> Self {
        unpushed.status
    }
}

impl From<Unpushed<'_>> for Error {
    fn from(unpushed: Unpushed<'_>) -> Self {
        unpushed.status.into()
    }
}

//! Queues of a heap: one end each, through which blocks change hands.

use vil_core::base::error::Fault;
use vil_core::observe;
use vil_core::world::{PopEnd, PushEnd, Stop};

use crate::batch::{VIL_BATCH_SIZE, batch};
use crate::error::{Failure, vil_error_t};
use crate::guard::{cold, hot, out, sized_out};
use crate::handle::{Owned, full};
use crate::heap::{NO_BLOCK, block_of, vil_block_t, vil_heap_t, with_heap};
use crate::status::vil_status_t;
use crate::world::cleared;

/// One end of a queue. One thread at a time.
pub struct vil_queue_t(());

/// The end that pushes.
pub const VIL_PRODUCER: u32 = 1;
/// The end that pops.
pub const VIL_CONSUMER: u32 = 2;

/// A queue at one moment. Counts are since the heap was created, exact across crashes but for `dropped`; see
/// vil_route_info_t for those of a queue that is mpmc or drops the oldest.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_queue_info_t {
    /// sizeof(vil_queue_info_t), set by the caller.
    pub struct_size: u32,
    /// VIL_QUEUE_*.
    pub kind: u32,
    /// VIL_FULL_*.
    pub when_full: u32,
    /// Blocks it has room for.
    pub capacity: u32,
    /// Blocks that lie in it.
    pub depth: u32,
    /// How long a push into it waits when it is full, in milliseconds.
    pub deadline_ms: u32,
    /// Blocks that were pushed.
    pub pushed: u64,
    /// Blocks that were popped.
    pub popped: u64,
    /// Blocks that were dropped because it was full.
    pub dropped: u64,
}

static QUEUES: Owned<Queue, 6> = Owned::new();

enum Queue {
    Producer(Box<PushEnd>),
    Consumer(Box<PopEnd>),
}

/// Opens one end of a queue, VIL_PRODUCER or VIL_CONSUMER. A dead predecessor is recovered first. A queue of kind
/// VIL_QUEUE_MPMC may be opened by several processes at either end.
///
/// Threads: any; the handle then belongs to the calling thread. Ownership: the answer is the caller's, ended by
/// vil_queue_close. NULL: `error` may be. Blocks: never.
/// Errors: VIL_E_ARGUMENT (index or role out of range), VIL_E_BUSY (a living process holds the end, or this one does),
/// VIL_E_CORRUPT, VIL_E_HANDLE, VIL_E_FORKED, VIL_E_LIMIT. Since: 0.1.
///
/// # Safety
/// Pointers are NULL or valid as their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_queue_open(
    heap: *mut vil_heap_t,
    index: u32,
    role: u32,
    queue: *mut *mut vil_queue_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let place = cleared(queue)?;
            let opened = with_heap(heap, |heap| match role {
                VIL_PRODUCER => Ok(Queue::Producer(Box::new(PushEnd::open(heap, index as usize)?))),
                VIL_CONSUMER => Ok(Queue::Consumer(Box::new(PopEnd::open(heap, index as usize)?))),
                _ => Err(Failure::Argument("role is VIL_PRODUCER or VIL_CONSUMER")),
            })?;
            *place = QUEUES.insert(opened).ok_or(full())? as *mut vil_queue_t;
            Ok(())
        })
    }
}

/// Closes one end of a queue. What was pushed and not popped stays for whoever pops next.
///
/// Threads: the owner. Ownership: ends the caller's; blocks in hand stay the caller's. NULL: VIL_E_HANDLE.
/// Blocks: never. Errors: VIL_E_HANDLE, VIL_E_BUSY (another thread's). Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_queue_close(queue: *mut vil_queue_t) -> vil_status_t {
    hot(|| QUEUES.close(queue as usize))
}

/// Pushes a block; its bytes stay where they are. On every answer but VIL_OK and VIL_DROPPED the caller still has it.
///
/// Threads: the owner. Ownership: the block passes to the queue, or where that drops it to the heap; `block` is set to
/// zero. NULL: `block` may not be. Blocks: when the queue is full and VIL_FULL_BLOCKS, until its deadline.
/// Errors: VIL_FULL (under VIL_FULL_DROPS_OLDEST while another process is just pushing into the cell that is needed),
/// VIL_DROPPED, VIL_TIMEOUT, VIL_INTERRUPTED, VIL_CANCELLED, VIL_PEER_GONE; VIL_E_STATE (freed or
/// pushed before, another process's, of another heap, or with another `data`: recorded as a fault; or a consumer's end),
/// VIL_E_CORRUPT, VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `block` is NULL or readable and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_queue_push(queue: *mut vil_queue_t, block: *mut vil_block_t) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(block, "block is NULL") }?;
        let answer = with_producer(queue, |end| Ok(end.push(*place)))?;
        if matches!(answer, Ok(()) | Err(Stop::Dropped)) {
            *place = NO_BLOCK;
        }
        Ok(answer?)
    })
}

/// Pushes up to VIL_BATCH_SIZE blocks in their order, until one stays the caller's. The answer is why it stayed, or
/// VIL_DROPPED when the queue dropped some on the way, else VIL_OK.
///
/// Threads: the owner. Ownership: the first `*pushed` blocks pass to the queue, or where that drops them to the heap, and
/// are set to zero. NULL: no pointer may be. Blocks: as vil_queue_push, for each block.
/// Errors: those of vil_queue_push; VIL_E_ARGUMENT for more than VIL_BATCH_SIZE blocks. Since: 0.1.
///
/// # Safety
/// `blocks` has `count` readable and writable entries; `pushed` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_queue_push_batch(
    queue: *mut vil_queue_t,
    blocks: *mut vil_block_t,
    count: usize,
    pushed: *mut usize,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let (place, blocks) = unsafe { (out(pushed, "pushed is NULL")?, batch(blocks, count, "blocks is NULL")?) };
        *place = 0;
        let batch = with_producer(queue, |end| Ok(end.push_batch(blocks.iter().copied())))?;
        blocks[..batch.done].fill(NO_BLOCK);
        *place = batch.done;
        Ok(batch.answer?)
    })
}

/// The next block, which is the caller's own from here on: to be freed, or pushed elsewhere. `timeout_ns` 0 does not
/// wait, VIL_FOREVER has no end.
///
/// Threads: the owner. Ownership: the block is the caller's until it is freed or pushed, or the heap and its queues are
/// closed. NULL: `block` may not be. Blocks: up to `timeout_ns` nanoseconds.
/// Errors: VIL_EMPTY (`timeout_ns` is 0), VIL_TIMEOUT, VIL_INTERRUPTED, VIL_CANCELLED, VIL_PEER_GONE; VIL_E_LIMIT (this
/// process owns as much as its cap allows; the block stays in the queue), VIL_E_STATE (a producer's end),
/// VIL_E_CORRUPT, VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `block` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_queue_pop(
    queue: *mut vil_queue_t,
    timeout_ns: u64,
    block: *mut vil_block_t,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(block, "block is NULL") }?;
        *place = NO_BLOCK;
        *place = block_of(with_consumer(queue, |end| Ok(end.pop(timeout_ns)?))?);
        Ok(())
    })
}

/// Pops up to VIL_BATCH_SIZE blocks, `count` at most: waits for the first one only, and takes the others as far as they
/// are there.
///
/// Threads: the owner. Ownership: as vil_queue_pop, of the first `*popped` blocks. NULL: no pointer may be.
/// Blocks: up to `timeout_ns` nanoseconds.
/// Errors: those of vil_queue_pop, when no block was popped; VIL_E_ARGUMENT for a count of 0 or more than VIL_BATCH_SIZE.
/// Since: 0.1.
///
/// # Safety
/// `blocks` has `count` writable entries; `popped` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_queue_pop_batch(
    queue: *mut vil_queue_t,
    timeout_ns: u64,
    blocks: *mut vil_block_t,
    count: usize,
    popped: *mut usize,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let (place, blocks) = unsafe { (out(popped, "popped is NULL")?, batch(blocks, count, "blocks is NULL")?) };
        *place = 0;
        let mut found = [None; VIL_BATCH_SIZE];
        let batch = with_consumer(queue, |end| Ok(end.pop_batch(timeout_ns, &mut found[..count])))?;
        for (place, block) in blocks.iter_mut().zip(found.into_iter().flatten()) {
            *place = block_of(block);
        }
        *place = batch.done;
        Ok(batch.answer?)
    })
}

/// Blocks that lie in the queue.
///
/// Threads: the owner. Ownership: `depth` is the caller's. NULL: `depth` may not be. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `depth` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_queue_depth(queue: *mut vil_queue_t, depth: *mut u32) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(depth, "depth is NULL") }?;
        *place = with_queue(queue, |queue| match queue {
            Queue::Producer(end) => Ok(end.depth()),
            Queue::Consumer(end) => Ok(end.depth()),
        })?;
        Ok(())
    })
}

/// Makes the calling thread the owner. The caller sees to it that the thread before is not inside a call.
///
/// Threads: any but the owner's while it is inside a call. Ownership: none. NULL: VIL_E_HANDLE. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_BUSY (a call is under way). Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_queue_move_to_thread(queue: *mut vil_queue_t) -> vil_status_t {
    hot(|| QUEUES.move_here(queue as usize))
}

/// Looks at one queue of a heap, 0 to queue_count - 1, whoever has its ends.
///
/// Threads: any. Ownership: `info` is the caller's. NULL: `info` may not be. Blocks: never.
/// Errors: VIL_E_ARGUMENT (also for an index that is too high), VIL_E_HANDLE, VIL_E_FORKED. Since: 0.1.
///
/// # Safety
/// `info` is NULL or has `struct_size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_heap_queue_info(
    heap: *mut vil_heap_t,
    index: u32,
    info: *mut vil_queue_info_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    hot(|| unsafe {
        sized_out(info, |struct_size| {
            with_heap(heap, |heap| {
                let there_is_none = Failure::Argument("there is no such queue");
                let seen = observe::route(heap.world(), index as usize).ok_or(there_is_none)?;
                let shape = heap.shape().queues[index as usize];
                Ok(vil_queue_info_t {
                    struct_size,
                    kind: shape.kind as u32,
                    when_full: shape.backpressure as u32,
                    capacity: shape.capacity,
                    depth: seen.depth,
                    deadline_ms: shape.deadline_ms,
                    pushed: seen.published,
                    popped: seen.received,
                    dropped: seen.dropped,
                })
            })
        })
    })
}

#[inline(always)]
fn with_producer<R>(
    queue: *mut vil_queue_t,
    call: impl FnOnce(&mut PushEnd) -> Result<R, Failure>,
) -> Result<R, Failure> {
    with_queue(queue, |queue| match queue {
        Queue::Producer(end) => call(end),
        Queue::Consumer(_) => Err(WRONG_END),
    })
}

#[inline(always)]
fn with_consumer<R>(
    queue: *mut vil_queue_t,
    call: impl FnOnce(&mut PopEnd) -> Result<R, Failure>,
) -> Result<R, Failure> {
    with_queue(queue, |queue| match queue {
        Queue::Consumer(end) => call(end),
        Queue::Producer(_) => Err(WRONG_END),
    })
}

#[inline(always)]
fn with_queue<R>(queue: *mut vil_queue_t, call: impl FnOnce(&mut Queue) -> Result<R, Failure>) -> Result<R, Failure> {
    QUEUES.with(queue as usize, call)
}

/// A producer's call on a consumer's end, or the other way round.
const WRONG_END: Failure = Failure::Hot(Stop::Fault(Fault::State));

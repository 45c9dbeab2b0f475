//! Queues of a heap: one end of one ring of descriptors.

use vil_core::base::error::{Error, Fault};
use vil_core::world::{Receiver, Sender};

use crate::error::{Failure, vil_error_t};
use crate::guard::{cold, hot, out};
use crate::handle::{Owned, full};
use crate::heap::{vil_heap_t, with_heap};
use crate::receiver::{receive_into, release_from, vil_message_t};
use crate::sender::{discard_from, loan_into, publish_from, vil_loan_t};
use crate::status::vil_status_t;
use crate::world::cleared;

/// One end of a queue. One thread at a time.
pub struct vil_queue_t(());

/// The end that loans and pushes.
pub const VIL_PRODUCER: u32 = 1;
/// The end that pops and releases.
pub const VIL_CONSUMER: u32 = 2;

static QUEUES: Owned<Queue> = Owned::new(6);

enum Queue {
    Producer(Box<Sender>),
    Consumer(Box<Receiver>),
}

impl Queue {
    fn is_forked(&self) -> bool {
        match self {
            Queue::Producer(sender) => sender.world().is_forked(),
            Queue::Consumer(receiver) => receiver.world().is_forked(),
        }
    }
}

/// Opens one end of a queue, VIL_PRODUCER or VIL_CONSUMER. A dead predecessor is recovered first.
///
/// Threads: any; the handle then belongs to the calling thread. Ownership: the answer is the caller's, ended by
/// vil_queue_close. NULL: `error` may be. Blocks: never.
/// Errors: VIL_E_ARGUMENT (index or role out of range), VIL_E_BUSY (a living process holds the end), VIL_E_CORRUPT,
/// VIL_E_HANDLE, VIL_E_FORKED, VIL_E_LIMIT. Since: 0.1.
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
            let opened = with_heap(heap, |world| {
                let (route, queues) = (index as usize, world.catalog().routes.len());
                if route >= queues {
                    let message = format!("queue {index} of {queues}; the first is 0");
                    return Err(Failure::Cold(Error::new(Fault::Argument, message)));
                }
                match role {
                    VIL_PRODUCER => Ok(Queue::Producer(Box::new(Sender::open_routes(world, &[route])?))),
                    VIL_CONSUMER => Ok(Queue::Consumer(Box::new(Receiver::open_routes(world, &[route])?))),
                    _ => Err(Failure::Argument("role is VIL_PRODUCER or VIL_CONSUMER")),
                }
            })?;
            *place = QUEUES.insert(opened).ok_or(full())? as *mut vil_queue_t;
            Ok(())
        })
    }
}

/// Closes one end of a queue. What was pushed and not released stays for a successor.
///
/// Threads: the owner. Ownership: ends the caller's. NULL: VIL_E_HANDLE. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_BUSY (another thread's). Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_queue_close(queue: *mut vil_queue_t) -> vil_status_t {
    hot(|| QUEUES.close(queue as usize))
}

/// Takes a block to write into.
///
/// Threads: the owner. Ownership: the block is the caller's until it is pushed or discarded. NULL: `block` may not be.
/// Blocks: when no block is free, until the heap's deadline. Errors: those of vil_sender_loan; VIL_E_STATE for a
/// consumer's end. Since: 0.1.
///
/// # Safety
/// `block` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_queue_loan(queue: *mut vil_queue_t, block: *mut vil_loan_t) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(block, "block is NULL") }?;
        with_producer(queue, |sender| loan_into(sender, place))
    })
}

/// Gives a block back unpushed.
///
/// Threads: the owner. Ownership: the block is the heap's again; `block` is set to zero. NULL: `block` may not be.
/// Blocks: never. Errors: those of vil_sender_discard. Since: 0.1.
///
/// # Safety
/// `block` is NULL or was filled by vil_queue_loan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_queue_discard(queue: *mut vil_queue_t, block: *mut vil_loan_t) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(block, "block is NULL") }?;
        with_producer(queue, |sender| discard_from(sender, place))
    })
}

/// Pushes a block's descriptor; the bytes stay where they are.
///
/// Threads: the owner. Ownership: the block passes to the queue; `block` is set to zero. NULL: `block` may not be.
/// Blocks: when the queue is full, until the heap's deadline. Errors: those of vil_sender_publish. Since: 0.1.
///
/// # Safety
/// `block` is NULL or was filled by vil_queue_loan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_queue_push(queue: *mut vil_queue_t, block: *mut vil_loan_t) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(block, "block is NULL") }?;
        with_producer(queue, |sender| publish_from(sender, place))
    })
}

/// The next block, read in place. `timeout_ns` 0 does not wait, VIL_FOREVER has no end.
///
/// Threads: the owner. Ownership: the block may be read until it is released or the end is closed.
/// NULL: `message` may not be. Blocks: up to `timeout_ns` nanoseconds. Errors: those of vil_receiver_receive;
/// VIL_E_STATE for a producer's end. Since: 0.1.
///
/// # Safety
/// `message` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_queue_pop(
    queue: *mut vil_queue_t,
    timeout_ns: u64,
    message: *mut vil_message_t,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(message, "message is NULL") }?;
        with_consumer(queue, |receiver| receive_into(receiver, timeout_ns, place))
    })
}

/// Ends a block, in any order; it returns to its producer.
///
/// Threads: the owner. Ownership: the block is the heap's again; `message` is set to zero. NULL: `message` may not be.
/// Blocks: never. Errors: those of vil_receiver_release. Since: 0.1.
///
/// # Safety
/// `message` is NULL or was filled by vil_queue_pop.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_queue_release(queue: *mut vil_queue_t, message: *mut vil_message_t) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(message, "message is NULL") }?;
        with_consumer(queue, |receiver| release_from(receiver, place))
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

#[inline(always)]
fn with_producer<R>(
    queue: *mut vil_queue_t,
    call: impl FnOnce(&mut Sender) -> Result<R, Failure>,
) -> Result<R, Failure> {
    with_queue(queue, |queue| match queue {
        Queue::Producer(sender) => call(sender),
        Queue::Consumer(_) => Err(WRONG_END),
    })
}

#[inline(always)]
fn with_consumer<R>(
    queue: *mut vil_queue_t,
    call: impl FnOnce(&mut Receiver) -> Result<R, Failure>,
) -> Result<R, Failure> {
    with_queue(queue, |queue| match queue {
        Queue::Consumer(receiver) => call(receiver),
        Queue::Producer(_) => Err(WRONG_END),
    })
}

#[inline(always)]
fn with_queue<R>(queue: *mut vil_queue_t, call: impl FnOnce(&mut Queue) -> Result<R, Failure>) -> Result<R, Failure> {
    QUEUES.with(queue as usize, |queue| if queue.is_forked() { Err(Failure::Forked) } else { call(queue) })
}

/// A producer's call on a consumer's end, or the other way round.
const WRONG_END: Failure = Failure::Hot(vil_core::world::Stop::Fault(Fault::State));

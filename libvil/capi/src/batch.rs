//! Batches: several loans or messages by one call, which looks, stores and wakes once for all of them where it can.

use std::ffi::c_void;
use std::mem::offset_of;
use std::slice;

use vil_core::world::{LoanRow, MessageRow};

use crate::error::Failure;
use crate::guard::{hot, out};
use crate::message::{WRONG_SIZE, vil_message_t};
use crate::receiver::{vil_receiver_t, with_receiver};
use crate::sender::{vil_loan_t, vil_sender_t, with_sender};
use crate::status::vil_status_t;

/// Loans, messages or blocks in one batch; bounds the work of one call.
pub const VIL_BATCH_SIZE: usize = 256;

/// Takes up to VIL_BATCH_SIZE slots to write messages into, `count` at most: the first one as vil_sender_loan does, the
/// others as far as they are free. Fewer than asked for is VIL_OK; why is told by a call that takes none.
///
/// Threads: the owner. Ownership: as vil_sender_loan, of the first `*taken` loans; the structs behind them are left as they
/// are. NULL: no pointer may be. Blocks: as vil_sender_loan, for the first one only.
/// Errors: those of vil_sender_loan, when no slot was taken; VIL_E_ARGUMENT for a count of 0 or more than VIL_BATCH_SIZE.
/// Since: 0.1.
///
/// # Safety
/// `loans` is NULL or has `count` writable entries; `taken` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_sender_loan_batch(
    sender: *mut vil_sender_t,
    loans: *mut vil_loan_t,
    count: usize,
    taken: *mut usize,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let (place, loans) =
            unsafe { (out(taken, "taken is NULL")?, batch(loans.cast::<LoanRow>(), count, "loans is NULL")?) };
        *place = 0;
        let batch = with_sender(sender, |sender| Ok(sender.loan_batch(loans)))?;
        *place = batch.done;
        Ok(batch.answer?)
    })
}

/// Publishes up to VIL_BATCH_SIZE loans in their order, until one stays the caller's, and tells the receivers of them
/// together, or of each where the queue is mpmc or drops the oldest. Each that finds no room does as the route's backpressure
/// says. The answer is why one stayed, or VIL_DROPPED when the route dropped some on the way, else VIL_OK.
///
/// Threads: the owner. Ownership: the first `*published` slots pass to the route, or where that drops them to the port's pool,
/// and their structs are set to zero; the others are still on loan. NULL: no pointer may be. Blocks: as vil_sender_publish,
/// for each loan.
/// Errors: those of vil_sender_publish, also for a loan that is there twice; VIL_E_UNSUPPORTED (the port answers);
/// VIL_E_ARGUMENT for a count of 0 or more than VIL_BATCH_SIZE. Since: 0.1.
///
/// # Safety
/// `loans` is NULL or has `count` entries that were filled by vil_sender_loan or vil_sender_loan_batch; `published` is NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_sender_publish_batch(
    sender: *mut vil_sender_t,
    loans: *mut vil_loan_t,
    count: usize,
    published: *mut usize,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let (place, loans) =
            unsafe { (out(published, "published is NULL")?, batch(loans.cast::<LoanRow>(), count, "loans is NULL")?) };
        *place = 0;
        let batch = with_sender(sender, |sender| Ok(sender.publish_batch(loans)))?;
        *place = batch.done;
        Ok(batch.answer?)
    })
}

/// Sends up to VIL_BATCH_SIZE messages that lie back to back, in their order, until one is not sent: each as vil_sender_send
/// does. Where messages travel inside cells (transfer copy, 40 bytes and less), receivers are told of as many as there
/// is room for together. The answer is why one was not sent, or VIL_DROPPED when the route dropped some on the way, else VIL_OK.
///
/// Threads: the owner. Ownership: `data` stays the caller's and is not kept; the first `*sent` messages were sent.
/// NULL: no pointer may be. Blocks: as vil_sender_send, for each message.
/// Errors: those of vil_sender_send; VIL_E_ARGUMENT for a count of 0 or more than VIL_BATCH_SIZE. Since: 0.1.
///
/// # Safety
/// `data` is NULL or has `size` times `count` readable bytes; `sent` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_sender_send_batch(
    sender: *mut vil_sender_t,
    data: *const c_void,
    size: usize,
    count: usize,
    sent: *mut usize,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(sent, "sent is NULL") }?;
        *place = 0;
        let batch = with_sender(sender, |sender| {
            let total = total_of(size, sender.message_size(), count)?;
            if data.is_null() {
                return Err(Failure::Argument("data is NULL"));
            }
            // SAFETY: as promised by the caller.
            Ok(sender.send_batch(unsafe { slice::from_raw_parts(data.cast(), total) }))
        })?;
        *place = batch.done;
        Ok(batch.answer?)
    })
}

/// The next messages of the port's routes, VIL_BATCH_SIZE at most and `count` at most: waits for the first one only, and
/// takes the others as far as they are there. Fewer than asked for is VIL_OK; why is told by a call that receives none.
///
/// Threads: the owner. Ownership: as vil_receiver_receive, of the first `*received` messages; the structs behind them are left
/// as they are. NULL: no pointer may be. Blocks: up to `timeout_ns` nanoseconds.
/// Errors: those of vil_receiver_receive, when no message was received; VIL_E_ARGUMENT for a count of 0 or more than
/// VIL_BATCH_SIZE. Since: 0.1.
///
/// # Safety
/// `messages` is NULL or has `count` writable entries; `received` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_receiver_receive_batch(
    receiver: *mut vil_receiver_t,
    timeout_ns: u64,
    messages: *mut vil_message_t,
    count: usize,
    received: *mut usize,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let (place, messages) = unsafe {
            (out(received, "received is NULL")?, batch(messages.cast::<MessageRow>(), count, "messages is NULL")?)
        };
        *place = 0;
        let batch = with_receiver(receiver, |receiver| Ok(receiver.receive_batch(timeout_ns, messages)))?;
        *place = batch.done;
        Ok(batch.answer?)
    })
}

/// Reads up to `count` messages into memory where they lie back to back, VIL_BATCH_SIZE at most: waits for the first one only,
/// each as vil_receiver_read does. Fewer than asked for is VIL_OK; why is told by a call that reads none. Messages are over
/// within the call, one or several at a time: if the process dies in it, up to `count` that it had copied do not come again.
///
/// Threads: the owner. Ownership: as vil_receiver_read, of the first `*read` messages; the bytes behind them may have changed.
/// NULL: no pointer may be. Blocks: up to `timeout_ns` nanoseconds.
/// Errors: those of vil_receiver_read, when no message was read; VIL_E_ARGUMENT for a count of 0 or more than VIL_BATCH_SIZE.
/// Since: 0.1.
///
/// # Safety
/// `data` is NULL or has `size` times `count` writable bytes; `read` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_receiver_read_batch(
    receiver: *mut vil_receiver_t,
    timeout_ns: u64,
    data: *mut c_void,
    size: usize,
    count: usize,
    read: *mut usize,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(read, "read is NULL") }?;
        *place = 0;
        let batch = with_receiver(receiver, |receiver| {
            let total = total_of(size, receiver.message_size(), count)?;
            if data.is_null() {
                return Err(Failure::Argument("data is NULL"));
            }
            // SAFETY: as promised by the caller.
            Ok(receiver.read_batch(timeout_ns, unsafe { slice::from_raw_parts_mut(data.cast(), total) }))
        })?;
        *place = batch.done;
        Ok(batch.answer?)
    })
}

/// Ends up to VIL_BATCH_SIZE messages, in any order, until one cannot be ended: those that follow each other on one route
/// move it once. The producer gets the slots back in the order of the ring. Where the transfer is consume_once nothing is
/// ended: vil_receiver_consume ends those messages one by one.
///
/// Threads: the owner. Ownership: the first `*released` messages are libvil's again, and their structs are set to zero; the
/// others are still in hand. NULL: no pointer may be. Blocks: never.
/// Errors: VIL_E_STATE (released before, also in the same batch), VIL_E_UNSUPPORTED (the route's transfer is consume_once),
/// VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED, VIL_E_ARGUMENT (also for a count of 0 or more than VIL_BATCH_SIZE). Since: 0.1.
///
/// # Safety
/// `messages` is NULL or has `count` entries that were filled by vil_receiver_receive or vil_receiver_receive_batch;
/// `released` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_receiver_release_batch(
    receiver: *mut vil_receiver_t,
    messages: *mut vil_message_t,
    count: usize,
    released: *mut usize,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let (place, messages) = unsafe {
            (out(released, "released is NULL")?, batch(messages.cast::<MessageRow>(), count, "messages is NULL")?)
        };
        *place = 0;
        let batch = with_receiver(receiver, |receiver| Ok(receiver.release_batch(messages)))?;
        *place = batch.done;
        Ok(batch.answer?)
    })
}

/// The caller's structs; `null` is what is said where there are none.
///
/// # Safety
/// `first` is NULL or has `count` readable and writable entries.
#[inline(always)]
pub(crate) unsafe fn batch<'a, T>(first: *mut T, count: usize, null: &'static str) -> Result<&'a mut [T], Failure> {
    if first.is_null() {
        return Err(Failure::Argument(null));
    }
    if !(1..=VIL_BATCH_SIZE).contains(&count) {
        return Err(Failure::Argument(WRONG_COUNT));
    }
    // SAFETY: as promised by the caller.
    Ok(unsafe { slice::from_raw_parts_mut(first, count) })
}

/// Bytes of `count` messages that lie back to back, each of `size` bytes as the port's are.
#[inline(always)]
fn total_of(size: usize, of_port: u32, count: usize) -> Result<usize, Failure> {
    if size != of_port as usize {
        return Err(Failure::Argument(WRONG_SIZE));
    }
    if !(1..=VIL_BATCH_SIZE).contains(&count) {
        return Err(Failure::Argument(WRONG_COUNT));
    }
    size.checked_mul(count).ok_or(Failure::Argument(WRONG_COUNT))
}

const WRONG_COUNT: &str = "a batch has 1 to 256 entries";

const _: () = assert!(VIL_BATCH_SIZE == 256);

/// Is a struct of C's laid out as the core's row is?
macro_rules! same_layout {
    ($theirs:ty, $row:ty: $($field:ident)+) => {
        const _: () = assert!(size_of::<$theirs>() == size_of::<$row>() && align_of::<$theirs>() == align_of::<$row>());
        $(const _: () = assert!(offset_of!($theirs, $field) == offset_of!($row, $field));)+
    };
}

same_layout!(vil_loan_t, LoanRow: data size slot ticket);
same_layout!(vil_message_t, MessageRow: data size route number answers ticket);

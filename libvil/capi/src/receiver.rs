//! Receivers: receive, release, wait.

use std::ffi::{c_char, c_void};
use std::slice;

use vil_core::world::{Read, Received, Receiver, Stop};

use crate::error::{Failure, vil_error_t};
use crate::guard::{at_once, cold, hot, out, text};
use crate::handle::{Lent, Owned, full, is_marked};
use crate::message::{NO_MESSAGE, WRONG_SIZE, vil_message_t};
use crate::sender::{vil_sender_t, with_sender};
use crate::status::{VIL_EMPTY, VIL_OK, vil_status_t};
use crate::world::{cleared, vil_world_t, with_world};

/// The receiving end of an in port, with all its routes. One thread at a time.
pub struct vil_receiver_t(());

pub(crate) static RECEIVERS: Owned<Receiver, 4> = Owned::new();

/// A handle for a receiver, marked where messages are private copies.
fn entered(receiver: Receiver) -> Result<*mut vil_receiver_t, Failure> {
    let copies = receiver.copies();
    Ok(RECEIVERS.insert_marked(receiver, copies).ok_or(full())? as *mut vil_receiver_t)
}

/// The receiver, for a call that asks no more than it must.
#[inline(always)]
fn lent(receiver: *mut vil_receiver_t) -> Option<Lent<Receiver>> {
    RECEIVERS.lend_at_once(receiver as usize)
}

/// Are messages of this receiver private copies? Anything where it is none.
#[inline(always)]
pub(crate) fn copies(receiver: *mut vil_receiver_t) -> bool {
    is_marked(receiver as usize)
}

/// Opens the receiving end of a port of this process, with all its routes. A dead predecessor is recovered first;
/// what it did not release is delivered again under at_least_once.
///
/// Threads: any; the handle then belongs to the calling thread. Ownership: the answer is the caller's, ended by
/// vil_receiver_close. NULL: `error` may be. Blocks: never.
/// Errors: VIL_E_NOT_FOUND (the error lists the ports), VIL_E_BUSY (a living process holds the port), VIL_E_PENDING
/// (messages that a dead holder forwarded are still read), VIL_E_CORRUPT, VIL_E_HANDLE, VIL_E_FORKED, VIL_E_ARGUMENT,
/// VIL_E_LIMIT. Since: 0.1.
///
/// # Safety
/// Pointers are NULL or valid as their types say, texts end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_receiver_open(
    world: *mut vil_world_t,
    port: *const c_char,
    receiver: *mut *mut vil_receiver_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let (place, port) = (cleared(receiver)?, text(port, "port is NULL or not UTF-8")?);
            let opened = with_world(world, |world| Ok(Receiver::open(world, port)?))?;
            *place = entered(opened)?;
            Ok(())
        })
    }
}

/// vil_receiver_open that tries for a while: until a predecessor that still lives, or messages that it forwarded and
/// that are still read, are gone. So processes may be started again in any order.
///
/// Threads: any; the handle then belongs to the calling thread. Ownership: the answer is the caller's, ended by
/// vil_receiver_close. NULL: `error` may be. Blocks: up to `timeout_ns` nanoseconds.
/// Errors: those of vil_receiver_open after the timeout; VIL_CANCELLED, VIL_INTERRUPTED. Since: 0.1.
///
/// # Safety
/// Pointers are NULL or valid as their types say, texts end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_receiver_open_within(
    world: *mut vil_world_t,
    port: *const c_char,
    timeout_ns: u64,
    receiver: *mut *mut vil_receiver_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let (place, port) = (cleared(receiver)?, text(port, "port is NULL or not UTF-8")?);
            let opened = with_world(world, |world| Ok(Receiver::open_within(world, port, timeout_ns)?))?;
            *place = entered(opened)?;
            Ok(())
        })
    }
}

/// Closes a receiver. Messages that were not released stay for a successor under at_least_once, and are dropped and
/// counted under best_effort.
///
/// Threads: the owner. Ownership: ends the caller's; messages in hand must not be read any more. NULL: VIL_E_HANDLE.
/// Blocks: never. Errors: VIL_E_HANDLE, VIL_E_BUSY (another thread's). Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_receiver_close(receiver: *mut vil_receiver_t) -> vil_status_t {
    hot(|| RECEIVERS.close(receiver as usize))
}

/// The next message of any of the port's routes, in turn. `timeout_ns` 0 does not wait, VIL_FOREVER has no end.
///
/// Threads: the owner. Ownership: the message may be read until it is released or the receiver is closed.
/// NULL: `message` may not be. Blocks: up to `timeout_ns` nanoseconds.
/// Errors: VIL_EMPTY (`timeout_ns` is 0), VIL_TIMEOUT, VIL_INTERRUPTED, VIL_CANCELLED, VIL_PEER_GONE; VIL_E_LIMIT
/// (a message is there, and the port's `loans` are in hand already; while none is there it waits all the same),
/// VIL_E_CORRUPT, VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `message` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_receiver_receive(
    receiver: *mut vil_receiver_t,
    timeout_ns: u64,
    message: *mut vil_message_t,
) -> vil_status_t {
    if copies(receiver) {
        // SAFETY: as promised by the caller.
        return unsafe { receive_more(receiver, timeout_ns, message) };
    }
    // SAFETY: as promised by the caller.
    at_once(
        || unsafe { receive_by::<false>(lent(receiver), timeout_ns, message) },
        || unsafe { receive_more(receiver, timeout_ns, message) },
    )
}

/// vil_receiver_receive where messages are copied, or one is timed: apart, so that the other calls need no registers for it.
///
/// # Safety
/// As `vil_receiver_receive`.
#[inline(never)]
pub(crate) unsafe extern "C" fn receive_more(
    receiver: *mut vil_receiver_t,
    timeout_ns: u64,
    message: *mut vil_message_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    at_once(
        || unsafe { receive_by::<true>(lent(receiver), timeout_ns, message) },
        || unsafe { receive_thoroughly(receiver, timeout_ns, message) },
    )
}

/// # Safety
/// As `vil_receiver_receive`.
#[inline(always)]
pub(crate) unsafe fn receive_by<const MORE: bool>(
    lent: Option<Lent<Receiver>>,
    timeout_ns: u64,
    message: *mut vil_message_t,
) -> Option<vil_status_t> {
    // SAFETY: as promised by the caller.
    let (mut lent, place) = (lent?, unsafe { message.as_mut() }?);
    match lent.value().poll_at_once::<MORE>()? {
        Some(received) => {
            *place = message_of(received);
            Some(VIL_OK)
        }
        None if timeout_ns == 0 => {
            *place = NO_MESSAGE;
            Some(VIL_EMPTY)
        }
        None => None,
    }
}

/// vil_receiver_receive where it waits, or where it takes more than a look at the next cell.
///
/// # Safety
/// As `vil_receiver_receive`.
#[cold]
#[inline(never)]
unsafe extern "C" fn receive_thoroughly(
    receiver: *mut vil_receiver_t,
    timeout_ns: u64,
    message: *mut vil_message_t,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(message, "message is NULL") }?;
        with_receiver(receiver, |receiver| receive_into(receiver, timeout_ns, place))
    })
}

/// Receive, copy and release in one: the counterpart of vil_sender_send, for messages so small that to hold them costs more
/// than the copy. A consume_once message is consumed. Where a number or what it answers is wanted too, vil_receiver_receive
/// has them. The message is over within the call, as soon as it is copied, and not when it has been worked on: under at_least_once
/// too it comes again only for the successor of a reader that died before that. Who must have it again receives it, and releases
/// it afterwards.
///
/// Threads: the owner. Ownership: `data` stays the caller's and is not kept; the message is libvil's again. NULL: `data` may
/// not be. Blocks: up to `timeout_ns` nanoseconds.
/// Errors: those of vil_receiver_receive; VIL_E_ARGUMENT when `size` is not the message's. On all of them nothing is read.
/// Since: 0.1.
///
/// # Safety
/// `data` is NULL or has `size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_receiver_read(
    receiver: *mut vil_receiver_t,
    timeout_ns: u64,
    data: *mut c_void,
    size: usize,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    at_once(
        || unsafe { read_at_once(lent(receiver), timeout_ns, data, size) },
        || unsafe { read_thoroughly(receiver, timeout_ns, data, size) },
    )
}

/// vil_receiver_read where only the next cell is looked at.
///
/// # Safety
/// As `vil_receiver_read`.
#[inline(always)]
pub(crate) unsafe fn read_at_once(
    lent: Option<Lent<Receiver>>,
    timeout_ns: u64,
    data: *mut c_void,
    size: usize,
) -> Option<vil_status_t> {
    let mut lent = lent?;
    if data.is_null() || size > isize::MAX as usize {
        return None;
    }
    // SAFETY: as promised by the caller, and a slice may be as long; that it is a message's length is asked behind that.
    let read = lent.value().read_at_once(unsafe { slice::from_raw_parts_mut(data.cast(), size) })?;
    let receiver = lent.place();
    drop(lent);
    match read {
        Some(Read { is_awaited: false, .. }) => Some(VIL_OK),
        Some(Read { route, .. }) => Some(wake(receiver.handle(), route)),
        None if timeout_ns == 0 => Some(VIL_EMPTY),
        None => None,
    }
}

/// vil_receiver_read where it waits, or where it takes more than a look at the next cell.
///
/// # Safety
/// As `vil_receiver_read`.
#[cold]
#[inline(never)]
pub(crate) unsafe extern "C" fn read_thoroughly(
    receiver: *mut vil_receiver_t,
    timeout_ns: u64,
    data: *mut c_void,
    size: usize,
) -> vil_status_t {
    hot(|| {
        if data.is_null() {
            return Err(Failure::Argument("data is NULL"));
        }
        with_receiver(receiver, |receiver| {
            if size != receiver.message_size() as usize {
                return Err(Failure::Argument(WRONG_SIZE));
            }
            // SAFETY: as promised by the caller.
            Ok(receiver.read(timeout_ns, unsafe { slice::from_raw_parts_mut(data.cast(), size) })?)
        })
    })
}

/// Ends a message, in any order. The producer gets the slots back in the order of the ring. A consume_once message that
/// was not consumed is ended all the same, and the answer is VIL_E_STATE.
///
/// Threads: the owner. Ownership: the message is libvil's again; `message` is set to zero. NULL: `message` may not be.
/// Blocks: never.
/// Errors: VIL_E_STATE (released before, or not consumed), VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `message` is NULL or was filled by vil_receiver_receive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_receiver_release(
    receiver: *mut vil_receiver_t,
    message: *mut vil_message_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    at_once(|| unsafe { release_at_once(lent(receiver), message) }, || unsafe { release_thoroughly(receiver, message) })
}

/// vil_receiver_release of the oldest message in hand.
///
/// # Safety
/// As `vil_receiver_release`.
#[inline(always)]
pub(crate) unsafe fn release_at_once(
    lent: Option<Lent<Receiver>>,
    message: *mut vil_message_t,
) -> Option<vil_status_t> {
    // SAFETY: as promised by the caller.
    let (mut lent, place) = (lent?, unsafe { message.as_mut() }?);
    let route = place.route;
    let sleeps = lent.value().release_at_once(route, place.ticket)?;
    let receiver = lent.place();
    drop(lent);
    *place = NO_MESSAGE;
    Some(if sleeps { wake(receiver.handle(), route) } else { VIL_OK })
}

/// Wakes the sender that waits for room in a route.
#[cold]
#[inline(never)]
extern "C" fn wake(receiver: usize, route: u32) -> vil_status_t {
    hot(|| {
        RECEIVERS.with(receiver, |receiver| {
            receiver.wake(route);
            Ok(())
        })
    })
}

/// vil_receiver_release where it takes more than moving head by one.
///
/// # Safety
/// As `vil_receiver_release`.
#[cold]
#[inline(never)]
pub(crate) unsafe extern "C" fn release_thoroughly(
    receiver: *mut vil_receiver_t,
    message: *mut vil_message_t,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(message, "message is NULL") }?;
        with_receiver(receiver, |receiver| release_from(receiver, place))
    })
}

/// Ends a consume_once message that was used.
///
/// Threads: the owner. Ownership: the message is libvil's again; `message` is set to zero. NULL: `message` may not be.
/// Blocks: never.
/// Errors: VIL_E_STATE (ended before), VIL_E_UNSUPPORTED (the route's transfer is not consume_once), VIL_E_HANDLE,
/// VIL_E_BUSY, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `message` is NULL or was filled by vil_receiver_receive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_receiver_consume(
    receiver: *mut vil_receiver_t,
    message: *mut vil_message_t,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(message, "message is NULL") }?;
        with_receiver(receiver, |receiver| {
            receiver.consume(place.route, place.ticket)?;
            *place = NO_MESSAGE;
            Ok(())
        })
    })
}

/// Publishes a message in hand on by a sender of the same world handle, without a copy. A consume_once message moves;
/// any other stays its producer's, and is released when the next consumer has released it. On every answer but VIL_OK
/// the caller still holds it.
///
/// Threads: the owner of both. Ownership: the message passes to the sender's route; `message` is set to zero.
/// NULL: no pointer may be. Blocks: under `block` and with a full ring, until the route's deadline.
/// Errors: VIL_FULL, VIL_TIMEOUT, VIL_INTERRUPTED, VIL_CANCELLED, VIL_PEER_GONE; VIL_E_STATE (ended before),
/// VIL_E_UNSUPPORTED (a copy, a message that was borrowed already, or a sender of another message), VIL_E_CORRUPT,
/// VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED, VIL_E_ARGUMENT (another world handle). Since: 0.1.
///
/// # Safety
/// `message` is NULL or was filled by vil_receiver_receive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_receiver_forward(
    receiver: *mut vil_receiver_t,
    message: *mut vil_message_t,
    sender: *mut vil_sender_t,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(message, "message is NULL") }?;
        with_receiver(receiver, |receiver| {
            with_sender(sender, |sender| Ok(receiver.forward(place.route, place.ticket, sender)?))?;
            *place = NO_MESSAGE;
            Ok(())
        })
    })
}

/// Messages that are over on the port's routes since the world was created, exact across crashes and restarts but for what
/// vil_route_info_t says: those released, under best_effort also those skipped because nobody consumed them, and with drop_oldest
/// also those dropped for a newer one.
///
/// Threads: the owner. Ownership: `count` is the caller's. NULL: `count` may not be. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `count` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_receiver_received(receiver: *mut vil_receiver_t, count: *mut u64) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(count, "count is NULL") }?;
        *place = with_receiver(receiver, |receiver| Ok(receiver.received()))?;
        Ok(())
    })
}

/// Makes the calling thread the owner. The caller sees to it that the thread before is not inside a call.
///
/// Threads: any but the owner's while it is inside a call. Ownership: none. NULL: VIL_E_HANDLE. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_BUSY (a call is under way). Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_receiver_move_to_thread(receiver: *mut vil_receiver_t) -> vil_status_t {
    hot(|| RECEIVERS.move_here(receiver as usize))
}

#[inline(always)]
pub(crate) fn with_receiver<R>(
    receiver: *mut vil_receiver_t,
    call: impl FnOnce(&mut Receiver) -> Result<R, Failure>,
) -> Result<R, Failure> {
    RECEIVERS.with(receiver as usize, call)
}

/// Fills a message struct.
#[inline(always)]
pub(crate) fn receive_into(receiver: &mut Receiver, timeout_ns: u64, place: &mut vil_message_t) -> Result<(), Failure> {
    *place = NO_MESSAGE;
    *place = message_of(receiver.receive(timeout_ns)?);
    Ok(())
}

#[inline(always)]
fn message_of(received: Received) -> vil_message_t {
    let Received { message, route } = received;
    vil_message_t {
        data: message.data.as_ptr().cast(),
        size: message.size,
        route,
        number: message.number,
        answers: message.answers,
        ticket: message.ticket,
    }
}

/// Releases a message struct's message.
#[inline(always)]
pub(crate) fn release_from(receiver: &mut Receiver, place: &mut vil_message_t) -> Result<(), Failure> {
    let answer = receiver.release(place.route, place.ticket);
    if matches!(answer, Ok(()) | Err(Stop::Unconsumed)) {
        *place = NO_MESSAGE;
    }
    Ok(answer?)
}

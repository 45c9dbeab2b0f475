//! Senders: loan, publish, discard, send.

use std::ffi::{c_char, c_void};
use std::slice;

use vil_core::exchange::Loan;
use vil_core::world::{Sender, Stop};

use crate::error::{Failure, vil_error_t};
use crate::guard::{at_once, cold, hot, out, text};
use crate::handle::{Lent, Owned, full, is_marked};
use crate::message::{WRONG_SIZE, vil_message_t};
use crate::status::{VIL_DROPPED, VIL_OK, vil_status_t};
use crate::world::{cleared, vil_world_t, with_world};

/// The sending end of an out port. One thread at a time.
pub struct vil_sender_t(());

pub(crate) static SENDERS: Owned<Sender, 3> = Owned::new();

/// A handle for a sender, marked where messages travel inside cells.
fn entered(sender: Sender) -> Result<*mut vil_sender_t, Failure> {
    let is_inside = sender.is_inside();
    Ok(SENDERS.insert_marked(sender, is_inside).ok_or(full())? as *mut vil_sender_t)
}

/// The sender, for a call that asks no more than it must.
#[inline(always)]
fn lent(sender: *mut vil_sender_t) -> Option<Lent<Sender>> {
    SENDERS.lend_at_once(sender as usize)
}

/// Do messages of this sender travel inside cells? Anything where it is none.
#[inline(always)]
pub(crate) fn is_inside(sender: *mut vil_sender_t) -> bool {
    is_marked(sender as usize)
}

/// A slot on loan: written in place, then published or discarded. The struct is the caller's and is set to zero when
/// the loan ends; a copy of it is then of no use.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_loan_t {
    /// The message's bytes, aligned to 8. Their content is whatever the slot held before.
    pub data: *mut c_void,
    /// Bytes.
    pub size: u32,
    /// Index of the slot in the world, for people; 1,048,575 when the message travels inside the cell.
    pub slot: u32,
    /// Names the loan.
    pub ticket: u64,
}

const NO_LOAN: vil_loan_t = vil_loan_t { data: std::ptr::null_mut(), size: 0, slot: 0, ticket: 0 };

/// Opens the sending end of a port of this process. A dead predecessor is recovered first.
///
/// Threads: any; the handle then belongs to the calling thread. Ownership: the answer is the caller's, ended by
/// vil_sender_close. NULL: `error` may be. Blocks: never.
/// Errors: VIL_E_NOT_FOUND (the error lists the ports), VIL_E_BUSY (a living process holds the port),
/// VIL_E_UNSUPPORTED, VIL_E_CORRUPT, VIL_E_HANDLE, VIL_E_FORKED, VIL_E_ARGUMENT, VIL_E_LIMIT. Since: 0.1.
///
/// # Safety
/// Pointers are NULL or valid as their types say, texts end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_sender_open(
    world: *mut vil_world_t,
    port: *const c_char,
    sender: *mut *mut vil_sender_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let (place, port) = (cleared(sender)?, text(port, "port is NULL or not UTF-8")?);
            let opened = with_world(world, |world| Ok(Sender::open(world, port)?))?;
            *place = entered(opened)?;
            Ok(())
        })
    }
}

/// vil_sender_open that tries for a while: until a predecessor that still lives is gone. So processes may be started again
/// in any order.
///
/// Threads: any; the handle then belongs to the calling thread. Ownership: the answer is the caller's, ended by
/// vil_sender_close. NULL: `error` may be. Blocks: up to `timeout_ns` nanoseconds.
/// Errors: those of vil_sender_open after the timeout; VIL_CANCELLED, VIL_INTERRUPTED. Since: 0.1.
///
/// # Safety
/// Pointers are NULL or valid as their types say, texts end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_sender_open_within(
    world: *mut vil_world_t,
    port: *const c_char,
    timeout_ns: u64,
    sender: *mut *mut vil_sender_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let (place, port) = (cleared(sender)?, text(port, "port is NULL or not UTF-8")?);
            let opened = with_world(world, |world| Ok(Sender::open_within(world, port, timeout_ns)?))?;
            *place = entered(opened)?;
            Ok(())
        })
    }
}

/// Closes a sender. What it published stays for the consumer; what it holds on loan is discarded.
///
/// Threads: the owner. Ownership: ends the caller's. NULL: VIL_E_HANDLE. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_BUSY (another thread's). Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_sender_close(sender: *mut vil_sender_t) -> vil_status_t {
    hot(|| SENDERS.close(sender as usize))
}

/// Takes a slot to write a message into. Blocks as the route's backpressure says when no slot is free.
///
/// Threads: the owner. Ownership: the slot is the caller's until it is published or discarded. NULL: `loan` may not be.
/// Blocks: under `block`, until the route's deadline.
/// Errors: VIL_TIMEOUT, VIL_INTERRUPTED, VIL_CANCELLED, VIL_PEER_GONE; VIL_E_LIMIT (more than the port's `loans`),
/// VIL_E_NOMEM, VIL_E_CORRUPT, VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `loan` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_sender_loan(sender: *mut vil_sender_t, loan: *mut vil_loan_t) -> vil_status_t {
    // SAFETY: as promised by the caller.
    at_once(|| unsafe { loan_at_once(lent(sender), loan) }, || unsafe { loan_thoroughly(sender, loan) })
}

/// vil_sender_loan where a free slot is at hand.
///
/// # Safety
/// As `vil_sender_loan`.
#[inline(always)]
pub(crate) unsafe fn loan_at_once(lent: Option<Lent<Sender>>, loan: *mut vil_loan_t) -> Option<vil_status_t> {
    // SAFETY: as promised by the caller.
    let (mut lent, place) = (lent?, unsafe { loan.as_mut() }?);
    *place = loan_of(lent.value().loan_at_once()?);
    Some(VIL_OK)
}

/// vil_sender_loan where it takes more than a free slot at hand.
///
/// # Safety
/// As `vil_sender_loan`.
#[cold]
#[inline(never)]
pub(crate) unsafe extern "C" fn loan_thoroughly(sender: *mut vil_sender_t, loan: *mut vil_loan_t) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(loan, "loan is NULL") }?;
        with_sender(sender, |sender| loan_into(sender, place))
    })
}

/// Publishes a loan: from here on the consumer may read it, and the producer may not write it. On every answer but
/// VIL_OK and VIL_DROPPED the caller still holds it.
///
/// Threads: the owner. Ownership: the slot passes to the route; `loan` is set to zero. NULL: `loan` may not be.
/// Blocks: under `block` and with a full ring, until the route's deadline.
/// Errors: VIL_FULL, VIL_DROPPED, VIL_TIMEOUT, VIL_INTERRUPTED, VIL_CANCELLED, VIL_PEER_GONE; VIL_E_STATE (published
/// or discarded before), VIL_E_UNSUPPORTED (the port answers), VIL_E_CORRUPT, VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED,
/// VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `loan` is NULL or was filled by vil_sender_loan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_sender_publish(sender: *mut vil_sender_t, loan: *mut vil_loan_t) -> vil_status_t {
    if is_inside(sender) {
        // SAFETY: as promised by the caller.
        return unsafe { publish_inside(sender, loan) };
    }
    // SAFETY: as promised by the caller.
    at_once(|| unsafe { publish_by::<false>(lent(sender), loan) }, || unsafe { publish_thoroughly(sender, loan) })
}

/// vil_sender_publish where messages travel inside cells: apart, so that the other calls need no registers for it.
///
/// # Safety
/// As `vil_sender_publish`.
#[inline(never)]
pub(crate) unsafe extern "C" fn publish_inside(sender: *mut vil_sender_t, loan: *mut vil_loan_t) -> vil_status_t {
    // SAFETY: as promised by the caller.
    at_once(|| unsafe { publish_by::<true>(lent(sender), loan) }, || unsafe { publish_thoroughly(sender, loan) })
}

/// # Safety
/// As `vil_sender_publish`.
#[inline(always)]
pub(crate) unsafe fn publish_by<const INSIDE: bool>(
    lent: Option<Lent<Sender>>,
    loan: *mut vil_loan_t,
) -> Option<vil_status_t> {
    // SAFETY: as promised by the caller.
    let (mut lent, place) = (lent?, unsafe { loan.as_mut() }?);
    let (has_more, sender) = (lent.value().publish_at_once::<INSIDE>(place.ticket), lent.place());
    drop(lent);
    let has_more = has_more?;
    *place = NO_LOAN;
    Some(if has_more { follow_up(sender.handle()) } else { VIL_OK })
}

/// Wakes the receiver of what a sender published, and takes back what was released.
#[cold]
#[inline(never)]
extern "C" fn follow_up(sender: usize) -> vil_status_t {
    hot(|| {
        SENDERS.with(sender, |sender| {
            sender.follow_up();
            Ok(())
        })
    })
}

/// vil_sender_publish where it takes more than a free cell.
///
/// # Safety
/// As `vil_sender_publish`.
#[cold]
#[inline(never)]
pub(crate) unsafe extern "C" fn publish_thoroughly(sender: *mut vil_sender_t, loan: *mut vil_loan_t) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(loan, "loan is NULL") }?;
        with_sender(sender, |sender| publish_from(sender, place))
    })
}

/// Publishes a loan of a loan_read port and keeps it: the message may be read until vil_sender_release, and not be
/// written. On every answer but VIL_OK and VIL_DROPPED it is still a loan.
///
/// Threads: the owner. Ownership: the slot passes to the route, and stays readable for the caller.
/// NULL: `loan` may not be. Blocks: as vil_sender_publish.
/// Errors: those of vil_sender_publish; VIL_E_UNSUPPORTED (the port's transfer is not loan_read). Since: 0.1.
///
/// # Safety
/// `loan` is NULL or was filled by vil_sender_loan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_sender_keep(sender: *mut vil_sender_t, loan: *mut vil_loan_t) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(loan, "loan is NULL") }?;
        with_sender(sender, |sender| ended_when_dropped(sender.keep(place.ticket), place))
    })
}

/// Ends the reading of a message that was published by vil_sender_keep.
///
/// Threads: the owner. Ownership: the message is libvil's; `loan` is set to zero. NULL: `loan` may not be.
/// Blocks: never. Errors: VIL_E_STATE (not kept, or released before), VIL_E_CORRUPT, VIL_E_HANDLE, VIL_E_BUSY,
/// VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `loan` is NULL or was filled by vil_sender_loan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_sender_release(sender: *mut vil_sender_t, loan: *mut vil_loan_t) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(loan, "loan is NULL") }?;
        with_sender(sender, |sender| {
            sender.release(place.ticket)?;
            *place = NO_LOAN;
            Ok(())
        })
    })
}

/// Publishes a loan of a response port as the answer to a request in hand, which is released on its own. The one who
/// asked finds the request's number in the answer's `answers`.
///
/// Threads: the owner. Ownership: the slot passes to the route; `loan` is set to zero. NULL: no pointer may be.
/// Blocks: as vil_sender_publish.
/// Errors: those of vil_sender_publish; VIL_E_UNSUPPORTED (no route of the port answers the request's). Since: 0.1.
///
/// # Safety
/// `loan` is NULL or was filled by vil_sender_loan, `request` is NULL or was filled by vil_receiver_receive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_sender_answer(
    sender: *mut vil_sender_t,
    loan: *mut vil_loan_t,
    request: *const vil_message_t,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(loan, "loan is NULL") }?;
        // SAFETY: as promised by the caller.
        let request = unsafe { request.as_ref() }.ok_or(Failure::Argument("request is NULL"))?;
        with_sender(sender, |sender| {
            ended_unless_held(sender.answer(place.ticket, request.route, request.number), place)
        })
    })
}

/// Gives a loan back unpublished.
///
/// Threads: the owner. Ownership: the slot is libvil's again; `loan` is set to zero. NULL: `loan` may not be.
/// Blocks: never. Errors: VIL_E_STATE, VIL_E_CORRUPT, VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `loan` is NULL or was filled by vil_sender_loan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_sender_discard(sender: *mut vil_sender_t, loan: *mut vil_loan_t) -> vil_status_t {
    // SAFETY: as promised by the caller.
    at_once(|| unsafe { discard_at_once(lent(sender), loan) }, || unsafe { discard_thoroughly(sender, loan) })
}

/// vil_sender_discard of a loan that is held.
///
/// # Safety
/// As `vil_sender_discard`.
#[inline(always)]
pub(crate) unsafe fn discard_at_once(lent: Option<Lent<Sender>>, loan: *mut vil_loan_t) -> Option<vil_status_t> {
    // SAFETY: as promised by the caller.
    let (mut lent, place) = (lent?, unsafe { loan.as_mut() }?);
    let ended = lent.value().discard_at_once(place.ticket);
    drop(lent);
    ended?;
    *place = NO_LOAN;
    Some(VIL_OK)
}

/// vil_sender_discard where the loan is none.
///
/// # Safety
/// As `vil_sender_discard`.
#[cold]
#[inline(never)]
pub(crate) unsafe extern "C" fn discard_thoroughly(sender: *mut vil_sender_t, loan: *mut vil_loan_t) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(loan, "loan is NULL") }?;
        with_sender(sender, |sender| discard_from(sender, place))
    })
}

/// Loan, copy and publish in one. A message that could not be published is discarded.
///
/// Threads: the owner. Ownership: `data` stays the caller's and is not kept. NULL: `data` may not be.
/// Blocks: as vil_sender_loan and vil_sender_publish.
/// Errors: those of vil_sender_loan and vil_sender_publish; VIL_E_ARGUMENT when `size` is not the message's. Since: 0.1.
///
/// # Safety
/// `data` is NULL or has `size` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_sender_send(sender: *mut vil_sender_t, data: *const c_void, size: usize) -> vil_status_t {
    // Each way in a function of its own, because a copy into a slot is a call, for which registers are kept.
    // SAFETY: as promised by the caller.
    unsafe { if is_inside(sender) { send_inside(sender, data, size) } else { send_in_slot(sender, data, size) } }
}

/// vil_sender_send where messages travel in slots.
///
/// # Safety
/// As `vil_sender_send`.
#[inline(never)]
unsafe extern "C" fn send_in_slot(sender: *mut vil_sender_t, data: *const c_void, size: usize) -> vil_status_t {
    // SAFETY: as promised by the caller.
    at_once(
        || unsafe { send_in_slot_at_once(lent(sender), data, size) },
        || unsafe { send_thoroughly(sender, data, size) },
    )
}

/// vil_sender_send where messages travel inside cells.
///
/// # Safety
/// As `vil_sender_send`.
#[inline(never)]
pub(crate) unsafe extern "C" fn send_inside(
    sender: *mut vil_sender_t,
    data: *const c_void,
    size: usize,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    at_once(
        || unsafe { send_inside_at_once(lent(sender), data, size) },
        || unsafe { send_thoroughly(sender, data, size) },
    )
}

/// vil_sender_send where messages travel inside cells, and there is a free one.
///
/// # Safety
/// As `vil_sender_send`.
#[inline(always)]
pub(crate) unsafe fn send_inside_at_once(
    lent: Option<Lent<Sender>>,
    data: *const c_void,
    size: usize,
) -> Option<vil_status_t> {
    // SAFETY: as promised by the caller.
    unsafe { send_by(lent, data, size, Sender::send_inside_at_once) }
}

/// vil_sender_send where messages travel in slots, and a slot and a cell are free.
///
/// # Safety
/// As `vil_sender_send`.
#[inline(always)]
pub(crate) unsafe fn send_in_slot_at_once(
    lent: Option<Lent<Sender>>,
    data: *const c_void,
    size: usize,
) -> Option<vil_status_t> {
    // SAFETY: as promised by the caller.
    unsafe { send_by(lent, data, size, Sender::send_at_once) }
}

/// # Safety
/// As `vil_sender_send`.
#[inline(always)]
unsafe fn send_by(
    lent: Option<Lent<Sender>>,
    data: *const c_void,
    size: usize,
    call: impl FnOnce(&mut Sender, &[u8]) -> Option<bool>,
) -> Option<vil_status_t> {
    let mut lent = lent?;
    if data.is_null() || size != lent.value().message_size() as usize {
        return None;
    }
    // SAFETY: as promised by the caller, and a slice may be as long as a message.
    let has_more = call(lent.value(), unsafe { slice::from_raw_parts(data.cast(), size) });
    let sender = lent.place();
    drop(lent);
    Some(if has_more? { follow_up(sender.handle()) } else { VIL_OK })
}

/// vil_sender_send where it takes more than a free slot and a free cell.
///
/// # Safety
/// As `vil_sender_send`.
#[cold]
#[inline(never)]
pub(crate) unsafe extern "C" fn send_thoroughly(
    sender: *mut vil_sender_t,
    data: *const c_void,
    size: usize,
) -> vil_status_t {
    hot(|| {
        if data.is_null() {
            return Err(Failure::Argument("data is NULL"));
        }
        with_sender(sender, |sender| {
            if size != sender.message_size() as usize {
                return Err(Failure::Argument(WRONG_SIZE));
            }
            // SAFETY: as promised by the caller.
            Ok(sender.send(unsafe { slice::from_raw_parts(data.cast(), size) })?)
        })
    })
}

/// Messages published on the port's route since the world was created, exact across crashes and restarts but for what
/// vil_route_info_t says.
///
/// Threads: the owner. Ownership: `count` is the caller's. NULL: `count` may not be. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `count` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_sender_published(sender: *mut vil_sender_t, count: *mut u64) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(count, "count is NULL") }?;
        *place = with_sender(sender, |sender| Ok(sender.published()))?;
        Ok(())
    })
}

/// Makes the calling thread the owner. The caller sees to it that the thread before is not inside a call.
///
/// Threads: any but the owner's while it is inside a call. Ownership: none. NULL: VIL_E_HANDLE. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_BUSY (a call is under way). Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_sender_move_to_thread(sender: *mut vil_sender_t) -> vil_status_t {
    hot(|| SENDERS.move_here(sender as usize))
}

#[inline(always)]
pub(crate) fn with_sender<R>(
    sender: *mut vil_sender_t,
    call: impl FnOnce(&mut Sender) -> Result<R, Failure>,
) -> Result<R, Failure> {
    SENDERS.with(sender as usize, call)
}

/// Fills a loan struct.
#[inline(always)]
pub(crate) fn loan_into(sender: &mut Sender, place: &mut vil_loan_t) -> Result<(), Failure> {
    *place = NO_LOAN;
    let loan = sender.loan()?;
    *place = loan_of(loan);
    Ok(())
}

#[inline(always)]
fn loan_of(loan: Loan) -> vil_loan_t {
    vil_loan_t { data: loan.data.as_ptr().cast(), size: loan.size, slot: loan.slot, ticket: loan.ticket }
}

/// Publishes a loan struct's loan.
#[inline(always)]
pub(crate) fn publish_from(sender: &mut Sender, place: &mut vil_loan_t) -> Result<(), Failure> {
    ended_unless_held(sender.publish(place.ticket), place)
}

/// Clears the struct of a loan that has ended.
#[inline(always)]
fn ended_unless_held(answer: Result<(), Stop>, place: &mut vil_loan_t) -> Result<(), Failure> {
    if matches!(answer, Ok(()) | Err(Stop::Dropped)) {
        *place = NO_LOAN;
    }
    Ok(answer?)
}

/// The same for one that is kept when it was published.
fn ended_when_dropped(answer: Result<(), Stop>, place: &mut vil_loan_t) -> Result<(), Failure> {
    if answer == Err(Stop::Dropped) {
        *place = NO_LOAN;
    }
    Ok(answer?)
}

/// Discards a loan struct's loan.
#[inline(always)]
pub(crate) fn discard_from(sender: &mut Sender, place: &mut vil_loan_t) -> Result<(), Failure> {
    sender.discard(place.ticket)?;
    *place = NO_LOAN;
    Ok(())
}

const _: () = assert!(VIL_OK == 0 && VIL_DROPPED > 0);

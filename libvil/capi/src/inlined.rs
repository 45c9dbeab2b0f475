//! The calls of a message as Rust programs have them: compiled into their callers, because an exported function never is. The
//! exported ones do the same by the same code.
//!
//! They name an end by where it is (`SenderAt`, `ReceiverAt`), not by its handle alone, which C may mistake and so is looked up in
//! each call: the Rust wrapper owns its ends, and closes them last.
//!
//! Inlined, a loan or a message stays in registers: copied through memory, whole, right after its parts were stored, it costs
//! a stalled load at each hand. So the full calls, which are not inlined, are shown a copy; and only they have a guard against
//! panics, which would keep the rest from being inlined. The quick ones have nothing that panics, and no C caller here. Where
//! nothing is optimized they are functions of their own, which debuggers and tests find.

use std::ffi::c_void;

use vil_core::world::{Receiver, Sender};

use crate::handle::Place;
use crate::message::vil_message_t;
use crate::receiver::{RECEIVERS, copies, read_at_once, read_thoroughly, receive_by, receive_more};
use crate::receiver::{release_at_once, release_thoroughly, vil_receiver_t};
use crate::sender::{SENDERS, discard_at_once, discard_thoroughly, is_inside, loan_at_once, loan_thoroughly};
use crate::sender::{publish_by, publish_inside, publish_thoroughly, send_in_slot_at_once, send_inside_at_once};
use crate::sender::{send_thoroughly, vil_loan_t, vil_sender_t};
use crate::status::vil_status_t;

/// A sender that is open, where it is.
#[derive(Clone, Copy)]
pub struct SenderAt {
    handle: *mut vil_sender_t,
    place: Place<Sender>,
}

/// A receiver that is open, where it is.
#[derive(Clone, Copy)]
pub struct ReceiverAt {
    handle: *mut vil_receiver_t,
    place: Place<Receiver>,
}

impl SenderAt {
    /// Of a handle that names one. From when that is closed on, it must not be used any more.
    pub fn new(handle: *mut vil_sender_t) -> Option<SenderAt> {
        SENDERS.place(handle as usize).map(|place| SenderAt { handle, place })
    }

    /// The handle.
    #[inline(always)]
    pub fn handle(self) -> *mut vil_sender_t {
        self.handle
    }
}

impl ReceiverAt {
    /// Of a handle that names one. From when that is closed on, it must not be used any more.
    pub fn new(handle: *mut vil_receiver_t) -> Option<ReceiverAt> {
        RECEIVERS.place(handle as usize).map(|place| ReceiverAt { handle, place })
    }

    /// The handle.
    #[inline(always)]
    pub fn handle(self) -> *mut vil_receiver_t {
        self.handle
    }
}

/// As [`crate::vil_sender_loan`].
///
/// # Safety
/// As there, of an end that is open, and `*loan` is initialised: it may be copied before it is filled.
#[cfg_attr(not(debug_assertions), inline(always))]
pub unsafe fn vil_sender_loan(sender: SenderAt, loan: *mut vil_loan_t) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        match loan_at_once(sender.place.lend_at_once(), loan) {
            Some(status) => status,
            None => apart(loan, |loan| loan_thoroughly(sender.handle, loan)),
        }
    }
}

/// As [`crate::vil_sender_publish`].
///
/// # Safety
/// As there, of an end that is open.
#[cfg_attr(not(debug_assertions), inline(always))]
pub unsafe fn vil_sender_publish(sender: SenderAt, loan: *mut vil_loan_t) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        if is_inside(sender.handle) {
            return apart(loan, |loan| publish_inside(sender.handle, loan));
        }
        match publish_by::<false>(sender.place.lend_at_once(), loan) {
            Some(status) => status,
            None => apart(loan, |loan| publish_thoroughly(sender.handle, loan)),
        }
    }
}

/// As [`crate::vil_sender_discard`].
///
/// # Safety
/// As there, of an end that is open.
#[cfg_attr(not(debug_assertions), inline(always))]
pub unsafe fn vil_sender_discard(sender: SenderAt, loan: *mut vil_loan_t) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        match discard_at_once(sender.place.lend_at_once(), loan) {
            Some(status) => status,
            None => apart(loan, |loan| discard_thoroughly(sender.handle, loan)),
        }
    }
}

/// As [`crate::vil_sender_send`].
///
/// # Safety
/// As there, of an end that is open.
#[cfg_attr(not(debug_assertions), inline(always))]
pub unsafe fn vil_sender_send(sender: SenderAt, data: *const c_void, size: usize) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        let at_once = match is_inside(sender.handle) {
            true => send_inside_at_once(sender.place.lend_at_once(), data, size),
            false => send_in_slot_at_once(sender.place.lend_at_once(), data, size),
        };
        match at_once {
            Some(status) => status,
            None => send_thoroughly(sender.handle, data, size),
        }
    }
}

/// As [`crate::vil_receiver_read`].
///
/// # Safety
/// As there, of an end that is open.
#[cfg_attr(not(debug_assertions), inline(always))]
pub unsafe fn vil_receiver_read(receiver: ReceiverAt, timeout_ns: u64, data: *mut c_void, size: usize) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        match read_at_once(receiver.place.lend_at_once(), timeout_ns, data, size) {
            Some(status) => status,
            None => read_thoroughly(receiver.handle, timeout_ns, data, size),
        }
    }
}

/// As [`crate::vil_receiver_receive`].
///
/// # Safety
/// As there, of an end that is open, and `*message` is initialised: it may be copied before it is filled.
#[cfg_attr(not(debug_assertions), inline(always))]
pub unsafe fn vil_receiver_receive(receiver: ReceiverAt, timeout_ns: u64, message: *mut vil_message_t) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        if copies(receiver.handle) {
            return apart(message, |message| receive_more(receiver.handle, timeout_ns, message));
        }
        match receive_by::<false>(receiver.place.lend_at_once(), timeout_ns, message) {
            Some(status) => status,
            None => apart(message, |message| receive_more(receiver.handle, timeout_ns, message)),
        }
    }
}

/// As [`crate::vil_receiver_release`].
///
/// # Safety
/// As there, of an end that is open.
#[cfg_attr(not(debug_assertions), inline(always))]
pub unsafe fn vil_receiver_release(receiver: ReceiverAt, message: *mut vil_message_t) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        match release_at_once(receiver.place.lend_at_once(), message) {
            Some(status) => status,
            None => apart(message, |message| release_thoroughly(receiver.handle, message)),
        }
    }
}

/// Shows a full call a copy of the caller's struct, and the caller what became of it.
///
/// # Safety
/// `place` is NULL or the caller's, and what it leads to is initialised.
#[inline(always)]
unsafe fn apart<T: Copy>(place: *mut T, call: impl FnOnce(*mut T) -> vil_status_t) -> vil_status_t {
    // SAFETY: as promised by the caller.
    let Some(place) = (unsafe { place.as_mut() }) else { return call(std::ptr::null_mut()) };
    let mut copy = *place;
    let status = call(&mut copy);
    *place = copy;
    status
}

//! The calls of a message as Rust programs have them: compiled into their callers, because an exported function never is. The
//! exported ones do the same by the same code.
//!
//! Inlined, a loan or a message stays in registers: copied through memory, whole, right after its parts were stored, it costs
//! a stalled load at each hand. So the full calls, which are not inlined, are shown a copy; and only they have a guard against
//! panics, which would keep the rest from being inlined. The quick ones have nothing that panics, and no C caller here. Where
//! nothing is optimized they are functions of their own, which debuggers and tests find.

use std::ffi::c_void;

use crate::receiver::{
    copies, read_at_once, read_thoroughly, receive_by, receive_more, release_at_once, release_thoroughly,
};
use crate::receiver::{vil_message_t, vil_receiver_t};
use crate::sender::{discard_at_once, discard_thoroughly, loan_at_once, loan_thoroughly};
use crate::sender::{is_inside, publish_by, publish_inside, publish_thoroughly, send_in_slot};
use crate::sender::{send_inside_at_once, send_thoroughly, vil_loan_t, vil_sender_t};
use crate::status::vil_status_t;

/// As [`crate::vil_sender_loan`].
///
/// # Safety
/// As there, and `*loan` is initialised: it may be copied before it is filled.
#[cfg_attr(not(debug_assertions), inline(always))]
pub unsafe fn vil_sender_loan(sender: *mut vil_sender_t, loan: *mut vil_loan_t) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        match loan_at_once(sender, loan) {
            Some(status) => status,
            None => apart(loan, |loan| loan_thoroughly(sender, loan)),
        }
    }
}

/// As [`crate::vil_sender_publish`].
///
/// # Safety
/// As there.
#[cfg_attr(not(debug_assertions), inline(always))]
pub unsafe fn vil_sender_publish(sender: *mut vil_sender_t, loan: *mut vil_loan_t) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        if is_inside(sender) {
            return apart(loan, |loan| publish_inside(sender, loan));
        }
        match publish_by::<false>(sender, loan) {
            Some(status) => status,
            None => apart(loan, |loan| publish_thoroughly(sender, loan)),
        }
    }
}

/// As [`crate::vil_sender_discard`].
///
/// # Safety
/// As there.
#[cfg_attr(not(debug_assertions), inline(always))]
pub unsafe fn vil_sender_discard(sender: *mut vil_sender_t, loan: *mut vil_loan_t) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        match discard_at_once(sender, loan) {
            Some(status) => status,
            None => apart(loan, |loan| discard_thoroughly(sender, loan)),
        }
    }
}

/// As [`crate::vil_sender_send`].
///
/// # Safety
/// As there.
#[cfg_attr(not(debug_assertions), inline(always))]
pub unsafe fn vil_sender_send(sender: *mut vil_sender_t, data: *const c_void, size: usize) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        let at_once = match is_inside(sender) {
            true => send_inside_at_once(sender, data, size),
            false => send_in_slot(sender, data, size),
        };
        match at_once {
            Some(status) => status,
            None => send_thoroughly(sender, data, size),
        }
    }
}

/// As [`crate::vil_receiver_read`].
///
/// # Safety
/// As there.
#[cfg_attr(not(debug_assertions), inline(always))]
pub unsafe fn vil_receiver_read(
    receiver: *mut vil_receiver_t,
    timeout_ns: u64,
    data: *mut c_void,
    size: usize,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        match read_at_once(receiver, timeout_ns, data, size) {
            Some(status) => status,
            None => read_thoroughly(receiver, timeout_ns, data, size),
        }
    }
}

/// As [`crate::vil_receiver_receive`].
///
/// # Safety
/// As there, and `*message` is initialised: it may be copied before it is filled.
#[cfg_attr(not(debug_assertions), inline(always))]
pub unsafe fn vil_receiver_receive(
    receiver: *mut vil_receiver_t,
    timeout_ns: u64,
    message: *mut vil_message_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        if copies(receiver) {
            return apart(message, |message| receive_more(receiver, timeout_ns, message));
        }
        match receive_by::<false>(receiver, timeout_ns, message) {
            Some(status) => status,
            None => apart(message, |message| receive_more(receiver, timeout_ns, message)),
        }
    }
}

/// As [`crate::vil_receiver_release`].
///
/// # Safety
/// As there.
#[cfg_attr(not(debug_assertions), inline(always))]
pub unsafe fn vil_receiver_release(receiver: *mut vil_receiver_t, message: *mut vil_message_t) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        match release_at_once(receiver, message) {
            Some(status) => status,
            None => apart(message, |message| release_thoroughly(receiver, message)),
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

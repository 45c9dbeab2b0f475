//! The caller's error struct: a status and a sentence.

use std::ffi::c_char;

use vil_core::base::error::{Error, Fault};
use vil_core::world::{Denied, Stop};

use crate::status::{VIL_E_ARGUMENT, VIL_E_HANDLE, VIL_E_MESSAGE, VIL_E_PANIC, of_fault, of_stop, vil_status_t};

/// Bytes of the sentence in a `vil_error_t`, its NUL included.
pub const VIL_ERROR_MESSAGE_SIZE: usize = 1020;

/// Filled by cold calls that answer an error; NULL is allowed wherever one is taken. Owned by the caller, never
/// allocated, never kept: a call that succeeds leaves it alone.
#[repr(C)]
pub struct vil_error_t {
    /// The status that the call answers.
    pub status: vil_status_t,
    /// What happened to which object, what was expected, what was found, what to do. UTF-8, ends with NUL, cut at
    /// 1,019 bytes.
    pub message: [c_char; VIL_ERROR_MESSAGE_SIZE],
}

/// Why a call failed, before it is given its number.
pub(crate) enum Failure {
    /// NULL or an argument out of range; names it.
    Argument(&'static str),
    /// Not a handle of this kind.
    Handle,
    /// Another thread's handle.
    Thread,
    /// A handle of the parent after fork.
    Forked,
    /// From a cold call.
    Cold(Error),
    /// From a hot call.
    Hot(Stop),
    /// From a heap, which makes a sentence of it only when somebody wants one.
    Denied(Denied),
    /// Bytes that are no message; the caller's struct says why.
    Message,
    /// A bug, contained.
    Panic,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Cold(error)
    }
}

impl From<Denied> for Failure {
    #[inline]
    fn from(denied: Denied) -> Failure {
        Failure::Denied(denied)
    }
}

impl From<Stop> for Failure {
    #[inline]
    fn from(stop: Stop) -> Failure {
        Failure::Hot(stop)
    }
}

impl Failure {
    /// Its number.
    pub(crate) fn status(&self) -> vil_status_t {
        match self {
            Failure::Argument(_) => VIL_E_ARGUMENT,
            Failure::Handle => VIL_E_HANDLE,
            Failure::Thread => of_fault(Fault::Busy),
            Failure::Forked => of_fault(Fault::Forked),
            Failure::Cold(error) => of_fault(error.fault),
            Failure::Hot(stop) => of_stop(*stop),
            Failure::Denied(denied) => of_fault(denied.fault()),
            Failure::Message => VIL_E_MESSAGE,
            Failure::Panic => VIL_E_PANIC,
        }
    }

    /// Its sentence.
    pub(crate) fn message(&self) -> String {
        match self {
            Failure::Argument(what) => (*what).to_owned(),
            Failure::Handle => "the handle is NULL, closed, or of another kind".to_owned(),
            Failure::Thread => {
                "the handle belongs to another thread; call its _move_to_thread from this one first".to_owned()
            }
            Failure::Forked => "the handle was opened before fork; open the world again in the child".to_owned(),
            Failure::Cold(error) => error.message.clone(),
            Failure::Hot(stop) => format!("{stop:?}"),
            Failure::Denied(denied) => denied.to_string(),
            Failure::Message => "the bytes are no message of this kind".to_owned(),
            Failure::Panic => "a bug in libvil was contained; the handle may be unusable".to_owned(),
        }
    }
}

impl vil_error_t {
    /// Fills the caller's struct, if there is one.
    ///
    /// # Safety
    /// `error` is NULL or points to a `vil_error_t` of the caller's.
    pub(crate) unsafe fn fill(error: *mut vil_error_t, failure: &Failure) {
        // SAFETY: as promised by the caller.
        let Some(error) = (unsafe { error.as_mut() }) else { return };
        let message = failure.message();
        let mut size = message.len().min(VIL_ERROR_MESSAGE_SIZE - 1);
        while !message.is_char_boundary(size) {
            size -= 1;
        }
        error.status = failure.status();
        for (to, from) in error.message.iter_mut().zip(message.as_bytes()[..size].iter().chain([&0])) {
            *to = *from as c_char;
        }
    }
}

//! Waiting for several receivers at once.

use std::ptr;
use std::time::Duration;

use crate::receiver::nanoseconds;
use crate::{Carried, Receiver, Result, Status, mode};

/// Receivers in one wait, as C bounds them.
const MAX_WAIT: usize = 64;

/// A [`Receiver`] of any message.
pub trait AnyReceiver: sealed::Handle {}

impl<T: Carried, M: mode::Receives> AnyReceiver for Receiver<T, M> {}

mod sealed {
    /// What only this crate's receivers are.
    pub trait Handle {
        /// The end itself.
        fn handle(&self) -> *mut vil_sys::vil_receiver_t;
        /// Makes the calling thread the one that C lets use this end.
        fn claim_here(&self) -> bool;
    }
}

impl<T: Carried, M: mode::Receives> sealed::Handle for Receiver<T, M> {
    fn handle(&self) -> *mut vil_sys::vil_receiver_t {
        self.as_raw()
    }

    fn claim_here(&self) -> bool {
        self.claim()
    }
}

/// Waits until one of these receivers has a message, and answers which; of several the first. Takes no message.
///
/// They belong to one [`crate::World`].
///
/// # Errors
/// [`Status::TIMEOUT`], [`Status::INTERRUPTED`], [`Status::CANCELLED`], [`Status::PEER_GONE`];
/// [`Status::E_ARGUMENT`] for no receiver, more than 64, one twice, or those of several worlds.
pub fn wait_any(receivers: &[&dyn AnyReceiver], timeout: Duration) -> Result<usize, Status> {
    let mut raw = [ptr::null_mut(); MAX_WAIT];
    let Some(raw) = raw.get_mut(..receivers.len()) else { return Err(Status::E_ARGUMENT) };
    raw.iter_mut().zip(receivers).for_each(|(raw, receiver)| *raw = receiver.handle());
    let mut index = 0;
    let mut wait = || {
        // SAFETY: the array has as many handles of open ends as said, the out-pointer is ours.
        let status =
            unsafe { vil_sys::vil_receiver_wait_any(raw.as_ptr(), raw.len(), nanoseconds(timeout), &mut index) };
        Status::check(status)
    };
    match wait() {
        Err(Status::E_BUSY) if receivers.iter().all(|receiver| receiver.claim_here()) => wait(),
        answer => answer,
    }?;
    Ok(index)
}

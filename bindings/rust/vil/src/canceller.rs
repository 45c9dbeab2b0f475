//! Wakes the waits of a world's ends from elsewhere.

use std::ptr::NonNull;

use crate::{Result, Status};

/// Wakes every wait on the ends that were opened from one [`crate::World`]. From any thread, and from signal handlers.
///
/// It does not keep the world open: once that is dropped, it answers [`Status::E_HANDLE`].
#[derive(Debug, Clone, Copy)]
pub struct Canceller {
    raw: NonNull<vil_sys::vil_world_t>,
}

// SAFETY: vil_world_cancel is the one call that any thread may make at any time; it checks whether the handle is still
// open, so that a canceller may outlive its world.
unsafe impl Send for Canceller {}
// SAFETY: as above.
unsafe impl Sync for Canceller {}

impl Canceller {
    pub(crate) fn new(raw: NonNull<vil_sys::vil_world_t>) -> Self {
        Self { raw }
    }

    /// Every wait in progress, or else the next one, answers [`Status::CANCELLED`]; once for each end.
    pub fn cancel(&self) -> Result<(), Status> {
        Status::check(vil_sys::vil_world_cancel(self.raw.as_ptr()))
    }
}

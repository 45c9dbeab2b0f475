//! Looking at what arrives before anybody reads it: whether it is a message of its kind, as the route's `verify` asks.

use std::cell::Cell;
use std::ptr;

use crate::{Carried, Status};

/// Which messages of a port are verified when they are received. Reading is safe without: a view answers what leads outside
/// like what is empty. Verifying says that nothing does, that texts are UTF-8, and that enums and unions have their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    /// None.
    #[default]
    Never,
    /// The first one of each route, until one is sound.
    First,
    /// Each one.
    Always,
}

/// What a receiver verifies, and which routes it has found sound.
#[derive(Debug)]
pub(crate) struct Verifier {
    which: Verify,
    /// What `vil_msg_verify_first` remembers.
    sound: Cell<u64>,
}

impl Verifier {
    pub(crate) fn new(which: Verify) -> Self {
        Self { which, sound: Cell::new(0) }
    }

    /// Whether this message may be read: `Err` with [`Status::E_MESSAGE`] when it was looked at and is none.
    ///
    /// # Safety
    /// `data` has `size` readable bytes.
    pub(crate) unsafe fn look<T: Carried>(&self, data: *const u8, size: usize, route: u32) -> Result<(), Status> {
        if T::DESCRIPTOR.is_empty() && self.which != Verify::Never {
            return Err(Status::E_ARGUMENT);
        }
        let (descriptor, data) = (T::DESCRIPTOR.as_ptr(), data.cast());
        // SAFETY: the descriptor is generated, and knows how long it is; `data` is as the caller says, nothing is told beyond the
        // status, and `sound` is this thread's alone.
        Status::check(unsafe {
            match self.which {
                Verify::Never => return Ok(()),
                Verify::First => vil_sys::vil_msg_verify_first(descriptor, data, size, route, self.sound.as_ptr()),
                Verify::Always => vil_sys::vil_msg_verify(descriptor, data, size, ptr::null_mut()),
            }
        })
    }
}

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
    /// A bit for each of the first 64 routes; messages of others are always first ones.
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
        let bit = 1u64.checked_shl(route).unwrap_or(0);
        let is_due = match self.which {
            Verify::Never => false,
            Verify::First => self.sound.get() & bit == 0,
            Verify::Always => true,
        };
        if !is_due {
            return Ok(());
        }
        if T::DESCRIPTOR.is_empty() {
            return Err(Status::E_ARGUMENT);
        }
        // SAFETY: the descriptor is generated, and knows how long it is; `data` is as the caller says, and nothing is told beyond the status.
        Status::check(unsafe { vil_sys::vil_msg_verify(T::DESCRIPTOR.as_ptr(), data.cast(), size, ptr::null_mut()) })?;
        self.sound.set(self.sound.get() | bit);
        Ok(())
    }
}

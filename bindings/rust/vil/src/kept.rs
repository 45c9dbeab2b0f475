//! A published message that its producer goes on reading.

use std::fmt;
use std::ops::Deref;

use crate::{Carried, Message, Sender, mode};

/// A message that was published by [`crate::Loan::keep`]: consumers read it, and so may its producer, until it is
/// dropped. It counts as one of the port's loans. It belongs to the thread that published it.
pub struct Kept<'a, T: Carried> {
    sender: &'a Sender<T, mode::Keep>,
    raw: vil_sys::vil_loan_t,
}

impl<'a, T: Carried> Kept<'a, T> {
    /// # Safety
    /// `raw` is kept by `sender`, and its slot has room and alignment for a `T`.
    #[inline(always)]
    pub(crate) unsafe fn new(sender: &'a Sender<T, mode::Keep>, raw: vil_sys::vil_loan_t) -> Self {
        Self { sender, raw }
    }

    /// Where its bytes begin.
    pub(crate) fn data(&self) -> *const u8 {
        self.raw.data.cast()
    }

    /// How many bytes it has.
    pub(crate) fn size(&self) -> usize {
        self.raw.size as usize
    }

    /// Ends the reading. The same as dropping it.
    #[inline]
    pub fn release(self) {}
}

impl<T: Message> Deref for Kept<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the slot is kept until release, which takes this; it has room and alignment for a T (`new`), its bytes
        // are initialised memory, of which every pattern is a T (Message), and readers of a loan_read route do not write.
        unsafe { &*self.raw.data.cast::<T>() }
    }
}

impl<T: Carried> Drop for Kept<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the sender is borrowed, so open; the message is kept by it, and this is its last use.
        let _ = unsafe { vil_sys::vil_sender_release(self.sender.as_raw(), &mut self.raw) };
    }
}

impl<T: Message + fmt::Debug> fmt::Debug for Kept<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kept").field(&**self).finish()
    }
}

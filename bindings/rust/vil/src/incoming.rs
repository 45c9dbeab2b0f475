//! A received message, read in place.

use std::fmt;
use std::ops::Deref;

use crate::{Message, Receiver};

/// A message received by a [`Receiver`]: a `T` in shared memory, to be read where it lies. Dropped, it is released, in
/// any order. It belongs to the thread that received it.
pub struct Incoming<'a, T: Message> {
    receiver: &'a Receiver<T>,
    raw: vil_sys::vil_message_t,
}

impl<'a, T: Message> Incoming<'a, T> {
    /// # Safety
    /// `raw` was received by `receiver` and is held, and it has room and alignment for a `T`.
    #[inline(always)]
    pub(crate) unsafe fn new(receiver: &'a Receiver<T>, raw: vil_sys::vil_message_t) -> Self {
        Self { receiver, raw }
    }

    /// Its number on its route, from 0, across restarts of either end.
    #[inline(always)]
    pub fn number(&self) -> u64 {
        self.raw.number
    }

    /// Index of the route it came by, as in [`crate::World::routes`].
    #[inline(always)]
    pub fn route(&self) -> u32 {
        self.raw.route
    }

    /// Gives the message back: its slot can be written again. The same as dropping it.
    #[inline]
    pub fn release(self) {}
}

impl<T: Message> Deref for Incoming<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the message is held until release, which takes it; it has room and alignment for a T (`new`), and its
        // bytes are initialised memory, of which every pattern is a T (Message). A well-behaved producer does not write
        // to it before its release; one that does changes the values seen, and no reference or bound depends on them.
        unsafe { &*self.raw.data.cast::<T>() }
    }
}

impl<T: Message> Drop for Incoming<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the receiver is borrowed, so open; the message is its own and held, and this is its last use.
        let _ = unsafe { vil_sys::vil_receiver_release(self.receiver.as_raw(), &mut self.raw) };
    }
}

impl<T: Message + fmt::Debug> fmt::Debug for Incoming<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Incoming").field(&**self).finish()
    }
}

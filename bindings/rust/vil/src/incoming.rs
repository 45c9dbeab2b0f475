//! A received message: read in place, changed or taken where the contract says so.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

use crate::{Carried, Error, Message, Receiver, Sender, Status, mode};

/// A message received by a [`Receiver`]: a `T` in shared memory, to be read where it lies, a relative one by
/// [`Incoming::view`]. Dropped, it is released, in
/// any order. It belongs to the thread that received it.
///
/// Where the route is consume_once (`M` is [`mode::Take`]) it is the receiver's own, to be consumed or passed on; one
/// that is dropped is lost, and libvil records that as a fault.
#[must_use = "a message that is dropped is given back; one that was taken is lost"]
pub struct Incoming<'a, T: Carried, M: mode::Receives = mode::Read> {
    receiver: &'a Receiver<T, M>,
    raw: vil_sys::vil_message_t,
}

/// A message that was not passed on. It comes back where it is still held.
pub struct Unforwarded<'a, T: Carried, M: mode::Receives = mode::Read> {
    /// Why not: [`Status::TIMEOUT`], [`Status::FULL`], [`Status::PEER_GONE`] and the like; [`Status::E_UNSUPPORTED`]
    /// for copies, and for what was borrowed once already.
    pub status: Status,
    /// The message, to be passed on again, or ended.
    pub message: Option<Incoming<'a, T, M>>,
}

impl<'a, T: Carried, M: mode::Receives> Incoming<'a, T, M> {
    /// # Safety
    /// `raw` was received by `receiver` and is held, and it has room and alignment for a `T`.
    #[inline(always)]
    pub(crate) unsafe fn new(receiver: &'a Receiver<T, M>, raw: vil_sys::vil_message_t) -> Self {
        Self { receiver, raw }
    }

    /// Its number on its route, from 0, across restarts of either end. Where a queue is mpmc or drops the oldest, numbers
    /// may be left out.
    #[inline(always)]
    pub fn number(&self) -> u64 {
        self.raw.number
    }

    /// Index of the route it came by, as in [`crate::World::routes`].
    #[inline(always)]
    pub fn route(&self) -> u32 {
        self.raw.route
    }

    /// At a request port: the number of the question that it answers. Elsewhere 0.
    #[inline(always)]
    pub fn answers(&self) -> u64 {
        self.raw.answers
    }

    /// Passes the message on as it lies, by a sender of the same world. What was taken goes on for good; what is on loan
    /// stays its producer's, who gets it back when the next receiver has released it. Blocks as the route's
    /// backpressure says.
    #[inline]
    pub fn forward<N: mode::Publishes>(self, to: &Sender<T, N>) -> Result<(), Unforwarded<'a, T, M>> {
        let mut this = ManuallyDrop::new(self);
        let (receiver, sender) = (this.receiver.as_raw(), to.as_raw());
        // SAFETY: both ends are borrowed, so open; the message is the receiver's and held.
        let pass = |raw| unsafe { vil_sys::vil_receiver_forward(receiver, raw, sender) };
        let mut status = pass(&mut this.raw);
        if status == vil_sys::VIL_E_BUSY && to.claim() {
            status = pass(&mut this.raw);
        }
        if status == vil_sys::VIL_OK {
            return Ok(());
        }
        // C sets the message to zero when it has ended.
        let message = if this.raw.data.is_null() { None } else { Some(ManuallyDrop::into_inner(this)) };
        Err(Unforwarded { status: Status::from_raw(status), message })
    }

    /// Where its bytes begin.
    #[inline(always)]
    pub(crate) fn data(&self) -> *const u8 {
        self.raw.data.cast()
    }

    /// How many bytes its slot has for it.
    #[inline(always)]
    pub(crate) fn size(&self) -> usize {
        self.raw.size as usize
    }

    pub(crate) fn as_raw(&self) -> *const vil_sys::vil_message_t {
        &self.raw
    }
}

impl<T: Carried, M: mode::Releases> Incoming<'_, T, M> {
    /// Gives the message back: its slot can be written again. The same as dropping it.
    #[inline(always)]
    pub fn release(self) {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: as in `drop`.
        let _ = unsafe { vil_sys::inlined::vil_receiver_release(this.receiver.at(), &mut this.raw) };
    }
}

impl<T: Carried> Incoming<'_, T, mode::Take> {
    /// Ends a message that was used. [`Status::E_STATE`] when it was ended by somebody who knows its struct in C.
    #[inline]
    pub fn consume(self) -> Result<(), Status> {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: the receiver is borrowed, so open; the message is its own and held, and this is its last use.
        Status::check(unsafe { vil_sys::vil_receiver_consume(this.receiver.as_raw(), &mut this.raw) })
    }
}

impl<T: Message, M: mode::Receives> Deref for Incoming<'_, T, M> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the message is held until it is ended, which takes it; it has room and alignment for a T (`new`), and
        // its bytes are initialised memory, of which every pattern is a T (Message). A well-behaved producer does not
        // write to it before its release; one that does changes the values seen, and no reference or bound depends on
        // them.
        unsafe { &*self.raw.data.cast::<T>() }
    }
}

impl<T: Message, M: mode::Changes> DerefMut for Incoming<'_, T, M> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the message is borrowed mutably. The slot is ours, or ours alone to read
        // (`Receiver::open_as`), and worlds are mapped writable.
        unsafe { &mut *self.raw.data.cast_mut().cast::<T>() }
    }
}

impl<T: Carried, M: mode::Receives> Drop for Incoming<'_, T, M> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: the receiver is borrowed, so open; the message is its own and held, and this is its last use.
        let _ = unsafe { vil_sys::inlined::vil_receiver_release(self.receiver.at(), &mut self.raw) };
    }
}

impl<T: Message + fmt::Debug, M: mode::Receives> fmt::Debug for Incoming<'_, T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Incoming").field(&**self).finish()
    }
}

impl<T: Carried, M: mode::Receives> fmt::Debug for Unforwarded<'_, T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unforwarded").field("status", &self.status).field("held", &self.message.is_some()).finish()
    }
}

impl<T: Carried, M: mode::Receives> fmt::Display for Unforwarded<'_, T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status.fmt(f)
    }
}

impl<T: Carried, M: mode::Receives> std::error::Error for Unforwarded<'_, T, M> {}

impl<T: Carried, M: mode::Receives> From<Unforwarded<'_, T, M>> for Status {
    fn from(unforwarded: Unforwarded<'_, T, M>) -> Self {
        unforwarded.status
    }
}

impl<T: Carried, M: mode::Receives> From<Unforwarded<'_, T, M>> for Error {
    fn from(unforwarded: Unforwarded<'_, T, M>) -> Self {
        unforwarded.status.into()
    }
}

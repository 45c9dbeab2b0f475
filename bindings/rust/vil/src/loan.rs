//! A slot on loan from a sender, written in place.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

use crate::{Error, Message, Sender, Status};

/// A slot on loan from a [`Sender`]: a `T` in shared memory that nobody else sees before it is published.
///
/// Its bytes are what the slot last held: assign the whole `T`, or every field. Dropped, it is discarded. It belongs to
/// the thread that took it.
pub struct Loan<'a, T: Message> {
    sender: &'a Sender<T>,
    raw: vil_sys::vil_loan_t,
}

/// A publish that did not happen. The loan comes back where it is still held, so that nothing is lost; `?` discards it
/// and keeps the status.
pub struct Unpublished<'a, T: Message> {
    /// Why not: [`Status::TIMEOUT`], [`Status::FULL`], [`Status::PEER_GONE`], [`Status::DROPPED`] and the like.
    pub status: Status,
    /// The loan, to be published again or dropped. None when the route dropped the message ([`Status::DROPPED`]).
    pub loan: Option<Loan<'a, T>>,
}

impl<'a, T: Message> Loan<'a, T> {
    /// # Safety
    /// `raw` is held on loan from `sender`, and its slot has room and alignment for a `T`.
    #[inline(always)]
    pub(crate) unsafe fn new(sender: &'a Sender<T>, raw: vil_sys::vil_loan_t) -> Self {
        Self { sender, raw }
    }

    /// Hands the message to the receiver. Blocks as the route's backpressure says.
    #[inline]
    pub fn publish(self) -> Result<(), Unpublished<'a, T>> {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: the sender is borrowed, so open; the loan is its own and held.
        let status = unsafe { vil_sys::vil_sender_publish(this.sender.as_raw(), &mut this.raw) };
        if status == vil_sys::VIL_OK {
            return Ok(());
        }
        // C sets the loan to zero when it has ended.
        let loan = if this.raw.data.is_null() { None } else { Some(ManuallyDrop::into_inner(this)) };
        Err(Unpublished { status: Status::from_raw(status), loan })
    }
}

impl<T: Message> Deref for Loan<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the slot is ours until it is published or discarded, which both take the loan itself; it has room and
        // alignment for a T (`new`), and its bytes are initialised memory, of which every pattern is a T (Message).
        unsafe { &*self.raw.data.cast::<T>() }
    }
}

impl<T: Message> DerefMut for Loan<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the loan is borrowed mutably.
        unsafe { &mut *self.raw.data.cast::<T>() }
    }
}

impl<T: Message> Drop for Loan<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the sender is borrowed, so open; the loan is its own and held, and this is its last use.
        let _ = unsafe { vil_sys::vil_sender_discard(self.sender.as_raw(), &mut self.raw) };
    }
}

impl<T: Message + fmt::Debug> fmt::Debug for Loan<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Loan").field(&**self).finish()
    }
}

impl<T: Message> fmt::Debug for Unpublished<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unpublished").field("status", &self.status).field("held", &self.loan.is_some()).finish()
    }
}

impl<T: Message> fmt::Display for Unpublished<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status.fmt(f)
    }
}

impl<T: Message> std::error::Error for Unpublished<'_, T> {}

impl<T: Message> From<Unpublished<'_, T>> for Status {
    fn from(unpublished: Unpublished<'_, T>) -> Self {
        unpublished.status
    }
}

impl<T: Message> From<Unpublished<'_, T>> for Error {
    fn from(unpublished: Unpublished<'_, T>) -> Self {
        unpublished.status.into()
    }
}

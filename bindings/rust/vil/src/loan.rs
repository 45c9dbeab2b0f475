//! A slot on loan from a sender, written in place.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

use crate::{Carried, Error, Incoming, Kept, Message, Sender, Status, mode};

/// A slot on loan from a [`Sender`]: a `T` in shared memory that nobody else sees before it is published.
///
/// Its bytes are what the slot last held: assign the whole `T`, or every field. Dropped, it is discarded. It belongs to
/// the thread that took it. A relative message is made in it by a [`crate::Draft`]; one that comes back by itself is complete.
pub struct Loan<'a, T: Carried, M: mode::Sends = mode::Publish> {
    sender: &'a Sender<T, M>,
    raw: vil_sys::vil_loan_t,
}

/// A publish that did not happen. The loan comes back where it is still held, so that nothing is lost; `?` discards it
/// and keeps the status.
pub struct Unpublished<'a, T: Carried, M: mode::Sends = mode::Publish> {
    /// Why not: [`Status::TIMEOUT`], [`Status::FULL`], [`Status::PEER_GONE`], [`Status::DROPPED`] and the like.
    pub status: Status,
    /// The loan, to be published again or dropped. None when the route dropped the message ([`Status::DROPPED`]).
    pub loan: Option<Loan<'a, T, M>>,
}

impl<'a, T: Carried, M: mode::Sends> Loan<'a, T, M> {
    /// # Safety
    /// `raw` is held on loan from `sender`, and its slot has room and alignment for a `T`.
    #[inline(always)]
    pub(crate) unsafe fn new(sender: &'a Sender<T, M>, raw: vil_sys::vil_loan_t) -> Self {
        Self { sender, raw }
    }

    /// Where its bytes begin.
    #[inline(always)]
    pub(crate) fn data(&self) -> *mut u8 {
        self.raw.data.cast()
    }

    /// How many bytes it has.
    #[inline(always)]
    pub(crate) fn size(&self) -> usize {
        self.raw.size as usize
    }

    /// What a call answered that ends the loan or leaves it.
    #[inline(always)]
    fn ended(
        this: ManuallyDrop<Self>,
        status: vil_sys::vil_status_t,
    ) -> Result<vil_sys::vil_loan_t, Unpublished<'a, T, M>> {
        if status == vil_sys::VIL_OK {
            return Ok(this.raw);
        }
        // C sets the loan to zero when it has ended.
        let loan = if this.raw.data.is_null() { None } else { Some(ManuallyDrop::into_inner(this)) };
        Err(Unpublished { status: Status::from_raw(status), loan })
    }
}

impl<'a, T: Carried, M: mode::Publishes> Loan<'a, T, M> {
    /// Hands the message to the receivers. Blocks as the route's backpressure says.
    #[inline(always)]
    pub fn publish(self) -> Result<(), Unpublished<'a, T, M>> {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: the sender is borrowed, so open; the loan is its own and held.
        let status = unsafe { vil_sys::inlined::vil_sender_publish(this.sender.at(), &mut this.raw) };
        Self::ended(this, status)?;
        Ok(())
    }
}

impl<'a, T: Carried> Loan<'a, T, mode::Keep> {
    /// Hands the message to the receiver and goes on reading it. Blocks as the route's backpressure says.
    #[inline]
    pub fn keep(self) -> Result<Kept<'a, T>, Unpublished<'a, T, mode::Keep>> {
        let sender = self.sender;
        let mut this = ManuallyDrop::new(self);
        // SAFETY: the sender is borrowed, so open; the loan is its own and held.
        let status = unsafe { vil_sys::vil_sender_keep(sender.as_raw(), &mut this.raw) };
        let raw = Self::ended(this, status)?;
        // SAFETY: C has kept it for this sender, and it was a loan for a T.
        Ok(unsafe { Kept::new(sender, raw) })
    }
}

impl<'a, T: Carried> Loan<'a, T, mode::Ask> {
    /// Asks: the question's number, which its answer tells as [`Incoming::answers`]. Blocks as the route's backpressure
    /// says.
    #[inline]
    pub fn ask(self) -> Result<u64, Unpublished<'a, T, mode::Ask>> {
        let number = match self.sender.published() {
            Ok(number) => number,
            Err(status) => return Err(Unpublished { status, loan: Some(self) }),
        };
        let mut this = ManuallyDrop::new(self);
        // SAFETY: the sender is borrowed, so open; the loan is its own and held.
        let status = unsafe { vil_sys::inlined::vil_sender_publish(this.sender.at(), &mut this.raw) };
        Self::ended(this, status)?;
        Ok(number)
    }
}

impl<'a, T: Carried> Loan<'a, T, mode::Answer> {
    /// Hands the message to whoever asked. The question stays to be released. Blocks as the route's backpressure says.
    #[inline]
    pub fn answer<Q: Carried>(self, question: &Incoming<'_, Q>) -> Result<(), Unpublished<'a, T, mode::Answer>> {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: the sender is borrowed, so open; the loan is its own and held, the question is a message in hand.
        let status = unsafe { vil_sys::vil_sender_answer(this.sender.as_raw(), &mut this.raw, question.as_raw()) };
        Self::ended(this, status)?;
        Ok(())
    }
}

impl<T: Message, M: mode::Sends> Deref for Loan<'_, T, M> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the slot is ours until it is published or discarded, which both take the loan itself; it has room and
        // alignment for a T (`new`), and its bytes are initialised memory, of which every pattern is a T (Message).
        unsafe { &*self.raw.data.cast::<T>() }
    }
}

impl<T: Message, M: mode::Sends> DerefMut for Loan<'_, T, M> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the loan is borrowed mutably.
        unsafe { &mut *self.raw.data.cast::<T>() }
    }
}

impl<T: Carried, M: mode::Sends> Drop for Loan<'_, T, M> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: the sender is borrowed, so open; the loan is its own and held, and this is its last use.
        let _ = unsafe { vil_sys::inlined::vil_sender_discard(self.sender.at(), &mut self.raw) };
    }
}

impl<T: Message + fmt::Debug, M: mode::Sends> fmt::Debug for Loan<'_, T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Loan").field(&**self).finish()
    }
}

impl<T: Carried, M: mode::Sends> fmt::Debug for Unpublished<'_, T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unpublished").field("status", &self.status).field("held", &self.loan.is_some()).finish()
    }
}

impl<T: Carried, M: mode::Sends> fmt::Display for Unpublished<'_, T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status.fmt(f)
    }
}

impl<T: Carried, M: mode::Sends> std::error::Error for Unpublished<'_, T, M> {}

impl<T: Carried, M: mode::Sends> From<Unpublished<'_, T, M>> for Status {
    fn from(unpublished: Unpublished<'_, T, M>) -> Self {
        unpublished.status
    }
}

impl<T: Carried, M: mode::Sends> From<Unpublished<'_, T, M>> for Error {
    fn from(unpublished: Unpublished<'_, T, M>) -> Self {
        unpublished.status.into()
    }
}

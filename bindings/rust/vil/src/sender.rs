//! A typed out port.

use std::ffi::CStr;
use std::marker::PhantomData;
use std::ptr;
use std::time::Duration;

use vil_sys::inlined::SenderAt;

use crate::contract::Direction;
use crate::owned::owned;
use crate::receiver::nanoseconds;
use crate::{Carried, Error, Incoming, Loan, Message, Result, Status, World, mode};

/// The sending end of a port. Its world may be dropped before it.
///
/// [`Send`], not [`Sync`]: in C an end belongs to one thread and refuses others. Here the thread that owns it is the only
/// one that can use it, so when the C side answers `VIL_E_BUSY` the wrapper moves it to the calling thread and repeats
/// the call. That path is cold; a thread pays it once.
///
/// `M` is what the port's routes allow beside publishing; generated code knows it.
pub struct Sender<T: Carried, M: mode::Sends = mode::Publish> {
    at: SenderAt,
    /// What passes through it, and how; a pointer, so that no two threads share the end.
    message: PhantomData<*mut (T, M)>,
}

// SAFETY: it is not Sync and its loans borrow it, so no two threads use it at once; a new owner is made known to C by
// `with`, before anything else happens to the end.
unsafe impl<T: Carried, M: mode::Sends> Send for Sender<T, M> {}

impl<T: Carried, M: mode::Sends> Sender<T, M> {
    /// Opens the out port of this name; [`Status::E_CONTRACT`] when the world's contract says that it carries another
    /// message than `T`, [`Status::E_BUSY`] when a living process holds it.
    pub fn open(world: &World, port: &CStr) -> Result<Self> {
        Self::open_within(world, port, Duration::ZERO)
    }

    /// Opens the out port of this name, trying for at most `timeout` until a predecessor is gone. So processes may be
    /// started again in any order. [`Status::CANCELLED`] or [`Status::INTERRUPTED`] ends the wait early.
    pub fn open_within(world: &World, port: &CStr, timeout: Duration) -> Result<Self> {
        world.contract()?.agree::<T>(port, Direction::Out)?;
        let mut raw = ptr::null_mut();
        let (world, port, timeout_ns) = (world.as_raw(), port.as_ptr(), nanoseconds(timeout));
        // SAFETY: the world is open, the name lives through the call, the out-pointers are ours.
        let open = |error| unsafe { vil_sys::vil_sender_open_within(world, port, timeout_ns, &mut raw, error) };
        Error::guard(open)?;
        SenderAt::new(raw).map(|at| Self { at, message: PhantomData }).ok_or_else(|| Status::E_PANIC.into())
    }

    /// A slot for a `T`, whatever lies in it.
    #[inline(always)]
    pub(crate) fn take(&self) -> Result<Loan<'_, T, M>, Status> {
        let mut loan = vil_sys::vil_loan_t { data: ptr::null_mut(), size: 0, slot: 0, ticket: 0 };
        // SAFETY: the end is open until drop, the out-struct is ours.
        owned!(self, end => unsafe { vil_sys::inlined::vil_sender_loan(end, &mut loan) })?;
        debug_assert_eq!(loan.size, T::SIZE);
        // SAFETY: the slot is on loan from this end, whose port carries T: checked against the contract by `open`, and
        // the contract against the world by libvil.
        Ok(unsafe { Loan::new(self, loan) })
    }

    /// Messages published on the port's route since the world was created, restarts included.
    pub fn published(&self) -> Result<u64, Status> {
        let mut out = 0;
        // SAFETY: the end is open until drop, the out-pointer is ours.
        self.with(|raw| unsafe { vil_sys::vil_sender_published(raw, &mut out) })?;
        Ok(out)
    }

    /// Where it is.
    #[inline(always)]
    pub(crate) fn at(&self) -> SenderAt {
        self.at
    }

    #[inline(always)]
    pub(crate) fn as_raw(&self) -> *mut vil_sys::vil_sender_t {
        self.at.handle()
    }

    /// Calls into C, as the thread that the end belongs to.
    #[inline(always)]
    pub(crate) fn with(
        &self,
        mut call: impl FnMut(*mut vil_sys::vil_sender_t) -> vil_sys::vil_status_t,
    ) -> Result<(), Status> {
        owned!(self, end => call(end.handle()))
    }

    /// Makes the calling thread the one that C lets use this end.
    #[cold]
    pub(crate) fn claim(&self) -> bool {
        vil_sys::vil_sender_move_to_thread(self.as_raw()) == vil_sys::VIL_OK
    }
}

impl<T: Message, M: mode::Sends> Sender<T, M> {
    /// A slot to write a `T` into. Blocks as the route's backpressure says.
    #[inline(always)]
    pub fn loan(&self) -> Result<Loan<'_, T, M>, Status> {
        self.take()
    }
}

impl<T: Message, M: mode::Publishes> Sender<T, M> {
    /// Loan, copy and publish in one.
    #[inline(always)]
    pub fn send(&self, message: &T) -> Result<(), Status> {
        let data: *const T = message;
        // SAFETY: the end is open until drop, the message is borrowed and has this many bytes, all of them written
        // (Message promises that there are no holes).
        owned!(self, end => unsafe { vil_sys::inlined::vil_sender_send(end, data.cast(), size_of::<T>()) })
    }

    /// Sends up to 256 messages in their order, until one is not sent: each as [`Sender::send`] does. Small ones, which travel
    /// inside cells, are told of together. [`Status::E_ARGUMENT`] for none and for more than 256.
    #[inline]
    pub fn send_batch(&self, messages: &[T]) -> Result<(), Unsent> {
        let (data, mut sent) = (messages.as_ptr().cast(), 0);
        // SAFETY: as in `send`, for all of them; the out-pointer is ours.
        let send =
            |raw| unsafe { vil_sys::vil_sender_send_batch(raw, data, size_of::<T>(), messages.len(), &mut sent) };
        self.with(send).map_err(|status| Unsent { status, sent })
    }
}

/// A batch of which not all messages were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsent {
    /// Why not, or [`Status::DROPPED`] when the route dropped some that went.
    pub status: Status,
    /// So many from the first on were sent, dropped ones included.
    pub sent: usize,
}

impl std::fmt::Display for Unsent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (sent: {})", self.status, self.sent)
    }
}

impl std::error::Error for Unsent {}

impl From<Unsent> for Status {
    fn from(unsent: Unsent) -> Self {
        unsent.status
    }
}

impl From<Unsent> for Error {
    fn from(unsent: Unsent) -> Self {
        unsent.status.into()
    }
}

impl<T: Message> Sender<T, mode::Answer> {
    /// Loan, copy and answer in one. The question stays to be released.
    #[inline]
    pub fn answer<Q: Carried>(&self, question: &Incoming<'_, Q>, answer: &T) -> Result<(), Status> {
        let mut loan = self.loan()?;
        *loan = *answer;
        Ok(loan.answer(question)?)
    }
}

impl<T: Carried, M: mode::Sends> Drop for Sender<T, M> {
    fn drop(&mut self) {
        let _ = self.with(|raw| vil_sys::vil_sender_close(raw));
    }
}

impl<T: Carried, M: mode::Sends> std::fmt::Debug for Sender<T, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sender<{}>({:p})", T::NAME.to_string_lossy(), self.as_raw())
    }
}

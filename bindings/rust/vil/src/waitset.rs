//! Sets of ends that are waited for together, and their descriptor for event loops.

use std::marker::PhantomData;
use std::os::fd::BorrowedFd;
use std::ptr::{self, NonNull};
use std::time::Duration;

use crate::receiver::nanoseconds;
use crate::{AnyReceiver, Carried, Error, Result, Sender, Status, World, mode};

/// What a wait found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// The end with this token is ready: a receiver has a message, a sender has room.
    Ready(u64),
    /// The process at the other end of this one is gone; said once per loss.
    PeerGone(u64),
}

/// Receivers and senders of one [`World`] that are waited for together, for as long as they are borrowed.
///
/// The control lane comes first, and after eight of its answers in a row another lane has a turn. An end that is ready and
/// is not served is answered again.
///
/// For event loops there is [`WaitSet::descriptor`], which works with `poll`, with epoll and with everything built on them,
/// such as `tokio::io::unix::AsyncFd`.
#[derive(Debug)]
pub struct WaitSet<'ends> {
    raw: NonNull<vil_sys::vil_waitset_t>,
    /// Borrows ends that are not Sync, so it stays in their thread.
    ends: PhantomData<(&'ends (), *mut ())>,
}

impl<'ends> WaitSet<'ends> {
    /// An empty set.
    pub fn new(world: &World) -> Result<Self> {
        let mut raw = ptr::null_mut();
        // SAFETY: the world is open, the out-pointers are ours.
        Error::guard(|error| unsafe { vil_sys::vil_waitset_create(world.as_raw(), &mut raw, error) })?;
        NonNull::new(raw).map(|raw| Self { raw, ends: PhantomData }).ok_or_else(|| Status::E_PANIC.into())
    }

    /// Adds a receiver. `token` is what a wait answers for it; several may have the same.
    pub fn add(&self, receiver: &'ends dyn AnyReceiver, token: u64) -> Result<()> {
        let add = |error: *mut vil_sys::vil_error_t| {
            // SAFETY: set and receiver are open, the error is ours.
            unsafe { vil_sys::vil_waitset_add(self.as_raw(), receiver.handle(), token, error) }
        };
        // A receiver that was moved here and not used since is another thread's in C.
        receiver.claim_here();
        Error::guard(add)
    }

    /// Adds a sender, which is ready when there is room. The descriptor does not tell of it.
    pub fn add_sender<T: Carried, M: mode::Sends>(&self, sender: &'ends Sender<T, M>, token: u64) -> Result<()> {
        sender.claim();
        // SAFETY: set and sender are open, the error is ours.
        Error::guard(|error| unsafe { vil_sys::vil_waitset_add_sender(self.as_raw(), sender.as_raw(), token, error) })
    }

    /// Takes a receiver out; [`Status::E_NOT_FOUND`] when it is not in the set.
    pub fn remove(&self, receiver: &dyn AnyReceiver) -> Result<(), Status> {
        Status::check(vil_sys::vil_waitset_remove(self.as_raw(), receiver.handle()))
    }

    /// Takes a sender out; [`Status::E_NOT_FOUND`] when it is not in the set.
    pub fn remove_sender<T: Carried, M: mode::Sends>(&self, sender: &Sender<T, M>) -> Result<(), Status> {
        Status::check(vil_sys::vil_waitset_remove_sender(self.as_raw(), sender.as_raw()))
    }

    /// Waits until an end is ready or has lost its peer. Takes no message.
    ///
    /// # Errors
    /// [`Status::EMPTY`] when `timeout` is zero and there is nothing, [`Status::TIMEOUT`], [`Status::INTERRUPTED`],
    /// [`Status::CANCELLED`]; [`Status::E_ARGUMENT`] for a set without an end.
    pub fn wait(&self, timeout: Duration) -> Result<Woken, Status> {
        let mut token = 0;
        // SAFETY: the set is open until drop, the out-pointer is ours.
        let status = unsafe { vil_sys::vil_waitset_wait(self.as_raw(), nanoseconds(timeout), &mut token) };
        if status == vil_sys::VIL_PEER_GONE {
            return Ok(Woken::PeerGone(token));
        }
        Status::check(status).map(|()| Woken::Ready(token))
    }

    /// A descriptor that is readable while a receiver of the set may have something, lost its peer, or was cancelled.
    ///
    /// Serve the receivers until [`crate::Receiver::receive`] or [`WaitSet::wait`] with no time to wait finds nothing; that
    /// makes it unreadable again. Nothing is to be read from it. The first call starts a thread.
    pub fn descriptor(&self) -> Result<BorrowedFd<'_>> {
        let mut fd = -1;
        // SAFETY: the set is open until drop, the out-pointers are ours.
        Error::guard(|error| unsafe { vil_sys::vil_waitset_fd(self.as_raw(), &mut fd, error) })?;
        // SAFETY: the descriptor is the set's, which is borrowed for as long.
        Ok(unsafe { BorrowedFd::borrow_raw(fd) })
    }

    /// What ends a wait of this set from another thread or a signal handler.
    pub fn canceller(&self) -> SetCanceller {
        SetCanceller { raw: self.raw }
    }

    fn as_raw(&self) -> *mut vil_sys::vil_waitset_t {
        self.raw.as_ptr()
    }
}

impl Drop for WaitSet<'_> {
    fn drop(&mut self) {
        let _ = vil_sys::vil_waitset_close(self.as_raw());
    }
}

/// Ends a wait of one [`WaitSet`]. From any thread, and from signal handlers.
///
/// It does not keep the set: once that is dropped, it answers [`Status::E_HANDLE`].
#[derive(Debug, Clone, Copy)]
pub struct SetCanceller {
    raw: NonNull<vil_sys::vil_waitset_t>,
}

// SAFETY: vil_waitset_cancel is the one call that any thread may make at any time; it checks whether the handle is still
// open, so that a canceller may outlive its set.
unsafe impl Send for SetCanceller {}
// SAFETY: as above.
unsafe impl Sync for SetCanceller {}

impl SetCanceller {
    /// The wait in progress, or else the next one, answers [`Status::CANCELLED`].
    pub fn cancel(&self) -> Result<(), Status> {
        Status::check(vil_sys::vil_waitset_cancel(self.raw.as_ptr()))
    }
}

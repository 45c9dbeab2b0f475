//! A typed in port.

use std::ffi::CStr;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr;
use std::time::Duration;

use vil_sys::inlined::ReceiverAt;

use crate::contract::Direction;
use crate::external;
use crate::owned::owned;
use crate::verify::{Verifier, Verify};
use crate::{Carried, Error, Incoming, Message, Relative, Result, Status, World, mode};

/// The receiving end of a port: all its routes, in turn. Its world may be dropped before it.
///
/// [`Send`], not [`Sync`], like [`crate::Sender`]. `M` is what may be done with its messages; generated code knows it.
pub struct Receiver<T: Carried, M: mode::Receives = mode::Read> {
    at: ReceiverAt,
    /// What looks at messages before they are handed out. Behind a pointer, because it changes: so that the compiler knows that
    /// nothing else here does, and loads the handle once for several calls.
    verifier: Option<Box<Verifier>>,
    /// What passes through it, and how; a pointer, so that no two threads share the end.
    message: PhantomData<*mut (T, M)>,
}

// SAFETY: it is not Sync and its messages borrow it, so no two threads use it at once; a new owner is made known to C by
// `with`, before anything else happens to the end.
unsafe impl<T: Carried, M: mode::Receives> Send for Receiver<T, M> {}

impl<T: Carried> Receiver<T> {
    /// Opens the in port of this name; [`Status::E_CONTRACT`] when the world's contract says that it carries another
    /// message than `T`, [`Status::E_BUSY`] when a living process holds it, [`Status::E_PENDING`] when messages that a
    /// dead holder passed on are still read.
    pub fn open(world: &World, port: &CStr) -> Result<Self> {
        Self::open_within(world, port, Duration::ZERO)
    }

    /// Opens the in port of this name, trying for at most `timeout` until a predecessor is gone and what it passed on is
    /// read. So processes may be started again in any order. [`Status::CANCELLED`] or [`Status::INTERRUPTED`] ends the wait
    /// early.
    pub fn open_within(world: &World, port: &CStr, timeout: Duration) -> Result<Self> {
        // SAFETY: a message that is only read may be anybody's.
        unsafe { Self::open_as(world, port, timeout) }
    }
}

impl<T: Carried, M: mode::Receives> Receiver<T, M> {
    /// [`Receiver::open_within`] for a port of mode `M`.
    ///
    /// # Safety
    /// The program gives the port that mode: its messages are nobody else's to read while they are held.
    pub unsafe fn open_as(world: &World, port: &CStr, timeout: Duration) -> Result<Self> {
        world.contract()?.agree::<T>(port, Direction::In)?;
        let mut raw = ptr::null_mut();
        let (world, port, timeout_ns) = (world.as_raw(), port.as_ptr(), nanoseconds(timeout));
        // SAFETY: the world is open, the name lives through the call, the out-pointers are ours.
        let open = |error| unsafe { vil_sys::vil_receiver_open_within(world, port, timeout_ns, &mut raw, error) };
        Error::guard(open)?;
        ReceiverAt::new(raw)
            .map(|at| Self { at, verifier: None, message: PhantomData })
            .ok_or_else(|| Status::E_PANIC.into())
    }

    /// The next message. [`Status::EMPTY`] when there is none and `timeout` is zero, [`Status::TIMEOUT`] when none came
    /// in time; [`Duration::MAX`] waits until something happens. [`Status::E_MESSAGE`] when it was to be verified and is none:
    /// it is given back, and the next one can be received.
    #[inline(always)]
    pub fn receive(&self, timeout: Duration) -> Result<Incoming<'_, T, M>, Status> {
        let mut message =
            vil_sys::vil_message_t { data: ptr::null(), size: 0, route: 0, number: 0, answers: 0, ticket: 0 };
        let timeout_ns = nanoseconds(timeout);
        // SAFETY: the end is open until drop, the out-struct is ours.
        owned!(self, end => unsafe { vil_sys::inlined::vil_receiver_receive(end, timeout_ns, &mut message) })?;
        debug_assert_eq!(message.size, T::SIZE);
        if T::RELATIVE {
            self.verify(&mut message)?;
        }
        if T::EXTERNAL {
            self.frame(&mut message)?;
        }
        // SAFETY: the message was received by this end, whose port carries T: checked against the contract by `open`,
        // and the contract against the world by libvil.
        Ok(unsafe { Incoming::new(self, message) })
    }

    /// Looks at the frame of what was received. What says to be longer than it is, is given back.
    fn frame(&self, message: &mut vil_sys::vil_message_t) -> Result<(), Status> {
        // SAFETY: the message is held, has so many bytes, and is aligned as messages are.
        if unsafe { external::held(message.data.cast(), message.size as usize) }.is_some() {
            return Ok(());
        }
        // SAFETY: the end is open until drop; the message is its own and held, and this is its last use.
        let _ = unsafe { vil_sys::inlined::vil_receiver_release(self.at, message) };
        Err(Status::E_MESSAGE)
    }

    /// Looks at what was received where that is asked for. What is no message is given back.
    fn verify(&self, message: &mut vil_sys::vil_message_t) -> Result<(), Status> {
        let Some(verifier) = &self.verifier else { return Ok(()) };
        // SAFETY: the message is held, and has so many bytes.
        let found = unsafe { verifier.look::<T>(message.data.cast(), message.size as usize, message.route) };
        found.inspect_err(|_| {
            // SAFETY: the end is open until drop; the message is its own and held, and this is its last use.
            let _ = unsafe {
                if M::TAKEN {
                    vil_sys::vil_receiver_consume(self.as_raw(), message)
                } else {
                    vil_sys::inlined::vil_receiver_release(self.at, message)
                }
            };
        })
    }

    /// Messages that are over on the port's routes since the world was created, restarts included: those released, under
    /// best_effort also those skipped while nobody received, and with drop_oldest also those dropped for a newer one.
    pub fn received(&self) -> Result<u64, Status> {
        let mut out = 0;
        // SAFETY: the end is open until drop, the out-pointer is ours.
        self.with(|raw| unsafe { vil_sys::vil_receiver_received(raw, &mut out) })?;
        Ok(out)
    }

    /// Where it is.
    #[inline(always)]
    pub(crate) fn at(&self) -> ReceiverAt {
        self.at
    }

    #[inline(always)]
    pub(crate) fn as_raw(&self) -> *mut vil_sys::vil_receiver_t {
        self.at.handle()
    }

    /// Calls into C, as the thread that the end belongs to.
    #[inline(always)]
    pub(crate) fn with(
        &self,
        mut call: impl FnMut(*mut vil_sys::vil_receiver_t) -> vil_sys::vil_status_t,
    ) -> Result<(), Status> {
        owned!(self, end => call(end.handle()))
    }

    /// Makes the calling thread the one that C lets use this end.
    #[cold]
    pub(crate) fn claim(&self) -> bool {
        vil_sys::vil_receiver_move_to_thread(self.as_raw()) == vil_sys::VIL_OK
    }
}

impl<T: Message, M: mode::Receives> Receiver<T, M> {
    /// Receive, copy and release in one, answers as [`Receiver::receive`]: for messages so small that to hold them costs more
    /// than the copy. One that was taken is consumed. It is over as soon as it is copied, under at_least_once too: who must
    /// have it again after dying while working on it receives it.
    #[inline(always)]
    pub fn read(&self, timeout: Duration) -> Result<T, Status> {
        let mut message = MaybeUninit::<T>::uninit();
        let (data, timeout_ns) = (message.as_mut_ptr().cast(), nanoseconds(timeout));
        // SAFETY: the end is open until drop, and the message has this many bytes.
        owned!(self, end => unsafe { vil_sys::inlined::vil_receiver_read(end, timeout_ns, data, size_of::<T>()) })?;
        // SAFETY: all its bytes were written, and every pattern of them is a T (Message).
        Ok(unsafe { message.assume_init() })
    }

    /// Reads up to 256 messages; how many. Waits for the first one only, answers as [`Receiver::read`], and reads the others as
    /// far as they are there. [`Status::E_ARGUMENT`] for none and for more than 256. A process that dies inside of it may have
    /// ended as many as it asked for.
    #[inline]
    pub fn read_batch(&self, timeout: Duration, messages: &mut [T]) -> Result<usize, Status> {
        let (mut read, timeout_ns, data) = (0, nanoseconds(timeout), messages.as_mut_ptr().cast());
        self.with(|raw| {
            // SAFETY: the end is open until drop, there are so many messages, and every pattern of bytes is a T (Message); the
            // out-pointer is ours.
            unsafe {
                vil_sys::vil_receiver_read_batch(raw, timeout_ns, data, size_of::<T>(), messages.len(), &mut read)
            }
        })?;
        Ok(read)
    }
}

impl<T: Relative, M: mode::Receives> Receiver<T, M> {
    /// The same end, which looks at these messages before it hands them out; generated code says what the route's `verify` says.
    pub fn verifying(mut self, which: Verify) -> Self {
        self.verifier = (which != Verify::Never).then(|| Box::new(Verifier::new(which)));
        self
    }
}

/// What does not fit waits for ever: 584 years are near enough.
#[inline(always)]
pub(crate) fn nanoseconds(timeout: Duration) -> u64 {
    u64::try_from(timeout.as_nanos()).unwrap_or(vil_sys::VIL_FOREVER)
}

impl<T: Carried, M: mode::Receives> Drop for Receiver<T, M> {
    fn drop(&mut self) {
        let _ = self.with(|raw| vil_sys::vil_receiver_close(raw));
    }
}

impl<T: Carried, M: mode::Receives> std::fmt::Debug for Receiver<T, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Receiver<{}>({:p})", T::NAME.to_string_lossy(), self.as_raw())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_that_does_not_fit_is_for_ever() {
        assert_eq!(nanoseconds(Duration::MAX), vil_sys::VIL_FOREVER);
        assert_eq!(nanoseconds(Duration::from_secs(1)), 1_000_000_000);
        assert_eq!(nanoseconds(Duration::ZERO), 0);
    }
}

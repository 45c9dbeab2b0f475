//! External messages: opaque bytes behind a frame, as they are or through an adapter.

use std::fmt;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::time::Duration;

use crate::relative::Store;
use crate::{
    Adapter, Carried, Descriptor, Finished, Incoming, Loan, Message, MessageFault, Receiver, Relative, Requester,
    Responder, Sender, Status, Unpublished, mode,
};

/// Where the bytes stand: behind `{size u32, reserved u32}`.
const FRAME_OFFSET: usize = 8;

/// An external message: a type that only names it, made by generated code.
///
/// # Safety
/// The program says that the message is external: it is bytes behind a frame, aligned to 8, and travels by copy, so nobody
/// writes to what was received.
pub unsafe trait External: Carried {
    /// What its bytes are, such as `application/json`.
    const MEDIA_TYPE: &'static str;
    /// The name of the adapter that makes and reads them.
    const ADAPTER: &'static str;
    /// The most bytes that it has.
    const MAX_PAYLOAD: usize = (Self::SIZE as usize).saturating_sub(FRAME_OFFSET);
}

/// A message whose bytes are all there, so that an adapter can read them: a flat one, or a [`Finished`] one.
pub trait Whole {
    /// What it is.
    type Message: Carried;
    /// Its bytes.
    fn bytes(&self) -> &[u8];
}

impl<T: Message> Whole for T {
    type Message = T;

    fn bytes(&self) -> &[u8] {
        let data: *const T = self;
        // SAFETY: it is borrowed, and all of its bytes are written (Message promises that there are no holes).
        unsafe { std::slice::from_raw_parts(data.cast(), size_of::<T>()) }
    }
}

impl<T: Relative, S: Store> Whole for Finished<T, S> {
    type Message = T;

    fn bytes(&self) -> &[u8] {
        Finished::bytes(self)
    }
}

/// How many bytes the frame of a message says that it holds; none when there are not so many.
///
/// # Safety
/// `data` has `size` readable bytes and is aligned to 4 where there are any.
pub(crate) unsafe fn held(data: *const u8, size: usize) -> Option<usize> {
    let room = size.checked_sub(FRAME_OFFSET)?;
    // SAFETY: as the caller says, there is a frame; read once, whatever it is, as its writer may be a stranger.
    let stated = u32::from_le(unsafe { ptr::read_volatile(data.cast::<u32>()) }) as usize;
    (stated <= room).then_some(stated)
}

/// Room for an external message on loan: its bytes, to be written in place. They are what was last held there. Dropped, it is
/// discarded.
pub struct Envelope<'a, T: External, M: mode::Sends = mode::Publish>(Loan<'a, T, M>);

impl<'a, T: External, M: mode::Sends> Envelope<'a, T, M> {
    /// The loan, of so many bytes. [`Status::E_LIMIT`] when it cannot hold them; then it is gone.
    fn of(self, size: usize) -> Result<Loan<'a, T, M>, Status> {
        let stated = u32::try_from(size).ok().filter(|_| size <= self.len()).ok_or(Status::E_LIMIT)?;
        let frame = [stated.to_le(), 0];
        // SAFETY: the loan is ours, aligned to 8, and `len` was worked out behind a frame.
        unsafe { ptr::write(self.0.data().cast::<[u32; 2]>(), frame) };
        Ok(self.0)
    }
}

/// What an ended frame answers.
type Sent<'a, T, M, A> = Result<A, Unpublished<'a, T, M>>;

/// A frame that could not hold what it was to be sent with.
fn unsent<'a, T: External, M: mode::Sends>(status: Status) -> Unpublished<'a, T, M> {
    Unpublished { status, loan: None }
}

impl<'a, T: External, M: mode::Publishes> Envelope<'a, T, M> {
    /// Hands its first `size` bytes to the receivers. Blocks as the route's backpressure says. A loan that comes back is
    /// complete.
    pub fn publish(self, size: usize) -> Sent<'a, T, M, ()> {
        self.of(size).map_err(unsent)?.publish()
    }
}

impl<'a, T: External> Envelope<'a, T, mode::Ask> {
    /// Asks with its first `size` bytes: the question's number.
    pub fn ask(self, size: usize) -> Sent<'a, T, mode::Ask, u64> {
        self.of(size).map_err(unsent)?.ask()
    }
}

impl<'a, T: External> Envelope<'a, T, mode::Answer> {
    /// Hands its first `size` bytes to whoever asked. The question stays to be released.
    pub fn answer<Q: Carried>(self, question: &Incoming<'_, Q>, size: usize) -> Sent<'a, T, mode::Answer, ()> {
        self.of(size).map_err(unsent)?.answer(question)
    }
}

impl<T: External, M: mode::Sends> Deref for Envelope<'_, T, M> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let size = self.0.size().saturating_sub(FRAME_OFFSET);
        // SAFETY: the slot is ours as long as the loan lives, has so many bytes behind its frame, all initialised memory.
        unsafe { std::slice::from_raw_parts(self.0.data().wrapping_add(FRAME_OFFSET), size) }
    }
}

impl<T: External, M: mode::Sends> DerefMut for Envelope<'_, T, M> {
    fn deref_mut(&mut self) -> &mut [u8] {
        let size = self.0.size().saturating_sub(FRAME_OFFSET);
        // SAFETY: as in `deref`, and the loan is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.0.data().wrapping_add(FRAME_OFFSET), size) }
    }
}

impl<T: External, M: mode::Sends> fmt::Debug for Envelope<'_, T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope<{}>({} bytes)", T::NAME.to_string_lossy(), self.len())
    }
}

impl<T: External, M: mode::Sends> Sender<T, M> {
    /// Room to write a message into. Blocks as the route's backpressure says.
    pub fn envelope(&self) -> Result<Envelope<'_, T, M>, Status> {
        Ok(Envelope(self.take()?))
    }
}

impl<T: External, M: mode::Publishes> Sender<T, M> {
    /// Loan, copy and publish in one. [`Status::E_LIMIT`] above [`External::MAX_PAYLOAD`] bytes.
    pub fn send_bytes(&self, bytes: &[u8]) -> Result<(), Status> {
        let mut envelope = self.envelope()?;
        envelope.get_mut(..bytes.len()).ok_or(Status::E_LIMIT)?.copy_from_slice(bytes);
        Ok(envelope.publish(bytes.len())?)
    }

    /// Loan, translate and publish in one. [`Status::E_LIMIT`] where it is too long, [`Status::E_ARGUMENT`] where the adapter
    /// is not the message's or the message has no descriptor.
    pub fn send_from<W: Whole>(&self, adapter: &impl Adapter, message: &W) -> Result<(), MessageFault> {
        let descriptor = agreed::<T, W::Message>(adapter)?;
        let mut envelope = self.envelope().map_err(MessageFault::of)?;
        let size = adapter.encode(&descriptor, message.bytes(), &mut envelope)?;
        envelope.publish(size).map_err(|unpublished| MessageFault::of(unpublished.status))
    }
}

impl<T: External, M: mode::Receives> Incoming<'_, T, M> {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the message is held as long as it is borrowed, and has so many bytes; it was copied to here, so nobody
        // else writes to it.
        unsafe {
            let held = held(self.data(), self.size()).unwrap_or(0);
            std::slice::from_raw_parts(self.data().wrapping_add(FRAME_OFFSET), held)
        }
    }
}

impl<T: External, M: mode::Receives> Receiver<T, M> {
    /// Receive, translate and release in one: a flat message. [`Status::E_MESSAGE`] where the bytes make none; they are gone
    /// then. [`Status::E_ARGUMENT`] where the adapter is not the message's or the flat one has no descriptor.
    pub fn receive_into<F: Message>(&self, timeout: Duration, adapter: &impl Adapter) -> Result<F, MessageFault> {
        let descriptor = agreed::<T, F>(adapter)?;
        let received = self.receive(timeout).map_err(MessageFault::of)?;
        let mut made = MaybeUninit::<F>::zeroed();
        // SAFETY: it is ours, and all of it is written, with zeros.
        let room = unsafe { std::slice::from_raw_parts_mut(made.as_mut_ptr().cast::<u8>(), size_of::<F>()) };
        adapter.decode(&descriptor, received.bytes(), room)?;
        // SAFETY: all of its bytes are written, and every pattern is an F (Message).
        Ok(unsafe { made.assume_init() })
    }

    /// As [`Receiver::receive_into`]: a relative message in `room`, which is aligned to 8. Its bytes, for [`crate::view`].
    pub fn receive_relative_into<'r, R: Relative>(
        &self,
        timeout: Duration,
        adapter: &impl Adapter,
        room: &'r mut [u8],
    ) -> Result<&'r [u8], MessageFault> {
        let descriptor = agreed::<T, R>(adapter)?;
        let received = self.receive(timeout).map_err(MessageFault::of)?;
        let size = adapter.decode(&descriptor, received.bytes(), room)?;
        room.get(..size).ok_or_else(|| MessageFault::of(Status::E_LIMIT))
    }
}

/// The descriptor of a message that goes by this adapter as a `T`.
fn agreed<T: External, W: Carried>(adapter: &impl Adapter) -> Result<Descriptor<'static>, MessageFault> {
    let descriptor = Descriptor::new(W::DESCRIPTOR).filter(|_| adapter.name() == T::ADAPTER);
    descriptor.ok_or_else(|| MessageFault::of(Status::E_ARGUMENT))
}

impl<Q: External, A: Carried> Requester<Q, A> {
    /// Room to write a question into.
    pub fn envelope(&self) -> Result<Envelope<'_, Q, mode::Ask>, Status> {
        self.questions.envelope()
    }
}

impl<Q: Carried, A: External> Responder<Q, A> {
    /// Room to write an answer into.
    pub fn envelope(&self) -> Result<Envelope<'_, A, mode::Answer>, Status> {
        self.answers.envelope()
    }
}

//! Several loans or messages of one end by one call: looked for, published and released together.

use std::fmt;
use std::ops::{Index, IndexMut, Range};
use std::ptr;
use std::time::Duration;

use crate::receiver::nanoseconds;
use crate::{Message, Receiver, Sender, Status, message, mode};

const NO_LOAN: vil_sys::vil_loan_t = vil_sys::vil_loan_t { data: ptr::null_mut(), size: 0, slot: 0, ticket: 0 };
const NO_MESSAGE: vil_sys::vil_message_t =
    vil_sys::vil_message_t { data: ptr::null(), size: 0, route: 0, number: 0, answers: 0, ticket: 0 };

/// What stays of a batch, moved to its beginning; how many.
#[inline(always)]
fn behind<R: Copy>(raw: &mut [R], rest: Range<usize>) -> usize {
    let held = rest.len();
    if held > 0 {
        raw.copy_within(rest, 0);
    }
    held
}

/// Up to `N` slots on loan from a [`Sender`], at most 256: `T`s in shared memory that nobody else sees before they are
/// published.
///
/// It is made once and used again and again: [`take`](Self::take) fills it, [`publish`](Self::publish) empties it. The
/// structs of what it holds lie in it, so nothing is allocated. Dropped, it discards what it still holds. It belongs to the
/// thread that uses its sender.
///
/// ```no_run
/// # fn send<T: vil::Message + Default>(sender: &vil::Sender<T>) -> vil::Result<()> {
/// let mut loans = vil::LoanBatch::<T, 16>::new(sender);
/// loans.take(16)?; // as many as are free, one at least
/// for message in loans.iter_mut() {
///     *message = T::default();
/// }
/// loans.publish()?; // the receivers are told of all of them together
/// # Ok(())
/// # }
/// ```
pub struct LoanBatch<'a, T: Message, const N: usize, M: mode::Publishes = mode::Publish> {
    sender: &'a Sender<T, M>,
    /// The first `held` are on loan.
    raw: [vil_sys::vil_loan_t; N],
    held: usize,
}

/// Up to `N` messages received by a [`Receiver`], at most 256, to be read where they lie.
///
/// It is made once and used again and again: [`receive`](Self::receive) fills it, [`release`](Self::release) empties it. The
/// structs of what it holds lie in it, so nothing is allocated. Dropped, it releases what it still holds. There is none for
/// consume_once: what was taken is consumed message by message.
pub struct IncomingBatch<'a, T: Message, const N: usize, M: mode::Releases = mode::Read> {
    receiver: &'a Receiver<T, M>,
    /// The first `held` are in hand.
    raw: [vil_sys::vil_message_t; N],
    held: usize,
}

impl<'a, T: Message, const N: usize, M: mode::Publishes> LoanBatch<'a, T, N, M> {
    const FITS: () = assert!(N >= 1 && N <= vil_sys::VIL_BATCH_SIZE, "a batch has 1 to 256 loans");

    /// An empty batch.
    pub fn new(sender: &'a Sender<T, M>) -> Self {
        const { Self::FITS };
        Self { sender, raw: [NO_LOAN; N], held: 0 }
    }

    /// Takes up to `most` more slots, as far as there is room here; how many. Blocks for the first one as the route's
    /// backpressure says, and takes the others as far as they are free. [`Status::E_ARGUMENT`] when `most` is 0 or the batch
    /// is full.
    #[inline]
    pub fn take(&mut self, most: usize) -> Result<usize, Status> {
        let (mut taken, count) = (0, most.min(N - self.held));
        let first = self.raw[self.held..].as_mut_ptr();
        // SAFETY: the end is open until drop; there are `count` places from `first` on, and the out-pointer is ours.
        self.sender.with(|raw| unsafe { vil_sys::vil_sender_loan_batch(raw, first, count, &mut taken) })?;
        debug_assert_eq!(self.raw[self.held].size, message::size_of::<T>());
        self.held += taken;
        Ok(taken)
    }

    /// Hands the messages to the receivers, in their order, until one stays here: it and those behind it are then the first
    /// ones, and the answer is why. Blocks for each as the route's backpressure says. [`Status::DROPPED`] when the route
    /// dropped some that went. Of an empty batch nothing is published.
    #[inline]
    pub fn publish(&mut self) -> Result<(), Status> {
        if self.held == 0 {
            return Ok(());
        }
        let (mut done, first, count) = (0, self.raw.as_mut_ptr(), self.held);
        // SAFETY: the end is open until drop; the first `count` are its loans, and the out-pointer is ours.
        let answer = self.sender.with(|raw| unsafe { vil_sys::vil_sender_publish_batch(raw, first, count, &mut done) });
        self.held = behind(&mut self.raw, done..count);
        answer
    }

    /// How many are on loan.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.held
    }

    /// Is nothing on loan?
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// The messages, to be written. Their bytes are what the slots last held: assign the whole `T`, or every field.
    #[inline]
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = &mut T> {
        // SAFETY: as in `index_mut`; no two loans have the same slot.
        self.raw[..self.held].iter_mut().map(|loan| unsafe { &mut *loan.data.cast::<T>() })
    }
}

impl<T: Message, const N: usize, M: mode::Publishes> Index<usize> for LoanBatch<'_, T, N, M> {
    type Output = T;

    #[inline(always)]
    fn index(&self, index: usize) -> &T {
        // SAFETY: the slot is ours until it is published or discarded, which both take it out of the first `held`; it has room
        // and alignment for a T (the sender's port carries T), and its bytes are initialised memory, of which every pattern
        // is a T (Message).
        unsafe { &*self.raw[..self.held][index].data.cast::<T>() }
    }
}

impl<T: Message, const N: usize, M: mode::Publishes> IndexMut<usize> for LoanBatch<'_, T, N, M> {
    #[inline(always)]
    fn index_mut(&mut self, index: usize) -> &mut T {
        // SAFETY: as in `index`, and the batch is borrowed mutably.
        unsafe { &mut *self.raw[..self.held][index].data.cast::<T>() }
    }
}

impl<T: Message, const N: usize, M: mode::Publishes> Drop for LoanBatch<'_, T, N, M> {
    #[inline]
    fn drop(&mut self) {
        for loan in &mut self.raw[..self.held] {
            // SAFETY: the sender is borrowed, so open; the loan is its own and held, and this is its last use.
            let _ = self.sender.with(|raw| unsafe { vil_sys::vil_sender_discard(raw, loan) });
        }
    }
}

impl<'a, T: Message, const N: usize, M: mode::Releases> IncomingBatch<'a, T, N, M> {
    const FITS: () = assert!(N >= 1 && N <= vil_sys::VIL_BATCH_SIZE, "a batch has 1 to 256 messages");

    /// An empty batch.
    pub fn new(receiver: &'a Receiver<T, M>) -> Self {
        const { Self::FITS };
        Self { receiver, raw: [NO_MESSAGE; N], held: 0 }
    }

    /// Receives up to `most` more messages, as far as there is room here; how many. Waits for the first one as
    /// [`Receiver::receive`] does, and takes the others as far as they are there. [`Status::E_ARGUMENT`] when `most` is 0 or
    /// the batch is full.
    #[inline]
    pub fn receive(&mut self, timeout: Duration, most: usize) -> Result<usize, Status> {
        let (mut received, count, timeout_ns) = (0, most.min(N - self.held), nanoseconds(timeout));
        let first = self.raw[self.held..].as_mut_ptr();
        self.receiver.with(|raw| {
            // SAFETY: the end is open until drop; there are `count` places from `first` on, and the out-pointer is ours.
            unsafe { vil_sys::vil_receiver_receive_batch(raw, timeout_ns, first, count, &mut received) }
        })?;
        debug_assert_eq!(self.raw[self.held].size, message::size_of::<T>());
        self.held += received;
        Ok(received)
    }

    /// Gives the messages back: their slots can be written again. Were one refused, which none is that came by this
    /// receiver, it and those behind it would stay here.
    #[inline]
    pub fn release(&mut self) -> Result<(), Status> {
        if self.held == 0 {
            return Ok(());
        }
        let (mut done, first, count) = (0, self.raw.as_mut_ptr(), self.held);
        // SAFETY: the end is open until drop; the first `count` are its messages, and the out-pointer is ours.
        let answer =
            self.receiver.with(|raw| unsafe { vil_sys::vil_receiver_release_batch(raw, first, count, &mut done) });
        self.held = behind(&mut self.raw, done..count);
        answer
    }

    /// How many are in hand.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.held
    }

    /// Is nothing in hand?
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// The number of a message on its route, as [`crate::Incoming::number`].
    #[inline(always)]
    pub fn number(&self, index: usize) -> u64 {
        self.raw[..self.held][index].number
    }

    /// Index of the route that a message came by, as [`crate::Incoming::route`].
    #[inline(always)]
    pub fn route(&self, index: usize) -> u32 {
        self.raw[..self.held][index].route
    }

    /// At a request port: the number of the question that a message answers. Elsewhere 0.
    #[inline(always)]
    pub fn answers(&self, index: usize) -> u64 {
        self.raw[..self.held][index].answers
    }

    /// The messages, in the order in which they were received.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &T> {
        // SAFETY: as in `index`.
        self.raw[..self.held].iter().map(|message| unsafe { &*message.data.cast::<T>() })
    }
}

impl<T: Message, const N: usize, M: mode::Releases> Index<usize> for IncomingBatch<'_, T, N, M> {
    type Output = T;

    #[inline(always)]
    fn index(&self, index: usize) -> &T {
        // SAFETY: the message is held until it is released, which takes it out of the first `held`; it has room and alignment
        // for a T (the receiver's port carries T), and its bytes are initialised memory, of which every pattern is a T
        // (Message). As with `Incoming`, no reference or bound depends on what they are.
        unsafe { &*self.raw[..self.held][index].data.cast::<T>() }
    }
}

impl<T: Message, const N: usize, M: mode::Releases + mode::Changes> IndexMut<usize> for IncomingBatch<'_, T, N, M> {
    #[inline(always)]
    fn index_mut(&mut self, index: usize) -> &mut T {
        // SAFETY: as in `index`, and the batch is borrowed mutably. The slot is ours alone to read (`Receiver::open_as`), and
        // worlds are mapped writable.
        unsafe { &mut *self.raw[..self.held][index].data.cast_mut().cast::<T>() }
    }
}

impl<T: Message, const N: usize, M: mode::Releases> Drop for IncomingBatch<'_, T, N, M> {
    #[inline]
    fn drop(&mut self) {
        let _ = self.release();
    }
}

impl<T: Message, const N: usize, M: mode::Publishes> fmt::Debug for LoanBatch<'_, T, N, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LoanBatch<{}>({} of {N})", T::NAME.to_string_lossy(), self.held)
    }
}

impl<T: Message, const N: usize, M: mode::Releases> fmt::Debug for IncomingBatch<'_, T, N, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IncomingBatch<{}>({} of {N})", T::NAME.to_string_lossy(), self.held)
    }
}

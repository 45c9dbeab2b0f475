//! A relative message before it is one, and when it is: only what is finished can be published.

use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::builder::Builder;
use super::view::{View, bytes_of};
use super::writer::Writer;
use super::{ROOT_OFFSET, Relative};
use crate::{Error, Status};

/// What the memory of a draft is: a [`crate::Loan`], [`Lent`], or nothing at all.
pub trait Store: sealed::Sealed {}

pub(crate) mod sealed {
    /// What only this crate's memory is.
    pub trait Sealed {}
}

/// Memory that was lent to a draft.
#[derive(Debug)]
pub struct Lent<'m>(PhantomData<&'m mut [u8]>);

impl sealed::Sealed for Lent<'_> {}
impl Store for Lent<'_> {}

/// A relative message in the making. Its fields are written through [`Draft::root`], in any order; what they refer to is put
/// behind what is there, once. The first fault stays, and [`Draft::finish`] answers it:
///
/// - [`Status::E_LIMIT`]: it does not fit, more elements or bytes than a bound allows, or an index beyond the last one;
/// - [`Status::E_ARGUMENT`]: a text with a NUL in it, memory that is not aligned to 8;
/// - [`Status::E_STATE`]: a reference that is set twice.
pub struct Draft<T: Relative, S: Store> {
    store: S,
    builder: Builder,
    message: PhantomData<T>,
}

/// A relative message that is complete. In a [`crate::Loan`] it can be published; dropped, it is discarded.
pub struct Finished<T: Relative, S: Store> {
    store: S,
    data: NonNull<u8>,
    size: u32,
    message: PhantomData<T>,
}

/// A draft that had a fault. It comes back, to be begun again; `?` drops it and keeps the status.
pub struct Unfinished<T: Relative, S: Store> {
    /// The first thing that went wrong.
    pub status: Status,
    /// The draft; [`Draft::restart`] makes it empty.
    pub draft: Draft<T, S>,
}

/// The bytes that a message takes, to the byte, as `fill` writes it. Nothing is written, so what `fill` reads back is not there.
///
/// # Errors
/// As [`Draft::finish`], but that a reference which is set twice is not seen.
pub fn measure<T: Relative>(fill: impl FnOnce(T::Writer<'_>)) -> Result<usize, Status> {
    // SAFETY: there is no memory.
    let mut builder = unsafe { Builder::new(None, u32::MAX as usize) };
    builder.begin(bytes_of::<T>());
    fill(T::writer(Writer::new(&mut builder, ROOT_OFFSET)));
    builder.finish(T::LAYOUT_ID, T::ROOT_SIZE).map(|size| size as usize)
}

/// Reads a message in memory that nobody changes, such as what came from a file. Aligned to 8; of other bytes nothing is there.
pub fn view<T: Relative>(bytes: &[u8]) -> T::View<'_> {
    T::view(View::root(bytes))
}

impl<'m, T: Relative> Draft<T, Lent<'m>> {
    /// An empty message in memory of one's own, such as what goes to a file; aligned to 8.
    pub fn within(memory: &'m mut [u8]) -> Self {
        let base = NonNull::new(memory.as_mut_ptr());
        // SAFETY: the memory is borrowed mutably for as long as the draft lives.
        unsafe { Self::new(Lent(PhantomData), base, memory.len()) }
    }
}

impl<T: Relative, S: Store> Draft<T, S> {
    /// # Safety
    /// `base` is initialised memory that is writable for `capacity` bytes, nobody else's, for as long as `store` lives.
    pub(super) unsafe fn new(store: S, base: Option<NonNull<u8>>, capacity: usize) -> Self {
        // SAFETY: as the caller says.
        let mut builder = unsafe { Builder::new(base, capacity) };
        builder.begin(bytes_of::<T>());
        Self { store, builder, message: PhantomData }
    }

    /// Writes the message's fields.
    #[inline]
    pub fn root(&mut self) -> T::Writer<'_> {
        T::writer(Writer::new(&mut self.builder, ROOT_OFFSET))
    }

    /// Bytes that the message has so far.
    pub fn used(&self) -> usize {
        self.builder.used() as usize
    }

    /// What went wrong first; none while all is well.
    pub fn fault(&self) -> Option<Status> {
        self.builder.fault()
    }

    /// From here on slices of numbers and flat structs are not zeroed. For who writes every element of large ones: their bytes
    /// are then written once and not twice. What is not written is what was there before.
    pub fn skip_zeroes(&mut self) {
        self.builder.skip_zeroes();
    }

    /// Makes it empty again, and forgets what went wrong; slices are zeroed again.
    pub fn restart(&mut self) {
        self.builder.begin(bytes_of::<T>());
    }

    /// Completes the message. It comes back when something went wrong.
    pub fn finish(mut self) -> Result<Finished<T, S>, Unfinished<T, S>> {
        match (self.builder.finish(T::LAYOUT_ID, T::ROOT_SIZE), self.builder.base()) {
            (Ok(size), Some(data)) => Ok(Finished { store: self.store, data, size, message: PhantomData }),
            (Ok(_), None) => Err(Unfinished { status: Status::E_STATE, draft: self }),
            (Err(status), _) => Err(Unfinished { status, draft: self }),
        }
    }
}

impl<T: Relative, S: Store> Finished<T, S> {
    /// Bytes that the message has.
    pub fn size(&self) -> usize {
        self.size as usize
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the draft wrote all of them, and nobody else writes to them as long as the store is here.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.size()) }
    }

    /// Reads it, as its receivers will.
    pub fn view(&self) -> T::View<'_> {
        T::view(View::root(self.bytes()))
    }

    /// What it lies in.
    pub(super) fn into_store(self) -> S {
        self.store
    }
}

impl<'m, T: Relative> Finished<T, Lent<'m>> {
    /// Its bytes, for as long as their memory was lent.
    pub fn into_bytes(self) -> &'m mut [u8] {
        // SAFETY: as in `bytes`, and the memory was borrowed mutably for that long.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_ptr(), self.size()) }
    }
}

impl<T: Relative, S: Store> fmt::Debug for Draft<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = T::NAME.to_string_lossy();
        write!(f, "Draft<{name}>({} bytes, {:?})", self.used(), self.fault())
    }
}

impl<T: Relative, S: Store> fmt::Debug for Finished<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Finished<{}>({} bytes)", T::NAME.to_string_lossy(), self.size)
    }
}

impl<T: Relative, S: Store> fmt::Debug for Unfinished<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unfinished").field("status", &self.status).field("draft", &self.draft).finish()
    }
}

impl<T: Relative, S: Store> fmt::Display for Unfinished<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status.fmt(f)
    }
}

impl<T: Relative, S: Store> std::error::Error for Unfinished<T, S> {}

impl<T: Relative, S: Store> From<Unfinished<T, S>> for Status {
    fn from(unfinished: Unfinished<T, S>) -> Self {
        unfinished.status
    }
}

impl<T: Relative, S: Store> From<Unfinished<T, S>> for Error {
    fn from(unfinished: Unfinished<T, S>) -> Self {
        unfinished.status.into()
    }
}

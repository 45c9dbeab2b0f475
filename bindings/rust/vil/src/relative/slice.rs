//! What lies behind a VSlice, or in a fixed array: elements that are loaded one by one.

use std::fmt;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use super::text::Str;
use super::view::{View, bytes_of};
use super::{Plain, Struct};

/// Bytes of texts, each with its NUL, that are written out for debugging.
const MOST_SHOWN: usize = 4096;

/// Numbers, enums or flat structs in a message, one behind the other. Not a `&[T]`: the message may be changed by another
/// process while it is read, so an element is copied out when it is asked for.
#[derive(Clone, Copy)]
pub struct Slice<'a, T: Plain> {
    first: NonNull<T>,
    count: u32,
    memory: PhantomData<&'a [T]>,
}

impl<'a, T: Plain> Slice<'a, T> {
    /// No elements.
    pub const fn empty() -> Self {
        Self { first: NonNull::dangling(), count: 0, memory: PhantomData }
    }

    /// # Safety
    /// `first` is aligned and readable for `count` elements as long as `'a`.
    #[inline(always)]
    pub(super) unsafe fn new(first: NonNull<T>, count: u32) -> Self {
        Self { first, count, memory: PhantomData }
    }

    /// How many there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Are there none?
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The element of this index, loaded now; none beyond the last one.
    #[inline(always)]
    pub fn get(&self, index: usize) -> Option<T> {
        if index >= self.len() {
            return None;
        }
        // SAFETY: the element is readable and aligned (`new`), and every bit pattern is a T.
        Some(unsafe { ptr::read_volatile(self.first.as_ptr().add(index)) })
    }

    /// The elements in their order, each loaded when its turn has come.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = T> + 'a {
        let slice = *self;
        // SAFETY: as in `get`.
        (0..self.len()).map(move |index| unsafe { ptr::read_volatile(slice.first.as_ptr().add(index)) })
    }

    /// Copies the first elements into `to`, as many as fit; how many. The fastest way to all of them.
    #[inline]
    pub fn copy_to_slice(&self, to: &mut [T]) -> usize {
        let count = self.len().min(to.len());
        // SAFETY: that many are readable here and writable there; `to` is borrowed mutably, so it is other memory, or memory that
        // nobody reads meanwhile. A writer who changes them changes the values copied, and every bit pattern is a T.
        unsafe { ptr::copy(self.first.as_ptr(), to.as_mut_ptr(), count) };
        count
    }

    /// All elements in a vector.
    pub fn to_vec(&self) -> Vec<T> {
        let mut all = Vec::with_capacity(self.len());
        // SAFETY: as in `copy_to_slice`; the vector has room for them all, and they are initialised then.
        unsafe {
            ptr::copy_nonoverlapping(self.first.as_ptr(), all.as_mut_ptr(), self.len());
            all.set_len(self.len());
        }
        all
    }

    /// Where they begin, for code that reads them in its own way.
    #[inline(always)]
    pub fn as_ptr(&self) -> *const T {
        self.first.as_ptr()
    }

    /// The elements in place, without a copy.
    ///
    /// # Safety
    /// No process writes to the message as long as `'a`. A producer that keeps to the contract does not; one that does not keep
    /// to it cannot be trusted to.
    #[inline(always)]
    pub unsafe fn as_slice(&self) -> &'a [T] {
        // SAFETY: readable and aligned (`new`), and nobody writes, says the caller.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr(), self.len()) }
    }
}

impl<T: Plain + PartialEq> PartialEq<[T]> for Slice<'_, T> {
    fn eq(&self, other: &[T]) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(mine, theirs)| mine == *theirs)
    }
}

impl<T: Plain + PartialEq, const N: usize> PartialEq<[T; N]> for Slice<'_, T> {
    fn eq(&self, other: &[T; N]) -> bool {
        *self == other[..]
    }
}

impl<T: Plain + fmt::Debug> fmt::Debug for Slice<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Structs with references in a message, one behind the other.
pub struct Views<'a, S: Struct> {
    /// All of them as one struct.
    all: View<'a>,
    element: PhantomData<S>,
}

impl<S: Struct> Clone for Views<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Struct> Copy for Views<'_, S> {}

impl<'a, S: Struct> Views<'a, S> {
    #[inline]
    pub(super) fn new(all: View<'a>) -> Self {
        Self { all, element: PhantomData }
    }

    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        (self.all.end() / bytes_of::<S>()) as usize
    }

    /// Are there none?
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The one of this index; none beyond the last one.
    #[inline]
    pub fn get(&self, index: usize) -> Option<S::View<'a>> {
        (index < self.len()).then(|| S::view(self.all.part(index as u32 * bytes_of::<S>(), bytes_of::<S>())))
    }

    /// All of them in their order.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = S::View<'a>> + 'a {
        let all = self.all;
        (0..self.len() as u32).map(move |index| S::view(all.part(index * bytes_of::<S>(), bytes_of::<S>())))
    }
}

/// How many there are: what they hold may lead to more of them without end, so it is not written out.
impl<S: Struct> fmt::Debug for Views<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} of them]", self.len())
    }
}

/// Texts in a message, one behind the other.
#[derive(Clone, Copy)]
pub struct Strs<'a> {
    /// All words as one struct.
    all: View<'a>,
    each: u32,
}

impl<'a> Strs<'a> {
    #[inline]
    pub(super) fn new(all: View<'a>, each: u32) -> Self {
        Self { all, each }
    }

    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        (self.all.end() / 8) as usize
    }

    /// Are there none?
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The one of this index; none beyond the last one.
    #[inline]
    pub fn get(&self, index: usize) -> Option<Str<'a>> {
        (index < self.len()).then(|| self.all.text(index as u32 * 8, self.each))
    }

    /// All of them in their order.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Str<'a>> + 'a {
        let Strs { all, each } = *self;
        (0..self.len() as u32).map(move |index| all.text(index * 8, each))
    }
}

/// The first of them, no more bytes in all than a person looks at: in bytes that nobody checked all of them may lead to the same
/// megabytes.
impl fmt::Debug for Strs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = MOST_SHOWN;
        let mut list = f.debug_list();
        for text in self.iter() {
            let Some(rest) = left.checked_sub(text.len() + 1) else { return list.finish_non_exhaustive() };
            left = rest;
            list.entry(&text);
        }
        list.finish()
    }
}

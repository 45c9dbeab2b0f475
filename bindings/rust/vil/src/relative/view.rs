//! A place in a relative message: the one file that follows offsets. Every load is one, every bound is private memory.

use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use super::slice::{Slice, Strs, Views};
use super::text::Str;
use super::{MESSAGE_ALIGN, Plain, ROOT_OFFSET, Struct};

/// A struct within a relative message; what generated views are made of.
///
/// The message may be changed by another process while it is read. So nothing here makes a reference into it: numbers are
/// loaded one by one, each once, and where they lead is compared with a size that was read once, when the view was made.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The message's start, aligned to 8.
    base: NonNull<u8>,
    /// Bytes of the message that may be read.
    size: u32,
    /// Offset of the struct from the message's start, aligned as the struct; `at + end <= size`.
    at: u32,
    /// Bytes of the struct that are there.
    end: u32,
    memory: PhantomData<&'a [u8]>,
}

impl<'a> View<'a> {
    /// A struct of which nothing is there.
    pub const fn nowhere() -> Self {
        Self { base: NonNull::dangling(), size: 0, at: 0, end: 0, memory: PhantomData }
    }

    /// The root of the message in these bytes, which nobody changes. Of bytes that are too short for a head, or not aligned to 8,
    /// nothing is there.
    pub fn root(bytes: &'a [u8]) -> Self {
        // SAFETY: the bytes are borrowed for as long as the view.
        unsafe { Self::root_of(bytes.as_ptr(), bytes.len()) }
    }

    /// The root of the message in this memory.
    ///
    /// # Safety
    /// `data` is readable for `size` bytes as long as `'a`. Their content may be anything, and may change.
    pub unsafe fn root_of(data: *const u8, size: usize) -> Self {
        let Some(base) = NonNull::new(data.cast_mut()) else { return Self::nowhere() };
        if size < ROOT_OFFSET as usize || !base.addr().get().is_multiple_of(MESSAGE_ALIGN) {
            return Self::nowhere();
        }
        // SAFETY: 16 bytes are readable and aligned to 8. `size` and `root_size` in one load, so that they are of one head.
        let sizes = u64::from_le(unsafe { ptr::read_volatile(base.as_ptr().cast::<u64>().add(1)) });
        let (stated, root_size) = (sizes as u32, (sizes >> 32) as u32);
        let size = u32::try_from(size).unwrap_or(u32::MAX).min(stated);
        let Some(behind) = size.checked_sub(ROOT_OFFSET) else { return Self::nowhere() };
        Self { base, size, at: ROOT_OFFSET, end: root_size.min(behind), memory: PhantomData }
    }

    /// Whether anything of the struct is there.
    #[inline]
    pub fn is_there(&self) -> bool {
        self.end > 0
    }

    /// Whether these bytes of the struct are there.
    #[inline(always)]
    pub fn has(&self, offset: u32, size: u32) -> bool {
        offset.checked_add(size).is_some_and(|behind| behind <= self.end)
    }

    /// Whether the presence byte at this offset is set.
    #[inline]
    pub fn flag(&self, offset: u32) -> bool {
        self.get::<u8>(offset).is_some_and(|flag| flag != 0)
    }

    /// The value at this offset; none where it is not there.
    #[inline(always)]
    pub fn get<T: Plain>(&self, offset: u32) -> Option<T> {
        if !self.has(offset, bytes_of::<T>()) {
            return None;
        }
        self.load(self.at + offset)
    }

    /// The elements that the VSlice at this offset refers to; none where it leads outside, or to more than its bound.
    #[inline]
    pub fn slice<T: Plain>(&self, offset: u32, bound: u32) -> Slice<'a, T> {
        match self.target(offset, bytes_of::<T>(), align_of::<T>() as u32, bound) {
            // SAFETY: `target` found room for that many of them, aligned, within the message.
            Some((at, count)) => unsafe { Slice::new(self.pointer(at).cast(), count) },
            None => Slice::empty(),
        }
    }

    /// The fixed array at this offset; no element where it is not there.
    #[inline]
    pub fn array<T: Plain>(&self, offset: u32, count: u32) -> Slice<'a, T> {
        let at = self.at.wrapping_add(offset);
        let is_there = count.checked_mul(bytes_of::<T>()).is_some_and(|size| self.has(offset, size));
        if !is_there || !at.is_multiple_of(align_of::<T>() as u32) {
            return Slice::empty();
        }
        // SAFETY: all of it lies within the struct, so within the message, and is aligned.
        unsafe { Slice::new(self.pointer(at).cast(), count) }
    }

    /// The text that the VStr at this offset refers to; empty where it leads outside, or is longer than its bound.
    #[inline]
    pub fn text(&self, offset: u32, bound: u32) -> Str<'a> {
        let Some(word) = self.get::<u64>(offset) else { return Str::empty() };
        let (at, count) = halves(word);
        // One more byte, because a NUL stands behind them.
        if !self.is_forward(offset, 8, at)
            || count > bound
            || u64::from(at) + u64::from(count) + 1 > u64::from(self.size)
        {
            return Str::empty();
        }
        // SAFETY: the bytes lie within the message.
        Str::of(unsafe { Slice::new(self.pointer(at), count) })
    }

    /// The texts that the VSlice at this offset refers to; `each` is the bound of one.
    #[inline]
    pub fn texts(&self, offset: u32, bound: u32, each: u32) -> Strs<'a> {
        match self.target(offset, 8, 8, bound) {
            Some((at, count)) => Strs::new(self.struct_at(at, count.saturating_mul(8)), each),
            None => Strs::new(Self::nowhere(), each),
        }
    }

    /// The structs that the VSlice at this offset refers to.
    #[inline]
    pub fn views<S: Struct>(&self, offset: u32, bound: u32) -> Views<'a, S> {
        match self.target(offset, bytes_of::<S>(), align_of::<S>() as u32, bound) {
            Some((at, count)) => Views::new(self.struct_at(at, count.saturating_mul(bytes_of::<S>()))),
            None => Views::new(Self::nowhere()),
        }
    }

    /// The texts of a fixed array; `each` is the bound of one.
    #[inline]
    pub fn text_array(&self, offset: u32, count: u32, each: u32) -> Strs<'a> {
        Strs::new(self.part(offset, count.saturating_mul(8)), each)
    }

    /// The structs of a fixed array.
    #[inline]
    pub fn view_array<S: Struct>(&self, offset: u32, count: u32) -> Views<'a, S> {
        Views::new(self.part(offset, count.saturating_mul(bytes_of::<S>())))
    }

    /// Offset of one element of a fixed array; one that is nowhere where it has none of this index.
    #[inline]
    pub fn entry(&self, offset: u32, index: usize, count: u32, size: u32) -> u32 {
        if index < count as usize { offset.saturating_add((index as u32).saturating_mul(size)) } else { u32::MAX }
    }

    /// The struct at this offset.
    #[inline]
    pub fn nested<S: Struct>(&self, offset: u32) -> S::View<'a> {
        S::view(self.part(offset, bytes_of::<S>()))
    }

    /// The struct that the VRef at this offset leads to; none where it is absent or leads outside.
    #[inline]
    pub fn follow<S: Struct>(&self, offset: u32) -> Option<S::View<'a>> {
        let at = self.get::<u32>(offset).map(u32::from_le)?;
        let fits = u64::from(at) + u64::from(bytes_of::<S>()) <= u64::from(self.size);
        let is_right = self.is_forward(offset, 4, at) && at.is_multiple_of(align_of::<S>() as u32) && fits;
        is_right.then(|| S::view(self.struct_at(at, bytes_of::<S>())))
    }

    /// The value that the VRef at this offset leads to; none where it is absent or leads outside.
    #[inline]
    pub fn follow_value<T: Plain>(&self, offset: u32) -> Option<T> {
        let at = self.get::<u32>(offset).map(u32::from_le)?;
        let fits = u64::from(at) + u64::from(bytes_of::<T>()) <= u64::from(self.size);
        if self.is_forward(offset, 4, at) && fits { self.load(at) } else { None }
    }

    /// These bytes of the struct as a struct of their own; nowhere where they are not there.
    #[inline]
    pub(super) fn part(&self, offset: u32, size: u32) -> View<'a> {
        if self.has(offset, size) { self.struct_at(self.at + offset, size) } else { Self::nowhere() }
    }

    /// How many bytes of the struct are there.
    #[inline]
    pub(super) fn end(&self) -> u32 {
        self.end
    }

    /// Where the word at this offset leads, and the count there: in bounds, aligned, at most the bound.
    #[inline(always)]
    fn target(&self, offset: u32, size: u32, align: u32, bound: u32) -> Option<(u32, u32)> {
        let (at, count) = halves(self.get::<u64>(offset)?);
        let behind = u64::from(at) + u64::from(count) * u64::from(size);
        let is_there = self.is_forward(offset, 8, at) && behind <= u64::from(self.size);
        let is_right = is_there && at.is_multiple_of(align) && count <= bound && count > 0;
        is_right.then_some((at, count))
    }

    /// Whether a reference of this width leads to what lies behind it, as all do; so no chain of them comes back to where it was.
    #[inline(always)]
    fn is_forward(&self, offset: u32, width: u32, at: u32) -> bool {
        u64::from(at) >= u64::from(self.at) + u64::from(offset) + u64::from(width)
    }

    #[inline(always)]
    fn struct_at(&self, at: u32, size: u32) -> View<'a> {
        debug_assert!(u64::from(at) + u64::from(size) <= u64::from(self.size));
        View { at, end: size, ..*self }
    }

    /// A value at an offset from the message's start that lies within it; none where it is not aligned.
    #[inline(always)]
    fn load<T: Plain>(&self, at: u32) -> Option<T> {
        if !at.is_multiple_of(align_of::<T>() as u32) {
            return None;
        }
        // SAFETY: the caller found it within the struct, which lies within the message; it is aligned, because the message
        // is aligned to 8, and every bit pattern is a T. Volatile, so that it is loaded once.
        Some(unsafe { ptr::read_volatile(self.pointer(at).cast::<T>().as_ptr()) })
    }

    #[inline(always)]
    fn pointer(&self, at: u32) -> NonNull<u8> {
        // SAFETY: every caller has found `at` within the message.
        unsafe { self.base.add(at as usize) }
    }
}

/// Offset and count of a word.
#[inline(always)]
pub(super) fn halves(word: u64) -> (u32, u32) {
    let word = u64::from_le(word);
    (word as u32, (word >> 32) as u32)
}

/// Bytes of a type of at most 64 MiB.
#[inline(always)]
pub(super) const fn bytes_of<T>() -> u32 {
    const { assert!(size_of::<T>() <= 64 << 20, "a struct has at most 64 MiB") };
    size_of::<T>() as u32
}

//! A struct in the making: what generated writers are made of.

use super::builder::Builder;
use super::view::bytes_of;
use super::writers::{SliceWriter, StrWriters, Writers};
use super::{Plain, Struct};
use crate::Status;

/// A struct in a message in the making. It borrows the message, so its parts are written one after the other.
///
/// Nothing here answers an error: the first one stays with the draft, what comes behind it is ignored, and `finish` says it.
#[derive(Debug)]
pub struct Writer<'w> {
    builder: &'w mut Builder,
    /// Offset of the struct from the message's start. Means nothing once there was a fault.
    at: u32,
}

impl<'w> Writer<'w> {
    /// A struct at this offset of the message.
    #[inline(always)]
    pub(super) fn new(builder: &'w mut Builder, at: u32) -> Self {
        Self { builder, at }
    }

    /// Writes a value.
    #[inline(always)]
    pub fn set<T: Plain>(&mut self, offset: u32, value: T) {
        self.builder.store(self.at.wrapping_add(offset), value);
    }

    /// Copies a text and its NUL behind what is there, and refers to it. [`Status::E_ARGUMENT`] where it holds a NUL.
    pub fn text(&mut self, offset: u32, bound: u32, text: &str) {
        write_text(self.builder, self.at.wrapping_add(offset), bound, text);
    }

    /// Room for so many values behind what is there, and the reference to them. All zeros, but for [`crate::Draft::skip_zeroes`].
    pub fn slice<T: Plain>(&mut self, offset: u32, bound: u32, count: usize) -> SliceWriter<'_, T> {
        let size = (count as u64).saturating_mul(size_of::<T>() as u64);
        let word = self.at.wrapping_add(offset);
        let at = self.builder.refer_plain(word, count, size, align_of::<T>() as u32, bound);
        SliceWriter::new(self.builder, at.unwrap_or(0), count)
    }

    /// Writes the first values of a fixed array; those behind them are zero. [`Status::E_LIMIT`] for more than it has.
    pub fn array<T: Plain>(&mut self, offset: u32, count: u32, values: &[T]) {
        let at = self.at.wrapping_add(offset);
        self.builder.clear(at, count.wrapping_mul(bytes_of::<T>()));
        SliceWriter::new(self.builder, at, count as usize).copy_from_slice(values);
    }

    /// Room for so many texts, all empty, and the reference to them; `each` is the bound of one.
    pub fn texts(&mut self, offset: u32, bound: u32, each: u32, count: usize) -> StrWriters<'_> {
        let at = self.builder.refer(self.at.wrapping_add(offset), count, (count as u64).saturating_mul(8), 8, bound);
        StrWriters::new(self.builder, at.unwrap_or(0), count, each)
    }

    /// The texts of a fixed array.
    pub fn text_array(&mut self, offset: u32, count: u32, each: u32) -> StrWriters<'_> {
        StrWriters::new(self.builder, self.at.wrapping_add(offset), count as usize, each)
    }

    /// Room for so many structs, all zeros, and the reference to them.
    pub fn structs<S: Struct>(&mut self, offset: u32, bound: u32, count: usize) -> Writers<'_, S> {
        let size = (count as u64).saturating_mul(size_of::<S>() as u64);
        let at = self.builder.refer(self.at.wrapping_add(offset), count, size, align_of::<S>() as u32, bound);
        Writers::new(self.builder, at.unwrap_or(0), count)
    }

    /// One struct of a fixed array; [`Status::E_LIMIT`] where it has none of this index.
    pub fn struct_at<S: Struct>(&mut self, offset: u32, count: u32, index: usize) -> S::Writer<'_> {
        let entry = self.entry(offset, index, count, bytes_of::<S>());
        self.nested::<S>(entry)
    }

    /// The struct that lies at this offset.
    pub fn nested<S: Struct>(&mut self, offset: u32) -> S::Writer<'_> {
        S::writer(Writer::new(self.builder, self.at.wrapping_add(offset)))
    }

    /// Room for a struct, all zeros, and the VRef to it. [`Status::E_STATE`] where there is one already.
    pub fn refer<S: Struct>(&mut self, offset: u32) -> S::Writer<'_> {
        let at = self.target(offset, bytes_of::<S>(), align_of::<S>() as u32);
        S::writer(Writer::new(self.builder, at))
    }

    /// Puts a value behind what is there, and refers to it by the VRef. [`Status::E_STATE`] where there is one already.
    pub fn refer_value<T: Plain>(&mut self, offset: u32, value: T) {
        let at = self.target(offset, bytes_of::<T>(), align_of::<T>() as u32);
        self.builder.store(at, value);
    }

    /// The arm of a tagged union of this size, which becomes that arm, all zeros.
    pub fn arm<T: Plain, S: Struct>(&mut self, size: u32, tag: T, offset: u32) -> S::Writer<'_> {
        self.builder.clear(self.at, size);
        self.set(0, tag);
        self.nested::<S>(offset)
    }

    /// Offset of one element of a fixed array; [`Status::E_LIMIT`] where it has none of this index.
    pub fn entry(&mut self, offset: u32, index: usize, count: u32, size: u32) -> u32 {
        if index >= count as usize {
            self.builder.fail(Status::E_LIMIT);
            return 0;
        }
        offset.wrapping_add((index as u32).wrapping_mul(size))
    }

    /// Room for what a VRef leads to, and the VRef.
    fn target(&mut self, offset: u32, size: u32, align: u32) -> u32 {
        let word = self.at.wrapping_add(offset);
        if self.builder.load::<u32>(word).is_some_and(|there| there != 0) {
            self.builder.fail(Status::E_STATE);
        }
        let at = self.builder.append(u64::from(size), align).unwrap_or(0);
        self.builder.store(word, at.to_le());
        at
    }
}

/// Copies a text and its NUL, and refers to it by the word at `word`.
pub(super) fn write_text(builder: &mut Builder, word: u32, bound: u32, text: &str) {
    let bytes = text.as_bytes();
    if bytes.len() > bound as usize {
        builder.fail(Status::E_LIMIT);
    }
    if bytes.contains(&0) {
        builder.fail(Status::E_ARGUMENT);
    }
    if let Some(at) = builder.refer(word, bytes.len(), bytes.len() as u64 + 1, 1, bound) {
        let there = builder.values::<u8>(at, bytes.len() as u32);
        there.copy_from_slice(&bytes[..there.len()]);
    }
}

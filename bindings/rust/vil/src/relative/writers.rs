//! Several of a kind in the making: values, texts or structs that lie one behind the other.

use std::marker::PhantomData;

use super::builder::Builder;
use super::view::bytes_of;
use super::writer::{Writer, write_text};
use super::{Plain, Struct};
use crate::Status;

/// Values in a message in the making, zero until they are written, unless the draft skips zeroes.
#[derive(Debug)]
pub struct SliceWriter<'w, T: Plain> {
    builder: &'w mut Builder,
    at: u32,
    count: usize,
    element: PhantomData<T>,
}

impl<'w, T: Plain> SliceWriter<'w, T> {
    #[inline(always)]
    pub(super) fn new(builder: &'w mut Builder, at: u32, count: usize) -> Self {
        Self { builder, at, count, element: PhantomData }
    }

    /// Writes one of them. [`Status::E_LIMIT`] at `finish` where there is none of this index.
    #[inline(always)]
    pub fn set(&mut self, index: usize, value: T) {
        match offset(self.builder, self.at, index, self.count, bytes_of::<T>()) {
            Some(at) => self.builder.store(at, value),
            None => self.builder.fail(Status::E_LIMIT),
        }
    }

    /// Writes the first ones, as many as there are. [`Status::E_LIMIT`] at `finish` where they are more than there is room for.
    pub fn copy_from_slice(&mut self, values: &[T]) {
        if values.len() > self.count {
            self.builder.fail(Status::E_LIMIT);
        }
        let there = self.as_mut_slice();
        let count = there.len().min(values.len());
        there[..count].copy_from_slice(&values[..count]);
    }

    /// All of them, to be written in place; none when the message is only measured, or had a fault.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self.builder.values(self.at, self.count as u32)
    }
}

/// Texts in a message in the making, empty until they are written.
#[derive(Debug)]
pub struct StrWriters<'w> {
    builder: &'w mut Builder,
    at: u32,
    count: usize,
    each: u32,
}

impl<'w> StrWriters<'w> {
    pub(super) fn new(builder: &'w mut Builder, at: u32, count: usize, each: u32) -> Self {
        Self { builder, at, count, each }
    }

    /// Writes one of them, once. [`Status::E_LIMIT`] at `finish` where there is none of this index.
    pub fn set(&mut self, index: usize, text: &str) {
        match offset(self.builder, self.at, index, self.count, 8) {
            Some(word) => write_text(self.builder, word, self.each, text),
            None => self.builder.fail(Status::E_LIMIT),
        }
    }
}

/// Structs with references in a message in the making, all zeros until they are written.
#[derive(Debug)]
pub struct Writers<'w, S: Struct> {
    builder: &'w mut Builder,
    at: u32,
    count: usize,
    element: PhantomData<S>,
}

impl<'w, S: Struct> Writers<'w, S> {
    pub(super) fn new(builder: &'w mut Builder, at: u32, count: usize) -> Self {
        Self { builder, at, count, element: PhantomData }
    }

    /// Writes one of them. [`Status::E_LIMIT`] at `finish` where there is none of this index.
    pub fn at(&mut self, index: usize) -> S::Writer<'_> {
        let at = offset(self.builder, self.at, index, self.count, bytes_of::<S>());
        if at.is_none() {
            self.builder.fail(Status::E_LIMIT);
        }
        S::writer(Writer::new(self.builder, at.unwrap_or(0)))
    }
}

/// Where the element of this index lies; none where there is none. After a fault nothing lies anywhere, and nothing is written.
#[inline(always)]
fn offset(builder: &Builder, at: u32, index: usize, count: usize, size: u32) -> Option<u32> {
    if index >= count {
        return None;
    }
    if builder.fault().is_some() { Some(0) } else { Some(at + index as u32 * size) }
}

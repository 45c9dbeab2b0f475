//! Private buffers of an end, for messages that are copied in or out.

use std::mem::MaybeUninit;
use std::ptr::NonNull;

use vil_ir::limits::INLINE_SIZE;

use crate::base::atomic::Word;
use crate::mem::{CELL_BEHIND, RingGeometry, Shared};

/// A number of equal buffers, aligned to 8 bytes, allocated once.
#[derive(Debug, Clone)]
pub(super) struct Buffers {
    words: Box<[u64]>,
    words_each: usize,
}

impl Buffers {
    /// `count` zeroed buffers of at least `size` bytes.
    pub(super) fn new(count: u32, size: u32) -> Buffers {
        let words_each = size.div_ceil(8) as usize;
        Buffers { words: vec![0; words_each * count as usize].into_boxed_slice(), words_each }
    }

    /// No buffers at all, for ends that need none.
    pub(super) fn none() -> Buffers {
        Buffers { words: Box::default(), words_each: 0 }
    }

    /// The address of one buffer, valid as long as `self` is.
    pub(super) fn address(&mut self, position: usize) -> NonNull<u8> {
        let start = position * self.words_each;
        NonNull::from(&mut self.words[start..start + self.words_each]).cast()
    }

    /// The words of one buffer; `None` where there is none.
    #[inline(always)]
    pub(super) fn words(&self, position: usize) -> Option<&[u64]> {
        let start = position * self.words_each;
        self.words.get(start..start + self.words_each).filter(|words| !words.is_empty())
    }

    /// Fills one buffer from words that others may be writing, and answers its address: word by word, so that no torn read
    /// is undefined. `None` where there is no such buffer or there are too few words.
    #[inline(always)]
    pub(super) fn read_words(&mut self, position: usize, words: &[Word], site: &'static str) -> Option<NonNull<u8>> {
        let start = position * self.words_each;
        let to =
            self.words.get_mut(start..start + self.words_each).filter(|to| (1..=words.len()).contains(&to.len()))?;
        to.iter_mut().zip(words).for_each(|(to, from)| *to = from.peek(site));
        Some(NonNull::from(to).cast())
    }

    /// The address of one buffer; `None` where there is none.
    #[inline(always)]
    pub(super) fn place(&mut self, position: usize) -> Option<NonNull<u8>> {
        let start = position * self.words_each;
        let place = self.words.get_mut(start..start + self.words_each).filter(|place| !place.is_empty())?;
        Some(NonNull::from(place).cast())
    }

    /// Writes one buffer into a cell, word by word. The cell is ours until tail moves over it; a crash in between
    /// leaves a cell nobody looks at.
    pub(super) fn write_cell(&self, position: usize, shared: &Shared, ring: &RingGeometry, index: u32) {
        let start = position * self.words_each;
        for (i, word) in self.words[start..start + self.words_each].iter().enumerate() {
            shared.segment.word(inline_word(ring, index, i)).note(*word, "publish.inline");
        }
    }

    /// Fills one buffer from a cell, word by word.
    pub(super) fn read_cell(&mut self, position: usize, shared: &Shared, ring: &RingGeometry, index: u32) {
        let start = position * self.words_each;
        for (i, word) in self.words[start..start + self.words_each].iter_mut().enumerate() {
            *word = shared.segment.word(inline_word(ring, index, i)).peek("receive.inline");
        }
    }

    /// Fills one buffer from a slot that others may be writing: word by word, so that no torn read is undefined.
    pub(super) fn read_slot(&mut self, position: usize, shared: &Shared, offset: u64) {
        let start = position * self.words_each;
        for (i, word) in self.words[start..start + self.words_each].iter_mut().enumerate() {
            *word = shared.segment.word(offset + i as u64 * 8).peek("receive.copy");
        }
    }
}

/// Writes a message of the caller's into words of a cell, the last one filled up with zeros. Nothing where there are too few.
#[inline(always)]
pub(super) fn write_words(words: &[Word], message: &[u8], site: &'static str) {
    let Some(words) = words.get(..message.len().div_ceil(8)) else { return };
    let (whole, rest) = message.as_chunks::<8>();
    words.iter().zip(whole).for_each(|(to, from)| to.note(u64::from_ne_bytes(*from), site));
    if let (false, Some(to)) = (rest.is_empty(), words.last()) {
        // Byte by byte: a copy of an unknown length is a call.
        let last = rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        to.note(u64::from_le(last), site);
    }
}

/// Fills all bytes of the caller's with a message from words that others may be writing: word by word, so that no torn read is
/// undefined. `None`, and nothing read, where there are too few words.
#[inline(always)]
pub(super) fn read_words(words: &[Word], message: &mut [MaybeUninit<u8>], site: &'static str) -> Option<()> {
    let words = words.get(..message.len().div_ceil(8))?;
    let (whole, rest) = message.as_chunks_mut::<8>();
    whole.iter_mut().zip(words).for_each(|(to, from)| *to = from.peek(site).to_ne_bytes().map(MaybeUninit::new));
    if let (false, Some(from)) = (rest.is_empty(), words.last()) {
        // Byte by byte, as above.
        let last = from.peek(site).to_ne_bytes();
        rest.iter_mut().zip(last).for_each(|(to, from)| *to = MaybeUninit::new(from));
    }
    Some(())
}

fn inline_word(ring: &RingGeometry, index: u32, word: usize) -> u64 {
    ring.inline(index) + word as u64 * 8
}

const _: () = assert!(CELL_BEHIND + INLINE_SIZE as u64 == 64 && INLINE_SIZE.is_multiple_of(8));

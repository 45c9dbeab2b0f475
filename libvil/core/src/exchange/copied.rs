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

/// Words of the longest message that a cell has room for.
const WORDS: usize = INLINE_SIZE as usize / 8;
const _: () = assert!(WORDS == 5);

/// Has a message of so many bytes no broken word, and no more than a cell has room for? The bits of a broken one come out on top.
#[inline(always)]
fn is_short(bytes: usize) -> bool {
    bytes.rotate_right(3) <= WORDS
}

/// Goes through the words of a short message. Written out: of a loop of two steps most is the loop.
#[inline(always)]
fn each_word<T>(mut words: impl Iterator<Item = T>, mut step: impl FnMut(T)) {
    let Some(word) = words.next() else { return };
    step(word);
    let Some(word) = words.next() else { return };
    step(word);
    let Some(word) = words.next() else { return };
    step(word);
    let Some(word) = words.next() else { return };
    step(word);
    let Some(word) = words.next() else { return };
    step(word);
}

/// Writes a message of the caller's into words of a cell, the last one filled up with zeros. Nothing where there are too few.
#[inline(always)]
pub(super) fn write_words(words: &[Word], message: &[u8], site: &'static str) {
    if !is_short(message.len()) {
        return write_any(words, message, site);
    }
    let whole = message.as_chunks::<8>().0;
    let Some(words) = words.get(..whole.len()) else { return };
    each_word(words.iter().zip(whole), |(to, from)| to.note(u64::from_ne_bytes(*from), site));
}

#[inline(never)]
fn write_any(words: &[Word], message: &[u8], site: &'static str) {
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
    if !is_short(message.len()) {
        return read_any(words, message, site);
    }
    let whole = message.as_chunks_mut::<8>().0;
    let pairs = words.get(..whole.len())?.iter().zip(whole);
    each_word(pairs, |(from, to)| *to = from.peek(site).to_ne_bytes().map(MaybeUninit::new));
    Some(())
}

/// The same for any length, in a function of its own: of messages in slots, and of those in cells that have a broken word.
#[inline(never)]
pub(super) fn read_any(words: &[Word], message: &mut [MaybeUninit<u8>], site: &'static str) -> Option<()> {
    let words = words.get(..message.len().div_ceil(8))?;
    let (whole, rest) = message.as_chunks_mut::<8>();
    // Four at a time: half of a loop over words is the loop.
    let (from_fours, from_more) = words.get(..whole.len())?.as_chunks::<4>();
    let (fours, more) = whole.as_chunks_mut::<4>();
    let fill = |to: &mut [MaybeUninit<u8>; 8], from: &Word| *to = from.peek(site).to_ne_bytes().map(MaybeUninit::new);
    for (to, from) in fours.iter_mut().zip(from_fours) {
        to.iter_mut().zip(from).for_each(|(to, from)| fill(to, from));
    }
    more.iter_mut().zip(from_more).for_each(|(to, from)| fill(to, from));
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

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const SITE: &str = "test";

    /// Longest message that is tried, in words.
    const MOST: usize = 12;

    fn shared(words: &mut [u64; MOST]) -> &[Word] {
        // SAFETY: a Word is an atomic u64, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts(words.as_mut_ptr().cast::<Word>(), MOST) }
    }

    #[test]
    fn a_message_of_any_length_is_written_into_words_and_read_out_of_them_whole() {
        for length in 0..=MOST * 8 {
            let message: Vec<u8> = (1..=length as u8).collect();
            let mut words = [u64::MAX; MOST];
            write_words(shared(&mut words), &message, SITE);
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
            let filled = length.next_multiple_of(8);
            assert_eq!((&bytes[..length], &bytes[length..filled]), (&message[..], &[0; 8][..filled - length]));
            assert!(bytes[filled..].iter().all(|byte| *byte == 0xff), "{length}: no word behind it is written");
            let mut copy = vec![MaybeUninit::new(0xee); length];
            assert_eq!(read_words(shared(&mut words), &mut copy, SITE), Some(()));
            // SAFETY: all of it was initialised before it was read.
            let copy: Vec<u8> = copy.into_iter().map(|byte| unsafe { byte.assume_init() }).collect();
            assert_eq!(copy, message);
        }
    }

    #[test]
    fn a_message_that_is_too_long_for_the_words_is_neither_written_nor_read() {
        for length in MOST * 8 + 1..MOST * 8 + 40 {
            let mut words = [7; MOST];
            write_words(shared(&mut words), &vec![1; length], SITE);
            assert_eq!(words, [7; MOST]);
            assert_eq!(read_words(shared(&mut words), &mut vec![MaybeUninit::new(0); length], SITE), None);
        }
        let (few, one) = (&mut [7; MOST], [1; 24]);
        write_words(&shared(few)[..2], &one, SITE);
        assert_eq!(read_words(&shared(few)[..2], &mut [MaybeUninit::new(0); 24], SITE), None);
        assert_eq!(*few, [7; MOST]);
    }
}

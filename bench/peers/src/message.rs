//! A message's bytes: numbered, written and read as in libvil's own trials, and checked by whoever reads them. A filled
//! message is set and summed word by word; else one word goes there and back.

/// Whether messages are touched in their first word or in every byte.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Touch {
    words: usize,
    is_filled: bool,
}

impl Touch {
    /// Of messages of `size` bytes, a multiple of 8.
    pub(crate) fn new(size: usize, is_filled: bool) -> Touch {
        Touch { words: size / 8, is_filled }
    }

    /// Writes message `number`.
    ///
    /// # Safety
    /// `to` points to as many bytes as messages have, aligned to 8, that nobody else touches.
    #[inline(always)]
    pub(crate) unsafe fn write(self, to: *mut u64, number: u64) {
        if self.is_filled {
            // SAFETY: the caller's promise.
            unsafe { to.write_bytes(pattern(number), self.words) };
        }
        // SAFETY: the caller's promise; a message has at least one word.
        unsafe { to.write(number) };
    }

    /// The number of the message.
    ///
    /// # Safety
    /// `from` points to as many bytes as messages have, aligned to 8, that nobody changes.
    #[inline(always)]
    pub(crate) unsafe fn read(self, from: *const u64) -> u64 {
        // SAFETY: the caller's promise; a message has at least one word.
        let number = unsafe { from.read() };
        if self.is_filled {
            // SAFETY: the caller's promise.
            let words = unsafe { std::slice::from_raw_parts(from, self.words) };
            let is_whole = sum(words) == expected(self.words, number);
            assert!(is_whole, "message {number} is not what was written");
        }
        number
    }
}

fn pattern(number: u64) -> u8 {
    (number & 0x7f) as u8 + 1
}

fn expected(words: usize, number: u64) -> u64 {
    let word = u64::from_ne_bytes([pattern(number); 8]);
    word.wrapping_mul(words as u64 - 1).wrapping_add(number)
}

/// The sum of all words, in four parts that do not wait for each other.
fn sum(words: &[u64]) -> u64 {
    let (fours, rest) = words.as_chunks::<4>();
    let mut parts = [0u64; 4];
    for four in fours {
        for (part, word) in parts.iter_mut().zip(four) {
            *part = part.wrapping_add(*word);
        }
    }
    parts.iter().chain(rest).fold(0, |sum, word| sum.wrapping_add(*word))
}

/// A private message, for peers that copy.
#[derive(Debug)]
pub(crate) struct Buffer {
    words: Vec<u64>,
    touch: Touch,
}

impl Buffer {
    /// Of messages of `size` bytes; all its pages are there.
    pub(crate) fn new(size: usize, is_filled: bool) -> Buffer {
        Buffer { words: vec![u64::MAX; size / 8], touch: Touch::new(size, is_filled) }
    }

    /// Message `number`, as bytes.
    #[inline(always)]
    pub(crate) fn write(&mut self, number: u64) -> &[u8] {
        // SAFETY: the words are as many as `touch` was made for, and ours.
        unsafe { self.touch.write(self.words.as_mut_ptr(), number) };
        self.bytes()
    }

    /// Where to receive into.
    #[inline(always)]
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        let size = self.words.len() * 8;
        // SAFETY: words are bytes, and borrowed as long as the slice is.
        unsafe { std::slice::from_raw_parts_mut(self.words.as_mut_ptr().cast(), size) }
    }

    /// The number of the message that was received.
    #[inline(always)]
    pub(crate) fn read(&self) -> u64 {
        // SAFETY: the words are as many as `touch` was made for, and ours.
        unsafe { self.touch.read(self.words.as_ptr()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for is_filled in [false, true] {
            let mut buffer = Buffer::new(64, is_filled);
            assert_eq!(buffer.write(7).len(), 64);
            assert_eq!(buffer.read(), 7);
        }
    }

    #[test]
    #[should_panic(expected = "not what was written")]
    fn a_torn_message_is_found() {
        let mut buffer = Buffer::new(64, true);
        buffer.write(7);
        buffer.bytes()[63] = 1;
        buffer.read();
    }
}

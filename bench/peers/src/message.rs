//! A message's bytes: numbered, written and read as the trial was asked to, and checked by whoever reads them.

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
        if !self.is_filled {
            // SAFETY: the caller's promise; a message has at least one word.
            return unsafe { to.write(number) };
        }
        for word in 0..self.words {
            // SAFETY: the caller's promise.
            unsafe { to.add(word).write(number) };
        }
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
            let sum = words.iter().fold(0u64, |sum, word| sum.wrapping_add(*word));
            assert_eq!(sum, number.wrapping_mul(self.words as u64), "message {number} is not what was written");
        }
        number
    }
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

//! The bytes of a message, read word by word: the only place here that touches memory which somebody may be changing, and the
//! only one with unsafe code.

use std::marker::PhantomData;

/// Bytes that may change while they are read. Each load reads its word once, and the compiler repeats none of them.
#[derive(Debug, Clone, Copy)]
pub struct Bytes<'a> {
    start: *const u8,
    size: u32,
    life: PhantomData<&'a [u8]>,
}

/// A load of one width.
macro_rules! load {
    ($name:ident, $word:ty) => {
        /// The word at this offset; nothing where it does not lie within.
        #[inline]
        pub(crate) fn $name(&self, at: u32) -> Option<$word> {
            const SIZE: u32 = size_of::<$word>() as u32;
            if at.checked_add(SIZE)? > self.size {
                return None;
            }
            // SAFETY: `at + SIZE` was compared with the size that `new` was promised.
            let place = unsafe { self.start.add(at as usize) };
            if place.addr() % size_of::<$word>() == 0 {
                // SAFETY: within, aligned, and any pattern of bits is a number.
                return Some(unsafe { place.cast::<$word>().read_volatile() });
            }
            // SAFETY: within, and bytes are aligned anywhere. In a message that is where it should be this is never needed.
            Some(<$word>::from_le_bytes(unsafe { place.cast::<[u8; SIZE as usize]>().read_volatile() }))
        }
    };
}

impl<'a> Bytes<'a> {
    /// Bytes in shared memory, at most 4 GiB of them.
    ///
    /// # Safety
    /// `start` has `size` readable bytes for as long as `'a`; others may write them meanwhile.
    pub unsafe fn new(start: *const u8, size: usize) -> Bytes<'a> {
        Bytes { start, size: u32::try_from(size).unwrap_or(u32::MAX), life: PhantomData }
    }

    /// Bytes that nobody changes.
    pub fn of(bytes: &'a [u8]) -> Bytes<'a> {
        Bytes { start: bytes.as_ptr(), size: u32::try_from(bytes.len()).unwrap_or(u32::MAX), life: PhantomData }
    }

    /// Bytes in words that nobody changes, so that they begin at a multiple of 8; the first `size` of them.
    pub fn of_words(words: &'a [u64], size: u32) -> Bytes<'a> {
        let whole = u32::try_from(size_of_val(words)).unwrap_or(u32::MAX);
        Bytes { start: words.as_ptr().cast(), size: size.min(whole), life: PhantomData }
    }

    /// How many there are.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// The first of them, where there are as many.
    pub(crate) fn first(self, size: u32) -> Bytes<'a> {
        Bytes { size: self.size.min(size), ..self }
    }

    /// By how many bytes the first is off a multiple of this power of two.
    pub(crate) fn off(&self, align: u32) -> u32 {
        (self.start.addr() & (align.max(1) as usize - 1)) as u32
    }

    load!(u8, u8);
    load!(u16, u16);
    load!(u32, u32);
    load!(u64, u64);

    /// Copies the bytes from this offset on, words at a time where they lie so; false where they do not lie within.
    #[must_use]
    pub(crate) fn copy(&self, at: u32, out: &mut [u8]) -> bool {
        let Ok(size) = u32::try_from(out.len()) else { return false };
        if at.checked_add(size).is_none_or(|end| end > self.size) {
            return false;
        }
        let mut done = 0;
        while done < size {
            let from = at + done;
            let place = done as usize;
            if size - done >= 8 && (self.start.addr() + from as usize).is_multiple_of(8) {
                let Some(word) = self.u64(from) else { return false };
                out[place..place + 8].copy_from_slice(&word.to_le_bytes());
                done += 8;
            } else {
                let Some(byte) = self.u8(from) else { return false };
                out[place] = byte;
                done += 1;
            }
        }
        true
    }
}

/// Words as the bytes that they are in memory.
pub(crate) fn as_bytes(words: &[u32]) -> &[u8] {
    // SAFETY: the same memory, and a byte has no alignment and no value that is none.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
}

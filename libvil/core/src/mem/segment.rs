//! A range of bytes shared with other processes, and references into it.
//!
//! Offsets come from a `Geometry` that was computed for a segment of at least this size; `word` and `bytes` check them
//! all the same, because a check costs less than a doubt.

use std::ptr::NonNull;

use crate::base::atomic::{Flag, Word};

/// A range of bytes shared with other processes. It does not own the mapping; whoever made it keeps that alive, and it
/// cannot be copied to outlive that.
#[derive(Debug)]
pub struct Segment {
    base: NonNull<u8>,
    size: u64,
}

// SAFETY: a segment is an address range that every thread may look at; all access goes through atomics or through
// slots whose ownership the protocol hands to one holder at a time.
unsafe impl Send for Segment {}
// SAFETY: as above.
unsafe impl Sync for Segment {}

impl Segment {
    /// A segment over `size` bytes from `base`.
    ///
    /// # Safety
    /// The range stays readable and writable for as long as the segment or anything made from it is used, it is
    /// aligned to a page, and nobody accesses its control words other than through atomics.
    pub unsafe fn new(base: NonNull<u8>, size: u64) -> Segment {
        debug_assert_eq!(base.as_ptr() as u64 % 128, 0);
        Segment { base, size }
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The word at an offset.
    #[inline(always)]
    pub fn word(&self, offset: u64) -> &Word {
        self.check(offset, 8, 8);
        // SAFETY: `check` holds the range inside the segment and aligned; a Word is an atomic, so others may write it.
        unsafe { self.base.add(offset as usize).cast::<Word>().as_ref() }
    }

    /// The futex word at an offset.
    #[inline(always)]
    pub fn flag(&self, offset: u64) -> &Flag {
        self.check(offset, 4, 4);
        // SAFETY: as in `word`.
        unsafe { self.base.add(offset as usize).cast::<Flag>().as_ref() }
    }

    /// The address of `size` payload bytes at an offset.
    #[inline(always)]
    pub fn bytes(&self, offset: u64, size: u64) -> NonNull<u8> {
        self.check(offset, size, 1);
        // SAFETY: `check` holds the range inside the segment.
        unsafe { self.base.add(offset as usize) }
    }

    /// The word at an offset that was checked before.
    ///
    /// # Safety
    /// The offset is a multiple of 8, and 8 bytes from there lie in the segment.
    #[inline(always)]
    pub(super) unsafe fn word_in_bounds(&self, offset: u64) -> &Word {
        // SAFETY: as promised by the caller; a Word is an atomic, so others may write it.
        unsafe { self.base.add(offset as usize).cast::<Word>().as_ref() }
    }

    /// So many words from an offset that was checked before.
    ///
    /// # Safety
    /// The offset is a multiple of 8, and so many words from there lie in the segment.
    #[inline(always)]
    pub(super) unsafe fn words_in_bounds(&self, offset: u64, count: usize) -> &[Word] {
        // SAFETY: as promised by the caller; Words are atomics, so others may write them.
        unsafe { NonNull::slice_from_raw_parts(self.base.add(offset as usize).cast::<Word>(), count).as_ref() }
    }

    /// The futex word at an offset that was checked before.
    ///
    /// # Safety
    /// The offset is a multiple of 4, and 4 bytes from there lie in the segment.
    #[inline(always)]
    pub(super) unsafe fn flag_in_bounds(&self, offset: u64) -> &Flag {
        // SAFETY: as in `word_in_bounds`.
        unsafe { self.base.add(offset as usize).cast::<Flag>().as_ref() }
    }

    /// The address of payload bytes at an offset that was checked before.
    ///
    /// # Safety
    /// The bytes lie in the segment.
    #[inline(always)]
    pub(super) unsafe fn bytes_in_bounds(&self, offset: u64) -> NonNull<u8> {
        // SAFETY: as promised by the caller.
        let address = unsafe { self.base.add(offset as usize) };
        // SAFETY: it is no null by its type, which the compiler forgets when it takes the sum apart.
        unsafe { std::hint::assert_unchecked(address.as_ptr().addr() != 0) };
        address
    }

    #[inline(always)]
    fn check(&self, offset: u64, size: u64, align: u64) {
        let inside = offset <= self.size && size <= self.size - offset;
        assert!(inside && offset.is_multiple_of(align), "an offset outside of the segment");
    }
}

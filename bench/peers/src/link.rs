//! A mapping that both sides of a trial share: where they meet, and what they tell each other.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Answer;
use crate::machine::failure;

/// Bytes of the mapping: 32 words on lines of their own.
const SIZE: usize = 4096;

/// The mapping.
#[derive(Debug)]
pub(crate) struct Link {
    base: NonNull<u8>,
    file: OwnedFd,
}

impl Link {
    /// A new one, all zeros.
    pub(crate) fn create() -> Answer<Link> {
        // SAFETY: the name is text that ends; the answer is checked.
        let file = unsafe { libc::memfd_create(c"vil-peers".as_ptr(), 0) };
        if file < 0 {
            return Err(failure("memory to share cannot be had"));
        }
        // SAFETY: it is open and nobody else's.
        let file = unsafe { OwnedFd::from_raw_fd(file) };
        // SAFETY: the file is open.
        if unsafe { libc::ftruncate(file.as_raw_fd(), SIZE as libc::off_t) } != 0 {
            return Err(failure("memory to share cannot be made larger"));
        }
        Link::map(file)
    }

    /// The one that this process inherited.
    pub(crate) fn inherited(file: i32) -> Answer<Link> {
        // SAFETY: who started this process left it open, for this alone.
        Link::map(unsafe { OwnedFd::from_raw_fd(file) })
    }

    fn map(file: OwnedFd) -> Answer<Link> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping touches nothing that exists.
        let base = unsafe { libc::mmap(std::ptr::null_mut(), SIZE, access, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        if base == libc::MAP_FAILED {
            return Err(failure("memory to share cannot be mapped"));
        }
        Ok(Link { base: NonNull::new(base.cast()).ok_or("a mapping begins at 0")?, file })
    }

    /// Its file, which children inherit.
    pub(crate) fn file(&self) -> i32 {
        self.file.as_raw_fd()
    }

    /// Word `index` below 32, on lines of its own.
    pub(crate) fn word(&self, index: usize) -> &AtomicU64 {
        assert!(index < SIZE / 128, "there is no such word");
        // SAFETY: it lies in the mapping, aligned to 128, and is only ever used as atomic.
        unsafe { &*self.base.as_ptr().add(index * 128).cast() }
    }

    /// Waits until `sides` processes have come to meeting `number`, from 1, for the `number`-th time.
    pub(crate) fn meet(&self, number: u64, sides: u64) {
        // ORDER: AcqRel and Acquire: what the others did before they came is seen by all after.
        self.word(0).fetch_add(1, Ordering::AcqRel);
        while self.word(0).load(Ordering::Acquire) < number * sides {
            std::thread::yield_now();
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this size, and whatever was borrowed from it is gone.
        unsafe { libc::munmap(self.base.as_ptr().cast(), SIZE) };
    }
}

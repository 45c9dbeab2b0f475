//! Memory that a trial process shares with the one it starts: an anonymous file, passed by its descriptor, populated before
//! anything is measured. For subjects that are written by hand; what a wrong size or offset does is theirs to check.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use crate::Answer;

/// A mapping, zero at first.
#[derive(Debug)]
pub struct Shared {
    file: OwnedFd,
    data: NonNull<u8>,
    size: usize,
}

impl Shared {
    /// Makes one. Processes that are started from now on inherit its descriptor.
    pub fn create(size: usize) -> Answer<Shared> {
        let size = size.max(4096).next_multiple_of(4096);
        let flags = rustix::fs::MemfdFlags::empty();
        let file = rustix::fs::memfd_create("vil-bench", flags).map_err(|error| format!("memfd: {error}"))?;
        rustix::fs::ftruncate(&file, size as u64).map_err(|error| format!("memfd: {error}"))?;
        Shared::map(file, size)
    }

    /// Maps the one that this descriptor number was inherited for.
    pub fn inherited(descriptor: usize, size: usize) -> Answer<Shared> {
        let number = i32::try_from(descriptor).map_err(|_| "no descriptor".to_owned())?;
        // SAFETY: the process that started this one passed the number of an open descriptor for this purpose alone.
        let file = unsafe { OwnedFd::from_raw_fd(number) };
        Shared::map(file, size.max(4096).next_multiple_of(4096))
    }

    fn map(file: OwnedFd, size: usize) -> Answer<Shared> {
        let (rights, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED | MapFlags::POPULATE);
        // SAFETY: a new mapping at an address of the kernel's choice overlaps nothing.
        let data = unsafe { mmap(std::ptr::null_mut(), size, rights, flags, &file, 0) };
        let data = data.map_err(|error| format!("mmap: {error}"))?;
        let data = NonNull::new(data.cast::<u8>()).ok_or("mmap gave nothing")?;
        Ok(Shared { file, data, size })
    }

    /// The number to pass.
    pub fn descriptor(&self) -> usize {
        self.file.as_raw_fd() as usize
    }

    /// Its first byte, aligned to a page.
    pub fn data(&self) -> NonNull<u8> {
        self.data
    }

    /// Bytes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// A `T` at an offset.
    ///
    /// # Safety
    /// All bit patterns are values of `T`, it is aligned there, and whatever changes in it is atomic.
    pub unsafe fn at<T>(&self, offset: usize) -> &T {
        assert!(offset.checked_add(size_of::<T>()).is_some_and(|end| end <= self.size), "behind the mapping");
        // SAFETY: it lies inside the mapping, which lives as long as the reference; the rest is the caller's.
        unsafe { &*self.data.as_ptr().add(offset).cast::<T>() }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and references into it borrow from this.
        let _ = unsafe { munmap(self.data.as_ptr().cast(), self.size) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_memory_is_zero_and_seen_through_its_descriptor() {
        let memory = Shared::create(10_000).expect("memory can be had");
        // SAFETY: a u64 of zeroes, aligned to a page, that nobody changes.
        assert_eq!((memory.size(), *unsafe { memory.at::<u64>(8) }), (12_288, 0));
        let copy = rustix::io::dup(&memory.file).expect("descriptors are left");
        let number = std::os::fd::IntoRawFd::into_raw_fd(copy) as usize;
        let other = Shared::inherited(number, 10_000).expect("it is the same file");
        // SAFETY: both are 12,288 bytes, and no reference into either is alive.
        unsafe {
            memory.data().as_ptr().write(7);
            assert_eq!(other.data().as_ptr().read(), 7);
        }
    }
}

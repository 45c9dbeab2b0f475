//! A mapping of a world's file, and what of it must stay in memory.

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;

use memmap2::{Advice, MmapOptions, MmapRaw};

use crate::sys::fork;

/// Linux 6.1; an older one answers EINVAL. `libc` has it for some targets only.
const MADV_COLLAPSE: libc::c_int = 25;

/// A mapping of a whole file: shared and writable, or for looking alone, or a copy. It does not reach fork children, and is left alone in them.
#[derive(Debug)]
pub struct Mapping {
    map: ManuallyDrop<MmapRaw>,
    generation: u32,
}

impl Mapping {
    /// Maps `size` bytes and touches all pages, so that no message pays for a first touch.
    pub fn new(file: &File, size: u64) -> io::Result<Mapping> {
        let size = usize::try_from(size).map_err(|_| io::Error::from_raw_os_error(libc::ENOMEM))?;
        let map = MmapOptions::new().len(size).map_raw(file)?;
        map.advise(Advice::DontFork)?;
        touch(&map, Advice::PopulateRead)?;
        if !is_memory(file) {
            touch(&map, Advice::PopulateWrite)?;
        }
        Ok(Mapping { map: ManuallyDrop::new(map), generation: fork::generation() })
    }

    /// Maps `size` bytes for looking alone: whoever writes to them is ended by a signal.
    pub fn look(file: &File, size: u64) -> io::Result<Mapping> {
        let size = usize::try_from(size).map_err(|_| io::Error::from_raw_os_error(libc::ENOMEM))?;
        let map = MmapOptions::new().len(size).map_raw_read_only(file)?;
        map.advise(Advice::DontFork)?;
        Ok(Mapping { map: ManuallyDrop::new(map), generation: fork::generation() })
    }

    /// Maps `size` bytes as a copy: what is written to it nobody else sees, and the file stays as it is.
    pub fn copy(file: &File, size: u64) -> io::Result<Mapping> {
        let size = usize::try_from(size).map_err(|_| io::Error::from_raw_os_error(libc::ENOMEM))?;
        // Only what is written takes memory.
        // SAFETY: others may change what was not written yet; it is touched through atomics alone, as any mapping here.
        let map = MmapRaw::from(unsafe { MmapOptions::new().len(size).no_reserve_swap().map_copy(file) }?);
        map.advise(Advice::DontFork)?;
        Ok(Mapping { map: ManuallyDrop::new(map), generation: fork::generation() })
    }

    /// Keeps a range in memory for as long as the mapping lives, in huge pages where the kernel grants them. The range
    /// begins and ends on a page.
    ///
    /// Huge pages are asked for twice: the advice lets the kernel make them when it finds the time, the other call makes
    /// them now. Neither is needed for anything but speed, so a refusal is no error.
    pub fn pin(&self, offset: u64, size: u64) -> io::Result<()> {
        assert!(offset.checked_add(size).is_some_and(|end| end <= self.size()), "a range outside of the mapping");
        // SAFETY: the range lies inside the mapping, as was just asserted.
        let start = unsafe { self.base().add(offset as usize) }.as_ptr().cast();
        // SAFETY: the same range; advice changes how pages are kept, never what they hold.
        unsafe {
            libc::madvise(start, size as usize, libc::MADV_HUGEPAGE);
            libc::madvise(start, size as usize, MADV_COLLAPSE);
        }
        // SAFETY: as above.
        if unsafe { libc::mlock(start, size as usize) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// The first byte.
    pub fn base(&self) -> NonNull<u8> {
        NonNull::new(self.map.as_mut_ptr()).expect("a mapping is never at address 0")
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.map.len() as u64
    }
}

/// Touches all pages. For reading the kernel takes sixteen at once, and those of a file in memory may be written to from
/// then on; on other file systems the first write to each has to be told, so they are touched for writing as well.
fn touch(map: &MmapRaw, advice: Advice) -> io::Result<()> {
    match map.advise(advice).map_err(|error| error.raw_os_error()) {
        // A touch would be a SIGBUS: the file has holes and its file system no space to fill them.
        Err(Some(libc::EFAULT)) => Err(io::Error::from_raw_os_error(libc::ENOSPC)),
        Err(Some(libc::ENOMEM)) => Err(io::Error::from_raw_os_error(libc::ENOMEM)),
        // Old kernels do not know it; then the first touch of a page pays.
        _ => Ok(()),
    }
}

/// Does the file lie in memory and nowhere else?
fn is_memory(file: &File) -> bool {
    // SAFETY: all zero is a valid answer to be overwritten, the descriptor is open and the place is ours.
    let (answer, found) = unsafe {
        let mut found: libc::statfs = std::mem::zeroed();
        (libc::fstatfs(file.as_raw_fd(), &mut found), found)
    };
    answer == 0 && found.f_type == libc::TMPFS_MAGIC
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.generation == fork::generation() {
            // SAFETY: dropped once, here. In a fork child the range may hold something else by now and is left alone.
            unsafe { ManuallyDrop::drop(&mut self.map) };
        }
    }
}

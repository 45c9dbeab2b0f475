//! A mapping of a world's file.

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use memmap2::{Advice, MmapOptions, MmapRaw};

use crate::sys::fork;

/// A shared, writable mapping of a whole file. It does not reach fork children, and is left alone in them.
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
        match map.advise(Advice::PopulateWrite).map_err(|error| error.raw_os_error()) {
            // A touch would be a SIGBUS: the file has holes and its file system no space to fill them.
            Err(Some(libc::EFAULT)) => return Err(io::Error::from_raw_os_error(libc::ENOSPC)),
            Err(Some(libc::ENOMEM)) => return Err(io::Error::from_raw_os_error(libc::ENOMEM)),
            // Old kernels do not know it; then the first touch of a page pays.
            _ => {}
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

    /// The first byte.
    pub fn base(&self) -> NonNull<u8> {
        NonNull::new(self.map.as_mut_ptr()).expect("a mapping is never at address 0")
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.map.len() as u64
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.generation == fork::generation() {
            // SAFETY: dropped once, here. In a fork child the range may hold something else by now and is left alone.
            unsafe { ManuallyDrop::drop(&mut self.map) };
        }
    }
}

//! Where the parts of a message in the making go: one behind the other, never beyond the memory, never over one another.
//! The one file that writes to a message's memory. Without memory it counts only.

use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{MESSAGE_ALIGN, Plain, ROOT_OFFSET};
use crate::Status;

/// A message in the making. The first fault stays, and nothing is written behind it.
#[derive(Debug)]
pub(crate) struct Builder {
    /// The message's start, aligned to 8; none: measuring.
    base: Option<NonNull<u8>>,
    /// Bytes that it may have.
    capacity: u32,
    /// Bytes that it has so far.
    used: u32,
    /// Slices of plain values are left as they are found.
    skips_zeroes: bool,
    fault: Option<Status>,
}

impl Builder {
    /// # Safety
    /// `base` is writable for `capacity` bytes as long as the builder is used, and nobody else reads or writes them. They
    /// are initialised memory.
    pub(super) unsafe fn new(base: Option<NonNull<u8>>, capacity: usize) -> Self {
        let capacity = u32::try_from(capacity).unwrap_or(u32::MAX);
        Self { base, capacity, used: 0, skips_zeroes: false, fault: None }
    }

    /// Begins a message with a root of this size, all zeros.
    pub(super) fn begin(&mut self, root_size: u32) {
        self.used = 0;
        self.skips_zeroes = false;
        self.fault = None;
        if self.base.is_some_and(|base| !base.addr().get().is_multiple_of(MESSAGE_ALIGN)) {
            self.fail(Status::E_ARGUMENT);
        }
        self.append(u64::from(ROOT_OFFSET) + u64::from(root_size), 1);
    }

    /// From here on slices of plain values are not zeroed; their bytes are initialised all the same, as all of the memory is.
    pub(super) fn skip_zeroes(&mut self) {
        self.skips_zeroes = true;
    }

    /// Writes the head, its id last, and ends the message: its size, or the first fault.
    pub(super) fn finish(&mut self, layout_id: u64, root_size: u32) -> Result<u32, Status> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        self.store(8, (u64::from(root_size) << 32 | u64::from(self.used)).to_le());
        if let Some(base) = self.base {
            // SAFETY: the head was appended, so it is ours to write, and it is aligned to 8.
            let id = unsafe { AtomicU64::from_ptr(base.as_ptr().cast()) };
            // ORDER: Release. A head with a layout id is a whole one, also for who finds it after a crash.
            id.store(layout_id.to_le(), Ordering::Release);
        }
        Ok(self.used)
    }

    /// Bytes so far.
    pub(super) fn used(&self) -> u32 {
        self.used
    }

    /// The message's start; none when measuring.
    pub(super) fn base(&self) -> Option<NonNull<u8>> {
        self.base
    }

    /// What went wrong first.
    pub(super) fn fault(&self) -> Option<Status> {
        self.fault
    }

    /// Remembers what went wrong, unless something did before.
    pub(super) fn fail(&mut self, fault: Status) {
        self.fault.get_or_insert(fault);
    }

    /// Room for so many bytes behind what is there, all zeros: its offset, or none with a fault.
    #[inline]
    pub(super) fn append(&mut self, size: u64, align: u32) -> Option<u32> {
        self.take(size, align, true)
    }

    /// As `append`, zeroed or not; the gap before it always is.
    #[inline]
    fn take(&mut self, size: u64, align: u32, is_zeroed: bool) -> Option<u32> {
        if self.fault.is_some() {
            return None;
        }
        let start = u64::from(self.used).next_multiple_of(u64::from(align));
        let behind = start.saturating_add(size);
        if behind > u64::from(self.capacity) {
            self.fail(Status::E_LIMIT);
            return None;
        }
        if let Some(base) = self.base {
            let zeroed = if is_zeroed { behind } else { start };
            let (used, count) = (self.used as usize, (zeroed - u64::from(self.used)) as usize);
            // SAFETY: up to `behind`, which is at most the capacity, the bytes are ours to write (`new`).
            unsafe { ptr::write_bytes(base.as_ptr().add(used), 0, count) };
        }
        self.used = behind as u32;
        Some(start as u32)
    }

    /// Room for what a word at `word` refers to, and the word: its offset. None where the count is 0, with a fault where
    /// there was a reference already, where the count is above its bound, and where it does not fit.
    #[inline]
    pub(super) fn refer(&mut self, word: u32, count: usize, size: u64, align: u32, bound: u32) -> Option<u32> {
        self.refer_to(word, (count, size, align), bound, true)
    }

    /// As `refer`, for plain values, which are left as they are found after `skip_zeroes`.
    #[inline]
    pub(super) fn refer_plain(&mut self, word: u32, count: usize, size: u64, align: u32, bound: u32) -> Option<u32> {
        self.refer_to(word, (count, size, align), bound, !self.skips_zeroes)
    }

    #[inline]
    fn refer_to(&mut self, word: u32, room: (usize, u64, u32), bound: u32, is_zeroed: bool) -> Option<u32> {
        let (count, size, align) = room;
        if count > bound as usize {
            self.fail(Status::E_LIMIT);
        }
        if count == 0 {
            return None;
        }
        if self.load::<u64>(word).is_some_and(|there| there != 0) {
            self.fail(Status::E_STATE);
        }
        let at = self.take(size, align, is_zeroed)?;
        self.store(word, ((count as u64) << 32 | u64::from(at)).to_le());
        Some(at)
    }

    /// Makes bytes within what was appended zero.
    pub(super) fn clear(&mut self, at: u32, size: u32) {
        self.values::<u8>(at, size).fill(0);
    }

    /// Writes a value within what was appended.
    #[inline(always)]
    pub(super) fn store<T: Plain>(&mut self, at: u32, value: T) {
        if let Some(place) = self.place::<T>(at, 1) {
            // SAFETY: `place` is ours to write and has room for a T.
            unsafe { ptr::write_unaligned(place.as_ptr(), value) };
        }
    }

    /// Reads a value within what was appended; none when measuring.
    #[inline(always)]
    pub(super) fn load<T: Plain>(&self, at: u32) -> Option<T> {
        // SAFETY: `place` is within the memory, so initialised (`new`), and every bit pattern is a T.
        self.place::<T>(at, 1).map(|place| unsafe { ptr::read_unaligned(place.as_ptr()) })
    }

    /// Values within what was appended; none when measuring, beyond the end, or where they are not aligned.
    #[inline(always)]
    pub(super) fn values<T: Plain>(&mut self, at: u32, count: u32) -> &mut [T] {
        match self.place::<T>(at, count) {
            Some(place) if place.is_aligned() => {
                // SAFETY: they are ours to read and write as long as `self` is borrowed, are initialised (`new`), are aligned,
                // and every bit pattern is a T.
                unsafe { std::slice::from_raw_parts_mut(place.as_ptr(), count as usize) }
            }
            _ => &mut [],
        }
    }

    /// Where so many values lie, unless that is beyond what was appended, there was a fault, or there is no memory.
    #[inline(always)]
    fn place<T>(&self, at: u32, count: u32) -> Option<NonNull<T>> {
        let behind = u64::from(at).checked_add(u64::from(count).checked_mul(size_of::<T>() as u64)?)?;
        let base = self.base.filter(|_| behind <= u64::from(self.used) && self.fault.is_none())?;
        // SAFETY: it is within the capacity.
        Some(unsafe { base.add(at as usize) }.cast())
    }
}

//! What a fork child must not do: use its parent's worlds or keep their locks alive.
//!
//! A child handler counts a generation up and closes the private files; mappings do not reach the child at all. Both
//! are async-signal-safe, as a handler in a forked child must be.

use std::fs::File;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicUsize, Ordering};

use crate::base::error::{Error, Fault};
use crate::sys::process::{pause_thread, pointer};

/// Private files one process can have open: bounds the table that the child handler walks.
const MAX_PRIVATE: usize = 1024;

static GENERATION: AtomicU32 = AtomicU32::new(0);
/// What makes the threads of a fork child other ones than those of its parent: follows from the generation.
static SALT: AtomicUsize = AtomicUsize::new(0);
/// Each is one more than a descriptor, and 0 where none is: all zeros need no place in the library's file.
static PRIVATE: [AtomicI32; MAX_PRIVATE] = [const { AtomicI32::new(0) }; MAX_PRIVATE];
static INSTALLED: AtomicBool = AtomicBool::new(false);
/// Set while a file is being made private, and while the process forks: a fork in between would give the child a file
/// that the child handler does not know.
static GATE: AtomicBool = AtomicBool::new(false);

/// Counts the forks between the first user of libvil and this process.
#[inline(always)]
pub fn generation() -> u32 {
    // ORDER: Relaxed, only the child handler writes it, before any other thread of the child exists.
    GENERATION.load(Ordering::Relaxed)
}

/// A number that no other living thread of this process has, and none of the processes that it was forked off; never 0. So
/// what a thread of the parent owned is nobody's in the child.
#[inline(always)]
pub fn thread() -> usize {
    // ORDER: Relaxed, as in `generation`.
    pointer() ^ SALT.load(Ordering::Relaxed)
}

/// Where a generation changes the number of a thread: in bits that the address of its control block leaves at 0, which are
/// the upper 16 and the lower 4. So it takes a million forks, each in the child of the one before, to come to the same.
fn salt(generation: u32) -> usize {
    (generation as usize) << 48 | (generation as usize >> 16 & 0xf)
}

/// An open file that no fork child gets, so that a lock on it ends with this process. In the child it is closed before
/// fork returns, and dropping it there closes nothing: its number may be another file's by then.
#[derive(Debug)]
pub struct Private {
    file: ManuallyDrop<File>,
    generation: u32,
}

impl Private {
    /// Opens a file with `open`; no fork happens in between. `Limit` when the process has too many.
    pub fn open(open: impl FnOnce() -> Result<File, Error>) -> Result<Private, Error> {
        Ok(Private::open_with(|| Ok((open()?, ())))?.0)
    }

    /// The same with an `open` that has more to say.
    pub fn open_with<T>(open: impl FnOnce() -> Result<(File, T), Error>) -> Result<(Private, T), Error> {
        let _gate = Gate::shut();
        let (file, more) = open()?;
        let fd = file.as_raw_fd();
        // ORDER: AcqRel, the child handler that follows sees the number; the gate keeps one from running now.
        if !PRIVATE.iter().any(|place| place.compare_exchange(0, fd + 1, Ordering::AcqRel, Ordering::Relaxed).is_ok()) {
            let message =
                format!("this process has {MAX_PRIVATE} worlds and descriptors of sets open; close some first");
            return Err(Error::new(Fault::Limit, message));
        }
        Ok((Private { file: ManuallyDrop::new(file), generation: generation() }, more))
    }
}

impl Deref for Private {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        if self.generation != generation() {
            return;
        }
        let fd = self.file.as_raw_fd();
        // ORDER: AcqRel, as in `open`: the number is out of the table before it is closed and may be another file's.
        let _ =
            PRIVATE.iter().any(|place| place.compare_exchange(fd + 1, 0, Ordering::AcqRel, Ordering::Relaxed).is_ok());
        // SAFETY: dropped once, here.
        unsafe { ManuallyDrop::drop(&mut self.file) };
    }
}

/// Keeps this process from forking until it is dropped: no child inherits what is half done, or a lock that is held.
/// Short and never nested; others wait for it.
#[derive(Debug)]
pub struct Gate(());

impl Gate {
    /// Waits for whoever has the gate, then has it.
    pub fn shut() -> Gate {
        // ORDER: Relaxed, whoever comes first installs; a fork in between finds nothing of ours to keep out.
        if !INSTALLED.swap(true, Ordering::Relaxed) {
            // SAFETY: the handlers only touch atomics, yield and call close, which a forked child may do.
            unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
        }
        before();
        Gate(())
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        in_parent();
    }
}

extern "C" fn before() {
    // ORDER: Acquire, pairs with the Release of whoever had the gate before.
    while GATE.swap(true, Ordering::Acquire) {
        pause_thread();
    }
}

extern "C" fn in_parent() {
    // ORDER: Release, pairs with the Acquire in `before`.
    GATE.store(false, Ordering::Release);
}

extern "C" fn in_child() {
    // ORDER: Relaxed, and so below: the child has one thread.
    let generation = GENERATION.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
    SALT.store(salt(generation), Ordering::Relaxed);
    for place in &PRIVATE {
        let next = place.swap(0, Ordering::Relaxed);
        if next > 0 {
            // SAFETY: the descriptor is a `Private`'s, which closes nothing in this process from here on.
            unsafe { libc::close(next - 1) };
        }
    }
    // ORDER: Release, pairs with the Acquire in `before`, for threads that the child starts.
    GATE.store(false, Ordering::Release);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_generations_change_the_number_of_a_thread_to_different_ones() {
        let thread = pointer();
        assert_eq!(
            thread & (0xffff << 48 | 0xf),
            0,
            "bits of the control block's address that a generation is kept in"
        );
        let mut salts: Vec<usize> = (0..1 << 20).map(salt).collect();
        salts.sort_unstable();
        salts.dedup();
        assert_eq!(salts.len(), 1 << 20);
    }
}

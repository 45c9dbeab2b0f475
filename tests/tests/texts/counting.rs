//! Counts what one thread takes from the heap: calls, and the most bytes it held at once. Decides nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's heap with a count beside it.
pub(crate) struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
    static LIVE: Cell<i64> = const { Cell::new(0) };
    static MOST: Cell<i64> = const { Cell::new(0) };
}

fn took(bytes: usize) {
    CALLS.set(CALLS.get() + 1);
    let live = LIVE.get() + bytes as i64;
    LIVE.set(live);
    MOST.set(MOST.get().max(live));
}

fn gave(bytes: usize) {
    LIVE.set(LIVE.get() - bytes as i64);
}

// SAFETY: every call is handed on to the system's heap as it came; the counters are this thread's own and need no heap.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: the caller's promise about `layout` is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        gave(layout.size());
        // SAFETY: the block came from the system's heap by `alloc`, with this layout.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        gave(layout.size());
        took(size);
        // SAFETY: the block came from the system's heap by `alloc`, with this layout; `size` is the caller's promise.
        unsafe { System.realloc(block, layout, size) }
    }
}

/// What a piece of work took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    /// Calls of the heap that asked for memory.
    pub(crate) calls: u64,
    /// The most bytes that it held at once, beyond what was held when it began.
    pub(crate) most: u64,
}

/// Does a piece of work and says what it took.
pub(crate) fn count<T>(work: impl FnOnce() -> T) -> (T, Spent) {
    let (calls, live) = (CALLS.get(), LIVE.get());
    MOST.set(live);
    let result = work();
    (result, Spent { calls: CALLS.get() - calls, most: (MOST.get() - live).max(0) as u64 })
}

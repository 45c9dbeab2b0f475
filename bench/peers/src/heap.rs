//! Allocators: mimalloc and the C library's. A block comes and goes in one thread, or one thread allocates and another frees.

use std::ffi::c_void;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use crate::Answer;
use crate::arguments::Arguments;
use crate::drive::{self, End, Side};
use crate::line::Line;
use crate::machine::pin;

/// Most blocks on their way from one thread to the other.
const CELLS: usize = 1024;

/// An allocator's two functions.
#[derive(Debug, Clone, Copy)]
struct Allocator {
    allocate: unsafe extern "C" fn(usize) -> *mut c_void,
    free: unsafe extern "C" fn(*mut c_void),
}

fn named(subject: &str) -> Allocator {
    if subject == "mimalloc" {
        return Allocator { allocate: libmimalloc_sys::mi_malloc, free: libmimalloc_sys::mi_free };
    }
    Allocator { allocate: libc::malloc, free: libc::free }
}

/// `--operation local`: a block is allocated, its first word written, and freed. `--operation across`: one thread allocates
/// and writes, the other reads and frees.
pub(crate) fn run(arguments: &Arguments) -> Answer<Line> {
    let (allocator, size) = (named(&arguments.subject), arguments.size()?);
    if arguments.text("operation") == Some("across") {
        return across(arguments, allocator, size)
            .map(|line| line.text("shape", "two threads, one allocates, one frees"));
    }
    pin(arguments.cores()?.a)?;
    let line = drive::alone(arguments, |number| {
        // SAFETY: the block is as large as asked for, at least a word, and freed once.
        unsafe {
            let block = std::hint::black_box((allocator.allocate)(size));
            block.cast::<u64>().write(number);
            (allocator.free)(std::hint::black_box(block));
        }
    });
    line.map(|line| line.text("shape", "one thread, blocks of its own heap, not shared"))
}

fn across(arguments: &Arguments, allocator: Allocator, size: usize) -> Answer<Line> {
    let cores = arguments.cores()?;
    let cells: Vec<Cell> = (0..CELLS).map(|_| Cell::default()).collect();
    let read = Index::default();
    let end = || Blocks { allocator, size, cells: &cells, read: &read, own: 0, other: 0 };
    std::thread::scope(|scope| {
        let mut b = end();
        let pours = scope.spawn(move || pin(cores.b).and_then(|()| drive::run(arguments, Side::B, &mut b)));
        pin(cores.a)?;
        let line = drive::run(arguments, Side::A, &mut end())?;
        pours.join().map_err(|_| "the other thread panicked".to_owned())??;
        line.ok_or_else(|| "nothing was measured".to_owned())
    })
}

/// A block on its way; null when there is none.
#[derive(Debug, Default)]
struct Cell(AtomicPtr<c_void>);

#[derive(Debug, Default)]
#[repr(align(128))]
struct Index(AtomicU64);

/// Either thread: it sends by allocating or receives by freeing.
struct Blocks<'a> {
    allocator: Allocator,
    size: usize,
    cells: &'a [Cell],
    read: &'a Index,
    own: u64,
    other: u64,
}

// SAFETY: the functions may be called on any thread, and the cells hand blocks over.
unsafe impl Send for Blocks<'_> {}

impl End for Blocks<'_> {
    #[inline(always)]
    fn send(&mut self, number: u64) -> bool {
        if self.own == self.other + CELLS as u64 {
            // ORDER: Acquire, pairs with the Release in `receive`.
            self.other = self.read.0.load(Ordering::Acquire);
            if self.own == self.other + CELLS as u64 {
                return false;
            }
        }
        // SAFETY: the block is as large as asked for, at least a word.
        let block = unsafe {
            let block = (self.allocator.allocate)(self.size);
            block.cast::<u64>().write(number);
            block
        };
        // ORDER: Release, pairs with the Acquire in `receive`: the block was written before.
        self.cells[self.own as usize % CELLS].0.store(block, Ordering::Release);
        self.own += 1;
        true
    }

    #[inline(always)]
    fn receive(&mut self) -> Option<u64> {
        let cell = &self.cells[self.own as usize % CELLS].0;
        // ORDER: Acquire, pairs with the Release in `send`.
        let block = cell.load(Ordering::Acquire);
        if block.is_null() {
            return None;
        }
        // ORDER: Relaxed, told by the index below.
        cell.store(std::ptr::null_mut(), Ordering::Relaxed);
        self.own += 1;
        if self.own.is_multiple_of(CELLS as u64 / 4) {
            // ORDER: Release, pairs with the Acquire in `send`: the cells are null before.
            self.read.0.store(self.own, Ordering::Release);
        }
        // SAFETY: it was handed over, and is freed once.
        let number = unsafe { block.cast::<u64>().read() };
        // SAFETY: as above.
        unsafe { (self.allocator.free)(block) };
        Some(number)
    }
}

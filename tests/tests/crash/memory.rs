//! Plain memory that plays a world's segment, and copies of it. Never mapped, never shared with another process.
//!
//! Addressing in a segment is relative, so a copy at another address is as good as the original.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::ptr::NonNull;
use std::rc::Rc;

use vil_core::mem::{Segment, Shared};

use crate::town::Town;

/// Page-aligned bytes and the view of them.
pub(crate) struct Plate {
    shared: Shared,
    base: NonNull<u8>,
    layout: Layout,
}

impl Plate {
    fn new(town: &Town) -> Plate {
        let size = town.geometry.total_size;
        let layout = Layout::from_size_align(size as usize, 4096).expect("a world is smaller than memory");
        // SAFETY: the layout has a size above 0: a world has at least one page.
        let base = unsafe { alloc_zeroed(layout) };
        let Some(base) = NonNull::new(base) else { handle_alloc_error(layout) };
        // SAFETY: the bytes live as long as the plate, which owns the view; they are aligned to a page.
        let segment = unsafe { Segment::new(base, size) };
        let shared = Shared::new(segment, town.geometry.clone()).expect("the geometry fits its own size");
        Plate { shared, base, layout }
    }
}

impl Drop for Plate {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout, and nobody holds the view any more.
        unsafe { dealloc(self.base.as_ptr(), self.layout) };
    }
}

/// A plate of a town's pool; it goes back there in the end.
pub(crate) struct Lease {
    plate: Option<Plate>,
    town: Rc<Town>,
}

impl Lease {
    /// A segment of zeroes.
    pub(crate) fn blank(town: &Rc<Town>) -> Lease {
        Lease { plate: Some(Plate::new(town)), town: Rc::clone(town) }
    }

    /// Another segment with the same bytes.
    pub(crate) fn duplicate(&self) -> Lease {
        let pooled = self.town.pool.borrow_mut().pop();
        let copy = Lease { plate: Some(pooled.unwrap_or_else(|| Plate::new(&self.town))), town: Rc::clone(&self.town) };
        copy.become_copy_of(self);
        copy
    }

    /// Overwrites all bytes with those of another segment of the same town.
    pub(crate) fn become_copy_of(&self, other: &Lease) {
        let (from, to) = (other.plate(), self.plate());
        assert_eq!(from.layout, to.layout, "two segments of one town");
        // SAFETY: both are of the same size; they are different allocations, and this thread alone touches them.
        unsafe { std::ptr::copy_nonoverlapping(from.base.as_ptr(), to.base.as_ptr(), from.layout.size()) };
    }

    fn plate(&self) -> &Plate {
        self.plate.as_ref().expect("a lease holds its plate until it is dropped")
    }
}

impl Deref for Lease {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.plate().shared
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.town.pool.borrow_mut().extend(self.plate.take());
    }
}

/// Offset of an address inside a segment; `None` when it lies elsewhere, as private buffers do.
pub(crate) fn offset_of(shared: &Shared, data: NonNull<u8>) -> Option<u64> {
    let base = shared.segment.bytes(0, 1).as_ptr() as u64;
    let offset = (data.as_ptr() as u64).wrapping_sub(base);
    (offset < shared.segment.size()).then_some(offset)
}

/// Bytes of a message in this harness: three words.
pub(crate) const SIZE: u32 = 24;

/// The three words that make up a message of this content.
fn words(content: u64) -> [u64; 3] {
    [content, !content, content.rotate_left(17)]
}

/// The bytes of messages of these contents, back to back.
pub(crate) fn bytes(contents: &[u64]) -> Vec<u8> {
    contents.iter().flat_map(|content| words(*content)).flat_map(u64::to_ne_bytes).collect()
}

/// Writes the three words that make up a message of this content.
pub(crate) fn write(data: NonNull<u8>, content: u64) {
    // SAFETY: `data` is a loan of SIZE bytes, aligned to 8, and this thread alone touches it.
    unsafe { data.cast::<[u64; 3]>().write(words(content)) };
}

/// The content of a message; `None` when its three words do not fit together.
pub(crate) fn read(data: NonNull<u8>) -> Option<u64> {
    // SAFETY: `data` is a loan or a message of SIZE bytes, aligned to 8, and this thread alone touches it.
    let [content, inverse, turned] = unsafe { data.cast::<[u64; 3]>().read() };
    (inverse == !content && turned == content.rotate_left(17)).then_some(content)
}

/// The same of a message that was copied out.
pub(crate) fn content_of(message: &[MaybeUninit<u8>]) -> Option<u64> {
    let data = NonNull::from(message).cast::<u8>();
    // SAFETY: a message that was copied out has SIZE bytes, all of them written, at any alignment.
    let words = unsafe { data.cast::<[u64; 3]>().read_unaligned() };
    read(NonNull::from(&words).cast())
}

/// Overwrites a whole slot.
pub(crate) fn poison(shared: &Shared, offset: u64, size: u64) {
    let data = shared.segment.bytes(offset, size);
    // SAFETY: `bytes` holds the range inside the segment, and this thread alone touches it.
    unsafe { data.write_bytes(0xee, size as usize) };
}

//! The places of one ring and of one class of slots, checked once: what moves a message then goes to its words without
//! asking for each of them whether it lies in the segment.
//!
//! They hold offsets, not addresses: an end may be shown another mapping of the same world at each call, and that it is
//! large enough is asked once for all of them.

use std::ptr::NonNull;

use crate::base::atomic::{Flag, Word};
use crate::mem::{CELL_INLINE, CELL_REFERENCE, CELL_STAMP, ClassGeometry, RingGeometry, Shared};
use crate::sys::cache::{prefetch_to_read, prefetch_to_write};

/// Of places that lie in no segment.
const NOWHERE: u64 = u64::MAX;

/// Where the words of one ring lie.
#[derive(Debug, Clone, Copy)]
pub struct RingPlaces {
    /// All of them lie in a segment of so many bytes.
    bound: u64,
    cells: u64,
    mask: u32,
    /// Bytes of a cell, as a power of two.
    cell_bits: u32,
    /// Words of a cell.
    words: u32,
    tail: u64,
    head: u64,
    producer_flag: u64,
    consumer_flag: u64,
    /// Where its messages lie.
    slots: SlotPlaces,
}

/// The words of one ring in one segment.
#[derive(Debug, Clone, Copy)]
pub struct RingView<'a> {
    shared: &'a Shared,
    places: &'a RingPlaces,
}

/// The cells of one ring, so many words each.
#[derive(Debug, Clone, Copy)]
pub struct CellsView<'a> {
    words: &'a [Word],
    mask: u32,
    words_each: u32,
}

/// The words of one cell, two at least.
#[derive(Debug, Clone, Copy)]
pub struct CellView<'a>(&'a [Word]);

/// The bytes of one slot in one segment.
#[derive(Debug, Clone, Copy)]
pub struct SlotView<'a> {
    shared: &'a Shared,
    offset: u64,
    stride: u32,
}

/// Where the slots of one class lie.
#[derive(Debug, Clone, Copy)]
pub struct SlotPlaces {
    bound: u64,
    offset: u64,
    first: u32,
    count: u32,
    stride: u32,
}

impl RingPlaces {
    /// Places that no segment has.
    pub const NONE: RingPlaces = RingPlaces {
        bound: NOWHERE,
        cells: 0,
        mask: 0,
        cell_bits: 0,
        words: 0,
        tail: 0,
        head: 0,
        producer_flag: 0,
        consumer_flag: 0,
        slots: SlotPlaces::NONE,
    };

    /// Of a ring of this world; `NONE` where they do not lie in it.
    pub fn of(shared: &Shared, ring: &RingGeometry) -> RingPlaces {
        let bound = shared.geometry.total_size;
        let lies = |offset: u64, size: u64, align: u64| {
            offset.is_multiple_of(align) && offset.checked_add(size).is_some_and(|end| end <= bound)
        };
        let cells = u64::from(ring.capacity) * u64::from(ring.cell_size);
        let is_sound = ring.capacity.is_power_of_two()
            && ring.cell_size.is_power_of_two()
            && u64::from(ring.cell_size) >= CELL_REFERENCE + 8
            && lies(ring.cells, cells, 8)
            && lies(ring.tail, 8, 8)
            && lies(ring.head, 8, 8)
            && lies(ring.producer_flag, 4, 4)
            && lies(ring.consumer_flag, 4, 4);
        let slots = ring.class.map_or(SlotPlaces::NONE, |class| SlotPlaces::of(shared, &class));
        if !is_sound {
            return RingPlaces::NONE;
        }
        RingPlaces {
            bound,
            cells: ring.cells,
            mask: ring.capacity - 1,
            cell_bits: ring.cell_size.trailing_zeros(),
            words: ring.cell_size / 8,
            tail: ring.tail,
            head: ring.head,
            producer_flag: ring.producer_flag,
            consumer_flag: ring.consumer_flag,
            slots,
        }
    }

    /// The same without the slots.
    pub fn without_slots(self) -> RingPlaces {
        RingPlaces { slots: SlotPlaces::NONE, ..self }
    }

    /// The words in a segment; `None` when it does not hold them.
    #[inline(always)]
    pub fn on<'a>(&'a self, shared: &'a Shared) -> Option<RingView<'a>> {
        (self.bound <= shared.segment.size()).then_some(RingView { shared, places: self })
    }

    /// Cells less one.
    #[inline(always)]
    pub fn mask(&self) -> u32 {
        self.mask
    }
}

impl<'a> RingView<'a> {
    /// Cells less one.
    #[inline(always)]
    pub fn mask(self) -> u32 {
        self.places.mask
    }

    /// The producer's end.
    #[inline(always)]
    pub fn tail(self) -> &'a Word {
        // SAFETY: `RingPlaces::of` found the word aligned and below the bound, and `on` the segment not below that.
        unsafe { self.shared.segment.word_in_bounds(self.places.tail) }
    }

    /// The consumer's end.
    #[inline(always)]
    pub fn head(self) -> &'a Word {
        // SAFETY: as in `tail`.
        unsafe { self.shared.segment.word_in_bounds(self.places.head) }
    }

    /// The cell of an index.
    #[inline(always)]
    pub fn at(self, index: u32) -> CellView<'a> {
        // SAFETY: as in `tail`, for every cell that the mask leaves.
        CellView(unsafe { self.shared.segment.words_in_bounds(self.cell(index), self.places.words as usize) })
    }

    /// All cells, for who goes through several of them.
    #[inline(always)]
    pub fn cells(self) -> CellsView<'a> {
        let RingPlaces { cells, mask, words, .. } = *self.places;
        let count = (mask as usize + 1) * words as usize;
        // SAFETY: as in `tail`.
        CellsView { words: unsafe { self.shared.segment.words_in_bounds(cells, count) }, mask, words_each: words }
    }

    /// On which the producer's process sleeps.
    #[inline(always)]
    pub fn producer_flag(self) -> &'a Flag {
        // SAFETY: as in `tail`.
        unsafe { self.shared.segment.flag_in_bounds(self.places.producer_flag) }
    }

    /// On which the consumer's process sleeps.
    #[inline(always)]
    pub fn consumer_flag(self) -> &'a Flag {
        // SAFETY: as in `tail`.
        unsafe { self.shared.segment.flag_in_bounds(self.places.consumer_flag) }
    }

    /// A slot of the ring's class; `None` when it is none.
    #[inline(always)]
    pub fn slot(self, slot: u32) -> Option<SlotView<'a>> {
        let SlotPlaces { stride, .. } = self.places.slots;
        let offset = self.places.slots.offset(slot)?;
        Some(SlotView { shared: self.shared, offset, stride })
    }

    #[inline(always)]
    fn cell(self, index: u32) -> u64 {
        self.places.cells + (u64::from(index & self.places.mask) << self.places.cell_bits)
    }
}

impl<'a> CellsView<'a> {
    /// The cell of an index.
    #[inline(always)]
    pub fn at(self, index: u32) -> CellView<'a> {
        let first = (index & self.mask) as usize * self.words_each as usize;
        // SAFETY: the mask leaves a cell of the ring, and the slice has the words of all of them.
        CellView(unsafe { self.words.get_unchecked(first..first + self.words_each as usize) })
    }
}

impl<'a> CellView<'a> {
    /// It will be read soon.
    #[inline(always)]
    pub fn fetch_to_read(self) {
        prefetch_to_read(NonNull::from(self.0).cast());
    }

    /// It will be written soon.
    #[inline(always)]
    pub fn fetch_to_write(self) {
        prefetch_to_write(NonNull::from(self.0).cast());
    }

    /// What it says of its index.
    #[inline(always)]
    pub fn stamp(self) -> &'a Word {
        // SAFETY: `RingPlaces::of` found two words at least.
        unsafe { self.0.get_unchecked((CELL_STAMP / 8) as usize) }
    }

    /// What it names.
    #[inline(always)]
    pub fn reference(self) -> &'a Word {
        // SAFETY: as above.
        unsafe { self.0.get_unchecked((CELL_REFERENCE / 8) as usize) }
    }

    /// The words behind its stamp, of a message that travels there.
    #[inline(always)]
    pub fn inline(self) -> &'a [Word] {
        // SAFETY: as above.
        unsafe { self.0.get_unchecked((CELL_INLINE / 8) as usize..) }
    }
}

impl<'a> SlotView<'a> {
    /// All of them, word by word.
    #[inline(always)]
    pub fn words(self) -> &'a [Word] {
        // SAFETY: as in `address`, for all bytes of the slot; strides are multiples of a line.
        unsafe { self.shared.segment.words_in_bounds(self.offset, (self.stride / 8) as usize) }
    }

    /// The first of them.
    #[inline(always)]
    pub fn address(self) -> NonNull<u8> {
        // SAFETY: `SlotPlaces::of` found all slots of the class below a bound, which is that of its ring too, and `on` found
        // the segment not below that.
        unsafe { self.shared.segment.bytes_in_bounds(self.offset) }
    }
}

impl SlotPlaces {
    /// No slots.
    pub const NONE: SlotPlaces = SlotPlaces { bound: NOWHERE, offset: 0, first: 0, count: 0, stride: 0 };

    /// Of a class of this world; `NONE` where its slots do not lie in it.
    pub fn of(shared: &Shared, class: &ClassGeometry) -> SlotPlaces {
        let bound = shared.geometry.total_size;
        let size = u64::from(class.stride) * u64::from(class.count);
        if !class.offset.is_multiple_of(8)
            || !class.stride.is_multiple_of(8)
            || class.offset.checked_add(size).is_none_or(|end| end > bound)
        {
            return SlotPlaces::NONE;
        }
        SlotPlaces { bound, offset: class.offset, first: class.first, count: class.count, stride: class.stride }
    }

    /// A slot; `None` when it is not of this class, or the segment does not hold it.
    #[inline(always)]
    pub fn on<'a>(&self, shared: &'a Shared, slot: u32) -> Option<SlotView<'a>> {
        let offset = self.offset(slot)?;
        (self.bound <= shared.segment.size()).then_some(SlotView { shared, offset, stride: self.stride })
    }

    /// Offset of a slot's bytes; below the bound.
    #[inline(always)]
    fn offset(&self, slot: u32) -> Option<u64> {
        let position = slot.wrapping_sub(self.first);
        (position < self.count).then(|| self.offset + u64::from(position) * u64::from(self.stride))
    }
}

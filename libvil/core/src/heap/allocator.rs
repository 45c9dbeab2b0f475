//! A process's own part of a heap: which blocks are in its hands, and which free ones it keeps at hand.
//!
//! Everything here but the slot words is private; a crash loses it, and recovery frees every slot by its word. Slots
//! are taken from the pool and given back in batches, so that most allocations touch no shared word and most frees
//! one. It never sweeps, waits or asks who lives: it answers `Short`, and those above decide.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use vil_ir::limits::{MAX_BLOCK_ALIGN, MAX_SLOTS};

use crate::base::crash::mutant;
use crate::base::limits::{BATCH, BATCH_BYTES};
use crate::base::words::{ProcessId, SlotState, SlotWord};
use crate::heap::{Slot, acquire, change, give_back, state};
use crate::mem::{ClassGeometry, Shared};

/// A block in this process's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// First byte, in shared memory. Its content is whatever the slot held before.
    pub data: NonNull<u8>,
    /// Bytes that may be used: its class's size.
    pub size: u32,
    /// Names the block as long as this process owns it.
    pub reference: u64,
}

/// What a caller hands in as a block, which may be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handed {
    /// Names the block.
    pub reference: u64,
    /// Where it says that it lies.
    pub data: *const u8,
}

impl From<Block> for Handed {
    fn from(block: Block) -> Handed {
        Handed { reference: block.reference, data: block.data.as_ptr() }
    }
}

/// Why a call did not do what it was asked; nothing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// Zero bytes, or more than the largest class has.
    Size,
    /// An alignment that is no power of two, or more than a page, or more than any large enough class has.
    Align,
    /// The class has no free slot; recovery and a sweep may help.
    Short,
    /// The process owns as much as its cap allows.
    Cap,
    /// The reference is of no block in this process's hands, or of one that lies elsewhere than was said.
    NotHeld,
    /// The slot's word does not say what only this process may write there.
    Corrupt,
}

/// What one process may own at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// Slots; 0 is no cap.
    pub slots: u32,
    /// Bytes, counted by stride; 0 is no cap.
    pub bytes: u64,
}

/// One class as this process sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassStats {
    /// Bytes of a block.
    pub size: u32,
    /// Bytes from one slot to the next.
    pub stride: u32,
    /// Slots.
    pub slots: u32,
    /// Slots in the pool, and those that this process keeps at hand.
    pub free: u32,
    /// Blocks in this process's hands.
    pub held: u32,
    /// Most blocks that were in this process's hands at once.
    pub high_water: u32,
    /// Allocations that found nothing, or met the cap.
    pub failures: u64,
}

/// What this process knows of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    /// Nothing: it is somebody's, or in the pool.
    Strange,
    /// Ours, free, in this generation.
    Spare(u32),
    /// Ours, in the caller's hands, in this generation.
    Out(u32),
}

#[derive(Debug, Clone)]
struct Class {
    geometry: ClassGeometry,
    size: u32,
    /// Slots moved from or to the pool in one go; 1 keeps nothing at hand.
    batch: u32,
    spare: Vec<Slot>,
    hint: u32,
    held: u32,
    high_water: u32,
    failures: u64,
}

/// One process's part of a heap.
#[derive(Debug, Clone)]
pub struct Allocator {
    me: ProcessId,
    salt: Salt,
    classes: Box<[Class]>,
    lives: Box<[Life]>,
    cap: Cap,
    owned_slots: u32,
    owned_bytes: u64,
}

/// What makes the references of one heap mean nothing to another: a number of 12 bits that each heap which this process
/// opens has for itself, until 4,096 of them were opened. A reference is `slot + 1:20, salt:12, generation:32`, so 0 is no
/// block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Salt(u32);

const SLOT_BITS: u32 = 20;
const _: () = assert!(MAX_SLOTS < 1 << SLOT_BITS);

impl Salt {
    fn next() -> Salt {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // ORDER: Relaxed, a counter of this process that publishes nothing.
        Salt(NEXT.fetch_add(1, Ordering::Relaxed) << SLOT_BITS)
    }

    fn reference(self, slot: Slot) -> u64 {
        u64::from(self.0 | (slot.index + 1)) | u64::from(slot.generation) << 32
    }

    /// The slot that a reference names; `None` is no block of this heap.
    fn slot(self, reference: u64) -> Option<Slot> {
        let place = reference as u32 ^ self.0;
        (1..1 << SLOT_BITS).contains(&place).then(|| Slot { index: place - 1, generation: (reference >> 32) as u32 })
    }
}

impl Allocator {
    /// Nothing in hand. `sizes` are the classes' block sizes, ascending, in the order of the geometry.
    pub fn new(shared: &Shared, me: ProcessId, sizes: &[u32], cap: Cap) -> Allocator {
        let classes = shared.geometry.classes.iter().zip(sizes);
        let classes = classes.map(|(geometry, size)| Class::new(*geometry, *size, me)).collect();
        let lives = vec![Life::Strange; shared.geometry.slots as usize].into_boxed_slice();
        Allocator { me, salt: Salt::next(), classes, lives, cap, owned_slots: 0, owned_bytes: 0 }
    }

    /// A block of at least `size` bytes at an address that is a multiple of `align`: of the smallest class that fits.
    ///
    /// A crash right after a slot was taken leaves it HELD by the dead, which recovery returns to the pool.
    pub fn alloc(&mut self, shared: &Shared, size: u64, align: u32) -> Result<Block, Denial> {
        let position = self.fit(size, align)?;
        if self.classes[position].spare.is_empty() {
            self.refill(shared, position)?;
        }
        let slot = self.classes[position].spare.pop().ok_or(Denial::Short)?;
        self.hand_out(slot, position);
        self.block(shared, slot, position).ok_or(Denial::Corrupt)
    }

    /// Ends a block. It begins its next life at once, so that its old reference names nothing any more.
    ///
    /// A crash before or after leaves the slot HELD by the dead or FREE; either way it is in the pool after recovery.
    pub fn free(&mut self, shared: &Shared, handed: Handed) -> Result<(), Denial> {
        let (slot, position) = self.take_out(shared, handed)?;
        let class = &mut self.classes[position];
        if class.batch > 1 {
            let held = SlotWord { generation: slot.generation, state: SlotState::Held(self.me) };
            let step = if mutant("renew_forgotten") { 0 } else { 1 };
            let next = SlotWord { generation: slot.generation.wrapping_add(step), ..held };
            if !change(shared, slot.index, held, next, "renew") {
                return Err(self.lost(position));
            }
            let slot = Slot { index: slot.index, generation: next.generation };
            self.lives[slot.index as usize] = Life::Spare(slot.generation);
            class.spare.push(slot);
            self.trim(shared, position);
            return Ok(());
        }
        if !give_back(shared, self.me, slot) {
            return Err(self.lost(position));
        }
        self.disown(position);
        Ok(())
    }

    /// The block that a reference names, if it is in this process's hands.
    pub fn resolve(&self, shared: &Shared, reference: u64) -> Result<Block, Denial> {
        let slot = self.held(reference)?;
        self.block(shared, slot, position_of(&self.classes, slot.index)).ok_or(Denial::NotHeld)
    }

    /// The slot that a reference names, in whoever's hands; `None` is no block of this heap.
    pub fn slot_of(&self, reference: u64) -> Option<Slot> {
        self.salt.slot(reference)
    }

    /// Takes a block out of the caller's hands, to be pushed. Until the ring has it, `adopt` undoes that.
    pub fn give_up(&mut self, shared: &Shared, handed: Handed) -> Result<Slot, Denial> {
        let (slot, position) = self.take_out(shared, handed)?;
        if mutant("pushed_block_stays_ours") {
            self.hand_out(slot, position);
        }
        self.disown(position);
        Ok(slot)
    }

    /// Puts a slot whose word names this process into the caller's hands.
    pub fn adopt(&mut self, shared: &Shared, slot: Slot) -> Result<Block, Denial> {
        let position = position_of(&self.classes, slot.index);
        let block = self.block(shared, slot, position).ok_or(Denial::Corrupt)?;
        if self.lives[slot.index as usize] != Life::Strange {
            return Err(Denial::Corrupt);
        }
        self.owned_slots += 1;
        self.owned_bytes += u64::from(self.classes[position].geometry.stride);
        self.hand_out(slot, position);
        Ok(block)
    }

    /// May one more block be taken from a queue? What is kept at hand gives way first. The size of the next one is not
    /// known, so it may be the one that goes over a cap of bytes.
    pub fn may_adopt(&mut self, shared: &Shared) -> bool {
        self.has_room() || {
            self.flush(shared);
            self.has_room()
        }
    }

    /// Returns everything that is kept at hand to the pool.
    pub fn flush(&mut self, shared: &Shared) {
        for position in 0..self.classes.len() {
            self.return_spares(shared, position, 0);
        }
    }

    /// Classes.
    pub fn classes(&self) -> usize {
        self.classes.len()
    }

    /// One class; walks its slot words.
    pub fn stats(&self, shared: &Shared, position: usize) -> Option<ClassStats> {
        let class = self.classes.get(position)?;
        let slots = class.geometry.first..class.geometry.first + class.geometry.count;
        let is_free = |slot: &u32| state(shared, *slot).is_some_and(|word| word.state == SlotState::Free);
        Some(ClassStats {
            size: class.size,
            stride: class.geometry.stride,
            slots: class.geometry.count,
            free: (slots.filter(is_free).count() + class.spare.len()) as u32,
            held: class.held,
            high_water: class.high_water,
            failures: class.failures,
        })
    }

    /// The smallest class whose blocks are large enough, and whose stride keeps every one of them aligned: its region
    /// begins on a page.
    fn fit(&self, size: u64, align: u32) -> Result<usize, Denial> {
        if !align.is_power_of_two() || align > MAX_BLOCK_ALIGN {
            return Err(Denial::Align);
        }
        let largest = self.classes.last().map_or(0, |class| class.size);
        if size == 0 || size > u64::from(largest) {
            return Err(Denial::Size);
        }
        let fits = |class: &Class| u64::from(class.size) >= size && class.geometry.stride & (align - 1) == 0;
        self.classes.iter().position(fits).ok_or(Denial::Align)
    }

    #[cold]
    fn refill(&mut self, shared: &Shared, position: usize) -> Result<(), Denial> {
        if self.room(position) == 0 {
            self.flush(shared);
        }
        let room = self.room(position);
        let class = &mut self.classes[position];
        let want = class.batch.min(room);
        let got = acquire(shared, self.me, &class.geometry, want, &mut class.hint, &mut class.spare);
        if got == 0 {
            class.failures += 1;
            return Err(if want == 0 { Denial::Cap } else { Denial::Short });
        }
        for slot in &class.spare {
            self.lives[slot.index as usize] = Life::Spare(slot.generation);
        }
        self.owned_slots += got;
        self.owned_bytes += u64::from(got) * u64::from(class.geometry.stride);
        Ok(())
    }

    /// More than two batches at hand: one goes back.
    #[inline]
    fn trim(&mut self, shared: &Shared, position: usize) {
        let class = &self.classes[position];
        let batch = class.batch as usize;
        if class.spare.len() > 2 * batch {
            self.return_spares(shared, position, batch);
        }
    }

    /// Gives spare slots of a class back, the ones that have waited longest first, until so many are left.
    #[cold]
    fn return_spares(&mut self, shared: &Shared, position: usize, left: usize) {
        let class = &mut self.classes[position];
        let count = class.spare.len().saturating_sub(left);
        for slot in &class.spare[..count] {
            // A word that does not name us was written by a stranger; there is nothing to give back then.
            give_back(shared, self.me, *slot);
            self.lives[slot.index as usize] = Life::Strange;
        }
        if !mutant("spares_stay_at_hand") {
            class.spare.drain(..count);
        }
        self.owned_slots -= count as u32;
        self.owned_bytes -= count as u64 * u64::from(class.geometry.stride);
    }

    /// Slots of a class that the cap has room for.
    fn room(&self, position: usize) -> u32 {
        let stride = u64::from(self.classes[position].geometry.stride);
        let slots = if self.cap.slots == 0 { u32::MAX } else { self.cap.slots.saturating_sub(self.owned_slots) };
        let bytes = if self.cap.bytes == 0 { u64::MAX } else { self.cap.bytes.saturating_sub(self.owned_bytes) };
        slots.min((bytes / stride).min(u64::from(u32::MAX)) as u32)
    }

    fn has_room(&self) -> bool {
        let is_below = |cap: u64, owned: u64| cap == 0 || owned < cap;
        is_below(u64::from(self.cap.slots), u64::from(self.owned_slots)) && is_below(self.cap.bytes, self.owned_bytes)
    }

    fn held(&self, reference: u64) -> Result<Slot, Denial> {
        let slot = self.slot_of(reference).ok_or(Denial::NotHeld)?;
        let life = self.lives.get(slot.index as usize).ok_or(Denial::NotHeld)?;
        if *life == Life::Out(slot.generation) { Ok(slot) } else { Err(Denial::NotHeld) }
    }

    fn hand_out(&mut self, slot: Slot, position: usize) {
        self.lives[slot.index as usize] = Life::Out(slot.generation);
        let class = &mut self.classes[position];
        class.held += 1;
        class.high_water = class.high_water.max(class.held);
    }

    /// Out of the caller's hands; still ours. The slot and its class.
    fn take_out(&mut self, shared: &Shared, handed: Handed) -> Result<(Slot, usize), Denial> {
        let slot = self.held(handed.reference)?;
        let position = position_of(&self.classes, slot.index);
        if self.block(shared, slot, position).is_none_or(|block| block.data.as_ptr().cast_const() != handed.data) {
            return Err(Denial::NotHeld);
        }
        self.lives[slot.index as usize] = Life::Strange;
        self.classes[position].held -= 1;
        Ok((slot, position))
    }

    /// A slot of this class is ours no more.
    fn disown(&mut self, position: usize) {
        self.owned_slots -= 1;
        self.owned_bytes -= u64::from(self.classes[position].geometry.stride);
    }

    fn lost(&mut self, position: usize) -> Denial {
        self.disown(position);
        Denial::Corrupt
    }

    fn block(&self, shared: &Shared, slot: Slot, position: usize) -> Option<Block> {
        let class = self.classes.get(position)?;
        let data = shared.segment.bytes(class.geometry.bytes(slot.index)?, u64::from(class.size));
        Some(Block { data, size: class.size, reference: self.salt.reference(slot) })
    }
}

impl Class {
    fn new(geometry: ClassGeometry, size: u32, me: ProcessId) -> Class {
        let by_bytes = BATCH_BYTES / geometry.stride;
        let batch = (geometry.count / 16).min(by_bytes).clamp(1, BATCH);
        // Each process begins to look somewhere else, so that they seldom meet.
        let hint = u32::from(me.0).wrapping_mul(0x9e37_79b1) % geometry.count.max(1);
        let spare = Vec::with_capacity(2 * batch as usize + 1);
        Class { geometry, size, batch, spare, hint, held: 0, high_water: 0, failures: 0 }
    }
}

/// Which class a slot is of. Slots are numbered through all classes; one past the end is nobody's and finds the last.
fn position_of(classes: &[Class], slot: u32) -> usize {
    classes.partition_point(|class| class.geometry.first <= slot).saturating_sub(1)
}

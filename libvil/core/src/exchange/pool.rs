//! The slots a sending end owns: taken from the shared pool in batches, handed out warm, and counted while several
//! rings or readers still need them.
//!
//! All of it is private. A crash loses the list, and recovery returns every slot by its word.

use crate::base::crash::mutant;
use crate::base::limits::BATCH;
use crate::base::words::{NO_SLOT, ProcessId};
use crate::exchange::{slot_of, word_of};
use crate::heap::{self, Slot};
use crate::mem::{ClassGeometry, Shared};

/// The slot of a message that travels inside its cell.
pub(super) const IN_CELL: Slot = Slot { index: NO_SLOT, generation: 0 };

/// The slots of one sending end.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    me: ProcessId,
    class: Option<ClassGeometry>,
    /// Slots this end may own at once, beyond those that a predecessor left in the rings.
    share: u32,
    /// Each as a cell names it.
    free: Vec<u64>,
    /// What was just taken from the shared pool; room for a batch.
    fresh: Vec<Slot>,
    /// Slots that are HELD by this end, wherever they are.
    owned: u32,
    hint: u32,
    /// Rings and readers that still need a slot, by its position in the class; empty where one use is all there is.
    uses: Box<[u16]>,
}

impl Pool {
    /// An empty pool of the sending end of `route`. `counted`: its slots may have several uses at once.
    pub(super) fn new(me: ProcessId, route: usize, class: Option<ClassGeometry>, share: u32, counted: bool) -> Pool {
        let slots = class.filter(|_| counted).map_or(0, |class| class.count as usize);
        let (share_of, batch) = if class.is_some() { (share as usize, BATCH as usize) } else { (0, 0) };
        let (free, fresh) = (Vec::with_capacity(share_of), Vec::with_capacity(batch));
        // Every end begins to look elsewhere, or the last of a thousand would look at what all the others took.
        let apart = if mutant("all_look_from_the_first_slot") { 0 } else { route as u64 * u64::from(share) };
        let hint = class.map_or(0, |class| (apart % u64::from(class.count.max(1))) as u32);
        Pool { me, class, share, free, fresh, owned: 0, hint, uses: vec![0; slots].into_boxed_slice() }
    }

    /// Who owns the slots.
    pub(super) fn me(&self) -> ProcessId {
        self.me
    }

    /// Where its slots lie; `None` when its messages travel inside cells.
    #[inline]
    pub(super) fn class(&self) -> Option<&ClassGeometry> {
        self.class.as_ref()
    }

    /// The slot that `pop` would hand out, as a cell names it.
    #[inline(always)]
    pub(super) fn last(&self) -> Option<u64> {
        self.free.last().copied()
    }

    /// The slot that came back last, so that it is still warm.
    #[inline(always)]
    pub(super) fn pop(&mut self) -> Option<Slot> {
        self.free.pop().map(slot_of)
    }

    /// Has it nothing to hand out?
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.free.is_empty()
    }

    /// A slot nobody needs any more.
    #[inline]
    pub(super) fn put(&mut self, slot: Slot) {
        self.free.push(word_of(slot));
    }

    /// The same where `has_place` says so, as a cell names it. Asked once more, so that the compiler knows that no memory is taken.
    #[inline(always)]
    pub(super) fn put_word(&mut self, word: u64) {
        if self.has_place() {
            self.free.push(word);
        }
    }

    /// Several.
    #[inline]
    pub(super) fn put_words(&mut self, words: &[u64]) {
        self.free.extend_from_slice(words);
    }

    /// Is there a place for one more without taking memory? There is, but for what others gave us.
    #[inline(always)]
    pub(super) fn has_place(&self) -> bool {
        self.free.len() < self.free.capacity()
    }

    /// Slots from the shared pool, as many as are still ours to take. `inherited`: what a predecessor left unread.
    #[cold]
    pub(super) fn refill(&mut self, shared: &Shared, inherited: u32) {
        let Some(class) = self.class else { return };
        let want = self.share.saturating_sub(inherited).saturating_sub(self.owned).min(BATCH);
        self.owned += heap::acquire(shared, self.me, &class, want, &mut self.hint, &mut self.fresh);
        self.free.extend(self.fresh.drain(..).map(word_of));
    }

    /// So many rings and readers will need the slot from now on.
    #[inline]
    pub(super) fn set_uses(&mut self, slot: Slot, uses: usize) {
        if let Some(count) = self.count(slot) {
            *count = uses as u16 - u16::from(uses > 1 && mutant("share_count_misses_one"));
        }
    }

    /// One of them needs it no more; the last one frees it.
    #[inline]
    pub(super) fn end_use(&mut self, slot: Slot) {
        if let Some(count) = self.count(slot) {
            *count = count.saturating_sub(1);
            if *count > 0 {
                return;
            }
        }
        self.free.push(word_of(slot));
    }

    /// A consume_once message whose cell is passed: still ours when it was skipped, else somebody took it.
    pub(super) fn end_of_given(&mut self, shared: &Shared, slot: Slot) {
        match heap::is_held(shared, self.me, slot) {
            true => self.free.push(word_of(slot)),
            false if mutant("taken_slots_stay_owned") => {}
            false => self.owned = self.owned.saturating_sub(1),
        }
    }

    /// A slot went into a ring, and whoever takes it owns it.
    #[inline]
    pub(super) fn gone(&mut self) {
        self.owned = self.owned.saturating_sub(1);
    }

    /// A slot of somebody else goes through our ring: it counts to our share until it has left, and what lies idle beyond
    /// the share goes back, or others were short of what was planned for them. `inherited`: as in `refill`.
    pub(super) fn host(&mut self, shared: &Shared, inherited: u32) {
        self.owned += 1;
        let inherited = if mutant("inherits_beside_the_share") { 0 } else { inherited };
        if !mutant("hosts_beyond_the_share") {
            self.trim_to(shared, self.share.saturating_sub(inherited));
        }
    }

    /// A slot of somebody else became ours.
    pub(super) fn gain(&mut self, slot: Slot) {
        self.owned += 1;
        self.free.push(word_of(slot));
    }

    /// Gives back what is more than our share.
    #[inline]
    pub(super) fn trim(&mut self, shared: &Shared) {
        self.trim_to(shared, self.share);
    }

    fn trim_to(&mut self, shared: &Shared, most: u32) {
        while self.owned > most {
            let Some(slot) = self.pop() else { return };
            heap::give_back(shared, self.me, slot);
            self.owned -= 1;
        }
    }

    /// Everything that is in no ring returns to the shared pool.
    pub(super) fn empty(&mut self, shared: &Shared) {
        for word in self.free.drain(..) {
            heap::give_back(shared, self.me, slot_of(word));
        }
    }

    #[inline]
    fn count(&mut self, slot: Slot) -> Option<&mut u16> {
        let first = self.class.as_ref()?.first;
        self.uses.get_mut(slot.index.wrapping_sub(first) as usize)
    }
}

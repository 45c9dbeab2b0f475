//! Reading: a message is received, copied to the caller and released in one. For messages so small that to hold them costs
//! more than the copy: nothing is kept in hand, and head moves right behind the cursor.
//!
//! A crash before head moves redelivers what was copied; behind it the message was its reader's.

use std::mem::MaybeUninit;

use crate::base::atomic::FOR_SPACE;
use crate::base::crash::mutant;
use crate::base::limits::AHEAD;
use crate::base::words::{Reference, Stamp};
use crate::exchange::consumer::Consumer;
use crate::exchange::copied::{read_any, read_words};
use crate::mem::{CellView, RingView, Shared};
use crate::sys::cache::independent;

impl Consumer {
    /// Reads the next message, where none is in hand. `Some(None)`: there is no message. True: somebody sleeps for room, and
    /// `wake` is to be called. `None`: nothing changed, and `receive` will tell.
    #[inline(always)]
    pub fn read_at_once(&mut self, shared: &Shared, message: &mut [MaybeUninit<u8>]) -> Option<Option<bool>> {
        let (view, index) = (self.swift.on(shared)?, self.head);
        if self.cursor != index || message.len() != self.size as usize {
            return None;
        }
        let cell = view.at(index);
        let stamp = Stamp::decode(cell.stamp().load("stamp"));
        if u64::from(stamp.sequence) != independent(Stamp::of(index).into()) {
            return self.is_of_the_lap_before(stamp).then_some(None);
        }
        if self.is_steady {
            self.fetch_ahead::<true>(shared, view, index);
        }
        if mutant("head_before_copy") {
            view.head().store(self.half | u64::from(index.wrapping_add(1)), "release.head");
        }
        match self.is_inside {
            true => self.copy_out::<true>(shared, view, cell, message)?,
            false => self.copy_out::<false>(shared, view, cell, message)?,
        }
        let next = index.wrapping_add(1);
        (self.cursor, self.head) = (next, next);
        self.released = self.released.wrapping_add(1);
        view.head().store(self.half | u64::from(next), "release.head");
        let is_awaited = shared.may_be_awaited(view.producer_flag(), FOR_SPACE, "release.awaited");
        if index & self.ring.sample_mask == 0 {
            self.measure(shared, index, stamp);
        }
        Some(Some(is_awaited))
    }

    /// Reads messages of `size` bytes, back to back, as many as are there, where none is in hand; how many. Head moves once,
    /// over all of them.
    pub fn read_many(&mut self, shared: &Shared, messages: &mut [MaybeUninit<u8>], size: usize) -> usize {
        if self.cursor != self.head || size != self.size as usize || size == 0 {
            return 0;
        }
        let most = messages.len().min(self.ring.capacity as usize * size);
        let messages = &mut messages[..most];
        // Loops that know their length for 8 and 16 bytes alone: where longer ones go, lines are what is waited for.
        match size {
            8 if self.is_inside => self.read_each::<true, _>(shared, messages.as_chunks_mut::<8>().0),
            16 if self.is_inside => self.read_each::<true, _>(shared, messages.as_chunks_mut::<16>().0),
            _ if self.is_inside => self.read_each::<true, _>(shared, messages.chunks_exact_mut(size)),
            _ => self.read_each::<false, _>(shared, messages.chunks_exact_mut(size)),
        }
    }

    #[inline]
    fn read_each<'a, const INSIDE: bool, M: AsMut<[MaybeUninit<u8>]> + ?Sized + 'a>(
        &mut self,
        shared: &Shared,
        messages: impl IntoIterator<Item = &'a mut M>,
    ) -> usize {
        let places = self.swift;
        let Some(view) = places.on(shared) else { return 0 };
        let (cells, first, sample_mask, is_steady) = (view.cells(), self.head, self.ring.sample_mask, self.is_steady);
        let mut index = first;
        for message in messages {
            let cell = cells.at(index);
            let stamp = Stamp::decode(cell.stamp().load("stamp"));
            if u64::from(stamp.sequence) != independent(Stamp::of(index).into()) {
                break;
            }
            if is_steady {
                match INSIDE {
                    true => cells.at(index.wrapping_add(AHEAD)).fetch_to_read(),
                    false => self.fetch_ahead::<true>(shared, view, index),
                }
            }
            if self.copy_out::<INSIDE>(shared, view, cell, message.as_mut()).is_none() {
                break;
            }
            if index & sample_mask == 0 {
                self.measure(shared, index, stamp);
            }
            index = index.wrapping_add(1);
        }
        if index != first {
            self.cursor = index;
            self.move_head(shared, index.wrapping_sub(1));
        }
        index.wrapping_sub(first) as usize
    }

    /// Copies the message of a cell, out of it or of the slot that it names. `None`, and nothing copied, where that is
    /// neither.
    #[inline(always)]
    fn copy_out<const INSIDE: bool>(
        &self,
        shared: &Shared,
        view: RingView<'_>,
        cell: CellView<'_>,
        message: &mut [MaybeUninit<u8>],
    ) -> Option<()> {
        if INSIDE {
            return read_words(cell.inline(), message, "receive.inline");
        }
        let slot = Reference::decode(cell.reference().load("cell")).slot;
        let words = if self.copies { self.copied.on(shared, slot)?.words() } else { view.slot(slot)?.words() };
        read_any(words, message, "receive.copy")
    }
}

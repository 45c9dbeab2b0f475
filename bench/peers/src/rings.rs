//! Two rings of 16-byte elements, written by hand over a shared mapping: the two designs that fast rings have.
//!
//! `ring-cached` publishes an index, and each side keeps a private copy of the other's, asked for again only when it says
//! full or empty (the design of rigtorp's SPSCQueue). `ring-sequence` has a number in each cell and the consumer polls the
//! cell; its index goes back every quarter of the ring. Neither knows owners, checks or deaths.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Answer;
use crate::arguments::Arguments;
use crate::drive::{End, Side};
use crate::link::Link;

/// An element: a number and a payload.
type Element = [u64; 2];

/// Elements that both rings have room for; at most 16 KiB, as many as stay in the first cache.
fn capacity(arguments: &Arguments) -> Answer<usize> {
    Ok(arguments.capacity()?.clamp(2, 1 << 16).next_power_of_two())
}

#[repr(C)]
struct Indices {
    written: Aside<AtomicU64>,
    read: Aside<AtomicU64>,
}

/// On lines of its own, two because processors fetch them in pairs.
#[repr(C, align(128))]
struct Aside<T>(T);

/// One direction of the ring with published indices.
struct Published<'a> {
    indices: &'a Indices,
    elements: &'a [UnsafeCell<Element>],
    /// What this side knows: its own index, and the other's when it was last asked for.
    own: u64,
    other: u64,
}

impl<'a> Published<'a> {
    fn new(link: &'a Link, direction: usize, capacity: usize) -> Published<'a> {
        let (base, size) = link.area(direction);
        assert!(size_of::<Indices>() + capacity * 16 <= size, "the ring fits");
        // SAFETY: the area is that large, aligned to 128, zeros at first, and as long there as the link.
        let (indices, elements) = unsafe {
            let elements = base.as_ptr().add(size_of::<Indices>()).cast();
            (base.cast().as_ref(), std::slice::from_raw_parts(elements, capacity))
        };
        Published { indices, elements, own: 0, other: 0 }
    }

    /// Where elements so far from the own index are.
    #[inline(always)]
    fn at(&self, ahead: u64) -> *mut Element {
        self.elements[(self.own + ahead) as usize & (self.elements.len() - 1)].get()
    }

    #[inline(always)]
    fn room(&mut self, wanted: u64) -> u64 {
        let capacity = self.elements.len() as u64;
        if self.own + wanted > self.other + capacity {
            // ORDER: Acquire, pairs with the Release in `read`: the elements were read before.
            self.other = self.indices.read.0.load(Ordering::Acquire);
        }
        (self.other + capacity - self.own).min(wanted)
    }

    #[inline(always)]
    fn there(&mut self, wanted: u64) -> u64 {
        if self.own + wanted > self.other {
            // ORDER: Acquire, pairs with the Release in `written`: the elements were written before.
            self.other = self.indices.written.0.load(Ordering::Acquire);
        }
        (self.other - self.own).min(wanted)
    }

    #[inline(always)]
    fn written(&mut self, count: u64) {
        self.own += count;
        // ORDER: Release, pairs with the Acquire in `there`.
        self.indices.written.0.store(self.own, Ordering::Release);
    }

    #[inline(always)]
    fn read(&mut self, count: u64) {
        self.own += count;
        // ORDER: Release, pairs with the Acquire in `room`.
        self.indices.read.0.store(self.own, Ordering::Release);
    }
}

/// Both directions of the ring with published indices.
pub(crate) struct Cached<'a> {
    out: Published<'a>,
    into: Published<'a>,
}

impl<'a> Cached<'a> {
    /// One side of it.
    pub(crate) fn new(link: &'a Link, side: Side, arguments: &Arguments) -> Answer<Cached<'a>> {
        let capacity = capacity(arguments)?;
        let (out, into) = directions(side);
        Ok(Cached { out: Published::new(link, out, capacity), into: Published::new(link, into, capacity) })
    }
}

fn directions(side: Side) -> (usize, usize) {
    if side == Side::A { (0, 1) } else { (1, 0) }
}

impl End for Cached<'_> {
    #[inline(always)]
    fn send(&mut self, number: u64) -> bool {
        self.send_many(number, 1) == 1
    }

    #[inline(always)]
    fn receive(&mut self) -> Option<u64> {
        if self.into.there(1) == 0 {
            return None;
        }
        // SAFETY: it was written before the index was published, and is not written again before ours is.
        let element = unsafe { self.into.at(0).read() };
        self.into.read(1);
        Some(element[0])
    }

    #[inline(always)]
    fn send_many(&mut self, first: u64, count: u64) -> u64 {
        let room = self.out.room(count);
        for ahead in 0..room {
            // SAFETY: the other side has read what was there, and looks again only after the index says so.
            unsafe { self.out.at(ahead).write([first + ahead, first]) };
        }
        if room > 0 {
            self.out.written(room);
        }
        room
    }

    #[inline(always)]
    fn receive_many(&mut self, first: u64, count: u64) -> u64 {
        let there = self.into.there(count);
        for ahead in 0..there {
            // SAFETY: as in `receive`.
            let element = unsafe { self.into.at(ahead).read() };
            crate::drive::check(element[0], first + ahead);
        }
        if there > 0 {
            self.into.read(there);
        }
        there
    }
}

#[repr(C, align(16))]
struct Cell {
    /// The lap's number, from 1: index + 1 when its element is there.
    sequence: AtomicU64,
    payload: AtomicU64,
}

/// One direction of the ring with numbers in its cells.
struct Sequenced<'a> {
    read: &'a AtomicU64,
    cells: &'a [Cell],
    own: u64,
    other: u64,
    of_link: PhantomData<&'a Link>,
}

impl<'a> Sequenced<'a> {
    fn new(link: &'a Link, direction: usize, capacity: usize) -> Sequenced<'a> {
        let (base, size) = link.area(direction);
        assert!(128 + capacity * 16 <= size, "the ring fits");
        // SAFETY: the area is that large, aligned to 128, zeros at first, and as long there as the link.
        let (read, cells) = unsafe {
            let cells = base.as_ptr().add(128).cast();
            (base.cast().as_ref(), std::slice::from_raw_parts(cells, capacity))
        };
        Sequenced { read, cells, own: 0, other: 0, of_link: PhantomData }
    }

    #[inline(always)]
    fn cell(&self) -> &'a Cell {
        &self.cells[self.own as usize & (self.cells.len() - 1)]
    }

    #[inline(always)]
    fn send(&mut self, number: u64) -> bool {
        let capacity = self.cells.len() as u64;
        if self.own == self.other + capacity {
            // ORDER: Acquire, pairs with the Release in `receive`: the cells were read before.
            self.other = self.read.load(Ordering::Acquire);
            if self.own == self.other + capacity {
                return false;
            }
        }
        let cell = self.cell();
        self.own += 1;
        // ORDER: Relaxed, told by the sequence.
        cell.payload.store(number, Ordering::Relaxed);
        // ORDER: Release, pairs with the Acquire in `receive`.
        cell.sequence.store(self.own, Ordering::Release);
        true
    }

    #[inline(always)]
    fn receive(&mut self) -> Option<u64> {
        let cell = self.cell();
        // ORDER: Acquire, pairs with the Release in `send`.
        if cell.sequence.load(Ordering::Acquire) != self.own + 1 {
            return None;
        }
        // ORDER: Relaxed, told by the sequence.
        let number = cell.payload.load(Ordering::Relaxed);
        self.own += 1;
        if self.own & (self.cells.len() as u64 / 4).max(1).wrapping_sub(1) == 0 {
            // ORDER: Release, pairs with the Acquire in `send`.
            self.read.store(self.own, Ordering::Release);
        }
        Some(number)
    }
}

/// Both directions of the ring with numbers in its cells.
pub(crate) struct Sequence<'a> {
    out: Sequenced<'a>,
    into: Sequenced<'a>,
}

impl<'a> Sequence<'a> {
    /// One side of it.
    pub(crate) fn new(link: &'a Link, side: Side, arguments: &Arguments) -> Answer<Sequence<'a>> {
        let capacity = capacity(arguments)?;
        let (out, into) = directions(side);
        Ok(Sequence { out: Sequenced::new(link, out, capacity), into: Sequenced::new(link, into, capacity) })
    }
}

impl End for Sequence<'_> {
    #[inline(always)]
    fn send(&mut self, number: u64) -> bool {
        self.out.send(number)
    }

    #[inline(always)]
    fn receive(&mut self) -> Option<u64> {
        self.into.receive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_fifo_and_bounded(mut a: impl End, mut b: impl End) {
        let mut sent = 0;
        while a.send(sent + 1) {
            sent += 1;
        }
        assert_eq!(sent, 16);
        for number in 1..=sent {
            assert_eq!(b.receive(), Some(number));
        }
        assert_eq!(b.receive(), None);
        assert_eq!(a.send_many(100, 8), 8);
        assert_eq!(b.receive_many(100, 100), 8);
        assert!(b.send(7) && a.receive() == Some(7));
    }

    #[test]
    fn both_rings_are_fifo_and_bounded() {
        let arguments = Arguments::default().with("cells", 16);
        let link = Link::create().expect("memory can be shared");
        let sides = [Side::A, Side::B].map(|side| Cached::new(&link, side, &arguments).expect("a ring"));
        let [a, b] = sides;
        is_fifo_and_bounded(a, b);
        let link = Link::create().expect("memory can be shared");
        let [a, b] = [Side::A, Side::B].map(|side| Sequence::new(&link, side, &arguments).expect("a ring"));
        is_fifo_and_bounded(a, b);
    }
}

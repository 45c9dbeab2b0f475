//! The consuming end: reads cells at a private cursor, and moves head over what was released.
//!
//! Receiving stores nothing. A message stays in the ring until it is released, so a consumer that dies while working on
//! it loses nothing. Out-of-order release is kept privately until head can move.

use std::ptr::NonNull;

use vil_ir::vocabulary::Transfer;

use crate::base::atomic::FOR_SPACE;
use crate::base::crash::mutant;
use crate::base::index::depth;
use crate::base::words::{EndWord, NO_SLOT, ProcessId, Reference};
use crate::exchange::copied::Buffers;
use crate::exchange::{NotOpened, Peer, Refusal};
use crate::mem::{CELL_STAMP, RingGeometry, Shared};
use crate::queue::{self, Side, Taken};
use crate::registry::closed_head;
use crate::stats;
use crate::sys::clock;

/// A message that was received and not yet released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// First byte; valid until the message is released or the end is closed. On a copy route it is a private copy,
    /// else it lies in shared memory, where a misbehaving writer may still change it.
    pub data: NonNull<u8>,
    /// Bytes.
    pub size: u32,
    /// Its number on the route, from 0, across restarts of either end.
    pub number: u64,
    /// Names the message until it is released.
    pub ticket: u64,
}

/// The consuming end of one ring. All of it is private; recovery never needs it.
#[derive(Debug, Clone)]
pub struct Consumer {
    route: usize,
    ring: RingGeometry,
    /// Our head word with index 0: incarnation and owner.
    half: u64,
    head: u32,
    cursor: u32,
    tail: u32,
    /// Messages in hand, by position: index in the ring, or `None`.
    held: Box<[Option<u32>]>,
    spare: Vec<u32>,
    /// One bit per cell: released before the ones in front of it.
    done: Box<[u64]>,
    released: u64,
    copies: bool,
    buffers: Buffers,
    /// Quarantined, or closed: nothing works any more.
    corrupt: bool,
}

impl Consumer {
    /// Opens the consuming end: vacant -> ours. Reading goes on at head, so what a predecessor did not release is
    /// delivered again.
    pub fn open(shared: &Shared, me: ProcessId, route: usize) -> Result<Consumer, NotOpened> {
        let ring = shared.geometry.rings[route];
        let head =
            queue::open(shared, &ring, Side::Head, me).map_err(|Taken::OwnedBy(owner)| NotOpened::OwnedBy(owner))?;
        let tail = queue::end(shared, &ring, Side::Tail).index;
        let copies = ring.transfer == Transfer::Copy;
        let consumer = Consumer {
            route,
            ring,
            half: EndWord { index: 0, ..head }.encode(),
            head: head.index,
            cursor: if mutant("resume_at_tail") { tail } else { head.index },
            tail: head.index,
            held: vec![None; ring.consumer_loans as usize].into_boxed_slice(),
            spare: (0..ring.consumer_loans).rev().collect(),
            done: vec![0; ring.capacity.div_ceil(64) as usize].into_boxed_slice(),
            released: queue::passed(shared, &ring, Side::Head),
            copies,
            buffers: if copies { Buffers::new(ring.consumer_loans, ring.size) } else { Buffers::none() },
            corrupt: false,
        };
        match depth(head.index, tail, ring.capacity) {
            Some(_) => Ok(consumer),
            None => {
                queue::change(shared, &ring, Side::Head, head, head.vacated(), "open.undo");
                Err(NotOpened::Corrupt)
            }
        }
    }

    /// The route.
    pub fn route(&self) -> usize {
        self.route
    }

    /// The ring.
    pub fn ring(&self) -> &RingGeometry {
        &self.ring
    }

    /// Messages released (or skipped for a consumer that was gone) on the route since the world was created.
    pub fn released(&self) -> u64 {
        self.released
    }

    /// Who is at the other end.
    pub fn peer(&self, shared: &Shared) -> Peer {
        Peer::of(queue::end(shared, &self.ring, Side::Tail))
    }

    /// Is there a message that was not received yet?
    #[inline]
    pub fn is_ready(&mut self, shared: &Shared) -> bool {
        self.corrupt || self.cursor != self.tail || !matches!(self.look(shared), Err(Refusal::Empty))
    }

    /// The next message, in place or as a private copy. Stores nothing; a crash at any point redelivers it.
    #[inline]
    pub fn receive(&mut self, shared: &Shared) -> Result<Message, Refusal> {
        if self.cursor == self.tail {
            self.look(shared)?;
        }
        if self.corrupt {
            return Err(Refusal::Corrupt);
        }
        let &position = self.spare.last().ok_or(Refusal::Limit)?;
        let index = self.cursor;
        let data = self.data(shared, index, position as usize)?;
        self.spare.pop();
        self.held[position as usize] = Some(index);
        self.cursor = index.wrapping_add(1);
        if index & self.ring.sample_mask == 0 {
            self.time(shared, index);
        }
        let number = self.released.wrapping_add(u64::from(index.wrapping_sub(self.head)));
        Ok(Message { data, size: self.ring.size, number, ticket: u64::from(position) << 32 | u64::from(index) })
    }

    /// Ends a message. Head moves over all that were released without a gap: one plain store.
    #[inline]
    pub fn release(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        let (position, index) = ((ticket >> 32) as usize, ticket as u32);
        match self.held.get_mut(position) {
            Some(held) if *held == Some(index) => *held = None,
            _ => return Err(Refusal::Ticket),
        }
        self.spare.push(position as u32);
        if index != self.head && !mutant("release_moves_head_at_once") {
            self.mark(index, true);
            return Ok(());
        }
        self.move_head(shared, index);
        Ok(())
    }

    /// Closes the end: at_least_once keeps what lies in the ring for a replacement, best_effort skips it.
    pub fn close(&mut self, shared: &Shared) {
        let ours = EndWord { index: self.head, ..EndWord::decode(self.half) };
        let (vacant, skipped) = closed_head(shared, &self.ring, ours);
        if queue::change(shared, &self.ring, Side::Head, ours, vacant, "close.head") && skipped > 0 {
            stats::count_skipped(shared, &self.ring, skipped);
        }
        self.wake_producer(shared);
        self.held.fill(None);
        self.corrupt = true;
    }

    /// Looks at tail; `Empty` when nothing is new.
    #[inline]
    fn look(&mut self, shared: &Shared) -> Result<(), Refusal> {
        let tail = queue::end(shared, &self.ring, Side::Tail).index;
        let behind = self.cursor.wrapping_sub(self.head);
        match depth(self.head, tail, self.ring.capacity) {
            Some(depth) if depth == behind => Err(Refusal::Empty),
            Some(depth) if depth > behind => {
                self.tail = tail;
                Ok(())
            }
            _ => self.quarantine(),
        }
    }

    #[cold]
    fn quarantine<T>(&mut self) -> Result<T, Refusal> {
        self.corrupt = true;
        Err(Refusal::Corrupt)
    }

    #[inline]
    fn data(&mut self, shared: &Shared, index: u32, position: usize) -> Result<NonNull<u8>, Refusal> {
        let found = Reference::decode(queue::reference(shared, &self.ring, index));
        let Some(class) = self.ring.class else {
            if found.slot != NO_SLOT {
                return self.quarantine();
            }
            self.buffers.read_cell(position, shared, &self.ring, index);
            return Ok(self.buffers.address(position));
        };
        let Some(offset) = class.bytes(found.slot) else { return self.quarantine() };
        if self.copies {
            self.buffers.read_slot(position, shared, offset);
            return Ok(self.buffers.address(position));
        }
        Ok(shared.segment.bytes(offset, u64::from(self.ring.size)))
    }

    #[cold]
    #[inline(never)]
    fn time(&self, shared: &Shared, index: u32) {
        let stamp = (shared.segment.word(self.ring.cell(index) + CELL_STAMP).peek("receive.stamp") >> 32) as u32;
        let ticks = clock::stamp().wrapping_sub(stamp);
        // The upper half is no latency: it is a stamp from a clock slightly ahead of ours, or one older than the wrap.
        if stamp != 0 && ticks <= u32::MAX / 2 {
            stats::record(shared, &self.ring, ticks);
        }
    }

    fn move_head(&mut self, shared: &Shared, index: u32) {
        let mut head = index.wrapping_add(1);
        while self.is_marked(head) && head != self.cursor {
            self.mark(head, false);
            head = head.wrapping_add(1);
        }
        self.released = self.released.wrapping_add(u64::from(head.wrapping_sub(self.head)));
        self.head = head;
        shared.segment.word(self.ring.head).store(self.half | u64::from(head), "release.head");
        if self.is_worth_waking() {
            self.wake_producer(shared);
        }
    }

    /// A producer that sleeps for room is woken when a quarter of the ring is free or we have nothing more to do, not
    /// at each cell: a wake-up costs more than many messages.
    #[inline]
    fn is_worth_waking(&self) -> bool {
        let known = self.tail.wrapping_sub(self.head);
        self.cursor == self.tail || known <= self.ring.capacity - self.ring.capacity / 4
    }

    fn wake_producer(&self, shared: &Shared) {
        shared.wake(self.ring.producer_flag, FOR_SPACE, "release.wake");
    }

    fn is_marked(&self, index: u32) -> bool {
        let cell = index & (self.ring.capacity - 1);
        self.done[(cell / 64) as usize] >> (cell % 64) & 1 == 1
    }

    fn mark(&mut self, index: u32, done: bool) {
        let cell = index & (self.ring.capacity - 1);
        let bit = 1 << (cell % 64);
        let word = &mut self.done[(cell / 64) as usize];
        *word = if done { *word | bit } else { *word & !bit };
    }
}

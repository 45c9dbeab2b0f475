//! The consuming end: polls the cell at a private cursor, and moves head over what was released.
//!
//! The cell's stamp says whether there is a message; tail is for others. Receiving stores nothing (`cursor`). A message
//! stays in the ring until it is released, so a consumer that dies while working on it loses nothing. Out-of-order release
//! is kept privately until head can move (`head`). On a consume_once route receiving takes the slot, by one CAS, and the
//! message is the consumer's own from there on (`in_hand`). Small messages need not be held at all (`read`).

mod cursor;
mod head;
mod in_hand;
mod read;

pub use in_hand::Forward;

use std::mem::MaybeUninit;
use std::ptr::NonNull;

use vil_ir::vocabulary::Transfer;

use crate::base::atomic::Word;
use crate::base::crash::mutant;
use crate::base::index::depth;
use crate::base::words::{EndWord, ProcessId};
use crate::exchange::consumer::in_hand::{TICKET_END, TICKET_POSITION};
use crate::exchange::copied::{Buffers, read_words};
use crate::exchange::hand::Hand;
use crate::exchange::lent::Lent;
use crate::exchange::{NotOpened, Peer, Refusal, ordinal, slot_of};
use crate::heap;
use crate::mem::{RingGeometry, RingPlaces, Shared, SlotPlaces};
use crate::queue::{self, Side, Taken};
use crate::registry::closed_head;
use crate::registry::trail::{Event, Kind, record};
use crate::stats;

/// A message that was received and not yet released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// First byte; valid until the message is released or the end is closed. On a copy route it is a private copy,
    /// else it lies in shared memory, where a misbehaving writer may still change it.
    pub data: NonNull<u8>,
    /// Bytes.
    pub size: u32,
    /// Its number on the route, from 0, across restarts of either end. On a claimed ring numbers may be left out.
    pub number: u64,
    /// Number of the request that it answers; 0 on routes that carry no answers.
    pub answers: u64,
    /// Names the message until it is released.
    pub ticket: u64,
}

impl Message {
    /// Copies it to bytes of the caller's, no more than it has, word by word. `None`, and nothing copied, where those are more.
    ///
    /// # Safety
    /// It is in hand at an end that is open.
    pub unsafe fn copy_to(&self, message: &mut [MaybeUninit<u8>]) -> Option<()> {
        let count = self.size.div_ceil(8) as usize;
        // SAFETY: a message in hand begins at a word, in a slot or a buffer of whole words.
        let words = unsafe { std::slice::from_raw_parts(self.data.as_ptr().cast::<Word>(), count) };
        read_words(words, message, "receive.copy")
    }
}

/// The consuming end of one ring. All of it is private; recovery never needs it. What a message needs comes first.
#[derive(Debug, Clone)]
#[repr(C)]
pub struct Consumer {
    /// Where `receive_at_once` and `release_at_once` look; none where they may not.
    swift: RingPlaces,
    cursor: u32,
    head: u32,
    released: u64,
    /// Our head word with index 0: incarnation and owner.
    half: u64,
    /// The ticket of index 0 at the first position.
    tickets: u64,
    /// By ticket: what the cell named.
    hand: Hand,
    size: u32,
    /// Bits of `done` that are set.
    marks: u32,
    /// One bit per cell: released before the ones in front of it.
    done: Box<[u64]>,
    lent: Lent,
    copies: bool,
    /// Messages travel inside its cells.
    is_inside: bool,
    /// Many more messages lay behind the last one that was timed, so lines are asked for ahead.
    is_steady: bool,
    /// Where the slots lie that are copied from.
    copied: SlotPlaces,
    takes: bool,
    /// Quarantined, or closed: nothing works any more.
    corrupt: bool,
    me: ProcessId,
    route: usize,
    ring: RingGeometry,
    buffers: Buffers,
}

impl Consumer {
    /// Opens the consuming end: vacant -> ours. Reading goes on at head, so what a predecessor did not release is
    /// delivered again.
    pub fn open(shared: &Shared, me: ProcessId, route: usize) -> Result<Consumer, NotOpened> {
        let ring = shared.geometry.rings[route];
        let head =
            queue::open(shared, &ring, Side::Head, me).map_err(|Taken::OwnedBy(owner)| NotOpened::OwnedBy(owner))?;
        let tail = queue::end(shared, &ring, Side::Tail).index;
        let tail = match mutant("opened_by_the_stored_tail") {
            true => depth(head.index, tail, ring.capacity).map(|_| tail),
            false => queue::published_up_to(shared, &ring, head.index, tail),
        };
        let copies = ring.transfer == Transfer::Copy;
        let mut consumer = Consumer {
            swift: RingPlaces::NONE,
            size: ring.size,
            marks: 0,
            me,
            route,
            ring,
            half: EndWord { index: 0, ..head }.encode(),
            head: head.index,
            cursor: tail.filter(|_| mutant("resume_at_tail")).unwrap_or(head.index),
            hand: Hand::new(ring.consumer_loans),
            done: vec![0; ring.capacity.div_ceil(64) as usize].into_boxed_slice(),
            released: queue::passed(shared, &ring, Side::Head),
            copies,
            is_inside: copies && ring.class.is_none(),
            is_steady: false,
            copied: ring.class.filter(|_| copies).map_or(SlotPlaces::NONE, |class| SlotPlaces::of(shared, &class)),
            takes: ring.transfer == Transfer::ConsumeOnce,
            buffers: if copies { Buffers::new(ring.consumer_loans, ring.size) } else { Buffers::none() },
            lent: Lent::default(),
            tickets: (ordinal() << TICKET_END).wrapping_add(TICKET_POSITION),
            corrupt: false,
        };
        let Some(tail) = tail else {
            queue::change(shared, &ring, Side::Head, head, head.vacated(), "open.undo");
            return Err(NotOpened::Corrupt);
        };
        consumer.tune(shared);
        let left = tail.wrapping_sub(head.index);
        if left > 0 && head.incarnation > 1 {
            record(shared, Event::new(Kind::Redelivered, me).on(route).number(u64::from(left)));
        }
        Ok(consumer)
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

    /// Are messages lent on to another ring? Then a sleeper must also be woken when that ring's head moves.
    pub fn has_lent(&self) -> bool {
        !self.lent.is_empty()
    }

    /// Gives the end back right after it was opened: whatever the delivery, what lies in the ring stays there.
    pub fn undo(&mut self, shared: &Shared) {
        let ours = EndWord { index: self.head, ..EndWord::decode(self.half) };
        queue::change(shared, &self.ring, Side::Head, ours, ours.vacated(), "open.undo");
        self.corrupt = true;
        self.tune(shared);
    }

    /// Closes the end: at_least_once keeps what lies in the ring for a replacement, best_effort skips it. False: what
    /// was lent is still being read, so the end stays ours; close again later.
    pub fn close(&mut self, shared: &Shared) -> bool {
        self.settle(shared);
        for (_, _, word) in self.hand.drain().filter(|_| self.takes) {
            heap::give_back(shared, self.me, slot_of(word));
            record(shared, Event::new(Kind::Unconsumed, self.me).on(self.route).slot(slot_of(word)));
        }
        if self.has_lent() && !mutant("close_skips_what_is_lent") {
            return false;
        }
        let ours = EndWord { index: self.head, ..EndWord::decode(self.half) };
        let (vacant, skipped) = closed_head(shared, &self.ring, ours);
        if mutant("vacant_before_skip")
            && queue::change(shared, &self.ring, Side::Head, ours, ours.vacated(), "close.head")
        {
            shared.segment.word(self.ring.head).store(vacant.encode(), "close.head");
        }
        if queue::change(shared, &self.ring, Side::Head, ours, vacant, "close.head") && skipped > 0 {
            stats::count_skipped(shared, &self.ring, skipped);
            record(shared, Event::new(Kind::Skipped, self.me).on(self.route).number(u64::from(skipped)));
        }
        self.wake_producer(shared);
        self.corrupt = true;
        self.tune(shared);
        true
    }

    #[cold]
    fn quarantine<T>(&mut self, shared: &Shared) -> Result<T, Refusal> {
        // For good: should the words make sense later, the end would be ready and empty, and a wait on it never end.
        self.corrupt = true;
        self.tune(shared);
        record(shared, Event::new(Kind::Quarantined, self.me).on(self.route));
        Err(Refusal::Corrupt)
    }

    /// Says whether calls may go the quick way: messages stay their producer's, none is lent on, and all is well.
    fn tune(&mut self, shared: &Shared) {
        let is_plain = !self.takes && self.ring.answers.is_none();
        let is_swift = is_plain && self.lent.is_empty() && !self.corrupt;
        self.swift = match (is_swift, self.copies) {
            (false, _) => RingPlaces::NONE,
            (true, false) => RingPlaces::of(shared, &self.ring),
            (true, true) => RingPlaces::of(shared, &self.ring).without_slots(),
        };
    }
}

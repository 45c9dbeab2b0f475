//! What an answer may be: inside of its bounds, and after no more than so many accesses to shared words.

use std::cell::Cell;
use std::ptr::NonNull;
use std::rc::Rc;

use vil_core::base::atomic::TRIES;
use vil_core::base::crash::{Access, set_hook};
use vil_core::base::limits::{BUCKETS, TRAIL_ENTRIES};
use vil_core::mem::{ClassGeometry, RingGeometry};

use crate::ground::Ground;

/// How much of a world a call may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Its own ring and its own class: every slot and cell of it a few times.
    Ring,
    /// A ring whose cells are claimed: three rounds over it, each of which tries to take every message and then moves head.
    Rounds,
    /// A ring whose ends are looked at until they fit together, twice and as often as an update is tried, and all counters.
    Settled,
    /// Everything, a few times.
    World,
    /// Everything, a few times for each process.
    Recovery,
    /// The trail, once or twice.
    Trail,
}

/// Most accesses of one call to shared words, whatever they say.
pub(crate) fn most_accesses(ground: &Ground, reach: Reach) -> u64 {
    let geometry = &ground.geometry;
    let cells: u64 = geometry.rings.iter().map(|ring| u64::from(ring.capacity)).sum();
    let (rings, slots) = (geometry.rings.len() as u64, u64::from(geometry.slots));
    let world = 32 + 16 * rings + 3 * cells + 6 * slots;
    match reach {
        // The bounded tries of an update that others keep from succeeding are in it.
        Reach::Ring => 200 + 2 * (cells + slots),
        Reach::Rounds => 200 + 3 * (10 + 2) * cells + 2 * slots,
        Reach::Settled => world + BUCKETS + 2 * u64::from(TRIES) * (2 + 2 * cells),
        Reach::World => world + BUCKETS,
        Reach::Recovery => world * (1 + u64::from(geometry.processes)),
        Reach::Trail => 16 + 16 * TRAIL_ENTRIES,
    }
}

/// Counts the accesses of this thread, and calls somebody before each.
pub(crate) struct Watch {
    seen: Rc<Cell<u64>>,
    most: Rc<Cell<u64>>,
}

impl Watch {
    /// From here on. A call that goes on for ever ends as a panic.
    pub(crate) fn set(mut before: impl FnMut() + 'static) -> Watch {
        let watch = Watch { seen: Rc::default(), most: Rc::default() };
        let (seen, most) = (Rc::clone(&watch.seen), Rc::clone(&watch.most));
        set_hook(Some(Box::new(move |_: Access, site| {
            seen.set(seen.get() + 1);
            let (seen, most) = (seen.get(), most.get());
            assert!(seen <= most, "more than {most} accesses in one call, the last at {site}");
            before();
        })));
        watch
    }

    /// A call begins that may make so many.
    pub(crate) fn begin(&self, most: u64) {
        self.seen.set(0);
        self.most.set(most);
    }

    /// Accesses of the call.
    pub(crate) fn seen(&self) -> u64 {
        self.seen.get()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        set_hook(None);
    }
}

/// What is wrong with an address that was answered for a message of this ring; `None` is nothing.
pub(crate) fn misplaced(ground: &Ground, ring: &RingGeometry, data: NonNull<u8>, in_place: bool) -> Option<String> {
    let found = ground.offset(data);
    let classes: &[ClassGeometry] = match &ring.class {
        Some(class) if in_place => std::slice::from_ref(class),
        None if ring.any => &ground.geometry.classes,
        _ => return found.map(|offset| format!("a private buffer at {offset} of the segment")),
    };
    let Some(offset) = found else { return Some("an address outside of the segment".into()) };
    let inside = classes.iter().any(|class| slot_at(class, offset));
    (!inside).then(|| format!("offset {offset}, which is no slot of {classes:?}"))
}

fn slot_at(class: &ClassGeometry, offset: u64) -> bool {
    (class.first..class.first + class.count).any(|slot| class.bytes(slot) == Some(offset))
}

/// Bytes that a message of this ring may be said to have: its own, or a whole slot's where a slot of any class travels.
pub(crate) fn is_size(ground: &Ground, ring: &RingGeometry, data: NonNull<u8>, size: u32) -> bool {
    if !ring.any {
        return size == ring.size;
    }
    let offset = ground.offset(data);
    let class = ground.geometry.classes.iter().find(|class| offset.is_some_and(|offset| slot_at(class, offset)));
    class.is_some_and(|class| class.stride == size)
}

/// Reads a message and writes over a loan, all bytes of it: where it lies in the segment others may write meanwhile, so
/// word by word.
pub(crate) fn touch(ground: &Ground, data: NonNull<u8>, size: u32, write: Option<u64>) -> u64 {
    let words = size.div_ceil(8) as usize;
    let mut sum = 0u64;
    for i in 0..words {
        // SAFETY: what is touched is what was answered; that it may be is what is being tried.
        let place = unsafe { data.cast::<u64>().add(i) };
        match (ground.offset(data), write) {
            (Some(offset), Some(word)) => ground.write(offset + i as u64 * 8, word),
            (Some(offset), None) => sum = sum.wrapping_add(ground.read(offset + i as u64 * 8)),
            // SAFETY: as above; a private buffer has whole words.
            (None, Some(word)) => unsafe { place.write(word) },
            // SAFETY: as above.
            (None, None) => sum = sum.wrapping_add(unsafe { place.read() }),
        }
    }
    sum
}

//! What the village's people write down outside of the library, in memory that survives them: what was promised, and what
//! has arrived. Every message carries an id of its lane; an id is never used twice.
//!
//! An id whose publishing had begun when its writer was killed is uncertain: it may arrive or not. All others that were
//! published must, in order.

use std::fs::OpenOptions;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// Lanes on which ids begin.
pub(crate) const LANES: usize = 6;
/// Ends at which messages arrive.
pub(crate) const INLETS: usize = 9;
/// Ids whose certainty is remembered; far more than can be under way.
const REMEMBERED: usize = 1 << 14;

/// One lane's promises.
#[repr(C)]
pub(crate) struct Promises {
    /// Ids used: publishing them has begun.
    attempted: AtomicU64,
    /// Publishes that were answered with success.
    published: AtomicU64,
    /// 1 for an id that is certain.
    certain: [AtomicU8; REMEMBERED],
    /// 1 for an id that came to one of many.
    came: [AtomicU8; REMEMBERED],
    /// Certain ids of many that never came, as far as they are not remembered any more.
    forgotten: AtomicU64,
}

/// What has arrived at one end.
#[repr(C)]
pub(crate) struct Arrivals {
    /// The id behind the highest that has arrived.
    next: AtomicU64,
    /// The message number of the ring behind the highest that has arrived.
    high: AtomicU64,
    /// Messages that arrived, all of them.
    count: AtomicU64,
    /// Those that had arrived before.
    again: AtomicU64,
    /// Certain ones that never came.
    lost: AtomicU64,
}

/// All of it, as it lies in the file.
#[repr(C)]
pub(crate) struct Ledger {
    /// 1 when nobody is to publish anything new any more.
    quiet: AtomicU64,
    pub(crate) lanes: [Promises; LANES],
    pub(crate) inlets: [Arrivals; INLETS],
}

/// What may happen to a message of an inlet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// How far back delivery may begin again.
    pub(crate) window: u64,
    /// Is what its taker had in hand lost with it?
    pub(crate) is_taken: bool,
    /// Do messages come to one of several, in any order?
    pub(crate) is_for_many: bool,
    /// Does the lane drop what nobody takes in time?
    pub(crate) is_dropping: bool,
}

impl Ledger {
    /// Makes the file.
    pub(crate) fn create(path: &Path) {
        let file = OpenOptions::new().create_new(true).write(true).open(path).expect("it is not there yet");
        file.set_len(size_of::<Ledger>() as u64).expect("there is room");
    }

    /// Maps the file for as long as this process lives.
    pub(crate) fn open(path: &Path) -> &'static Ledger {
        let file = OpenOptions::new().read(true).write(true).open(path).expect("the test has made it");
        let (read_write, size) = (libc::PROT_READ | libc::PROT_WRITE, size_of::<Ledger>());
        // SAFETY: a new mapping of a file of this size.
        let base = unsafe { libc::mmap(null_mut(), size, read_write, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        assert!(base != libc::MAP_FAILED, "{}", std::io::Error::last_os_error());
        // SAFETY: never unmapped, aligned to a page, and all of it are atomics, for which all bytes are values.
        unsafe { base.cast::<Ledger>().as_ref() }.expect("a mapping is never at address 0")
    }
}

impl Ledger {
    /// From here on nobody publishes anything new; what was published goes on its way.
    pub(crate) fn hush(&self) {
        self.quiet.store(1, Ordering::SeqCst);
    }

    /// Is nobody to publish anything new?
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet.load(Ordering::SeqCst) == 1
    }
}

impl Promises {
    /// Ids used so far.
    pub(crate) fn attempted(&self) -> u64 {
        self.attempted.load(Ordering::SeqCst)
    }

    /// A new id, which is uncertain until `keep`.
    pub(crate) fn begin(&self) -> u64 {
        let id = self.attempted();
        let came = self.came[id as usize % REMEMBERED].swap(0, Ordering::SeqCst);
        if self.place(id).swap(0, Ordering::SeqCst) > came {
            self.forgotten.fetch_add(1, Ordering::SeqCst);
        }
        self.attempted.store(id + 1, Ordering::SeqCst);
        id
    }

    /// The id was published.
    pub(crate) fn keep(&self, id: u64) {
        self.place(id).store(1, Ordering::SeqCst);
        self.published.fetch_add(1, Ordering::SeqCst);
    }

    /// The id was not published, and is free again.
    pub(crate) fn take_back(&self, id: u64) {
        self.attempted.store(id, Ordering::SeqCst);
    }

    fn is_certain(&self, id: u64) -> bool {
        self.place(id).load(Ordering::SeqCst) == 1
    }

    fn place(&self, id: u64) -> &AtomicU8 {
        &self.certain[id as usize % REMEMBERED]
    }

    /// A writer comes after another one; `counted` is what the library says was published. The one publish that may have
    /// been under way counts or does not.
    pub(crate) fn resume(&self, counted: u64) {
        let known = self.published.swap(counted, Ordering::SeqCst);
        assert!(counted == known || counted == known + 1, "{counted} are counted as published, {known} were");
    }
}

impl Arrivals {
    /// A reader comes after another one; `released` is what the library says was released. Nothing is left out, and at
    /// most what fits into the ring comes again.
    pub(crate) fn resume(&self, released: u64, terms: Terms) {
        let high = self.high.load(Ordering::SeqCst);
        if terms.is_taken {
            return;
        }
        assert!(released <= high, "{released} count as released, only {high} have arrived");
        assert!(high - released <= terms.window, "delivery begins again at {released}, {high} have arrived");
    }

    /// A message arrives, with its number in the ring and the id in it.
    pub(crate) fn arrive(&self, number: u64, id: u64, promises: &Promises, terms: Terms) {
        assert!(id < promises.attempted(), "id {id} was invented, {} were used", promises.attempted());
        if terms.is_for_many {
            let before = promises.came[id as usize % REMEMBERED].swap(1, Ordering::SeqCst);
            assert_eq!(before, 0, "id {id} came to two of many");
            self.count.fetch_add(1, Ordering::SeqCst);
            return;
        }
        let next = self.next.load(Ordering::SeqCst);
        if id < next {
            assert!(!terms.is_taken, "id {id} was taken twice, {next} comes next");
            let back = (id..next).filter(|id| promises.is_certain(*id)).count() as u64;
            assert!(back <= terms.window, "id {id} comes again, {next} comes next");
            self.again.fetch_add(1, Ordering::SeqCst);
        }
        let gone = (next..id).filter(|id| promises.is_certain(*id)).count() as u64;
        assert!(terms.is_taken || gone == 0, "{gone} of {next} to {id} were lost");
        self.lost.fetch_add(gone, Ordering::SeqCst);
        self.count.fetch_add(1, Ordering::SeqCst);
        self.high.fetch_max(number + 1, Ordering::SeqCst);
        self.next.fetch_max(id + 1, Ordering::SeqCst);
    }

    /// When everything has arrived: certain ids that never came.
    pub(crate) fn missing(&self, promises: &Promises, terms: Terms) -> u64 {
        if terms.is_for_many {
            let remembered = promises.certain.iter().zip(&promises.came);
            let missing =
                remembered.filter(|(certain, came)| certain.load(Ordering::SeqCst) > came.load(Ordering::SeqCst));
            return promises.forgotten.load(Ordering::SeqCst) + missing.count() as u64;
        }
        let next = self.next.load(Ordering::SeqCst);
        (next..promises.attempted()).filter(|id| promises.is_certain(*id)).count() as u64
    }

    /// Messages that arrived, those of them that came again, and certain ones that never came.
    pub(crate) fn sums(&self) -> [u64; 3] {
        [&self.count, &self.again, &self.lost].map(|count| count.load(Ordering::SeqCst))
    }

    /// Messages that have arrived so far.
    pub(crate) fn arrived(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: Terms = Terms { window: 2, is_taken: false, is_for_many: false, is_dropping: false };
    const TAKEN: Terms = Terms { window: 0, is_taken: true, ..KEPT };
    const MANY: Terms = Terms { is_for_many: true, ..TAKEN };

    /// A ledger in which ids 0 to 5 were used and 3 is uncertain.
    fn ledger() -> Box<Ledger> {
        // SAFETY: atomics only, for which all zeroes is a value.
        let ledger: Box<Ledger> = unsafe { Box::new_zeroed().assume_init() };
        for _ in 0..6 {
            let id = ledger.lanes[0].begin();
            if id != 3 {
                ledger.lanes[0].keep(id);
            }
        }
        ledger
    }

    fn arrive(terms: Terms, ids: &[u64]) -> Box<Ledger> {
        let ledger = ledger();
        for (number, id) in (0..).zip(ids) {
            ledger.inlets[0].arrive(number, *id, &ledger.lanes[0], terms);
        }
        ledger
    }

    #[test]
    fn what_is_uncertain_may_be_missing_and_what_was_in_the_ring_may_come_again() {
        let ledger = arrive(KEPT, &[0, 1, 2, 4, 2, 4, 5]);
        assert_eq!((ledger.inlets[0].sums(), ledger.inlets[0].missing(&ledger.lanes[0], KEPT)), ([7, 2, 0], 0));
        let ledger = arrive(TAKEN, &[0, 2, 3]);
        assert_eq!((ledger.inlets[0].sums(), ledger.inlets[0].missing(&ledger.lanes[0], TAKEN)), ([3, 0, 1], 2));
    }

    #[test]
    #[should_panic(expected = "were lost")]
    fn a_certain_message_that_is_left_out_is_lost() {
        arrive(KEPT, &[0, 2]);
    }

    #[test]
    #[should_panic(expected = "was invented")]
    fn an_id_that_was_never_used_is_invented() {
        arrive(KEPT, &[0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    #[should_panic(expected = "comes again")]
    fn delivery_begins_again_no_further_back_than_the_ring_is_long() {
        arrive(KEPT, &[0, 1, 2, 4, 0]);
    }

    #[test]
    #[should_panic(expected = "was taken twice")]
    fn what_is_taken_is_taken_once() {
        arrive(TAKEN, &[0, 1, 1]);
    }

    #[test]
    fn what_comes_to_one_of_many_comes_in_any_order_and_is_missed_when_it_does_not() {
        let ledger = arrive(MANY, &[4, 0, 2, 3]);
        assert_eq!((ledger.inlets[0].sums(), ledger.inlets[0].missing(&ledger.lanes[0], MANY)), ([4, 0, 0], 2));
    }

    #[test]
    #[should_panic(expected = "came to two of many")]
    fn what_comes_to_one_of_many_comes_to_no_other() {
        arrive(MANY, &[4, 0, 4]);
    }

    #[test]
    #[should_panic(expected = "are counted as published")]
    fn a_writer_finds_the_count_of_the_one_before() {
        ledger().lanes[0].resume(7);
    }

    #[test]
    #[should_panic(expected = "have arrived")]
    fn a_reader_finds_released_what_had_arrived_and_no_more() {
        arrive(KEPT, &[0, 1]).inlets[0].resume(3, KEPT);
    }
}

//! The audit trail: a bounded ring of events in shared memory, read from outside while everything runs.
//!
//! It is for people: recovery never looks at it, and nothing waits for it. A writer claims a number by one addition and
//! writes the entry at that number modulo the entries; the first word, written last, holds the number and a check over
//! the others. So an entry that was torn by a death, or by a writer that stood still for a whole round, is skipped.
//! Never written on the success of a hot call on a loan route.

use crate::base::limits::TRAIL_ENTRIES;
use crate::base::words::ProcessId;
use crate::heap::Slot;
use crate::mem::{EVENTS, Shared};
use crate::sys::clock::now_ns;

const _: () = assert!(TRAIL_ENTRIES.is_power_of_two());

/// Bits of the number in an entry's first word; the check has the others.
const NUMBER_BITS: u32 = 40;
const NUMBER_MASK: u64 = (1 << NUMBER_BITS) - 1;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $word:literal;)+) => {
        /// What happened. The numbers are part of the memory layout and of the C surface.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Kind {
            $($(#[$doc])* $name = $code,)+
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Kind] = &[$(Kind::$name),+];

            /// Its name, such as "dropped_newest".
            pub fn word(self) -> &'static str {
                match self {
                    $(Kind::$name => $word,)+
                }
            }

            fn decode(code: u64) -> Option<Kind> {
                match code {
                    $($code => Some(Kind::$name),)+
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// `process` attached; the number is its epoch.
    Attached = 1, "attached";
    /// `process` left; the number is its epoch.
    Detached = 2, "detached";
    /// `process` was dead and `peer` (nobody: from outside) brought back what it had; the number is its epoch.
    Recovered = 3, "recovered";
    /// `process` took a consume_once message out of `route` and owns its slot from here on; `peer` owned it before, or nobody
    /// where its producer is gone.
    Taken = 16, "taken";
    /// `process` passed a message that it owns on into `route`. 18 was never given: a borrowed message stays its producer's.
    ForwardedTaken = 17, "forwarded_taken";
    /// `process` closed `route`, or died (then no route is said), and this many unreleased messages of it stay for their consumers.
    Orphaned = 19, "orphaned";
    /// `process` opened `route` where its predecessor had left this many messages unreleased.
    Redelivered = 20, "redelivered";
    /// `process` found `route` full and dropped its newest message. Told in steps: of the 1st, 2nd, 4th, up to the 1024th, then of
    /// every 1024th; the number is how many were dropped so far.
    DroppedNewest = 32, "dropped_newest";
    /// `process` found `route` full and dropped its oldest message. Told in the same steps.
    DroppedOldest = 33, "dropped_oldest";
    /// `process` left this many messages of `route` unread for good, under best_effort: a consumer that closed or died, or a
    /// producer that needed room and found nobody there.
    Skipped = 34, "skipped";
    /// `process` released a message of consume_once that it had not consumed.
    Unconsumed = 64, "unconsumed";
    /// `process` published a loan that had ended.
    PublishedTwice = 65, "published_twice";
    /// `process` released a message that had ended.
    ReleasedTwice = 66, "released_twice";
    /// `process` used a loan or a message that had ended, other than to publish or release it.
    UsedAfterEnd = 67, "used_after_end";
    /// A bug in libvil was contained in `process`.
    Panicked = 68, "panicked";
    /// `process` found nonsense in `route` and uses it no more.
    Quarantined = 69, "quarantined";
    /// `process` found that a message of `route`, of this number, had been taken by a consumer before it, which died with it.
    /// Where several take from one queue, the taking and the recovery tell of it instead.
    LostWithOwner = 70, "lost_with_owner";
}

impl Kind {
    /// Its number.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Did somebody make a mistake, or was a message lost with its owner?
    pub fn is_fault(self) -> bool {
        self.code() >= Kind::Unconsumed.code()
    }
}

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Nothing more.
    Nothing,
    /// A slot in one of its lives.
    Slot(Slot),
    /// A number: of a message, an epoch, or how many; its kind says which.
    Number(u64),
}

/// Something that happened, as it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: Kind,
    /// To whom, or by whom.
    pub process: Option<ProcessId>,
    /// The other process in it.
    pub peer: Option<ProcessId>,
    /// On which route.
    pub route: Option<u16>,
    /// What it is about.
    pub subject: Subject,
}

impl Event {
    /// An event of a process.
    pub fn new(kind: Kind, process: ProcessId) -> Event {
        Event { kind, process: Some(process), peer: None, route: None, subject: Subject::Nothing }
    }

    /// With the other process in it.
    pub fn with(self, peer: Option<ProcessId>) -> Event {
        Event { peer, ..self }
    }

    /// On a route of the world.
    pub fn on(self, route: usize) -> Event {
        Event { route: u16::try_from(route).ok(), ..self }
    }

    /// About a slot.
    pub fn slot(self, slot: Slot) -> Event {
        Event { subject: Subject::Slot(slot), ..self }
    }

    /// About a number.
    pub fn number(self, number: u64) -> Event {
        Event { subject: Subject::Number(number), ..self }
    }

    /// `kind:8, subject:8, process + 1:16, peer + 1:16, route + 1:16`, and the subject.
    fn encode(self) -> (u64, u64) {
        let half = |number: Option<u16>| number.map_or(0, |number| u64::from(number).wrapping_add(1) & 0xffff);
        let (form, subject) = match self.subject {
            Subject::Nothing => (0, 0),
            Subject::Slot(slot) => (1, u64::from(slot.index) | u64::from(slot.generation) << 32),
            Subject::Number(number) => (2, number),
        };
        let ends = [self.process.map(|process| process.0), self.peer.map(|peer| peer.0), self.route];
        let ends = ends.into_iter().rev().fold(0, |word, end| word << 16 | half(end));
        (u64::from(self.kind.code()) | form << 8 | ends << 16, subject)
    }

    /// What two words say; `None` is nonsense.
    fn decode(what: u64, subject: u64) -> Option<Event> {
        let half = |at: u32| (((what >> at) & 0xffff) as u16).checked_sub(1);
        let subject = match (what >> 8) & 0xff {
            0 => Subject::Nothing,
            1 => Subject::Slot(Slot { index: subject as u32, generation: (subject >> 32) as u32 }),
            2 => Subject::Number(subject),
            _ => return None,
        };
        let (process, peer) = (half(16).map(ProcessId), half(32).map(ProcessId));
        Some(Event { kind: Kind::decode(what & 0xff)?, process, peer, route: half(48), subject })
    }
}

/// An event, its place in the trail and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Counts the events of the world, from 0.
    pub number: u64,
    /// Monotonic nanoseconds.
    pub time_ns: u64,
    /// What happened.
    pub event: Event,
}

/// Records an event. One addition and four stores; never waits, never fails, and may overwrite the oldest event.
#[cold]
#[inline(never)]
pub fn record(shared: &Shared, event: Event) {
    let number = shared.segment.word(shared.geometry.counters_offset + EVENTS).add(1, "trail.claim");
    let at = shared.geometry.event(number);
    let time = now_ns();
    let (what, subject) = event.encode();
    shared.segment.word(at + 8).note(time, "trail.event");
    shared.segment.word(at + 16).note(what, "trail.event");
    shared.segment.word(at + 24).note(subject, "trail.event");
    // Released, so that whoever sees the number sees the event; the check tells when a slower writer came after.
    shared.segment.word(at).store(seal(number, [time, what, subject]), "trail.number");
}

/// Records what comes in floods, in steps: the 1st, 2nd, 4th, 8th, up to the 1024th, and then every 1024th, with how many
/// there were so far. A flood would wash everything else out of the trail.
pub fn record_in_steps(shared: &Shared, event: Event, so_far: u64) {
    if is_step(so_far) {
        record(shared, event.number(so_far));
    }
}

/// Is it time to tell of what comes in floods?
pub fn is_step(so_far: u64) -> bool {
    so_far.is_multiple_of(1024) || so_far < 1024 && so_far.is_power_of_two()
}

/// How many events were recorded since the world was created.
pub fn recorded(shared: &Shared) -> u64 {
    shared.segment.word(shared.geometry.counters_offset + EVENTS).load("trail.claim")
}

/// A place in the trail. It belongs to whoever reads; any number of readers disturb nobody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The next event to look for.
    pub next: u64,
    /// Events that were overwritten before they were read, or that were never finished.
    pub missed: u64,
}

impl Cursor {
    /// The oldest event that is still there.
    pub fn oldest(shared: &Shared) -> Cursor {
        Cursor { next: recorded(shared).saturating_sub(TRAIL_ENTRIES), missed: 0 }
    }

    /// The next event to come.
    pub fn newest(shared: &Shared) -> Cursor {
        Cursor { next: recorded(shared), missed: 0 }
    }

    /// The next event that is whole; `None` when there is none yet. Looks at each entry at most once.
    pub fn read(&mut self, shared: &Shared) -> Option<Recorded> {
        let end = recorded(shared);
        let oldest = end.saturating_sub(TRAIL_ENTRIES);
        // A cursor beyond the end is of another world, or was scribbled over: it begins anew.
        let start = if self.next > end { oldest } else { self.next.max(oldest) };
        self.missed = self.missed.wrapping_add(start.saturating_sub(self.next));
        self.next = start;
        while self.next < end {
            let number = self.next;
            self.next += 1;
            match entry(shared, number) {
                Some(found) => return Some(found),
                None => self.missed = self.missed.wrapping_add(1),
            }
        }
        None
    }
}

/// The event of this number; `None` when it is not whole, not there yet, or overwritten.
fn entry(shared: &Shared, number: u64) -> Option<Recorded> {
    let at = shared.geometry.event(number);
    let sealed = shared.segment.word(at).load("trail.number");
    let [time_ns, what, subject] = [8, 16, 24].map(|offset| shared.segment.word(at + offset).peek("trail.event"));
    if sealed != seal(number, [time_ns, what, subject]) {
        return None;
    }
    Some(Recorded { number, time_ns, event: Event::decode(what, subject)? })
}

/// `number + 1:40, check:24`: never 0, which is what a fresh entry holds.
fn seal(number: u64, words: [u64; 3]) -> u64 {
    let number = number.wrapping_add(1) & NUMBER_MASK;
    // Each word is multiplied up and folded down again, so that every bit of it reaches the upper ones that are kept.
    let mixed = words.iter().fold(number, |mixed, word| {
        let up = (mixed ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (up ^ up >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93)
    });
    number | (mixed >> NUMBER_BITS | 1) << NUMBER_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_comes_back_as_it_was_recorded() {
        let slot = Slot { index: (1 << 20) - 2, generation: u32::MAX };
        for &kind in Kind::ALL {
            let bare = Event::new(kind, ProcessId(1021));
            let full = bare.with(Some(ProcessId(0))).on(4095).slot(slot);
            for event in [bare, full, full.number(u64::MAX), Event { process: None, ..full }] {
                let (what, subject) = event.encode();
                assert_eq!(Event::decode(what, subject), Some(event));
            }
        }
    }

    #[test]
    fn an_unknown_kind_or_form_is_nonsense() {
        assert_eq!(Event::decode(0, 0), None);
        assert_eq!(Event::decode(255, 0), None);
        assert_eq!(Event::decode(1 | 3 << 8, 0), None);
    }

    #[test]
    fn no_entry_is_sealed_by_zeroes_and_a_changed_word_breaks_the_seal() {
        for number in (0..50).chain([NUMBER_MASK - 1, NUMBER_MASK, u64::MAX]) {
            let sealed = seal(number, [1, 2, 3]);
            assert_ne!(sealed, 0);
            for (word, bit) in (0..3).flat_map(|word| (0..64).map(move |bit| (word, bit))) {
                let mut words = [1, 2, 3];
                words[word] ^= 1 << bit;
                assert_ne!(sealed, seal(number, words), "bit {bit} of word {word} of event {number}");
            }
            assert_ne!(sealed, seal(number.wrapping_add(TRAIL_ENTRIES), [1, 2, 3]));
        }
    }

    #[test]
    fn no_two_kinds_share_a_number_or_a_name() {
        for (i, kind) in Kind::ALL.iter().enumerate() {
            let others = &Kind::ALL[i + 1..];
            assert!(others.iter().all(|other| other.code() != kind.code() && other.word() != kind.word()));
        }
    }
}

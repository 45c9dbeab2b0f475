//! The words of the protocol: how index, incarnation, owner, generation and state lie in 64 bits. Pure.
//!
//! Widths may change; that index, incarnation and owner of a ring's end share ONE word may not. `docs/memory-layout.md`
//! draws the same bits.

use std::cmp::Ordering;

/// A process entry's position, from 0, below `MAX_PROCESSES`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub u16);

/// State of a process entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcState {
    /// Nobody's.
    Free,
    /// Somebody's, as long as the liveness byte is locked.
    Alive,
    /// Proven dead, recovery under way.
    Dead,
}

/// `epoch:56, state:8`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcWord {
    /// Counts the owners of the entry; 56 bits.
    pub epoch: u64,
    /// Its state.
    pub state: ProcState,
}

impl ProcWord {
    /// The word.
    pub fn encode(self) -> u64 {
        let state = match self.state {
            ProcState::Free => 0,
            ProcState::Alive => 1,
            ProcState::Dead => 2,
        };
        self.epoch << 8 | state
    }

    /// What a word says; `None` is nonsense.
    pub fn decode(word: u64) -> Option<ProcWord> {
        let state = match word & 0xff {
            0 => ProcState::Free,
            1 => ProcState::Alive,
            2 => ProcState::Dead,
            _ => return None,
        };
        Some(ProcWord { epoch: word >> 8, state })
    }

    /// The same epoch in another state.
    pub fn with(self, state: ProcState) -> ProcWord {
        ProcWord { epoch: self.epoch, state }
    }
}

/// State of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotState {
    /// In the pool.
    Free,
    /// Owned by a process.
    Held(ProcessId),
    /// Its owner died or closed, and an unreleased message was in it.
    Orphan,
}

/// `generation:32 at bit 32, owner:16 at bit 8, state:8`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotWord {
    /// Counts the lives of the slot: two edges add 1, to FREE and take.
    pub generation: u32,
    /// Its state.
    pub state: SlotState,
}

impl SlotWord {
    /// The word.
    #[inline]
    pub fn encode(self) -> u64 {
        let low = match self.state {
            SlotState::Free => 0,
            SlotState::Held(owner) => u64::from(owner.0) << 8 | 1,
            SlotState::Orphan => 2,
        };
        u64::from(self.generation) << 32 | low
    }

    /// What a word says; `None` is nonsense.
    #[inline]
    pub fn decode(word: u64) -> Option<SlotWord> {
        let state = match (word & 0xff, (word >> 8) & 0xff_ffff) {
            (0, 0) => SlotState::Free,
            (1, owner) if owner <= 0xffff => SlotState::Held(ProcessId(owner as u16)),
            (2, 0) => SlotState::Orphan,
            _ => return None,
        };
        Some(SlotWord { generation: (word >> 32) as u32, state })
    }

    /// The next life of the slot, in the pool.
    pub fn freed(self) -> SlotWord {
        SlotWord { generation: self.generation.wrapping_add(1), state: SlotState::Free }
    }
}

const INCARNATION_BITS: u32 = 22;
const INCARNATION_MASK: u64 = (1 << INCARNATION_BITS) - 1;

/// `index:32, incarnation:22 at bit 32, owner + 1:10 at bit 54`: head or tail of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndWord {
    /// Index of the next cell, wrapping.
    pub index: u32,
    /// Counts the owners of the end; 0 means never opened.
    pub incarnation: u32,
    /// Who owns the end; `None` is vacant.
    pub owner: Option<ProcessId>,
}

impl EndWord {
    /// The word.
    #[inline]
    pub fn encode(self) -> u64 {
        let owner = self.owner.map_or(0, |owner| u64::from(owner.0) + 1);
        u64::from(self.index) | u64::from(self.incarnation) << 32 | owner << 54
    }

    /// What a word says; every word says something.
    #[inline]
    pub fn decode(word: u64) -> EndWord {
        let owner = word >> 54;
        EndWord {
            index: word as u32,
            incarnation: (word >> 32 & INCARNATION_MASK) as u32,
            owner: if owner == 0 { None } else { Some(ProcessId((owner - 1) as u16)) },
        }
    }

    /// The same end, opened by its next owner. Incarnation 0 is skipped when the count wraps.
    pub fn opened(self, owner: ProcessId) -> EndWord {
        let next = u64::from(self.incarnation) + 1;
        let incarnation = if next > INCARNATION_MASK { 1 } else { next as u32 };
        EndWord { index: self.index, incarnation, owner: Some(owner) }
    }

    /// The same end without an owner.
    pub fn vacated(self) -> EndWord {
        EndWord { owner: None, ..self }
    }
}

/// The slot number that means "none", of a message that lies in the cell itself. No cell has it.
pub const NO_SLOT: u32 = (1 << 20) - 1;

/// `slot:20, generation:32 at bit 20, source ring:12 at bit 52`: what a cell names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// Global index of the slot.
    pub slot: u32,
    /// Generation of the slot when it was published.
    pub generation: u32,
    /// Ring + 1 that the message was borrowed from; 0: it was not.
    pub source: u16,
}

impl Reference {
    /// The word.
    #[inline]
    pub fn encode(self) -> u64 {
        u64::from(self.slot) | u64::from(self.generation) << 20 | u64::from(self.source) << 52
    }

    /// What a word says; every word says something.
    #[inline]
    pub fn decode(word: u64) -> Reference {
        Reference { slot: (word & 0xf_ffff) as u32, generation: (word >> 20) as u32, source: (word >> 52) as u16 }
    }
}

/// `sequence:32, time:32`: the first word of a cell, whose sequence says for which index it was written last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// `Stamp::of` the index; 0 in a cell that was never written.
    pub sequence: u32,
    /// When, in shifted ticks; 0: not stamped.
    pub time: u32,
}

impl Stamp {
    /// The sequence of an index: the next one, so that index 0 of a fresh ring does not look published.
    #[inline(always)]
    pub fn of(index: u32) -> u32 {
        index.wrapping_add(1)
    }

    /// The word.
    #[inline(always)]
    pub fn encode(self) -> u64 {
        u64::from(self.sequence) | u64::from(self.time) << 32
    }

    /// What a word says; every word says something.
    #[inline(always)]
    pub fn decode(word: u64) -> Stamp {
        Stamp { sequence: word as u32, time: (word >> 32) as u32 }
    }
}

const LAP_BITS: u32 = 52;
const LAP_MASK: u64 = (1 << LAP_BITS) - 1;

/// What a cell of a claimed ring holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Nothing: whoever appends next may claim it.
    Empty,
    /// This process is writing a message into it.
    Writing(ProcessId),
    /// A message that this process appended and nobody has taken.
    Full(ProcessId),
}

/// `lap:52, owner + 1:10 at bit 52, state:2 at bit 62`: the first word of a cell of a claimed ring.
///
/// A cell goes through Empty, Writing, Full in each lap and never back, so no word of it ever comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimWord {
    /// Index of the ring's first cell in this lap, a multiple of the capacity; 52 bits, wrapping.
    pub lap: u64,
    /// What it holds.
    pub claim: Claim,
}

impl ClaimWord {
    /// The word of the cell of an index.
    #[inline]
    pub fn new(index: u64, capacity: u32, claim: Claim) -> ClaimWord {
        ClaimWord { lap: index & LAP_MASK & !u64::from(capacity - 1), claim }
    }

    /// The word.
    #[inline]
    pub fn encode(self) -> u64 {
        let (state, owner) = match self.claim {
            Claim::Empty => (0, 0),
            Claim::Writing(owner) => (1, u64::from(owner.0) + 1),
            Claim::Full(owner) => (2, u64::from(owner.0) + 1),
        };
        self.lap | owner << LAP_BITS | state << 62
    }

    /// What a word says; `None` is nonsense.
    #[inline]
    pub fn decode(word: u64) -> Option<ClaimWord> {
        let owner = word >> LAP_BITS & 0x3ff;
        let claim = match (word >> 62, owner) {
            (0, 0) => Claim::Empty,
            (1, 1..) => Claim::Writing(ProcessId((owner - 1) as u16)),
            (2, 1..) => Claim::Full(ProcessId((owner - 1) as u16)),
            _ => return None,
        };
        Some(ClaimWord { lap: word & LAP_MASK, claim })
    }

    /// Is the cell of an earlier lap than an index, of its lap, or of a later one?
    #[inline]
    pub fn against(self, index: u64, capacity: u32) -> Ordering {
        let lap = ClaimWord::new(index, capacity, Claim::Empty).lap;
        let ahead = self.lap.wrapping_sub(lap) << (64 - LAP_BITS);
        (ahead as i64).cmp(&0)
    }

    /// The same cell in the next lap, empty.
    #[inline]
    pub fn emptied(self, capacity: u32) -> ClaimWord {
        ClaimWord { lap: (self.lap + u64::from(capacity)) & LAP_MASK, claim: Claim::Empty }
    }
}

/// `present:32, changes:32 at bit 32`: which of 32 processes hold an end that several may hold.
///
/// The changes are counted so that a bit which was cleared and set again is not taken for the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PresenceWord {
    /// One bit for each process, the lowest for the first.
    pub present: u32,
    /// Changes of the word, wrapping.
    pub changes: u32,
}

impl PresenceWord {
    /// Processes in one word.
    pub const PROCESSES: u16 = 32;

    /// The word.
    pub fn encode(self) -> u64 {
        u64::from(self.present) | u64::from(self.changes) << 32
    }

    /// What a word says; every word says something.
    pub fn decode(word: u64) -> PresenceWord {
        PresenceWord { present: word as u32, changes: (word >> 32) as u32 }
    }

    /// Does it name this process?
    pub fn names(self, process: ProcessId) -> bool {
        self.present & PresenceWord::bit(process) != 0
    }

    /// The same with this process coming or going.
    pub fn flipped(self, process: ProcessId) -> PresenceWord {
        PresenceWord { present: self.present ^ PresenceWord::bit(process), changes: self.changes.wrapping_add(1) }
    }

    fn bit(process: ProcessId) -> u32 {
        1 << (process.0 % PresenceWord::PROCESSES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_word_keeps_index_incarnation_and_owner_apart() {
        let end = EndWord { index: u32::MAX, incarnation: (1 << 22) - 1, owner: Some(ProcessId(1021)) };
        assert_eq!(EndWord::decode(end.encode()), end);
        assert_eq!(EndWord::decode(0), EndWord { index: 0, incarnation: 0, owner: None });
        assert_eq!(end.opened(ProcessId(0)).incarnation, 1, "never opened must not come back by wrapping");
    }

    #[test]
    fn a_slot_word_keeps_generation_and_owner_apart() {
        for state in [SlotState::Free, SlotState::Held(ProcessId(u16::MAX)), SlotState::Orphan] {
            let slot = SlotWord { generation: u32::MAX, state };
            assert_eq!(SlotWord::decode(slot.encode()), Some(slot));
        }
        assert_eq!(SlotWord::decode(3), None);
        assert_eq!(SlotWord::decode(2 | 1 << 8), None, "an orphan has no owner");
    }

    #[test]
    fn a_reference_keeps_slot_generation_and_source_apart() {
        let reference = Reference { slot: NO_SLOT, generation: u32::MAX, source: 4095 };
        assert_eq!(Reference::decode(reference.encode()), reference);
    }

    #[test]
    fn a_stamp_keeps_sequence_and_time_apart_and_one_never_written_is_of_no_index_of_the_first_lap() {
        let stamp = Stamp { sequence: Stamp::of(u32::MAX - 1), time: 7 };
        assert_eq!(Stamp::decode(stamp.encode()), stamp);
        assert!((0..vil_ir::limits::MAX_CAPACITY).all(|index| Stamp::decode(0).sequence != Stamp::of(index)));
    }

    #[test]
    fn a_process_word_of_an_unknown_state_is_nonsense() {
        assert_eq!(ProcWord::decode(3), None);
        let alive = ProcWord { epoch: (1 << 56) - 1, state: ProcState::Alive };
        assert_eq!(ProcWord::decode(alive.encode()), Some(alive));
    }

    #[test]
    fn a_claim_word_keeps_lap_owner_and_state_apart() {
        let last = ProcessId(1021);
        for claim in [Claim::Empty, Claim::Writing(ProcessId(0)), Claim::Writing(last), Claim::Full(last)] {
            for lap in [0, 8, LAP_MASK & !7] {
                let word = ClaimWord { lap, claim };
                assert_eq!(ClaimWord::decode(word.encode()), Some(word));
            }
        }
        for nonsense in [1 << 62, 2 << 62, 3 << 62, 1 << LAP_BITS, 3 << 62 | 1 << LAP_BITS] {
            assert_eq!(ClaimWord::decode(nonsense), None, "{nonsense:#x}");
        }
    }

    #[test]
    fn laps_are_compared_across_the_wrap_of_their_52_bits() {
        let capacity = 4;
        for start in [0, 4, (1 << 32) - 4, LAP_MASK - 7, LAP_MASK - 3, u64::MAX - 3] {
            let index = |ahead: u64| u64::wrapping_add(start, ahead);
            let here = ClaimWord::new(index(1), capacity, Claim::Empty);
            assert_eq!(here.against(index(3), capacity), Ordering::Equal);
            assert_eq!(here.against(index(4), capacity), Ordering::Less);
            assert_eq!(here.against(index(0).wrapping_sub(1), capacity), Ordering::Greater);
            assert_eq!(here.emptied(capacity), ClaimWord::new(index(5), capacity, Claim::Empty));
        }
        assert_eq!(ClaimWord::decode(0), Some(ClaimWord::new(3, capacity, Claim::Empty)), "a fresh ring is empty");
    }

    #[test]
    fn a_presence_that_went_and_came_again_is_another_word() {
        let before = PresenceWord { present: 1 << 31, changes: u32::MAX };
        assert!(before.names(ProcessId(31)) && before.names(ProcessId(63)) && !before.names(ProcessId(0)));
        let again = before.flipped(ProcessId(31)).flipped(ProcessId(31));
        assert_eq!(again.present, before.present);
        assert_ne!(again.encode(), before.encode());
        assert_eq!(PresenceWord::decode(again.encode()), again);
    }
}

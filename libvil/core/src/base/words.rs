//! The words of the protocol: how index, incarnation, owner, generation and state lie in 64 bits. Pure.
//!
//! Widths may change; that index, incarnation and owner of a ring's end share ONE word may not. `docs/memory-layout.md`
//! draws the same bits.

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

/// The slot number that means "none": the message lies in the cell itself.
pub const NO_SLOT: u32 = (1 << 20) - 1;

/// `slot:20, generation:32 at bit 20, source ring:12 at bit 52`: the first word of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// Global index of the slot, or `NO_SLOT`.
    pub slot: u32,
    /// Generation of the slot when it was published.
    pub generation: u32,
    /// 0: kept for forwards, which this version has not.
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
    fn a_process_word_of_an_unknown_state_is_nonsense() {
        assert_eq!(ProcWord::decode(3), None);
        let alive = ProcWord { epoch: (1 << 56) - 1, state: ProcState::Alive };
        assert_eq!(ProcWord::decode(alive.encode()), Some(alive));
    }
}

//! Who writes what nobody meant: one word at a time, through the same atomics as everybody else, and not at random alone.
//! Off by one, a bit turned, another's index, all ones, what stood there before: what a bug or an enemy would write.

use vil_core::base::words::{
    Claim, ClaimWord, EndWord, NO_SLOT, ProcState, ProcWord, ProcessId, Reference, SlotState, SlotWord,
};
use vil_strict::random::Random;

use crate::ground::{Ground, Kind, PROCESSES};

/// Old words that may come back.
const MEMORY: usize = 64;

/// Chooses what to break, and breaks it.
#[derive(Debug)]
pub(crate) struct Vandal {
    random: Random,
    memory: [u64; MEMORY],
    /// The word that was hit last: the next blow falls there or nearby oftener than elsewhere.
    last: Option<(Kind, u64)>,
    /// The word that is hit before every access, so that no update of it ever succeeds.
    grudge: Option<u64>,
    /// Words written.
    pub(crate) blows: u64,
}

impl Vandal {
    pub(crate) fn new(seed: u64) -> Vandal {
        Vandal { random: Random::new(seed), memory: [0; MEMORY], last: None, grudge: None, blows: 0 }
    }

    /// Is it one of that many times?
    pub(crate) fn feels_like_it(&mut self, times: u64) -> bool {
        self.random.once_in(times)
    }

    /// Writes one word somewhere.
    pub(crate) fn strike(&mut self, ground: &Ground) {
        let (kind, at) = match self.last {
            Some(again) if self.random.once_in(4) => again,
            _ => self.place(ground),
        };
        let old = ground.read(at);
        let word = self.word(ground, kind, old);
        ground.write(at, word);
        let place = self.random.below(MEMORY as u64) as usize;
        self.memory[place] = old;
        self.last = Some((kind, at));
        self.blows += 1;
    }

    /// From here on keeps one end or one flag of a ring from ever being updated; or leaves that.
    pub(crate) fn bear_grudge(&mut self, ground: &Ground, is_borne: bool) {
        let ring = self.random.pick(&ground.geometry.rings);
        let word = *self.random.pick(&[ring.tail, ring.head, ring.producer_flag, ring.consumer_flag]);
        self.grudge = is_borne.then_some(word);
    }

    /// Hits the word that is hit always: an end is vacant and another one, a flag is asleep and another one.
    pub(crate) fn settle_grudge(&mut self, ground: &Ground) {
        let Some(at) = self.grudge else { return };
        let (old, end) = (ground.read(at), EndWord::decode(ground.read(at)));
        let is_end = ground.geometry.rings.iter().any(|ring| at == ring.tail || at == ring.head);
        let vacant = EndWord { owner: None, ..end.opened(ProcessId(0)) };
        ground.write(at, if is_end { vacant.encode() } else { (old | 3).wrapping_add(4) });
        self.blows += 1;
    }

    fn place(&mut self, ground: &Ground) -> (Kind, u64) {
        let quarter = self.random.pick(&ground.quarters);
        (quarter.kind, *self.random.pick(&quarter.words))
    }

    fn word(&mut self, ground: &Ground, kind: Kind, old: u64) -> u64 {
        let random = &mut self.random;
        match random.below(12) {
            0 => old.wrapping_add(1),
            1 => old.wrapping_sub(1),
            2 => old ^ 1 << random.below(64),
            3 => u64::MAX,
            4 => 0,
            5 => old & !0xffff_ffff | u64::from(index(random, old as u32)),
            6 => *random.pick(&self.memory),
            7 => {
                let (_, at) = self.place(ground);
                ground.read(at)
            }
            8 => random.next_word(),
            _ => plausible(random, ground, kind, old),
        }
    }
}

/// An index near another, or half the numbers away from it.
fn index(random: &mut Random, old: u32) -> u32 {
    let step = *random.pick(&[1u32, 2, 3, 4, 5, 8, 64, 1 << 16, 1 << 31, u32::MAX / 2]);
    if random.once_in(2) { old.wrapping_add(step) } else { old.wrapping_sub(step) }
}

/// A word that could have been written here by somebody, at another time.
fn plausible(random: &mut Random, ground: &Ground, kind: Kind, old: u64) -> u64 {
    let owner = ProcessId(*random.pick(&[0, 1, 2, 3, 4, PROCESSES as u16, 1021, 1022]));
    match kind {
        Kind::Process => {
            let state = *random.pick(&[ProcState::Free, ProcState::Alive, ProcState::Dead]);
            ProcWord { epoch: (old >> 8).wrapping_add(random.below(2)) & (u64::MAX >> 8), state }.encode()
        }
        Kind::Slot => {
            let state = *random.pick(&[SlotState::Free, SlotState::Held(owner), SlotState::Orphan]);
            SlotWord { generation: ((old >> 32) as u32).wrapping_add(random.below(3) as u32), state }.encode()
        }
        Kind::End => {
            let end = EndWord::decode(old);
            let owner = if random.once_in(3) { None } else { Some(owner) };
            let index = if random.once_in(2) { end.index } else { index(random, end.index) };
            EndWord { index, owner, ..end }.encode()
        }
        Kind::Cell => {
            let slots = ground.geometry.slots;
            let slot = *random.pick(&[0, 1, slots / 2, slots.saturating_sub(1), slots, NO_SLOT - 1, NO_SLOT]);
            let generation = Reference::decode(old).generation.wrapping_add(random.below(2) as u32);
            Reference { slot, generation, source: random.below(4) as u16 }.encode()
        }
        Kind::Claim => {
            let claim = *random.pick(&[Claim::Empty, Claim::Writing(owner), Claim::Full(owner)]);
            let known = ClaimWord::decode(old).unwrap_or(ClaimWord { lap: 0, claim });
            let lap = known.lap.wrapping_add(*random.pick(&[0, 0, 1, 2, 4, 8])) & ((1 << 52) - 1);
            // Owner 0 of the word means nobody, so the last number of ten bits has no owner.
            let claim = if owner.0 > 1021 { Claim::Empty } else { claim };
            ClaimWord { lap, claim }.encode()
        }
        Kind::Count | Kind::Inside | Kind::Payload => random.next_word() >> random.below(64),
    }
}

//! A segment under `cfg(loom)`: words by offset instead of bytes, so that models run the real ends, heap and registry.
//!
//! A message's bytes are one loom cell for each slot. Loom reports every read of them that a write did not happen before,
//! and every write that may come while somebody reads. There are no addresses: who is handed one asks for its cell.

use std::collections::BTreeMap;
use std::ptr::NonNull;

use loom::cell::UnsafeCell;

use crate::base::atomic::{Flag, Word};

/// Where the first byte of a segment would be. Nobody reads there.
const BASE: u64 = 1 << 32;

/// What loom looks at, as offsets; all other words are plain.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Words of the protocol.
    pub words: Vec<u64>,
    /// Futex words.
    pub flags: Vec<u64>,
    /// Futex words on which nobody sleeps.
    pub still: Vec<u64>,
    /// First bytes of slots.
    pub payload: Vec<u64>,
}

/// A segment of words.
#[derive(Debug)]
pub struct Segment {
    size: u64,
    words: Vec<Word>,
    flags: BTreeMap<u64, Flag>,
    payload: BTreeMap<u64, UnsafeCell<u64>>,
}

// SAFETY: loom's cells and atomics are what checks that threads share them rightly, and loom's threads run one at a time.
unsafe impl Send for Segment {}
// SAFETY: as above.
unsafe impl Sync for Segment {}

impl Segment {
    /// A segment of zeroes. Made inside of a model, before its threads are.
    pub fn model(size: u64, places: &Places) -> Segment {
        let mut words: Vec<Word> = (0..size / 8).map(|_| Word::plain()).collect();
        for offset in &places.words {
            words[(offset / 8) as usize] = Word::modelled();
        }
        let flags = places.flags.iter().map(|offset| (*offset, Flag::modelled()));
        let still = places.still.iter().map(|offset| (*offset, Flag::plain()));
        let flags = flags.chain(still).collect();
        let payload = places.payload.iter().map(|offset| (*offset, UnsafeCell::new(0))).collect();
        Segment { size, words, flags, payload }
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The word at an offset.
    pub fn word(&self, offset: u64) -> &Word {
        assert!(offset.is_multiple_of(8), "an offset that is no word's");
        &self.words[(offset / 8) as usize]
    }

    /// The futex word at an offset.
    pub fn flag(&self, offset: u64) -> &Flag {
        &self.flags[&offset]
    }

    /// What stands for the address of `size` payload bytes at an offset.
    pub fn bytes(&self, offset: u64, size: u64) -> NonNull<u8> {
        assert!(offset <= self.size && size <= self.size - offset, "an offset outside of the segment");
        NonNull::new(std::ptr::without_provenance_mut((BASE + offset) as usize)).expect("it is no null")
    }

    /// # Safety
    /// None: it is checked all the same.
    pub(super) unsafe fn word_in_bounds(&self, offset: u64) -> &Word {
        self.word(offset)
    }

    /// # Safety
    /// None: it is checked all the same.
    pub(super) unsafe fn words_in_bounds(&self, offset: u64, count: usize) -> &[Word] {
        let first = (offset / 8) as usize;
        &self.words[first..first + count]
    }

    /// # Safety
    /// None: it is checked all the same.
    pub(super) unsafe fn flag_in_bounds(&self, offset: u64) -> &Flag {
        self.flag(offset)
    }

    /// # Safety
    /// None: it is checked all the same.
    pub(super) unsafe fn bytes_in_bounds(&self, offset: u64) -> NonNull<u8> {
        self.bytes(offset, 1)
    }

    /// The message at an address that `bytes` answered.
    pub fn payload(&self, address: NonNull<u8>) -> &UnsafeCell<u64> {
        &self.payload[&(address.as_ptr().addr() as u64 - BASE)]
    }
}

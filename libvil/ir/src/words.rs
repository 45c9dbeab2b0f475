//! Bytes as 64-bit little-endian words: how plans and worlds are written. Reading never trusts a place.

/// Bytes as words, the last one filled with zeroes.
pub fn words_of(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let (words, rest) = bytes.as_chunks::<8>();
    let last = rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    words.iter().map(|word| u64::from_le_bytes(*word)).chain((!rest.is_empty()).then_some(last))
}

/// The word of an index, from 0; `None` behind the end.
pub fn word_at(bytes: &[u8], index: usize) -> Option<u64> {
    let start = index.checked_mul(8)?;
    words_of(bytes.get(start..start.checked_add(8)?)?).next()
}

/// A number that nearly always differs where the words do. No secret: it tells a torn or changed copy from a whole one, not
/// friend from foe. `seed` tells apart what is sealed.
pub fn seal(seed: u64, words: impl Iterator<Item = u64>) -> u64 {
    words.fold(seed, |seal, word| (seal ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(29))
}

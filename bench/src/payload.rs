//! Bytes of a message: how a producer writes them and a consumer reads them, in every trial the same. A filled message is set
//! and summed word by word; else one word goes there and back. What was read is compared, so nothing can be left out.
//!
//! The C trials do the same (`trials/c/trial.h`): the C library's memset, and a sum in four parts.

use std::ptr;

/// Writes message `number`.
#[inline(always)]
pub fn write(words: &mut [u64], number: u64, is_filled: bool) {
    if is_filled {
        // SAFETY: the words are borrowed, and any bytes are words.
        unsafe { ptr::write_bytes(words.as_mut_ptr(), pattern(number), words.len()) };
    }
    words[0] = number;
}

/// Reads message `number`; whether it is what was written.
#[inline(always)]
#[must_use]
pub fn is_read(words: &[u64], number: u64, is_filled: bool) -> bool {
    words[0] == number && (!is_filled || sum(words) == expected(words.len(), number))
}

fn pattern(number: u64) -> u8 {
    (number & 0x7f) as u8 + 1
}

fn expected(words: usize, number: u64) -> u64 {
    let word = u64::from_ne_bytes([pattern(number); 8]);
    word.wrapping_mul(words as u64 - 1).wrapping_add(number)
}

/// The sum of all words, in four parts that do not wait for each other.
fn sum(words: &[u64]) -> u64 {
    let (fours, rest) = words.as_chunks::<4>();
    let mut parts = [0u64; 4];
    for four in fours {
        for (part, word) in parts.iter_mut().zip(four) {
            *part = part.wrapping_add(*word);
        }
    }
    parts.iter().chain(rest).fold(0, |sum, word| sum.wrapping_add(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_another_message_is_not() {
        for size in [2, 8, 9, 512] {
            for (number, is_filled) in [(0, true), (130, true), (7, false)] {
                let mut words = vec![99; size];
                write(&mut words, number, is_filled);
                assert!(is_read(&words, number, is_filled) && !is_read(&words, number + 1, is_filled));
                words[size - 1] ^= 1;
                assert_eq!(is_read(&words, number, is_filled), !is_filled && size > 1);
            }
        }
    }
}

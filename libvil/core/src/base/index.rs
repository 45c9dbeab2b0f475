//! Index arithmetic of the ring. Pure: no atomics, no memory, so every case can be tested by counting.
//!
//! Indices are 32 bit, wrap, and are compared by wrapping subtraction only.

/// How many cells lie from `head` up to `tail`; `None` when that is more than the ring has, which is nonsense.
#[inline]
pub fn depth(head: u32, tail: u32, capacity: u32) -> Option<u32> {
    let depth = tail.wrapping_sub(head);
    (depth <= capacity).then_some(depth)
}

/// Extends a stored 64-bit count by a 32-bit index that may be ahead of it by less than 2^32.
#[inline]
pub fn extend(count: u64, index: u32) -> u64 {
    count.wrapping_add(u64::from(index.wrapping_sub(count as u32)))
}

/// Is `a` later than `b`, for generations that wrap?
#[inline]
pub fn later(a: u32, b: u32) -> bool {
    a.wrapping_sub(b) as i32 > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_across_the_wrap_and_refuses_nonsense() {
        assert_eq!(depth(u32::MAX, 1, 4), Some(2));
        assert_eq!(depth(0, 4, 4), Some(4));
        assert_eq!(depth(0, 5, 4), None);
        assert_eq!(depth(1, 0, 4), None);
    }

    #[test]
    fn a_count_is_extended_by_an_index_that_ran_ahead_and_wrapped() {
        assert_eq!(extend(5, 5), 5);
        assert_eq!(extend(5, 6), 6);
        assert_eq!(extend(0xffff_ffff, 0), 0x1_0000_0000);
        assert_eq!(extend(0x1_ffff_fffe, 1), 0x2_0000_0001);
    }
}

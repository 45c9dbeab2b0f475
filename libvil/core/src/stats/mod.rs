//! Floor 3: counters, each beside the end that it tells of. Counting never blocks and never allocates.
//!
//! Drops and latencies of a ledger have one writer, the end itself, and are stored; those of a claimed ring have several
//! and are added to, as skips of either kind are. The counts of published and released messages belong to the ends
//! (`queue::passed`).

use crate::base::limits::BUCKETS;
use crate::mem::{DROPPED, RingGeometry, Shared};

/// Messages a producer dropped because the ring was full.
pub fn refused(shared: &Shared, ring: &RingGeometry) -> u64 {
    shared.segment.word(ring.tail + DROPPED).peek("dropped")
}

/// Messages skipped because their consumer was gone.
pub fn skipped(shared: &Shared, ring: &RingGeometry) -> u64 {
    shared.segment.word(ring.head + DROPPED).peek("skipped")
}

/// Counts a message that found the ring full; how many there are. The producer is the only writer, but of a claimed ring.
pub fn count_refused(shared: &Shared, ring: &RingGeometry) -> u64 {
    if ring.claimed {
        return count_dropped(shared, ring);
    }
    let word = shared.segment.word(ring.tail + DROPPED);
    let so_far = word.peek("dropped").wrapping_add(1);
    word.note(so_far, "dropped");
    so_far
}

/// Counts a message dropped from a ring that several producers may have; how many there are.
pub fn count_dropped(shared: &Shared, ring: &RingGeometry) -> u64 {
    shared.segment.word(ring.tail + DROPPED).add(1, "dropped").wrapping_add(1)
}

/// Counts messages whose consumer was gone. A crash right before loses the count of one skip, and nothing else.
pub fn count_skipped(shared: &Shared, ring: &RingGeometry, messages: u32) {
    shared.segment.word(ring.head + DROPPED).add(u64::from(messages), "skipped");
}

/// Bucket of a latency in shifted ticks: eight per octave, exact below 8.
#[inline]
pub fn bucket(ticks: u32) -> u64 {
    if ticks < 8 {
        return u64::from(ticks);
    }
    let octave = 31 - ticks.leading_zeros();
    let step = (ticks >> (octave - 3)) & 7;
    u64::from((octave - 2) * 8 + step)
}

/// Highest latency that falls into a bucket, in shifted ticks.
pub fn bucket_top(bucket: u64) -> u64 {
    if bucket < 8 {
        return bucket;
    }
    let (octave, step) = (bucket / 8 + 2, bucket % 8);
    ((8 + step + 1) << (octave - 3)) - 1
}

/// Counts one latency. The consumer is the only writer of its histogram.
#[inline]
pub fn record(shared: &Shared, ring: &RingGeometry, ticks: u32) {
    let word = shared.segment.word(ring.histogram + bucket(ticks) * 8);
    word.note(word.peek("histogram").wrapping_add(1), "histogram");
}

/// Counts one latency of a ring that several consumers may have.
pub fn record_beside_others(shared: &Shared, ring: &RingGeometry, ticks: u32) {
    shared.segment.word(ring.histogram + bucket(ticks) * 8).add(1, "histogram");
}

/// The histogram as it is now.
pub fn histogram(shared: &Shared, ring: &RingGeometry) -> Vec<u64> {
    (0..BUCKETS).map(|bucket| shared.segment.word(ring.histogram + bucket * 8).peek("histogram")).collect()
}

/// The latency below which `part` of `whole` samples lie, in shifted ticks; 0 without samples.
pub fn quantile(histogram: &[u64], part: u64, whole: u64) -> u64 {
    let total: u128 = histogram.iter().map(|count| u128::from(*count)).sum();
    let rank = (total * u128::from(part)).div_ceil(u128::from(whole.max(1)));
    let mut seen = 0;
    for (bucket, count) in histogram.iter().enumerate() {
        seen += u128::from(*count);
        if seen >= rank && *count > 0 {
            return bucket_top(bucket as u64);
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_latency_falls_into_a_bucket_whose_top_is_not_below_it() {
        for ticks in (0..1000).chain([u32::MAX / 2, u32::MAX - 1, u32::MAX]) {
            let bucket = bucket(ticks);
            assert!(bucket < BUCKETS, "{ticks}");
            assert!(bucket_top(bucket) >= u64::from(ticks), "{ticks}");
            assert!(bucket == 0 || bucket_top(bucket - 1) < u64::from(ticks), "{ticks}");
        }
    }

    #[test]
    fn quantiles_of_a_known_histogram() {
        let mut histogram = vec![0; BUCKETS as usize];
        histogram[1] = 98;
        histogram[5] = 2;
        assert_eq!(quantile(&histogram, 50, 100), 1);
        assert_eq!(quantile(&histogram, 99, 100), 5);
        assert_eq!(quantile(&[], 50, 100), 0);
    }
}

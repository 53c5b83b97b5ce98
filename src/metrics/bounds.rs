//! The buckets of exported histograms.
//!
//! Every bound is an edge of the kernel's own buckets, so a bucket's count is exact and not estimated. Edges that are
//! powers of two are: from about a microsecond in steps of four, from half a millisecond to 8.6 s in steps of two, because
//! that is where waiting begins to matter, and one more at 34 s. A duration that is exactly a bound, to 4 ns, counts
//! above it.

use crate::event::Histogram;
use crate::event::histogram::lower_edge_ns;

/// Powers of two of the bounds, in nanoseconds.
const POWERS: [u32; 21] = [10, 12, 14, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 35];

/// How many there are, the one for everything above not counted.
pub const COUNT: usize = POWERS.len();

/// The bounds in seconds, rising.
pub fn seconds() -> [f64; COUNT] {
    POWERS.map(|power| (1u64 << power) as f64 / 1e9)
}

/// Counts per bucket, not cumulative; the last one is everything above the highest bound.
pub type Buckets = [u64; COUNT + 1];

/// Adds a histogram of the kernel's.
pub fn add(buckets: &mut Buckets, histogram: &Histogram) {
    for (bucket, count) in histogram.buckets() {
        let low = lower_edge_ns(usize::from(*bucket));
        let place = POWERS.partition_point(|power| 1u64 << power <= low);
        buckets[place] = buckets[place].saturating_add(*count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::histogram::BUCKETS;
    use crate::event::histogram::bucket_of;

    /// Check that each bound is the edge of a bucket of the kernel's, so that nothing is split.
    #[test]
    fn bounds_are_edges() {
        for power in POWERS {
            let bound = 1u64 << power;
            assert_eq!(lower_edge_ns(bucket_of(bound)), bound, "2^{power}");
        }
    }

    /// Check that each duration counts in the bucket whose bounds are around it.
    #[test]
    fn counted_between_bounds() {
        for bucket in 0..BUCKETS {
            let low = lower_edge_ns(bucket);
            let mut buckets = [0; COUNT + 1];
            add(&mut buckets, &Histogram::from_buckets([(bucket as u16, 7)]));
            let place = buckets.iter().position(|count| *count == 7).unwrap();
            assert!(place == COUNT || low < 1 << POWERS[place], "{low}");
            assert!(place == 0 || low >= 1 << POWERS[place - 1], "{low}");
        }
    }
}

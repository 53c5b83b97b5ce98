//! A log-linear histogram of durations: 16 steps a doubling, the same buckets as in the kernel.
//!
//! Durations are counted in units of 4 ns. Below 16 units a bucket is one unit wide; above, each doubling has 16
//! buckets, so a bucket is at most 1/16 as wide as its lower edge and its middle is off by at most 3.1 %. The last
//! bucket begins at 133 s and also holds everything longer.

use serde::Deserialize;
use serde::Serialize;

/// Buckets in a histogram; the kernel's `PODTRACE_BUCKETS`, compared by a test.
pub const BUCKETS: usize = 512;

/// log2 of the unit in nanoseconds.
const UNIT_SHIFT: u32 = 2;

/// log2 of the number of buckets a doubling.
const STEPS_SHIFT: u32 = 4;

/// The largest relative error of a percentile read from a bucket's middle: half of 1/16, rounded up.
pub const RELATIVE_ERROR: f64 = 0.0313;

/// How often each range of durations was seen. Sparse: only buckets with something in them, by rising index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    buckets: Vec<(u16, u64)>,
}

/// The bucket a duration falls into.
pub fn bucket_of(duration_ns: u64) -> usize {
    let units = duration_ns >> UNIT_SHIFT;
    if units < 1 << STEPS_SHIFT {
        return units as usize;
    }
    let exponent = 63 - units.leading_zeros();
    let step = (units >> (exponent - STEPS_SHIFT)) & ((1 << STEPS_SHIFT) - 1);
    let index = (u64::from(exponent - STEPS_SHIFT + 1) << STEPS_SHIFT) + step;
    usize::try_from(index).map_or(BUCKETS - 1, |index| index.min(BUCKETS - 1))
}

/// The lower edge of a bucket, in nanoseconds.
pub fn lower_edge_ns(bucket: usize) -> u64 {
    let steps = 1usize << STEPS_SHIFT;
    if bucket < steps {
        return (bucket as u64) << UNIT_SHIFT;
    }
    let exponent = bucket / steps - 1;
    let step = (bucket % steps + steps) as u64;
    step << (exponent as u32 + UNIT_SHIFT)
}

/// The middle of a bucket, in nanoseconds: what percentiles report.
fn middle_ns(bucket: usize) -> u64 {
    let low = lower_edge_ns(bucket);
    low + (lower_edge_ns(bucket + 1) - low) / 2
}

impl Histogram {
    /// A histogram from (bucket, count) pairs; pairs may come in any order and repeat.
    pub fn from_buckets(pairs: impl IntoIterator<Item = (u16, u64)>) -> Self {
        let mut histogram = Self::default();
        for (bucket, count) in pairs {
            histogram.add(usize::from(bucket), count);
        }
        histogram
    }

    /// Counts one duration.
    pub fn record(&mut self, duration_ns: u64) {
        self.add(bucket_of(duration_ns), 1);
    }

    /// Adds `count` to a bucket.
    pub fn add(&mut self, bucket: usize, count: u64) {
        if count == 0 {
            return;
        }
        let bucket = bucket.min(BUCKETS - 1) as u16;
        match self.buckets.binary_search_by_key(&bucket, |(index, _)| *index) {
            Ok(place) => self.buckets[place].1 = self.buckets[place].1.saturating_add(count),
            Err(place) => self.buckets.insert(place, (bucket, count)),
        }
    }

    /// Adds everything that another histogram holds.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.buckets {
            self.add(usize::from(*bucket), *count);
        }
    }

    /// The buckets with something in them, by rising index.
    pub fn buckets(&self) -> &[(u16, u64)] {
        &self.buckets
    }

    /// How many durations it holds.
    pub fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |sum: u64, (_, count)| sum.saturating_add(*count))
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// How many durations are longer than a bound, by whole buckets: those of the bucket the bound falls into are not.
    pub fn count_above(&self, bound_ns: u64) -> u64 {
        let bound = bucket_of(bound_ns);
        let above = self.buckets.iter().filter(|(bucket, _)| usize::from(*bucket) > bound);
        above.fold(0, |sum: u64, (_, count)| sum.saturating_add(*count))
    }

    /// The duration that a share `quantile` (0 to 1) of all durations does not exceed, by nearest rank, in
    /// nanoseconds, off by at most [`RELATIVE_ERROR`]; `None` if the histogram is empty.
    pub fn quantile_ns(&self, quantile: f64) -> Option<u64> {
        let count = self.count();
        let rank = ((quantile * count as f64).ceil() as u64).clamp(1, count.max(1));
        let mut seen = 0_u64;
        for (bucket, in_bucket) in &self.buckets {
            seen = in_bucket.saturating_add(seen);
            if seen >= rank {
                return Some(middle_ns(usize::from(*bucket)));
            }
        }
        None
    }
}

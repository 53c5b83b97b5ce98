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
#[serde(try_from = "Unchecked")]
pub struct Histogram {
    buckets: Vec<(u16, u64)>,
}

/// A histogram from outside, e.g. out of a recording.
#[derive(Deserialize)]
struct Unchecked {
    buckets: Vec<(u16, u64)>,
}

impl TryFrom<Unchecked> for Histogram {
    type Error = &'static str;

    fn try_from(Unchecked { buckets }: Unchecked) -> Result<Self, Self::Error> {
        let rising = buckets.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let in_range = buckets.last().is_none_or(|(bucket, _)| usize::from(*bucket) < BUCKETS);
        let counted = buckets.iter().all(|(_, count)| *count > 0);
        match (rising, in_range, counted) {
            (false, _, _) => Err("buckets of a histogram out of order, expected rising indexes"),
            (_, false, _) => Err("a histogram's bucket out of range, expected one below 512"),
            (_, _, false) => Err("an empty bucket in a histogram, expected only buckets with something in them"),
            (true, true, true) => Ok(Self { buckets }),
        }
    }
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

/// The lower edge of a bucket, in nanoseconds; of [`BUCKETS`] and above, where the last one would end if it did.
pub fn lower_edge_ns(bucket: usize) -> u64 {
    let bucket = bucket.min(BUCKETS);
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

/// The rank (from 1) of a quantile among so many, by nearest rank. A product that misses a whole number only because
/// neither factor is exact in binary (0.07 times 100 is 7.000000000000001) counts as that number.
fn nearest_rank(quantile: f64, count: u64) -> u64 {
    let product = quantile * count as f64;
    let whole = product.round();
    let rank = if (product - whole).abs() <= whole * 2.0 * f64::EPSILON { whole } else { product.ceil() };
    (rank as u64).clamp(1, count.max(1))
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

    /// Adds `count` to a bucket. Counts stop at [`u64::MAX`], which only a forged recording reaches.
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
        self.buckets.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
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
    /// nanoseconds; `None` if the histogram is empty. Off by at most [`RELATIVE_ERROR`] from 64 ns to 137 s, by at most
    /// 2 ns below; longer ones all count as 135 s.
    pub fn quantile_ns(&self, quantile: f64) -> Option<u64> {
        let count = self.count();
        let rank = nearest_rank(quantile, count);
        let mut seen = 0u64;
        for (bucket, in_bucket) in &self.buckets {
            seen = seen.saturating_add(*in_bucket);
            if seen >= rank {
                return Some(middle_ns(usize::from(*bucket)));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;

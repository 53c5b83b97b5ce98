//! The figures of one key: a kind, an object, a process.

use crate::event::ErrorCount;
use crate::event::Histogram;
use crate::event::TallyDelta;

/// What was counted under one key. Sums saturate: a damaged recording must not end the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Operations, failed ones included.
    pub count: u64,
    /// Sum of the kind's quantity.
    pub amount: u64,
    /// Sum of the durations, in nanoseconds.
    pub total_ns: u64,
    /// The longest duration, in nanoseconds.
    pub max_ns: u64,
    /// How durations were distributed; may miss some, see [`Self::is_complete`].
    pub histogram: Histogram,
    /// Failed operations by errno, by rising errno, each once.
    pub errors: Vec<ErrorCount>,
}

/// What keys are ranked by: time in nanoseconds, then the kind's quantity, then operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weight(pub u64, pub u64, pub u64);

impl Weight {
    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0), self.1.saturating_add(other.1), self.2.saturating_add(other.2))
    }
}

impl Figures {
    /// Adds what was counted, its histogram included.
    pub fn count_delta(&mut self, delta: &TallyDelta) {
        self.add(delta, true);
    }

    /// Adds what was counted during a tick, without the histogram where it belongs to others, too.
    pub(super) fn add(&mut self, delta: &TallyDelta, with_histogram: bool) {
        self.count = self.count.saturating_add(delta.count);
        self.amount = self.amount.saturating_add(delta.amount);
        self.total_ns = self.total_ns.saturating_add(delta.total_ns);
        self.max_ns = self.max_ns.max(delta.max_ns);
        if with_histogram {
            self.histogram.merge(&delta.histogram);
        }
        self.add_errors(&delta.errors);
    }

    /// Adds another key's figures.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.amount = self.amount.saturating_add(other.amount);
        self.total_ns = self.total_ns.saturating_add(other.total_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
        self.histogram.merge(&other.histogram);
        self.add_errors(&other.errors);
    }

    fn add_errors(&mut self, errors: &[ErrorCount]) {
        for error in errors.iter().filter(|error| error.count > 0) {
            match self.errors.binary_search_by_key(&error.errno, |known| known.errno) {
                Ok(place) => self.errors[place].count = self.errors[place].count.saturating_add(error.count),
                Err(place) => self.errors.insert(place, *error),
            }
        }
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.count == 0 && self.amount == 0 && self.total_ns == 0
    }

    /// Failed operations.
    pub fn failed(&self) -> u64 {
        self.errors.iter().fold(0, |sum: u64, error| sum.saturating_add(error.count))
    }

    /// Whether the histogram holds every operation, so that its percentiles are those of the key.
    pub fn is_complete(&self) -> bool {
        self.count > 0 && self.histogram.count() == self.count
    }

    /// The mean duration in nanoseconds; `None` without operations.
    pub fn mean_ns(&self) -> Option<f64> {
        (self.count > 0).then(|| self.total_ns as f64 / self.count as f64)
    }

    /// A percentile in nanoseconds, never above the longest duration; `None` if the histogram is empty.
    pub fn quantile_ns(&self, quantile: f64) -> Option<u64> {
        self.histogram.quantile_ns(quantile).map(|ns| ns.min(self.max_ns))
    }

    /// What keys are ranked by: total time where there is one, else the amount, else the count.
    pub fn weight(&self) -> Weight {
        Weight(self.total_ns, self.amount, self.count)
    }

    /// Memory beside itself, in bytes.
    pub(super) fn heap_bytes(&self) -> usize {
        size_of_val(self.histogram.buckets()) + size_of_val(self.errors.as_slice())
    }

    /// Corrects the longest duration, which the kernel keeps for the whole trace, to that of a stretch of it:
    /// exact if it grew in it (`before_ns` is the longest one before), else read from the histogram.
    pub(super) fn settle_longest(&mut self, before_ns: u64) {
        if self.max_ns <= before_ns {
            self.max_ns = self.quantile_ns(1.0).unwrap_or_else(|| self.max_ns.min(self.total_ns));
        }
    }
}

//! What the kernel counted for a kind: every operation, at any rate.

use serde::Deserialize;
use serde::Serialize;

use super::definition::ObjectId;
use super::definition::ProcessId;
use super::histogram::Histogram;
use super::kind::KindId;

/// What operations are counted apart by. Everything coarser (a kind, a process, a path) is a sum of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TallyKey {
    /// What happened.
    pub kind: KindId,
    /// The kind's small dimension.
    pub detail: u8,
    /// In which process life.
    pub process: ProcessId,
    /// To which peer or path.
    pub object: ObjectId,
}

/// What was added to one tally during one tick.
///
/// `count`, `amount`, `total_ns` and `errors` are exact. `histogram` may be empty although `count` is not: the kernel
/// has a bounded number of histograms, and a key that found none of its own adds to its kind's shared one, which
/// arrives under `process` [`ProcessId::UNKNOWN`], `object` [`ObjectId::OTHER`] with `count` 0. So: merge histograms per
/// kind over all deltas; per key use only what that key has, and only if its histogram's count equals its `count`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TallyDelta {
    /// What was counted.
    pub key: TallyKey,
    /// Operations, failed ones included.
    pub count: u64,
    /// Sum of the kind's quantity ([`crate::event::Kind::amount`]), e.g. bytes.
    pub amount: u64,
    /// Sum of the durations, in nanoseconds.
    pub total_ns: u64,
    /// The longest duration since the trace began (not: since the last tick), in nanoseconds.
    pub max_ns: u64,
    /// How durations were distributed.
    pub histogram: Histogram,
    /// Failed operations by errno.
    pub errors: Vec<ErrorCount>,
}

/// Failed operations of one errno.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorCount {
    /// The errno, positive; [`crate::event::ABANDONED`] for given up; 0 for "some errno" that found no room.
    pub errno: u16,
    /// How many.
    pub count: u64,
}

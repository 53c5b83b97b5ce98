//! A threshold: a figure of a kind, compared with a bound.

use crate::event::Severity;

/// `threshold "tcp.rtt" p99=">100ms" for="30s" severity="warning"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// The kind's name.
    pub kind: String,
    /// What is compared.
    pub figure: Figure,
    /// How.
    pub comparison: Comparison,
    /// With what: seconds for durations, a share of 1 for rates of errors and CPU, else a plain number (per second).
    pub bound: f64,
    /// For how long it must hold before it is a finding, in nanoseconds; 0: one window is enough.
    pub for_ns: u64,
    /// How bad it is.
    pub severity: Severity,
    /// The comparison as it was written, e.g. `p99 > 100ms`.
    pub text: String,
}

impl Threshold {
    /// Whether both compare the same figure of the same kind in the same direction: of two files that do, the later
    /// one counts.
    pub fn judges_as(&self, other: &Self) -> bool {
        (&self.kind, self.figure, self.comparison) == (&other.kind, other.figure, other.comparison)
    }
}

/// Above or below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `>`
    Above,
    /// `<`
    Below,
}

impl Comparison {
    /// How it is written.
    pub fn sign(self) -> char {
        match self {
            Self::Above => '>',
            Self::Below => '<',
        }
    }
}

/// A figure of a kind in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Mean duration, seconds.
    Mean,
    /// Median duration, seconds.
    P50,
    /// 90th percentile, seconds.
    P90,
    /// 95th percentile, seconds.
    P95,
    /// 99th percentile, seconds.
    P99,
    /// Longest duration, seconds.
    Max,
    /// Operations.
    Count,
    /// Operations per second.
    Rate,
    /// Failed operations.
    Errors,
    /// Failed operations as a share of all.
    ErrorRate,
    /// The kind's quantity per second, e.g. bytes per second.
    Throughput,
    /// CPU as a share of one CPU, of the busiest process.
    CpuShare,
}

impl Figure {
    /// All figures with their names in profiles.
    pub const ALL: [(Self, &'static str); 12] = [
        (Self::Mean, "mean"),
        (Self::P50, "p50"),
        (Self::P90, "p90"),
        (Self::P95, "p95"),
        (Self::P99, "p99"),
        (Self::Max, "max"),
        (Self::Count, "count"),
        (Self::Rate, "rate"),
        (Self::Errors, "errors"),
        (Self::ErrorRate, "error-rate"),
        (Self::Throughput, "throughput"),
        (Self::CpuShare, "cpu-share"),
    ];
}

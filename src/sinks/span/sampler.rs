//! Which traces are kept: by their id, so that every part of one is kept or none; failed and slow ones beside them.

use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::time::Duration;

use super::Span;
use super::TraceId;

/// Traces beyond the share that are remembered as kept, because something in them failed or was slow.
const KEPT_MAX: usize = 4_096;

/// Decides by trace id, like "consistent probability sampling" of OpenTelemetry: the 56 random bits of the id against a
/// threshold, so that other samplers of the same share keep the same traces.
#[derive(Clone, Debug)]
pub struct Sampler {
    /// Ids whose randomness is below are left out.
    threshold: u64,
    keep_errors: bool,
    keep_slow_ns: Option<u64>,
    kept: BTreeSet<TraceId>,
    order: VecDeque<TraceId>,
}

impl Sampler {
    /// Keeps a share (0 to 1) of all traces, those with a failure if wanted, and those with something slower.
    pub fn new(share: f64, keep_errors: bool, keep_slow: Option<Duration>) -> Self {
        let whole = (1u64 << 56) as f64;
        Self {
            threshold: ((1.0 - share.clamp(0.0, 1.0)) * whole) as u64,
            keep_errors,
            keep_slow_ns: keep_slow.map(|slow| u64::try_from(slow.as_nanos()).unwrap_or(u64::MAX)),
            kept: BTreeSet::new(),
            order: VecDeque::new(),
        }
    }

    /// Whether a span goes out. One that failed or was slow takes with it what comes later in its trace: the processes
    /// it happened in, whose spans end after it.
    pub fn keeps(&mut self, span: &Span) -> bool {
        if span.trace.randomness() >= self.threshold || self.kept.contains(&span.trace) {
            return true;
        }
        let failed = self.keep_errors && span.error.is_some();
        let slow = self.keep_slow_ns.is_some_and(|slow| span.duration_ns() >= slow);
        if failed || slow {
            if self.order.len() >= KEPT_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.kept.remove(&oldest);
            }
            self.kept.insert(span.trace);
            self.order.push_back(span.trace);
        }
        failed || slow
    }
}

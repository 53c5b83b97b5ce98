//! Findings: what rules concluded, worst first.
//!
//! A finding names what is wrong, how one can see it, how sure that is and what to do next. It decides and words nothing:
//! rules do.

mod fingerprint;

use serde::Serialize;

pub use fingerprint::Fingerprint;

use crate::event::Severity;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The rule that concluded it; for a threshold its kind and comparison, e.g. `tcp.response p99 > 100ms`.
    pub rule: String,
    /// One line: what is wrong, and where.
    pub title: String,
    /// How one can see it, the most telling first.
    pub evidence: Vec<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// What to do next: a command.
    pub next: String,
    /// What it is the same finding by, in other windows and traces.
    pub fingerprint: Fingerprint,
    /// How far beyond the bound, as a ratio; orders findings of the same severity.
    #[serde(skip)]
    pub effect: f64,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A single operation made it fire, or it rests on figures with gaps.
    Low,
    /// Few operations made it fire, or operations are missing from the figures.
    Medium,
    /// It rests on complete figures.
    High,
}

/// Puts the worst first: by severity, then by effect; equals stay as they are.
pub fn rank(findings: &mut [Finding]) {
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then(b.effect.total_cmp(&a.effect)));
}

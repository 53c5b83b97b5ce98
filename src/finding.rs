//! Findings: what rules concluded, worst first.
//!
//! A finding names what is wrong, how one can see it, how sure that is and what to do next. It decides and words nothing:
//! rules do. [`Desk`] tells which findings become alerts.

mod about;
pub mod alert;
pub mod desk;
mod fingerprint;

use serde::Deserialize;
use serde::Serialize;

pub use about::About;
pub use about::Aspect;
pub use about::fold;
pub use alert::Alert;
pub use alert::Origin;
pub use desk::Desk;
pub use desk::Pace;
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
    /// What it is about.
    #[serde(skip)]
    pub about: About,
    /// What it is the same finding by, in other windows and traces.
    #[serde(skip)]
    pub fingerprint: Fingerprint,
    /// How far beyond the bound, as a ratio; orders findings of the same severity.
    #[serde(skip)]
    pub effect: f64,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A single operation made it fire, or it rests on figures with gaps.
    Low,
    /// Few operations made it fire, or operations are missing from the figures.
    Medium,
    /// It rests on complete figures.
    High,
}

impl Confidence {
    /// Whether it rests on more than a single operation or figures with gaps: what does not, stands behind what does.
    pub fn is_firm(self) -> bool {
        self > Self::Low
    }
}

/// Puts the worst first: by severity, then firm ones, then by effect; equals stay as they are.
pub fn rank(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        let firmer = b.confidence.is_firm().cmp(&a.confidence.is_firm());
        b.severity.cmp(&a.severity).then(firmer).then(b.effect.total_cmp(&a.effect))
    });
}

#[cfg(test)]
mod tests {
    use super::About;
    use super::Confidence;
    use super::Finding;
    use super::Fingerprint;
    use super::rank;
    use crate::event::Severity;

    /// Check that what rests on a single operation stands behind what does not, but never behind what is less severe.
    #[test]
    fn ranking() {
        let finding = |title: &str, severity, confidence, effect| Finding {
            severity,
            rule: String::new(),
            title: title.into(),
            evidence: Vec::new(),
            confidence,
            next: String::new(),
            about: About::default(),
            fingerprint: Fingerprint::of(title, ""),
            effect,
        };
        let mut findings = [
            finding("information", Severity::Info, Confidence::High, 9.0),
            finding("a single operation", Severity::Warning, Confidence::Low, 9.0),
            finding("few", Severity::Warning, Confidence::Medium, 3.0),
            finding("many", Severity::Warning, Confidence::High, 2.0),
        ];
        rank(&mut findings);
        assert_eq!(findings.map(|one| one.title), ["few", "many", "a single operation", "information"]);
    }
}

//! What a finding is about, and which of two that are about the same is said.

use super::Finding;

/// What a finding is about: for machines, where people read its title.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The kind.
    pub kind: Option<&'static str>,
    /// Which of the kind's figures.
    pub figure: Option<Aspect>,
    /// What `key` is: a peer, a path, a process.
    pub dimension: Option<&'static str>,
    /// The peer, path or process; none: the kind as a whole.
    pub key: Option<String>,
    /// What tells it from other findings of its rule, where the rule said it.
    pub id: Option<String>,
}

/// The sorts of figures that a finding can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// How long operations took.
    Duration,
    /// How many failed.
    Errors,
    /// How many there were.
    Count,
    /// Bytes, CPU time.
    Quantity,
}

impl Aspect {
    /// All with their names in rules.
    pub const ALL: [(&'static str, Self); 4] =
        [("duration", Self::Duration), ("errors", Self::Errors), ("count", Self::Count), ("quantity", Self::Quantity)];
}

impl About {
    /// Whether what it says of a figure says what `other` says of it: the same of the same, or of all there is.
    fn includes(&self, other: &Self) -> bool {
        let same_figure = self.kind.is_some() && self.kind == other.kind && self.figure == other.figure;
        let same_key = self.key.is_none() || (self.dimension == other.dimension && self.key == other.key);
        self.figure.is_some() && same_figure && same_key
    }
}

/// Findings of thresholds and of rules as one list: what both say of the same figure of the same thing is said once, in
/// the rule's words. A rule that is not sure, or finds it less severe, takes nobody's place.
pub fn fold(thresholds: Vec<Finding>, mut rules: Vec<Finding>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for threshold in thresholds {
        let says = |rule: &&mut Finding| {
            let is_enough = rule.severity >= threshold.severity && rule.confidence.is_firm();
            is_enough && rule.about.includes(&threshold.about)
        };
        match rules.iter_mut().find(says) {
            Some(rule) => {
                // In which windows it held stays last.
                let place = rule.evidence.len().saturating_sub(1);
                let said = format!("the threshold `{}` says so too: {}", threshold.rule, threshold.title);
                rule.evidence.insert(place, said);
            }
            None => findings.push(threshold),
        }
    }
    findings.extend(rules);
    super::rank(&mut findings);
    findings
}

#[cfg(test)]
mod tests {
    use super::About;
    use super::Aspect;
    use super::fold;
    use crate::event::Severity;
    use crate::finding::Confidence;
    use crate::finding::Finding;
    use crate::finding::Fingerprint;

    fn finding(rule: &str, severity: Severity, figure: Option<Aspect>, key: Option<&str>) -> Finding {
        Finding {
            severity,
            rule: rule.to_owned(),
            title: format!("{rule} of {}", key.unwrap_or("all")),
            evidence: vec!["seen".to_owned()],
            confidence: Confidence::High,
            next: String::new(),
            about: About {
                kind: Some("tcp.connect"),
                figure,
                dimension: key.map(|_| "peer"),
                key: key.map(str::to_owned),
                id: None,
            },
            fingerprint: Fingerprint::of(rule, key.unwrap_or_default()),
            effect: 2.0,
        }
    }

    fn said(findings: &[Finding]) -> Vec<(&str, Severity)> {
        findings.iter().map(|finding| (finding.title.as_str(), finding.severity)).collect()
    }

    /// Check that a threshold and a rule that say the same are one finding in the rule's words, and that what only
    /// looks alike stays two.
    #[test]
    fn one_fact_is_one_finding() {
        let (errors, slow) = (Some(Aspect::Errors), Some(Aspect::Duration));
        let threshold = |figure, key| vec![finding("threshold", Severity::Warning, figure, key)];
        let rule = |figure, key| vec![finding("rule", Severity::Critical, figure, key)];
        let one = fold(threshold(errors, Some("a:1")), rule(errors, Some("a:1")));
        assert_eq!(said(&one), [("rule of a:1", Severity::Critical)]);
        assert_eq!(one[0].evidence, ["the threshold `threshold` says so too: threshold of a:1", "seen"]);
        let one = fold(threshold(errors, Some("a:1")), rule(errors, None));
        assert_eq!(said(&one), [("rule of all", Severity::Critical)]);
        for (figure, key) in [(slow, Some("a:1")), (None, Some("a:1")), (errors, Some("b:1"))] {
            let two = fold(threshold(errors, Some("a:1")), rule(figure, key));
            assert_eq!(two.len(), 2, "{figure:?} {key:?}");
            assert_eq!(two[0].evidence.len(), 1);
        }
        // What the whole does says nothing of a part's figure; a guess, or what is milder, takes nobody's place.
        assert_eq!(fold(threshold(errors, None), rule(errors, Some("a:1"))).len(), 2);
        let mut other = rule(errors, Some("a:1"));
        other[0].confidence = Confidence::Low;
        assert_eq!(fold(threshold(errors, Some("a:1")), other.clone()).len(), 2);
        other[0].confidence = Confidence::High;
        other[0].severity = Severity::Error;
        assert_eq!(fold(threshold(errors, Some("a:1")), other).len(), 2);
    }
}

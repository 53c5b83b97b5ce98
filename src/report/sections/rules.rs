//! What became of the rules in Lua.

use super::super::model::RuleEntry;
use super::super::model::RuleMetric;
use super::super::model::RuleStatus;
use crate::rules::Scripts;
use crate::rules::Status;

/// Every rule, in the order of the profile.
pub(in crate::report) fn rules(scripts: &Scripts) -> Vec<RuleEntry> {
    scripts.statuses().map(|status| rule(&status)).collect()
}

fn rule(status: &Status<'_>) -> RuleEntry {
    let (outcome, reason) = match (status.failure, status.missing) {
        (Some(failure), _) => (RuleStatus::Disabled, Some(failure.to_string())),
        (None, []) => (RuleStatus::Judged, None),
        (None, missing) => (RuleStatus::Idle, Some(format!("not watched: {}", missing.join(", ")))),
    };
    let metrics = status.metrics.iter().map(|metric| RuleMetric {
        name: metric.spec.name.clone(),
        label: metric.spec.label.clone().zip(metric.label.map(str::to_owned)),
        unit: metric.spec.unit.clone(),
        counter: metric.spec.counter,
        about: metric.spec.about.clone(),
        value: metric.value,
    });
    RuleEntry {
        rule: status.name.to_owned(),
        about: status.about.to_owned(),
        file: status.file.to_owned(),
        status: outcome,
        reason,
        windows_judged: status.windows_judged,
        windows_skipped: status.windows_skipped,
        findings_omitted: status.findings_omitted,
        metrics: metrics.collect(),
        section: status.section.cloned(),
    }
}

//! Findings in words: what a crossing means, how sure it is and what to do next.

pub(super) mod next;
#[cfg(test)]
mod tests;
pub(super) mod words;

use super::Crossing;
use super::Part;
use super::Thresholds;
use crate::event::Session;
use crate::event::unit;
use crate::finding;
use crate::finding::About;
use crate::finding::Aspect;
use crate::finding::Confidence;
use crate::finding::Finding;
use crate::finding::Fingerprint;
use crate::profile::Comparison;
use crate::profile::Figure;
use crate::window::Catalogue;
use crate::window::Losses;
use crate::window::PeerNames;

/// Operations beyond a bound that make a latency finding sure.
const SURE: u64 = 3;

/// The findings of all thresholds that fired, worst first. Of thresholds that judge the same figure only the most severe
/// one speaks: p99 above 250 ms includes p99 above 25 ms.
pub fn findings(
    thresholds: &Thresholds,
    session: &Session,
    catalogue: &Catalogue,
    losses: &Losses,
    peers: &PeerNames,
) -> Vec<Finding> {
    let crossings = thresholds.outcomes().filter_map(|outcome| outcome.crossing()).collect();
    worded(crossings, session, catalogue, losses, peers)
}

/// The findings of the thresholds that hold in the last window, in the same way: what people are alerted of.
pub fn firing(
    thresholds: &Thresholds,
    session: &Session,
    catalogue: &Catalogue,
    losses: &Losses,
    peers: &PeerNames,
) -> Vec<Finding> {
    let crossings = thresholds.outcomes().filter_map(|outcome| outcome.crossing_now()).collect();
    worded(crossings, session, catalogue, losses, peers)
}

fn worded(
    crossings: Vec<Crossing<'_>>,
    session: &Session,
    catalogue: &Catalogue,
    losses: &Losses,
    peers: &PeerNames,
) -> Vec<Finding> {
    let is_said = |crossing: &Crossing<'_>| {
        let own = &crossing.outcome.threshold;
        let others = crossings.iter().map(|other| &other.outcome.threshold);
        others.into_iter().any(|other| other.judges_as(own) && other.severity > own.severity)
    };
    let crossings = crossings.iter().filter(|crossing| !is_said(crossing));
    let mut findings: Vec<_> =
        crossings.map(|crossing| of_crossing(crossing, session, catalogue, losses, peers)).collect();
    finding::rank(&mut findings);
    findings
}

fn of_crossing(
    crossing: &Crossing<'_>,
    session: &Session,
    catalogue: &Catalogue,
    losses: &Losses,
    peers: &PeerNames,
) -> Finding {
    let Crossing { outcome, kind, worst } = *crossing;
    let threshold = &outcome.threshold;
    let culprit = worst.contributors.first();
    let at = culprit.map_or_else(String::new, |culprit| format!(" ({})", words::who(culprit, peers)));
    let value = words::value(threshold.figure, worst.value, kind);
    let figure = words::figure(threshold.figure);
    let about = culprit.map(|culprit| (culprit.dimension, culprit.label.as_str()));
    let contributors = worst.contributors.iter();
    let mut evidence: Vec<_> = contributors
        .map(|contributor| words::contributor(threshold, contributor, kind, &worst.figures, peers))
        .collect();
    evidence.push(format!(
        "threshold `{}` held in {} of {} windows, for {} in a row; worst from {} to {}",
        threshold.text,
        outcome.held,
        outcome.judged,
        unit::duration(outcome.longest_ns),
        words::moment(worst.from_ns),
        words::moment(worst.to_ns),
    ));
    let missing = catalogue.id(kind.name).map_or(0, |id| losses.missing_operations(id));
    if missing > 0 {
        evidence.push(format!("up to {} operations are missing from the figures", unit::count(missing)));
    }
    Finding {
        severity: threshold.severity,
        rule: format!("{} {}", threshold.kind, threshold.text),
        title: format!("{} {figure} {value}{at}", kind.name),
        evidence,
        confidence: confidence(crossing, missing),
        next: next::command(session, Some(kind.name), next::of_figure(threshold.figure), about),
        about: About {
            kind: Some(kind.name),
            figure: Some(aspect(threshold.figure)),
            dimension: culprit.map(|culprit| culprit.dimension),
            key: culprit.map(|culprit| culprit.label.clone()),
            id: None,
        },
        fingerprint: Fingerprint::of(&threshold.kind, &threshold.text),
        effect: effect(worst.value, threshold.bound, threshold.figure, threshold.comparison),
    }
}

fn aspect(figure: Figure) -> Aspect {
    match figure {
        Figure::Mean | Figure::P50 | Figure::P90 | Figure::P95 | Figure::P99 | Figure::Max => Aspect::Duration,
        Figure::Count | Figure::Rate => Aspect::Count,
        Figure::Errors | Figure::ErrorRate => Aspect::Errors,
        Figure::Throughput | Figure::CpuShare => Aspect::Quantity,
    }
}

fn confidence(crossing: &Crossing<'_>, missing: u64) -> Confidence {
    let beyond = crossing.worst.contributors.first().map(|culprit| culprit.part);
    let by_number = match beyond {
        Some(Part::Slow(slow)) if slow < 2 => Confidence::Low,
        Some(Part::Slow(slow)) if slow < SURE => Confidence::Medium,
        _ => Confidence::High,
    };
    if missing > 0 { by_number.min(Confidence::Medium) } else { by_number }
}

/// How far beyond the bound, as a ratio. A bound of 0 is taken as one operation, one percent or one millisecond.
fn effect(value: f64, bound: f64, figure: Figure, comparison: Comparison) -> f64 {
    let smallest = match figure {
        Figure::Mean | Figure::P50 | Figure::P90 | Figure::P95 | Figure::P99 | Figure::Max => 1e-3,
        Figure::ErrorRate | Figure::CpuShare => 1e-2,
        Figure::Count | Figure::Rate | Figure::Errors | Figure::Throughput => 1.0,
    };
    match comparison {
        Comparison::Above => value / if bound > 0.0 { bound } else { smallest },
        Comparison::Below => bound / value.max(smallest),
    }
}

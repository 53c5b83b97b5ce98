//! Where the time went: everything somebody waited for, and the CPU that was used, ranked.

use super::super::model::Contribution;
use super::super::model::Measured;
use super::super::model::Named;
use super::super::model::Signal;
use super::super::model::TimeSpent;
use super::super::signals::ratio;
use super::time_of;
use crate::window::PeerNames;

/// Contributions that are listed.
const CONTRIBUTIONS_MAX: usize = 50;

/// A share of the trace from which a contribution counts as a cause.
pub(in crate::report) const CAUSE: f64 = 0.05;

const NOTE: &str = "Shares are of the length of the trace. They overlap and do not add up: threads run side by side, and \
                    a wait for a peer or a file is also time off the CPU. First come those that name a peer, path or \
                    process and take at least 5 % of the trace. Idle waiting (sleep, poll, waiting for a child) is left \
                    out.";

/// Ranks what took time, over every kind that says of itself that it is time waited for or used.
pub(in crate::report) fn time(signals: &Named<Signal>, duration_seconds: f64, peers: &PeerNames) -> TimeSpent {
    let mut contributions: Vec<_> =
        signals.iter().flat_map(|(name, signal)| of_kind(name, signal, duration_seconds)).collect();
    let is_named_cause =
        |of: &Contribution| of.share >= CAUSE && matches!(of.dimension.as_deref(), Some("peer" | "path" | "process"));
    contributions.sort_by(|a, b| {
        is_named_cause(b)
            .cmp(&is_named_cause(a))
            .then(b.total_seconds.total_cmp(&a.total_seconds))
            .then_with(|| (&a.kind, &a.key).cmp(&(&b.kind, &b.key)))
    });
    contributions.truncate(CONTRIBUTIONS_MAX);
    for of in contributions.iter_mut().filter(|of| of.dimension.as_deref() == Some("peer")) {
        of.name = of.key.as_ref().and_then(|peer| peers.name(peer));
    }
    TimeSpent { note: NOTE, contributions }
}

/// A kind by its most telling dimension: object, then its own, then process.
fn of_kind(name: &str, signal: &Signal, duration_seconds: f64) -> Vec<Contribution> {
    let contribution = |dimension: Option<&str>, key: Option<&str>, figures: &Measured| {
        let total_seconds = time_of(signal, figures).filter(|total| *total > 0.0)?;
        Some(Contribution {
            kind: name.to_owned(),
            dimension: dimension.map(str::to_owned),
            key: key.map(str::to_owned),
            name: None,
            count: signal.kind.waits.then_some(figures.count),
            total_seconds,
            share: ratio(total_seconds, duration_seconds),
        })
    };
    let kind = signal.kind;
    let dimension = kind.object.dimension().or(kind.by.as_ref().map(|by| by.name)).unwrap_or("process");
    let Some(entries) = signal.top.get(dimension).filter(|entries| !entries.is_empty()) else {
        return contribution(None, None, &signal.figures).into_iter().collect();
    };
    let idle = |key: &str| {
        let idle_value = |detail: u8| kind.by.as_ref().is_some_and(|by| (by.idle)(detail) && (by.label)(detail) == key);
        kind.object.dimension().is_none() && (0..=u8::MAX).any(idle_value)
    };
    let entries = entries.iter().filter(|entry| !idle(&entry.key));
    entries.filter_map(|entry| contribution(Some(dimension), Some(&entry.key), &entry.figures)).collect()
}

//! What happened during the last tick: the model of the live view.

use std::cmp::Reverse;

use super::model::Amount;
use super::signals;
use crate::event::Kind;
use crate::event::kind::Unit;
use crate::finding::Finding;
use crate::window::Breakdown;
use crate::window::Catalogue;
use crate::window::Figures;
use crate::window::Names;
use crate::window::Tallies;

/// Kinds that are shown.
const KINDS_MAX: usize = 10;

/// What happened during the last tick.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// When the tick ended, in seconds since the trace started.
    pub at_seconds: f64,
    /// How long it was.
    pub seconds: f64,
    /// The busiest kinds, in the order of reports.
    pub kinds: Vec<LiveKind>,
    /// Kinds of which something happened, and that are not shown.
    pub omitted: usize,
    /// Titles of findings, worst first.
    pub findings: Vec<String>,
}

/// One kind in the live view.
#[derive(Clone, Debug)]
pub struct LiveKind {
    /// Its name.
    pub name: &'static str,
    /// Operations per second.
    pub rate: f64,
    /// Failed operations per second.
    pub error_rate: f64,
    /// The median, in seconds.
    pub p50_seconds: Option<f64>,
    /// The 99th percentile, in seconds.
    pub p99_seconds: Option<f64>,
    /// Share of a CPU, for kinds that count time used.
    pub share: Option<f64>,
    /// The peer, path, process or reason that stands out: most failures, else most time, else most of the rest.
    pub worst: Option<String>,
}

/// The live view of a tick.
pub(super) fn live(
    catalogue: &Catalogue,
    tallies: &Tallies,
    names: &Names,
    from_ns: i64,
    to_ns: i64,
    findings: &[Finding],
) -> Live {
    let seconds = (to_ns.saturating_sub(from_ns).max(0)) as f64 / 1e9;
    let active = catalogue.kinds().filter_map(|(id, kind)| Some((kind, tallies.kind(id)?)));
    let mut active: Vec<_> = active.filter(|(_, counted)| !counted.all.is_empty()).enumerate().collect();
    active.sort_by_key(|(place, (kind, counted))| {
        let all = &counted.all;
        let used = kind.duration.is_none() && kind.amount.is_some_and(|amount| amount.unit == Unit::Nanoseconds);
        let time_ns = if used { all.amount } else { all.total_ns };
        (Reverse((all.failed() > 0, time_ns, all.amount, all.count)), *place)
    });
    let omitted = active.len().saturating_sub(KINDS_MAX);
    active.truncate(KINDS_MAX);
    active.sort_by_key(|(place, _)| *place);
    Live {
        at_seconds: to_ns as f64 / 1e9,
        seconds,
        kinds: active.into_iter().map(|(_, (kind, counted))| of_kind(kind, counted, names, seconds)).collect(),
        omitted,
        findings: findings.iter().map(|finding| format!("{}: {}", finding.severity.name(), finding.title)).collect(),
    }
}

fn of_kind(kind: &'static Kind, counted: &Breakdown, names: &Names, seconds: f64) -> LiveKind {
    let all = &counted.all;
    let measured = signals::measured(kind, all, seconds, false);
    LiveKind {
        name: kind.name,
        rate: signals::ratio(all.count as f64, seconds),
        error_rate: signals::ratio(all.failed() as f64, seconds),
        p50_seconds: measured.latency_seconds.and_then(|latency| latency.p50),
        p99_seconds: measured.latency_seconds.and_then(|latency| latency.p99),
        share: match measured.amount {
            Amount::Use { share, .. } => Some(share),
            _ => None,
        },
        worst: worst(kind, counted, names),
    }
}

fn worst(kind: &Kind, counted: &Breakdown, names: &Names) -> Option<String> {
    let rows = match (kind.object.dimension(), &kind.by) {
        (Some(_), _) => signals::merged(&counted.objects, |id| names.peers().brief(&names.object_label(id))),
        (None, Some(by)) => {
            let mut rows = signals::merged(&counted.details, |detail| (by.label)(detail).into_owned());
            let idle = (0..=u8::MAX).filter(|detail| (by.idle)(*detail)).map(|detail| (by.label)(detail));
            idle.for_each(|label| drop(rows.remove(label.as_ref())));
            rows
        }
        (None, None) => signals::merged(&counted.processes, |id| names.process_label(id)),
    };
    let weight = |figures: &Figures| (figures.failed(), figures.weight());
    // Of equals the first by name, whatever the order of the numbers behind them.
    let best = rows.iter().rev().max_by_key(|(_, figures)| weight(figures));
    best.map(|(label, _)| label.clone())
}

//! Signals: every kind's figures, in all and by each dimension.

use std::collections::BTreeMap;

use super::model::Amount;
use super::model::Entry;
use super::model::Known;
use super::model::Latency;
use super::model::Measured;
use super::model::Named;
use super::model::Signal;
use crate::event::Kind;
use crate::event::kind::ObjectKind;
use crate::event::kind::Unit;
use crate::window::Breakdown;
use crate::window::Figures;
use crate::window::Names;
use crate::window::PeerNames;
use crate::window::Table;
use crate::window::names::OTHER;

/// Entries of a list in `top`, the closing `other` not counted.
pub(super) const TOP_MAX: usize = 100;

/// One kind's signal; `None` for a kind of which nothing was counted.
pub(super) fn signal(kind: &'static Kind, counted: Option<&Breakdown>, names: &Names, seconds: f64) -> Signal {
    let Some(counted) = counted else {
        return Signal { figures: measured(kind, &Figures::default(), seconds, false), top: Named::default(), kind };
    };
    let nobody = PeerNames::default();
    let top = |rows, other, peers| top(kind, rows, other, seconds, peers);
    let mut lists = Vec::new();
    if let Some(dimension) = kind.object.dimension() {
        let rows = merged(&counted.objects, |id| names.object_label(id));
        let peers = if kind.object == ObjectKind::Peer { names.peers() } else { &nobody };
        lists.push((dimension.to_owned(), top(rows, counted.objects.other(), peers)));
    }
    if let Some(by) = &kind.by {
        let rows = merged(&counted.details, |detail| (by.label)(detail).into_owned());
        lists.push((by.name.to_owned(), top(rows, counted.details.other(), &nobody)));
    }
    let rows = merged(&counted.processes, |id| names.process_label(id));
    lists.push(("process".to_owned(), top(rows, counted.processes.other(), &nobody)));
    let rows = merged(&counted.targets, |index| names.target_label(index));
    lists.push(("target".to_owned(), top(rows, counted.targets.other(), &nobody)));
    Signal { figures: measured(kind, &counted.all, seconds, false), top: Named::from_iter(lists), kind }
}

/// Figures by label: several keys may have the same, e.g. a path that was deleted and made anew.
pub(super) fn merged<K: Copy + Ord>(table: &Table<K>, label: impl Fn(K) -> String) -> BTreeMap<String, Figures> {
    let mut merged = BTreeMap::<String, Figures>::new();
    for (key, figures) in table.rows() {
        merged.entry(label(key)).or_default().merge(figures);
    }
    merged
}

fn top(
    kind: &'static Kind,
    rows: BTreeMap<String, Figures>,
    other: &Figures,
    seconds: f64,
    peers: &PeerNames,
) -> Vec<Entry> {
    let mut ranked: Vec<_> = rows.into_iter().collect();
    // By rising label before: the sort is stable.
    ranked.sort_by_key(|(_, figures)| std::cmp::Reverse(figures.weight()));
    let mut rest = other.clone();
    for (_, figures) in ranked.drain(TOP_MAX.min(ranked.len())..) {
        rest.merge(&figures);
    }
    let mut entries: Vec<_> = ranked
        .into_iter()
        .map(|(key, figures)| Entry {
            known: Known::of(peers, &key),
            figures: measured(kind, &figures, seconds, true),
            key,
        })
        .collect();
    if !rest.is_empty() {
        let figures = measured(kind, &rest, seconds, true);
        entries.push(Entry { key: OTHER.to_owned(), known: Known::default(), figures });
    }
    entries
}

/// Figures in the units of outputs. Percentiles of a key need a histogram that holds all of its operations.
pub(super) fn measured(kind: &Kind, figures: &Figures, seconds: f64, of_key: bool) -> Measured {
    Measured {
        count: figures.count,
        errors: errors(kind, figures),
        amount: amount(kind, figures, seconds),
        latency_seconds: latency(kind, figures, of_key),
        total_seconds: in_seconds(figures.total_ns),
    }
}

fn errors(kind: &Kind, figures: &Figures) -> Named<u64> {
    let mut errors: Vec<(String, u64)> = Vec::new();
    for error in &figures.errors {
        let name = (kind.error)(error.errno).into_owned();
        match errors.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count = count.saturating_add(error.count),
            None => errors.push((name, error.count)),
        }
    }
    errors.sort_by(|(a, a_count), (b, b_count)| b_count.cmp(a_count).then(a.cmp(b)));
    Named::from_iter(errors)
}

fn amount(kind: &Kind, figures: &Figures, seconds: f64) -> Amount {
    let Some(quantity) = kind.amount else { return Amount::None };
    let name = quantity.name;
    let total_seconds = in_seconds(figures.amount);
    match quantity.unit {
        Unit::Bytes | Unit::Count => Amount::Sum { name, unit: quantity.unit, total: figures.amount },
        Unit::Nanoseconds if kind.duration.is_some() => {
            Amount::Sample { name, total_seconds, mean_seconds: ratio(total_seconds, figures.count as f64) }
        }
        Unit::Nanoseconds => Amount::Use { name, total_seconds, share: ratio(total_seconds, seconds) },
    }
}

fn latency(kind: &Kind, figures: &Figures, of_key: bool) -> Option<Latency> {
    let mean_ns = figures.mean_ns().filter(|_| kind.duration.is_some())?;
    let tell = !of_key || figures.is_complete();
    let quantile = |quantile| figures.quantile_ns(quantile).filter(|_| tell).map(in_seconds);
    Some(Latency {
        mean: mean_ns / 1e9,
        p50: quantile(0.5),
        p90: quantile(0.9),
        p95: quantile(0.95),
        p99: quantile(0.99),
        max: in_seconds(figures.max_ns),
    })
}

/// Nanoseconds in seconds.
pub(super) fn in_seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

/// A ratio; 0 where there is nothing to divide by.
pub(super) fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

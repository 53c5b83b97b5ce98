//! A table per family: every kind of which something happened, with what it happened to.

use super::grid::Column;
use super::grid::Grid;
use super::label::Label;
use super::page::Page;
use super::page::Role;
use crate::event::kind::ObjectKind;
use crate::event::kind::Unit;
use crate::event::unit;
use crate::report::Report;
use crate::report::model::Amount;
use crate::report::model::Entry;
use crate::report::model::Measured;
use crate::report::model::Signal;
use crate::window::PeerNames;

/// The columns, and which go first where the page is narrow.
const COLUMNS: [Column; 9] = [
    Column::numbers("count", 0),
    Column::numbers("per s", 3),
    Column::numbers("errors", 0),
    Column::numbers("amount", 0),
    Column::numbers("share", 0),
    Column::numbers("mean", 2),
    Column::numbers("p50", 1),
    Column::numbers("p99", 0),
    Column::numbers("max", 0),
];

/// Peers listed for a kind that is also told apart by a dimension of its own.
const SECOND_LIST: usize = 3;

/// The tables, in the order of the families.
pub(super) fn families(report: &Report, top: usize, page: &mut Page) {
    let mut families: Vec<&str> = report.signals.iter().map(|(_, signal)| signal.kind.family()).collect();
    families.dedup();
    for family in families {
        let mut grid = Grid::new(&family.to_uppercase(), &COLUMNS);
        let signals = report.signals.iter().filter(|(_, signal)| signal.kind.family() == family);
        let mut is_empty = true;
        for (_, signal) in signals.filter(|(_, signal)| is_active(&signal.figures)) {
            kind(signal, report, top, &mut grid);
            is_empty = false;
        }
        if !is_empty {
            grid.write(page);
        }
    }
}

fn is_active(figures: &Measured) -> bool {
    figures.count > 0
        || figures.total_seconds > 0.0
        || matches!(figures.amount, Amount::Use { total_seconds, .. } if total_seconds > 0.0)
}

fn kind(signal: &Signal, report: &Report, top: usize, grid: &mut Grid) {
    let (seconds, peers) = (report.duration_seconds, &report.peers);
    let figures = &signal.figures;
    let own = signal.kind.by.as_ref().map(|by| by.name);
    let object = signal.kind.object.dimension();
    let lists: Vec<(&[Entry], &[Entry])> = match (own, object) {
        (Some(own), Some(object)) => vec![list(signal, own, top), list(signal, object, SECOND_LIST.min(top))],
        (Some(dimension), None) | (None, Some(dimension)) => vec![list(signal, dimension, top)],
        (None, None) => vec![list(signal, "process", top)],
    };
    let name = signal.kind.name.rsplit_once('.').map_or(signal.kind.name, |(_, name)| name);
    // A list of one says the same twice: its name goes beside the kind's.
    let own_label = match lists.as_slice() {
        [([only], [])] => label(&format!("{name} "), only, signal, peers),
        _ => Label::plain(name),
    };
    let role = if figures.failed() > 0 { Role::Warning } else { Role::Plain };
    grid.labelled(2, own_label, cells(figures, seconds), role);
    if !figures.errors.is_empty() {
        let errors: Vec<_> =
            figures.errors.iter().map(|(name, count)| format!("{} {name}", unit::count(*count))).collect();
        grid.note(4, &errors.join(", "), role);
    }
    if let Amount::Sample { name, mean_seconds, .. } = figures.amount {
        grid.note(4, &format!("{name} {} in the mean", unit::seconds(mean_seconds)), Role::Faint);
    }
    if matches!(lists.as_slice(), [([_], [])]) {
        return;
    }
    for (listed, hidden) in lists {
        for entry in listed {
            let role = if entry.figures.failed() > 0 { Role::Warning } else { Role::Plain };
            grid.labelled(4, label("", entry, signal, peers), cells(&entry.figures, seconds), role);
        }
        rest(hidden, grid);
    }
}

/// What an entry is called; a peer with its name.
fn label(lead: &str, entry: &Entry, signal: &Signal, peers: &PeerNames) -> Label {
    match signal.kind.object {
        ObjectKind::Peer if entry.known.name.is_some() => Label::of_peer(lead, &entry.key, peers),
        _ => Label::plain(&format!("{lead}{}", entry.key)),
    }
}

/// The first entries of a list, and those that are not listed.
fn list<'a>(signal: &'a Signal, dimension: &str, top: usize) -> (&'a [Entry], &'a [Entry]) {
    let entries = signal.top.get(dimension).map_or(&[][..], Vec::as_slice);
    // Cutting off a single one saves nothing.
    let listed = if entries.len() == top + 1 { top + 1 } else { entries.len().min(top) };
    entries.split_at(listed)
}

/// A line for the entries that are not listed.
fn rest(hidden: &[Entry], grid: &mut Grid) {
    if hidden.is_empty() {
        return;
    }
    let count = hidden.iter().fold(0, |sum: u64, entry| sum.saturating_add(entry.figures.count));
    let failed = hidden.iter().fold(0, |sum: u64, entry| sum.saturating_add(entry.figures.failed()));
    let cells = vec![(count > 0).then(|| unit::count(count)), None, (failed > 0).then(|| unit::count(failed))];
    grid.row(4, &format!("{} more", hidden.len()), cells, Role::Faint);
}

fn cells(figures: &Measured, seconds: f64) -> Vec<Option<String>> {
    let failed = figures.failed();
    let latency = figures.latency_seconds;
    let time = |seconds: Option<f64>| seconds.map(unit::seconds);
    let (amount, share) = match figures.amount {
        Amount::Sum { unit: Unit::Bytes, total, .. } => (Some(unit::bytes(total)), None),
        Amount::Sum { total, .. } => (Some(unit::count(total)), None),
        Amount::Use { total_seconds, share, .. } => (Some(unit::seconds(total_seconds)), Some(unit::share(share))),
        Amount::Sample { .. } | Amount::None => (None, None),
    };
    // What counts time used has no operations: its count is how often it was looked at.
    let operations = share.is_none();
    vec![
        operations.then(|| unit::count(figures.count)),
        (operations && seconds > 0.0).then(|| unit::number(figures.count as f64 / seconds)),
        (failed > 0).then(|| unit::count(failed)),
        amount,
        share,
        time(latency.map(|latency| latency.mean)),
        time(latency.and_then(|latency| latency.p50)),
        time(latency.and_then(|latency| latency.p99)),
        time(latency.map(|latency| latency.max)),
    ]
}

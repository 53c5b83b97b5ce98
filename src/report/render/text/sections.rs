//! Where the time went, when it happened, the slowest operations, processes.

use super::grid::Column;
use super::grid::Grid;
use super::label::Label;
use super::page::Page;
use super::page::Role;
use crate::event::unit;
use crate::report::Report;
use crate::report::model::EventEntry;
use crate::report::model::IncidentEntry;
use crate::report::model::Life;
use crate::report::model::SlotEntry;

/// Shares below this are not listed.
const SHARE_MIN: f64 = 0.0001;

/// Kinds with lines in the timeline.
const TIMELINE_KINDS: usize = 6;

/// Slots below which a timeline says nothing.
const TIMELINE_SLOTS_MIN: usize = 5;

/// Single events listed.
const EVENTS: usize = 5;

pub(super) fn time(report: &Report, top: usize, page: &mut Page) {
    let time = &report.sections.time;
    let listed: Vec<_> = time.contributions.iter().filter(|of| of.share >= SHARE_MIN).take(top).collect();
    if listed.is_empty() {
        return;
    }
    let columns = ["of the trace", "time", "count", "each"].map(|name| Column::numbers(name, 0));
    let mut grid = Grid::new("WHERE THE TIME WENT", &columns);
    for of in listed {
        let key = of.key.as_ref().map_or_else(String::new, |key| format!(" {key}"));
        let each = of.count.filter(|count| *count > 0).map(|count| unit::seconds(of.total_seconds / count as f64));
        let cells =
            vec![Some(unit::share(of.share)), Some(unit::seconds(of.total_seconds)), of.count.map(unit::count), each];
        let label = match (&of.key, &of.name) {
            (Some(key), Some(_)) => Label::of_peer(&format!("{} ", of.kind), key, &report.peers),
            _ => Label::plain(&format!("{}{key}", of.kind)),
        };
        grid.labelled(2, label, cells, Role::Plain);
    }
    grid.note(2, time.note, Role::Faint);
    grid.write(page);
}

/// Errors and operations over time, a digit a slot, for the kinds that matter: those that failed, then those that took
/// most time.
pub(super) fn timeline(report: &Report, page: &mut Page) {
    let slots = &report.sections.timeline;
    if slots.len() < TIMELINE_SLOTS_MIN {
        return;
    }
    let failing = report.signals.iter().filter(|(_, signal)| signal.figures.failed() > 0).map(|(name, _)| (name, true));
    let slow = report.sections.time.contributions.iter().map(|of| (of.kind.as_str(), false));
    let mut lines: Vec<(&str, bool)> = Vec::new();
    for line in failing.chain(slow) {
        if lines.len() < TIMELINE_KINDS && !lines.contains(&line) {
            lines.push(line);
        }
    }
    let counts = |(name, errors): (&str, bool)| -> Vec<u64> {
        let in_slot = |slot: &SlotEntry| slot.kinds.get(name).map_or(0, |of| if errors { of.errors } else { of.count });
        slots.iter().map(in_slot).collect()
    };
    lines.retain(|line| changes(&counts(*line)));
    let warnings: Vec<u64> = slots.iter().map(|slot| slot.warnings).collect();
    let warned = warnings.iter().any(|count| *count > 0);
    if lines.is_empty() && !warned {
        return;
    }
    page.heading("when it happened");
    let mut draw = |label: &str, counts: &[u64]| {
        let peak = counts.iter().copied().max().unwrap_or(0);
        let digits: String = counts.iter().map(|count| digit(*count, peak)).collect();
        page.line(Role::Plain, &format!("  {label:<21}{digits}{:>9}", format!("  {}", unit::count(peak))));
    };
    for (name, errors) in lines {
        let label = if errors { format!("{name} errors") } else { name.to_owned() };
        draw(&label, &counts((name, errors)));
    }
    if warned {
        draw("kubernetes warnings", &warnings);
    }
    let first = slots.first().map_or(0.0, |slot| slot.to_seconds - slot.from_seconds);
    let note = format!(
        "Each digit is {} in tenths of the highest, which stands at the end; a dot is none.",
        unit::seconds(first)
    );
    page.wrapped(2, 2, Role::Faint, &note);
}

/// Whether there is a change worth a line: what is the same all the time stands in the tables. The last slot may be
/// short and does not count.
fn changes(counts: &[u64]) -> bool {
    let whole = &counts[..counts.len().saturating_sub(1)];
    let peak = counts.iter().copied().max().unwrap_or(0);
    whole.iter().any(|count| *count <= peak / 2)
}

fn digit(count: u64, peak: u64) -> char {
    if count == 0 {
        return '.';
    }
    let tenths = (count as f64 / peak.max(1) as f64 * 10.0).floor() as u32;
    char::from_digit(tenths.clamp(1, 9), 10).unwrap_or('9')
}

/// The slowest single operations of all kinds, and the last failed ones.
pub(super) fn slowest(report: &Report, page: &mut Page) {
    let kinds = || report.sections.events.iter().filter(|(name, _)| report.signals.get(name).is_some());
    let waits = |name: &str| report.signals.get(name).is_some_and(|signal| signal.kind.waits);
    let mut slowest: Vec<(&str, &EventEntry)> = kinds()
        .filter(|(name, _)| waits(name))
        .flat_map(|(name, of)| of.slowest.iter().map(move |event| (name, event)))
        .collect();
    slowest.sort_by(|(_, a), (_, b)| {
        let seconds = |event: &EventEntry| event.duration_seconds.unwrap_or(0.0);
        seconds(b).total_cmp(&seconds(a)).then(a.at_seconds.total_cmp(&b.at_seconds))
    });
    events("SLOWEST OPERATIONS", &slowest, report, page);
    let mut failed: Vec<(&str, &EventEntry)> =
        kinds().flat_map(|(name, of)| of.failed.iter().map(move |event| (name, event))).collect();
    failed.sort_by(|(_, a), (_, b)| b.at_seconds.total_cmp(&a.at_seconds));
    events("LAST FAILURES", &failed, report, page);
}

/// What the cluster says happened to the pods: what it warned of first, if there is too much.
pub(super) fn kubernetes(report: &Report, top: usize, page: &mut Page) {
    let Some(section) = &report.sections.kubernetes else { return };
    let mut chosen: Vec<(usize, &IncidentEntry)> = section.events.iter().enumerate().collect();
    chosen.sort_by_key(|(place, event)| (event.severity != "warning", std::cmp::Reverse(*place)));
    chosen.truncate(top);
    chosen.sort_by_key(|(place, _)| *place);
    let hidden = section.events.len() as u64 - chosen.len() as u64 + section.omitted;
    let mut grid = Grid::new("KUBERNETES", &[Column::numbers("last", 0), Column::numbers("times", 0)]);
    for (_, event) in chosen {
        let place = match &event.container {
            Some(container) => format!("{}/{container}", event.pod),
            None => event.pod.clone(),
        };
        let role = if event.severity == "warning" { Role::Warning } else { Role::Plain };
        let at = if event.at_seconds < 0.0 {
            format!("{} before", unit::seconds(-event.at_seconds))
        } else {
            format!("{:.0} s", event.at_seconds)
        };
        grid.row(2, &format!("{place} {}", event.reason), vec![Some(at), Some(unit::count(event.count))], role);
        grid.note(4, &event.message, Role::Faint);
    }
    if hidden > 0 {
        grid.note(2, &format!("{} more", unit::count(hidden)), Role::Faint);
    }
    grid.write(page);
}

fn events(title: &str, events: &[(&str, &EventEntry)], report: &Report, page: &mut Page) {
    if events.is_empty() {
        return;
    }
    let mut grid = Grid::new(
        title,
        &[
            Column::numbers("at", 0),
            Column::numbers("took", 0),
            Column::words("result", 0),
            Column::words("process", 1),
        ],
    );
    for (name, event) in events.iter().take(EVENTS) {
        let what: Vec<_> =
            [Some(*name), event.object.as_deref(), event.detail.as_deref()].into_iter().flatten().collect();
        let label = match (&event.object, &event.name, &event.detail) {
            (Some(peer), Some(_), None) => Label::of_peer(&format!("{name} "), peer, &report.peers),
            _ => Label::plain(&what.join(" ")),
        };
        let cells = vec![
            Some(format!("{:.3} s", event.at_seconds)),
            event.duration_seconds.map(unit::seconds),
            event.error.clone(),
            Some(event.process.clone()),
        ];
        grid.labelled(2, label, cells, Role::Plain);
    }
    grid.write(page);
}

pub(super) fn processes(report: &Report, top: usize, page: &mut Page) {
    let section = &report.sections.processes;
    if section.lives.is_empty() {
        return;
    }
    let mut chosen: Vec<(usize, &Life)> = section.lives.iter().enumerate().collect();
    chosen.sort_by_key(|(place, life)| (!life.failed, *place));
    chosen.truncate(top);
    chosen.sort_by_key(|(place, _)| *place);
    let hidden = section.lives.len() as u64 - chosen.len() as u64 + section.omitted;
    let mut grid = Grid::new(
        "PROCESSES",
        &[
            Column::numbers("began", 0),
            Column::numbers("ended", 0),
            Column::words("how", 0),
            Column::numbers("parent", 1),
        ],
    );
    for (_, life) in chosen {
        let line = if life.arguments.is_empty() { life.executable.clone() } else { Some(life.arguments.join(" ")) };
        let more = if life.arguments_truncated { " ..." } else { "" };
        let line = line.map_or_else(|| life.origin.to_owned(), |line| format!("{line}{more}"));
        let time = |seconds: f64| format!("{seconds:.3} s");
        let cells = vec![
            Some(life.began_seconds.map_or_else(|| "before".to_owned(), time)),
            life.ended_seconds.map(time),
            life.end.clone(),
            Some(life.parent_pid.to_string()),
        ];
        grid.row(2, &format!("{} {line}", life.process), cells, if life.failed { Role::Warning } else { Role::Plain });
    }
    if hidden > 0 {
        grid.note(2, &format!("{} more", unit::count(hidden)), Role::Faint);
    }
    grid.write(page);
}

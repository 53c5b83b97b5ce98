//! The live view as text: a table of the busiest kinds, never wider than the terminal.

#[cfg(test)]
mod tests;

use super::text::Style;
use super::text::grid::Column;
use super::text::grid::Grid;
use super::text::page::Page;
use super::text::page::Role;
use super::text::page::shortened;
use crate::event::unit;
use crate::report::Live;
use crate::report::live::LiveKind;

/// Columns, and which go first where the terminal is narrow.
const COLUMNS: [Column; 6] = [
    Column::numbers("per s", 0),
    Column::numbers("errors/s", 0),
    Column::numbers("share", 0),
    Column::numbers("p50", 2),
    Column::numbers("p99", 0),
    Column::words("worst", 1),
];

/// Findings that are shown.
const FINDINGS: usize = 3;

/// Columns that the kinds and their numbers take.
const NUMBERS: usize = 78;

/// The widest name of what stands out, and the narrowest that still says something.
const WORST: (usize, usize) = (13, 40);

/// What happened during a tick, in a few lines.
pub fn live(live: &Live, width: usize, style: Style) -> String {
    let mut page = Page::new(width, style);
    let at = format!("podtrace: {:.1} s", live.at_seconds);
    for (place, finding) in live.findings.iter().take(FINDINGS).enumerate() {
        let more = live.findings.len().saturating_sub(FINDINGS);
        let more = if place + 1 == FINDINGS && more > 0 { format!(" (and {more} more)") } else { String::new() };
        page.line(Role::Warning, &shortened(&format!("{finding}{more}"), width));
    }
    if live.kinds.is_empty() {
        page.line(Role::Plain, &format!("{at}, nothing happened"));
        return page.finish();
    }
    let mut grid = Grid::new(&at, &COLUMNS);
    for kind in &live.kinds {
        let role = if kind.error_rate > 0.0 { Role::Warning } else { Role::Plain };
        grid.row(2, kind.name, cells(kind, width.saturating_sub(NUMBERS).clamp(WORST.0, WORST.1)), role);
    }
    if live.omitted > 0 {
        grid.note(2, &format!("{} more kinds", live.omitted), Role::Faint);
    }
    grid.write(&mut page);
    page.finish()
}

fn cells(kind: &LiveKind, worst_max: usize) -> Vec<Option<String>> {
    vec![
        kind.share.is_none().then(|| unit::number(kind.rate)),
        (kind.error_rate > 0.0).then(|| unit::number(kind.error_rate)),
        kind.share.map(unit::share),
        kind.p50_seconds.map(unit::seconds),
        kind.p99_seconds.map(unit::seconds),
        kind.worst.as_ref().map(|worst| shortened(worst, worst_max)),
    ]
}

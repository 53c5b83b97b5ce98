//! Containers: every life of every container, and how it ended.

use super::grid::Column;
use super::grid::Grid;
use super::page::Page;
use super::page::Role;
use crate::event::unit;
use crate::report::Report;
use crate::report::model::LifeEntry;
use crate::report::model::TargetEntry;

/// Lives that are listed at least, where there are so many: five restarts of four containers.
const LIVES: usize = 20;

pub(super) fn containers(report: &Report, top: usize, page: &mut Page) {
    let lives: Vec<(&TargetEntry, &LifeEntry)> =
        report.targets.iter().filter_map(|target| Some((target, target.life.as_ref()?))).collect();
    // A single one that runs all the time is in the title.
    if lives.len() < 2 && lives.iter().all(|(_, life)| life.began_seconds.is_none() && life.ended_seconds.is_none()) {
        return;
    }
    let mut chosen: Vec<(usize, &(&TargetEntry, &LifeEntry))> = lives.iter().enumerate().collect();
    chosen.sort_by_key(|(place, (_, life))| (!failed(life), life.ended_seconds.is_none(), *place));
    chosen.truncate(top.max(LIVES));
    chosen.sort_by_key(|(place, _)| *place);
    let hidden = lives.len() - chosen.len();
    let mut grid =
        Grid::new("CONTAINERS", &[Column::numbers("began", 0), Column::numbers("ended", 0), Column::words("how", 0)]);
    for (_, (target, life)) in chosen {
        let time = |seconds: f64| format!("{seconds:.3} s");
        let cells = vec![
            Some(life.began_seconds.map_or_else(|| "before".to_owned(), time)),
            life.ended_seconds.map(time),
            how(life),
        ];
        grid.row(2, &target.name, cells, if failed(life) { Role::Warning } else { Role::Plain });
    }
    if hidden > 0 {
        grid.note(2, &format!("{} more", unit::count(hidden as u64)), Role::Faint);
    }
    grid.write(page);
}

fn failed(life: &LifeEntry) -> bool {
    life.exit_code.is_some_and(|code| code != 0)
}

/// `exit 3 (Error)`.
fn how(life: &LifeEntry) -> Option<String> {
    match (life.exit_code, &life.reason) {
        (Some(code), Some(reason)) => Some(format!("exit {code} ({reason})")),
        (Some(code), None) => Some(format!("exit {code}")),
        (None, reason) => reason.clone(),
    }
}

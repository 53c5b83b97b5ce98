//! What rules in Lua add to the page: sections and numbers of their own.

use super::grid::Column;
use super::grid::Grid;
use super::page::Page;
use super::page::Role;
use crate::event::unit;
use crate::report::Report;
use crate::report::model::RuleMetric;

/// Values of a rule's numbers that are listed.
const METRICS: usize = 10;

pub(super) fn rules(report: &Report, page: &mut Page) {
    for rule in &report.sections.rules {
        if let Some(section) = &rule.section {
            page.heading(&section.title);
            for line in &section.lines {
                page.wrapped(2, 4, Role::Plain, line);
            }
            if let Some((first, others)) = section.columns.split_first() {
                let columns: Vec<_> = others.iter().map(|name| Column::named(name)).collect();
                let mut grid = Grid::new(&first.to_uppercase(), &columns);
                for row in section.rows.iter() {
                    let cells = row.iter().skip(1).cloned().map(Some).collect();
                    grid.row(2, row.first().map_or("", String::as_str), cells, Role::Plain);
                }
                grid.write(page);
            }
        }
    }
    // A gauge by a label is a table of the last window, for machines: of the whole trace there is a better one above.
    let is_shown = |metric: &&RuleMetric| metric.counter || metric.label.is_none();
    let metrics = || {
        let rules = report.sections.rules.iter();
        rules.flat_map(|rule| rule.metrics.iter().filter(is_shown).map(move |metric| (rule, metric)))
    };
    if metrics().next().is_none() {
        return;
    }
    let mut grid = Grid::new("FIGURES OF RULES", &[Column::numbers("value", 0), Column::words("rule", 1)]);
    for (rule, metric) in metrics().take(METRICS) {
        let of = metric.label.as_ref().map_or_else(String::new, |(label, key)| format!(" {label} {key}"));
        let name = format!("{}{of}", metric.name);
        grid.row(2, &name, vec![Some(value(metric)), Some(rule.rule.clone())], Role::Plain);
    }
    let hidden = metrics().count().saturating_sub(METRICS);
    if hidden > 0 {
        grid.note(2, &format!("{} more", unit::count(hidden as u64)), Role::Faint);
    }
    grid.write(page);
}

fn value(metric: &RuleMetric) -> String {
    match metric.unit.as_deref() {
        Some("seconds") => unit::seconds(metric.value),
        Some("bytes") if metric.value >= 0.0 => unit::bytes(metric.value as u64),
        Some("ratio") => unit::share(metric.value),
        Some(other) => format!("{} {other}", unit::number(metric.value)),
        None => unit::number(metric.value),
    }
}

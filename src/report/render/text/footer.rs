//! What is missing, what could not be seen, and what it cost.

use std::collections::BTreeMap;

use super::page::Page;
use super::page::Role;
use crate::event::LossCause;
use crate::event::unit;
use crate::report::Report;
use crate::report::model::Status;

/// Programs whose cost is listed.
const PROGRAMS: usize = 5;

pub(super) fn completeness(report: &Report, page: &mut Page) {
    let completeness = &report.completeness;
    page.heading("completeness");
    let sent = completeness.kinds.iter().fold(0, |sum: u64, (_, kind)| sum.saturating_add(kind.sent));
    let seen = completeness.events_seen;
    let of_sent = if sent > 0 { format!(" of {}", unit::count(sent)) } else { String::new() };
    let nothing = if completeness.events_lost.is_empty() { "; nothing was lost" } else { "" };
    let line = format!("{}{of_sent} single events arrived{nothing}.", unit::count(seen));
    page.wrapped(2, 4, Role::Plain, &line);
    for cause in LossCause::ALL {
        let Some(lost) = completeness.events_lost.get(cause.name()) else { continue };
        let of = if cause == LossCause::RingFull && sent > 0 {
            let share = *lost as f64 / sent.max(*lost) as f64;
            format!(" of {} ({})", unit::count(sent.max(*lost)), unit::share(share))
        } else {
            String::new()
        };
        let concerned = completeness.kinds.iter().filter(|(_, kind)| kind.lost.get(cause.name()).is_some());
        let concerned: Vec<_> = concerned.map(|(name, _)| name).collect();
        let concerned = if concerned.is_empty() { String::new() } else { format!(": {}", concerned.join(", ")) };
        let line = format!("lost {}{of}: {}{concerned}", unit::count(*lost), cause.about());
        page.wrapped(2, 4, Role::Warning, &line);
    }
    for (name, kind) in completeness.kinds.iter().filter(|(_, kind)| !kind.folded.is_empty()) {
        let folded: Vec<_> = kind.folded.iter().map(|(of, keys)| format!("{} ({of})", unit::count(*keys))).collect();
        let line = format!("{name}: too many to list, the lightest are counted under `other`: {}", folded.join(", "));
        page.wrapped(2, 4, Role::Plain, &line);
    }
}

pub(super) fn coverage(report: &Report, page: &mut Page) {
    let mut idle = Vec::new();
    let mut blind = BTreeMap::<&str, Vec<&str>>::new();
    let mut degraded = BTreeMap::<&str, Vec<&str>>::new();
    for feature in &report.coverage {
        match (feature.status, &feature.reason) {
            (Status::Blind, reason) => {
                blind.entry(reason.as_deref().unwrap_or("no reason known")).or_default().push(&feature.feature);
            }
            (_, Some(reason)) => degraded.entry(reason).or_default().push(&feature.feature),
            (Status::Idle, None) => idle.push(feature.feature.as_str()),
            (Status::Observed, None) => {}
        }
    }
    if idle.is_empty() && blind.is_empty() && degraded.is_empty() {
        return;
    }
    page.heading("coverage");
    for (reason, features) in blind {
        page.wrapped(2, 4, Role::Warning, &format!("not seen: {}: {reason}", features.join(", ")));
    }
    for (reason, features) in degraded {
        page.wrapped(2, 4, Role::Plain, &format!("seen in part: {}: {reason}", features.join(", ")));
    }
    if !idle.is_empty() {
        page.wrapped(2, 4, Role::Plain, &format!("nothing happened: {}", idle.join(", ")));
    }
}

pub(super) fn cost(report: &Report, page: &mut Page) {
    let cost = &report.sections.cost;
    page.heading("cost of tracing");
    // Less than a second is mostly the start: a share of it would say nothing of what goes on.
    let share = match report.duration_seconds {
        ..1.0 => String::new(),
        _ => format!(" ({} of one CPU)", unit::share(cost.agent_cpu_share)),
    };
    let line = format!(
        "podtrace itself, with its start: {} of CPU time{share}, {} of memory; tables in the kernel: {}.",
        unit::seconds(cost.agent_cpu_seconds),
        unit::bytes(cost.agent_memory_bytes),
        unit::bytes(cost.kernel_memory_bytes)
    );
    page.wrapped(2, 4, Role::Plain, &line);
    for program in cost.programs.iter().filter(|program| program.runs > 0).take(PROGRAMS) {
        let each = unit::seconds(program.total_seconds / program.runs as f64);
        let (runs, total) = (unit::count(program.runs), unit::seconds(program.total_seconds));
        page.line(Role::Plain, &format!("  {}: {runs} runs of {each}, {total}", program.name));
    }
}

//! The sections: one file for each that takes more than a few lines.

mod events;
mod kubernetes;
mod processes;
mod rules;
mod time;

use std::cmp::Reverse;

pub(super) use events::events;
pub(super) use kubernetes::during;
pub(super) use kubernetes::ends;
pub(super) use kubernetes::kubernetes;
pub(super) use processes::processes;
pub(super) use rules::rules;
pub(super) use time::CAUSE;
pub(super) use time::time;

use super::model::Amount;
use super::model::Cost;
use super::model::Known;
use super::model::Measured;
use super::model::Moment;
use super::model::Named;
use super::model::PeerEntry;
use super::model::ProgramEntry;
use super::model::Signal;
use super::model::SlotEntry;
use super::model::ThresholdEntry;
use super::signals::in_seconds;
use super::signals::ratio;
use crate::event;
use crate::event::kind::ObjectKind;
use crate::rules::Thresholds;
use crate::window::Catalogue;
use crate::window::Incidents;
use crate::window::PeerNames;
use crate::window::Timeline;
use crate::window::names::OTHER;

/// Peers that are listed.
const PEERS_MAX: usize = 100;

/// What became of every threshold, in the order of the profile.
pub(super) fn thresholds(thresholds: &Thresholds) -> Vec<ThresholdEntry> {
    thresholds
        .outcomes()
        .map(|outcome| ThresholdEntry {
            rule: format!("{} {}", outcome.threshold.kind, outcome.threshold.text),
            severity: outcome.threshold.severity,
            for_seconds: in_seconds(outcome.threshold.for_ns),
            windows_judged: outcome.judged,
            windows_held: outcome.held,
            longest_seconds: in_seconds(outcome.longest_ns),
            worst: outcome.worst.as_ref().map(|worst| worst.value).filter(|value| value.is_finite()),
            fired: outcome.fired,
        })
        .collect()
}

/// Peers across kinds, those that took most time first, then those with most operations.
pub(super) fn peers(signals: &Named<Signal>, names: &PeerNames) -> Vec<PeerEntry> {
    let mut peers: Vec<(String, Vec<(String, Measured)>)> = Vec::new();
    for (name, signal) in signals.iter().filter(|(_, signal)| signal.kind.object == ObjectKind::Peer) {
        for entry in signal.top.get("peer").into_iter().flatten().filter(|entry| entry.key != OTHER) {
            let kind = (name.to_owned(), entry.figures.clone());
            match peers.iter_mut().find(|(peer, _)| *peer == entry.key) {
                Some((_, kinds)) => kinds.push(kind),
                None => peers.push((entry.key.clone(), vec![kind])),
            }
        }
    }
    let weight = |kinds: &[(String, Measured)]| {
        let waited = |(name, figures): &(String, Measured)| {
            signals.get(name).filter(|signal| signal.kind.waits).map_or(0.0, |_| figures.total_seconds)
        };
        let count = kinds.iter().fold(0, |sum: u64, (_, figures)| sum.saturating_add(figures.count));
        (kinds.iter().map(waited).sum::<f64>(), count)
    };
    peers.sort_by(|(a_peer, a), (b_peer, b)| {
        let ((a_time, a_count), (b_time, b_count)) = (weight(a), weight(b));
        b_time.total_cmp(&a_time).then(b_count.cmp(&a_count)).then(a_peer.cmp(b_peer))
    });
    peers.truncate(PEERS_MAX);
    let entry = |(peer, kinds): (String, _)| {
        let known = Known::of(names, &peer);
        PeerEntry { peer, known, kinds: Named::from_iter(kinds) }
    };
    peers.into_iter().map(entry).collect()
}

/// Operations and errors over time; kinds of which nothing happened in a slot are left out of it.
pub(super) fn timeline(timeline: &Timeline, catalogue: &Catalogue, incidents: &Incidents) -> Vec<SlotEntry> {
    let mut from_ns = 0;
    let incidents = incidents.all();
    let warnings = incidents.iter().filter(|kept| kept.incident.warning);
    let warnings: Vec<i64> = warnings.flat_map(|kept| &kept.moments_ns).copied().collect();
    let slot = |slot: &crate::window::timeline::Slot| {
        let kinds = catalogue.kinds().filter_map(|(id, kind)| {
            let activity = slot.kinds.get(&id).filter(|activity| activity.count > 0)?;
            Some((kind.name.to_owned(), Moment { count: activity.count, errors: activity.failed }))
        });
        let entry = SlotEntry {
            from_seconds: signed(from_ns),
            to_seconds: signed(slot.to_ns),
            kinds: kinds.collect(),
            warnings: warnings.iter().filter(|at_ns| (from_ns..slot.to_ns).contains(*at_ns)).count() as u64,
        };
        from_ns = slot.to_ns;
        entry
    };
    timeline.slots().iter().map(slot).collect()
}

/// What tracing cost, programs with the highest time first.
pub(super) fn cost(cost: &event::session::Cost, duration_seconds: f64) -> Cost {
    let mut programs: Vec<_> = cost.programs.iter().collect();
    programs.sort_by_key(|program| (Reverse(program.total_ns), &program.name));
    let agent_cpu_seconds = in_seconds(cost.agent_cpu_ns);
    Cost {
        agent_cpu_seconds,
        agent_cpu_share: ratio(agent_cpu_seconds, duration_seconds),
        agent_memory_bytes: cost.agent_memory_bytes,
        kernel_memory_bytes: cost.kernel_memory_bytes,
        programs: programs
            .into_iter()
            .map(|program| ProgramEntry {
                name: program.name.clone(),
                runs: program.runs,
                total_seconds: in_seconds(program.total_ns),
            })
            .collect(),
    }
}

/// Signed nanoseconds in seconds.
pub(super) fn signed(ns: i64) -> f64 {
    ns as f64 / 1e9
}

/// The time a kind or key stands for: waited for, or used up.
fn time_of(signal: &Signal, figures: &Measured) -> Option<f64> {
    match figures.amount {
        Amount::Use { total_seconds, .. } => Some(total_seconds),
        _ => signal.kind.waits.then_some(figures.total_seconds),
    }
}

//! Figures in words.

use super::super::Contributor;
use super::super::Part;
use crate::event::Kind;
use crate::event::kind::Unit;
use crate::event::unit;
use crate::profile::Figure;
use crate::profile::Threshold;
use crate::window::Figures;
use crate::window::PeerNames;

/// The name of a figure in a sentence.
pub(super) fn figure(figure: Figure) -> &'static str {
    Figure::ALL.iter().find(|(known, _)| *known == figure).map_or("", |(_, name)| name)
}

/// A figure's value with its unit.
pub(super) fn value(figure: Figure, value: f64, kind: &Kind) -> String {
    match figure {
        Figure::Mean | Figure::P50 | Figure::P90 | Figure::P95 | Figure::P99 | Figure::Max => unit::seconds(value),
        Figure::Count | Figure::Errors => unit::count(value as u64),
        Figure::Rate => format!("{}/s", unit::number(value)),
        Figure::ErrorRate | Figure::CpuShare => unit::share(value),
        Figure::Throughput => match kind.amount.map(|amount| amount.unit) {
            Some(Unit::Bytes) => format!("{}/s", unit::bytes(value as u64)),
            _ => format!("{}/s", unit::number(value)),
        },
    }
}

/// A moment of the trace.
pub(in crate::rules) fn moment(at_ns: i64) -> String {
    format!("{:.1} s", at_ns as f64 / 1e9)
}

/// A contributor in a few words, a peer with its name.
pub(super) fn who(part: &Contributor, peers: &PeerNames) -> String {
    if part.dimension == "peer" { peers.brief(&part.label) } else { part.label.clone() }
}

/// What one peer, path or process has to do with it.
pub(super) fn contributor(
    threshold: &Threshold,
    part: &Contributor,
    kind: &Kind,
    whole: &Figures,
    peers: &PeerNames,
) -> String {
    let Contributor { dimension, label, figures, .. } = part;
    let label = if *dimension == "peer" { peers.title(label) } else { label.clone() };
    let own = part.value.map(|own| value(threshold.figure, own, kind));
    let text = match part.part {
        Part::Slow(slow) => {
            let mean = || format!("mean {}", unit::seconds(figures.mean_ns().unwrap_or(0.0) / 1e9));
            let own = own.unwrap_or_else(mean);
            let (slow, count) = (unit::count(slow), unit::count(figures.count));
            format!("{own} ({slow} of {count} over {})", unit::seconds(threshold.bound))
        }
        Part::Failed(failed) => {
            let names: Vec<_> =
                figures.errors.iter().map(|e| format!("{} {}", unit::count(e.count), (kind.error)(e.errno))).collect();
            format!("{} of {} failed ({})", unit::count(failed), unit::count(figures.count), names.join(", "))
        }
        Part::Operations(count) => format!("{} of {}", unit::count(count), unit::count(whole.count)),
        Part::Amount(_) => own.unwrap_or_default(),
    };
    format!("{dimension} {label}: {text}")
}

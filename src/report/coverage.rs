//! Coverage: per feature, whether it was seen, nothing happened, or it cannot be seen here and why.

use super::model::Feature;
use super::model::Status;
use crate::event::Ending;
use crate::event::Session;
use crate::event::session::PlannedFeature;
use crate::window::Catalogue;
use crate::window::Store;

/// Every feature that was planned or turned out otherwise while the trace ran or at its end, then kinds that were asked for
/// and not planned, then kinds nobody knows.
pub(super) fn coverage(session: &Session, ending: &Ending, catalogue: &Catalogue, store: &Store) -> Vec<Feature> {
    let tallies = &store.tallies;
    let counted = |feature: &str| {
        let kind = feature.split_once(':').map_or(feature, |(kind, _)| kind).trim();
        catalogue.id(kind).and_then(|id| tallies.kind(id)).is_some_and(|counted| !counted.all.is_empty())
    };
    let later = |planned: &PlannedFeature| store.features.iter().find(|later| later.feature == planned.feature);
    let planned = session.coverage.iter().chain(&ending.coverage).map(|planned| match later(planned) {
        Some(later) => turned_out(later),
        None => feature(planned, counted(&planned.feature)),
    });
    let is_planned = |later: &&PlannedFeature| session.coverage.iter().any(|f| f.feature == later.feature);
    let others = store.features.iter().filter(|later| !is_planned(later)).map(turned_out);
    let unplanned = catalogue.kinds().filter(|(_, kind)| !session.coverage.iter().any(|f| f.feature == kind.name));
    let unplanned = unplanned.map(|(_, kind)| Feature {
        feature: kind.name.to_owned(),
        status: if counted(kind.name) { Status::Observed } else { Status::Idle },
        reason: None,
    });
    let unknown = catalogue.unknown().iter().map(|name| Feature {
        feature: name.clone(),
        status: Status::Blind,
        reason: Some("this version of podtrace does not know it".to_owned()),
    });
    planned.chain(others).chain(unplanned).chain(unknown).collect()
}

/// What was told while the trace ran.
fn turned_out(later: &PlannedFeature) -> Feature {
    let (status, reason) = match &later.blind {
        Some(reason) => (Status::Blind, Some(reason)),
        None => (Status::Observed, later.degraded.as_ref()),
    };
    Feature { feature: later.feature.clone(), status, reason: reason.cloned() }
}

fn feature(planned: &PlannedFeature, counted: bool) -> Feature {
    // A part of a kind cannot be told from the rest of it: a blind part stays blind whatever was counted.
    let blind = planned.blind.as_ref().filter(|_| !counted || planned.feature.contains(':'));
    let (status, reason) = match (blind, counted) {
        (Some(reason), _) => (Status::Blind, Some(reason)),
        (None, true) => (Status::Observed, planned.degraded.as_ref()),
        (None, false) => (Status::Idle, planned.degraded.as_ref()),
    };
    Feature { feature: planned.feature.clone(), status, reason: reason.cloned() }
}

//! What is true when a trace begins.

use std::path::Path;

use jiff::Timestamp;

use super::PipelineError;
use super::Request;
use super::facts::Running;
use crate::event::Session;
use crate::event::session::PlannedFeature;
use crate::event::session::Target;
use crate::host::Abilities;
use crate::host::Host;
use crate::plan::Plan;
use crate::probe::Beginning;
use crate::profile::Profile;

/// The plan for a profile on this machine.
///
/// # Errors
/// Nothing can be traced here, or the profile asks for nothing.
pub fn plan_here(host: &Host, profile: &Profile, data_ring_bytes: Option<u32>) -> Result<Plan, PipelineError> {
    if profile.probes.is_empty() {
        return Err(PipelineError::NoProbes);
    }
    let abilities = Abilities::probe(host, Path::new("/"));
    abilities.require()?;
    Ok(Plan::new(profile, &Running::new(host, &abilities), data_ring_bytes))
}

/// Describes the session that is about to begin.
pub(super) fn describe(
    request: &Request,
    host: &Host,
    plan: &Plan,
    targets: Vec<Target>,
    remarks: &[String],
) -> Session {
    let mut coverage = plan.coverage.clone();
    if !request.selectors.is_empty() || !request.pods.selectors.is_empty() {
        join_late(&mut coverage, plan);
    }
    coverage.extend(remarks.iter().map(|remark| PlannedFeature {
        feature: "targets".into(),
        blind: None,
        degraded: Some(remark.clone()),
    }));
    Session {
        podtrace: env!("CARGO_PKG_VERSION").into(),
        started: Timestamp::UNIX_EPOCH, // known once observation begins: see `correct`
        host: host.summary(),
        profiles: request.profile.sources.clone(),
        rules: request.rules.clone(),
        targets,
        command: request
            .command
            .as_ref()
            .map(|arguments| arguments.iter().map(|argument| argument.to_string_lossy().into_owned()).collect()),
        kinds: plan.kind_names(),
        coverage,
    }
}

/// Targets that ran before: what is missing of their past is said.
fn join_late(coverage: &mut [PlannedFeature], plan: &Plan) {
    for (kind, missing) in plan.families.iter().flat_map(|family| family.joined_late) {
        let planned = coverage.iter_mut().find(|feature| feature.feature == *kind && feature.blind.is_none());
        if let Some(feature) = planned {
            feature.degraded = Some((*missing).to_owned());
        }
    }
}

/// What turned out when the plan was carried out takes the place of what was planned.
pub(super) fn correct(session: &mut Session, beginning: &Beginning) {
    session.started = beginning.clock.wall;
    for surprise in &beginning.surprises {
        match session.coverage.iter_mut().find(|feature| feature.feature == surprise.feature) {
            Some(feature) => feature.clone_from(surprise),
            None => session.coverage.push(surprise.clone()),
        }
        if surprise.blind.is_some() {
            session.kinds.retain(|kind| kind.name != surprise.feature);
        }
    }
}

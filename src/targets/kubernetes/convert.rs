//! From the API's pod to ours.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ContainerState as ApiState;
use k8s_openapi::api::core::v1::ContainerStatus;
use k8s_openapi::api::core::v1::Pod as ApiPod;
use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::api::core::v1::PodStatus;

use super::super::pod::Container;
use super::super::pod::ContainerKind;
use super::super::pod::ContainerState;
use super::super::pod::Controller;
use super::super::pod::Ended;
use super::super::pod::Phase;
use super::super::pod::Pod;
use super::super::pod::Workload;
use super::super::pod::container_id;

/// The annotation with a static pod's uid as the kubelet knows it; the API has the uid of its mirror.
const HASH: &str = "kubernetes.io/config.hash";

/// Takes over what is of use.
pub(super) fn pod(pod: &ApiPod) -> Pod {
    let metadata = &pod.metadata;
    let uid = metadata.uid.clone().unwrap_or_default();
    let labels = metadata.labels.clone().unwrap_or_default();
    let annotations = metadata.annotations.as_ref();
    let status = pod.status.as_ref();
    Pod {
        namespace: metadata.namespace.clone(),
        name: metadata.name.clone().unwrap_or_default(),
        kubelet_uid: annotations.and_then(|all| all.get(HASH)).cloned().unwrap_or_else(|| uid.clone()),
        uid,
        node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()).filter(|node| !node.is_empty()),
        workload: workload(pod),
        phase: status.and_then(|status| status.phase.as_deref()).map_or(Phase::Unknown, phase),
        reason: status.and_then(reason),
        sandboxes: Vec::new(),
        containers: containers(pod.spec.as_ref(), status),
        labels,
    }
}

/// Who made a pod.
pub(super) fn workload(pod: &ApiPod) -> Option<Workload> {
    let owners = pod.metadata.owner_references.iter().flatten();
    let owner = owners.into_iter().find(|owner| owner.controller == Some(true))?;
    let nothing = BTreeMap::new();
    let labels = pod.metadata.labels.as_ref().unwrap_or(&nothing);
    Some(Workload::of_controller(Controller { kind: &owner.kind, name: &owner.name }, labels))
}

fn phase(text: &str) -> Phase {
    match text {
        "Pending" => Phase::Pending,
        "Running" => Phase::Running,
        "Succeeded" => Phase::Succeeded,
        "Failed" => Phase::Failed,
        _ => Phase::Unknown,
    }
}

/// Why it is where it is: what the kubelet says (`Evicted`), or that it has no node yet.
fn reason(status: &PodStatus) -> Option<String> {
    let said = |reason: &Option<String>, message: &Option<String>| match (reason, message) {
        (Some(reason), Some(message)) if !message.is_empty() => Some(format!("{reason}: {message}")),
        (Some(reason), _) => Some(reason.clone()),
        (None, message) => message.clone(),
    };
    let scheduled = status.conditions.iter().flatten().find(|condition| condition.type_ == "PodScheduled");
    let unscheduled = scheduled.filter(|condition| condition.status == "False");
    let reason = said(&status.reason, &status.message)
        .or_else(|| unscheduled.and_then(|condition| said(&condition.reason, &condition.message)));
    reason.map(|reason| reason.trim_end_matches('.').to_owned())
}

/// All that are declared, with what is known of each.
fn containers(spec: Option<&PodSpec>, status: Option<&PodStatus>) -> Vec<Container> {
    let Some(spec) = spec else { return Vec::new() };
    let known = |statuses: Option<&Vec<ContainerStatus>>| -> BTreeMap<String, ContainerStatus> {
        statuses.into_iter().flatten().map(|status| (status.name.clone(), status.clone())).collect()
    };
    let init = known(status.and_then(|status| status.init_container_statuses.as_ref()));
    let app = known(status.and_then(|status| status.container_statuses.as_ref()));
    let ephemeral = known(status.and_then(|status| status.ephemeral_container_statuses.as_ref()));
    let of = |kind: ContainerKind, name: &String, known: &BTreeMap<String, ContainerStatus>| {
        let status = known.get(name);
        Container {
            name: name.clone(),
            kind,
            id: status.and_then(|status| container_id(status.container_id.as_deref()?)),
            restarts: Some(status.map_or(0, |status| u32::try_from(status.restart_count).unwrap_or(0))),
            state: state(status.and_then(|status| status.state.as_ref())),
            ended: status.map(ended).unwrap_or_default(),
        }
    };
    let inits = spec.init_containers.iter().flatten().map(|one| of(ContainerKind::Init, &one.name, &init));
    let apps = spec.containers.iter().map(|one| of(ContainerKind::App, &one.name, &app));
    let others = spec.ephemeral_containers.iter().flatten();
    let others = others.map(|one| of(ContainerKind::Ephemeral, &one.name, &ephemeral));
    inits.chain(apps).chain(others).collect()
}

/// The lives that are over: the one before, and the present one if it is.
fn ended(status: &ContainerStatus) -> Vec<Ended> {
    let states = [status.last_state.as_ref(), status.state.as_ref()];
    let terminated = states.into_iter().flatten().filter_map(|state| state.terminated.as_ref());
    terminated
        .filter_map(|ended| {
            // `Error` and `Completed` only say again what the code says.
            let reason = ended.reason.clone().filter(|reason| !["Error", "Completed"].contains(&reason.as_str()));
            Some(Ended { id: container_id(ended.container_id.as_deref()?)?, exit_code: ended.exit_code, reason })
        })
        .collect()
}

fn state(state: Option<&ApiState>) -> ContainerState {
    let not_yet = || ContainerState::Waiting("not started yet".into());
    let Some(state) = state else { return not_yet() };
    if state.running.is_some() {
        return ContainerState::Running;
    }
    if let Some(ended) = &state.terminated {
        return ContainerState::Ended(Some(ended.exit_code));
    }
    match state.waiting.as_ref().and_then(|waiting| waiting.reason.clone()) {
        Some(reason) => ContainerState::Waiting(reason),
        None => not_yet(),
    }
}

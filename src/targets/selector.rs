//! Which pods a selector means. The same for all sources, so that none finds more than another.

use super::path;
use super::pod::Pod;
use super::pod::Workload;
use crate::profile::InNamespace;
use crate::profile::Narrowing;
use crate::profile::PodSelector;
use crate::profile::Subject;
use crate::profile::selector::WorkloadKind;

/// Whether a pod is meant. Names of cgroups may not tell a pod's namespace: then only one that is named itself is meant,
/// since a pattern would mean the pods of all namespaces.
pub fn takes(selector: &PodSelector, narrowing: &Narrowing, pod: &Pod) -> bool {
    let by_name = matches!(&selector.subject, Subject::Pod(name) if name.exact().is_some());
    is_in(&selector.namespace, pod)
        && (pod.namespace.is_some() || by_name || !matches!(selector.namespace, InNamespace::Named(_)))
        && is_meant(&selector.subject, pod)
        && narrowing.takes_pod(pod.namespace.as_deref(), &pod.name)
}

/// Whether a pod lies, or may lie, where a selector looks.
pub fn is_in(namespace: &InNamespace, pod: &Pod) -> bool {
    match namespace {
        InNamespace::Default | InNamespace::All => true,
        InNamespace::Named(wanted) => pod.namespace.as_ref().is_none_or(|namespace| namespace == wanted),
    }
}

/// Whether a pod is what a selector names.
fn is_meant(subject: &Subject, pod: &Pod) -> bool {
    match subject {
        Subject::Pod(pattern) => {
            let uid = pattern.exact();
            pattern.matches(&pod.name) || uid.is_some_and(|uid| uid == pod.uid || uid == pod.kubelet_uid)
        }
        Subject::Workload(kind, name) => {
            let made = pod.workload.as_ref().is_some_and(|workload| workload.is(*kind, name));
            made || (*kind == WorkloadKind::ReplicaSet && is_of_set(pod, name))
        }
        Subject::Labels(labels) => labels.matches(&pod.labels),
        Subject::Node(node) => pod.node.as_ref().is_none_or(|one| one == node),
        Subject::All => true,
    }
}

/// Whether a Deployment's pod belongs to one certain ReplicaSet of it.
fn is_of_set(pod: &Pod, set: &str) -> bool {
    let Some(Workload { kind, name }) = &pod.workload else { return false };
    let hash = pod.labels.get("pod-template-hash");
    kind == "Deployment" && hash.is_some_and(|hash| format!("{name}-{hash}") == set)
}

/// Whether a name can only be a pod's uid.
pub fn is_uid(name: &str) -> bool {
    path::read(&format!("pod{name}")).pod.is_some()
}

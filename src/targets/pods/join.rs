//! From pods that were told of to cgroups on this machine.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::DirEntryExt;
use std::path::Path;

use super::Found;
use super::PodsError;
use super::Request;
use super::source;
use super::source::Told;
use super::target::ContainerTarget;
use super::target::PodTarget;
use crate::profile::Pattern;
use crate::profile::Subject;
use crate::targets::cgroupfs::Forest;
use crate::targets::cgroupfs::Tree;
use crate::targets::pod::Container;
use crate::targets::pod::ContainerKind;
use crate::targets::pod::ContainerState;
use crate::targets::pod::Phase;
use crate::targets::pod::Pod;
use crate::targets::runtime::Runtime;
use crate::targets::selector::takes;

/// Pods elsewhere that a remark names.
const NAMED: usize = 3;

/// Finds the cgroups of the pods that are meant.
pub(super) fn join(
    request: &Request,
    mut told: Told,
    chosen: &[Pod],
    root: &Path,
    forest: &Forest<'_>,
) -> Result<Found, PodsError> {
    known_containers(&request.narrowing.containers, chosen)?;
    let ids: Vec<&str> =
        chosen.iter().flat_map(|pod| &pod.containers).filter_map(|container| container.id.as_deref()).collect();
    let uids: Vec<&str> = chosen.iter().map(|pod| pod.kubelet_uid.as_str()).collect();
    let tree = forest.choose(&ids, &uids);
    let here = source::host_name(root);
    let mut joiner = Joiner { request, root, runtime: &mut told.runtime, asked: None };
    let mut pods = Vec::new();
    let mut absent = Vec::new();
    let mut waiting = Vec::new();
    for pod in chosen {
        let target = tree.map(|tree| joiner.target(pod, tree)).transpose()?;
        match target.filter(|target| is_here(pod, target)) {
            Some(target) => {
                waiting.extend(between_lives(pod, &target));
                pods.push(target);
            }
            None => absent.push((pod, PodsError::absent(pod, here.as_deref(), &told.source))),
        }
    }
    let mut remarks = told.remarks();
    remarks.append(&mut waiting);
    let by_name = |pod: &Pod| {
        request.selectors.iter().any(|selector| {
            matches!(&selector.subject, Subject::Pod(name) if name.exact().is_some())
                && takes(selector, &request.narrowing, pod)
        })
    };
    let fatal = absent.iter().position(|(pod, _)| pods.is_empty() || by_name(pod));
    match fatal {
        Some(at) => return Err(absent.swap_remove(at).1),
        None if !absent.is_empty() => remarks.push(elsewhere(&absent)),
        None => {}
    }
    let placed = request.selectors.iter().map(|selector| told.place(selector)).collect();
    let here = pods.iter().map(|pod: &PodTarget| &pod.uid).collect::<BTreeSet<_>>();
    let told_of = chosen.iter().filter(|pod| here.contains(&pod.uid)).cloned().collect();
    Ok(Found { pods, told_of, placed, source: told.source, remarks, cluster: told.cluster })
}

/// Whether a pod is on this machine: with a container, or, between two lives of them, with a cgroup of its own.
fn is_here(pod: &Pod, target: &PodTarget) -> bool {
    let any = target.containers.iter().any(|container| container.cgroup.is_some());
    any || (target.whole && target.cgroup.is_some() && matches!(pod.phase, Phase::Running | Phase::Unknown))
}

/// What is said of a pod that runs, and none of its containers that are meant.
fn between_lives(pod: &Pod, target: &PodTarget) -> Option<String> {
    let any = target.containers.iter().any(|container| container.cgroup.is_some());
    (!any).then(|| format!("pod `{}`: none of its containers runs at present ({})", pod.full_name(), pod.why_waiting()))
}

/// Every name of a container that is asked for must be there.
fn known_containers(wanted: &[Pattern], chosen: &[Pod]) -> Result<(), PodsError> {
    let names = || chosen.iter().flat_map(|pod| &pod.containers).map(|container| container.name.as_str());
    match wanted.iter().find(|pattern| !names().any(|name| pattern.matches(name))) {
        Some(pattern) => Err(PodsError::unknown_container(pattern, chosen)),
        None => Ok(()),
    }
}

/// What is said about pods that are meant and not here.
fn elsewhere(absent: &[(&Pod, PodsError)]) -> String {
    let place = |(pod, _): &(&Pod, PodsError)| match &pod.node {
        Some(node) if pod.runs() => format!("`{}` on node `{node}`", pod.full_name()),
        _ => format!("`{}` (does not run)", pod.full_name()),
    };
    let mut names: Vec<String> = absent.iter().take(NAMED).map(place).collect();
    if absent.len() > NAMED {
        names.push(format!("{} more", absent.len() - NAMED));
    }
    format!("of the pods that were named, these are not traced, because they do not run here: {}", names.join(", "))
}

impl Told {
    /// Why a lesser source was used, and what is missing for it.
    fn remarks(&self) -> Vec<String> {
        let missing = self.source.missing().map(|missing| {
            let failures = self.failures.join("; and ");
            format!("pods were found by {}, so {missing}; better sources could not be used: {failures}", self.source)
        });
        missing.into_iter().collect()
    }
}

/// The cgroups directly in a folder: names by id.
pub(super) fn children(folder: &Path) -> BTreeMap<u64, String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.map(|entry| (entry.ino(), entry.file_name().to_string_lossy().into_owned())).collect()
}

struct Joiner<'a> {
    request: &'a Request,
    root: &'a Path,
    runtime: &'a mut Option<Runtime>,
    /// What the runtime said, if it was asked.
    asked: Option<Vec<Pod>>,
}

impl Joiner<'_> {
    /// A pod with cgroups.
    fn target(&mut self, pod: &Pod, tree: &Tree<'_>) -> Result<PodTarget, PodsError> {
        let ids = || pod.containers.iter().filter_map(|container| container.id.as_deref());
        let cgroup = tree.pod(&pod.kubelet_uid, ids())?;
        let mut containers = Vec::new();
        let mut whole = true;
        let mut left_out: BTreeSet<String> = pod.sandboxes.iter().cloned().collect();
        let inside = cgroup.as_ref().map_or_else(Vec::new, |cgroup| tree.containers_of(cgroup));
        let others = self.others(pod, tree, inside, &mut left_out);
        // A container that was restarted since is told of twice: as it was, and as it is.
        let replaced = |container: &&Container| !others.iter().any(|other| other.name == container.name);
        for container in pod.containers.iter().filter(replaced).chain(&others) {
            if !self.request.narrowing.takes_container(&container.name) {
                whole = false;
                // One that has no name yet may turn out to be meant.
                left_out.extend(container.id.clone().filter(|id| source::short(id) != container.name));
                continue;
            }
            let id = container.id.as_deref();
            let cgroup = id.map(|id| tree.container(id)).transpose()?.flatten();
            containers.push(ContainerTarget::of(container, tree, cgroup));
        }
        Ok(PodTarget {
            namespace: pod.namespace.clone(),
            pod: pod.name.clone(),
            uid: pod.uid.clone(),
            kubelet_uid: pod.kubelet_uid.clone(),
            node: pod.node.clone(),
            workload: pod.workload.clone(),
            labels: pod.labels.clone(),
            containers,
            left_out,
            children: cgroup.as_ref().map(|cgroup| children(&cgroup.directory)).unwrap_or_default(),
            ended: pod.containers.iter().flat_map(|container| container.ended.clone()).collect(),
            cgroup,
            whole,
        })
    }

    /// Containers in a pod's cgroup that the source did not tell of, because it is behind. Sandboxes are left out.
    fn others(
        &mut self,
        pod: &Pod,
        tree: &Tree<'_>,
        inside: Vec<String>,
        left_out: &mut BTreeSet<String>,
    ) -> Vec<Container> {
        let is_known = |id: &String| {
            pod.sandboxes.contains(id) || pod.containers.iter().any(|container| container.id.as_ref() == Some(id))
        };
        let mut others = Vec::new();
        for id in inside.into_iter().filter(|id| !is_known(id)) {
            let processes = source::processes(tree, &id);
            if processes.is_empty() {
                continue;
            }
            if source::is_sandbox(self.root, &processes) {
                left_out.insert(id);
                continue;
            }
            let told = self.runtime_pods().iter().find(|told| told.kubelet_uid == pod.kubelet_uid);
            if told.is_some_and(|told| told.sandboxes.contains(&id)) {
                left_out.insert(id);
                continue;
            }
            let of_runtime = told.and_then(|told| told.containers.iter().find(|one| one.id.as_ref() == Some(&id)));
            let name = of_runtime.map_or_else(|| source::short(&id), |container| container.name.clone());
            let declared = pod.containers.iter().find(|container| container.name == name);
            others.push(Container {
                kind: declared.map_or(ContainerKind::App, |container| container.kind),
                restarts: of_runtime.and_then(|container| container.restarts),
                name,
                id: Some(id),
                state: ContainerState::Running,
                ended: Vec::new(),
            });
        }
        others
    }

    /// What the runtime tells, asked once and only if need be; nothing if it cannot be asked.
    fn runtime_pods(&mut self) -> &[Pod] {
        let (root, request, runtime) = (self.root, self.request, &mut *self.runtime);
        self.asked.get_or_insert_with(|| {
            if runtime.is_none() {
                *runtime = Runtime::find(root, request.runtime.as_deref()).ok();
            }
            runtime.as_mut().and_then(|runtime| runtime.pods().ok()).unwrap_or_default()
        })
    }
}

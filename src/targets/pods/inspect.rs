//! What the doctor is told of a pod's containers: from where each was found to what runs in it.

use std::collections::BTreeSet;
use std::path::Path;

use super::ContainerTarget;
use super::PodTarget;
use super::Source;
use crate::host::Processes;
use crate::host::Program;
use crate::host::cgroup;
use crate::host::doctor::containers::ContainerFinding;
use crate::host::doctor::containers::Place;
use crate::targets::pod::ContainerState;
use crate::targets::runtime::Runtime;

/// Processes of a container that are looked at.
const PROCESSES_MAX: usize = 64;

impl PodTarget {
    /// Looks at each container; `runtime` is the container runtime of this machine, if it answers.
    pub fn inspect(&self, source: &Source, runtime: Option<&Runtime>, root: &Path) -> Vec<ContainerFinding> {
        self.containers.iter().map(|container| self.inspect_one(container, source, runtime, root)).collect()
    }

    fn inspect_one(
        &self,
        container: &ContainerTarget,
        source: &Source,
        runtime: Option<&Runtime>,
        root: &Path,
    ) -> ContainerFinding {
        let namespace = self.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let mut finding = ContainerFinding {
            name: format!("{namespace}{}/{}", self.pod, container.name),
            by: source.to_string(),
            id: container.id.clone(),
            runtime: runtime_of(container, runtime),
            ..ContainerFinding::default()
        };
        finding.place = match (&container.cgroup, &container.state) {
            (Some(cgroup), _) => {
                let processes = cgroup::processes(&cgroup.directory);
                finding.unlooked = processes.len().saturating_sub(PROCESSES_MAX);
                finding.programs = programs(root, &processes);
                Place::Cgroup {
                    hierarchy: cgroup.hierarchy.to_string(),
                    path: cgroup.path.clone(),
                    processes: processes.len(),
                    matched: cgroup.hierarchy.can_match(),
                }
            }
            (None, ContainerState::Running) => {
                Place::Missing("it runs, says who told of it, but has no cgroup on this machine".into())
            }
            (None, ContainerState::Waiting(reason)) => Place::Idle(reason.clone()),
            (None, ContainerState::Ended(Some(code))) => Place::Idle(format!("it has ended with exit code {code}")),
            (None, ContainerState::Ended(None)) => Place::Idle("it has ended".into()),
        };
        finding
    }
}

/// The runtime that answers, unless the cgroup's name says that it is another one's.
fn runtime_of(container: &ContainerTarget, answering: Option<&Runtime>) -> Option<String> {
    let of_name = container.runtime.as_deref();
    match answering {
        Some(runtime) if of_name.is_none_or(|name| name == runtime.name) => {
            Some(format!("{} {} at `{}`", runtime.name, runtime.version, runtime.socket().display()))
        }
        _ => of_name.map(|name| format!("{name}, by the name of its cgroup; its version is not known")),
    }
}

/// What runs, the process that the container began with first: it has number 1 inside, where it has numbers of its own,
/// and is the eldest.
fn programs(root: &Path, pids: &BTreeSet<u32>) -> Vec<Program> {
    let processes = Processes::new(root);
    let mut ranked: Vec<((bool, u64), u32)> = pids
        .iter()
        .map(|pid| {
            let facts = processes.facts(*pid).ok();
            let first = facts.as_ref().is_some_and(|facts| facts.namespace_pids.last() == Some(&1));
            ((!first, facts.map_or(u64::MAX, |facts| facts.stat.started_boot_ns)), *pid)
        })
        .collect();
    ranked.sort_unstable();
    ranked.into_iter().take(PROCESSES_MAX).filter_map(|(_, pid)| Program::read(root, pid)).collect()
}

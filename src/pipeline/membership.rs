//! From resolved targets to what the kernel matches.

use std::collections::BTreeSet;
use std::path::Path;

use crate::host::Hierarchy;
use crate::host::cgroup;
use crate::host::socket;
use crate::probe::Assignment;
use crate::probe::Membership as Matched;
use crate::targets::Membership;
use crate::targets::Resolved;
use crate::targets::pods::PodTarget;
use crate::wire::types::podtrace_hierarchy as Wire;

/// What the kernel is told.
pub(super) struct Matching {
    /// Per target, who belongs to it.
    pub(super) assignments: Vec<Assignment>,
    /// The hierarchy cgroups are matched in: `enum podtrace_hierarchy`.
    pub(super) hierarchy: u32,
    /// What people should know.
    pub(super) remarks: Vec<String>,
}

impl Matching {
    /// Whether a target is a set of processes, whose children belong to it too.
    pub(super) fn follows(&self, target: u16) -> bool {
        let assignment = self.assignments.iter().find(|assignment| assignment.target == target);
        assignment.is_some_and(|assignment| matches!(assignment.membership, Matched::Processes(_)))
    }
}

/// The kernel side's number of a hierarchy; `None` where it cannot match in it.
fn number(hierarchy: &Hierarchy) -> Option<u32> {
    match hierarchy {
        Hierarchy::V2 => Some(Wire::PODTRACE_CGROUP_V2.0),
        Hierarchy::V1(name) => match name.as_str() {
            "memory" => Some(Wire::PODTRACE_CGROUP_MEMORY.0),
            "pids" => Some(Wire::PODTRACE_CGROUP_PIDS.0),
            "cpu" => Some(Wire::PODTRACE_CGROUP_CPU.0),
            _ => None,
        },
    }
}

/// Cgroup ids of different hierarchies are different numbers for the same thing, so all are matched in one: that of the
/// pods if there are any, else the first target's. Targets in another one are followed as processes, and that is said.
pub(super) fn matching(targets: &[Resolved], pods: Option<&Hierarchy>) -> Matching {
    let mut chosen = pods.and_then(number);
    let mut remarks = Vec::new();
    let mut assignments = Vec::new();
    for resolved in targets {
        remarks.extend(resolved.remark.clone());
        let membership = match &resolved.membership {
            Membership::Processes { pids } => Matched::Processes(pids.iter().copied().collect()),
            Membership::CgroupSubtree { id, level, hierarchy, path, pids } => match number(hierarchy) {
                Some(number) if *chosen.get_or_insert(number) == number => Matched::Cgroup { id: *id, level: *level },
                _ => {
                    remarks.push(format!(
                        "`{path}` lies in {hierarchy}, which is not matched here: its present processes and their \
                         children are traced; processes that get there otherwise are missed"
                    ));
                    Matched::Processes(pids.iter().copied().collect())
                }
            },
        };
        assignments.push(Assignment { target: resolved.target.index, membership, from_exec: false });
    }
    Matching { assignments, hierarchy: chosen.unwrap_or(Wire::PODTRACE_CGROUP_V2.0), remarks }
}

/// The ports that the targets' network namespaces listen on, so that connections which are open already are known by
/// their right side.
pub(super) fn listeners(targets: &[Resolved], pods: &[PodTarget]) -> Vec<(u32, u16)> {
    let of_targets = targets.iter().flat_map(|target| target.membership.pids()).copied();
    listening(of_targets.chain(pods.iter().flat_map(processes)))
}

/// The same for a pod that came later.
pub(super) fn listeners_of(pod: &PodTarget) -> Vec<(u32, u16)> {
    listening(processes(pod))
}

/// One process of each container: all of a container share a network namespace, as a rule.
fn processes(pod: &PodTarget) -> impl Iterator<Item = u32> {
    let cgroups = pod.containers.iter().filter_map(|container| container.cgroup.as_ref());
    cgroups.filter_map(|cgroup| cgroup::processes(&cgroup.directory).first().copied())
}

fn listening(pids: impl Iterator<Item = u32>) -> Vec<(u32, u16)> {
    let root = Path::new("/");
    let mut seen = BTreeSet::new();
    let mut found = BTreeSet::new();
    for pid in pids {
        let Ok(namespace) = socket::network_namespace(root, pid) else { continue };
        if seen.insert(namespace) {
            let addresses = socket::listening(root, pid).unwrap_or_default();
            found.extend(addresses.iter().map(|address| (namespace, address.port())));
        }
    }
    found.into_iter().collect()
}

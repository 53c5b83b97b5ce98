//! A pod with its containers' cgroups: what is traced.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::event::session::Target;
use crate::event::session::TargetKind;
use crate::host::Cgroup;
use crate::targets::Membership;
use crate::targets::cgroupfs::Tree;
use crate::targets::pod::Container;
use crate::targets::pod::ContainerKind;
use crate::targets::pod::ContainerState;
use crate::targets::pod::Ended;
use crate::targets::pod::Workload;

/// A pod that runs here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodTarget {
    /// Its namespace; `None` where only names of cgroups are known.
    pub namespace: Option<String>,
    /// Its name.
    pub pod: String,
    /// Its uid, as the source has it.
    pub uid: String,
    /// Its uid as cgroups have it.
    pub kubelet_uid: String,
    /// The node, which is this machine.
    pub node: Option<String>,
    /// Who made it.
    pub workload: Option<Workload>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The containers that are meant, whether they run or not.
    pub containers: Vec<ContainerTarget>,
    /// Ids of what is not meant although it is in the pod: the sandbox, and containers that were not asked for.
    pub left_out: BTreeSet<String>,
    /// The cgroups directly in its own one: names by id.
    pub children: BTreeMap<u64, String>,
    /// How lives of its containers ended, as far as the source remembers.
    pub ended: Vec<Ended>,
    /// Its own cgroup, which stays when containers are restarted. It holds the sandbox too. `None` where it has none, as
    /// where the drivers of kubelet and runtime disagree.
    pub cgroup: Option<Cgroup>,
    /// Whether all of its containers are meant: then its own cgroup may be matched.
    pub whole: bool,
}

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerTarget {
    /// Its name; the first digits of its id where that is not known.
    pub name: String,
    /// What it is for.
    pub kind: ContainerKind,
    /// Its id, if it was ever started.
    pub id: Option<String>,
    /// How often it was restarted; `None` where that is not known.
    pub restarts: Option<u32>,
    /// What it does.
    pub state: ContainerState,
    /// The runtime, where the cgroup's name says it.
    pub runtime: Option<String>,
    /// Its cgroup; `None` if it does not run.
    pub cgroup: Option<Cgroup>,
}

impl ContainerTarget {
    /// What is told of a container, with its cgroup.
    pub(super) fn of(container: &Container, tree: &Tree<'_>, cgroup: Option<Cgroup>) -> Self {
        Self {
            name: container.name.clone(),
            kind: container.kind,
            id: container.id.clone(),
            restarts: container.restarts,
            state: container.state.clone(),
            runtime: container.id.as_deref().and_then(|id| tree.runtime(id)).map(str::to_owned),
            cgroup,
        }
    }
}

impl PodTarget {
    /// The identity of one of its containers, or of the pod as a whole.
    pub fn target(&self, index: u16, container: Option<&str>) -> Target {
        Target {
            index,
            kind: TargetKind::Container,
            name: container.map_or_else(|| self.pod.clone(), |container| format!("{}/{container}", self.pod)),
            namespace: self.namespace.clone(),
            pod: Some(self.pod.clone()),
            container: container.map(str::to_owned),
            node: self.node.clone(),
            workload: self.workload.as_ref().map(ToString::to_string),
            labels: self.labels.clone(),
            life: None,
        }
    }

    /// Its own cgroup, or one of its containers'.
    pub fn any_cgroup(&self) -> Option<&Cgroup> {
        self.cgroup.as_ref().or_else(|| self.containers.iter().find_map(|container| container.cgroup.as_ref()))
    }

    /// How the kernel tells what belongs to the pod, whichever of its containers, also of ones that come later. The
    /// sandbox belongs to it too; it does nothing.
    pub fn membership(&self) -> Option<Membership> {
        self.cgroup.clone().map(Membership::of_cgroup)
    }
}

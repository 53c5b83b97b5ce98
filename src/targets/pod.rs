//! A pod as one source tells it: the API, the container runtime, or names on this machine. Each fills in what it knows.
//!
//! Nothing here looks anything up; joining it with cgroups is [`super::pods`]'s.

mod workload;

use std::collections::BTreeMap;

pub(crate) use workload::Controller;
pub use workload::Workload;

use super::path;

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// Its namespace; `None` where only names of cgroups are known.
    pub namespace: Option<String>,
    /// Its name; its uid where only names of cgroups are known.
    pub name: String,
    /// Its uid, as the source has it.
    pub uid: String,
    /// Its uid as the kubelet knows it, which cgroups and the runtime's labels have. Another one for static pods: the
    /// hash of their manifest.
    pub kubelet_uid: String,
    /// The node it was given to.
    pub node: Option<String>,
    /// Who made it.
    pub workload: Option<Workload>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// How far it is.
    pub phase: Phase,
    /// Why it is not further, e.g. that no node has room for it.
    pub reason: Option<String>,
    /// Ids of its sandboxes, where the source knows them: the container that holds its namespaces.
    pub sandboxes: Vec<String>,
    /// Its containers, in the order they are declared: init containers first, ephemeral ones last.
    pub containers: Vec<Container>,
}

/// How far a pod is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Not all of its containers were started yet.
    Pending,
    /// It runs, or ran and is restarted.
    Running,
    /// All ended, and well.
    Succeeded,
    /// All ended, and at least one not well.
    Failed,
    /// The source does not say.
    #[default]
    Unknown,
}

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its name in the pod.
    pub name: String,
    /// What it is for.
    pub kind: ContainerKind,
    /// Its id: 64 hexadecimal digits. A restart has another one. `None` before the first start.
    pub id: Option<String>,
    /// How often it was restarted; `None` where the source does not know.
    pub restarts: Option<u32>,
    /// What it does.
    pub state: ContainerState,
    /// How lives of it ended, as far as the source remembers.
    pub ended: Vec<Ended>,
}

/// The end of a container's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The id it had.
    pub id: String,
    /// Its exit code.
    pub exit_code: i32,
    /// Why, in the cluster's words, e.g. `OOMKilled`; not that it simply came to its end.
    pub reason: Option<String>,
}

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerKind {
    /// The pod's work.
    App,
    /// Preparation; or a sidecar, if it goes on.
    Init,
    /// Looking into the pod: `kubectl debug`.
    Ephemeral,
}

/// What a container does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerState {
    /// It runs.
    Running,
    /// It does not run (yet, or again), for this reason, e.g. `CrashLoopBackOff`.
    Waiting(String),
    /// It ended, with this exit status where the source says it.
    Ended(Option<i32>),
}

impl Pod {
    /// Its name with its namespace, for messages.
    pub fn full_name(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}/{}", self.name),
            None => self.name.clone(),
        }
    }

    /// Whether any of its containers runs.
    pub fn runs(&self) -> bool {
        self.containers.iter().any(|container| container.state == ContainerState::Running)
    }

    /// Whether it has ended for good.
    pub fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Succeeded | Phase::Failed)
    }

    /// Why it does not run, as well as the source says it.
    pub fn why_waiting(&self) -> String {
        let waiting = |container: &Container| match &container.state {
            ContainerState::Waiting(reason) => Some(format!("container `{}`: {reason}", container.name)),
            ContainerState::Running | ContainerState::Ended(_) => None,
        };
        let containers: Vec<String> = self.containers.iter().filter_map(waiting).collect();
        match &self.reason {
            Some(reason) => reason.clone(),
            None if containers.is_empty() => "its containers were not started yet".to_owned(),
            None => containers.join(", "),
        }
    }
}

/// The id in `containerd://ID`; `None` for what is none.
pub fn container_id(text: &str) -> Option<String> {
    let id = text.rsplit_once("://").map_or(text, |(_, id)| id);
    path::is_id(id).then(|| id.to_owned())
}

//! The container runtime on this machine, asked by its interface for kubelets (CRI) over a Unix socket.
//!
//! Any runtime that a kubelet can use answers: containerd, CRI-O, Docker behind cri-dockerd. Podman does not speak it.
//! Only asks for lists and states; changes nothing.

mod call;
mod error;
mod message;
mod socket;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

pub use error::RuntimeError;
pub use socket::ENDPOINT;
pub use socket::SOCKETS;

use super::pod::Container;
use super::pod::ContainerKind;
use super::pod::ContainerState;
use super::pod::Phase;
use super::pod::Pod;
use super::pod::Workload;
use call::Client;
use message::ContainerMessage;
use message::PodSandbox;

/// Labels that the kubelet gives containers and sandboxes (kubelet, `pkg/kubelet/types/labels.go`).
const POD_NAME: &str = "io.kubernetes.pod.name";
const POD_NAMESPACE: &str = "io.kubernetes.pod.namespace";
const POD_UID: &str = "io.kubernetes.pod.uid";
const CONTAINER_NAME: &str = "io.kubernetes.container.name";

/// The annotation with how often a container was restarted (kubelet, `pkg/kubelet/kuberuntime/labels.go`).
const RESTARTS: &str = "io.kubernetes.container.restartCount";

/// What all labels begin with that the kubelet adds to the pod's own.
const KUBELET: &str = "io.kubernetes.";

/// Who is behind an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A container.
    Container(Container),
    /// What holds a pod's namespaces.
    Sandbox,
}

/// A runtime that answers.
#[derive(Debug)]
pub struct Runtime {
    client: Client,
    /// Its name: `containerd`, `cri-o`, `docker`.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Runtime {
    /// Connects to the runtime at a socket.
    ///
    /// # Errors
    /// It is not there, or does not speak the interface.
    pub fn connect(socket: &Path) -> Result<Self, RuntimeError> {
        let mut client = Client::connect(socket)?;
        let version = client.version()?;
        Ok(Self { client, name: version.runtime_name, version: version.runtime_version })
    }

    /// Connects to the one given, else to that of the environment's `CONTAINER_RUNTIME_ENDPOINT`, else to the first
    /// that answers of the usual ones, below `root`.
    ///
    /// # Errors
    /// None is there, or none speaks the interface.
    pub fn find(root: &Path, given: Option<&Path>) -> Result<Self, RuntimeError> {
        let named = given.map(Path::to_owned).map(Ok).or_else(socket::from_environment);
        if let Some(socket) = named {
            return Self::connect(&socket?);
        }
        let mut first = None;
        for socket in socket::usual(root) {
            match Self::connect(&socket) {
                Ok(runtime) => return Ok(runtime),
                Err(error) => {
                    first.get_or_insert(error);
                }
            }
        }
        Err(first.unwrap_or(RuntimeError::None))
    }

    /// Where it was found.
    pub fn socket(&self) -> &PathBuf {
        self.client.socket()
    }

    /// The pods of this machine that have a sandbox. Of each container that which runs, else the latest that ended.
    ///
    /// # Errors
    /// It does not answer.
    pub fn pods(&mut self) -> Result<Vec<Pod>, RuntimeError> {
        let sandboxes = self.client.sandboxes()?;
        let containers = self.client.containers()?;
        Ok(pods(sandboxes, containers))
    }

    /// Who is behind each id of a container or sandbox, whether it runs or not.
    ///
    /// # Errors
    /// It does not answer.
    pub fn who(&mut self) -> Result<BTreeMap<String, Who>, RuntimeError> {
        let mut all: BTreeMap<String, Who> = BTreeMap::new();
        for message in self.client.containers()? {
            all.extend(of_container(&message).map(|container| (message.id.clone(), Who::Container(container))));
        }
        all.extend(self.client.sandboxes()?.into_iter().map(|sandbox| (sandbox.id, Who::Sandbox)));
        Ok(all)
    }

    /// The process a container began with, as this machine counts. `None` where the runtime does not say: the figure is
    /// no part of the interface.
    ///
    /// # Errors
    /// It does not answer, or knows no such container.
    pub fn pid(&mut self, container: &str) -> Result<Option<u32>, RuntimeError> {
        let info = self.client.status(container)?.info;
        let info: Option<serde_json::Value> = info.get("info").and_then(|text| serde_json::from_str(text).ok());
        let pid = info.and_then(|info| info.get("pid")?.as_u64()).and_then(|pid| u32::try_from(pid).ok());
        Ok(pid.filter(|pid| *pid != 0))
    }
}

/// Pods from sandboxes and containers. A pod may have several sandboxes after the machine was restarted; the ready one
/// counts.
fn pods(sandboxes: Vec<PodSandbox>, containers: Vec<ContainerMessage>) -> Vec<Pod> {
    let mut pods: BTreeMap<String, Pod> = BTreeMap::new();
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for sandbox in sandboxes.into_iter().filter(PodSandbox::is_ready) {
        let Some(pod) = of_sandbox(&sandbox) else { continue };
        owners.insert(sandbox.id.clone(), pod.uid.clone());
        let pod = pods.entry(pod.uid.clone()).or_insert(pod);
        pod.sandboxes.push(sandbox.id);
    }
    let mut latest: BTreeMap<(String, String), (u32, Container)> = BTreeMap::new();
    for message in containers {
        let Some(uid) = owners.get(&message.pod_sandbox_id) else { continue };
        let attempt = message.metadata.as_ref().map_or(0, |metadata| metadata.attempt);
        let Some(container) = of_container(&message) else { continue };
        let key = (uid.clone(), container.name.clone());
        let runs = |container: &Container| container.state == ContainerState::Running;
        let better = latest.get(&key).is_none_or(|(other, known)| (runs(&container), attempt) > (runs(known), *other));
        if better {
            latest.insert(key, (attempt, container));
        }
    }
    for ((uid, _), (_, container)) in latest {
        if let Some(pod) = pods.get_mut(&uid) {
            pod.containers.push(container);
        }
    }
    for pod in pods.values_mut() {
        pod.phase = if pod.runs() { Phase::Running } else { Phase::Unknown };
    }
    pods.into_values().collect()
}

fn of_sandbox(sandbox: &PodSandbox) -> Option<Pod> {
    let metadata = sandbox.metadata.clone().unwrap_or_default();
    let label = |name: &str, other: String| sandbox.labels.get(name).cloned().unwrap_or(other);
    let uid = label(POD_UID, metadata.uid);
    let name = label(POD_NAME, metadata.name);
    if uid.is_empty() || name.is_empty() {
        return None;
    }
    let own = |(key, _): &(&String, &String)| !key.starts_with(KUBELET);
    let labels = sandbox.labels.iter().filter(own).map(|(key, value)| (key.clone(), value.clone())).collect();
    Some(Pod {
        namespace: Some(label(POD_NAMESPACE, metadata.namespace)).filter(|namespace| !namespace.is_empty()),
        workload: Workload::of_labels(&name, &labels),
        name,
        kubelet_uid: uid.clone(),
        uid,
        labels,
        ..Pod::default()
    })
}

fn of_container(message: &ContainerMessage) -> Option<Container> {
    let metadata = message.metadata.clone().unwrap_or_default();
    let name = message.labels.get(CONTAINER_NAME).cloned().unwrap_or(metadata.name);
    let restarts = message.annotations.get(RESTARTS).and_then(|text| text.parse().ok()).unwrap_or(metadata.attempt);
    (!name.is_empty()).then(|| Container {
        name,
        // The runtime does not know what a container is for.
        kind: ContainerKind::App,
        id: super::pod::container_id(&message.id),
        restarts: Some(restarts),
        state: message.state(),
        ended: Vec::new(),
    })
}

#[cfg(test)]
pub(crate) mod fake;

#[cfg(test)]
mod tests;

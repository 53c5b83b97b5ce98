//! Who tells which pods there are.

use std::fmt;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use super::PodsError;
use super::Request;
use crate::host::Processes;
use crate::profile::InNamespace;
use crate::profile::PodSelector;
use crate::profile::Subject;
use crate::targets::cgroupfs::Forest;
use crate::targets::cgroupfs::NamedPod;
use crate::targets::cgroupfs::Tree;
use crate::targets::kubelet;
use crate::targets::kubelet::Names;
use crate::targets::kubernetes::Cluster;
use crate::targets::kubernetes::KubernetesError;
use crate::targets::kubernetes::Query;
use crate::targets::pod::Container;
use crate::targets::pod::ContainerKind;
use crate::targets::pod::ContainerState;
use crate::targets::pod::Phase;
use crate::targets::pod::Pod;
use crate::targets::runtime::Runtime;

/// What the process of a sandbox is called, in all runtimes that have one.
const PAUSE: &str = "pause";

/// Digits of a container's id that stand for its name where that is not known, as runtimes shorten it.
const SHORT: usize = 12;

/// Who told of the pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The Kubernetes API.
    Api {
        /// Where it is.
        server: String,
    },
    /// The container runtime.
    Runtime {
        /// Its name.
        name: String,
        /// Its version.
        version: String,
        /// Where it was found.
        socket: PathBuf,
    },
    /// Names of cgroups, and what the kubelet calls them.
    Cgroups,
}

impl Source {
    /// What is missing because no better source told; `None` if nothing is.
    pub fn missing(&self) -> Option<&'static str> {
        match self {
            Self::Api { .. } => None,
            Self::Runtime { .. } => Some(
                "workloads are told by labels and names; init containers are not told from others, and pods of other \
                 nodes are not known",
            ),
            Self::Cgroups => Some(
                "workloads, labels and restarts are not known, nor pods of other nodes; without log files of the kubelet \
                 neither namespaces nor names of containers are",
            ),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api { server } => write!(f, "the API at {server}"),
            Self::Runtime { name, version, socket } => write!(f, "{name} {version} at `{}`", socket.display()),
            Self::Cgroups => f.write_str("the names of cgroups"),
        }
    }
}

/// What was told.
#[derive(Debug)]
pub(super) struct Told {
    /// Pods: at least all that are meant.
    pub(super) pods: Vec<Pod>,
    /// By whom.
    pub(super) source: Source,
    /// Why no better source told.
    pub(super) failures: Vec<String>,
    /// The cluster, if it answered.
    pub(super) cluster: Option<Cluster>,
    /// The runtime, if it told.
    pub(super) runtime: Option<Runtime>,
    /// What the command line says about namespaces.
    said: InNamespace,
    /// The namespace of the kubeconfig's context, if there is one.
    context: InNamespace,
}

impl Told {
    /// A selector with the place where it looks: its own, else that of the command line, else that of the context; `Default`
    /// where that is not known either. A node's pods are in all namespaces.
    pub(super) fn place(&self, selector: &PodSelector) -> PodSelector {
        place(selector, &self.said, &self.context)
    }

    /// The name, if a selector means one pod.
    pub(super) fn must_be_one<'s>(&self, selector: &'s PodSelector) -> Option<&'s str> {
        match (&selector.subject, &selector.namespace) {
            // All namespaces were asked for.
            (_, InNamespace::All) => None,
            (Subject::Pod(name), _) => name.exact(),
            _ => None,
        }
    }
}

fn place(selector: &PodSelector, said: &InNamespace, context: &InNamespace) -> PodSelector {
    let default = if matches!(selector.subject, Subject::Node(_)) { &InNamespace::All } else { context };
    let namespace = selector.namespace.clone().or(said).or(default);
    PodSelector { namespace, subject: selector.subject.clone() }
}

/// Asks the API, else the runtime, else the cgroups.
///
/// # Errors
/// What the user said about the API is wrong, or only it can tell what was asked for.
pub(super) fn ask(request: &Request, root: &Path, forest: &Forest<'_>) -> Result<Told, PodsError> {
    let mut told = Told {
        pods: Vec::new(),
        source: Source::Cgroups,
        failures: Vec::new(),
        cluster: None,
        runtime: None,
        said: request.namespace.clone(),
        context: InNamespace::Default,
    };
    match Cluster::connect(&request.access) {
        Ok(cluster) => {
            told.context = InNamespace::Named(cluster.namespace.clone());
            match of_api(&cluster, request, &told) {
                Ok(pods) => {
                    told.pods = pods;
                    told.source = Source::Api { server: cluster.server.clone() };
                    told.cluster = Some(cluster);
                    return Ok(told);
                }
                Err(error) => told.failures.push(error.to_string()),
            }
        }
        Err(error) if request.access.is_named() => return Err(error.into()),
        Err(error) => told.failures.push(error.to_string()),
    }
    let node = host_name(root);
    let asked = Runtime::find(root, request.runtime.as_deref()).and_then(|mut runtime| Ok((runtime.pods()?, runtime)));
    match asked {
        Ok((pods, runtime)) => {
            let (name, version) = (runtime.name.clone(), runtime.version.clone());
            told.source = Source::Runtime { name, version, socket: runtime.socket().clone() };
            told.pods = pods;
            told.runtime = Some(runtime);
        }
        Err(error) => {
            told.failures.push(error.to_string());
            undecidable(&request.selectors, &told.failures)?;
            told.pods = of_cgroups(root, forest);
        }
    }
    for pod in &mut told.pods {
        pod.node.clone_from(&node);
    }
    Ok(told)
}

/// Names of cgroups have neither labels nor owners.
fn undecidable(selectors: &[PodSelector], failures: &[String]) -> Result<(), PodsError> {
    let needs = |selector: &&PodSelector| matches!(selector.subject, Subject::Labels(_) | Subject::Workload(..));
    match selectors.iter().find(needs) {
        Some(selector) => Err(PodsError::Undecidable { selector: selector.to_string(), failures: failures.to_vec() }),
        None => Ok(()),
    }
}

/// What the API says to all selectors.
fn of_api(cluster: &Cluster, request: &Request, told: &Told) -> Result<Vec<Pod>, KubernetesError> {
    let mut pods: Vec<Pod> = Vec::new();
    for selector in &request.selectors {
        let query = Query::of(&told.place(selector), &cluster.namespace);
        let mut found = cluster.pods(&query)?;
        if found.is_empty() && query != (Query { namespace: query.namespace.clone(), ..Query::default() }) {
            // For names that are like it. Nothing is said if this is forbidden: it is only help.
            let all = Query { namespace: query.namespace, ..Query::default() };
            found = cluster.pods(&all).unwrap_or_default();
        }
        for pod in found {
            if !pods.iter().any(|known| known.uid == pod.uid) {
                pods.push(pod);
            }
        }
    }
    Ok(pods)
}

/// The pods whose cgroups are here.
fn of_cgroups(root: &Path, forest: &Forest<'_>) -> Vec<Pod> {
    let Some(tree) = forest.fullest() else { return Vec::new() };
    let names = Names::read(root);
    tree.pods().into_iter().map(|named| of_names(root, tree, &names, named)).collect()
}

pub(super) fn of_names(root: &Path, tree: &Tree<'_>, names: &Names, named: NamedPod) -> Pod {
    let mut pod =
        Pod { uid: named.uid.clone(), kubelet_uid: named.uid.clone(), phase: Phase::Unknown, ..Pod::default() };
    let mut host = None;
    for id in named.containers {
        let processes = processes(tree, &id);
        if is_sandbox(root, &processes) {
            pod.sandboxes.push(id);
            continue;
        }
        host = host.or_else(|| processes.first().and_then(|pid| kubelet::host_name(root, *pid)));
        let known = names.containers.get(&id);
        if let Some(known) = known {
            pod.namespace = Some(known.namespace.clone());
            pod.name.clone_from(&known.pod);
        }
        let name = known.map_or_else(|| id[..SHORT].to_owned(), |known| known.container.clone());
        let state = if processes.is_empty() { ContainerState::Ended(None) } else { ContainerState::Running };
        pod.containers.push(Container {
            name,
            kind: ContainerKind::App,
            id: Some(id),
            restarts: None,
            state,
            ended: Vec::new(),
        });
    }
    if let Some((namespace, name)) = names.pods.get(&named.uid) {
        pod.namespace = Some(namespace.clone());
        pod.name.clone_from(name);
    }
    if pod.name.is_empty() {
        pod.name = host.filter(|host| Some(host) != host_name(root).as_ref()).unwrap_or(named.uid);
    }
    if pod.runs() {
        pod.phase = Phase::Running;
    }
    pod
}

/// The processes of a container, as of now.
pub(super) fn processes(tree: &Tree<'_>, id: &str) -> Vec<u32> {
    let cgroup = tree.container(id).ok().flatten();
    cgroup.map(|cgroup| crate::host::cgroup::processes(&cgroup.directory).into_iter().collect()).unwrap_or_default()
}

/// Whether processes are those of a sandbox: one, which does nothing.
pub(super) fn is_sandbox(root: &Path, processes: &[u32]) -> bool {
    let [pid] = processes else { return false };
    Processes::new(root).stat(*pid).is_ok_and(|stat| stat.comm == PAUSE)
}

/// The short name for a container that has no other.
pub(super) fn short(id: &str) -> String {
    id.chars().take(SHORT).collect()
}

/// What this machine is called, which most kubelets call its node.
pub(super) fn host_name(root: &Path) -> Option<String> {
    let name = fs::read_to_string(root.join("proc/sys/kernel/hostname")).ok()?;
    Some(name.trim().to_lowercase()).filter(|name| !name.is_empty())
}

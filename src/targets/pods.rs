//! From selectors of pods to containers with cgroups: the API, else the container runtime, else the names of cgroups.
//!
//! Each source can carry alone; the later ones know less, and what is therefore missing is said. A source that answers is
//! believed: that the API knows no such pod is an answer, that it forbids to ask is none. Whatever the source, what is
//! traced is what has a cgroup on this machine: containers are joined by their ids first, pods by their uids second.

mod error;
mod follow;
mod inspect;
mod join;
mod source;
mod target;

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

pub use error::PodsError;
pub use follow::Children;
pub use follow::Following;
pub use follow::News;
pub use source::Source;
pub use target::ContainerTarget;
pub use target::PodTarget;

use super::cgroupfs::Forest;
use super::kubernetes::Access;
use super::kubernetes::Cluster;
use super::pod::Pod;
use super::selector::takes;
use crate::host::Cgroups;
use crate::host::Namespaces;
use crate::profile::InNamespace;
use crate::profile::Narrowing;
use crate::profile::PodSelector;

/// How often is looked while waiting for a pod.
const LOOK: Duration = Duration::from_millis(500);

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The pods.
    pub selectors: Vec<PodSelector>,
    /// Which of their containers.
    pub narrowing: Narrowing,
    /// The namespace of selectors that name none; `Default` for that of the kubeconfig's context.
    pub namespace: InNamespace,
    /// Where the cluster is.
    pub access: Access,
    /// The container runtime's socket, if it has an unusual place.
    pub runtime: Option<PathBuf>,
    /// How long to wait for pods that are not there or do not run yet.
    pub wait: Option<Duration>,
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// The pods with containers here, by namespace and name.
    pub pods: Vec<PodTarget>,
    /// The same as they were told of.
    pub told_of: Vec<Pod>,
    /// What was asked for, each with the place where it looks.
    pub placed: Vec<PodSelector>,
    /// Who told of them.
    pub source: Source,
    /// What people should know: why a better source was not used, what is missing, what is elsewhere.
    pub remarks: Vec<String>,
    /// The cluster, where it answered: to be watched.
    pub cluster: Option<Cluster>,
}

/// Looks up pods on the machine below `root`. While waiting, `progress` is told what for; it ends the waiting by
/// returning false.
///
/// # Errors
/// Something that was asked for is not here, and what to do about it.
pub fn resolve(
    request: &Request,
    root: &Path,
    namespaces: Namespaces,
    progress: &mut dyn FnMut(&str) -> bool,
) -> Result<Found, PodsError> {
    let deadline = request.wait.map(|wait| Instant::now() + wait);
    let cgroups = Cgroups::of_machine(root, namespaces);
    loop {
        let error = match attempt(request, root, &cgroups) {
            Ok(found) => return Ok(found),
            Err(error) => error,
        };
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())).unwrap_or_default();
        if !error.may_pass() || left.is_zero() {
            return Err(if request.wait.is_some() { error.after_waiting() } else { error });
        }
        if !progress(&error.what_is_awaited()) {
            return Err(PodsError::Interrupted);
        }
        std::thread::sleep(LOOK.min(left));
    }
}

fn attempt(request: &Request, root: &Path, cgroups: &Cgroups) -> Result<Found, PodsError> {
    let forest = Forest::read(cgroups);
    if forest.is_empty() {
        return Err(PodsError::NoCgroups);
    }
    let told = source::ask(request, root, &forest)?;
    let chosen = choose(request, &told)?;
    join::join(request, told, &chosen, root, &forest)
}

/// The pods that are meant, each once, by namespace and name. Each selector must mean one, or it is a mistake.
fn choose(request: &Request, told: &source::Told) -> Result<Vec<Pod>, PodsError> {
    let mut chosen: Vec<&Pod> = Vec::new();
    for selector in &request.selectors {
        let placed = told.place(selector);
        let meant: Vec<&Pod> = told.pods.iter().filter(|pod| takes(&placed, &request.narrowing, pod)).collect();
        if meant.is_empty() {
            return Err(PodsError::not_found(&placed, told));
        }
        if let Some(name) = told.must_be_one(&placed)
            && meant.len() > 1
        {
            return Err(PodsError::ambiguous(name, &meant));
        }
        chosen.extend(meant);
    }
    chosen.sort_by_key(|pod| (&pod.namespace, &pod.name, &pod.uid));
    chosen.dedup_by_key(|pod| &pod.uid);
    Ok(chosen.into_iter().cloned().collect())
}

#[cfg(test)]
mod tests;

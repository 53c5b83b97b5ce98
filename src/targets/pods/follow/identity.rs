//! Who is in the cgroups of a pod, by whoever knows first: the API, the runtime, the kubelet's log files.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use super::super::ContainerTarget;
use super::super::PodTarget;
use super::super::join;
use super::super::source;
use super::Children;
use crate::profile::Narrowing;
use crate::targets::cgroupfs::Tree;
use crate::targets::kubelet::Names;
use crate::targets::path;
use crate::targets::pod::Container;
use crate::targets::pod::ContainerKind;
use crate::targets::pod::ContainerState;
use crate::targets::pod::Ended;
use crate::targets::pod::Pod;
use crate::targets::runtime::Runtime;
use crate::targets::runtime::Who;

/// A runtime that did not answer is left in peace for so long.
const AGAIN: Duration = Duration::from_secs(5);

/// Asks the runtime and the files at most once a round.
#[derive(Debug)]
pub(super) struct Identities {
    root: PathBuf,
    socket: Option<PathBuf>,
    runtime: Option<Runtime>,
    not_before: Option<Instant>,
    asked: Option<BTreeMap<String, Who>>,
    names: Option<Names>,
}

/// A pod with cgroups.
#[derive(Debug)]
pub(super) struct Described {
    /// What is known of it.
    pub(super) target: PodTarget,
    /// Whether all is known, so that it need not be looked at again.
    pub(super) is_settled: bool,
}

/// How lives of a pod's containers ended, as far as is told.
pub(super) fn ended(pod: &Pod) -> Vec<Ended> {
    pod.containers.iter().flat_map(|container| container.ended.clone()).collect()
}

impl Identities {
    pub(super) fn new(root: &Path, socket: Option<&Path>) -> Self {
        let socket = socket.map(Path::to_owned);
        Self { root: root.to_owned(), socket, runtime: None, not_before: None, asked: None, names: None }
    }

    /// Begins a round: answers of the last one are old.
    pub(super) fn forget(&mut self) {
        self.asked = None;
        self.names = None;
    }

    /// A pod as the runtime knows it.
    pub(super) fn pod(&mut self, uid: &str) -> Option<Pod> {
        let pods = self.ask(Runtime::pods)?;
        pods.into_iter().find(|pod| pod.kubelet_uid == uid)
    }

    /// A pod that was told of, with its cgroups as they are, and those that the kernel told of; `None` if it has none here
    /// (yet).
    pub(super) fn describe(
        &mut self,
        pod: &Pod,
        tree: &Tree<'_>,
        heard_of: &Children,
        narrowing: &Narrowing,
    ) -> Option<Described> {
        let ids = pod.containers.iter().filter_map(|container| container.id.as_deref());
        let cgroup = tree.pod(&pod.kubelet_uid, ids).ok().flatten();
        let mut children = cgroup.as_ref().map(|cgroup| join::children(&cgroup.directory)).unwrap_or_default();
        let mut is_settled = true;
        for (id, name) in heard_of {
            match name {
                Some(name) => drop(children.entry(*id).or_insert_with(|| name.clone())),
                None => is_settled &= children.contains_key(id),
            }
        }
        let mut all = pod.containers.clone();
        let mut left_out = pod.sandboxes.iter().cloned().collect::<std::collections::BTreeSet<_>>();
        for name in children.values() {
            let Some(id) = path::read(name).container.map(|container| container.id.to_owned()) else { continue };
            if left_out.contains(&id) || all.iter().any(|container| container.id.as_ref() == Some(&id)) {
                continue;
            }
            match self.who(&id) {
                Some(Who::Sandbox) => drop(left_out.insert(id)),
                Some(Who::Container(container)) => {
                    let declared = pod.containers.iter().find(|one| one.name == container.name);
                    all.push(Container { kind: declared.map_or(container.kind, |one| one.kind), ..container });
                }
                None => is_settled = false,
            }
        }
        let mut containers = Vec::new();
        for container in &all {
            if !narrowing.takes_container(&container.name) {
                // One that has no name yet may turn out to be meant.
                left_out.extend(container.id.clone().filter(|id| source::short(id) != container.name));
                continue;
            }
            let id = container.id.as_deref();
            let place = id.and_then(|id| tree.container(id).ok().flatten());
            // One that is told to run and has no cgroup yet, or not any more: more will be told.
            is_settled &= place.is_some() || container.state != ContainerState::Running;
            containers.push(ContainerTarget::of(container, tree, place));
        }
        let is_here = cgroup.is_some() || containers.iter().any(|container| container.cgroup.is_some());
        let target = PodTarget {
            namespace: pod.namespace.clone(),
            pod: pod.name.clone(),
            uid: pod.uid.clone(),
            kubelet_uid: pod.kubelet_uid.clone(),
            node: pod.node.clone(),
            workload: pod.workload.clone(),
            labels: pod.labels.clone(),
            whole: containers.len() == all.len(),
            containers,
            left_out,
            children,
            ended: ended(pod),
            cgroup,
        };
        is_here.then_some(Described { target, is_settled })
    }

    /// Who is behind an id, if anybody knows.
    fn who(&mut self, id: &str) -> Option<Who> {
        if self.asked.is_none() {
            self.asked = Some(self.ask(Runtime::who).unwrap_or_default());
        }
        let known = self.asked.as_ref().and_then(|asked| asked.get(id).cloned());
        known.or_else(|| {
            let names = self.names.get_or_insert_with(|| Names::read(&self.root));
            let known = names.containers.get(id)?;
            Some(Who::Container(Container {
                name: known.container.clone(),
                kind: ContainerKind::App,
                id: Some(id.to_owned()),
                restarts: None,
                state: ContainerState::Running,
                ended: Vec::new(),
            }))
        })
    }

    /// Asks the runtime, if there is one that answers.
    fn ask<T>(
        &mut self,
        question: impl FnOnce(&mut Runtime) -> Result<T, crate::targets::runtime::RuntimeError>,
    ) -> Option<T> {
        if self.not_before.is_some_and(|moment| Instant::now() < moment) {
            return None;
        }
        let connected = match self.runtime.take() {
            Some(runtime) => Ok(runtime),
            None => Runtime::find(&self.root, self.socket.as_deref()),
        };
        let answer = connected.and_then(|mut runtime| Ok((question(&mut runtime)?, runtime)));
        match answer {
            Ok((answer, runtime)) => {
                self.runtime = Some(runtime);
                self.not_before = None;
                Some(answer)
            }
            Err(error) => {
                tracing::debug!(%error, "the container runtime cannot be asked");
                self.not_before = Some(Instant::now() + AGAIN);
                None
            }
        }
    }
}

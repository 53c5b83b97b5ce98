//! Pods and containers on this machine, by the names of their cgroups.
//!
//! The folders of each hierarchy are walked once, for names only; then containers are looked up by their id and pods by
//! their uid. What is called what, [`path`] knows.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use super::path;
use crate::host::Cgroup;
use crate::host::Cgroups;
use crate::host::Hierarchy;
use crate::host::cgroup;
use crate::host::cgroup::CgroupError;
use crate::host::cgroup::CgroupMount;

/// The hierarchies of a machine, with what is in them.
#[derive(Debug)]
pub struct Forest<'a> {
    trees: Vec<Tree<'a>>,
}

/// A hierarchy, with the containers and pods in it.
#[derive(Debug)]
pub struct Tree<'a> {
    cgroups: &'a Cgroups,
    mount: &'a CgroupMount,
    /// By id.
    containers: BTreeMap<String, Found>,
    /// By uid.
    pods: BTreeMap<String, PathBuf>,
}

/// A container's folder.
#[derive(Clone, Debug)]
struct Found {
    relative: PathBuf,
    runtime: Option<&'static str>,
    pod: Option<String>,
}

/// A pod of which only the names of cgroups are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPod {
    /// Its uid, as the kubelet knows it.
    pub uid: String,
    /// Ids of its containers and its sandbox.
    pub containers: Vec<String>,
}

impl<'a> Forest<'a> {
    /// Walks the hierarchies that can be matched in.
    pub fn read(cgroups: &'a Cgroups) -> Self {
        let can_match = |mount: &&CgroupMount| match &mount.hierarchy {
            Hierarchy::V2 => true,
            Hierarchy::V1(name) => path::MATCHED.contains(&name.as_str()),
        };
        let mut seen = BTreeSet::new();
        // The same hierarchy may be mounted twice; that of which the depth is known is of use.
        let mounts = cgroups.mounts().iter().filter(can_match).filter(|mount| mount.level.is_some());
        let mounts = mounts.filter(|mount| seen.insert(mount.hierarchy.clone()));
        Self { trees: mounts.map(|mount| Tree::read(cgroups, mount)).collect() }
    }

    /// The hierarchy to match pods in: that in which most of the given containers have processes, and, if they are as
    /// many, the first. All pods must be matched in one: in others, ids mean other things. Daemons on machines with both
    /// versions may keep containers in version 1 only.
    pub fn choose(&self, containers: &[&str], pods: &[&str]) -> Option<&Tree<'a>> {
        let score = |tree: &Tree<'a>| {
            let there = containers.iter().filter_map(|id| tree.containers.get(*id));
            let (mut count, mut with_processes) = (0, 0);
            for found in there {
                count += 1;
                with_processes += usize::from(!cgroup::processes(&tree.folder(&found.relative)).is_empty());
            }
            let pods = pods.iter().filter(|uid| tree.pods.contains_key(**uid)).count();
            (with_processes, count, pods)
        };
        let scored = self.trees.iter().rev().map(|tree| (score(tree), tree));
        // The last of equals: the first, in reverse.
        let (score, tree) = scored.max_by_key(|(score, _)| *score)?;
        (score != (0, 0, 0)).then_some(tree)
    }

    /// The hierarchy with most pods in it, whichever they are.
    pub fn fullest(&self) -> Option<&Tree<'a>> {
        self.trees.iter().rev().max_by_key(|tree| tree.pods.len()).filter(|tree| !tree.pods.is_empty())
    }

    /// A certain hierarchy.
    pub fn of(&self, hierarchy: &Hierarchy) -> Option<&Tree<'a>> {
        self.trees.iter().find(|tree| tree.hierarchy() == hierarchy)
    }

    /// Whether there is any hierarchy to look in.
    pub fn is_empty(&self) -> bool {
        self.trees.is_empty()
    }
}

impl<'a> Tree<'a> {
    fn read(cgroups: &'a Cgroups, mount: &'a CgroupMount) -> Self {
        Self::of_folders(cgroups, mount, cgroup::walk(&cgroups.directory(mount)))
    }

    /// What is in and below the cgroup of a pod; `None` if that is gone. A small part of what there is on a node.
    pub fn of_pod(cgroups: &'a Cgroups, pod: &Cgroup) -> Option<Self> {
        let is_it = |mount: &&CgroupMount| mount.hierarchy == pod.hierarchy && mount.level.is_some();
        let mount = cgroups.mounts().iter().find(is_it)?;
        let relative = pod.directory.strip_prefix(cgroups.directory(mount)).ok()?;
        if !pod.directory.is_dir() {
            return None;
        }
        let below = cgroup::walk(&pod.directory).into_iter().map(|path| relative.join(path));
        Some(Self::of_folders(cgroups, mount, std::iter::once(relative.to_owned()).chain(below)))
    }

    fn of_folders(cgroups: &'a Cgroups, mount: &'a CgroupMount, folders: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut tree = Self { cgroups, mount, containers: BTreeMap::new(), pods: BTreeMap::new() };
        for relative in folders {
            let Some(text) = relative.to_str() else { continue };
            let named = path::read(text);
            let depth = relative.components().count();
            if let Some(container) = named.container.filter(|container| container.depth == depth) {
                let pod = named.pod.map(|pod| pod.uid);
                let found = Found { relative: relative.clone(), runtime: container.runtime, pod };
                let id = container.id.to_owned();
                tree.containers.entry(id).or_insert(found);
            } else if let Some(uid) = relative.file_name().and_then(|name| name.to_str()).and_then(path::pod_key) {
                // Folders come parents first: the outermost of a name is the node's.
                tree.pods.entry(uid).or_insert(relative);
            }
        }
        tree
    }

    /// The hierarchy.
    pub fn hierarchy(&self) -> &Hierarchy {
        &self.mount.hierarchy
    }

    /// A container's cgroup, by its id.
    ///
    /// # Errors
    /// It was there, and cannot be read.
    pub fn container(&self, id: &str) -> Result<Option<Cgroup>, CgroupError> {
        self.containers.get(id).map(|found| self.cgroups.cgroup(self.mount, &found.relative)).transpose()
    }

    /// The runtime of a container, where its cgroup's name says it.
    pub fn runtime(&self, id: &str) -> Option<&'static str> {
        self.containers.get(id)?.runtime
    }

    /// A pod's own cgroup: above that of one of its containers, else by its uid. `None` if it has none, as where the
    /// drivers of kubelet and runtime disagree.
    ///
    /// # Errors
    /// It was there, and cannot be read.
    pub fn pod<'i>(
        &self,
        uid: &str,
        mut containers: impl Iterator<Item = &'i str>,
    ) -> Result<Option<Cgroup>, CgroupError> {
        let above = containers.find_map(|id| {
            let relative = &self.containers.get(id)?.relative;
            let depth = path::read(relative.to_str()?).pod?.depth?;
            Some(relative.components().take(depth).collect::<PathBuf>())
        });
        let by_uid = || self.pods.get(&uid.replace('_', "-")).cloned();
        above.or_else(by_uid).map(|relative| self.cgroups.cgroup(self.mount, &relative)).transpose()
    }

    /// Ids of the containers, and of the sandbox, in a pod's own cgroup.
    pub fn containers_of(&self, pod: &Cgroup) -> Vec<String> {
        let Ok(relative) = pod.directory.strip_prefix(self.folder(Path::new(""))) else { return Vec::new() };
        let inside = |found: &Found| found.relative.parent() == Some(relative);
        self.containers.iter().filter(|(_, found)| inside(found)).map(|(id, _)| id.clone()).collect()
    }

    /// The pod with a uid, if it has a cgroup of its own.
    pub fn named(&self, uid: &str) -> Option<NamedPod> {
        let relative = self.pods.get(&uid.replace('_', "-"))?;
        let inside = |found: &&Found| found.relative.parent() == Some(relative.as_path());
        let containers = self.containers.iter().filter(|(_, found)| inside(found)).map(|(id, _)| id.clone()).collect();
        Some(NamedPod { uid: uid.to_owned(), containers })
    }

    /// All pods whose names are here, with containers in them.
    pub fn pods(&self) -> Vec<NamedPod> {
        let by_folder: BTreeMap<&Path, &str> =
            self.pods.iter().map(|(uid, relative)| (relative.as_path(), uid.as_str())).collect();
        let mut pods: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (id, found) in &self.containers {
            let above = || found.relative.parent().and_then(|parent| by_folder.get(parent).copied());
            if let Some(uid) = found.pod.as_deref().or_else(above) {
                pods.entry(uid).or_default().push(id.clone());
            }
        }
        pods.into_iter().map(|(uid, containers)| NamedPod { uid: uid.to_owned(), containers }).collect()
    }

    fn folder(&self, relative: &Path) -> PathBuf {
        self.cgroups.directory(self.mount).join(relative)
    }
}

#[cfg(test)]
mod tests;

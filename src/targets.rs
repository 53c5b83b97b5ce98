//! What is traced: from what the user named to what the kernel can test.
//!
//! A selector ([`Selector`]) is looked up on the machine ([`Host`]) and becomes a [`Resolved`] target: its identity for
//! reports, and its [`Membership`] for the kernel. [`command`] starts a command as a target.

pub mod cgroupfs;
pub mod command;
pub mod kubelet;
pub mod kubernetes;
pub mod path;
pub mod pod;
pub mod pods;
pub mod runtime;
pub mod selector;

mod cgroup;
mod error;
mod near;
mod process;
mod unit;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

pub use error::TargetError;

use crate::event::session::Target;
use crate::event::session::TargetKind;
use crate::host::Cgroup;
use crate::host::Hierarchy;
use crate::host::Host;
use crate::host::Processes;
use crate::host::doctor::TargetFinding;
use crate::profile::Selector;

/// A target that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Its identity.
    pub target: Target,
    /// How the kernel tells what belongs to it.
    pub membership: Membership,
    /// What the user should know about the way it is traced, e.g. that a fallback is in use.
    pub remark: Option<String>,
}

/// How the kernel tells what belongs to a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// Every process in this cgroup and those below it, whenever it gets there.
    CgroupSubtree {
        /// The cgroup's id: the inode of its folder.
        id: u64,
        /// How many cgroups lie above it; 0 for the root.
        level: u32,
        /// The hierarchy to ask in.
        hierarchy: Hierarchy,
        /// Its path, as `/proc/PID/cgroup` shows it.
        path: String,
        /// Processes in it as of now, podtrace itself left out.
        pids: BTreeSet<u32>,
    },
    /// These processes, and what they fork. Podtrace itself is not among them.
    Processes {
        /// Their ids.
        pids: BTreeSet<u32>,
    },
}

impl Membership {
    /// The processes that belong to it as of now: what the kernel's tables begin with.
    pub fn pids(&self) -> &BTreeSet<u32> {
        match self {
            Self::CgroupSubtree { pids, .. } | Self::Processes { pids } => pids,
        }
    }

    fn of_cgroup(cgroup: Cgroup) -> Self {
        let pids = others(crate::host::cgroup::processes(&cgroup.directory));
        let Cgroup { hierarchy, path, id, level, .. } = cgroup;
        Self::CgroupSubtree { id, level, hierarchy, path, pids }
    }
}

/// Looks up every selector, each once, in order. The first target has index 0.
///
/// # Errors
/// All that were not found; exit code 3.
pub fn resolve(selectors: &[Selector], host: &Host, processes: &Processes) -> Result<Vec<Resolved>, Vec<TargetError>> {
    let mut found = Vec::new();
    let mut errors = Vec::new();
    for (at, selector) in selectors.iter().enumerate() {
        if selectors[..at].contains(selector) {
            continue;
        }
        let index = u16::try_from(found.len()).map_err(|_| TargetError::TooMany(selectors.len()));
        match index.and_then(|index| resolve_one(index, selector, host, processes)) {
            Ok(resolved) => found.push(resolved),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

/// Looks up one selector of processes, cgroups or units; pods are looked up together, by [`pods::resolve`].
///
/// # Errors
/// It was not found, or cannot be traced.
pub fn resolve_one(
    index: u16,
    selector: &Selector,
    host: &Host,
    processes: &Processes,
) -> Result<Resolved, TargetError> {
    match selector {
        Selector::Pid(pid) => process::resolve(index, *pid, host, processes),
        Selector::Cgroup(path) => cgroup::resolve(index, path, host),
        Selector::Unit(name) => unit::resolve(index, name, host),
        Selector::Pods(_) => Err(TargetError::NotHere(selector.to_string())),
    }
}

/// What the doctor is told of a target.
pub fn finding(selector: &Selector, answer: &Result<Resolved, TargetError>) -> TargetFinding {
    let name = match selector {
        Selector::Pid(pid) => format!("pid {pid}"),
        Selector::Cgroup(name) | Selector::Unit(name) => name.clone(),
        Selector::Pods(pods) => pods.to_string(),
    };
    let found = match answer {
        Ok(Resolved { membership, remark, .. }) => {
            let count = match membership.pids().len() {
                1 => "1 process".to_owned(),
                count => format!("{count} processes"),
            };
            let how = match membership {
                Membership::CgroupSubtree { hierarchy, path, .. } => format!("{count} in {hierarchy} `{path}`"),
                Membership::Processes { .. } => count,
            };
            Ok(remark.iter().fold(how, |text, remark| format!("{text}; {remark}")))
        }
        Err(error) => Err(error.to_string()),
    };
    TargetFinding { name, found }
}

/// A target without a place in Kubernetes.
fn plain(index: u16, kind: TargetKind, name: impl Into<String>) -> Target {
    Target {
        index,
        kind,
        name: name.into(),
        namespace: None,
        pod: None,
        container: None,
        node: None,
        workload: None,
        labels: BTreeMap::new(),
        life: None,
    }
}

/// All but podtrace itself: tracing what traces would never come to rest.
fn others(mut pids: BTreeSet<u32>) -> BTreeSet<u32> {
    pids.remove(&std::process::id());
    pids
}

#[cfg(test)]
#[path = "../tests/stand_ins/api_server.rs"]
pub(crate) mod api_server;

#[cfg(test)]
mod tests;

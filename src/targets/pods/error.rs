//! Why pods cannot be traced, and what to do about it.

use thiserror::Error;

use super::source::Source;
use super::source::Told;
use crate::host::cgroup::CgroupError;
use crate::profile::InNamespace;
use crate::profile::Pattern;
use crate::profile::PodSelector;
use crate::profile::Subject;
use crate::targets::error::DidYouMean;
use crate::targets::error::Quoted;
use crate::targets::kubernetes::AccessError;
use crate::targets::near;
use crate::targets::pod::Phase;
use crate::targets::pod::Pod;
use crate::targets::pod::Workload;
use crate::targets::selector::is_in;

/// Why pods cannot be traced.
#[derive(Debug, Error)]
pub enum PodsError {
    /// What the user said about the cluster is wrong.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Nothing to look in.
    #[error(
        "the machine's cgroups cannot be seen from here, so no container can be found: run podtrace on the node itself, or \
         in a pod with `hostPID: true` and the node's `/sys/fs/cgroup` mounted"
    )]
    NoCgroups,
    /// A cgroup cannot be read.
    #[error(transparent)]
    Cgroup(#[from] CgroupError),
    /// No such pod.
    #[error("cannot find {wanted} by {teller}{}{}{}", DidYouMean(.near), hinted(.hint), because(.failures))]
    NotFound {
        /// What was looked for, and where.
        wanted: String,
        /// Who says so.
        teller: Box<Source>,
        /// Names like it.
        near: Vec<String>,
        /// What else may be the matter.
        hint: Option<String>,
        /// Why no better source was asked.
        failures: Vec<String>,
    },
    /// Only the API or the runtime could tell.
    #[error("cannot tell which are the {selector}: only the API and the container runtime know{}", because(.failures))]
    Undecidable {
        /// What was looked for.
        selector: String,
        /// Why they were not asked.
        failures: Vec<String>,
    },
    /// Several.
    #[error("several pods are called `{name}`: name one with `--namespace`, or by its uid: {}", Quoted(.pods))]
    Ambiguous {
        /// As it was given.
        name: String,
        /// Which.
        pods: Vec<String>,
    },
    /// No such container.
    #[error("no container is called `{container}`; there are {}", Quoted(.names))]
    UnknownContainer {
        /// As it was given.
        container: String,
        /// Those there are.
        names: Vec<String>,
    },
    /// On another node.
    #[error(
        "pod `{pod}` runs on node `{node}`, and this is `{here}`: run podtrace there, for example with `kubectl debug \
         node/{node} --profile=sysadmin -it --image=IMAGE` or `ssh {node}`"
    )]
    Elsewhere {
        /// The pod.
        pod: String,
        /// Its node.
        node: String,
        /// This machine.
        here: String,
    },
    /// Not yet.
    #[error("pod `{pod}` does not run: {why}{}", if *.waited { "" } else { "; wait for it with `--wait`" })]
    NotRunning {
        /// The pod.
        pod: String,
        /// Why.
        why: String,
        /// Whether it was waited for.
        waited: bool,
    },
    /// Not any more.
    #[error("pod `{pod}` has ended ({outcome}): there is nothing left to trace")]
    Ended {
        /// The pod.
        pod: String,
        /// How.
        outcome: &'static str,
    },
    /// It should be here.
    #[error(
        "pod `{pod}` runs, says {teller}, but none of its containers has a cgroup on this machine (`{here}`): is it a pod \
         of this cluster and node?"
    )]
    NotHere {
        /// The pod.
        pod: String,
        /// Who says so.
        teller: Box<Source>,
        /// This machine.
        here: String,
    },
    /// The user ended the waiting.
    #[error("interrupted")]
    Interrupted,
}

impl PodsError {
    /// No pod is what a selector means.
    pub(super) fn not_found(selector: &PodSelector, told: &Told) -> Self {
        let there: Vec<&Pod> = told.pods.iter().filter(|pod| is_in(&selector.namespace, pod)).collect();
        let (near, hint) = match &selector.subject {
            Subject::Pod(name) => {
                let names = there.iter().map(|pod| pod.name.clone());
                let near = near::nearest(name.as_str(), names);
                let workloads = there.iter().filter_map(|pod| pod.workload.as_ref());
                let same = workloads.filter(|workload| workload.name == name.as_str()).min();
                let hint = same.map(|workload| format!("a workload has this name: `{}`", word(workload)));
                (near, hint)
            }
            Subject::Workload(kind, name) => {
                let workloads = there.iter().filter_map(|pod| pod.workload.as_ref());
                let mut names: Vec<String> = workloads
                    .filter(|workload| workload.kind == kind.name())
                    .map(|workload| workload.name.clone())
                    .collect();
                names.dedup();
                let mut all = there.iter().filter_map(|pod| pod.workload.as_ref());
                let other = all.find(|workload| workload.name == *name);
                let hint = match other {
                    Some(other) => format!("there is `{}`", word(other)),
                    None => "it may be there and have no pods".to_owned(),
                };
                (near::nearest(name, names), Some(hint))
            }
            Subject::Labels(_) | Subject::Node(_) | Subject::All => (Vec::new(), None),
        };
        let nothing = there.is_empty().then(|| match &selector.namespace {
            InNamespace::Named(namespace) => format!("namespace `{namespace}` has no pods at all: is that its name?"),
            InNamespace::Default | InNamespace::All => "there are no pods at all".to_owned(),
        });
        Self::NotFound {
            wanted: selector.to_string(),
            teller: Box::new(told.source.clone()),
            near,
            hint: nothing.or(hint),
            failures: told.failures.clone(),
        }
    }

    pub(super) fn ambiguous(name: &str, pods: &[&Pod]) -> Self {
        let pods = pods.iter().map(|pod| format!("{} ({})", pod.full_name(), pod.uid)).collect();
        Self::Ambiguous { name: name.to_owned(), pods }
    }

    pub(super) fn unknown_container(pattern: &Pattern, pods: &[Pod]) -> Self {
        let mut names: Vec<String> =
            pods.iter().flat_map(|pod| &pod.containers).map(|container| container.name.clone()).collect();
        names.sort();
        names.dedup();
        Self::UnknownContainer { container: pattern.to_string(), names }
    }

    /// Why nothing of a pod is here.
    pub(super) fn absent(pod: &Pod, here: Option<&str>, source: &Source) -> Self {
        let here = here.unwrap_or("this machine").to_owned();
        let name = pod.full_name();
        match (&pod.phase, &pod.node) {
            (Phase::Succeeded, _) => Self::Ended { pod: name, outcome: "succeeded" },
            (Phase::Failed, _) => Self::Ended { pod: name, outcome: "failed" },
            (_, Some(node)) if *node != here => Self::Elsewhere { pod: name, node: node.clone(), here },
            _ if pod.runs() => Self::NotHere { pod: name, teller: Box::new(source.clone()), here },
            _ => Self::NotRunning { pod: name, why: pod.why_waiting(), waited: false },
        }
    }

    /// Whether waiting may help.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::NotRunning { .. } | Self::NotFound { .. } | Self::NotHere { .. })
    }

    /// For what is waited, for people.
    pub(super) fn what_is_awaited(&self) -> String {
        match self {
            Self::NotRunning { pod, why, .. } => format!("waiting for pod `{pod}`: {why}"),
            Self::NotFound { wanted, .. } => format!("waiting for {wanted}: not there yet"),
            Self::NotHere { pod, .. } => format!("waiting for pod `{pod}`: its containers have no cgroups yet"),
            other => format!("waiting: {other}"),
        }
    }

    /// The same, after it was waited for.
    pub(super) fn after_waiting(self) -> Self {
        match self {
            Self::NotRunning { pod, why, .. } => Self::NotRunning { pod, why, waited: true },
            other => other,
        }
    }
}

/// A workload as the command line names it.
fn word(workload: &Workload) -> String {
    format!("{}/{}", workload.kind.to_lowercase(), workload.name)
}

fn hinted(hint: &Option<String>) -> String {
    hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"))
}

fn because(failures: &[String]) -> String {
    if failures.is_empty() { String::new() } else { format!(" (not asked: {})", failures.join("; and ")) }
}

//! What to trace, as it is named: in a profile's `targets`, and in the same words on the command line.
//!
//! Only what was said; where it is, and whether it is there, is for others to find out.

mod labels;
mod pattern;

use std::fmt;

use thiserror::Error;

pub use labels::Labels;
pub use pattern::Pattern;

use super::suggest::nearest;
use super::suggest::quoted;

/// The most characters of a name in Kubernetes (DNS subdomain, RFC 1123).
const NAME_MAX: usize = 253;

/// What to trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// A process and its descendants.
    Pid(u32),
    /// A cgroup's path and everything below it.
    Cgroup(String),
    /// A systemd unit.
    Unit(String),
    /// Pods of Kubernetes.
    Pods(PodSelector),
}

/// Pods, by what they have in common and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodSelector {
    /// What they have in common.
    pub subject: Subject,
    /// Where.
    pub namespace: InNamespace,
}

/// What pods have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Their name, or uid.
    Pod(Pattern),
    /// Who made them.
    Workload(WorkloadKind, String),
    /// Their labels.
    Labels(Labels),
    /// Where they run.
    Node(String),
    /// Nothing: all of them.
    All,
}

/// Who makes pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkloadKind {
    /// A Deployment; through a ReplicaSet.
    Deployment,
    /// A StatefulSet.
    StatefulSet,
    /// A DaemonSet.
    DaemonSet,
    /// A Job.
    Job,
    /// A ReplicaSet of its own.
    ReplicaSet,
}

/// In which namespaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum InNamespace {
    /// That which is the default: of the command line, else of the kubeconfig's context.
    #[default]
    Default,
    /// This one.
    Named(String),
    /// All.
    All,
}

/// Which of the pods' containers; for all selectors of pods together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// Only containers of these names; all, if there are none.
    pub containers: Vec<Pattern>,
    /// Left out.
    pub without: Vec<Exclusion>,
}

/// What is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exclusion {
    /// Containers of this name.
    Container(Pattern),
    /// Pods of this name.
    Pod(Pattern),
    /// All pods of a namespace.
    Namespace(Pattern),
}

/// Why a name names nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SelectorError {
    /// Nothing there.
    #[error("the name of a {0} is empty")]
    Empty(&'static str),
    /// Before the slash stands no known word.
    #[error("{} is no sort of target: expected `pod`, `deploy`, `sts`, `ds`, `job`, `rs` or `node` before the `/`{}", quoted(.word), did_you_mean(.near))]
    Sort {
        /// What stands there.
        word: String,
        /// What it may be meant to be.
        near: Option<&'static str>,
    },
    /// A Service is no owner of pods.
    #[error(
        "a service has no processes: name its pods by the labels it selects, `-l KEY=VALUE`, or their workload, `deploy/{0}`"
    )]
    Service(String),
    /// A CronJob owns jobs, not pods.
    #[error("a cron job makes jobs, and those make pods: name a run, `job/{0}-NUMBER`, or the pods, `pod/{0}-*`")]
    CronJob(String),
    /// Not a name.
    #[error("{} cannot be the name of a {what}: expected lower-case letters, digits, `-` and `.`{}", quoted(.name), if *.patterns { ", `*` or `?` for any" } else { "" })]
    Name {
        /// A name of what.
        what: &'static str,
        /// What was given.
        name: String,
        /// Whether it may be a pattern.
        patterns: bool,
    },
    /// Nothing that can be left out.
    #[error("{} cannot be left out: expected a container's name, `pod/NAME` or `namespace/NAME`", quoted(.0))]
    Exclusion(String),
    /// Parentheses of a label selector.
    #[error("the parentheses in {} do not match", quoted(.0))]
    Parentheses(String),
    /// A part of a label selector.
    #[error("{} is no requirement on a label: expected `KEY=VALUE`, `KEY!=VALUE`, `KEY in (A,B)`, `KEY notin (A,B)`, `KEY` or `!KEY`", quoted(.0))]
    Requirement(String),
    /// A label's name.
    #[error("{} cannot be the name of a label: expected letters, digits, `-`, `_` and `.`, at most 63, and perhaps `PREFIX/` before them", quoted(.0))]
    LabelName(String),
    /// A label's value.
    #[error("{} cannot be the value of a label: expected letters, digits, `-`, `_` and `.`, at most 63", quoted(.0))]
    LabelValue(String),
}

/// `; did you mean …?`, or nothing.
fn did_you_mean(near: &Option<&'static str>) -> String {
    near.map_or_else(String::new, |word| format!("; did you mean `{word}/`?"))
}

/// The words for sorts of targets, as `kubectl` has them.
const SORTS: [(&str, Sort); 21] = [
    ("pod", Sort::Pod),
    ("pods", Sort::Pod),
    ("po", Sort::Pod),
    ("deploy", Sort::Workload(WorkloadKind::Deployment)),
    ("deployment", Sort::Workload(WorkloadKind::Deployment)),
    ("deployments", Sort::Workload(WorkloadKind::Deployment)),
    ("sts", Sort::Workload(WorkloadKind::StatefulSet)),
    ("statefulset", Sort::Workload(WorkloadKind::StatefulSet)),
    ("statefulsets", Sort::Workload(WorkloadKind::StatefulSet)),
    ("ds", Sort::Workload(WorkloadKind::DaemonSet)),
    ("daemonset", Sort::Workload(WorkloadKind::DaemonSet)),
    ("daemonsets", Sort::Workload(WorkloadKind::DaemonSet)),
    ("job", Sort::Workload(WorkloadKind::Job)),
    ("jobs", Sort::Workload(WorkloadKind::Job)),
    ("rs", Sort::Workload(WorkloadKind::ReplicaSet)),
    ("replicaset", Sort::Workload(WorkloadKind::ReplicaSet)),
    ("replicasets", Sort::Workload(WorkloadKind::ReplicaSet)),
    ("node", Sort::Node),
    ("nodes", Sort::Node),
    ("no", Sort::Node),
    ("label", Sort::Labels),
];

/// A sort of target.
#[derive(Clone, Copy, Debug)]
enum Sort {
    Pod,
    Workload(WorkloadKind),
    Node,
    Labels,
}

impl Subject {
    /// Reads a word of the command line: `POD`, `pod/POD`, `deploy/X` and so on. A pod may be a pattern or a uid.
    ///
    /// # Errors
    /// The sort is unknown, or the name cannot be one.
    pub fn parse(word: &str) -> Result<Self, SelectorError> {
        match word.split_once('/') {
            Some((sort, name)) => Self::of_sort(sort, name),
            None => Self::of_sort("pod", word),
        }
    }

    /// From a sort and a name, e.g. `deploy` and `web`.
    ///
    /// # Errors
    /// The sort is unknown, or the name cannot be one.
    pub fn of_sort(sort: &str, name: &str) -> Result<Self, SelectorError> {
        let lower = sort.to_lowercase();
        let known = SORTS.iter().find(|(word, _)| *word == lower);
        match known.map(|(_, sort)| *sort) {
            Some(Sort::Pod) => pattern("pod", name).map(Self::Pod),
            Some(Sort::Workload(kind)) => Ok(Self::Workload(kind, exact(kind.in_text(), name)?)),
            Some(Sort::Node) => exact("node", name).map(Self::Node),
            Some(Sort::Labels) => Labels::parse(name).map(Self::Labels),
            None if matches!(lower.as_str(), "svc" | "service" | "services") => {
                Err(SelectorError::Service(exact("service", name)?))
            }
            None if matches!(lower.as_str(), "cj" | "cronjob" | "cronjobs") => {
                Err(SelectorError::CronJob(exact("cron job", name)?))
            }
            None => {
                let near = nearest(&lower, SORTS.iter().map(|(word, _)| *word));
                Err(SelectorError::Sort { word: sort.to_owned(), near })
            }
        }
    }

    /// Whether a word is one for a sort of pods, as in `deploy/web`.
    pub fn is_sort(word: &str) -> bool {
        SORTS.iter().any(|(known, _)| *known == word)
    }
}

impl WorkloadKind {
    /// What Kubernetes calls it, in the `kind` of an owner.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::Job => "Job",
            Self::ReplicaSet => "ReplicaSet",
        }
    }

    /// What a sentence calls it.
    fn in_text(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::StatefulSet => "stateful set",
            Self::DaemonSet => "daemon set",
            Self::Job => "job",
            Self::ReplicaSet => "replica set",
        }
    }

    /// The short word for it, before the slash.
    pub fn word(self) -> &'static str {
        match self {
            Self::Deployment => "deploy",
            Self::StatefulSet => "sts",
            Self::DaemonSet => "ds",
            Self::Job => "job",
            Self::ReplicaSet => "rs",
        }
    }
}

impl InNamespace {
    /// Reads a namespace's name; `*` is all of them.
    ///
    /// # Errors
    /// It cannot be a name.
    pub fn parse(name: &str) -> Result<Self, SelectorError> {
        if name == "*" { Ok(Self::All) } else { exact("namespace", name).map(Self::Named) }
    }

    /// This, or `default` where nothing was said.
    #[must_use]
    pub fn or(self, default: &Self) -> Self {
        if self == Self::Default { default.clone() } else { self }
    }
}

impl Exclusion {
    /// Reads a word of the command line: `CONTAINER`, `container/X`, `pod/X`, `namespace/X`.
    ///
    /// # Errors
    /// The sort is unknown, or the name cannot be one.
    pub fn parse(word: &str) -> Result<Self, SelectorError> {
        match word.split_once('/') {
            None => pattern("container", word).map(Self::Container),
            Some(("container", name)) => pattern("container", name).map(Self::Container),
            Some(("pod" | "po" | "pods", name)) => pattern("pod", name).map(Self::Pod),
            Some(("namespace" | "ns" | "namespaces", name)) => pattern("namespace", name).map(Self::Namespace),
            Some(_) => Err(SelectorError::Exclusion(word.to_owned())),
        }
    }
}

impl Narrowing {
    /// Whether it leaves out nothing.
    pub fn is_empty(&self) -> bool {
        self.containers.is_empty() && self.without.is_empty()
    }

    /// Both: lists add up.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for container in other.containers {
            if !self.containers.contains(&container) {
                self.containers.push(container);
            }
        }
        for exclusion in other.without {
            if !self.without.contains(&exclusion) {
                self.without.push(exclusion);
            }
        }
        self
    }

    /// Whether a pod is not left out.
    pub fn takes_pod(&self, namespace: Option<&str>, pod: &str) -> bool {
        !self.without.iter().any(|exclusion| match exclusion {
            Exclusion::Container(_) => false,
            Exclusion::Pod(pattern) => pattern.matches(pod),
            Exclusion::Namespace(pattern) => namespace.is_some_and(|namespace| pattern.matches(namespace)),
        })
    }

    /// Whether a container is meant and not left out.
    pub fn takes_container(&self, name: &str) -> bool {
        let named = self.containers.is_empty() || self.containers.iter().any(|pattern| pattern.matches(name));
        let left_out =
            |exclusion: &Exclusion| matches!(exclusion, Exclusion::Container(pattern) if pattern.matches(name));
        named && !self.without.iter().any(left_out)
    }
}

/// A container's name or a pattern of such.
///
/// # Errors
/// It cannot be one.
pub fn container(name: &str) -> Result<Pattern, SelectorError> {
    pattern("container", name)
}

fn pattern(what: &'static str, name: &str) -> Result<Pattern, SelectorError> {
    checked(what, name, true).map(Pattern::new)
}

fn exact(what: &'static str, name: &str) -> Result<String, SelectorError> {
    checked(what, name, false).map(str::to_owned)
}

/// A name that Kubernetes can have given.
fn checked<'n>(what: &'static str, name: &'n str, patterns: bool) -> Result<&'n str, SelectorError> {
    let letter = |byte: u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'-' | b'.')
            || (patterns && matches!(byte, b'*' | b'?'))
    };
    if name.is_empty() {
        Err(SelectorError::Empty(what))
    } else if name.len() > NAME_MAX || !name.bytes().all(letter) {
        Err(SelectorError::Name { what, name: name.to_owned(), patterns })
    } else {
        Ok(name)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pid(pid) => write!(f, "pid {pid}"),
            Self::Cgroup(path) => write!(f, "cgroup {}", quoted(path)),
            Self::Unit(name) => write!(f, "unit {}", quoted(name)),
            Self::Pods(pods) => write!(f, "{pods}"),
        }
    }
}

impl fmt::Display for PodSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.subject)?;
        match &self.namespace {
            InNamespace::Default => Ok(()),
            InNamespace::Named(name) => write!(f, " in namespace {}", quoted(name)),
            InNamespace::All => f.write_str(" in any namespace"),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod(name) if name.exact().is_some() => write!(f, "pod {}", quoted(name.as_str())),
            Self::Pod(name) => write!(f, "pods {}", quoted(name.as_str())),
            Self::Workload(kind, name) => write!(f, "pods of {}", quoted(&format!("{}/{name}", kind.word()))),
            Self::Labels(labels) => write!(f, "pods with labels {}", quoted(&labels.to_string())),
            Self::Node(name) => write!(f, "pods of node {}", quoted(name)),
            Self::All => f.write_str("all pods"),
        }
    }
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container(name) => write!(f, "container {}", quoted(name.as_str())),
            Self::Pod(name) => write!(f, "pod {}", quoted(name.as_str())),
            Self::Namespace(name) => write!(f, "namespace {}", quoted(name.as_str())),
        }
    }
}

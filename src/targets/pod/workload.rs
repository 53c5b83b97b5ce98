//! Who made a pod: from its owner and labels, without asking for the owner itself.
//!
//! A Deployment's pods belong to a ReplicaSet that is called after it and after the hash in the label
//! `pod-template-hash`, so its name can be told without being allowed to read ReplicaSets. Where the owner is not known
//! either (the runtime has labels only), labels and the form of the name that each controller gives tell it.

use std::collections::BTreeMap;
use std::fmt;

use crate::profile::selector::WorkloadKind;

/// Who made a pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Workload {
    /// The kind, as Kubernetes calls it: `Deployment`, `Node` for a static pod, or something else's own.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// The owner that is a pod's controller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Controller<'a> {
    /// Its kind.
    pub(crate) kind: &'a str,
    /// Its name.
    pub(crate) name: &'a str,
}

/// The label of a Deployment's pods.
const TEMPLATE: &str = "pod-template-hash";

/// Random characters at the end of a generated name (apimachinery, `names.SimpleNameGenerator`).
const RANDOM: usize = 5;

impl Workload {
    /// From the controller that the API names.
    pub(crate) fn of_controller(controller: Controller<'_>, labels: &BTreeMap<String, String>) -> Self {
        let deployment = (controller.kind == "ReplicaSet")
            .then(|| labels.get(TEMPLATE))
            .flatten()
            .and_then(|hash| controller.name.strip_suffix(hash.as_str())?.strip_suffix('-'));
        match deployment {
            Some(name) => Self::new("Deployment", name),
            None => Self::new(controller.kind, controller.name),
        }
    }

    /// From a pod's name and labels alone.
    pub(crate) fn of_labels(pod: &str, labels: &BTreeMap<String, String>) -> Option<Self> {
        let generated = || {
            let (name, random) = pod.rsplit_once('-')?;
            (random.len() == RANDOM).then_some(name)
        };
        if labels.contains_key(TEMPLATE) {
            let set = generated()?;
            let controller = Controller { kind: "ReplicaSet", name: set };
            return Some(Self::of_controller(controller, labels));
        }
        let job = labels.get("batch.kubernetes.io/job-name").or_else(|| labels.get("job-name"));
        if let Some(job) = job {
            return Some(Self::new("Job", job));
        }
        if labels.get("statefulset.kubernetes.io/pod-name").is_some_and(|name| name == pod) {
            return Some(Self::new("StatefulSet", pod.rsplit_once('-')?.0));
        }
        if labels.contains_key("controller-revision-hash") && labels.contains_key("pod-template-generation") {
            return Some(Self::new("DaemonSet", generated()?));
        }
        None
    }

    /// Whether it is the workload of this kind and name.
    pub fn is(&self, kind: WorkloadKind, name: &str) -> bool {
        self.kind == kind.name() && self.name == name
    }

    fn new(kind: &str, name: &str) -> Self {
        Self { kind: kind.to_owned(), name: name.to_owned() }
    }
}

/// `Deployment/web`.
impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Controller;
    use super::Workload;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    /// Check that a ReplicaSet is followed to its Deployment by the hash, and only by it.
    #[test]
    fn deployments() {
        let of = |name: &str, pairs: &[(&str, &str)]| {
            Workload::of_controller(Controller { kind: "ReplicaSet", name }, &labels(pairs)).to_string()
        };
        assert_eq!(of("web-85f5b7f4c8", &[("pod-template-hash", "85f5b7f4c8")]), "Deployment/web");
        assert_eq!(of("web-85f5b7f4c8", &[("pod-template-hash", "other")]), "ReplicaSet/web-85f5b7f4c8");
        assert_eq!(of("web-1", &[]), "ReplicaSet/web-1");
        let node = Workload::of_controller(Controller { kind: "Node", name: "labnode" }, &labels(&[]));
        assert_eq!(node.to_string(), "Node/labnode");
    }

    /// Check that labels and names tell each controller, and that a plain pod has none.
    #[test]
    fn by_labels() {
        let of = |pod: &str, pairs: &[(&str, &str)]| {
            Workload::of_labels(pod, &labels(pairs)).map(|workload| workload.to_string())
        };
        let hash = ("pod-template-hash", "85f5b7f4c8");
        assert_eq!(of("web-85f5b7f4c8-mxdrj", &[hash]).as_deref(), Some("Deployment/web"));
        assert_eq!(of("web-set-mxdrj", &[hash]).as_deref(), Some("ReplicaSet/web-set"));
        assert_eq!(of("web-85f5b7f4c8", &[hash]), None);
        let ordinal = ("statefulset.kubernetes.io/pod-name", "db-0");
        assert_eq!(of("db-0", &[ordinal]).as_deref(), Some("StatefulSet/db"));
        let daemon = [("controller-revision-hash", "x"), ("pod-template-generation", "1")];
        assert_eq!(of("log-agent-x7k2p", &daemon).as_deref(), Some("DaemonSet/log-agent"));
        assert_eq!(of("x-1", &[("job-name", "nightly")]).as_deref(), Some("Job/nightly"));
        assert_eq!(of("my-pod", &[("app", "demo")]), None);
    }
}

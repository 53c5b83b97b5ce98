//! What the cluster says about targets and peers while a trace runs: names of peers, and events of pods.

use serde::Deserialize;
use serde::Serialize;

use super::Definition;
use super::Item;
use super::ObjectId;

/// What a peer is called in its cluster. May come long after the peer itself, or never. Of several for one peer, which
/// there are when its address goes to somebody else during the trace, the last is who has it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerName {
    /// The peer.
    pub object: ObjectId,
    /// What sort of thing it is.
    pub kind: PeerKind,
    /// Its namespace, where it has one.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// For a pod, who made it, e.g. `Deployment/web`, where that is known.
    pub workload: Option<String>,
    /// For a service, what it calls the port.
    pub port: Option<String>,
    /// For a pod, the service that this address and port are an endpoint of, where it is a single one.
    pub service: Option<String>,
}

/// What a peer is in its cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PeerKind {
    /// A pod.
    Pod,
    /// A service.
    Service,
    /// A node.
    Node,
}

impl PeerKind {
    /// Its name in outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pod => "pod",
            Self::Service => "service",
            Self::Node => "node",
        }
    }
}

/// The kinds of workloads that the command line has short words for.
const SHORT: [(&str, &str); 5] =
    [("Deployment", "deploy"), ("StatefulSet", "sts"), ("DaemonSet", "ds"), ("ReplicaSet", "rs"), ("Job", "job")];

impl PeerName {
    /// `NAMESPACE/NAME`; the name alone where there is no namespace.
    pub fn full_name(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}/{}", self.name),
            None => self.name.clone(),
        }
    }

    /// What it is, in a few words: `service`, `pod of deploy/api`.
    pub fn what(&self) -> String {
        let Some(workload) = &self.workload else { return self.kind.name().to_owned() };
        let short = SHORT.iter().find_map(|(kind, short)| {
            let name = workload.strip_prefix(kind)?.strip_prefix('/')?;
            Some(format!("{short}/{name}"))
        });
        format!("{} of {}", self.kind.name(), short.as_ref().unwrap_or(workload))
    }

    /// Whether both name the same thing, whatever else they know of it.
    pub fn is_same_as(&self, other: &Self) -> bool {
        (self.kind, &self.namespace, &self.name) == (other.kind, &other.namespace, &other.name)
    }
}

/// Something that happened to a traced pod, as the cluster tells it. What happens again is told again, under the same
/// number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Tells it from others of the trace.
    pub id: u32,
    /// When it happened last, in nanoseconds since the trace started; below 0: before. The clock is that of who reports
    /// it, mostly in whole seconds.
    pub at_ns: i64,
    /// When it happened first.
    pub first_ns: i64,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The container, where it concerns one.
    pub container: Option<String>,
    /// Whether the cluster takes it for a sign of trouble.
    pub warning: bool,
    /// What happened, in the cluster's word: `BackOff`, `Unhealthy`, `OOMKilled`.
    pub reason: String,
    /// The same in a sentence; cut where it is long.
    pub message: String,
    /// Who says so: `kubelet`, `default-scheduler`, or `pod status`.
    pub reporter: String,
    /// How often it happened, as far as the cluster remembers.
    pub count: u64,
    /// How often of these since the trace started.
    pub during: u64,
}

impl From<PeerName> for Item {
    fn from(name: PeerName) -> Self {
        Self::Definition(Definition::PeerName(Box::new(name)))
    }
}

impl From<Incident> for Item {
    fn from(incident: Incident) -> Self {
        Self::Incident(Box::new(incident))
    }
}

#[cfg(test)]
mod tests {
    use super::PeerKind;
    use super::PeerName;
    use crate::event::ObjectId;

    /// Check that names say what a peer is in the words that the command line takes.
    #[test]
    fn words() {
        let name = |kind, namespace: Option<&str>, workload: Option<&str>| {
            let name = PeerName {
                object: ObjectId(11),
                kind,
                namespace: namespace.map(str::to_owned),
                name: "x".to_owned(),
                workload: workload.map(str::to_owned),
                port: None,
                service: None,
            };
            format!("{} ({})", name.full_name(), name.what())
        };
        assert_eq!(name(PeerKind::Service, Some("shop"), None), "shop/x (service)");
        assert_eq!(name(PeerKind::Pod, Some("shop"), Some("Deployment/api")), "shop/x (pod of deploy/api)");
        assert_eq!(name(PeerKind::Pod, Some("shop"), Some("CronJob/api")), "shop/x (pod of CronJob/api)");
        assert_eq!(name(PeerKind::Pod, None, None), "x (pod)");
        assert_eq!(name(PeerKind::Node, None, None), "x (node)");
    }
}

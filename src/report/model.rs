//! The report as data: what `-o json` prints, field by field.
//!
//! Names of fields carry their unit. Fields are described for users in `doc/report.schema.json`; a test compares the two.

mod sections;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde::Serializer;
use serde::ser::SerializeMap;

pub use sections::Contribution;
pub use sections::Cost;
pub use sections::EventEntry;
pub use sections::IncidentEntry;
pub use sections::KindEvents;
pub use sections::Kubernetes;
pub use sections::Life;
pub use sections::Lives;
pub use sections::Moment;
pub use sections::PeerEntry;
pub use sections::ProgramEntry;
pub use sections::RuleEntry;
pub use sections::RuleMetric;
pub use sections::RuleStatus;
pub use sections::Sections;
pub use sections::SlotEntry;
pub use sections::ThresholdEntry;
pub use sections::TimeSpent;
pub use sections::Verdict;

use crate::event::Kind;
use crate::event::PeerKind;
use crate::event::kind::Unit;
use crate::event::session::HostSummary;
use crate::event::session::TargetKind;
use crate::finding::Finding;
use crate::window::PeerNames;

/// The version of the report's shape. Goes up when a field changes its meaning or goes away, not when one is added.
pub const SCHEMA: u32 = 1;

/// The whole report.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// podtrace's version.
    pub podtrace: String,
    /// The machine.
    pub host: HostSummary,
    /// The profiles' names.
    pub profile: Vec<String>,
    /// What was traced.
    pub targets: Vec<TargetEntry>,
    /// When it began.
    pub started: Timestamp,
    /// How long it lasted.
    pub duration_seconds: f64,
    /// The traced command, for `run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// What rules concluded, worst first.
    pub findings: Vec<Finding>,
    /// Per kind that was asked for and can be seen.
    pub signals: Named<Signal>,
    /// Per feature, whether it was seen.
    pub coverage: Vec<Feature>,
    /// What is missing.
    pub completeness: Completeness,
    /// Everything else.
    pub sections: Sections,
    /// What peers are called, for people.
    #[serde(skip)]
    pub peers: PeerNames,
}

/// Something that was traced.
#[derive(Clone, Debug, Serialize)]
pub struct TargetEntry {
    /// Its index.
    pub index: u16,
    /// What sort of thing it is.
    pub kind: TargetKind,
    /// Its name.
    pub name: String,
    /// The Kubernetes namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// The container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The node of its cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Who made the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// The pod's labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// For a container, which of its lives this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub life: Option<LifeEntry>,
}

/// One life of a container.
#[derive(Clone, Debug, Serialize)]
pub struct LifeEntry {
    /// The container's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_id: Option<String>,
    /// How often the container was restarted before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarts: Option<u32>,
    /// When it began, in seconds since the trace started; absent if before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub began_seconds: Option<f64>,
    /// When it ended, in seconds since the trace started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_seconds: Option<f64>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The traced command and how it ended: both ends are `None` if it was still running.
#[derive(Clone, Debug, Serialize)]
pub struct Command {
    /// Its argument vector.
    pub argv: Vec<String>,
    /// Its exit code.
    pub exit_code: Option<i32>,
    /// The name of the signal that ended it.
    pub signal: Option<String>,
}

/// One kind's figures.
#[derive(Clone, Debug, Serialize)]
pub struct Signal {
    /// In all.
    #[serde(flatten)]
    pub figures: Measured,
    /// By each dimension, heaviest first; each adds up to the whole.
    pub top: Named<Vec<Entry>>,
    /// The declaration.
    #[serde(skip)]
    pub kind: &'static Kind,
}

/// One key's figures.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The peer, path, process, target or value.
    pub key: String,
    /// What a peer is called in its cluster.
    #[serde(flatten)]
    pub known: Known,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Measured,
}

/// What a peer is called in its cluster; nothing for other keys, and where it is not known.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Known {
    /// `NAMESPACE/NAME`; several where the address changed hands during the trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who had the address, one after the other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<Identity>,
}

/// What a peer is in its cluster.
#[derive(Clone, Debug, Serialize)]
pub struct Identity {
    /// The sort of thing.
    pub kind: PeerKind,
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Who made the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// What the service calls the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// The service that the pod's address and port belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

impl Known {
    /// What is known of a peer.
    pub(super) fn of(peers: &PeerNames, label: &str) -> Self {
        let identity = |name: &crate::event::PeerName| Identity {
            kind: name.kind,
            namespace: name.namespace.clone(),
            name: name.name.clone(),
            workload: name.workload.clone(),
            port: name.port.clone(),
            service: name.service.clone(),
        };
        Self { name: peers.name(label), identities: peers.of(label).iter().map(identity).collect() }
    }
}

/// Figures, of a kind or of a key.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// Operations, failed ones included.
    pub count: u64,
    /// Failed operations by the name of the error.
    pub errors: Named<u64>,
    /// The kind's quantity.
    #[serde(flatten)]
    pub amount: Amount,
    /// Durations, for kinds that have one and of which something was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_seconds: Option<Latency>,
    /// Sum of the durations, in seconds: to rank by.
    #[serde(skip)]
    pub total_seconds: f64,
}

impl Measured {
    /// Failed operations.
    pub fn failed(&self) -> u64 {
        self.errors.iter().fold(0, |sum: u64, (_, count)| sum.saturating_add(*count))
    }
}

/// A kind's quantity. Bytes and plain numbers are written as their sum under the quantity's name; times as an object
/// under `NAME_seconds`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// The kind has none.
    None,
    /// Bytes or a plain number.
    Sum {
        /// The quantity's name.
        name: &'static str,
        /// Its unit.
        unit: Unit,
        /// The sum.
        total: u64,
    },
    /// A time measured with each operation beside its duration, e.g. the variance of a round-trip time.
    Sample {
        /// The quantity's name.
        name: &'static str,
        /// The sum, in seconds.
        total_seconds: f64,
        /// The mean, in seconds.
        mean_seconds: f64,
    },
    /// A time that was used up, e.g. CPU: also as a share of the trace (1.0 is one whole CPU).
    Use {
        /// The quantity's name.
        name: &'static str,
        /// The sum, in seconds.
        total_seconds: f64,
        /// The sum divided by the length of the trace.
        share: f64,
    },
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match *self {
            Self::None => {}
            Self::Sum { name, total, .. } => map.serialize_entry(name, &total)?,
            Self::Sample { name, total_seconds, mean_seconds } => {
                let sample = TotalAndMean { total: total_seconds, mean: mean_seconds };
                map.serialize_entry(&format!("{name}_seconds"), &sample)?;
            }
            Self::Use { name, total_seconds, share } => {
                map.serialize_entry(&format!("{name}_seconds"), &Total { total: total_seconds })?;
                map.serialize_entry(&format!("{name}_share"), &share)?;
            }
        }
        map.end()
    }
}

#[derive(Serialize)]
struct TotalAndMean {
    total: f64,
    mean: f64,
}

#[derive(Serialize)]
struct Total {
    total: f64,
}

/// Durations in seconds. Percentiles are `None` where the histogram does not hold every operation of the key.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Latency {
    /// The mean, exact.
    pub mean: f64,
    /// The median.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50: Option<f64>,
    /// The 90th percentile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90: Option<f64>,
    /// The 95th percentile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p95: Option<f64>,
    /// The 99th percentile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99: Option<f64>,
    /// The longest, exact.
    pub max: f64,
}

/// Whether a feature was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Feature {
    /// A kind's name, or `kind: part`.
    pub feature: String,
    /// Whether it was seen.
    pub status: Status,
    /// Why not, or what is missing nevertheless.
    pub reason: Option<String>,
}

/// Whether a feature was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Something was counted.
    Observed,
    /// It can be seen here and nothing happened.
    Idle,
    /// It cannot be seen here.
    Blind,
}

/// What arrived and what did not.
#[derive(Clone, Debug, Serialize)]
pub struct Completeness {
    /// Single events that arrived.
    pub events_seen: u64,
    /// What was lost, by cause.
    pub events_lost: Named<u64>,
    /// Per kind.
    pub kinds: Named<KindCompleteness>,
}

/// What arrived of one kind and what did not.
#[derive(Clone, Debug, Serialize)]
pub struct KindCompleteness {
    /// Single events that the kernel sent.
    pub sent: u64,
    /// Single events that arrived.
    pub seen: u64,
    /// What was lost, by cause.
    pub lost: Named<u64>,
    /// Keys that were folded into `other` because too many were there, by dimension.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub folded: Named<u64>,
}

/// Values by name, in an order that means something; an object in JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Named<V>(Vec<(String, V)>);

impl<V> Named<V> {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Every name with its value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<V> Default for Named<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> FromIterator<(String, V)> for Named<V> {
    fn from_iter<I: IntoIterator<Item = (String, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl<V: Serialize> Serialize for Named<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

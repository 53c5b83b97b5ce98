//! What was true when a trace began, and when it ended: with the items between them, all that a report is made from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

use super::kind::KindId;

/// What was true when the trace began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// podtrace's version.
    pub podtrace: String,
    /// When it began; item times count from here.
    pub started: Timestamp,
    /// The machine.
    pub host: HostSummary,
    /// The profiles' names and texts, in the order they were merged; enough to judge the items again.
    pub profiles: Vec<ProfileText>,
    /// The rules in Lua that judge, in their order, each named once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleText>,
    /// What was traced from the beginning; [`super::Process::target`] is the index of one of these, or of one that is defined
    /// later.
    pub targets: Vec<Target>,
    /// The traced command's argument vector, for `run`.
    pub command: Option<Vec<String>>,
    /// The kinds that were asked for, with the numbers they have in this session.
    pub kinds: Vec<KindName>,
    /// Per feature, whether it can be seen here and why not.
    pub coverage: Vec<PlannedFeature>,
}

/// Facts about the machine that belong into a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostSummary {
    /// The host's name.
    pub name: String,
    /// The kernel's release, as `uname -r`.
    pub kernel: String,
    /// The architecture, as `uname -m`.
    pub architecture: String,
    /// CPUs that are online.
    pub cpus: u32,
}

/// A profile as it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileText {
    /// Its file name, or the name of an embedded profile.
    pub name: String,
    /// Its KDL.
    pub text: String,
}

/// A rule in Lua as it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleText {
    /// The name it gives itself.
    pub name: String,
    /// What messages call its file.
    pub path: String,
    /// Its Lua.
    pub text: String,
    /// Modules beside it, by the name they are required with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub modules: BTreeMap<String, String>,
}

/// Something that is traced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The index used in the kernel.
    pub index: u16,
    /// What sort of thing it is.
    pub kind: TargetKind,
    /// Its name: the command, `pid 4711`, the cgroup's path, the unit, the container.
    pub name: String,
    /// The Kubernetes namespace, where it has one.
    pub namespace: Option<String>,
    /// The pod, where it has one.
    pub pod: Option<String>,
    /// The container, where it has one.
    pub container: Option<String>,
    /// The node of its cluster, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Who made the pod, e.g. `Deployment/web`, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// The pod's labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// For a container, which of its lives this is: each start of it is a target of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<Life>,
}

/// One life of a container, from a start to its end. What is not known (yet) is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// The container's id, which the next life does not share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_id: Option<String>,
    /// How often the container was restarted before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts: Option<u32>,
    /// When its cgroup was made, in nanoseconds since the trace started; `None` if before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_ns: Option<i64>,
    /// When its last process was gone, in nanoseconds since the trace started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ns: Option<i64>,
    /// How it ended; 128 and the signal's number for one that a signal ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Why it ended, in the cluster's words, e.g. `OOMKilled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The sorts of targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// A command podtrace started.
    Command,
    /// A process and its descendants.
    Process,
    /// A cgroup and everything below it.
    Cgroup,
    /// A systemd unit.
    Unit,
    /// A container.
    Container,
}

/// A kind's number and name in one session. Numbers may differ between versions, names do not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindName {
    /// The number.
    pub id: KindId,
    /// The public name.
    pub name: String,
}

/// What is known before the first event about whether a feature can be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFeature {
    /// The feature: a kind's name, or `kind: part` for a part of one.
    pub feature: String,
    /// Why it cannot be seen here; `None` if it can.
    pub blind: Option<String>,
    /// What is missing although the feature can be seen, e.g. a fallback in use.
    pub degraded: Option<String>,
}

/// What was true when the trace ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// How long it lasted, in nanoseconds.
    pub duration_ns: u64,
    /// How the traced command ended; `None` if there was none or it was still running.
    pub command: Option<CommandStatus>,
    /// Why the trace ended early, if it did: a signal, a target that was gone.
    pub interrupted: Option<String>,
    /// What tracing cost.
    pub cost: Cost,
    /// What turned out during the trace about what could be seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coverage: Vec<PlannedFeature>,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandStatus {
    /// It exited with this code.
    Exited(i32),
    /// This signal ended it.
    Signalled(i32),
}

/// What tracing cost, as the kernel and the process accounted it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// CPU time of podtrace itself, in nanoseconds.
    pub agent_cpu_ns: u64,
    /// Peak resident memory of podtrace itself, in bytes.
    pub agent_memory_bytes: u64,
    /// Memory of the kernel's tables, in bytes.
    pub kernel_memory_bytes: u64,
    /// Per program; empty unless run-time statistics were on.
    pub programs: Vec<ProgramCost>,
}

/// How full a table of the kernel's is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFill {
    /// Its name.
    pub name: String,
    /// Entries that it has.
    pub entries: u64,
    /// Entries that it has room for.
    pub capacity: u64,
}

/// What the kernel's side of a trace uses, while it goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KernelUse {
    /// Run times and memory.
    pub cost: Cost,
    /// Tables.
    pub tables: Vec<TableFill>,
}

/// What one program cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramCost {
    /// Its name.
    pub name: String,
    /// How often it ran.
    pub runs: u64,
    /// For how long in all, in nanoseconds.
    pub total_ns: u64,
}

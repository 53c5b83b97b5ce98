//! The sections of a report: what is derived from more than one signal, or is no signal at all.

use serde::Serialize;

use super::Known;
use super::Measured;
use super::Named;
use crate::event::Severity;

/// Everything beside signals, findings and completeness.
#[derive(Clone, Debug, Serialize)]
pub struct Sections {
    /// The answer in a few sentences.
    pub verdict: Verdict,
    /// Where the time went.
    pub time: TimeSpent,
    /// Every threshold and what became of it.
    pub thresholds: Vec<ThresholdEntry>,
    /// Every rule in Lua and what became of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleEntry>,
    /// Peers, each with what happened to it by kind.
    pub peers: Vec<PeerEntry>,
    /// Process lives.
    pub processes: Lives,
    /// The slowest and the last failed events, by kind.
    pub events: Named<KindEvents>,
    /// Operations and errors over time.
    pub timeline: Vec<SlotEntry>,
    /// What the cluster says happened to the traced pods; absent where it said nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<Kubernetes>,
    /// What tracing cost.
    pub cost: Cost,
}

/// The answer in a few sentences.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// One after the other; the first says most.
    pub sentences: Vec<String>,
    /// Why the trace ended early, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<String>,
}

/// Where the time went, first what explains most.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TimeSpent {
    /// How to read it.
    pub note: &'static str,
    /// The largest contributions.
    pub contributions: Vec<Contribution>,
}

/// One thing that took time.
#[derive(Clone, Debug, Serialize)]
pub struct Contribution {
    /// The kind.
    pub kind: String,
    /// What `key` is: `peer`, `path`, `process`, or a kind's own dimension; absent if the kind has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimension: Option<String>,
    /// The peer, path, process or value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What a peer is called in its cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Operations; absent for time used, such as CPU, which has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The time in all, in seconds.
    pub total_seconds: f64,
    /// The time in all divided by the length of the trace; above 1 where several threads waited at once.
    pub share: f64,
}

/// What became of a threshold.
#[derive(Clone, Debug, Serialize)]
pub struct ThresholdEntry {
    /// The kind and the comparison.
    pub rule: String,
    /// How bad it is when it fires.
    pub severity: Severity,
    /// For how long it must hold, in seconds.
    pub for_seconds: f64,
    /// Windows in which its figure could be told.
    pub windows_judged: u64,
    /// Windows in which it held.
    pub windows_held: u64,
    /// The longest time it held in a row, in seconds.
    pub longest_seconds: f64,
    /// The worst value while it held, in the unit of the bound: seconds, a share of 1, or a plain number.
    pub worst: Option<f64>,
    /// Whether it is a finding.
    pub fired: bool,
}

/// What became of a rule in Lua.
#[derive(Clone, Debug, Serialize)]
pub struct RuleEntry {
    /// Its name.
    pub rule: String,
    /// One sentence about it.
    pub about: String,
    /// Its file.
    pub file: String,
    /// Whether it judged.
    pub status: RuleStatus,
    /// Why it did not, or not to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Windows it judged.
    pub windows_judged: u64,
    /// Windows it did not see, because rules were behind.
    #[serde(skip_serializing_if = "is_zero")]
    pub windows_skipped: u64,
    /// Findings that were left out because there were too many.
    #[serde(skip_serializing_if = "is_zero")]
    pub findings_omitted: u64,
    /// Numbers it handed out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<RuleMetric>,
    /// Its section of the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<crate::rules::Section>,
}

/// Whether a rule judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleStatus {
    /// It judged to the end.
    Judged,
    /// What it needs is not watched.
    Idle,
    /// It failed and was disabled.
    Disabled,
}

impl RuleStatus {
    /// Its name in outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Judged => "judged",
            Self::Idle => "idle",
            Self::Disabled => "disabled",
        }
    }
}

/// A number that a rule handed out.
#[derive(Clone, Debug, Serialize)]
pub struct RuleMetric {
    /// Its name.
    pub name: String,
    /// What it is of: (name of the label, value).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<(String, String)>,
    /// Its unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Whether values add up.
    pub counter: bool,
    /// One sentence.
    pub about: String,
    /// The last value of a gauge, the sum of a counter.
    pub value: f64,
}

/// What happened to one peer.
#[derive(Clone, Debug, Serialize)]
pub struct PeerEntry {
    /// The peer.
    pub peer: String,
    /// What it is called in its cluster.
    #[serde(flatten)]
    pub known: Known,
    /// By kind.
    pub kinds: Named<Measured>,
}

/// Process lives, in the order they began.
#[derive(Clone, Debug, Serialize)]
pub struct Lives {
    /// At most 100: those that ended badly first, then the eldest.
    pub lives: Vec<Life>,
    /// How many more there were.
    pub omitted: u64,
}

/// One life of one program image in one process.
#[derive(Clone, Debug, Serialize)]
pub struct Life {
    /// `COMM[PID]`.
    pub process: String,
    /// The target's name.
    pub target: String,
    /// The process id, as the host numbers it.
    pub pid: u32,
    /// The parent's process id, as the host numbers it.
    pub parent_pid: u32,
    /// The process id as the process itself sees it.
    pub namespace_pid: u32,
    /// How it began: `seed` (it was running), `fork` or `exec`.
    pub origin: &'static str,
    /// When it began, in seconds since the trace started; absent if before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub began_seconds: Option<f64>,
    /// The executed file as the caller named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executable: Option<String>,
    /// The head of the argument vector.
    pub arguments: Vec<String>,
    /// The argument vector was longer.
    pub arguments_truncated: bool,
    /// When it ended, in seconds since the trace started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_seconds: Option<f64>,
    /// How it ended: `exit CODE` or a signal's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// Whether it ended badly.
    #[serde(skip)]
    pub failed: bool,
}

/// The slowest and the last failed events of a kind, at most ten each.
#[derive(Clone, Debug, Serialize)]
pub struct KindEvents {
    /// The slowest first.
    pub slowest: Vec<EventEntry>,
    /// The latest first.
    pub failed: Vec<EventEntry>,
}

/// One event.
#[derive(Clone, Debug, Serialize)]
pub struct EventEntry {
    /// When it began, in seconds since the trace started; below 0: before.
    pub at_seconds: f64,
    /// `COMM[PID]`.
    pub process: String,
    /// The thread, as the host numbers it.
    pub thread: u32,
    /// The peer or path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// What a peer is called in its cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The value of the kind's own dimension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How long it took, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// The name of the error, if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One stretch of the timeline.
#[derive(Clone, Debug, Serialize)]
pub struct SlotEntry {
    /// When it began, in seconds since the trace started.
    pub from_seconds: f64,
    /// When it ended.
    pub to_seconds: f64,
    /// What happened in it, by kind.
    pub kinds: Named<Moment>,
    /// Warnings of the cluster about the traced pods.
    #[serde(skip_serializing_if = "is_zero")]
    pub warnings: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What happened in a stretch of the timeline.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Moment {
    /// Operations.
    pub count: u64,
    /// Failed operations.
    pub errors: u64,
}

/// What the cluster says happened to the traced pods.
#[derive(Clone, Debug, Serialize)]
pub struct Kubernetes {
    /// In order of when they happened last, at most 100: warnings before others.
    pub events: Vec<IncidentEntry>,
    /// How many more there were.
    pub omitted: u64,
}

/// One thing that happened, once or several times.
#[derive(Clone, Debug, Serialize)]
pub struct IncidentEntry {
    /// When it happened last, in seconds since the trace started; below 0: before.
    pub at_seconds: f64,
    /// When it happened first.
    pub first_seconds: f64,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The container, where it concerns one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// `warning` or `normal`.
    pub severity: &'static str,
    /// What happened, in the cluster's word.
    pub reason: String,
    /// The same in a sentence.
    pub message: String,
    /// Who says so.
    pub reporter: String,
    /// How often, as far as the cluster remembers.
    pub count: u64,
    /// How often of these since the trace started.
    pub count_during_trace: u64,
}

/// What tracing cost.
#[derive(Clone, Debug, Serialize)]
pub struct Cost {
    /// CPU time of podtrace itself, in seconds.
    pub agent_cpu_seconds: f64,
    /// The same divided by the length of the trace.
    pub agent_cpu_share: f64,
    /// Peak resident memory of podtrace itself.
    pub agent_memory_bytes: u64,
    /// Memory of the kernel's tables.
    pub kernel_memory_bytes: u64,
    /// Per program, dearest first; empty unless run-time statistics were on.
    pub programs: Vec<ProgramEntry>,
}

/// What one program cost.
#[derive(Clone, Debug, Serialize)]
pub struct ProgramEntry {
    /// Its name.
    pub name: String,
    /// How often it ran.
    pub runs: u64,
    /// For how long in all, in seconds.
    pub total_seconds: f64,
}

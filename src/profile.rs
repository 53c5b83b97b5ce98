//! What the user said: a KDL file of targets, probe sets, thresholds, window and budget.
//!
//! A profile knows no family and no kind by itself: the words it may use come in a [`Vocabulary`], which the caller
//! builds from the registries. Several profiles merge into one.

pub mod threshold;
pub mod vocabulary;

use std::collections::BTreeMap;

pub use threshold::Comparison;
pub use threshold::Figure;
pub use threshold::Threshold;
pub use vocabulary::OptionKind;
pub use vocabulary::OptionSpec;
pub use vocabulary::Vocabulary;

use crate::event::session::ProfileText;

/// What one or several merged profiles said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// The texts it came from, in the order they were merged.
    pub sources: Vec<ProfileText>,
    /// What it is for, from the last file that said so.
    pub description: Option<String>,
    /// What to trace.
    pub targets: Vec<Selector>,
    /// What to observe, one entry per family.
    pub probes: Vec<ProbeRequest>,
    /// What to judge.
    pub thresholds: Vec<Threshold>,
    /// The length of a window, in nanoseconds; `None` where no file said so.
    pub window_ns: Option<u64>,
    /// What tracing may cost.
    pub budget: Option<Budget>,
}

/// What to trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// A process and its descendants.
    Pid(u32),
    /// A cgroup's path and everything below it.
    Cgroup(String),
    /// A systemd unit.
    Unit(String),
}

/// A family that is asked for, with its options; every option is one that the family declared, of the declared kind.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeRequest {
    /// The family's name.
    pub family: String,
    /// Options that were given.
    pub options: BTreeMap<String, OptionValue>,
}

/// The value of a family's option.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    /// A duration, in nanoseconds.
    DurationNs(u64),
    /// One of the declared words.
    Word(String),
    /// A yes or no.
    Flag(bool),
}

/// What tracing may cost. Parsed and shown; not enforced yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Budget {
    /// Share of one CPU (0.02 is two percent of one).
    pub cpu: Option<f64>,
    /// Bytes.
    pub memory_bytes: Option<u64>,
}

//! What the user said: a KDL file of targets, probe sets, thresholds, window and budget.
//!
//! A profile knows no family and no kind by itself: the words it may use come in a [`Vocabulary`], which the caller
//! builds from the registries. Several profiles merge into one.
//!
//! A text goes through `guard` (limits), `scan` (a first look that mends what can be mended), `syntax` (the `kdl` parser),
//! `document` (what each section says, read with `node` and `unit`); mistakes collect on the way and come all at once.
//! `load` finds the texts, `merge` joins profiles, `explain` says one in plain words.

mod diagnostic;
mod document;
mod explain;
mod guard;
mod load;
mod merge;
mod node;
mod scan;
mod suggest;
mod syntax;
mod unit;

pub mod selector;
pub mod sink;
pub mod threshold;
pub mod vocabulary;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;

pub use diagnostic::FileMistakes;
pub use diagnostic::Mistake;
pub use diagnostic::ProfileError;
pub use explain::BUDGET_NOTE;
pub use load::DEFAULT;
pub use load::SHIPPED;
pub use load::Shipped;
pub use selector::InNamespace;
pub use selector::Narrowing;
pub use selector::Pattern;
pub use selector::PodSelector;
pub use selector::Selector;
pub use selector::Subject;
pub use sink::AlertPace;
pub use sink::HeaderRequest;
pub use sink::HeaderValue;
pub use sink::SinkRequest;
pub use threshold::Comparison;
pub use threshold::Figure;
pub use threshold::Threshold;
pub use vocabulary::OptionKind;
pub use vocabulary::OptionSpec;
pub use vocabulary::Vocabulary;

use crate::event::session::ProfileText;

/// The length of a window where no profile says one, in nanoseconds: 10 s, long enough that a percentile of a service
/// that answers ten times a second stands on a hundred answers.
pub const DEFAULT_WINDOW_NS: u64 = 10_000_000_000;

/// What one or several merged profiles said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// The texts it came from, in the order they were merged.
    pub sources: Vec<ProfileText>,
    /// What it is for, from the last file that said so.
    pub description: Option<String>,
    /// What to trace.
    pub targets: Vec<Selector>,
    /// Which containers of the pods among it.
    pub narrowing: Narrowing,
    /// What to observe, one entry per family.
    pub probes: Vec<ProbeRequest>,
    /// What to judge.
    pub thresholds: Vec<Threshold>,
    /// Where findings, figures and spans go.
    pub sinks: Vec<SinkRequest>,
    /// How often people are told.
    pub alerts: AlertPace,
    /// The length of a window, in nanoseconds; `None` where no file said so.
    pub window_ns: Option<u64>,
    /// What tracing may cost.
    pub budget: Option<Budget>,
}

impl Profile {
    /// The length of a window, in nanoseconds: what the profile says, else [`DEFAULT_WINDOW_NS`].
    pub fn window_ns(&self) -> u64 {
        self.window_ns.unwrap_or(DEFAULT_WINDOW_NS)
    }
}

/// A family that is asked for, with its options; every option is one that the family declared, of the declared kind.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeRequest {
    /// The family's name.
    pub family: String,
    /// Options that were given.
    pub options: BTreeMap<String, OptionValue>,
}

/// The value of a family's or a sink's option.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    /// A duration, in nanoseconds.
    DurationNs(u64),
    /// One of the declared words.
    Word(String),
    /// A yes or no.
    Flag(bool),
    /// A text, an address, the name of a variable or file.
    Text(String),
    /// A whole number.
    Number(u32),
    /// A share of 1.
    Share(f64),
    /// A size, in bytes.
    Bytes(u64),
    /// An address to listen on.
    Address(SocketAddr),
}

/// What tracing may cost. Parsed and shown; not enforced yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Budget {
    /// Share of one CPU (0.02 is two percent of one).
    pub cpu: Option<f64>,
    /// Bytes.
    pub memory_bytes: Option<u64>,
}

//! Destinations, as a profile says them: `sink` and `alerts`. What sinks there are and what they take comes in the
//! vocabulary.

use std::collections::BTreeMap;

use super::OptionValue;
use crate::event::Severity;

/// A destination that is asked for; every option is one that the sink declared, of the declared kind.
#[derive(Clone, Debug, PartialEq)]
pub struct SinkRequest {
    /// The sink's name, e.g. `webhook`.
    pub sink: String,
    /// Options that were given.
    pub options: BTreeMap<String, OptionValue>,
    /// Headers to send with each request.
    pub headers: Vec<HeaderRequest>,
}

/// A header to send. Its value may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderRequest {
    /// Its name.
    pub name: String,
    /// Where its value comes from.
    pub value: HeaderValue,
}

/// Where a header's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderValue {
    /// It stands in the profile, and so in recordings.
    Text(String),
    /// An environment variable of this name.
    Env(String),
    /// A file's only line.
    File(String),
}

/// How often people are told, from `alerts`; `None` where no file said so.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AlertPace {
    /// For how long a finding that was told is not told again, in nanoseconds.
    pub dedup_ns: Option<u64>,
    /// How many findings are told a minute.
    pub rate_per_minute: Option<u32>,
    /// The mildest that is told.
    pub min_severity: Option<Severity>,
}

impl AlertPace {
    /// This with a later one on top.
    #[must_use]
    pub fn and(self, later: Self) -> Self {
        Self {
            dedup_ns: later.dedup_ns.or(self.dedup_ns),
            rate_per_minute: later.rate_per_minute.or(self.rate_per_minute),
            min_severity: later.min_severity.or(self.min_severity),
        }
    }
}

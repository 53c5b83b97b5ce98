//! Metrics as data: families of series with labels, whatever the format they leave in.

use std::borrow::Cow;
use std::time::SystemTime;

use super::bounds::Buckets;

/// Everything at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When counting began.
    pub since: SystemTime,
    /// When it was taken.
    pub at: SystemTime,
    /// What is exported, in a fixed order; none is empty.
    pub families: Vec<Family>,
}

/// All series of one name.
#[derive(Clone, Debug)]
pub struct Family {
    /// The name, with its unit.
    pub name: Cow<'static, str>,
    /// One sentence.
    pub help: Cow<'static, str>,
    /// What sort of figures they are.
    pub form: Form,
    /// The series.
    pub series: Vec<Series>,
}

/// What sort of figures a family holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Durations in buckets.
    Histogram,
}

/// One series.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Labels in a fixed order, none of them empty.
    pub labels: Vec<(Cow<'static, str>, String)>,
    /// Its figure.
    pub value: Value,
}

/// A figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// Durations: counts per bucket of [`super::bounds`] (not cumulative), and their exact sum in seconds.
    Durations {
        /// Counts per bucket; together the exact number of operations.
        buckets: Box<Buckets>,
        /// The exact sum, in seconds.
        sum_seconds: f64,
    },
}

impl Series {
    /// A number with labels; empty ones are left out, which Prometheus takes for the same.
    pub fn number(labels: impl IntoIterator<Item = (&'static str, String)>, value: f64) -> Self {
        Self::new(labels, Value::Number(value))
    }

    /// A figure with labels.
    pub fn new(labels: impl IntoIterator<Item = (&'static str, String)>, value: Value) -> Self {
        let filled = labels.into_iter().filter(|(_, text)| !text.is_empty());
        Self { labels: filled.map(|(name, text)| (Cow::Borrowed(name), text)).collect(), value }
    }
}

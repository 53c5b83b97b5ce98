//! Spans: operations that somebody waited for on a connection, and the processes they happened in.
//!
//! A [`Maker`] turns items into spans, a [`Sampler`] keeps whole traces, a [`SpanOutlet`] hands them over in batches. Ids
//! come from what happened and when, so a recording gives the same spans again.

mod ids;
mod maker;
mod sampler;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

pub use ids::SpanId;
pub use ids::TraceId;
pub use maker::Maker;
pub use sampler::Sampler;

use crate::delivery::Courier;
use crate::delivery::Redactor;

/// Spans in a batch: with some 300 bytes each, well below what receivers take (4 MiB for gRPC).
const BATCH: usize = 512;

/// Something that took time.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The trace it belongs to.
    pub trace: TraceId,
    /// Itself.
    pub id: SpanId,
    /// What it is part of.
    pub parent: Option<SpanId>,
    /// What happened: a kind's name, or `process COMM`.
    pub name: Cow<'static, str>,
    /// Which side of an exchange it is.
    pub side: Side,
    /// When it began, in nanoseconds since 1970.
    pub start_ns: u64,
    /// When it ended.
    pub end_ns: u64,
    /// The error's name, if it failed.
    pub error: Option<String>,
    /// What else is known, by OpenTelemetry's semantic conventions.
    pub attributes: Vec<Attribute>,
    /// Where it happened.
    pub resource: Arc<Vec<Attribute>>,
}

/// A name and a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// The name.
    pub name: &'static str,
    /// The value.
    pub value: Value,
}

/// A value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
}

/// Which side of an exchange a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// None.
    Internal,
    /// The one that asked.
    Client,
    /// The one that answered.
    Server,
}

impl Span {
    /// How long it took, in nanoseconds.
    pub fn duration_ns(&self) -> u64 {
        self.end_ns.saturating_sub(self.start_ns)
    }

    /// The same without secrets in its texts.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        self.name = redactor.text(&self.name).into();
        for attribute in &mut self.attributes {
            if let Value::Text(text) = &mut attribute.value {
                *text = redactor.text(text);
            }
        }
        self
    }
}

impl Attribute {
    /// A text.
    pub fn text(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: Value::Text(value.into()) }
    }

    /// A number.
    pub fn number(name: &'static str, value: impl Into<i64>) -> Self {
        Self { name, value: Value::Number(value.into()) }
    }
}

/// Takes spans, samples them and hands them over in batches.
#[derive(Debug)]
pub struct SpanOutlet {
    sampler: Sampler,
    pending: Vec<Span>,
    /// Who carries them.
    pub courier: Courier<Vec<Span>>,
}

impl SpanOutlet {
    /// An outlet to a courier.
    pub fn new(sampler: Sampler, courier: Courier<Vec<Span>>) -> Self {
        Self { sampler, pending: Vec::new(), courier }
    }

    /// Takes a span, if its trace is kept.
    pub fn take(&mut self, span: &Span) {
        if self.sampler.keeps(span) {
            self.pending.push(span.clone());
            if self.pending.len() >= BATCH {
                self.flush();
            }
        }
    }

    /// Hands over what waits: once a tick, and at the end.
    pub fn flush(&mut self) {
        if !self.pending.is_empty() {
            let batch = std::mem::take(&mut self.pending);
            let items = batch.len() as u64;
            self.courier.hand_over(batch, items);
        }
    }
}

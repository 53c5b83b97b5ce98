//! The figures of kinds as rules see them: names, types, sentences and values from one list.

use std::borrow::Cow;

use crate::event::Kind;
use crate::event::kind::Unit;
use crate::window::Figures;

/// A figure of a kind.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// Its name in Lua.
    pub name: Cow<'static, str>,
    /// Its type in stubs.
    pub lua: &'static str,
    /// One sentence, with the unit.
    pub about: Cow<'static, str>,
    read: Read,
}

#[derive(Clone, Copy, Debug)]
enum Read {
    Count,
    Errors,
    Rate,
    ErrorRate,
    Mean,
    Max,
    Total,
    Share,
    Quantile(f64),
    Amount,
    AmountRate,
    AmountSeconds,
    AmountMean,
    AmountShare,
}

const fn field(name: &'static str, lua: &'static str, about: &'static str, read: Read) -> Field {
    Field { name: Cow::Borrowed(name), lua, about: Cow::Borrowed(about), read }
}

/// What every kind has.
pub(super) static ALWAYS: [Field; 4] = [
    field("count", "integer", "Operations, failed ones included. Exact.", Read::Count),
    field("errors", "integer", "Failed operations. Exact.", Read::Errors),
    field("rate", "number", "Operations a second.", Read::Rate),
    field("error_rate", "number", "Failed operations as a share of all; 0 without operations.", Read::ErrorRate),
];

/// What kinds with a duration have; times in seconds.
pub(super) static DURATION: [Field; 9] = [
    field("total", "number", "Sum of the durations, in seconds. Exact.", Read::Total),
    field("share", "number", "`total` as a share of the window: above 1 where several waited at once.", Read::Share),
    field("mean", "number?", "Mean duration, in seconds. Exact; nil without operations.", Read::Mean),
    field("max", "number?", "Longest duration, in seconds; nil without operations.", Read::Max),
    field("p50", "number?", "Median duration, in seconds; nil where durations are not all known.", Read::Quantile(0.5)),
    field(
        "p75",
        "number?",
        "75th percentile, in seconds; nil where durations are not all known.",
        Read::Quantile(0.75),
    ),
    field("p90", "number?", "90th percentile, in seconds; nil where durations are not all known.", Read::Quantile(0.9)),
    field(
        "p95",
        "number?",
        "95th percentile, in seconds; nil where durations are not all known.",
        Read::Quantile(0.95),
    ),
    field(
        "p99",
        "number?",
        "99th percentile, in seconds; nil where durations are not all known.",
        Read::Quantile(0.99),
    ),
];

/// The figures of a kind, in the order of the documentation.
pub(super) fn fields(kind: &Kind) -> Vec<Field> {
    let mut fields = ALWAYS.to_vec();
    if kind.duration.is_some() {
        fields.extend_from_slice(&DURATION);
    }
    let Some(amount) = kind.amount else { return fields };
    let about = |what: &str| Cow::Owned(format!("{what} {}", amount.about));
    let mut add = |name: Cow<'static, str>, about, read| fields.push(Field { name, lua: "number", about, read });
    match amount.unit {
        Unit::Bytes => {
            add(amount.name.into(), about("Sum:"), Read::Amount);
            add("throughput".into(), Cow::Borrowed("Bytes a second."), Read::AmountRate);
        }
        Unit::Count => add(amount.name.into(), about("Sum:"), Read::Amount),
        Unit::Nanoseconds if kind.duration.is_some() => {
            add(amount.name.into(), about("Mean, in seconds:"), Read::AmountMean);
        }
        Unit::Nanoseconds => {
            add(amount.name.into(), about("In seconds:"), Read::AmountSeconds);
            add(format!("{}_share", amount.name).into(), about("As a share of one CPU:"), Read::AmountShare);
        }
    }
    fields
}

impl Field {
    /// Its value in figures of so many seconds; `None` where it cannot be told. Percentiles of a part need the part's own
    /// complete histogram, those of a kind as a whole (`whole`) are always complete.
    pub(super) fn value(&self, figures: &Figures, seconds: f64, whole: bool) -> Option<f64> {
        let per_second = |amount: f64| Some(if seconds > 0.0 { amount / seconds } else { 0.0 });
        match self.read {
            Read::Count => Some(figures.count as f64),
            Read::Errors => Some(figures.failed() as f64),
            Read::Rate => per_second(figures.count as f64),
            Read::ErrorRate => {
                Some(if figures.count > 0 { figures.failed() as f64 / figures.count as f64 } else { 0.0 })
            }
            Read::Total => Some(figures.total_ns as f64 / 1e9),
            Read::Share => per_second(figures.total_ns as f64 / 1e9),
            Read::Mean => figures.mean_ns().map(|ns| ns / 1e9),
            Read::Max => (figures.count > 0).then_some(figures.max_ns as f64 / 1e9),
            Read::Quantile(quantile) => quantile_of(figures, quantile, whole),
            Read::Amount => Some(figures.amount as f64),
            Read::AmountRate => per_second(figures.amount as f64),
            Read::AmountSeconds => Some(figures.amount as f64 / 1e9),
            Read::AmountMean => {
                Some(if figures.count > 0 { figures.amount as f64 / 1e9 / figures.count as f64 } else { 0.0 })
            }
            Read::AmountShare => per_second(figures.amount as f64 / 1e9),
        }
    }
}

/// A percentile in seconds, where it can be told.
pub(super) fn quantile_of(figures: &Figures, quantile: f64, whole: bool) -> Option<f64> {
    let complete = whole || figures.is_complete();
    figures.quantile_ns(quantile).filter(|_| complete).map(|ns| ns as f64 / 1e9)
}

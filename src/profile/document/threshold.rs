//! `threshold "tcp.rtt" p99=">100ms" for="30s" severity="warning"`.

use super::super::Comparison;
use super::super::Figure;
use super::super::Profile;
use super::super::Threshold;
use super::super::node::Context;
use super::super::node::Node;
use super::super::node::Value;
use super::super::suggest::did_you_mean;
use super::super::suggest::either;
use super::super::suggest::quoted;
use super::super::unit;
use super::super::unit::UnitError;
use super::super::vocabulary::KindWords;
use crate::event::Severity;

/// The most names of kinds that a message lists.
const LISTED_MAX: usize = 12;

/// Reads the section: one threshold for each figure it compares.
pub(super) fn threshold(mut node: Node, context: &mut Context, profile: &mut Profile) {
    let argument = node.argument(context, "a kind such as `\"tcp.connect\"`");
    let kind = argument.and_then(|value| kind(&value, context));
    let for_ns = node.property(context, "for").map_or(Some(0), |value| value.duration_ns(context));
    let severity =
        node.property(context, "severity").map_or(Some(Severity::Warning), |value| severity(&value, context));
    let mut figures = 0;
    for (figure, name) in Figure::ALL {
        let Some(value) = node.property(context, name) else { continue };
        figures += 1;
        if let Some(kind) = kind.filter(|kind| !kind.figures.contains(&figure)) {
            let expected = format!("expected {}", either(names(&kind.figures)));
            context.mistake(&value.name_place(), format!("`{}` has no `{name}`", kind.name), expected);
            continue;
        }
        let (Some((comparison, written, bound)), Some(kind)) = (bound(figure, &value, context), kind) else { continue };
        let (Some(for_ns), Some(severity)) = (for_ns, severity) else { continue };
        let threshold = Threshold {
            kind: kind.name.to_owned(),
            figure,
            comparison,
            bound,
            for_ns,
            severity,
            text: format!("{name} {} {written}", comparison.sign()),
        };
        if profile.thresholds.iter().any(|other| other.judges_as(&threshold) && other.severity == severity) {
            let message = format!("`{}` already has a threshold on `{name}` of this severity", kind.name);
            context.mistake(&value.name_place(), message, "expected one for each severity");
        } else {
            profile.thresholds.push(threshold);
        }
    }
    let known: Vec<_> = names(kind.map_or(&ALL, |kind| &kind.figures)).chain(["for", "severity"]).collect();
    if figures == 0 && argument.is_some() && !node.has_unread_properties() {
        let expected = format!("expected {}, as in `p99=\">100ms\"`", either(known[..known.len() - 2].iter().copied()));
        context.mistake(&node.place(), "this threshold compares nothing".to_owned(), expected);
    }
    node.finish(context, &known);
}

/// Every figure there is.
const ALL: [Figure; Figure::ALL.len()] = {
    let mut all = [Figure::Mean; Figure::ALL.len()];
    let mut index = 0;
    while index < all.len() {
        all[index] = Figure::ALL[index].0;
        index += 1;
    }
    all
};

/// The names of figures.
fn names(figures: &[Figure]) -> impl Iterator<Item = &'static str> {
    Figure::ALL.into_iter().filter(|(figure, _)| figures.contains(figure)).map(|(_, name)| name)
}

fn kind<'v>(value: &Value, context: &mut Context<'v>) -> Option<&'v KindWords> {
    let vocabulary = context.vocabulary;
    let name = value.string(context, "a kind such as `\"tcp.connect\"`")?;
    let found = vocabulary.kinds.iter().find(|kind| kind.name == name);
    if found.is_none() {
        let all = || vocabulary.kinds.iter().map(|kind| kind.name);
        let family = name.split('.').next().unwrap_or(name);
        let siblings: Vec<_> = all().filter(|kind| kind.split('.').next() == Some(family)).collect();
        let expected = match siblings.len() {
            0 => "expected a kind; `podtrace list kinds` shows them".to_owned(),
            1..=LISTED_MAX => format!("expected {}", either(siblings)),
            _ => format!("expected a kind of `{family}`; `podtrace list kinds` shows them"),
        };
        context.mistake(&value.place(), format!("unknown kind {}", quoted(name)), expected).help =
            did_you_mean(name, all());
    }
    found
}

pub(super) fn severity(value: &Value, context: &mut Context) -> Option<Severity> {
    let word = value.word(context, &Severity::ALL.map(Severity::name))?;
    Severity::ALL.into_iter().find(|severity| severity.name() == word)
}

/// A comparison, its bound as it was written, and as a number.
fn bound<'n>(figure: Figure, value: &Value<'n>, context: &mut Context) -> Option<(Comparison, &'n str, f64)> {
    let measure = Measure::of(figure);
    let expected = format!("`>` or `<` and {}", measure.expected());
    let text = value.string(context, &expected)?;
    let (comparison, written) = match (text.trim().strip_prefix('>'), text.trim().strip_prefix('<')) {
        (Some(rest), _) => (Comparison::Above, rest.trim_start()),
        (_, Some(rest)) => (Comparison::Below, rest.trim_start()),
        _ => {
            value.unfit(context, "does not compare", &expected);
            return None;
        }
    };
    if written.starts_with('=') {
        value.unfit(context, "compares for equality", &expected);
        return None;
    }
    match measure.read(written) {
        Ok(share) if figure == Figure::ErrorRate && share > 1.0 => {
            value.unfit(context, "is more than all operations", "at most `100%`");
            None
        }
        Ok(bound) => Some((comparison, written, bound)),
        Err(error) => {
            value.unfit(context, &error.to_string(), &expected);
            None
        }
    }
}

/// What a figure is measured in.
#[derive(Clone, Copy, Debug)]
enum Measure {
    Duration,
    Share,
    Number,
    PerSecond,
    Throughput,
}

impl Measure {
    fn of(figure: Figure) -> Self {
        match figure {
            Figure::Mean | Figure::P50 | Figure::P90 | Figure::P95 | Figure::P99 | Figure::Max => Self::Duration,
            Figure::ErrorRate | Figure::CpuShare => Self::Share,
            Figure::Count | Figure::Errors => Self::Number,
            Figure::Rate => Self::PerSecond,
            Figure::Throughput => Self::Throughput,
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Duration => unit::DURATION,
            Self::Share => unit::SHARE,
            Self::Number => unit::NUMBER,
            Self::PerSecond => "a plain number, per second, such as `100`",
            Self::Throughput => "a size per second such as `10MiB`, or a plain number of bytes",
        }
    }

    /// The number of a bound: seconds, a share of 1, or a plain number.
    fn read(self, text: &str) -> Result<f64, UnitError> {
        match self {
            Self::Duration => Ok(unit::duration_ns(text)? as f64 / 1e9),
            Self::Share => unit::share(text),
            Self::Number => unit::number(text),
            Self::PerSecond => unit::number(text.strip_suffix("/s").unwrap_or(text)),
            Self::Throughput => {
                let size = text.strip_suffix("/s").unwrap_or(text);
                unit::number(size).or_else(|_| unit::bytes(size).map(|bytes| bytes as f64))
            }
        }
    }
}

//! Thresholds: a figure of a kind, per window, compared with a bound, for some time in a row.

mod figure;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::event::Kind;
use crate::event::KindId;
use crate::event::kind::ObjectKind;
use crate::profile::Comparison;
use crate::profile::Figure;
use crate::profile::Profile;
use crate::profile::Threshold;
use crate::window::Breakdown;
use crate::window::Catalogue;
use crate::window::Figures;
use crate::window::Names;
use crate::window::Window;
use crate::window::names::UNKNOWN;

/// How much of `for` may be missing: windows consist of whole ticks, and ticks come a few milliseconds early or late.
const FOR_TOLERANCE: f64 = 0.01;

/// How many contributors a crossing names, per dimension.
const CONTRIBUTORS: usize = 3;

/// A share of the planned length below which the last window says nothing about rates.
const RATE_LENGTH_MIN: f64 = 0.1;

/// Every threshold of a profile, judged window by window.
#[derive(Clone, Debug)]
pub struct Thresholds {
    states: Vec<State>,
}

/// What became of one threshold.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The threshold.
    pub threshold: Threshold,
    /// Its kind; `None` if this trace did not have it or could not see it.
    pub kind: Option<&'static Kind>,
    /// Windows in which the figure could be told.
    pub judged: u64,
    /// Windows in which the comparison held.
    pub held: u64,
    /// The longest time it held in a row, in nanoseconds.
    pub longest_ns: u64,
    /// The worst window, if there was any in which it held.
    pub worst: Option<WorstWindow>,
    /// Whether it held for long enough.
    pub fired: bool,
    /// Whether it holds in the last window, and has for long enough: the worst window since it began to.
    pub firing: Option<WorstWindow>,
}

/// A threshold that held for long enough: a borrowed view of an [`Outcome`].
#[derive(Clone, Copy, Debug)]
pub struct Crossing<'a> {
    /// What became of the threshold.
    pub outcome: &'a Outcome,
    /// Its kind.
    pub kind: &'static Kind,
    /// The worst window.
    pub worst: &'a WorstWindow,
}

/// The window in which a figure was worst.
#[derive(Clone, Debug, PartialEq)]
pub struct WorstWindow {
    /// The figure, in the unit of [`Threshold::bound`].
    pub value: f64,
    /// When the window began, in nanoseconds since the trace started.
    pub from_ns: i64,
    /// When it ended.
    pub to_ns: i64,
    /// The kind's figures in it.
    pub figures: Figures,
    /// What contributed most, worst first: peers or paths, values of the small dimension, then processes.
    pub contributors: Vec<Contributor>,
}

/// One peer, path, process or value of the small dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Contributor {
    /// The name of the dimension.
    pub dimension: &'static str,
    /// Its name.
    pub label: String,
    /// Its own figure, if it can be told.
    pub value: Option<f64>,
    /// What it has to do with the crossing.
    pub part: Part,
    /// Its figures in the window.
    pub figures: Figures,
}

/// What a contributor has to do with a crossing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// So many of its operations took longer than the bound.
    Slow(u64),
    /// So many of its operations failed.
    Failed(u64),
    /// So many of the kind's operations are its own.
    Operations(u64),
    /// So much of the kind's quantity is its own.
    Amount(u64),
}

impl Part {
    /// The number, to compare with others of the same crossing.
    pub fn size(self) -> u64 {
        match self {
            Self::Slow(size) | Self::Failed(size) | Self::Operations(size) | Self::Amount(size) => size,
        }
    }
}

#[derive(Clone, Debug)]
struct State {
    outcome: Outcome,
    id: Option<KindId>,
    /// How long it has held up to now, in nanoseconds.
    holding_ns: u64,
    /// The worst window of that time.
    since: Option<WorstWindow>,
}

impl Thresholds {
    /// The thresholds of a profile over the kinds of a session. One of a kind that is not there
    /// or cannot be seen never fires.
    pub fn new(profile: &Profile, catalogue: &Catalogue) -> Self {
        let state = |threshold: &Threshold| {
            let id = catalogue.id(&threshold.kind).filter(|id| !catalogue.is_blind(*id));
            State {
                outcome: Outcome {
                    threshold: threshold.clone(),
                    kind: id.and_then(|id| catalogue.kind(id)),
                    judged: 0,
                    held: 0,
                    longest_ns: 0,
                    worst: None,
                    fired: false,
                    firing: None,
                },
                id,
                holding_ns: 0,
                since: None,
            }
        };
        Self { states: profile.thresholds.iter().map(state).collect() }
    }

    /// Judges a window.
    pub fn judge(&mut self, window: &Window, names: &Names) {
        for state in &mut self.states {
            if let (Some(id), Some(kind)) = (state.id, state.outcome.kind) {
                state.judge(window, window.tallies.kind(id), kind, names);
            }
        }
    }

    /// What became of each, in the order of the profile.
    pub fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.states.iter().map(|state| &state.outcome)
    }
}

impl Outcome {
    /// The crossing, if the threshold fired.
    pub fn crossing(&self) -> Option<Crossing<'_>> {
        let (Some(kind), Some(worst), true) = (self.kind, &self.worst, self.fired) else { return None };
        Some(Crossing { outcome: self, kind, worst })
    }

    /// The crossing, if the threshold holds now.
    pub fn crossing_now(&self) -> Option<Crossing<'_>> {
        let (Some(kind), Some(worst)) = (self.kind, &self.firing) else { return None };
        Some(Crossing { outcome: self, kind, worst })
    }
}

impl State {
    fn judge(&mut self, window: &Window, counted: Option<&Breakdown>, kind: &'static Kind, names: &Names) {
        let outcome = &mut self.outcome;
        let (figure, comparison) = (outcome.threshold.figure, outcome.threshold.comparison);
        if !can_judge(figure, comparison, window) {
            return;
        }
        let seconds = seconds_for(figure, window);
        let value = match counted {
            Some(counted) => figure::of_kind(figure, counted, seconds),
            None => figure::of_nothing(figure),
        };
        outcome.judged += u64::from(value.is_some());
        let Some(value) = value.filter(|value| holds(comparison, *value, outcome.threshold.bound)) else {
            self.holding_ns = 0;
            self.since = None;
            outcome.firing = None;
            return;
        };
        outcome.held += 1;
        // Of overlapping windows only the first counts whole.
        let more_ns = if self.holding_ns == 0 { window.length_ns() } else { window.new_ns };
        self.holding_ns = self.holding_ns.saturating_add(more_ns);
        outcome.longest_ns = outcome.longest_ns.max(self.holding_ns);
        let long_enough = self.holding_ns as f64 >= outcome.threshold.for_ns as f64 * (1.0 - FOR_TOLERANCE);
        outcome.fired |= long_enough;
        let beats =
            |worst: &Option<WorstWindow>| worst.as_ref().is_none_or(|worst| is_worse(comparison, value, worst.value));
        let (of_all, since) = (beats(&outcome.worst), beats(&self.since));
        if of_all || since {
            let this = WorstWindow {
                value,
                from_ns: window.from_ns,
                to_ns: window.to_ns,
                figures: counted.map_or_else(Figures::default, |counted| counted.all.clone()),
                contributors: counted
                    .map_or_else(Vec::new, |counted| contributors(&outcome.threshold, counted, kind, seconds, names)),
            };
            if since {
                self.since = Some(this.clone());
            }
            if of_all {
                outcome.worst = Some(this);
            }
        }
        outcome.firing = self.since.clone().filter(|_| long_enough);
    }
}

/// The time that a figure is divided by. What happened a second is not made up from less: one operation in a trace of ten
/// milliseconds is no hundred a second.
fn seconds_for(figure: Figure, window: &Window) -> f64 {
    let meant = window.nominal_ns as f64 / 1e9;
    match figure {
        Figure::Rate | Figure::Throughput => window.seconds().max(meant.min(1.0)),
        _ => window.seconds(),
    }
}

/// Whether a window is long enough for a figure. The last one may be a fraction of a second: few operations in it are
/// no sign of anything, and a rate over a few milliseconds is noise.
fn can_judge(figure: Figure, comparison: Comparison, window: &Window) -> bool {
    match figure {
        Figure::Count | Figure::Errors => comparison == Comparison::Above || window.is_whole(),
        Figure::Rate | Figure::Throughput | Figure::CpuShare => {
            window.length_ns() > 0
                && (window.first || window.length_ns() as f64 >= window.nominal_ns as f64 * RATE_LENGTH_MIN)
        }
        _ => true,
    }
}

fn holds(comparison: Comparison, value: f64, bound: f64) -> bool {
    match comparison {
        Comparison::Above => value > bound,
        Comparison::Below => value < bound,
    }
}

fn is_worse(comparison: Comparison, value: f64, than: f64) -> bool {
    match comparison {
        Comparison::Above => value > than,
        Comparison::Below => value < than,
    }
}

/// The worst keys of each dimension, the most telling dimension first. Nothing contributes to too little of something.
fn contributors(
    threshold: &Threshold,
    counted: &Breakdown,
    kind: &'static Kind,
    seconds: f64,
    names: &Names,
) -> Vec<Contributor> {
    if threshold.comparison == Comparison::Below {
        return Vec::new();
    }
    let mut contributors = Vec::new();
    let mut rank = |dimension: &'static str, rows: BTreeMap<String, Figures>| {
        let mut ranked: Vec<_> = rows
            .into_iter()
            .map(|(label, figures)| contributor(threshold, dimension, label, figures, seconds))
            .collect();
        ranked.retain(|contributor| contributor.part.size() > 0);
        ranked.sort_by(|a, b| {
            let value = |contributor: &Contributor| contributor.value.unwrap_or(0.0);
            b.part.size().cmp(&a.part.size()).then(value(b).total_cmp(&value(a))).then(a.label.cmp(&b.label))
        });
        contributors.extend(ranked.into_iter().take(CONTRIBUTORS));
    };
    if let Some(dimension) = kind.object.dimension().filter(|_| kind.object != ObjectKind::None) {
        rank(dimension, merged(counted.objects.rows(), |id| names.object_label(id)));
    }
    if let Some(by) = &kind.by {
        rank(by.name, merged(counted.details.rows(), |detail| (by.label)(detail).into_owned()));
    }
    rank("process", merged(counted.processes.rows(), |id| names.process_label(id)));
    contributors
}

/// Figures by label; what has no name is nobody.
fn merged<'a, K>(
    rows: impl Iterator<Item = (K, &'a Figures)>,
    label: impl Fn(K) -> String,
) -> BTreeMap<String, Figures> {
    let mut merged = BTreeMap::<String, Figures>::new();
    for (key, figures) in rows {
        merged.entry(label(key)).or_default().merge(figures);
    }
    merged.remove(UNKNOWN);
    merged
}

fn contributor(
    threshold: &Threshold,
    dimension: &'static str,
    label: String,
    figures: Figures,
    seconds: f64,
) -> Contributor {
    let part = match threshold.figure {
        Figure::Errors | Figure::ErrorRate => Part::Failed(figures.failed()),
        Figure::Count | Figure::Rate => Part::Operations(figures.count),
        Figure::Throughput | Figure::CpuShare => Part::Amount(figures.amount),
        Figure::Mean | Figure::P50 | Figure::P90 | Figure::P95 | Figure::P99 | Figure::Max => {
            let bound_ns = (threshold.bound * 1e9) as u64;
            Part::Slow(if figures.is_complete() {
                figures.histogram.count_above(bound_ns).max(u64::from(figures.max_ns > bound_ns))
            } else if figures.mean_ns().is_some_and(|mean| mean > bound_ns as f64) {
                figures.count
            } else {
                u64::from(figures.max_ns > bound_ns)
            })
        }
    };
    let value = figure::of_key(threshold.figure, &figures, seconds);
    Contributor { dimension, label, value, part, figures }
}

//! The value of a figure, in the unit of a threshold's bound.

use crate::profile::Figure;
use crate::window::Breakdown;
use crate::window::Figures;

/// The figure of a kind in a window; `None` if it cannot be told (a percentile of nothing).
pub(super) fn of_kind(figure: Figure, counted: &Breakdown, seconds: f64) -> Option<f64> {
    if figure == Figure::CpuShare {
        let busiest = counted.processes.rows().map(|(_, figures)| figures.amount).max().unwrap_or(0);
        return per_second(busiest as f64 / 1e9, seconds);
    }
    of_figures(figure, &counted.all, seconds)
}

/// The figure of a kind of which nothing was counted.
pub(super) fn of_nothing(figure: Figure) -> Option<f64> {
    match figure {
        Figure::Count | Figure::Rate | Figure::Errors | Figure::Throughput | Figure::CpuShare => Some(0.0),
        _ => None,
    }
}

/// The figure of one key; `None` if it cannot be told: percentiles need the key's own complete histogram.
pub(super) fn of_key(figure: Figure, figures: &Figures, seconds: f64) -> Option<f64> {
    let percentile = matches!(figure, Figure::P50 | Figure::P90 | Figure::P95 | Figure::P99);
    if percentile && !figures.is_complete() {
        return None;
    }
    of_figures(figure, figures, seconds)
}

fn of_figures(figure: Figure, figures: &Figures, seconds: f64) -> Option<f64> {
    let quantile = |quantile| figures.quantile_ns(quantile).map(|ns| ns as f64 / 1e9);
    match figure {
        Figure::Mean => figures.mean_ns().map(|ns| ns / 1e9),
        Figure::P50 => quantile(0.5),
        Figure::P90 => quantile(0.9),
        Figure::P95 => quantile(0.95),
        Figure::P99 => quantile(0.99),
        Figure::Max => (figures.count > 0).then_some(figures.max_ns as f64 / 1e9),
        Figure::Count => Some(figures.count as f64),
        Figure::Rate => per_second(figures.count as f64, seconds),
        Figure::Errors => Some(figures.failed() as f64),
        Figure::ErrorRate => (figures.count > 0).then(|| figures.failed() as f64 / figures.count as f64),
        Figure::Throughput => per_second(figures.amount as f64, seconds),
        Figure::CpuShare => per_second(figures.amount as f64 / 1e9, seconds),
    }
}

fn per_second(amount: f64, seconds: f64) -> Option<f64> {
    (seconds > 0.0).then(|| amount / seconds)
}

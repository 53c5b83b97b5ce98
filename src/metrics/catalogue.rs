//! What is exported under which name: one visible table.
//!
//! The first names are those that podtrace was commissioned with, so that dashboards made for them keep working; each
//! says from which kinds it comes. A metric whose kinds were not asked for, or are not known to this version, has no
//! series.

use super::Family;
use super::Form;
use super::Series;
use super::Value;
use super::ledger::Ledger;
use super::ledger::Totals;
use crate::event::Kind;
use crate::event::kind::Unit;

/// One exported name.
#[derive(Debug)]
pub struct Metric {
    /// The name.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// What sort of figure.
    pub form: Form,
    /// From which kinds.
    pub from: fn(&Kind) -> bool,
    /// What of them.
    figure: Figure,
}

/// What of a kind's figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    /// Its durations.
    Durations,
    /// The mean duration of the last second in which there was an operation.
    Latest,
    /// Its durations by its small dimension.
    DurationsBy,
    /// The same, the last second's mean.
    LatestBy,
    /// Its quantity; of nanoseconds, in seconds.
    Amount,
    /// Its operations.
    Count,
    /// Its operations by its small dimension.
    CountBy,
    /// Its failed operations by name.
    Errors,
    /// Its operations that are in no bucket of their histogram.
    Unbucketed,
}

/// Names of the commission that have their sort in them, which promtool and Prometheus's guide advise against, with the names
/// that the same figures have where only standard ones are wanted.
pub static STANDARD: [(&str, &str); 6] = [
    ("podtrace_dns_latency_seconds_gauge", "podtrace_dns_latency_latest_seconds"),
    ("podtrace_dns_latency_seconds_histogram", "podtrace_dns_latency_seconds"),
    ("podtrace_fs_latency_seconds_gauge", "podtrace_fs_latency_latest_seconds"),
    ("podtrace_fs_latency_seconds_histogram", "podtrace_fs_latency_seconds"),
    ("podtrace_cpu_block_seconds_gauge", "podtrace_cpu_block_latest_seconds"),
    ("podtrace_cpu_block_seconds_histogram", "podtrace_cpu_block_seconds"),
];

/// The standard name of a family's.
pub fn standard(name: &str) -> &str {
    STANDARD.iter().find(|(commissioned, _)| *commissioned == name).map_or(name, |(_, standard)| standard)
}

fn has_latency(kind: &Kind) -> bool {
    kind.duration.is_some()
}

fn any(_: &Kind) -> bool {
    true
}

fn moves_bytes(kind: &Kind) -> bool {
    kind.amount.is_some_and(|amount| amount.unit == Unit::Bytes)
}

fn on_network(kind: &Kind) -> bool {
    moves_bytes(kind) && kind.family() != "file"
}

fn on_files(kind: &Kind) -> bool {
    kind.family() == "file"
}

/// Every metric that comes from tallies, in the order they are written.
pub static METRICS: &[Metric] = &[
    Metric {
        name: "podtrace_rtt_seconds",
        help: "Smoothed round-trip times of TCP connections, as the kernel keeps them.",
        form: Form::Histogram,
        from: |kind| kind.name == "tcp.rtt",
        figure: Figure::Durations,
    },
    Metric {
        name: "podtrace_rtt_latest_seconds",
        help: "Mean round-trip time during the last second in which it was sampled.",
        form: Form::Gauge,
        from: |kind| kind.name == "tcp.rtt",
        figure: Figure::Latest,
    },
    Metric {
        name: "podtrace_latency_seconds",
        help: "How long operations took, by kind.",
        form: Form::Histogram,
        from: has_latency,
        figure: Figure::Durations,
    },
    Metric {
        name: "podtrace_latency_latest_seconds",
        help: "Mean duration during the last second in which there was an operation, by kind.",
        form: Form::Gauge,
        from: has_latency,
        figure: Figure::Latest,
    },
    Metric {
        name: "podtrace_dns_latency_seconds_gauge",
        help: "Mean duration of DNS lookups during the last second in which there was one.",
        form: Form::Gauge,
        from: |kind| kind.name == "dns.query",
        figure: Figure::Latest,
    },
    Metric {
        name: "podtrace_dns_latency_seconds_histogram",
        help: "How long DNS lookups took.",
        form: Form::Histogram,
        from: |kind| kind.name == "dns.query",
        figure: Figure::Durations,
    },
    Metric {
        name: "podtrace_fs_latency_seconds_gauge",
        help: "Mean duration of file operations during the last second in which there was one, by kind.",
        form: Form::Gauge,
        from: |kind| on_files(kind) && has_latency(kind),
        figure: Figure::Latest,
    },
    Metric {
        name: "podtrace_fs_latency_seconds_histogram",
        help: "How long file operations took, by kind.",
        form: Form::Histogram,
        from: |kind| on_files(kind) && has_latency(kind),
        figure: Figure::Durations,
    },
    Metric {
        name: "podtrace_network_bytes_total",
        help: "Bytes sent and received, by kind.",
        form: Form::Counter,
        from: on_network,
        figure: Figure::Amount,
    },
    Metric {
        name: "podtrace_filesystem_bytes_total",
        help: "Bytes read from and written to files, by kind.",
        form: Form::Counter,
        from: |kind| on_files(kind) && moves_bytes(kind),
        figure: Figure::Amount,
    },
    Metric {
        name: "podtrace_cpu_block_seconds_gauge",
        help: "Mean time a thread was off the CPU during the last second in which one was, by reason.",
        form: Form::Gauge,
        from: |kind| kind.name == "sched.offcpu",
        figure: Figure::LatestBy,
    },
    Metric {
        name: "podtrace_cpu_block_seconds_histogram",
        help: "How long threads were off the CPU, by reason.",
        form: Form::Histogram,
        from: |kind| kind.name == "sched.offcpu",
        figure: Figure::DurationsBy,
    },
    Metric {
        name: "podtrace_pool_acquires_total",
        help: "Connections taken out of a pool.",
        form: Form::Counter,
        from: |kind| kind.name == "pool.acquire",
        figure: Figure::Count,
    },
    Metric {
        name: "podtrace_pool_releases_total",
        help: "Connections given back to a pool.",
        form: Form::Counter,
        from: |kind| kind.name == "pool.release",
        figure: Figure::Count,
    },
    Metric {
        name: "podtrace_pool_exhausted_total",
        help: "Times that a pool had no connection left.",
        form: Form::Counter,
        from: |kind| kind.name == "pool.exhausted",
        figure: Figure::Count,
    },
    Metric {
        name: "podtrace_pool_wait_time_seconds",
        help: "How long a connection of a pool was waited for.",
        form: Form::Histogram,
        from: |kind| kind.name == "pool.acquire",
        figure: Figure::Durations,
    },
    Metric {
        name: "podtrace_operations_total",
        help: "Operations, failed ones included, by kind.",
        form: Form::Counter,
        from: |kind| kind.by.is_none(),
        figure: Figure::Count,
    },
    Metric {
        name: "podtrace_operations_by_total",
        help: "Operations by kind and by what the kind is told apart by: a reason, a direction, a state.",
        form: Form::Counter,
        from: |kind| kind.by.is_some(),
        figure: Figure::CountBy,
    },
    Metric {
        name: "podtrace_errors_total",
        help: "Failed operations by kind and error.",
        form: Form::Counter,
        from: any,
        figure: Figure::Errors,
    },
    Metric {
        name: "podtrace_cpu_seconds_total",
        help: "CPU time used.",
        form: Form::Counter,
        from: |kind| kind.name == "sched.cpu",
        figure: Figure::Amount,
    },
    Metric {
        name: "podtrace_unbucketed_operations_total",
        help: "Operations whose duration is in the sum and the count but in no bucket below +Inf, because the kernel had no \
               histogram left for them.",
        form: Form::Counter,
        from: has_latency,
        figure: Figure::Unbucketed,
    },
];

/// Every family that a ledger has figures for, its own account included.
pub(super) fn families(ledger: &Ledger) -> Vec<Family> {
    let of_kinds = METRICS.iter().map(|metric| Family {
        name: metric.name.into(),
        help: metric.help.into(),
        form: metric.form,
        series: series(metric, ledger),
    });
    of_kinds.chain(account(ledger)).collect()
}

fn series(metric: &Metric, ledger: &Ledger) -> Vec<Series> {
    let mut series = Vec::new();
    for (key, totals) in &ledger.totals {
        let Some(kind) = ledger.kinds().kind(key.kind).filter(|kind| (metric.from)(kind)) else { continue };
        figures(metric.figure, kind, totals, &ledger.labels(key, kind), &mut series);
    }
    series
}

type Labels = Vec<(&'static str, String)>;

fn figures(figure: Figure, kind: &Kind, totals: &Totals, labels: &Labels, series: &mut Vec<Series>) {
    let plain = |value: f64| Series::number(labels.clone(), value);
    let seconds = |ns: u64| ns as f64 / 1e9;
    match figure {
        Figure::Durations if totals.count > 0 => series.push(Series::new(
            labels.clone(),
            Value::Durations { buckets: totals.durations(), sum_seconds: seconds(totals.total_ns) },
        )),
        Figure::Durations => {}
        Figure::Latest => series.extend(totals.latest_ns.map(|ns| plain(ns / 1e9))),
        Figure::Amount => {
            let is_time = kind.amount.is_some_and(|amount| amount.unit == Unit::Nanoseconds);
            series.push(plain(if is_time { seconds(totals.amount) } else { totals.amount as f64 }));
        }
        Figure::Count => series.push(plain(totals.count as f64)),
        Figure::Unbucketed if totals.unbucketed > 0 => series.push(plain(totals.unbucketed as f64)),
        Figure::Unbucketed => {}
        Figure::Errors => series.extend(totals.errors.iter().map(|(errno, count)| {
            Series::number(with(labels, "error", (kind.error)(*errno).into_owned()), *count as f64)
        })),
        Figure::DurationsBy | Figure::LatestBy | Figure::CountBy => {
            let Some(by) = &kind.by else { return };
            for (detail, counted) in &totals.details {
                // One name for all kinds: a label per kind's dimension would make families of different labels.
                let labels = with(labels, "by", (by.label)(*detail).into_owned());
                match figure {
                    Figure::DurationsBy => series.push(Series::new(
                        labels,
                        Value::Durations { buckets: counted.durations(), sum_seconds: seconds(counted.total_ns) },
                    )),
                    Figure::LatestBy => {
                        series.extend(counted.latest_ns.map(|ns| Series::number(labels, ns / 1e9)));
                    }
                    _ => series.push(Series::number(labels, counted.count as f64)),
                }
            }
        }
    }
}

fn with(labels: &Labels, name: &'static str, value: String) -> Labels {
    labels.iter().cloned().chain([(name, value)]).collect()
}

/// What the ledger says about itself: events, losses, folded series.
fn account(ledger: &Ledger) -> Vec<Family> {
    let name = |kind| ledger.kinds().kind(kind).map_or("unknown", |kind| kind.name).to_owned();
    let events = ledger.events.iter().map(|(kind, count)| Series::number([("type", name(*kind))], *count as f64));
    let losses = ledger.losses.iter().map(|((kind, cause), count)| {
        let kind = kind.map_or_else(|| "unknown".to_owned(), name);
        Series::number([("type", kind), ("cause", cause.name().to_owned())], *count as f64)
    });
    vec![
        Family {
            name: "podtrace_events_total".into(),
            help: "Single events that the kernel sent, by kind; operations are counted apart from them.".into(),
            form: Form::Counter,
            series: events.collect(),
        },
        Family {
            name: "podtrace_lost_total".into(),
            help: "What is missing, by kind and cause; doc/metrics.md says what each cause means.".into(),
            form: Form::Counter,
            series: losses.collect(),
        },
        Family {
            name: "podtrace_series".into(),
            help: "Keys (kind, target, process name) that have figures of their own.".into(),
            form: Form::Gauge,
            series: vec![Series::number([], ledger.totals.len() as f64)],
        },
        Family {
            name: "podtrace_series_folded_total".into(),
            help: "Additions to `other` because the budget of series was used up.".into(),
            form: Form::Counter,
            series: vec![Series::number([], ledger.folded as f64)],
        },
    ]
}

//! What podtrace says about itself beside the ledger: build, process, findings, alerts and destinations.

use std::collections::BTreeMap;

use super::Family;
use super::Form;
use super::Series;
use crate::delivery::Counts;
use crate::delivery::Undelivered;
use crate::event::Severity;
use crate::event::session::Cost;
use crate::finding::desk::Withheld;

/// What is known of podtrace at one moment.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// CPU time and memory of this process, and of the kernel's side where it is known.
    pub cost: Cost,
    /// Findings that are there now, by severity.
    pub findings: BTreeMap<Severity, u64>,
    /// Alerts that were sent on their way so far, by severity.
    pub alerts: BTreeMap<Severity, u64>,
    /// Findings that were not told.
    pub withheld: Withheld,
    /// Times that the profile was read again, and whether it was taken.
    pub reloads: (u64, u64),
}

/// Families about podtrace itself.
pub fn families<'a>(own: &Own, sinks: impl Iterator<Item = (&'a str, &'a Counts)> + Clone) -> Vec<Family> {
    let plain = |name, help, form, value| Family { name, help, form, series: vec![Series::number([], value)] };
    let by_severity = |counts: &BTreeMap<Severity, u64>| {
        let severities = Severity::ALL.into_iter();
        let series = severities.map(|severity| {
            let count = counts.get(&severity).copied().unwrap_or(0);
            Series::number([("severity", severity.name().to_owned())], count as f64)
        });
        series.collect::<Vec<_>>()
    };
    let per_sink = |figure: fn(&Counts) -> f64| {
        sinks.clone().map(|(name, counts)| Series::number([("sink", name.to_owned())], figure(counts))).collect()
    };
    let version = [("version", env!("CARGO_PKG_VERSION").to_owned())];
    let build = Series::number(version, 1.0);
    let withheld = [
        ("duplicate", own.withheld.duplicate),
        ("rate_limited", own.withheld.rate_limited),
        ("too_many", own.withheld.too_many),
    ];
    let dropped = sinks.clone().flat_map(|(name, counts)| {
        Undelivered::ALL.into_iter().map(|cause| {
            let labels = [("sink", name.to_owned()), ("cause", cause.name().to_owned())];
            Series::number(labels, counts.dropped(cause) as f64)
        })
    });
    let programs = own.cost.programs.iter();
    let mut families = vec![
        Family { name: "podtrace_build_info", help: "podtrace's version.", form: Form::Gauge, series: vec![build] },
        plain(
            "podtrace_process_cpu_seconds_total",
            "CPU time that podtrace itself used, in user space.",
            Form::Counter,
            own.cost.agent_cpu_ns as f64 / 1e9,
        ),
        plain(
            "podtrace_process_resident_memory_bytes",
            "Resident memory of podtrace itself.",
            Form::Gauge,
            own.cost.agent_memory_bytes as f64,
        ),
        Family {
            name: "podtrace_findings",
            help: "What rules find now, by severity.",
            form: Form::Gauge,
            series: by_severity(&own.findings),
        },
        Family {
            name: "podtrace_alerts_total",
            help: "Alerts that went on their way, by severity.",
            form: Form::Counter,
            series: by_severity(&own.alerts),
        },
        Family {
            name: "podtrace_alerts_withheld_total",
            help: "Findings that were not told, by reason.",
            form: Form::Counter,
            series: withheld
                .into_iter()
                .map(|(reason, count)| Series::number([("reason", reason.to_owned())], count as f64))
                .collect(),
        },
        Family {
            name: "podtrace_sink_delivered_total",
            help: "Alerts, spans or other things that a sink took.",
            form: Form::Counter,
            series: per_sink(|counts| counts.delivered() as f64),
        },
        Family {
            name: "podtrace_sink_dropped_total",
            help: "What never reached a sink, by cause.",
            form: Form::Counter,
            series: dropped.collect(),
        },
        Family {
            name: "podtrace_sink_retries_total",
            help: "Tries to reach a sink that failed and were repeated.",
            form: Form::Counter,
            series: per_sink(|counts| counts.retries() as f64),
        },
        Family {
            name: "podtrace_sink_queued",
            help: "What waits for a sink.",
            form: Form::Gauge,
            series: per_sink(|counts| counts.queued() as f64),
        },
        Family {
            name: "podtrace_sink_up",
            help: "0 while a sink counts as down.",
            form: Form::Gauge,
            series: per_sink(|counts| f64::from(u8::from(!counts.is_open()))),
        },
        Family {
            name: "podtrace_profile_reloads_total",
            help: "Times that the profile was read again, by what came of it.",
            form: Form::Counter,
            series: vec![
                Series::number([("result", "taken".to_owned())], own.reloads.0 as f64),
                Series::number([("result", "refused".to_owned())], own.reloads.1 as f64),
            ],
        },
        Family {
            name: "podtrace_program_run_seconds_total",
            help: "Time in the kernel's programs, where it is accounted.",
            form: Form::Counter,
            series: programs
                .clone()
                .map(|program| Series::number([("program", program.name.clone())], program.total_ns as f64 / 1e9))
                .collect(),
        },
        Family {
            name: "podtrace_program_runs_total",
            help: "Runs of the kernel's programs, where they are accounted.",
            form: Form::Counter,
            series: programs
                .map(|program| Series::number([("program", program.name.clone())], program.runs as f64))
                .collect(),
        },
    ];
    if own.cost.kernel_memory_bytes > 0 {
        families.push(plain(
            "podtrace_kernel_memory_bytes",
            "Memory of the kernel's tables.",
            Form::Gauge,
            own.cost.kernel_memory_bytes as f64,
        ));
    }
    families.retain(|family| !family.series.is_empty());
    families
}

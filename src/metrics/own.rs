//! What podtrace says about itself beside the ledger: build, process, findings, alerts and destinations.

use std::collections::BTreeMap;

use super::Family;
use super::Form;
use super::Series;
use crate::delivery::Counts;
use crate::delivery::Undelivered;
use crate::event::Severity;
use crate::event::session::Cost;
use crate::event::session::TableFill;
use crate::finding::desk::Withheld;

/// What is known of podtrace at one moment.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// CPU time and memory of this process, and of the kernel's side where it is known.
    pub cost: Cost,
    /// How full the kernel's tables are, where it is known.
    pub tables: Vec<TableFill>,
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
    let plain = |name: &'static str, help: &'static str, form, value| Family {
        name: name.into(),
        help: help.into(),
        form,
        series: vec![Series::number([], value)],
    };
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
        Family {
            name: "podtrace_build_info".into(),
            help: "podtrace's version.".into(),
            form: Form::Gauge,
            series: vec![build],
        },
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
            name: "podtrace_findings".into(),
            help: "What rules find now, by severity.".into(),
            form: Form::Gauge,
            series: by_severity(&own.findings),
        },
        Family {
            name: "podtrace_alerts_total".into(),
            help: "Alerts that went on their way, by severity.".into(),
            form: Form::Counter,
            series: by_severity(&own.alerts),
        },
        Family {
            name: "podtrace_alerts_withheld_total".into(),
            help: "Findings that were not told, by reason.".into(),
            form: Form::Counter,
            series: withheld
                .into_iter()
                .map(|(reason, count)| Series::number([("reason", reason.to_owned())], count as f64))
                .collect(),
        },
        Family {
            name: "podtrace_sink_delivered_total".into(),
            help: "Alerts, spans or other things that a sink took.".into(),
            form: Form::Counter,
            series: per_sink(|counts| counts.delivered() as f64),
        },
        Family {
            name: "podtrace_sink_dropped_total".into(),
            help: "What never reached a sink, by cause.".into(),
            form: Form::Counter,
            series: dropped.collect(),
        },
        Family {
            name: "podtrace_sink_retries_total".into(),
            help: "Tries to reach a sink that failed and were repeated.".into(),
            form: Form::Counter,
            series: per_sink(|counts| counts.retries() as f64),
        },
        Family {
            name: "podtrace_sink_queued".into(),
            help: "What waits for a sink.".into(),
            form: Form::Gauge,
            series: per_sink(|counts| counts.queued() as f64),
        },
        Family {
            name: "podtrace_sink_up".into(),
            help: "0 while a sink counts as down.".into(),
            form: Form::Gauge,
            series: per_sink(|counts| f64::from(u8::from(!counts.is_open()))),
        },
        Family {
            name: "podtrace_profile_reloads_total".into(),
            help: "Times that the profile was read again, by what came of it.".into(),
            form: Form::Counter,
            series: vec![
                Series::number([("result", "taken".to_owned())], own.reloads.0 as f64),
                Series::number([("result", "refused".to_owned())], own.reloads.1 as f64),
            ],
        },
        Family {
            name: "podtrace_program_run_seconds_total".into(),
            help: "Time in the kernel's programs, in the runs that were accounted.".into(),
            form: Form::Counter,
            series: programs
                .clone()
                .map(|program| Series::number([("program", program.name.clone())], program.total_ns as f64 / 1e9))
                .collect(),
        },
        Family {
            name: "podtrace_program_runs_total".into(),
            help: "Runs of the kernel's programs that were accounted: those of a trace's first second.".into(),
            form: Form::Counter,
            series: programs
                .map(|program| Series::number([("program", program.name.clone())], program.runs as f64))
                .collect(),
        },
    ];
    let per_table = |figure: fn(&TableFill) -> u64| {
        let series = own.tables.iter().map(|table| Series::number([("map", table.name.clone())], figure(table) as f64));
        series.collect::<Vec<_>>()
    };
    families.push(Family {
        name: "podtrace_map_entries".into(),
        help: "Entries of the kernel's tables, at most ten seconds old.".into(),
        form: Form::Gauge,
        series: per_table(|table| table.entries),
    });
    families.push(Family {
        name: "podtrace_map_capacity".into(),
        help: "Entries that the kernel's tables have room for.".into(),
        form: Form::Gauge,
        series: per_table(|table| table.capacity),
    });
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

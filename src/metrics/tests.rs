//! Tests of the ledger and of what is exported.

use std::collections::BTreeSet;
use std::time::SystemTime;

use proptest::prelude::*;

use super::Family;
use super::Ledger;
use super::Value;
use super::catalogue::METRICS;
use crate::event::Item;
use crate::event::Tick;
use crate::event::example;
use crate::event::example::MS;
use crate::event::example::S;
use crate::families;
use crate::window::Catalogue;
use crate::window::Names;

/// The names that podtrace was commissioned with, of those that come from kinds.
const COMMISSIONED: [&str; 16] = [
    "podtrace_rtt_seconds",
    "podtrace_rtt_latest_seconds",
    "podtrace_latency_seconds",
    "podtrace_latency_latest_seconds",
    "podtrace_dns_latency_seconds_gauge",
    "podtrace_dns_latency_seconds_histogram",
    "podtrace_fs_latency_seconds_gauge",
    "podtrace_fs_latency_seconds_histogram",
    "podtrace_network_bytes_total",
    "podtrace_filesystem_bytes_total",
    "podtrace_cpu_block_seconds_gauge",
    "podtrace_cpu_block_seconds_histogram",
    "podtrace_pool_acquires_total",
    "podtrace_pool_releases_total",
    "podtrace_pool_exhausted_total",
    "podtrace_pool_wait_time_seconds",
];

fn ledger(series_max: usize) -> (Ledger, Names) {
    let session = example::session(&[(16, "tcp.connect"), (18, "tcp.send"), (48, "file.read"), (64, "sched.offcpu")]);
    let kinds = Catalogue::new(&session, families::kinds());
    (Ledger::new(&session, kinds, series_max), Names::new(&session))
}

fn tick(item: Item) -> Tick {
    match item {
        Item::Tick(tick) => tick,
        other => panic!("{other:?}"),
    }
}

fn families(ledger: &Ledger) -> Vec<Family> {
    ledger.snapshot(SystemTime::now()).families
}

fn sum(families: &[Family], name: &str) -> (u64, f64) {
    let family = families.iter().find(|family| family.name == name).unwrap_or_else(|| panic!("no {name}"));
    family.series.iter().fold((0, 0.0), |(count, sum), series| match &series.value {
        Value::Durations { buckets, sum_seconds } => (count + buckets.iter().sum::<u64>(), sum + sum_seconds),
        Value::Number(number) => (count + 1, sum + number),
    })
}

/// Check that every name of the commission is in the table once, and that no two families share a name.
#[test]
fn names() {
    let names: Vec<_> = METRICS.iter().map(|metric| metric.name).collect();
    assert!(COMMISSIONED.iter().all(|name| names.contains(name)));
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

/// Check that counts, sums, bytes and errors are those of the ticks, to the unit.
#[test]
fn exact() {
    let (mut ledger, mut names) = ledger(2_000);
    let Item::Definition(client) = example::client() else { panic!("it names a process") };
    names.define(&client);
    for second in 1..=7 {
        let deltas = vec![
            example::failing(example::timed(16, 7, &[3 * MS; 23]), libc::ECONNREFUSED, 11),
            example::amounting(example::timed(18, 7, &[MS; 101]), 1_009),
            example::amounting(example::timed(48, 9, &[2 * MS]), 4_096),
        ];
        ledger.tick(&tick(example::tick(second * S, deltas)), &names);
    }
    let families = families(&ledger);
    let (count, seconds) = sum(&families, "podtrace_latency_seconds");
    assert_eq!(count, 7 * (23 + 101 + 1));
    assert!((seconds - 7.0 * (0.069 + 0.101 + 0.002)).abs() < 1e-9);
    assert_eq!(sum(&families, "podtrace_network_bytes_total"), (1, 7_063.0));
    assert_eq!(sum(&families, "podtrace_filesystem_bytes_total"), (1, 28_672.0));
    assert_eq!(sum(&families, "podtrace_errors_total"), (1, 77.0));
    assert_eq!(sum(&families, "podtrace_fs_latency_seconds_gauge"), (1, 0.002));
    let errors = families.iter().find(|family| family.name == "podtrace_errors_total").unwrap();
    let labels = &errors.series[0].labels;
    assert!(labels.contains(&("error".into(), "ECONNREFUSED".into())));
    assert!(labels.contains(&("process_name".into(), "client".into())));
}

/// Check that operations without a histogram of their own are in count and sum, and are said to be in no bucket.
#[test]
fn unbucketed() {
    let (mut ledger, names) = ledger(2_000);
    let mut delta = example::timed(16, 7, &[3 * MS; 23]);
    delta.histogram = Default::default();
    ledger.tick(&tick(example::tick(S, vec![delta])), &names);
    let families = families(&ledger);
    assert_eq!(sum(&families, "podtrace_latency_seconds").0, 23);
    assert_eq!(sum(&families, "podtrace_unbucketed_operations_total").1, 23.0);
}

/// Check that a thousand process names keep within the budget, and that totals stay exact.
#[test]
fn budget() {
    let (mut ledger, mut names) = ledger(101);
    for n in 0..1_009u32 {
        let process = example::process(n + 10, 5_000 + n, &format!("worker-{n}"));
        names.define(&crate::event::Definition::Process(process));
        let mut delta = example::timed(16, 7, &[3 * MS]);
        delta.key.process = crate::event::ProcessId(n + 10);
        ledger.tick(&tick(example::tick(u64::from(n + 1) * S, vec![delta])), &names);
    }
    let families = families(&ledger);
    assert_eq!(sum(&families, "podtrace_operations_total"), (102, 1_009.0));
    assert_eq!(sum(&families, "podtrace_series_folded_total").1, 908.0);
    let all = families.iter().find(|family| family.name == "podtrace_operations_total").unwrap();
    let other =
        all.series.iter().find(|series| series.labels.contains(&("process_name".into(), "other".into()))).unwrap();
    assert_eq!(other.value, Value::Number(908.0));
}

/// Check that lives of one container are one series, and that it goes some minutes after the container.
#[test]
fn lives() {
    let (mut ledger, mut names) = ledger(2_000);
    let container = |index: u16, ended_ns: Option<i64>| {
        let life = crate::event::session::Life { ended_ns, ..Default::default() };
        crate::event::session::Target {
            pod: Some("web-0".into()),
            container: Some("app".into()),
            life: Some(life),
            ..example::target(index, "app")
        }
    };
    for (index, second) in [(1u16, 10u64), (2, 20)] {
        ledger.target(&container(index, None));
        names.define(&crate::event::Definition::Target(Box::new(container(index, None))));
        let mut process = example::process(u32::from(index) + 10, 5_000, "app");
        process.target = index;
        names.define(&crate::event::Definition::Process(process));
        let mut delta = example::timed(16, 7, &[3 * MS; 23]);
        delta.key.process = crate::event::ProcessId(u32::from(index) + 10);
        ledger.tick(&tick(example::tick(second * S, vec![delta])), &names);
        ledger.target(&container(index, Some((second * S) as i64 + 1)));
    }
    assert_eq!(sum(&families(&ledger), "podtrace_operations_total"), (1, 46.0));
    ledger.tick(&tick(example::tick(300 * S, Vec::new())), &names);
    assert_eq!(sum(&families(&ledger), "podtrace_operations_total"), (1, 46.0));
    ledger.tick(&tick(example::tick(330 * S, Vec::new())), &names);
    assert!(families(&ledger).iter().all(|family| family.name != "podtrace_operations_total"));
}

proptest! {
    /// Check that whatever is counted, no two series of a family have the same labels, and totals are exact.
    #[test]
    fn no_duplicates(deltas in prop::collection::vec((0u8..70, 0u32..40, 0u64..5, 1u64..101), 1..60)) {
        let (mut ledger, mut names) = ledger(16);
        for n in 0..20 {
            names.define(&crate::event::Definition::Process(example::process(n, n, &format!("p{n}"))));
        }
        let deltas: Vec<_> = deltas.into_iter().map(|(kind, process, object, count)| {
            let mut delta = example::timed(kind, object, &vec![MS; count as usize]);
            delta.key.process = crate::event::ProcessId(process);
            delta
        }).collect();
        let operations: u64 = deltas.iter().filter(|delta| delta.key.kind.0 == 16).map(|delta| delta.count).sum();
        ledger.tick(&tick(example::tick(S, deltas)), &names);
        let families = families(&ledger);
        for family in &families {
            let labels: BTreeSet<_> = family.series.iter().map(|series| &series.labels).collect();
            prop_assert_eq!(labels.len(), family.series.len(), "{}", family.name);
        }
        let counted: f64 = families.iter().filter(|family| family.name == "podtrace_operations_total")
            .flat_map(|family| &family.series)
            .filter(|series| series.labels.contains(&("type".into(), "tcp.connect".into())))
            .map(|series| match series.value { Value::Number(number) => number, _ => 0.0 }).sum();
        prop_assert_eq!(counted, operations as f64);
    }
}

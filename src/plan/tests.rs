use super::Kernel;
use super::Plan;
use super::Tables;
use crate::profile::ProbeRequest;
use crate::profile::Profile;
use std::collections::BTreeMap;

/// A kernel that has everything but the tracepoints it is told to lack.
struct Lacking(&'static [&'static str]);

impl Kernel for Lacking {
    fn has_typed_tracepoint(&self, name: &str) -> bool {
        !self.0.contains(&name)
    }

    fn has_task_storage(&self) -> bool {
        true
    }

    fn possible_cpus(&self) -> u32 {
        2
    }
}

fn asking(families: &[&str]) -> Profile {
    let probes =
        families.iter().map(|family| ProbeRequest { family: (*family).into(), options: BTreeMap::new() }).collect();
    Profile { probes, ..Profile::default() }
}

/// Check that a hook whose best program is not possible gets the next one, and that nothing is blind then.
#[test]
fn the_next_alternative_is_taken() {
    let plan = Plan::new(&asking(&["tcp"]), &Lacking(&["tcp_retransmit_skb"]), None);
    let hook = plan.hooks.iter().find(|hook| hook.point == "tcp_retransmit_skb").expect("the hook is planned");
    assert_eq!(hook.programs, ["tcp_retransmit_raw"]);
    assert!(plan.coverage.iter().all(|feature| feature.blind.is_none() || feature.feature.contains(':')));
}

/// Check that a hook without any possible program blinds what needs it, with a reason, and nothing else.
#[test]
fn a_missing_hook_blinds_its_kinds() {
    let plan = Plan::new(&asking(&["sched", "process"]), &Lacking(&["sched_wakeup"]), None);
    let blind: Vec<&str> = plan
        .coverage
        .iter()
        .filter(|feature| feature.blind.is_some())
        .map(|feature| feature.feature.as_str())
        .collect();
    assert_eq!(blind, ["sched.offcpu", "sched.runq"]);
    assert!(plan.kinds.iter().any(|kind| kind.name == "sched.cpu"));
    assert!(plan.kinds.iter().all(|kind| kind.name != "sched.runq"));
    let reason = plan.coverage.iter().find_map(|feature| feature.blind.as_deref());
    assert_eq!(reason, Some("this kernel has no tracepoint `sched_wakeup`"));
}

/// Check that what only another family sees is said to be missing where that one is not asked for.
#[test]
fn half_a_kind_is_said() {
    let degraded = |families: &[&str], kind: &str| {
        let plan = Plan::new(&asking(families), &Lacking(&[]), None);
        let feature = plan.coverage.into_iter().find(|feature| feature.feature == kind);
        feature.expect("it is planned").degraded
    };
    for kind in ["tcp.unanswered", "tcp.silent"] {
        assert!(degraded(&["tcp"], kind).is_some_and(|missing| missing.contains("add `sched` to `probes`")), "{kind}");
        assert_eq!(degraded(&["tcp", "sched"], kind), None);
    }
}

/// Check that a profile without system calls does not pay for their hooks.
#[test]
fn no_calls_no_dispatch() {
    let plan = Plan::new(&asking(&["sched"]), &Lacking(&[]), None);
    assert!(plan.operations.is_empty());
    assert!(plan.hooks.iter().all(|hook| hook.point != "sys_enter"));
    let plan = Plan::new(&asking(&["file"]), &Lacking(&[]), None);
    assert!(!plan.operations.is_empty());
    assert!(plan.hooks.iter().any(|hook| hook.point == "sys_enter"));
}

/// Check that tables stay within their bounds on small and large machines.
#[test]
fn tables_are_bounded() {
    assert_eq!(Tables::sized(2, None).tallies, 16384);
    for cpus in [1, 2, 64, 256, 1024] {
        let tables = Tables::sized(cpus, None);
        assert!(tables.tallies >= 1024, "{cpus} CPUs");
        if tables.tallies > 1024 {
            assert!(u64::from(tables.tallies) * (40 * u64::from(cpus) + 96) <= 16 << 20, "{cpus} CPUs");
        }
    }
}

//! What right documents say.

use insta::assert_debug_snapshot;
use insta::assert_snapshot;

use super::parsed;
use super::vocabulary;
use crate::profile::Comparison;
use crate::profile::DEFAULT_WINDOW_NS;
use crate::profile::Figure;
use crate::profile::Profile;

/// Every section, every option, every unit of a value, and KDL's ways of writing them.
const EVERYTHING: &str = r###"
// A comment, /* and /* another */ one */
description #"All "options" at once"#
targets {
    pid 4711; pid 0x10
    cgroup "/system.slice"
    unit nginx.service
    pod "api-*" namespace="production"; deploy web; sts db namespace="*"
    label "app=web,tier in (a, b),!old"; node n1; namespace staging
    container app; container "side-*"; exclude container="istio-proxy" pod="api-canary-*" namespace="kube-*"
}
probes { tcp slow="10ms" detail=all peers=#true; file \ // to be continued
    slow="500us"
    sched
}
threshold "tcp.connect" p99=">100ms" max="> 1.5s" error-rate=">5%" for="30s" severity="critical"
threshold tcp.connect p99=>50ms
threshold "tcp.accept" count="<1" rate=">100/s" errors=">0" severity="info"
threshold "tcp.rtt" mean=">1us" p50=">1ms" p90=">2ms" p95=">3ms" severity="fatal" /- p99=">4ms"
threshold "file.read" throughput=">10MiB/s" severity="error"
threshold "file.read" throughput="<1000"
threshold "sched.cpu" cpu-share=">150%"
/-threshold "tcp.rtt" p99=">9s"
/- sink "webhook" { url "x" }
window "2m"
budget cpu="0.5%" memory="128MiB"
"###;

/// Check that a document with every option says all of it.
#[test]
fn every_option() {
    let mut profile = parsed(EVERYTHING);
    assert_eq!(profile.sources.len(), 1);
    assert_eq!((profile.sources[0].name.as_str(), profile.sources[0].text.as_str()), ("test.kdl", EVERYTHING));
    profile.sources.clear();
    let thresholds = std::mem::take(&mut profile.thresholds);
    assert_debug_snapshot!(profile, @r#"
    Profile {
        sources: [],
        description: Some(
            "All \"options\" at once",
        ),
        targets: [
            Pid(
                4711,
            ),
            Pid(
                16,
            ),
            Cgroup(
                "/system.slice",
            ),
            Unit(
                "nginx.service",
            ),
            Pods(
                PodSelector {
                    subject: Pod(
                        Pattern(
                            "api-*",
                        ),
                    ),
                    namespace: Named(
                        "production",
                    ),
                },
            ),
            Pods(
                PodSelector {
                    subject: Workload(
                        Deployment,
                        "web",
                    ),
                    namespace: Default,
                },
            ),
            Pods(
                PodSelector {
                    subject: Workload(
                        StatefulSet,
                        "db",
                    ),
                    namespace: All,
                },
            ),
            Pods(
                PodSelector {
                    subject: Labels(
                        Labels(
                            [
                                Is(
                                    "app",
                                    "web",
                                ),
                                In(
                                    "tier",
                                    [
                                        "a",
                                        "b",
                                    ],
                                ),
                                Absent(
                                    "old",
                                ),
                            ],
                        ),
                    ),
                    namespace: Default,
                },
            ),
            Pods(
                PodSelector {
                    subject: Node(
                        "n1",
                    ),
                    namespace: Default,
                },
            ),
            Pods(
                PodSelector {
                    subject: All,
                    namespace: Named(
                        "staging",
                    ),
                },
            ),
        ],
        narrowing: Narrowing {
            containers: [
                Pattern(
                    "app",
                ),
                Pattern(
                    "side-*",
                ),
            ],
            without: [
                Container(
                    Pattern(
                        "istio-proxy",
                    ),
                ),
                Pod(
                    Pattern(
                        "api-canary-*",
                    ),
                ),
                Namespace(
                    Pattern(
                        "kube-*",
                    ),
                ),
            ],
        },
        probes: [
            ProbeRequest {
                family: "tcp",
                options: {
                    "detail": Word(
                        "all",
                    ),
                    "peers": Flag(
                        true,
                    ),
                    "slow": DurationNs(
                        10000000,
                    ),
                },
            },
            ProbeRequest {
                family: "file",
                options: {
                    "slow": DurationNs(
                        500000,
                    ),
                },
            },
            ProbeRequest {
                family: "sched",
                options: {},
            },
        ],
        thresholds: [],
        sinks: [],
        alerts: AlertPace {
            dedup_ns: None,
            rate_per_minute: None,
            min_severity: None,
        },
        window_ns: Some(
            120000000000,
        ),
        budget: Some(
            Budget {
                cpu: Some(
                    0.005,
                ),
                memory_bytes: Some(
                    134217728,
                ),
            },
        ),
    }
    "#);
    let lines: Vec<_> = thresholds
        .iter()
        .map(|t| {
            let (kind, figure, comparison, bound) = (&t.kind, t.figure, t.comparison, t.bound);
            format!("{kind} {figure:?} {comparison:?} {bound} {}ns {:?} {:?}", t.for_ns, t.severity, t.text)
        })
        .collect();
    assert_snapshot!(lines.join("\n"), @r#"
    tcp.connect P99 Above 0.1 30000000000ns Critical "p99 > 100ms"
    tcp.connect Max Above 1.5 30000000000ns Critical "max > 1.5s"
    tcp.connect ErrorRate Above 0.05 30000000000ns Critical "error-rate > 5%"
    tcp.connect P99 Above 0.05 0ns Warning "p99 > 50ms"
    tcp.accept Count Below 1 0ns Info "count < 1"
    tcp.accept Rate Above 100 0ns Info "rate > 100/s"
    tcp.accept Errors Above 0 0ns Info "errors > 0"
    tcp.rtt Mean Above 0.000001 0ns Fatal "mean > 1us"
    tcp.rtt P50 Above 0.001 0ns Fatal "p50 > 1ms"
    tcp.rtt P90 Above 0.002 0ns Fatal "p90 > 2ms"
    tcp.rtt P95 Above 0.003 0ns Fatal "p95 > 3ms"
    file.read Throughput Above 10485760 0ns Error "throughput > 10MiB/s"
    file.read Throughput Below 1000 0ns Warning "throughput < 1000"
    sched.cpu CpuShare Above 1.5 0ns Warning "cpu-share > 150%"
    "#);
}

/// Check that an empty file is a profile that says nothing, with the default window.
#[test]
fn nothing() {
    for text in ["", "\n", "// only a comment", "/- window \"1s\"", "\u{feff}"] {
        let profile = parsed(text);
        assert_eq!(Profile { sources: Vec::new(), ..profile.clone() }, Profile::default(), "{text:?}");
        assert_eq!(profile.window_ns(), DEFAULT_WINDOW_NS);
    }
}

/// Check that a ladder of severities on one figure is no duplicate, nor are two directions.
#[test]
fn ladders() {
    let profile = parsed(
        "threshold \"tcp.rtt\" p99=\">1ms\"\nthreshold \"tcp.rtt\" p99=\">9ms\" severity=\"critical\"\n\
         threshold \"tcp.rtt\" p99=\"<1us\"",
    );
    let said: Vec<_> = profile.thresholds.iter().map(|t| (t.figure, t.comparison, t.bound)).collect();
    let above = |bound| (Figure::P99, Comparison::Above, bound);
    assert_eq!(said, [above(0.001), above(0.009), (Figure::P99, Comparison::Below, 0.000_001)]);
}

/// Check that a profile is explained whole: each source, target, option, threshold, the window, the unenforced budget.
#[test]
fn explained() {
    assert_snapshot!(parsed(EVERYTHING).explain(&vocabulary()), @r#"
    profile `test.kdl`
      All "options" at once

    traces
      pid 4711, with everything below it
      pid 16, with everything below it
      cgroup `/system.slice`, with everything below it
      unit `nginx.service`, with everything below it
      pods `api-*` in namespace `production`, with everything below it
      pods of `deploy/web`, with everything below it
      pods of `sts/db` in any namespace, with everything below it
      pods with labels `app=web,tier in (a,b),!old`, with everything below it
      pods of node `n1`, with everything below it
      all pods in namespace `staging`, with everything below it
      of pods only the containers `app` or `side-*`
      without container `istio-proxy`
      without pod `api-canary-*`
      without namespace `kube-*`

    observes
      tcp       Connections
                slow="10ms": Slower ones are kept (default 100ms).
                detail="all": What is kept (default notable).
                peers=#true: Whether peers are told apart (default #true).
      file      File operations
                slow="500us": Slower ones are kept (default 10ms).
      sched     Waiting and CPU

    judges
      critical  tcp.connect     p99 > 100ms for 30s
      critical  tcp.connect     max > 1.5s for 30s
      critical  tcp.connect     error-rate > 5% for 30s
      warning   tcp.connect     p99 > 50ms in one window
      info      tcp.accept      count < 1 in one window
      info      tcp.accept      rate > 100/s in one window
      info      tcp.accept      errors > 0 in one window
      fatal     tcp.rtt         mean > 1us in one window
      fatal     tcp.rtt         p50 > 1ms in one window
      fatal     tcp.rtt         p90 > 2ms in one window
      fatal     tcp.rtt         p95 > 3ms in one window
      error     file.read       throughput > 10MiB/s in one window
      warning   file.read       throughput < 1000 in one window
      warning   sched.cpu       cpu-share > 150% in one window

    window 2m
    budget 0.5% of one CPU, 128MiB of memory: parsed, not enforced yet
    "#);
}

/// Check that what a profile leaves out is said, and thresholds that nothing can make fire.
#[test]
fn explained_with_gaps() {
    assert_snapshot!(parsed("").explain(&vocabulary()), @r#"
    profile `test.kdl`

    traces
      what the command line names

    observes
      nothing: it has no `probes`

    judges
      nothing: it has no thresholds

    window 10s (the default)
    "#);
    let text =
        "probes { sched }\nthreshold \"tcp.rtt\" p99=\">1ms\"\nthreshold \"sched.cpu\" cpu-share=\">90%\" for=\"90s\"";
    let profile = parsed(text);
    assert_eq!(profile.unobserved().map(|threshold| threshold.kind.as_str()).collect::<Vec<_>>(), ["tcp.rtt"]);
    assert_snapshot!(profile.explain(&vocabulary()), @r#"
    profile `test.kdl`

    traces
      what the command line names

    observes
      sched     Waiting and CPU

    judges
      warning   tcp.rtt         p99 > 1ms in one window
      warning   sched.cpu       cpu-share > 90% for 90s
      never fires: `tcp.rtt` p99 > 1ms, because `probes` has no `tcp`

    window 10s (the default)
    "#);
    assert_snapshot!(parsed("budget memory=\"1MB\"").explain(&vocabulary()).lines().last().unwrap_or_default(), @r#"
    budget 1MB of memory: parsed, not enforced yet
    "#);
}

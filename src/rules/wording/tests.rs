//! Findings in words, from the first item to the finding.

use super::Confidence;
use super::Finding;
use super::Thresholds;
use crate::event::Item;
use crate::event::KindId;
use crate::event::Loss;
use crate::event::LossCause;
use crate::event::Session;
use crate::event::Severity;
use crate::event::TallyDelta;
use crate::event::Tick;
use crate::event::example;
use crate::event::example::MS;
use crate::event::example::S;
use crate::event::session::Target;
use crate::event::session::TargetKind;
use crate::families;
use crate::profile::Comparison;
use crate::profile::Figure;
use crate::profile::Profile;
use crate::profile::Threshold;
use crate::window::Catalogue;
use crate::window::Store;
use crate::window::Windows;

const KINDS: [(u8, &str); 4] = [(0x10, "tcp.connect"), (0x13, "tcp.recv"), (0x14, "tcp.response"), (0x42, "sched.cpu")];

fn threshold(kind: &str, figure: Figure, bound: f64, severity: Severity, text: &str) -> Threshold {
    let comparison = if text.contains('<') { Comparison::Below } else { Comparison::Above };
    Threshold { kind: kind.to_owned(), figure, comparison, bound, for_ns: 0, severity, text: text.to_owned() }
}

fn findings(
    session: &Session,
    thresholds: Vec<Threshold>,
    tallies: Vec<TallyDelta>,
    losses: Vec<Loss>,
) -> Vec<Finding> {
    let catalogue = Catalogue::new(session, families::kinds());
    let mut judged = Thresholds::new(&Profile { thresholds, ..Profile::default() }, &catalogue);
    let mut store = Store::new(session, None);
    for item in [example::client(), example::peer(11, "127.0.0.1", 7000), example::peer(13, "::1", 7001)] {
        store.add(&item);
    }
    let tick = Tick { at_ns: S as i64, tallies, losses, ..Tick::default() };
    let window = Windows::new(S, None).tick(&tick, &store.names).expect("the window is over");
    judged.judge(&window, &store.names);
    store.add(&Item::Tick(tick));
    super::findings(&judged, session, &catalogue, &store.losses, store.names.peers())
}

/// Check the words for every sort of figure, and that the worst comes first: by severity, then by how far it is beyond
/// the bound.
#[test]
fn words() {
    let thresholds = vec![
        threshold("tcp.response", Figure::P99, 0.1, Severity::Warning, "p99 > 100ms"),
        threshold("tcp.connect", Figure::ErrorRate, 0.05, Severity::Warning, "error-rate > 5%"),
        threshold("sched.cpu", Figure::CpuShare, 0.4, Severity::Critical, "cpu-share > 40%"),
        threshold("tcp.recv", Figure::Throughput, 4096.0, Severity::Info, "throughput > 4KiB"),
        threshold("tcp.recv", Figure::Count, 103.0, Severity::Info, "count < 103"),
    ];
    let tallies = vec![
        example::timed(0x14, 11, &[212 * MS; 23]),
        example::timed(0x14, 13, &[MS; 7]),
        example::failing(example::timed(0x10, 13, &[MS; 7]), libc::ECONNREFUSED, 7),
        example::timed(0x10, 11, &[MS; 16]),
        example::amounting(example::counted(0x13, 11, 101), 10_007),
        example::amounting(example::counted(0x42, 0, 29), 503 * MS),
    ];
    let words: Vec<_> = findings(&example::session(&KINDS), thresholds, tallies, Vec::new())
        .into_iter()
        .map(|f| {
            format!(
                "{} {} [{:?}]\n  {}\n  {}",
                f.severity.name(),
                f.title,
                f.confidence,
                f.evidence.join("\n  "),
                f.next
            )
        })
        .collect();
    insta::assert_snapshot!(words.join("\n"), @r#"
    critical sched.cpu cpu-share 50.3 % (client[4711]) [High]
      process client[4711]: 50.3 %
      threshold `cpu-share > 40%` held in 1 of 1 windows, for 1.00 s in a row; worst from 0.0 s to 1.0 s
      podtrace run -p latency -o json -- client --to 127.0.0.1:7000 | jq '.signals["sched.cpu"].top'
    warning tcp.connect error-rate 30.4 % ([::1]:7001) [High]
      peer [::1]:7001: 7 of 7 failed (7 ECONNREFUSED)
      process client[4711]: 7 of 23 failed (7 ECONNREFUSED)
      threshold `error-rate > 5%` held in 1 of 1 windows, for 1.00 s in a row; worst from 0.0 s to 1.0 s
      podtrace run -p latency -o csv -- client --to 127.0.0.1:7000 | grep -F ,tcp.connect, | grep -F -e '[::1]:7001'
    warning tcp.response p99 212 ms (127.0.0.1:7000) [High]
      peer 127.0.0.1:7000: 212 ms (23 of 23 over 100 ms)
      process client[4711]: 212 ms (23 of 30 over 100 ms)
      threshold `p99 > 100ms` held in 1 of 1 windows, for 1.00 s in a row; worst from 0.0 s to 1.0 s
      podtrace run -p latency -o csv -- client --to 127.0.0.1:7000 | grep -F ,tcp.response, | grep -F -e 127.0.0.1:7000
    info tcp.recv throughput 9.8 KiB/s (127.0.0.1:7000) [High]
      peer 127.0.0.1:7000: 9.8 KiB/s
      process client[4711]: 9.8 KiB/s
      threshold `throughput > 4KiB` held in 1 of 1 windows, for 1.00 s in a row; worst from 0.0 s to 1.0 s
      podtrace run -p latency -o json -- client --to 127.0.0.1:7000 | jq '.signals["tcp.recv"].top'
    info tcp.recv count 101 [High]
      threshold `count < 103` held in 1 of 1 windows, for 1.00 s in a row; worst from 0.0 s to 1.0 s
      podtrace run -p latency -o json -- client --to 127.0.0.1:7000 | jq '.signals["tcp.recv"].top'
    "#);
}

/// Check that of two thresholds on the same figure only the more severe one speaks, and the milder one when it alone
/// fired.
#[test]
fn one_figure_one_finding() {
    let rules = |bound| {
        let thresholds = vec![
            threshold("tcp.response", Figure::P99, 0.1, Severity::Warning, "p99 > 100ms"),
            threshold("tcp.response", Figure::P99, bound, Severity::Critical, "p99 > more"),
            threshold("tcp.response", Figure::P99, 1.0, Severity::Info, "p99 < 1s"),
        ];
        let tallies = vec![example::timed(0x14, 11, &[212 * MS; 23])];
        let findings = findings(&example::session(&KINDS), thresholds, tallies, Vec::new());
        findings.into_iter().map(|finding| finding.severity).collect::<Vec<_>>()
    };
    assert_eq!(rules(0.2), [Severity::Critical, Severity::Info]);
    assert_eq!(rules(0.3), [Severity::Warning, Severity::Info]);
}

/// Check that confidence falls when a single answer was slow, and when operations are missing; not when only events are.
#[test]
fn confidence() {
    let of = |slow: usize, cause: Option<LossCause>| {
        let durations: Vec<_> = (0..23).map(|place| if place < slow { 212 * MS } else { MS }).collect();
        let threshold = threshold("tcp.response", Figure::Max, 0.1, Severity::Warning, "max > 100ms");
        let losses = cause.map(|cause| Loss { kind: Some(KindId(0x14)), cause, count: 7 }).into_iter().collect();
        let tallies = vec![example::timed(0x14, 11, &durations)];
        let findings = findings(&example::session(&KINDS), vec![threshold], tallies, losses);
        assert_eq!(findings.len(), 1);
        (findings[0].confidence, findings[0].evidence.iter().any(|line| line.contains("7 operations are missing")))
    };
    assert_eq!(of(1, None), (Confidence::Low, false));
    assert_eq!(of(2, None), (Confidence::Medium, false));
    assert_eq!(of(3, None), (Confidence::High, false));
    assert_eq!(of(3, Some(LossCause::RingFull)), (Confidence::High, false));
    assert_eq!(of(3, Some(LossCause::StateLost)), (Confidence::Medium, true));
}

/// Check that the next command names the target as it was given and survives a shell.
#[test]
fn next_command() {
    let mut session = example::session(&KINDS);
    session.command = Some(vec!["sh".to_owned(), "-c".to_owned(), "echo 'it is'".to_owned()]);
    let slow = || {
        let threshold = threshold("tcp.response", Figure::P99, 0.1, Severity::Warning, "p99 > 100ms");
        (vec![threshold], vec![example::timed(0x14, 13, &[212 * MS; 23])])
    };
    let next = |session: &Session| {
        let (thresholds, tallies) = slow();
        findings(session, thresholds, tallies, Vec::new()).remove(0).next
    };
    assert_eq!(
        next(&session),
        r"podtrace run -p latency -o csv -- sh -c 'echo '\''it is'\''' | grep -F ,tcp.response, | grep -F -e '[::1]:7001'"
    );
    session.command = None;
    for (kind, name, expected) in [
        (TargetKind::Process, "pid 4711", "--pid 4711"),
        (TargetKind::Unit, "nginx.service", "--unit nginx.service"),
        (TargetKind::Cgroup, "/sys/fs/cgroup/a b", "--cgroup '/sys/fs/cgroup/a b'"),
    ] {
        session.targets = vec![Target { kind, ..example::target(0, name) }];
        assert!(
            next(&session).starts_with(&format!("podtrace -p latency {expected} --for 10s -o csv | ")),
            "{expected}"
        );
    }
}

/// Check that processes are asked for by what they have in the next trace too: a target by its pid, others by their name.
#[test]
fn processes_of_the_next_trace() {
    let about = |key| Some(("process", key));
    let mut session = example::session(&[(0x10, "tcp.connect")]);
    session.command = Some(vec!["make".to_owned()]);
    let command = super::next::command(&session, Some("process.exit"), super::next::Look::Events, about("curl[4711]"));
    assert!(command.ends_with("| grep -F ,process.exit, | grep -F -e ,curl,"), "{command}");
    session.command = None;
    session.targets = vec![Target { kind: TargetKind::Process, ..example::target(0, "pid 4711") }];
    let command = super::next::command(&session, Some("tcp.connect"), super::next::Look::Events, about("curl[4711]"));
    assert!(command.ends_with("| grep -F ,tcp.connect, | grep -F -e ,4711,"), "{command}");
}

//! Several profiles in one.

use std::collections::BTreeMap;

use super::parsed;
use crate::event::Severity;
use crate::profile::Budget;
use crate::profile::OptionValue;
use crate::profile::Profile;
use crate::profile::Selector;

/// Check that targets add up, each once.
#[test]
fn targets_add_up() {
    let merged =
        parsed("targets { pid 7; unit \"a.service\" }").merge(parsed("targets { pid 11; pid 7; cgroup \"/x\" }"));
    let expected =
        [Selector::Pid(7), Selector::Unit("a.service".into()), Selector::Pid(11), Selector::Cgroup("/x".into())];
    assert_eq!(merged.targets, expected);
}

/// Check that pods add up with their places, and so does what is said about their containers.
#[test]
fn pods_add_up() {
    let pods = |text: &str| parsed(&format!("targets {{ {text} }}"));
    let earlier = pods("pod \"web\" namespace=\"a\"; container \"app\"; exclude container=\"x\"");
    let later = pods("pod \"web\" namespace=\"a\"; pod \"web\" namespace=\"b\"; container \"app\"; exclude pod=\"x\"");
    let merged = earlier.merge(later);
    let shown: Vec<String> = merged.targets.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["pod `web` in namespace `a`", "pod `web` in namespace `b`"]);
    let without: Vec<String> = merged.narrowing.without.iter().map(ToString::to_string).collect();
    assert_eq!((merged.narrowing.containers.len(), without), (1, vec!["container `x`".into(), "pod `x`".into()]));
}

/// Check that probes are united, and that of an option both give the later counts.
#[test]
fn probes_unite() {
    let merged = parsed("probes { tcp slow=\"1ms\" detail=\"all\"; file }")
        .merge(parsed("probes { sched; tcp slow=\"2ms\" peers=#true }"));
    let families: Vec<_> = merged.probes.iter().map(|request| request.family.as_str()).collect();
    assert_eq!(families, ["tcp", "file", "sched"]);
    let expected = BTreeMap::from([
        ("slow".to_owned(), OptionValue::DurationNs(2_000_000)),
        ("detail".to_owned(), OptionValue::Word("all".into())),
        ("peers".to_owned(), OptionValue::Flag(true)),
    ]);
    assert_eq!(merged.probes[0].options, expected);
}

/// Check that a later file replaces all that was said about a figure of a kind in one direction, and nothing else.
#[test]
fn thresholds_replace_by_figure() {
    let earlier = parsed(
        "threshold \"tcp.rtt\" p99=\">100ms\"\nthreshold \"tcp.rtt\" p99=\">1s\" severity=\"critical\"\n\
         threshold \"tcp.rtt\" p99=\"<1us\" p50=\">50ms\"\nthreshold \"tcp.connect\" p99=\">1s\"",
    );
    let later = parsed("threshold \"tcp.rtt\" p99=\">20ms\" severity=\"error\"\nthreshold \"file.read\" max=\">1s\"");
    let merged = earlier.merge(later);
    let said: Vec<_> = merged.thresholds.iter().map(|t| (t.kind.as_str(), t.text.as_str(), t.severity)).collect();
    let expected = [
        ("tcp.rtt", "p50 > 50ms", Severity::Warning),
        ("tcp.rtt", "p99 < 1us", Severity::Warning),
        ("tcp.connect", "p99 > 1s", Severity::Warning),
        ("tcp.rtt", "p99 > 20ms", Severity::Error),
        ("file.read", "max > 1s", Severity::Warning),
    ];
    assert_eq!(said, expected);
}

/// Check that single values are the later file's where it has them, for each half of the budget apart.
#[test]
fn single_values_are_the_later_ones() {
    let first = parsed("description \"a\"\nwindow \"1s\"\nbudget cpu=\"1%\" memory=\"1MiB\"");
    let merged = first.clone().merge(parsed("")).merge(parsed("budget cpu=\"2%\""));
    assert_eq!((merged.description.as_deref(), merged.window_ns), (Some("a"), Some(1_000_000_000)));
    assert_eq!(merged.budget, Some(Budget { cpu: Some(0.02), memory_bytes: Some(1 << 20) }));
    let merged = first.merge(parsed("description \"b\"\nwindow \"2s\""));
    assert_eq!((merged.description.as_deref(), merged.window_ns), (Some("b"), Some(2_000_000_000)));
    assert_eq!(
        parsed("").merge(parsed("budget cpu=\"3%\"")).budget,
        Some(Budget { cpu: Some(0.03), memory_bytes: None })
    );
}

/// Check that sources are kept in order, so that merging their texts again gives the same profile.
#[test]
fn sources_give_the_profile_again() {
    let texts = ["probes { tcp }\nwindow \"1s\"", "probes { tcp slow=\"7ms\"; file }", "window \"3s\""];
    let merged = texts.iter().map(|text| parsed(text)).fold(Profile::default(), Profile::merge);
    assert_eq!(merged.sources.iter().map(|source| source.text.as_str()).collect::<Vec<_>>(), texts);
    let again = Profile::from_sources(&merged.sources, &super::vocabulary()).expect("these texts were read before");
    assert_eq!(again, merged);
}

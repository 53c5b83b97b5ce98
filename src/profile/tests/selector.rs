//! Names of targets: patterns, label selectors, words of the command line.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use proptest::prelude::any;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::proptest;

use crate::profile::InNamespace;
use crate::profile::Narrowing;
use crate::profile::Pattern;
use crate::profile::Subject;
use crate::profile::selector::Exclusion;
use crate::profile::selector::Labels;

/// Check that `*` stands for any text, `?` for one character, and everything else for itself.
#[test]
fn patterns() {
    let matches = |pattern: &str, name: &str| Pattern::new(pattern).matches(name);
    for (pattern, name) in [
        ("web", "web"),
        ("*", ""),
        ("*", "web"),
        ("web-*", "web-"),
        ("web-*", "web-1-2"),
        ("*-web", "a-web"),
        ("a*b*c", "abbbc"),
        ("a*b*c", "a-b-b-c"),
        ("w?b", "web"),
        ("*a?", "aab"),
    ] {
        assert!(matches(pattern, name), "{pattern} {name}");
    }
    for (pattern, name) in [
        ("web", "web-1"),
        ("web", "we"),
        ("", "x"),
        ("web-*", "web"),
        ("a*b*c", "acb"),
        ("w?b", "wb"),
        ("?", ""),
        ("*a?", "ba"),
    ] {
        assert!(!matches(pattern, name), "{pattern} {name}");
    }
    assert_eq!(Pattern::new("web").exact(), Some("web"));
    assert_eq!(Pattern::new("web-?").exact(), None);
}

/// Check that label selectors are read as `kubectl` reads them, and written in one way.
#[test]
fn labels() {
    let labels: BTreeMap<String, String> = [("app", "web"), ("tier", "front"), ("example.org/x", "")]
        .map(|(key, value)| (key.into(), value.into()))
        .into();
    let matches = |text: &str| Labels::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).matches(&labels);
    for text in [
        "app=web",
        "app==web",
        " app = web , tier = front ",
        "app!=db",
        "none!=x",
        "tier in (back, front)",
        "tier notin (back)",
        "none notin (a)",
        "app",
        "!none",
        "example.org/x=",
    ] {
        assert!(matches(text), "{text}");
    }
    for text in [
        "app=db",
        "app=web,tier=back",
        "app!=web",
        "tier in (back)",
        "none in (a)",
        "tier notin (front)",
        "none",
        "!app",
    ] {
        assert!(!matches(text), "{text}");
    }
    let written = |text: &str| Labels::parse(text).unwrap().to_string();
    assert_eq!(written("a == b,c  in ( d , e ) , !f,g"), "a=b,c in (d,e),!f,g");
}

/// Check what is said about label selectors that are none.
#[test]
fn wrong_labels() {
    let said = |text: &str| Labels::parse(text).unwrap_err().to_string();
    assert_snapshot!(said("app in (a"), @"the parentheses in `app in (a` do not match");
    assert_snapshot!(said("app near (a)"), @"`app near (a)` is no requirement on a label: expected `KEY=VALUE`, `KEY!=VALUE`, `KEY in (A,B)`, `KEY notin (A,B)`, `KEY` or `!KEY`");
    assert_snapshot!(said("a=b,"), @"`` cannot be the name of a label: expected letters, digits, `-`, `_` and `.`, at most 63, and perhaps `PREFIX/` before them");
    assert_snapshot!(said("app=über"), @"`über` cannot be the value of a label: expected letters, digits, `-`, `_` and `.`, at most 63");
    assert_snapshot!(said("-app=x"), @"`-app` cannot be the name of a label: expected letters, digits, `-`, `_` and `.`, at most 63, and perhaps `PREFIX/` before them");
    assert_snapshot!(said("Ex.org/app=x"), @"`Ex.org/app` cannot be the name of a label: expected letters, digits, `-`, `_` and `.`, at most 63, and perhaps `PREFIX/` before them");
    for text in ["", ",", "()", "a=b=c", "a in ()x", "a in b", "in (a)", "!", "a/b/c=d", "=x"] {
        assert!(Labels::parse(text).is_err(), "{text}");
    }
}

/// Check that words of the command line are read, in each spelling, and shown in plain words.
#[test]
fn words() {
    let shown = |word: &str| Subject::parse(word).unwrap_or_else(|error| panic!("{word}: {error}")).to_string();
    for (word, text) in [
        ("run", "pod `run`"),
        ("pod/run", "pod `run`"),
        ("po/web-*", "pods `web-*`"),
        ("deploy/web", "pods of `deploy/web`"),
        ("Deployment/web", "pods of `deploy/web`"),
        ("sts/db", "pods of `sts/db`"),
        ("daemonset/log", "pods of `ds/log`"),
        ("job/nightly", "pods of `job/nightly`"),
        ("rs/web-1", "pods of `rs/web-1`"),
        ("node/n-1.example", "pods of node `n-1.example`"),
    ] {
        assert_eq!(shown(word), text);
    }
}

/// Check what is said about words that name nothing.
#[test]
fn wrong_words() {
    let said = |word: &str| Subject::parse(word).unwrap_err().to_string();
    assert_snapshot!(said(""), @"the name of a pod is empty");
    assert_snapshot!(said("deploy/"), @"the name of a deployment is empty");
    assert_snapshot!(said("deplyo/web"), @"`deplyo` is no sort of target: expected `pod`, `deploy`, `sts`, `ds`, `job`, `rs` or `node` before the `/`; did you mean `deploy/`?");
    assert_snapshot!(said("svc/web"), @"a service has no processes: name its pods by the labels it selects, `-l KEY=VALUE`, or their workload, `deploy/web`");
    assert_snapshot!(said("cronjob/nightly"), @"a cron job makes jobs, and those make pods: name a run, `job/nightly-NUMBER`, or the pods, `pod/nightly-*`");
    assert_snapshot!(said("My_Pod"), @"`My_Pod` cannot be the name of a pod: expected lower-case letters, digits, `-` and `.`, `*` or `?` for any");
    assert_snapshot!(said("deploy/web-*"), @"`web-*` cannot be the name of a deployment: expected lower-case letters, digits, `-` and `.`");
    assert_snapshot!(InNamespace::parse("a/b").unwrap_err(), @"`a/b` cannot be the name of a namespace: expected lower-case letters, digits, `-` and `.`");
    assert_snapshot!(Exclusion::parse("deploy/web").unwrap_err(), @"`deploy/web` cannot be left out: expected a container's name, `pod/NAME` or `namespace/NAME`");
}

/// Check that what is left out is left out, and that two narrowings add up.
#[test]
fn narrowing() {
    let exclude = |words: &[&str]| words.iter().map(|word| Exclusion::parse(word).unwrap()).collect();
    let one = Narrowing { containers: vec![Pattern::new("app-*")], without: exclude(&["istio-proxy", "ns/kube-*"]) };
    let two =
        Narrowing { containers: vec![Pattern::new("istio-proxy")], without: exclude(&["pod/canary", "istio-proxy"]) };
    assert!(one.takes_container("app-1") && !one.takes_container("side"));
    assert!(one.takes_pod(Some("production"), "web") && !one.takes_pod(Some("kube-system"), "web"));
    assert!(one.takes_pod(None, "canary"));
    let both = one.and(two);
    assert_eq!((both.containers.len(), both.without.len()), (2, 3));
    assert!(!both.takes_container("istio-proxy") && !both.takes_pod(None, "canary"));
    assert!(Narrowing::default().is_empty() && !both.is_empty());
}

proptest! {
    /// Check that any text is a pattern that matches itself where it has no wildcards, and that any text is a label
    /// selector or a mistake.
    #[test]
    fn total(text in any::<String>(), other in any::<String>()) {
        let pattern = Pattern::new(text.clone());
        prop_assert!(pattern.matches(&text) || pattern.exact().is_none());
        prop_assert_eq!(pattern.exact().is_some() && pattern.matches(&other), pattern.exact() == Some(other.as_str()));
        let _ = Labels::parse(&text);
        let _ = Subject::parse(&text);
        let _ = Exclusion::parse(&text);
    }

    /// Check that a selector that was read is read again from what it writes.
    #[test]
    fn written_again(text in "(!?[a-c]|[a-c](=|==|!=)[d-f]?|[a-c] (in|notin) \\([d-f](,[d-f])?\\))(,(!?[a-c]|[a-c]!=[d-f]))?") {
        let labels = Labels::parse(&text).unwrap();
        prop_assert_eq!(Labels::parse(&labels.to_string()).unwrap(), labels);
    }
}

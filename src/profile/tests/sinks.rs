//! Sinks and the pace of alerts: what is read, and what is said about mistakes.

use insta::assert_snapshot;

use super::listed;
use super::parsed;
use super::vocabulary;
use crate::event::Severity;
use crate::profile::HeaderRequest;
use crate::profile::HeaderValue;
use crate::profile::OptionValue;

/// Check that options of every sort, headers and the pace of alerts are read, and that an address is not repeated.
#[test]
fn all_of_it() {
    let text = r#"
sink "webhook" url="https://alerts.example/hook" retries=3 sample="12.5%" max-payload="64KiB" {
    header "X-Scope-OrgID" value="blue"
    header "Authorization" env="TOKEN"
    header "X-Key" file="/run/key"
}
sink "prometheus" listen="127.0.0.1:3000"
sink "prometheus"
alerts dedup="7m" rate=23 min-severity="warning"
"#;
    let profile = parsed(text);
    let webhook = &profile.sinks[0];
    assert_eq!(webhook.options["url"], OptionValue::Text("https://alerts.example/hook".into()));
    assert_eq!(webhook.options["retries"], OptionValue::Number(3));
    assert_eq!(webhook.options["sample"], OptionValue::Share(0.125));
    assert_eq!(webhook.options["max-payload"], OptionValue::Bytes(65_536));
    let header = |name: &str, value| HeaderRequest { name: name.into(), value };
    assert_eq!(
        webhook.headers,
        [
            header("X-Scope-OrgID", HeaderValue::Text("blue".into())),
            header("Authorization", HeaderValue::Env("TOKEN".into())),
            header("X-Key", HeaderValue::File("/run/key".into())),
        ]
    );
    assert_eq!(profile.sinks[1].options["listen"], OptionValue::Address("127.0.0.1:3000".parse().unwrap()));
    assert_eq!((profile.sinks.len(), profile.alerts.rate_per_minute), (3, Some(23)));
    assert_eq!(
        (profile.alerts.dedup_ns, profile.alerts.min_severity),
        (Some(420_000_000_000), Some(Severity::Warning))
    );
    let explained = profile.explain(&vocabulary());
    assert!(
        explained.contains("with the header Authorization") && !explained.contains("alerts.example"),
        "{explained}"
    );
}

/// Check that sinks of several files add up, the same one counts once, and the later pace counts.
#[test]
fn merged() {
    let first = parsed("sink \"prometheus\"\nalerts rate=7 dedup=\"1m\"");
    let second = parsed("sink \"prometheus\"\nsink \"webhook\" url-env=\"A\"\nalerts rate=11");
    let both = first.merge(second);
    assert_eq!((both.sinks.len(), both.alerts.rate_per_minute), (2, Some(11)));
    assert_eq!(both.alerts.dedup_ns, Some(60_000_000_000));
}

/// Check that every mistake has its place, what was expected and near names, and that no secret is repeated.
#[test]
fn mistakes() {
    assert_snapshot!(listed("sink \"webhok\" url-env=\"A\"\nsink \"webhook\"\nsink \"webhook\" url-env=\"A\" url=\"http://a\""), @"");
    assert_snapshot!(listed("sink \"webhook\" url-env=\"A\" retires=3\nsink \"prometheus\" listen=\"localhost\"\nsink \"prometheus\" { header \"a\" value=\"b\"; }"), @"");
    assert_snapshot!(listed("sink \"webhook\" url=\"https://bob:hunter23@a/\"\nsink \"webhook\" url-env=\"https://a/hunter23\"\nsink \"webhook\" url=\"a.example\""), @"");
    assert_snapshot!(listed("sink \"webhook\" url-env=\"A\" { haeder \"a\" value=\"b\"; header \"a\"; header \"a\" value=\"b\" env=\"C\"; }"), @"");
    assert_snapshot!(listed("sink \"webhook\" url-env=\"A\" sample=\"101%\"\nsink \"prometheus\"\nsink \"prometheus\"\nalerts\nalerts rate=0"), @"");
}

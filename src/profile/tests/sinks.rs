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
    assert_snapshot!(listed("sink \"webhok\" url-env=\"A\"\nsink \"webhook\"\nsink \"webhook\" url-env=\"A\" url=\"http://a\""), @r#"
    1:6 "\"webhok\"" unknown sink `webhok` | expected `webhook` or `prometheus` | did you mean `webhook`?
    2:1 "sink" the sink `webhook` does not say where to | expected one of `url` or `url-env`
    3:1 "sink" the sink `webhook` says the same thing in several ways | expected one of `url` or `url-env`
    "#);
    assert_snapshot!(listed("sink \"webhook\" url-env=\"A\" retires=3\nsink \"prometheus\" listen=\"localhost\"\nsink \"prometheus\" { header \"a\" value=\"b\"; }"), @r#"
    1:28 "retires" `sink` has no property `retires` | expected `url`, `url-env`, `retries`, `sample`, `max-payload` or `template` | did you mean `retries`?
    2:26 "\"localhost\"" `localhost` of `listen` is no address with a port | expected an address to listen on such as `"127.0.0.1:3000"`
    3:1 "sink" `sink` takes no block | expected no `{` after it | write properties behind the name: `sink listen=…`
    "#);
    assert_snapshot!(listed("sink \"webhook\" url=\"https://bob:hunter23@a/\"\nsink \"webhook\" url-env=\"https://a/hunter23\"\nsink \"webhook\" url=\"a.example\""), @r#"
    1:20 "\"https://bob:hunter23@a/\"" the address holds a user or password | expected none: recordings keep a copy of the profile | put the whole address into the environment, and name the variable with `url-env=`
    2:24 "\"https://a/hunter23\"" this is no name of an environment variable | expected the name of an environment variable such as `"ALERT_URL"` | what the variable holds belongs into the environment, not into the profile
    3:20 "\"a.example\"" `a.example` of `url` is no address | expected an address such as `"http://alerts.example:9093"`
    "#);
    assert_snapshot!(listed("sink \"webhook\" url-env=\"A\" { haeder \"a\" value=\"b\"; header \"a\"; header \"a\" value=\"b\" env=\"C\"; }"), @r#"
    1:30 "haeder" a sink's block has no `haeder` | expected `header` | did you mean `header`?
    1:52 "header" a header needs its value in one way | expected one of `value`, `env` or `file`
    1:64 "header" a header needs its value in one way | expected one of `value`, `env` or `file`
    "#);
    assert_snapshot!(listed("sink \"webhook\" url-env=\"A\" sample=\"101%\"\nsink \"prometheus\"\nsink \"prometheus\"\nalerts\nalerts rate=0"), @r#"
    1:35 "\"101%\"" `101%` of `sample` is more than all | expected at most `100%`
    3:1 "sink" the sink `prometheus` is there twice | expected it once
    4:1 "alerts" `alerts` says nothing | expected `dedup="5m"`, `rate=10` or `min-severity="warning"`
    5:1 "alerts" `alerts` is there twice | expected it once in a file | put all of it into the first `alerts`, or into a file of its own
    "#);
}

//! The flags and variables that podtrace was commissioned with, as what they are today: sinks of a profile. A flag counts
//! more than the environment, the environment more than the profile.

use std::time::Duration;

use thiserror::Error;

use super::arguments::DeliveryOptions;
use super::arguments::duration;
use super::arguments::severity;
use crate::profile::OptionValue;
use crate::profile::Profile;
use crate::profile::SinkRequest;

/// Something in the environment or among the flags cannot be understood.
#[derive(Debug, Error)]
pub(super) enum CommissionError {
    /// A variable's value.
    #[error("the environment variable `{name}` {why}")]
    Variable { name: &'static str, why: String },
    /// Splunk without an address or a token.
    #[error(
        "for Splunk give `--tracing-splunk-endpoint` or `PODTRACE_SPLUNK_ENDPOINT`, and `PODTRACE_SPLUNK_TOKEN`, or put a \
         `sink \"splunk\"` into a profile"
    )]
    Splunk,
}

/// Variables of Splunk's, for those who do not write a profile.
const SPLUNK_ENDPOINT: &str = "PODTRACE_SPLUNK_ENDPOINT";
const SPLUNK_TOKEN: &str = "PODTRACE_SPLUNK_TOKEN";
const WEBHOOK_URL: &str = "PODTRACE_ALERT_WEBHOOK_URL";
const SLACK_URL: &str = "PODTRACE_ALERT_SLACK_WEBHOOK_URL";

/// Adds to a profile what flags and environment say.
pub(super) fn apply(
    profile: &mut Profile,
    flags: &DeliveryOptions,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<(), CommissionError> {
    let environment = |name: &str| environment(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    alerts(profile, flags, &environment)?;
    if let Some(address) = flags.metrics {
        profile.sinks.retain(|sink| sink.sink != "prometheus");
        add(profile, "prometheus", vec![("listen", OptionValue::Address(address))]);
    }
    for endpoint in [&flags.tracing_otlp_endpoint, &flags.tracing_jaeger_endpoint].into_iter().flatten() {
        let with_scheme = if endpoint.contains("://") { endpoint.clone() } else { format!("http://{endpoint}") };
        add(profile, "otlp", vec![("endpoint", OptionValue::Text(with_scheme))]);
    }
    if let Some(endpoint) = &flags.tracing_splunk_endpoint {
        let mut options = splunk(flags, &environment, Some(endpoint))?;
        options.extend([("traces", OptionValue::Flag(true)), ("alerts", OptionValue::Flag(false))]);
        add(profile, "splunk", options);
    }
    if let Some(share) = flags.tracing_sample_rate {
        for sink in profile.sinks.iter_mut().filter(|sink| ["otlp", "splunk"].contains(&sink.sink.as_str())) {
            sink.options.insert("sample".to_owned(), OptionValue::Share(share));
        }
    }
    Ok(())
}

fn alerts(
    profile: &mut Profile,
    flags: &DeliveryOptions,
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<(), CommissionError> {
    let enabled = yes_or_no("PODTRACE_ALERTING_ENABLED", environment)?;
    if enabled == Some(false) {
        profile.sinks.retain(|sink| !["webhook", "slack"].contains(&sink.sink.as_str()));
        for sink in profile.sinks.iter_mut().filter(|sink| sink.sink == "splunk") {
            sink.options.insert("alerts".to_owned(), OptionValue::Flag(false));
        }
        return Ok(());
    }
    let variable = |name: &str| vec![("url-env", OptionValue::Text(name.to_owned()))];
    if environment(WEBHOOK_URL).is_some() {
        add(profile, "webhook", variable(WEBHOOK_URL));
    }
    if environment(SLACK_URL).is_some() {
        let channel =
            environment("PODTRACE_ALERT_SLACK_CHANNEL").map(|channel| ("channel", OptionValue::Text(channel)));
        add(profile, "slack", variable(SLACK_URL).into_iter().chain(channel).collect());
    }
    if yes_or_no("PODTRACE_ALERT_SPLUNK_ENABLED", environment)? == Some(true) {
        let options = splunk(flags, environment, flags.tracing_splunk_endpoint.as_deref())?;
        add(profile, "splunk", options);
    }
    let wrong = |name| move |why: String| CommissionError::Variable { name, why: format!("is not understood: {why}") };
    if let Some(text) = environment("PODTRACE_ALERT_MIN_SEVERITY") {
        let read = severity(&text.to_lowercase()).map_err(wrong("PODTRACE_ALERT_MIN_SEVERITY"))?;
        profile.alerts.min_severity = Some(read);
    }
    if let Some(text) = environment("PODTRACE_ALERT_DEDUP_WINDOW") {
        let window = duration(&text).map_err(wrong("PODTRACE_ALERT_DEDUP_WINDOW"))?;
        profile.alerts.dedup_ns = Some(nanoseconds(window));
    }
    if let Some(text) = environment("PODTRACE_ALERT_RATE_LIMIT") {
        let rate = number(&text).filter(|rate| (1..=10_000).contains(rate));
        let rate =
            rate.ok_or_else(|| wrong("PODTRACE_ALERT_RATE_LIMIT")("expected alerts a minute, 1 to 10000".into()));
        profile.alerts.rate_per_minute = Some(rate?);
    }
    let mut common = Vec::new();
    if let Some(text) = environment("PODTRACE_ALERT_HTTP_TIMEOUT") {
        let timeout = duration(&text).map_err(wrong("PODTRACE_ALERT_HTTP_TIMEOUT"))?;
        common.push(("timeout", OptionValue::DurationNs(nanoseconds(timeout))));
    }
    if let Some(text) = environment("PODTRACE_ALERT_MAX_RETRIES") {
        let retries = number(&text).ok_or_else(|| wrong("PODTRACE_ALERT_MAX_RETRIES")("expected a number".into()))?;
        common.push(("retries", OptionValue::Number(retries)));
    }
    if let Some(text) = environment("PODTRACE_ALERT_MAX_PAYLOAD_SIZE") {
        let bytes = number(&text).filter(|bytes| *bytes > 0);
        let bytes =
            bytes.ok_or_else(|| wrong("PODTRACE_ALERT_MAX_PAYLOAD_SIZE")("expected a number of bytes".into()))?;
        common.push(("max-payload", OptionValue::Bytes(u64::from(bytes))));
    }
    for sink in profile.sinks.iter_mut().filter(|sink| ["webhook", "slack", "splunk"].contains(&sink.sink.as_str())) {
        sink.options.extend(common.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    }
    Ok(())
}

type Options = Vec<(&'static str, OptionValue)>;

fn splunk(
    flags: &DeliveryOptions,
    environment: &impl Fn(&str) -> Option<String>,
    endpoint: Option<&str>,
) -> Result<Options, CommissionError> {
    let url = match endpoint {
        Some(endpoint) => ("url", OptionValue::Text(endpoint.to_owned())),
        None if environment(SPLUNK_ENDPOINT).is_some() => ("url-env", OptionValue::Text(SPLUNK_ENDPOINT.to_owned())),
        None => return Err(CommissionError::Splunk),
    };
    // `token` is no option of a profile: a token on the command line is all it is for.
    let token = match &flags.tracing_splunk_token {
        Some(token) => ("token", OptionValue::Text(token.clone())),
        None if environment(SPLUNK_TOKEN).is_some() => ("token-env", OptionValue::Text(SPLUNK_TOKEN.to_owned())),
        None => return Err(CommissionError::Splunk),
    };
    Ok(vec![url, token])
}

fn add(profile: &mut Profile, sink: &str, options: Options) {
    let options = options.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let request = SinkRequest { sink: sink.to_owned(), options, headers: Vec::new() };
    if !profile.sinks.contains(&request) {
        profile.sinks.push(request);
    }
}

fn yes_or_no(
    name: &'static str,
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<Option<bool>, CommissionError> {
    match environment(name).map(|text| text.to_lowercase()).as_deref() {
        None => Ok(None),
        Some("1" | "true" | "yes" | "on") => Ok(Some(true)),
        Some("0" | "false" | "no" | "off") => Ok(Some(false)),
        Some(_) => Err(CommissionError::Variable { name, why: "is neither `true` nor `false`".to_owned() }),
    }
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok()
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Severity;

    fn applied(flags: &DeliveryOptions, variables: &[(&str, &str)]) -> Result<Profile, String> {
        let mut profile = Profile::default();
        let environment =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        apply(&mut profile, flags, environment).map_err(|error| error.to_string())?;
        Ok(profile)
    }

    /// Check that every variable of the commission does what it says, and that no secret is copied into the profile.
    #[test]
    fn variables() {
        let profile = applied(
            &DeliveryOptions::default(),
            &[
                ("PODTRACE_ALERTING_ENABLED", "true"),
                ("PODTRACE_ALERT_WEBHOOK_URL", "https://hooks.example/hunter23"),
                ("PODTRACE_ALERT_SLACK_WEBHOOK_URL", "https://slack.example/hunter23"),
                ("PODTRACE_ALERT_SLACK_CHANNEL", "#alerts"),
                ("PODTRACE_ALERT_SPLUNK_ENABLED", "1"),
                ("PODTRACE_SPLUNK_ENDPOINT", "https://splunk:8088"),
                ("PODTRACE_SPLUNK_TOKEN", "hunter23"),
                ("PODTRACE_ALERT_MIN_SEVERITY", "WARNING"),
                ("PODTRACE_ALERT_DEDUP_WINDOW", "7m"),
                ("PODTRACE_ALERT_RATE_LIMIT", "23"),
                ("PODTRACE_ALERT_HTTP_TIMEOUT", "5s"),
                ("PODTRACE_ALERT_MAX_RETRIES", "3"),
                ("PODTRACE_ALERT_MAX_PAYLOAD_SIZE", "65536"),
            ],
        );
        let profile = profile.unwrap();
        let names: Vec<_> = profile.sinks.iter().map(|sink| sink.sink.as_str()).collect();
        assert_eq!(names, ["webhook", "slack", "splunk"]);
        for sink in &profile.sinks {
            assert_eq!(sink.options["timeout"], OptionValue::DurationNs(5_000_000_000));
            assert_eq!(sink.options["retries"], OptionValue::Number(3));
            assert_eq!(sink.options["max-payload"], OptionValue::Bytes(65_536));
        }
        let alerts = profile.alerts;
        assert_eq!((alerts.min_severity, alerts.rate_per_minute), (Some(Severity::Warning), Some(23)));
        assert_eq!(alerts.dedup_ns, Some(420_000_000_000));
        assert!(!format!("{profile:?}").contains("hunter23"));
    }

    /// Check that alerting can be switched off, and that mistakes name the variable.
    #[test]
    fn mistakes() {
        let none = DeliveryOptions::default();
        let url = ("PODTRACE_ALERT_WEBHOOK_URL", "http://a");
        assert!(applied(&none, &[url, ("PODTRACE_ALERTING_ENABLED", "false")]).unwrap().sinks.is_empty());
        let said = |name, value| applied(&none, &[url, (name, value)]).unwrap_err();
        for (name, value) in [
            ("PODTRACE_ALERTING_ENABLED", "maybe"),
            ("PODTRACE_ALERT_MIN_SEVERITY", "awful"),
            ("PODTRACE_ALERT_DEDUP_WINDOW", "5"),
            ("PODTRACE_ALERT_RATE_LIMIT", "0"),
            ("PODTRACE_ALERT_HTTP_TIMEOUT", "soon"),
            ("PODTRACE_ALERT_MAX_RETRIES", "-1"),
            ("PODTRACE_ALERT_MAX_PAYLOAD_SIZE", "0"),
        ] {
            assert!(said(name, value).contains(name), "{name}");
        }
        assert!(said("PODTRACE_ALERT_SPLUNK_ENABLED", "true").contains("PODTRACE_SPLUNK_TOKEN"));
    }

    /// Check that flags become sinks, and that Jaeger is OTLP.
    #[test]
    fn flags() {
        let flags = DeliveryOptions {
            metrics: Some("127.0.0.1:3000".parse().unwrap()),
            tracing_jaeger_endpoint: Some("jaeger:4317".into()),
            tracing_sample_rate: Some(0.1),
            ..DeliveryOptions::default()
        };
        let profile = applied(&flags, &[]).unwrap();
        assert_eq!(profile.sinks[1].sink, "otlp");
        assert_eq!(profile.sinks[1].options["endpoint"], OptionValue::Text("http://jaeger:4317".into()));
        assert_eq!(profile.sinks[1].options["sample"], OptionValue::Share(0.1));
    }
}

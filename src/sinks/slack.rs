//! Alerts as Slack messages, by an incoming webhook.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::header;
use serde_json::json;

use super::Opened;
use super::Opening;
use super::Sink;
use super::SinkError;
use super::option;
use super::option::Given;
use super::webhook::fitted;
use crate::delivery::Carrier;
use crate::delivery::Outcome;
use crate::delivery::http::Address;
use crate::delivery::http::Poster;
use crate::event::Severity;
use crate::finding::Alert;
use crate::finding::alert::Status;
use crate::profile::OptionKind;
use crate::profile::OptionSpec;
use crate::profile::vocabulary::SinkWords;

/// The sink.
pub(super) static SLACK: Sink = Sink {
    words: SinkWords {
        name: "slack",
        about: "Alerts as messages, by an incoming webhook of Slack",
        options: &[
            option::URL_ENV,
            option::URL_FILE,
            OptionSpec {
                name: "channel",
                kind: OptionKind::Text("a channel's name such as `\"#alerts\"`"),
                about: "The channel, where the webhook lets one choose.",
            },
            option::MIN_SEVERITY,
            option::TIMEOUT_OPTION,
            option::RETRIES,
            option::QUEUE,
            option::MAX_PAYLOAD,
            option::CA_FILE,
        ],
        one_of: &[&["url-env", "url-file"]],
        headers: false,
    },
    open,
};

fn open(opening: &Opening<'_>) -> Result<Opened, SinkError> {
    let given = Given(opening.request);
    let url = given.secret("url")?.ok_or(SinkError::NoAddress)?;
    let carrier = Slack {
        poster: Poster::new(given.timeout(), given.ca_file()),
        address: Address::new(&url, "")?,
        channel: given.text("channel").map(str::to_owned),
        payload_max: given.payload_max(),
    };
    Ok(Opened { alerts: Some(opening.alerts(carrier, &given)?), secrets: vec![url], ..Opened::default() })
}

struct Slack {
    poster: Poster,
    address: Address,
    channel: Option<String>,
    payload_max: usize,
}

impl Carrier<Alert> for Slack {
    async fn carry(&self, alert: Arc<Alert>) -> Outcome {
        let rendered = fitted(&alert, self.payload_max, |alert| {
            Some((String::new(), Bytes::from(message(alert, self.channel.as_deref()))))
        });
        let body = match rendered {
            Ok(Some((_, body))) => body,
            Ok(None) => return Outcome::Delivered,
            Err(why) => return Outcome::Rejected { why },
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self.poster.post(&self.address, &headers, body).await {
            Ok(answer) => answer.outcome(&self.address),
            Err(outcome) => outcome,
        }
    }
}

/// The message: one line that says it, the evidence below, coloured by severity.
fn message(alert: &Alert, channel: Option<&str>) -> String {
    let (word, colour) = match (alert.status, alert.severity) {
        (Status::Resolved, _) => ("resolved", "#2eb67d"),
        (_, Severity::Fatal) => ("fatal", "#7a0019"),
        (_, Severity::Critical) => ("critical", "#e01e5a"),
        (_, Severity::Warning) => ("warning", "#ecb22e"),
        (_, Severity::Error) => ("error", "#de8a00"),
        (_, Severity::Info) => ("info", "#36a2eb"),
    };
    let targets: Vec<_> = alert
        .origin
        .targets
        .iter()
        .map(|target| {
            let parts =
                [target.namespace.as_ref(), target.pod.as_ref().or(Some(&target.name)), target.container.as_ref()];
            parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("/")
        })
        .collect();
    let more = if alert.origin.targets_omitted > 0 {
        format!(" and {} more", alert.origin.targets_omitted)
    } else {
        String::new()
    };
    let evidence: Vec<_> = alert.evidence.iter().map(|line| format!("• {}", escaped(line))).collect();
    let mut message = json!({
        "text": format!("*{word}*: {}", escaped(&alert.title)),
        "attachments": [{
            "color": colour,
            "text": evidence.join("\n"),
            "fields": [
                { "title": "where", "value": escaped(&format!("{} on {}{more}", targets.join(", "), alert.origin.host)), "short": false },
                { "title": "rule", "value": escaped(&alert.rule), "short": true },
                { "title": "next", "value": format!("`{}`", escaped(&alert.next)), "short": false },
            ],
            "footer": format!("podtrace {} {}", alert.podtrace, alert.fingerprint),
            "ts": alert.at.as_second(),
        }],
    });
    if let Some(channel) = channel {
        message["channel"] = channel.into();
    }
    message.to_string()
}

/// Slack's control characters: `&`, `<` and `>` (its "Formatting text" page).
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::alert::example;

    /// Check what a message looks like, and that nothing in an alert is markup.
    #[test]
    fn looks() {
        let mut alert = example();
        alert.title = "tcp.connect p99 1.2 s (<!channel>)".into();
        let message: serde_json::Value = serde_json::from_str(&super::message(&alert, Some("#alerts"))).unwrap();
        assert_eq!(message["text"], "*critical*: tcp.connect p99 1.2 s (&lt;!channel&gt;)");
        assert_eq!(message["channel"], "#alerts");
        assert_eq!(message["attachments"][0]["fields"][0]["value"], "production/web-0/app on node-7");
        alert.status = Status::Resolved;
        assert!(super::message(&alert, None).contains("*resolved*"));
    }
}

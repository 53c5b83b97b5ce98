//! Alerts and spans to Splunk's HTTP event collector.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::header;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Opened;
use super::Opening;
use super::Sink;
use super::SinkError;
use super::option;
use super::option::Given;
use super::otlp;
use super::span;
use super::span::Attribute;
use super::span::Side;
use super::span::Span;
use super::span::SpanOutlet;
use super::span_settings;
use super::webhook::fitted;
use crate::delivery::Carrier;
use crate::delivery::Courier;
use crate::delivery::Outcome;
use crate::delivery::Secret;
use crate::delivery::http::Address;
use crate::delivery::http::Poster;
use crate::delivery::http::headers;
use crate::finding::Alert;
use crate::profile::OptionKind;
use crate::profile::OptionSpec;
use crate::profile::vocabulary::SinkWords;

/// The collector's page, below the address.
const PAGE: &str = "/services/collector/event";

/// The sink.
pub(super) static SPLUNK: Sink = Sink {
    words: SinkWords {
        name: "splunk",
        about: "Alerts and spans to Splunk's HTTP event collector",
        options: &[
            OptionSpec {
                name: "url",
                kind: OptionKind::Url,
                about: "The collector's address without a path, e.g. https://splunk:8088.",
            },
            option::URL_ENV,
            option::URL_FILE,
            option::TOKEN_ENV,
            option::TOKEN_FILE,
            OptionSpec {
                name: "index",
                kind: OptionKind::Text("an index's name"),
                about: "The index (default: the token's).",
            },
            OptionSpec { name: "alerts", kind: OptionKind::Flag, about: "Send alerts (default #true)." },
            OptionSpec { name: "traces", kind: OptionKind::Flag, about: "Send spans (default #false)." },
            otlp::SAMPLE,
            otlp::KEEP_ERRORS,
            otlp::KEEP_SLOW,
            option::MIN_SEVERITY,
            option::TIMEOUT_OPTION,
            option::RETRIES,
            option::QUEUE,
            option::MAX_PAYLOAD,
            option::CA_FILE,
        ],
        one_of: &[&["url", "url-env", "url-file"], &["token-env", "token-file"]],
        headers: false,
    },
    open,
};

fn open(opening: &Opening<'_>) -> Result<Opened, SinkError> {
    let given = Given(opening.request);
    let url = given.secret("url")?.ok_or(SinkError::NoAddress)?;
    let token = given.secret("token")?.ok_or(SinkError::NoToken)?;
    let page = if url.expose().contains("/services/collector") { "" } else { PAGE };
    let splunk = || -> Result<Splunk, SinkError> {
        let authorization = Secret::new(format!("Splunk {}", token.expose()));
        Ok(Splunk {
            poster: Poster::new(given.timeout(), given.ca_file()),
            address: Address::new(&url, page)?,
            headers: headers(&[(header::AUTHORIZATION.as_str().to_owned(), authorization)])?,
            index: given.text("index").map(str::to_owned),
            payload_max: given.payload_max(),
        })
    };
    let mut opened = Opened::default();
    if given.flag("alerts", true) {
        opened.alerts = Some(opening.alerts(splunk()?, &given)?);
    }
    if given.flag("traces", false) {
        let name = format!("{} spans", opening.name);
        let courier = Courier::start(opening.runtime, &name, splunk()?, span_settings(&given), None);
        opened.spans = Some(SpanOutlet::new(otlp::sampler(&given), courier));
    }
    opened.secrets = vec![token, url];
    Ok(opened)
}

struct Splunk {
    poster: Poster,
    address: Address,
    headers: HeaderMap,
    index: Option<String>,
    payload_max: usize,
}

impl Splunk {
    async fn post(&self, body: Bytes) -> Outcome {
        let mut headers = self.headers.clone();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self.poster.post(&self.address, &headers, body).await {
            Ok(answer) => answer.outcome(&self.address),
            Err(outcome) => outcome,
        }
    }

    fn event(&self, time: f64, host: &str, sourcetype: &str, event: &Value) -> String {
        let mut envelope = json!({
            "time": time, "host": host, "source": "podtrace", "sourcetype": sourcetype, "event": event
        });
        if let Some(index) = &self.index {
            envelope["index"] = index.as_str().into();
        }
        envelope.to_string()
    }
}

impl Carrier<Alert> for Splunk {
    async fn carry(&self, alert: Arc<Alert>) -> Outcome {
        let rendered = fitted(&alert, self.payload_max, |alert| {
            let document = serde_json::to_value(alert).unwrap_or_default();
            let time = alert.at.as_millisecond() as f64 / 1e3;
            Some((String::new(), Bytes::from(self.event(time, &alert.origin.host, "podtrace:alert", &document))))
        });
        match rendered {
            Ok(Some((_, body))) => self.post(body).await,
            Ok(None) => Outcome::Delivered,
            Err(why) => Outcome::Rejected { why },
        }
    }
}

impl Carrier<Vec<Span>> for Splunk {
    async fn carry(&self, spans: Arc<Vec<Span>>) -> Outcome {
        // One after the other without anything between: the collector's form for several events.
        let body: String = spans.iter().map(|span| self.span(span)).collect();
        self.post(Bytes::from(body)).await
    }
}

impl Splunk {
    fn span(&self, span: &Span) -> String {
        let host = span.resource.iter().find(|attribute| attribute.name == "host.name");
        let host = host.map_or_else(String::new, |host| match &host.value {
            span::Value::Text(text) => text.clone(),
            span::Value::Number(number) => number.to_string(),
        });
        let event = json!({
            "trace_id": span.trace.to_string(),
            "span_id": span.id.to_string(),
            "parent_span_id": span.parent.map(|parent| parent.to_string()),
            "name": span.name,
            "kind": match span.side { Side::Internal => "internal", Side::Client => "client", Side::Server => "server" },
            "start_time_unix_nano": span.start_ns,
            "end_time_unix_nano": span.end_ns,
            "duration_ms": span.duration_ns() as f64 / 1e6,
            "error": span.error,
            "attributes": object(&span.attributes),
            "resource": object(&span.resource),
        });
        self.event(span.end_ns as f64 / 1e9, &host, "podtrace:span", &event)
    }
}

fn object(attributes: &[Attribute]) -> Map<String, Value> {
    let one = |attribute: &Attribute| {
        let value = match &attribute.value {
            span::Value::Text(text) => Value::from(text.as_str()),
            span::Value::Number(number) => Value::from(*number),
        };
        (attribute.name.to_owned(), value)
    };
    attributes.iter().map(one).collect()
}

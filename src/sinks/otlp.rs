//! Spans and figures to anything that speaks OTLP, over gRPC or HTTP: OpenTelemetry collectors, Jaeger, Tempo, vendors.

pub mod encode;
mod figures;
#[cfg(test)]
mod tests;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use super::FigureOutlet;
use super::Opened;
use super::Opening;
use super::Sink;
use super::SinkError;
use super::option;
use super::option::Given;
use super::settings;
use super::span::Sampler;
use super::span::Span;
use super::span::SpanOutlet;
use super::span_settings;
use crate::delivery::Carrier;
use crate::delivery::Courier;
use crate::delivery::Outcome;
use crate::metrics::Snapshot;
use crate::profile::OptionKind;
use crate::profile::OptionSpec;
use crate::profile::vocabulary::SinkWords;
use transport::Transport;

/// How often figures are pushed where a profile does not say so; OpenTelemetry's SDKs push once a minute.
const INTERVAL: Duration = Duration::from_secs(60);

/// The options of sampling, shared by all sinks that take spans.
pub(super) const SAMPLE: OptionSpec = OptionSpec {
    name: "sample",
    kind: OptionKind::Share,
    about: "The share of traces that is kept, whole ones (default 100%).",
};
pub(super) const KEEP_ERRORS: OptionSpec = OptionSpec {
    name: "keep-errors",
    kind: OptionKind::Flag,
    about: "Keep what failed although its trace is not sampled (default #true).",
};
pub(super) const KEEP_SLOW: OptionSpec = OptionSpec {
    name: "keep-slow",
    kind: OptionKind::Duration,
    about: "Keep what took this long although its trace is not sampled (default: no).",
};

/// The sink.
pub(super) static OTLP: Sink = Sink {
    words: SinkWords {
        name: "otlp",
        about: "Spans and figures by OTLP: collectors, Jaeger, Tempo (doc/traces.md)",
        options: &[
            OptionSpec {
                name: "endpoint",
                kind: OptionKind::Url,
                about: "The address, e.g. http://collector:4317 (gRPC) or http://collector:4318 (HTTP).",
            },
            OptionSpec {
                name: "endpoint-env",
                kind: OptionKind::Variable,
                about: "The environment variable with the address.",
            },
            OptionSpec {
                name: "endpoint-file",
                kind: OptionKind::Text("a file's path"),
                about: "The file with the address.",
            },
            OptionSpec {
                name: "protocol",
                kind: OptionKind::Words(&["grpc", "http"]),
                about: "Over gRPC or HTTP (default: http for port 4318 or an address with a path, else grpc).",
            },
            OptionSpec { name: "traces", kind: OptionKind::Flag, about: "Send spans (default #true)." },
            OptionSpec { name: "metrics", kind: OptionKind::Flag, about: "Send figures (default #false)." },
            OptionSpec {
                name: "interval",
                kind: OptionKind::Duration,
                about: "How often figures are sent (default 1m).",
            },
            SAMPLE,
            KEEP_ERRORS,
            KEEP_SLOW,
            OptionSpec { name: "gzip", kind: OptionKind::Flag, about: "Compress what is sent (default #true)." },
            option::TIMEOUT_OPTION,
            option::RETRIES,
            option::QUEUE,
            option::CA_FILE,
        ],
        one_of: &[&["endpoint", "endpoint-env", "endpoint-file"]],
        headers: true,
    },
    open,
};

/// Sampling as a request says it.
pub(super) fn sampler(given: &Given<'_>) -> Sampler {
    Sampler::new(given.share("sample").unwrap_or(1.0), given.flag("keep-errors", true), given.duration("keep-slow"))
}

fn open(opening: &Opening<'_>) -> Result<Opened, SinkError> {
    let given = Given(opening.request);
    let endpoint = given.secret("endpoint")?.ok_or(SinkError::NoAddress)?;
    let headers = given.headers()?;
    let transport = Arc::new(Transport::new(&endpoint, &headers, &given, opening.runtime)?);
    let secrets = headers.into_iter().map(|(_, value)| value).collect();
    let mut opened = Opened { secrets, ..Opened::default() };
    if given.flag("traces", true) {
        let carrier = Spans(Arc::clone(&transport));
        let courier = Courier::start(opening.runtime, opening.name, carrier, span_settings(&given), None);
        opened.spans = Some(SpanOutlet::new(sampler(&given), courier));
    }
    if given.flag("metrics", false) {
        let every = given.duration("interval").unwrap_or(INTERVAL).max(Duration::from_secs(1));
        let name = format!("{} figures", opening.name);
        // A snapshot says all that those before it said: only the last ones are worth keeping.
        let settings = crate::delivery::Settings { queue: 4, ..settings(&given) };
        let courier = Courier::start(opening.runtime, &name, Figures(transport), settings, None);
        opened.figures = Some(FigureOutlet { every, courier });
    }
    Ok(opened)
}

struct Spans(Arc<Transport>);

impl Carrier<Vec<Span>> for Spans {
    async fn carry(&self, spans: Arc<Vec<Span>>) -> Outcome {
        self.0.traces(encode::traces(&spans)).await
    }
}

struct Figures(Arc<Transport>);

impl Carrier<Snapshot> for Figures {
    async fn carry(&self, snapshot: Arc<Snapshot>) -> Outcome {
        self.0.metrics(figures::metrics(&snapshot)).await
    }
}

//! Destinations: the terminal for reports; webhooks, Slack, Splunk for alerts; OTLP and Splunk for spans; Prometheus and
//! OTLP for figures.
//!
//! A sink declares what a profile may say about it and how it is opened: one file and one line in [`SINKS`] each. It
//! turns an alert, spans or a snapshot into a request; queueing, retrying and counting belong to [`crate::delivery`].
//! Rendering of reports is pure and belongs to [`crate::report`]; here it meets the terminal.

pub mod live;
mod option;
pub mod otlp;
pub mod prometheus;
pub mod slack;
pub mod span;
pub mod splunk;
pub mod terminal;
#[cfg(test)]
mod tests;
pub mod webhook;

use std::io;
use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use thiserror::Error;
use tokio::runtime::Handle;

use crate::delivery::Carrier;
use crate::delivery::Courier;
use crate::delivery::Keeper;
use crate::delivery::Secret;
use crate::delivery::Settings;
use crate::delivery::Spool;
use crate::delivery::http::AddressError;
use crate::delivery::secret::SecretError;
use crate::event::Severity;
use crate::finding::Alert;
use crate::finding::Fingerprint;
use crate::metrics::Snapshot;
use crate::profile::SinkRequest;
use crate::profile::vocabulary::SinkWords;
use option::Given;
use span::SpanOutlet;
use webhook::template::TemplateError;

/// Every sink that a profile can name, in the order they are listed.
pub static SINKS: &[&Sink] = &[&webhook::WEBHOOK, &slack::SLACK, &splunk::SPLUNK, &otlp::OTLP, &prometheus::PROMETHEUS];

/// A destination that profiles can name.
#[derive(Debug)]
pub struct Sink {
    /// What a profile may say.
    pub words: SinkWords,
    open: fn(&Opening<'_>) -> Result<Opened, SinkError>,
}

/// What a sink is opened with.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// What the profile says.
    pub request: &'a SinkRequest,
    /// What the sink is called in messages and metrics: its name, numbered where there are several.
    pub name: &'a str,
    /// Where its tasks run.
    pub runtime: &'a Handle,
    /// The folder for what must survive a restart; `None` where nothing does.
    pub state: Option<&'a Path>,
    /// For how long a finding that was told is not told again.
    pub dedup: SignedDuration,
}

/// What a sink takes, once it is open.
#[derive(Debug, Default)]
pub struct Opened {
    /// Alerts.
    pub alerts: Option<AlertOutlet>,
    /// Spans.
    pub spans: Option<SpanOutlet>,
    /// Snapshots that are pushed.
    pub figures: Option<FigureOutlet>,
    /// Snapshots that are asked for.
    pub scrape: Option<prometheus::Endpoint>,
    /// What must show nowhere.
    pub secrets: Vec<Secret>,
}

/// Takes alerts from a severity on.
#[derive(Debug)]
pub struct AlertOutlet {
    /// The mildest that is taken.
    pub min_severity: Severity,
    /// Who carries them.
    pub courier: Courier<Alert>,
}

/// Takes a snapshot from time to time.
#[derive(Debug)]
pub struct FigureOutlet {
    /// How often.
    pub every: Duration,
    /// Who carries them.
    pub courier: Courier<Snapshot>,
}

/// Why a sink cannot be opened.
#[derive(Debug, Error)]
pub enum SinkError {
    /// A secret is missing.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The address or a header is wrong.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The template is wrong.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// No address is given.
    #[error("it does not say where to: give `url-env`, `url-file` or `url`")]
    NoAddress,
    /// No token is given.
    #[error("it needs a token: give `token-env` or `token-file`")]
    NoToken,
    /// It cannot be listened on.
    #[error("cannot listen on {address}: {error}; is another podtrace running? (`listen=` names another address)")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// The folder for what must survive a restart cannot be used.
    #[error("cannot keep alerts in `{folder}`: {error}")]
    State {
        /// The folder.
        folder: String,
        /// What the system said.
        error: io::Error,
    },
    /// The endpoint is of another protocol.
    #[error("{0}")]
    Endpoint(String),
}

/// Opens what a profile asks for.
///
/// # Errors
/// A secret is missing, an address wrong or taken. A destination that is down is none: it may come.
pub fn open(opening: &Opening<'_>) -> Result<Opened, SinkError> {
    let sink = SINKS.iter().find(|sink| sink.words.name == opening.request.sink);
    // A request is read with the words of these sinks; one that is not there takes nothing.
    sink.map_or_else(|| Ok(Opened::default()), |sink| (sink.open)(opening))
}

/// The words profiles may use about sinks.
pub fn words() -> Vec<SinkWords> {
    SINKS.iter().map(|sink| sink.words).collect()
}

impl Opening<'_> {
    /// An outlet for alerts, with a spool where there is a state folder.
    fn alerts(&self, carrier: impl Carrier<Alert>, given: &Given<'_>) -> Result<AlertOutlet, SinkError> {
        let spool = self.state.map(|state| {
            Spool::open(state, &self.identity())
                .map_err(|error| SinkError::State { folder: state.display().to_string(), error })
        });
        let spool = spool.transpose()?.map(|spool| Box::new(spool) as Box<dyn Keeper<Alert>>);
        let courier = Courier::start(self.runtime, self.name, carrier, settings(given), spool);
        Ok(AlertOutlet { min_severity: given.min_severity(), courier })
    }

    /// The same for the same words in a profile, in every run: what the spool is found by.
    fn identity(&self) -> String {
        let SinkRequest { sink, options, headers } = self.request;
        format!("{sink}-{}", Fingerprint::of(sink, &format!("{options:?} {headers:?}")))
    }
}

/// Spans that wait for a destination that does not take them. Each is less than a KiB.
const SPANS_MAX: u64 = 65_536;

/// The same for spans, which travel in batches.
fn span_settings(given: &Given<'_>) -> Settings {
    Settings { items_max: SPANS_MAX, ..settings(given) }
}

fn settings(given: &Given<'_>) -> Settings {
    let default = Settings::default();
    let queue = given.number("queue").map_or(default.queue, |queue| queue.clamp(1, 100_000) as usize);
    Settings { queue, retries: given.number("retries"), ..default }
}

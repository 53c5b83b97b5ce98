//! Alerts as JSON by POST: podtrace's own document, or what a template makes of it.

pub mod template;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::header;
use jiff::SignedDuration;

use super::Opened;
use super::Opening;
use super::Sink;
use super::SinkError;
use super::option;
use super::option::Given;
use crate::delivery::Carrier;
use crate::delivery::Outcome;
use crate::delivery::Secret;
use crate::delivery::http::Address;
use crate::delivery::http::Poster;
use crate::delivery::http::headers;
use crate::finding::Alert;
use crate::profile::OptionKind;
use crate::profile::OptionSpec;
use crate::profile::vocabulary::SinkWords;
use template::Template;

/// The sink.
pub(super) static WEBHOOK: Sink = Sink {
    words: SinkWords {
        name: "webhook",
        about: "Alerts as JSON by POST (doc/alerts.md), or by a template: pagerduty, opsgenie, alertmanager, your own",
        options: &[
            OptionSpec {
                name: "url",
                kind: OptionKind::Url,
                about: "The address, if it is no secret; recordings keep it.",
            },
            option::URL_ENV,
            option::URL_FILE,
            OptionSpec {
                name: "template",
                kind: OptionKind::Text("`pagerduty`, `opsgenie`, `alertmanager` or a file's path"),
                about: "What is sent: `pagerduty`, `opsgenie`, `alertmanager` or a file (default: podtrace's own document).",
            },
            option::TOKEN_ENV,
            option::TOKEN_FILE,
            option::MIN_SEVERITY,
            option::TIMEOUT_OPTION,
            option::RETRIES,
            option::QUEUE,
            option::MAX_PAYLOAD,
            option::CA_FILE,
        ],
        one_of: &[],
        headers: true,
    },
    open,
};

/// How long an alert that is there counts as there when nothing more is heard: longer than the time after which it is told
/// again.
pub(super) fn expiry(dedup: SignedDuration) -> Duration {
    Duration::try_from(dedup).unwrap_or_default().saturating_mul(2).max(Duration::from_secs(600))
}

fn open(opening: &Opening<'_>) -> Result<Opened, SinkError> {
    let given = Given(opening.request);
    let template = given.text("template").map(Template::find).transpose()?.unwrap_or_else(Template::own);
    let token = given.secret("token")?;
    if token.is_none() && template.needs_token() {
        return Err(SinkError::NoToken);
    }
    let url = match given.secret("url")? {
        Some(url) => url,
        None => template.default_url().map(Secret::new).ok_or(SinkError::NoAddress)?,
    };
    let mut own_headers = given.headers()?;
    own_headers.extend(template.headers(token.as_ref()));
    let secrets =
        own_headers.iter().map(|(_, value)| value.clone()).chain(token.clone()).chain([url.clone()]).collect();
    let carrier = Webhook {
        poster: Poster::new(given.timeout(), given.ca_file()),
        headers: headers(&own_headers)?,
        payload_max: given.payload_max(),
        expiry: expiry(opening.dedup),
        // What is wrong with the address is said now, not with the first alert.
        shown: Address::new(&url, "")?.shown(),
        url,
        token,
        template,
    };
    Ok(Opened { alerts: Some(opening.alerts(carrier, &given)?), secrets, ..Opened::default() })
}

struct Webhook {
    poster: Poster,
    url: Secret,
    shown: String,
    token: Option<Secret>,
    headers: HeaderMap,
    template: Template,
    payload_max: usize,
    expiry: Duration,
}

impl Carrier<Alert> for Webhook {
    async fn carry(&self, alert: Arc<Alert>) -> Outcome {
        let rendered = fitted(&alert, self.payload_max, |alert| {
            self.template.render(alert, self.token.as_ref(), self.expiry).map(|request| (request.path, request.body))
        });
        let (path, body) = match rendered {
            // The template does not speak of this.
            Ok(None) => return Outcome::Delivered,
            Ok(Some(rendered)) => rendered,
            Err(why) => return Outcome::Rejected { why: format!("{}: {why}", self.shown) },
        };
        let address = match Address::new(&self.url, &path) {
            Ok(address) => address,
            Err(error) => return Outcome::Rejected { why: error.to_string() },
        };
        let mut headers = self.headers.clone();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self.poster.post(&address, &headers, body).await {
            Ok(answer) => answer.outcome(&address),
            Err(outcome) => outcome,
        }
    }
}

/// Renders an alert with as much evidence as fits.
pub(super) fn fitted(
    alert: &Alert,
    payload_max: usize,
    render: impl Fn(&Alert) -> Option<(String, Bytes)>,
) -> Result<Option<(String, Bytes)>, String> {
    let mut smaller = alert.clone();
    loop {
        let Some((path, body)) = render(&smaller) else { return Ok(None) };
        if body.len() <= payload_max {
            return Ok(Some((path, body)));
        }
        if smaller.evidence.is_empty() {
            return Err(format!("the alert takes {} bytes, more than the {payload_max} allowed", body.len()));
        }
        smaller.evidence.truncate(smaller.evidence.len() / 2);
    }
}

//! POST over HTTP/1.1 and TLS: one address, one answer, no redirects, everything bounded.

#[cfg(test)]
mod tests;

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;
use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use http::Request;
use http::StatusCode;
use http::Uri;
use http::header;
use http_body_util::BodyExt;
use http_body_util::Full;
use http_body_util::Limited;
use hyper_rustls::HttpsConnector;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::fmt::rfc2822;
use thiserror::Error;

use super::Outcome;
use super::Redactor;
use super::Secret;
use super::tls;
use super::tls::TlsError;

pub use super::tls::client as client_tls;

/// How much of an answer is read, in bytes.
const ANSWER_MAX: usize = 64 * 1024;

/// How much of an answer a message repeats, in characters.
const SHOWN_MAX: usize = 200;

/// Why an address or header cannot be used.
#[derive(Debug, Error)]
pub enum AddressError {
    /// It is no address. What it is, is not repeated: it may be a secret.
    #[error("the address is no URL of the form `http://HOST[:PORT]/PATH` or `https://…`")]
    NoUrl,
    /// It holds a user and password.
    #[error("the address holds a user or password: give them in a header, from the environment or a file")]
    UserInfo,
    /// A header's name or value has characters that no header may have.
    #[error("the header `{0}` has a name or value that is not allowed in HTTP")]
    Header(String),
}

/// Where to post to. Its path and query may be secret (a Slack webhook's are), and show nowhere.
#[derive(Clone)]
pub struct Address {
    uri: Uri,
}

impl Address {
    /// Reads an address; `path` is added to its path.
    ///
    /// # Errors
    /// It is none.
    pub fn new(url: &Secret, path: &str) -> Result<Self, AddressError> {
        let base = url.expose();
        let (before, query) = base.split_once('?').map_or((base, ""), |(before, query)| (before, query));
        let joint = if path.is_empty() { before.to_owned() } else { format!("{}{path}", before.trim_end_matches('/')) };
        let sign = if joint.contains('?') { '&' } else { '?' };
        let whole = if query.is_empty() { joint } else { format!("{joint}{sign}{query}") };
        let uri: Uri = whole.parse().map_err(|_| AddressError::NoUrl)?;
        let authority = uri.authority().ok_or(AddressError::NoUrl)?;
        if authority.as_str().contains('@') {
            return Err(AddressError::UserInfo);
        }
        match uri.scheme_str() {
            Some("http" | "https") => Ok(Self { uri }),
            _ => Err(AddressError::NoUrl),
        }
    }

    /// Scheme, host and port: what may be shown.
    pub fn shown(&self) -> String {
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        format!("{}://{authority}", self.uri.scheme_str().unwrap_or("http"))
    }

    /// Its path; may be secret.
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// Its port, if it names one.
    pub fn port(&self) -> Option<u16> {
        self.uri.port_u16()
    }

    /// Whether it is spoken to in the clear.
    pub fn is_plain(&self) -> bool {
        self.uri.scheme_str() == Some("http")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({}/…)", self.shown())
    }
}

/// Headers to send with each request; their values show nowhere.
///
/// # Errors
/// A name or value is not allowed in HTTP.
pub fn headers(pairs: &[(String, Secret)]) -> Result<HeaderMap, AddressError> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let refused = || AddressError::Header(name.clone());
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| refused())?;
        value.set_sensitive(true);
        headers.insert(parsed, value);
    }
    Ok(headers)
}

/// Posts. The client behind it is made with the first request, so that a sink that is never used needs no certificates.
#[derive(Debug)]
pub struct Poster {
    client: OnceLock<Client<HttpsConnector<HttpConnector>, Full<Bytes>>>,
    ca_file: Option<PathBuf>,
    timeout: Duration,
}

/// What a destination answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// When to come back, if it said so.
    pub retry_after: Option<Duration>,
    /// The beginning of its body.
    pub body: Bytes,
}

impl Poster {
    /// Posts within a time each, trusting the system's certificates or those of a file.
    pub fn new(timeout: Duration, ca_file: Option<PathBuf>) -> Self {
        Self { client: OnceLock::new(), ca_file, timeout }
    }

    fn client(&self) -> Result<&Client<HttpsConnector<HttpConnector>, Full<Bytes>>, TlsError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let tls = tls::client(self.ca_file.as_deref())?;
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_max_idle_per_host(1).pool_idle_timeout(Duration::from_secs(30));
        Ok(self.client.get_or_init(|| builder.build(connector.wrap_connector(http))))
    }

    /// Posts once.
    ///
    /// # Errors
    /// What went wrong before there was an answer, as an outcome.
    pub async fn post(&self, address: &Address, headers: &HeaderMap, body: Bytes) -> Result<Answer, Outcome> {
        let retry = |why: String| Outcome::Retry { why: format!("{}: {why}", address.shown()), after: None };
        let client = self.client().map_err(|error| retry(error.to_string()))?;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = address.uri.clone();
        *request.headers_mut() = headers.clone();
        let agent = HeaderValue::from_static(concat!("podtrace/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(header::USER_AGENT, agent);
        let exchange = async {
            let response = client.request(request).await.map_err(|error| retry(causes(&error)))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_MAX).collect().await;
            // The status counts; what cannot be read of the body only lacks in messages.
            let body = body.map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes);
            let retry_after = head.headers.get(header::RETRY_AFTER).and_then(retry_after);
            Ok(Answer { status: head.status, retry_after, body })
        };
        let late = |_| Err(retry(format!("no answer within {} s", self.timeout.as_secs_f64())));
        tokio::time::timeout(self.timeout, exchange).await.unwrap_or_else(late)
    }
}

impl Answer {
    /// What it means by its status: 2xx delivered; what may pass (408, 425, 429, 5xx) again later; all else refused.
    pub fn outcome(&self, address: &Address) -> Outcome {
        if self.status.is_success() {
            return Outcome::Delivered;
        }
        let why = format!("{} answered {}{}", address.shown(), self.status, self.shown());
        let passing =
            matches!(self.status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS);
        if passing || self.status.is_server_error() {
            Outcome::Retry { why, after: self.retry_after }
        } else {
            Outcome::Rejected { why }
        }
    }

    fn shown(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let printable: String = text.chars().filter(|c| !c.is_control()).take(SHOWN_MAX).collect();
        // A destination may repeat what it was sent.
        let clean = Redactor::default().text(printable.trim());
        if clean.is_empty() { String::new() } else { format!(": {clean}") }
    }
}

/// `Retry-After`: seconds, or a date (RFC 9110, 10.2.3).
fn retry_after(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = rfc2822::parse(text).ok()?.timestamp();
    let at = SystemTime::from(at);
    Some(at.duration_since(SystemTime::now()).unwrap_or_default())
}

/// An error with what caused it, outermost first: "client error (Connect)" alone says nothing.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    text
}

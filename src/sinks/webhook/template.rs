//! Templates: a JSON document whose strings hold placeholders, filled in after parsing, so that what comes out is JSON
//! whatever stands in an alert.
//!
//! The form is described in `doc/alerts.md`. A placeholder is `{name}`, or `{name|from=to|from=to}` to translate words;
//! `{{` is a brace. A string that is nothing but a placeholder becomes the value itself: a list stays a list.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Map;
use serde_json::Value;
use thiserror::Error;

use crate::delivery::Secret;
use crate::event::Severity;
use crate::finding::Alert;
use crate::finding::alert::Status;

/// The templates that come with podtrace.
pub static SHIPPED: &[(&str, &str)] = &[
    ("alertmanager", include_str!("alertmanager.json")),
    ("opsgenie", include_str!("opsgenie.json")),
    ("pagerduty", include_str!("pagerduty.json")),
];

/// The largest template, in bytes.
const SIZE_MAX: u64 = 64 * 1024;

/// Every placeholder.
const NAMES: &[&str] = &[
    "alert",
    "at",
    "confidence",
    "ended",
    "evidence",
    "expires",
    "fingerprint",
    "host",
    "next",
    "podtrace",
    "rule",
    "severity",
    "started",
    "status",
    "target.container",
    "target.name",
    "target.namespace",
    "target.pod",
    "target.workload",
    "targets",
    "title",
    "token",
];

/// Why there is no template.
#[derive(Debug, Error)]
pub enum TemplateError {
    /// The file cannot be read.
    #[error("cannot read the template `{path}`: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is no JSON.
    #[error("the template `{name}` is no JSON: {error}")]
    NotJson {
        /// The template.
        name: String,
        /// What the parser said, with the place.
        error: serde_json::Error,
    },
    /// It has the wrong form.
    #[error("the template `{name}` {what}")]
    Form {
        /// The template.
        name: String,
        /// What is wrong, and what was expected.
        what: String,
    },
}

/// What is sent for an alert.
#[derive(Clone, Debug)]
pub struct Template {
    url: Option<String>,
    headers: Vec<(String, String)>,
    firing: Option<Message>,
    resolved: Option<Message>,
    needs_token: bool,
}

#[derive(Clone, Debug)]
struct Message {
    path: String,
    body: Value,
}

/// A request as a template makes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// To be added to the address.
    pub path: String,
    /// The body.
    pub body: Bytes,
}

impl Template {
    /// podtrace's own document.
    pub fn own() -> Self {
        let message = Message { path: String::new(), body: Value::String("{alert}".into()) };
        Self {
            url: None,
            headers: Vec::new(),
            firing: Some(message.clone()),
            resolved: Some(message),
            needs_token: false,
        }
    }

    /// A shipped template by its name, or one in a file.
    ///
    /// # Errors
    /// There is none, or it is wrong.
    pub fn find(name: &str) -> Result<Self, TemplateError> {
        if let Some((_, text)) = SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
            return Self::parse(name, text);
        }
        let unreadable = |error| TemplateError::Unreadable { path: name.into(), error };
        let mut text = String::new();
        let file = fs::File::open(name).map_err(unreadable)?;
        file.take(SIZE_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
        if text.len() as u64 > SIZE_MAX {
            return Err(TemplateError::Form { name: name.to_owned(), what: "is larger than 64 KiB".into() });
        }
        Self::parse(name, &text)
    }

    fn parse(name: &str, text: &str) -> Result<Self, TemplateError> {
        let wrong = |what: String| TemplateError::Form { name: name.to_owned(), what };
        let document: Value =
            serde_json::from_str(text).map_err(|error| TemplateError::NotJson { name: name.to_owned(), error })?;
        let Value::Object(document) = document else {
            return Err(wrong("is no object: expected `{\"firing\": {\"body\": …}}`".into()));
        };
        let mut template = Self { url: None, headers: Vec::new(), firing: None, resolved: None, needs_token: false };
        let mut says_resolved = false;
        for (key, value) in &document {
            match (key.as_str(), value) {
                ("about", Value::String(_)) => {}
                ("url", Value::String(url)) => template.url = Some(url.clone()),
                ("headers", Value::Object(headers)) => {
                    for (header, value) in headers {
                        let text =
                            value.as_str().ok_or_else(|| wrong(format!("has a header `{header}` that is no text")))?;
                        template.headers.push((header.clone(), text.to_owned()));
                    }
                }
                ("firing", value) => template.firing = message(value).map_err(wrong)?,
                ("resolved", value) => {
                    says_resolved = true;
                    template.resolved = message(value).map_err(wrong)?;
                }
                (other, _) => {
                    return Err(wrong(format!(
                        "has `{other}`, or of the wrong sort: expected `about`, `url`, `headers`, `firing` and `resolved`"
                    )));
                }
            }
        }
        if template.firing.is_none() {
            return Err(wrong("has no `firing`: expected `{\"firing\": {\"body\": …}}`".into()));
        }
        if !says_resolved {
            template.resolved = template.firing.clone();
        }
        let mut used = Vec::new();
        for message in [&template.firing, &template.resolved].into_iter().flatten() {
            strings(&message.body, &mut used);
            used.push(message.path.clone());
        }
        used.extend(template.headers.iter().map(|(_, value)| value.clone()));
        for text in &used {
            for name in placeholders(text).map_err(|what| wrong(format!("{what} in `{text}`")))? {
                if !NAMES.contains(&name) {
                    let near = NAMES.iter().find(|known| strsim::damerau_levenshtein(name, known) <= 2);
                    let near = near.map(|near| format!("; did you mean `{{{near}}}`?")).unwrap_or_default();
                    return Err(wrong(format!("has the unknown placeholder `{{{name}}}`{near}")));
                }
                template.needs_token |= name == "token";
            }
        }
        Ok(template)
    }

    /// Where it is sent if a profile does not say so.
    pub fn default_url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Whether it speaks of `{token}`.
    pub fn needs_token(&self) -> bool {
        self.needs_token
    }

    /// Its headers, filled in.
    pub fn headers(&self, token: Option<&Secret>) -> Vec<(String, Secret)> {
        let token = token.map_or("", Secret::expose);
        let filled = |text: &str| Secret::new(text.replace("{token}", token));
        self.headers.iter().map(|(name, value)| (name.clone(), filled(value))).collect()
    }

    /// The request for an alert; `None` if the template says nothing about it.
    pub fn render(&self, alert: &Alert, token: Option<&Secret>, expiry: Duration) -> Option<Request> {
        let message = match alert.status {
            Status::Firing => self.firing.as_ref()?,
            Status::Resolved => self.resolved.as_ref()?,
        };
        let values = Values { alert, token, expiry };
        let body = values.fill(&message.body);
        let path = interpolated(&message.path, |name| percent_encoded(&as_text(&values.value(name))));
        Some(Request { path, body: Bytes::from(body.to_string()) })
    }
}

fn message(value: &Value) -> Result<Option<Message>, String> {
    let Value::Object(parts) = value else {
        return match value {
            Value::Null => Ok(None),
            _ => Err("has a `firing` or `resolved` that is neither an object nor null".into()),
        };
    };
    let path = parts.get("path").map_or(Some(""), Value::as_str).ok_or("has a `path` that is no text")?;
    if let Some(other) = parts.keys().find(|key| !["path", "body"].contains(&key.as_str())) {
        return Err(format!("has `{other}` in `firing` or `resolved`: expected `path` and `body`"));
    }
    let body = parts.get("body").ok_or("has no `body` in `firing` or `resolved`")?;
    Ok(Some(Message { path: path.to_owned(), body: body.clone() }))
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| strings(value, found)),
        Value::Object(values) => values.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

/// A part of a text.
enum Part<'t> {
    Text(&'t str),
    /// A name, with what follows it.
    Placeholder(&'t str, &'t str),
}

fn parts(text: &str) -> Result<Vec<Part<'_>>, &'static str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        parts.push(Part::Text(&rest[..open]));
        rest = &rest[open + 1..];
        if let Some(after) = rest.strip_prefix('{') {
            parts.push(Part::Text("{"));
            rest = after;
            continue;
        }
        let close = rest.find('}').ok_or("has a `{` without its `}` (write `{{` for a brace)")?;
        let (name, words) = rest[..close].split_once('|').unwrap_or((&rest[..close], ""));
        parts.push(Part::Placeholder(name.trim(), words));
        rest = &rest[close + 1..];
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}

fn placeholders(text: &str) -> Result<Vec<&str>, &'static str> {
    let name = |part| match part {
        Part::Placeholder(name, _) => Some(name),
        Part::Text(_) => None,
    };
    Ok(parts(text)?.into_iter().filter_map(name).collect())
}

fn translated(value: String, words: &str) -> String {
    let pairs = words.split('|').filter_map(|pair| pair.split_once('='));
    let known = pairs.into_iter().find(|(from, _)| from.trim() == value);
    known.map_or(value, |(_, to)| to.trim().to_owned())
}

fn interpolated(text: &str, value: impl Fn(&str) -> String) -> String {
    let parts = parts(text).unwrap_or_default();
    parts.into_iter().fold(String::new(), |mut whole, part| {
        match part {
            Part::Text(text) => whole.push_str(text),
            Part::Placeholder(name, words) => whole.push_str(&translated(value(name), words)),
        }
        whole
    })
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().map(as_text).collect::<Vec<_>>().join("\n"),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Everything but what RFC 3986 calls unreserved.
fn percent_encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

struct Values<'a> {
    alert: &'a Alert,
    token: Option<&'a Secret>,
    expiry: Duration,
}

impl Values<'_> {
    fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => match parts(text).unwrap_or_default().as_slice() {
                [Part::Text(""), Part::Placeholder(name, ""), Part::Text("")] => self.value(name),
                _ => Value::String(interpolated(text, |name| as_text(&self.value(name)))),
            },
            Value::Array(values) => Value::Array(values.iter().map(|value| self.fill(value)).collect()),
            Value::Object(values) => {
                Value::Object(values.iter().map(|(key, value)| (key.clone(), self.fill(value))).collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }

    fn value(&self, name: &str) -> Value {
        let alert = self.alert;
        let time = |time: Timestamp| Value::String(time.to_string());
        let target = alert.origin.targets.first();
        let of_target = |part: Option<&String>| Value::String(part.cloned().unwrap_or_default());
        match name {
            "alert" => serde_json::to_value(alert).unwrap_or_default(),
            "at" => time(alert.at),
            "confidence" => serde_json::to_value(alert.confidence).unwrap_or_default(),
            "ended" => alert.ended.map_or(Value::String(String::new()), time),
            "evidence" => alert.evidence.clone().into(),
            "expires" => time(alert.ended.unwrap_or_else(|| alert.at.saturating_add(self.expiry).unwrap_or(alert.at))),
            "fingerprint" => Value::String(alert.fingerprint.to_string()),
            "host" => Value::String(alert.origin.host.clone()),
            "next" => Value::String(alert.next.clone()),
            "podtrace" => Value::String(alert.podtrace.clone()),
            "rule" => Value::String(alert.rule.clone()),
            "severity" => Value::String(Severity::name(alert.severity).to_owned()),
            "started" => time(alert.started),
            "status" => serde_json::to_value(alert.status).unwrap_or_default(),
            "target.container" => of_target(target.and_then(|target| target.container.as_ref())),
            "target.name" => of_target(target.map(|target| &target.name)),
            "target.namespace" => of_target(target.and_then(|target| target.namespace.as_ref())),
            "target.pod" => of_target(target.and_then(|target| target.pod.as_ref())),
            "target.workload" => of_target(target.and_then(|target| target.workload.as_ref())),
            "targets" => serde_json::to_value(&alert.origin.targets).unwrap_or_default(),
            "title" => Value::String(alert.title.clone()),
            "token" => Value::String(self.token.map_or("", Secret::expose).to_owned()),
            _ => Value::Null,
        }
    }
}

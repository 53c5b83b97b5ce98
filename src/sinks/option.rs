//! What a request for a sink says, with defaults, read by the sinks.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::delivery::Secret;
use crate::delivery::secret::SecretError;
use crate::delivery::secret::Source;
use crate::event::Severity;
use crate::profile::HeaderValue;
use crate::profile::OptionKind;
use crate::profile::OptionSpec;
use crate::profile::OptionValue;
use crate::profile::SinkRequest;

/// How long an answer is waited for.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest payload.
pub(super) const PAYLOAD_MAX: u64 = 256 * 1024;

pub(super) const SEVERITIES: &[&str] = &["info", "error", "warning", "critical", "fatal"];

pub(super) const MIN_SEVERITY: OptionSpec = OptionSpec {
    name: "min-severity",
    kind: OptionKind::Words(SEVERITIES),
    about: "The mildest findings that are sent (default info).",
};

pub(super) const URL_ENV: OptionSpec = OptionSpec {
    name: "url-env",
    kind: OptionKind::Variable,
    about: "The environment variable with the address, which may be secret.",
};

pub(super) const URL_FILE: OptionSpec = OptionSpec {
    name: "url-file",
    kind: OptionKind::Text("a file's path"),
    about: "The file with the address, which may be secret.",
};

pub(super) const TOKEN_ENV: OptionSpec =
    OptionSpec { name: "token-env", kind: OptionKind::Variable, about: "The environment variable with the token." };

pub(super) const TOKEN_FILE: OptionSpec =
    OptionSpec { name: "token-file", kind: OptionKind::Text("a file's path"), about: "The file with the token." };

pub(super) const TIMEOUT_OPTION: OptionSpec = OptionSpec {
    name: "timeout",
    kind: OptionKind::Duration,
    about: "How long an answer is waited for (default 10s).",
};

pub(super) const RETRIES: OptionSpec = OptionSpec {
    name: "retries",
    kind: OptionKind::Number,
    about: "How often one thing is tried again; else until it is a day old.",
};

pub(super) const QUEUE: OptionSpec =
    OptionSpec { name: "queue", kind: OptionKind::Number, about: "How much waits (default 1000)." };

pub(super) const MAX_PAYLOAD: OptionSpec = OptionSpec {
    name: "max-payload",
    kind: OptionKind::Size,
    about: "The largest request; evidence is left out to fit (default 256KiB).",
};

pub(super) const CA_FILE: OptionSpec = OptionSpec {
    name: "ca-file",
    kind: OptionKind::Text("a file's path"),
    about: "Trust only the certificates in this file; else those of the system.",
};

/// Reads a request's options.
pub(super) struct Given<'a>(pub(super) &'a SinkRequest);

impl Given<'_> {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.0.options.get(name) {
            Some(OptionValue::Text(text) | OptionValue::Word(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> bool {
        match self.0.options.get(name) {
            Some(OptionValue::Flag(flag)) => *flag,
            _ => default,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<u32> {
        match self.0.options.get(name) {
            Some(OptionValue::Number(number)) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn share(&self, name: &str) -> Option<f64> {
        match self.0.options.get(name) {
            Some(OptionValue::Share(share)) => Some(*share),
            _ => None,
        }
    }

    pub(super) fn address(&self, name: &str) -> Option<SocketAddr> {
        match self.0.options.get(name) {
            Some(OptionValue::Address(address)) => Some(*address),
            _ => None,
        }
    }

    pub(super) fn duration(&self, name: &str) -> Option<Duration> {
        match self.0.options.get(name) {
            Some(OptionValue::DurationNs(ns)) => Some(Duration::from_nanos(*ns)),
            _ => None,
        }
    }

    pub(super) fn timeout(&self) -> Duration {
        self.duration("timeout").unwrap_or(TIMEOUT)
    }

    pub(super) fn payload_max(&self) -> usize {
        let bytes = match self.0.options.get("max-payload") {
            Some(OptionValue::Bytes(bytes)) => *bytes,
            _ => PAYLOAD_MAX,
        };
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    pub(super) fn min_severity(&self) -> Severity {
        let named = |name| Severity::ALL.into_iter().find(|severity| severity.name() == name);
        self.text("min-severity").and_then(named).unwrap_or(Severity::Info)
    }

    pub(super) fn ca_file(&self) -> Option<PathBuf> {
        self.text("ca-file").map(PathBuf::from)
    }

    /// What stands in `NAME`, in the variable of `NAME-env` or the file of `NAME-file`.
    pub(super) fn secret(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        if let Some(text) = self.text(name) {
            return Ok(Some(Secret::new(text)));
        }
        if let Some(variable) = self.text(&format!("{name}-env")) {
            return Source::Env(variable.to_owned()).read().map(Some);
        }
        let file = self.text(&format!("{name}-file"));
        file.map(|file| Source::File(file.into()).read()).transpose()
    }

    pub(super) fn headers(&self) -> Result<Vec<(String, Secret)>, SecretError> {
        let read = |value: &HeaderValue| match value {
            HeaderValue::Text(text) => Ok(Secret::new(text.as_str())),
            HeaderValue::Env(name) => Source::Env(name.clone()).read(),
            HeaderValue::File(path) => Source::File(path.into()).read(),
        };
        self.0.headers.iter().map(|header| Ok((header.name.clone(), read(&header.value)?))).collect()
    }
}

//! Why the API cannot be asked, and what to do about it.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use kube::client::AuthError;
use kube::config::InClusterError;
use kube::config::KubeconfigError;
use thiserror::Error;

use super::watched::Resource;

/// Why it is not known where the cluster is, or how to be let in.
#[derive(Debug, Error)]
pub enum AccessError {
    /// Neither kubeconfig nor service account.
    #[error(
        "there is no kubeconfig (`~/.kube/config`, `$KUBECONFIG`, `--kubeconfig`), and this is no pod of a cluster"
    )]
    None,
    /// The file cannot be read.
    #[error("cannot read the kubeconfig `{path}`: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// What is in it is wrong.
    #[error("the kubeconfig is not right: {0}")]
    Kubeconfig(String),
    /// It has no current context.
    #[error("the kubeconfig has no current context: name one with `--context`{}", Listed(.contexts))]
    NoContext {
        /// Those it has.
        contexts: Vec<String>,
    },
    /// It has no such context.
    #[error("the kubeconfig has no context `{wanted}`{}", Listed(.contexts))]
    UnknownContext {
        /// The one that was asked for.
        wanted: String,
        /// Those it has.
        contexts: Vec<String>,
    },
    /// The service account of this pod cannot be used.
    #[error("cannot use this pod's service account: {0}")]
    InCluster(InClusterError),
    /// No certificates to trust.
    #[error(
        "this system has no certificates of authorities to trust: install `ca-certificates`, or name the cluster's own in \
         the kubeconfig (`certificate-authority`)"
    )]
    NoAuthorities,
    /// The client cannot be made of it.
    #[error("cannot make a client of the configuration: {0}")]
    Configuration(String),
    /// This process cannot ask at all.
    #[error("cannot begin to ask the API: {0}")]
    Client(io::Error),
}

impl AccessError {
    pub(super) fn of_file(error: KubeconfigError) -> Self {
        match error {
            KubeconfigError::ReadConfig(error, path) => Self::File { path, error },
            other => Self::Kubeconfig(other.to_string()),
        }
    }

    pub(super) fn of_client(error: kube::Error) -> Self {
        let text = innermost(&error);
        if text.contains("CA certificates") { Self::NoAuthorities } else { Self::Configuration(text) }
    }
}

/// `: it has …`, or nothing.
struct Listed<'a>(&'a [String]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.0.iter().map(|name| format!("`{name}`")).collect();
        if names.is_empty() { Ok(()) } else { write!(f, "; it has {}", names.join(", ")) }
    }
}

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// One by its name.
    Get,
    /// Several.
    List,
    /// What becomes of them.
    Watch,
}

impl Verb {
    /// As roles name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
        }
    }
}

/// What was asked, for messages.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) verb: Verb,
    pub(super) resource: Resource,
    pub(super) namespace: Option<String>,
    pub(super) server: String,
}

/// Why the API does not answer as hoped.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum KubernetesError {
    /// Who asks is not known.
    #[error("the API at {server} does not accept who asks: the credentials are wrong or have expired, log in again")]
    Unauthorized {
        /// The API.
        server: String,
    },
    /// Who asks may not.
    #[error(
        "the API at {server} forbids {}to {} {} {}: allow the verbs {} on {} by a role",
        Who(.user),
        .verb.name(),
        .resource.name,
        Place(.namespace),
        if .resource.is_got { "`get`, `list` and `watch`" } else { "`list` and `watch`" },
        Named(.resource)
    )]
    Forbidden {
        /// The API.
        server: String,
        /// What is missing.
        verb: Verb,
        /// On what.
        resource: Resource,
        /// Where; everywhere, if none.
        namespace: Option<String>,
        /// Who asked, if the API says it.
        user: Option<String>,
    },
    /// The resource version is too old.
    #[error("the API at {server} does not remember what was before: everything is asked again")]
    Expired {
        /// The API.
        server: String,
    },
    /// It cannot help it.
    #[error("the API at {server} answers {code}: {message}")]
    Failed {
        /// The API.
        server: String,
        /// The status.
        code: u16,
        /// What it says.
        message: String,
    },
    /// It is not reached.
    #[error("cannot reach the API at {server}: {why}")]
    Unreachable {
        /// The API.
        server: String,
        /// What the system said.
        why: String,
    },
    /// Its certificate is not trusted, or it does not trust ours.
    #[error("the API at {server} and podtrace do not trust each other: {why}; is the kubeconfig of this cluster?")]
    Untrusted {
        /// The API.
        server: String,
        /// What TLS said.
        why: String,
    },
    /// The kubeconfig's way to get credentials does not work.
    #[error("cannot get credentials for the API at {server}: {why}")]
    Credentials {
        /// The API.
        server: String,
        /// What went wrong.
        why: String,
    },
    /// It takes too long.
    #[error("the API at {server} does not answer within {seconds} s")]
    Slow {
        /// The API.
        server: String,
        /// How long it was waited for.
        seconds: f64,
    },
    /// What it says is no answer.
    #[error("what answers at {server} is no Kubernetes API: {why}")]
    Foreign {
        /// The API.
        server: String,
        /// Why not.
        why: String,
    },
}

/// `in namespace …`.
struct Place<'a>(&'a Option<String>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(namespace) => write!(f, "in namespace `{namespace}`"),
            None => f.write_str("in all namespaces"),
        }
    }
}

/// A resource as a role is written.
struct Named<'a>(&'a Resource);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Resource { name, group: "", .. } => write!(f, "`{name}`"),
            Resource { name, group, .. } => write!(f, "`{name}` of the API group `{group}`"),
        }
    }
}

/// `USER `, or nothing.
struct Who<'a>(&'a Option<String>);

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |user| write!(f, "`{user}` "))
    }
}

impl KubernetesError {
    /// From the client's error.
    pub(super) fn of(error: kube::Error, asked: &Asked) -> Self {
        let server = asked.server.clone();
        match error {
            kube::Error::Api(status) => Self::of_status(status.code, &status.message, asked),
            kube::Error::SerdeError(error) => Self::Foreign { server, why: error.to_string() },
            kube::Error::FromUtf8(error) => Self::Foreign { server, why: error.to_string() },
            kube::Error::Auth(error) => Self::Credentials { server, why: innermost(&error) },
            other => Self::of_transport(&other, server),
        }
    }

    /// From a status the API gave.
    pub(super) fn of_status(code: u16, message: &str, asked: &Asked) -> Self {
        let server = asked.server.clone();
        match code {
            401 => Self::Unauthorized { server },
            403 => Self::Forbidden {
                server,
                verb: asked.verb,
                resource: asked.resource,
                namespace: asked.namespace.clone(),
                user: user(message),
            },
            410 => Self::Expired { server },
            _ => Self::Failed { server, code, message: message.trim().to_owned() },
        }
    }

    fn of_transport(error: &(dyn Error + 'static), server: String) -> Self {
        let why = innermost(error);
        let mut cause = Some(error);
        while let Some(one) = cause {
            if one.downcast_ref::<AuthError>().is_some() {
                return Self::Credentials { server, why };
            }
            cause = one.source();
        }
        let tls = ["certificate", "Certificate", "handshake", "HandshakeFailure"];
        if tls.iter().any(|word| why.contains(word)) {
            return Self::Untrusted { server, why };
        }
        Self::Unreachable { server, why }
    }

    /// Whether it may pass by itself.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Slow { .. } | Self::Failed { code: 429 | 500.., .. })
    }
}

/// The user in `User "NAME" cannot list resource …`.
fn user(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("User \"")?;
    rest.split_once('"').map(|(user, _)| user.to_owned()).filter(|user| !user.is_empty())
}

/// The cause at the bottom of an error.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

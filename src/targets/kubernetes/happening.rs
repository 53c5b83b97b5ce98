//! What happens to pods: the cluster's events.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event as ApiEvent;

use super::watched::Resource;
use super::watched::Watched;

/// The longest message that is taken, in bytes. The API allows 1,024.
const MESSAGE_MAX: usize = 400;

/// The longest other text that is taken, in bytes. Names of pods have at most 253.
const TEXT_MAX: usize = 256;

/// An event about a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodEvent {
    /// Its uid; it stays when the same happens again.
    pub uid: String,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The container, where it concerns one.
    pub container: Option<String>,
    /// Whether it is a warning.
    pub warning: bool,
    /// What happened, in a word.
    pub reason: String,
    /// In a sentence.
    pub message: String,
    /// Who says so.
    pub reporter: String,
    /// When it happened first, as far as is said.
    pub first: Option<Timestamp>,
    /// When it happened last, as far as is said.
    pub last: Option<Timestamp>,
    /// How often.
    pub count: u64,
}

/// A text of at most so many bytes.
pub(super) fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let end = (0..=bytes).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}...", &text[..end])
}

/// The container in `spec.containers{NAME}`, of whichever sort.
fn container(field: &str) -> Option<String> {
    let (sort, rest) = field.split_once('{')?;
    let known = ["spec.containers", "spec.initContainers", "spec.ephemeralContainers"].contains(&sort);
    rest.strip_suffix('}').filter(|_| known).map(|name| cut(name, TEXT_MAX))
}

impl Watched for PodEvent {
    type Api = ApiEvent;

    const RESOURCE: Resource = Resource { name: "events", group: "", is_got: false };

    /// Reporters write either of two forms: a count with its first and last time, or a time and a series.
    fn of(api: &ApiEvent) -> Self {
        let about = &api.involved_object;
        let text = |text: Option<&String>| text.map_or_else(String::new, |text| cut(text, TEXT_MAX));
        let series = api.series.as_ref();
        let began = api.event_time.as_ref().map(|time| time.0);
        let first = api.first_timestamp.as_ref().map(|time| time.0).or(began);
        let last_of_series = series.and_then(|series| series.last_observed_time.as_ref()).map(|time| time.0);
        let last = last_of_series.max(api.last_timestamp.as_ref().map(|time| time.0)).or(first);
        let count = series.and_then(|series| series.count).or(api.count).unwrap_or(1);
        let component = api.source.as_ref().and_then(|source| source.component.as_ref());
        let reporter = api.reporting_component.as_ref().filter(|name| !name.is_empty()).or(component);
        Self {
            uid: api.metadata.uid.clone().unwrap_or_default(),
            namespace: text(about.namespace.as_ref().or(api.metadata.namespace.as_ref())),
            pod: text(about.name.as_ref()),
            container: about.field_path.as_deref().and_then(container),
            warning: api.type_.as_deref() == Some("Warning"),
            reason: text(api.reason.as_ref()),
            message: cut(api.message.as_deref().unwrap_or_default().trim(), MESSAGE_MAX),
            reporter: text(reporter),
            first,
            last,
            count: u64::try_from(count).unwrap_or(1).max(1),
        }
    }

    fn uid(&self) -> &str {
        &self.uid
    }
}

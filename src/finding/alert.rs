//! A finding as people and systems are told of it: that it is there, and later that it is gone.

use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

use super::Confidence;
use super::Finding;
use super::Fingerprint;
use crate::event::Severity;
use crate::event::session::Target;

/// Version of the document; raised when a field changes its meaning or goes away.
pub const SCHEMA: u32 = 1;

/// Targets that an alert names.
const TARGETS_MAX: usize = 20;

/// What is sent: `doc/alerts.md` describes it field by field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// [`SCHEMA`].
    pub schema: u32,
    /// podtrace's version.
    pub podtrace: String,
    /// Whether it is there or gone.
    pub status: Status,
    /// The same for the same finding, machine and what was asked to be traced.
    pub fingerprint: Fingerprint,
    /// How bad it is.
    pub severity: Severity,
    /// The rule that concluded it.
    pub rule: String,
    /// One line: what is wrong, and where.
    pub title: String,
    /// How one can see it, the most telling first.
    pub evidence: Vec<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// What to do next: a command.
    pub next: String,
    /// When it was first seen.
    pub started: Timestamp,
    /// When this was said.
    pub at: Timestamp,
    /// When it was gone; absent while it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Where it was seen.
    pub origin: Origin,
}

/// Whether what an alert says is still so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is there.
    Firing,
    /// It is gone.
    Resolved,
}

/// Where alerts come from: the machine, and what is traced on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The machine's name.
    pub host: String,
    /// What is traced, 20 at most.
    pub targets: Vec<Traced>,
    /// How many more are traced.
    pub targets_omitted: usize,
}

/// Something that is traced, as alerts name it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traced {
    /// Its name.
    pub name: String,
    /// The Kubernetes namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// The container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Who made the pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
}

impl Origin {
    /// Where alerts of a machine with these targets come from. What has ended is left out, and lives of one container are
    /// one.
    pub fn new<'t>(host: &str, targets: impl Iterator<Item = &'t Target>) -> Self {
        let there = targets.filter(|target| target.life.as_ref().is_none_or(|life| life.ended_ns.is_none()));
        let mut traced: Vec<Traced> = Vec::new();
        let mut targets_omitted = 0;
        for target in there {
            let one = Traced {
                name: target.name.clone(),
                namespace: target.namespace.clone(),
                pod: target.pod.clone(),
                container: target.container.clone(),
                workload: target.workload.clone(),
            };
            if traced.len() >= TARGETS_MAX {
                targets_omitted += 1;
            } else if !traced.contains(&one) {
                traced.push(one);
            }
        }
        Self { host: host.to_owned(), targets: traced, targets_omitted }
    }
}

impl Alert {
    /// A finding as an alert that it is there.
    pub(super) fn firing(
        finding: &Finding,
        fingerprint: Fingerprint,
        started: Timestamp,
        at: Timestamp,
        origin: &Origin,
    ) -> Self {
        Self {
            schema: SCHEMA,
            podtrace: env!("CARGO_PKG_VERSION").to_owned(),
            status: Status::Firing,
            fingerprint,
            severity: finding.severity,
            rule: finding.rule.clone(),
            title: finding.title.clone(),
            evidence: finding.evidence.clone(),
            confidence: finding.confidence,
            next: finding.next.clone(),
            started,
            at,
            ended: None,
            origin: origin.clone(),
        }
    }

    /// The same, gone.
    pub(super) fn resolved(mut self, at: Timestamp) -> Self {
        self.status = Status::Resolved;
        self.at = at;
        self.ended = Some(at);
        self
    }
}

/// An alert, for tests.
#[cfg(test)]
pub fn example() -> Alert {
    let at = Timestamp::from_second(1_770_000_023).unwrap();
    Alert {
        schema: SCHEMA,
        podtrace: "0.1.0".into(),
        status: Status::Firing,
        fingerprint: Fingerprint::of("tcp.connect", "p99 > 100ms"),
        severity: Severity::Critical,
        rule: "tcp.connect p99 > 100ms".into(),
        title: "tcp.connect p99 1.2 s (10.0.0.7:5432)".into(),
        evidence: vec!["peer 10.0.0.7:5432: 23 of 101 took longer".into(), "worst from 10 s to 20 s".into()],
        confidence: Confidence::High,
        next: "podtrace -n production web-0 -p network".into(),
        started: at,
        at,
        ended: None,
        origin: Origin {
            host: "node-7".into(),
            targets: vec![Traced {
                name: "app".into(),
                namespace: Some("production".into()),
                pod: Some("web-0".into()),
                container: Some("app".into()),
                workload: Some("Deployment/web".into()),
            }],
            targets_omitted: 0,
        },
    }
}

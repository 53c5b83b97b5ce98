//! From the cluster's events and the containers' ends to incidents: each once, with how often, also during the trace.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::Timestamp;

use crate::event::Incident;
use crate::targets::kubernetes::ContainerHealth;
use crate::targets::kubernetes::End;
use crate::targets::kubernetes::PodEvent;
use crate::targets::kubernetes::PodHealth;

/// How long before the trace something may have happened to be told: what leads up to a crash.
const BEFORE: SignedDuration = SignedDuration::from_mins(10);

/// Different things that are told of. The report keeps fewer.
const KNOWN_MAX: usize = 4_096;

/// Ends of containers that are remembered, so that none is counted twice.
const ENDS_MAX: usize = 16_384;

/// Who reports what the pod's status says.
const STATUS: &str = "pod status";

/// What tells things apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// An event, by its uid.
    Event(String),
    /// Restarts of a pod's container.
    Restarts(String, String),
    /// Ends of a pod's container for a reason.
    Ends(String, String, String),
}

#[derive(Clone, Copy, Debug)]
struct Told {
    id: u32,
    /// How often it had happened before the trace.
    before: u64,
}

/// What happened so far.
#[derive(Debug)]
pub(super) struct Incidents {
    started: Timestamp,
    pods: BTreeSet<(String, String)>,
    told: BTreeMap<Key, Told>,
    /// Ends that were taken in, by pod and container id.
    ends: BTreeSet<(String, String)>,
    /// How often a container ended for a reason: in all, and since the trace began.
    counts: BTreeMap<Key, (u64, u64, Timestamp)>,
}

impl Incidents {
    pub(super) fn new(started: Timestamp) -> Self {
        Self { started, pods: BTreeSet::new(), told: BTreeMap::new(), ends: BTreeSet::new(), counts: BTreeMap::new() }
    }

    /// What happens to this pod is of interest, whichever of its lives.
    pub(super) fn pod(&mut self, namespace: &str, pod: &str) {
        self.pods.insert((namespace.to_owned(), pod.to_owned()));
    }

    /// An event; `listed`: it is among those that were there when it was asked first. Reporters mostly tell whole seconds:
    /// one that comes later with the second the trace began in happened during the trace.
    pub(super) fn event(&mut self, event: &PodEvent, listed: bool) -> Option<Incident> {
        if !self.pods.contains(&(event.namespace.clone(), event.pod.clone())) {
            return None;
        }
        let last = event.last.or(event.first).unwrap_or(self.started);
        let first = event.first.unwrap_or(last).min(last);
        if last < self.earliest() {
            return None;
        }
        let begin = if listed { self.started } else { self.whole_second() };
        let before = match (first >= begin, last >= begin) {
            (true, _) => 0,
            // It happened again since: at least once.
            (false, true) => event.count - 1,
            (false, false) => event.count,
        };
        let told = self.told(Key::Event(event.uid.clone()), before)?;
        Some(Incident {
            id: told.id,
            at_ns: self.since(last),
            first_ns: self.since(first),
            namespace: event.namespace.clone(),
            pod: event.pod.clone(),
            container: event.container.clone(),
            warning: event.warning,
            reason: event.reason.clone(),
            message: event.message.clone(),
            reporter: event.reporter.clone(),
            count: event.count,
            during: event.count.saturating_sub(told.before),
        })
    }

    /// What a pod's status tells of its containers' ends and restarts.
    pub(super) fn health(&mut self, health: &PodHealth) -> Vec<Incident> {
        if !self.pods.contains(&(health.namespace.clone(), health.name.clone())) {
            return Vec::new();
        }
        let mut incidents = Vec::new();
        for container in &health.containers {
            for end in &container.ends {
                incidents.extend(self.end(health, container, end));
            }
            incidents.extend(self.restarts(health, container));
        }
        incidents
    }

    fn end(&mut self, health: &PodHealth, container: &ContainerHealth, end: &End) -> Option<Incident> {
        // One that did its work and ended well is no incident.
        if end.exit_code == 0 && end.reason != "OOMKilled" {
            return None;
        }
        let at = end.at.unwrap_or(self.started);
        if self.ends.len() >= ENDS_MAX || !self.ends.insert((health.uid.clone(), end.id.clone())) {
            return None;
        }
        if at < self.earliest() {
            return None;
        }
        let reason = if end.reason.is_empty() { "Error".to_owned() } else { end.reason.clone() };
        let key = Key::Ends(health.uid.clone(), container.name.clone(), reason.clone());
        let told = self.told(key.clone(), 0)?;
        let during = u64::from(at >= self.whole_second());
        let (count, since_began, first) = self.counts.entry(key).or_insert((0, 0, at));
        *count += 1;
        *since_began += during;
        let (count, since_began, first) = (*count, *since_began, *first);
        let message = match reason.as_str() {
            "OOMKilled" => "a process was killed because the container's memory limit was reached".to_owned(),
            _ => format!("the container ended with exit code {}", end.exit_code),
        };
        let incident = self.of_container(told.id, health, container, (first.min(at), at));
        Some(Incident { reason, message, count, during: since_began, ..incident })
    }

    fn restarts(&mut self, health: &PodHealth, container: &ContainerHealth) -> Option<Incident> {
        let key = Key::Restarts(health.uid.clone(), container.name.clone());
        let told = self.told(key.clone(), container.restarts)?;
        let during = container.restarts.saturating_sub(told.before);
        let known = self.counts.get(&key).map_or(0, |(_, during, _)| *during);
        if during <= known {
            return None;
        }
        // When it was restarted is not told; its last life's end is.
        let at = container.ends.iter().filter_map(|end| end.at).max().unwrap_or(self.started).max(self.started);
        let first = self.counts.get(&key).map_or(at, |(.., first)| *first);
        self.counts.insert(key, (container.restarts, during, first));
        let incident = self.of_container(told.id, health, container, (first, at));
        let message = "the container was started again after it had ended".to_owned();
        Some(Incident { reason: "Restarted".into(), message, count: container.restarts, during, ..incident })
    }

    fn of_container(
        &self,
        id: u32,
        health: &PodHealth,
        container: &ContainerHealth,
        (first, last): (Timestamp, Timestamp),
    ) -> Incident {
        Incident {
            id,
            at_ns: self.since(last),
            first_ns: self.since(first),
            namespace: health.namespace.clone(),
            pod: health.name.clone(),
            container: Some(container.name.clone()),
            warning: true,
            reason: String::new(),
            message: String::new(),
            reporter: STATUS.into(),
            count: 0,
            during: 0,
        }
    }

    /// What was told before under this key; `before` is taken for one that is new. `None` if there is no room.
    fn told(&mut self, key: Key, before: u64) -> Option<Told> {
        let id = u32::try_from(self.told.len()).ok()?;
        if self.told.len() >= KNOWN_MAX && !self.told.contains_key(&key) {
            return None;
        }
        Some(*self.told.entry(key).or_insert(Told { id, before }))
    }

    fn earliest(&self) -> Timestamp {
        self.started.checked_sub(BEFORE).unwrap_or(Timestamp::MIN)
    }

    /// The second that the trace began in.
    fn whole_second(&self) -> Timestamp {
        Timestamp::from_second(self.started.as_second()).unwrap_or(self.started)
    }

    fn since(&self, at: Timestamp) -> i64 {
        let ns = at.as_nanosecond() - self.started.as_nanosecond();
        i64::try_from(ns).unwrap_or(if ns < 0 { i64::MIN } else { i64::MAX })
    }
}

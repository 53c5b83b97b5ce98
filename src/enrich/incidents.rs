//! From the cluster's events to incidents: each once, with how often, also during the trace.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::Timestamp;

use crate::event::Incident;
use crate::targets::kubernetes::PodEvent;

/// How long before the trace something may have happened to be told: what leads up to a crash.
const BEFORE: SignedDuration = SignedDuration::from_mins(10);

/// Different things that are told of. The report keeps fewer.
const KNOWN_MAX: usize = 4_096;

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
    /// By uid.
    told: BTreeMap<String, Told>,
    turned_away: u64,
}

impl Incidents {
    pub(super) fn new(started: Timestamp) -> Self {
        Self { started, pods: BTreeSet::new(), told: BTreeMap::new(), turned_away: 0 }
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
        let told = self.told(&event.uid, before)?;
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

    /// What was told of it before; `before` is taken for one that is new. `None` if there is no room.
    fn told(&mut self, uid: &str, before: u64) -> Option<Told> {
        if let Some(told) = self.told.get(uid) {
            return Some(*told);
        }
        let id = u32::try_from(self.told.len()).ok()?;
        if self.told.len() >= KNOWN_MAX {
            self.turned_away += 1;
            return None;
        }
        let told = Told { id, before };
        self.told.insert(uid.to_owned(), told);
        Some(told)
    }

    /// Things that found no room.
    pub(super) fn turned_away(&self) -> u64 {
        self.turned_away
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

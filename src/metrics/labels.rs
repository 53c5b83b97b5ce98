//! Whose figures they are: the labels of a target and a process.
//!
//! Bounds: targets are as many as are traced; process names are the kernel's short names, so a process that forks a
//! thousand times is one series; the budget of [`super::Ledger`] bounds both together. Peers and paths are no labels:
//! there is no bound to them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::event::session::Target;

/// The value of a label of what has no series of its own.
pub const OTHER: &str = "other";

/// The value of a label where nobody could tell.
pub const UNKNOWN: &str = "unknown";

/// A target's labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TargetLabels {
    labels: Vec<(&'static str, String)>,
}

impl TargetLabels {
    /// Of a target. One that is no container has its name as `target`.
    pub fn new(target: &Target) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let name = if target.pod.is_none() { target.name.clone() } else { String::new() };
        Self {
            labels: vec![
                ("namespace", text(&target.namespace)),
                ("pod", text(&target.pod)),
                ("container", text(&target.container)),
                ("workload", text(&target.workload)),
                ("target", name),
            ],
        }
    }

    /// Of something that is no target: `other` or `unknown`.
    pub fn named(name: &str) -> Self {
        Self { labels: vec![("target", name.to_owned())] }
    }

    /// The labels with those of a figure of it.
    pub fn with(&self, kind: &str, process: &str) -> Vec<(&'static str, String)> {
        let own = [("type", kind.to_owned()), ("process_name", process.to_owned())];
        own.into_iter().chain(self.labels.iter().cloned()).collect()
    }
}

/// For how long figures of what is gone are still told, in nanoseconds: as long as Prometheus remembers a series that is
/// not scraped any more.
const GONE_NS: i64 = 300_000_000_000;

/// The labels of all targets. Each life of a container is a target of its own with the labels of the one before, and counts
/// on in the same series.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    by_target: BTreeMap<u16, u32>,
    by_labels: BTreeMap<TargetLabels, u32>,
    entries: BTreeMap<u32, Entry>,
    next: u32,
}

#[derive(Clone, Debug)]
struct Entry {
    labels: TargetLabels,
    /// Targets with these labels that are there.
    there: BTreeSet<u16>,
    /// Since when none is.
    gone_ns: Option<i64>,
}

impl Directory {
    /// Takes in what is told of a target.
    pub(super) fn define(&mut self, target: &Target) {
        let labels = TargetLabels::new(target);
        let number = *self.by_labels.entry(labels.clone()).or_insert_with(|| {
            self.next += 1;
            self.next
        });
        if let Some(before) = self.by_target.insert(target.index, number).filter(|before| *before != number)
            && let Some(entry) = self.entries.get_mut(&before)
        {
            entry.there.remove(&target.index);
        }
        let entry =
            self.entries.entry(number).or_insert_with(|| Entry { labels, there: BTreeSet::new(), gone_ns: None });
        match target.life.as_ref().and_then(|life| life.ended_ns) {
            Some(ended_ns) => {
                entry.there.remove(&target.index);
                entry.gone_ns = entry.there.is_empty().then_some(ended_ns);
            }
            None => {
                entry.there.insert(target.index);
                entry.gone_ns = None;
            }
        }
    }

    /// The number of a target's labels.
    pub(super) fn number(&self, target: u16) -> Option<u32> {
        self.by_target.get(&target).copied()
    }

    /// The labels of a number.
    pub(super) fn labels(&self, number: u32) -> Option<&TargetLabels> {
        self.entries.get(&number).map(|entry| &entry.labels)
    }

    /// Forgets what has been gone for long; tells its numbers.
    pub(super) fn expire(&mut self, now_ns: i64) -> BTreeSet<u32> {
        let is_old = |entry: &Entry| entry.gone_ns.is_some_and(|gone_ns| now_ns.saturating_sub(gone_ns) > GONE_NS);
        let old: BTreeSet<u32> =
            self.entries.iter().filter(|(_, entry)| is_old(entry)).map(|(number, _)| *number).collect();
        if !old.is_empty() {
            self.entries.retain(|number, _| !old.contains(number));
            self.by_labels.retain(|_, number| !old.contains(number));
            self.by_target.retain(|_, number| !old.contains(number));
        }
        old
    }
}

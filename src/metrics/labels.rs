//! Whose figures they are: the labels of a target and a process.
//!
//! Bounds: targets are as many as are traced; process names are the kernel's short names, so a process that forks a
//! thousand times is one series; the budget of [`super::Ledger`] bounds both together. Peers and paths are no labels:
//! there is no bound to them.

use crate::event::session::Target;

/// The value of a label of what has no series of its own.
pub const OTHER: &str = "other";

/// The value of a label where nobody could tell.
pub const UNKNOWN: &str = "unknown";

/// A target's labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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

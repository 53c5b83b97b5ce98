//! What peers are called in their cluster.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::event::PeerName;

/// Names that are kept of a peer whose address changes hands.
const NAMES_MAX: usize = 4;

/// Names of peers, by how the peers are written everywhere ([`crate::event::PeerObject::label`]).
#[derive(Clone, Debug, Default)]
pub struct PeerNames {
    names: BTreeMap<String, Vec<PeerName>>,
}

impl PeerNames {
    /// Remembers a name. One that says more about the same thing takes the place of the last.
    pub(super) fn define(&mut self, label: &str, name: &PeerName) {
        let names = self.names.entry(label.to_owned()).or_default();
        match names.last_mut() {
            Some(last) if last.is_same_as(name) => last.clone_from(name),
            _ => {
                names.push(name.clone());
                if names.len() > NAMES_MAX {
                    names.remove(0);
                }
            }
        }
    }

    /// Forgets all names but those of these peers.
    pub(super) fn retain(&mut self, labels: &BTreeSet<&str>) {
        self.names.retain(|label, _| labels.contains(label.as_str()));
    }

    /// The names a peer had during the trace, in that order; empty if none is known.
    pub fn of(&self, label: &str) -> &[PeerName] {
        self.names.get(label).map_or(&[], Vec::as_slice)
    }

    /// The names alone: `shop/payments`, `shop/a, later shop/b`; `None` where none is known.
    pub fn name(&self, label: &str) -> Option<String> {
        match self.of(label) {
            [] => None,
            [name] => Some(name.full_name()),
            [first, .., last] => Some(format!("{}, later {}", first.full_name(), last.full_name())),
        }
    }

    /// The peer with its name where there is little room: `shop/payments 10.96.0.12:443`; the label alone where no name
    /// is known.
    pub fn brief(&self, label: &str) -> String {
        self.name(label).map_or_else(|| label.to_owned(), |name| format!("{name} {label}"))
    }

    /// The peer with its name for people: `shop/payments (service, 10.96.0.12:443)`; the label alone where no name is
    /// known.
    pub fn title(&self, label: &str) -> String {
        match self.of(label) {
            [] => label.to_owned(),
            [name] => format!("{} ({}, {label})", name.full_name(), name.what()),
            [first, .., last] => {
                format!(
                    "{} ({}), later {} ({}), {label}",
                    first.full_name(),
                    first.what(),
                    last.full_name(),
                    last.what()
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::PeerNames;
    use crate::event::example;

    /// Check that a name that says more replaces the last, that others are kept in order, bounded, and forgotten.
    #[test]
    fn names() {
        let mut names = PeerNames::default();
        let label = "10.0.0.7:80";
        assert_eq!(names.title(label), label);
        names.define(label, &example::pod_name(11, "api-1", None));
        names.define(label, &example::pod_name(11, "api-1", Some("Deployment/api")));
        assert_eq!(names.title(label), "shop/api-1 (pod of deploy/api, 10.0.0.7:80)");
        for pod in ["b", "c", "d", "e"] {
            names.define(label, &example::pod_name(11, pod, None));
        }
        assert_eq!(names.of(label).len(), 4);
        assert_eq!(names.title(label), "shop/b (pod), later shop/e (pod), 10.0.0.7:80");
        names.retain(&BTreeSet::from(["other"]));
        assert!(names.of(label).is_empty());
    }
}

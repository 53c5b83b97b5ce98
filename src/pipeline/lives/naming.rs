//! What lives are called: `POD/CONTAINER`, and `POD/CONTAINER#2` after the second restart. No two lives share a name,
//! since figures are shown by it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::targets::pods::PodTarget;

/// Digits of a uid that tell two pods of the same name apart.
const UID: usize = 8;

/// Names that are taken.
#[derive(Debug, Default)]
pub(super) struct Naming {
    /// Whose container a name without a number is.
    owners: BTreeMap<String, String>,
    taken: BTreeSet<String>,
}

impl Naming {
    /// A free name for a life of a container. `restarts`, where it is known, is its number.
    pub(super) fn life(&mut self, pod: &PodTarget, container: &str, restarts: Option<u32>) -> String {
        let base = self.base(pod, &format!("{}/{container}", pod.pod));
        let mut number = restarts.unwrap_or(0);
        loop {
            let name = if number == 0 { base.clone() } else { format!("{base}#{number}") };
            if self.taken.insert(name.clone()) {
                return name;
            }
            number += 1;
        }
    }

    /// A name for the pod itself, for what is in no container of it.
    pub(super) fn pod(&mut self, pod: &PodTarget) -> String {
        self.base(pod, &pod.pod)
    }

    /// Gives a name back.
    pub(super) fn free(&mut self, name: &str) {
        self.taken.remove(name);
    }

    /// The shortest name that no other pod has.
    fn base(&mut self, pod: &PodTarget, name: &str) -> String {
        let uid = &pod.kubelet_uid;
        let spaced = pod.namespace.as_ref().map(|namespace| format!("{namespace}/{name}"));
        let short: String = uid.chars().take(UID).collect();
        let with_uid = format!("{name} ({short})");
        let candidates = [Some(name.to_owned()), spaced, Some(with_uid)];
        let mut free = candidates
            .into_iter()
            .flatten()
            .filter(|candidate| self.owners.get(candidate).is_none_or(|owner| owner == uid));
        let base = free.next().unwrap_or_else(|| format!("{name} ({uid})"));
        self.owners.insert(base.clone(), uid.clone());
        base
    }
}

//! What the cluster says happened to traced pods, each thing once.

use std::collections::BTreeMap;

use crate::event::Incident;

/// Incidents that are kept.
const KEPT: usize = 512;

/// Moments that are kept of each.
const MOMENTS: usize = 64;

/// Incidents by number; what happens again replaces what was told before. Bounded: when there are too many, those that
/// are no warnings go first, of equals those that happened longest ago.
#[derive(Clone, Debug, Default)]
pub struct Incidents {
    kept: BTreeMap<u32, Kept>,
    omitted: u64,
}

/// An incident as it was told last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What happened.
    pub incident: Incident,
    /// When it was told to have happened, in nanoseconds since the trace started: at most 64 moments, each once, in
    /// order.
    pub moments_ns: Vec<i64>,
}

impl Incidents {
    /// Adds one, or what is new about one.
    pub fn add(&mut self, incident: &Incident) {
        let kept =
            self.kept.entry(incident.id).or_insert_with(|| Kept { incident: incident.clone(), moments_ns: Vec::new() });
        kept.incident.clone_from(incident);
        if let Err(place) = kept.moments_ns.binary_search(&incident.at_ns)
            && kept.moments_ns.len() < MOMENTS
        {
            kept.moments_ns.insert(place, incident.at_ns);
        }
        if self.kept.len() > KEPT {
            let least = |(id, kept): &(&u32, &Kept)| (kept.incident.warning, kept.incident.at_ns, **id);
            if let Some(id) = self.kept.iter().min_by_key(least).map(|(id, _)| *id) {
                self.kept.remove(&id);
                self.omitted += 1;
            }
        }
    }

    /// All that are kept, in order of when they happened last.
    pub fn all(&self) -> Vec<&Kept> {
        let mut all: Vec<&Kept> = self.kept.values().collect();
        all.sort_by_key(|kept| (kept.incident.at_ns, kept.incident.id));
        all
    }

    /// How many were not kept.
    pub fn omitted(&self) -> u64 {
        self.omitted
    }
}

#[cfg(test)]
mod tests {
    use super::Incidents;
    use super::KEPT;
    use crate::event::example;

    /// Check that what happens again is one incident with its moments, that warnings outlive others, and that what is not
    /// kept is counted.
    #[test]
    fn bounded() {
        let mut incidents = Incidents::default();
        for at in [7, 5, 7, 11] {
            incidents.add(&example::incident(3, at, "BackOff", at as u64));
        }
        let all = incidents.all();
        assert_eq!((all.len(), all[0].incident.count), (1, 11));
        assert_eq!(all[0].moments_ns, [5, 7, 11].map(|at| at * 1_000_000_000));
        for id in 0..2 * KEPT as u32 {
            let mut plain = example::incident(1000 + id, i64::from(id) + 100, "Pulled", 1);
            plain.warning = false;
            incidents.add(&plain);
        }
        assert_eq!((incidents.all().len(), incidents.omitted()), (KEPT, KEPT as u64 + 1));
        assert_eq!(incidents.all()[0].incident.reason, "BackOff");
    }
}

//! Several profiles become one, from left to right.
//!
//! Lists add up, single values are taken from the later file: targets add up; probes are united, and of an option that
//! both give the later counts; a file that says something about a figure of a kind (in one direction) replaces all that
//! earlier files said about it, thresholds on other figures add up; sinks add up, one that is the same in both counts once;
//! description and window, and each part of the budget and of
//! `alerts`, are the later file's where it gives them.

use super::Budget;
use super::Profile;

impl Profile {
    /// This profile with a later one on top.
    #[must_use]
    pub fn merge(mut self, later: Self) -> Self {
        self.sources.extend(later.sources);
        self.description = later.description.or(self.description);
        for target in later.targets {
            if !self.targets.contains(&target) {
                self.targets.push(target);
            }
        }
        self.narrowing = self.narrowing.and(later.narrowing);
        for request in later.probes {
            match self.probes.iter_mut().find(|earlier| earlier.family == request.family) {
                Some(earlier) => earlier.options.extend(request.options),
                None => self.probes.push(request),
            }
        }
        self.thresholds.retain(|earlier| !later.thresholds.iter().any(|threshold| threshold.judges_as(earlier)));
        self.thresholds.extend(later.thresholds);
        for sink in later.sinks {
            if !self.sinks.contains(&sink) {
                self.sinks.push(sink);
            }
        }
        self.alerts = self.alerts.and(later.alerts);
        self.window_ns = later.window_ns.or(self.window_ns);
        self.budget = match (self.budget, later.budget) {
            (Some(earlier), Some(later)) => Some(Budget {
                cpu: later.cpu.or(earlier.cpu),
                memory_bytes: later.memory_bytes.or(earlier.memory_bytes),
            }),
            (earlier, later) => later.or(earlier),
        };
        self
    }
}

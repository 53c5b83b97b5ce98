//! Decides who is told what: which of a window's findings become alerts.
//!
//! De-duplication comes first, the rate limit after it: duplicates never use up what new findings need. Pure: the time is
//! that of the windows.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::VecDeque;

use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

use super::Alert;
use super::Finding;
use super::Fingerprint;
use super::Origin;
use crate::event::Severity;

/// Findings that are watched at a time. A profile has tens of rules; a rule that finds more than this is broken.
pub const OPEN_MAX: usize = 1_024;

/// For how long the rate limit counts.
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// How often people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// For how long a finding that was told is not told again.
    pub dedup: SignedDuration,
    /// How many findings are told a minute.
    pub rate: u32,
    /// The mildest that is told.
    pub min_severity: Severity,
}

impl Default for Pace {
    fn default() -> Self {
        Self { dedup: SignedDuration::from_mins(5), rate: 10, min_severity: Severity::Info }
    }
}

/// What was not told, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// Told a short time before.
    pub duplicate: u64,
    /// More a minute than the limit; tried again with the next window.
    pub rate_limited: u64,
    /// More findings at a time than [`OPEN_MAX`].
    pub too_many: u64,
}

/// A finding that is there, or was not long ago.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// The last that was said of it, or would have been.
    alert: Alert,
    /// Whether it was there in the last window.
    there: bool,
    /// Whether it was there in the one before.
    was_there: bool,
    /// Whether people know that it is there.
    announced: bool,
    /// When people were last told, and how bad it was then.
    told: Option<(Timestamp, Severity)>,
}

/// Decides which findings become alerts.
#[derive(Debug)]
pub struct Desk {
    pace: Pace,
    scope: String,
    origin: Origin,
    open: BTreeMap<Fingerprint, Open>,
    /// When findings were told during the last minute.
    recent: VecDeque<Timestamp>,
    withheld: Withheld,
}

impl Desk {
    /// A desk for alerts from an origin. `scope` tells the same finding in different places apart: the machine, and what
    /// somebody asked to trace on it.
    pub fn new(pace: Pace, scope: &str, origin: Origin) -> Self {
        Self {
            pace,
            scope: scope.to_owned(),
            origin,
            open: BTreeMap::new(),
            recent: VecDeque::new(),
            withheld: Withheld::default(),
        }
    }

    /// Goes on with what another desk left open: that of a process before this one, or of the profile before a reload.
    #[must_use]
    pub fn resume(mut self, open: Vec<Open>, withheld: Withheld) -> Self {
        let keyed = open.into_iter().map(|open| (open.alert.fingerprint, open));
        self.open = keyed.take(OPEN_MAX).collect();
        // A reload or a restart gives nobody a new minute.
        let mut recent: Vec<_> = self.open.values().filter_map(|open| open.told.map(|(told, _)| told)).collect();
        recent.sort_unstable();
        self.recent = recent.into();
        self.withheld = withheld;
        self
    }

    /// What is traced has changed.
    pub fn moved(&mut self, origin: Origin) {
        self.origin = origin;
    }

    /// What is open, for [`Self::resume`].
    pub fn open(&self) -> Vec<Open> {
        self.open.values().cloned().collect()
    }

    /// What was not told so far.
    pub fn withheld(&self) -> Withheld {
        self.withheld
    }

    /// Takes what was found in a window that ended `at`, and tells what to send: new findings, those whose time to be
    /// told again has come, those that got worse; then what is gone.
    pub fn judged(&mut self, at: Timestamp, findings: &[Finding]) -> Vec<Alert> {
        while self.recent.front().is_some_and(|first| at.duration_since(*first) >= MINUTE) {
            self.recent.pop_front();
        }
        self.open.values_mut().for_each(|open| open.was_there = std::mem::take(&mut open.there));
        let mut alerts = Vec::new();
        let mildest = self.pace.min_severity;
        for finding in findings.iter().filter(|finding| finding.severity >= mildest) {
            let fingerprint = finding.fingerprint.within(&self.scope);
            alerts.extend(self.found(at, finding, fingerprint));
        }
        for open in self.open.values_mut().filter(|open| !open.there && open.announced) {
            open.announced = false;
            alerts.push(open.alert.clone().resolved(at));
        }
        let dedup = self.pace.dedup;
        self.open.retain(|_, open| open.there || open.told.is_some_and(|(told, _)| at.duration_since(told) < dedup));
        alerts
    }

    fn found(&mut self, at: Timestamp, finding: &Finding, fingerprint: Fingerprint) -> Option<Alert> {
        let Some(known) = self.open.get_mut(&fingerprint) else {
            if self.open.len() >= OPEN_MAX {
                self.withheld.too_many += 1;
                return None;
            }
            let alert = Alert::firing(finding, fingerprint, at, at, &self.origin);
            let mut open = Open { alert, there: true, was_there: false, announced: false, told: None };
            let said = tell(&mut open, at, self.pace.rate, &mut self.recent, &mut self.withheld);
            self.open.insert(fingerprint, open);
            return said;
        };
        // The same finding twice in one window.
        if known.there {
            self.withheld.duplicate += 1;
            return None;
        }
        // It began when it came back, not when it was there before.
        let started = if known.was_there { known.alert.started } else { at };
        known.alert = Alert::firing(finding, fingerprint, started, at, &self.origin);
        known.there = true;
        let is_new = known.told.is_none_or(|(told, _)| at.duration_since(told) >= self.pace.dedup);
        let is_worse = known.told.is_some_and(|(_, severity)| finding.severity > severity);
        if is_new || is_worse {
            return tell(known, at, self.pace.rate, &mut self.recent, &mut self.withheld);
        }
        self.withheld.duplicate += 1;
        None
    }
}

/// Tells of a finding, as far as the rate limit lets it.
fn tell(
    open: &mut Open,
    at: Timestamp,
    rate: u32,
    recent: &mut VecDeque<Timestamp>,
    withheld: &mut Withheld,
) -> Option<Alert> {
    if recent.len() >= rate as usize {
        withheld.rate_limited += 1;
        return None;
    }
    recent.push_back(at);
    open.announced = true;
    open.told = Some((at, open.alert.severity));
    Some(open.alert.clone())
}

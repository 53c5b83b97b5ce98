//! What a rule concluded over the windows of a trace: the same finding in many windows is one finding.

use std::collections::BTreeMap;

use super::conclusion::Concluded;
use super::conclusion::Evaluated;
use super::conclusion::MetricValue;
use super::conclusion::SERIES_MAX;
use super::conclusion::Section;
use super::declaration::Declaration;
use super::declaration::MetricSpec;
use super::sandbox::Failure;
use crate::event::Session;
use crate::event::unit;
use crate::finding::About;
use crate::finding::Finding;
use crate::finding::Fingerprint;
use crate::profile::RuleUse;
use crate::rules::wording::next;
use crate::rules::wording::next::Look;
use crate::rules::wording::words;
use crate::window::Catalogue;
use crate::window::PeerNames;

/// The most different findings of a rule in a trace.
const FINDINGS_MAX: usize = 100;

/// The dimension whose keys may have names of their cluster.
const PEER: &str = "peer";

/// How much of `for` may be missing, as with thresholds: windows consist of whole ticks.
const FOR_TOLERANCE: f64 = 0.01;

/// What became of a rule.
#[derive(Clone, Debug)]
pub struct Status<'a> {
    /// Its name.
    pub name: &'a str,
    /// One sentence about it.
    pub about: &'a str,
    /// Its file, as messages call it.
    pub file: &'a str,
    /// Windows it judged.
    pub windows_judged: u64,
    /// Windows it did not see, because rules were behind.
    pub windows_skipped: u64,
    /// Findings that were left out because there were too many.
    pub findings_omitted: u64,
    /// Kinds it needs that are not watched or cannot be seen: it was not run.
    pub missing: &'a [&'static str],
    /// Why it was disabled.
    pub failure: Option<&'a Failure>,
    /// Its numbers.
    pub metrics: Vec<MetricEntry<'a>>,
    /// Its section of the report.
    pub section: Option<&'a Section>,
}

/// A number that a rule handed out.
#[derive(Clone, Debug)]
pub struct MetricEntry<'a> {
    /// What it declared of it.
    pub spec: &'a MetricSpec,
    /// What it is of, for metrics with a label.
    pub label: Option<&'a str>,
    /// The last value of a gauge, the sum of a counter.
    pub value: f64,
    /// Whether the rule said so of the last window it judged, or it is a sum.
    pub is_current: bool,
}

/// What one rule concluded up to now.
#[derive(Debug)]
pub(super) struct Tracker {
    used: RuleUse,
    file: String,
    about: String,
    missing: Vec<&'static str>,
    metric_specs: Vec<MetricSpec>,
    /// Each with the number of the last window that it is of.
    metrics: BTreeMap<(usize, Option<String>), (f64, u64)>,
    found: BTreeMap<String, Found>,
    judged: u64,
    /// How many of them it had judged when results were last taken from it.
    before: u64,
    /// Where the last window ends that counters took.
    counted_to_ns: i64,
    omitted: u64,
    failure: Option<Failure>,
    pub(super) section: Option<Section>,
    pub(super) windows_skipped: u64,
    /// The most steps that an evaluation took.
    pub(super) steps_max: u64,
}

/// One finding, over the windows in which it was concluded.
#[derive(Debug)]
struct Found {
    worst: Concluded,
    worst_from_ns: i64,
    worst_to_ns: i64,
    held: u64,
    /// The number of the last window in which it was concluded.
    last: u64,
    holding_ns: u64,
    longest_ns: u64,
    fired: bool,
}

impl Tracker {
    pub(super) fn new(used: &RuleUse, file: &str) -> Self {
        Self {
            used: used.clone(),
            file: file.to_owned(),
            about: String::new(),
            missing: Vec::new(),
            metric_specs: Vec::new(),
            metrics: BTreeMap::new(),
            found: BTreeMap::new(),
            judged: 0,
            before: 0,
            counted_to_ns: i64::MIN,
            omitted: 0,
            failure: None,
            section: None,
            windows_skipped: 0,
            steps_max: 0,
        }
    }

    /// Notes what the rule declared, and which kinds it needs are not to be had.
    pub(super) fn declare(&mut self, declaration: &Declaration, catalogue: &Catalogue) {
        self.declare_all(declaration);
        let is_seen = |name: &str| catalogue.id(name).is_some_and(|id| !catalogue.is_blind(id));
        self.missing = declaration.needs.iter().map(|kind| kind.name).filter(|name| !is_seen(name)).collect();
        // What only looks where it can has nothing to look at either.
        if declaration.needs.is_empty() && !declaration.wants.iter().any(|kind| is_seen(kind.name)) {
            self.missing = declaration.wants.iter().map(|kind| kind.name).collect();
        }
    }

    pub(super) fn declare_all(&mut self, declaration: &Declaration) {
        self.about.clone_from(&declaration.spec.about);
        self.metric_specs.clone_from(&declaration.metrics);
    }

    /// Whether it has all it needs.
    pub(super) fn is_judging(&self) -> bool {
        self.missing.is_empty() && self.failure.is_none()
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Notes why it is disabled; the first reason stays.
    pub(super) fn fail(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
    }

    /// Adds what it concluded from a window.
    pub(super) fn add(&mut self, evaluated: Evaluated, from_ns: i64, to_ns: i64, new_ns: u64) {
        self.judged += 1;
        self.omitted += evaluated.omitted;
        // Where windows overlap, a counter takes those that side by side cover the trace.
        let counts = from_ns >= self.counted_to_ns;
        if counts {
            self.counted_to_ns = to_ns;
        }
        for value in evaluated.metrics {
            self.count(value, counts);
        }
        let length_ns = u64::try_from(to_ns.saturating_sub(from_ns)).unwrap_or(0);
        for mut concluded in evaluated.findings {
            concluded.severity = self.used.severity.unwrap_or(concluded.severity);
            let identity = concluded.identity();
            if self.found.len() >= FINDINGS_MAX && !self.found.contains_key(&identity) {
                self.omitted += 1;
                continue;
            }
            let number = self.judged;
            let found = self.found.entry(identity).or_insert_with(|| Found {
                worst: concluded.clone(),
                worst_from_ns: from_ns,
                worst_to_ns: to_ns,
                held: 0,
                last: 0,
                holding_ns: 0,
                longest_ns: 0,
                fired: false,
            });
            if found.last == number {
                // Said twice of one window.
                self.omitted += 1;
                continue;
            }
            let goes_on = found.last > 0 && found.last + 1 == number;
            found.holding_ns = if goes_on { found.holding_ns.saturating_add(new_ns) } else { length_ns };
            found.longest_ns = found.longest_ns.max(found.holding_ns);
            found.last = number;
            found.held += 1;
            let for_ns = self.used.for_ns.unwrap_or(0) as f64;
            found.fired |= found.holding_ns as f64 >= for_ns * (1.0 - FOR_TOLERANCE);
            let rank = |concluded: &Concluded| (concluded.severity, concluded.effect);
            if rank(&concluded) > rank(&found.worst) {
                (found.worst, found.worst_from_ns, found.worst_to_ns) = (concluded, from_ns, to_ns);
            }
        }
    }

    fn count(&mut self, MetricValue { metric, label, value }: MetricValue, counts: bool) {
        let counter = self.metric_specs.get(metric).is_some_and(|spec| spec.counter);
        let key = (metric, label);
        if !self.metrics.contains_key(&key) && self.metrics.keys().filter(|(of, _)| *of == metric).count() >= SERIES_MAX
        {
            // What was said longest ago of a gauge makes room: it is not true any more. A sum stays true.
            let judged = self.judged;
            let is_old = |(of, (_, at)): &((usize, Option<String>), (f64, u64))| of.0 == metric && *at < judged;
            let all = self.metrics.iter().map(|(of, value)| (of.clone(), *value));
            let oldest = all.filter(|one| !counter && is_old(one)).min_by_key(|(_, (_, at))| *at);
            match oldest {
                Some((of, _)) => drop(self.metrics.remove(&of)),
                None => {
                    self.omitted += 1;
                    return;
                }
            }
        }
        let (known, at) = self.metrics.entry(key).or_insert((0.0, 0));
        *at = self.judged;
        match counter {
            true if counts => *known += value,
            true => {}
            false => *known = value,
        }
    }

    /// From here on, [`Self::firing`] speaks of the windows that are yet to be added.
    pub(super) fn begin(&mut self) {
        self.before = self.judged;
    }

    /// Its findings that held for long enough, and did so in the last window it judged, or in any of those whose results
    /// came in together: what held in one of them alone would else never be told.
    pub(super) fn firing(&self, session: &Session, peers: &PeerNames) -> Vec<Finding> {
        self.holding().map(|(identity, found)| self.finding(identity, found, session, peers)).collect()
    }

    fn holding(&self) -> impl Iterator<Item = (&String, &Found)> {
        let holds = |found: &Found| {
            found.last > self.before && found.holding_ns as f64 >= self.needed_ns() && self.failure.is_none()
        };
        self.found.iter().filter(move |(_, found)| holds(found))
    }

    /// For how long a finding must hold, in nanoseconds.
    fn needed_ns(&self) -> f64 {
        self.used.for_ns.unwrap_or(0) as f64 * (1.0 - FOR_TOLERANCE)
    }

    /// Its findings that held for long enough, worst first.
    pub(super) fn findings(&self, session: &Session, peers: &PeerNames) -> Vec<Finding> {
        let fired = self.found.iter().filter(|(_, found)| found.fired);
        let mut findings: Vec<_> =
            fired.map(|(identity, found)| self.finding(identity, found, session, peers)).collect();
        crate::finding::rank(&mut findings);
        findings
    }

    fn finding(&self, identity: &str, found: &Found, session: &Session, peers: &PeerNames) -> Finding {
        let Concluded { severity, title, evidence, confidence, kind, figure, dimension, key, id, next, effect } =
            &found.worst;
        let mut evidence = evidence.clone();
        evidence.push(format!(
            "rule `{}` held in {} of {} windows, for {} in a row; worst from {} to {}",
            self.used.name,
            found.held,
            self.judged,
            unit::duration(found.longest_ns),
            words::moment(found.worst_from_ns),
            words::moment(found.worst_to_ns),
        ));
        let about = dimension.zip(key.as_deref());
        let command =
            || next::command(session, *kind, if about.is_some() { Look::Events } else { Look::Ranking }, about);
        Finding {
            severity: *severity,
            rule: self.used.name.clone(),
            fingerprint: Fingerprint::of(&self.used.name, identity),
            title: named(title, *dimension, key.as_deref(), peers),
            evidence,
            confidence: *confidence,
            about: About { kind: *kind, figure: *figure, dimension: *dimension, key: key.clone(), id: id.clone() },
            next: next.clone().unwrap_or_else(command),
            effect: *effect,
        }
    }

    /// The worst of each finding, as the rule said it, worst first: for tests of rules.
    pub(super) fn concluded(&self) -> Vec<&Concluded> {
        let mut concluded: Vec<_> = self.found.values().filter(|found| found.fired).map(|found| &found.worst).collect();
        let rank = |concluded: &&Concluded| (concluded.severity as u8, concluded.effect);
        concluded.sort_by(|a, b| rank(b).partial_cmp(&rank(a)).unwrap_or(std::cmp::Ordering::Equal));
        concluded
    }

    /// What became of it.
    pub(super) fn status(&self) -> Status<'_> {
        let metrics = self.metrics.iter().filter_map(|((metric, label), (value, at))| {
            let spec = self.metric_specs.get(*metric)?;
            let is_current = spec.counter || (*at == self.judged && self.failure.is_none());
            Some(MetricEntry { spec, label: label.as_deref(), value: *value, is_current })
        });
        Status {
            name: &self.used.name,
            about: &self.about,
            file: &self.file,
            windows_judged: self.judged,
            windows_skipped: self.windows_skipped,
            findings_omitted: self.omitted,
            missing: &self.missing,
            failure: self.failure.as_ref(),
            metrics: metrics.collect(),
            section: self.section.as_ref(),
        }
    }
}

/// A title in which the peer has its name too, where its cluster has one for it.
fn named(title: &str, dimension: Option<&str>, key: Option<&str>, peers: &PeerNames) -> String {
    match key.filter(|_| dimension == Some(PEER)) {
        Some(key) => title.replacen(key, &peers.title(key), 1),
        None => title.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Severity;
    use crate::finding::Confidence;

    const WINDOW_NS: u64 = 1_000_000_000;

    fn evaluated(titles: &[&str]) -> Evaluated {
        let concluded = |title: &&str| Concluded {
            severity: Severity::Warning,
            title: (*title).to_owned(),
            evidence: Vec::new(),
            confidence: Confidence::High,
            kind: None,
            figure: None,
            dimension: None,
            key: None,
            id: None,
            next: None,
            effect: 1.0,
        };
        Evaluated { findings: titles.iter().map(concluded).collect(), omitted: 0, metrics: Vec::new() }
    }

    /// Check that what held in one window is told also when the results of that window and of the next came in together,
    /// and that it is over with the results after those.
    #[test]
    fn results_that_come_together() {
        let mut tracker = Tracker::new(&RuleUse::plain("rule"), "rule.lua");
        let mut end_ns = 0;
        let mut told = |batch: &[&[&str]]| {
            tracker.begin();
            for titles in batch {
                let from_ns = end_ns;
                end_ns += WINDOW_NS.cast_signed();
                tracker.add(evaluated(titles), from_ns, end_ns, WINDOW_NS);
            }
            tracker.holding().map(|(_, found)| found.worst.title.clone()).collect::<Vec<_>>()
        };
        assert_eq!(told(&[&["one"], &[]]), ["one"]);
        assert_eq!(told(&[&[]]), Vec::<String>::new());
        assert_eq!(told(&[&["one"]]), ["one"]);
        assert_eq!(told(&[&["two"], &["three"]]), ["three", "two"]);
    }
}

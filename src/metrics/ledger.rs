//! Everything that was counted, added up over the run by kind, target and process name.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::Snapshot;
use super::bounds;
use super::bounds::Buckets;
use super::catalogue;
use super::labels::Directory;
use super::labels::OTHER;
use super::labels::TargetLabels;
use super::labels::UNKNOWN;
use crate::event::Kind;
use crate::event::KindId;
use crate::event::LossCause;
use crate::event::Session;
use crate::event::TallyDelta;
use crate::event::Tick;
use crate::event::session::Target;
use crate::window::Catalogue;
use crate::window::Names;

/// Keys that have figures of their own where a profile says nothing. With 20 kinds that is 100 processes of containers,
/// and some 30,000 lines.
pub const SERIES_MAX: usize = 2_000;

/// Whose figures: a kind's number, the number of a target's labels and a process's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) kind: KindId,
    /// `None`: not known, or what found no room.
    pub(super) target: Option<u32>,
    /// `other`: what found no room, of a target or of all.
    pub(super) process: String,
}

/// The figures of a key.
#[derive(Clone, Debug)]
pub(super) struct Totals {
    pub(super) count: u64,
    pub(super) amount: u64,
    pub(super) total_ns: u64,
    pub(super) buckets: Buckets,
    /// Operations that are in no bucket, because the kernel had no histogram left for them.
    pub(super) unbucketed: u64,
    pub(super) errors: BTreeMap<u16, u64>,
    /// Per value of the kind's small dimension: operations, time in nanoseconds.
    pub(super) details: BTreeMap<u8, Detail>,
    /// The mean duration during the last tick in which there was one, in nanoseconds.
    pub(super) latest_ns: Option<f64>,
    tick: (u64, u64),
}

/// What was counted for one value of a kind's small dimension.
#[derive(Clone, Debug, Default)]
pub(super) struct Detail {
    pub(super) count: u64,
    pub(super) total_ns: u64,
    pub(super) buckets: Buckets,
    pub(super) latest_ns: Option<f64>,
    tick: (u64, u64),
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            count: 0,
            amount: 0,
            total_ns: 0,
            buckets: [0; bounds::COUNT + 1],
            unbucketed: 0,
            errors: BTreeMap::new(),
            details: BTreeMap::new(),
            latest_ns: None,
            tick: (0, 0),
        }
    }
}

/// Adds up ticks.
#[derive(Clone, Debug)]
pub struct Ledger {
    since: SystemTime,
    kinds: Catalogue,
    pub(super) totals: BTreeMap<Key, Totals>,
    targets: Directory,
    pub(super) events: BTreeMap<KindId, u64>,
    pub(super) losses: BTreeMap<(Option<KindId>, LossCause), u64>,
    pub(super) folded: u64,
    series_max: usize,
}

impl Ledger {
    /// An empty one for a session, with room for so many keys (at least 16).
    pub fn new(session: &Session, kinds: Catalogue, series_max: usize) -> Self {
        let mut targets = Directory::default();
        session.targets.iter().for_each(|target| targets.define(target));
        Self {
            since: session.started.into(),
            kinds,
            totals: BTreeMap::new(),
            targets,
            events: BTreeMap::new(),
            losses: BTreeMap::new(),
            folded: 0,
            series_max: series_max.max(16),
        }
    }

    /// Takes in what is told of a target: it came, has a name now, or is gone.
    pub fn target(&mut self, target: &Target) {
        self.targets.define(target);
    }

    /// Adds what was counted during a tick.
    pub fn tick(&mut self, tick: &Tick, names: &Names) {
        for delta in &tick.tallies {
            let kind = self.kinds.kind(delta.key.kind);
            let key = self.key(delta, names);
            self.totals.entry(key).or_default().add(delta, kind);
        }
        for totals in self.totals.values_mut() {
            totals.end_tick();
        }
        let gone = self.targets.expire(tick.at_ns);
        if !gone.is_empty() {
            self.totals.retain(|key, _| key.target.is_none_or(|target| !gone.contains(&target)));
        }
        for (kind, count) in &tick.sent {
            let sent = self.events.entry(*kind).or_default();
            *sent = sent.saturating_add(*count);
        }
        for loss in &tick.losses {
            let lost = self.losses.entry((loss.kind, loss.cause)).or_default();
            *lost = lost.saturating_add(loss.count);
        }
    }

    fn key(&mut self, delta: &TallyDelta, names: &Names) -> Key {
        let kind = delta.key.kind;
        let process = names.process(delta.key.process).map_or(UNKNOWN, |process| process.comm.as_str());
        let target = names.target(delta.key.process).and_then(|index| self.targets.number(index));
        let key = Key { kind, target, process: process.to_owned() };
        if self.totals.contains_key(&key) || self.totals.len() < self.series_max {
            return key;
        }
        self.folded += 1;
        // First the process's name is given up, then the target; what is left is bounded by the number of kinds.
        let key = Key { process: OTHER.to_owned(), ..key };
        if self.totals.contains_key(&key) || self.totals.len() < self.series_max + self.series_max / 4 {
            return key;
        }
        Key { target: None, ..key }
    }

    /// The kinds of the session.
    pub(super) fn kinds(&self) -> &Catalogue {
        &self.kinds
    }

    /// The labels of a key.
    pub(super) fn labels(&self, key: &Key, kind: &Kind) -> Vec<(&'static str, String)> {
        let named = key.target.and_then(|number| self.targets.labels(number));
        match named {
            Some(target) => target.with(kind.name, &key.process),
            None => {
                let name = if key.process == OTHER { OTHER } else { UNKNOWN };
                TargetLabels::named(name).with(kind.name, &key.process)
            }
        }
    }

    /// Everything as metric families.
    pub fn snapshot(&self, at: SystemTime) -> Snapshot {
        let mut families = catalogue::families(self);
        families.retain(|family| !family.series.is_empty());
        Snapshot { since: self.since, at, families }
    }
}

impl Totals {
    fn add(&mut self, delta: &TallyDelta, kind: Option<&Kind>) {
        self.count = self.count.saturating_add(delta.count);
        self.amount = self.amount.saturating_add(delta.amount);
        self.total_ns = self.total_ns.saturating_add(delta.total_ns);
        bounds::add(&mut self.buckets, &delta.histogram);
        let in_buckets = delta.histogram.count();
        self.unbucketed = self.unbucketed.saturating_add(delta.count.saturating_sub(in_buckets));
        self.tick = (self.tick.0.saturating_add(delta.count), self.tick.1.saturating_add(delta.total_ns));
        for error in &delta.errors {
            let count = self.errors.entry(error.errno).or_default();
            *count = count.saturating_add(error.count);
        }
        if kind.is_some_and(|kind| kind.by.is_some()) {
            let detail = self.details.entry(delta.key.detail).or_default();
            detail.count = detail.count.saturating_add(delta.count);
            detail.total_ns = detail.total_ns.saturating_add(delta.total_ns);
            bounds::add(&mut detail.buckets, &delta.histogram);
            detail.tick = (detail.tick.0.saturating_add(delta.count), detail.tick.1.saturating_add(delta.total_ns));
        }
    }

    fn end_tick(&mut self) {
        let latest = |tick: &mut (u64, u64)| {
            let (count, total_ns) = std::mem::take(tick);
            (count > 0).then(|| total_ns as f64 / count as f64)
        };
        self.latest_ns = latest(&mut self.tick).or(self.latest_ns);
        for detail in self.details.values_mut() {
            detail.latest_ns = latest(&mut detail.tick).or(detail.latest_ns);
        }
    }

    /// Counts per bucket that add up to the exact number of operations: those without a place count above all bounds.
    pub(super) fn durations(&self) -> Box<Buckets> {
        complete(&self.buckets, self.count)
    }
}

impl Detail {
    /// As [`Totals::durations`].
    pub(super) fn durations(&self) -> Box<Buckets> {
        complete(&self.buckets, self.count)
    }
}

fn complete(buckets: &Buckets, count: u64) -> Box<Buckets> {
    let mut buckets = Box::new(*buckets);
    let known = buckets.iter().fold(0, |sum: u64, count| sum.saturating_add(*count));
    let last = buckets.len() - 1;
    buckets[last] = buckets[last].saturating_add(count.saturating_sub(known));
    buckets
}

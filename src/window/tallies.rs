//! Figures of many kinds, each in all and apart by everything it can be told apart by.

use std::collections::BTreeMap;

use super::Figures;
use super::Names;
use super::Table;
use crate::event::KindId;
use crate::event::ObjectId;
use crate::event::ProcessId;
use crate::event::TallyDelta;

/// One kind's figures in all, and per object, process, target and detail. Each of the four adds up to all.
#[derive(Clone, Debug)]
pub struct Breakdown {
    /// The kind as a whole; its histogram is complete.
    pub all: Figures,
    /// Per peer or path.
    pub objects: Table<ObjectId>,
    /// Per process life.
    pub processes: Table<ProcessId>,
    /// Per target, by its index; `None` where the process could not be named.
    pub targets: Table<Option<u16>>,
    /// Per value of the kind's small dimension.
    pub details: Table<u8>,
}

impl Breakdown {
    fn new(limit: usize) -> Self {
        Self {
            all: Figures::default(),
            objects: Table::new(limit),
            processes: Table::new(limit),
            targets: Table::new(limit),
            details: Table::new(usize::from(u8::MAX) + 1),
        }
    }

    fn add(&mut self, delta: &TallyDelta, target: Option<u16>) {
        self.all.add(delta, true);
        // Under this key the kernel sends what found no room of its own, and the histogram that all of that shares.
        // The histogram also holds durations of keys that are counted elsewhere, so it is no key's own.
        let homeless = delta.key.object == ObjectId::OTHER && delta.key.process == ProcessId::UNKNOWN;
        if homeless && delta.count == 0 && delta.amount == 0 && delta.total_ns == 0 {
            return;
        }
        let own = !homeless;
        if delta.key.object == ObjectId::OTHER {
            self.objects.other_mut().add(delta, own);
        } else {
            self.objects.row(delta.key.object).add(delta, own);
        }
        if homeless {
            self.processes.other_mut().add(delta, own);
        } else {
            self.processes.row(delta.key.process).add(delta, own);
        }
        self.targets.row(target).add(delta, own);
        self.details.row(delta.key.detail).add(delta, own);
    }

    /// Adds another stretch of the trace.
    fn merge(&mut self, other: &Self) {
        self.all.merge(&other.all);
        self.objects.merge(&other.objects, |key| *key);
        self.processes.merge(&other.processes, |key| *key);
        self.targets.merge(&other.targets, |key| *key);
        self.details.merge(&other.details, |key| *key);
    }

    /// Corrects the longest durations to those of a stretch of the trace.
    pub(super) fn settle_longest(&mut self, before_ns: u64) {
        self.all.settle_longest(before_ns);
        let longest_ns = self.all.max_ns;
        let rows = self.objects.all_mut().chain(self.processes.all_mut());
        for figures in rows.chain(self.targets.all_mut()).chain(self.details.all_mut()) {
            figures.settle_longest(before_ns);
            figures.max_ns = figures.max_ns.min(longest_ns);
        }
    }
}

/// Figures by kind.
#[derive(Clone, Debug)]
pub struct Tallies {
    kinds: BTreeMap<KindId, Breakdown>,
    limit: usize,
}

impl Tallies {
    /// Nothing yet; at most `limit` keys per kind and dimension.
    pub fn new(limit: usize) -> Self {
        Self { kinds: BTreeMap::new(), limit }
    }

    /// Adds what was counted during a tick.
    pub fn add(&mut self, deltas: &[TallyDelta], names: &Names) {
        for delta in deltas {
            let limit = self.limit;
            let breakdown = self.kinds.entry(delta.key.kind).or_insert_with(|| Breakdown::new(limit));
            breakdown.add(delta, names.target(delta.key.process));
        }
    }

    /// Adds what was counted in another stretch of the trace.
    pub(super) fn merge(&mut self, other: &Self) {
        for (kind, breakdown) in &other.kinds {
            let limit = self.limit;
            self.kinds.entry(*kind).or_insert_with(|| Breakdown::new(limit)).merge(breakdown);
        }
    }

    /// One kind's figures.
    pub fn kind(&self, kind: KindId) -> Option<&Breakdown> {
        self.kinds.get(&kind)
    }

    /// Every kind that something was counted for, by rising number.
    pub fn kinds(&self) -> impl Iterator<Item = (KindId, &Breakdown)> {
        self.kinds.iter().map(|(kind, breakdown)| (*kind, breakdown))
    }

    /// Every kind's figures, to change.
    pub(super) fn kinds_mut(&mut self) -> impl Iterator<Item = (KindId, &mut Breakdown)> {
        self.kinds.iter_mut().map(|(kind, breakdown)| (*kind, breakdown))
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }
}

//! The events worth keeping: the slowest and the last failed ones of each kind.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BinaryHeap;
use std::collections::VecDeque;

use crate::event::Event;
use crate::event::KindId;

/// How many of the slowest events of a kind are kept over the run, and how many of the last failed ones.
const KEPT: usize = 500;

/// The events worth keeping, by kind. Which ones depends on the events alone, never on when they were looked at.
#[derive(Clone, Debug)]
pub struct Notable {
    kinds: BTreeMap<KindId, Kept>,
    limit: usize,
}

impl Default for Notable {
    fn default() -> Self {
        Self::new(KEPT)
    }
}

#[derive(Clone, Debug, Default)]
struct Kept {
    /// The least slow on top. The second part is the place in the sequence: of equals the earlier one stays.
    slowest: BinaryHeap<Reverse<Slow>>,
    failed: VecDeque<Event>,
    seen: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Slow {
    duration_ns: u64,
    place: Reverse<u64>,
    event: Event,
}

impl Ord for Slow {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.duration_ns, self.place).cmp(&(other.duration_ns, other.place))
    }
}

impl PartialOrd for Slow {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Notable {
    /// Nothing yet; at most `limit` of the slowest and of the last failed events of each kind.
    pub fn new(limit: usize) -> Self {
        Self { kinds: BTreeMap::new(), limit: limit.max(1) }
    }

    /// Adds what another store kept; events it left out only count.
    pub(super) fn merge(&mut self, other: &Self) {
        for (kind, theirs) in &other.kinds {
            let before = self.seen(*kind);
            let mut slowest: Vec<_> = theirs.slowest.iter().map(|Reverse(slow)| slow).collect();
            slowest.sort_unstable_by_key(|slow| Reverse(slow.place));
            let slowest = slowest.into_iter().map(|slow| &slow.event).filter(|event| event.result >= 0);
            slowest.chain(&theirs.failed).for_each(|event| self.add(event));
            if let Some(kept) = self.kinds.get_mut(kind) {
                kept.seen = before.saturating_add(theirs.seen);
            }
        }
    }

    /// Keeps an event if it is notable.
    pub fn add(&mut self, event: &Event) {
        let kept = self.kinds.entry(event.kind).or_default();
        let place = Reverse(kept.seen);
        kept.seen += 1;
        if event.result < 0 {
            if kept.failed.len() == self.limit {
                kept.failed.pop_front();
            }
            kept.failed.push_back(event.clone());
        }
        let beats_least = kept.slowest.peek().is_none_or(|Reverse(least)| event.duration_ns > least.duration_ns);
        if event.duration_ns > 0 && (kept.slowest.len() < self.limit || beats_least) {
            if kept.slowest.len() == self.limit {
                kept.slowest.pop();
            }
            kept.slowest.push(Reverse(Slow { duration_ns: event.duration_ns, place, event: event.clone() }));
        }
    }

    /// How many events of a kind came, kept or not.
    pub fn seen(&self, kind: KindId) -> u64 {
        self.kinds.get(&kind).map_or(0, |kept| kept.seen)
    }

    /// How many events came, kept or not.
    pub fn seen_in_all(&self) -> u64 {
        self.kinds.values().map(|kept| kept.seen).sum()
    }

    /// The slowest events of a kind, slowest first.
    pub fn slowest(&self, kind: KindId) -> Vec<&Event> {
        let Some(kept) = self.kinds.get(&kind) else { return Vec::new() };
        let mut slowest: Vec<&Slow> = kept.slowest.iter().map(|Reverse(slow)| slow).collect();
        slowest.sort_unstable_by(|a, b| b.cmp(a));
        slowest.into_iter().map(|slow| &slow.event).collect()
    }

    /// The last failed events of a kind, latest first.
    pub fn failed(&self, kind: KindId) -> impl Iterator<Item = &Event> {
        self.kinds.get(&kind).into_iter().flat_map(|kept| kept.failed.iter().rev())
    }

    /// Every event that is kept; those that are both slow and failed come twice.
    pub fn all(&self) -> impl Iterator<Item = &Event> {
        self.kinds.values().flat_map(|kept| {
            let slowest = kept.slowest.iter().map(|Reverse(slow)| &slow.event);
            slowest.chain(kept.failed.iter())
        })
    }
}

//! Everything a report is made from, added up over the whole run.

use std::collections::BTreeMap;

use super::Incidents;
use super::Names;
use super::Notable;
use super::Tallies;
use super::Timeline;
use super::names::InUse;
use crate::event::Item;
use crate::event::KindId;
use crate::event::LossCause;
use crate::event::Session;
use crate::event::Tick;
use crate::event::session::PlannedFeature;

/// Keys kept per kind and dimension over the run. A report lists 100 of them, so it is right as long as none of its
/// 100 heaviest was among the lighter 2,048 when 4,096 were there.
const KEYS_MAX: usize = 4_096;

/// Features that may turn out to be other than planned. Who tells of them has a fixed list of them.
const FEATURES_MAX: usize = 256;

/// What was sent and what was lost.
#[derive(Clone, Debug, Default)]
pub struct Losses {
    sent: BTreeMap<KindId, u64>,
    lost: BTreeMap<(Option<KindId>, LossCause), u64>,
}

impl Losses {
    /// Adds those of a tick.
    pub(super) fn add(&mut self, tick: &Tick) {
        for (kind, count) in &tick.sent {
            let sent = self.sent.entry(*kind).or_default();
            *sent = sent.saturating_add(*count);
        }
        for loss in tick.losses.iter().filter(|loss| loss.count > 0) {
            let lost = self.lost.entry((loss.kind, loss.cause)).or_default();
            *lost = lost.saturating_add(loss.count);
        }
    }

    /// Adds those of another stretch of the trace.
    pub(super) fn merge(&mut self, other: &Self) {
        for (kind, count) in &other.sent {
            let sent = self.sent.entry(*kind).or_default();
            *sent = sent.saturating_add(*count);
        }
        for (what, count) in &other.lost {
            let lost = self.lost.entry(*what).or_default();
            *lost = lost.saturating_add(*count);
        }
    }

    /// Events of a kind that the kernel sent.
    pub fn sent(&self, kind: KindId) -> u64 {
        self.sent.get(&kind).copied().unwrap_or(0)
    }

    /// What was lost of a kind (`None`: of a kind that is not known), by cause.
    pub fn of(&self, kind: Option<KindId>) -> impl Iterator<Item = (LossCause, u64)> + '_ {
        self.lost.iter().filter(move |((of, _), _)| *of == kind).map(|((_, cause), count)| (*cause, *count))
    }

    /// Operations that may be missing from a kind's counts, those included of which the kind is not known.
    pub fn missing_operations(&self, kind: KindId) -> u64 {
        let concerns = |of: &Option<KindId>| of.is_none_or(|of| of == kind);
        let lost = self.lost.iter().filter(|((of, cause), _)| concerns(of) && cause.misses_operations());
        lost.fold(0, |sum: u64, (_, count)| sum.saturating_add(*count))
    }

    /// What was lost in all for a cause.
    pub fn by_cause(&self, cause: LossCause) -> u64 {
        let lost = self.lost.iter().filter(|((_, of), _)| *of == cause);
        lost.fold(0, |sum: u64, (_, count)| sum.saturating_add(*count))
    }
}

/// The whole run.
#[derive(Clone, Debug)]
pub struct Store {
    /// What was counted.
    pub tallies: Tallies,
    /// What the numbers stand for.
    pub names: Names,
    /// Single events.
    pub notable: Notable,
    /// What was sent and lost.
    pub losses: Losses,
    /// When it happened.
    pub timeline: Timeline,
    /// What the cluster says happened.
    pub incidents: Incidents,
    /// Features that turned out to be other than planned, as told last.
    pub features: Vec<PlannedFeature>,
    exit: Option<KindId>,
}

impl Store {
    /// Nothing yet. `exit` is the kind whose events end process lives.
    pub fn new(session: &Session, exit: Option<KindId>) -> Self {
        Self {
            exit,
            tallies: Tallies::new(KEYS_MAX),
            names: Names::new(session),
            notable: Notable::default(),
            losses: Losses::default(),
            timeline: Timeline::default(),
            incidents: Incidents::default(),
            features: Vec::new(),
        }
    }

    /// Adds an item.
    pub fn add(&mut self, item: &Item) {
        match item {
            Item::Definition(definition) => self.names.define(definition),
            Item::Event(event) => {
                if Some(event.kind) == self.exit {
                    self.names.end(event);
                }
                self.notable.add(event);
            }
            Item::Tick(tick) => {
                self.tallies.add(&tick.tallies, &self.names);
                self.losses.add(tick);
                self.timeline.add(tick);
                self.forget();
            }
            Item::Incident(incident) => self.incidents.add(incident),
            Item::Feature(feature) => {
                self.features.retain(|known| known.feature != feature.feature);
                if self.features.len() < FEATURES_MAX {
                    self.features.push(feature.clone());
                }
            }
        }
    }

    fn forget(&mut self) {
        let Self { tallies, names, notable, .. } = self;
        names.end_tick(|| {
            let objects = tallies.kinds().flat_map(|(_, kind)| kind.objects.rows().map(|(id, _)| id));
            let processes = tallies.kinds().flat_map(|(_, kind)| kind.processes.rows().map(|(id, _)| id));
            InUse {
                objects: objects.chain(notable.all().map(|event| event.object)).collect(),
                processes: processes.chain(notable.all().map(|event| event.process)).collect(),
            }
        });
    }
}

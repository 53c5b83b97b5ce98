//! A closed window with words in place of numbers: what can be handed to another thread and outlive the names.
//!
//! Rules in Lua see nothing else. What has no name is nobody: its figures are in the rest, never in a row.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Breakdown;
use super::Catalogue;
use super::Figures;
use super::Losses;
use super::Names;
use super::Notable;
use super::Table;
use super::Tallies;
use super::Window;
use super::names::UNKNOWN;
use super::tumbling::KEYS_MAX;
use crate::event::Event;
use crate::event::Kind;
use crate::event::KindId;
use crate::event::ObjectId;

/// The dimension every kind has: the process.
pub const PROCESS: &str = "process";

/// The dimension every kind has: the target.
pub const TARGET: &str = "target";

/// Targets that are named.
const TARGETS_MAX: usize = 100;

/// A stretch of the trace, in words.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// When it began, in nanoseconds since the trace started.
    pub from_ns: i64,
    /// When it ended.
    pub to_ns: i64,
    /// How much of it no window before covered, in nanoseconds.
    pub new_ns: u64,
    /// Whether it is the first of the trace.
    pub first: bool,
    /// Whether it has the length it was meant to have.
    pub whole: bool,
    /// Names of what was traced by then, at most 100.
    pub targets: Vec<Arc<str>>,
    /// Per kind that was watched, also if nothing was counted.
    pub kinds: BTreeMap<&'static str, KindSnapshot>,
}

/// One kind's figures, in words.
#[derive(Clone, Debug)]
pub struct KindSnapshot {
    /// Its declaration.
    pub kind: &'static Kind,
    /// In all.
    pub all: Figures,
    /// By each dimension: `peer` or `path`, the kind's own, `process`, `target`. Each adds up to all.
    pub dimensions: Vec<(&'static str, Table<Arc<str>>)>,
    /// The slowest events, slowest first.
    pub slowest: Vec<Moment>,
    /// The last failed events, latest first.
    pub failed: Vec<Moment>,
    /// Operations that may be missing from the counts.
    pub missing: u64,
}

/// One event, in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// When it began, in nanoseconds since the trace started.
    pub at_ns: i64,
    /// How long it took, in nanoseconds.
    pub duration_ns: u64,
    /// The process.
    pub process: Arc<str>,
    /// The peer or path.
    pub object: Option<Arc<str>>,
    /// The value of the kind's own dimension.
    pub detail: Option<Arc<str>>,
    /// The name of the error, if it failed.
    pub error: Option<Arc<str>>,
}

impl Snapshot {
    /// Some kinds of a window, those of them that the session has and can see.
    pub fn of_window(window: &Window, catalogue: &Catalogue, names: &Names, wanted: &[KindId]) -> Self {
        let Window { from_ns, to_ns, new_ns, first, ref tallies, ref notable, ref losses, .. } = *window;
        let kinds = of_kinds(tallies, notable, losses, catalogue, names, wanted);
        Self { from_ns, to_ns, new_ns, first, whole: window.is_whole(), targets: targets(names), kinds }
    }

    /// Some kinds of a whole trace that lasted so long.
    pub fn of_trace(store: &super::Store, catalogue: &Catalogue, wanted: &[KindId], duration_ns: u64) -> Self {
        let kinds = of_kinds(&store.tallies, &store.notable, &store.losses, catalogue, &store.names, wanted);
        let to_ns = i64::try_from(duration_ns).unwrap_or(i64::MAX);
        let targets = targets(&store.names);
        Self { from_ns: 0, to_ns, new_ns: duration_ns, first: true, whole: true, targets, kinds }
    }

    /// How long it was, in seconds.
    pub fn seconds(&self) -> f64 {
        self.length_ns() as f64 / 1e9
    }

    /// How long it was, in nanoseconds.
    pub fn length_ns(&self) -> u64 {
        u64::try_from(self.to_ns.saturating_sub(self.from_ns)).unwrap_or(0)
    }

    /// Adds a later stretch; single events are not kept. Where stretches overlap, so do the figures.
    pub fn merge(&mut self, later: &Self) {
        if self.kinds.is_empty() && self.to_ns == 0 {
            (self.from_ns, self.first) = (later.from_ns, later.first);
        }
        self.to_ns = later.to_ns;
        self.new_ns = self.new_ns.saturating_add(later.new_ns);
        self.whole = true;
        self.targets.clone_from(&later.targets);
        for (name, kind) in &later.kinds {
            self.kinds.entry(name).or_insert_with(|| KindSnapshot::empty(kind.kind)).merge(kind);
        }
    }
}

fn of_kinds(
    tallies: &Tallies,
    notable: &Notable,
    losses: &Losses,
    catalogue: &Catalogue,
    names: &Names,
    wanted: &[KindId],
) -> BTreeMap<&'static str, KindSnapshot> {
    let watched = wanted.iter().filter(|id| !catalogue.is_blind(**id));
    let kinds = watched.filter_map(|id| Some((*id, catalogue.kind(*id)?)));
    let words = |(id, kind): (KindId, &'static Kind)| {
        let moment = |event: &Event| moment(event, kind, names);
        let mut snapshot = KindSnapshot::empty(kind);
        if let Some(counted) = tallies.kind(id) {
            snapshot.count(counted, names);
        }
        snapshot.slowest = notable.slowest(id).into_iter().map(moment).collect();
        snapshot.failed = notable.failed(id).map(moment).collect();
        snapshot.missing = losses.missing_operations(id);
        (kind.name, snapshot)
    };
    kinds.map(words).collect()
}

fn targets(names: &Names) -> Vec<Arc<str>> {
    names.targets().take(TARGETS_MAX).map(|target| target.name.as_str().into()).collect()
}

fn moment(event: &Event, kind: &Kind, names: &Names) -> Moment {
    let failed = u16::try_from(event.result.min(0).unsigned_abs()).unwrap_or(u16::MAX);
    let object = kind.object.dimension().filter(|_| event.object != ObjectId::NONE);
    Moment {
        at_ns: event.at_ns,
        duration_ns: event.duration_ns,
        process: names.process_label(event.process).into(),
        object: object.map(|_| names.object_label(event.object).into()),
        detail: kind.by.as_ref().map(|by| (by.label)(event.detail).into()),
        error: (failed > 0).then(|| (kind.error)(failed).into()),
    }
}

impl KindSnapshot {
    /// Nothing counted yet.
    pub fn empty(kind: &'static Kind) -> Self {
        let dimensions = dimensions(kind).map(|dimension| (dimension, Table::new(KEYS_MAX))).collect();
        let (all, slowest, failed, missing) = (Figures::default(), Vec::new(), Vec::new(), 0);
        Self { kind, all, dimensions, slowest, failed, missing }
    }

    /// The table of a dimension.
    pub fn dimension(&self, name: &str) -> Option<&Table<Arc<str>>> {
        self.dimensions.iter().find(|(known, _)| *known == name).map(|(_, table)| table)
    }

    /// The table of a dimension, to add to.
    pub fn dimension_mut(&mut self, name: &str) -> Option<&mut Table<Arc<str>>> {
        self.dimensions.iter_mut().find(|(known, _)| *known == name).map(|(_, table)| table)
    }

    fn count(&mut self, counted: &Breakdown, names: &Names) {
        self.all = counted.all.clone();
        let own = self.kind.by.as_ref();
        for (dimension, table) in &mut self.dimensions {
            match *dimension {
                PROCESS => fill(table, &counted.processes, |id| names.process_label(*id).into()),
                TARGET => fill(table, &counted.targets, |index| names.target_label(*index).into()),
                name => match own.filter(|by| by.name == name) {
                    Some(by) => fill(table, &counted.details, |detail| (by.label)(*detail).into()),
                    None => fill(table, &counted.objects, |id| names.object_label(*id).into()),
                },
            }
        }
    }

    fn merge(&mut self, later: &Self) {
        self.all.merge(&later.all);
        for ((_, own), (_, theirs)) in self.dimensions.iter_mut().zip(&later.dimensions) {
            own.merge(theirs, Arc::clone);
        }
        self.missing = self.missing.saturating_add(later.missing);
    }
}

/// The dimensions of a kind, the most telling first.
pub fn dimensions(kind: &'static Kind) -> impl Iterator<Item = &'static str> {
    let own = kind.by.as_ref().map(|by| by.name);
    kind.object.dimension().into_iter().chain(own).chain([PROCESS, TARGET])
}

fn fill<K: Clone + Ord>(table: &mut Table<Arc<str>>, rows: &Table<K>, label: impl Fn(&K) -> Arc<str>) {
    for (key, figures) in rows.rows() {
        let label = label(&key);
        if &*label == UNKNOWN {
            table.other_mut().merge(figures);
        } else {
            table.row(label).merge(figures);
        }
    }
    table.other_mut().merge(rows.other());
}

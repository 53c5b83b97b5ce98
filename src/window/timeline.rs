//! When it happened: operations and errors per kind in slots of equal numbers of ticks.

use std::collections::BTreeMap;

use crate::event::KindId;
use crate::event::Tick;

/// Slots that are kept; when there are more, neighbours are joined.
const SLOTS_MAX: usize = 60;

/// What was counted during one slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Operations.
    pub count: u64,
    /// Failed operations.
    pub failed: u64,
}

/// One stretch of the timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// When it ended, in nanoseconds since the trace started; it began where the one before ended.
    pub to_ns: i64,
    /// What happened in it, by kind.
    pub kinds: BTreeMap<KindId, Activity>,
    ticks: usize,
}

/// Operations and errors over time, in at most 60 slots.
#[derive(Clone, Debug)]
pub struct Timeline {
    slots: Vec<Slot>,
    ticks_per_slot: usize,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { slots: Vec::new(), ticks_per_slot: 1 }
    }
}

impl Timeline {
    /// Adds a tick.
    pub fn add(&mut self, tick: &Tick) {
        if self.slots.last().is_none_or(|slot| slot.ticks >= self.ticks_per_slot) {
            if self.slots.len() == SLOTS_MAX {
                self.join();
            }
            self.slots.push(Slot::default());
        }
        let Some(slot) = self.slots.last_mut() else { return };
        slot.ticks += 1;
        slot.to_ns = tick.at_ns;
        for delta in &tick.tallies {
            let failed = delta.errors.iter().fold(0, |sum: u64, error| sum.saturating_add(error.count));
            slot.kinds.entry(delta.key.kind).or_default().add(Activity { count: delta.count, failed });
        }
    }

    fn join(&mut self) {
        self.ticks_per_slot *= 2;
        let slots = std::mem::take(&mut self.slots);
        for (place, slot) in slots.into_iter().enumerate() {
            match self.slots.last_mut() {
                Some(last) if place % 2 == 1 => {
                    last.to_ns = slot.to_ns;
                    last.ticks += slot.ticks;
                    for (kind, activity) in slot.kinds {
                        last.kinds.entry(kind).or_default().add(activity);
                    }
                }
                _ => self.slots.push(slot),
            }
        }
    }

    /// The slots, in order of time.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }
}

impl Activity {
    fn add(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.failed = self.failed.saturating_add(other.failed);
    }
}

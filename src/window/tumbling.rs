//! Windows: stretches of the trace, one after the other, made of whole ticks.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::Names;
use super::Tallies;
use crate::event::KindId;
use crate::event::Tick;

/// The length of a window where no profile says so: 10 s.
pub const LENGTH_NS: u64 = 10_000_000_000;

/// Keys kept per kind and dimension in a window: evidence names three of them.
const KEYS_MAX: usize = 512;

/// A stretch of the trace that is over.
#[derive(Clone, Debug)]
pub struct Window {
    /// When it began, in nanoseconds since the trace started.
    pub from_ns: i64,
    /// When it ended.
    pub to_ns: i64,
    /// How long it was meant to be.
    pub nominal_ns: u64,
    /// Whether it is the first of the trace.
    pub first: bool,
    /// What was counted in it. The longest durations are those of this window: exact where a new record was set, else
    /// as exact as the histogram.
    pub tallies: Tallies,
}

impl Window {
    /// How long it was, in nanoseconds.
    pub fn length_ns(&self) -> u64 {
        u64::try_from(self.to_ns.saturating_sub(self.from_ns)).unwrap_or(0)
    }

    /// How long it was, in seconds.
    pub fn seconds(&self) -> f64 {
        self.length_ns() as f64 / 1e9
    }

    /// Whether it has the length it was meant to have, up to a twentieth (it consists of whole ticks).
    pub fn is_whole(&self) -> bool {
        self.length_ns() >= self.nominal_ns - self.nominal_ns / 20
    }
}

/// Cuts the trace into windows.
///
/// A window ends with the tick that is nearest to its planned end, so that ticks that come a little early or late do
/// not make windows a tick longer or shorter. Planned ends are multiples of the length since the trace started, so they
/// do not drift.
#[derive(Clone, Debug)]
pub struct Windows {
    length_ns: u64,
    from_ns: i64,
    planned_end_ns: i64,
    last_tick_ns: i64,
    first: bool,
    tallies: Tallies,
    /// The longest duration of each kind before the open window.
    longest_ns: BTreeMap<KindId, u64>,
}

impl Windows {
    /// Windows of a length in nanoseconds (at least 1 ms).
    pub fn new(length_ns: u64) -> Self {
        let length_ns = length_ns.clamp(1_000_000, i64::MAX as u64 / 4);
        Self {
            length_ns,
            from_ns: 0,
            planned_end_ns: length_ns as i64,
            last_tick_ns: 0,
            first: true,
            tallies: Tallies::new(KEYS_MAX),
            longest_ns: BTreeMap::new(),
        }
    }

    /// Adds a tick; hands out the window if the tick closed it.
    pub fn tick(&mut self, tick: &Tick, names: &Names) -> Option<Window> {
        self.tallies.add(&tick.tallies, names);
        let at_ns = tick.at_ns.max(self.last_tick_ns);
        let slack_ns = at_ns.saturating_sub(self.last_tick_ns) / 2;
        self.last_tick_ns = at_ns;
        if at_ns.saturating_add(slack_ns) < self.planned_end_ns {
            return None;
        }
        let window = self.close(at_ns);
        let length_ns = self.length_ns as i64;
        self.planned_end_ns = (at_ns.saturating_add(slack_ns) / length_ns).saturating_add(1).saturating_mul(length_ns);
        Some(window)
    }

    /// Ends the trace; hands out what is left.
    pub fn finish(mut self, duration_ns: u64) -> Option<Window> {
        let end_ns = i64::try_from(duration_ns).unwrap_or(i64::MAX).max(self.last_tick_ns);
        (end_ns > self.from_ns || !self.tallies.is_empty()).then(|| self.close(end_ns))
    }

    fn close(&mut self, to_ns: i64) -> Window {
        let mut tallies = std::mem::replace(&mut self.tallies, Tallies::new(KEYS_MAX));
        for (kind, breakdown) in tallies.kinds_mut() {
            let longest_ns = self.longest_ns.entry(kind).or_default();
            let before_ns = std::mem::replace(longest_ns, (*longest_ns).max(breakdown.all.max_ns));
            breakdown.settle_longest(before_ns);
        }
        let window = Window { from_ns: self.from_ns, to_ns, nominal_ns: self.length_ns, first: self.first, tallies };
        self.from_ns = to_ns;
        self.first = false;
        window
    }
}

//! Panes: stretches of the trace, one after the other, made of whole ticks. A window is one of them, or several in a row
//! ([`super::sliding`]).
//!
//! The watermark is the time of the last tick: the kernel's counts are drained with it, so everything that happened
//! before it is there once it came, and a window that ends with it is complete. Single events come by another way and
//! may be late; those that ended before the open window began are counted ([`Window::late`]) and kept in it.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::Losses;
use super::Names;
use super::Notable;
use super::Tallies;
use crate::event::Event;
use crate::event::KindId;
use crate::event::Tick;

/// The length of a window where no profile says so: 10 s.
pub const LENGTH_NS: u64 = 10_000_000_000;

/// Keys kept per kind and dimension in a window: evidence names three of them.
pub(super) const KEYS_MAX: usize = 512;

/// How many of the slowest events of a kind are kept in a window, and how many of the last failed ones.
pub(super) const EVENTS_MAX: usize = 20;

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
    /// Single events that came in it.
    pub notable: Notable,
    /// What was lost in it.
    pub losses: Losses,
    /// Events that came in it and ended before it began.
    pub late: u64,
    /// How much of it no window before covered, in nanoseconds: all of it, unless windows overlap.
    pub new_ns: u64,
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

/// Cuts the trace into windows that do not overlap.
///
/// A window ends with the tick that is nearest to its planned end, so that ticks that come a little early or late do
/// not make windows a tick longer or shorter. Planned ends are multiples of the length since the trace started, so they
/// do not drift.
#[derive(Clone, Debug)]
pub struct Panes {
    length_ns: u64,
    from_ns: i64,
    planned_end_ns: i64,
    last_tick_ns: i64,
    first: bool,
    tallies: Tallies,
    notable: Notable,
    losses: Losses,
    late: u64,
    /// The longest duration of each kind before the open window.
    longest_ns: BTreeMap<KindId, u64>,
}

impl Panes {
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
            notable: Notable::new(EVENTS_MAX),
            losses: Losses::default(),
            late: 0,
            longest_ns: BTreeMap::new(),
        }
    }

    /// Adds an event.
    pub fn event(&mut self, event: &Event) {
        let end_ns = event.at_ns.saturating_add(i64::try_from(event.duration_ns).unwrap_or(i64::MAX));
        self.late += u64::from(end_ns < self.from_ns);
        self.notable.add(event);
    }

    /// Adds a tick; hands out the window if the tick closed it.
    pub fn tick(&mut self, tick: &Tick, names: &Names) -> Option<Window> {
        self.tallies.add(&tick.tallies, names);
        self.losses.add(tick);
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
    pub fn finish(&mut self, duration_ns: u64) -> Option<Window> {
        // The last tick came at the trace's end, as far as two threads agree on that.
        let end_ns = i64::try_from(duration_ns).unwrap_or(i64::MAX).max(self.from_ns);
        (end_ns > self.from_ns || !self.tallies.is_empty()).then(|| self.close(end_ns))
    }

    fn close(&mut self, to_ns: i64) -> Window {
        let mut tallies = std::mem::replace(&mut self.tallies, Tallies::new(KEYS_MAX));
        for (kind, breakdown) in tallies.kinds_mut() {
            let longest_ns = self.longest_ns.entry(kind).or_default();
            let before_ns = std::mem::replace(longest_ns, (*longest_ns).max(breakdown.all.max_ns));
            breakdown.settle_longest(before_ns);
        }
        let window = Window {
            from_ns: self.from_ns,
            to_ns,
            nominal_ns: self.length_ns,
            first: self.first,
            tallies,
            notable: std::mem::replace(&mut self.notable, Notable::new(EVENTS_MAX)),
            losses: std::mem::take(&mut self.losses),
            late: std::mem::take(&mut self.late),
            new_ns: u64::try_from(to_ns.saturating_sub(self.from_ns)).unwrap_or(0),
        };
        self.from_ns = to_ns;
        self.first = false;
        window
    }
}

//! Windows that may overlap: each is made of panes, and begins one pane after the one before it.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use super::Losses;
use super::Names;
use super::Notable;
use super::Tallies;
use super::Window;
use super::tumbling::EVENTS_MAX;
use super::tumbling::KEYS_MAX;
use super::tumbling::Panes;
use crate::event::Event;
use crate::event::Tick;

/// The most panes that a window may consist of: each is kept until it leaves the window.
pub const PANES_MAX: u64 = 60;

/// Cuts the trace into windows. Where a window is no longer than its step they do not overlap (they tumble); else each
/// is the last few panes of a step together (they slide), the first ones being shorter than they are meant to be.
#[derive(Clone, Debug)]
pub struct Windows {
    panes: Panes,
    /// The panes of the last window, at most as many as a window has.
    recent: VecDeque<Window>,
    panes_per_window: usize,
    length_ns: u64,
}

impl Windows {
    /// Windows of a length in nanoseconds (at least 1 ms), a new one each step (the whole length, unless given less).
    /// The length is taken as a whole number of steps, [`PANES_MAX`] at most.
    pub fn new(length_ns: u64, step_ns: Option<u64>) -> Self {
        let step_ns = step_ns.unwrap_or(length_ns).clamp(1, length_ns.max(1));
        let panes = (length_ns / step_ns).clamp(1, PANES_MAX);
        let step_ns = if panes == 1 { length_ns } else { step_ns };
        Self {
            panes: Panes::new(step_ns),
            recent: VecDeque::new(),
            panes_per_window: panes as usize,
            length_ns: step_ns.saturating_mul(panes),
        }
    }

    /// Adds an event.
    pub fn event(&mut self, event: &Event) {
        self.panes.event(event);
    }

    /// Adds a tick; hands out the window if the tick closed it.
    pub fn tick(&mut self, tick: &Tick, names: &Names) -> Option<Window> {
        let pane = self.panes.tick(tick, names)?;
        Some(self.closed(pane))
    }

    /// Ends the trace; hands out what is left.
    pub fn finish(mut self, duration_ns: u64) -> Option<Window> {
        let pane = self.panes.finish(duration_ns)?;
        Some(self.closed(pane))
    }

    fn closed(&mut self, pane: Window) -> Window {
        if self.panes_per_window == 1 {
            return pane;
        }
        if self.recent.len() == self.panes_per_window {
            self.recent.pop_front();
        }
        self.recent.push_back(pane);
        self.joined()
    }

    /// All recent panes in one.
    fn joined(&self) -> Window {
        let mut window = Window {
            from_ns: self.recent.front().map_or(0, |first| first.from_ns),
            to_ns: self.recent.back().map_or(0, |last| last.to_ns),
            nominal_ns: self.length_ns,
            first: self.recent.len() == 1 && self.recent.front().is_some_and(|pane| pane.first),
            tallies: Tallies::new(KEYS_MAX),
            notable: Notable::new(EVENTS_MAX),
            losses: Losses::default(),
            late: 0,
            new_ns: self.recent.back().map_or(0, Window::length_ns),
        };
        for pane in &self.recent {
            window.tallies.merge(&pane.tallies);
            window.notable.merge(&pane.notable);
            window.losses.merge(&pane.losses);
            window.late += pane.late;
        }
        window
    }
}

//! Where windows begin and end.

use super::Panes;
use super::Window;
use crate::event::Item;
use crate::event::KindId;
use crate::event::example;
use crate::event::example::MS;
use crate::event::example::S;
use crate::window::Names;

/// Ends of windows, and the operations in each, for ticks at these times with one operation each.
fn cut(length_ns: u64, ticks_ns: &[u64], duration_ns: u64) -> Vec<(u64, u64)> {
    let names = Names::default();
    let mut windows = Panes::new(length_ns);
    let mut closed = Vec::new();
    for at_ns in ticks_ns {
        let Item::Tick(tick) = example::tick(*at_ns, vec![example::counted(0x10, 0, 1)]) else { unreachable!() };
        closed.extend(windows.tick(&tick, &names));
    }
    closed.extend(windows.finish(duration_ns));
    assert!(closed.windows(2).all(|pair| pair[0].to_ns == pair[1].from_ns), "no gaps");
    let count = |window: &Window| window.tallies.kind(KindId(0x10)).map_or(0, |kind| kind.all.count);
    closed.iter().map(|window| (window.to_ns as u64, count(window))).collect()
}

/// Check that a window ends at its tick and the last one where the trace ended.
#[test]
fn whole_and_last() {
    let ticks: Vec<_> = (1..=23).map(|second| second * S).collect();
    assert_eq!(cut(10 * S, &ticks, 23 * S + 7 * MS), [(10 * S, 10), (20 * S, 10), (23 * S + 7 * MS, 3)]);
    assert_eq!(cut(10 * S, &ticks[..20], 20 * S), [(10 * S, 10), (20 * S, 10)]);
}

/// Check that ticks a little early or late neither lengthen windows by a tick nor let them drift.
#[test]
fn ticks_are_not_punctual() {
    let ticks: Vec<_> = (1..=20).map(|second| second * S - second % 3 * MS).collect();
    let late: Vec<_> = (1..=20).map(|second| second * S + second % 3 * MS).collect();
    assert_eq!(cut(10 * S, &ticks, 20 * S), [(10 * S - MS, 10), (20 * S - 2 * MS, 10), (20 * S, 0)]);
    assert_eq!(cut(10 * S, &late, 20 * S + 2 * MS), [(10 * S + MS, 10), (20 * S + 2 * MS, 10)]);
}

/// Check that a tick longer than a window makes one long window and not several empty ones.
#[test]
fn long_ticks() {
    assert_eq!(cut(S, &[5 * S, 6 * S], 6 * S), [(5 * S, 1), (6 * S, 1)]);
}

/// Check that a trace shorter than a window has one window, and one without any time and item none.
#[test]
fn short_traces() {
    assert_eq!(cut(10 * S, &[31 * MS], 37 * MS), [(37 * MS, 1)]);
    assert_eq!(cut(10 * S, &[], 37 * MS), [(37 * MS, 0)]);
    assert_eq!(cut(10 * S, &[], 0), []);
}

/// Check that time that goes backwards in a damaged recording makes no window of negative length.
#[test]
fn time_goes_backwards() {
    assert_eq!(cut(10 * S, &[12 * S, 3 * S, 23 * S], 7 * S), [(12 * S, 1), (23 * S, 2)]);
}

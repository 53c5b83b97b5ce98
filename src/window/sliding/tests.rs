//! What overlapping windows hold.

use super::Windows;
use crate::event::Item;
use crate::event::KindId;
use crate::event::example;
use crate::event::example::MS;
use crate::event::example::S;
use crate::window::Names;
use crate::window::Window;

/// Begin, end and operations of each window, for ticks of a second with as many operations as the second's number.
fn slid(length_ns: u64, step_ns: Option<u64>, seconds: u64) -> Vec<Window> {
    let names = Names::default();
    let mut windows = Windows::new(length_ns, step_ns);
    let mut closed = Vec::new();
    for second in 1..=seconds {
        windows.event(&example::event(0x10, 0, second * S - 7 * MS, 5 * MS, 0));
        let Item::Tick(tick) = example::tick(second * S, vec![example::counted(0x10, 0, second)]) else {
            unreachable!()
        };
        closed.extend(windows.tick(&tick, &names));
    }
    closed.extend(windows.finish(seconds * S + 31 * MS));
    closed
}

fn counts(windows: &[Window]) -> Vec<(i64, i64, u64)> {
    let count = |window: &Window| window.tallies.kind(KindId(0x10)).map_or(0, |kind| kind.all.count);
    windows.iter().map(|window| (window.from_ns / S as i64, window.to_ns / S as i64, count(window))).collect()
}

/// Check that windows begin a step apart, grow to their length and then lose what is too old, to the unit.
#[test]
fn windows_slide() {
    let windows = slid(3 * S, Some(S), 5);
    assert_eq!(counts(&windows), [(0, 1, 1), (0, 2, 3), (0, 3, 6), (1, 4, 9), (2, 5, 12), (3, 5, 9)]);
    assert!(windows[..5].iter().all(|window| window.new_ns == S && window.nominal_ns == 3 * S));
    assert_eq!(windows.iter().map(Window::is_whole).collect::<Vec<_>>(), [false, false, true, true, true, false]);
    assert_eq!(windows[3].notable.seen(KindId(0x10)), 3);
    assert_eq!(windows[3].notable.slowest(KindId(0x10)).len(), 3);
}

/// Check that without a step, or with one as long as the window, windows do not overlap.
#[test]
fn windows_tumble() {
    for step in [None, Some(2 * S), Some(3 * S)] {
        assert_eq!(counts(&slid(2 * S, step, 4)), [(0, 2, 3), (2, 4, 7), (4, 4, 0)]);
    }
}

/// Check that an event that ended before its window began is counted as late, and kept.
#[test]
fn late_events_are_counted() {
    let names = Names::default();
    let mut windows = Windows::new(S, None);
    let Item::Tick(tick) = example::tick(S, Vec::new()) else { unreachable!() };
    assert_eq!(windows.tick(&tick, &names).unwrap().late, 0);
    windows.event(&example::event(0x10, 0, S - 7 * MS, 5 * MS, 0));
    windows.event(&example::event(0x10, 0, S - 7 * MS, 11 * MS, 0));
    let window = windows.finish(2 * S).unwrap();
    assert_eq!((window.late, window.notable.seen(KindId(0x10))), (1, 2));
}

//! Thresholds over hand-built windows.

use super::Contributor;
use super::Outcome;
use super::Part;
use super::Thresholds;
use crate::event::Item;
use crate::event::KindId;
use crate::event::ProcessId;
use crate::event::Severity;
use crate::event::TallyDelta;
use crate::event::example;
use crate::event::example::MS;
use crate::event::example::S;
use crate::event::session::KindName;
use crate::event::session::PlannedFeature;
use crate::families;
use crate::profile::Comparison;
use crate::profile::Figure;
use crate::profile::Profile;
use crate::profile::Threshold;
use crate::window::Catalogue;
use crate::window::Names;
use crate::window::Windows;

const KINDS: [(u8, &str); 4] = [(0x10, "tcp.connect"), (0x13, "tcp.recv"), (0x14, "tcp.response"), (0x42, "sched.cpu")];

fn threshold(kind: &str, figure: Figure, comparison: Comparison, bound: f64, for_ns: u64) -> Threshold {
    let text = "as written".to_owned();
    Threshold { kind: kind.to_owned(), figure, comparison, bound, for_ns, severity: Severity::Warning, text }
}

/// Judges one threshold over windows of a second, each made of one tick with these tallies; the trace ends with the last
/// tick, or a little after it.
fn judged(threshold: Threshold, windows: &[Vec<TallyDelta>], rest_ns: u64) -> Outcome {
    let mut session = example::session(&KINDS);
    session.kinds.push(KindName { id: KindId(0x16), name: "tcp.rtt".to_owned() });
    session.coverage.push(PlannedFeature {
        feature: "tcp.rtt".to_owned(),
        blind: Some("no tracepoint".to_owned()),
        degraded: None,
    });
    let catalogue = Catalogue::new(&session, families::kinds());
    let mut names = Names::new(&session);
    for item in [example::client(), example::peer(11, "127.0.0.1", 7000), example::peer(13, "::1", 7001)] {
        let Item::Definition(definition) = item else { unreachable!() };
        names.define(&definition);
    }
    let profile = Profile { thresholds: vec![threshold], ..Profile::default() };
    let mut thresholds = Thresholds::new(&profile, &catalogue);
    let mut cut = Windows::new(S, None);
    for (place, tallies) in windows.iter().enumerate() {
        let Item::Tick(tick) = example::tick((place as u64 + 1) * S, tallies.clone()) else { unreachable!() };
        let window = cut.tick(&tick, &names).expect("a tick of a second closes a window of a second");
        thresholds.judge(&window, &names);
    }
    if let Some(window) = cut.finish(windows.len() as u64 * S + rest_ns) {
        thresholds.judge(&window, &names);
    }
    let outcome = thresholds.outcomes().next().expect("there is one threshold").clone();
    assert_eq!(outcome.fired, outcome.crossing().is_some());
    outcome
}

fn answers(ms: u64) -> Vec<TallyDelta> {
    vec![example::timed(0x14, 11, &[ms * MS; 23])]
}

/// Check that a percentile above its bound fires, with the peer it comes from and how many of its answers were slow.
#[test]
fn names_the_slow_peer() {
    let above = threshold("tcp.response", Figure::P99, Comparison::Above, 0.1, 0);
    let window = vec![example::timed(0x14, 11, &[212 * MS; 23]), example::timed(0x14, 13, &[3 * MS; 101])];
    let outcome = judged(above, &[window], 0);
    assert!(outcome.fired);
    let worst = outcome.worst.unwrap();
    assert_eq!((worst.value, worst.figures.count), (0.212, 124));
    let named: Vec<_> =
        worst.contributors.iter().map(|c: &Contributor| (c.dimension, c.label.as_str(), c.part)).collect();
    assert_eq!(named, [("peer", "127.0.0.1:7000", Part::Slow(23)), ("process", "client[4711]", Part::Slow(23))]);
}

/// Check that `for` counts windows in a row: two and one are not three.
#[test]
fn for_is_in_a_row() {
    let above = |for_ns| threshold("tcp.response", Figure::P99, Comparison::Above, 0.1, for_ns);
    let windows: Vec<_> = [212, 211, 3, 199].map(answers).into();
    let outcome = judged(above(3 * S), &windows, 0);
    assert_eq!((outcome.judged, outcome.held, outcome.longest_ns, outcome.fired), (4, 3, 2 * S, false));
    assert!(judged(above(2 * S), &windows, 0).fired);
    assert!(!judged(above(2 * S + S / 10), &windows, 0).fired);
}

/// Check that a window without any operation ends what held: no answers are not slow answers.
#[test]
fn nothing_does_not_hold() {
    let above = threshold("tcp.response", Figure::P99, Comparison::Above, 0.1, 2 * S);
    let outcome = judged(above, &[answers(212), Vec::new(), answers(212)], 0);
    assert_eq!((outcome.judged, outcome.held, outcome.longest_ns, outcome.fired), (2, 2, S, false));
}

/// Check that the bound itself is not beyond the bound.
#[test]
fn bounds_are_strict() {
    let count = |comparison, bound| threshold("tcp.recv", Figure::Count, comparison, bound, 0);
    let windows = [vec![example::counted(0x13, 11, 101)]];
    assert!(!judged(count(Comparison::Above, 101.0), &windows, 0).fired);
    assert!(judged(count(Comparison::Above, 100.0), &windows, 0).fired);
    assert!(!judged(count(Comparison::Below, 101.0), &windows, 0).fired);
    assert!(judged(count(Comparison::Below, 102.0), &windows, 0).fired);
}

/// Check every figure against numbers worked out by hand.
#[test]
fn figures() {
    let connects =
        example::failing(example::timed(0x10, 11, &[MS, 2 * MS, 3 * MS, 4 * MS, 90 * MS]), libc::ETIMEDOUT, 2);
    let received = example::amounting(example::counted(0x13, 11, 101), 10_007);
    let mut other = example::amounting(example::counted(0x42, 0, 7), 300 * MS);
    other.key.process = ProcessId(5);
    let windows = [vec![connects, received, example::amounting(example::counted(0x42, 0, 7), 503 * MS), other]];
    let value = |kind: &str, figure| {
        judged(threshold(kind, figure, Comparison::Above, 0.0, 0), &windows, 0).worst.expect("a figure above 0").value
    };
    assert_eq!(value("tcp.connect", Figure::Mean), 0.020);
    assert!((value("tcp.connect", Figure::P50) / 0.003 - 1.0).abs() < 0.0313);
    assert_eq!(value("tcp.connect", Figure::P99), 0.090);
    assert_eq!(value("tcp.connect", Figure::Max), 0.090);
    assert_eq!(value("tcp.connect", Figure::Count), 5.0);
    assert_eq!(value("tcp.connect", Figure::Errors), 2.0);
    assert_eq!(value("tcp.connect", Figure::ErrorRate), 0.4);
    assert_eq!(value("tcp.recv", Figure::Rate), 101.0);
    assert_eq!(value("tcp.recv", Figure::Throughput), 10_007.0);
    assert_eq!(value("sched.cpu", Figure::CpuShare), 0.503);
}

/// Check that the longest duration is that of the window, not the record of the trace.
#[test]
fn longest_of_the_window() {
    let mut calm = example::timed(0x14, 11, &[5 * MS; 7]);
    calm.max_ns = 212 * MS;
    let above = threshold("tcp.response", Figure::Max, Comparison::Above, 0.1, 0);
    let outcome = judged(above, &[answers(212), vec![calm]], 0);
    assert_eq!((outcome.judged, outcome.held), (2, 1));
}

/// Check that the last piece of a trace, a few milliseconds long, fires neither a rate nor "too few".
#[test]
fn rests_are_no_sign() {
    let windows = [vec![example::counted(0x13, 11, 101)]];
    for (figure, bound) in [(Figure::Count, 50.0), (Figure::Rate, 50.0), (Figure::Throughput, -1.0)] {
        let below = threshold("tcp.recv", figure, Comparison::Below, bound, 0);
        let outcome = judged(below, &windows, 11 * MS);
        assert_eq!((outcome.judged, outcome.held), (1, 0), "{figure:?}");
    }
}

/// Check that a kind that is not there or cannot be seen never fires and is not judged, even if 0 were below the bound.
#[test]
fn kinds_that_are_not_there() {
    let below = |kind| threshold(kind, Figure::Count, Comparison::Below, 1.0, 0);
    let outcome = judged(below("file.read"), &[Vec::new()], 0);
    assert_eq!((outcome.judged, outcome.fired), (0, false));
    let outcome = judged(below("tcp.rtt"), &[Vec::new()], 0);
    assert_eq!((outcome.judged, outcome.fired), (0, false));
    assert!(judged(below("tcp.recv"), &[Vec::new()], 0).fired);
}

/// Check that a trace shorter than a second has no more a second than it has in all.
#[test]
fn short_traces_have_no_higher_rate() {
    let over = |bound| threshold("tcp.connect", Figure::Rate, Comparison::Above, bound, 0);
    let tallies = || vec![example::timed(0x10, 11, &[MS; 7])];
    let fired = |bound| short(over(bound), tallies()).fired;
    assert_eq!((fired(6.5), fired(7.5)), (true, false));
}

/// Judges one threshold over a trace of 20 ms, of which the tick comes a little later.
fn short(threshold: Threshold, tallies: Vec<TallyDelta>) -> Outcome {
    let session = example::session(&KINDS);
    let catalogue = Catalogue::new(&session, families::kinds());
    let names = Names::new(&session);
    let profile = Profile { thresholds: vec![threshold], ..Profile::default() };
    let mut thresholds = Thresholds::new(&profile, &catalogue);
    let mut cut = Windows::new(S, None);
    let Item::Tick(tick) = example::tick(50 * MS, tallies) else { unreachable!() };
    assert!(cut.tick(&tick, &names).is_none(), "a window of a second is not closed after 50 ms");
    let window = cut.finish(20 * MS).expect("there is a window");
    assert_eq!((window.from_ns, window.to_ns), (0, 20 * MS as i64));
    thresholds.judge(&window, &names);
    thresholds.outcomes().next().expect("there is one threshold").clone()
}

//! What is folded, cut and forgotten.

use super::json_of;
use super::of_items;
use crate::event::Ending;
use crate::event::Item;
use crate::event::example;
use crate::event::example::S;
use crate::profile::Profile;

/// Check that with far more paths than there is room for the totals stay exact, the heaviest path is found although it
/// came last, and the folding is told.
#[test]
fn many_paths() {
    const PATHS: u64 = 10_007;
    let session = example::session(&[(0x32, "file.read")]);
    let mut items = vec![example::client()];
    for path in 0..PATHS {
        items.push(example::path(100 + path, &format!("/data/{path}")));
    }
    items.push(example::path(7, "/data/heavy"));
    for chunk in (0..PATHS).collect::<Vec<_>>().chunks(1009) {
        let tallies = chunk.iter().map(|path| example::amounting(example::counted(0x32, 100 + path, 3), 31)).collect();
        items.push(example::tick(S, tallies));
    }
    items.push(example::tick(2 * S, vec![example::amounting(example::counted(0x32, 7, 1009), 1 << 20)]));
    let ending = Ending { duration_ns: 2 * S, ..Ending::default() };
    let report = json_of(&of_items(&session, &Profile::default(), &items, &ending));
    let read = &report["signals"]["file.read"];
    assert_eq!(read["count"], 3 * PATHS + 1009);
    assert_eq!(read["bytes"], 31 * PATHS + (1 << 20));
    let paths = read["top"]["path"].as_array().unwrap();
    assert_eq!((paths.len(), &paths[0]["key"], &paths[100]["key"]), (101, &"/data/heavy".into(), &"other".into()));
    assert_eq!(paths.iter().map(|path| path["count"].as_u64().unwrap()).sum::<u64>(), 3 * PATHS + 1009);
    assert_eq!(paths.iter().map(|path| path["bytes"].as_u64().unwrap()).sum::<u64>(), 31 * PATHS + (1 << 20));
    assert!(report["completeness"]["kinds"]["file.read"]["folded"]["object"].as_u64().unwrap() > 0);
}

/// Check that of many events the slowest are kept wherever they came, that the last failures are, and that all are
/// counted.
#[test]
fn many_events() {
    const EVENTS: u64 = 10_007;
    let session = example::session(&[(0x10, "tcp.connect")]);
    let mut items = vec![example::client()];
    for event in 0..EVENTS {
        // A permutation of 0..EVENTS: it is a prime.
        let duration_ns = 1 + event * 4_999 % EVENTS;
        items.push(Item::Event(example::event(0x10, 0, event, duration_ns, if event % 7 == 0 { -111 } else { 0 })));
    }
    let report = json_of(&of_items(&session, &Profile::default(), &items, &Ending::default()));
    assert_eq!(report["completeness"]["events_seen"], EVENTS);
    let events = &report["sections"]["events"]["tcp.connect"];
    let slowest: Vec<_> =
        events["slowest"].as_array().unwrap().iter().map(|e| e["duration_seconds"].as_f64().unwrap()).collect();
    let expected: Vec<_> = (0..10).map(|place| (EVENTS - place) as f64 / 1e9).collect();
    assert_eq!(slowest, expected);
    let failed: Vec<_> = events["failed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["at_seconds"].as_f64().unwrap() * 1e9).round() as u64)
        .collect();
    let expected: Vec<_> = (0..EVENTS).rev().filter(|event| event % 7 == 0).take(10).collect();
    assert_eq!(failed, expected);
}

/// Check that the timeline keeps every operation however long the trace is, in at most 60 slots that follow each other.
#[test]
fn long_timeline() {
    let session = example::session(&[(0x10, "tcp.connect")]);
    let items: Vec<_> =
        (1..=1009).map(|second| example::tick(second * S, vec![example::counted(0x10, 0, second)])).collect();
    let report = json_of(&of_items(&session, &Profile::default(), &items, &Ending::default()));
    let slots = report["sections"]["timeline"].as_array().unwrap();
    assert!((30..=60).contains(&slots.len()), "{}", slots.len());
    let count: u64 = slots.iter().map(|slot| slot["kinds"]["tcp.connect"]["count"].as_u64().unwrap()).sum();
    assert_eq!(count, 1009 * 1010 / 2);
    assert!(slots.windows(2).all(|pair| pair[0]["to_seconds"] == pair[1]["from_seconds"]));
    assert_eq!((&slots[0]["from_seconds"], &slots[slots.len() - 1]["to_seconds"]), (&0.0.into(), &1009.0.into()));
}

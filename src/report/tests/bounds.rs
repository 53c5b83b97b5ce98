//! What is folded, cut and forgotten.

use super::json_of;
use super::of_items;
use crate::event::Ending;
use crate::event::Item;
use crate::event::KindId;
use crate::event::example;
use crate::event::example::S;
use crate::event::session::RuleText;
use crate::profile::Profile;
use crate::profile::RuleUse;
use crate::report::Builder;
use crate::window::Store;

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

/// Check that a million distinct peers in one window cost a fixed amount of memory, that totals stay exact, that the
/// rest is shown, and that a rule sees the same.
#[test]
fn a_million_peers() {
    const PEERS: u64 = 1_000_000;
    /// 4,096 rows over the run, at most 512 bytes each without durations.
    const BYTES_MAX: usize = 4_096 * 512;
    let mut session = example::session(&[(0x12, "tcp.send")]);
    let text = "return { name = \"rest\", about = \"The rest.\", needs = { \"tcp.send\" }, evaluate = function(window)\n\
                local send = window.tcp.send\nlocal rows = 0\nfor _, row in send:top(\"peer\", 1000) do rows += row.count end\n\
                local all = rows + send:other(\"peer\").count == send.count and send:keys(\"peer\") <= 512\n\
                return { { severity = \"info\", title = tostring(all) .. \" \" .. send.count, evidence = { \"e\" } } }\nend }";
    let (name, path) = ("rest".to_owned(), "rest.lua".to_owned());
    session.rules.push(RuleText { name, path, text: text.to_owned(), ..RuleText::default() });
    let profile = Profile { rules: vec![RuleUse::plain("rest")], ..Profile::default() };
    let mut store = Store::new(&session, None);
    let mut builder = Builder::new(&session, &profile);
    for chunk in 0..PEERS / 10_000 {
        let mut items = Vec::new();
        let mut tallies = Vec::new();
        for peer in chunk * 10_000..(chunk + 1) * 10_000 {
            let [_, a, b, c] = (peer as u32).to_be_bytes();
            items.push(example::peer(100 + peer, &format!("10.{a}.{b}.{c}"), 80));
            tallies.push(example::amounting(example::counted(0x12, 100 + peer, 3), 31));
        }
        items.push(example::tick(chunk * 10_000_000, tallies));
        for item in &items {
            store.add(item);
            builder.item(item);
        }
        let table = &store.tallies.kind(KindId(0x12)).unwrap().objects;
        assert!(table.len() <= 4_096 && table.bytes() <= BYTES_MAX, "{} bytes", table.bytes());
    }
    let report = json_of(&builder.finish(&Ending { duration_ns: 2 * S, ..Ending::default() }));
    let send = &report["signals"]["tcp.send"];
    assert_eq!((&send["count"], &send["bytes"]), (&(3 * PEERS).into(), &(31 * PEERS).into()));
    let peers = send["top"]["peer"].as_array().unwrap();
    assert_eq!((peers.len(), &peers[100]["key"]), (101, &"other".into()));
    assert_eq!(peers.iter().map(|peer| peer["count"].as_u64().unwrap()).sum::<u64>(), 3 * PEERS);
    assert_eq!(report["findings"][0]["title"], "true 3000000", "{}", report["sections"]["rules"]);
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

//! Recordings of a version that numbered kinds in another way.

use insta::assert_snapshot;

use super::golden;
use crate::event::Item;
use crate::event::KindId;
use crate::event::Loss;
use crate::event::LossCause;
use crate::event::Tick;
use crate::event::recording::KindMap;
use crate::event::session::KindName;

/// Check that with the numbers it was recorded with, a recording passes unchanged.
#[test]
fn the_same_numbers_change_nothing() {
    let session = golden::session();
    let ids = session.kinds.clone();
    let mut map = KindMap::new(&session, |name| ids.iter().find(|kind| kind.name == name).map(|kind| kind.id));
    assert_eq!(map.session(&session), session);
    let passed: Vec<_> = golden::items().into_iter().filter_map(|item| map.item(item)).collect();
    assert_eq!(passed, golden::items());
    assert_eq!(map.dropped().count(), 0);
}

/// Check that kinds are renumbered by name wherever an item holds a number.
#[test]
fn kinds_are_renumbered_by_name() {
    let session = golden::session();
    let moved = |KindId(number): KindId| KindId(number + 1);
    let mut map =
        KindMap::new(&session, |name| session.kinds.iter().find(|kind| kind.name == name).map(|kind| moved(kind.id)));
    let names: Vec<_> = map.session(&session).kinds;
    let expected: Vec<_> =
        session.kinds.iter().map(|kind| KindName { id: moved(kind.id), name: kind.name.clone() }).collect();
    assert_eq!(names, expected);
    let mut compared = 0;
    for item in golden::items() {
        match (map.item(item.clone()).unwrap(), item) {
            (Item::Event(new), Item::Event(old)) => {
                assert_eq!(new.kind, moved(old.kind));
                compared += 1;
            }
            (Item::Tick(new), Item::Tick(old)) => {
                let numbers = |tick: &Tick| {
                    let tallies = tick.tallies.iter().map(|delta| Some(delta.key.kind));
                    let losses = tick.losses.iter().map(|loss| loss.kind);
                    tallies.chain(losses).chain(tick.sent.iter().map(|(kind, _)| Some(*kind))).collect::<Vec<_>>()
                };
                assert_eq!(numbers(&new), numbers(&old).iter().map(|kind| kind.map(moved)).collect::<Vec<_>>());
                compared += numbers(&old).len();
            }
            (new, old) => assert_eq!(new, old),
        }
    }
    assert!(compared > 10, "{compared}");
}

/// Check that a kind this version does not know is dropped everywhere, counted and named, and that nothing else is.
#[test]
fn unknown_kinds_are_dropped_counted_and_named() {
    let session = golden::session();
    let known =
        |name: &str| (name != "file.read").then(|| session.kinds.iter().find(|kind| kind.name == name).unwrap().id);
    let mut map = KindMap::new(&session, known);
    assert_eq!(map.dropped().count(), 1, "named before anything came");
    assert_eq!(map.session(&session).kinds.len(), session.kinds.len() - 1);
    let passed: Vec<_> = golden::items().into_iter().filter_map(|item| map.item(item)).collect();
    assert!(passed.len() < golden::items().len());
    let left = format!("{passed:?}");
    assert!(!left.contains("KindId(50)") && left.contains("KindId(16)"));
    let text: Vec<_> = map.dropped().map(ToString::to_string).collect();
    assert_snapshot!(text.join("\n"), @"`file.read`: not known to this version, left out (operations: 10007, events: 1)");
}

/// Check that numbers the session does not list are kept away from everything, but not their losses.
#[test]
fn unlisted_numbers_are_dropped() {
    let mut map = KindMap::new(&golden::session(), |_| Some(KindId(3)));
    let loss = |kind| Loss { kind, cause: LossCause::RingFull, count: 7 };
    let tick = Tick {
        at_ns: 5,
        losses: vec![loss(Some(KindId(200))), loss(None)],
        sent: vec![(KindId(200), 7)],
        ..Tick::default()
    };
    let Some(Item::Tick(tick)) = map.item(Item::Tick(tick)) else { panic!("the tick is gone") };
    assert_eq!(tick, Tick { at_ns: 5, losses: vec![loss(None), loss(None)], ..Tick::default() });
    let mut event =
        golden::items().into_iter().find_map(|item| if let Item::Event(event) = item { Some(event) } else { None });
    event.as_mut().unwrap().kind = KindId(255);
    assert_eq!(map.item(Item::Event(event.unwrap())), None);
    let text: Vec<_> = map.dropped().map(ToString::to_string).collect();
    assert_snapshot!(text.join("\n"), @"number 255: not known to this version, left out (operations: 0, events: 1)");
}

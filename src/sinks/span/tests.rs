//! Tests of spans: ids, parents, sampling.

use std::time::Duration;

use super::Maker;
use super::Sampler;
use super::Side;
use super::Span;
use super::Value;
use crate::event::Definition;
use crate::event::Item;
use crate::event::KindId;
use crate::event::ProcessId;
use crate::event::definition::Origin;
use crate::event::example;
use crate::event::example::MS;
use crate::families;
use crate::window::Catalogue;

const CONNECT: u8 = 16;
const EXIT: u8 = 83;

fn maker() -> Maker {
    let session = example::session(&[(CONNECT, "tcp.connect"), (EXIT, families::PROCESS_EXIT)]);
    let kinds = Catalogue::new(&session, families::kinds());
    Maker::new(&session, kinds, families::PROCESS_EXIT)
}

fn life(id: u32, pid: u32, parent_pid: u32, origin: Origin, began_ms: u64) -> Item {
    let mut process = example::process(id, pid, "curl");
    process.parent_pid = parent_pid;
    process.origin = origin;
    process.began_ns = (origin != Origin::Seed).then_some((began_ms * MS) as i64);
    Item::Definition(Definition::Process(process))
}

fn connect(life: u32, at_ms: u64, took_ms: u64, result: i64) -> Item {
    let mut event = example::event(CONNECT, 7, at_ms * MS, took_ms * MS, result);
    event.process = ProcessId(life);
    Item::Event(event)
}

fn exit(life: u32, at_ms: u64, status: i64) -> Item {
    let mut event = example::event(EXIT, 0, at_ms * MS, 0, status);
    event.process = ProcessId(life);
    event.kind = KindId(EXIT);
    Item::Event(event)
}

fn all(items: &[Item]) -> Vec<Span> {
    let mut maker = maker();
    let mut spans: Vec<_> = items.iter().filter_map(|item| maker.item(item)).collect();
    spans.extend(maker.finish(1_009 * MS));
    spans
}

fn tree() -> Vec<Item> {
    vec![
        example::peer(7, "10.0.0.7", 5432),
        life(1, 100, 1, Origin::Seed, 0),
        life(2, 100, 1, Origin::Exec, 10),
        life(3, 101, 100, Origin::Fork, 20),
        life(4, 101, 100, Origin::Exec, 25),
        connect(4, 30, 23, -i64::from(libc::ECONNREFUSED)),
        exit(4, 60, -256),
        connect(2, 70, 7, 0),
    ]
}

/// Check that a command, what it started and what they waited for are one trace with right parents and times.
#[test]
fn one_tree() {
    let spans = all(&tree());
    let [refused, child, connected, root] = spans.as_slice() else { panic!("{spans:#?}") };
    assert!(spans.iter().all(|span| span.trace == root.trace));
    assert_eq!((root.parent, child.parent), (None, Some(root.id)));
    assert_eq!((refused.parent, connected.parent), (Some(child.id), Some(root.id)));
    let started = 1_767_323_045_000_000_000u64;
    assert_eq!((refused.start_ns, refused.duration_ns()), (started + 30 * MS, 23 * MS));
    assert_eq!((child.start_ns, child.end_ns), (started + 20 * MS, started + 60 * MS));
    assert_eq!((root.start_ns, root.end_ns), (started + 10 * MS, started + 1_009 * MS));
    assert_eq!((refused.side, refused.error.as_deref()), (Side::Client, Some("ECONNREFUSED")));
    assert_eq!((child.error.as_deref(), connected.error.as_deref()), (Some("exit 1"), None));
    let of = |name: &str| refused.attributes.iter().find(|attribute| attribute.name == name).map(|found| &found.value);
    assert_eq!(of("network.peer.address"), Some(&Value::Text("10.0.0.7".into())));
    assert_eq!(of("network.peer.port"), Some(&Value::Number(5432)));
    assert_eq!(of("error.type"), Some(&Value::Text("ECONNREFUSED".into())));
}

/// Check that the same items give the same ids, and that operations of a process that ran before are traces of their own.
#[test]
fn ids() {
    assert_eq!(all(&tree()), all(&tree()));
    let server = [life(1, 100, 1, Origin::Seed, 0), connect(1, 30, 7, 0), connect(1, 40, 7, 0)];
    let spans = all(&server);
    assert_eq!(spans.len(), 2);
    assert!(spans[0].trace != spans[1].trace && spans.iter().all(|span| span.parent.is_none()));
}

/// Check that a tenth of the traces is kept, whole ones, and that failed and slow ones are kept beside them.
#[test]
fn sampling() {
    let mut maker = maker();
    let mut traces = Vec::new();
    for n in 0..10_007u32 {
        let pid = 1_000 + n;
        let items = [
            life(2 * n + 10, pid, 1, Origin::Exec, 1),
            connect(2 * n + 10, 2, 7, 0),
            connect(2 * n + 10, 3, 7, 0),
            exit(2 * n + 10, 9, 0),
        ];
        traces.push(items.iter().filter_map(|item| maker.item(item)).collect::<Vec<_>>());
    }
    let mut sampler = Sampler::new(0.1, true, Some(Duration::from_millis(100)));
    let kept: Vec<usize> = traces.iter().map(|spans| spans.iter().filter(|span| sampler.keeps(span)).count()).collect();
    assert!(kept.iter().all(|count| [0, 3].contains(count)));
    let whole = kept.iter().filter(|count| **count == 3).count();
    // Four standard deviations of a binomial of 10,007 and 0.1.
    assert!((881..=1_121).contains(&whole), "{whole}");

    let dropped = traces.iter().find(|spans| !sampler.keeps(&spans[0])).unwrap();
    let failed = Span { error: Some("ETIMEDOUT".into()), ..dropped[1].clone() };
    assert!(sampler.keeps(&failed) && sampler.keeps(&dropped[2]));
    let another = traces.iter().find(|spans| !sampler.keeps(&spans[0])).unwrap();
    let slow = Span { end_ns: another[1].start_ns + 100 * MS, ..another[1].clone() };
    assert!(sampler.keeps(&slow));
    let mut none = Sampler::new(0.0, false, None);
    assert!(traces.iter().flatten().all(|span| !none.keeps(span)));
    let mut every = Sampler::new(1.0, false, None);
    assert!(traces.iter().flatten().all(|span| every.keeps(span)));
}

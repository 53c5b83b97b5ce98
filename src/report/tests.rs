//! Reports from hand-built items.

mod bounds;
mod cluster;
mod exact;
mod lives;
mod rules;
pub(super) mod scenario;
mod schema;
mod sums;

use serde_json::Value;
use serde_json::json;

use super::render;
use crate::event::Ending;
use crate::event::Item;
use crate::event::example;
use crate::event::example::MS;
use crate::event::example::S;
use crate::profile::Profile;

pub(super) use scenario::of_items;
pub(super) use scenario::report;

fn json_of(report: &super::Report) -> Value {
    serde_json::from_str(&render::json(report)).unwrap()
}

/// A report on items of a session with three kinds.
fn small(items: &[Item]) -> Value {
    let session = example::session(&[(0x10, "tcp.connect"), (0x32, "file.read"), (0x42, "sched.cpu")]);
    let ending = Ending { duration_ns: 2 * S, ..Ending::default() };
    json_of(&of_items(&session, &Profile::default(), items, &ending))
}

/// Check that the same items give the same bytes, in every format.
#[test]
fn same_items_same_bytes() {
    let (a, b) = (report(), report());
    assert_eq!(render::json(&a), render::json(&b));
    let options = render::TextOptions::default();
    assert_eq!(render::text(&a, &options), render::text(&b, &options));
}

/// Check that kinds that were asked for are there with 0 when nothing happened, and that blind ones are left out and
/// stand in the coverage with the reason.
#[test]
fn idle_and_blind() {
    let report = json_of(&report());
    assert_eq!(report["signals"]["tcp.accept"], json!({"count": 0, "errors": {}, "top": {}}));
    assert_eq!(report["signals"]["udp.send"], json!({"count": 0, "errors": {}, "bytes": 0, "top": {}}));
    assert_eq!(report["signals"]["tcp.rtt"], Value::Null);
    let coverage = report["coverage"].as_array().unwrap();
    let feature = |name: &str| coverage.iter().find(|feature| feature["feature"] == name).unwrap();
    assert_eq!(feature("tcp.accept")["status"], "idle");
    assert_eq!(feature("tcp.connect"), &json!({"feature": "tcp.connect", "status": "observed", "reason": null}));
    assert_eq!(
        feature("tcp.rtt"),
        &json!({"feature": "tcp.rtt", "status": "blind", "reason": "the kernel has no `tcp_probe` tracepoint"})
    );
    assert_eq!(feature("file.read: mmap")["status"], "blind");
    assert_eq!(
        feature("sched.runq"),
        &json!({"feature": "sched.runq", "status": "observed", "reason": "preempted threads are not seen"})
    );
}

/// Check that a key has percentiles only if its own histogram holds all of its operations, while the kind's always
/// come from all histograms, the shared one included.
#[test]
fn shared_histogram_counts_for_the_kind_only() {
    let mut homeless = example::timed(0x10, 13, &[212 * MS; 7]);
    let mut shared = example::timed(0x10, 1, &[212 * MS; 7]);
    std::mem::take(&mut homeless.histogram);
    shared.key.process = crate::event::ProcessId::UNKNOWN;
    (shared.count, shared.total_ns) = (0, 0);
    let items = [
        example::client(),
        example::peer(11, "127.0.0.1", 7001),
        example::peer(13, "127.0.0.1", 7013),
        example::tick(S, vec![example::timed(0x10, 11, &[MS; 23]), homeless, shared]),
    ];
    let report = small(&items);
    let connect = &report["signals"]["tcp.connect"];
    assert_eq!(connect["count"], 30);
    assert_eq!(connect["latency_seconds"]["p99"], 0.212);
    let peers = connect["top"]["peer"].as_array().unwrap();
    assert_eq!(peers.len(), 2, "{peers:?}");
    assert_eq!(peers[0]["key"], "127.0.0.1:7013");
    assert_eq!(peers[0]["latency_seconds"], json!({"mean": 0.212, "max": 0.212}));
    assert_eq!(peers[1]["latency_seconds"]["p99"], 0.000999424);
    assert_eq!(connect["top"]["process"][0]["latency_seconds"].get("p50"), None);
}

/// Check that what has no name is `unknown`, what had no room is `other`, and names that several numbers share are one.
#[test]
fn labels() {
    let items = [
        example::client(),
        example::path(17, "/etc/hosts"),
        example::path(19, "/etc/hosts"),
        example::tick(
            S,
            vec![
                example::counted(0x32, 17, 11),
                example::counted(0x32, 19, 13),
                example::counted(0x32, 0xdead, 7),
                example::counted(0x32, 1, 5),
            ],
        ),
    ];
    let report = small(&items);
    let paths = report["signals"]["file.read"]["top"]["path"].as_array().unwrap();
    let counts: Vec<_> =
        paths.iter().map(|path| (path["key"].as_str().unwrap(), path["count"].as_u64().unwrap())).collect();
    assert_eq!(counts, [("/etc/hosts", 24), ("unknown", 7), ("other", 5)]);
}

/// Check that the numbers of kinds in a session from another version are taken by name, and unknown ones are told.
#[test]
fn kinds_by_name() {
    let session = example::session(&[(0x7a, "tcp.connect"), (0x10, "quic.connect")]);
    let items = [example::tick(S, vec![example::counted(0x7a, 0, 23), example::counted(0x10, 0, 7)])];
    let report = json_of(&of_items(&session, &Profile::default(), &items, &Ending::default()));
    assert_eq!(report["signals"].as_object().unwrap().len(), 1);
    assert_eq!(report["signals"]["tcp.connect"]["count"], 23);
    assert_eq!(report["coverage"][1]["feature"], "quic.connect");
    assert_eq!(report["coverage"][1]["status"], "blind");
}

/// Check that processes end as they did, and that waiting for work is not where the time went.
#[test]
fn ends_and_idleness() {
    let report = json_of(&report());
    let lives = report["sections"]["processes"]["lives"].as_array().unwrap();
    assert_eq!(lives.len(), 2);
    assert_eq!((&lives[1]["process"], &lives[1]["end"]), (&json!("worker[4723]"), &json!("exit 3")));
    assert_eq!(lives[0].get("end"), None);
    let contributions = report["sections"]["time"]["contributions"].as_array().unwrap();
    let reasons: Vec<_> = contributions.iter().filter(|of| of["kind"] == "sched.offcpu").map(|of| &of["key"]).collect();
    assert_eq!(reasons, ["network", "lock"]);
    assert!(contributions.iter().all(|of| of["kind"] != "tcp.rtt" && of["kind"] != "tcp.service"));
}

/// Check what is said when nothing happened: that nothing did, and what could not be seen.
#[test]
fn nothing_happened() {
    let mut session = example::session(&[(0x10, "tcp.connect"), (0x32, "file.read")]);
    let ending = Ending { duration_ns: 3 * S, interrupted: Some("SIGTERM".to_owned()), ..Ending::default() };
    session.command = None;
    session.coverage.push(crate::event::session::PlannedFeature {
        feature: "file.read".to_owned(),
        blind: Some("system calls cannot be traced here".to_owned()),
        degraded: None,
    });
    let report = json_of(&of_items(&session, &Profile::default(), &[], &ending));
    assert_eq!(
        report["sections"]["verdict"]["sentences"],
        json!([
            "Nothing happened: in 3.00 s no process of the target was seen.",
            "Not seen: file.read (system calls cannot be traced here).",
            "The trace ended early: SIGTERM."
        ])
    );
}

//! The comparison itself: that it fails where it must.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use serde_json::Value;
use serde_json::json;

use crate::rig::compare::Compared;

/// A report of 7 reads of one file, 2 of which failed.
fn report() -> Value {
    let entry = json!({"key": "/a", "count": 7, "errors": {"EIO": 2}, "bytes": 35,
                       "latency_seconds": {"mean": 0.5, "p50": 0.51, "p99": 0.9, "max": 1.0}});
    let mut signal = entry.clone();
    signal["top"] = json!({"path": [entry], "process": [{"key": "w[11]", "count": 7}]});
    json!({
        "signals": {"file.read": signal},
        "coverage": [{"feature": "file.read", "status": "observed", "reason": null}],
        "completeness": {"events_seen": 2, "events_lost": {}, "kinds": {}},
    })
}

/// The same, as the workload would say it.
fn truth() -> Value {
    let log = json!({"count": 7, "mean": 0.55, "p50": 0.5, "p99": 0.95, "max": 1.1});
    json!({"did": {"file.read": {"path": {"/a": {"count": 7, "errors": {"EIO": 2}, "bytes": 35, "log": log}}}}})
}

/// What a comparison of the two panics with; `None` if it does not.
fn failure(report: &Value, truth: &Value) -> Option<String> {
    let compare = || {
        let mut compared = Compared::sides(report, truth, "");
        compared.everything_done().nothing_else("file.read", "path").complete();
        compared.percentiles("file.read", "path", "/a").nothing_of(&[12], "/theirs".as_ref(), &[]);
        compared.end();
    };
    let payload = catch_unwind(AssertUnwindSafe(compare)).err()?;
    Some(payload.downcast_ref::<String>().cloned().unwrap_or_default())
}

/// Check that a report which is true passes.
#[test]
fn true_report() {
    assert_eq!(failure(&report(), &truth()), None);
}

/// Check that each figure that is wrong is found, and shown with both sides.
#[test]
fn each_wrong_figure() {
    let cases = [
        ("/signals/file.read/top/path/0/count", json!(8), "reported 8, truly 7"),
        ("/signals/file.read/top/path/0/bytes", json!(34), "reported 34, truly 35"),
        ("/signals/file.read/top/path/0/errors", json!({}), "errors"),
        ("/signals/file.read/top/path/0/errors/EIO", json!(3), "errors"),
        ("/signals/file.read/top/path/0/key", json!("/b"), "reported 0, truly 7"),
        ("/signals/file.read/top/path/0/key", json!("/theirs/a"), "of a bystander"),
        ("/signals/file.read/top/path/0/latency_seconds/mean", json!(0.56), "mean"),
        ("/signals/file.read/top/path/0/latency_seconds/max", json!(1.2), "max"),
        ("/signals/file.read/top/path/0/latency_seconds/p50", json!(0.55), "p50"),
        ("/signals/file.read/top/path/0/latency_seconds/p99", json!(null), "no p99"),
        ("/signals/file.read/count", json!(9), "in all"),
        ("/signals/file.read/bytes", json!(36), "in all"),
        ("/signals/file.read/top/process/0/count", json!(6), "over process"),
        ("/signals/file.read/top/process/0/key", json!("w[12]"), "of a bystander"),
        ("/completeness/events_lost", json!({"ring_full": 1}), "events lost"),
        ("/coverage/0/status", json!("blind"), "coverage"),
        ("/signals", json!({}), "reported 0, truly 7"),
    ];
    for (place, wrong, said) in cases {
        let mut report = report();
        *report.pointer_mut(place).unwrap_or_else(|| panic!("nothing at {place}")) = wrong;
        let failure = failure(&report, &truth());
        assert!(failure.as_ref().is_some_and(|text| text.contains(said)), "{place}: expected {said}, got {failure:?}");
    }
}

/// Check that a comparison which compared nothing fails, and one that was forgotten too.
#[test]
fn nothing_compared() {
    let (report, truth) = (report(), json!({"did": {}}));
    let empty = catch_unwind(AssertUnwindSafe(|| Compared::sides(&report, &truth, "").everything_done().end()));
    assert!(empty.is_err(), "a comparison of nothing passed");
    let forgotten = catch_unwind(AssertUnwindSafe(|| {
        Compared::sides(&report, &truth, "").equal("one", 1, 1);
    }));
    assert!(forgotten.is_err(), "a comparison that was not ended passed");
}

//! Tests of who is told what.

use jiff::SignedDuration;
use jiff::Timestamp;

use super::Desk;
use super::OPEN_MAX;
use super::Pace;
use super::Withheld;
use crate::event::Severity;
use crate::finding::About;
use crate::finding::Alert;
use crate::finding::Confidence;
use crate::finding::Finding;
use crate::finding::Fingerprint;
use crate::finding::Origin;
use crate::finding::alert::Status;

fn finding(rule: &str, subject: Option<&str>, severity: Severity) -> Finding {
    Finding {
        severity,
        rule: rule.to_owned(),
        title: subject.unwrap_or(rule).to_owned(),
        evidence: vec!["23 of 101".to_owned()],
        confidence: Confidence::High,
        next: "podtrace check".to_owned(),
        about: About::default(),
        fingerprint: Fingerprint::of(rule, subject.unwrap_or_default()),
        effect: 2.0,
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_770_000_000 + seconds).unwrap()
}

fn desk(rate: u32) -> Desk {
    let pace = Pace { dedup: SignedDuration::from_secs(300), rate, min_severity: Severity::Error };
    Desk::new(pace, "node-7 pod/web", Origin { host: "node-7".into(), ..Origin::default() })
}

fn said(alerts: &[Alert]) -> Vec<(&str, Status)> {
    alerts.iter().map(|alert| (alert.rule.as_str(), alert.status)).collect()
}

/// Check that a finding is told once while it lasts, again after the window for duplicates, and resolved when it is gone.
#[test]
fn lasts_and_goes() {
    let mut desk = desk(10);
    let slow = [finding("slow", None, Severity::Warning)];
    assert_eq!(said(&desk.judged(at(0), &slow)), [("slow", Status::Firing)]);
    for window in 1..30 {
        assert_eq!(said(&desk.judged(at(window * 10), &slow)), []);
    }
    let again = desk.judged(at(300), &slow);
    assert_eq!(said(&again), [("slow", Status::Firing)]);
    assert_eq!((again[0].started, again[0].at), (at(0), at(300)));
    let gone = desk.judged(at(310), &[]);
    assert_eq!(said(&gone), [("slow", Status::Resolved)]);
    assert_eq!((gone[0].started, gone[0].ended), (at(0), Some(at(310))));
    assert_eq!(gone[0].fingerprint, again[0].fingerprint);
    assert_eq!(said(&desk.judged(at(320), &[])), []);
    assert_eq!(desk.withheld(), Withheld { duplicate: 29, ..Withheld::default() });
}

/// Check that one that comes and goes is told once per window for duplicates, and that its end is not told where its
/// return was not.
#[test]
fn flaps() {
    let mut desk = desk(10);
    let slow = [finding("slow", None, Severity::Warning)];
    assert_eq!(desk.judged(at(0), &slow).len(), 1);
    assert_eq!(desk.judged(at(10), &[]).len(), 1);
    for window in 1..14 {
        assert_eq!(said(&desk.judged(at(window * 20), &slow)), []);
        assert_eq!(said(&desk.judged(at(window * 20 + 10), &[])), []);
    }
    let back = desk.judged(at(300), &slow);
    assert_eq!((said(&back), back[0].started), (vec![("slow", Status::Firing)], at(300)));
}

/// Check that 990 duplicates of 1,000 leave the rate limit to the ten, and that what the limit held back comes later.
#[test]
fn duplicates_before_rate() {
    let mut desk = desk(7);
    let findings: Vec<_> =
        (0..1_000).map(|n| finding("slow", Some(&format!("peer-{}", n % 10)), Severity::Critical)).collect();
    let first = desk.judged(at(0), &findings);
    let subjects: Vec<_> = first.iter().map(|alert| alert.title.as_str()).collect();
    assert_eq!(subjects, ["peer-0", "peer-1", "peer-2", "peer-3", "peer-4", "peer-5", "peer-6"]);
    assert_eq!(desk.withheld(), Withheld { duplicate: 990, rate_limited: 3, too_many: 0 });
    assert_eq!(desk.judged(at(50), &findings).len(), 0);
    assert_eq!(desk.judged(at(60), &findings).len(), 3);
}

/// Check that a finding that gets worse is told at once, and one below the mildest severity never.
#[test]
fn gets_worse() {
    let mut desk = desk(10);
    assert_eq!(desk.judged(at(0), &[finding("slow", None, Severity::Info)]).len(), 0);
    assert_eq!(desk.judged(at(10), &[finding("slow", None, Severity::Warning)]).len(), 1);
    assert_eq!(desk.judged(at(20), &[finding("slow", None, Severity::Critical)]).len(), 1);
    assert_eq!(desk.judged(at(30), &[finding("slow", None, Severity::Warning)]).len(), 0);
}

/// Check that memory is bounded whatever is found, and that what found no room is counted.
#[test]
fn bounded() {
    let mut desk = desk(10);
    let findings: Vec<_> =
        (0..OPEN_MAX + 23).map(|n| finding("slow", Some(&n.to_string()), Severity::Critical)).collect();
    desk.judged(at(0), &findings);
    assert_eq!((desk.open().len(), desk.withheld().too_many), (OPEN_MAX, 23));
}

/// Check that a reload gives nobody a new minute: what was told before it counts for the rate.
#[test]
fn rate_goes_on() {
    let mut before = desk(2);
    assert_eq!(before.judged(at(0), &[finding("slow", None, Severity::Warning)]).len(), 1);
    let mut after = desk(2).resume(before.open(), before.withheld());
    let more = ["full", "lost"].map(|rule| finding(rule, None, Severity::Warning));
    let firing = after.judged(at(20), &more).iter().filter(|alert| alert.status == Status::Firing).count();
    assert_eq!((firing, after.withheld().rate_limited), (1, 1));
}

/// Check that what was open before a restart is resolved after it, and not told a second time.
#[test]
fn resumes() {
    let mut before = desk(10);
    let slow = [finding("slow", None, Severity::Warning), finding("full", None, Severity::Warning)];
    assert_eq!(before.judged(at(0), &slow).len(), 2);
    let text = serde_json::to_string(&before.open()).unwrap();
    let mut after = desk(10).resume(serde_json::from_str(&text).unwrap(), before.withheld());
    assert_eq!(said(&after.judged(at(20), &slow[..1])), [("full", Status::Resolved)]);
}

//! Tests of the whole way: from findings to receivers that fail as they do.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::Outlets;
use super::Present;
use crate::event::Severity;
use crate::event::example;
use crate::event::example::MS;
use crate::event::example::S;
use crate::finding::About;
use crate::finding::Confidence;
use crate::finding::Finding;
use crate::finding::Fingerprint;
use crate::pipeline;
use crate::profile::Profile;
use crate::report::Builder;

/// A receiver: answers by a script, then 200; keeps what it took.
#[derive(Clone, Default)]
struct Receiver {
    script: Arc<Mutex<VecDeque<StatusCode>>>,
    taken: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    fn titles(&self) -> Vec<String> {
        self.taken.lock().unwrap().iter().map(|alert| alert["title"].as_str().unwrap().to_owned()).collect()
    }
}

async fn take(State(receiver): State<Receiver>, body: String) -> StatusCode {
    let status = receiver.script.lock().unwrap().pop_front().unwrap_or(StatusCode::OK);
    if status.is_success() {
        receiver.taken.lock().unwrap().push(serde_json::from_str(&body).unwrap());
    }
    status
}

fn serve(receiver: Receiver, address: &str) -> (Runtime, String) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(TcpListener::bind(address)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let router = Router::new().route("/", post(take)).with_state(receiver);
    runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (runtime, address)
}

fn profile(text: &str) -> Profile {
    let parsed = Profile::parse("test.kdl", text, &pipeline::vocabulary());
    parsed.unwrap_or_else(|error| panic!("{}", error.render(100, false)))
}

fn outlets(profile: &Profile, state: Option<&Path>) -> Outlets {
    Outlets::open(profile, "pod/web", state).unwrap().unwrap()
}

fn finding(title: String, severity: Severity) -> Finding {
    Finding {
        severity,
        rule: "slow".into(),
        fingerprint: Fingerprint::of("slow", &title),
        title,
        evidence: vec!["Authorization: Bearer hunter23".into()],
        confidence: Confidence::High,
        next: String::new(),
        about: About::default(),
        effect: 1.0,
    }
}

/// Begins a session, judges findings in windows a second apart, and ends.
fn judged(mut outlets: Outlets, windows: &[Vec<Finding>]) -> (Vec<String>, Vec<String>) {
    outlets.begin(&example::session(&[]));
    for (second, findings) in (1..).zip(windows) {
        let mut present: Present = outlets.present.take().unwrap();
        outlets.judge(&mut present, second * S as i64, findings.clone());
        outlets.present = Some(present);
    }
    (outlets.open, outlets.withheld) = outlets.present.take().unwrap().leave();
    outlets.close()
}

/// Check that of 1,000 findings the ten that are none's duplicate arrive, as far as the rate limit lets them, in order,
/// through two failures of the receiver, and that the end waits for the last and tells of the rest.
#[test]
fn storm() {
    let receiver = Receiver::default();
    receiver.script.lock().unwrap().extend([StatusCode::INTERNAL_SERVER_ERROR; 2]);
    let (_runtime, address) = serve(receiver.clone(), "127.0.0.1:0");
    let profile = profile(&format!("sink \"webhook\" url=\"http://{address}/\"\nalerts rate=7 dedup=\"5m\""));
    let findings: Vec<_> = (0..1_000).map(|n| finding(format!("peer-{}", n % 10), Severity::Critical)).collect();
    let (failures, remarks) = judged(outlets(&profile, None), &[findings]);
    assert_eq!(receiver.titles(), ["peer-0", "peer-1", "peer-2", "peer-3", "peer-4", "peer-5", "peer-6"]);
    assert_eq!(failures, [""; 0]);
    assert_eq!(remarks.len(), 1, "{remarks:?}");
    assert!(remarks[0].starts_with("3 findings were held back"), "{remarks:?}");
    let text = receiver.taken.lock().unwrap()[0].to_string();
    assert!(!text.contains("hunter23") && text.contains("[redacted]"), "{text}");
}

/// Check that what could not be sent before a restart arrives after it, first, and that what was open is then resolved.
#[test]
fn restart() {
    let state = tempfile::tempdir().unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let profile = profile(&format!("sink \"webhook\" url=\"http://{closed}/\""));
    let mut before = outlets(&profile, Some(state.path()));
    before.begin(&example::session(&[]));
    let mut present = before.present.take().unwrap();
    before.judge(&mut present, S as i64, vec![finding("disk".into(), Severity::Critical)]);
    // Killed: what it has written by then is all that is left.
    let deadline = Instant::now() + Duration::from_secs(10);
    while std::fs::read_dir(state.path().join("spool"))
        .map_or(0, |folders| folders.flatten().flat_map(|folder| std::fs::read_dir(folder.path())).flatten().count())
        == 0
        || !state.path().join("open-alerts.json").exists()
    {
        assert!(Instant::now() < deadline, "nothing was kept");
        std::thread::sleep(Duration::from_millis(10));
    }
    before.runtime.shutdown_background();

    let receiver = Receiver::default();
    let (_runtime, _) = serve(receiver.clone(), &closed);
    let (failures, _) = judged(outlets(&profile, Some(state.path())), &[Vec::new()]);
    assert_eq!(failures, [""; 0]);
    let taken = receiver.taken.lock().unwrap();
    let said: Vec<_> =
        taken.iter().map(|alert| (alert["title"].as_str().unwrap(), alert["status"].as_str().unwrap())).collect();
    assert_eq!(said, [("disk", "firing"), ("disk", "resolved")]);
}

/// Check that each sink gets what is severe enough for it, and that a change of the profile keeps the sink that both have.
#[test]
fn severities_and_change() {
    let (mild, strict) = (Receiver::default(), Receiver::default());
    let (_first, mild_at) = serve(mild.clone(), "127.0.0.1:0");
    let (_second, strict_at) = serve(strict.clone(), "127.0.0.1:0");
    let both = format!(
        "sink \"webhook\" url=\"http://{mild_at}/\"\nsink \"webhook\" url=\"http://{strict_at}/\" min-severity=\"critical\""
    );
    let mut outlets = outlets(&profile(&both), None);
    let names: Vec<_> = outlets.counts().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(names, ["webhook 1", "webhook 2"]);
    let kept = Arc::clone(outlets.sinks[0].opened.alerts.as_ref().unwrap().courier.counts());
    let one =
        profile(&format!("sink \"webhook\" url=\"http://{mild_at}/\"\nsink \"webhook\" url-env=\"NO_SUCH_VARIABLE\""));
    let error = outlets.change(&one).unwrap_err().to_string();
    assert_eq!(error, "the sink `webhook 2`: the environment variable `NO_SUCH_VARIABLE` is not set");
    assert_eq!(outlets.sinks.len(), 2);
    let findings = vec![finding("mild".into(), Severity::Warning), finding("bad".into(), Severity::Critical)];
    judged(outlets, &[findings]);
    assert_eq!(kept.delivered(), 2);
    assert_eq!((mild.titles().len(), strict.titles()), (2, vec!["bad".to_owned()]));
}

/// Check that a threshold that is crossed in the only window of a short trace becomes an alert.
#[test]
fn from_a_threshold() {
    let receiver = Receiver::default();
    let (_runtime, address) = serve(receiver.clone(), "127.0.0.1:0");
    let text = format!(
        "probes {{ tcp }}\nthreshold \"tcp.connect\" p99=\">100ms\" severity=\"critical\"\nsink \"webhook\" url=\"http://{address}/\""
    );
    let profile = profile(&text);
    let session = example::session(&[(16, "tcp.connect")]);
    let mut builder = Builder::new(&session, &profile);
    let mut outlets = outlets(&profile, None);
    outlets.begin(&session);
    let items = [
        example::client(),
        example::peer(7, "10.0.0.7", 5432),
        example::tick(S, vec![example::timed(16, 7, &[200 * MS; 23])]),
    ];
    for item in &items {
        builder.item(item);
        outlets.item(item, &builder);
    }
    builder.last_window(2 * S);
    let ending = crate::event::Ending { duration_ns: 2 * S, ..crate::event::Ending::default() };
    outlets.end(&ending, &builder);
    assert_eq!(outlets.close().0, [""; 0]);
    let taken = receiver.taken.lock().unwrap();
    assert_eq!(
        (taken.len(), taken[0]["severity"].as_str(), taken[0]["rule"].as_str()),
        (1, Some("critical"), Some("tcp.connect p99 > 100ms"))
    );
}

fn fetch(address: std::net::SocketAddr, page: &str) -> (u16, String) {
    use std::io::Read;
    use std::io::Write;
    let mut socket = std::net::TcpStream::connect(address).unwrap();
    write!(socket, "GET {page} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    (status, text)
}

/// Check that a scrape is answered while a trace runs and while podtrace ends, and that health and readiness tell.
#[test]
fn scraped() {
    let mut outlets = outlets(&profile("sink \"prometheus\" listen=\"127.0.0.1:0\""), None);
    let address = outlets.sinks[0].opened.scrape.as_ref().unwrap().address();
    assert_eq!((fetch(address, "/healthz").0, fetch(address, "/readyz").0), (200, 503));
    let session = example::session(&[(16, "tcp.connect")]);
    let mut builder = Builder::new(&session, &Profile::default());
    outlets.begin(&session);
    assert_eq!(fetch(address, "/readyz").0, 200);
    let items = [example::client(), example::tick(S, vec![example::timed(16, 7, &[200 * MS; 23])])];
    for item in &items {
        builder.item(item);
        outlets.item(item, &builder);
    }
    let scrape = std::thread::spawn(move || fetch(address, "/metrics"));
    while !scrape.is_finished() {
        outlets.look();
        std::thread::sleep(Duration::from_millis(1));
    }
    let (status, text) = scrape.join().unwrap();
    assert_eq!(status, 200);
    let count = "podtrace_latency_seconds_count{type=\"tcp.connect\",process_name=\"client\",target=\"client --to 127.0.0.1:7000\"} 23";
    assert!(text.contains(count), "{text}");
    // One that asks after the pipeline has ended, but before the server has.
    let late = std::thread::spawn(move || fetch(address, "/metrics"));
    let deadline = Instant::now() + Duration::from_secs(5);
    while !matches!(outlets.sinks[0].opened.scrape.as_mut().map(|scrape| scrape.waiting().len()), Some(1..))
        && Instant::now() < deadline
    {
        std::thread::sleep(Duration::from_millis(1));
    }
    outlets.close();
    let (status, _) = late.join().unwrap();
    assert!([200, 503].contains(&status));
}

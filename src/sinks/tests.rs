//! Tests of each sink for alerts with a receiver: what is posted where, with which headers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Uri;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::Opened;
use super::Opening;
use super::SINKS;
use super::open;
use super::span::Attribute;
use super::span::Side;
use super::span::Span;
use super::span::SpanId;
use super::span::TraceId;
use crate::finding::alert::example;
use crate::profile::OptionValue;
use crate::profile::SinkRequest;

#[derive(Clone, Debug, PartialEq)]
struct Sent {
    path: String,
    authorization: Option<String>,
    body: String,
}

type Receiver = Arc<Mutex<Vec<Sent>>>;

async fn take(State(receiver): State<Receiver>, uri: Uri, headers: HeaderMap, body: String) -> &'static str {
    let authorization = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    receiver.lock().unwrap().push(Sent { path: uri.to_string(), authorization, body });
    "ok"
}

async fn serve(receiver: &Receiver) -> String {
    let router = Router::new().fallback(take).with_state(Arc::clone(receiver));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// A file with a secret, and the folder that holds it.
fn secret(text: &str) -> (tempfile::TempDir, OptionValue) {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("secret");
    std::fs::write(&path, text).unwrap();
    (folder, OptionValue::Text(path.to_str().unwrap().to_owned()))
}

fn opened(sink: &str, options: &[(&str, OptionValue)]) -> Opened {
    let options: BTreeMap<_, _> = options.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let request = SinkRequest { sink: sink.into(), options, headers: Vec::new() };
    let runtime = Handle::current();
    let dedup = jiff::SignedDuration::from_mins(5);
    open(&Opening { request: &request, name: sink, runtime: &runtime, state: None, dedup }).unwrap()
}

async fn alert(mut opened: Opened) {
    let mut outlet = opened.alerts.take().unwrap();
    outlet.courier.hand_over(example(), 1);
    outlet.courier.close(Instant::now() + Duration::from_secs(10));
    assert_eq!(outlet.courier.ended().await.loss(), None);
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Check that Slack, Splunk, PagerDuty and Opsgenie get what they ask for, at their pages, with their keys, and that no
/// key shows in what a sink looks like from inside.
#[test]
fn alerts_arrive() {
    run(async {
        let receiver = Receiver::default();
        let url = serve(&receiver).await;
        let (_key, key) = secret("hunter23\n");
        let (_hook, hook) = secret(&format!("{url}/services/T0/hunter23"));
        let address = ("url", OptionValue::Text(url.clone()));
        let template = |name: &str| ("template", OptionValue::Text(name.into()));
        for (sink, options) in [
            ("slack", vec![("url-file", hook)]),
            ("splunk", vec![address.clone(), ("token-file", key.clone())]),
            ("webhook", vec![address.clone(), ("token-file", key.clone()), template("pagerduty")]),
            ("webhook", vec![address, ("token-file", key), template("opsgenie")]),
        ] {
            let opened = opened(sink, &options);
            assert!(!format!("{opened:?}").contains("hunter23"));
            alert(opened).await;
        }
        let sent = receiver.lock().unwrap();
        let pages: Vec<_> = sent.iter().map(|sent| (sent.path.as_str(), sent.authorization.as_deref())).collect();
        assert_eq!(
            pages,
            [
                ("/services/T0/hunter23", None),
                ("/services/collector/event", Some("Splunk hunter23")),
                ("/v2/enqueue", None),
                ("/v2/alerts", Some("GenieKey hunter23")),
            ]
        );
        let splunk: Value = serde_json::from_str(&sent[1].body).unwrap();
        assert_eq!(
            (&splunk["sourcetype"], &splunk["event"]["severity"]),
            (&"podtrace:alert".into(), &"critical".into())
        );
        let pagerduty: Value = serde_json::from_str(&sent[2].body).unwrap();
        assert_eq!(pagerduty["routing_key"], "hunter23");
    });
}

/// Check that Splunk gets one event for each span.
#[test]
fn spans_to_splunk() {
    run(async {
        let receiver = Receiver::default();
        let url = serve(&receiver).await;
        let (_key, key) = secret("hunter23");
        let on = OptionValue::Flag(true);
        let options = [
            ("url", OptionValue::Text(url)),
            ("token-file", key),
            ("traces", on),
            ("alerts", OptionValue::Flag(false)),
        ];
        let opened = opened("splunk", &options);
        assert!(opened.alerts.is_none());
        let mut outlet = opened.spans.unwrap();
        for n in 1..=23u64 {
            outlet.take(&Span {
                trace: TraceId([7; 16]),
                id: SpanId(n.to_be_bytes()),
                parent: None,
                name: "tcp.connect".into(),
                side: Side::Client,
                start_ns: 1_770_000_000_000_000_000,
                end_ns: 1_770_000_000_250_000_000,
                error: None,
                attributes: vec![Attribute::number("network.peer.port", 5432)],
                resource: Arc::new(vec![Attribute::text("host.name", "node-7")]),
            });
        }
        outlet.flush();
        outlet.courier.close(Instant::now() + Duration::from_secs(10));
        assert_eq!(outlet.courier.ended().await.delivered(), 23);
        let sent = receiver.lock().unwrap();
        let events: Vec<Value> =
            serde_json::Deserializer::from_str(&sent[0].body).into_iter().collect::<Result<_, _>>().unwrap();
        assert_eq!((sent.len(), events.len()), (1, 23));
        assert_eq!((&events[0]["host"], &events[0]["event"]["duration_ms"]), (&"node-7".into(), &250.0.into()));
    });
}

/// Check that names of sinks and of their options are each there once, and that what must be given is an option.
#[test]
fn registry() {
    let names: Vec<_> = SINKS.iter().map(|sink| sink.words.name).collect();
    assert_eq!(names, ["webhook", "slack", "splunk", "otlp", "prometheus"]);
    for sink in SINKS {
        let mut options: Vec<_> = sink.words.options.iter().map(|option| option.name).collect();
        let given = sink.words.one_of.iter().flat_map(|group| group.iter());
        assert!(given.into_iter().all(|name| options.contains(name)), "{}", sink.words.name);
        options.sort_unstable();
        let count = options.len();
        options.dedup();
        assert_eq!(options.len(), count, "{}", sink.words.name);
        assert!(sink.words.options.iter().all(|option| option.about.ends_with('.')), "{}", sink.words.name);
    }
}

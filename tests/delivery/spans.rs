//! Spans of a known workload, at a receiver that speaks OTLP.

use std::collections::BTreeMap;
use std::io::Read as _;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use crate::receiver::Receiver;
use crate::rig::peers;
use crate::rig::peers::V4;
use crate::rig::peers::V6;
use crate::rig::scene::Scene;

fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Check that 23 connects, 7 of them refused, arrive as 23 spans with their peers and errors, in one trace with the
/// processes they happened in, each within its parent.
#[test]
fn connects_in_their_processes() {
    let scene = Scene::empty();
    let receiver = Receiver::new();
    let (open4, open6) = (peers::quiet(V4).to_string(), peers::quiet(V6).to_string());
    let (closed4, closed6) = (peers::closed(V4), peers::closed(V6));
    let refused = [closed4.address.to_string(), closed6.address.to_string()];
    let job = scene.job(
        &["connects", "--to", &open4, "--to", &open6, "--refused", &refused[0], "--refused", &refused[1]],
        "truth",
    );
    // A shell that waits: the workload is its child.
    let mut line = vec!["sh".to_owned(), "-c".to_owned(), "\"$@\"; exit $?".to_owned(), "sh".to_owned()];
    line.extend(job);
    let profile = format!(
        "probes {{ tcp detail=\"all\"; process }}\nsink \"otlp\" endpoint=\"http://{}\" protocol=\"http\"",
        receiver.address
    );
    let ended = scene.start_run(&profile, &[], &line).end();
    assert_eq!(ended.code(), 0, "{}", ended.errors);

    let mut spans: BTreeMap<Vec<u8>, Span> = BTreeMap::new();
    let mut services = Vec::new();
    for sent in receiver.sent() {
        assert_eq!((sent.path.as_str(), sent.gzip), ("/v1/traces", true));
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(sent.body.as_slice()).read_to_end(&mut plain).expect("it is gzip");
        let request = ExportTraceServiceRequest::decode(plain.as_slice()).expect("it is OTLP");
        for place in request.resource_spans {
            let resource = place.resource.expect("each has a resource").attributes;
            services.extend(text(&resource, "process.executable.name"));
            assert!(text(&resource, "host.name").is_some());
            for span in place.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                assert!(spans.insert(span.span_id.clone(), span).is_none(), "an id twice");
            }
        }
    }
    assert!(services.contains(&"workload".to_owned()), "{services:?}");
    let connects: Vec<_> = spans.values().filter(|span| span.name == "tcp.connect").collect();
    let failed = connects.iter().filter(|span| text(&span.attributes, "error.type") == Some("ECONNREFUSED".into()));
    assert_eq!((connects.len(), failed.count()), (23, 7));
    let root: Vec<_> = spans.values().filter(|span| span.parent_span_id.is_empty()).collect();
    let [root] = root.as_slice() else { panic!("one root is expected: {root:#?}") };
    assert_eq!(root.name, "process sh");
    for span in spans.values().filter(|span| !span.parent_span_id.is_empty()) {
        assert_eq!(span.trace_id, root.trace_id);
        let parent = spans.get(&span.parent_span_id).unwrap_or_else(|| panic!("no parent of {span:#?}"));
        assert!(span.start_time_unix_nano >= parent.start_time_unix_nano, "{span:#?} {parent:#?}");
        assert!(span.end_time_unix_nano <= parent.end_time_unix_nano, "{span:#?} {parent:#?}");
        if span.name == "tcp.connect" {
            assert_eq!(parent.name, "process workload");
            let peer = text(&span.attributes, "network.peer.port").expect("a peer has a port");
            assert!(
                [&open4, &open6, &refused[0], &refused[1]].iter().any(|known| known.ends_with(&format!(":{peer}")))
            );
        }
    }
}

//! Spans as OTLP's messages.

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use opentelemetry_proto::tonic::trace::v1::ScopeSpans;
use opentelemetry_proto::tonic::trace::v1::Span as Encoded;
use opentelemetry_proto::tonic::trace::v1::Status;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use crate::sinks::span::Attribute;
use crate::sinks::span::Side;
use crate::sinks::span::Span;
use crate::sinks::span::Value;

/// The flag "sampled" of W3C Trace Context.
const SAMPLED: u32 = 1;

/// Who says it.
pub(super) fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "podtrace".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        ..InstrumentationScope::default()
    }
}

/// A text as an attribute.
pub(super) fn text(key: &str, value: &str) -> KeyValue {
    pair(key, any_value::Value::StringValue(value.to_owned()))
}

fn pair(key: &str, value: any_value::Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn attributes(attributes: &[Attribute]) -> Vec<KeyValue> {
    let one = |attribute: &Attribute| match &attribute.value {
        Value::Text(value) => text(attribute.name, value),
        Value::Number(value) => pair(attribute.name, any_value::Value::IntValue(*value)),
    };
    attributes.iter().map(one).collect()
}

/// A request with spans, put together by where they happened.
pub fn traces(spans: &[Span]) -> ExportTraceServiceRequest {
    let mut places: Vec<(Arc<Vec<Attribute>>, Vec<Encoded>)> = Vec::new();
    for span in spans {
        let same = |resource: &Arc<Vec<Attribute>>| Arc::ptr_eq(resource, &span.resource) || *resource == span.resource;
        match places.iter_mut().find(|(resource, _)| same(resource)) {
            Some((_, spans)) => spans.push(encoded(span)),
            None => places.push((Arc::clone(&span.resource), vec![encoded(span)])),
        }
    }
    let resource_spans = places.into_iter().map(|(resource, spans)| ResourceSpans {
        resource: Some(Resource { attributes: attributes(&resource), ..Resource::default() }),
        scope_spans: vec![ScopeSpans { scope: Some(scope()), spans, ..ScopeSpans::default() }],
        ..ResourceSpans::default()
    });
    ExportTraceServiceRequest { resource_spans: resource_spans.collect() }
}

fn encoded(span: &Span) -> Encoded {
    Encoded {
        trace_id: span.trace.0.to_vec(),
        span_id: span.id.0.to_vec(),
        parent_span_id: span.parent.map_or_else(Vec::new, |parent| parent.0.to_vec()),
        flags: SAMPLED,
        name: span.name.clone().into_owned(),
        kind: match span.side {
            Side::Internal => SpanKind::Internal,
            Side::Client => SpanKind::Client,
            Side::Server => SpanKind::Server,
        } as i32,
        start_time_unix_nano: span.start_ns,
        end_time_unix_nano: span.end_ns,
        attributes: attributes(&span.attributes),
        // A span that did not fail leaves it open, as the conventions ask of instrumentation.
        status: span.error.as_ref().map(|error| Status { message: error.clone(), code: StatusCode::Error as i32 }),
        ..Encoded::default()
    }
}

//! Tests with receivers of the official messages, over gRPC and HTTP.

mod secure;

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceService;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceServiceServer;
use opentelemetry_proto::tonic::trace::v1::Span as Received;
use prost::Message;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Request;
use tonic::Response;
use tonic::Status;
use tonic::codec::CompressionEncoding;

use crate::delivery::Counts;
use crate::delivery::Undelivered;
use crate::metrics::Family;
use crate::metrics::Form;
use crate::metrics::Series;
use crate::metrics::Snapshot;
use crate::metrics::Value as Figure;
use crate::metrics::bounds;
use crate::profile::HeaderRequest;
use crate::profile::HeaderValue;
use crate::profile::OptionValue;
use crate::profile::SinkRequest;
use crate::sinks::Opened;
use crate::sinks::Opening;
use crate::sinks::open;
use crate::sinks::span::Attribute;
use crate::sinks::span::Side;
use crate::sinks::span::Span;
use crate::sinks::span::SpanId;
use crate::sinks::span::TraceId;

#[derive(Clone, Default)]
struct Receiver {
    requests: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
    tenants: Arc<Mutex<Vec<String>>>,
    /// Refusals before it takes anything.
    refusals: Arc<Mutex<Vec<Status>>>,
    rejects: i64,
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        if let Some(refusal) = self.refusals.lock().unwrap().pop() {
            return Err(refusal);
        }
        let tenant = request.metadata().get("x-tenant").map(|value| value.to_str().unwrap().to_owned());
        self.tenants.lock().unwrap().extend(tenant);
        self.requests.lock().unwrap().push(request.into_inner());
        let partial = ExportTracePartialSuccess { rejected_spans: self.rejects, error_message: "too old".into() };
        Ok(Response::new(ExportTraceServiceResponse { partial_success: (self.rejects > 0).then_some(partial) }))
    }
}

async fn grpc(receiver: Receiver) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = TraceServiceServer::new(receiver).accept_compressed(CompressionEncoding::Gzip);
    let server = tonic::transport::Server::builder().add_service(service);
    tokio::spawn(async move { server.serve_with_incoming(TcpListenerStream::new(listener)).await.unwrap() });
    url
}

fn request(endpoint: &str, options: &[(&str, OptionValue)]) -> SinkRequest {
    let mut all: BTreeMap<String, OptionValue> =
        options.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    all.insert("endpoint".into(), OptionValue::Text(endpoint.into()));
    let header = HeaderRequest { name: "X-Tenant".into(), value: HeaderValue::Text("blue".into()) };
    SinkRequest { sink: "otlp".into(), options: all, headers: vec![header] }
}

fn opened(request: &SinkRequest) -> Opened {
    let runtime = Handle::current();
    open(&Opening { request, name: "otlp", runtime: &runtime, state: None, dedup: jiff::SignedDuration::ZERO }).unwrap()
}

fn span(n: u64, parent: Option<u64>) -> Span {
    Span {
        trace: TraceId([7; 16]),
        id: SpanId(n.to_be_bytes()),
        parent: parent.map(|parent| SpanId(parent.to_be_bytes())),
        name: "tcp.connect".into(),
        side: Side::Client,
        start_ns: 1_770_000_000_000_000_000 + n,
        end_ns: 1_770_000_000_023_000_000 + n,
        error: n.is_multiple_of(7).then(|| "ECONNREFUSED".to_owned()),
        attributes: vec![Attribute::number("network.peer.port", 5432), Attribute::text("network.transport", "tcp")],
        resource: Arc::new(vec![Attribute::text("k8s.pod.name", if n.is_multiple_of(2) { "web-0" } else { "web-1" })]),
    }
}

async fn send(opened: Opened, count: u64) -> Arc<Counts> {
    let mut outlet = opened.spans.unwrap();
    for n in 1..=count {
        outlet.take(&span(n, (n > 1).then_some(1)));
    }
    outlet.flush();
    outlet.courier.close(Instant::now() + Duration::from_secs(10));
    outlet.courier.ended().await
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn received(requests: &[ExportTraceServiceRequest]) -> Vec<Received> {
    let resources = requests.iter().flat_map(|request| &request.resource_spans);
    resources.flat_map(|resource| resource.scope_spans[0].spans.clone()).collect()
}

fn check(requests: &[ExportTraceServiceRequest], count: u64) {
    let mut spans = received(requests);
    spans.sort_by(|a, b| a.span_id.cmp(&b.span_id));
    assert_eq!(spans.len() as u64, count);
    for (n, span) in (1u64..).zip(&spans) {
        assert_eq!((span.trace_id.as_slice(), span.span_id.as_slice()), ([7; 16].as_slice(), &n.to_be_bytes()[..]));
        let parent = if n == 1 { Vec::new() } else { 1u64.to_be_bytes().to_vec() };
        assert_eq!(span.parent_span_id, parent);
        assert_eq!(span.end_time_unix_nano - span.start_time_unix_nano, 23_000_000);
        assert_eq!((span.kind, span.attributes.len()), (3, 2));
        assert_eq!(span.status.as_ref().map(|status| status.code), n.is_multiple_of(7).then_some(2));
    }
    let pods = requests[0].resource_spans.iter().map(|resource| resource.resource.as_ref().unwrap().attributes.len());
    assert_eq!(pods.collect::<Vec<_>>(), [1, 1]);
}

/// Check that spans arrive over gRPC, compressed, with ids, parents, times, attributes and headers, in several batches.
#[test]
fn over_grpc() {
    run(async {
        let receiver = Receiver::default();
        let url = grpc(receiver.clone()).await;
        let counts = send(opened(&request(&url, &[])), 1_009).await;
        assert_eq!((counts.delivered(), counts.loss()), (1_009, None));
        let requests = receiver.requests.lock().unwrap();
        check(&requests, 1_009);
        assert_eq!(requests.len(), 2);
        assert_eq!(receiver.tenants.lock().unwrap()[0], "blue");
    });
}

/// Check that what may pass is tried again and what may not is not, and that a part that is refused is counted.
#[test]
fn refusals() {
    run(async {
        let busy = || Status::unavailable("later");
        let receiver =
            Receiver { refusals: Arc::new(Mutex::new(vec![busy(), busy()])), rejects: 7, ..Receiver::default() };
        let counts = send(opened(&request(&grpc(receiver).await, &[])), 23).await;
        assert_eq!((counts.retries(), counts.delivered(), counts.dropped(Undelivered::Rejected)), (2, 16, 7));

        let refusals = Arc::new(Mutex::new(vec![Status::unauthenticated("no key")]));
        let receiver = Receiver { refusals, ..Receiver::default() };
        let counts = send(opened(&request(&grpc(receiver).await, &[])), 23).await;
        assert_eq!((counts.retries(), counts.dropped(Undelivered::Rejected)), (0, 23));
        assert!(counts.last_error().unwrap().contains("no key"));
    });
}

/// Check that a receiver that is not there costs nothing but what is counted, in time.
#[test]
fn nobody() {
    run(async {
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let opened = opened(&request(&format!("http://{closed}"), &[]));
        let mut outlet = opened.spans.unwrap();
        outlet.take(&span(1, None));
        outlet.flush();
        outlet.courier.close(Instant::now() + Duration::from_millis(300));
        let counts = outlet.courier.ended().await;
        assert_eq!(counts.dropped(Undelivered::Unsent), 1);
        assert!(counts.last_error().unwrap().contains("refused"), "{:?}", counts.last_error());
    });
}

/// Check that spans and figures arrive over HTTP, compressed, at their pages.
#[test]
fn over_http() {
    run(async {
        type Bodies = Arc<Mutex<Vec<Vec<u8>>>>;
        let (traces, metrics): (Bodies, Bodies) = Default::default();
        let page = |bodies: Bodies| {
            post(move |headers: HeaderMap, body: Bytes| async move {
                assert_eq!(
                    (&headers["content-type"], &headers["x-tenant"]),
                    (&"application/x-protobuf".parse().unwrap(), &"blue".parse().unwrap())
                );
                let mut plain = Vec::new();
                GzDecoder::new(body.as_ref()).read_to_end(&mut plain).unwrap();
                bodies.lock().unwrap().push(plain);
                Bytes::new()
            })
        };
        let router = Router::new()
            .route("/v1/traces", page(Arc::clone(&traces)))
            .route("/v1/metrics", page(Arc::clone(&metrics)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

        let mut opened = opened(&request(&url, &[("metrics", OptionValue::Flag(true))]));
        let mut figures = opened.figures.take().unwrap();
        let counts = send(opened, 101).await;
        assert_eq!(counts.loss(), None);
        let requests: Vec<_> = traces
            .lock()
            .unwrap()
            .iter()
            .map(|body| ExportTraceServiceRequest::decode(body.as_slice()).unwrap())
            .collect();
        check(&requests, 101);

        let mut buckets = [0; bounds::COUNT + 1];
        buckets[3] = 101;
        let durations = Figure::Durations { buckets: Box::new(buckets), sum_seconds: 2.5 };
        let now = std::time::SystemTime::now();
        let family = Family {
            name: "podtrace_latency_seconds".into(),
            help: "How long.".into(),
            form: Form::Histogram,
            series: vec![Series::new([("type", "tcp.connect".to_owned())], durations)],
        };
        figures.courier.hand_over(Snapshot { since: now, at: now, families: vec![family] }, 1);
        figures.courier.close(Instant::now() + Duration::from_secs(10));
        assert_eq!(figures.courier.ended().await.delivered(), 1);
        let body = metrics.lock().unwrap().pop().unwrap();
        let request = ExportMetricsServiceRequest::decode(body.as_slice()).unwrap();
        let metric = &request.resource_metrics[0].scope_metrics[0].metrics[0];
        assert_eq!((metric.name.as_str(), metric.unit.as_str()), ("podtrace_latency_seconds", "s"));
        let Some(opentelemetry_proto::tonic::metrics::v1::metric::Data::Histogram(histogram)) = &metric.data else {
            panic!("{metric:?}");
        };
        let point = &histogram.data_points[0];
        assert_eq!(
            (point.count, point.sum, point.bucket_counts.len()),
            (101, Some(2.5), point.explicit_bounds.len() + 1)
        );
    });
}

/// Check that Jaeger's old address is refused with what to do, and that a path is not for gRPC.
#[test]
fn addresses() {
    run(async {
        let runtime = Handle::current();
        let said = |endpoint: &str, options: &[(&str, OptionValue)]| {
            let request = request(endpoint, options);
            let opening = Opening {
                request: &request,
                name: "otlp",
                runtime: &runtime,
                state: None,
                dedup: jiff::SignedDuration::ZERO,
            };
            open(&opening).unwrap_err().to_string()
        };
        assert!(said("http://jaeger:14268/api/traces", &[]).contains("4317"));
        assert!(said("http://collector:4317/x", &[("protocol", OptionValue::Word("grpc".into()))]).contains("no path"));
    });
}

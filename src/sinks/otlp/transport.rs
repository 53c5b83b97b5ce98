//! How requests travel: gRPC or HTTP, compressed, with what each status means (OTLP specification, "Failures").

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::HeaderValue;
use http::header;
use hyper_rustls::HttpsConnector;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use prost::Message;
use tokio::runtime::Handle;
use tonic::Code;
use tonic::Request;
use tonic::Status;
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::transport::Endpoint;

use crate::delivery::Outcome;
use crate::delivery::Redactor;
use crate::delivery::Secret;
use crate::delivery::http::Address;
use crate::delivery::http::Poster;
use crate::delivery::http::client_tls;
use crate::delivery::http::headers as http_headers;
use crate::sinks::SinkError;
use crate::sinks::option::Given;

/// Where requests go, and how.
pub(super) enum Transport {
    Grpc { channel: Channel, metadata: MetadataMap, shown: String, timeout: Duration, gzip: bool },
    Http(Box<Http>),
}

/// Pages to post to.
pub(super) struct Http {
    poster: Poster,
    traces: Address,
    metrics: Address,
    headers: HeaderMap,
    gzip: bool,
}

impl Transport {
    pub(super) fn new(
        endpoint: &Secret,
        headers: &[(String, Secret)],
        given: &Given<'_>,
        runtime: &Handle,
    ) -> Result<Self, SinkError> {
        let address = Address::new(endpoint, "")?;
        let path = address.path().trim_end_matches('/').to_owned();
        let port = address.port();
        if port == Some(14268) || path == "/api/traces" {
            return Err(SinkError::Endpoint(
                "this is Jaeger's old port for Thrift: Jaeger takes OTLP on 4317 (gRPC) and 4318 (HTTP) instead".into(),
            ));
        }
        let gzip = given.flag("gzip", true);
        let has_path = !path.is_empty();
        let is_http = given.text("protocol").map_or(port == Some(4318) || has_path, |protocol| protocol == "http");
        let headers = http_headers(headers)?;
        if is_http {
            let base = endpoint.expose().trim_end_matches('/');
            let base = Secret::new(base.strip_suffix("/v1/traces").unwrap_or(base));
            return Ok(Self::Http(Box::new(Http {
                poster: Poster::new(given.timeout(), given.ca_file()),
                traces: Address::new(&base, "/v1/traces")?,
                metrics: Address::new(&base, "/v1/metrics")?,
                headers,
                gzip,
            })));
        }
        if has_path {
            return Err(SinkError::Endpoint(
                "an address for gRPC has no path: leave it out, or say `protocol=\"http\"`".into(),
            ));
        }
        let refused = |error: &dyn std::fmt::Display| SinkError::Endpoint(error.to_string());
        let timeout = given.timeout();
        let grpc = Endpoint::from_shared(endpoint.expose().to_owned()).map_err(|error| refused(&error))?;
        let grpc =
            grpc.timeout(timeout).connect_timeout(timeout).user_agent(concat!("podtrace/", env!("CARGO_PKG_VERSION")));
        let grpc = grpc.map_err(|error| refused(&error))?;
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_connect_timeout(Some(timeout));
        let _entered = runtime.enter();
        let channel = if address.is_plain() {
            grpc.connect_with_connector_lazy(http)
        } else {
            let tls = client_tls(given.ca_file().as_deref()).map_err(|error| refused(&error))?;
            let secure: HttpsConnector<HttpConnector> =
                HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http2().wrap_connector(http);
            grpc.connect_with_connector_lazy(secure)
        };
        Ok(Self::Grpc { channel, metadata: MetadataMap::from_headers(headers), shown: address.shown(), timeout, gzip })
    }

    /// Sends spans.
    pub(super) async fn traces(&self, request: ExportTraceServiceRequest) -> Outcome {
        match self {
            Self::Http(http) => {
                let body = request.encode_to_vec();
                http.post(&http.traces, body, |answer| {
                    let partial = ExportTraceServiceResponse::decode(answer).ok()?.partial_success?;
                    Some((partial.rejected_spans, partial.error_message))
                })
                .await
            }
            Self::Grpc { channel, metadata, shown, timeout, gzip } => {
                let mut client = TraceServiceClient::new(channel.clone());
                if *gzip {
                    client = client.send_compressed(CompressionEncoding::Gzip);
                }
                let mut request = Request::new(request);
                *request.metadata_mut() = metadata.clone();
                let answer = tokio::time::timeout(*timeout, client.export(request)).await;
                settled(answer, shown, |answer: ExportTraceServiceResponse| {
                    answer.partial_success.map(|partial| (partial.rejected_spans, partial.error_message))
                })
            }
        }
    }

    /// Sends figures.
    pub(super) async fn metrics(&self, request: ExportMetricsServiceRequest) -> Outcome {
        match self {
            Self::Http(http) => {
                let body = request.encode_to_vec();
                // One item is a whole snapshot: what is thrown away of it is only said.
                http.post(&http.metrics, body, |answer| {
                    let partial = ExportMetricsServiceResponse::decode(answer).ok()?.partial_success?;
                    Some((0, partial.error_message))
                })
                .await
            }
            Self::Grpc { channel, metadata, shown, timeout, gzip } => {
                let mut client = MetricsServiceClient::new(channel.clone());
                if *gzip {
                    client = client.send_compressed(CompressionEncoding::Gzip);
                }
                let mut request = Request::new(request);
                *request.metadata_mut() = metadata.clone();
                let answer = tokio::time::timeout(*timeout, client.export(request)).await;
                settled(answer, shown, |answer: ExportMetricsServiceResponse| {
                    answer.partial_success.map(|partial| (0, partial.error_message))
                })
            }
        }
    }
}

impl Http {
    async fn post(
        &self,
        address: &Address,
        body: Vec<u8>,
        partial: impl Fn(Bytes) -> Option<(i64, String)>,
    ) -> Outcome {
        let mut headers = self.headers.clone();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        let body = match compressed(&body).filter(|_| self.gzip) {
            Some(small) => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                small
            }
            None => body,
        };
        let answer = match self.poster.post(address, &headers, Bytes::from(body)).await {
            Ok(answer) => answer,
            Err(outcome) => return outcome,
        };
        match answer.outcome(address) {
            Outcome::Delivered => partly(partial(answer.body)),
            // OTLP retries fewer of them than HTTP at large: of 5xx only 502, 503 and 504.
            Outcome::Retry { why, .. } if matches!(answer.status.as_u16(), 500 | 501) => Outcome::Rejected { why },
            outcome => outcome,
        }
    }
}

fn compressed(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

fn partly(partial: Option<(i64, String)>) -> Outcome {
    match partial {
        Some((rejected, why)) if rejected > 0 => {
            Outcome::Partly { rejected: rejected.unsigned_abs(), why: Redactor::default().text(&why) }
        }
        // A warning without a loss.
        Some((_, why)) if !why.is_empty() => Outcome::Partly { rejected: 0, why: Redactor::default().text(&why) },
        _ => Outcome::Delivered,
    }
}

type Answered<T> = Result<Result<tonic::Response<T>, Status>, tokio::time::error::Elapsed>;

fn settled<T>(answer: Answered<T>, shown: &str, partial: impl Fn(T) -> Option<(i64, String)>) -> Outcome {
    match answer {
        Ok(Ok(response)) => partly(partial(response.into_inner())),
        Ok(Err(status)) => failed(&status, shown),
        Err(_) => Outcome::Retry { why: format!("{shown}: no answer in time"), after: None },
    }
}

fn failed(status: &Status, shown: &str) -> Outcome {
    let mut said = status.message().to_owned();
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        let next = error.to_string();
        if !said.contains(&next) {
            said = format!("{said}: {next}");
        }
        cause = error.source();
    }
    let why = Redactor::default().text(&format!("{shown}: {:?}: {said}", status.code()));
    let after = retry_delay(status.details());
    let passing = match status.code() {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => true,
        Code::ResourceExhausted => after.is_some(),
        // The connection broke: the receiver said nothing.
        _ => std::error::Error::source(status).is_some(),
    };
    if passing { Outcome::Retry { why, after } } else { Outcome::Rejected { why } }
}

/// `google.rpc.Status`, as far as it is read here.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Detail>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Detail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    delay: Option<Delay>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, Copy, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// When to come back, if the receiver said so.
fn retry_delay(details: &[u8]) -> Option<Duration> {
    let details = RpcStatus::decode(details).ok()?.details;
    let info = details.into_iter().find(|detail| detail.type_url.ends_with("google.rpc.RetryInfo"))?;
    let delay = RetryInfo::decode(info.value.as_slice()).ok()?.delay?;
    Some(Duration::new(u64::try_from(delay.seconds).ok()?, u32::try_from(delay.nanos).ok()?.min(999_999_999)))
}

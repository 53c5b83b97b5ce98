//! A snapshot as OTLP's messages: cumulative sums and explicit buckets, the same figures as Prometheus gets.

use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::AggregationTemporality;
use opentelemetry_proto::tonic::metrics::v1::Gauge;
use opentelemetry_proto::tonic::metrics::v1::Histogram;
use opentelemetry_proto::tonic::metrics::v1::HistogramDataPoint;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::NumberDataPoint;
use opentelemetry_proto::tonic::metrics::v1::ResourceMetrics;
use opentelemetry_proto::tonic::metrics::v1::ScopeMetrics;
use opentelemetry_proto::tonic::metrics::v1::Sum;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point;
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::encode::scope;
use super::encode::text;
use crate::metrics::Family;
use crate::metrics::Form;
use crate::metrics::Series;
use crate::metrics::Snapshot;
use crate::metrics::Value;
use crate::metrics::bounds;

/// A request with everything in a snapshot.
pub(super) fn metrics(snapshot: &Snapshot) -> ExportMetricsServiceRequest {
    let (since, at) = (unix_ns(snapshot.since), unix_ns(snapshot.at));
    let metrics = snapshot.families.iter().map(|family| metric(family, since, at)).collect();
    let attributes = vec![text("service.name", "podtrace"), text("service.version", env!("CARGO_PKG_VERSION"))];
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource { attributes, ..Resource::default() }),
            scope_metrics: vec![ScopeMetrics { scope: Some(scope()), metrics, ..ScopeMetrics::default() }],
            ..ResourceMetrics::default()
        }],
    }
}

fn unix_ns(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn metric(family: &Family, since: u64, at: u64) -> Metric {
    let attributes =
        |series: &Series| series.labels.iter().map(|(name, value)| text(name, value)).collect::<Vec<KeyValue>>();
    let numbers = || {
        let points = family.series.iter().filter_map(|series| match series.value {
            Value::Number(number) => Some(NumberDataPoint {
                attributes: attributes(series),
                start_time_unix_nano: since,
                time_unix_nano: at,
                value: Some(number_data_point::Value::AsDouble(number)),
                ..NumberDataPoint::default()
            }),
            Value::Durations { .. } => None,
        });
        points.collect()
    };
    let cumulative = AggregationTemporality::Cumulative as i32;
    let data = match family.form {
        Form::Counter => {
            Data::Sum(Sum { data_points: numbers(), aggregation_temporality: cumulative, is_monotonic: true })
        }
        Form::Gauge => Data::Gauge(Gauge { data_points: numbers() }),
        Form::Histogram => {
            let points = family.series.iter().filter_map(|series| match &series.value {
                Value::Durations { buckets, sum_seconds } => Some(HistogramDataPoint {
                    attributes: attributes(series),
                    start_time_unix_nano: since,
                    time_unix_nano: at,
                    count: buckets.iter().fold(0, |sum, count| sum.saturating_add(*count)),
                    sum: Some(*sum_seconds),
                    bucket_counts: buckets.to_vec(),
                    explicit_bounds: bounds::seconds().to_vec(),
                    ..HistogramDataPoint::default()
                }),
                Value::Number(_) => None,
            });
            Data::Histogram(Histogram { data_points: points.collect(), aggregation_temporality: cumulative })
        }
    };
    let unit = if family.name.contains("_seconds") {
        "s"
    } else if family.name.contains("_bytes") {
        "By"
    } else {
        "1"
    };
    Metric {
        name: family.name.clone().into_owned(),
        description: family.help.clone().into_owned(),
        unit: unit.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

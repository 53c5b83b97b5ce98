//! A snapshot in Prometheus's text format.

use std::borrow::Cow;

use prometheus::TextEncoder;
use prometheus::proto::Bucket;
use prometheus::proto::Counter;
use prometheus::proto::Gauge;
use prometheus::proto::Histogram;
use prometheus::proto::LabelPair;
use prometheus::proto::Metric;
use prometheus::proto::MetricFamily;
use prometheus::proto::MetricType;

use crate::metrics::Family;
use crate::metrics::Form;
use crate::metrics::Series;
use crate::metrics::Value;
use crate::metrics::bounds;
use crate::metrics::catalogue;

/// The format's media type.
pub const MEDIA_TYPE: &str = prometheus::TEXT_FORMAT;

/// Which names are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Those podtrace was commissioned with: dashboards made for them keep working.
    Commissioned,
    /// Those with which Prometheus's linter is content.
    Standard,
}

/// Writes families; those without series are left out.
///
/// # Errors
/// The encoder refuses a family: a bug of podtrace.
pub fn text(families: &[Family], names: Naming) -> Result<String, prometheus::Error> {
    let filled = families.iter().filter(|family| !family.series.is_empty());
    let families: Vec<_> = filled.map(|one| family(one, names)).collect();
    TextEncoder::new().encode_to_string(&families)
}

fn family(family: &Family, names: Naming) -> MetricFamily {
    let mut encoded = MetricFamily::default();
    encoded.set_name(match names {
        Naming::Commissioned => family.name.clone().into_owned(),
        Naming::Standard => catalogue::standard(&family.name).to_owned(),
    });
    encoded.set_help(family.help.clone().into_owned());
    encoded.set_field_type(match family.form {
        Form::Counter => MetricType::COUNTER,
        Form::Gauge => MetricType::GAUGE,
        Form::Histogram => MetricType::HISTOGRAM,
    });
    encoded.set_metric(family.series.iter().map(|series| metric(series, family.form)).collect());
    encoded
}

fn metric(series: &Series, form: Form) -> Metric {
    let pair = |(name, value): &(Cow<'static, str>, String)| {
        let mut pair = LabelPair::default();
        pair.set_name(name.clone().into_owned());
        pair.set_value(value.clone());
        pair
    };
    let mut metric = Metric::from_label(series.labels.iter().map(pair).collect());
    match (&series.value, form) {
        (Value::Number(number), Form::Counter) => {
            let mut counter = Counter::default();
            counter.set_value(*number);
            metric.set_counter(counter);
        }
        (Value::Number(number), _) => {
            let mut gauge = Gauge::default();
            gauge.set_value(*number);
            metric.set_gauge(gauge);
        }
        (Value::Durations { buckets, sum_seconds }, _) => {
            let mut histogram = Histogram::default();
            let mut below = 0u64;
            let cumulative = bounds::seconds().into_iter().zip(buckets.iter()).map(|(bound, count)| {
                below = below.saturating_add(*count);
                let mut bucket = Bucket::default();
                bucket.set_upper_bound(bound);
                bucket.set_cumulative_count(below);
                bucket
            });
            histogram.set_bucket(cumulative.collect());
            histogram.set_sample_count(buckets.iter().fold(0, |sum, count| sum.saturating_add(*count)));
            histogram.set_sample_sum(*sum_seconds);
            metric.set_histogram(histogram);
        }
    }
    metric
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    /// Check that counters, gauges and histograms are written as Prometheus reads them, with labels escaped.
    #[test]
    fn written() {
        let mut buckets = [0; bounds::COUNT + 1];
        buckets[0] = 7;
        buckets[bounds::COUNT] = 11;
        let durations = Value::Durations { buckets: Box::new(buckets), sum_seconds: 23.5 };
        let labels =
            || [("type", "tcp.connect".to_owned()), ("pod", String::new()), ("process_name", "a\"b\\".to_owned())];
        let families = [
            Family {
                name: "a_total".into(),
                help: "A.".into(),
                form: Form::Counter,
                series: vec![Series::number(labels(), 101.0)],
            },
            Family { name: "none".into(), help: "N.".into(), form: Form::Gauge, series: Vec::new() },
            Family {
                name: "b_seconds".into(),
                help: "B.".into(),
                form: Form::Histogram,
                series: vec![Series::new(labels(), durations)],
            },
        ];
        let text = text(&families, Naming::Commissioned).unwrap();
        let ends = |line: &&str| !line.contains("_bucket") || line.contains("+Inf") || line.contains("0.000001024");
        let short: Vec<_> = text.lines().filter(ends).collect();
        assert_snapshot!(short.join("\n"), @r##"
    # HELP a_total A.
    # TYPE a_total counter
    a_total{type="tcp.connect",process_name="a\"b\\"} 101
    # HELP b_seconds B.
    # TYPE b_seconds histogram
    b_seconds_bucket{type="tcp.connect",process_name="a\"b\\",le="0.000001024"} 7
    b_seconds_bucket{type="tcp.connect",process_name="a\"b\\",le="+Inf"} 18
    b_seconds_sum{type="tcp.connect",process_name="a\"b\\"} 23.5
    b_seconds_count{type="tcp.connect",process_name="a\"b\\"} 18
    "##);
    }
}

//! What rules hand out as numbers, and what became of them, as families.

use std::borrow::Cow;

use super::Family;
use super::Form;
use super::Series;
use super::Value;

/// A rule's figures at one moment.
#[derive(Clone, Debug, Default)]
pub struct RuleFigures {
    /// Its name.
    pub rule: String,
    /// Whether it judges no more, because it failed.
    pub disabled: bool,
    /// Windows it judged.
    pub judged: u64,
    /// Windows it missed, because rules were behind.
    pub skipped: u64,
    /// The numbers it declares, in its order.
    pub metrics: Vec<RuleMetric>,
}

/// A number that a rule hands out.
#[derive(Clone, Debug)]
pub struct RuleMetric {
    /// Its name, in the rule.
    pub name: String,
    /// One sentence.
    pub about: String,
    /// Whether it only rises.
    pub counter: bool,
    /// What its values are told apart by.
    pub label: Option<String>,
    /// Its values, each with what it is of.
    pub values: Vec<(Option<String>, f64)>,
}

/// Families of rules. Names of a rule's own begin with the rule's; every series says whose it is.
pub fn families(rules: &[RuleFigures]) -> Vec<Family> {
    let per_rule = |figure: fn(&RuleFigures) -> f64| {
        let series = rules.iter().map(|rule| Series::number([("rule", rule.rule.clone())], figure(rule)));
        series.collect::<Vec<_>>()
    };
    let mut families = vec![
        Family {
            name: "podtrace_rules_windows_total".into(),
            help: "Windows that a rule judged.".into(),
            form: Form::Counter,
            series: per_rule(|rule| rule.judged as f64),
        },
        Family {
            name: "podtrace_rules_windows_skipped_total".into(),
            help: "Windows that a rule missed, because rules were behind.".into(),
            form: Form::Counter,
            series: per_rule(|rule| rule.skipped as f64),
        },
        Family {
            name: "podtrace_rules_disabled".into(),
            help: "1 where a rule failed and judges no more; the report says why.".into(),
            form: Form::Gauge,
            series: per_rule(|rule| f64::from(u8::from(rule.disabled))),
        },
    ];
    for (rule, metric) in rules.iter().flat_map(|rule| rule.metrics.iter().map(move |metric| (rule, metric))) {
        let family = family(&rule.rule, metric);
        // `a-b` with `c` and `a` with `b_c` come out alike; their series differ by the rule.
        match families.iter_mut().find(|other| other.name == family.name) {
            Some(other) => {
                for series in family.series {
                    if other.series.iter().all(|known| known.labels != series.labels) {
                        other.series.push(series);
                    }
                }
            }
            None => families.push(family),
        }
    }
    families.retain(|family| !family.series.is_empty());
    families
}

fn family(rule: &str, metric: &RuleMetric) -> Family {
    // All counters end with it and no gauge does, so that a name says the form.
    let name = metric.name.strip_suffix("_total").unwrap_or(&metric.name);
    let end = if metric.counter { "_total" } else { "" };
    let series = metric.values.iter().map(|(of, value)| {
        let whose = (Cow::Borrowed("rule"), rule.to_owned());
        let label = metric.label.clone().zip(of.clone()).map(|(name, of)| (Cow::Owned(name), of));
        Series { labels: [whose].into_iter().chain(label).collect(), value: Value::Number(*value) }
    });
    Family {
        name: format!("podtrace_rule_{}_{name}{end}", rule.replace('-', "_")).into(),
        help: metric.about.clone().into(),
        form: if metric.counter { Form::Counter } else { Form::Gauge },
        series: series.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::RuleFigures;
    use super::RuleMetric;
    use super::families;
    use crate::metrics::Value;

    /// Check that a rule's numbers have names of their own with what they are of, and that what has no value has no
    /// family.
    #[test]
    fn named_by_the_rule() {
        let metric = |name: &str, counter, label: Option<&str>, values: &[(Option<&str>, f64)]| RuleMetric {
            name: name.into(),
            about: "One.".into(),
            counter,
            label: label.map(str::to_owned),
            values: values.iter().map(|(of, value)| (of.map(str::to_owned), *value)).collect(),
        };
        let rule = RuleFigures {
            rule: "slow-peer".into(),
            judged: 7,
            metrics: vec![
                metric("waiting_ratio", false, Some("peer"), &[(Some("a:1"), 0.5), (Some("b:1"), 0.25)]),
                metric("answers_total", true, None, &[(None, 23.0)]),
                metric("answers", true, None, &[]),
            ],
            ..RuleFigures::default()
        };
        let mut other = rule.clone();
        other.rule = "slow".into();
        other.metrics = vec![metric("peer_waiting_ratio", false, None, &[(None, 1.0)])];
        let families = families(&[rule, other]);
        let said: Vec<_> = families
            .iter()
            .flat_map(|family| family.series.iter().map(|series| (family.name.clone(), series.clone())))
            .map(|(name, series)| {
                let labels: Vec<_> = series.labels.iter().map(|(name, of)| format!("{name}={of}")).collect();
                let Value::Number(number) = series.value else { panic!("rules hand out numbers") };
                format!("{name}{{{}}} {number}", labels.join(","))
            })
            .collect();
        let expected = [
            "podtrace_rules_windows_total{rule=slow-peer} 7",
            "podtrace_rules_windows_total{rule=slow} 7",
            "podtrace_rules_windows_skipped_total{rule=slow-peer} 0",
            "podtrace_rules_windows_skipped_total{rule=slow} 0",
            "podtrace_rules_disabled{rule=slow-peer} 0",
            "podtrace_rules_disabled{rule=slow} 0",
            "podtrace_rule_slow_peer_waiting_ratio{rule=slow-peer,peer=a:1} 0.5",
            "podtrace_rule_slow_peer_waiting_ratio{rule=slow-peer,peer=b:1} 0.25",
            "podtrace_rule_slow_peer_waiting_ratio{rule=slow} 1",
            "podtrace_rule_slow_peer_answers_total{rule=slow-peer} 23",
        ];
        assert_eq!(said, expected);
    }
}

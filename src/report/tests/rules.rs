//! Rules in Lua in a report: findings beside those of thresholds, failures by file and line, the others going on.

use serde_json::Value;
use serde_json::json;

use super::json_of;
use super::scenario;
use crate::event::Session;
use crate::event::Severity;
use crate::event::session::RuleText;
use crate::families;
use crate::profile::ParamValue;
use crate::profile::Profile;
use crate::profile::RuleUse;
use crate::report::Report;
use crate::report::render;
use crate::rules::script::SHIPPED;

/// Shipped rules, and some by hand: name and what stands behind `evaluate =`.
fn judged(shipped: &[&str], own: &[(&str, &str)], uses: impl Fn(&mut RuleUse)) -> Report {
    let mut session: Session = scenario::session();
    let mut profile = Profile { thresholds: scenario::profile().thresholds, ..Profile::default() };
    profile.window_ns = Some(1_000_000_000);
    for rule in SHIPPED.iter().filter(|rule| shipped.contains(&rule.name)) {
        let (path, text) = (format!("lua/rules/{}.lua", rule.name), rule.text.to_owned());
        session.rules.push(RuleText { name: rule.name.to_owned(), path, text, ..RuleText::default() });
    }
    for (name, evaluate) in own {
        let text = format!(
            "return {{\n\tname = \"{name}\",\n\tabout = \"By hand.\",\n\tneeds = {{ \"tcp.connect\" }},\n\tevaluate = {evaluate},\n}}"
        );
        session.rules.push(RuleText {
            name: (*name).to_owned(),
            path: format!("{name}.lua"),
            text,
            ..RuleText::default()
        });
    }
    for text in &session.rules {
        let mut used = RuleUse::plain(&text.name);
        // A window of a second has three answers.
        used.params.insert("answers".to_owned(), ParamValue::Number(2.0));
        uses(&mut used);
        profile.rules.push(used);
    }
    scenario::of_items(&session, &profile, &scenario::items(), &scenario::ending())
}

fn rules(report: &Report) -> Value {
    json_of(report)["sections"]["rules"].clone()
}

/// Check that a rule's finding names the peer and the share of time, stands where its severity puts it, and has a
/// next command; and that the report is as its schema says.
#[test]
fn findings_of_rules_are_findings() {
    let report = judged(&["slow-dependency", "connect-failures"], &[], |_| {});
    let finding = report.findings.iter().find(|finding| finding.rule == "slow-dependency").expect("the peer is slow");
    assert_eq!(finding.severity, Severity::Critical);
    assert!(finding.title.starts_with("127.0.0.1:7000 answers slowly: p99 "), "{}", finding.title);
    assert!(finding.evidence[0].starts_with("waiting for it took 62.2 % of the time"), "{:?}", finding.evidence);
    let held = "rule `slow-dependency` held in 7 of 7 windows, for 7.00 s in a row; worst from 0.0 s to 1.0 s";
    assert_eq!(finding.evidence.last().map(String::as_str), Some(held));
    assert!(finding.next.contains("grep -F -e 127.0.0.1:7000"), "{}", finding.next);
    let severities: Vec<_> = report.findings.iter().map(|finding| finding.severity).collect();
    assert!(severities.is_sorted_by(|a, b| a >= b), "{severities:?}");
    let schema: Value = serde_json::from_str(include_str!("../../../doc/report.schema.json")).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let json = json_of(&report);
    let errors: Vec<_> = validator.iter_errors(&json).map(|e| format!("{}: {e}", e.instance_path)).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let waiting = &rules(&report)[0]["metrics"][0];
    assert_eq!((&waiting["name"], &waiting["label"]), (&json!("waiting_ratio"), &json!(["peer", "127.0.0.1:7000"])));
}

/// Check that the same items give the same findings, whatever the machine is doing meanwhile.
#[test]
fn judgement_is_repeatable() {
    let names: Vec<_> = SHIPPED.iter().map(|rule| rule.name).collect();
    let first = render::json(&judged(&names, &[], |_| {}));
    for _ in 0..3 {
        assert_eq!(render::json(&judged(&names, &[], |_| {})), first);
    }
}

/// Check that a rule with an endless loop inside `pcall`, one that allocates without end, one that recurses, one that
/// fails and one that returns nonsense are each stopped and named with their line, and that the others' findings are
/// there.
#[test]
fn hostile_rules_are_stopped() {
    let report = judged(
        &["slow-dependency"],
        &[
            ("loops", "function() while true do pcall(function() while true do end end) end end"),
            ("allocates", "function()\n\t\tlocal t = {}\n\t\twhile true do t[#t + 1] = { t } end\n\tend"),
            ("recurses", "function()\n\t\tlocal function f(n) return 1 + f(n) end\n\t\treturn f(1)\n\tend"),
            ("fails", "function(window)\n\t\treturn window.tcp.connect.cuont\n\tend"),
            ("returns", "function() return { { severity = \"dire\" } } end"),
            ("goes-on", "function(window) return { { severity = \"info\", title = \"t\", evidence = { \"e\" } } } end"),
        ],
        |_| {},
    );
    let said = |name: &str| {
        let rules = rules(&report);
        let rule = rules.as_array().unwrap().iter().find(|rule| rule["rule"] == name).cloned().unwrap();
        (rule["status"].as_str().unwrap().to_owned(), rule["reason"].as_str().unwrap_or_default().to_owned())
    };
    let disabled = |reason: &str| ("disabled".to_owned(), reason.to_owned());
    assert_eq!(said("loops"), disabled("loops.lua:5: it took more than 1,000,000 steps"));
    let (status, reason) = said("allocates");
    assert!(status == "disabled" && reason.ends_with("it needs more than 8.0 MiB of memory"), "{reason}");
    assert_eq!(said("recurses"), disabled("recurses.lua:6: it calls itself too deep (stack overflow)"));
    assert_eq!(said("fails"), disabled("fails.lua:6: `tcp.connect` has no field `cuont`; did you mean `count`?"));
    let returned =
        "returns.lua:5: finding 1: `severity` is \"dire\", expected `info`, `error`, `warning`, `critical` or `fatal`";
    assert_eq!(said("returns"), disabled(returned));
    assert_eq!(said("goes-on").0, "judged");
    let found: Vec<_> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert!(found.contains(&"slow-dependency") && found.contains(&"goes-on"), "{found:?}");
    let text = render::text(&report, &render::TextOptions::default());
    assert!(text.contains("Disabled: rule `loops`: loops.lua:5: it took more than 1,000,000 steps."), "{text}");
}

/// Check that ten thousand findings of a window are capped, and that it is said.
#[test]
fn too_many_findings_are_capped() {
    let evaluate = "function(window)\n\t\tlocal list = {}\n\t\tfor i = 1, 10000 do\n\t\t\tlist[i] = { severity = \"info\", \
                    title = \"t\" .. i, evidence = { \"e\" }, effect = i }\n\t\tend\n\t\treturn list\n\tend";
    let report = judged(&[], &[("many", evaluate)], |_| {});
    let of_rule = report.findings.iter().filter(|finding| finding.rule == "many").count();
    assert_eq!(of_rule, 20);
    assert_eq!(rules(&report)[0]["findings_omitted"], json!(7 * (10_000 - 20)));
    let text = render::text(&report, &render::TextOptions::default());
    assert!(text.contains("Left out, because they were too many: findings 69,860 of `many`."), "{text}");
}

/// Check that `for` and `severity` of a profile hold for rules, and that what is not watched is said.
#[test]
fn use_in_a_profile() {
    let report = judged(&["slow-dependency"], &[], |used| {
        used.for_ns = Some(7_000_000_000);
        used.severity = Some(Severity::Info);
    });
    let finding = report.findings.iter().find(|finding| finding.rule == "slow-dependency").expect("it held for 7 s");
    assert_eq!(finding.severity, Severity::Info);
    let report = judged(&["slow-dependency"], &[], |used| used.for_ns = Some(9_000_000_000));
    assert!(report.findings.iter().all(|finding| finding.rule != "slow-dependency"));
    // The scenario cannot see `tcp.rtt`.
    let report = judged(&["rtt-spike"], &[], |_| {});
    assert_eq!(rules(&report)[0]["status"], "idle");
    assert_eq!(rules(&report)[0]["reason"], "not watched: tcp.rtt");
    assert!(families::kind_named("tcp.rtt").is_some());
}

/// Check that a section and numbers of a rule are in the report, as text and as data.
#[test]
fn sections_of_rules_are_in_the_report() {
    let own = "function(window) return nil, { connects = window.tcp.connect.count } end,\n\tmetrics = { connects = { type = \"counter\", \
               about = \"Connects.\" } },\n\tsection = function(report)\n\t\treturn { title = \"connects\", columns = { \"peer\", \"n\" }, rows = \
               { { \"all\", tostring(report.tcp.connect.count) } }, lines = { \"By hand.\" } }\n\tend";
    let report = judged(&[], &[("sections", own)], |_| {});
    let rule = &rules(&report)[0];
    assert_eq!(rule["section"]["rows"], json!([["all", "28"]]));
    assert_eq!(rule["metrics"][0]["value"], json!(28.0));
    let text = render::text(&report, &render::TextOptions::default());
    assert!(text.contains("CONNECTS") && text.contains("FIGURES OF RULES"), "{text}");
}

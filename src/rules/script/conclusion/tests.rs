//! What a rule may return, and what is said about everything else.

use mlua::Lua;
use mlua::Value;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::proptest;
use proptest::strategy::Just;
use proptest::strategy::Strategy;

use super::Evaluated;
use super::FINDINGS_MAX;
use super::evaluated;
use super::section;
use crate::event::Severity;
use crate::families;
use crate::rules::script::declaration::MetricSpec;

fn declared() -> Vec<MetricSpec> {
    let metric = |name: &str, label: Option<&str>| MetricSpec {
        name: name.to_owned(),
        counter: false,
        unit: None,
        label: label.map(str::to_owned),
        about: "It.".to_owned(),
    };
    vec![metric("plain", None), metric("by_peer", Some("peer"))]
}

fn of(lua: &Lua, findings: &Value, metrics: &Value) -> Result<Evaluated, String> {
    let kinds: Vec<_> = families::kinds().filter(|kind| kind.name == "tcp.connect").collect();
    let _ = lua;
    evaluated(findings, metrics, &kinds, &declared())
}

fn returned(code: &str) -> Result<Evaluated, String> {
    let lua = Lua::new();
    let (findings, metrics): (Value, Value) = lua.load(code).eval().expect("the test's Lua is right");
    of(&lua, &findings, &metrics)
}

const GOOD: &str = "severity = 'warning', title = 'a', evidence = { 'b' }";

/// Check that findings are read whole, that control characters and overlong texts are not, and that the worst come first.
#[test]
fn findings_are_read() {
    let read = returned(
        "return { { severity = 'info', title = 'a', evidence = { 'b' } },
         { severity = 'critical', title = 'x\\n\\27[31my', evidence = { 'c', string.rep('d', 1009) }, confidence = 'low',
           kind = 'tcp.connect', dimension = 'peer', key = '10.0.0.7:80', next = 'look', effect = 7 } }, { plain = 3, by_peer = { a = 1, b = 2.5 } }",
    )
    .unwrap();
    assert_eq!(
        read.findings.iter().map(|found| found.severity).collect::<Vec<_>>(),
        [Severity::Critical, Severity::Info]
    );
    let first = &read.findings[0];
    assert_eq!((first.title.as_str(), first.kind, first.dimension), ("x  [31my", Some("tcp.connect"), Some("peer")));
    assert!(first.evidence[1].len() < 310 && first.evidence[1].ends_with('…'));
    assert_eq!(first.identity(), "tcp.connect peer 10.0.0.7:80");
    assert_eq!(read.metrics.len(), 3);
    assert_eq!(returned("return nil"), Ok(Evaluated::default()));
    assert_eq!(returned("return {}"), Ok(Evaluated::default()));
}

/// Check that of ten thousand findings the worst are kept and the rest is counted.
#[test]
fn findings_are_capped() {
    let read = returned(&format!(
        "local list = {{}} for i = 1, 10000 do list[i] = {{ {GOOD}, id = tostring(i), effect = i }} end return list"
    ))
    .unwrap();
    assert_eq!((read.findings.len(), read.omitted), (FINDINGS_MAX, 10_000 - FINDINGS_MAX as u64));
    assert_eq!(read.findings[0].effect, 1_000.0, "the worst of those that are looked at");
}

/// Check what is said about each wrong return, with near names.
#[test]
fn wrong_returns_are_said() {
    let said = |code: &str| returned(code).unwrap_err();
    assert_eq!(said("return 7"), "`evaluate` returned 7, expected a list of findings or nil");
    assert_eq!(
        said("return { severity = 'info' }"),
        "`evaluate` returned a table with names, expected a list of findings `{ { … } }`"
    );
    assert_eq!(said("return { 'x' }"), "finding 1: \"x\", expected a table");
    let near = said("return { { severty = 'info' } }");
    assert!(
        near.starts_with("finding 1: no field `severty` is known") && near.ends_with("did you mean `severity`?"),
        "{near}"
    );
    assert_eq!(
        said("return { { severity = 'critcal', title = 'a', evidence = { 'b' } } }"),
        "finding 1: `severity` is \"critcal\", expected `info`, `error`, `warning`, `critical` or `fatal`; did you mean `critical`?"
    );
    assert_eq!(
        said("return { { severity = 'info', title = 'a' } }"),
        "finding 1: `evidence` is empty, expected at least one sentence"
    );
    assert_eq!(
        said("return { { severity = 'info', evidence = { 'a' } } }"),
        "finding 1: `title` is missing, expected a text"
    );
    assert!(said(&format!("return {{ {{ {GOOD}, kind = 'tcp.conect' }} }}")).contains("did you mean `tcp.connect`?"));
    assert!(
        said(&format!("return {{ {{ {GOOD}, kind = 'tcp.connect', dimension = 'path' }} }}"))
            .contains("expected `peer`, `process` or `target`")
    );
    assert!(said(&format!("return {{ {{ {GOOD}, effect = 0 / 0 }} }}")).contains("`effect` is NaN"));
    assert!(said("return nil, 7").contains("the second result of `evaluate` is 7"));
    assert!(said("return nil, { plan = 1 }").ends_with("did you mean `plain`?"));
    assert!(said("return nil, { plain = {} }").contains("`plain`"));
    assert!(said("return nil, { by_peer = 7 }").contains("expected a table by peer"));
    assert!(said("return nil, { plain = 1 / 0 }").contains("expected a number"));
}

/// Check that a section is a title with lines, or with columns and rows that fit.
#[test]
fn sections_are_read() {
    let read = |code: &str| section(&Lua::new().load(code).eval::<Value>().unwrap());
    let table = read("return { title = 'Peers', columns = { 'peer', 'n' }, rows = { { 'a', '1' } }, lines = { 'x' } }");
    assert_eq!(table.unwrap().unwrap().rows, [["a", "1"]]);
    assert_eq!(read("return nil"), Ok(None));
    assert!(read("return { lines = {} }").unwrap_err().contains("no `title`"));
    assert!(
        read("return { title = 'a', columns = { 'x' }, rows = { { 'a', 'b' } } }")
            .unwrap_err()
            .contains("2 texts for 1 columns")
    );
    assert!(read("return 7").unwrap_err().contains("`section` returned 7"));
}

/// A value as Lua writes it.
fn literal() -> impl Strategy<Value = String> {
    let words = [
        "severity",
        "title",
        "evidence",
        "kind",
        "dimension",
        "key",
        "id",
        "next",
        "effect",
        "confidence",
        "plain",
        "by_peer",
        "warning",
        "tcp.connect",
        "peer",
    ];
    let word = proptest::sample::select(words.to_vec());
    let leaf = prop_oneof![
        Just("nil".to_owned()),
        Just("0/0".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i32>().prop_map(|number| number.to_string()),
        "\\PC{0,8}".prop_map(|text| format!("{text:?}").replace("\\u{", "\\\\u{")),
        word.clone().prop_map(|word| format!("\"{word}\"")),
        Just("function() end".to_owned()),
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        let entry = prop_oneof![
            inner.clone(),
            (word.clone(), inner).prop_map(|(name, value)| format!("[\"{name}\"] = {value}")),
        ];
        proptest::collection::vec(entry, 0..6).prop_map(|entries| format!("{{ {} }}", entries.join(", ")))
    })
}

proptest! {
    /// Check that anything a rule may return gives findings or a sentence: no panic, nothing without bounds, no control
    /// characters.
    #[test]
    fn anything_can_be_returned(findings in literal(), metrics in literal()) {
        let lua = Lua::new();
        let values = lua.load(format!("return {findings}, {metrics}")).eval::<(Value, Value)>();
        if let Ok((findings, metrics)) = values {
            match of(&lua, &findings, &metrics) {
                Ok(read) => {
                    assert!(read.findings.len() <= FINDINGS_MAX);
                    for found in &read.findings {
                        assert!(!found.evidence.is_empty() && found.effect.is_finite());
                        assert!(!found.title.chars().any(char::is_control));
                    }
                }
                Err(said) => assert!(!said.is_empty() && !said.chars().any(char::is_control), "{said:?}"),
            }
            let _ = section(&findings);
        }
    }
}

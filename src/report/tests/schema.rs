//! The JSON against its schema.

use serde_json::Value;
use serde_json::json;

use super::json_of;
use super::report;
use super::small;
use crate::event::kind::Unit;
use crate::families;

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../doc/report.schema.json")).unwrap()
}

/// Check that reports are as the schema says: one with everything in it, and an empty one.
#[test]
fn reports_are_valid() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    for report in [json_of(&report()), small(&[])] {
        let errors: Vec<_> = validator.iter_errors(&report).map(|e| format!("{}: {e}", e.instance_path)).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

/// Check that the schema refuses reports with a field missing, of the wrong type, unknown, or out of range.
#[test]
fn broken_reports_are_refused() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let breaks: [(&str, Value); 11] = [
        ("/schema", json!(2)),
        ("/duration_seconds", json!("7.011")),
        ("/command/exit_code", json!(3.5)),
        ("/findings/0/severity", json!("bad")),
        ("/findings/0/evidence", json!([])),
        ("/signals/tcp.connect/count", json!(-1)),
        ("/signals/tcp.connect/latency_seconds", json!({"mean": 1, "p100": 1, "max": 1})),
        ("/signals/tcp.connect/top/peer/0", json!({"count": 1, "errors": {}})),
        ("/coverage/0/status", json!("maybe")),
        ("/completeness/events_lost", json!({"gremlins": 1})),
        ("/sections/cost", json!({})),
    ];
    for (place, broken) in breaks {
        let mut report = json_of(&report());
        *report.pointer_mut(place).unwrap_or_else(|| panic!("{place} is not in the report")) = broken;
        assert!(!validator.is_valid(&report), "{place}");
    }
    for missing in ["signals", "coverage", "started"] {
        let mut report = json_of(&report());
        assert!(report.as_object_mut().unwrap().shift_remove(missing).is_some());
        assert!(!validator.is_valid(&report), "{missing}");
    }
}

/// Check that every quantity a kind declares has a place in the schema, so that a new kind cannot be forgotten there.
#[test]
fn quantities_are_described() {
    let schema = schema();
    let mut compared = 0;
    for kind in families::kinds() {
        let Some(amount) = kind.amount else { continue };
        let names = match amount.unit {
            Unit::Bytes | Unit::Count => vec![amount.name.to_owned()],
            Unit::Nanoseconds if kind.duration.is_some() => vec![format!("{}_seconds", amount.name)],
            Unit::Nanoseconds => vec![format!("{}_seconds", amount.name), format!("{}_share", amount.name)],
        };
        for name in names {
            for of in ["measured", "entry", "signal"] {
                assert!(schema["$defs"][of]["properties"].get(&name).is_some(), "{}: {name} in {of}", kind.name);
                compared += 1;
            }
        }
    }
    assert!(compared > 0);
}

/// Check that every field of the schema has a description.
#[test]
fn every_field_is_described() {
    fn walk(place: &str, node: &Value, seen: &mut usize) {
        let Some(properties) = node.get("properties").and_then(Value::as_object) else {
            node.as_object()
                .into_iter()
                .flatten()
                .for_each(|(name, inner)| walk(&format!("{place}/{name}"), inner, seen));
            return;
        };
        for (name, field) in properties {
            let described = field.get("description").is_some() || field.get("$ref").is_some();
            assert!(described, "{place}/{name}");
            *seen += 1;
            walk(&format!("{place}/{name}"), field, seen);
        }
    }
    let mut seen = 0;
    let schema = schema();
    walk("", &schema, &mut seen);
    walk("/$defs", &schema["$defs"], &mut seen);
    assert!(seen > 100, "{seen}");
}

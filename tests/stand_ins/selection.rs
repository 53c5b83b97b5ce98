//! What a query to the stand-in API selects: as much of the selectors' language as podtrace uses.

use serde_json::Value;

use super::Parameters;

/// What a query may select by.
const FIELDS: [&str; 4] = ["metadata.name", "spec.nodeName", "involvedObject.kind", "involvedObject.name"];

/// Whether a thing is what a query asks for.
pub(super) fn fits(pod: &Value, namespace: Option<&str>, query: &Parameters) -> bool {
    let fields = requirements(query, "fieldSelector").iter().all(|(field, values)| {
        assert!(FIELDS.contains(&field.as_str()), "no field to select by: {field}");
        let found = pod.pointer(&format!("/{}", field.replace('.', "/"))).and_then(Value::as_str);
        found.is_some_and(|found| values.iter().any(|value| value == found))
    });
    let labels = requirements(query, "labelSelector").iter().all(|(key, values)| {
        pod["metadata"]["labels"][key].as_str().is_some_and(|found| values.iter().any(|value| value == found))
    });
    let there = namespace.is_none_or(|namespace| pod["metadata"]["namespace"].as_str() == Some(namespace));
    there && fields && labels
}

/// `KEY=VALUE` and `KEY in (A,B)`, with what the value may be.
fn requirements(query: &Parameters, name: &str) -> Vec<(String, Vec<String>)> {
    let text = query.get(name).cloned().unwrap_or_default();
    let mut inside = false;
    let parts = text.split(|letter| {
        inside = (inside || letter == '(') && letter != ')';
        letter == ',' && !inside
    });
    let parts = parts.filter(|part| !part.is_empty());
    parts
        .map(|part| match part.split_once(" in (") {
            Some((key, values)) => {
                let values = values.trim_end_matches(')').split(',').map(str::to_owned).collect();
                (key.to_owned(), values)
            }
            None => {
                let (key, value) = part.split_once('=').expect("only KEY=VALUE and KEY in (…) are known here");
                (key.to_owned(), vec![value.to_owned()])
            }
        })
        .collect()
}

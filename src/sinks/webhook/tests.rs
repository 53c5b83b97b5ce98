//! Tests of templates.

use std::time::Duration;

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::Value;

use super::fitted;
use super::template::SHIPPED;
use super::template::Template;
use crate::delivery::Secret;
use crate::finding::alert::Status;
use crate::finding::alert::example;

fn rendered(template: &Template, resolved: bool) -> Option<(String, Value)> {
    let mut alert = example();
    if resolved {
        alert.status = Status::Resolved;
        alert.ended = Some(alert.at);
    }
    let request = template.render(&alert, Some(&Secret::new("KEY")), Duration::from_secs(600))?;
    Some((request.path, serde_json::from_slice(&request.body).unwrap()))
}

/// Check what podtrace's own document looks like: `doc/alerts.md` promises it.
#[test]
fn own_document() {
    let (_, body) = rendered(&Template::own(), false).unwrap();
    assert_snapshot!(serde_json::to_string_pretty(&body).unwrap());
}

/// Check what each shipped template makes of an alert and of its end.
#[test]
fn shipped() {
    for (name, _) in SHIPPED {
        let template = Template::find(name).unwrap();
        for resolved in [false, true] {
            let (path, body) = rendered(&template, resolved).unwrap();
            let text = format!("{path}\n{}", serde_json::to_string_pretty(&body).unwrap());
            assert_snapshot!(format!("{name}_{}", if resolved { "resolved" } else { "firing" }), text);
        }
    }
}

fn mistake(text: &str) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let error = Template::find(file.path().to_str().unwrap()).unwrap_err().to_string();
    error.replace(file.path().to_str().unwrap(), "mine.json")
}

/// Check that mistakes in a template are said with what was expected and near names.
#[test]
fn mistakes() {
    assert!(mistake("{").contains("is no JSON"));
    assert_eq!(
        mistake(r#"{"firing": {"body": "{titel}"}}"#),
        "the template `mine.json` has the unknown placeholder `{titel}`; did you mean `{title}`?"
    );
    assert!(mistake(r#"{"firing": {"body": "{title"}}"#).contains("write `{{` for a brace"));
    assert!(mistake(r#"{"resolved": null}"#).contains("has no `firing`"));
    assert!(mistake(r#"{"firing": {"bdoy": 1}}"#).contains("`bdoy`"));
    assert!(mistake("7").contains("is no object"));
    assert!(Template::find("/no/such").unwrap_err().to_string().contains("cannot read"));
}

/// Check that evidence is left out until an alert fits, and that one that cannot fit is refused.
#[test]
fn fits() {
    let mut alert = example();
    alert.evidence = (0..1_009).map(|n| format!("line {n}")).collect();
    let render = |alert: &_| {
        let request = Template::own().render(alert, None, Duration::ZERO)?;
        Some((request.path, request.body))
    };
    let (_, body) = fitted(&alert, 4_096, render).unwrap().unwrap();
    assert!(body.len() <= 4_096);
    assert!(fitted(&alert, 23, render).unwrap_err().contains("more than the 23 allowed"));
}

proptest! {
    /// Check that whatever stands in an alert, what a template makes of it is JSON and says it unchanged.
    #[test]
    fn always_json(title in ".{0,64}", line in ".{0,64}") {
        let mut alert = example();
        alert.title = title.clone();
        alert.evidence = vec![line];
        for (name, _) in SHIPPED {
            let request = Template::find(name).unwrap().render(&alert, None, Duration::ZERO).unwrap();
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let said = match *name {
                "pagerduty" => &body["payload"]["summary"],
                "opsgenie" => &body["message"],
                _ => &body[0]["annotations"]["summary"],
            };
            prop_assert_eq!(said.as_str(), Some(title.as_str()));
        }
    }

    /// Check that no text makes reading a template fail in another way than with an error.
    #[test]
    fn total(text in ".{0,64}") {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), serde_json::json!({"firing": {"body": text}}).to_string()).unwrap();
        if let Ok(template) = Template::find(file.path().to_str().unwrap()) {
            template.render(&example(), None, Duration::ZERO);
        }
    }
}
